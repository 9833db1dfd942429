//! The API server with one thing broken.

use super::super::{INCONCLUSIVE, Mutant, PROVED, REFUTED, check_mutants};

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "anonymous requests are let in",
        profile: |profile| {
            profile.without_flag("kube-apiserver", "authentication-config").with_flag(
                "kube-apiserver",
                "anonymous-auth",
                "true",
            )
        },
        objects: "",
        // A made-up token is refused even so.
        turns: &[("api-server/anonymous-auth#reach", "API server", REFUTED)],
    },
    Mutant {
        name: "anonymous users may list secrets",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: open}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: open}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}]
"#,
        turns: &[
            ("api-server/anonymous-auth#rights", "API server", REFUTED),
            ("rbac/anonymous-bindings", "system:anonymous", REFUTED),
            ("rbac/secret-access", "system:unauthenticated", REFUTED),
        ],
    },
    Mutant {
        name: "keys of the issuer are open to everybody",
        profile: |profile| {
            profile.with_file(
                "authentication.yaml",
                "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n\
                 anonymous: {enabled: true, conditions: [{path: /livez}, {path: /openid/v1/jwks}]}\n",
            )
        },
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: issuer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:service-account-issuer-discovery"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}]
"#,
        turns: &[
            ("api-server/anonymous-auth#reach", "API server", REFUTED),
            ("rbac/anonymous-bindings", "system:anonymous", REFUTED),
        ],
    },
    Mutant {
        name: "profiles are served",
        profile: |profile| profile.with_flag("kube-apiserver", "profiling", "true"),
        objects: "",
        turns: &[("api-server/profiling", "API server", REFUTED)],
    },
    Mutant {
        name: "flow control is off",
        profile: |profile| profile.with_flag("kube-apiserver", "enable-priority-and-fairness", "false"),
        objects: "",
        turns: &[("api-server/overload-guards", "API server", REFUTED)],
    },
    Mutant {
        name: "the Node authorizer is missing",
        profile: |profile| {
            profile.with_file(
                "authorization.yaml",
                "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n\
                 authorizers: [{type: RBAC, name: rbac}]\n",
            )
        },
        objects: "",
        // RBAC refuses nodes as well: only the reason tells.
        turns: &[
            ("api-server/authorization-mode#node", "API server", REFUTED),
            // Nodes may not even make themselves known, so that the plugin is not asked.
            ("admission/node-restriction", "API server", INCONCLUSIVE),
        ],
    },
    Mutant {
        name: "a front proxy of the clients' authority may be called admin",
        profile: |profile| {
            profile.with_flag("kube-apiserver", "requestheader-client-ca-file", "${pki}/ca.crt").with_flag(
                "kube-apiserver",
                "requestheader-allowed-names",
                "admin",
            )
        },
        objects: "",
        turns: &[("api-server/trusted-cas#front-proxy", "*", REFUTED)],
    },
    Mutant {
        // Trap: the headers of the caller's certificate are refused, and those of another one would not be.
        name: "a front proxy of the clients' authority has a name of its own",
        profile: |profile| {
            profile.with_flag("kube-apiserver", "requestheader-client-ca-file", "${pki}/ca.crt")
        },
        objects: "",
        turns: &[("api-server/trusted-cas#front-proxy", "*", REFUTED)],
    },
    Mutant {
        name: "nothing is audited",
        profile: |profile| {
            [
                "audit-policy-file",
                "audit-log-path",
                "audit-log-maxage",
                "audit-log-maxbackup",
                "audit-log-maxsize",
            ]
            .into_iter()
            .fold(profile, |profile, flag| profile.without_flag("kube-apiserver", flag))
        },
        objects: "",
        turns: &[("audit/enabled#counter", "API server", REFUTED)],
    },
    Mutant {
        name: "tokens of a file are good",
        profile: |profile| {
            profile.with_file("tokens.csv", "lab-token-of-a-file,file-user,1\n").with_flag(
                "kube-apiserver",
                "token-auth-file",
                "${config}/tokens.csv",
            )
        },
        objects: "",
        // A made-up token is refused as before.
        turns: &[("authentication/static-tokens", "API server", REFUTED)],
    },
    Mutant {
        name: "tokens live for a day at most",
        profile: |profile| profile.with_flag("kube-apiserver", "service-account-max-token-expiration", "24h"),
        objects: "",
        turns: &[("service-accounts/token-binding#life", "API server", PROVED)],
    },
    Mutant {
        name: "tokens of pods are extended",
        profile: |profile| {
            profile.with_flag("kube-apiserver", "service-account-extend-token-expiration", "true")
        },
        objects: "",
        turns: &[("service-accounts/token-binding#extended", "API server", REFUTED)],
    },
    Mutant {
        name: "a token that never ends lies in a Secret",
        profile: |profile| profile,
        objects: r#"
apiVersion: v1
kind: Secret
metadata:
  name: old
  namespace: default
  annotations: {kubernetes.io/service-account.name: default}
type: kubernetes.io/service-account-token
"#,
        turns: &[("service-accounts/legacy-tokens", "Secrets", REFUTED)],
    },
    Mutant {
        name: "a bootstrap token is left",
        profile: |profile| profile,
        objects: r#"
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {token-id: abcdef, token-secret: "0123456789abcdef", usage-bootstrap-authentication: "true"}
"#,
        turns: &[("authentication/bootstrap-tokens", "Secrets", INCONCLUSIVE)],
    },
    Mutant {
        name: "a default account may read Secrets",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: kube-public}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: kube-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: default, namespace: kube-public}]
"#,
        turns: &[
            ("service-accounts/default-account-bindings", "kube-public/default", REFUTED),
            ("rbac/secret-access", "kube-public/default", REFUTED),
        ],
    },
    Mutant {
        name: "the scheduler may read Secrets",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scheduler-more}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scheduler-more}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scheduler-more}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "system:kube-scheduler"}]
"#,
        turns: &[
            ("control-plane/component-roles", "system:kube-scheduler", REFUTED),
            ("rbac/secret-access", "system:kube-scheduler", REFUTED),
        ],
    },
    Mutant {
        name: "kube-proxy may do everything",
        profile: |profile| profile,
        objects: r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy-more}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: kube-proxy, namespace: kube-system}]
"#,
        turns: &[
            ("kube-proxy/api-access", "system:serviceaccount:kube-system:kube-proxy", REFUTED),
            ("rbac/cluster-admin", "kube-system/kube-proxy", REFUTED),
        ],
    },
];

#[test]
fn one_thing_broken_turns_one_verdict() {
    check_mutants(MUTANTS);
}
