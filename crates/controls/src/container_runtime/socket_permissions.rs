//! `container-runtime/socket-permissions`; prose and cases in `socket_permissions.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{NodeReading, Place, collection::GROUP, configuration, node_reading};
use seaworthy_probe::{Attempt, Consent, Outcome, Reply, Request, SideEffect, Step, Verdict as Seen};

use crate::addresses;
use crate::change;
use crate::container_runtime::containerd;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::node_files;
use crate::probe::{Ground, Probe, kubelets, ports};
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
        kinds: &[
            ("", configuration::CONTAINERD),
            ("", configuration::CRIO),
            ("", configuration::DOCKER),
            (GROUP, node_reading::KIND),
        ],
        check,
    },
    guard: None,
    probes: &[PORTS],
};

const PORTS: Probe = Probe {
    name: "ports",
    asks: "Nobody GETs `/version` of port 2375 of each node without TLS, and of port 2376 with TLS, where container runtimes \
           listen; the port of their streams is chosen anew at each start and is not tried",
    proved_by: "both refuse: the connection, or on 2376 a client without certificate",
    refuted_by: "the version of what runs there",
    not_fooled_by: "a wrong address or a dead host: the kubelet answers on the same host and is vouched for; a filter on the way, \
                    which is silent and proves nothing",
    positive_control: "a TLS handshake with the kubelet on the same host, before and after",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    kubelets::attempts(ground, |kubelet| {
        let mut steps = kubelet.steps();
        let version = |port| Request::get("/version").at(&kubelet.port(port)).most(kubelets::SOME);
        steps.push(Step::ask("plain", version(2375).plain()));
        steps.push(Step::ask("tls", version(2376)));
        let kubelet = kubelet.clone();
        Attempt::new(kubelet.subject(), steps, move |answers| {
            let mut last = answers.inconclusive("plain");
            for (step, port) in [("plain", 2375), ("tls", 2376)] {
                if let Some(Reply::Http { status: 200..=299, .. }) = answers.reply(step) {
                    return Outcome::refuted(step, format!("port {port} answers anybody: {ROOT}"));
                }
                match ports::refused(answers, step, port, "a container runtime") {
                    Some(outcome) if outcome.verdict == Seen::Proved => last = outcome,
                    Some(outcome) => return outcome,
                    None => return answers.inconclusive(step),
                }
            }
            kubelet.only_if_vouched(answers, last)
        })
    })
}

const ROOT: &str = "whoever reaches the port runs containers as root on the node";

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    if let Some(node) = NodeReading::of(scope.object) {
        return of_node(scope, &node);
    }
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

/// Programs that are container runtimes.
const RUNTIMES: &[&str] = &["containerd", "crio", "dockerd", "cri-dockerd"];

/// The socket as it lies on the node, and the ports that runtimes listen on.
fn of_node<'a>(scope: &ObjectScope<'_, 'a>, node: &NodeReading<'a>) -> Verdict<'a> {
    let judged = node_files::judge(scope, CONTROL.id, |rule| rule.mode);
    let mut faults = Vec::new();
    let mut asks = false;
    let open = node.sockets().filter(|socket| {
        RUNTIMES.contains(&socket.program())
            && socket.protocol().starts_with("tcp")
            && !addresses::is_loopback(socket.address())
    });
    for socket in open {
        let (program, port) = (socket.program(), socket.port().unwrap_or_default());
        // The port by which Docker speaks TLS; whether it asks for certificates, its configuration tells.
        if program == "dockerd" && port == 2376 {
            asks = true;
            continue;
        }
        let place = Place::at(socket.value().get("port").unwrap_or(socket.value()));
        let message = format!("`{program}` listens on `{}:{port}`", socket.address());
        faults.push(match (program, port) {
            ("dockerd", 2375) => {
                Fault::new(place, format!("{message} without TLS: {ROOT}")).graded(Severity::Critical)
            }
            _ => Fault::new(place, format!("{message}: what it serves there is open to the network"))
                .graded(Severity::Medium),
        });
    }
    match judged {
        Verdict::Fail(more) => {
            faults.extend(more);
            Verdict::Fail(faults)
        }
        judged if faults.is_empty() => match asks {
            true => Verdict::unknown(
                "whether Docker asks for certificates on its port, the node does not tell",
                "`/etc/docker/daemon.json` of the node, with `tlsverify`",
            ),
            false => judged,
        },
        _ => Verdict::Fail(faults),
    }
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
