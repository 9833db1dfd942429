//! The result of an evaluation.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use seaworthy_evidence::{Declarations, Diagnostic, Evidence, Kinship, Object, Place, Program};
use sha2::{Digest, Sha256};

use crate::control::{Control, Phase, Severity};
use crate::exceptions::{Acceptance, ExceptionUse, FormerFinding};
use crate::scope::Settings;
use crate::standing::Proofs;
use crate::verdict::Holder;

/// What a verdict is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The object.
    pub object: &'a Object<'a>,
    /// The container in it.
    pub container: Option<&'a str>,
    /// The holder of the right in question, when it is about one.
    pub holder: Option<Holder<'a>>,
    /// How the object stands to the controller that made it, when that does not stand for it.
    pub kinship: Option<&'a Kinship<'a>>,
}

impl<'a> Subject<'a> {
    /// An object as a whole.
    pub fn object(object: &'a Object<'a>) -> Subject<'a> {
        Subject { object, container: None, holder: None, kinship: None }
    }

    /// The name under which the object is found again: that of its controller where one made up the object's own.
    fn lasting_name(&self) -> Cow<'a, str> {
        match self.kinship {
            Some(Kinship { owner, .. }) => format!("{}/{}", owner.kind, owner.name).into(),
            None => self.object.name.into(),
        }
    }
}

/// A control that does not hold, at one place.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The control.
    pub control: &'static Control,
    /// How bad it is here.
    pub severity: Severity,
    /// What is wrong, in the words of the file; never a secret value.
    pub message: Cow<'static, str>,
    /// What it is about.
    pub subject: Subject<'a>,
    /// Where it stands.
    pub place: Place<'a>,
    /// Why it is accepted (or known), when it is: such a finding does not count as open.
    pub exception: Option<Acceptance<'a>>,
    /// The failing verdict that it belongs to, by its number: a verdict can have several places.
    pub(crate) verdict: u32,
}

impl Finding<'_> {
    /// A stable name of the finding: control, subject, path and container, not lines. 128 bits of SHA-256 in
    /// hex, so that nobody can craft a harmful change that bears the fingerprint of an accepted one.
    pub fn fingerprint(&self) -> String {
        self.fingerprint_at(&self.place.path())
    }

    /// As [`fingerprint`](Finding::fingerprint), when [`Place::path`] is at hand: reports write both.
    pub fn fingerprint_at(&self, path: &str) -> String {
        let Object { kind, namespace, .. } = *self.subject.object;
        let name = self.subject.lasting_name();
        let mut hash = Sha256::new();
        let parts = [
            self.control.id,
            self.subject.object.group(),
            kind,
            namespace.unwrap_or_default(),
            &name,
            self.subject.container.unwrap_or_default(),
            path,
        ];
        let holder = self
            .subject
            .holder
            .map(|Holder { kind, namespace, name }| [kind, namespace.unwrap_or_default(), name]);
        for part in parts.into_iter().chain(holder.into_iter().flatten()) {
            // With its length, so that no part can pass for the end of another and the start of the next.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        HEXLOWER.encode(&hash.finalize()[..16])
    }
}

/// Something that the evidence does not decide; equal answers about many subjects are one entry.
#[derive(Clone, Debug)]
pub struct Unknown<'a> {
    /// The control.
    pub control: &'static Control,
    /// Why it is not decided.
    pub reason: Cow<'static, str>,
    /// What would decide it.
    pub needs: Cow<'static, str>,
    /// The first subject.
    pub subject: Option<Subject<'a>>,
    /// How many subjects.
    pub count: u32,
}

