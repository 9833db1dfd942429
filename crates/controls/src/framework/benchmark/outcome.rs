//! What a recommendation comes to for one node, one program or one object.

use std::borrow::Cow;

use seaworthy_evidence::{Object, Program};

use crate::assessment::Assessment;
use crate::framework::ItemStatus;
use crate::verdict::{Fault, Verdict};

/// Faults that one outcome tells of.
const TOLD: usize = 5;

/// Where a recommendation stands for one node, one program or one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where it stands.
    pub status: ItemStatus,
    /// The node, when that is known.
    pub node: Option<String>,
    /// The program in question, when it is about one.
    pub component: Option<&'static str>,
    /// The object in question, as people say it.
    pub subject: Option<String>,
    /// The file or API path that was read.
    pub file: Option<String>,
    /// Where in it the first fault stands.
    pub path: Option<String>,
    /// What was found, or why nobody knows; never a secret value.
    pub message: String,
    /// What would decide it, where it is open.
    pub needs: Option<Cow<'static, str>>,
    /// Index of the object's file, and its document: by these findings are known again.
    pub(super) place: Option<(u32, u32)>,
}

impl Outcome {
    pub(super) fn new(status: ItemStatus, message: impl Into<String>) -> Outcome {
        Outcome {
            status,
            node: None,
            component: None,
            subject: None,
            file: None,
            path: None,
            message: message.into(),
            needs: None,
            place: None,
        }
    }

    /// Nobody knows, and what would tell.
    pub(super) fn open(
        status: ItemStatus,
        message: impl Into<String>,
        needs: impl Into<Cow<'static, str>>,
    ) -> Outcome {
        Outcome { needs: Some(needs.into()), ..Outcome::new(status, message) }
    }

    /// Of a verdict; `holds` says what was seen when it passes.
    pub(super) fn of(verdict: &Verdict<'_>, holds: impl FnOnce() -> String) -> Outcome {
        match verdict {
            Verdict::Pass => Outcome::new(ItemStatus::Pass, holds()),
            Verdict::NotApplicable => Outcome::new(ItemStatus::NotApplicable, "does not apply here"),
            Verdict::Unknown { reason, needs } => {
                Outcome::open(ItemStatus::Unknown, reason.clone().into_owned(), needs.clone())
            }
            Verdict::Fail(faults) => {
                let path = faults.first().map(|fault| fault.place.path()).filter(|path| !path.is_empty());
                Outcome { path, ..Outcome::new(ItemStatus::Fail, told(faults)) }
            }
        }
    }

    pub(super) fn on(mut self, node: Option<&str>) -> Outcome {
        self.node = node.filter(|node| !node.is_empty()).map(str::to_owned);
        self
    }

    pub(super) fn by(mut self, program: Program) -> Outcome {
        self.component = Some(program.name());
        self
    }

    pub(super) fn about(mut self, object: &Object<'_>, file: Option<&str>) -> Outcome {
        self.subject = Some(object.to_string());
        self.file = file.map(str::to_owned);
        // Texts of a node bear its name.
        let node = file.and_then(|file| file.strip_prefix("nodes/")?.split_once('/')).map(|(node, _)| node);
        self.node = self.node.or(node.map(str::to_owned));
        self.place = Some((object.file, object.document));
        self
    }
}

fn told(faults: &[Fault<'_>]) -> String {
    let mut text = String::new();
    for fault in faults.iter().take(TOLD) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        if let Some(container) = fault.container {
            text.push_str(&format!("container `{container}`: "));
        }
        text.push_str(&fault.message);
    }
    if faults.len() > TOLD {
        text.push_str(&format!("; and {} more", faults.len() - TOLD));
    }
    text
}

/// All outcomes as one: what is worst counts.
pub(super) fn together(outcomes: &[Outcome]) -> ItemStatus {
    let order = [
        ItemStatus::Fail,
        ItemStatus::Unknown,
        ItemStatus::Manual,
        ItemStatus::Excepted,
        ItemStatus::Pass,
        ItemStatus::NotApplicable,
    ];
    let has = |status: &ItemStatus| outcomes.iter().any(|outcome| outcome.status == *status);
    order.into_iter().find(has).unwrap_or(ItemStatus::NotEvaluated)
}

/// A fault is accepted where all findings about the same object are that the id's controls have.
pub(super) fn accept(id: &str, outcomes: &mut [Outcome], assessment: &Assessment<'_, '_>) {
    let failing = outcomes.iter_mut().filter(|outcome| outcome.status == ItemStatus::Fail);
    for outcome in failing {
        let Some(place) = outcome.place else { continue };
        let mut findings = assessment
            .findings
            .iter()
            .filter(|finding| finding.control.mappings.cis.contains(&id))
            .filter(|finding| (finding.subject.object.file, finding.subject.object.document) == place)
            .peekable();
        let known =
            |finding: &crate::Finding<'_>| matches!(finding.exception, None | Some(crate::Acceptance::Known));
        if findings.peek().is_some() && findings.all(|finding| !known(finding)) {
            outcome.status = ItemStatus::Excepted;
        }
    }
}
