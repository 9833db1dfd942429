//! What does not hold, remembered from one evaluation to the next, so that people are told what changed and nothing else.

use rustc_hash::FxHashMap;
use seaworthy_controls::{Assessment, Control, Severity};

/// A finding as it is remembered: the evidence that it borrowed from may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) fingerprint: String,
    pub(crate) control: &'static str,
    pub(crate) severity: Severity,
    /// As people say it: `Deployment shop/web`.
    pub(crate) subject: String,
    pub(crate) message: String,
    /// The text that it stands in, and the line.
    pub(crate) text: String,
    pub(crate) line: u32,
    /// Found by a control that looks at everything at once.
    wide: bool,
}

/// What is another than before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) appeared: Vec<Remembered>,
    pub(crate) cured: Vec<Remembered>,
}

/// The open findings of the latest evaluation, by the text that they stand in.
#[derive(Debug, Default)]
pub(crate) struct Posture {
    findings: FxHashMap<String, Vec<Remembered>>,
}

impl Posture {
    /// How many findings are open.
    pub(crate) fn open(&self) -> usize {
        self.findings.values().map(Vec::len).sum()
    }

    /// Takes in an evaluation of all.
    pub(crate) fn all(&mut self, assessment: &Assessment<'_, '_>) -> Changes {
        let mut found = by_text(assessment);
        let former = std::mem::take(&mut self.findings);
        let mut changes = Changes::default();
        for (text, before) in former {
            let now = found.remove(&text).unwrap_or_default();
            compare(before, &now, &mut changes);
            self.keep(text, now);
        }
        for (text, now) in found {
            changes.appeared.extend(now.iter().cloned());
            self.keep(text, now);
        }
        changes.sort();
        changes
    }

    /// Takes in an evaluation of some texts by controls that look at one subject after the other.
    pub(crate) fn near(&mut self, texts: &[&str], assessment: &Assessment<'_, '_>) -> Changes {
        let mut found = by_text(assessment);
        let mut changes = Changes::default();
        for text in texts {
            let before = self.findings.remove(*text).unwrap_or_default();
            let (mut kept, before): (Vec<_>, Vec<_>) = before.into_iter().partition(|finding| finding.wide);
            let now = found.remove(*text).unwrap_or_default();
            compare(before, &now, &mut changes);
            kept.extend(now);
            self.keep((*text).to_owned(), kept);
        }
        changes.sort();
        changes
    }

    fn keep(&mut self, text: String, findings: Vec<Remembered>) {
        if !findings.is_empty() {
            self.findings.insert(text, findings);
        }
    }
}

impl Changes {
    /// The worst first; nothing depends on the order of hashes.
    fn sort(&mut self) {
        for list in [&mut self.appeared, &mut self.cured] {
            list.sort_by(|a, b| {
                let key = |finding: &Remembered| {
                    (std::cmp::Reverse(finding.severity), finding.control, finding.line)
                };
                key(a).cmp(&key(b)).then_with(|| (&a.text, &a.fingerprint).cmp(&(&b.text, &b.fingerprint)))
            });
        }
    }
}

/// What came and what went in one text.
fn compare(before: Vec<Remembered>, now: &[Remembered], changes: &mut Changes) {
    let same = |a: &Remembered, b: &Remembered| a.fingerprint == b.fingerprint;
    changes.appeared.extend(now.iter().filter(|new| !before.iter().any(|old| same(old, new))).cloned());
    changes.cured.extend(before.into_iter().filter(|old| !now.iter().any(|new| same(old, new))));
}

fn by_text(assessment: &Assessment<'_, '_>) -> FxHashMap<String, Vec<Remembered>> {
    let mut found: FxHashMap<String, Vec<Remembered>> = FxHashMap::default();
    for finding in assessment.open() {
        let object = finding.subject.object;
        let text = &assessment.evidence.files()[object.file as usize].name;
        let container = finding.subject.container.map(|name| format!(" (container {name})"));
        let control: &'static Control = finding.control;
        let start = finding.place.span().start;
        let remembered = Remembered {
            fingerprint: finding.fingerprint(),
            control: control.id,
            severity: finding.severity,
            subject: format!("{object}{}", container.unwrap_or_default()),
            message: finding.message.to_string(),
            text: text.clone(),
            line: finding.place.value.stream().position(start).line,
            wide: control.looks_at_everything(),
        };
        match found.get_mut(text) {
            Some(of_text) => of_text.push(remembered),
            None => _ = found.insert(text.clone(), vec![remembered]),
        }
    }
    found
}
