//! JUnit XML, which every build server shows: a suite per control, a test case per finding.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use rustc_hash::FxHashMap;
use seaworthy_controls::{Acceptance, Assessment, ControlResult, Finding, Status, Unknown};
use seaworthy_probe::Verdict as Proof;

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;
use crate::numbers::{count, subject_name};
use crate::proofs::told;
use crate::source::Located;

/// Writes a suite for each control that concerns something: a failure for each open finding, a skipped case for each
/// accepted one and for what is not decided, and one case that passes for all subjects for which the control holds.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    // A run of probes alone says nothing of what was read.
    let suites: Vec<Suite<'_>> = if context.only_proofs { Vec::new() } else { suites(assessment) };
    let tests: usize = suites.iter().map(Suite::tests).sum();
    let failures: usize = suites.iter().map(|suite| suite.failed.len()).sum();
    let skipped: usize = suites.iter().map(Suite::skipped).sum();
    let [all, refuted, undecided] = proofs(assessment);
    let mut xml = Writer::new_with_indent(out, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", "seaworthy"));
    tally(&mut root, tests + all, failures + refuted, skipped + undecided);
    xml.write_event(Event::Start(root))?;
    for suite in &suites {
        suite.write(assessment, &mut xml)?;
    }
    write_proofs(assessment, &mut xml)?;
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    writeln!(xml.into_inner())
}

/// How many attempts there were, how many of them refuted something, and how many decided nothing.
fn proofs(assessment: &Assessment<'_, '_>) -> [usize; 3] {
    let proofs = assessment.proofs.as_ref().map_or(&[][..], |proofs| &proofs.proofs);
    let of = |verdict| proofs.iter().filter(|proof| proof.verdict == verdict).count();
    [proofs.len(), of(Proof::Refuted), of(Proof::Inconclusive)]
}

/// One suite of all attempts: a failure for each that was refuted, a skipped case for each that decided nothing.
fn write_proofs(assessment: &Assessment<'_, '_>, xml: &mut Writer<impl Write>) -> io::Result<()> {
    let Some(all) = &assessment.proofs else { return Ok(()) };
    let [tests, failures, undecided] = proofs(assessment);
    let mut start = BytesStart::new("testsuite");
    start.push_attribute(("name", "proofs"));
    tally(&mut start, tests, failures, undecided);
    xml.write_event(Event::Start(start))?;
    for proof in &all.proofs {
        let probe =
            if proof.probe.name.is_empty() { String::new() } else { format!(", {}", proof.probe.name) };
        let name = clean(&format!("proof for {}{probe}", proof.subject), 2 * NAME).into_owned();
        let case = case(proof.control.id, &name, None);
        let (seen, asked) = told(proof);
        match proof.verdict {
            Proof::Proved => xml.write_event(Event::Empty(case))?,
            Proof::Inconclusive => {
                let needs = proof.needs.as_deref().map_or(String::new(), |needs| format!("; needs {needs}"));
                skipped(xml, case, &clean(&format!("{seen}{needs}"), MESSAGE))?;
            }
            Proof::Refuted => {
                xml.write_event(Event::Start(case))?;
                let mut failure = BytesStart::new("failure");
                failure.push_attribute(("message", seen.as_str()));
                failure.push_attribute(("type", proof.control.severity.name()));
                xml.write_event(Event::Start(failure))?;
                xml.write_event(Event::Text(BytesText::new(&asked)))?;
                xml.write_event(Event::End(BytesEnd::new("failure")))?;
                xml.write_event(Event::End(BytesEnd::new("testcase")))?;
            }
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

/// A control and its cases.
struct Suite<'f> {
    result: &'f ControlResult,
    failed: Vec<&'f Finding<'f>>,
    excepted: Vec<&'f Finding<'f>>,
    unknown: Vec<&'f Unknown<'f>>,
}

fn suites<'f>(assessment: &'f Assessment<'_, 'f>) -> Vec<Suite<'f>> {
    let concerned =
        assessment.controls.iter().filter(|result| result.counts.status() != Status::NotApplicable);
    let mut suites: Vec<Suite<'f>> = concerned
        .map(|result| Suite { result, failed: Vec::new(), excepted: Vec::new(), unknown: Vec::new() })
        .collect();
    let positions: FxHashMap<&str, usize> =
        suites.iter().enumerate().map(|(index, suite)| (suite.result.control.id, index)).collect();
    for finding in &assessment.findings {
        if let Some(&index) = positions.get(finding.control.id) {
            match finding.exception {
                None => suites[index].failed.push(finding),
                Some(_) => suites[index].excepted.push(finding),
            }
        }
    }
    for unknown in &assessment.unknown {
        if let Some(&index) = positions.get(unknown.control.id) {
            suites[index].unknown.push(unknown);
        }
    }
    suites
}

