//! What recommendations are judged on: nodes, programs, pods, namespaces, and what controls have found.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_evidence::{Evidence, Known, NodeReading, Object, Program, Setting};

use super::outcome::Outcome;
use super::recommendation::Want;
use super::{is_control_plane, settings};
use crate::assessment::{Assessment, Finding};
use crate::catalogue;
use crate::control::{Check, ComponentCheck, PodCheck};
use crate::exceptions::Acceptance;
use crate::framework::ItemStatus;
use crate::node_files;
use crate::scope::{ComponentScope, PodScope, Surroundings};
use crate::verdict::Verdict;

/// Outcomes of one recommendation that are listed one by one; the others are counted.
const LISTED: usize = 100;

const NODE: &str = "`seaworthy scan --node` as root on each node";
const COMPONENT: &str =
    "the command line of the component: `seaworthy scan --cluster`, or `--node` on its node";

/// Modes and owners of files, each node by itself.
pub(super) fn files(id: &str, program: &str, around: Surroundings<'_, '_>) -> Vec<Outcome> {
    let evidence = around.evidence;
    let mut outcomes = Vec::new();
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for (object, node) in evidence.node_readings() {
        read.insert(node.node());
        let verdict = node_files::judge_id(&node, id);
        let is_meant = node.runs(program) || node.runs("k3s") || node.runs("rke2");
        if matches!(verdict, Verdict::NotApplicable) && !is_meant {
            continue;
        }
        let outcome = match verdict {
            Verdict::NotApplicable => Outcome::new(ItemStatus::NotApplicable, "there is no such file"),
            verdict => Outcome::of(&verdict, || seen(&node, id)),
        };
        outcomes.push(outcome.on(Some(node.node())).about(object, file_of(evidence, object)));
    }
    let of_control_plane = program != Program::Kubelet.name() && program != Program::KubeProxy.name();
    if !read.is_empty() {
        outcomes.extend(unread_nodes(evidence, &read, of_control_plane));
    }
    if outcomes.is_empty() {
        outcomes.push(match (of_control_plane && evidence.is_managed(), read.is_empty()) {
            (true, _) => provider(),
            (false, false) if program == Program::KubeProxy.name() => {
                Outcome::new(ItemStatus::NotApplicable, "no node that was read runs kube-proxy")
            }
            (false, false) => {
                Outcome::open(ItemStatus::Unknown, format!("no node that was read runs {program}"), NODE)
            }
            (false, true) => Outcome::open(silent(evidence), "no node was read", NODE),
        });
    }
    outcomes
}

/// The files that an id is about, with what was seen of them.
fn seen(node: &NodeReading<'_>, id: &str) -> String {
    let files = node_files::present(node).into_iter();
    let mut texts: Vec<String> = files
        .filter(|(_, rule)| rule.ids.0 == id || rule.ids.1 == id)
        .map(|(file, rule)| match rule.ids.0 == id {
            true => format!("{} {:03o}", file.path(), file.mode().unwrap_or_default()),
            false => format!("{} {}:{}", file.path(), file.uid().unwrap_or(-1), file.gid().unwrap_or(-1)),
        })
        .collect();
    let more = texts.len().saturating_sub(3);
    texts.truncate(3);
    match more {
        0 => texts.join(", "),
        more => format!("{} and {more} more", texts.join(", ")),
    }
}

/// Nodes that the cluster has and nobody read.
fn unread_nodes(evidence: &Evidence<'_>, read: &BTreeSet<&str>, of_control_plane: bool) -> Vec<Outcome> {
    let nodes = evidence.of_kind("Node").filter(|object| object.is("", "Node"));
    let nodes = nodes.filter(|node| !of_control_plane || is_control_plane_node(node));
    let missing = nodes.filter(|node| !read.contains(node.name));
    let outcome = |node: &Object<'_>| {
        Outcome::open(ItemStatus::Unknown, format!("node `{}` was not read", node.name), NODE)
            .on(Some(node.name))
    };
    missing.take(LISTED).map(outcome).collect()
}

