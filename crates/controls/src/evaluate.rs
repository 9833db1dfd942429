//! Evaluation: one pass over the evidence that calls every check that asked for what is there.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_document::Kind;
use seaworthy_evidence::{Evidence, Object, Place, Program, Workload};
use seaworthy_podsecurity as podsecurity;

use crate::assessment::{Assessment, ControlResult};
use crate::closed_world::Doubts;
use crate::control::{
    Check, ComponentCheck, ContainerCheck, Control, EvidenceCheck, NamespaceCheck, ObjectCheck, PodCheck,
    Severity,
};
use crate::exceptions::{Judge, Within};
use crate::scope::{
    ComponentScope, ContainerScope, NamespaceScope, ObjectScope, PodScope, Settings, Surroundings,
};
use crate::system;
use crate::tally::{Spot, Tally};
use crate::verdict::{Fault, Judged, Verdict};

/// Objects and pods per task: enough to outweigh the cost of a task, few enough to keep both cores busy.
const CHUNK: usize = 256;

/// Judges the evidence by the controls, which stay in the order given.
pub fn evaluate<'e, 'a>(
    controls: &[&'static Control],
    evidence: &'e Evidence<'a>,
    settings: &'e Settings,
) -> Assessment<'e, 'a> {
    evaluate_within(controls, evidence, settings, Extent::All)
}

/// Judges what stands in some of the files, in the light of all evidence: what an editor shows beside a file. Nothing
/// is said of other files, and the numbers count those given alone.
pub fn evaluate_files<'e, 'a>(
    controls: &[&'static Control],
    evidence: &'e Evidence<'a>,
    settings: &'e Settings,
    files: &[u32],
) -> Assessment<'e, 'a> {
    evaluate_within(controls, evidence, settings, Extent::Files(files))
}

/// The files whose subjects are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent<'f> {
    All,
    /// Those at these positions; few.
    Files(&'f [u32]),
}

impl Extent<'_> {
    pub(crate) fn holds(self, file: u32) -> bool {
        match self {
            Extent::All => true,
            Extent::Files(files) => files.contains(&file),
        }
    }
}

fn evaluate_within<'e, 'a>(
    controls: &[&'static Control],
    evidence: &'e Evidence<'a>,
    settings: &'e Settings,
    extent: Extent<'_>,
) -> Assessment<'e, 'a> {
    let plan = Plan::new(controls, evidence);
    let around = Surroundings { evidence, settings };
    let judge = Judge::new(controls, evidence, settings, extent);

    let pods = evidence.workloads().par_chunks(CHUNK).map(|workloads| {
        let mut tally = Tally::new(&judge);
        let judged = workloads.iter().filter(|workload| extent.holds(evidence.owner(workload).file));
        judged.for_each(|workload| judge_pod(&plan, &mut tally, PodScope { workload, around }));
        tally
    });
    let objects = evidence.objects().par_chunks(CHUNK).map(|objects| {
        let mut tally = Tally::new(&judge);
        let judged = objects.iter().filter(|object| extent.holds(object.file));
        // What an owner stands for is judged there, whatever is asked of it.
        let judged = judged.filter(|object| !evidence.is_represented(object));
        judged.for_each(|object| judge_object(&plan, &mut tally, ObjectScope { object, around }));
        tally
    });
    let mut namespaces = namespaces(around, extent);
    namespaces.retain(|scope| scope.anchor().is_some_and(|anchor| extent.holds(anchor.file)));
    let namespaces = namespaces.par_chunks(CHUNK).map(|scopes| {
        let mut tally = Tally::new(&judge);
        scopes.iter().for_each(|scope| judge_namespace(&plan, &mut tally, scope));
        tally
    });

    let components = evidence.components().par_chunks(CHUNK).map(|components| {
        let mut tally = Tally::new(&judge);
        let judged = components.iter().filter(|component| extent.holds(evidence.owner_of(component).file));
        judged.for_each(|component| {
            judge_component(&plan, &mut tally, ComponentScope { component, around });
        });
        tally
    });
    let whole = plan.evidence.par_iter().map(|(index, check)| {
        let mut tally = Tally::new(&judge);
        let judged = check(&around).into_iter().filter(|judged| extent.holds(judged.object.file));
        for Judged { object, verdict } in judged {
            let verdict = if object.refused { unless_passed(verdict) } else { verdict };
            let verdict = plan.weigh(*index, verdict, &around, object.namespace);
            tally.record(*index, Spot::object(object), verdict);
        }
        tally
    });
    let mut unseen = Tally::new(&judge);
    if matches!(extent, Extent::All) {
        record_unseen(&plan, &mut unseen);
    }

    let parts = pods.chain(objects).chain(namespaces).chain(components).chain(whole);
    let tallies: Vec<Tally<'_, 'e>> = parts.collect();
    let mut total = Tally::new(&judge);
    total.findings.reserve_exact(tallies.iter().map(|tally| tally.findings.len()).sum());
    tallies.into_iter().chain([unseen]).for_each(|tally| total.merge(tally));
    let mut order: FxHashMap<&str, usize> = FxHashMap::default();
    order.extend(controls.iter().enumerate().map(|(index, control)| (control.id, index)));
    total.findings.par_sort_by_cached_key(|finding| {
        let object = &finding.subject.object;
        (
            object.file,
            object.document,
            finding.place.span().start,
            order[finding.control.id],
            finding.place.value.id(),
        )
    });
    let evaluated = |id: &str| order.contains_key(id);
    let vanished = match &settings.baseline {
        Some(baseline) => baseline.apply(&mut total.findings, evaluated),
        None => Vec::new(),
    };
    let counts = total.counts();
    Assessment {
        evidence,
        settings,
        controls: controls
            .iter()
            .zip(counts)
            .map(|(control, counts)| ControlResult { control, counts })
            .collect(),
        exceptions: settings.exceptions.uses(&total.used, evaluated),
        findings: total.findings,
        unknown: total.unknown,
        diagnostics: judge.diagnostics(evidence),
        vanished,
        declarations: None,
        proofs: None,
    }
}

/// The checks, sorted by what they ask for, each with the position of its control in the list given.
#[derive(Default)]
struct Plan {
    pod_security: Vec<(usize, podsecurity::Check, Option<Grade>)>,
    containers: Vec<(usize, ContainerCheck)>,
    pods: Vec<(usize, PodCheck)>,
    images: Vec<(usize, &'static str)>,
    namespaces: Vec<(usize, NamespaceCheck)>,
    objects: FxHashMap<(&'static str, &'static str), Vec<(usize, ObjectCheck)>>,
    components: Vec<(usize, &'static [Program], ComponentCheck)>,
    evidence: Vec<(usize, EvidenceCheck)>,
    /// What the cluster did not show, by the position of the control.
    doubts: Vec<Option<Doubts>>,
}

/// Grades a fault of a Pod Security check by its context.
type Grade = fn(&podsecurity::Fault<'_>) -> Severity;

impl Plan {
    fn new(controls: &[&'static Control], evidence: &Evidence<'_>) -> Plan {
        let doubts = controls.iter().map(|control| Doubts::of(control, evidence)).collect();
        let mut plan = Plan { doubts, ..Plan::default() };
        controls.iter().enumerate().for_each(|(index, control)| plan.add(index, &control.check));
        plan
    }

    fn add(&mut self, index: usize, check: &'static Check) {
        match *check {
            Check::PodSecurity { check, grade } => self.pod_security.push((index, check, grade)),
            Check::Container(check) => self.containers.push((index, check)),
            Check::Pod(check) => self.pods.push((index, check)),
            Check::ImageContent { needs } => self.images.push((index, needs)),
            Check::Namespace(check) => self.namespaces.push((index, check)),
            Check::Object { kinds, check } => {
                for kind in kinds {
                    self.objects.entry(*kind).or_default().push((index, check));
                }
            }
            Check::Component { programs, check } => self.components.push((index, programs, check)),
            Check::Evidence(check) => self.evidence.push((index, check)),
            Check::Several(checks) => checks.iter().for_each(|check| self.add(index, check)),
            Check::Reads(_) => {}
        }
    }

    /// What remains of a verdict in view of what the cluster did not show.
    fn weigh<'a>(
        &self,
        index: usize,
        verdict: Verdict<'a>,
        around: &Surroundings<'_, '_>,
        namespace: Option<&str>,
    ) -> Verdict<'a> {
        match self.doubts.get(index) {
            Some(Some(doubts)) => doubts.weigh(verdict, around.evidence, namespace),
            _ => verdict,
        }
    }
}

/// One line for each control that would have had more to look at.
fn record_unseen(plan: &Plan, tally: &mut Tally<'_, '_>) {
    for (index, doubts) in plan.doubts.iter().enumerate() {
        if let Some(refusal) = doubts.as_ref().and_then(|doubts| doubts.unseen.clone()) {
            tally.record_unseen(index, refusal.reason, refusal.needs);
        }
    }
}

fn judge_pod<'e>(plan: &Plan, tally: &mut Tally<'_, 'e>, scope: PodScope<'e, 'e>) {
    let owner = scope.owner();
    let pod = scope.pod();
    let component = system::component(pod);
    let settle =
        |tally: &mut Tally<'_, 'e>, index: usize, container: Option<&'e str>, verdict: Verdict<'e>| {
            let verdict = if scope.workload.refused { unless_passed(verdict) } else { verdict };
            let verdict = plan.weigh(index, verdict, &scope.around, owner.namespace);
            let needed = component.and_then(|component| component.reason(tally.control(index).id));
            let within = Within::Pod(pod.spec());
            tally.record(index, Spot { object: owner, container, within, needed }, verdict);
        };

    if !plan.pod_security.is_empty() {
        let version = scope.around.settings.version;
        let failing = podsecurity::failing_checks(pod, version);
        for &(index, check, grade) in &plan.pod_security {
            let verdict = if failing.contains(check) {
                let faults = podsecurity::faults(pod, check, version);
                Verdict::Fail(faults.iter().map(|fault| pod_security_fault(check, fault, grade)).collect())
            } else if check.since() > version {
                Verdict::NotApplicable
            } else {
                Verdict::Pass
            };
            settle(tally, index, None, verdict);
        }
    }
    for &(index, check) in &plan.pods {
        settle(tally, index, None, check(&scope));
    }
    for container in pod.containers() {
        let name = Some(container.name());
        for &(index, check) in &plan.containers {
            settle(tally, index, name, check(&ContainerScope { container, pod: scope }));
        }
        for &(index, needs) in &plan.images {
            settle(tally, index, name, Verdict::unknown("the content of the image was not read", needs));
        }
    }
}

fn judge_object<'e>(plan: &Plan, tally: &mut Tally<'_, 'e>, scope: ObjectScope<'e, 'e>) {
    let Some(controls) = plan.objects.get(&(scope.object.group(), scope.object.kind)) else { return };
    for &(index, check) in controls {
        let verdict = check(&scope);
        let verdict = if scope.object.refused { unless_passed(verdict) } else { verdict };
        let verdict = plan.weigh(index, verdict, &scope.around, scope.object.namespace);
        tally.record(index, Spot::object(scope.object), verdict);
    }
}

fn judge_namespace<'e>(plan: &Plan, tally: &mut Tally<'_, 'e>, scope: &NamespaceScope<'e, 'e>) {
    let Some(anchor) = scope.anchor() else { return };
    let within = if scope.object.is_some() { Within::Object } else { Within::Others };
    let spot = Spot { within, ..Spot::object(anchor) };
    for &(index, check) in &plan.namespaces {
        let verdict = plan.weigh(index, check(scope), &scope.around, scope.name);
        tally.record(index, spot, verdict);
    }
}

fn judge_component<'e>(plan: &Plan, tally: &mut Tally<'_, 'e>, scope: ComponentScope<'e, 'e>) {
    let component = scope.component;
    for &(index, programs, check) in &plan.components {
        if programs.contains(&component.program) {
            let verdict = match component.unread() {
                Some(reason) => unread(component.program, reason),
                None => check(&scope),
            };
            let verdict = if component.refused { unless_passed(verdict) } else { verdict };
            let verdict = plan.weigh(index, verdict, &scope.around, None);
            let spot = |object| Spot { container: component.container, ..Spot::object(object) };
            match verdict {
                Verdict::Fail(faults) => {
                    for (source, faults) in by_source(&scope, faults) {
                        tally.record(index, spot(source), Verdict::Fail(faults));
                    }
                }
                verdict => tally.record(index, spot(scope.owner()), verdict),
            }
        }
    }
}

