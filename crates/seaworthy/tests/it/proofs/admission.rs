//! Admission: what pods may be, by dry runs in each namespace; plugins, policies and webhooks; images.

use ::lab::{Lab, Profile};

use super::{INCONCLUSIVE, Mutant, PROVED, REFUTED, Row, check_mutants, expect, hardened, prove};

/// Controls that the level `baseline` of Pod Security demands.
pub(super) const BASELINE: &[&str] = &[
    "pods/apparmor-profile",
    "pods/capabilities-added",
    "pods/host-namespaces",
    "pods/host-path",
    "pods/host-ports",
    "pods/privileged",
    "pods/probe-hosts",
    "pods/seccomp-unconfined",
    "pods/selinux-options",
    "pods/sysctls",
    "pods/windows-host-process",
];

/// Controls that only the level `restricted` demands.
pub(super) const RESTRICTED: &[&str] = &[
    "pods/capabilities-dropped",
    "pods/privilege-escalation",
    "pods/proc-mount-restricted",
    "pods/run-as-non-root",
    "pods/run-as-user",
    "pods/seccomp-profile",
    "pods/volume-types",
];

/// One verdict for each of some controls.
fn each(controls: &[&'static str], namespace: &'static str, verdict: &'static str) -> Vec<Row> {
    controls.iter().map(|control| (*control, namespace, verdict)).collect()
}

/// Verdicts on the hardened lab beside those about pods, all of which its namespaces refuse.
const HARDENED: &[Row] = &[
    // The API server itself takes no `Unmasked` without a user namespace.
    ("pods/proc-mount", "*", PROVED),
    ("pods/resource-limits", "shop-hardened", PROVED),
    // Its quota has room for no pod at all, and comes last: what would be let in is not seen.
    ("pods/resource-limits", "default", INCONCLUSIVE),
    ("images/pull-policy", "default", INCONCLUSIVE),
    ("images/pull-policy", "shop-hardened", PROVED),
    ("namespaces/pod-security-enforce", "*", PROVED),
    ("namespaces/pod-security-exemptions", "*", PROVED),
    ("namespaces/pod-security-staging", "*", PROVED),
    ("namespaces/resource-quotas", "shop-hardened", PROVED),
    ("storage/limits", "shop-hardened", PROVED),
    ("exposure/external-ips", "*", PROVED),
    ("admission/required-plugins#counted", "*", PROVED),
    ("admission/required-plugins#dry-run", "*", PROVED),
    ("admission/node-restriction", "API server", PROVED),
    ("admission/optional-plugins#counted", "EventRateLimit", PROVED),
    ("admission/optional-plugins#dry-run", "AlwaysPullImages", PROVED),
    // Nothing judges images: what files say is sound, and the cluster takes any.
    ("admission/image-policy", "shop-hardened", REFUTED),
    ("images/digest-pinned", "shop-hardened", REFUTED),
    ("images/signature-verified", "shop-hardened", REFUTED),
];

/// Verdicts on the insecure lab beside those about pods, all of which its namespaces let in.
const INSECURE: &[Row] = &[
    // Refused by the API server itself, whatever the profile.
    ("pods/proc-mount", "*", PROVED),
    ("pods/resource-limits", "*", REFUTED),
    ("images/pull-policy", "*", REFUTED),
    ("namespaces/pod-security-enforce", "*", REFUTED),
    ("namespaces/pod-security-staging", "*", REFUTED),
    ("namespaces/resource-quotas", "*", REFUTED),
    ("exposure/external-ips", "*", REFUTED),
    // Plugins that are on by default are on here, too.
    ("admission/required-plugins#counted", "*", PROVED),
    ("admission/required-plugins#dry-run", "*", PROVED),
    ("admission/node-restriction", "API server", REFUTED),
    ("admission/optional-plugins#counted", "EventRateLimit", REFUTED),
    ("admission/optional-plugins#dry-run", "AlwaysPullImages", REFUTED),
    ("admission/image-policy", "*", REFUTED),
    ("images/digest-pinned", "*", REFUTED),
    ("images/signature-verified", "*", REFUTED),
    // `failurePolicy: Ignore`, and nothing behind it.
    ("admission/webhook-safety", "images", REFUTED),
];

#[test]
fn what_is_tried_on_both_profiles_comes_out_as_their_description_says() {
    let insecure = Profile::insecure().with_controllers().with_application();
    let select =
        &["--select", "pods", "--select", "images", "--select", "namespaces", "--select", "admission"];
    let select = [&select[..], &["--select", "storage", "--select", "exposure/external-ips"]].concat();
    for (profile, rows, verdict) in [(hardened(), HARDENED, PROVED), (insecure, INSECURE, REFUTED)] {
        let mut rows = rows.to_vec();
        rows.extend(each(BASELINE, "*", verdict));
        rows.extend(each(RESTRICTED, "*", verdict));
        match Lab::start(profile) {
            Ok(lab) => expect(&prove(&lab, &select), &rows),
            Err(skip) => return skip.announce(),
        }
    }
}

/// Exemptions and defaults of Pod Security in the file of the hardened profile.
macro_rules! admission_file {
    ($level:literal, $exemptions:literal) => {
        concat!(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n",
            "  - {name: EventRateLimit, path: \"${config}/event-rate-limit.yaml\"}\n",
            "  - name: PodSecurity\n    configuration:\n",
            "      apiVersion: pod-security.admission.config.k8s.io/v1\n      kind: PodSecurityConfiguration\n",
            "      defaults: {enforce: ", $level, ", enforce-version: latest, audit: ", $level,
            ", audit-version: latest, warn: ", $level, ", warn-version: latest}\n",
            "      exemptions: {", $exemptions, "}\n",
        )
    };
}

const PLUGINS: &str = "enable-admission-plugins";

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a namespace enforces baseline alone",
        profile: |profile| profile,
        objects: r#"
apiVersion: v1
kind: Namespace
metadata:
  name: shop-hardened
  labels: {team: shop, pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/warn: restricted, pod-security.kubernetes.io/audit: restricted}
"#,
        turns: &[
            ("pods/capabilities-dropped", "shop-hardened", REFUTED),
            ("pods/privilege-escalation", "shop-hardened", REFUTED),
            ("pods/run-as-non-root", "shop-hardened", REFUTED),
            ("pods/run-as-user", "shop-hardened", REFUTED),
            ("pods/volume-types", "shop-hardened", REFUTED),
            ("pods/proc-mount-restricted", "shop-hardened", REFUTED),
            ("pods/seccomp-profile", "shop-hardened", REFUTED),
        ],
    },
    Mutant {
        name: "namespaces without a label are privileged by default",
        profile: |profile| {
            profile.with_file("admission.yaml", admission_file!("privileged", "namespaces: [kube-system]"))
        },
        objects: r#"
apiVersion: v1
kind: Namespace
metadata: {name: late}
"#,
        turns: &[
            // Its default account gives every pod a token.
            ("service-accounts/automount-token", "late", REFUTED),
            ("pods/privileged", "late", REFUTED),
            ("pods/host-namespaces", "late", REFUTED),
            ("pods/host-path", "late", REFUTED),
            ("pods/host-ports", "late", REFUTED),
            ("pods/capabilities-added", "late", REFUTED),
            ("pods/sysctls", "late", REFUTED),
            ("pods/windows-host-process", "late", REFUTED),
            ("pods/probe-hosts", "late", REFUTED),
            ("pods/apparmor-profile", "late", REFUTED),
            ("pods/selinux-options", "late", REFUTED),
            ("pods/seccomp-unconfined", "late", REFUTED),
            ("pods/capabilities-dropped", "late", REFUTED),
            ("pods/privilege-escalation", "late", REFUTED),
            ("pods/run-as-non-root", "late", REFUTED),
            ("pods/run-as-user", "late", REFUTED),
            ("pods/volume-types", "late", REFUTED),
            ("pods/proc-mount-restricted", "late", REFUTED),
            ("pods/seccomp-profile", "late", REFUTED),
            ("pods/resource-limits", "late", REFUTED),
            ("namespaces/pod-security-enforce", "late", REFUTED),
            ("namespaces/pod-security-staging", "late", REFUTED),
            ("namespaces/resource-quotas", "late", REFUTED),
            ("images/digest-pinned", "late", REFUTED),
            ("images/signature-verified", "late", REFUTED),
            ("admission/image-policy", "late", REFUTED),
        ],
    },
    Mutant {
        name: "Pod Security is off",
        profile: |profile| profile.with_flag("kube-apiserver", "disable-admission-plugins", "PodSecurity"),
        objects: "",
        turns: &[
            ("pods/privileged", "shop-hardened", REFUTED),
            ("pods/host-namespaces", "shop-hardened", REFUTED),
            ("pods/host-path", "shop-hardened", REFUTED),
            ("pods/host-ports", "shop-hardened", REFUTED),
            ("pods/capabilities-added", "shop-hardened", REFUTED),
            ("pods/sysctls", "shop-hardened", REFUTED),
            ("pods/windows-host-process", "shop-hardened", REFUTED),
            ("pods/probe-hosts", "shop-hardened", REFUTED),
            ("pods/apparmor-profile", "shop-hardened", REFUTED),
            ("pods/selinux-options", "shop-hardened", REFUTED),
            ("pods/seccomp-unconfined", "shop-hardened", REFUTED),
            ("pods/capabilities-dropped", "shop-hardened", REFUTED),
            ("pods/privilege-escalation", "shop-hardened", REFUTED),
            ("pods/run-as-non-root", "shop-hardened", REFUTED),
            ("pods/run-as-user", "shop-hardened", REFUTED),
            ("pods/volume-types", "shop-hardened", REFUTED),
            ("pods/proc-mount-restricted", "shop-hardened", REFUTED),
            ("pods/seccomp-profile", "shop-hardened", REFUTED),
            ("pods/privileged", "default", INCONCLUSIVE),
            ("pods/host-namespaces", "default", INCONCLUSIVE),
            ("pods/host-path", "default", INCONCLUSIVE),
            ("pods/host-ports", "default", INCONCLUSIVE),
            ("pods/capabilities-added", "default", INCONCLUSIVE),
            ("pods/sysctls", "default", INCONCLUSIVE),
            ("pods/windows-host-process", "default", INCONCLUSIVE),
            ("pods/probe-hosts", "default", INCONCLUSIVE),
            ("pods/apparmor-profile", "default", INCONCLUSIVE),
            ("pods/selinux-options", "default", INCONCLUSIVE),
            ("pods/seccomp-unconfined", "default", INCONCLUSIVE),
            ("pods/capabilities-dropped", "default", INCONCLUSIVE),
            ("pods/privilege-escalation", "default", INCONCLUSIVE),
            ("pods/run-as-non-root", "default", INCONCLUSIVE),
            ("pods/run-as-user", "default", INCONCLUSIVE),
            ("pods/volume-types", "default", INCONCLUSIVE),
            ("pods/proc-mount-restricted", "default", INCONCLUSIVE),
            ("pods/seccomp-profile", "default", INCONCLUSIVE),
            ("namespaces/pod-security-enforce", "shop-hardened", REFUTED),
            ("namespaces/pod-security-enforce", "default", INCONCLUSIVE),
            ("namespaces/pod-security-exemptions", "shop-hardened", REFUTED),
            ("namespaces/pod-security-exemptions", "default", INCONCLUSIVE),
            ("namespaces/pod-security-staging", "*", REFUTED),
            ("admission/required-plugins#counted", "PodSecurity", REFUTED),
        ],
    },
    Mutant {
        name: "the prober is exempt from Pod Security, and nobody else",
        profile: |profile| {
            profile.with_file(
                "admission.yaml",
                admission_file!("restricted", "namespaces: [kube-system], usernames: [admin]"),
            )
        },
        objects: "",
        turns: &[
            ("pods/privileged", "*", INCONCLUSIVE),
            ("pods/host-namespaces", "*", INCONCLUSIVE),
            ("pods/host-path", "*", INCONCLUSIVE),
            ("pods/host-ports", "*", INCONCLUSIVE),
            ("pods/capabilities-added", "*", INCONCLUSIVE),
            ("pods/sysctls", "*", INCONCLUSIVE),
            ("pods/windows-host-process", "*", INCONCLUSIVE),
            ("pods/probe-hosts", "*", INCONCLUSIVE),
            ("pods/apparmor-profile", "*", INCONCLUSIVE),
            ("pods/selinux-options", "*", INCONCLUSIVE),
            ("pods/seccomp-unconfined", "*", INCONCLUSIVE),
            ("pods/capabilities-dropped", "*", INCONCLUSIVE),
            ("pods/privilege-escalation", "*", INCONCLUSIVE),
            ("pods/run-as-non-root", "*", INCONCLUSIVE),
            ("pods/run-as-user", "*", INCONCLUSIVE),
            ("pods/volume-types", "*", INCONCLUSIVE),
            ("pods/proc-mount-restricted", "*", INCONCLUSIVE),
            ("pods/seccomp-profile", "*", INCONCLUSIVE),
            ("namespaces/pod-security-enforce", "*", INCONCLUSIVE),
            ("namespaces/pod-security-exemptions", "shop-hardened", REFUTED),
            ("namespaces/pod-security-exemptions", "default", INCONCLUSIVE),
            ("namespaces/pod-security-staging", "*", REFUTED),
        ],
    },
    Mutant {
        name: "warnings are turned off",
        profile: |profile| profile,
        objects: r#"
apiVersion: v1
kind: Namespace
metadata:
  name: shop-hardened
  labels: {team: shop, pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: privileged, pod-security.kubernetes.io/audit: restricted}
"#,
        turns: &[("namespaces/pod-security-staging", "shop-hardened", REFUTED)],
    },
    Mutant {
        name: "AlwaysPullImages is off",
        profile: |profile| {
            profile.with_flag(
                "kube-apiserver",
                PLUGINS,
                "NodeRestriction,DenyServiceExternalIPs,EventRateLimit",
            )
        },
        objects: "",
        turns: &[
            ("admission/optional-plugins#dry-run", "AlwaysPullImages", REFUTED),
            ("images/pull-policy", "shop-hardened", REFUTED),
        ],
    },
    Mutant {
        name: "EventRateLimit is off",
        profile: |profile| {
            profile.with_flag(
                "kube-apiserver",
                PLUGINS,
                "NodeRestriction,DenyServiceExternalIPs,AlwaysPullImages",
            )
        },
        objects: "",
        turns: &[("admission/optional-plugins#counted", "EventRateLimit", REFUTED)],
    },
    Mutant {
        name: "DenyServiceExternalIPs is off",
        profile: |profile| {
            profile.with_flag("kube-apiserver", PLUGINS, "NodeRestriction,AlwaysPullImages,EventRateLimit")
        },
        objects: "",
        turns: &[("exposure/external-ips", "*", REFUTED)],
    },
    Mutant {
        name: "NodeRestriction is off",
        profile: |profile| {
            profile.with_flag(
                "kube-apiserver",
                PLUGINS,
                "DenyServiceExternalIPs,AlwaysPullImages,EventRateLimit",
            )
        },
        objects: "",
        turns: &[("admission/node-restriction", "API server", REFUTED)],
    },
    Mutant {
        name: "NamespaceLifecycle and CertificateSubjectRestriction are off",
        profile: |profile| {
            let off = "NamespaceLifecycle,CertificateSubjectRestriction";
            profile.with_flag("kube-apiserver", "disable-admission-plugins", off)
        },
        objects: "",
        turns: &[
            ("admission/required-plugins#counted", "NamespaceLifecycle", REFUTED),
            ("admission/required-plugins#dry-run", "NamespaceLifecycle", REFUTED),
            ("admission/required-plugins#counted", "CertificateSubjectRestriction", REFUTED),
            ("admission/required-plugins#dry-run", "CertificateSubjectRestriction", REFUTED),
        ],
    },
    Mutant {
        name: "a namespace bounds nothing",
        profile: |profile| profile,
        objects: r#"
apiVersion: v1
kind: Namespace
metadata:
  name: unbounded
  labels: {team: shop, pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted, pod-security.kubernetes.io/audit: restricted}
"#,
        turns: &[
            ("pods/resource-limits", "unbounded", REFUTED),
            ("namespaces/resource-quotas", "unbounded", REFUTED),
            ("service-accounts/automount-token", "unbounded", REFUTED),
            ("images/digest-pinned", "unbounded", REFUTED),
            ("images/signature-verified", "unbounded", REFUTED),
            ("admission/image-policy", "unbounded", REFUTED),
        ],
    },
    Mutant {
        name: "claims are bounded by nothing, and roles still speak of PodSecurityPolicy",
        profile: |profile| profile,
        objects: r#"
apiVersion: v1
kind: Namespace
metadata:
  name: claims
  labels: {team: shop, pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted, pod-security.kubernetes.io/audit: restricted}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: small, namespace: claims}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: psp}
