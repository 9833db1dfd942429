//! Frameworks as views: the controls that a framework's items map to, and where each item stands.
//!
//! The items are those that the catalogue maps to: a framework's item without a control does not occur.

mod benchmark;
mod titles;

use std::fmt;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use seaworthy_policy::nearest;
use thiserror::Error;

use crate::assessment::{Assessment, Status};
use crate::catalogue;
use crate::control::Control;

pub use benchmark::{Edition, Outcome};

/// A list of demands that others have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// Topics of the NSA/CISA Kubernetes Hardening Guide.
    Nsa,
    /// CIS Kubernetes Benchmark 1.12.
    Cis,
    /// Pod Security Standards, by level.
    Pss,
    /// MITRE ATT&CK (`T…`) and the Microsoft threat matrix for Kubernetes (`MS-TA…`): what the controls hinder.
    Mitre,
}

/// There is no framework of this name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("there is no framework `{word}`: {hint}")]
pub struct UnknownFramework {
    /// What was asked for.
    pub word: String,
    hint: String,
}

impl Framework {
    /// All frameworks, in the order of reports.
    pub const ALL: [Framework; 4] = [Framework::Nsa, Framework::Cis, Framework::Pss, Framework::Mitre];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Framework::Nsa => "nsa",
            Framework::Cis => "cis",
            Framework::Pss => "pss",
            Framework::Mitre => "mitre",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Framework::Nsa => "NSA/CISA Kubernetes Hardening Guide",
            Framework::Cis => "CIS Kubernetes Benchmark 1.12",
            Framework::Pss => "Pod Security Standards",
            Framework::Mitre => "MITRE ATT&CK and the Microsoft threat matrix",
        }
    }

    /// The ids of the framework's items that a control belongs to.
    pub fn items_of(self, control: &Control) -> Vec<&'static str> {
        match self {
            Framework::Nsa => control.mappings.nsa.to_vec(),
            Framework::Cis => control.mappings.cis.to_vec(),
            Framework::Mitre => control.mappings.attack.to_vec(),
            Framework::Pss => control.pod_security_check().map(|check| check.id()).into_iter().collect(),
        }
    }

    /// Whether a control belongs to the framework.
    pub fn covers(self, control: &Control) -> bool {
        !self.items_of(control).is_empty()
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Framework {
    type Err = UnknownFramework;

    fn from_str(word: &str) -> Result<Framework, UnknownFramework> {
        let lower = word.to_ascii_lowercase();
        let names = Framework::ALL.map(Framework::name);
        match lower.as_str() {
            // The name under which controls are selected.
            "attack" => Ok(Framework::Mitre),
            other => {
                Framework::ALL.into_iter().find(|framework| framework.name() == other).ok_or_else(|| {
                    let hint = match nearest(word, names.into_iter()).first() {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there are `{}`", names.join("`, `")),
                    };
                    UnknownFramework { word: word.to_owned(), hint }
                })
            }
        }
    }
}

/// Where an item of a framework stands, by the evidence that was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemStatus {
    /// All of its controls were evaluated and hold.
    Pass,
    /// One of its controls does not hold; findings that a baseline knows fail as well.
    Fail,
    /// None fails, and the evidence does not decide one of them.
    Unknown,
    /// None is left open, but some findings are accepted.
    Excepted,
    /// What was evaluated holds, but for other controls there was no evidence.
    Partial,
    /// Its controls looked at what was there, and say nothing about it.
    NotApplicable,
    /// A person has to look: the framework leaves it to one, and no evidence decides it.
    Manual,
    /// No evidence was there for any of its controls.
    NotEvaluated,
}

