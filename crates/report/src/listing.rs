//! Lists of controls: a table for people, JSON for programs.

use std::io::{self, Write};

use seaworthy_controls::{Control, catalogue};
use serde_json::{Map, Value, json};

use crate::terminal::{Paint, fit};

/// Writes a table of controls.
///
/// # Errors
/// Those of the writer.
pub fn table(controls: &[&Control], width: usize, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color };
    let widest = controls.iter().map(|control| control.id.len()).max().unwrap_or_default();
    let mut family = "";
    for control in controls {
        if control.family() != family {
            if !family.is_empty() {
                writeln!(out)?;
            }
            family = control.family();
        }
        let title = fit(control.title, width.saturating_sub(widest + 23).max(20));
        // Padding counts characters, colours included: it goes outside of them.
        let gap = 8 - control.severity.name().len();
        writeln!(
            out,
            "{}{:pad$}  {:<10} {}{:gap$} {title}",
            paint.bold(control.id),
            "",
            control.phase,
            paint.severity(control.severity),
            "",
            pad = widest - control.id.len(),
        )?;
    }
    Ok(())
}

/// Writes controls as one JSON document, `{"catalogue": …, "controls": […]}`.
///
/// # Errors
/// Those of the writer.
pub fn json(controls: &[&Control], out: &mut dyn Write) -> io::Result<()> {
    let list: Vec<Value> = controls.iter().map(|control| describe(control)).collect();
    serde_json::to_writer_pretty(&mut *out, &json!({ "catalogue": catalogue::VERSION, "controls": list }))?;
    writeln!(out)
}

fn describe(control: &Control) -> Value {
    let mappings: Map<String, Value> = control
        .mappings
        .all()
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(name, ids)| (name.to_owned(), json!(ids)))
        .collect();
    json!({
        "id": control.id,
        "title": control.title,
        "phase": control.phase.name(),
        "step": control.step,
        "severity": control.severity.name(),
        "scopes": control.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>(),
        "change": control.change.id,
        "mappings": mappings,
    })
}
