//! Reports as Kubernetes objects, one per namespace and one for the cluster, in a `List` that `kubectl apply` takes:
//! `Report` and `ClusterReport` of OpenReports (`openreports.io/v1alpha1`), or their forerunners `PolicyReport` and
//! `ClusterPolicyReport` of the policy working group (`wgpolicyk8s.io/v1alpha2`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use seaworthy_controls::{Assessment, Finding, Subject, Unknown};
use serde::Serialize;

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;
use crate::numbers::object_name;
use crate::source::Located;

/// Which of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `openreports.io/v1alpha1`.
    OpenReports,
    /// `wgpolicyk8s.io/v1alpha2`.
    PolicyReport,
}

impl Api {
    fn version(self) -> &'static str {
        match self {
            Api::OpenReports => "openreports.io/v1alpha1",
            Api::PolicyReport => "wgpolicyk8s.io/v1alpha2",
        }
    }

    fn kind(self, namespaced: bool) -> &'static str {
        match (self, namespaced) {
            (Api::OpenReports, true) => "Report",
            (Api::OpenReports, false) => "ClusterReport",
            (Api::PolicyReport, true) => "PolicyReport",
            (Api::PolicyReport, false) => "ClusterPolicyReport",
        }
    }
}

/// What made the reports.
const SOURCE: &str = "seaworthy";
/// Name of each report: one per namespace, so that the next run replaces it.
const NAME_OF_REPORT: &str = "seaworthy";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'f> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Report<'f>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'f> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'f>,
    /// Told once for all results by OpenReports, result by result by the older API.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    summary: Summary,
    results: Vec<ReportResult<'f>>,
}

#[derive(Serialize)]
struct Metadata<'f> {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Cow<'f, str>>,
    labels: BTreeMap<&'static str, &'static str>,
}

#[derive(Default, Serialize)]
struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

#[derive(Serialize)]
struct ReportResult<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    policy: &'static str,
    category: &'f str,
    severity: &'static str,
    result: &'static str,
    scored: bool,
    message: Cow<'f, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource<'f>>,
    properties: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'f> {
    api_version: Cow<'f, str>,
    kind: Cow<'f, str>,
    name: Cow<'f, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Cow<'f, str>>,
}

/// Writes the reports: open findings fail, accepted ones are skipped, undecided ones are errors.
///
/// # Errors
/// Those of the writer.
pub fn write(
    api: Api,
    assessment: &Assessment<'_, '_>,
    _: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut reports: BTreeMap<Option<&str>, Report<'_>> = BTreeMap::new();
    let findings = assessment
        .findings
        .iter()
        .map(|finding| (finding.subject.object.namespace, of_finding(api, assessment, finding)));
    let unknown = assessment.unknown.iter().map(|unknown| {
        (unknown.subject.and_then(|subject| subject.object.namespace), of_unknown(api, unknown))
    });
    for (namespace, result) in findings.chain(unknown) {
        let report = reports.entry(namespace).or_insert_with(|| Report::new(api, namespace));
        match result.result {
            "fail" => report.summary.fail += 1,
            "skip" => report.summary.skip += 1,
            _ => report.summary.error += 1,
        }
        report.results.push(result);
    }
    let items: Vec<Report<'_>> = reports.into_values().collect();
    let list = List { api_version: "v1", kind: "List", items };
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}

impl<'f> Report<'f> {
    fn new(api: Api, namespace: Option<&'f str>) -> Report<'f> {
        let labels = [("app.kubernetes.io/managed-by", SOURCE)];
        Report {
            api_version: api.version(),
            kind: api.kind(namespace.is_some()),
            metadata: Metadata {
                name: NAME_OF_REPORT,
                namespace: namespace.map(|namespace| clean(namespace, NAME)),
                labels: labels.into(),
            },
            source: (api == Api::OpenReports).then_some(SOURCE),
            summary: Summary::default(),
            results: Vec::new(),
        }
    }
}

fn of_finding<'f>(api: Api, assessment: &Assessment<'_, 'f>, finding: &'f Finding<'f>) -> ReportResult<'f> {
    let located = Located::of(assessment, finding);
    let path = finding.place.path();
    let start = located.range.start;
    let mut properties = BTreeMap::from([
        ("file", format!("{}:{}:{}", clean(located.file, PATH), start.line, start.column)),
        ("fingerprint", finding.fingerprint_at(&path)),
        ("path", clean(&path, PATH).into_owned()),
        ("phase", finding.control.phase.name().to_owned()),
    ]);
    if let Some(container) = finding.subject.container {
        properties.insert("container", clean(container, NAME).into_owned());
    }
    if let Some(holder) = finding.subject.holder {
        properties.insert("rbacSubject", clean(&holder.to_string(), NAME).into_owned());
    }
    ReportResult {
        source: (api == Api::PolicyReport).then_some(SOURCE),
        policy: finding.control.id,
        category: finding.control.family(),
        severity: finding.severity.name(),
        result: if finding.exception.is_some() { "skip" } else { "fail" },
        scored: finding.exception.is_none(),
        message: clean(&finding.message, MESSAGE),
        resources: vec![resource(&finding.subject)],
        properties,
    }
}

fn of_unknown<'f>(api: Api, unknown: &'f Unknown<'f>) -> ReportResult<'f> {
    let mut properties = BTreeMap::from([
        ("needs", unknown.needs.clone().into_owned()),
        ("phase", unknown.control.phase.name().to_owned()),
        ("subjects", unknown.count.to_string()),
    ]);
    if let Some(subject) = &unknown.subject {
        properties.insert("first", object_name(subject.object));
    }
    ReportResult {
        source: (api == Api::PolicyReport).then_some(SOURCE),
        policy: unknown.control.id,
        category: unknown.control.family(),
        severity: unknown.control.severity.name(),
        result: "error",
        scored: false,
        message: clean(&unknown.reason, MESSAGE),
        resources: unknown.subject.iter().map(resource).collect(),
        properties,
    }
}

fn resource<'f>(subject: &Subject<'f>) -> Resource<'f> {
    let object = subject.object;
    Resource {
        api_version: clean(object.api_version, NAME),
        kind: clean(object.kind, NAME),
        name: clean(object.name, NAME),
        namespace: object.namespace.map(|namespace| clean(namespace, NAME)),
    }
}