fn is_control_plane_node(node: &Object<'_>) -> bool {
    node.label("node-role.kubernetes.io/control-plane").is_some()
        || node.label("node-role.kubernetes.io/master").is_some()
}

/// A setting, each program by itself.
pub(super) fn settings(program: Program, want: &Want, around: Surroundings<'_, '_>) -> Vec<Outcome> {
    components(program, around, |scope| {
        let verdict = settings::judge(scope, want);
        Outcome::of(&verdict, || values(scope, &settings::flags_of(want)))
    })
}

/// The values of flags as they are known.
fn values(scope: &ComponentScope<'_, '_>, flags: &[&str]) -> String {
    let mut texts = Vec::new();
    for name in flags {
        match scope.component.flag(name.trim_start_matches('-')) {
            Setting::Stated(stated) => texts.push(format!("`{name}={}`", stated.text())),
            Setting::Installed(value) => texts.push(format!("`{name}={value}`")),
            Setting::Default => texts.push(format!("`{name}` is not set")),
            Setting::Unknown => {}
        }
    }
    match texts.is_empty() {
        true => "as it should be".to_owned(),
        false => texts.join(", "),
    }
}

/// The control that demands just this, each program by itself.
pub(super) fn control(program: Program, id: &str, around: Surroundings<'_, '_>) -> Vec<Outcome> {
    let Some(control) = catalogue::find(id) else { return Vec::new() };
    let mut checks = Vec::new();
    component_checks(&control.check, program, &mut checks);
    // Structured configuration that a flag names is judged where it stands.
    let mut outcomes = components(program, around, |scope| {
        let verdict = checks
            .iter()
            .map(|check| check(scope))
            .find(|verdict| !matches!(verdict, Verdict::NotApplicable));
        Outcome::of(&verdict.unwrap_or(Verdict::NotApplicable), || "as it should be".to_owned())
    });
    outcomes.extend(structured(&control.check, around));
    outcomes
}

fn component_checks(check: &Check, program: Program, found: &mut Vec<ComponentCheck>) {
    match check {
        Check::Component { programs, check } if programs.contains(&program) => found.push(*check),
        Check::Several(checks) => checks.iter().for_each(|check| component_checks(check, program, found)),
        _ => {}
    }
}

/// Objects of structured configuration that a control judges; not what a node or a collection says of itself.
fn structured(check: &Check, around: Surroundings<'_, '_>) -> Vec<Outcome> {
    match check {
        Check::Object { kinds, check } => {
            let files = kinds.iter().filter(|(group, _)| *group == "apiserver.config.k8s.io");
            let objects = files.flat_map(|(group, kind)| {
                around.evidence.of_kind(kind).filter(move |object| object.is(group, kind))
            });
            let outcome = |object: &Object<'_>| {
                let verdict = check(&crate::ObjectScope { object, around });
                let outcome = Outcome::of(&verdict, || "as it should be".to_owned());
                outcome.about(object, file_of(around.evidence, object))
            };
            objects.take(LISTED).map(outcome).collect()
        }
        Check::Several(checks) => checks.iter().flat_map(|check| structured(check, around)).collect(),
        _ => Vec::new(),
    }
}

fn components<'e, 'a>(
    program: Program,
    around: Surroundings<'e, 'a>,
    judge: impl Fn(&ComponentScope<'e, 'a>) -> Outcome,
) -> Vec<Outcome> {
    let evidence = around.evidence;
    let mut outcomes = Vec::new();
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for component in evidence.components().iter().filter(|component| component.program == program) {
        let scope = ComponentScope { component, around };
        let owner = scope.owner();
        read.extend(component.node());
        let outcome = match component.unread() {
            Some(reason) => Outcome::open(ItemStatus::Unknown, reason, COMPONENT),
            None => judge(&scope),
        };
        // Nothing in an object that the API server would refuse can be said to hold.
        let outcome = match (component.refused, outcome.status) {
            (true, ItemStatus::Pass) => Outcome::open(
                ItemStatus::Unknown,
                "the API server would refuse to decode this object",
                "the object with the fields named in the diagnostics corrected",
            ),
            _ => outcome,
        };
        outcomes.push(outcome.on(component.node()).by(program).about(owner, file_of(evidence, owner)));
    }
    if program == Program::Kubelet && !read.is_empty() {
        let missing = unread_nodes(evidence, &read, false);
        outcomes.extend(missing.into_iter().map(|outcome| outcome.by(program)));
    }
    if outcomes.is_empty() {
        let readings: Vec<NodeReading<'_>> = evidence.node_readings().map(|(_, reading)| reading).collect();
        let runs = |name: &str| readings.iter().any(|reading| reading.runs(name));
        let no_proxy = program == Program::KubeProxy
            && (evidence.collection().is_some() || !readings.is_empty())
            && !runs(program.name())
            && !runs("k3s");
        outcomes.push(match () {
            () if is_control_plane(program) && evidence.is_managed() => provider(),
            () if no_proxy => Outcome::new(ItemStatus::NotApplicable, "kube-proxy does not run here"),
            () => Outcome::open(silent(evidence), format!("nothing tells of {}", program.name()), COMPONENT),
        });
    }
    outcomes
}

