//! `container-runtime/socket-permissions`; prose and cases in `socket_permissions.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, configuration};

use crate::addresses;
use crate::change;
use crate::container_runtime::containerd;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "container-runtime/socket-permissions",
    title: "Runtime socket is root-only and not on TCP",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::RUNTIME_CONFIGURATION,
    page: include_str!("socket_permissions.md"),
    mappings: Mappings { nsa: &["node"], attack: &["MS-TA9013", "T1611", "T1610"], ..Mappings::NONE },
    check: Check::Object {
        kinds: &[("", configuration::CONTAINERD), ("", configuration::CRIO), ("", configuration::DOCKER)],
        check,
    },
    guard: None,
};

const ROOT: &str = "whoever reaches the port runs containers as root on the node";

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let root = scope.object.value;
    let mut faults = Vec::new();
    match scope.object.kind {
        configuration::CONTAINERD => of_containerd(root, &mut faults),
        configuration::CRIO => {
            streaming(root.at(&["crio", "api", "stream_address"]), "stream_address", &mut faults);
        }
        _ => of_docker(root, &mut faults),
    }
    Verdict::of(faults)
}

fn of_containerd<'a>(root: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    let set = |key| root.at(&["grpc", key]).filter(|value| !value.text().is_empty());
    if let Some(address) = set("tcp_address") {
        let verified = set("tcp_tls_cert").is_some() && set("tcp_tls_ca").is_some();
        if !verified {
            let without =
                if set("tcp_tls_cert").is_some() { "without asking for certificates" } else { "without TLS" };
            let message = format!("`tcp_address` is set, {without}: {ROOT}");
            faults.push(Fault::new(Place::at(address), message).graded(Severity::Critical));
        }
    }
    for key in ["uid", "gid"] {
        if let Some(id) = root.at(&["grpc", key])
            && id.as_i64().is_some_and(|id| id != 0)
        {
            let who = if key == "uid" { "this user" } else { "every user of this group" };
            let message = format!("`{key} = {}`: {who} may use the socket, and so become root", id.text());
            faults.push(Fault::new(Place::at(id), message).graded(Severity::Medium));
        }
    }
    streaming(containerd::setting(root, &["stream_server_address"]), "stream_server_address", faults);
}

/// Streams of `exec` and `attach`, which the kubelet fetches from the same machine.
fn streaming<'a>(address: Option<Value<'a>>, name: &str, faults: &mut Vec<Fault<'a>>) {
    let Some(address) = address.filter(|address| !address.text().is_empty()) else { return };
    if !addresses::is_loopback(addresses::host(address.text())) {
        let message = format!("`{name}` is `{}`: streams of `exec` are open to the network", address.text());
        faults.push(Fault::new(Place::at(address), message).graded(Severity::Medium));
    }
}

fn of_docker<'a>(root: Value<'a>, faults: &mut Vec<Fault<'a>>) {
    let is_on = |key| root.get(key).is_some_and(|value| value.as_bool() == Some(true));
    if is_on("tlsverify") {
        return;
    }
    for host in root.get("hosts").into_iter().flat_map(|hosts| hosts.items()) {
        if host.text().starts_with("tcp://") {
            let message = format!("`{}` without `tlsverify: true`: {ROOT}", host.text());
            faults.push(Fault::new(Place::at(host), message).graded(Severity::Critical));
        }
    }
}
