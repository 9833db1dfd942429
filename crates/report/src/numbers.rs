//! Numbers and names that several formats say in the same words.

use std::borrow::Cow;
use std::fmt;

use rustc_hash::FxHashMap;
use seaworthy_controls::{Assessment, Control, Finding, Phase, Progress, Severity, Subject};
use seaworthy_document::Span;
use seaworthy_evidence::{Kinship, Object};
use seaworthy_podsecurity::Version;
use serde::Serialize;

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;
use crate::source::Located;

/// Most examples that are given of anything that was not evaluated.
const EXAMPLES: usize = 5;

/// Number of findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Severities([usize; 4]);

impl Severities {
    pub(crate) fn of<'f>(findings: impl Iterator<Item = &'f Finding<'f>>) -> Severities {
        findings.fold(Severities::default(), |mut sum, finding| {
            sum.0[finding.severity as usize] += 1;
            sum
        })
    }

    pub(crate) fn get(&self, severity: Severity) -> usize {
        self.0[severity as usize]
    }
}

impl fmt::Display for Severities {
    /// As "2 critical, 10 high", without those that do not occur.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for severity in Severity::ALL.into_iter().filter(|severity| self.get(*severity) > 0) {
            write!(f, "{separator}{} {severity}", self.get(severity))?;
            separator = ", ";
        }
        Ok(())
    }
}

/// "1 finding", "31 findings", "1,204 findings".
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The heading of a phase.
pub(crate) fn phase_title(phase: Phase) -> &'static str {
    match phase {
        Phase::QuickWin => "Quick wins",
        Phase::NextStep => "Next steps",
        Phase::Research => "Research",
    }
}

/// What a phase is about, for readers who meet the word for the first time.
pub(crate) fn phase_promise(phase: Phase) -> &'static str {
    match phase {
        Phase::QuickWin => "little effort and risk, large effect: start here",
        Phase::NextStep => "the bulk of hardening: plan it, workload by workload",
        Phase::Research => "needs study of the workload or the platform first",
    }
}