impl ItemStatus {
    /// All of them, what needs attention first.
    pub const ALL: [ItemStatus; 8] = [
        ItemStatus::Fail,
        ItemStatus::Unknown,
        ItemStatus::Partial,
        ItemStatus::Excepted,
        ItemStatus::Manual,
        ItemStatus::Pass,
        ItemStatus::NotApplicable,
        ItemStatus::NotEvaluated,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            ItemStatus::Pass => "pass",
            ItemStatus::Fail => "fail",
            ItemStatus::Unknown => "unknown",
            ItemStatus::Excepted => "excepted",
            ItemStatus::Partial => "partial",
            ItemStatus::NotApplicable => "not-applicable",
            ItemStatus::Manual => "manual",
            ItemStatus::NotEvaluated => "not-evaluated",
        }
    }

    /// Of the statuses of an item's controls; `None` stands for a control without evidence.
    fn of(controls: impl Iterator<Item = Option<Status>>) -> ItemStatus {
        let (mut missing, mut concerned, mut accepted, mut undecided, mut failing) = (0, 0, 0, 0, 0);
        for status in controls {
            match status {
                None => missing += 1,
                Some(Status::Done) => concerned += 1,
                Some(Status::Excepted) => accepted += 1,
                Some(Status::Unknown) => undecided += 1,
                Some(Status::Open | Status::Known) => failing += 1,
                Some(Status::NotApplicable) => {}
            }
        }
        match () {
            () if failing > 0 => ItemStatus::Fail,
            () if undecided > 0 => ItemStatus::Unknown,
            () if accepted > 0 => ItemStatus::Excepted,
            () if concerned == 0 && missing > 0 => ItemStatus::NotEvaluated,
            () if concerned == 0 => ItemStatus::NotApplicable,
            () if missing > 0 => ItemStatus::Partial,
            () => ItemStatus::Pass,
        }
    }
}

/// A framework and where its items stand.
#[derive(Debug)]
pub struct Compliance {
    /// The framework.
    pub framework: Framework,
    /// Which edition of it, where there are several.
    pub edition: Option<Edition>,
    /// Its items, in its own order.
    pub items: Vec<Item>,
}

/// An item of a framework.
#[derive(Debug)]
pub struct Item {
    /// Its id there: `5.2.2`, `netpol`, `T1611`, `hostNamespaces`.
    pub id: &'static str,
    /// What it is about in few words, where that is known.
    pub title: Option<&'static str>,
    /// The section or level that it belongs to, where there are some.
    pub section: Option<&'static str>,
    /// Where it stands.
    pub status: ItemStatus,
    /// The level that it belongs to, where the framework has numbered ones.
    pub level: Option<u8>,
    /// Whether the framework leaves nothing of it to a person; `None` where it does not say.
    pub automated: Option<bool>,
    /// Where it stands for each node, program or object, where that is told apart.
    pub outcomes: Vec<Outcome>,
    /// Its controls in the order of the catalogue, each with its status, or `None` when no evidence was there.
    pub controls: Vec<(&'static Control, Option<Status>)>,
}

impl Compliance {
    /// Where the items of a framework stand. Controls that were not selected count as without evidence.
    pub fn new(framework: Framework, assessment: &Assessment<'_, '_>) -> Compliance {
        let results: FxHashMap<&str, Option<Status>> = assessment
            .controls
            .iter()
            .map(|result| {
                let asked = result.counts.subjects() > 0;
                (result.control.id, asked.then(|| result.counts.status()))
            })
            .collect();
        let mut items: Vec<Item> = Vec::new();
        let mut index: FxHashMap<&str, usize> = FxHashMap::default();
        // The controls of a report need not be those of the catalogue: a person's own stand in the report alone.
        let own = assessment.controls.iter().map(|result| result.control);
        let mut controls: Vec<&'static Control> = catalogue::all().chain(own).collect();
        controls.sort_by_key(|control| control.id);
        controls.dedup_by_key(|control| control.id);
        for control in controls {
            let status = results.get(control.id).copied().flatten();
            for id in framework.items_of(control) {
                let at = *index.entry(id).or_insert(items.len());
                if at == items.len() {
                    items.push(Item {
                        id,
                        title: titles::item(framework, id),
                        section: match framework {
                            Framework::Pss => control.pod_security_level().map(|level| level.as_str()),
                            _ => titles::section(framework, id),
                        },
                        status: ItemStatus::NotEvaluated,
                        level: None,
                        automated: None,
                        outcomes: Vec::new(),
                        controls: Vec::new(),
                    });
                }
                items[at].controls.push((control, status));
            }
        }
        for item in &mut items {
            item.status = ItemStatus::of(item.controls.iter().map(|(_, status)| *status));
        }
        items.sort_by(|a, b| order(framework, a).cmp(&order(framework, b)));
        if framework == Framework::Cis {
            return Compliance::of_benchmark(items, assessment);
        }
        Compliance { framework, edition: None, items }
    }