/// A component that runs and of which nothing could be read.
fn unread<'a>(program: Program, reason: &str) -> Verdict<'a> {
    let needs = match program {
        Program::Kubelet => {
            "the right `get nodes/proxy`, by which kubelets tell their configuration, or a reading of the node itself"
        }
        Program::ApiServer => {
            "the right `get /flagz`, the pods of `kube-system`, or a reading of a node of the control plane"
        }
        Program::KubeProxy => {
            "the DaemonSet of kube-proxy and its ConfigMap, or a reading of the node itself"
        }
        _ => "the pods of `kube-system`, or a reading of a node of the control plane",
    };
    Verdict::unknown(format!("nothing of {} was read: {reason}", program.name()), needs)
}

/// The faults of a component by the object in which they stand: drop-ins are files of their own.
fn by_source<'e>(
    scope: &ComponentScope<'e, 'e>,
    faults: Vec<Fault<'e>>,
) -> Vec<(&'e Object<'e>, Vec<Fault<'e>>)> {
    let mut groups: Vec<(&'e Object<'e>, Vec<Fault<'e>>)> = Vec::new();
    for fault in faults {
        let source = scope.around.evidence.source_of(scope.component, &fault.place.value);
        match groups.iter_mut().find(|(object, _)| std::ptr::eq(*object, source)) {
            Some((_, group)) => group.push(fault),
            None => groups.push((source, vec![fault])),
        }
    }
    groups
}

/// Nothing in an object that the API server would not even decode can be said to hold.
fn unless_passed(verdict: Verdict<'_>) -> Verdict<'_> {
    match verdict {
        Verdict::Pass => Verdict::unknown(
            "the API server would refuse to decode this object",
            "the object with the fields named in the diagnostics corrected",
        ),
        other => other,
    }
}

/// Every namespace that is declared or holds a pod, in the order in which the evidence names them.
fn namespaces<'e, 'a>(around: Surroundings<'e, 'a>, extent: Extent<'_>) -> Vec<NamespaceScope<'e, 'a>> {
    let evidence = around.evidence;
    // Of a few files, only what they name can be anchored in them.
    let concerned: Option<FxHashSet<Option<&str>>> = match extent {
        Extent::All => None,
        Extent::Files(_) => {
            let objects = evidence.objects().iter().filter(|object| extent.holds(object.file));
            Some(objects.flat_map(|object| [object.namespace, Some(object.name)]).collect())
        }
    };
    let is_concerned = |name: Option<&str>| concerned.as_ref().is_none_or(|names| names.contains(&name));
    let mut scopes: Vec<NamespaceScope<'e, 'a>> = Vec::new();
    let mut by_name: FxHashMap<Option<&'a str>, usize> = FxHashMap::default();
    let declared = evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace"));
    for object in declared.filter(|object| is_concerned(Some(object.name))) {
        by_name.insert(Some(object.name), scopes.len());
        scopes.push(NamespaceScope {
            name: Some(object.name),
            object: Some(object),
            workloads: Vec::new(),
            around,
        });
    }
    for workload in evidence.workloads() {
        let name = namespace_of(evidence, workload);
        if !is_concerned(name) {
            continue;
        }
        let index = *by_name.entry(name).or_insert_with(|| {
            scopes.push(NamespaceScope { name, object: None, workloads: Vec::new(), around });
            scopes.len() - 1
        });
        scopes[index].workloads.push(workload);
    }
    scopes
}

fn namespace_of<'a>(evidence: &Evidence<'a>, workload: &Workload<'a>) -> Option<&'a str> {
    evidence.owner(workload).namespace
}

fn pod_security_fault<'a>(
    check: podsecurity::Check,
    fault: &podsecurity::Fault<'a>,
    grade: Option<Grade>,
) -> Fault<'a> {
    Fault {
        place: Place { value: fault.value, missing: fault.missing },
        container: fault.container.map(|container| container.name()),
        holder: None,
        message: describe(check, fault),
        severity: grade.map(|grade| grade(fault)),
    }
}

/// Says what stands (or is missing) at a place in the words of the file.
fn describe(check: podsecurity::Check, fault: &podsecurity::Fault<'_>) -> Cow<'static, str> {
    if let Some(missing) = fault.missing {
        return format!("`{missing}` is not set").into();
    }
    let value = fault.value;
    let name = value.get("name").and_then(|name| name.as_str());
    if matches!(check, podsecurity::Check::HostPathVolumes | podsecurity::Check::RestrictedVolumes) {
        let source =
            value.entries().map(|(key, _)| key.text()).find(|key| *key != "name").unwrap_or("volume");
        return format!("volume `{}` is a `{source}`", name.unwrap_or_default()).into();
    }
    match (value.kind(), value.key(), name) {
        (Kind::Mapping | Kind::Sequence, _, Some(name)) => format!("`{name}` is not allowed").into(),
        (Kind::Mapping | Kind::Sequence, Some(key), None) => {
            format!("`{}` is not allowed", key.text()).into()
        }
        (Kind::Mapping | Kind::Sequence, None, None) => "this is not allowed".into(),
        (_, Some(key), _) => format!("`{}: {}`", key.text(), value.text()).into(),
        (_, None, _) => format!("`{}` is not allowed", value.text()).into(),
    }
}
