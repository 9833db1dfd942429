//! `admission/required-plugins`; prose and cases in `required_plugins.md`.

use seaworthy_evidence::Program;

use super::plugins::Plugins;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "admission/required-plugins",
    title: "Security admission plugins are on",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("required_plugins.md"),
    mappings: Mappings {
        cis: &["1.2.10", "1.2.12", "1.2.13"],
        nsa: &["psa"],
        attack: &["T1562"],
        kubescape: &["C-0122", "C-0125", "C-0126", "C-0124"],
        trivy: &["KCV-0011", "KCV-0013", "KCV-0014", "KCV-0015"],
        checkov: &["CKV_K8S_79", "CKV_K8S_81", "CKV_K8S_82", "CKV_K8S_83"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

/// Plugins that guard something, and what is lost without each.
const REQUIRED: &[(&str, &str)] = &[
    ("CertificateApproval", "whoever may approve requests may approve those of every signer"),
    ("CertificateSigning", "whoever may write requests may put a certificate of every signer in them"),
    ("CertificateSubjectRestriction", "certificates for the group `system:masters` can be requested"),
    ("MutatingAdmissionPolicy", "policies that change objects are not asked"),
    ("MutatingAdmissionWebhook", "webhooks that change objects are not asked"),
    ("NamespaceLifecycle", "objects can be created in namespaces that are being deleted or do not exist"),
    ("PodSecurity", "the Pod Security labels of namespaces do nothing"),
    ("ServiceAccount", "pods may use accounts that do not exist and mount secrets at will"),
    ("ValidatingAdmissionPolicy", "policies that refuse objects are not asked"),
    ("ValidatingAdmissionWebhook", "webhooks that refuse objects are not asked"),
];

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let Some(plugins) = Plugins::of(scope, &mut flags) else { return flags.verdict() };
    for (plugin, loss) in REQUIRED {
        if let Some(place) = plugins.disabled(plugin).filter(|_| !plugins.is_on(plugin)) {
            flags.fault(Fault::new(place, format!("`{plugin}` is disabled: {loss}")));
        }
    }
    // The deprecated flag is of a time when the other plugins did not exist.
    if plugins.is_exclusive() {
        for (plugin, loss) in
            REQUIRED.iter().filter(|(name, _)| matches!(*name, "NamespaceLifecycle" | "ServiceAccount"))
        {
            if !plugins.is_on(plugin) {
                flags.fault(Fault::new(
                    plugins.place(),
                    format!("`--admission-control` leaves `{plugin}` out: {loss}"),
                ));
            }
        }
    }
    if let Some(place) = plugins.enabled("AlwaysAdmit") {
        let message = "`AlwaysAdmit` is enabled: it refuses nothing and stands for a copied template";
        flags.fault(Fault::new(place, message).graded(Severity::Low));
    }
    flags.verdict()
}
