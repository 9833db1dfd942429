//! Who holds a role, as findings name it.

use rustc_hash::FxHashSet;
use seaworthy_authorization::{Holder, Place, Policy, Role};

/// Holders of one role that are looked at: a finding for each of thousands helps nobody.
const MOST: usize = 1000;

/// Outside all limits: it may do everything before RBAC is asked.
pub(super) const MASTERS: &str = "system:masters";

/// One holder of a role, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holding<'a> {
    pub(super) holder: Holder<'a>,
    pub(super) place: Place<'a>,
}

/// Who holds a role.
#[derive(Debug)]
pub(super) enum Held<'a> {
    /// These; nobody twice in one place.
    By(Vec<Holding<'a>>),
    /// Nobody that matters: built-in bindings, and who may do everything anyhow.
    Expected,
    /// Nothing among the files binds it.
    Nobody,
}

/// Who holds a role, directly or through roles into which it flows.
pub(super) fn of<'a>(policy: &Policy<'a>, role: &Role<'a>) -> Held<'a> {
    let mut seen = FxHashSet::default();
    let mut found = Vec::new();
    let mut expected = false;
    for grant in policy.grants(role).take(MOST) {
        if grant.binding.descent.is_built_in() || grant.holder == Holder::Group(MASTERS) {
            expected = true;
            continue;
        }
        let holding = Holding { holder: grant.holder, place: grant.place };
        if seen.insert(holding) {
            found.push(holding);
        }
    }
    match (found.is_empty(), expected) {
        (false, _) => Held::By(found),
        (true, true) => Held::Expected,
        (true, false) => Held::Nobody,
    }
}

/// "in every namespace", "in `shop`".
pub(super) fn place(place: Place<'_>) -> String {
    match place {
        Place::Cluster => "in every namespace".to_owned(),
        Place::Namespace(Some(namespace)) => format!("in `{namespace}`"),
        Place::Namespace(None) => "in its namespace".to_owned(),
    }
}