    /// Where the whole benchmark stands; `mapped` are the items that controls map to, in their order.
    fn of_benchmark(mapped: Vec<Item>, assessment: &Assessment<'_, '_>) -> Compliance {
        let edition = benchmark::edition(assessment);
        let mut mapped: FxHashMap<&str, Item> = mapped.into_iter().map(|item| (item.id, item)).collect();
        let items = benchmark::recommendations(&edition)
            .map(|recommendation| {
                let (status, outcomes) = benchmark::judge(recommendation, assessment);
                let controls = mapped.remove(recommendation.id).map(|item| item.controls).unwrap_or_default();
                Item {
                    id: recommendation.id,
                    title: Some(recommendation.title),
                    section: titles::section(Framework::Cis, recommendation.id),
                    status,
                    level: Some(recommendation.level),
                    automated: Some(recommendation.automated),
                    outcomes,
                    controls,
                }
            })
            .collect();
        Compliance { framework: Framework::Cis, edition: Some(edition), items }
    }

    /// The name for people, with the edition.
    pub fn title(&self) -> &'static str {
        self.edition.as_ref().map_or(self.framework.title(), Edition::title)
    }

    /// The items by section, in their order.
    pub fn sections(&self) -> impl Iterator<Item = (&'static str, &[Item])> {
        self.items
            .chunk_by(|a, b| a.section == b.section)
            .filter_map(|items| Some((items.first()?.section?, items)))
    }

    /// Number of items with a status.
    pub fn count(&self, status: ItemStatus) -> usize {
        self.items.iter().filter(|item| item.status == status).count()
    }

    /// Number of items for which some evidence was there.
    pub fn evaluated(&self) -> usize {
        self.items.len() - self.count(ItemStatus::NotEvaluated)
    }
}

/// Items stand in the order of their numbers; techniques of ATT&CK before those of the matrix; baseline before
/// restricted.
fn order(framework: Framework, item: &Item) -> (u8, Vec<u32>, &str) {
    let group = match framework {
        Framework::Mitre => u8::from(item.id.starts_with("MS-")),
        Framework::Pss => u8::from(item.section != Some("baseline")),
        Framework::Nsa | Framework::Cis => 0,
    };
    let numbers = match framework {
        Framework::Cis => item.id.split('.').map(|part| part.parse().unwrap_or(u32::MAX)).collect(),
        _ => Vec::new(),
    };
    (group, numbers, item.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_passes_only_when_all_of_its_controls_were_asked_and_hold() {
        use Status::{Done, Excepted, Known, NotApplicable, Open, Unknown};
        for (controls, expected) in [
            (&[Some(Done), Some(Done)][..], ItemStatus::Pass),
            (&[Some(Done), Some(NotApplicable)], ItemStatus::Pass),
            (&[Some(Done), None], ItemStatus::Partial),
            (&[Some(Done), Some(Open), None], ItemStatus::Fail),
            (&[Some(Known)], ItemStatus::Fail),
            (&[Some(Done), Some(Unknown), None], ItemStatus::Unknown),
            (&[Some(Done), Some(Excepted)], ItemStatus::Excepted),
            (&[Some(NotApplicable)], ItemStatus::NotApplicable),
            (&[Some(NotApplicable), None], ItemStatus::NotEvaluated),
            (&[None], ItemStatus::NotEvaluated),
        ] {
            assert_eq!(ItemStatus::of(controls.iter().copied()), expected, "{controls:?}");
        }
    }

    #[test]
    fn frameworks_answer_to_their_names() {
        for framework in Framework::ALL {
            assert_eq!(framework.name().parse(), Ok(framework));
            assert!(catalogue::all().any(|control| framework.covers(control)), "{framework}");
        }
        assert_eq!("ATTACK".parse(), Ok(Framework::Mitre));
        assert_eq!(
            "mitr".parse::<Framework>().unwrap_err().to_string(),
            "there is no framework `mitr`: did you mean `mitre`?"
        );
    }
}
