//! What the controls of this family judge: namespaces, and files that leave theirs open, each with its pods and
//! policies.

use seaworthy_evidence::{Network, Object, Place, Zone};
use seaworthy_reachability::foreign::ForeignPolicy;
use seaworthy_reachability::{Direction, PodId, Truth, World};

use crate::scope::Surroundings;
use crate::verdict::{Judged, Verdict};

/// Pairs of a pod and a policy of another project that are compared, at most.
const MANY: usize = 1_000_000;

/// A zone and what it is part of.
#[derive(Clone, Copy)]
pub(super) struct ZoneScope<'e, 'a> {
    pub(super) zone: &'e Zone<'a>,
    pub(super) around: Surroundings<'e, 'a>,
}

/// A pod on which policies can have an effect.
#[derive(Clone, Copy)]
pub(super) struct Subject<'e, 'a> {
    pub(super) id: PodId,
    /// The object that holds it.
    pub(super) owner: &'e Object<'a>,
}

/// Judges each zone by itself; those without any object to point at are left out.
pub(super) fn each<'e, 'a>(
    around: &Surroundings<'e, 'a>,
    check: impl Fn(&ZoneScope<'e, 'a>) -> Verdict<'a>,
) -> Vec<Judged<'e, 'a>> {
    let zones = around.evidence.network().zones.iter();
    zones
        .map(|zone| ZoneScope { zone, around: *around })
        .filter_map(|scope| Some(Judged { object: scope.anchor()?, verdict: check(&scope) }))
        .collect()
}

impl<'e, 'a> ZoneScope<'e, 'a> {
    fn network(&self) -> &'e Network<'a> {
        self.around.evidence.network()
    }

    pub(super) fn world(&self) -> &'e World<'a> {
        &self.network().world
    }

    fn object(&self, index: u32) -> Option<&'e Object<'a>> {
        self.around.evidence.objects().get(index as usize)
    }

    /// Something to point at: the Namespace object, else the owner of the first pod, else the first policy.
    pub(super) fn anchor(&self) -> Option<&'e Object<'a>> {
        let declared = self.zone.object.and_then(|index| self.object(index));
        let owner = || self.zone.pods.first().and_then(|(index, _)| self.owner(*index));
        let policy = || {
            let own = self.zone.policies.first().map(|(index, _)| *index);
            own.or(self.zone.foreign.first().map(|(index, _)| *index))
        };
        declared.or_else(owner).or_else(|| self.object(policy()?))
    }

    fn owner(&self, workload: u32) -> Option<&'e Object<'a>> {
        let evidence = self.around.evidence;
        evidence.workloads().get(workload as usize).map(|workload| evidence.owner(workload))
    }

