//! `api-server/anonymous-auth`; prose and cases in `anonymous_auth.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program, Setting};
use seaworthy_probe::{
    Answers, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, Token, expect,
};
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags, is_placeholder};
use crate::probe::{Ground, Probe, Right, access_review, whoami};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/anonymous-auth",
    title: "Anonymous requests are refused or limited to health paths",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::AUTHENTICATION_CONFIGURATION,
    page: include_str!("anonymous_auth.md"),
    mappings: Mappings {
        cis: &["1.2.1"],
        nsa: &["anonymous"],
        attack: &["MS-TA9005", "MS-TA9029", "T1133", "T1613"],
        kubescape: &["C-0113"],
        trivy: &["KCV-0001"],
        checkov: &["CKV_K8S_68"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object {
            kinds: &[("apiserver.config.k8s.io", "AuthenticationConfiguration")],
            check: check_file,
        },
    ]),
    guard: None,
    probes: &[REACH, RIGHTS, BAD_TOKEN],
};

const REACH: Probe = Probe {
    name: "reach",
    asks: "Nobody, without credentials, GETs of the API server: namespaces, `/api`, `/`, `/version`, `/metrics`, what OpenAPI and \
           the issuer of tokens tell, and a health path",
    proved_by: "401 `Unauthorized` of the API server for all but the health path",
    refuted_by: "anything else for one of them: with anonymous requests on, a 403 names `system:anonymous`",
    not_fooled_by: "a server that refuses everybody: the caller is answered. A proxy that asks for a login by itself: a refusal \
                    counts only with the `Status` and the `Audit-ID` of an API server",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_reach,
};

const PATHS: [(&str, &str); 9] = [
    ("namespaces", "/api/v1/namespaces?limit=1"),
    ("api", "/api"),
    ("root", "/"),
    ("version", "/version"),
    ("metrics", "/metrics"),
    ("openapi", "/openapi/v3"),
    ("issuer", "/.well-known/openid-configuration"),
    ("issuer-keys", "/openid/v1/jwks"),
    ("livez", "/livez"),
];

fn plan_reach(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut steps = vec![Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok)];
    // The issuer's keys are told in a form of their own, and in no other.
    let get = |path| Request::get(path).header("accept", "*/*").most(1 << 14);
    steps.extend(PATHS.map(|(name, path)| Step::ask(name, get(path))));
    vec![Attempt::new(Subject::cluster("API server"), steps, judge_reach)]
}

fn judge_reach(answers: &Answers) -> Outcome {
    let mut refused = "api";
    for (name, path) in PATHS {
        match answers.status(name) {
            Some(401) if whoami::refused(answers, name) => refused = name,
            Some(200) if name == "livez" => {}
            // Whoever is told that there is no such form has been let in.
            Some(200 | 406) => return Outcome::refuted(name, format!("anybody may read `{path}`")),
            // The refusal of an authorizer: authentication has let the request in as a user.
            Some(403) if answers.message(name).contains("system:anonymous") => {
                let reason =
                    format!("anonymous requests are let in; only their rights stop them at `{path}`");
                return Outcome::refuted(name, reason);
            }
            _ => return answers.inconclusive(name),
        }
    }
    Outcome::proved(refused, "requests without credentials are refused, or limited to health paths")
}

const BAD_TOKEN: Probe = Probe {
    name: "bad-token",
    asks: "The bearer of a made-up token GETs a health path of the API server, and asks who it is",
    proved_by: "401 `Unauthorized` of the API server for both",
    refuted_by: "an answer as to somebody without credentials: what is wrong is taken for what is missing",
    not_fooled_by: "a proxy that looks at tokens itself: a refusal counts only with the `Status` and the `Audit-ID` of an API \
                    server. It says nothing about tokens of a file: those are not made up",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_bad_token,
};

