//! The list of controls, as a table and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use seaworthy_controls::{Control, catalogue};
use serde::Serialize;

use crate::context::Context;
use crate::explain::parameters_of;
use crate::json::API_VERSION;
use crate::terminal::{Screen, fit};

/// Writes one line per control: id, severity, phase and title.
///
/// # Errors
/// Those of the writer.
pub fn write_table<'c>(
    controls: impl Iterator<Item = &'c Control>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let controls: Vec<&Control> = controls.collect();
    let mut screen = Screen::new(context.width, context.color, out);
    let paint = screen.paint;
    let ids = controls.iter().map(|control| control.id.len()).max().unwrap_or(0);
    for control in controls {
        let severity = format!("{:<8}", control.severity.name());
        let phase = format!("{:<9}", control.phase.name());
        let used = ids + severity.len() + phase.len() + 6;
        let title = fit(control.title, screen.width.saturating_sub(used).max(20));
        let severity = paint.with(crate::terminal::severity_style(control.severity), severity);
        screen.line(format_args!("{:<ids$}  {severity}  {phase}  {title}", control.id))?;
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    api_version: &'static str,
    kind: &'static str,
    catalogue: &'static str,
    controls: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: &'static str,
    title: &'static str,
    phase: &'static str,
    step: u8,
    severity: &'static str,
    scopes: Vec<&'static str>,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_security_level: Option<String>,
    parameters: Vec<&'static str>,
    mappings: BTreeMap<&'static str, &'static [&'static str]>,
}

/// Writes the controls as a `ControlList`.
///
/// # Errors
/// Those of the writer.
pub fn write_json<'c>(controls: impl Iterator<Item = &'c Control>, out: &mut dyn Write) -> io::Result<()> {
    let list = List {
        api_version: API_VERSION,
        kind: "ControlList",
        catalogue: catalogue::VERSION,
        controls: controls.map(Entry::new).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}

impl Entry {
    fn new(control: &Control) -> Entry {
        Entry {
            id: control.id,
            title: control.title,
            phase: control.phase.name(),
            step: control.step,
            severity: control.severity.name(),
            scopes: control.scopes.iter().map(|scope| scope.name()).collect(),
            change: control.change.id,
            pod_security_level: control.pod_security_level().map(|level| level.to_string()),
            parameters: parameters_of(control).iter().map(|parameter| parameter.name).collect(),
            mappings: control.mappings.all().into_iter().filter(|(_, ids)| !ids.is_empty()).collect(),
        }
    }
}