    /// The name of what is pointed at.
    pub(super) fn place(&self) -> Option<Place<'a>> {
        self.anchor().map(place)
    }

    /// The pods on which policies can have an effect: all but those on the network of their node.
    pub(super) fn subjects(&self) -> Vec<Subject<'e, 'a>> {
        let pods = self.zone.pods.iter();
        pods.filter(|(_, id)| self.world().pod(*id).host_network() != Truth::Yes)
            .filter_map(|(index, id)| Some(Subject { id: *id, owner: self.owner(*index)? }))
            .collect()
    }

    /// Whether it is a namespace of the platform.
    pub(super) fn is_system(&self) -> bool {
        self.zone.name.is_some_and(|name| self.around.settings.parameters.is_system_namespace(name))
    }

    fn foreign_policies(&self) -> impl Iterator<Item = &'e (u32, ForeignPolicy<'a>)> {
        self.zone.foreign.iter().chain(&self.network().foreign)
    }

    /// A policy of another project that may say something about the pods here.
    fn foreign(&self, direction: Direction) -> Option<&'e Object<'a>> {
        let count = self.zone.foreign.len() + self.network().foreign.len();
        let too_many = count.saturating_mul(self.zone.pods.len()) > MANY;
        let mut policies = self.foreign_policies();
        let (index, _) = policies.find(|(_, policy)| {
            let mut pods = self.zone.pods.iter().map(|(_, id)| self.world().pod(*id));
            too_many || pods.any(|pod| policy.concerns(pod, direction))
        })?;
        self.object(*index)
    }

    /// Whether a policy of another project plainly denies by default here.
    pub(super) fn is_denied_by_foreign(&self, direction: Direction) -> bool {
        self.foreign_policies().any(|(_, policy)| policy.denies_by_default(direction))
    }

    /// Why nothing can be said of pods for which no policy was found, when nothing can.
    pub(super) fn undecided(&self, direction: Direction) -> Option<Verdict<'a>> {
        if let Some(policy) = self.foreign(direction) {
            return Some(Verdict::unknown(
                format!(
                    "policies of another project apply here, as `{}`, and are not evaluated",
                    policy.kind
                ),
                "a probe from inside the cluster, or the rules as NetworkPolicies",
            ));
        }
        if self.zone.doubtful {
            return Some(Verdict::unknown(
                "NetworkPolicies lie beside these workloads, but not all of them name a namespace",
                "`metadata.namespace` in the files, or the rendered output of the tool that sets it",
            ));
        }
        let elsewhere = self.zone.name.is_some_and(|name| name != "default")
            && self.zone.object.is_none()
            && self.zone.policies.is_empty()
            && !self.has_all_policies();
        elsewhere.then(|| {
            Verdict::unknown(
                "neither the Namespace object nor a NetworkPolicy of the namespace is among the files",
                "the NetworkPolicies of the namespace, from the files that create it or from the cluster",
            )
        })
    }

    /// Whether all NetworkPolicies of the namespace are known.
    pub(super) fn has_all_policies(&self) -> bool {
        self.zone.name.is_some() && self.around.has_all("networking.k8s.io", "NetworkPolicy", self.zone.name)
    }

    /// What is said when the workloads of a zone are not among the files.
    pub(super) fn without_workloads(&self) -> Verdict<'a> {
        // On the network of the node no policy has an effect; and policies alone are no namespace.
        if !self.zone.pods.is_empty() || self.zone.object.is_none() {
            return Verdict::NotApplicable;
        }
        // A cluster that shows its pods shows that there is nobody to protect.
        if self.around.has_all("", "Pod", self.zone.name) {
            return Verdict::NotApplicable;
        }
        Verdict::unknown(
            "none of the workloads of this namespace is among the files",
            "the workloads and NetworkPolicies of the namespace",
        )
    }

    /// Words on pods that no policy reaches, to be put behind a message.
    pub(super) fn beyond(&self) -> String {
        let count = self.zone.pods.len() - self.subjects().len();
        match count {
            0 => String::new(),
            1 => "; one more workload is on the network of its node, where no policy holds".to_owned(),
            _ => format!("; {count} more are on the network of their nodes, where no policy holds"),
        }
    }
}

/// The name of an object, as the place to point at.
pub(super) fn place<'a>(object: &Object<'a>) -> Place<'a> {
    Place::at(object.value.at(&["metadata", "name"]).unwrap_or(object.value))
}

/// The first few of some workloads by name, each once.
pub(super) fn names<'e, 'a: 'e>(owners: impl Iterator<Item = &'e Object<'a>>) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<&str> = Vec::new();
    for owner in owners {
        let name = if owner.name.is_empty() { "(unnamed)" } else { owner.name };
        if !names.contains(&name) {
            if names.len() == SHOWN {
                names.push("…");
                break;
            }
            names.push(name);
        }
    }
    let quoted = |name: &&str| if *name == "…" { (*name).to_owned() } else { format!("`{name}`") };
    names.iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// `one of the 3 workloads here`, `the workload here`, `all 3 workloads here`.
pub(super) fn some_of(count: usize, total: usize) -> String {
    match (count, total) {
        (1, 1) => "the workload here".to_owned(),
        (2, 2) => "both workloads here".to_owned(),
        (1, _) => format!("one of the {total} workloads here"),
        _ if count == total => format!("all {total} workloads here"),
        _ => format!("{count} of the {total} workloads here"),
    }
}