impl Suite<'_> {
    fn skipped(&self) -> usize {
        self.excepted.len() + self.unknown.len()
    }

    fn tests(&self) -> usize {
        self.failed.len() + self.skipped() + usize::from(self.result.counts.pass > 0)
    }

    fn write(&self, assessment: &Assessment<'_, '_>, xml: &mut Writer<impl Write>) -> io::Result<()> {
        let control = self.result.control;
        let mut start = BytesStart::new("testsuite");
        start.push_attribute(("name", control.id));
        tally(&mut start, self.tests(), self.failed.len(), self.skipped());
        xml.write_event(Event::Start(start))?;
        if self.result.counts.pass > 0 {
            let name = format!("holds for {}", count(self.result.counts.pass as usize, "subject"));
            xml.write_event(Event::Empty(case(control.id, &name, None)))?;
        }
        for finding in &self.failed {
            let located = Located::of(assessment, finding);
            let message = clean(&finding.message, MESSAGE);
            let place = format!("{}:{}", clean(located.file, PATH), located.range.start.line);
            let text = format!(
                "{}\n{message}\n{place}:{}\n{}\nseverity {}, {}, fingerprint {}\nhow to cure it: seaworthy explain {}",
                control.title,
                located.range.start.column,
                clean(&finding.place.path(), PATH),
                finding.severity,
                control.phase,
                finding.fingerprint(),
                control.id,
            );
            xml.write_event(Event::Start(case(control.id, &name(finding, &place), Some(&located))))?;
            let mut failure = BytesStart::new("failure");
            failure.push_attribute(("message", message.as_ref()));
            failure.push_attribute(("type", finding.severity.name()));
            xml.write_event(Event::Start(failure))?;
            xml.write_event(Event::Text(BytesText::new(&text)))?;
            xml.write_event(Event::End(BytesEnd::new("failure")))?;
            xml.write_event(Event::End(BytesEnd::new("testcase")))?;
        }
        for finding in &self.excepted {
            let located = Located::of(assessment, finding);
            let place = format!("{}:{}", clean(located.file, PATH), located.range.start.line);
            let reason = finding.exception.as_ref().map(Acceptance::reason).unwrap_or_default();
            let reason = clean(reason, MESSAGE);
            skipped(
                xml,
                case(control.id, &name(finding, &place), Some(&located)),
                &format!("accepted: {reason}"),
            )?;
        }
        for unknown in &self.unknown {
            let name = format!("unknown for {}", count(unknown.count as usize, "subject"));
            let message = format!("{}; needs {}", clean(&unknown.reason, MESSAGE), unknown.needs);
            skipped(xml, case(control.id, &name, None), &message)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))
    }
}

fn name(finding: &Finding<'_>, place: &str) -> String {
    clean(&format!("{} ({place})", subject_name(&finding.subject)), PATH + NAME).into_owned()
}

fn case(control: &str, name: &str, located: Option<&Located<'_>>) -> BytesStart<'static> {
    let mut case = BytesStart::new("testcase");
    case.push_attribute(("classname", control));
    case.push_attribute(("name", name));
    if let Some(located) = located {
        case.push_attribute(("file", clean(located.file, PATH).as_ref()));
        case.push_attribute(("line", located.range.start.line.to_string().as_str()));
    }
    case
}

fn skipped(xml: &mut Writer<impl Write>, case: BytesStart<'_>, message: &str) -> io::Result<()> {
    xml.write_event(Event::Start(case))?;
    let mut skipped = BytesStart::new("skipped");
    skipped.push_attribute(("message", message));
    xml.write_event(Event::Empty(skipped))?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn tally(element: &mut BytesStart<'_>, tests: usize, failures: usize, skipped: usize) {
    for (name, number) in [("tests", tests), ("failures", failures), ("errors", 0), ("skipped", skipped)] {
        element.push_attribute((name, number.to_string().as_str()));
    }
}
