//! `access/break-glass`; prose and cases in `break_glass.md`.

use seaworthy_authorization::Holder;
use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world::{self, CLUSTER};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// More than these nobody keeps sealed.
const MOST: usize = 2;

pub(super) static CONTROL: Control = Control {
    id: "access/break-glass",
    title: "Emergency access exists, is sealed and raises an alarm",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster, Scope::Audit],
    change: &change::ACCESS,
    page: include_str!("break_glass.md"),
    mappings: Mappings { cis: &["5.1.7"], nsa: &["auth"], attack: &["T1078"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Object { kinds: CLUSTER, check },
        Check::Reads(closed_world::GRANTS),
        Check::Reads(closed_world::EXCUSING_GRANTS),
    ]),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let names = &scope.around.settings.parameters.break_glass;
    let place = Place::at(scope.object.value.at(&["metadata", "name"]).unwrap_or(scope.object.value));
    if names.is_empty() {
        return Verdict::unknown(
            "nothing says which credentials are for emergencies",
            "the parameter `access.break-glass`, with the users or groups of sealed credentials",
        );
    }
    if names.len() > MOST {
        let message =
            format!("{} subjects are for emergencies: more than {MOST} are hard to keep sealed", names.len());
        return Verdict::fail(Fault::new(place, message));
    }
    let policy = scope.around.evidence.access().policy();
    let holds = |name: &String| {
        let full = |holder| {
            policy.bindings_of(&holder).any(|(binding, _)| {
                binding.cluster_wide && policy.role_bound(binding).is_some_and(|role| policy.is_full(role))
            })
        };
        full(Holder::User(name)) || full(Holder::Group(name))
    };
    if let Some(name) = names.iter().find(|name| !holds(name)) {
        let message = format!(
            "`{name}` is for emergencies, and may not do everything in the cluster: it does not help then"
        );
        return Verdict::fail(Fault::new(place, message));
    }
    Verdict::unknown(
        "the emergency credentials hold their rights; whether they are sealed, unused and watched does not stand in the cluster",
        "audit events in which they are not seen, and an alarm that is raised when they are",
    )
}
