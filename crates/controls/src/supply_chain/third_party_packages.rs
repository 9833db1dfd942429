//! `supply-chain/third-party-packages`; prose and cases in `third_party_packages.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use super::references::{Pin, of_remote, of_version};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::{ObjectScope, PodScope};
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Verdict};

const FLUX_SOURCES: &str = "source.toolkit.fluxcd.io";
const NEEDS: &str = "the rendered object";

pub(super) static CONTROL: Control = Control {
    id: "supply-chain/third-party-packages",
    title: "Charts, operators and add-ons are pinned, reviewed and current",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::PACKAGES,
    page: include_str!("third_party_packages.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9002", "T1195"],
        kubescape: &["C-0081", "C-0253"],
        checkov: &["CKV_K8S_159"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("helm.toolkit.fluxcd.io", "HelmRelease")], check: judge_release },
        Check::Object {
            kinds: &[
                (FLUX_SOURCES, "Bucket"),
                (FLUX_SOURCES, "GitRepository"),
                (FLUX_SOURCES, "HelmRepository"),
                (FLUX_SOURCES, "OCIRepository"),
            ],
            check: judge_source,
        },
        Check::Object {
            kinds: &[("argoproj.io", "Application"), ("argoproj.io", "ApplicationSet")],
            check: judge_application,
        },
        Check::Object { kinds: &[("helm.cattle.io", "HelmChart")], check: judge_helm_chart },
        Check::Object { kinds: &[("helm.sh", "Chart")], check: judge_chart },
        Check::Object { kinds: &[("kustomize.config.k8s.io", "Kustomization")], check: judge_overlay },
        Check::Object { kinds: &[("operators.coreos.com", "Subscription")], check: judge_subscription },
        Check::Pod(judge_pod),
    ]),
    guard: None,
    probes: &[],
};

/// What a version that is stated, or missing below `parent`, leads to.
enum Version<'a> {
    Fine,
    FilledIn,
    Loose(Fault<'a>),
}

fn version<'a>(parent: Value<'a>, field: &'static str, of: &str) -> Version<'a> {
    let stated = parent.get(field);
    let text = stated.map_or("", |value| value.text());
    if is_placeholder(text) {
        return Version::FilledIn;
    }
    let place = stated.map_or(Place::missing(parent, field), Place::at);
    Version::Loose(match (of_version(text), text) {
        (Pin::Exact, _) => return Version::Fine,
        (Pin::Range, _) => {
            Fault::new(place, format!("`{field}: {text}` of {of}: the newest that fits is installed, unseen"))
                .graded(Severity::Low)
        }
        (Pin::Any, "") => {
            Fault::new(place, format!("no `{field}` of {of}: the newest one is installed, unseen"))
        }
        (Pin::Any, _) => {
            Fault::new(place, format!("`{field}: {text}` of {of}: the newest one is installed, unseen"))
        }
    })
}

/// The verdict about some versions and other faults.
fn verdict<'a>(versions: Vec<Version<'a>>, mut faults: Vec<Fault<'a>>) -> Verdict<'a> {
    let mut filled_in = false;
    for version in versions {
        match version {
            Version::Fine => {}
            Version::FilledIn => filled_in = true,
            Version::Loose(fault) => faults.push(fault),
        }
    }
    match faults.is_empty() && filled_in {
        true => Verdict::unknown("the version is filled in later", NEEDS),
        false => Verdict::of(faults),
    }
}

fn judge_release<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(chart) = scope.object.value.at(&["spec", "chart", "spec"]) else {
        return Verdict::NotApplicable;
    };
    // The version counts for charts of a repository of charts only; elsewhere the source names what it holds.
    let kind = chart.at(&["sourceRef", "kind"]);
    if kind.is_some_and(|kind| matches!(kind.text(), "GitRepository" | "Bucket")) {
        return Verdict::NotApplicable;
    }
    if chart.get("chart").is_none() {
        return Verdict::unknown("the files hold only a part of this release", NEEDS);
    }
    verdict(vec![version(chart, "version", "the chart")], Vec::new())
}

