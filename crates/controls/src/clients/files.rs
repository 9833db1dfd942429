//! Kubeconfig files of this machine, as they lie there.

use seaworthy_probe::{
    Answer, Answers, Ask, Attempt, Consent, Outcome, Reply, Request, SideEffect, Step, Subject,
};
use serde_json::Value;

use crate::addresses;
use crate::probe::{Ground, Probe};

/// The step that reads the file: it is the positive control as well, since a file that is not read tells nothing.
const FILE: &str = "file";

/// Longest life of credentials that need not be withdrawn, in seconds: the day of `kubeconfigs::client_key`.
const LONG: i64 = 86_400;

/// The probe of a control about kubeconfigs.
pub(super) const fn probe(
    proved_by: &'static str,
    refuted_by: &'static str,
    not_fooled_by: &'static str,
    plan: fn(&Ground<'_, '_>) -> Vec<Attempt>,
) -> Probe {
    Probe {
        name: "files",
        asks: "Nobody is asked: the kubeconfig of this run, those of `KUBECONFIG` and those in `~/.kube` are read on this machine",
        proved_by,
        refuted_by,
        not_fooled_by,
        positive_control: "the file is read and is a kubeconfig",
        consent: Consent::Read,
        side_effect: SideEffect::None,
        rights: &[],
        plan,
    }
}

/// One attempt for each file.
pub(super) fn attempts(ground: &Ground<'_, '_>, judge: fn(&Value) -> Outcome) -> Vec<Attempt> {
    if ground.given.kubeconfigs.is_empty() {
        let reason = "no kubeconfig file is in use here, and none lies in `~/.kube`";
        return vec![Attempt::cannot(Subject::cluster("kubeconfig"), reason, "`--kubeconfig FILE`")];
    }
    let one = |(index, path): (usize, &std::path::PathBuf)| {
        // The one in use is called like everywhere else, wherever it lies.
        let subject = match index {
            0 => Subject::cluster("kubeconfig"),
            _ => Subject::new("File", None, &path.display().to_string()),
        };
        let steps = vec![Step::control(FILE, Request::of_file(path, Ask::Kubeconfig), is_kubeconfig)];
        Attempt::new(subject, steps, move |answers: &Answers| match answers.reply(FILE) {
            Some(Reply::Facts(facts)) => judge(facts),
            _ => answers.inconclusive(FILE),
        })
    };
    ground.given.kubeconfigs.iter().enumerate().map(one).collect()
}

fn is_kubeconfig(answer: &Answer) -> Result<(), String> {
    match answer.reply {
        Reply::Facts(_) => Ok(()),
        _ => Err(answer.summary()),
    }
}

fn entries<'f>(facts: &'f Value, list: &str) -> &'f [Value] {
    facts[list].as_array().map_or(&[], Vec::as_slice)
}

fn holds(user: &Value, key: &str) -> bool {
    user[key] == true
}

/// Whether it is private, where it holds something to keep.
pub(super) fn permissions(facts: &Value) -> Outcome {
    let keeps = |user: &Value| {
        !user["token"].is_null() || holds(user, "password") || holds(user, "provider") || holds(user, "key")
    };
    let users = entries(facts, "users");
    let own = users.iter().any(keeps).then(|| facts["readers"].as_str().unwrap_or_default());
    let named = users.iter().filter_map(|user| user["elsewhere"].as_str());
    let readers: Vec<&str> = own.into_iter().chain(named).collect();
    if readers.is_empty() {
        return Outcome::proved(FILE, "it holds no credentials");
    }
    let what = "its credentials, or a file with them that it names";
    if readers.contains(&"others") {
        return Outcome::refuted(FILE, format!("every user of this machine may read or write {what}"));
    }
    if readers.contains(&"group") {
        return Outcome::inconclusive(FILE, format!("a group may read or write {what}"))
            .needs("the members of the group, or mode 600");
    }
    match readers.iter().all(|readers| *readers == "owner") {
        true => Outcome::proved(FILE, "its owner alone may read its credentials"),
        false => Outcome::inconclusive(FILE, "a file of credentials that it names cannot be looked at")
            .needs("a run by its owner"),
    }
}

/// Whether its credentials end soon, and are not those of an administrator.
pub(super) fn credentials(facts: &Value) -> Outcome {
    let days = |seconds: i64| seconds / 86_400;
    let mut open = None;
    for user in entries(facts, "users") {
        let certificate = &user["certificate"];
        if certificate["masters"] == true {
            let reason = "it holds a certificate of `system:masters`, which no role limits and only a new authority ends";
            return Outcome::refuted(FILE, reason);
        }
        match (certificate["lifetime"].as_i64(), certificate["remaining"].as_i64()) {
            (Some(life), Some(left)) if life > LONG && holds(user, "key") && left > 0 => {
                let reason = format!(
                    "it holds the key of a certificate that is valid for {} days, and for {} more: it cannot be withdrawn",
                    days(life),
                    days(left)
                );
                return Outcome::refuted(FILE, reason);
            }
            (None, _) if holds(user, "key") => {
                open = Some("it holds the key of a certificate that cannot be read");
            }
            _ => {}
        }
        if !user["token"].is_null() {
            match user["token"]["lifetime"].as_i64() {
                Some(life) if life <= LONG => {}
                Some(life) => {
                    return Outcome::refuted(
                        FILE,
                        format!("it holds a token that is valid for {} days", days(life)),
                    );
                }
                None => return Outcome::refuted(FILE, "it holds a token that does not say when it ends"),
            }
        }
        if holds(user, "password") {
            return Outcome::refuted(FILE, "it holds a password");
        }
        if holds(user, "provider") {
            open = Some("it names an `auth-provider`, whose credentials are not known");
        }
        if user["elsewhere"].is_string() {
            open = Some("it names a key or a token in another file, which was not read");
        }
        if user["exec"].is_string() && open.is_none() {
            open = Some("a program hands out its credentials: for how long is not seen");
        }
    }
    match open {
        None => Outcome::proved(FILE, "none of its credentials lasts for more than a day"),
        Some(why) => Outcome::inconclusive(FILE, why).needs("what is handed out, and for how long"),
    }
}

