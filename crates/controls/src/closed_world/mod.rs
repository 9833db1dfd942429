//! What follows from not having seen something. Files never tell: what is not among them may lie elsewhere. A live
//! cluster that told all objects of a kind does: what is not among them does not exist. And where it refused to tell,
//! nobody knows.

mod reads;

use std::borrow::Cow;

use seaworthy_evidence::collection::GROUP;
use seaworthy_evidence::{Evidence, Known};

use crate::control::{Check, Control, Reads, Scope};
use crate::scope::Surroundings;
use crate::verdict::Verdict;

pub(crate) use reads::*;

/// Group and kind.
pub(crate) type Kinds = &'static [(&'static str, &'static str)];

/// The kinds of Kubernetes that are pods or make them.
pub(crate) const PODS: Kinds = &[
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
];

/// Where namespaces are declared.
const NAMESPACES: Kinds = &[("", "Namespace")];

/// Roles and bindings.
pub(crate) const RIGHTS: Kinds = &[
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
];

/// The record of a live cluster: what is judged of the cluster as a whole.
pub(crate) const CLUSTER: Kinds = &[(GROUP, "Collection")];

/// Refusals that are told one by one.
const SHOWN: usize = 3;

/// The reason of [`Known::Refused`] where people asked for some namespaces only: nobody refused anything.
const BY_CHOICE: &str = "only some namespaces were asked for";

impl Surroundings<'_, '_> {
    /// Whether the evidence is of a live cluster.
    pub(crate) fn is_live(&self) -> bool {
        self.evidence.collection().is_some()
    }

    /// Whether all objects of a kind are among the evidence, those of a namespace or of all: what is not there does not
    /// exist. To be asked of kinds that an API server holds; configuration files are never all there.
    pub(crate) fn has_all(&self, group: &str, kind: &str, namespace: Option<&str>) -> bool {
        self.evidence.known(group, kind, namespace) == Known::All
    }

    /// Where things are looked for, behind "no Service": `in the cluster` or `among the files`.
    pub(crate) fn among(&self) -> &'static str {
        if self.is_live() { "in the cluster" } else { "among the files" }
    }
}

/// Whether some bindings that may bind a role of a namespace, or a cluster role, were not shown, so that nobody being
/// bound shows nothing.
pub(crate) fn hides_grants(around: &Surroundings<'_, '_>, namespace: Option<&str>) -> bool {
    RIGHTS.iter().any(|(group, kind)| {
        kind.ends_with("Binding")
            && matches!(around.evidence.known(group, kind, namespace), Known::Refused(_))
    })
}

/// Why the cluster did not tell all objects of some kinds, and what would make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Cow<'static, str>,
    pub(crate) needs: Cow<'static, str>,
}

