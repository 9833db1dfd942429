//! Standing: what is declared, and what was seen when it was tried.

use std::fmt;
use std::time::Duration;

use rustc_hash::FxHashMap;
use seaworthy_probe::{Consent, Subject, Verdict as Proof};

use crate::assessment::{Assessment, ControlResult, Finding, Status};
use crate::control::{Check, Control, Severity};
use crate::probe::Probe;
use crate::scope::{ComponentScope, Surroundings};
use crate::verdict::Verdict;

/// What came of trying controls on a live cluster.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// How far it went.
    pub run: ProofRun,
    /// What came of each attempt, in the order of the catalogue.
    pub proofs: Vec<Proven>,
}

impl Proofs {
    /// Whether something was not decided.
    pub fn leave_open(&self) -> bool {
        self.proofs.iter().any(|proof| proof.verdict == Proof::Inconclusive)
    }
}

/// How far a run of probes went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofRun {
    /// Its name, which its objects and requests bear.
    pub name: String,
    /// Who asked, as the API server says.
    pub caller: Option<String>,
    /// What was agreed to.
    pub consent: Consent,
    /// Requests that were made.
    pub requests: usize,
    /// Most requests that could have been made.
    pub budget: usize,
    /// Attempts at a time.
    pub at_a_time: usize,
    /// Most requests in a second.
    pub per_second: u32,
    /// How long all of it took.
    pub took: Duration,
    /// Somebody ended it: what is inconclusive may only not have been asked.
    pub stopped: bool,
}

/// What came of one attempt.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The control.
    pub control: &'static Control,
    /// Which of its probes.
    pub probe: &'static Probe,
    /// What it was tried on.
    pub subject: Subject,
    /// What follows.
    pub verdict: Proof,
    /// Why.
    pub reason: String,
    /// What would decide it, when nothing did.
    pub needs: Option<String>,
    /// The deciding request on one line; empty when nothing was asked.
    pub request: String,
    /// The answer to it, without secrets.
    pub reply: String,
    /// When, as RFC 3339.
    pub at: String,
}

/// What the evidence says of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Declared {
    /// It holds everywhere.
    Yes,
    /// It fails somewhere, accepted or not.
    No,
    /// The evidence does not decide it: never a yes.
    Unknown,
    /// It says nothing of this control.
    Nothing,
}

impl From<Status> for Declared {
    fn from(status: Status) -> Declared {
        match status {
            Status::Done => Declared::Yes,
            // What is accepted or was so before fails all the same.
            Status::Open | Status::Known | Status::Excepted => Declared::No,
            Status::Unknown => Declared::Unknown,
            Status::NotApplicable => Declared::Nothing,
        }
    }
}

/// Where declarations contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drift {
    /// The files that declare the cluster say otherwise than the cluster at the place of a finding.
    Files,
    /// Two sources of one component contradict each other.
    Sources,
}

/// How many attempts came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tries {
    /// Refused, as it should be.
    pub proved: usize,
    /// Granted.
    pub refuted: usize,
    /// Neither.
    pub inconclusive: usize,
}

impl Tries {
    fn add(&mut self, verdict: Proof) {
        match verdict {
            Proof::Proved => self.proved += 1,
            Proof::Refuted => self.refuted += 1,
            Proof::Inconclusive => self.inconclusive += 1,
        }
    }

    /// Whether nothing was tried.
    pub fn is_empty(self) -> bool {
        self == Tries::default()
    }

    /// What they say together. One refuted attempt refutes; all must be proved to prove.
    pub fn together(self) -> Option<Proof> {
        match self {
            Tries { refuted: 1.., .. } => Some(Proof::Refuted),
            Tries { inconclusive: 1.., .. } => Some(Proof::Inconclusive),
            Tries { proved: 1.., .. } => Some(Proof::Proved),
            _ => None,
        }
    }
}

/// Declared × proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Declared, and refuted when it was tried: the dangerous lie.
    DeclaredOnly,
    /// Declarations contradict each other.
    Drifted,
    /// Neither declared nor proved.
    Open,
    /// Declared and proved.
    Enforced,
    /// Proved, and nothing that was read declares it.
    UndeclaredButEnforced,
    /// Not tried, or not decided.
    NotProvable,
}

impl Standing {
    /// All, in the order in which reports show them.
    pub const ALL: [Standing; 6] = [
        Standing::DeclaredOnly,
        Standing::Drifted,
        Standing::Open,
        Standing::Enforced,
        Standing::UndeclaredButEnforced,
        Standing::NotProvable,
    ];

