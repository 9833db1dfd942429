//! `kubelet/config-drift`; prose and cases in `config_drift.md`.

use std::collections::BTreeMap;

use seaworthy_document::Value;
use seaworthy_evidence::{Component, Evidence, Place, Program, Setting, Setup};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::drift::{is_hidden, judged, leaves, name_of, same, text_of};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/config-drift",
    title: "Effective kubelet configuration equals the intended file on each node",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("config_drift.md"),
    mappings: Mappings { nsa: &["node"], attack: &["T1562"], ..Mappings::NONE },
    check: Check::Evidence(check),
    guard: None,
    probes: &[],
};

/// Settings that other controls look at: fields, and the flags that outweigh them.
const SETTINGS: &[(&str, &[&str], &str)] = &[
    ("anonymous-auth", &["authentication", "anonymous", "enabled"], "authentication.anonymous.enabled"),
    (
        "authentication-token-webhook",
        &["authentication", "webhook", "enabled"],
        "authentication.webhook.enabled",
    ),
    ("client-ca-file", &["authentication", "x509", "clientCAFile"], "authentication.x509.clientCAFile"),
    ("authorization-mode", &["authorization", "mode"], "authorization.mode"),
    ("read-only-port", &["readOnlyPort"], "readOnlyPort"),
    ("protect-kernel-defaults", &["protectKernelDefaults"], "protectKernelDefaults"),
    ("make-iptables-util-chains", &["makeIPTablesUtilChains"], "makeIPTablesUtilChains"),
    ("rotate-certificates", &["rotateCertificates"], "rotateCertificates"),
    ("rotate-server-certificates", &["serverTLSBootstrap"], "serverTLSBootstrap"),
    ("seccomp-default", &["seccompDefault"], "seccompDefault"),
    ("pod-max-pids", &["podPidsLimit"], "podPidsLimit"),
    ("tls-min-version", &["tlsMinVersion"], "tlsMinVersion"),
    ("tls-cipher-suites", &["tlsCipherSuites"], "tlsCipherSuites"),
    ("enable-debugging-handlers", &["enableDebuggingHandlers"], "enableDebuggingHandlers"),
    ("allowed-unsafe-sysctls", &["allowedUnsafeSysctls"], "allowedUnsafeSysctls"),
    ("pod-manifest-path", &["staticPodPath"], "staticPodPath"),
];

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let kubelets = evidence.components().iter().filter(|component| component.program == Program::Kubelet);
    // Only what runs can drift.
    let (unread, kubelets): (Vec<_>, Vec<_>) = kubelets.partition(|kubelet| kubelet.unread().is_some());
    let running: Vec<&'e Component<'a>> = kubelets
        .into_iter()
        .filter(|kubelet| kubelet.setup == Setup::Running || evidence.owner_of(kubelet).kind == "NodeReading")
        .collect();
    let usual = usual(&running);
    let mut all: Vec<Judged<'e, 'a>> = unread
        .into_iter()
        .map(|kubelet| Judged {
            object: evidence.owner_of(kubelet),
            verdict: Verdict::unknown(
                format!("nothing of the kubelet was read: {}", kubelet.unread().unwrap_or_default()),
                "the right `get nodes/proxy`, by which kubelets tell their configuration, or a reading of the node itself",
            ),
        })
        .collect();
    for kubelet in running {
        let mut faults = Vec::new();
        let mut compared = false;
        for other in kubelet.outranked() {
            compared |= compare(evidence, kubelet, other, &mut faults);
        }
        compared |= overridden(kubelet, &mut faults);
        unlike_others(kubelet, &usual, &mut faults);
        let otherwise = match (compared, kubelet.lacks_configuration()) {
            (true, false) => Verdict::Pass,
            _ => Verdict::unknown(
                "nothing tells what the kubelet is meant to be configured with",
                "the ConfigMap `kube-system/kubelet-config`, or a reading of the node with its configuration files",
            ),
        };
        all.extend(judged(evidence, kubelet, faults, otherwise));
    }
    all
}

