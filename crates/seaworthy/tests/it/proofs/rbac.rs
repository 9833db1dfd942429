//! Rights: who has them, as the API server says.

use ::lab::{Lab, Profile};

use super::{Mutant, PROVED, REFUTED, Row, check_mutants, expect, hardened, prove};

/// Verdicts on the hardened lab: nobody has what matters but those whom the lab itself needs.
const HARDENED: &[Row] = &[
    ("rbac/admission-write", "*", PROVED),
    ("rbac/anonymous-bindings", "system:anonymous", PROVED),
    ("rbac/authenticated-bindings", "*", PROVED),
    ("rbac/cluster-admin", "*", PROVED),
    ("rbac/csr-approval", "*", PROVED),
    ("rbac/escalate-bind-impersonate", "*", PROVED),
    ("rbac/escalation-paths", "everybody else", PROVED),
    // The API server reaches kubelets as a member of it.
    ("rbac/escalation-paths", "lab:kubelet-clients", REFUTED),
    ("rbac/evidence-tampering", "*", PROVED),
    ("rbac/exec-access", "*", PROVED),
    ("rbac/namespace-write", "*", PROVED),
    ("rbac/network-write", "*", PROVED),
    ("rbac/node-and-volume-write", "*", PROVED),
    ("rbac/nodes-proxy#rights", "*", PROVED),
    ("rbac/secret-access", "*", PROVED),
    ("rbac/sensitive-config-maps", "*", PROVED),
    ("rbac/token-creation", "*", PROVED),
    ("rbac/workload-creation", "*", PROVED),
];

/// Verdicts on the insecure lab, where everybody may do everything.
const INSECURE: &[Row] = &[
    ("rbac/admission-write", "*", REFUTED),
    ("rbac/anonymous-bindings", "system:anonymous", REFUTED),
    ("rbac/authenticated-bindings", "*", REFUTED),
    ("rbac/cluster-admin", "*", REFUTED),
    ("rbac/csr-approval", "*", REFUTED),
    ("rbac/escalate-bind-impersonate", "*", REFUTED),
    ("rbac/escalation-paths", "*", REFUTED),
    ("rbac/evidence-tampering", "*", REFUTED),
    ("rbac/exec-access", "*", REFUTED),
    ("rbac/namespace-write", "*", REFUTED),
    ("rbac/network-write", "*", REFUTED),
    ("rbac/node-and-volume-write", "*", REFUTED),
    ("rbac/nodes-proxy#rights", "*", REFUTED),
    ("rbac/secret-access", "*", REFUTED),
    ("rbac/sensitive-config-maps", "*", REFUTED),
    ("rbac/token-creation", "*", REFUTED),
    ("rbac/workload-creation", "*", REFUTED),
];

#[test]
fn what_is_tried_on_both_profiles_comes_out_as_their_description_says() {
    let profiles =
        [(hardened(), HARDENED), (Profile::insecure().with_controllers().with_application(), INSECURE)];
    for (profile, rows) in profiles {
        match Lab::start(profile) {
            Ok(lab) => expect(&prove(&lab, &["--select", "rbac"]), rows),
            Err(skip) => return skip.announce(),
        }
    }
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a group of people has cluster-admin",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: people}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "staff:people"}]
"#,
        turns: &[("rbac/cluster-admin", "staff:people", REFUTED)],
    },
    Mutant {
        name: "everybody may list secrets",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: readers}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: readers}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
"#,
        turns: &[
            ("rbac/secret-access", "system:authenticated", REFUTED),
            ("rbac/secret-access", "everybody else", REFUTED),
            ("rbac/authenticated-bindings", "*", REFUTED),
            // Accounts are authenticated as well.
            ("service-accounts/default-account-bindings", "*", REFUTED),
        ],
    },
    Mutant {
        name: "a user may exec in one namespace, by name",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debug, namespace: shop-hardened}
rules: [{apiGroups: [""], resources: [pods/exec], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: shop-hardened}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
"#,
        turns: &[("rbac/exec-access", "jane", REFUTED)],
    },
    Mutant {
        name: "an account may act as anybody",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: actor}
rules: [{apiGroups: [""], resources: [users], verbs: [impersonate]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: actor}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: actor}
subjects: [{kind: ServiceAccount, name: web, namespace: shop-hardened}]
"#,
        turns: &[
            ("rbac/escalate-bind-impersonate", "shop-hardened/web", REFUTED),
            ("rbac/escalation-paths", "shop-hardened/web", REFUTED),
        ],
    },
    Mutant {
        // The check against escalation stands behind the right: it is proved by what it refuses.
        name: "somebody may write roles and bindings, and not escalate",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings, roles, rolebindings], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: writer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: writer}]
"#,
        turns: &[("rbac/escalate-bind-impersonate#escalation", "writer", PROVED)],
    },
    Mutant {
        name: "somebody may write roles in one namespace, and escalate",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: escalator, namespace: shop-hardened}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, escalate]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: escalator, namespace: shop-hardened}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: escalator}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: escalator}]
"#,
        turns: &[("rbac/escalate-bind-impersonate", "escalator", REFUTED)],
    },
    Mutant {
        name: "people may use nodes/proxy",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: monitoring}
rules: [{apiGroups: [""], resources: [nodes/proxy], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: monitoring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: monitoring}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "staff:monitoring"}]
"#,
        turns: &[
            ("rbac/nodes-proxy#rights", "staff:monitoring", REFUTED),
            ("rbac/nodes-proxy#exec", "staff:monitoring", REFUTED),
            ("rbac/escalation-paths", "staff:monitoring", REFUTED),
        ],
    },
];

#[test]
fn one_grant_too_many_turns_what_it_is_about() {
    check_mutants(MUTANTS);
}

/// A right that no binding gives: an authorizer beside RBAC does, which the scan does not see.
#[test]
fn a_right_that_no_binding_gives_is_found() {
    let profile = Profile::hardened()
        .with_application()
        .without_flag("kube-apiserver", "authorization-config")
        .with_flag("kube-apiserver", "authorization-mode", "Node,RBAC,ABAC")
        .with_flag("kube-apiserver", "authorization-policy-file", "${config}/abac.jsonl")
        .with_file(
            "abac.jsonl",
            r#"{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"group":"lab:viewers","namespace":"*","resource":"secrets","apiGroup":"*"}}
"#,
        );
    let lab = match Lab::start(profile) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let report = prove(&lab, &["--select", "rbac"]);
    expect(
        &report,
        &[
            ("rbac/secret-access#rights", "everybody else", REFUTED),
            // What the group may do, a user outside of it cannot.
            ("rbac/secret-access#live", "everybody else", PROVED),
            ("rbac/namespace-write", "everybody else", PROVED),
        ],
    );
}
