//! `service-accounts/automount-token`; prose and cases in `automount_token.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Found, Place};

use crate::change;
use crate::closed_world;
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
    check: Check::Several(&[
        Check::Pod(check),
        Check::Reads(closed_world::ACCOUNTS),
        Check::Reads(closed_world::EXCUSING_GRANTS),
    ]),
    guard: None,
    probes: &[],
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
