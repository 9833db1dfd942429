//! Probes for a person: what is sent for a control, and what it proves.

use std::fmt::Write as _;
use std::io;

use seaworthy_controls::Control;
use seaworthy_controls::probe::{Probe, Right, inside, reasons, why_untried};
use seaworthy_probe::Consent;

use crate::terminal::Screen;

/// The probes of a control: its own, and what a pod tries from inside.
fn of_control(control: &Control) -> impl Iterator<Item = &'static Probe> {
    let id = control.id;
    let inside = inside::probes().filter(move |inside| inside.control == id);
    control.probes.iter().chain(inside.map(|inside| &inside.probe))
}

fn has_probes(control: &Control) -> bool {
    of_control(control).next().is_some()
}

/// The rights of a probe: `get nodes; create pods/exec`.
fn rights(probe: &Probe) -> String {
    let right = |right: &Right| match right.group {
        "" => format!("{} {}", right.verbs.join(","), right.resource),
        group => format!("{} {}.{group}", right.verbs.join(","), right.resource),
    };
    match probe.rights {
        [] => "none beside those of reading".to_owned(),
        rights => rights.iter().map(right).collect::<Vec<_>>().join("; "),
    }
}

/// What there is to say of a probe, each with its label.
fn facts(probe: &Probe) -> [(&'static str, String); 8] {
    [
        ("asks", probe.asks.to_owned()),
        ("proved by", probe.proved_by.to_owned()),
        ("refuted by", probe.refuted_by.to_owned()),
        ("not fooled by", probe.not_fooled_by.to_owned()),
        ("positive control", probe.positive_control.to_owned()),
        ("consent", probe.consent.name().to_owned()),
        ("side effect", probe.side_effect.to_string()),
        ("rights", rights(probe)),
    ]
}

/// The section of a control's explanation, at a terminal.
pub(crate) fn write(screen: &mut Screen<'_>, control: &Control) -> io::Result<()> {
    if !has_probes(control) {
        return Ok(());
    }
    screen.blank()?;
    screen.line(screen.paint.heading("Proof"))?;
    for (index, probe) in of_control(control).enumerate() {
        if index > 0 {
            screen.blank()?;
        }
        if !probe.name.is_empty() {
            screen.line(screen.paint.bold(probe.name))?;
        }
        for (label, text) in facts(probe) {
            let plain = format!("{label:<17}");
            screen.labelled(&plain, screen.paint.dim(&plain), &text)?;
        }
    }
    Ok(())
}

/// The section of a control's page.
pub(crate) fn section(text: &mut String, control: &Control) {
    if !has_probes(control) {
        return;
    }
    text.push_str(match control.probes {
        [] => "\n## Proof\n\n`seaworthy prove --in-pod` tries this in a pod: see [from inside of a pod](../../in-pod.md).\n",
        _ => "\n## Proof\n\n`seaworthy prove` tries this on a live cluster: see [proofs](../../proofs.md).\n",
    });
    for probe in of_control(control) {
        push_probe(text, probe);
    }
}

fn push_probe(text: &mut String, probe: &Probe) {
    text.push('\n');
    if !probe.name.is_empty() {
        line(text, format_args!("**{}**\n", probe.name));
    }
    text.push_str("| | |\n|---|---|\n");
    for (label, value) in facts(probe) {
        line(text, format_args!("| {label} | {} |", cell(&value)));
    }
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The page `docs/proofs.md`: per control what is sent and what it proves.
pub fn markdown<'c>(controls: impl Iterator<Item = &'c Control>) -> String {
    let controls: Vec<&Control> = controls.collect();
    let with: Vec<&Control> = controls.iter().copied().filter(|control| has_probes(control)).collect();
    let asked = |control: &&Control| of_control(control).any(Probe::is_asked);
    let probes: Vec<&Probe> =
        with.iter().flat_map(|control| of_control(control)).filter(|probe| probe.is_asked()).collect();
    let of = |consent: Consent| probes.iter().filter(|probe| probe.consent == consent).count();
    let mut text =
        String::from("<!-- Generated from the probes in crates/controls: edit those. -->\n\n# Proofs\n");
    line(
        &mut text,
        format_args!(
            "\nWhat `seaworthy prove` sends for each control, and what follows. {} of {} controls have {} probes: {} with consent \
             `read`, {} `canary`, {} `disruptive`. [The guide](proving.md) says how to run them, `seaworthy prove --dry-plan` \
             prints every request for a cluster, one a line.",
            with.iter().copied().filter(asked).count(),
            controls.len(),
            probes.len(),
            of(Consent::Read),
            of(Consent::Canary),
            of(Consent::Disruptive)
        ),
    );
    text.push_str(
        "\nA verdict is *proved* when what the control forbids was tried and refused by that control, *refuted* when it was granted, \
         and else *inconclusive*, with what would decide it. Each attempt begins with its positive control: when that fails, nothing \
         is concluded.\n\nThose called *inside* are tried by the program in a pod: see [from inside of a pod](in-pod.md).\n",
    );
    let mut family = "";
    for control in &with {
        if control.family() != family {
            family = control.family();
            line(&mut text, format_args!("\n## {family}"));
        }
        line(&mut text, format_args!("\n### [`{0}`](controls/{0}.md)\n\n{1}.", control.id, control.title));
        of_control(control).for_each(|probe| push_probe(&mut text, probe));
    }
    push_untried(&mut text, &controls);
    text
}

/// What nothing tries, and why.
fn push_untried(text: &mut String, controls: &[&Control]) {
    let without: Vec<&Control> = controls.iter().copied().filter(|control| !has_probes(control)).collect();
    if without.is_empty() {
        return;
    }
    line(
        text,
        format_args!(
            "\n## Controls without a probe\n\nNothing tries these {}: their standing is *not provable here*.",
            without.len()
        ),
    );
    for reason in reasons() {
        let links: Vec<String> = without
            .iter()
            .filter(|control| why_untried(control.id) == Some(reason))
            .map(|control| format!("[`{0}`](controls/{0}.md)", control.id))
            .collect();
        if !links.is_empty() {
            line(text, format_args!("\n{reason}\n\n{}.", links.join(", ")));
        }
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
