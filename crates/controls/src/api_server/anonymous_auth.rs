//! `api-server/anonymous-auth`; prose and cases in `anonymous_auth.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program, Setting};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags, is_placeholder};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/anonymous-auth",
    title: "Anonymous requests are refused or limited to health paths",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::AUTHENTICATION_CONFIGURATION,
    page: include_str!("anonymous_auth.md"),
    mappings: Mappings {
        cis: &["1.2.1"],
        nsa: &["anonymous"],
        attack: &["MS-TA9005", "MS-TA9029", "T1133", "T1613"],
        kubescape: &["C-0113"],
        trivy: &["KCV-0001"],
        checkov: &["CKV_K8S_68"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object {
            kinds: &[("apiserver.config.k8s.io", "AuthenticationConfiguration")],
            check: check_file,
        },
    ]),
    guard: None,
    probes: &[],
};

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // The server refuses the flag beside a file that speaks of anonymous requests.
    if !matches!(scope.component.flag("anonymous-auth"), Setting::Stated(_) | Setting::Installed(_)) {
        match flags.configuration("--authentication-config", "AuthenticationConfiguration") {
            // Judged where it stands.
            Configuration::Found(file) if file.value.get("anonymous").is_some() => {
                return Verdict::NotApplicable;
            }
            Configuration::Open => return flags.verdict(),
            Configuration::Found(_) | Configuration::None => {}
        }
    }
    if let Some((true, place)) = flags.switch("--anonymous-auth", true) {
        let how =
            if place.missing.is_some() { "`--anonymous-auth` is not set" } else { "`--anonymous-auth=true`" };
        flags.fault(if rbac_decides(scope) {
            let message = format!("{how}: what RBAC grants to `system:unauthenticated` is open to everybody");
            Fault::new(place, message).graded(Severity::Medium)
        } else {
            Fault::new(
                place,
                format!("{how}, and the files do not show that RBAC alone decides what that opens"),
            )
        });
    }
    flags.verdict()
}

/// Authorizers that are looked at, for every API server among the files.
const MANY: usize = 64;

/// Whether RBAC (and Node, which says nothing about anonymous requests) are all the authorizers.
fn rbac_decides(scope: &ComponentScope<'_, '_>) -> bool {
    let mut flags = Flags::of(scope);
    let types: Vec<&str> = match flags.configuration("--authorization-config", "AuthorizationConfiguration") {
        Configuration::Found(file) => {
            let authorizers = file.value.get("authorizers").into_iter().flat_map(|list| list.items());
            authorizers
                .take(MANY)
                .map(|authorizer| authorizer.get("type").map_or("", |kind| kind.text()))
                .collect()
        }
        Configuration::Open => return false,
        Configuration::None => {
            let modes = flags.items("--authorization-mode").unwrap_or_default();
            modes.iter().map(|mode| mode.text).collect()
        }
    };
    types.contains(&"RBAC") && types.iter().all(|kind| matches!(*kind, "RBAC" | "Node"))
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    // Without the field, the flag decides.
    let Some(anonymous) = scope.object.value.get("anonymous") else { return Verdict::NotApplicable };
    let Some(enabled) = anonymous.get("enabled") else { return Verdict::Pass };
    match enabled.as_bool() {
        Some(false) => return Verdict::Pass,
        Some(true) => {}
        None => {
            return Verdict::unknown(
                "`anonymous.enabled` is neither true nor false",
                "`true` or `false` in the field",
            );
        }
    }
    let paths: Vec<Value<'a>> = anonymous
        .get("conditions")
        .into_iter()
        .flat_map(|conditions| conditions.items())
        .map(|condition| condition.get("path").unwrap_or(condition))
        .collect();
    if paths.is_empty() {
        let message = "anonymous requests are accepted on every path: `anonymous.conditions` lists none";
        return Verdict::fail(Fault::new(Place::at(enabled), message));
    }
    if paths.iter().any(|path| is_placeholder(path.text())) {
        return Verdict::unknown(
            "a path of `anonymous.conditions` is a placeholder",
            "the paths that are filled in",
        );
    }
    let beyond = paths.into_iter().filter(|path| !is_health(path.text()));
    Verdict::of(
        beyond
            .map(|path| {
                let text = path.text();
                let message =
                    format!("anonymous requests are accepted on `{text}`, which is no health check");
                let fault = Fault::new(Place::at(path), message);
                // Says which version runs, and nothing else.
                if text == "/version" { fault.graded(Severity::Low) } else { fault }
            })
            .collect(),
    )
}

/// Whether a path is one of the health checks, or one check of them.
fn is_health(path: &str) -> bool {
    let first = path.strip_prefix('/').and_then(|path| path.split('/').next());
    matches!(first, Some("livez" | "readyz" | "healthz"))
}
