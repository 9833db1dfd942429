//! `service-accounts/default-account`; prose and cases in `default_account.md`.

use seaworthy_evidence::{Found, Place};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/default-account",
    title: "Workloads do not use the default service account",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SERVICE_ACCOUNT,
    page: include_str!("default_account.md"),
    mappings: Mappings {
        cis: &["5.1.5"],
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1078.001"],
        kubescape: &["C-0189", "C-0294", "C-0307"],
        checkov: &["CKV_K8S_41"],
        kube_linter: &[
            "default-service-account",
            "deprecated-service-account-field",
            "non-existent-service-account",
        ],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Pod(check), Check::Reads(closed_world::ACCOUNTS)]),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let spec = scope.pod().spec();
    let text = |key| spec.get(key).filter(|name| !name.text().is_empty());
    let (name, deprecated) = (text("serviceAccountName"), text("serviceAccount"));
    let Some(account) = name.or(deprecated) else {
        return Verdict::fail(Fault::new(
            Place::missing(spec, "serviceAccountName"),
            "no service account is named, so the pod runs as `default`",
        ));
    };
    if account.text() == "default" {
        return Verdict::fail(Fault::new(Place::at(account), "the pod runs as the account `default`"));
    }
    if let (Some(name), Some(deprecated)) = (name, deprecated)
        && name.text() != deprecated.text()
    {
        let message = format!(
            "the deprecated `serviceAccount` names another account than `{}`, which holds",
            name.text()
        );
        return Verdict::fail(Fault::new(Place::at(deprecated), message).graded(Severity::Low));
    }
    match scope.service_account() {
        Found::None if scope.has_all_accounts() => {
            let message = format!("there is no ServiceAccount `{}`: no pod is created", account.text());
            Verdict::fail(Fault::new(Place::at(account), message).graded(Severity::Low))
        }
        Found::None if declares_accounts(scope) => Verdict::unknown(
            "the account that the pod names is not among the accounts that the files declare for its namespace",
            "the service accounts of the namespace; without its account no pod is created",
        ),
        _ => Verdict::Pass,
    }
}

/// Whether the evidence declares accounts for the namespace of the pod.
fn declares_accounts(scope: &PodScope<'_, '_>) -> bool {
    let owner = scope.owner();
    // Files that leave the namespace open need not be meant for the same one.
    let mut accounts = scope.around.evidence.in_namespace("ServiceAccount", owner.namespace);
    accounts.any(|account| owner.namespace.is_some() || account.file == owner.file)
}