impl Refusal {
    /// That of the kinds of the cluster that are not wholly known; `None` when all are. That people asked for some
    /// namespaces only counts where it was `chosen` to.
    fn of(
        evidence: &Evidence<'_>,
        kinds: &[(&str, &str)],
        namespace: Option<&str>,
        chosen: bool,
    ) -> Option<Refusal> {
        let mut reasons: Vec<Cow<'_, str>> = Vec::new();
        for (group, kind) in kinds {
            let reason = match evidence.known(group, kind, namespace) {
                Known::Refused(reason) if chosen || reason != BY_CHOICE => Cow::Borrowed(reason),
                Known::NotAsked if evidence.collection()?.serves(group, kind) => {
                    format!("objects of kind {kind} were not asked for").into()
                }
                _ => continue,
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        if reasons.is_empty() {
            return None;
        }
        let reasons: Vec<&str> = reasons.iter().map(AsRef::as_ref).collect();
        let missing: Vec<&str> = reasons.iter().filter_map(|reason| permission(reason)).collect();
        let reason = format!("the cluster did not tell all that decides this: {}", listed(&reasons));
        let needs = match missing.len() == reasons.len() {
            true => format!(
                "the right to {}: `seaworthy scan --print-rbac` prints a role with all that a scan needs",
                listed(&missing)
            ),
            false => "a scan that asks for all of it, in all namespaces, and gets an answer".to_owned(),
        };
        Some(Refusal { reason: reason.into(), needs: needs.into() })
    }

    /// As the answer about a subject.
    pub(crate) fn verdict<'a>(self) -> Verdict<'a> {
        Verdict::Unknown { reason: self.reason, needs: self.needs }
    }
}

/// `list secrets`, of a refusal for want of a right.
fn permission(reason: &str) -> Option<&str> {
    reason.strip_prefix("forbidden: ")
}

/// The first few, and the number of the others.
fn listed(texts: &[&str]) -> String {
    let shown = texts.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What is doubtful of a control, since kinds were refused that it looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubts {
    /// Objects that are its subjects, or that speak against some, were not shown.
    pub(crate) unseen: Option<Refusal>,
    /// What it looks at beside its subjects, when some of it is not known in all namespaces.
    reads: Vec<Reads>,
}

impl Doubts {
    /// Those of a control; `None` when there are none, as always with files.
    pub(crate) fn of(control: &Control, evidence: &Evidence<'_>) -> Option<Doubts> {
        let collection = evidence.collection()?;
        // What only files decide loses nothing by what a cluster hides.
        if !control.scopes.contains(&Scope::Cluster) {
            return None;
        }
        let (mut subjects, mut reads) = (Vec::new(), Vec::new());
        gather(&control.check, &mut subjects, &mut reads);
        reads.retain(|reads: &Reads| {
            let mut kinds = reads.against.iter().chain(reads.in_favour);
            kinds.any(|(group, kind)| match evidence.known(group, kind, None) {
                Known::All => false,
                Known::Refused(_) => true,
                Known::NotAsked => collection.serves(group, kind),
            })
        });
        let kinds: Vec<_> =
            subjects.into_iter().chain(reads.iter().map(|reads| reads.against)).flatten().copied().collect();
        let unseen = Refusal::of(evidence, &kinds, None, false);
        (unseen.is_some() || !reads.is_empty()).then_some(Doubts { unseen, reads })
    }

    /// What remains of a verdict about something in a namespace.
    pub(crate) fn weigh<'a>(
        &self,
        verdict: Verdict<'a>,
        evidence: &Evidence<'_>,
        namespace: Option<&str>,
    ) -> Verdict<'a> {
        for reads in &self.reads {
            let namespace = namespace.filter(|_| !reads.everywhere);
            let refusal = |kinds| Refusal::of(evidence, kinds, namespace, true);
            let refusal = match verdict {
                Verdict::NotApplicable => None,
                Verdict::Pass => refusal(reads.against),
                Verdict::Fail(_) => refusal(reads.in_favour),
                Verdict::Unknown { .. } => refusal(reads.against).or_else(|| refusal(reads.in_favour)),
            };
            if let Some(refusal) = refusal {
                return refusal.verdict();
            }
        }
        verdict
    }
}

/// The kinds of the subjects of a check, and what it looks at beside them.
fn gather(check: &Check, subjects: &mut Vec<Kinds>, reads: &mut Vec<Reads>) {
    match *check {
        Check::PodSecurity { .. } | Check::Container(_) | Check::Pod(_) | Check::ImageContent { .. } => {
            subjects.push(PODS);
        }
        Check::Object { kinds, .. } => {
            subjects.push(kinds);
            // What a role or binding means, the others say.
            if kinds.iter().any(|kind| RIGHTS.contains(kind)) {
                reads.push(Reads { everywhere: false, ..GRANTS });
            }
        }
        Check::Namespace(_) => {
            subjects.extend([NAMESPACES, PODS]);
            reads.push(Reads { against: NAMESPACES, in_favour: NAMESPACES, ..Reads::NONE });
            reads.push(EVERY_POD);
        }
        Check::Reads(more) => reads.push(more),
        Check::Several(checks) => checks.iter().for_each(|check| gather(check, subjects, reads)),
        Check::Component { .. } | Check::Evidence(_) => {}
    }
}

/// All kinds that the checks of a control ask for: what a collection from a cluster should list for it.
pub(crate) fn kinds(control: &Control) -> Vec<(&'static str, &'static str)> {
    let (mut subjects, mut reads) = (Vec::new(), Vec::new());
    gather(&control.check, &mut subjects, &mut reads);
    let beside = reads.iter().flat_map(|reads| [reads.against, reads.in_favour]);
    let mut kinds: Vec<_> = subjects.iter().copied().chain(beside).flatten().copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
