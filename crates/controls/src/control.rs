//! What a control is: its identity, its place on the roadmap, what it is called elsewhere, and its lenses.

use std::fmt;

use seaworthy_evidence::Program;
use seaworthy_podsecurity as podsecurity;

use crate::change::Change;
use crate::closed_world;
use crate::probe::Probe;
use crate::scope::{ComponentScope, ContainerScope, NamespaceScope, ObjectScope, PodScope, Surroundings};
use crate::verdict::{Judged, Verdict};

/// One security control. Everything about it stands in one place: its values in `<family>/<name>.rs`, its
/// prose and executed cases in the Markdown page beside it.
///
/// A control declares and never does I/O. Lenses are fields: `check` is interpreted by `scan`, `guard` names what
/// keeps a cured object cured, `probes` are carried out by `prove`. The lenses fix and watch join as fields when their
/// engines do.
#[derive(Debug)]
pub struct Control {
    /// `family/name`; stable, since exceptions, baselines and reports refer to it.
    pub id: &'static str,
    /// The state that the control demands, as a sentence.
    pub title: &'static str,
    /// When to act.
    pub phase: Phase,
    /// The step inside the phase (from 1): steps that only observe come first, those that can break traffic last.
    pub step: u8,
    /// How bad it is as a rule; a finding may be graded up or down by its context, and its message says why.
    pub severity: Severity,
    /// Where evidence for it can come from.
    pub scopes: &'static [Scope],
    /// The change that cures it, often together with other controls.
    pub change: &'static Change,
    /// The Markdown page: why, cure, cases. See [`Page`](crate::Page).
    pub page: &'static str,
    /// What others call it.
    pub mappings: Mappings,
    /// How evidence is judged.
    pub check: Check,
    /// What refuses violations at admission.
    pub guard: Option<Guard>,
    /// How it is tried on a live cluster.
    pub probes: &'static [Probe],
}

impl Control {
    /// The part of the id before the slash.
    pub fn family(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(family, _)| family)
    }

    /// The part of the id behind the slash.
    pub fn name(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(_, name)| name)
    }

    /// Group and kind of all objects that its checks look at: what a collection from a cluster has to list for it.
    pub fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        closed_world::kinds(self)
    }

    /// The programs whose settings it looks at.
    pub fn programs(&self) -> Vec<Program> {
        fn programs(check: &Check) -> Vec<Program> {
            match check {
                Check::Component { programs, .. } => programs.to_vec(),
                Check::Several(checks) => checks.iter().flat_map(programs).collect(),
                _ => Vec::new(),
            }
        }
        programs(&self.check)
    }

    /// The check of the Pod Security Standards that this control is, when it is one.
    pub fn pod_security_check(&self) -> Option<podsecurity::Check> {
        match self.check {
            Check::PodSecurity { check, .. } => Some(check),
            _ => None,
        }
    }

    /// Whether it is judged by looking at all evidence at once, which takes longer the more there is, and not by
    /// looking at one subject after the other.
    pub fn looks_at_everything(&self) -> bool {
        fn looks(check: &Check) -> bool {
            match check {
                Check::Evidence(_) => true,
                Check::Several(checks) => checks.iter().any(looks),
                _ => false,
            }
        }
        looks(&self.check)
    }

    /// The Pod Security level that demands this control, when one does.
    pub fn pod_security_level(&self) -> Option<podsecurity::Level> {
        self.pod_security_check().map(podsecurity::Check::level)
    }
}

/// The order in which to act: the phases of the roadmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Little effort and risk, large effect.
    QuickWin,
    /// The bulk of hardening.
    NextStep,
    /// Needs study of the workload or the platform.
    Research,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Phase; 3] = [Phase::QuickWin, Phase::NextStep, Phase::Research];

    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Phase::QuickWin => "quick-win",
            Phase::NextStep => "next-step",
            Phase::Research => "research",
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Hardening that limits the damage of something else.
    Low,
    /// Weakens a boundary.
    Medium,
    /// Opens a boundary once something else has gone wrong.
    High,
    /// Opens the node or the cluster by itself.
    Critical,
}

impl Severity {
    /// All severities, the worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The weight of one finding when risks are added up; each severity outweighs a few of the next lower one.
    pub fn weight(self) -> u32 {
        match self {
            Severity::Low => 1,
            Severity::Medium => 3,
            Severity::High => 10,
            Severity::Critical => 40,
        }
    }
}

/// Where evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Files: manifests, rendered charts and overlays.
    Manifests,
    /// A live API server.
    Cluster,
    /// Files, flags, processes and sockets of a host.
    Node,
    /// Audit events.
    Audit,
    /// Events of the runtime sensor.
    Runtime,
}

impl Scope {
    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Manifests => "manifests",
            Scope::Cluster => "cluster",
            Scope::Node => "node",
            Scope::Audit => "audit",
            Scope::Runtime => "runtime",
        }
    }
}

macro_rules! named {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    )*};
}
named!(Phase, Severity, Scope);

