//! The API server: who gets in, who decides, what is written down; and what its answers tell of accounts, components and
//! clients.

mod audit;
mod mutants;

use ::lab::{Lab, Profile};

use super::{INCONCLUSIVE, PROVED, REFUTED, Row, expect, hardened, prove};

/// What is tried in this file.
const SELECTED: &[&str] = &[
    "--select",
    "api-server/anonymous-auth,api-server/authorization-mode,api-server/authorization-webhook-fail-closed,\
     api-server/insecure-port,api-server/overload-guards,api-server/profiling,api-server/service-account-keys,\
     api-server/supported-version,api-server/trusted-cas,authentication,service-accounts,clients,\
     control-plane/component-roles,kube-proxy/api-access,exposure",
];

/// Verdicts on the hardened lab.
const HARDENED: &[Row] = &[
    ("api-server/anonymous-auth", "API server", PROVED),
    ("api-server/authorization-mode", "API server", PROVED),
    // A webhook that does not fail cannot be seen to fail closed.
    ("api-server/authorization-webhook-fail-closed", "API server", INCONCLUSIVE),
    ("api-server/insecure-port", "API server", PROVED),
    ("api-server/overload-guards", "API server", PROVED),
    ("api-server/profiling", "API server", PROVED),
    ("api-server/profiling", "scheduler", INCONCLUSIVE),
    ("api-server/profiling", "controller manager", INCONCLUSIVE),
    // Nobody consented.
    ("api-server/service-account-keys", "*", INCONCLUSIVE),
    ("api-server/supported-version", "API server", PROVED),
    ("api-server/trusted-cas", "*", PROVED),
    ("authentication/bootstrap-tokens", "Secrets", PROVED),
    ("authentication/claim-rules", "*", INCONCLUSIVE),
    ("authentication/external-identity", "*", INCONCLUSIVE),
    // No request shows that a token file is missing.
    ("authentication/static-tokens", "API server", INCONCLUSIVE),
    // The lab is asked by an administrator of `system:masters`.
    ("clients/kubeconfig-credentials", "kubeconfig", REFUTED),
    ("clients/kubeconfig-tls", "kubeconfig", PROVED),
    ("control-plane/component-roles", "*", PROVED),
    ("exposure/api-server-public", "*", INCONCLUSIVE),
    ("exposure/control-plane-ports", "*", INCONCLUSIVE),
    ("kube-proxy/api-access", "*", PROVED),
    ("service-accounts/default-account-bindings", "*", PROVED),
    ("service-accounts/legacy-tokens", "Secrets", PROVED),
    ("service-accounts/token-binding#audience", "API server", PROVED),
    // The profile sets no limit, and a year is the default.
    ("service-accounts/token-binding#life", "API server", REFUTED),
    ("service-accounts/token-binding#extended", "API server", PROVED),
    // Its quota lets no pod in.
    ("service-accounts/automount-token", "default", INCONCLUSIVE),
    ("service-accounts/automount-token", "kube-system", REFUTED),
];

/// Verdicts on the insecure lab.
const INSECURE: &[Row] = &[
    // AlwaysAllow makes the server turn anonymous requests off, whatever its flag says.
    ("api-server/anonymous-auth#reach", "API server", PROVED),
    ("api-server/anonymous-auth#rights", "API server", REFUTED),
    // The server reads tokens of a file, and refuses a made-up one all the same.
    ("api-server/anonymous-auth#bad-token", "API server", PROVED),
    ("authentication/static-tokens", "API server", REFUTED),
    ("api-server/authorization-mode#everything", "API server", REFUTED),
    ("api-server/authorization-mode#node", "API server", REFUTED),
    // Something allows it; that it is RBAC is not shown.
    ("api-server/authorization-mode#rbac", "API server", INCONCLUSIVE),
    ("api-server/authorization-webhook-fail-closed", "API server", INCONCLUSIVE),
    ("api-server/insecure-port", "API server", PROVED),
    ("api-server/overload-guards", "API server", REFUTED),
    ("api-server/profiling", "API server", REFUTED),
    ("api-server/supported-version", "API server", PROVED),
    ("api-server/trusted-cas", "*", PROVED),
    // There is one, and when it ends is not read.
    ("authentication/bootstrap-tokens", "Secrets", INCONCLUSIVE),
    ("clients/kubeconfig-credentials", "kubeconfig", REFUTED),
    ("clients/kubeconfig-tls", "kubeconfig", PROVED),
    ("control-plane/component-roles", "*", REFUTED),
    ("kube-proxy/api-access", "*", REFUTED),
    ("service-accounts/automount-token", "kube-system", REFUTED),
    ("service-accounts/default-account-bindings", "*", REFUTED),
    // The application brings some.
    ("service-accounts/legacy-tokens", "Secrets", REFUTED),
    ("service-accounts/token-binding#audience", "API server", PROVED),
    ("service-accounts/token-binding#life", "API server", REFUTED),
    ("service-accounts/token-binding#extended", "API server", REFUTED),
];