/// "12 of 25 controls hold, 8 open, 3 unknown"; controls that concern nothing here are not counted in.
pub(crate) fn progress(progress: &Progress) -> String {
    let Progress { done, open, unknown, known, excepted, not_applicable } = *progress;
    let concerned = concerned(progress);
    let mut text = match concerned {
        0 => "no control concerns what was read".to_owned(),
        1 => format!("{done} of 1 control holds"),
        _ => format!("{done} of {concerned} controls hold"),
    };
    for (number, word) in [
        (open, "open"),
        (unknown, "unknown"),
        (known, "known"),
        (excepted, "excepted"),
        (not_applicable, "not applicable"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    text
}

/// Number of controls that concern what was read.
pub(crate) fn concerned(progress: &Progress) -> usize {
    progress.done + progress.open + progress.unknown + progress.known + progress.excepted
}

/// An object as people say it: `Deployment shop/web`.
pub(crate) fn object_name(object: &Object<'_>) -> String {
    clean(&object.to_string(), 2 * NAME).into_owned()
}

/// What a verdict is about: "container `web` of Deployment shop/web".
pub(crate) fn subject_name(subject: &Subject<'_>) -> String {
    let object = object_name(subject.object);
    let object = subject.kinship.map_or(object.clone(), |kinship| format!("{object} ({})", made_by(kinship)));
    match subject.container {
        Some(container) if !container.is_empty() => {
            format!("container `{}` of {object}", clean(container, NAME))
        }
        _ => object,
    }
}

/// Which controller made an object: "one of 3 of Deployment web; in its template `spec.hostNetwork` differs".
fn made_by(kinship: &Kinship<'_>) -> String {
    let owner = clean(&kinship.owner.to_string(), 2 * NAME).into_owned();
    let mut text = match kinship.count {
        1 => format!("of {owner}"),
        count => format!("one of {} alike of {owner}", grouped(count as usize)),
    };
    if let Some(difference) = &kinship.difference {
        text.push_str(&format!("; against its template, {}", clean(difference, PATH)));
    }
    text
}

/// Evidence that was there but did not become part of the result.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NotEvaluated {
    /// What it is, in the plural: "documents that could not be read".
    pub(crate) reason: String,
    pub(crate) count: usize,
    pub(crate) examples: Vec<String>,
}

/// Everything that was not evaluated, and why.
pub(crate) fn not_evaluated(assessment: &Assessment<'_, '_>, context: &Context<'_>) -> Vec<NotEvaluated> {
    let evidence = assessment.evidence;
    let mut entries: Vec<NotEvaluated> = context
        .skipped
        .iter()
        .map(|skipped| NotEvaluated {
            reason: clean(&skipped.reason, NAME).into_owned(),
            count: skipped.count,
            examples: skipped
                .examples
                .iter()
                .take(EXAMPLES)
                .map(|name| clean(name, NAME).into_owned())
                .collect(),
        })
        .collect();
    let place = |file: u32, span: Span| {
        let file = &evidence.files()[file as usize];
        let located = Located::within(file, span);
        format!("{}:{}", clean(located.file, NAME), located.range.start.line)
    };

    let duties = assessment.duties_of_provider();
    if let (Some(made_by), false) = (evidence.distribution(), duties.is_empty()) {
        entries.push(NotEvaluated {
            reason: clean(
                &format!("the provider's duty (`{}`, told by {}): controls", made_by.name, made_by.because),
                MESSAGE,
            )
            .into_owned(),
            count: duties.len(),
            examples: duties.iter().take(EXAMPLES).map(|control| control.id.to_owned()).collect(),
        });
    }
    let mut broken = NotEvaluated {
        reason: "documents that could not be read".to_owned(),
        count: 0,
        examples: Vec::new(),
    };
    for (index, file) in evidence.files().iter().enumerate() {
        let mut last = None;
        for diagnostic in
            file.stream.diagnostics().iter().filter(|d| last.replace(d.document) != Some(d.document))
        {
            broken.count += 1;
            if broken.examples.len() < EXAMPLES {
                broken.examples.push(place(index as u32, diagnostic.span));
            }
        }
    }
    entries.push(broken);
    entries.push(NotEvaluated {
        reason: "documents that are no Kubernetes objects".to_owned(),
        count: evidence.foreign_document_count(),
        examples: Vec::new(),
    });
    let mut refused = evidence.workloads().iter().filter(|workload| workload.refused).map(|workload| {
        let object = evidence.owner(workload);
        (object.file, object.value.entry_span())
    });
    let first: Vec<_> = refused.by_ref().take(EXAMPLES).collect();
    entries.push(NotEvaluated {
        reason: "pods that an API server would refuse to decode, so that nothing in them counts as done"
            .to_owned(),
        count: first.len() + refused.count(),
        examples: first.into_iter().map(|(file, span)| place(file, span)).collect(),
    });
    entries.retain(|entry| entry.count > 0);
    entries
}

/// Controls that could not be decided for the same reason.
#[derive(Debug)]
pub(crate) struct Undecided<'u> {
    /// Why not.
    pub(crate) reason: Cow<'u, str>,
    /// The controls, each once, and what would decide them.
    pub(crate) controls: Vec<(&'static Control, &'u str)>,
    /// Number of subjects of the control with the most.
    pub(crate) count: usize,
}

/// What was not decided, by the reason.
pub(crate) fn undecided<'u>(assessment: &'u Assessment<'_, '_>) -> Vec<Undecided<'u>> {
    let mut groups: Vec<Undecided<'u>> = Vec::new();
    let mut index: FxHashMap<&str, usize> = FxHashMap::default();
    for entry in &assessment.unknown {
        let at = *index.entry(entry.reason.as_ref()).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Undecided { reason: clean(&entry.reason, MESSAGE), controls: Vec::new(), count: 0 });
        }
        let group = &mut groups[at];
        if !group
            .controls
            .iter()
            .any(|(control, needs)| control.id == entry.control.id && *needs == entry.needs)
        {
            group.controls.push((entry.control, &entry.needs));
        }
        group.count = group.count.max(entry.count as usize);
    }
    groups
}

/// The version whose rules were applied, as `v1.37`.
pub(crate) fn kubernetes_version(version: Version) -> String {
    if version.is_latest() { format!("v1.{}", Version::NEWEST) } else { version.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(1, "finding"), "1 finding");
        assert_eq!(count(0, "finding"), "0 findings");
        assert_eq!([999, 1000, 1_234_567].map(grouped), ["999", "1,000", "1,234,567"]);
    }

    #[test]
    fn progress_leaves_out_what_is_not_there() {
        let all = Progress { done: 2, open: 1, unknown: 3, known: 0, excepted: 4, not_applicable: 5 };
        assert_eq!(progress(&all), "2 of 10 controls hold, 1 open, 3 unknown, 4 excepted, 5 not applicable");
        assert_eq!(progress(&Progress { done: 1, ..Progress::default() }), "1 of 1 control holds");
        assert_eq!(progress(&Progress::default()), "no control concerns what was read");
    }
}