fn judge_source<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let source = scope.object;
    let Some(spec) = source.value.get("spec") else { return Verdict::NotApplicable };
    let mut faults: Vec<Fault<'a>> = insecure(spec).into_iter().collect();
    let mut versions = Vec::new();
    if source.kind == "OCIRepository" {
        let reference = spec.get("ref");
        let digest = reference.is_some_and(|reference| reference.get("digest").is_some());
        match reference {
            _ if digest => {}
            Some(reference) if reference.get("semver").is_some() => {
                versions.push(version(reference, "semver", "the artifact"));
            }
            Some(reference) if reference.get("tag").is_some_and(|tag| is_placeholder(tag.text())) => {
                versions.push(Version::FilledIn);
            }
            Some(reference) if reference.get("tag").is_some_and(|tag| tag.text() != "latest") => {}
            _ => {
                let tag = spec.at(&["ref", "tag"]);
                let place = tag.map_or(Place::missing(spec, "ref"), Place::at);
                faults.push(Fault::new(
                    place,
                    "the tag is `latest`: whatever is pushed next is installed, unseen",
                ));
            }
        }
    }
    verdict(versions, faults)
}

/// An address that anybody on the way can answer for.
fn insecure<'a>(spec: Value<'a>) -> Option<Fault<'a>> {
    let plain = |url: &Value<'a>| ["http://", "git://"].iter().any(|scheme| url.text().starts_with(scheme));
    let local = |url: &Value<'a>| url.text().contains(".svc") || url.text().contains("localhost");
    if let Some(url) = spec.get("url").or_else(|| spec.get("repoURL")).filter(plain) {
        let fault =
            Fault::new(Place::at(url), "packages come over a connection that anybody on the way can change");
        return Some(if local(&url) { fault.graded(Severity::Low) } else { fault });
    }
    let skips = spec.get("insecure").filter(|value| value.as_bool() == Some(true))?;
    Some(Fault::new(
        Place::at(skips),
        "`insecure: true`: packages come over a connection that anybody on the way can change",
    ))
}

fn judge_application<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let value = scope.object.value;
    let spec = match scope.object.kind {
        "ApplicationSet" => value.at(&["spec", "template", "spec"]),
        _ => value.get("spec"),
    };
    let Some(spec) = spec else { return Verdict::NotApplicable };
    let sources =
        spec.get("source").into_iter().chain(spec.get("sources").into_iter().flat_map(|list| list.items()));
    let (mut versions, mut faults) = (Vec::new(), Vec::new());
    let mut seen = false;
    for source in sources {
        faults.extend(insecure(source));
        // A repository of the owner's own moves on purpose; a chart of somebody else's should not.
        if source.get("chart").is_some() {
            seen = true;
            versions.push(version(source, "targetRevision", "the chart"));
        }
    }
    match seen || !faults.is_empty() {
        true => verdict(versions, faults),
        false => Verdict::NotApplicable,
    }
}

fn judge_helm_chart<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    // An archive by its address, or inside the object, is what it is.
    let fixed = spec.get("chartContent").is_some()
        || spec.get("chart").is_some_and(|chart| chart.text().ends_with(".tgz"));
    if fixed {
        return Verdict::Pass;
    }
    verdict(vec![version(spec, "version", "the chart")], Vec::new())
}

fn judge_chart<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let list = scope.object.value.get("dependencies");
    let remote = |dependency: &Value<'a>| {
        dependency.get("repository").is_some_and(|address| {
            let address = address.text();
            !address.is_empty() && !address.starts_with("file:")
        })
    };
    let dependencies: Vec<Value<'a>> =
        list.into_iter().flat_map(|list| list.items()).filter(remote).collect();
    if dependencies.is_empty() {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    let mut loose = false;
    for dependency in dependencies {
        if let Some(address) =
            dependency.get("repository").filter(|address| address.text().starts_with("http://"))
        {
            let message = "the chart comes over a connection that anybody on the way can change";
            faults.push(Fault::new(Place::at(address), message));
        }
        loose |= !matches!(version(dependency, "version", "the chart"), Version::Fine);
    }
    match faults.is_empty() && loose {
        true => Verdict::unknown(
            "versions of dependencies are ranges, which `Chart.lock` may narrow",
            "`Chart.lock` beside it",
        ),
        false => Verdict::of(faults),
    }
}