fn plan_bad_token(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let bearer = || Identity::Bearer(Token::Bogus);
    let steps = vec![
        Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("livez", Request::get("/livez").by(bearer())),
        Step::ask("whoami", whoami::request(bearer())),
    ];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        for name in ["whoami", "livez"] {
            match answers.status(name) {
                Some(401) if whoami::refused(answers, name) => {}
                Some(200 | 201) => return Outcome::refuted(name, "a made-up token is let in"),
                Some(403) if answers.message(name).contains("system:anonymous") => {
                    return Outcome::refuted(name, "a made-up token is let in as an anonymous request");
                }
                _ => return answers.inconclusive(name),
            }
        }
        Outcome::proved("livez", "a made-up token is refused, also where requests without any are let in")
    })]
}

const RIGHTS: Probe = Probe {
    name: "rights",
    asks: "The caller asks by SubjectAccessReview what `system:anonymous` in `system:unauthenticated` may do: list secrets and \
           pods, create pods, anything at all, and read `/metrics`",
    proved_by: "`allowed: false` for each",
    refuted_by: "`allowed: true` for one",
    not_fooled_by: "an authorizer that refuses everything: what the caller does here itself is granted to it. It says what \
                    anonymous users could do, whether or not they are let in",
    positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan: plan_rights,
};

fn plan_rights(_: &Ground<'_, '_>) -> Vec<Attempt> {
    const WANTED: [(&str, &str, &str, &str); 5] = [
        ("secrets", "list", "", "secrets"),
        ("pods", "list", "", "pods"),
        ("create-pods", "create", "", "pods"),
        ("everything", "*", "*", "*"),
        ("metrics", "get", "", "/metrics"),
    ];
    let mut steps = vec![access_review::control()];
    steps.extend(WANTED.map(|(name, verb, group, resource)| {
        let attributes = match resource.strip_prefix('/') {
            Some(_) => json!({"nonResourceAttributes": {"verb": verb, "path": resource}}),
            None => json!({"resourceAttributes": {"verb": verb, "group": group, "resource": resource}}),
        };
        let request = Request::access_review("system:anonymous", &["system:unauthenticated"], &attributes);
        Step::ask(name, request)
    }));
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        for (name, verb, _, resource) in WANTED {
            match answers.allowed(name) {
                Some((false, _)) => {}
                Some((true, why)) => {
                    let reason = format!("`system:anonymous` may {verb} {resource}: {why}");
                    return Outcome::refuted(name, reason);
                }
                None => return answers.inconclusive(name),
            }
        }
        Outcome::proved("everything", "`system:anonymous` has no rights that matter")
    })]
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // The server refuses the flag beside a file that speaks of anonymous requests.
    if !matches!(scope.component.flag("anonymous-auth"), Setting::Stated(_) | Setting::Installed(_)) {
        match flags.configuration("--authentication-config", "AuthenticationConfiguration") {
            // Judged where it stands.
            Configuration::Found(file) if file.value.get("anonymous").is_some() => {
                return Verdict::NotApplicable;
            }
            Configuration::Open => return flags.verdict(),
            Configuration::Found(_) | Configuration::None => {}
        }
    }
    if let Some((true, place)) = flags.switch("--anonymous-auth", true) {
        let how =
            if place.missing.is_some() { "`--anonymous-auth` is not set" } else { "`--anonymous-auth=true`" };
        flags.fault(if rbac_decides(scope) {
            let message = format!("{how}: what RBAC grants to `system:unauthenticated` is open to everybody");
            Fault::new(place, message).graded(Severity::Medium)
        } else {
            Fault::new(
                place,
                format!("{how}, and the files do not show that RBAC alone decides what that opens"),
            )
        });
    }
    flags.verdict()
}

/// Authorizers that are looked at, for every API server among the files.
const MANY: usize = 64;

