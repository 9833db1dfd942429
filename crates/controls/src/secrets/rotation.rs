//! `secrets/rotation`; prose and cases in `rotation.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::clock::{self, DAY};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// Where a collection notes when the data of a Secret was written last: the newest time of `managedFields` that names it.
const CHANGED: &str = "seaworthy.dev/changed";

/// Types whose data nobody rotates: releases of Helm, and tokens with controls of their own.
const OTHERS: &[&str] =
    &["helm.sh/release.v1", "bootstrap.kubernetes.io/token", "kubernetes.io/service-account-token"];

pub(super) static CONTROL: Control = Control {
    id: "secrets/rotation",
    title: "Secrets are rotated and unused ones removed",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Low,
    scopes: &[Scope::Cluster],
    change: &change::SECRET_ROTATION,
    page: include_str!("rotation.md"),
    mappings: Mappings { nsa: &["secrets"], attack: &["T1552"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("", "Secret")], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let secret = scope.object.value;
    let kind = secret.get("type").map_or("Opaque", |kind| kind.text());
    // A file does not tell when it was applied.
    if !scope.around.is_live() || OTHERS.contains(&kind) {
        return Verdict::NotApplicable;
    }
    let Some(now) = clock::now(&scope.around) else {
        return Verdict::unknown("the record of the cluster does not tell when it was made", NEEDS);
    };
    let limit = scope.around.settings.parameters.secret_age_days;
    let changed = secret.at(&["metadata", "annotations", CHANGED]);
    let created = secret.at(&["metadata", "creationTimestamp"]);
    let Some((at, since)) = changed.or(created).and_then(|at| Some((at, clock::seconds(at.text())?))) else {
        return Verdict::unknown("nothing tells when the Secret was written", NEEDS);
    };
    let age = (now - since).div_euclid(DAY);
    if age <= limit {
        return Verdict::Pass;
    }
    if changed.is_none() {
        return Verdict::unknown(
            "the Secret is older than secrets should be, and nothing tells when its data was changed last",
            NEEDS,
        );
    }
    let message = format!("its data was changed last on {}, {age} days ago", clock::day(since));
    Verdict::fail(Fault::new(Place::at(at), message))
}

const NEEDS: &str = "the time of the last change of `data`, in `metadata.managedFields` of the Secret";
