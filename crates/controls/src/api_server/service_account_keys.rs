//! `api-server/service-account-keys`; prose and cases in `service_account_keys.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/service-account-keys",
    title: "Service account tokens are signed by a dedicated key and looked up",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("service_account_keys.md"),
    mappings: Mappings {
        cis: &["1.2.21", "1.2.22"],
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1528"],
        kubescape: &["C-0135", "C-0136"],
        trivy: &["KCV-0024", "KCV-0025"],
        checkov: &["CKV_K8S_96", "CKV_K8S_97"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let signer = flags.text("--service-account-signing-endpoint");
    if signer.given().is_none() {
        match flags.text("--service-account-key-file") {
            Reading::Absent(place) => flags.fault(Fault::new(
                place,
                "`--service-account-key-file` is not set: tokens are verified with the key of the TLS certificate \
                 (older servers) or the server does not start",
            )),
            Reading::Given(key) => {
                let tls = flags.text("--tls-private-key-file");
                if tls.given().is_some_and(|tls| tls.text == key.text) {
                    flags.fault(Fault::new(
                        key.place,
                        "`--service-account-key-file` is `--tls-private-key-file`: one key serves TLS and signs tokens",
                    ));
                }
            }
            Reading::Open => {}
        }
    }
    if let Some((false, place)) = flags.switch("--service-account-lookup", true) {
        flags.fault(Fault::new(
            place,
            "`--service-account-lookup=false`: tokens of deleted accounts and pods stay valid",
        ));
    }
    match flags.text("--service-account-issuer") {
        Reading::Absent(place) => flags.fault(
            Fault::new(
                place,
                "`--service-account-issuer` is not set: servers before v1.20 issue no bound tokens then, later ones do \
                 not start",
            )
            .graded(Severity::Medium),
        ),
        Reading::Given(issuer) if !issuer.text.starts_with("https://") => flags.fault(
            Fault::new(
                issuer.place,
                format!("`--service-account-issuer={}` is no https URL: others cannot verify tokens by discovery", issuer.text),
            )
            .graded(Severity::Low),
        ),
        Reading::Given(_) | Reading::Open => {}
    }
    flags.verdict()
}
