//! `secrets/as-files`; prose and cases in `as_files.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ContainerScope;
use crate::secrets::uses;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "secrets/as-files",
    title: "Secrets reach containers as files, not environment variables",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_DELIVERY,
    page: include_str!("as_files.md"),
    mappings: Mappings {
        cis: &["5.4.1"],
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552.007"],
        kubescape: &["C-0207", "C-0255"],
        checkov: &["CKV_K8S_35"],
        kube_linter: &["read-secret-from-env-var"],
        ..Mappings::NONE
    },
    check: Check::Container(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let variables = uses::by_environment(&scope.container).map(|(place, secret)| {
        let message = match secret {
            Some(name) => format!("Secret `{name}` becomes an environment variable"),
            None => "a Secret becomes an environment variable".to_owned(),
        };
        Fault::new(Place::at(place), message)
    });
    let faults: Vec<_> = variables.collect();
    match faults.is_empty() {
        false => Verdict::Fail(faults),
        true if scope.pod.pod().volumes().any(|volume: Value<'a>| uses::holds_secret(&volume)) => {
            Verdict::Pass
        }
        true => Verdict::NotApplicable,
    }
}
