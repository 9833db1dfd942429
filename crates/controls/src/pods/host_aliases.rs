//! `pods/host-aliases`; prose and cases in `host_aliases.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

use super::special_hosts::{is_api_server, is_cloud, is_metadata};

pub(super) static CONTROL: Control = Control {
    id: "pods/host-aliases",
    title: "Pods do not rewrite their hosts file",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::POD_FIELDS,
    page: include_str!("host_aliases.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["MS-TA9036", "T1565"],
        trivy: &["KSV-0007"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let Some(aliases) = scope.pod().spec().get("hostAliases") else { return Verdict::Pass };
    if !aliases.is_sequence() {
        return Verdict::fail(Fault::new(Place::at(aliases), "`hostAliases` is not a list"));
    }
    Verdict::of(aliases.items().map(judge).collect())
}

fn judge(alias: Value<'_>) -> Fault<'_> {
    let ip = alias.get("ip").map_or("", |ip| ip.text());
    let names = || alias.get("hostnames").into_iter().flat_map(|names| names.items()).map(|name| name.text());
    let is_special = |name: &str| is_api_server(name) || is_cloud(name) || is_metadata(name);
    let place = Place::at(alias);
    if let Some(name) = names().find(|name| is_special(name)) {
        let message =
            format!("`{name}`, which takes commands or gives out credentials, is redirected to `{ip}`");
        return Fault::new(place, message).graded(Severity::High);
    }
    let names: Vec<_> = names().collect();
    let message = format!("`{}` is redirected to `{ip}`", names.join("`, `"));
    match is_metadata(ip) {
        true => Fault::new(place, format!("{message}, where the cloud gives out credentials"))
            .graded(Severity::High),
        false => Fault::new(place, message),
    }
}
