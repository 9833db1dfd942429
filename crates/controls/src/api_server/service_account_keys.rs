//! `api-server/service-account-keys`; prose and cases in `service_account_keys.md`.

use std::time::Duration;

use seaworthy_evidence::Program;
use seaworthy_probe::{
    Answer, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, Token, expect,
};
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::probe::{Ground, Probe, Right, whoami};
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
    probes: &[DELETED],
};

const DELETED: Probe = Probe {
    name: "deleted",
    asks: "A service account of our own gets a long-lived token in a Secret; the account is deleted, and its token asks who it is \
           for up to 25 s",
    proved_by: "401",
    refuted_by: "an answer that still takes the token for the account",
    not_fooled_by: "the cache of good tokens, which lasts about 10 s: the question is asked again. A token of a TokenRequest \
                    would be refused even without looking accounts up",
    positive_control: "account and Secret are made; the token asks who it is before the account is deleted, and is answered with it",
    consent: Consent::Canary,
    side_effect: SideEffect::Objects("a namespace with a service account and its Secret"),
    rights: &[
        Right { group: "", resource: "serviceaccounts", verbs: &["create", "delete"] },
        Right { group: "", resource: "secrets", verbs: &["create", "get", "delete"] },
    ],
    plan: plan_deleted,
};

fn plan_deleted(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let namespace = ground.canary_namespace();
    let core = format!("/api/v1/namespaces/{namespace}");
    let name = format!("seaworthy-deleted-{}", ground.run);
    let labels = json!({"seaworthy.dev/run": ground.run});
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
        "metadata": {"name": name, "labels": labels},
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": name, "labels": labels,
            "annotations": {"kubernetes.io/service-account.name": name},
        },
    });
    let (accounts, secrets) = (format!("{core}/serviceaccounts"), format!("{core}/secrets"));
    let bearer = || whoami::request(Identity::Bearer(Token::OfSecret("token")));
    let refused = |answer: &Answer| answer.status() == Some(401);
    let steps = vec![
        Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::control(
            "account",
            Request::create(&accounts, &name, &account).by(Identity::Caller),
            expect::ok,
        ),
        Step::control("secret", Request::create(&secrets, &name, &secret).by(Identity::Caller), expect::ok),
        // What follows holds for a while only: it is judged with the rest.
        Step::ask("token", Request::get(format!("{secrets}/{name}")).by(Identity::Caller))
            .until(has_token, Duration::from_secs(15)),
        Step::ask("before", bearer()).until(|answer| answer.status() == Some(201), Duration::from_secs(5)),
        Step::ask("delete", Request::delete(format!("{accounts}/{name}")).by(Identity::Caller)),
        Step::ask("after", bearer()).until(refused, Duration::from_secs(25)),
    ];
    let user = format!("system:serviceaccount:{namespace}:{name}");
    let attempt = Attempt::new(Subject::cluster("API server"), steps, move |answers| {
        if !answers.get("token").is_some_and(has_token) {
            return Outcome::inconclusive("token", "nobody has put a token into the Secret of the account")
                .needs("a controller manager with `--service-account-private-key-file`");
        }
        if whoami::user(answers, "before").as_deref() != Some(&user) {
            return answers.inconclusive("before");
        }
        if answers.status("delete") != Some(200) {
            return answers.inconclusive("delete");
        }
        match answers.status("after") {
            Some(401) if whoami::refused(answers, "after") => {
                Outcome::proved("after", "the token of a deleted account is refused")
            }
            Some(201) if whoami::user(answers, "after").as_deref() == Some(&user) => Outcome::refuted(
                "after",
                "the token of a deleted account is still good: accounts are not looked up",
            ),
            _ => answers.inconclusive("after"),
        }
    });
    vec![attempt.in_canary_namespace()]
}

fn has_token(answer: &Answer) -> bool {
    let secret = answer.json();
    secret.is_some_and(|secret| secret["data"]["token"].as_str().is_some_and(|token| !token.is_empty()))
}

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