/// Verdicts on the hardened lab for a caller without rights: what it may not ask decides nothing.
const OF_NOBODY: &[Row] = &[
    ("api-server/anonymous-auth#reach", "API server", PROVED),
    ("api-server/anonymous-auth#bad-token", "API server", PROVED),
    ("api-server/anonymous-auth#rights", "API server", INCONCLUSIVE),
    ("api-server/authorization-mode", "API server", INCONCLUSIVE),
    ("api-server/authorization-webhook-fail-closed", "API server", INCONCLUSIVE),
    ("api-server/profiling", "*", INCONCLUSIVE),
    ("api-server/trusted-cas#foreign", "API server", PROVED),
    // Another certificate's name might be allowed.
    ("api-server/trusted-cas#front-proxy", "*", INCONCLUSIVE),
    ("clients/kubeconfig-credentials#rights", "kubeconfig", PROVED),
    // Its key lies in another file.
    ("clients/kubeconfig-credentials#files", "kubeconfig", INCONCLUSIVE),
    ("control-plane/component-roles", "*", INCONCLUSIVE),
    ("kube-proxy/api-access", "*", INCONCLUSIVE),
    ("service-accounts/legacy-tokens", "Secrets", INCONCLUSIVE),
    ("service-accounts/token-binding", "API server", INCONCLUSIVE),
];

#[test]
fn what_is_tried_on_both_profiles_comes_out_as_their_description_says() {
    let profiles =
        [(hardened(), HARDENED), (Profile::insecure().with_controllers().with_application(), INSECURE)];
    for (profile, rows) in profiles {
        match Lab::start(profile) {
            Ok(lab) => expect(&prove(&lab, SELECTED), rows),
            Err(skip) => return skip.announce(),
        }
    }
}

#[test]
fn what_the_caller_may_not_ask_and_what_is_not_there_decide_nothing() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let nobody = lab.kubeconfig("nobody");
    let report = super::prove_as(&lab, &nobody, SELECTED);
    expect(&report, OF_NOBODY);
    for ((control, subject), verdict) in super::verdicts(&report) {
        if control.starts_with("authentication/") {
            assert_eq!(verdict, INCONCLUSIVE, "{control} of {subject}");
        }
    }
    // A node at which no kubelet listens: its other ports are closed as well, and that is no protection.
    let report = prove(&lab, &["--select", "clients/kubectl-proxy", "--at-node", "127.0.0.1"]);
    expect(&report, &[("clients/kubectl-proxy", "127.0.0.1", INCONCLUSIVE)]);
}

/// Trap: only a long-lived token shows whether accounts are looked up, and good tokens are remembered for a while.
#[test]
fn tokens_of_deleted_accounts_are_tried_where_somebody_consents() {
    let canary = ["--consent", "canary", "--select", "api-server/service-account-keys"];
    let without = |profile: Profile| profile.with_flag("kube-apiserver", "service-account-lookup", "false");
    for (profile, verdict) in [(hardened(), PROVED), (without(hardened()), REFUTED)] {
        match Lab::start(profile) {
            Ok(lab) => {
                expect(&prove(&lab, &canary), &[("api-server/service-account-keys", "API server", verdict)]);
            }
            Err(skip) => return skip.announce(),
        }
    }
}
