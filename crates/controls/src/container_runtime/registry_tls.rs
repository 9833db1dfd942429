//! `container-runtime/registry-tls`; prose and cases in `registry_tls.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, configuration};

use crate::addresses;
use crate::change;
use crate::container_runtime::containerd;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "container-runtime/registry-tls",
    title: "Runtime pulls images over verified TLS",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::RUNTIME_CONFIGURATION,
    page: include_str!("registry_tls.md"),
    mappings: Mappings { nsa: &["images"], attack: &["MS-TA9002", "T1195.002", "T1557"], ..Mappings::NONE },
    check: Check::Object {
        kinds: &[
            ("", configuration::CONTAINERD),
            ("", configuration::REGISTRY_HOSTS),
            ("", configuration::CONTAINERS_REGISTRIES),
            ("", configuration::CRIO),
            ("", configuration::K3S_REGISTRIES),
            ("", configuration::DOCKER),
        ],
        check,
    },
    guard: None,
    probes: &[],
};

const SKIPS: &str = "images come from whoever answers in the place of the registry";

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let root = scope.object.value;
    let mut faults = Vec::new();
    match scope.object.kind {
        configuration::CONTAINERD => of_containerd(root, &mut faults),
        configuration::REGISTRY_HOSTS => of_hosts(root, &mut faults),
        configuration::CONTAINERS_REGISTRIES => of_registries(root, &mut faults),
        configuration::CRIO => {
            listed(root.at(&["crio", "image", "insecure_registries"]), "insecure_registries", &mut faults);
        }
        configuration::K3S_REGISTRIES => mirrors_and_configs(root, &mut faults),
        _ => listed(root.get("insecure-registries"), "insecure-registries", &mut faults),
    }
    Verdict::of(faults)
}

fn of_containerd<'a>(root: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    for registry in containerd::cri(root).filter_map(|plugin| plugin.get("registry")) {
        mirrors_and_configs(registry, faults);
    }
}

/// `mirrors` and `configs`, which k3s took over from older versions of containerd.
fn mirrors_and_configs<'a>(registry: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    for (_, mirror) in registry.get("mirrors").into_iter().flat_map(|mirrors| mirrors.entries()) {
        for endpoint in mirror.get("endpoint").into_iter().flat_map(|endpoints| endpoints.items()) {
            plain(endpoint, faults);
        }
    }
    for (host, config) in registry.get("configs").into_iter().flat_map(|configs| configs.entries()) {
        if let Some(skip) = config.at(&["tls", "insecure_skip_verify"]).filter(is_on) {
            local(host.text(), skip, "insecure_skip_verify: true", faults);
        }
    }
}

fn of_hosts<'a>(root: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(server) = root.get("server") {
        plain(server, faults);
        if let Some(skip) = root.get("skip_verify").filter(is_on) {
            local(server.text(), skip, "skip_verify = true", faults);
        }
    }
    let Some(hosts) = root.get("host") else { return };
    for (url, host) in hosts.entries() {
        // The path of a finding names keys, and this one may hold a password.
        let place = |value| if url.text().contains('@') { hosts } else { value };
        if addresses::is_plain_http(url.text()) && !is_local(url.text()) {
            let message = format!("`{}` is plain `http`: {SKIPS}", address(url.text()));
            faults.push(Fault::new(Place::at(place(host)), message));
        }
        if let Some(skip) = host.get("skip_verify").filter(is_on) {
            local(url.text(), place(skip), "skip_verify = true", faults);
        }
    }
}

/// `registries.conf`: version 2 lists registries and their mirrors, version 1 has a list of insecure ones.
fn of_registries<'a>(root: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    let items = |value: Option<Value<'a>>| value.into_iter().flat_map(|list| list.items());
    for registry in items(root.get("registry")) {
        for entry in std::iter::once(registry).chain(items(registry.get("mirror"))) {
            if let Some(insecure) = entry.get("insecure").filter(is_on) {
                let location = entry.get("location").or_else(|| registry.get("location"));
                let location = location.or_else(|| registry.get("prefix"));
                local(location.map_or("", |location| location.text()), insecure, "insecure = true", faults);
            }
        }
    }
    listed(root.at(&["registries", "insecure", "registries"]), "registries.insecure", faults);
}

/// A list of registries that are not verified.
fn listed<'a>(list: Option<Value<'a>>, name: &str, faults: &mut Vec<Fault<'a>>) {
    for host in list.into_iter().flat_map(|list| list.items()).filter(|host| !is_local(host.text())) {
        let message = format!("`{}` stands in `{name}`: {SKIPS}", address(host.text()));
        faults.push(Fault::new(Place::at(host), message));
    }
}

fn plain<'a>(url: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    if addresses::is_plain_http(url.text()) && !is_local(url.text()) {
        faults
            .push(Fault::new(Place::at(url), format!("`{}` is plain `http`: {SKIPS}", address(url.text()))));
    }
}

fn local<'a>(host: &str, at: Value<'a>, what: &str, faults: &mut Vec<Fault<'a>>) {
    if !is_local(host) {
        let host = if host.is_empty() { "the registry" } else { host };
        faults.push(Fault::new(Place::at(at), format!("`{what}` for `{}`: {SKIPS}", address(host))));
    }
}

fn is_on(value: &Value<'_>) -> bool {
    value.as_bool() == Some(true)
}

/// Whether a registry runs on the node itself, as a cache does.
fn is_local(url: &str) -> bool {
    addresses::is_loopback(addresses::host(url)) || url.starts_with("127.0.0.0/8") || url.starts_with("::1/")
}

/// An address without a password that somebody wrote into it.
fn address(url: &str) -> &str {
    match url.rsplit_once('@') {
        Some((_, host)) => host,
        None => url,
    }
}
