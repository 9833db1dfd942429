//! `api-server/insecure-port`; prose and cases in `insecure_port.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/insecure-port",
    title: "No plain HTTP listener serves the API",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("insecure_port.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "T1133"],
        kubescape: &["C-0005", "C-0128"],
        trivy: &["KCV-0017"],
        checkov: &["CKV_K8S_86", "CKV_K8S_88", "CKV_K8S_89"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // Up to v1.19 the server listened on 127.0.0.1:8080 unless told otherwise; since v1.24 the flags are gone.
    let default = match scope.component.minor_version() {
        Some((minor, _)) if minor < 20 => 8080,
        _ => 0,
    };
    if let Some((port, place)) = flags.number("--insecure-port", default)
        && port != 0
    {
        let address = flags.text("--insecure-bind-address").given().map_or("127.0.0.1", |given| given.text);
        let local = matches!(address, "127.0.0.1" | "::1" | "localhost");
        let how = if place.missing.is_some() { "`--insecure-port` is not set: port" } else { "port" };
        let fault = Fault::new(
            place,
            format!(
                "{how} {port} of `{address}` serves the API over plain HTTP, and every request on it is an administrator's"
            ),
        );
        flags.fault(if local { fault.graded(Severity::High) } else { fault });
    }
    if let Some((0, place)) = flags.number("--secure-port", 6443) {
        flags.fault(
            Fault::new(place, "`--secure-port=0` turns HTTPS off, which leaves only plain HTTP")
                .graded(Severity::High),
        );
    }
    flags.verdict()
}
