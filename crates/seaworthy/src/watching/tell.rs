//! What a person, or a program, is told while a cluster is watched.

use std::io::Write;
use std::time::{Duration, SystemTime};

use seaworthy_controls::Severity;
use serde::Serialize;

use super::posture::{Changes, Remembered};
use crate::error::CommandError;
use crate::output;

/// How much was judged, and how long it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) texts: usize,
    pub(crate) took: Duration,
}

/// Where changes go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tell {
    /// Lines for people.
    Lines {
        /// With colours.
        colour: bool,
    },
    /// One JSON object a line.
    Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'l> {
    at: String,
    event: &'static str,
    control: &'static str,
    severity: &'static str,
    subject: &'l str,
    message: &'l str,
    file: &'l str,
    line: u32,
    fingerprint: &'l str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    at: String,
    event: &'static str,
    texts: usize,
    appeared: usize,
    cured: usize,
    micros: u128,
}

impl Tell {
    /// What stands at the beginning.
    pub(crate) fn first(self, changes: &Changes, open: usize, moment: Moment) -> Result<(), CommandError> {
        match self {
            Tell::Lines { .. } => {
                let of = |severity: Severity| {
                    changes.appeared.iter().filter(|finding| finding.severity == severity).count()
                };
                let counts: Vec<String> =
                    Severity::ALL.iter().map(|severity| format!("{} {severity}", of(*severity))).collect();
                output::to_stdout(|out| {
                    writeln!(
                        out,
                        "{}  watching {} objects: {open} open findings ({})",
                        now(),
                        moment.texts,
                        counts.join(", ")
                    )
                })
            }
            Tell::Json => self.lines("stands", &changes.appeared).and_then(|()| self.judged(changes, moment)),
        }
    }

    /// What changed since.
    pub(crate) fn changes(self, changes: &Changes, moment: Moment) -> Result<(), CommandError> {
        self.lines("appeared", &changes.appeared)?;
        self.lines("cured", &changes.cured)?;
        match self {
            Tell::Lines { .. } => Ok(()),
            Tell::Json => self.judged(changes, moment),
        }
    }

    /// Something that is no finding; on standard error.
    pub(crate) fn note(self, text: &str) {
        output::message(&format_args!("{}  {text}", now()));
    }

    fn judged(self, changes: &Changes, Moment { texts, took }: Moment) -> Result<(), CommandError> {
        let (appeared, cured) = (changes.appeared.len(), changes.cured.len());
        let judged = Judged { at: now(), event: "judged", texts, appeared, cured, micros: took.as_micros() };
        output::to_stdout(|out| json(out, &judged))
    }

    fn lines(self, event: &'static str, findings: &[Remembered]) -> Result<(), CommandError> {
        if findings.is_empty() {
            return Ok(());
        }
        let at = now();
        output::to_stdout(|out| {
            for finding in findings {
                match self {
                    Tell::Json => json(
                        out,
                        &Line {
                            at: at.clone(),
                            event,
                            control: finding.control,
                            severity: finding.severity.name(),
                            subject: &finding.subject,
                            message: &finding.message,
                            file: &finding.text,
                            line: finding.line,
                            fingerprint: &finding.fingerprint,
                        },
                    )?,
                    Tell::Lines { colour } => line(out, &at, event, finding, colour)?,
                }
            }
            Ok(())
        })
    }
}

fn line(
    out: &mut dyn Write,
    at: &str,
    event: &str,
    finding: &Remembered,
    colour: bool,
) -> std::io::Result<()> {
    let (sign, shade) = if event == "cured" { ('-', "\x1b[32m") } else { ('+', "\x1b[31m") };
    let (shade, plain) = if colour { (shade, "\x1b[0m") } else { ("", "") };
    let Remembered { severity, control, subject, message, .. } = finding;
    // Names come from whoever may write objects: nothing in them may steer a terminal.
    let subject: String = subject.chars().filter(|c| !c.is_control()).collect();
    let message: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    writeln!(out, "{at}  {shade}{sign} {severity:<8}{plain} {control}  {subject}: {message}")
}

fn json(out: &mut dyn Write, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

/// The time, as RFC 3339 in UTC.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    seaworthy_policy::rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}
