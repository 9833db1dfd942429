//! `admission/required-plugins`; prose and cases in `required_plugins.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, expect};
use serde_json::json;

use super::plugins::Plugins;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::probe::{Ground, Probe, Right, admission as said_by, plugins, pod_security};
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
    probes: &[COUNTED, TRIED],
};

const COUNTED: Probe = Probe {
    name: "counted",
    asks: "The caller dry-runs a ConfigMap, and reads at `/metrics` which admission plugins have judged requests",
    proved_by: "a counter that names the plugin",
    refuted_by: "counters of other plugins for creating and changing, and none of this one",
    not_fooled_by: "plugins that were not asked yet: the dry run asks all that judge new objects, and every API server changes leases \
                    by itself. Of several API servers the one that answers tells of itself alone. What a plugin then refuses, \
                    other probes try",
    positive_control: "the dry run is let in, and the metrics are those of an API server",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &plugins::RIGHTS,
    plan: plan_counted,
};

/// The first version in which policies that change objects are on without being asked for.
const MUTATING_POLICIES: u8 = 36;

fn plan_counted(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let version = ground.settings.version;
    let known =
        |plugin: &str| plugin != "MutatingAdmissionPolicy" || version.minor() >= MUTATING_POLICIES.into();
    let plugins = REQUIRED.iter().filter(|(plugin, _)| known(plugin));
    plugins.map(|(plugin, _)| plugins::counted(ground, plugin)).collect()
}

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs a ConfigMap in a namespace that does not exist, a pod of an account that does not exist, and a \
           request for a certificate of `system:masters`",
    proved_by: "404 for the namespace, 403 that names the account, 403 that names `system:masters`",
    refuted_by: "201",
    not_fooled_by: "a pod in a missing namespace, which is refused for its account even with NamespaceLifecycle off: a ConfigMap has \
                    none. Refusals for other reasons are told by their words",
    positive_control: "the same object with a namespace, an account and a group that are sound is let in by the same caller",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        Right { group: "", resource: "configmaps", verbs: &["create"] },
        pod_security::PODS,
        Right { group: "certificates.k8s.io", resource: "certificatesigningrequests", verbs: &["create"] },
    ],
    plan: plan_tried,
};

/// A request for a certificate of `CN=seaworthy-probe, O=system:masters`, whose key nobody has any more.
const CERTIFICATE_REQUEST: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIdk1JR1ZBZ0VBTURNeEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRwdFlYTjBaWEp6TVJnd0ZnWURWUVFEREE5egpaV0YzYjNKMGFIa3RjSEp2WW1Vd1dUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DQUFRZC9ldlEyTnNwCnVnWHYzc1VWKzlqYy9tem02c0N2dHJNeTNacHgxakhRRlZ3TDQwV3N3dDZ4NEJFNXF5blJEQlNaNkNWd08rcU8KdEM0aUI0UDNVVCtQb0FBd0NnWUlLb1pJemowRUF3SURTUUF3UmdJaEFOQzJzdTJIazdzZXdhcVp0MXFkMmd3cwp3YVc5ZndkWTVjU3M1WkFvOURTYUFpRUEwU1IwOEZGVjZEVFNWOVhWUzllWC9TYnlXVWMvdWsvdUtsMS9qdlkyCmgyOD0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";

fn plan_tried(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let config_map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "seaworthy-probe-"}});
    let create = |namespace: &str| said_by::dry_run(namespace, "/api/v1", "configmaps", &config_map);
    let nowhere = format!("seaworthy-nowhere-{}", ground.run);
    let missing = format!("namespaces \"{nowhere}\" not found");
    let steps = vec![
        Step::control("compliant", create("default"), said_by::admitted),
        Step::ask("nowhere", create(&nowhere)),
    ];
    attempts.push(Attempt::new(plugins::subject("NamespaceLifecycle"), steps, move |answers| match answers
        .status("nowhere")
    {
        Some(404) if answers.message("nowhere").contains(&missing) => {
            Outcome::proved("nowhere", "an object in a namespace that does not exist is refused")
        }
        Some(201) => Outcome::refuted("nowhere", "an object in a namespace that does not exist is let in"),
        _ => answers.inconclusive("nowhere"),
    }));
    let subject = plugins::subject("ServiceAccount");
    attempts.push(match said_by::namespace_for_pods(ground) {
        None => said_by::no_namespace_for_pods(subject),
        Some(namespace) => {
            let nobody =
                said_by::changed_pod(|pod| pod["spec"]["serviceAccountName"] = "seaworthy-nobody".into());
            let twin = said_by::dry_run_pod(namespace, &said_by::compliant_pod());
            let steps = vec![
                Step::control("compliant", twin, said_by::admitted),
                Step::ask("nobody", said_by::dry_run_pod(namespace, &nobody)),
            ];
            Attempt::new(subject, steps, |answers| match answers.status("nobody") {
                Some(403) if answers.message("nobody").contains("error looking up service account") => {
                    Outcome::proved("nobody", "a pod of an account that does not exist is refused")
                }
                Some(201) => Outcome::refuted("nobody", "a pod of an account that does not exist is let in"),
                _ => answers.inconclusive("nobody"),
            })
        }
    });
    // The signer of users refuses the group; one that does not exist asks for nothing.
    let request = |signer: &str| {
        let object = json!({
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"generateName": "seaworthy-probe-"},
            "spec": {"request": CERTIFICATE_REQUEST, "signerName": signer, "usages": ["client auth"]},
        });
        let collection = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        Request::dry_run(collection, &object).by(Identity::Caller)
    };
    let steps = vec![
        Step::control("compliant", request("seaworthy.dev/probe"), expect::ok),
        Step::ask("masters", request("kubernetes.io/kube-apiserver-client")),
    ];
    let subject = plugins::subject("CertificateSubjectRestriction");
    attempts.push(Attempt::new(subject, steps, |answers| match answers.status("masters") {
        Some(403) if answers.message("masters").contains("with system:masters group is not allowed") => {
            Outcome::proved("masters", "a request for a certificate of `system:masters` is refused")
        }
        Some(201) => Outcome::refuted("masters", "a request for a certificate of `system:masters` is let in"),
        _ => answers.inconclusive("masters"),
    }));
    attempts
}

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
