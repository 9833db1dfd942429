//! `clients/kubectl-proxy`; prose and cases in `kubectl_proxy.md`.

use seaworthy_evidence::Place;
use seaworthy_probe::{Answers, Ask, Attempt, Consent, Outcome, Reply, Request, SideEffect, Step, expect};

use crate::addresses;
use crate::change;
use crate::clients::{commands, proxy_here};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, NodePlace, Probe};
use crate::scope::ContainerScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "clients/kubectl-proxy",
    title: "Proxies and port-forwards of kubectl listen on loopback only",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit, Scope::Runtime],
    change: &change::KUBECONFIGS,
    page: include_str!("kubectl_proxy.md"),
    mappings: Mappings { nsa: &["kubeconfig"], attack: &["MS-TA9024", "T1090"], ..Mappings::NONE },
    check: Check::Container(check),
    guard: None,
    probes: &[PORTS, proxy_here::PROBE],
};

const PORTS: Probe = Probe {
    name: "ports",
    asks: "Nobody GETs `/api` by plain http of ports 8001 and 8080 of each node",
    proved_by: "closed ports",
    refuted_by: "an answer of the API by plain http: whoever reaches the port acts as whoever started the proxy",
    not_fooled_by: "a host that is not there, or a firewall: silence concludes nothing. Proxies of other ports are not seen",
    positive_control: "the port of the kubelet of the same node accepts a connection",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan: plan_ports,
};

/// Most nodes that are asked.
const MOST: usize = 200;

fn plan_ports(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    ground.nodes().iter().take(MOST).map(attempt).collect()
}

fn attempt(place: &NodePlace) -> Attempt {
    let plain = |port| Request::get("/api").plain().at(&place.port(port)).most(1 << 16);
    let steps = vec![
        Step::control("kubelet", Request::of_port(&place.kubelet, Ask::Connect), expect::connected),
        Step::ask("port-8001", plain(8001)),
        Step::ask("port-8080", plain(8080)),
    ];
    Attempt::new(place.subject(), steps, judge_ports)
}

fn judge_ports(answers: &Answers) -> Outcome {
    const STEPS: [&str; 2] = ["port-8001", "port-8080"];
    for step in STEPS {
        let json = answers.get(step).and_then(|answer| answer.json());
        let kind = json.as_ref().and_then(|json| json.get("kind")).and_then(|kind| kind.as_str());
        match kind {
            Some("APIVersions") => {
                return Outcome::refuted(
                    step,
                    "the API is answered by plain http, with the rights of whoever started a proxy",
                );
            }
            // A proxy whose owner has no rights, or is no longer let in.
            Some("Status") => {
                return Outcome::refuted(step, "the API answers by plain http, through a proxy");
            }
            _ => {}
        }
    }
    for step in STEPS {
        if !matches!(answers.reply(step), Some(Reply::Refused(_))) {
            return answers.inconclusive(step);
        }
    }
    Outcome::proved("port-8001", "the ports of a proxy are closed on this node")
}

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let place = Place::at(commands::place(&scope.container));
    let on_host =
        scope.pod.pod().spec().get("hostNetwork").is_some_and(|value| value.as_bool() == Some(true));
    let mut tunnels = 0;
    let mut faults = Vec::new();
    commands::run(&scope.container, |program, words| {
        if program != "kubectl" {
            return;
        }
        let mut said = words.iter().filter(|word| !word.starts_with('-'));
        if said.clone().any(|word| word == "port-forward") {
            tunnels += 1;
            if let Some(address) = open_address(words) {
                let message = format!(
                    "`kubectl port-forward --address={address}`: whoever reaches the pod reaches what is behind it"
                );
                faults.push(Fault::new(place, message));
            }
        } else if said.any(|word| word == "proxy") {
            tunnels += 1;
            faults.extend(
                proxy(words, on_host).map(|(message, severity)| Fault::new(place, message).graded(severity)),
            );
        }
    });
    if tunnels == 0 { Verdict::NotApplicable } else { Verdict::of(faults) }
}

/// What is wrong with a call of `kubectl proxy`.
fn proxy(words: &[String], on_host: bool) -> Option<(String, Severity)> {
    let unfiltered = value(words, "--disable-filter").is_some_and(|value| value != "false");
    let all_hosts = value(words, "--accept-hosts").is_some_and(accepts_all);
    if let Some(address) = open_address(words) {
        let message = format!(
            "`kubectl proxy --address={address}`: whoever reaches the pod acts as its service account"
        );
        // The filter lets requests pass whose `Host` is localhost, which anybody can write.
        return Some((message, if unfiltered || all_hosts { Severity::Critical } else { Severity::High }));
    }
    if unfiltered {
        return Some((
            "`kubectl proxy --disable-filter` lets every request pass, `exec` and `attach` too".to_owned(),
            Severity::Medium,
        ));
    }
    if all_hosts {
        return Some((
            "`kubectl proxy --accept-hosts` accepts every name, as a page in a browser may send it"
                .to_owned(),
            Severity::Medium,
        ));
    }
    on_host.then(|| {
        let message = "`kubectl proxy` on the network of the node: every process of the node acts as its service account";
        (message.to_owned(), Severity::Medium)
    })
}

/// The address to listen on, when it is not loopback alone.
fn open_address(words: &[String]) -> Option<&str> {
    let address = value(words, "--address")?;
    let is_open = |address: &&str| {
        !addresses::is_loopback(address.trim()) && !address.contains("$(") && !address.contains("${")
    };
    address.split(',').find(is_open).map(str::trim)
}

/// The value of a flag; the last one counts. A flag without a value is `true`.
fn value<'w>(words: &'w [String], flag: &str) -> Option<&'w str> {
    let mut found = None;
    for (index, word) in words.iter().enumerate() {
        match word.strip_prefix(flag) {
            Some("") => {
                let next =
                    words.get(index + 1).filter(|next| flag != "--disable-filter" && !next.starts_with('-'));
                found = Some(next.map_or("true", String::as_str));
            }
            Some(rest) => found = rest.strip_prefix('=').or(found),
            None => {}
        }
    }
    found
}

/// Whether an expression for host names matches all of them.
fn accepts_all(expression: &str) -> bool {
    let inner = expression.trim_matches(['"', '\'']).trim_start_matches('^').trim_end_matches('$');
    matches!(inner, ".*" | ".+" | "" | "(.*)")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Reply, Verdict};

    use super::judge_ports;

    fn verdict(first: Reply, second: Reply) -> Verdict {
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        judge_ports(&Answers(vec![("port-8001", answer(first)), ("port-8080", answer(second))])).verdict
    }

    #[test]
    fn only_closed_ports_are_proof_and_only_the_api_is_a_proxy() {
        let http = |status, body: &str| Reply::Http {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            cut: false,
            tls: None,
        };
        let closed = || Reply::Refused("the port is closed".to_owned());
        assert_eq!(verdict(closed(), closed()), Verdict::Proved);
        assert_eq!(verdict(http(200, r#"{"kind": "APIVersions"}"#), closed()), Verdict::Refuted);
        assert_eq!(verdict(closed(), http(401, r#"{"kind": "Status", "code": 401}"#)), Verdict::Refuted);
        // A proxy that takes no other hosts, an application, a firewall.
        assert_eq!(verdict(http(403, "Forbidden"), closed()), Verdict::Inconclusive);
        assert_eq!(verdict(closed(), http(200, "<html>")), Verdict::Inconclusive);
        assert_eq!(verdict(closed(), Reply::Silent("nothing".to_owned())), Verdict::Inconclusive);
    }
}
