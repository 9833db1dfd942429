//! Predicates of recommendations that no other control is.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Setting};

use crate::cipher_suites;
use crate::component_flags::{Known, flag, misfit};
use crate::etcd::providers::{blocks, has_placeholder};
use crate::flags::{Configuration, Flags, Reading, is_placeholder};
use crate::scope::{ComponentScope, PodScope};
use crate::verdict::{Fault, Verdict};

/// The authorizers of an API server, in their order: those of the file that is in charge, else those of the flag, else the
/// default, which allows everything.
///
/// # Errors
/// The verdict, when nobody can tell.
fn authorizers<'a>(scope: &ComponentScope<'_, 'a>) -> Result<(Vec<&'a str>, Place<'a>), Verdict<'a>> {
    let mut flags = Flags::of(scope);
    match flags.configuration("--authorization-config", "AuthorizationConfiguration") {
        Configuration::Found(object) => {
            let Some(list) = object.value.get("authorizers") else {
                return Ok((Vec::new(), Place::missing(object.value, "authorizers")));
            };
            let types = list.items().filter_map(|authorizer| authorizer.get("type"));
            let types: Vec<&str> = types.map(|kind| kind.text()).collect();
            return match types.iter().any(|kind| is_placeholder(kind)) {
                true => Err(Verdict::unknown(
                    "the type of an authorizer is a placeholder",
                    "the type that is filled in",
                )),
                false => Ok((types, Place::at(list))),
            };
        }
        // The server refuses the flag beside a file.
        Configuration::Open
            if !matches!(
                (scope.component.flag("authorization-mode"), scope.component.flag("authorization-config")),
                (Setting::Stated(_) | Setting::Installed(_), Setting::Default | Setting::Unknown)
            ) =>
        {
            return Err(flags.verdict());
        }
        Configuration::Open | Configuration::None => {}
    }
    let mut flags = Flags::of(scope);
    match flags.text("--authorization-mode") {
        Reading::Absent(place) => Ok((vec!["AlwaysAllow"], place)),
        Reading::Open => Err(flags.verdict()),
        Reading::Given(given) => {
            let items = flags.items("--authorization-mode").unwrap_or_default();
            Ok((items.iter().map(|item| item.text).collect(), given.place))
        }
    }
}

fn authorizer<'a>(scope: &ComponentScope<'_, 'a>, name: &str, wanted: bool) -> Verdict<'a> {
    match authorizers(scope) {
        Ok((all, _)) if all.contains(&name) == wanted => Verdict::Pass,
        Ok((all, place)) => {
            let is = if wanted { "is no authorizer" } else { "is an authorizer" };
            Verdict::fail(Fault::new(place, format!("`{name}` {is}: they are `{}`", all.join(","))))
        }
        Err(verdict) => verdict,
    }
}

pub(super) fn no_always_allow<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    authorizer(scope, "AlwaysAllow", false)
}

pub(super) fn node_authorizer<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    authorizer(scope, "Node", true)
}

pub(super) fn rbac_authorizer<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    authorizer(scope, "RBAC", true)
}

/// The longest that a request may take, in seconds; a minute is the default.
const LONGEST: f64 = 300.0;

pub(super) fn request_timeout<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if let Some((seconds, given)) = flags.duration("--request-timeout")
        && !(0.0 < seconds && seconds <= LONGEST)
    {
        let message = format!("`--request-timeout={}`: more than 5 minutes, or no end at all", given.text);
        flags.fault(Fault::new(given.place, message));
    }
    flags.verdict()
}

pub(super) fn terminated_pods<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if let Some((number, place)) = flags.number("--terminated-pod-gc-threshold", 12_500)
        && number <= 0
    {
        let message = format!("`--terminated-pod-gc-threshold={number}`: finished pods stay for ever");
        flags.fault(Fault::new(place, message));
    }
    flags.verdict()
}

