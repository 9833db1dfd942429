//! `service-accounts/automount-token`; prose and cases in `automount_token.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Found, Place};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
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
    check: Check::Pod(check),
    guard: None,
};

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
    if let Some(projected) = projected_token(scope) {
        return Token::Mounted(Fault::new(Place::at(projected), "this volume holds a token for the API"));
    }
    let spec = scope.pod().spec();
    let missing =
        |message| Token::Mounted(Fault::new(Place::missing(spec, "automountServiceAccountToken"), message));
    match spec.get("automountServiceAccountToken") {
        Some(choice) if choice.as_bool() == Some(false) => return Token::None,
        Some(choice) => {
            let message = "a token is mounted, and no binding among the files shows that the pod needs it";
            return Token::Mounted(Fault::new(Place::at(choice), message));
        }
        None => {}
    }
    let account = match scope.service_account() {
        Found::One(account) => Some(account.value),
        Found::None if scope.service_account_name() == "default" => None,
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
            missing("the service account has a token mounted, and no binding among the files shows a need")
        }
        None => missing(
            "a token is mounted by default, and no binding among the files shows that the pod needs it",
        ),
    }
}

/// A projected token without an audience of its own is one for the API.
fn projected_token<'a>(scope: &PodScope<'_, 'a>) -> Option<Value<'a>> {
    let sources = scope.pod().volumes().filter_map(|volume| volume.at(&["projected", "sources"]));
    let mut tokens =
        sources.flat_map(|sources| sources.items()).filter_map(|source| source.get("serviceAccountToken"));
    tokens.find(|token| {
        let audience = token.get("audience").map_or("", |audience| audience.text());
        audience.is_empty() || audience.starts_with("https://kubernetes.default.svc") || audience == "api"
    })
}
