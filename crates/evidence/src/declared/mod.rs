//! What files declare, beside what a cluster holds: where the declaration of a live object stands, and whether the two have
//! drifted apart.
//!
//! Objects are matched by group, kind, namespace and name. Only what a file states is compared: what the API server fills
//! in by itself is no drift, what somebody put in by hand is.

mod agree;

use rustc_hash::FxHashMap;
use seaworthy_document::Value;

use crate::collection::{GROUP, Known};
use crate::index::{Evidence, SourceFile};
use crate::object::Object;
use crate::place::Place;
use agree::{agrees, counterpart, is_filled_in};

/// Declared objects of one identity that are compared with the live one.
const MANY: usize = 16;

/// What files declare of a cluster.
#[derive(Debug)]
pub struct Declarations<'a> {
    evidence: Evidence<'a>,
    /// By the file and value of the live object: the declared one, and whether they differ anywhere.
    by_live: FxHashMap<(u32, u32), (u32, bool)>,
    counts: DeclarationCounts,
}

/// How declared and live objects fit together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeclarationCounts {
    /// Live objects that are declared.
    pub matched: usize,
    /// Those of them that say something else than what is declared.
    pub drifted: usize,
    /// Objects that are declared and not live, as far as the cluster told all of their kind.
    pub missing: usize,
    /// Live objects that no file declares and no controller made, apart from those that every cluster has.
    pub undeclared: usize,
}

/// Where something that is live is declared.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// The file, which may have been rendered.
    pub file: &'a SourceFile,
    /// The same place, or the nearest one around it.
    pub place: Place<'a>,
    /// Whether the cluster holds something else there than the file declares.
    pub drifted: bool,
}

impl<'a> Declarations<'a> {
    /// Finds the declarations of what is live.
    pub fn new(live: &Evidence<'_>, declared: Evidence<'a>) -> Declarations<'a> {
        let mut found = Declarations {
            evidence: declared,
            by_live: FxHashMap::default(),
            counts: DeclarationCounts::default(),
        };
        let mut used = vec![false; found.evidence.objects().len()];
        for object in live.objects() {
            let candidates = found.candidates(live, object);
            let drifted = |index: &u32| has_drifted(&found.evidence.objects()[*index as usize], object);
            // A base and its overlays declare the same object: the one that fits was applied.
            let best = candidates.iter().find(|index| !drifted(index)).map(|&index| (index, false));
            match best.or(candidates.first().map(|&index| (index, true))) {
                Some((index, drifted)) => {
                    candidates.iter().for_each(|&index| used[index as usize] = true);
                    found.by_live.insert((object.file, object.value.id()), (index, drifted));
                    found.counts.matched += 1;
                    found.counts.drifted += usize::from(drifted);
                }
                None => found.counts.undeclared += usize::from(is_made_by_people(object)),
            }
        }
        let objects = found.evidence.objects().iter().zip(used);
        let missing = objects.filter(|(object, used)| !used && is_missing(live, object)).count();
        found.counts.missing = missing;
        found
    }

    /// How declared and live objects fit together.
    pub fn counts(&self) -> DeclarationCounts {
        self.counts
    }

    /// The files of the declarations, and what was read of them.
    pub fn evidence(&self) -> &Evidence<'a> {
        &self.evidence
    }

    /// Where a place in a live object is declared.
    pub fn at(&self, object: &Object<'_>, place: &Place<'_>) -> Option<Declared<'a>> {
        let &(index, _) = self.by_live.get(&(object.file, object.value.id()))?;
        let declaration = &self.evidence.objects()[index as usize];
        let file = self.evidence.files()[declaration.file as usize];
        let (place, drifted) = mirrored(declaration.value, object.value, place);
        Some(Declared { file, place, drifted })
    }

    /// Positions of the declared objects that a live one may come from.
    fn candidates(&self, live: &Evidence<'_>, object: &Object<'_>) -> Vec<u32> {
        let of = |namespace: Option<&str>| -> Vec<u32> {
            let called = self.evidence.called_at(object.kind, namespace, object.name).iter().copied();
            let same = |index: &u32| self.evidence.objects()[*index as usize].group() == object.group();
            called.filter(same).take(MANY).collect()
        };
        let exact = of(object.namespace);
        if !exact.is_empty() || object.namespace.is_none() {
            return exact;
        }
        // A file that names no namespace is for the one it was applied to: known where only one holds such an object.
        let open = of(None);
        if open.is_empty() || object.namespace == Some("default") {
            return open;
        }
        let alike = |other: &&Object<'_>| other.group() == object.group() && other.name == object.name;
        let only = live.of_kind(object.kind).filter(alike).nth(1).is_none();
        if only { open } else { Vec::new() }
    }
}

