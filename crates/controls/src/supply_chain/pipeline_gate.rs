//! `supply-chain/pipeline-gate`; prose and cases in `pipeline_gate.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};

use super::commands::{self, Acts};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

/// Kinds that describe pipelines. The first two are given to files of GitHub and GitLab, which name no kind.
const KINDS: &[(&str, &str)] = &[
    ("github.com", "Workflow"),
    ("gitlab.com", "Pipeline"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("argoproj.io", "CronWorkflow"),
    ("argoproj.io", "Workflow"),
    ("argoproj.io", "WorkflowTemplate"),
    ("tekton.dev", "Pipeline"),
    ("tekton.dev", "PipelineRun"),
    ("tekton.dev", "Task"),
    ("tekton.dev", "TaskRun"),
];

/// Keys whose texts are run.
const SCRIPTS: &[&str] = &["run", "script", "before_script", "after_script", "source"];

pub(super) static CONTROL: Control = Control {
    id: "supply-chain/pipeline-gate",
    title: "Images and manifests are checked before they reach the cluster",
    phase: Phase::QuickWin,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests],
    change: &change::PIPELINE,
    page: include_str!("pipeline_gate.md"),
    mappings: Mappings { nsa: &["images"], attack: &["MS-TA9002", "T1195.002"], ..Mappings::NONE },
    check: Check::Evidence(check),
    guard: None,
    probes: &[],
};

/// What a pipeline does, and where.
#[derive(Default)]
struct Pipeline<'a> {
    /// The first text that deploys.
    deploys: Option<Value<'a>>,
    scans: bool,
    /// A scanner whose findings are ignored.
    shrugs: Option<Value<'a>>,
    scratch: bool,
    /// It runs parts that stand in other files.
    includes: bool,
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let objects = around.evidence.objects().iter();
    let pipelines: Vec<(&Object<'a>, Pipeline<'a>)> = objects
        .filter(|object| KINDS.iter().any(|(group, kind)| object.is(group, kind)))
        .map(|object| (object, read(object)))
        .collect();
    // Branches may be protected by a check that another pipeline runs.
    let scanned_elsewhere =
        pipelines.iter().any(|(_, pipeline)| pipeline.scans && pipeline.deploys.is_none());
    let judged = pipelines
        .iter()
        .map(|(object, pipeline)| Judged { object, verdict: judge(pipeline, scanned_elsewhere) });
    judged.collect()
}

fn judge<'a>(pipeline: &Pipeline<'a>, scanned_elsewhere: bool) -> Verdict<'a> {
    let Some(deploys) = pipeline.deploys.filter(|_| !pipeline.scratch) else { return Verdict::NotApplicable };
    if let Some(step) = pipeline.shrugs {
        let message =
            "a check runs here, but nothing comes of it: what it finds does not stop the deployment";
        return Verdict::fail(Fault::new(Place::at(step), message));
    }
    if pipeline.scans {
        return Verdict::Pass;
    }
    if pipeline.includes || scanned_elsewhere {
        return Verdict::unknown(
            "the check before this deployment may be in another pipeline",
            "the rules of the branch: which pipelines must succeed before one that deploys runs",
        );
    }
    Verdict::fail(Fault::new(
        Place::at(deploys),
        "objects are applied to a cluster, and no step before checks manifests or images",
    ))
}

fn read<'a>(object: &Object<'a>) -> Pipeline<'a> {
    let mut pipeline = Pipeline::default();
    let includes_jobs = object.value.get("include").is_some();
    pipeline.includes = object.group() == "gitlab.com" && includes_jobs;
    for value in object.value.descendants() {
        if value.is_mapping() {
            if let Some((line, at)) = command_of(&value) {
                note(&mut pipeline, commands::of_script(&line), at);
            }
            continue;
        }
        let (Some(text), Some(key)) = (value.as_str(), key_of(&value)) else { continue };
        let acts = match key {
            "uses" | "image" => commands::of_action(text),
            _ => commands::of_script(text),
        };
        // A workflow of GitHub that is called stands elsewhere.
        pipeline.includes |= key == "uses" && text.contains(".github/workflows/");
        note(&mut pipeline, acts, value);
    }
    // Steps that may fail without an effect; only of a step or job that checks something.
    if pipeline.shrugs.is_none() && pipeline.scans {
        pipeline.shrugs = object.value.descendants().filter(Value::is_mapping).find_map(|step| {
            let shrugs = ["continue-on-error", "allow_failure"]
                .iter()
                .find_map(|key| step.get(key).filter(|value| value.as_bool() == Some(true)))?;
            scans(&step).then_some(shrugs)
        });
    }
    pipeline
}

fn note<'a>(pipeline: &mut Pipeline<'a>, acts: Acts, value: Value<'a>) {
    if acts.deploys && pipeline.deploys.is_none() {
        pipeline.deploys = Some(value);
    }
    if acts.shrugs && pipeline.shrugs.is_none() {
        pipeline.shrugs = Some(value);
    }
    pipeline.scans |= acts.scans;
    pipeline.scratch |= acts.scratch;
}

/// Whether a step or job checks something itself.
fn scans(step: &Value<'_>) -> bool {
    let text = |key: &str| step.get(key).map_or("", |value| value.text());
    let lines = ["script", "run"].iter().filter_map(|key| step.get(key)).flat_map(|list| list.descendants());
    commands::of_action(text("uses")).scans
        || lines.filter_map(|line| line.as_str()).any(|line| commands::of_script(line).scans)
}

/// The command line of a container, whose words are the items of two lists.
fn command_of<'a>(container: &Value<'a>) -> Option<(String, Value<'a>)> {
    let list = |key| container.get(key).filter(Value::is_sequence);
    let (command, args) = (list("command"), list("args"));
    let at = args.or(command)?;
    let words =
        command.into_iter().chain(args).flat_map(|list| list.items()).filter_map(|word| word.as_str());
    Some((words.collect::<Vec<_>>().join(" "), at))
}

/// The key under which a text is run, also as an item of a list.
fn key_of<'a>(value: &Value<'a>) -> Option<&'a str> {
    let key = value.key().or_else(|| value.parent()?.key())?.text();
    (SCRIPTS.contains(&key) || matches!(key, "uses" | "image")).then_some(key)
}
