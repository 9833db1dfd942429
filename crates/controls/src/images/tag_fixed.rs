//! `images/tag-fixed`; prose and cases in `tag_fixed.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::images::references::{self, Judged};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "images/tag-fixed",
    title: "Images do not use latest or an absent tag",
    phase: Phase::QuickWin,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_REFERENCE,
    page: include_str!("tag_fixed.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9002", "T1525"],
        kubescape: &["C-0075"],
        trivy: &["KSV-0013"],
        checkov: &["CKV_K8S_14"],
        kube_linter: &["latest-tag"],
        polaris: &["tagNotSpecified"],
        kube_score: &["container-image-tag"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    references::judge(scope.pod(), |reference| match reference {
        Ok(reference) => match (reference.digest(), reference.tag()) {
            (None, Some("latest")) => Judged::Fails("the tag is `latest`".to_owned()),
            (None, None) => Judged::Fails("no tag, which means `latest`".to_owned()),
            _ => Judged::Holds,
        },
        Err(error) => Judged::Undecided(error),
    })
}