/// The place in a declaration that answers to one in the live object, and whether they differ.
fn mirrored<'a>(declared: Value<'a>, live: Value<'_>, place: &Place<'_>) -> (Place<'a>, bool) {
    let lineage = place.value.lineage();
    // The object may be an item of a list: its own value is where to start.
    let above = live.lineage().len();
    let steps = lineage.get(above..).unwrap_or_default();
    let mut at = declared;
    for (step, number) in steps {
        let next = match step.key() {
            Some(key) => at.get(key.text()),
            None => counterpart(at, step, *number),
        };
        match next {
            Some(next) => at = next,
            None => {
                let key = step.key().map_or("", |key| key.text());
                let below = steps.first().is_some_and(|(first, _)| {
                    first.key().is_some_and(|key| matches!(key.text(), "metadata" | "status"))
                });
                return (Place::at(at), !below && !is_filled_in(key, step));
            }
        }
    }
    match place.missing {
        None => {
            let drifted = at != declared && !agrees(at, place.value);
            (Place::at(at), drifted)
        }
        Some(path) => {
            let path: Vec<&str> = path.split('.').collect();
            match at.at(&path) {
                // What is declared and not there was taken away.
                Some(value) => {
                    let key = path.last().copied().unwrap_or_default();
                    (Place::at(value), !is_filled_in(key, &value))
                }
                None => (Place { value: at, missing: place.missing }, false),
            }
        }
    }
}

/// Whether a live object says anything else than its declaration.
fn has_drifted(declared: &Object<'_>, live: &Object<'_>) -> bool {
    let marks = |key: &str| match (declared.value.at(&["metadata", key]), live.value.at(&["metadata", key])) {
        (Some(declared), Some(live)) => agrees(declared, live),
        (Some(declared), None) => declared.entries().next().is_none(),
        (None, _) => true,
    };
    let is_skipped = |key: &str| {
        matches!(key, "apiVersion" | "kind" | "metadata" | "status")
            // Values of Secrets are never read.
            || live.is("", "Secret") && matches!(key, "data" | "stringData")
    };
    let mut fields = declared.value.entries().filter(|(key, _)| !is_skipped(key.text()));
    let same = fields.all(|(key, declared)| match live.value.get(key.text()) {
        Some(live) => agrees(declared, live),
        None => is_filled_in(key.text(), &declared),
    });
    !(same && marks("labels") && marks("annotations"))
}

/// Whether somebody put an object there: no controller, and no cluster by itself.
fn is_made_by_people(object: &Object<'_>) -> bool {
    let owned = object.metadata().is_some_and(|metadata| metadata.get("ownerReferences").is_some());
    let of_system = object.namespace.is_some_and(|namespace| namespace.starts_with("kube-"));
    let of_cluster =
        object.label("kubernetes.io/bootstrapping").is_some() || object.name.starts_with("system:");
    let of_namespace = match (object.group(), object.kind) {
        ("", "ServiceAccount") => object.name == "default",
        ("", "ConfigMap") => object.name == "kube-root-ca.crt",
        ("", "Namespace") => object.name == "default" || object.name.starts_with("kube-"),
        ("", "Service") => object.namespace == Some("default") && object.name == "kubernetes",
        ("", kind) => matches!(kind, "Node" | "Event" | "Endpoints"),
        (group, _) => {
            group == GROUP || matches!(group, "discovery.k8s.io" | "coordination.k8s.io" | "metrics.k8s.io")
        }
    };
    !(owned || of_system || of_cluster || of_namespace) && object.metadata().is_some()
}

/// Whether a declared object would be known if the cluster held it.
fn is_missing(live: &Evidence<'_>, declared: &Object<'_>) -> bool {
    declared.metadata().is_some()
        && !declared.name.is_empty()
        && live.known(declared.group(), declared.kind, declared.namespace) == Known::All
        // With an open namespace it may be any of that name.
        && (declared.namespace.is_some() || !live.of_kind(declared.kind).any(|other| other.name == declared.name))
}
