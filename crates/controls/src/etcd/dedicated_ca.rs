//! `etcd/dedicated-ca`; prose and cases in `dedicated_ca.md`.

use crate::probe::{Ground, Probe, etcd};
use seaworthy_evidence::{Place, Program, Setting};
use seaworthy_probe::{
    Answers, Ask, Attempt, Certificate, Consent, Endpoint, Identity, Outcome, Reply, Request, SideEffect,
    Step, Subject, expect,
};

use crate::change;
use crate::component_flags::{Known, flag};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "etcd/dedicated-ca",
    title: "The CA that etcd trusts is its own, not that of the cluster",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::ETCD_FLAGS,
    page: include_str!("dedicated_ca.md"),
    mappings: Mappings {
        cis: &["2.7"],
        nsa: &["etcd"],
        attack: &["T1552", "T1078"],
        kubescape: &["C-0159"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Etcd], check },
    guard: None,
    probes: &[CLUSTER_CERTIFICATES],
};

const CLUSTER_CERTIFICATES: Probe = Probe {
    name: "cluster-certificates",
    asks: "The holders of certificates that the cluster's own authority signed (that of the kubeconfig, and that of \
           `--ordinary-cert`) ask etcd for `/version` and for one key without its value",
    proved_by: "an alert of TLS that speaks of certificates",
    refuted_by: "an answer",
    not_fooled_by: "an etcd that asks nobody for a certificate, which is the matter of `etcd/client-tls`, and a certificate that \
                    has ended or is of another cluster: the API server takes it",
    positive_control: "etcd completes a handshake, and the API server answers the holder of the same certificate",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[],
    plan: plan_cluster_certificates,
};

fn plan_cluster_certificates(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let given = ground.given;
    let shown = match (given.has_ordinary_certificate, given.has_caller_certificate) {
        (true, _) => Some(Certificate::Ordinary),
        (false, true) => Some(Certificate::Caller),
        (false, false) => None,
    };
    etcd::each(ground, &given.etcd, "`--etcd URL`", |subject, endpoint| match shown {
        Some(certificate) => attempt(subject, endpoint, certificate),
        None => Attempt::cannot(
            subject,
            "there is no certificate of the cluster to show",
            "`--ordinary-cert` and `--ordinary-key`, or a kubeconfig with a client certificate",
        ),
    })
}

fn attempt(subject: Subject, endpoint: &Endpoint, certificate: Certificate) -> Attempt {
    let holder = || Identity::Certificate(certificate);
    let steps = vec![
        Step::control("api-server", Request::get("/version").by(holder()), expect::ok),
        Step::control("handshake", Request::of_port(endpoint, Ask::Certificates), expect::tls),
        Step::ask("nobody", etcd::get(endpoint, "/version")).until(etcd::is_decided, etcd::AGAIN),
        Step::ask("version", etcd::get(endpoint, "/version").by(holder()))
            .until(etcd::is_decided, etcd::AGAIN),
        Step::ask("keys", etcd::any_key(endpoint, true, holder())).until(etcd::is_decided, etcd::AGAIN),
    ];
    Attempt::new(subject, steps, judge)
}

fn judge(answers: &Answers) -> Outcome {
    if !etcd::is_refused(answers, "nobody") {
        let reason = "etcd does not refuse those who show no certificate, so that none is looked at";
        return Outcome::inconclusive("nobody", reason).needs("what `etcd/client-tls` says");
    }
    for step in ["keys", "version"] {
        if let Some(Reply::Keys { .. } | Reply::Http { status: 200, .. }) = answers.reply(step) {
            let reason =
                "etcd takes certificates that the cluster's authority signs: every node and person holds one";
            return Outcome::refuted(step, reason);
        }
    }
    match ["keys", "version"].into_iter().find(|step| !etcd::is_refused(answers, step)) {
        Some(step) => answers.inconclusive(step),
        None => Outcome::proved("keys", "a certificate that the API server takes is refused by etcd"),
    }
}

/// Where kubeadm keeps the CA of the cluster, whose certificates every node and administrator has.
const CLUSTER_CA: &str = "/etc/kubernetes/pki/ca.crt";

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let stated = match flag(scope, "trusted-ca-file") {
        Known::Stated(stated) if stated.text().is_empty() => return Verdict::NotApplicable,
        Known::Stated(stated) => stated,
        // Installers make a CA for etcd.
        Known::Installed(_) => return Verdict::Pass,
        // No CA at all is the matter of `etcd/client-tls`.
        Known::Absent => return Verdict::NotApplicable,
        Known::Undecided(verdict) => return verdict,
    };
    let path = stated.text();
    if path == CLUSTER_CA || clients_of_api_server(scope).any(|ca| ca == path) {
        let message = format!(
            "`--trusted-ca-file={path}` is the CA of the cluster: every certificate of a node or a person opens etcd"
        );
        return Verdict::fail(Fault::new(Place::at(stated.at), message));
    }
    if is_of_etcd(path) {
        return Verdict::Pass;
    }
    Verdict::unknown(
        "whether the CA of etcd is another one than that of the cluster, two paths do not tell",
        "the fingerprints of both certificates",
    )
}

/// The path at which kubeadm, k3s and RKE2 keep the CA that they make for etcd.
fn is_of_etcd(path: &str) -> bool {
    path == "/etc/kubernetes/pki/etcd/ca.crt" || path.ends_with("/server/tls/etcd/server-ca.crt")
}

/// The CAs by which the API servers among the files know their clients.
fn clients_of_api_server<'e, 'a>(scope: &ComponentScope<'e, 'a>) -> impl Iterator<Item = &'a str> {
    let components = scope.around.evidence.components().iter();
    // A cluster has few API servers; a file of thousands must not cost the square of them.
    let servers = components.filter(|component| component.program == Program::ApiServer).take(64);
    servers.filter_map(|server| match server.flag("client-ca-file") {
        Setting::Stated(stated) => Some(stated.text()),
        Setting::Installed(path) => Some(path),
        Setting::Default | Setting::Unknown => None,
    })
}
