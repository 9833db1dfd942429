//! The JSON that tools for kube-bench read: the CIS benchmark by section and node. The field names are those of that
//! format; the words in it are ours.

use std::io::{self, Write};

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus, Outcome, Page};
use serde::Serialize;

use crate::clean::{MESSAGE, NAME, clean};
use crate::compliance::whom;
use crate::context::Context;

#[derive(Serialize)]
struct Report {
    #[serde(rename = "Controls")]
    controls: Vec<Part>,
    #[serde(rename = "Totals")]
    totals: Totals,
}

/// A part of the benchmark on one node; without a node, where it is about none.
#[derive(Serialize)]
struct Part {
    id: &'static str,
    version: String,
    detected_version: String,
    text: &'static str,
    node_type: &'static str,
    /// Not in the format: which node this part is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    tests: Vec<Section>,
    #[serde(flatten)]
    totals: Totals,
}

#[derive(Serialize)]
struct Section {
    section: String,
    r#type: &'static str,
    pass: usize,
    fail: usize,
    warn: usize,
    info: usize,
    desc: &'static str,
    results: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    test_number: &'static str,
    test_desc: String,
    audit: String,
    #[serde(rename = "AuditEnv")]
    audit_env: &'static str,
    #[serde(rename = "AuditConfig")]
    audit_config: &'static str,
    r#type: &'static str,
    remediation: String,
    test_info: Vec<String>,
    status: State,
    actual_value: String,
    scored: bool,
    #[serde(rename = "IsMultiple")]
    is_multiple: bool,
    expected_result: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Pass,
    Fail,
    Warn,
    Info,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Totals {
    total_pass: usize,
    total_fail: usize,
    total_warn: usize,
    total_info: usize,
}

impl Totals {
    fn add(&mut self, section: &Section) {
        self.total_pass += section.pass;
        self.total_fail += section.fail;
        self.total_warn += section.warn;
        self.total_info += section.info;
    }

