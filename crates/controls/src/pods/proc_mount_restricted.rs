//! `pods/proc-mount-restricted`; prose and cases in `proc_mount_restricted.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/proc-mount-restricted",
    title: "/proc keeps its default masks even with user namespaces",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("proc_mount_restricted.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        trivy: &["KSV-0027"],
        kube_linter: &["unsafe-proc-mount"],
        polaris: &["procMount"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::ProcMountRestricted, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::ProcMountRestricted)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with `procMount: Unmasked` and `hostUsers: false`, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::ProcMountRestricted,
    "`procMount: Unmasked` in its own user namespace",
    &["procMount ("],
    "/spec/containers/0/securityContext/procMount",
    |pod| {
        pod["spec"]["hostUsers"] = false.into();
        admission::context(pod)["procMount"] = "Unmasked".into();
    },
)
.beside("own-users", |pod| pod["spec"]["hostUsers"] = false.into())];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
