//! Rules that grant everything there is.

use seaworthy_authorization::{Entry, Policy, Role, Rule};

/// Whether a rule grants every verb on every resource. Controls about single rights leave such rules to
/// `rbac/cluster-admin` and `rbac/wildcards`: one finding says it all.
pub(super) fn is_full(rule: &Rule<'_>) -> bool {
    !rule.is_named() && has_star(rule.verbs()) && has_star(rule.groups()) && has_star(rule.resources())
}

fn has_star<'a>(mut entries: impl Iterator<Item = Entry<'a>>) -> bool {
    entries.any(|entry| entry.text == "*")
}

/// Whether a role grants every verb on every resource, itself or by what flows into it.
pub(super) fn is_full_role<'a>(policy: &Policy<'a>, role: &Role<'a>) -> bool {
    policy.rules(role).any(|(_, rule)| is_full(&rule))
}