/// The first provider of each block writes (W10): each has to be one that encrypts and is still served.
pub(super) fn providers<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let file = match flags.configuration("--encryption-provider-config", "EncryptionConfiguration") {
        Configuration::Found(object) => object.value,
        Configuration::Open => return flags.verdict(),
        Configuration::None => {
            let place = flags.missing("--encryption-provider-config");
            return Verdict::fail(Fault::new(
                place,
                "nothing is encrypted at rest: no provider is configured",
            ));
        }
    };
    if has_placeholder(file) {
        return Verdict::unknown("a resource or provider is a placeholder", "the text that is filled in");
    }
    let mut any = false;
    for block in blocks(file) {
        any = true;
        let Some(first) = block.providers().next() else {
            flags.fault(Fault::new(Place::missing(block.value, "providers"), "the block has no `providers`"));
            continue;
        };
        let sound = match first.name {
            "secretbox" | "aescbc" => true,
            // Version 1 is off since v1.29.
            "kms" => first.value.get("apiVersion").is_some_and(|version| version.text() == "v2"),
            _ => false,
        };
        if !sound {
            let name = if first.name.is_empty() { "none that the server knows" } else { first.name };
            let resources: Vec<&str> = block.resources().map(|entry| entry.text()).collect();
            let message = format!("the first provider of `{}` is `{name}`", resources.join(","));
            flags.fault(Fault::new(Place::at(first.value), message));
        }
    }
    if !any {
        flags.fault(Fault::new(Place::missing(file, "resources"), "the file encrypts no resource"));
    }
    flags.verdict()
}

pub(super) fn api_server_suites<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // The suites of TLS 1.3 are all strong.
    if flags.text("--tls-min-version").given().is_some_and(|given| given.text == "VersionTLS13") {
        return Verdict::Pass;
    }
    match flags.text("--tls-cipher-suites") {
        Reading::Absent(place) => flags.fault(Fault::new(
            place,
            "`--tls-cipher-suites` is not set: the default of Go also offers suites of CBC",
        )),
        Reading::Open => {}
        Reading::Given(_) => {
            for suite in flags.items("--tls-cipher-suites").unwrap_or_default() {
                if !cipher_suites::is_aead(suite.text) {
                    flags.fault(Fault::new(suite.place, format!("cipher suite `{}` is weak", suite.text)));
                }
            }
        }
    }
    flags.verdict()
}

/// The gate is on by default, so that it must only not be turned off.
pub(super) fn rotation_gate<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    match flags.text("--feature-gates") {
        Reading::Absent(_) => Verdict::Pass,
        Reading::Open => flags.verdict(),
        Reading::Given(_) => {
            for item in flags.items("--feature-gates").unwrap_or_default() {
                if let Some(("RotateKubeletServerCertificate", value)) = item.text.split_once('=')
                    && value != "true"
                {
                    flags.fault(Fault::new(item.place, "`RotateKubeletServerCertificate` is turned off"));
                }
            }
            flags.verdict()
        }
    }
}

/// Naming a CA demands certificates as well, whatever the switch says (`client/pkg/transport/listener.go`).
fn demands<'a>(
    scope: &ComponentScope<'_, 'a>,
    switch: &'static str,
    ca: &'static str,
    whose: &str,
) -> Verdict<'a> {
    let name = |flag: &'static str| flag.trim_start_matches('-');
    match (flag(scope, name(switch)), flag(scope, name(ca))) {
        (Known::Stated(stated), _) if stated.as_bool() == Some(true) => Verdict::Pass,
        (Known::Installed("true"), _) | (_, Known::Installed(_)) => Verdict::Pass,
        (_, Known::Stated(stated)) if !stated.text().is_empty() => Verdict::Pass,
        (Known::Undecided(verdict), _) | (_, Known::Undecided(verdict)) => verdict,
        (Known::Stated(stated), _) if stated.as_bool().is_none() => misfit(switch),
        (Known::Stated(stated), _) => Verdict::fail(Fault::new(
            Place::at(stated.at),
            format!("`{switch}` is off: {whose} need no certificate"),
        )),
        _ => Verdict::fail(Fault::new(
            scope.missing(switch),
            format!("`{switch}` is not set: {whose} need no certificate"),
        )),
    }
}

pub(super) fn etcd_clients<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    demands(scope, "--client-cert-auth", "--trusted-ca-file", "clients")
}

pub(super) fn etcd_peers<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    demands(scope, "--peer-client-cert-auth", "--peer-trusted-ca-file", "members")
}

