//! The phases, the changes in them, and the controls that each change cures.

use std::cmp::Reverse;
use std::io;

use seaworthy_controls::{Assessment, Control, Finding, Page, PhasePlan, PlannedChange, Progress, Roadmap};
use seaworthy_evidence::Severity as Level;

use super::excerpt::Place;
use super::text::severity_style;
use super::{Screen, fit};
use crate::clean::{MESSAGE, PATH, clean};
use crate::context::Style;
use crate::markdown;
use crate::numbers::{
    Severities, concerned, count, grouped, phase_promise, phase_title, progress, subject_name,
};
use crate::redact::Secrets;
use crate::source::{Located, read_from};

/// Changes of a phase, and controls of a change, that are shown in detail.
const CHANGES: usize = 5;
const CONTROLS: usize = 3;
/// Further places that are named below an excerpt.
const PLACES: usize = 8;
const BAR: usize = 20;

pub(super) fn write(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    secrets: &Secrets,
    style: Style,
) -> io::Result<()> {
    let roadmap = Roadmap::new(assessment);
    let mut number = 0;
    for plan in roadmap.phases.iter().filter(|plan| concerned(&plan.progress) > 0) {
        write_phase_heading(screen, plan)?;
        let detailed = match style {
            Style::Summary | Style::Quiet => 0,
            Style::Full => CHANGES,
            Style::All => usize::MAX,
        };
        for (index, planned) in plan.changes.iter().enumerate() {
            number += 1;
            let mut details = Details { assessment, secrets, all: style == Style::All };
            if index > 0 && index <= detailed {
                screen.blank()?;
            }
            write_change_heading(screen, number, planned)?;
            if index < detailed {
                details.write(screen, planned)?;
            }
        }
        if plan.changes.is_empty() && plan.progress.open == 0 {
            let text = match (plan.progress.unknown, plan.progress.known) {
                (0, 0) => "nothing left to do here",
                (_, 1..) => "nothing new here; what the baseline knows is still to do",
                _ => "nothing found, but some controls could not be decided: see below",
            };
            screen.paragraph("", text)?;
        }
        screen.blank()?;
    }
    Ok(())
}

fn write_phase_heading(screen: &mut Screen<'_>, plan: &PhasePlan<'_>) -> io::Result<()> {
    let paint = screen.paint;
    let title = phase_title(plan.phase);
    screen.labelled(
        &format!("{title}: "),
        format_args!("{}: ", paint.heading(title)),
        phase_promise(plan.phase),
    )?;
    let (done, rest) = bar(&plan.progress);
    screen.labelled(
        &format!("{done}{rest}  "),
        format_args!("{}{}  ", paint.good(&done), paint.dim(&rest)),
        &progress(&plan.progress),
    )?;
    screen.blank()
}

/// The share of controls that hold among those concerned; never full while one does not.
fn bar(progress: &Progress) -> (String, String) {
    let concerned = concerned(progress).max(1);
    let done = progress.done * BAR / concerned;
    ("#".repeat(done), "-".repeat(BAR - done))
}

fn write_change_heading(
    screen: &mut Screen<'_>,
    number: usize,
    planned: &PlannedChange<'_>,
) -> io::Result<()> {
    let paint = screen.paint;
    let plain = format!("{number}. ");
    let title = planned.title();
    let findings = planned.findings.len();
    let by_severity = Severities::of(planned.findings.iter().copied());
    let cleared = match by_severity.get(planned.severity) {
        all if all == findings => count(findings, &format!("{} finding", planned.severity)),
        _ => format!("{} ({by_severity})", count(findings, "finding")),
    };
    screen.labelled(&plain, paint.bold(&plain), &format!("{title}: clears {cleared}"))
}

struct Details<'d, 'a> {
    assessment: &'d Assessment<'d, 'a>,
    secrets: &'d Secrets,
    all: bool,
}

