//! Settings by which consoles let people in without a login.

use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};
use seaworthy_imaging::Reference;
use seaworthy_podsecurity::Container;

use crate::control::Severity;
use crate::exposure::arguments;
use crate::verdict::{Fault, Verdict};

/// Switches of the command line: the console, the flag, and what it does.
const SWITCHES: &[(&str, &str, &str)] = &[
    (
        "Kubernetes Dashboard",
        "enable-skip-login",
        "anybody may skip the login and act as the dashboard's account",
    ),
    (
        "Kubernetes Dashboard",
        "disable-settings-authorizer",
        "anybody may change the settings of the dashboard",
    ),
    ("Kubernetes Dashboard", "enable-insecure-login", "credentials are accepted over plain HTTP"),
    ("Argo CD", "disable-auth", "anybody is an administrator of Argo CD"),
];

/// Faults of a container's command line and environment.
pub(super) fn of_container<'a>(container: Container<'a>, console: &str) -> Vec<Fault<'a>> {
    let mut faults = Vec::new();
    let mut add = |at: Value<'a>, message: String| {
        faults.push(Fault::new(Place::at(at), message).in_container(container.name()));
    };
    for (of, flag, what) in SWITCHES.iter().filter(|(of, ..)| *of == console) {
        debug_assert_eq!(*of, console);
        if let Some(at) = arguments::switched_on(container, flag) {
            add(at, format!("`--{flag}`: {what}"));
        }
    }
    match console {
        "Kubernetes Dashboard" => {
            if let Some(image) = container.value().get("image").filter(skips_login_by_default) {
                add(
                    image,
                    "this release lets anybody in without a login: skipping it became an option in 1.10.1"
                        .to_owned(),
                );
            }
        }
        "Argo Workflows" => {
            if let Some((_, at)) =
                arguments::flag(container, "auth-mode").filter(|(mode, _)| *mode == "server")
            {
                add(
                    at,
                    "`--auth-mode=server`: anybody acts with the rights of the server's account".to_owned(),
                );
            }
        }
        "Grafana" => {
            let on = |value: &Value<'_>| value.text().eq_ignore_ascii_case("true");
            if let Some(value) = arguments::variable(container, "GF_AUTH_ANONYMOUS_ENABLED").filter(on) {
                add(value, "`GF_AUTH_ANONYMOUS_ENABLED: true`: no login is needed".to_owned());
            }
        }
        "Jupyter" => {
            for flag in ["NotebookApp.token", "ServerApp.token", "IdentityProvider.token"] {
                let empty = |(value, _): &(&str, Value<'_>)| matches!(*value, "" | "''" | "\"\"");
                if let Some((_, at)) = arguments::flag(container, flag).filter(empty) {
                    add(at, format!("`--{flag}` is empty: no token is needed to run code here"));
                }
            }
        }
        _ => {}
    }
    faults
}

/// Dashboard 1.7 brought the login, and could be skipped up to 1.10.0 (CVE-2018-18264).
fn skips_login_by_default(image: &Value<'_>) -> bool {
    let tag = Reference::parse(image.text()).ok().and_then(|image| image.tag());
    let Some(tag) = tag.and_then(|tag| tag.strip_prefix("v1.")) else { return false };
    let mut parts = tag.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(minor), patch) => (minor, patch.unwrap_or(0)) < (10, 1),
        _ => false,
    }
}

/// Keys of ConfigMaps: the key, its value without a login, and what it means. The keys belong to one program each.
const KEYS: &[(&str, &str, &str)] = &[
    ("users.anonymous.enabled", "true", "Argo CD needs no login"),
    ("server.disable.auth", "true", "anybody is an administrator of Argo CD"),
];

/// Judges a ConfigMap by the settings of consoles in it; one without any says nothing.
pub(super) fn of_config_map<'a>(object: &Object<'a>) -> Verdict<'a> {
    let Some(data) = object.value.get("data") else { return Verdict::NotApplicable };
    let mut faults = Vec::new();
    let mut concerned = false;
    for (key, bad, what) in KEYS {
        if let Some(value) = data.get(key) {
            concerned = true;
            if value.text() == *bad {
                faults.push(
                    Fault::new(Place::at(value), format!("`{key}: {bad}`: {what}")).graded(Severity::High),
                );
            }
        }
    }
    if let Some(ini) = data.get("grafana.ini") {
        concerned = true;
        if ini_switch(ini.text(), "auth.anonymous", "enabled") == Some("true") {
            let message = "`[auth.anonymous] enabled = true`: Grafana needs no login";
            faults.push(Fault::new(Place::at(ini), message).graded(Severity::High));
        }
    }
    if concerned { Verdict::of(faults) } else { Verdict::NotApplicable }
}

/// The last value of a key in a section of a text in the form of Grafana's settings.
fn ini_switch<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == section;
        } else if let Some((name, value)) = line.split_once('=')
            && inside
            && name.trim() == key
        {
            found = Some(value.trim());
        }
    }
    found
}
