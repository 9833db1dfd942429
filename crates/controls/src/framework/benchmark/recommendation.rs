//! What a recommendation of the benchmark is, and how each is judged.

use seaworthy_evidence::Program;

use crate::assessment::Finding;
use crate::control::{ComponentCheck, PodCheck};

/// One recommendation. The ids are the benchmark's, the words are ours.
#[derive(Debug)]
pub(crate) struct Recommendation {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// 1: everywhere; 2: where more is at stake.
    pub(crate) level: u8,
    /// Whether the benchmark calls it automated: it leaves nothing to a person's judgement.
    pub(crate) automated: bool,
    pub(crate) judge: Judge,
}

/// How a recommendation is judged.
#[derive(Debug)]
pub(crate) enum Judge {
    /// By a person, who looks at this.
    Person(&'static str),
    /// By the modes and owners of files, each node by itself. The table of files knows the id. The program shows that a
    /// node is one of those that are meant.
    Files(&'static str),
    /// By a setting of a program.
    Setting(Program, Want),
    /// By the control that demands just this of a program.
    Control(Program, &'static str),
    /// By what controls found; the function leaves out what is not this recommendation's matter.
    Findings(&'static [&'static str], fn(&Finding<'_>) -> bool),
    /// By every pod.
    Pods(PodCheck),
    /// By every namespace: it has a network policy.
    NetworkPolicies,
    /// By the audit policy, which an API server must name before one can look at it.
    AuditPolicy(&'static [&'static str]),
}

/// What a setting should be. Flags are written as people write them.
#[derive(Debug)]
pub(crate) enum Want {
    /// All of them have a value.
    Set(&'static [&'static str]),
    /// It has none.
    Unset(&'static str),
    /// It is on; its default.
    On(&'static str, bool),
    /// It is off; its default.
    Off(&'static str, bool),
    /// It is at least so much; absent, what the version of the program does by itself counts.
    AtLeast(&'static str, i64),
    /// A plugin of admission is on.
    Plugin(&'static str),
    /// A plugin of admission that is on by itself is not turned off.
    KeptPlugin(&'static str),
    /// A plugin of admission is not on.
    NoPlugin(&'static str),
    /// What no other word says.
    Check(ComponentCheck),
}

/// Every finding.
pub(crate) fn all(_: &Finding<'_>) -> bool {
    true
}

/// An automated recommendation of level 1.
pub(crate) const fn automated(id: &'static str, title: &'static str, judge: Judge) -> Recommendation {
    Recommendation { id, title, level: 1, automated: true, judge }
}

/// One of level 1 that leaves something to a person.
pub(crate) const fn manual(id: &'static str, title: &'static str, judge: Judge) -> Recommendation {
    Recommendation { id, title, level: 1, automated: false, judge }
}

impl Recommendation {
    /// The same, of level 2.
    pub(crate) const fn deep(self) -> Recommendation {
        Recommendation {
            level: 2,
            id: self.id,
            title: self.title,
            automated: self.automated,
            judge: self.judge,
        }
    }
}
