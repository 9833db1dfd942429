//! The lens *proof*: what is tried on a live cluster to see that a control holds. Everything here is pure. A probe makes
//! attempts out of what is known of the cluster; `seaworthy-prober` carries them out.

pub(crate) mod access_review;
pub(crate) mod admission;
pub(crate) mod audit_log;
pub(crate) mod components;
pub(crate) mod counters;
pub(crate) mod crossings;
pub(crate) mod etcd;
pub(crate) mod flows;
pub(crate) mod images;
pub mod inside;
pub(crate) mod kubelets;
pub(crate) mod may_not;
mod places;
mod plan;
pub(crate) mod plugins;
pub(crate) mod pod_security;
pub(crate) mod pods;
pub(crate) mod ports;
pub(crate) mod secret_names;
pub(crate) mod tls;
mod untried;
pub(crate) mod whoami;

use std::fmt;
use std::path::PathBuf;

use seaworthy_evidence::Evidence;
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::scope::Settings;

pub use crate::admission::event_limits;
pub use places::{Given, JobPlace, NodePlace};
pub use plan::{Also, Planned, plan};
pub use untried::{reasons, why_untried};

/// Names of the steps of an attempt that sends one request after the other.
pub(crate) const REQUESTS: [&str; 16] = [
    "request-1",
    "request-2",
    "request-3",
    "request-4",
    "request-5",
    "request-6",
    "request-7",
    "request-8",
    "request-9",
    "request-10",
    "request-11",
    "request-12",
    "request-13",
    "request-14",
    "request-15",
    "request-16",
];

/// One way to try a control. The texts are what `docs/proofs.md` and `prove --dry-plan` say of it, each without its period.
pub struct Probe {
    /// Its name among the probes of the control, when there are several: `rights`.
    pub name: &'static str,
    /// Who asks, and what.
    pub asks: &'static str,
    /// What a working control answers.
    pub proved_by: &'static str,
    /// What a broken one answers.
    pub refuted_by: &'static str,
    /// What else could produce the answer of a working one, and how that is told apart.
    pub not_fooled_by: &'static str,
    /// What must succeed, or nothing is concluded.
    pub positive_control: &'static str,
    /// What must be agreed to.
    pub consent: Consent,
    /// What it leaves behind or makes for a while.
    pub side_effect: SideEffect,
    /// The rights that the caller needs, for `prove --print-rbac`.
    pub rights: &'static [Right],
    /// The attempts, one per subject; none where there is no subject. What cannot be tried is an
    /// [`Attempt::cannot`], which says why.
    pub plan: fn(&Ground<'_, '_>) -> Vec<Attempt>,
}

impl Probe {
    /// One that asks nothing, since nothing that could be asked from here decides: its attempts say what would.
    pub(crate) const fn unasked(
        name: &'static str,
        asks: &'static str,
        plan: fn(&Ground<'_, '_>) -> Vec<Attempt>,
    ) -> Probe {
        Probe {
            name,
            asks,
            proved_by: "nothing",
            refuted_by: "nothing",
            not_fooled_by: "it concludes nothing",
            positive_control: "none, since nothing is asked",
            consent: Consent::Read,
            side_effect: SideEffect::None,
            rights: &[],
            plan,
        }
    }

    /// Whether it can conclude something.
    pub fn is_asked(&self) -> bool {
        self.proved_by != "nothing" || self.refuted_by != "nothing"
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("asks", &self.asks).finish_non_exhaustive()
    }
}

/// A right of the caller at the API server, as a rule of RBAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// The API group; ignored for paths.
    pub group: &'static str,
    /// The resource, with its subresource; or a path that starts with `/`.
    pub resource: &'static str,
    /// The verbs.
    pub verbs: &'static [&'static str],
}

impl Right {
    /// To ask by SubjectAccessReview what others may do.
    pub const ACCESS_REVIEW: Right =
        Right { group: "authorization.k8s.io", resource: "subjectaccessreviews", verbs: &["create"] };

    /// To read a path that is no resource.
    pub const fn path(path: &'static str) -> Right {
        Right { group: "", resource: path, verbs: &["get"] }
    }
}

/// What plans are made of.
#[derive(Debug)]
pub struct Ground<'e, 'a> {
    /// What is known of the cluster.
    pub evidence: &'e Evidence<'a>,
    /// Version and parameters.
    pub settings: &'e Settings,
    /// What somebody gave by flags, since the API does not tell it.
    pub given: &'e Given,
    /// The name of this run: ten lower-case letters and digits. Names of objects end with it, and audit lines hold it.
    pub run: &'e str,
    /// Who the kubeconfig says that we are, when the API server told.
    pub caller: Option<&'e Caller>,
    /// Only these namespaces; all when there are none.
    pub namespaces: &'e [String],
}

/// Who the API server takes the caller for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: String,
    /// Its groups.
    pub groups: Vec<String>,
}

impl Caller {
    /// Whether no authorizer is asked about this user.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }
}

impl<'e, 'a> Ground<'e, 'a> {
    /// The namespace that the run makes for itself, where somebody consents to [`Consent::Canary`].
    pub fn canary_namespace(&self) -> String {
        format!("seaworthy-probe-{}", self.run)
    }

    /// The namespaces that the cluster has and the run may look at, by name; without our own ones.
    pub fn namespaces(&self) -> impl Iterator<Item = &'a str> + use<'e, 'a> {
        let wanted = self.namespaces;
        let all = self.evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace"));
        all.map(|object| object.name)
            .filter(move |name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name))
            .filter(|name| !name.starts_with("seaworthy-probe-"))
    }

    /// The file that `--audit-log` names.
    pub fn audit_log(&self) -> Option<&'e PathBuf> {
        self.given.audit_log.as_ref()
    }
}