/// Nobody showed it: a cluster that was asked leaves it open, files were never asked.
fn silent(evidence: &Evidence<'_>) -> ItemStatus {
    match evidence.collection().is_some() || evidence.node_readings().next().is_some() {
        true => ItemStatus::Unknown,
        false => ItemStatus::NotEvaluated,
    }
}

fn provider() -> Outcome {
    Outcome::new(ItemStatus::NotApplicable, "the provider runs the control plane and answers for it")
}

fn file_of<'e>(evidence: &'e Evidence<'_>, object: &Object<'_>) -> Option<&'e str> {
    evidence.files().get(object.file as usize).map(|file| file.name.as_str())
}

/// What controls found.
pub(super) fn findings(
    controls: &[&str],
    filter: fn(&Finding<'_>) -> bool,
    assessment: &Assessment<'_, '_>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let results = assessment.controls.iter().filter(|result| controls.contains(&result.control.id));
    let results: Vec<_> = results.filter(|result| result.counts.subjects() > 0).collect();
    let mut left: BTreeMap<ItemStatus, usize> = BTreeMap::new();
    let of_these = |finding: &&Finding<'_>| controls.contains(&finding.control.id) && filter(finding);
    for finding in assessment.findings.iter().filter(of_these) {
        let status = match finding.exception {
            None | Some(Acceptance::Known) => ItemStatus::Fail,
            Some(_) => ItemStatus::Excepted,
        };
        if outcomes.len() >= LISTED {
            *left.entry(status).or_default() += 1;
            continue;
        }
        let object = finding.subject.object;
        let message = match finding.subject.container {
            Some(container) => format!("container `{container}`: {}", finding.message),
            None => finding.message.clone().into_owned(),
        };
        let outcome = Outcome { path: Some(finding.place.path()), ..Outcome::new(status, message) };
        outcomes.push(Outcome { place: None, ..outcome.about(object, file_of(assessment.evidence, object)) });
    }
    outcomes
        .extend(left.into_iter().map(|(status, count)| Outcome::new(status, format!("and {count} more"))));
    for unknown in assessment.unknown.iter().filter(|unknown| controls.contains(&unknown.control.id)) {
        let outcome =
            Outcome::open(ItemStatus::Unknown, unknown.reason.clone().into_owned(), unknown.needs.clone());
        let object = unknown.subject.map(|subject| subject.object);
        let outcome = match object {
            Some(object) => {
                Outcome { place: None, ..outcome.about(object, file_of(assessment.evidence, object)) }
            }
            None => outcome,
        };
        outcomes.push(outcome);
    }
    if outcomes.is_empty() && !results.is_empty() {
        let passed: u64 = results.iter().map(|result| u64::from(result.counts.pass)).sum();
        let judged: u64 = results.iter().map(|result| result.counts.subjects()).sum();
        let not_concerned: u64 = results.iter().map(|result| u64::from(result.counts.not_applicable)).sum();
        outcomes.push(match judged > not_concerned {
            true => Outcome::new(ItemStatus::Pass, format!("{passed} judged, all hold")),
            false => Outcome::new(ItemStatus::NotApplicable, "does not apply here"),
        });
    }
    // What was not asked of all its controls is not known to hold.
    if results.len() < controls.len() && outcomes.iter().all(|outcome| outcome.status == ItemStatus::Pass) {
        outcomes.clear();
    }
    outcomes
}

/// What controls found in the audit policy. Where they saw none, an API server without one fails, and one that names a file
/// which nobody read is left to a person.
pub(super) fn audit_policy(
    controls: &[&str],
    assessment: &Assessment<'_, '_>,
    around: Surroundings<'_, '_>,
) -> Vec<Outcome> {
    let found = findings(controls, |_| true, assessment);
    if found.iter().any(|outcome| outcome.status != ItemStatus::NotApplicable) {
        return found;
    }
    let mut outcomes = settings(Program::ApiServer, &Want::Set(&["--audit-policy-file"]), around);
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.status == ItemStatus::Pass) {
        outcome.status = ItemStatus::Unknown;
        outcome.message = "the audit policy that the flag names was not read".to_owned();
        outcome.needs = Some("the file that `--audit-policy-file` names".into());
    }
    outcomes
}