/// How many subjects of a control got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The control holds.
    pub pass: u32,
    /// It does not hold and is not excepted.
    pub fail: u32,
    /// It does not hold, and that stands in the baseline.
    pub known: u32,
    /// It does not hold, and that is accepted.
    pub excepted: u32,
    /// The evidence does not decide it.
    pub unknown: u32,
    /// The control says nothing about the subject.
    pub not_applicable: u32,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Counts) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.known += other.known;
        self.excepted += other.excepted;
        self.unknown += other.unknown;
        self.not_applicable += other.not_applicable;
    }

    /// Number of subjects that the control looked at.
    pub fn subjects(&self) -> u64 {
        let Counts { pass, fail, known, excepted, unknown, not_applicable } = *self;
        [pass, fail, known, excepted, unknown, not_applicable].into_iter().map(u64::from).sum()
    }

    /// Where the control stands as a whole. Unknown never counts as done.
    pub fn status(&self) -> Status {
        match self {
            Counts { fail: 1.., .. } => Status::Open,
            Counts { unknown: 1.., .. } => Status::Unknown,
            Counts { known: 1.., .. } => Status::Known,
            Counts { excepted: 1.., .. } => Status::Excepted,
            Counts { pass: 1.., .. } => Status::Done,
            _ => Status::NotApplicable,
        }
    }
}

/// Where a control stands over all subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It holds everywhere.
    Done,
    /// It fails somewhere.
    Open,
    /// It fails nowhere, but some subjects could not be judged.
    Unknown,
    /// It fails only where the baseline says that it did before.
    Known,
    /// It fails only where that is accepted.
    Excepted,
    /// No subject is concerned.
    NotApplicable,
}

impl Status {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::Open => "open",
            Status::Unknown => "unknown",
            Status::Known => "known",
            Status::Excepted => "excepted",
            Status::NotApplicable => "not-applicable",
        }
    }
}

/// A control and how its subjects fared.
#[derive(Clone, Copy, Debug)]
pub struct ControlResult {
    /// The control.
    pub control: &'static Control,
    /// The verdicts.
    pub counts: Counts,
}

/// The whole result. Findings stand in the order of files, documents and lines; nothing depends on the order in
/// which threads finished.
#[derive(Debug)]
pub struct Assessment<'e, 'a> {
    /// What was judged.
    pub evidence: &'e Evidence<'a>,
    /// By which version and parameters.
    pub settings: &'e Settings,
    /// Every control that was evaluated, in the order of the catalogue.
    pub controls: Vec<ControlResult>,
    /// What does not hold, accepted and known findings included.
    pub findings: Vec<Finding<'e>>,
    /// What the evidence does not decide.
    pub unknown: Vec<Unknown<'e>>,
    /// What is wrong with the input: the diagnostics of the evidence, and annotations that have no effect.
    pub diagnostics: Cow<'e, [Diagnostic]>,
    /// What became of each declared exception, in the order in which they were given.
    pub exceptions: Vec<ExceptionUse<'e>>,
    /// Entries of the baseline that no finding answers to any more.
    pub vanished: Vec<&'e FormerFinding>,
    /// What files declare of the cluster that was judged, when somebody named them.
    pub declarations: Option<&'e Declarations<'e>>,
    /// What came of trying the controls, when that was done.
    pub proofs: Option<Proofs>,
}

impl Assessment<'_, '_> {
    /// The worst severity among findings that are not accepted.
    pub fn worst(&self) -> Option<Severity> {
        self.open().map(|finding| finding.severity).max()
    }

    /// The earliest phase with a finding that is not accepted.
    pub fn earliest_phase(&self) -> Option<Phase> {
        self.open().map(|finding| finding.control.phase).min()
    }

    /// Controls without a subject, since a provider runs the programs that they are about and shows nothing of them: to see
    /// to them is the provider's duty.
    pub fn duties_of_provider(&self) -> Vec<&'static Control> {
        if !self.evidence.is_managed() {
            return Vec::new();
        }
        let nothing = self.controls.iter().filter(|result| result.counts.subjects() == 0);
        let of_provider = nothing.map(|result| result.control).filter(|control| {
            let programs = control.programs();
            let hidden = |program: &Program| {
                program.is_of_control_plane()
                    && !self.evidence.components().iter().any(|component| component.program == *program)
            };
            !programs.is_empty() && programs.iter().all(hidden)
        });
        of_provider.collect()
    }

    /// Findings that are neither accepted nor known.
    pub fn open(&self) -> impl Iterator<Item = &Finding<'_>> {
        self.findings.iter().filter(|finding| finding.exception.is_none())
    }
}