    /// What follows from what is declared and what was seen.
    pub fn of(declared: Declared, drift: Option<Drift>, proved: Option<Proof>) -> Standing {
        match (declared, drift, proved) {
            // However else it may be declared: what counts says yes, and the cluster says no.
            (Declared::Yes, _, Some(Proof::Refuted)) => Standing::DeclaredOnly,
            (_, Some(_), _) => Standing::Drifted,
            (_, None, None | Some(Proof::Inconclusive)) => Standing::NotProvable,
            (Declared::Yes, None, Some(Proof::Proved)) => Standing::Enforced,
            (_, None, Some(Proof::Proved)) => Standing::UndeclaredButEnforced,
            (_, None, Some(Proof::Refuted)) => Standing::Open,
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Standing::DeclaredOnly => "declared-only",
            Standing::Drifted => "drifted",
            Standing::Open => "open",
            Standing::Enforced => "enforced",
            Standing::UndeclaredButEnforced => "undeclared-but-enforced",
            Standing::NotProvable => "not-provable-here",
        }
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Standing::DeclaredOnly => "declared, and not what happens when it is tried",
            Standing::Drifted => "declarations contradict each other",
            Standing::Open => "neither declared nor enforced",
            Standing::Enforced => "declared, and what happens when it is tried",
            Standing::UndeclaredButEnforced => {
                "what happens when it is tried, though nothing read declares it"
            }
            Standing::NotProvable => "not tried, or not decided",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Standing::DeclaredOnly => "declared only",
            Standing::Drifted => "drifted",
            Standing::Open => "open",
            Standing::Enforced => "enforced",
            Standing::UndeclaredButEnforced => "undeclared but enforced",
            Standing::NotProvable => "not provable here",
        })
    }
}

/// Where a control stands.
#[derive(Clone, Debug)]
pub struct ControlStanding {
    /// The control.
    pub control: &'static Control,
    /// How bad it is when it is refuted: as configured, else that of the control.
    pub severity: Severity,
    /// What the evidence says.
    pub declared: Declared,
    /// Where declarations contradict each other.
    pub drift: Option<Drift>,
    /// What came of its attempts.
    pub tries: Tries,
    /// What follows.
    pub standing: Standing,
}

impl ControlStanding {
    /// Why it is not provable or drifted; `None` where the standing says it all.
    pub fn why(&self, proofs: &Proofs) -> Option<String> {
        match (self.standing, self.drift) {
            (Standing::Drifted, Some(Drift::Files)) => {
                Some("the cluster says otherwise than the files that declare it".to_owned())
            }
            (Standing::Drifted, _) => {
                Some("the sources of a component's settings contradict each other".to_owned())
            }
            (Standing::NotProvable, _) => Some(self.why_not(proofs)),
            _ => None,
        }
    }

    fn why_not(&self, proofs: &Proofs) -> String {
        if self.control.probes.is_empty() {
            return "no probe tries this control".to_owned();
        }
        let undecided =
            |proof: &&Proven| proof.control.id == self.control.id && proof.verdict == Proof::Inconclusive;
        let Some(first) = proofs.proofs.iter().find(undecided) else {
            return "the cluster shows nothing that it could be tried on".to_owned();
        };
        let mut why = first.reason.clone();
        if let Some(needs) = &first.needs {
            why = format!("{why}; {needs} would decide it");
        }
        match self.tries {
            Tries { proved: 0, inconclusive: 1, .. } => why,
            Tries { proved: 0, inconclusive, .. } => format!("{why} (and {} more)", inconclusive - 1),
            Tries { proved, inconclusive, .. } => {
                format!("{proved} of {} attempts proved; {why}", proved + inconclusive)
            }
        }
    }
}

impl Assessment<'_, '_> {
    /// Where each control stands, in the order of the catalogue; nothing when nothing was tried.
    pub fn standings(&self) -> Vec<ControlStanding> {
        let Some(proofs) = &self.proofs else { return Vec::new() };
        let mut tries: FxHashMap<&str, Tries> = FxHashMap::default();
        for proof in &proofs.proofs {
            tries.entry(proof.control.id).or_default().add(proof.verdict);
        }
        let standing = |result: &ControlResult| {
            let control = result.control;
            let tries = tries.get(control.id).copied().unwrap_or_default();
            let declared = Declared::from(result.counts.status());
            let drift = self.drift(control);
            ControlStanding {
                control,
                severity: self.settings.severities.get(control.id).copied().unwrap_or(control.severity),
                declared,
                drift,
                tries,
                standing: Standing::of(declared, drift, tries.together()),
            }
        };
        self.controls.iter().map(standing).collect()
    }

    /// Where a control stands on the subject of one proof, all probes of the control on it taken together.
    pub fn standing_of(&self, proof: &Proven) -> Standing {
        let mut tries = Tries::default();
        let proofs = self.proofs.iter().flat_map(|proofs| &proofs.proofs);
        for other in
            proofs.filter(|other| other.control.id == proof.control.id && other.subject == proof.subject)
        {
            tries.add(other.verdict);
        }
        Standing::of(self.declared_of(proof.control, &proof.subject), None, tries.together())
    }

