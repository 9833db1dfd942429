//! `pods/proc-mount`; prose and cases in `proc_mount.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/proc-mount",
    title: "/proc keeps its default masks",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("proc_mount.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        trivy: &["KSV-0027"],
        kube_linter: &["unsafe-proc-mount"],
        polaris: &["procMount"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::ProcMount, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::ProcMount)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with `procMount: Unmasked`, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::ProcMount,
    "`procMount: Unmasked`",
    &["procMount ("],
    "/spec/containers/0/securityContext/procMount",
    |pod| {
        admission::context(pod)["procMount"] = "Unmasked".into();
    },
)
.by_api("`hostUsers` must be false to use `Unmasked`")];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
