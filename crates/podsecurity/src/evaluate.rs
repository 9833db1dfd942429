//! Judging a pod. Checks read no version and no level: which of them are asked, and from which version on they
//! exempt some pods, is data (`check.rs` and the `Definition` of each).

use crate::check::{Check, Failed};
use crate::checks::{DEFINITIONS, Definition, Exemption};
use crate::failure::{Failure, Fault, Faults, Found, places};
use crate::fields::{ContainerFields, Context};
use crate::level::Level;
use crate::pod::{Pod, containers_of};
use crate::version::Version;

/// The checks that a pod fails at a level and version; empty when the level allows the pod. Allocates no memory
/// unless the pod has annotations with AppArmor or seccomp profiles that are not allowed.
///
/// Defined for pods that the API server would decode. A field that has a wrong type counts as not allowed.
pub fn evaluate(pod: &Pod<'_>, level: Level, version: Version) -> Failed {
    match level {
        Level::Privileged => Failed::NONE,
        Level::Baseline | Level::Restricted => run(pod, Failed::evaluated(level, version), version),
    }
}

/// The strictest level that allows a pod at a version, together with all levels below it. (A pod that the API
/// would refuse anyway may be allowed by restricted and not by baseline: one for Windows that asks for
/// capabilities, or one with two sources for a volume.)
pub fn highest_level(pod: &Pod<'_>, version: Version) -> Level {
    let failed = failing_checks(pod, version);
    let allows = |level: &Level| failed.intersection(Failed::evaluated(*level, version)).is_empty();
    Level::ALL.into_iter().take_while(allows).last().unwrap_or(Level::Privileged)
}

/// The checks that a pod fails among all that a version knows, each judged on its own, whether or not a level
/// would ask it: a check stays although another one overrides it.
pub fn failing_checks(pod: &Pod<'_>, version: Version) -> Failed {
    run(pod, Failed::known(version), version)
}

/// Why a pod fails a check at a version. Meant for checks that failed: for any other one, or one that the
/// version does not know, `detail` and `faults` are empty.
pub fn explain<'a>(pod: &Pod<'a>, check: Check, version: Version) -> Failure<'a> {
    let definition = &DEFINITIONS[check as usize];
    let found = find(pod, check, version);
    let detail = if found.is_empty() { String::new() } else { (definition.detail)(&found) };
    let reason = (definition.reason)(&found).to_owned();
    Failure { check, reason, detail, faults: places(&found) }
}

/// Where a pod fails a check at a version: the faults of [`explain`], without its texts.
pub fn faults<'a>(pod: &Pod<'a>, check: Check, version: Version) -> Vec<Fault<'a>> {
    places(&find(pod, check, version))
}

fn find<'a>(pod: &Pod<'a>, check: Check, version: Version) -> Vec<Found<'a>> {
    let definition = &DEFINITIONS[check as usize];
    let context = Context::new(pod, version);
    let mut faults = Faults::kept();
    if Failed::known(version).contains(check) && !is_exempt(definition, &context) {
        if let Some(pod) = definition.pod {
            pod(&context, &mut faults);
        }
        if let Some(container) = definition.container {
            for each in containers_of(context.containers) {
                container(&context, &ContainerFields::read(each), &mut faults);
            }
        }
    }
    faults.into_found()
}

fn run(pod: &Pod<'_>, asked: Failed, version: Version) -> Failed {
    let context = Context::new(pod, version);
    let mut faults = Faults::default();
    let mut failed = Failed::NONE;
    let mut of_containers = Failed::NONE;
    for check in asked {
        let definition = &DEFINITIONS[check as usize];
        if is_exempt(definition, &context) {
            continue;
        }
        if let Some(pod) = definition.pod {
            pod(&context, &mut faults);
            if faults.take_any() {
                failed.insert(check);
                continue;
            }
        }
        if definition.container.is_some() {
            of_containers.insert(check);
        }
    }
    for container in containers_of(context.containers) {
        let fields = ContainerFields::read(container);
        for check in of_containers {
            if let Some(container) = DEFINITIONS[check as usize].container {
                container(&context, &fields, &mut faults);
                if faults.take_any() {
                    failed.insert(check);
                }
            }
        }
        of_containers = of_containers.difference(failed);
        if of_containers.is_empty() {
            break;
        }
    }
    failed
}

fn is_exempt(definition: &Definition, context: &Context<'_>) -> bool {
    definition.exempt.is_some_and(|(since, exemption)| {
        since <= context.minor
            && match exemption {
                Exemption::Windows => context.windows,
                Exemption::UserNamespace => context.user_namespace,
            }
    })
}