/// Every pod.
pub(super) fn pods(check: PodCheck, around: Surroundings<'_, '_>) -> Vec<Outcome> {
    let evidence = around.evidence;
    let (mut outcomes, mut left, mut passed, mut concerned) = (Vec::new(), 0_usize, 0_usize, 0_usize);
    for workload in evidence.workloads() {
        let scope = PodScope { workload, around };
        let owner = scope.owner();
        let verdict = check(&scope);
        let verdict = match verdict {
            Verdict::Pass if workload.refused => Verdict::unknown(
                "the API server would refuse to decode this object",
                "the object with the fields named in the diagnostics corrected",
            ),
            verdict => verdict,
        };
        match verdict {
            Verdict::Pass => passed += 1,
            Verdict::NotApplicable => concerned += 1,
            verdict if outcomes.len() < LISTED => {
                outcomes.push(Outcome::of(&verdict, String::new).about(owner, file_of(evidence, owner)));
            }
            Verdict::Fail(_) => left += 1,
            // As many are listed already, and what is listed is not a pass either.
            Verdict::Unknown { .. } => {}
        }
    }
    if left > 0 {
        outcomes.push(Outcome::new(ItemStatus::Fail, format!("and {left} more")));
    }
    if outcomes.is_empty() && passed > 0 {
        outcomes.push(Outcome::new(ItemStatus::Pass, format!("{passed} pods hold")));
    } else if outcomes.is_empty() && concerned > 0 {
        outcomes.push(Outcome::new(ItemStatus::NotApplicable, "does not apply to these pods"));
    }
    outcomes
}

/// Every namespace that is declared: it has a policy, or the cluster told all policies and it has none.
pub(super) fn network_policies(around: Surroundings<'_, '_>) -> Vec<Outcome> {
    let evidence = around.evidence;
    let mut outcomes = Vec::new();
    let mut passed = 0;
    for namespace in evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace")) {
        let mut policies = evidence.in_namespace("NetworkPolicy", Some(namespace.name));
        if policies.any(|policy| policy.is("networking.k8s.io", "NetworkPolicy")) {
            passed += 1;
            continue;
        }
        if outcomes.len() >= LISTED {
            continue;
        }
        let outcome = match evidence.known("networking.k8s.io", "NetworkPolicy", Some(namespace.name)) {
            Known::All => Outcome::new(ItemStatus::Fail, "the namespace has no network policy"),
            Known::Refused(reason) => Outcome::open(
                ItemStatus::Unknown,
                reason,
                "the right to list networkpolicies.networking.k8s.io",
            ),
            Known::NotAsked => Outcome::open(
                ItemStatus::Unknown,
                "no network policy of the namespace is among the files",
                "the network policies of the namespace",
            ),
        };
        outcomes.push(outcome.about(namespace, file_of(evidence, namespace)));
    }
    if outcomes.is_empty() && passed > 0 {
        outcomes.push(Outcome::new(ItemStatus::Pass, format!("{passed} namespaces have network policies")));
    }
    outcomes
}