rules: [{apiGroups: [policy], resources: [podsecuritypolicies], resourceNames: [restricted], verbs: [use]}]
"#,
        turns: &[
            ("storage/limits", "claims", REFUTED),
            ("admission/obsolete-policy", "shop-hardened", PROVED),
            ("pods/resource-limits", "claims", REFUTED),
            ("namespaces/resource-quotas", "claims", REFUTED),
            ("service-accounts/automount-token", "claims", REFUTED),
            ("images/digest-pinned", "claims", REFUTED),
            ("images/signature-verified", "claims", REFUTED),
            ("admission/image-policy", "claims", REFUTED),
        ],
    },
    Mutant {
        name: "a namespace is exempt from Pod Security, which has replaced the PodSecurityPolicy that a role still speaks of",
        profile: |profile| {
            profile.with_file(
                "admission.yaml",
                admission_file!("restricted", "namespaces: [kube-system, shop-hardened]"),
            )
        },
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: psp}
rules: [{apiGroups: [policy], resources: [podsecuritypolicies], resourceNames: [restricted], verbs: [use]}]
"#,
        turns: &[
            ("pods/privileged", "shop-hardened", REFUTED),
            ("pods/host-namespaces", "shop-hardened", REFUTED),
            ("pods/host-path", "shop-hardened", REFUTED),
            ("pods/host-ports", "shop-hardened", REFUTED),
            ("pods/capabilities-added", "shop-hardened", REFUTED),
            ("pods/sysctls", "shop-hardened", REFUTED),
            ("pods/windows-host-process", "shop-hardened", REFUTED),
            ("pods/probe-hosts", "shop-hardened", REFUTED),
            ("pods/apparmor-profile", "shop-hardened", REFUTED),
            ("pods/selinux-options", "shop-hardened", REFUTED),
            ("pods/seccomp-unconfined", "shop-hardened", REFUTED),
            ("pods/capabilities-dropped", "shop-hardened", REFUTED),
            ("pods/privilege-escalation", "shop-hardened", REFUTED),
            ("pods/run-as-non-root", "shop-hardened", REFUTED),
            ("pods/run-as-user", "shop-hardened", REFUTED),
            ("pods/volume-types", "shop-hardened", REFUTED),
            ("pods/proc-mount-restricted", "shop-hardened", REFUTED),
            ("pods/seccomp-profile", "shop-hardened", REFUTED),
            ("namespaces/pod-security-enforce", "shop-hardened", REFUTED),
            ("namespaces/pod-security-exemptions", "shop-hardened", REFUTED),
            ("namespaces/pod-security-staging", "shop-hardened", REFUTED),
            ("admission/obsolete-policy", "shop-hardened", REFUTED),
        ],
    },
    Mutant {
        name: "a webhook lets everything in while nothing is behind it",
        profile: |profile| profile,
        objects: r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: dead}