impl<'d> Details<'d, '_> {
    fn write(&mut self, screen: &mut Screen<'_>, planned: &PlannedChange<'d>) -> io::Result<()> {
        let shown = if self.all { usize::MAX } else { CONTROLS };
        for (control, _) in planned.controls.iter().take(shown) {
            screen.blank()?;
            let of_control =
                planned.findings.iter().copied().filter(|finding| finding.control.id == control.id);
            self.write_control(screen, control, of_control.collect())?;
        }
        if let Some(others) = planned.controls.get(shown..).filter(|others| !others.is_empty()) {
            screen.blank()?;
            let names: Vec<String> =
                others.iter().map(|(control, number)| format!("{} ({number})", control.id)).collect();
            screen.paragraph("   the same change clears: ", &names.join(", "))?;
        }
        if let Some(example) = planned.change.example {
            screen.blank()?;
            screen.line("   the change:")?;
            screen.blank()?;
            screen.verbatim(5, example)?;
        }
        Ok(())
    }

    fn write_control(
        &mut self,
        screen: &mut Screen<'_>,
        control: &'static Control,
        mut findings: Vec<&'d Finding<'d>>,
    ) -> io::Result<()> {
        let paint = screen.paint;
        let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(control.severity);
        let plain = format!("   {severity}: ");
        let id = format!(" [{}]", control.id);
        screen.labelled(
            &plain,
            format_args!("   {}: ", paint.severity(severity)),
            &format!("{}{id}", control.title),
        )?;
        // The worst one is the example; the order among equals is that of the files.
        findings.sort_by_key(|finding| Reverse(finding.severity));
        let (excerpts, others) = findings.split_at(if self.all { findings.len() } else { 1 });
        for finding in excerpts {
            self.write_excerpt(screen, finding)?;
        }
        self.write_others(screen, others)?;
        let Ok(page) = Page::parse(control.page) else { return Ok(()) };
        screen.labelled(
            "   why:  ",
            format_args!("   {}  ", paint.bold("why:")),
            &markdown::plain(page.summary()),
        )?;
        screen.labelled(
            "   cure: ",
            format_args!("   {} ", paint.bold("cure:")),
            &markdown::plain(page.cure()),
        )
    }

    fn write_excerpt(&mut self, screen: &mut Screen<'_>, finding: &'d Finding<'d>) -> io::Result<()> {
        let message = clean(&finding.message, MESSAGE);
        let mut subject = subject_name(&finding.subject);
        if let Some((declared, drifted)) = Located::declared(self.assessment, finding) {
            let word = if drifted { "drifted from" } else { "declared at" };
            let place = format!("{}:{}", clean(declared.file, PATH), declared.range.start.line);
            subject.push_str(&format!(", {word} {place}{}", declared.remark()));
        }
        let file = finding.subject.object.file;
        let drawn = screen.drawing(3).draw(&Place {
            located: Located::of(self.assessment, finding),
            stream: finding.place.value.stream(),
            span: finding.place.span(),
            secret: self.secrets.of(file),
            message: &message,
            note: Some(&subject),
            style: severity_style(finding.severity),
        });
        screen.verbatim(3, &drawn)?;
        match read_from(self.assessment, finding) {
            Some(read) => screen.paragraph("   read: ", &read),
            None => Ok(()),
        }
    }

    /// The places of further findings, as `a.yaml:3,14; b.yaml:2`.
    fn write_others(&mut self, screen: &mut Screen<'_>, others: &[&'d Finding<'d>]) -> io::Result<()> {
        if others.is_empty() {
            return Ok(());
        }
        let mut places = String::new();
        let mut last = None;
        for finding in others.iter().take(PLACES) {
            let Located { file, range, .. } = Located::of(self.assessment, finding);
            let line = range.start.line;
            match last.replace(file) {
                Some(same) if same == file => places.push_str(&format!(",{line}")),
                previous => {
                    let separator = if previous.is_some() { "; " } else { "" };
                    places.push_str(&format!("{separator}{}:{line}", clean(file, PATH)));
                }
            }
        }
        if others.len() > PLACES {
            places.push_str("; …");
        }
        let label = format!("   and {}: ", count(others.len(), "more place"));
        screen.paragraph(&label, &places)
    }
}

pub(super) fn write_closing(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    style: Style,
) -> io::Result<()> {
    let paint = screen.paint;
    let open = Severities::of(assessment.open());
    let number = assessment.open().count();
    let complete = assessment.unknown.is_empty()
        && assessment.diagnostics.iter().all(|diagnostic| diagnostic.severity == Level::Warning);
    let text = match number {
        0 if assessment.evidence.objects().is_empty() => {
            "nothing was evaluated: no Kubernetes object was read".to_owned()
        }
        0 if complete => "no open finding".to_owned(),
        0 => "no open finding, but not everything could be evaluated: see above".to_owned(),
        _ => format!("{}: {open}", count(number, "open finding")),
    };
    screen.line(paint.bold(text))?;
    let first = Roadmap::new(assessment);
    let Some(control) =
        first.phases.iter().flat_map(|plan| &plan.changes).flat_map(|change| &change.controls).next()
    else {
        return Ok(());
    };
    let hint = format!("`seaworthy explain {}` tells more about a control", control.0.id);
    screen.line(paint.dim(fit(&hint, screen.width)))?;
    if style != Style::All && number > 1 {
        screen.line(paint.dim(format_args!("`--all` shows all {} with their lines", grouped(number))))?;
    }
    Ok(())
}
