//! `api-server/insecure-port`; prose and cases in `insecure_port.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{
    Answers, Ask, Attempt, Consent, Endpoint, Identity, Outcome, Reply, Request, SideEffect, Step, Subject,
    expect,
};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::probe::{Ground, Probe, Right};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/insecure-port",
    title: "No plain HTTP listener serves the API",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("insecure_port.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "T1133"],
        kubescape: &["C-0005", "C-0128"],
        trivy: &["KCV-0017"],
        checkov: &["CKV_K8S_86", "CKV_K8S_88", "CKV_K8S_89"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[PLAIN],
};

const PLAIN: Probe = Probe {
    name: "plain",
    asks: "Nobody GETs `/api` by plain http, of port 8080 of the API server's host and of its own port",
    proved_by: "a closed port 8080, and 400 `Client sent an HTTP request to an HTTPS server` of the own port, by a version that \
                has no other listener (1.20 and later)",
    refuted_by: "an answer of the API by plain http, be it a refusal",
    not_fooled_by: "a load balancer, whose ports are not those of the servers: the version tells that they have none. A firewall \
                    that swallows the question decides nothing",
    positive_control: "the own port of the API server accepts a connection, and the caller GETs `/version`",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[Right::path("/version")],
    plan: plan_plain,
};

fn plan_plain(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("API server");
    let Some(own) = &ground.given.api_server else {
        return vec![Attempt::cannot(
            subject,
            "a proxy stands between here and the API server, so that its ports are not seen",
            "a place from which the API server is reached directly",
        )];
    };
    let other = Endpoint { port: 8080, ..own.clone() };
    let plain = |endpoint: &Endpoint| Request::get("/api").plain().at(endpoint);
    let mut steps = vec![
        Step::control("own-port", Request::of_port(own, Ask::Connect), expect::connected),
        Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("own-port-plain", plain(own)),
    ];
    if own.port != 8080 {
        steps.push(Step::ask("port-8080", plain(&other)));
    }
    let elsewhere = own.port != 8080;
    vec![Attempt::new(subject, steps, move |answers| judge_plain(answers, elsewhere))]
}

fn judge_plain(answers: &Answers, elsewhere: bool) -> Outcome {
    let steps = ["own-port-plain", "port-8080"];
    let steps = || steps.into_iter().filter(|step| elsewhere || *step == "own-port-plain");
    for step in steps() {
        let json = answers.get(step).and_then(|answer| answer.json());
        let kind = json.as_ref().and_then(|json| json.get("kind")).and_then(|kind| kind.as_str());
        if matches!(kind, Some("APIVersions" | "Status")) {
            return Outcome::refuted(
                step,
                "the API answers by plain http: whoever is on the way reads and writes along",
            );
        }
    }
    for step in steps() {
        let closed = match answers.reply(step) {
            Some(Reply::Refused(_)) => true,
            // What Go's servers of TLS say to plain http.
            Some(Reply::Http { status: 400, .. }) => answers
                .get(step)
                .is_some_and(|answer| answer.text().contains("HTTP request to an HTTPS server")),
            _ => false,
        };
        if !closed {
            return answers
                .inconclusive(step)
                .needs("a place from which no firewall is before the API server");
        }
    }
    let version = answers.get("version").and_then(|answer| answer.json());
    let minor = version.as_ref().and_then(|version| version.get("minor")?.as_str());
    let minor = minor.and_then(|minor| minor.trim_end_matches('+').parse::<u32>().ok());
    let last = if elsewhere { "port-8080" } else { "own-port-plain" };
    match minor {
        Some(minor) if minor >= 20 => Outcome::proved(
            last,
            "nothing answers by plain http, and this version has no listener that could",
        ),
        _ => Outcome::inconclusive(
            last,
            "nothing answers by plain http from here, but a server of this age may listen on other addresses",
        )
        .needs("`--insecure-port` of the running server"),
    }
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // Up to v1.19 the server listened on 127.0.0.1:8080 unless told otherwise; since v1.24 the flags are gone.
    let default = match scope.component.minor_version() {
        Some((minor, _)) if minor < 20 => 8080,
        _ => 0,
    };
    if let Some((port, place)) = flags.number("--insecure-port", default)
        && port != 0
    {
        let address = flags.text("--insecure-bind-address").given().map_or("127.0.0.1", |given| given.text);
        let local = matches!(address, "127.0.0.1" | "::1" | "localhost");
        let how = if place.missing.is_some() { "`--insecure-port` is not set: port" } else { "port" };
        let fault = Fault::new(
            place,
            format!(
                "{how} {port} of `{address}` serves the API over plain HTTP, and every request on it is an administrator's"
            ),
        );
        flags.fault(if local { fault.graded(Severity::High) } else { fault });
    }
    if let Some((0, place)) = flags.number("--secure-port", 6443) {
        flags.fault(
            Fault::new(place, "`--secure-port=0` turns HTTPS off, which leaves only plain HTTP")
                .graded(Severity::High),
        );
    }
    flags.verdict()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Reply, Verdict};

    use super::judge_plain;

    fn http(status: u16, body: &str) -> Reply {
        Reply::Http { status, headers: Vec::new(), body: body.as_bytes().to_vec(), cut: false, tls: None }
    }

    fn verdict(minor: &str, own: Reply, other: Reply) -> Verdict {
        let version = http(200, &format!("{{\"major\": \"1\", \"minor\": \"{minor}\"}}"));
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        let answers = Answers(vec![
            ("version", answer(version)),
            ("own-port-plain", answer(own)),
            ("port-8080", answer(other)),
        ]);
        judge_plain(&answers, true).verdict
    }

    #[test]
    fn only_a_closed_port_of_a_version_without_a_listener_is_proof() {
        let tls = || http(400, "Client sent an HTTP request to an HTTPS server.\n");
        let closed = || Reply::Refused("the port is closed".to_owned());
        let api = || http(200, r#"{"kind": "APIVersions", "versions": ["v1"]}"#);
        let refusal = || http(403, r#"{"kind": "Status", "code": 403}"#);
        assert_eq!(verdict("36", tls(), closed()), Verdict::Proved);
        assert_eq!(verdict("20+", tls(), closed()), Verdict::Proved);
        // An old server may listen on loopback, or behind a load balancer.
        assert_eq!(verdict("19", tls(), closed()), Verdict::Inconclusive);
        assert_eq!(verdict("", tls(), closed()), Verdict::Inconclusive);
        assert_eq!(verdict("36", tls(), api()), Verdict::Refuted);
        assert_eq!(verdict("36", tls(), refusal()), Verdict::Refuted);
        assert_eq!(verdict("36", api(), closed()), Verdict::Refuted);
        // Somebody else's server, and silence, say nothing.
        assert_eq!(verdict("36", tls(), http(404, "not found")), Verdict::Inconclusive);
        assert_eq!(verdict("36", tls(), Reply::Silent("nothing".to_owned())), Verdict::Inconclusive);
        assert_eq!(verdict("36", http(400, "bad request"), closed()), Verdict::Inconclusive);
    }
}
