//! `service-accounts/automount-token`; prose and cases in `automount_token.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Found, Place};
use seaworthy_probe::{
    Answer, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect,
};
use serde_json::{Value as Json, json};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right};
use crate::scope::PodScope;
use crate::service_accounts::bindings::{self, Bound};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/automount-token",
    title: "API tokens are mounted only where the pod needs the API",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SERVICE_ACCOUNT,
    page: include_str!("automount_token.md"),
    mappings: Mappings {
        cis: &["5.1.5", "5.1.6"],
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1528"],
        kubescape: &["C-0034", "C-0190", "C-0261"],
        trivy: &["KSV-0036"],
        checkov: &["CKV_K8S_38"],
        polaris: &["automountServiceAccountToken"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Pod(check),
        Check::Reads(closed_world::ACCOUNTS),
        Check::Reads(closed_world::EXCUSING_GRANTS),
    ]),
    guard: None,
    probes: &[SILENT],
};

const SILENT: Probe = Probe {
    name: "silent",
    asks: "The caller creates by dry run, in each namespace, a pod of the default account that says nothing of tokens",
    proved_by: "a pod without a token among its volumes",
    refuted_by: "a pod with one",
    not_fooled_by: "a server that mounts no tokens at all, without the admission plugin: a pod that asks for one gets it",
    positive_control: "the same pod, asking for a token, is accepted with one",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "pods", verbs: &["create"] }],
    plan: plan_silent,
};

/// Most namespaces in which pods are tried.
const MOST: usize = 20;

fn plan_silent(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    // Without the account, a pod waits for it and is refused.
    let has_account = |namespace: &str| {
        let mut accounts =
            ground.evidence.of_kind("ServiceAccount").filter(|object| object.is("", "ServiceAccount"));
        accounts.any(|account| account.name == "default" && account.namespace == Some(namespace))
    };
    for (index, namespace) in ground.namespaces().filter(|namespace| has_account(namespace)).enumerate() {
        if index == MOST {
            let reason = format!("pods are tried in {MOST} namespaces of one run at most");
            attempts.push(Attempt::cannot(Subject::cluster("further namespaces"), reason, "--namespace"));
            break;
        }
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let pod =
            |choice: Option<bool>| Request::dry_run(&path, &pod(ground.run, choice)).by(Identity::Caller);
        let steps =
            vec![Step::control("asking", pod(Some(true)), with_token), Step::ask("silent", pod(None))];
        let subject = Subject::new("Namespace", None, namespace);
        attempts.push(Attempt::new(subject, steps, |answers| {
            let pod =
                answers.get("silent").filter(|answer| answer.status() == Some(201)).and_then(Answer::json);
            match pod.as_ref().map(holds_token) {
                Some(true) => Outcome::refuted(
                    "silent",
                    "a pod of the default account gets a token that it did not ask for",
                ),
                Some(false) => Outcome::proved(
                    "silent",
                    "a pod of the default account gets no token unless it asks for one",
                ),
                None => answers.inconclusive("silent"),
            }
        }));
    }
    attempts
}

/// A pod that nothing but its token could be held against.
fn pod(run: &str, choice: Option<bool>) -> Json {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("seaworthy-probe-{run}")},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "probe",
                "image": "registry.k8s.io/pause:3.10",
                "securityContext": {
                    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]},
                },
                "resources": {
                    "requests": {"cpu": "10m", "memory": "16Mi"},
                    "limits": {"cpu": "10m", "memory": "16Mi"},
                },
            }],
        },
    });
    if let Some(choice) = choice {
        pod["spec"]["automountServiceAccountToken"] = choice.into();
    }
    pod
}

fn holds_token(pod: &Json) -> bool {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let mut sources =
        volumes.flat_map(|volume| volume["projected"]["sources"].as_array().into_iter().flatten());
    sources.any(|source| source.get("serviceAccountToken").is_some())
}