webhooks:
  - name: dead.example.com
    failurePolicy: Ignore
    sideEffects: None
    admissionReviewVersions: [v1]
    clientConfig: {service: {name: dead, namespace: default, path: /validate}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
"#,
        turns: &[("admission/webhook-safety", "dead", REFUTED)],
    },
    Mutant {
        name: "policies that refuse nobody, somebody, or nothing that is known",
        profile: |profile| profile,
        objects: POLICIES,
        turns: &[
            ("admission/policy-engine", "sound", PROVED),
            ("admission/policy-engine", "audited", REFUTED),
            ("admission/policy-engine", "warned", REFUTED),
            ("admission/policy-engine", "unbound", REFUTED),
            // It exempts who is in a group, as the caller is: that it refuses others is not seen.
            ("admission/policy-engine", "holed", INCONCLUSIVE),
        ],
    },
];

/// One policy that refuses, and four that do not, each in its own way.
const POLICIES: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: sound}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  validations: [{expression: "!has(object.spec.hostAliases)"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: sound}
spec: {policyName: sound, validationActions: [Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: audited}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: "object.spec.replicas < 100"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: audited}
spec: {policyName: audited, validationActions: [Audit]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: warned}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: "object.spec.replicas < 100"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: warned}
spec: {policyName: warned, validationActions: [Warn]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: unbound}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: "object.spec.replicas < 100"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: holed}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  matchConditions: [{name: people, expression: "!request.userInfo.groups.exists(group, group == 'system:masters')"}]
  validations: [{expression: "object.spec.replicas < 100"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: holed}
spec: {policyName: holed, validationActions: [Deny]}
"#;

#[test]
fn one_thing_broken_turns_what_it_is_about() {
    check_mutants(MUTANTS);
}

/// Nobody may try anything, so that nothing is proved or refuted.
#[test]
fn a_caller_without_rights_comes_to_no_conclusion() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let nobody = lab.kubeconfig("nobody");
    let report =
        super::prove_as(&lab, &nobody, &["--select", "pods", "--select", "admission", "--select", "rbac"]);
    let proofs = report["proofs"].as_array().expect("proofs");
    assert!(!proofs.is_empty());
    for proof in proofs {
        // What the control of masking needs, everybody may see.
        assert_eq!(proof["verdict"], INCONCLUSIVE, "{proof:#}");
    }
}

/// Without the controller that makes it, a namespace has no ServiceAccount `default`, and every pod is refused for that.
#[test]
fn a_namespace_without_its_account_proves_nothing() {
    let lab = match Lab::start(Profile::hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    // Made past `apply`, which makes the account where no controller does.
    let namespace = r#"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}"#;
    let made = lab.send("admin", "POST", "/api/v1/namespaces", Some(("application/json", namespace)));
    assert_eq!(made.expect("an answer").status, 201);
    let rows: Vec<Row> =
        [each(BASELINE, "new", INCONCLUSIVE), each(RESTRICTED, "new", INCONCLUSIVE)].concat();
    let report = prove(&lab, &["--select", "pods", "--select", "namespaces"]);
    expect(&report, &rows);
    expect(&report, &[("namespaces/pod-security-enforce", "new", INCONCLUSIVE)]);
}