/// Whether RBAC (and Node, which says nothing about anonymous requests) are all the authorizers.
fn rbac_decides(scope: &ComponentScope<'_, '_>) -> bool {
    let mut flags = Flags::of(scope);
    let types: Vec<&str> = match flags.configuration("--authorization-config", "AuthorizationConfiguration") {
        Configuration::Found(file) => {
            let authorizers = file.value.get("authorizers").into_iter().flat_map(|list| list.items());
            authorizers
                .take(MANY)
                .map(|authorizer| authorizer.get("type").map_or("", |kind| kind.text()))
                .collect()
        }
        Configuration::Open => return false,
        Configuration::None => {
            let modes = flags.items("--authorization-mode").unwrap_or_default();
            modes.iter().map(|mode| mode.text).collect()
        }
    };
    types.contains(&"RBAC") && types.iter().all(|kind| matches!(*kind, "RBAC" | "Node"))
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    // Without the field, the flag decides.
    let Some(anonymous) = scope.object.value.get("anonymous") else { return Verdict::NotApplicable };
    let Some(enabled) = anonymous.get("enabled") else { return Verdict::Pass };
    match enabled.as_bool() {
        Some(false) => return Verdict::Pass,
        Some(true) => {}
        None => {
            return Verdict::unknown(
                "`anonymous.enabled` is neither true nor false",
                "`true` or `false` in the field",
            );
        }
    }
    let paths: Vec<Value<'a>> = anonymous
        .get("conditions")
        .into_iter()
        .flat_map(|conditions| conditions.items())
        .map(|condition| condition.get("path").unwrap_or(condition))
        .collect();
    if paths.is_empty() {
        let message = "anonymous requests are accepted on every path: `anonymous.conditions` lists none";
        return Verdict::fail(Fault::new(Place::at(enabled), message));
    }
    if paths.iter().any(|path| is_placeholder(path.text())) {
        return Verdict::unknown(
            "a path of `anonymous.conditions` is a placeholder",
            "the paths that are filled in",
        );
    }
    let beyond = paths.into_iter().filter(|path| !is_health(path.text()));
    Verdict::of(
        beyond
            .map(|path| {
                let text = path.text();
                let message =
                    format!("anonymous requests are accepted on `{text}`, which is no health check");
                let fault = Fault::new(Place::at(path), message);
                // Says which version runs, and nothing else.
                if text == "/version" { fault.graded(Severity::Low) } else { fault }
            })
            .collect(),
    )
}

/// Whether a path is one of the health checks, or one check of them.
fn is_health(path: &str) -> bool {
    let first = path.strip_prefix('/').and_then(|path| path.split('/').next());
    matches!(first, Some("livez" | "readyz" | "healthz"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Reply, Verdict};

    use super::{PATHS, judge_reach};

    /// What an API server says to nobody, as 1.36 says it.
    const REFUSAL: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;

    fn http(status: u16, body: &str, of_api_server: bool) -> Reply {
        let id = ("audit-id".to_owned(), "dd817daf-ab08-4726-b33f-a322d07a3805".to_owned());
        let headers = if of_api_server { vec![id] } else { Vec::new() };
        Reply::Http { status, headers, body: body.as_bytes().to_vec(), cut: false, tls: None }
    }

    /// The verdict where every path is refused but one, which is answered otherwise.
    fn verdict(path: &str, reply: &Reply) -> Verdict {
        let answer = |name| {
            let reply = if name == path { reply.clone() } else { http(401, REFUSAL, true) };
            Answer { at: String::new(), took: Duration::ZERO, reply }
        };
        judge_reach(&Answers(PATHS.iter().map(|(name, _)| (*name, answer(*name))).collect())).verdict
    }

    #[test]
    fn only_the_api_server_itself_refuses_anonymous_requests() {
        assert_eq!(verdict("api", &http(401, REFUSAL, true)), Verdict::Proved);
        assert_eq!(verdict("livez", &http(200, "ok", true)), Verdict::Proved);
        assert_eq!(verdict("issuer-keys", &http(200, "{}", true)), Verdict::Refuted);
        assert_eq!(verdict("issuer-keys", &http(406, "{}", true)), Verdict::Refuted);
        // A proxy before the server asks for a login.
        assert_eq!(verdict("api", &http(401, "<html>please sign in</html>", false)), Verdict::Inconclusive);
        assert_eq!(verdict("api", &http(401, REFUSAL, false)), Verdict::Inconclusive);
        assert_eq!(verdict("root", &http(302, "", false)), Verdict::Inconclusive);
        assert_eq!(verdict("version", &http(503, "", false)), Verdict::Inconclusive);
        assert_eq!(verdict("version", &Reply::Silent("nothing".to_owned())), Verdict::Inconclusive);
        // Another gate than that of anonymous requests.
        assert_eq!(verdict("api", &http(403, "forbidden", false)), Verdict::Inconclusive);
    }
}