fn with_token(answer: &Answer) -> Result<(), String> {
    expect::ok(answer)?;
    let holds = answer.json().is_some_and(|pod| holds_token(&pod));
    if holds { Ok(()) } else { Err("a pod that asks for a token gets none".to_owned()) }
}

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let token = match token_of(scope) {
        Token::None => return Verdict::Pass,
        Token::Undecided(reason) => {
            return Verdict::unknown(reason, "the service account as it is in the cluster");
        }
        Token::Mounted(fault) => fault,
    };
    // Rights are given to an account so that its pods use them. The default account is shared by pods that need none.
    if scope.service_account_name() == "default" {
        return Verdict::fail(token);
    }
    match bindings::of_account(scope) {
        Bound::Yes => Verdict::Pass,
        Bound::Perhaps => Verdict::unknown(
            "a binding names this account in some namespace, but the files do not say in which one the pod runs",
            "`metadata.namespace` of the workload, and of the subjects of the bindings",
        ),
        Bound::No => Verdict::fail(token),
    }
}

/// Whether a pod gets a token for the API; `None` when the files do not decide it.
pub(crate) fn has_token(scope: &PodScope<'_, '_>) -> Option<bool> {
    match token_of(scope) {
        Token::None => Some(false),
        Token::Mounted(_) => Some(true),
        Token::Undecided(_) => None,
    }
}

/// Whether a pod gets a token for the API.
enum Token<'a> {
    None,
    /// With what to report when nothing shows the need.
    Mounted(Fault<'a>),
    Undecided(&'static str),
}

fn token_of<'a>(scope: &PodScope<'_, 'a>) -> Token<'a> {
    let spec = scope.pod().spec();
    let among = scope.around.among();
    let missing = |message: String| {
        Token::Mounted(Fault::new(Place::missing(spec, "automountServiceAccountToken"), message))
    };
    if let Some((volume, projected)) = projected_token(scope) {
        // The API server puts it into pods that have not refused it (`ServiceAccount` of its admission plugins).
        if volume.starts_with(INJECTED) && spec.get("automountServiceAccountToken").is_none() {
            return missing(format!(
                "a token is mounted by default, and no binding {among} shows that the pod needs it"
            ));
        }
        return Token::Mounted(Fault::new(Place::at(projected), "this volume holds a token for the API"));
    }
    match spec.get("automountServiceAccountToken") {
        Some(choice) if choice.as_bool() == Some(false) => return Token::None,
        Some(choice) => {
            let message = format!("a token is mounted, and no binding {among} shows that the pod needs it");
            return Token::Mounted(Fault::new(Place::at(choice), message));
        }
        None => {}
    }
    let account = match scope.service_account() {
        Found::One(account) => Some(account.value),
        Found::None if scope.service_account_name() == "default" => None,
        // Of an account that does not exist no pod is made.
        Found::None if scope.has_all_accounts() => return Token::None,
        Found::None => {
            return Token::Undecided(
                "the service account is not among the files, and it may turn the token off",
            );
        }
        Found::Several => {
            return Token::Undecided(
                "several service accounts bear the name, and it is not clear which one is meant",
            );
        }
    };
    match account
        .and_then(|account| account.get("automountServiceAccountToken"))
        .and_then(|choice| choice.as_bool())
    {
        Some(false) => Token::None,
        Some(true) => {
            missing(format!("the service account has a token mounted, and no binding {among} shows a need"))
        }
        None => missing(format!(
            "a token is mounted by default, and no binding {among} shows that the pod needs it"
        )),
    }
}

/// What the names of volumes begin with that the API server adds.
const INJECTED: &str = "kube-api-access-";

/// A projected token without an audience of its own is one for the API.
fn projected_token<'a>(scope: &PodScope<'_, 'a>) -> Option<(&'a str, Value<'a>)> {
    let sources = scope.pod().volumes().filter_map(|volume| {
        let name = volume.get("name").map_or("", |name| name.text());
        Some((name, volume.at(&["projected", "sources"])?))
    });
    let mut tokens = sources.flat_map(|(name, sources)| {
        sources.items().filter_map(move |source| Some((name, source.get("serviceAccountToken")?)))
    });
    tokens.find(|(_, token)| {
        let audience = token.get("audience").map_or("", |audience| audience.text());
        audience.is_empty() || audience.starts_with("https://kubernetes.default.svc") || audience == "api"
    })
}
