//! From the documents of a file to objects, pods and components.

use seaworthy_document::{Document, Value};
use seaworthy_podsecurity::Pod;
use seaworthy_schema as schema;

use crate::collection;
use crate::component::{self, Component};
use crate::configuration;
use crate::diagnostic::{Diagnostic, Severity};
use crate::index::SourceFile;
use crate::object::Object;
use crate::unnamed;
use crate::workload::{self, Workload};

#[derive(Default)]
pub(crate) struct FileEvidence<'a> {
    pub(crate) objects: Vec<Object<'a>>,
    pub(crate) workloads: Vec<Workload<'a>>,
    pub(crate) components: Vec<Component<'a>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) foreign: usize,
    pub(crate) documents: usize,
}

pub(crate) fn read_file<'a>(index: u32, file: &'a SourceFile) -> FileEvidence<'a> {
    let mut part = FileEvidence::default();
    part.diagnostics.extend(file.stream.diagnostics().iter().map(|diagnostic| Diagnostic {
        file: index,
        document: diagnostic.document,
        span: diagnostic.span,
        severity: Severity::Error,
        message: diagnostic.message.clone(),
    }));
    for document in file.stream.documents() {
        part.documents += 1;
        if let Some(object) = unnamed::read(&file.name, document.root(), index, document.ordinal()) {
            part.objects.push(object);
        } else if let Some(kind) = configuration::configuration_kind(&file.name, &document) {
            read_configuration(&mut part, kind, index, file, &document);
        } else {
            read_value(&mut part, document.root(), None, index, &document);
        }
    }
    part
}

/// A configuration file that is no Kubernetes object: it gets a kind and the name of the file.
fn read_configuration<'a>(
    part: &mut FileEvidence<'a>,
    kind: &'static str,
    file: u32,
    source: &'a SourceFile,
    document: &Document<'a>,
) {
    let object = Object {
        api_version: "",
        group: "",
        kind,
        namespace: None,
        name: configuration::name_of(kind, &source.name),
        value: document.root(),
        file,
        document: document.ordinal(),
        refused: false,
    };
    let index = part.objects.len() as u32;
    part.objects.push(object);
    component::components_of(&object, &[], index, |component| part.components.push(component));
}

fn read_value<'a>(
    part: &mut FileEvidence<'a>,
    value: Value<'a>,
    inherited: Option<(&'a str, &'a str)>,
    file: u32,
    document: &Document<'a>,
) {
    let Some(object) = Object::read(value, inherited, file, document.ordinal()) else {
        match missing_identity(&value) {
            Some(field) => part.diagnostics.push(Diagnostic {
                file,
                document: document.ordinal(),
                span: value.entry_span(),
                severity: Severity::Error,
                message: format!("`{field}` is missing: Kubernetes cannot tell what this object is"),
            }),
            None => part.foreign += 1,
        }
        return;
    };
    // A list is no object of its own, and lists do not hold lists: one level, so no recursion without end.
    if inherited.is_none()
        && let Some(item_kind) = object.kind.strip_suffix("List")
        && let Some(items) = object.value.get("items").filter(Value::is_sequence)
    {
        for item in items.items() {
            let inherited = if item_kind.is_empty() { ("", "") } else { (object.api_version, item_kind) };
            read_value(part, item, Some(inherited), file, document);
        }
        return;
    }
    // A patch of Kustomize that deletes something declares nothing.
    if object.value.get("$patch").is_some() {
        part.foreign += 1;
        return;
    }
    let built_in = schema::kind(object.api_version, object.kind);
    let refusals = built_in.map(|kind| refusals(kind, object.value)).unwrap_or_default();
    let refused = refusals.iter().any(|refusal| !refusal.problem.strict_only());
    report(part, file, document, &refusals);
    let index = part.objects.len() as u32;
    part.objects.push(Object { refused, ..object });
    let first = part.workloads.len();
    workload::pods_of(&object, |pod| {
        let refused = if built_in.is_none() { refuses_pod(part, &pod, file, document) } else { refused };
        part.workloads.push(Workload { object: index, pod, refused });
    });
    let pods = &part.workloads[first..];
    component::components_of(&object, pods, index, |component| part.components.push(component));
}

/// Pod templates of custom resources are judged by the type that they become.
fn refuses_pod<'a>(part: &mut FileEvidence<'a>, pod: &Pod<'a>, file: u32, document: &Document<'a>) -> bool {
    let Some(pod_spec) = schema::named("io.k8s.api.core.v1.PodSpec") else { return false };
    let hard: Vec<_> =
        refusals(pod_spec, pod.spec()).into_iter().filter(|refusal| !refusal.problem.strict_only()).collect();
    report(part, file, document, &hard);
    !hard.is_empty()
}

/// What the API server would refuse, apart from placeholders that something fills in before it sees the object.
pub(crate) fn refusals<'a>(of: schema::Type, object: Value<'a>) -> Vec<schema::Refusal<'a>> {
    let mut refusals = schema::refusals(of, object);
    // Fields of ours stand in objects that were read from a cluster.
    let own = |refusal: &schema::Refusal<'a>| {
        refusal.value.key().is_some_and(|key| key.text().starts_with(collection::FIELD_PREFIX))
    };
    refusals.retain(|refusal| !refusal.value.as_str().is_some_and(is_placeholder) && !own(refusal));
    refusals
}

/// Whether a text stands for another one: a variable of Flux or envsubst, a value encrypted by SOPS, a path of the
/// Argo CD Vault plugin.
fn is_placeholder(text: &str) -> bool {
    text.contains("${") || text.starts_with("ENC[") || text.starts_with("<path:")
}

fn report(part: &mut FileEvidence<'_>, file: u32, document: &Document<'_>, refusals: &[schema::Refusal<'_>]) {
    part.diagnostics.extend(refusals.iter().map(|refusal| Diagnostic {
        file,
        document: document.ordinal(),
        span: refusal.value.entry_span(),
        severity: if refusal.problem.strict_only() { Severity::Warning } else { Severity::Error },
        message: refusal.to_string(),
    }));
}

/// Names the missing half of the identity when the value is plainly meant for Kubernetes: it has `metadata`
/// and one of `apiVersion` and `kind`. (A Helm `Chart.yaml`, say, has an `apiVersion` but no `metadata`.)
fn missing_identity(value: &Value<'_>) -> Option<&'static str> {
    value.get("metadata").filter(Value::is_mapping)?;
    let has = |key| value.get(key).and_then(|v| v.as_str()).is_some_and(|text| !text.is_empty());
    match (has("apiVersion"), has("kind")) {
        (true, false) => Some("kind"),
        (false, true) => Some("apiVersion"),
        _ => None,
    }
}
