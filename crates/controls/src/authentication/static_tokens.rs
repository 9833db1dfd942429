//! `authentication/static-tokens`; prose and cases in `static_tokens.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::probe::{Ground, Probe, Right};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "authentication/static-tokens",
    title: "No static token or password files",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("static_tokens.md"),
    mappings: Mappings {
        cis: &["1.2.2"],
        nsa: &["auth"],
        attack: &["T1552.001", "T1078"],
        kubescape: &["C-0114"],
        trivy: &["KCV-0002"],
        checkov: &["CKV_K8S_69", "CKV_K8S_70"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[FLAG],
};

const FLAG: Probe = Probe {
    name: "flag",
    asks: "The caller GETs `/flagz` of the API server",
    proved_by: "nothing: only a token of the file could be tried, and nobody knows one",
    refuted_by: "a value of `token-auth-file`",
    not_fooled_by: "the refusal of a made-up token, which a server with a token file refuses as well",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version"), Right::path("/flagz")],
    plan: plan_flag,
};

fn plan_flag(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = vec![
        Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("flags", Request::get("/flagz").header("accept", "text/plain").by(Identity::Caller)),
    ];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let flags =
            answers.get("flags").filter(|answer| answer.status() == Some(200)).map(|answer| answer.text());
        let value = flags
            .as_deref()
            .and_then(|flags| flags.lines().find_map(|line| value_of(line, "token-auth-file")));
        match value {
            Some("") => Outcome::inconclusive(
                "flags",
                "the server says that it reads no file of tokens; that one is refused was not tried",
            )
            .needs("a token that such a file held, to see that it is refused"),
            Some(_) => Outcome::refuted(
                "flags",
                "the server reads a file of tokens: each is good until the server is started anew",
            ),
            None => {
                answers.inconclusive("flags").needs("the right to get `/flagz`, in Kubernetes 1.32 or later")
            }
        }
    })]
}

/// The value of a flag in a line of `/flagz`, whose sign in between differs from server to server.
fn value_of<'t>(line: &'t str, flag: &str) -> Option<&'t str> {
    let value = line.trim().strip_prefix(flag)?;
    value.strip_prefix(['=', ':', ' ']).map(str::trim).or(value.is_empty().then_some(""))
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let files = [
        ("--token-auth-file", "tokens that never expire stand in a file, in the clear"),
        ("--basic-auth-file", "passwords stand in a file, in the clear"),
    ];
    for (flag, danger) in files {
        if let Some(file) = flags.text(flag).given() {
            flags.fault(Fault::new(
                file.place,
                format!("`{flag}` is set: {danger}, and only a restart of the server takes one back"),
            ));
        }
    }
    flags.verdict()
}

#[cfg(test)]
mod tests {
    use super::value_of;

    /// As three starts of one server have written it.
    #[test]
    fn flags_are_read_whatever_stands_in_between() {
        for line in
            ["token-auth-file: /etc/t.csv", "token-auth-file=/etc/t.csv", "token-auth-file /etc/t.csv"]
        {
            assert_eq!(value_of(line, "token-auth-file"), Some("/etc/t.csv"), "{line}");
        }
        for line in ["token-auth-file: ", "token-auth-file=", "token-auth-file"] {
            assert_eq!(value_of(line, "token-auth-file"), Some(""), "{line}");
        }
        assert_eq!(value_of("token-auth-file-more=1", "token-auth-file"), None);
    }
}
