//! Rules that every control obeys.

use std::collections::HashSet;

use seaworthy_controls::{Check, Expectation, PARAMETERS, Page, Scope, catalogue, change};

/// Evidence can only speak against these: that they hold is for a probe, or an audit log, to show.
const NEVER_OK: &[&str] = &[
    "access/break-glass",
    "container-runtime/patched",
    "exposure/api-server-public",
    "network/enforcement",
    "rbac/unused-permissions",
];

/// What decides these is read by nothing here yet: they only say what it would be.
const NEVER_DECIDED: &[&str] =
    &["access/multi-cluster", "audit/monitored", "etcd/backup-restorable", "etcd/encryption-rewrite"];

/// Nothing speaks against these without a list of people.
const NEVER_FOUND: &[&str] = &["access/stale-subjects"];

#[test]
fn ids_are_sorted_and_unique() {
    let ids: Vec<_> = catalogue::all().map(|control| control.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn every_control_is_documented_mapped_and_shown_by_cases() {
    for control in catalogue::all() {
        let id = control.id;
        let page = Page::parse(control.page).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(page.why.len() > 80, "{id}: say why it matters");
        assert!(page.cure().len() > 10, "{id}: say what to change");
        assert!(control.mappings.all().iter().any(|(_, ids)| !ids.is_empty()), "{id}: is mapped to nothing");
        let evaluated = [Scope::Manifests, Scope::Cluster, Scope::Node];
        assert!(control.scopes.iter().any(|scope| evaluated.contains(scope)), "{id}: cannot be evaluated");
        assert!(
            control.title.chars().next().is_some_and(char::is_uppercase) || control.title.starts_with('/'),
            "{id}"
        );
        assert!(!control.title.ends_with('.'), "{id}");
        let has = |expect| page.cases.iter().any(|case| case.expect == expect);
        match control.check {
            Check::ImageContent { .. } => assert!(has(Expectation::Unknown), "{id}: no case is unknown"),
            _ if NEVER_DECIDED.contains(&id) => {
                assert!(has(Expectation::Unknown) && has(Expectation::None), "{id}: no case is unknown");
            }
            _ => {
                let found = has(Expectation::Finding) != NEVER_FOUND.contains(&id);
                assert!(found, "{id}: no case has a finding");
                let proved = !NEVER_OK.contains(&id) && has(Expectation::Ok);
                assert!(proved || NEVER_OK.contains(&id) && has(Expectation::Unknown), "{id}: no case is ok");
            }
        }
    }
}

#[test]
fn every_change_cures_a_control_and_every_parameter_belongs_to_one() {
    let used: HashSet<_> = catalogue::all().map(|control| control.change.id).collect();
    for change in change::ALL {
        assert!(used.contains(change.id), "nothing is cured by `{}`", change.id);
    }
    for parameter in PARAMETERS {
        for id in parameter.controls {
            assert!(catalogue::find(id).is_some(), "`{}` names `{id}`, which is no control", parameter.name);
        }
    }
}
