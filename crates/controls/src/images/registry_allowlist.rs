//! `images/registry-allowlist`; prose and cases in `registry_allowlist.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::images::references::{self, Judged};
use crate::probe::{Ground, Probe, admission, images};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "images/registry-allowlist",
    title: "Images come from authorised registries",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::IMAGE_REFERENCE,
    page: include_str!("registry_allowlist.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1525"],
        kubescape: &["C-0001", "C-0078", "C-0253"],
        trivy: &["KSV-0125", "KSV-0124", "KSV-0032", "KSV-0033", "KSV-0034", "KSV-0035"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = images::probe(
    "Where registries are allowed by the parameter `images.registries`, the caller dry-runs in each namespace of people a pod with an image of another one",
    "a refusal by a policy or webhook",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    // Without an allow-list nobody has said which registries are good.
    if ground.settings.parameters.registries.is_empty() {
        return Vec::new();
    }
    admission::each_namespace(ground, true, |namespace| {
        images::attempt(ground, namespace, images::Tried::Unknown, "an image of an unknown registry")
    })
}

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let parameters = &scope.around.settings.parameters;
    let verdict = references::judge(scope.pod(), |reference| {
        let reference = match reference {
            Ok(reference) => reference,
            Err(error) => return Judged::Undecided(error),
        };
        let within = |list: &[String]| list.iter().any(|prefix| reference.is_within(prefix));
        let registry = reference.registry();
        if within(&parameters.end_of_life_registries) {
            Judged::Fails(format!(
                "`{registry}/{}` comes from where nothing is updated any more",
                reference.repository()
            ))
        } else if parameters.registries.is_empty() || within(&parameters.registries) {
            Judged::Holds
        } else {
            Judged::Fails(format!(
                "`{registry}/{}` is outside the allowed registries",
                reference.repository()
            ))
        }
    });
    match verdict {
        Verdict::Fail(faults) => Verdict::Fail(faults),
        // Without an allow-list nobody has said which registries are good.
        _ if parameters.registries.is_empty() => Verdict::NotApplicable,
        verdict => verdict,
    }
}