/// A field of the pod that must not be true.
fn host_field<'a>(scope: &PodScope<'_, 'a>, name: &str) -> Verdict<'a> {
    let Some(value) = scope.pod().spec().get(name) else { return Verdict::Pass };
    match value.as_bool() {
        Some(false) => Verdict::Pass,
        Some(true) => Verdict::fail(Fault::new(Place::at(value), format!("`{name}: true`"))),
        None => {
            Verdict::unknown(format!("`{name}` is neither true nor false"), "the value that is filled in")
        }
    }
}

pub(super) fn host_pid<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    host_field(scope, "hostPID")
}

pub(super) fn host_ipc<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    host_field(scope, "hostIPC")
}

pub(super) fn host_network<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    host_field(scope, "hostNetwork")
}

/// Runtimes grant `NET_RAW` unless it is dropped.
pub(super) fn net_raw<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    if scope.pod().is_windows() {
        return Verdict::NotApplicable;
    }
    let names = |list: Option<Value<'a>>, all: bool| {
        let items = list.into_iter().flat_map(|list| list.items().collect::<Vec<_>>());
        items.into_iter().find(|item| {
            let name = item.text().to_ascii_uppercase();
            let name = name.strip_prefix("CAP_").unwrap_or(&name);
            name == "NET_RAW" || (all && name == "ALL")
        })
    };
    let mut faults = Vec::new();
    for container in scope.pod().containers() {
        let context = container.security_context();
        let list = |key| context.and_then(|context| context.at(&["capabilities", key]));
        let fault = if let Some(added) = names(list("add"), true) {
            Fault::new(Place::at(added), format!("`{}` is added", added.text()))
        } else if names(list("drop"), true).is_none() {
            let place = Place::missing(container.value(), "securityContext.capabilities.drop");
            Fault::new(place, "`NET_RAW` is not dropped, and runtimes grant it")
        } else {
            continue;
        };
        faults.push(fault.in_container(container.name()));
    }
    Verdict::of(faults)
}

pub(super) use kubelet::{
    client_rotation, event_rate, firewall_chains, idle_streams, serving_certificate, serving_rotation,
    suites as kubelet_suites,
};

/// Settings of the kubelet, whose defaults depend on whether it has a configuration file.
mod kubelet {
    use seaworthy_evidence::{Place, Stated};

    use crate::cipher_suites;
    use crate::component_flags::misfit;
    use crate::flags::seconds;
    use crate::kubelet::settings::{
        EVENT_QPS, Effective, Field, ROTATE_CERTIFICATES, SERVER_TLS_BOOTSTRAP, TLS_CERTIFICATE, TLS_KEY,
        TLS_SUITES, TLS_VERSION, UTIL_CHAINS, gate, serves,
    };
    use crate::scope::ComponentScope;
    use crate::verdict::{Fault, Verdict};

    const STREAMS: Field = Field {
        flag: "streaming-connection-idle-timeout",
        option: "--streaming-connection-idle-timeout",
        path: &["streamingConnectionIdleTimeout"],
        name: "streamingConnectionIdleTimeout",
    };

