//! One control for a person: at a terminal, and as a page of the documentation.

use std::fmt::Write as _;
use std::io::{self, Write};

use seaworthy_controls::{Case, Control, Expectation, Guard, PARAMETERS, Page, Parameter, Parameters, Phase};

use crate::context::Context;
use crate::markdown::{self, Block};
use crate::numbers::phase_title;
use crate::probes;
use crate::terminal::Screen;

/// Writes everything that is known of a control, with the values that its parameters have.
///
/// # Errors
/// Those of the writer.
pub fn write(
    control: &Control,
    parameters: &Parameters,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::new(context.width, context.color, out);
    let paint = screen.paint;
    screen.paragraph("", control.title)?;
    screen.line(paint.dim(control.id))?;
    screen.blank()?;
    for (name, value) in facts(control) {
        let plain = format!("{name:<10}");
        screen.labelled(&plain, paint.bold(&plain), &value)?;
    }
    let Ok(page) = Page::parse(control.page) else { return Ok(()) };
    write_section(&mut screen, "Why", page.why)?;
    for (title, body) in &page.sections {
        write_section(&mut screen, title, body)?;
        if *title == "Cure"
            && let Some(example) = control.change.example
        {
            screen.blank()?;
            screen.verbatim(4, example)?;
        }
    }
    probes::write(&mut screen, control)?;
    let own = parameters_of(control);
    if !own.is_empty() {
        screen.blank()?;
        screen.line(paint.heading("Parameters"))?;
        for parameter in own {
            let value = parameters.get(parameter.name).unwrap_or_default();
            let value = if value.is_empty() { "(empty)".to_owned() } else { value.replace(',', ", ") };
            screen.paragraph("- ", &format!("{}: {}", parameter.name, parameter.description))?;
            screen.paragraph("  now ", &value)?;
        }
    }
    screen.blank()?;
    screen.line(paint.heading("Also known as"))?;
    for (framework, ids) in control.mappings.all().into_iter().filter(|(_, ids)| !ids.is_empty()) {
        let plain = format!("{:<12}", framework_title(framework));
        screen.labelled(&plain, &plain, &ids.join(", "))?;
    }
    Ok(())
}

fn write_section(screen: &mut Screen<'_>, title: &str, body: &str) -> io::Result<()> {
    screen.blank()?;
    screen.line(screen.paint.heading(title))?;
    let mut after_paragraph = false;
    for block in markdown::blocks(body) {
        if after_paragraph || matches!(block, Block::Code(_)) {
            screen.blank()?;
        }
        after_paragraph = !matches!(block, Block::Item(..));
        match block {
            Block::Paragraph(text) => screen.paragraph("", &text)?,
            Block::Item(mark, text) => screen.paragraph(&format!("{mark} "), &text)?,
            Block::Code(text) => screen.verbatim(4, &text)?,
        }
    }
    Ok(())
}

/// What there is to say in one line each.
fn facts(control: &Control) -> Vec<(&'static str, String)> {
    let scopes: Vec<&str> = control.scopes.iter().map(|scope| scope.name()).collect();
    let mut facts = vec![
        ("phase", format!("{}, step {}", phase_word(control.phase), control.step)),
        ("severity", control.severity.to_string()),
        ("evidence", scopes.join(", ")),
        ("change", format!("{} each {}", control.change.action, control.change.unit.noun(1))),
    ];
    if let Some(Guard::PodSecurity(check)) = control.guard {
        facts.push(("guard", format!("Pod Security admission at `{}`", check.level())));
    }
    facts
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::QuickWin => "quick win",
        Phase::NextStep => "next step",
        Phase::Research => "research",
    }
}

/// The parameters that a control reads.
pub(crate) fn parameters_of(control: &Control) -> Vec<&'static Parameter> {
    PARAMETERS.iter().filter(|parameter| parameter.controls.contains(&control.id)).collect()
}

