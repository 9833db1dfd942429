//! `clients/kubeconfig-credentials`; prose and cases in `kubeconfig_credentials.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};
use serde_json::json;

use crate::change;
use crate::clients::files;
use crate::clients::kubeconfigs::{self, Certificate};
use crate::component_flags::Findings;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::probe::{Ground, Probe, whoami};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "clients/kubeconfig-credentials",
    title: "Kubeconfig files hold no long-lived or admin credentials",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::KUBECONFIGS,
    page: include_str!("kubeconfig_credentials.md"),
    mappings: Mappings { nsa: &["kubeconfig"], attack: &["MS-TA9003", "T1552", "T1078"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("", "Config")], check },
    guard: None,
    probes: &[RIGHTS, FILES],
};

const RIGHTS: Probe = Probe {
    name: "rights",
    asks: "The caller asks who the kubeconfig of this run makes it, and whether it may do everything",
    proved_by: "groups without `system:masters`, and `allowed: false`",
    refuted_by: "the group `system:masters`, or `allowed: true`",
    not_fooled_by: "an authorizer that refuses everything: a review of oneself is granted. How long the credentials last, the files tell",
    positive_control: "the server says who the caller is",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[],
    plan: plan_rights,
};

fn plan_rights(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    if ground.given.impersonates {
        let reason = "the caller acts as somebody else than the kubeconfig says";
        return vec![Attempt::cannot(Subject::cluster("kubeconfig"), reason, "a run without --as")];
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}},
    });
    let review = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review);
    let steps = vec![
        Step::control("whoami", whoami::request(Identity::Caller), expect::ok),
        Step::ask("everything", review.by(Identity::Caller)),
    ];
    vec![Attempt::new(Subject::cluster("kubeconfig"), steps, |answers| {
        let (Some(user), Some(groups)) = (whoami::user(answers, "whoami"), whoami::groups(answers, "whoami"))
        else {
            return answers.inconclusive("whoami");
        };
        if groups.iter().any(|group| group == "system:masters") {
            let reason =
                format!("`{user}` is of `system:masters`: no role limits it, and none can be taken from it");
            return Outcome::refuted("whoami", reason);
        }
        match answers.allowed("everything") {
            Some((true, why)) => Outcome::refuted("everything", format!("`{user}` may do everything: {why}")),
            Some((false, _)) => Outcome::proved("everything", format!("`{user}` is no administrator")),
            None => answers.inconclusive("everything"),
        }
    })]
}

/// Plugins of identity providers and clouds, which hand out credentials for a short time.
const PLUGINS: &[&str] = &[
    "aliyun",
    "aws",
    "aws-iam-authenticator",
    "aws-vault",
    "az",
    "civo",
    "doctl",
    "exo",
    "gke-gcloud-auth-plugin",
    "gcloud",
    "ibmcloud",
    "kubectl",
    "kubectl-oidc_login",
    "kubelogin",
    "oci",
    "pinniped",
    "scw",
    "tctl",
    "tsh",
    "teleport",
    "tkg",
    "vault",
    "yc",
];

/// Days after which a client certificate is too old to be withdrawn by waiting.
const LONG: i64 = 1;

/// Kubeconfigs of components, which are no people: kubeadm renews their certificates, and their mode keeps them.
const OF_COMPONENTS: &[&str] =
    &["bootstrap-kubelet.conf", "controller-manager.conf", "kubelet.conf", "scheduler.conf"];

const FILES: Probe = files::probe(
    "a file in which no credentials last for more than a day",
    "a token without end or of more than a day, a password, the key of a certificate of more than a day or one of `system:masters`",
    "tokens and certificates that end by themselves, which say so; programs that hand out credentials, and credentials in other files: they are inconclusive. Whether the server still takes them is not tried",
    plan_files,
);