/// Compares what is in force with the file of another source; says whether there was anything to compare.
fn compare<'a>(
    evidence: &Evidence<'a>,
    kubelet: &Component<'a>,
    intended: &Component<'a>,
    faults: &mut Vec<Fault<'a>>,
) -> bool {
    let Some(first) = kubelet.configuration().first().copied() else { return false };
    if intended.configuration().is_empty() {
        return false;
    }
    let name = name_of(evidence, intended);
    for (path, stated) in intended.configuration().iter().flat_map(|file| leaves(*file)) {
        // Later drop-ins take precedence, and flags over all.
        let last = intended.field(&path).is_some_and(|field| field.at == stated);
        if !last || matches!(path.first(), Some(&"apiVersion" | &"kind" | &"metadata")) {
            continue;
        }
        let flag = SETTINGS.iter().find(|(_, field, _)| *field == path.as_slice()).map(|(flag, ..)| *flag);
        let by_flag = flag.and_then(|flag| match intended.flag(flag) {
            Setting::Stated(flag) => Some(flag.text().to_owned()),
            _ => None,
        });
        let wanted = by_flag.unwrap_or_else(|| text_of(&stated));
        // Zero of these types asks for the default (`pkg/kubelet/apis/config/v1beta1/defaults.go`).
        if matches!(wanted.as_str(), "" | "0s")
            || (wanted == "0" && path[0] == "logging")
            || is_hidden(&wanted)
        {
            continue;
        }
        let dotted = path.join(".");
        match kubelet.field(&path) {
            Some(actual) if actual.at.is_mapping() || is_hidden(&text_of(&actual.at)) => {}
            Some(actual) => {
                let text = text_of(&actual.at);
                if !same(&text, &wanted) {
                    let message = format!("`{dotted}: {text}` is in force, and {name} says `{wanted}`");
                    faults.push(Fault::new(Place::at(actual.at), message));
                }
            }
            // Zero values are left out by whoever writes them.
            None if matches!(wanted.as_str(), "0" | "false" | "[]" | "{}") => {}
            None => {
                let message = format!("`{dotted}` is not in force, and {name} says `{wanted}`");
                faults.push(Fault::new(Place::at(parent(first, &path)), message));
            }
        }
    }
    true
}

/// The deepest map on a path that is there.
fn parent<'a>(file: Value<'a>, path: &[&str]) -> Value<'a> {
    (0..path.len()).rev().find_map(|length| file.at(&path[..length]).filter(|_| length > 0)).unwrap_or(file)
}

/// Flags of the process that outweigh what its own files say; says whether its files were there.
fn overridden<'a>(kubelet: &Component<'a>, faults: &mut Vec<Fault<'a>>) -> bool {
    if kubelet.setup != Setup::CommandLine || kubelet.configuration().is_empty() {
        return false;
    }
    for (flag, path, name) in SETTINGS {
        if let (Setting::Stated(flagged), Some(field)) = (kubelet.flag(flag), kubelet.field(path))
            && !same(flagged.text(), &text_of(&field.at))
        {
            let message = format!(
                "`--{flag}={}` outweighs `{name}: {}` of the kubelet's own file",
                flagged.text(),
                text_of(&field.at)
            );
            faults.push(Fault::new(Place::at(flagged.at), message));
        }
    }
    true
}

/// The value of each setting that most kubelets have, of at least three that tell, with the number of those.
type Usual = BTreeMap<&'static str, (String, usize)>;

fn usual(kubelets: &[&Component<'_>]) -> Usual {
    let told: Vec<_> = kubelets.iter().filter(|kubelet| kubelet.setup == Setup::Running).collect();
    let mut usual = Usual::new();
    for (_, path, name) in SETTINGS {
        let mut values: BTreeMap<String, usize> = BTreeMap::new();
        for kubelet in &told {
            let value = kubelet.field(path).map_or_else(String::new, |field| text_of(&field.at));
            *values.entry(value).or_default() += 1;
        }
        let most = values.into_iter().max_by_key(|(_, number)| *number);
        // Two thirds: halves of a cluster may be two kinds of nodes.
        if let Some((value, number)) = most
            && told.len() >= 3
            && number * 3 >= told.len() * 2
        {
            usual.insert(name, (value, number));
        }
    }
    usual
}

fn unlike_others<'a>(kubelet: &Component<'a>, usual: &Usual, faults: &mut Vec<Fault<'a>>) {
    if kubelet.setup != Setup::Running {
        return;
    }
    for (_, path, name) in SETTINGS {
        let Some((value, number)) = usual.get(name) else { continue };
        let field = kubelet.field(path);
        let own = field.map_or_else(String::new, |field| text_of(&field.at));
        if same(&own, value) || is_hidden(&own) {
            continue;
        }
        let shown = |value: &str| if value.is_empty() { "not set".to_owned() } else { format!("`{value}`") };
        let message =
            format!("`{name}` is {} here, and {} on {number} other nodes", shown(&own), shown(value));
        let place = match (field, kubelet.configuration().first()) {
            (Some(field), _) => Place::at(field.at),
            (None, Some(file)) => Place::missing(*file, name),
            (None, None) => continue,
        };
        faults.push(Fault::new(place, message).graded(Severity::Low));
    }
}
