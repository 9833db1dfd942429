//! Tools that back volumes up by a clock, as their objects describe them.

use rustc_hash::FxHashSet;
use seaworthy_document::Value;
use seaworthy_evidence::Object;

/// Schedules for all namespaces that are looked at: nobody has more, and each claim is compared with all of them.
const MANY: usize = 64;

/// Fields by which a schedule takes only some objects.
const PARTIAL: &[&str] =
    &["labelSelector", "orLabelSelectors", "includedResources", "excludedResources", "resourcePolicy"];

/// Switches by which a schedule stands still: group, kind, path, and the value that stops it.
const SWITCHES: &[(&str, &str, &[&str])] = &[
    ("velero.io", "Schedule", &["spec", "paused"]),
    ("snapscheduler.backube", "SnapshotSchedule", &["spec", "disabled"]),
    ("volsync.backube", "ReplicationSource", &["spec", "paused"]),
    ("postgresql.cnpg.io", "ScheduledBackup", &["spec", "suspend"]),
];

/// The switch that stops a schedule, when it is set.
pub(super) fn stopped<'a>(object: &Object<'a>) -> Option<Value<'a>> {
    switch(object).filter(|value| value.as_bool() == Some(true))
}

/// Whether the switch is set to something that is neither yes nor no.
pub(super) fn is_open(object: &Object<'_>) -> bool {
    switch(object).is_some_and(|value| value.as_bool().is_none())
}

fn switch<'a>(object: &Object<'a>) -> Option<Value<'a>> {
    let (_, _, path) = SWITCHES.iter().find(|(group, kind, _)| object.is(group, kind))?;
    object.value.at(path)
}

/// Whether a schedule of Velero leaves volumes out: it takes no snapshots, and no copies of their files either.
pub(super) fn leaves_volumes_out<'a>(object: &Object<'a>) -> Option<Value<'a>> {
    let template = object.value.at(&["spec", "template"]).filter(|_| object.is("velero.io", "Schedule"))?;
    let is = |key: &str, wanted| template.get(key).and_then(|value| value.as_bool()) == Some(wanted);
    let copies = is("defaultVolumesToFsBackup", true) || is("defaultVolumesToRestic", true);
    template.get("snapshotVolumes").filter(|value| value.as_bool() == Some(false) && !copies)
}

/// Namespaces whose claims running schedules surely include.
#[derive(Default)]
pub(super) struct Covered<'a> {
    named: FxHashSet<&'a str>,
    /// What schedules for all namespaces leave out, one list for each.
    all_but: Vec<FxHashSet<&'a str>>,
}

impl<'a> Covered<'a> {
    /// Reads a schedule of Velero.
    pub(super) fn add(&mut self, schedule: &Object<'a>) {
        if stopped(schedule).is_some() || is_open(schedule) || leaves_volumes_out(schedule).is_some() {
            return;
        }
        let template = schedule.value.at(&["spec", "template"]);
        let of = |key| template.and_then(|template| template.get(key));
        // By labels only some objects are taken, and these lists may leave claims and volumes out.
        if PARTIAL.iter().any(|key| of(key).is_some()) {
            return;
        }
        let names = |key| -> FxHashSet<&'a str> {
            of(key).into_iter().flat_map(|list| list.items()).map(|item| item.text()).collect()
        };
        let (included, excluded) = (names("includedNamespaces"), names("excludedNamespaces"));
        if !included.is_empty() && !included.contains("*") {
            self.named.extend(included.difference(&excluded));
        } else if self.all_but.len() < MANY {
            self.all_but.push(excluded);
        }
    }

    /// Whether the claims of a namespace are included; `false` also when the files do not tell.
    pub(super) fn holds(&self, namespace: &str) -> bool {
        self.named.contains(namespace)
            || self.all_but.iter().any(|excluded| !excluded.contains(namespace) && !excluded.contains("*"))
    }
}