/// Whether it verifies every server.
pub(super) fn servers(facts: &Value) -> Outcome {
    for cluster in entries(facts, "clusters") {
        let server = cluster["server"].as_str().unwrap_or_default();
        if cluster["skips"] == true {
            return Outcome::refuted(
                FILE,
                format!("`{server}` is not verified: `insecure-skip-tls-verify: true`"),
            );
        }
        // `kubectl` takes an address without a scheme for `http`.
        let plain = addresses::is_plain_http(server) || !server.contains("://");
        if plain && !server.is_empty() && !addresses::is_loopback(addresses::host(server)) {
            return Outcome::refuted(FILE, format!("`{server}` is asked by plain http"));
        }
    }
    match entries(facts, "clusters").len() {
        0 => Outcome::inconclusive(FILE, "it names no server"),
        _ => Outcome::proved(FILE, "every server that it names is verified"),
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_probe::Verdict;
    use serde_json::json;

    use super::*;

    fn user(changed: Value) -> Value {
        let mut user = json!({
            "token": null, "password": false, "provider": false, "key": false, "elsewhere": null,
            "certificate": null, "exec": null,
        });
        for (key, value) in changed.as_object().into_iter().flatten() {
            user[key] = value.clone();
        }
        json!({"readers": "others", "clusters": [], "users": [user]})
    }

    #[test]
    fn a_file_without_credentials_need_not_be_private() {
        let of = |readers: &str, changed| {
            let mut facts = user(changed);
            facts["readers"] = readers.into();
            permissions(&facts).verdict
        };
        assert_eq!(of("others", json!({"exec": "aws"})), Verdict::Proved);
        assert_eq!(of("others", json!({"key": true})), Verdict::Refuted);
        assert_eq!(of("group", json!({"key": true})), Verdict::Inconclusive);
        assert_eq!(of("owner", json!({"token": {"lifetime": null}})), Verdict::Proved);
        assert_eq!(of("others", json!({"elsewhere": "owner"})), Verdict::Proved);
        assert_eq!(of("owner", json!({"elsewhere": "others"})), Verdict::Refuted);
        assert_eq!(of("owner", json!({"elsewhere": "unknown"})), Verdict::Inconclusive);
    }

    #[test]
    fn credentials_that_last_are_told_from_those_that_end() {
        let of = |changed| credentials(&user(changed)).verdict;
        let certificate =
            |lifetime: i64| json!({"masters": false, "lifetime": lifetime, "remaining": lifetime});
        assert_eq!(of(json!({"key": true, "certificate": certificate(31_536_000)})), Verdict::Refuted);
        assert_eq!(of(json!({"key": true, "certificate": certificate(3600)})), Verdict::Proved);
        let masters = json!({"masters": true, "lifetime": 60, "remaining": 60});
        assert_eq!(of(json!({"certificate": masters})), Verdict::Refuted);
        assert_eq!(of(json!({"key": true})), Verdict::Inconclusive);
        assert_eq!(of(json!({"token": {"lifetime": null}})), Verdict::Refuted);
        assert_eq!(of(json!({"token": {"lifetime": 600}})), Verdict::Proved);
        assert_eq!(of(json!({"exec": "aws"})), Verdict::Inconclusive);
        assert_eq!(of(json!({"elsewhere": "owner"})), Verdict::Inconclusive);
        assert_eq!(of(json!({"password": true})), Verdict::Refuted);
    }

    #[test]
    fn every_server_must_be_verified() {
        let of = |server: &str, skips: bool| {
            servers(&json!({"users": [], "clusters": [{"server": server, "skips": skips}]})).verdict
        };
        assert_eq!(of("https://10.0.0.1", false), Verdict::Proved);
        assert_eq!(of("https://10.0.0.1", true), Verdict::Refuted);
        assert_eq!(of("http://10.0.0.1:8080", false), Verdict::Refuted);
        assert_eq!(of("10.0.0.1:8080", false), Verdict::Refuted);
        assert_eq!(of("http://127.0.0.1:8001", false), Verdict::Proved);
        assert_eq!(servers(&json!({"users": [], "clusters": []})).verdict, Verdict::Inconclusive);
    }
}