fn judge_overlay<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let overlay = scope.object.value;
    let lists = ["resources", "bases", "components", "crds"].iter().filter_map(|key| overlay.get(key));
    let mut faults: Vec<Fault<'a>> = lists
        .flat_map(|list| list.items())
        .filter(|item| !is_placeholder(item.text()))
        .filter_map(|item| {
            let problem = of_remote(item.text())?;
            Some(Fault::new(Place::at(item), format!("`{}`: {problem}", shown(item.text()))))
        })
        .collect();
    let mut versions = Vec::new();
    for chart in overlay.get("helmCharts").into_iter().flat_map(|list| list.items()) {
        faults.extend(chart.get("repo").filter(|repo| repo.text().starts_with("http://")).map(|repo| {
            Fault::new(
                Place::at(repo),
                "the chart comes over a connection that anybody on the way can change",
            )
        }));
        // Without a repository the chart lies beside the overlay.
        if chart.get("repo").is_some() {
            versions.push(version(chart, "version", "the chart"));
        }
    }
    verdict(versions, faults)
}

/// An address as it may be shown: without a password in it.
fn shown(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((user, host)) if !user.contains('/') => format!("{scheme}://…@{host}"),
            _ => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

fn judge_subscription<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    let approval = spec.get("installPlanApproval");
    match approval.map(|value| value.text()) {
        Some("Manual") => Verdict::Pass,
        Some(text) if is_placeholder(text) => Verdict::unknown("the approval is filled in later", NEEDS),
        _ => Verdict::fail(
            Fault::new(
                approval.map_or(Place::missing(spec, "installPlanApproval"), Place::at),
                "upgrades of the operator install themselves, with whatever rights they ask for",
            )
            .graded(Severity::Low),
        ),
    }
}

/// A container that brings code from a branch into a running pod.
fn judge_pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let mut faults = Vec::new();
    let mut seen = false;
    for container in scope.pod().containers() {
        let repository = container.image().and_then(|image| image.split(['@', ':']).next());
        if repository.and_then(|name| name.rsplit('/').next()) != Some("git-sync") {
            continue;
        }
        seen = true;
        let value = container.value();
        let list = |key| value.get(key).into_iter().flat_map(|list: Value<'a>| list.items());
        let words: Vec<&str> = list("command").chain(list("args")).map(|word| word.text()).collect();
        let flags = ["--ref", "--rev"];
        let by_flag = words.iter().enumerate().find_map(|(at, word)| {
            let flag = flags
                .iter()
                .find(|flag| word.trim_start_matches('-').starts_with(flag.trim_start_matches('-')))?;
            let word = word.trim_start_matches('-');
            match word.split_once('=') {
                Some((_, value)) => Some(value),
                None => (word == flag.trim_start_matches('-'))
                    .then(|| words.get(at + 1).copied().unwrap_or_default()),
            }
        });
        let by_variable = list("env").find_map(|variable| {
            let name = variable.get("name")?.text();
            matches!(name, "GITSYNC_REF" | "GITSYNC_REV" | "GIT_SYNC_REV")
                .then(|| variable.get("value").map_or("$", |v| v.text()))
        });
        let reference = by_flag.or(by_variable).unwrap_or_default();
        let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_commit && !reference.contains('$') && !is_placeholder(reference) {
            let place = Place::at(value.get("args").or_else(|| value.get("env")).unwrap_or(value));
            let message =
                "git-sync follows a branch or tag: whoever can push there changes what the pod runs";
            faults.push(Fault::new(place, message).in_container(container.name()).graded(Severity::Low));
        }
    }
    match seen {
        true => Verdict::of(faults),
        false => Verdict::NotApplicable,
    }
}
