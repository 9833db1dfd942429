//! Aggregated ClusterRoles: the controller manager fills their rules from the ClusterRoles that they select by label
//! (`pkg/controller/clusterroleaggregation`).

use rustc_hash::{FxHashMap, FxHashSet};

use crate::role::{Role, RoleKind};
use crate::selector;

/// Comparisons of labels that are made in all: files may hold many roles that select many.
const MOST_STEPS: usize = 1 << 22;

/// Connections that are noted in all, for the same reason; a large cluster has some hundreds.
const MOST_CONNECTIONS: usize = 1 << 13;

/// Notes for each role which others flow into it, and into which it flows.
pub(crate) fn connect(roles: &mut [Role<'_>]) {
    let mut labelled: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
    let mut all = Vec::new();
    for (number, role) in roles.iter().enumerate().filter(|(_, role)| role.kind == RoleKind::ClusterRole) {
        all.push(number as u32);
        let labels = role.value.at(&["metadata", "labels"]);
        for (key, _) in labels.into_iter().flat_map(|labels| labels.entries()) {
            labelled.entry(key.text()).or_default().push(number as u32);
        }
    }
    let mut steps = 0_usize;
    let mut found: Vec<(u32, u32)> = Vec::new();
    for (whole, role) in roles.iter().enumerate() {
        let selectors = role.value.at(&["aggregationRule", "clusterRoleSelectors"]);
        for selector in selectors.into_iter().flat_map(|list| list.items()) {
            // Those that bear one of the labels asked for, when any is.
            let label = selector.get("matchLabels").and_then(|labels| labels.entries().next());
            let candidates: &[u32] = match label {
                Some((key, _)) => labelled.get(key.text()).map_or(&[], Vec::as_slice),
                None => &all,
            };
            steps = steps.saturating_add(candidates.len().saturating_mul(selector::cost(selector)));
            if steps > MOST_STEPS || found.len() > MOST_CONNECTIONS {
                break;
            }
            let labels = |number: u32| roles.get(number as usize)?.value.at(&["metadata", "labels"]);
            let selected = candidates.iter().filter(|&&part| {
                part as usize != whole && selector::selects(selector, labels(part)) == Some(true)
            });
            found.extend(selected.map(|&part| (whole as u32, part)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST_CONNECTIONS);
    for (whole, part) in found {
        if let Some(role) = roles.get_mut(whole as usize) {
            role.parts.push(part);
        }
        if let Some(role) = roles.get_mut(part as usize) {
            role.wholes.push(whole);
        }
    }
}

/// The role itself and all that flow into it, directly or not.
pub(crate) fn parts<'p, 'a>(roles: &'p [Role<'a>], role: &'p Role<'a>) -> Vec<&'p Role<'a>> {
    follow(roles, role, |role| &role.parts)
}

/// The role itself and all into which it flows, directly or not.
pub(crate) fn wholes<'p, 'a>(roles: &'p [Role<'a>], role: &'p Role<'a>) -> Vec<&'p Role<'a>> {
    follow(roles, role, |role| &role.wholes)
}

/// A role, then those to which it leads, in the order of their numbers.
fn follow<'p, 'a>(
    roles: &'p [Role<'a>],
    role: &'p Role<'a>,
    next: impl Fn(&'p Role<'a>) -> &'p [u32],
) -> Vec<&'p Role<'a>> {
    let mut found = vec![role];
    let mut seen = FxHashSet::from_iter([role.number]);
    let mut open: Vec<u32> = next(role).to_vec();
    while let Some(number) = open.pop() {
        let Some(other) = roles.get(number as usize).filter(|_| seen.insert(number)) else { continue };
        found.push(other);
        open.extend(next(other));
    }
    if let Some(others) = found.get_mut(1..) {
        others.sort_unstable_by_key(|role| role.number);
    }
    found
}
