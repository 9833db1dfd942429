//! `api-server/kubelet-tls`; prose and cases in `kubelet_tls.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{
    Answers, Ask, Attempt, Consent, Identity, Outcome, Reply, Request, SideEffect, Step, Subject, encode,
    expect,
};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::probe::{Ground, Probe, Right};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/kubelet-tls",
    title: "API server and kubelets authenticate each other",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("kubelet_tls.md"),
    mappings: Mappings {
        cis: &["1.2.4", "1.2.5"],
        nsa: &["control-plane"],
        attack: &["MS-TA9030", "T1557"],
        kubescape: &["C-0116", "C-0117"],
        trivy: &["KCV-0004", "KCV-0005", "KCV-0006"],
        checkov: &["CKV_K8S_71", "CKV_K8S_72", "CKV_K8S_73"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[KUBELET],
};

const KUBELET: Probe = Probe {
    name: "kubelet",
    asks: "The caller GETs `/healthz` of each kubelet through the API server; and a handshake with the same kubelet shows its \
           certificate",
    proved_by: "an error of the API server that names the certificate of the kubelet, which nobody vouches for",
    refuted_by: "an answer of a kubelet whose certificate it has made for itself",
    not_fooled_by: "a kubelet with a certificate of the cluster: the API server may look at it or not, so nothing is concluded",
    positive_control: "the kubelet completes a handshake",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "nodes/proxy", verbs: &["get"] }],
    plan: plan_kubelet,
};

/// Most nodes that are asked: one flag of the API server decides about all.
const MOST: usize = 20;

fn plan_kubelet(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let named = ground.nodes().into_iter().filter_map(|place| Some((place.name.clone()?, place)));
    let attempts: Vec<Attempt> = named
        .take(MOST)
        .map(|(name, place)| {
            let path = format!("/api/v1/nodes/{}/proxy/healthz", encode(&name));
            let steps = vec![
                Step::control("kubelet", Request::of_port(&place.kubelet, Ask::Certificates), expect::tls),
                Step::ask("through", Request::get(path).by(Identity::Caller)),
            ];
            Attempt::new(place.subject(), steps, judge_kubelet)
        })
        .collect();
    if attempts.is_empty() {
        let reason = "no node is known with its name and address";
        return vec![Attempt::cannot(Subject::cluster("nodes"), reason, "the right to list nodes")];
    }
    attempts
}

fn judge_kubelet(answers: &Answers) -> Outcome {
    let Some(Reply::Handshake(tls)) = answers.reply("kubelet") else {
        return answers.inconclusive("kubelet");
    };
    // A kubelet without a certificate signs one by an authority of its own, `NODE-ca@SECONDS`.
    let own = tls.certificates.first().is_some_and(|own| own.self_signed || own.issuer.contains("-ca@"));
    let through = answers.get("through").map(|answer| answer.text()).unwrap_or_default();
    match answers.status("through") {
        Some(200) if tls.trusted.is_err() && own => Outcome::refuted(
            "through",
            "the API server talks to a kubelet whose certificate nobody vouches for, and would to anybody in its place",
        ),
        Some(200) => Outcome::inconclusive(
            "through",
            "the API server talks to a kubelet with a certificate of the cluster, which it would without looking at it",
        )
        .needs("`--kubelet-certificate-authority` of the running server"),
        // Of a certificate without addresses it says so, and looks no further.
        Some(500..=599) if through.contains("tls: failed to verify certificate: x509: ") => {
            Outcome::proved("through", "the API server refuses a kubelet whose certificate nobody vouches for")
        }
        _ => answers.inconclusive("through"),
    }
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let why = "the API server comes to kubelets without a certificate, as an anonymous client";
    flags.require("--kubelet-client-certificate", why);
    flags.require("--kubelet-client-key", why);
    if let Reading::Absent(place) = flags.text("--kubelet-certificate-authority") {
        flags.fault(
            Fault::new(
                place,
                "`--kubelet-certificate-authority` is not set: the API server does not verify kubelets, so that exec \
                 and logs can be intercepted between them",
            )
            .graded(Severity::Medium),
        );
    }
    flags.verdict()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, CertificateFacts, Reply, Tls, Verdict};

    use super::judge_kubelet;

    fn verdict(issuer: &str, trusted: bool, status: u16, body: &str) -> Verdict {
        let certificate = CertificateFacts {
            subject: "CN=node1".to_owned(),
            issuer: issuer.to_owned(),
            names: vec!["10.244.0.1".to_owned()],
            remaining: 86_400,
            lifetime: 31_536_000,
            self_signed: false,
            fingerprint: String::new(),
        };
        let trusted =
            if trusted { Ok(()) } else { Err("invalid peer certificate: UnknownIssuer".to_owned()) };
        let handshake = Reply::Handshake(Tls { certificates: vec![certificate], trusted });
        let http = Reply::Http {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            cut: false,
            tls: None,
        };
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        judge_kubelet(&Answers(vec![("kubelet", answer(handshake)), ("through", answer(http))])).verdict
    }

    #[test]
    fn a_kubelet_that_vouches_for_itself_is_talked_to_or_refused() {
        const OWN: &str = "CN=node1-ca@1795293966";
        const REFUSED: &str = "error trying to reach service: tls: failed to verify certificate: x509: certificate signed by \
                               unknown authority";
        assert_eq!(verdict(OWN, false, 200, "ok"), Verdict::Refuted);
        assert_eq!(verdict(OWN, false, 503, REFUSED), Verdict::Proved);
        // It would be answered with and without a look at the certificate.
        assert_eq!(verdict("CN=kubernetes-ca", true, 200, "ok"), Verdict::Inconclusive);
        // An authority that the API server may know, and this program does not.
        assert_eq!(verdict("CN=kubelets", false, 200, "ok"), Verdict::Inconclusive);
        assert_eq!(verdict(OWN, false, 403, "forbidden"), Verdict::Inconclusive);
        assert_eq!(verdict(OWN, false, 503, "no route to host"), Verdict::Inconclusive);
    }
}
