//! `api-server/tls-strength`; prose and cases in `tls_strength.md`.

use crate::probe::{Ground, Probe, tls};
use seaworthy_evidence::Program;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/tls-strength",
    title: "API server offers only TLS 1.2+ and AEAD cipher suites",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("tls_strength.md"),
    mappings: Mappings {
        cis: &["1.2.29"],
        nsa: &["encryption"],
        attack: &["T1557", "T1040"],
        kubescape: &["C-0143", "C-0277"],
        checkov: &["CKV_K8S_105"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[HELLOS],
};

const HELLOS: Probe = Probe { plan: plan_hellos, ..tls::STRENGTH };

fn plan_hellos(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let server = tls::api_server();
    vec![tls::strength(server.subject, &server.target, tls::Weak::NotAead)]
}

/// Suites of TLS 1.3, and those of TLS 1.2 with forward secrecy and authenticated encryption, by the names that the
/// flag takes (`k8s.io/component-base/cli/flag/ciphersuites_flag.go`).
const STRONG: &[&str] = &[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let least = flags.text("--tls-min-version");
    if let Some(given) = least.given() {
        match given.text {
            // The suites of TLS 1.3 are all strong, and nothing else is spoken.
            "VersionTLS13" => return Verdict::Pass,
            "VersionTLS12" => {}
            "VersionTLS10" | "VersionTLS11" => flags.fault(Fault::new(
                given.place,
                format!("`--tls-min-version={}`: versions of TLS are accepted that are broken", given.text),
            )),
            _ => flags.leave_open(
                "`--tls-min-version` is no version that the server knows",
                "one of `VersionTLS12` and `VersionTLS13`",
            ),
        }
    }
    match flags.items("--tls-cipher-suites") {
        Some(suites) => {
            for suite in suites.iter().filter(|suite| !STRONG.contains(&suite.text)) {
                flags.fault(Fault::new(
                    suite.place,
                    format!(
                        "cipher suite `{}` has no forward secrecy or no authenticated encryption",
                        suite.text
                    ),
                ));
            }
        }
        None => {
            if let Reading::Absent(place) = flags.text("--tls-cipher-suites") {
                flags.fault(
                    Fault::new(
                        place,
                        "`--tls-cipher-suites` is not set: the default of Go also offers suites of CBC with SHA-1",
                    )
                    .graded(Severity::Low),
                );
            }
        }
    }
    flags.verdict()
}
