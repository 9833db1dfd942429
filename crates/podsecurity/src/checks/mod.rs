//! One file per check: the fields, what is allowed there from which version on, and the words for the rest.
//! Source of all rules: `policy/check_*.go` of k8s.io/pod-security-admission v0.37.2.

mod allow_privilege_escalation;
mod app_armor_profile;
mod capabilities_baseline;
mod capabilities_restricted;
mod host_namespaces;
mod host_path_volumes;
mod host_ports;
mod host_probes_and_host_lifecycle;
mod privileged;
mod proc_mount;
mod proc_mount_restricted;
mod restricted_volumes;
mod run_as_non_root;
mod run_as_user;
mod se_linux_options;
mod seccomp_profile_baseline;
mod seccomp_profile_restricted;
mod sysctls;
mod windows_host_process;

use crate::check::Check;
use crate::failure::{Faults, Found};
use crate::fields::{ContainerFields, Context};
use crate::level::Level;

/// A check as data.
pub(crate) struct Definition {
    /// Upstream's id.
    pub(crate) id: &'static str,
    /// The level that introduces it.
    pub(crate) level: Level,
    /// The first minor version that knows it.
    pub(crate) since: u32,
    /// The baseline check that it replaces at the restricted level.
    pub(crate) overrides: Option<Check>,
    /// The pods that pass unseen, and the first minor version in which they do.
    pub(crate) exempt: Option<(u32, Exemption)>,
    /// Looks at the pod's own fields.
    pub(crate) pod: Option<for<'a> fn(&Context<'a>, &mut Faults<'a>)>,
    /// Looks at the fields of one container.
    pub(crate) container: Option<for<'a> fn(&Context<'a>, &ContainerFields<'a>, &mut Faults<'a>)>,
    /// The kind of fault in few words.
    pub(crate) reason: fn(&[Found<'_>]) -> &'static str,
    /// Who does what wrong.
    pub(crate) detail: fn(&[Found<'_>]) -> String,
}

/// Pods to which a check does not apply.
#[derive(Clone, Copy)]
pub(crate) enum Exemption {
    /// Pods for Windows, where the API refuses the field.
    Windows,
    /// Pods with `hostUsers: false`, whose root is nobody on the node.
    UserNamespace,
}

/// Every check, in the order of [`Check`].
pub(crate) const DEFINITIONS: [Definition; 19] = [
    app_armor_profile::DEFINITION,
    capabilities_baseline::DEFINITION,
    host_namespaces::DEFINITION,
    host_path_volumes::DEFINITION,
    host_ports::DEFINITION,
    host_probes_and_host_lifecycle::DEFINITION,
    privileged::DEFINITION,
    proc_mount::DEFINITION,
    se_linux_options::DEFINITION,
    seccomp_profile_baseline::DEFINITION,
    sysctls::DEFINITION,
    windows_host_process::DEFINITION,
    allow_privilege_escalation::DEFINITION,
    capabilities_restricted::DEFINITION,
    proc_mount_restricted::DEFINITION,
    restricted_volumes::DEFINITION,
    run_as_non_root::DEFINITION,
    run_as_user::DEFINITION,
    seccomp_profile_restricted::DEFINITION,
];
