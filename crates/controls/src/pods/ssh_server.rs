//! `pods/ssh-server`; prose and cases in `ssh_server.md`.

use std::collections::BTreeMap;

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ContainerScope;
use crate::verdict::{Fault, Verdict};

use super::programs::started;

pub(super) static CONTROL: Control = Control {
    id: "pods/ssh-server",
    title: "Containers offer no SSH server or sudo",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::IMAGE_CONTENT,
    page: include_str!("ssh_server.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9010", "T1021.004"],
        kubescape: &["C-0042", "C-0062"],
        kube_linter: &["ssh-port"],
        ..Mappings::NONE
    },
    check: Check::Container(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let container = scope.container.value();
    let ports = scope.container.ports().filter_map(judge_port);
    let line = [container.get("command"), container.get("args")];
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| [probe].to_vec());
    let hooks = ["postStart", "preStop"].map(|hook| ["lifecycle", hook].to_vec());
    let handlers =
        probes.iter().chain(&hooks).filter_map(|path| container.at(path)?.at(&["exec", "command"]));
    let lines = std::iter::once(line).chain(handlers.map(|command| [Some(command), None]));
    Verdict::of(ports.chain(lines.flat_map(judge_line)).collect())
}

fn judge_port(port: Value<'_>) -> Option<Fault<'_>> {
    let number = port.get("containerPort")?;
    let name = port.get("name").map_or("", |name| name.text());
    let tcp = port.get("protocol").is_none_or(|protocol| protocol.text() == "TCP");
    let ssh = number.as_i64() == Some(22) || matches!(name, "ssh" | "sshd");
    (ssh && tcp)
        .then(|| Fault::new(Place::at(number), format!("port {} is that of an SSH server", number.text())))
}

fn judge_line(line: [Option<Value<'_>>; 2]) -> Vec<Fault<'_>> {
    let words = || line.into_iter().flatten().flat_map(|list| list.items());
    let programs = started(words().map(|word| word.text()));
    let servers: BTreeMap<_, _> = programs.iter().filter_map(|program| judge_program(program)).collect();
    let fault = |(server, severity)| {
        let word = words().find(|word| word.text().contains(server))?;
        Some(Fault::new(Place::at(word), format!("`{server}` is started")).graded(severity))
    };
    servers.into_iter().filter_map(fault).collect()
}

fn judge_program(program: &[String]) -> Option<(&'static str, Severity)> {
    let mut words = program.iter().map(|word| word.trim_end_matches(".service"));
    let ssh = |name| ["dropbear", "sshd", "ssh"].into_iter().find(|server| *server == name);
    match (words.next()?, words.next(), words.next()) {
        ("sudo", _, _) => Some(("sudo", Severity::Low)),
        ("dropbear", _, _) => Some(("dropbear", Severity::Medium)),
        ("sshd", _, _) => Some(("sshd", Severity::Medium)),
        ("service" | "rc-service", Some(name), Some("start" | "restart"))
        | ("systemctl", Some("start" | "restart"), Some(name))
        | (name @ "ssh", Some("start" | "restart"), None) => ssh(name).map(|name| (name, Severity::Medium)),
        _ => None,
    }
}
