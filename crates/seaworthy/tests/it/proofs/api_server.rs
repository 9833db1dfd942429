//! The API server: who gets in, and who decides.

use ::lab::{Lab, Profile};

use super::{Mutant, PROVED, REFUTED, Row, check_mutants, expect, hardened, prove};

/// Verdicts on the hardened lab.
const HARDENED: &[Row] = &[
    ("api-server/anonymous-auth#reach", "API server", PROVED),
    ("api-server/anonymous-auth#rights", "API server", PROVED),
    ("api-server/authorization-mode", "API server", PROVED),
];

/// Verdicts on the insecure lab.
const INSECURE: &[Row] = &[
    // AlwaysAllow makes the server turn anonymous requests off, whatever its flag says.
    ("api-server/anonymous-auth#reach", "API server", PROVED),
    ("api-server/anonymous-auth#rights", "API server", REFUTED),
    ("api-server/authorization-mode", "API server", REFUTED),
];

#[test]
fn what_is_tried_on_both_profiles_comes_out_as_their_description_says() {
    let profiles =
        [(hardened(), HARDENED), (Profile::insecure().with_controllers().with_application(), INSECURE)];
    for (profile, rows) in profiles {
        match Lab::start(profile) {
            Ok(lab) => expect(&prove(&lab, &["--select", "api-server"]), rows),
            Err(skip) => return skip.announce(),
        }
    }
}

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
        turns: &[("api-server/anonymous-auth#rights", "API server", REFUTED)],
    },
];

#[test]
fn one_thing_broken_turns_one_verdict() {
    check_mutants(MUTANTS);
}