fn plan_files(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    files::attempts(ground, files::credentials)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.around.evidence.files().get(scope.object.file as usize);
    let last = file.and_then(|file| file.name.rsplit('/').next()).unwrap_or_default();
    if OF_COMPONENTS.contains(&last) {
        return Verdict::NotApplicable;
    }
    let mut users = kubeconfigs::users(scope.object.value).peekable();
    if users.peek().is_none() {
        return Verdict::NotApplicable;
    }
    let mut findings = Findings::default();
    users.for_each(|user| judge(user, &mut findings));
    findings.verdict()
}

fn judge<'a>(user: Value<'a>, findings: &mut Findings<'a>) {
    let held = |key| user.get(key).filter(|value| !value.text().is_empty());
    for (key, what) in [
        ("token", "a token that does not end"),
        ("password", "a password, which the API server no longer takes"),
    ] {
        if let Some(value) = held(key) {
            if kubeconfigs::is_credential(&value) {
                findings.fault(Fault::new(Place::at(value), format!("`{key}` is {what}")));
            } else {
                filled_in(value, findings);
            }
        }
    }
    if let Some(provider) = user.get("auth-provider") {
        let message = "`auth-provider` was removed in Kubernetes 1.26: use an `exec` plugin";
        findings.fault(Fault::new(Place::at(provider), message));
    }
    match (held("client-key-data"), held("client-certificate-data")) {
        (Some(key), certificate) if kubeconfigs::is_credential(&key) => {
            let certificate = certificate.and_then(|certificate| Certificate::read(certificate.text()));
            client_key(key, certificate, findings);
        }
        (Some(key), _) => filled_in(key, findings),
        (None, _) => {}
    }
    for key in ["client-key", "tokenFile"] {
        // The token of a pod is renewed by the kubelet.
        if let Some(path) = held(key).filter(|path| !path.text().starts_with("/var/run/secrets/")) {
            let message = format!("`{key}` names the file `{}`, which was not read", path.text());
            findings.undecided(Verdict::unknown(message, "the certificate or token in that file"));
        }
    }
    if let Some(command) = user.at(&["exec", "command"]) {
        plugin(command, findings);
    }
}

fn client_key<'a>(key: Value<'a>, certificate: Option<Certificate>, findings: &mut Findings<'a>) {
    let fault = match certificate {
        Some(Certificate { is_admin: true, .. }) => Fault::new(
            Place::at(key),
            "the key of a certificate of `system:masters`: no rule binds it, and only a new CA ends it",
        )
        .graded(Severity::Critical),
        Some(Certificate { days: Some(days), .. }) if days <= LONG => return,
        Some(Certificate { days: Some(days), .. }) => Fault::new(
            Place::at(key),
            format!("the key of a client certificate that is valid for {days} days: it cannot be withdrawn"),
        ),
        _ => Fault::new(Place::at(key), "the key of a client certificate, which cannot be withdrawn"),
    };
    findings.fault(fault);
}

fn plugin<'a>(command: Value<'a>, findings: &mut Findings<'a>) {
    let path = command.text();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let is_absolute =
        path.starts_with('/') || path.get(1..3).is_some_and(|start| matches!(start, ":\\" | ":/"));
    if path.contains(['/', '\\']) && !is_absolute {
        let message = format!(
            "the plugin `{path}` is run from a folder beside the file: whoever brings the file brings the program"
        );
        findings.fault(Fault::new(Place::at(command), message).graded(Severity::Medium));
    } else if ["/tmp/", "/var/tmp/", "/dev/shm/"].iter().any(|folder| path.starts_with(folder)) {
        let message = format!("the plugin `{path}` lies where everybody may write");
        findings.fault(Fault::new(Place::at(command), message));
    } else if !PLUGINS.contains(&name) {
        let reason = format!(
            "the `exec` plugin `{name}` is not among those known to hand out short-lived credentials"
        );
        findings.undecided(Verdict::unknown(reason, "what the plugin hands out, and for how long"));
    }
}

fn filled_in<'a>(value: Value<'a>, findings: &mut Findings<'a>) {
    if is_placeholder(value.text()) {
        findings.undecided(Verdict::unknown(
            "a credential is filled in later",
            "what is filled in, and how long it is valid",
        ));
    }
}