    /// What the evidence says of a control on one subject. Findings name what fails; what holds is only known by number, so
    /// that a subject counts as declared only where everything does that is not named.
    fn declared_of(&self, control: &'static Control, subject: &Subject) -> Declared {
        let Some(result) = self.controls.iter().find(|result| result.control.id == control.id) else {
            return Declared::Nothing;
        };
        let declared = Declared::from(result.counts.status());
        if subject.kind == "Cluster" || declared != Declared::No {
            return declared;
        }
        let is_named = |finding: &&Finding<'_>| {
            let object = finding.subject.object;
            finding.control.id == control.id
                && object.name == subject.name
                && object.kind == subject.kind
                && object.namespace == subject.namespace.as_deref()
        };
        let all_known = result.counts.unknown == 0 && result.counts.not_applicable == 0;
        match self.findings.iter().find(is_named) {
            Some(_) => Declared::No,
            // Findings about components name what starts them, and a proof the node: they do not find each other.
            None if subject.kind == "Node" => Declared::No,
            None if all_known => Declared::Yes,
            None => Declared::Unknown,
        }
    }

    /// Whether declarations of a control contradict each other.
    fn drift(&self, control: &'static Control) -> Option<Drift> {
        let of_control = self.findings.iter().filter(|finding| finding.control.id == control.id);
        let drifted = |finding: &Finding<'_>| {
            let declarations = self.declarations?;
            Some(declarations.at(finding.subject.object, &finding.place)?.drifted)
        };
        if of_control.into_iter().any(|finding| drifted(finding) == Some(true)) {
            return Some(Drift::Files);
        }
        self.sources_contradict(&control.check).then_some(Drift::Sources)
    }

    fn sources_contradict(&self, check: &Check) -> bool {
        match check {
            Check::Several(checks) => checks.iter().any(|check| self.sources_contradict(check)),
            Check::Component { programs, check } => {
                let around = Surroundings { evidence: self.evidence, settings: self.settings };
                let components = self.evidence.components().iter();
                components.filter(|component| programs.contains(&component.program)).any(|component| {
                    let best = check(&ComponentScope { component, around });
                    component
                        .outranked()
                        .iter()
                        .any(|other| contradict(&best, &check(&ComponentScope { component: other, around })))
                })
            }
            _ => false,
        }
    }
}

/// Whether one source states what fails, and the other one holds. What a source leaves out contradicts nothing.
fn contradict(one: &Verdict<'_>, other: &Verdict<'_>) -> bool {
    let states = |verdict: &Verdict<'_>| match verdict {
        Verdict::Fail(faults) => faults.iter().any(|fault| fault.place.missing.is_none()),
        _ => false,
    };
    let holds = |verdict: &Verdict<'_>| matches!(verdict, Verdict::Pass);
    holds(one) && states(other) || states(one) && holds(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_declared_and_proved_has_its_standing() {
        use Declared::{No, Nothing, Unknown, Yes};
        use Proof::{Inconclusive, Proved, Refuted};
        let table = [
            (Yes, Some(Proved), Standing::Enforced),
            (Yes, Some(Refuted), Standing::DeclaredOnly),
            (Yes, Some(Inconclusive), Standing::NotProvable),
            (Yes, None, Standing::NotProvable),
            (No, Some(Proved), Standing::UndeclaredButEnforced),
            (No, Some(Refuted), Standing::Open),
            (No, Some(Inconclusive), Standing::NotProvable),
            (No, None, Standing::NotProvable),
            (Unknown, Some(Proved), Standing::UndeclaredButEnforced),
            (Unknown, Some(Refuted), Standing::Open),
            (Unknown, Some(Inconclusive), Standing::NotProvable),
            (Unknown, None, Standing::NotProvable),
            (Nothing, Some(Proved), Standing::UndeclaredButEnforced),
            (Nothing, Some(Refuted), Standing::Open),
            (Nothing, Some(Inconclusive), Standing::NotProvable),
            (Nothing, None, Standing::NotProvable),
        ];
        for (declared, proved, expected) in table {
            assert_eq!(Standing::of(declared, None, proved), expected, "{declared:?} {proved:?}");
            for drift in [Drift::Files, Drift::Sources] {
                // Contradictions come before all but the lie: what counts says yes, and it was refuted.
                let expected = match expected {
                    Standing::DeclaredOnly => Standing::DeclaredOnly,
                    _ => Standing::Drifted,
                };
                assert_eq!(Standing::of(declared, Some(drift), proved), expected, "{declared:?} {proved:?}");
            }
        }
    }

    #[test]
    fn only_what_holds_everywhere_counts_as_declared() {
        let table = [
            (Status::Done, Declared::Yes),
            (Status::Open, Declared::No),
            (Status::Known, Declared::No),
            (Status::Excepted, Declared::No),
            (Status::Unknown, Declared::Unknown),
            (Status::NotApplicable, Declared::Nothing),
        ];
        for (status, declared) in table {
            assert_eq!(Declared::from(status), declared, "{status:?}");
        }
    }

    #[test]
    fn one_attempt_refutes_and_all_are_needed_to_prove() {
        let tries = |proved, refuted, inconclusive| Tries { proved, refuted, inconclusive }.together();
        assert_eq!(tries(0, 0, 0), None);
        assert_eq!(tries(3, 0, 0), Some(Proof::Proved));
        assert_eq!(tries(3, 0, 1), Some(Proof::Inconclusive));
        assert_eq!(tries(3, 1, 1), Some(Proof::Refuted));
        assert_eq!(tries(0, 0, 2), Some(Proof::Inconclusive));
    }
}