/// Ids of the same matter in benchmarks, threat matrices and other tools.
#[derive(Debug)]
pub struct Mappings {
    /// CIS Kubernetes benchmark 1.12.
    pub cis: &'static [&'static str],
    /// Topics of the NSA/CISA hardening guide.
    pub nsa: &'static [&'static str],
    /// MITRE ATT&CK (`T…`) and the Microsoft threat matrix (`MS-TA…`).
    pub attack: &'static [&'static str],
    /// Kubescape (`C-…`).
    pub kubescape: &'static [&'static str],
    /// Trivy (`KSV-…`).
    pub trivy: &'static [&'static str],
    /// Checkov (`CKV_K8S_…`).
    pub checkov: &'static [&'static str],
    /// kube-linter.
    pub kube_linter: &'static [&'static str],
    /// Polaris.
    pub polaris: &'static [&'static str],
    /// kube-score.
    pub kube_score: &'static [&'static str],
}

impl Mappings {
    /// No mappings at all, to be filled in by struct update.
    pub const NONE: Mappings = Mappings {
        cis: &[],
        nsa: &[],
        attack: &[],
        kubescape: &[],
        trivy: &[],
        checkov: &[],
        kube_linter: &[],
        polaris: &[],
        kube_score: &[],
    };

    /// All mappings with the name of their framework or tool.
    pub fn all(&self) -> [(&'static str, &'static [&'static str]); 9] {
        [
            ("cis", self.cis),
            ("nsa", self.nsa),
            ("attack", self.attack),
            ("kubescape", self.kubescape),
            ("trivy", self.trivy),
            ("checkov", self.checkov),
            ("kube-linter", self.kube_linter),
            ("polaris", self.polaris),
            ("kube-score", self.kube_score),
        ]
    }
}

/// How evidence is judged: what the control wants to see, and the function that looks at it. The runner makes one
/// pass over the evidence and calls whoever asked.
#[derive(Debug)]
pub enum Check {
    /// A check of the Pod Security Standards, on every pod.
    PodSecurity {
        /// The check.
        check: podsecurity::Check,
        /// Grades a fault by its context; `None` keeps the control's severity.
        grade: Option<fn(&podsecurity::Fault<'_>) -> Severity>,
    },
    /// Every container of every pod, alone.
    Container(ContainerCheck),
    /// Every pod.
    Pod(PodCheck),
    /// Every object of some kinds.
    Object {
        /// Group and kind of each.
        kinds: &'static [(&'static str, &'static str)],
        /// The judgement.
        check: ObjectCheck,
    },
    /// Every namespace that is declared or used.
    Namespace(NamespaceCheck),
    /// Every component of the control plane and of nodes that files start or configure.
    Component {
        /// Which programs.
        programs: &'static [Program],
        /// The judgement.
        check: ComponentCheck,
    },
    /// All evidence at once: what no single subject decides.
    Evidence(EvidenceCheck),
    /// Judges nothing by itself: names kinds that the other checks of the control look at beside their subjects. Where a
    /// live cluster did not tell them, what was concluded from not having seen one becomes unknown.
    Reads(Reads),
    /// Several checks, since what the control demands stands in more than one kind of evidence.
    Several(&'static [Check]),
    /// Every container image, by evidence that no file holds.
    ImageContent {
        /// What would decide it.
        needs: &'static str,
    },
}

/// Kinds that a control looks at beside its subjects.
#[derive(Clone, Copy, Debug)]
pub struct Reads {
    /// Objects of these can speak against a subject: without them nothing passes.
    pub against: &'static [(&'static str, &'static str)],
    /// Objects of these can speak for a subject: without them nothing fails.
    pub in_favour: &'static [(&'static str, &'static str)],
    /// Whether those of other namespaces than the subject's count as well.
    pub everywhere: bool,
}

impl Reads {
    /// Nothing, to be filled in by struct update.
    pub const NONE: Reads = Reads { against: &[], in_favour: &[], everywhere: false };
}

/// What refuses violations of a control at admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Pod Security Admission, at the level of the check.
    PodSecurity(podsecurity::Check),
}

/// Judges a container.
pub type ContainerCheck = for<'e, 'a> fn(&ContainerScope<'e, 'a>) -> Verdict<'a>;
/// Judges a pod.
pub type PodCheck = for<'e, 'a> fn(&PodScope<'e, 'a>) -> Verdict<'a>;
/// Judges an object.
pub type ObjectCheck = for<'e, 'a> fn(&ObjectScope<'e, 'a>) -> Verdict<'a>;
/// Judges a namespace.
pub type NamespaceCheck = for<'e, 'a> fn(&NamespaceScope<'e, 'a>) -> Verdict<'a>;
/// Judges a component.
pub type ComponentCheck = for<'e, 'a> fn(&ComponentScope<'e, 'a>) -> Verdict<'a>;
/// Judges everything, object by object.
pub type EvidenceCheck = for<'e, 'a> fn(&Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>>;