    fn at<'a>(field: &Field, scope: &ComponentScope<'_, 'a>, stated: Option<&Stated<'a>>) -> Place<'a> {
        stated.map_or_else(|| field.missing(scope), |stated| Place::at(stated.at))
    }

    /// A switch that must be on.
    fn on<'a>(field: &Field, scope: &ComponentScope<'_, 'a>, default: bool, off: &str) -> Verdict<'a> {
        match field.as_bool(scope, default, default) {
            Ok((true, _)) => Verdict::Pass,
            Ok((false, stated)) => {
                let what = stated.map_or_else(
                    || format!("`{}` is not set", field.shown(scope)),
                    |stated| field.written(&stated),
                );
                Verdict::fail(Fault::new(at(field, scope, stated.as_ref()), format!("{what}: {off}")))
            }
            Err(verdict) => verdict,
        }
    }

    /// Zero in a file stands for the default of four hours; a flag of zero turns the end off.
    pub(in super::super) fn idle_streams<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        match STREAMS.of(scope) {
            Effective::Stated(stated) if stated.is_flag() => match seconds(stated.text()) {
                Some(time) if time > 0.0 => Verdict::Pass,
                Some(_) => Verdict::fail(Fault::new(
                    Place::at(stated.at),
                    format!("{}: idle streams never end", STREAMS.written(&stated)),
                )),
                None => misfit(STREAMS.name),
            },
            Effective::Undecided(verdict) => verdict,
            _ => Verdict::Pass,
        }
    }

    pub(in super::super) fn firewall_chains<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        on(&UTIL_CHAINS, scope, true, "the kubelet does not keep its rules")
    }

    pub(in super::super) fn event_rate<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        match EVENT_QPS.of(scope) {
            Effective::Stated(stated) => match stated.as_i64() {
                Some(0..) => Verdict::Pass,
                Some(_) => Verdict::fail(Fault::new(
                    Place::at(stated.at),
                    format!("{}: the kubelet refuses to start", EVENT_QPS.written(&stated)),
                )),
                None => misfit(EVENT_QPS.name),
            },
            Effective::Undecided(verdict) => verdict,
            _ => Verdict::Pass,
        }
    }

    /// Whether certificate and key are named.
    fn is_provided<'a>(scope: &ComponentScope<'_, 'a>) -> Result<bool, Verdict<'a>> {
        let is_set = |field: &Field| match field.of(scope) {
            Effective::Stated(stated) => Ok(!stated.text().is_empty()),
            Effective::Installed(_) => Ok(true),
            Effective::FileDefault | Effective::FlagDefault => Ok(false),
            Effective::Undecided(verdict) => Err(verdict),
        };
        Ok(is_set(&TLS_CERTIFICATE)? && is_set(&TLS_KEY)?)
    }

    pub(in super::super) fn serving_certificate<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        if !serves(scope) {
            return Verdict::NotApplicable;
        }
        match is_provided(scope) {
            Ok(true) => Verdict::Pass,
            Ok(false) => {
                on(&SERVER_TLS_BOOTSTRAP, scope, false, "no certificate is named, and none is asked for")
            }
            Err(verdict) => verdict,
        }
    }

    pub(in super::super) fn client_rotation<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        on(&ROTATE_CERTIFICATES, scope, false, "the client certificate ends one day, and with it the node")
    }

    pub(in super::super) fn serving_rotation<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        if !serves(scope) {
            return Verdict::NotApplicable;
        }
        match gate(scope, "RotateKubeletServerCertificate") {
            Ok(Some((false, place))) => {
                return Verdict::fail(Fault::new(place, "`RotateKubeletServerCertificate` is turned off"));
            }
            Ok(_) => {}
            Err(verdict) => return verdict,
        }
        match is_provided(scope) {
            // Who brought the certificate renews it.
            Ok(true) => Verdict::NotApplicable,
            Ok(false) => on(
                &SERVER_TLS_BOOTSTRAP,
                scope,
                false,
                "the serving certificate is self-signed and never renewed",
            ),
            Err(verdict) => verdict,
        }
    }

    pub(in super::super) fn suites<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
        if !serves(scope) {
            return Verdict::NotApplicable;
        }
        if matches!(TLS_VERSION.of(scope), Effective::Stated(stated) if stated.text() == "VersionTLS13") {
            return Verdict::Pass;
        }
        match TLS_SUITES.of(scope) {
            Effective::Stated(stated) if stated.items().iter().any(|suite| !suite.is_empty()) => {
                let weak: Vec<&str> =
                    stated.items().into_iter().filter(|suite| !cipher_suites::is_aead(suite)).collect();
                match weak.is_empty() {
                    true => Verdict::Pass,
                    false => Verdict::fail(Fault::new(
                        Place::at(stated.at),
                        format!("weak cipher suites: `{}`", weak.join("`, `")),
                    )),
                }
            }
            Effective::Undecided(verdict) => verdict,
            _ => Verdict::fail(Fault::new(
                TLS_SUITES.missing(scope),
                format!(
                    "`{}` is not set: the default of Go also offers suites of CBC",
                    TLS_SUITES.shown(scope)
                ),
            )),
        }
    }
}