    fn plus(&mut self, more: &Totals) {
        self.total_pass += more.total_pass;
        self.total_fail += more.total_fail;
        self.total_warn += more.total_warn;
        self.total_info += more.total_info;
    }
}

/// The parts: number, words, and the type of node.
const PARTS: [(&str, &str, &str); 5] = [
    ("1", "control plane", "master"),
    ("2", "etcd", "etcd"),
    ("3", "authentication and audit of the control plane", "controlplane"),
    ("4", "nodes", "node"),
    ("5", "policies", "policies"),
];

/// Writes the benchmark, whatever frameworks the other reports sum up.
///
/// # Errors
/// Those of the writer.
pub(crate) fn write(assessment: &Assessment<'_, '_>, _: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let compliance = Compliance::new(Framework::Cis, assessment);
    let mut report = Report { controls: Vec::new(), totals: Totals::default() };
    for (id, text, node_type) in PARTS {
        let items: Vec<&Item> =
            compliance.items.iter().filter(|item| item.id.split('.').next() == Some(id)).collect();
        let mut nodes: Vec<&str> = items
            .iter()
            .flat_map(|item| item.outcomes.iter().filter_map(|outcome| outcome.node.as_deref()))
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        // What is about no node in particular comes first.
        for node in std::iter::once(None).chain(nodes.into_iter().map(Some)) {
            let tests = sections(&items, node);
            if tests.is_empty() {
                continue;
            }
            let mut totals = Totals::default();
            tests.iter().for_each(|section| totals.add(section));
            report.totals.plus(&totals);
            report.controls.push(Part {
                id,
                version: compliance
                    .edition
                    .as_ref()
                    .map_or_else(String::new, |edition| format!("cis-{}", edition.name)),
                detected_version: compliance
                    .edition
                    .as_ref()
                    .map_or_else(String::new, |edition| edition.kubernetes.clone()),
                text,
                node_type,
                node: node.map(|node| clean(node, NAME).into_owned()),
                tests,
                totals,
            });
        }
    }
    serde_json::to_writer_pretty(&mut *out, &report)?;
    out.write_all(b"\n")
}

/// The sections with what is about a node; with `None`, what is about none.
fn sections(items: &[&Item], node: Option<&str>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for item in items {
        let outcomes: Vec<&Outcome> =
            item.outcomes.iter().filter(|outcome| outcome.node.as_deref() == node).collect();
        // An item that nothing is known of is about no node.
        if outcomes.is_empty() && !(node.is_none() && item.outcomes.is_empty()) {
            continue;
        }
        // The second section of the benchmark has no parts of its own.
        let number = match item.id.rsplit_once('.') {
            Some((number, _)) => number.to_owned(),
            None => item.id.to_owned(),
        };
        let test = Test::new(item, &outcomes);
        if sections.last().is_none_or(|section| section.section != number) {
            sections.push(Section {
                section: number,
                r#type: "",
                pass: 0,
                fail: 0,
                warn: 0,
                info: 0,
                desc: item.section.unwrap_or_default(),
                results: Vec::new(),
            });
        }
        if let Some(section) = sections.last_mut() {
            match test.status {
                State::Pass => section.pass += 1,
                State::Fail => section.fail += 1,
                State::Warn => section.warn += 1,
                State::Info => section.info += 1,
            }
            section.results.push(test);
        }
    }
    sections
}

impl Test {
    fn new(item: &Item, outcomes: &[&Outcome]) -> Test {
        let automated = item.automated == Some(true);
        let worst = [
            ItemStatus::Fail,
            ItemStatus::Unknown,
            ItemStatus::Manual,
            ItemStatus::Excepted,
            ItemStatus::Pass,
            ItemStatus::NotApplicable,
        ]
        .into_iter()
        .find(|status| outcomes.iter().any(|outcome| outcome.status == *status));
        let status = worst.unwrap_or(item.status);
        let state = match status {
            ItemStatus::Pass => State::Pass,
            // What the benchmark leaves to a person is a warning there.
            ItemStatus::Fail if automated => State::Fail,
            ItemStatus::Fail
            | ItemStatus::Unknown
            | ItemStatus::Manual
            | ItemStatus::Partial
            | ItemStatus::NotEvaluated => State::Warn,
            ItemStatus::Excepted | ItemStatus::NotApplicable => State::Info,
        };
        let told: Vec<String> = outcomes
            .iter()
            .filter(|outcome| worst.is_none_or(|worst| outcome.status == worst))
            .map(|outcome| match whom(outcome) {
                whom if whom.is_empty() => clean(&outcome.message, MESSAGE).into_owned(),
                whom => format!("{}: {}", clean(&whom, NAME), clean(&outcome.message, MESSAGE)),
            })
            .collect();
        let told = told.join("; ");
        let files = outcomes.iter().filter_map(|outcome| outcome.file.as_deref());
        let mut files: Vec<String> = files.map(|file| clean(file, NAME).into_owned()).collect();
        files.sort_unstable();
        files.dedup();
        let title = item.title.unwrap_or_default();
        let remediation = remediation(item);
        Test {
            test_number: item.id,
            test_desc: format!("{title} ({})", if automated { "Automated" } else { "Manual" }),
            audit: match files.is_empty() {
                true => String::new(),
                false => format!("read {}", files.join(", ")),
            },
            audit_env: "",
            audit_config: "",
            r#type: if status == ItemStatus::Manual { "manual" } else { "" },
            test_info: vec![remediation.clone()],
            remediation,
            status: state,
            actual_value: match state {
                State::Pass | State::Fail => told.clone(),
                _ if status == ItemStatus::Fail => told.clone(),
                _ => String::new(),
            },
            scored: automated,
            is_multiple: outcomes.len() > 1,
            expected_result: title.to_owned(),
            reason: match status {
                ItemStatus::Pass | ItemStatus::Fail => String::new(),
                ItemStatus::Excepted => format!("accepted: {told}"),
                _ if told.is_empty() => "no evidence was there".to_owned(),
                _ => told,
            },
        }
    }
}

/// What to do, from the page of the control that is nearest.
fn remediation(item: &Item) -> String {
    let Some((control, _)) = item.controls.first() else {
        return item.outcomes.first().map(|outcome| outcome.message.clone()).unwrap_or_default();
    };
    let page = Page::parse(control.page);
    let cure = page.as_ref().map(Page::cure).unwrap_or_default();
    format!("{cure}\n\nMore: `seaworthy explain {}`", control.id)
}