/// The name of a framework or tool as it writes itself.
pub(crate) fn framework_title(framework: &str) -> &str {
    match framework {
        "cis" => "CIS 1.12",
        "nsa" => "NSA/CISA",
        "attack" => "ATT&CK",
        "kubescape" => "Kubescape",
        "trivy" => "Trivy",
        "checkov" => "Checkov",
        "kube-linter" => "KubeLinter",
        "polaris" => "Polaris",
        "kube-score" => "kube-score",
        other => other,
    }
}

/// The page `docs/controls/<family>/<name>.md`: what [`write`](fn@write) shows, and the cases as examples.
pub fn markdown(control: &Control) -> String {
    let source = control.id.replace('-', "_");
    let mut text = format!(
        "<!-- Generated from crates/controls/src/{source}.rs and .md: edit those. -->\n\n# {}\n\n\
         | `{}` | |\n|---|---|\n",
        control.title, control.id
    );
    for (name, value) in facts(control) {
        line(&mut text, format_args!("| {name} | {value} |"));
    }
    let Ok(page) = Page::parse(control.page) else { return text };
    line(&mut text, format_args!("\n{}", page.why));
    for (title, body) in &page.sections {
        line(&mut text, format_args!("\n## {title}\n\n{body}"));
        if *title == "Cure"
            && let Some(example) = control.change.example
        {
            line(&mut text, format_args!("\n```yaml\n{}\n```", example.trim_end()));
        }
    }
    probes::section(&mut text, control);
    let own = parameters_of(control);
    if !own.is_empty() {
        let defaults = Parameters::default();
        text.push_str("\n## Parameters\n\n| parameter | what it decides | default |\n|---|---|---|\n");
        for parameter in own {
            let value = defaults.get(parameter.name).unwrap_or_default();
            let value = if value.is_empty() { "(empty)".to_owned() } else { format!("`{value}`") };
            line(&mut text, format_args!("| `{}` | {} | {value} |", parameter.name, parameter.description));
        }
    }
    if !page.cases.is_empty() {
        text.push_str("\n## Examples\n\nThese are executed by the tests.\n");
        page.cases.iter().for_each(|case| push_case(&mut text, case));
    }
    text.push_str("\n## Also known as\n\n| | |\n|---|---|\n");
    for (framework, ids) in control.mappings.all().into_iter().filter(|(_, ids)| !ids.is_empty()) {
        line(&mut text, format_args!("| {} | {} |", framework_title(framework), ids.join(", ")));
    }
    text
}

fn push_case(text: &mut String, case: &Case) {
    let word = match case.expect {
        Expectation::Finding => "Finding",
        Expectation::Ok => "Fine",
        Expectation::Unknown => "Unknown",
        Expectation::None => "Does not apply",
    };
    let excepted = case.options.iter().any(|(key, _)| *key == "excepted");
    let word = if excepted { "Accepted" } else { word };
    let title = case.title.trim_end_matches([':', '.']);
    let separator = if title.is_empty() { "" } else { ": " };
    line(text, format_args!("\n**{word}**{separator}{title}\n\n```yaml\n{}\n```", case.yaml.trim_end()));
}

/// The page `docs/controls/README.md`: every control in a table per family.
pub fn index_markdown<'c>(controls: impl Iterator<Item = &'c Control>) -> String {
    let controls: Vec<&Control> = controls.collect();
    let mut text = format!(
        "<!-- Generated from crates/controls: edit there. -->\n\n# Controls\n\n{} controls",
        controls.len()
    );
    let phases: Vec<String> = Phase::ALL
        .into_iter()
        .map(|phase| {
            let number = controls.iter().filter(|control| control.phase == phase).count();
            format!("{} {number}", phase_title(phase).to_lowercase())
        })
        .collect();
    line(&mut text, format_args!(": {}.", phases.join(", ")));
    let mut family = "";
    for control in controls {
        if control.family() != family {
            family = control.family();
            line(
                &mut text,
                format_args!("\n## {family}\n\n| control | demands | phase | severity |\n|---|---|---|---|"),
            );
        }
        line(
            &mut text,
            format_args!(
                "| [`{}`]({}.md) | {} | {} | {} |",
                control.name(),
                control.id,
                control.title,
                phase_word(control.phase),
                control.severity
            ),
        );
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
