//! Controls: their pages, what they are called elsewhere, and where they stand.

use seaworthy_controls::{Assessment, Control, ControlResult, Counts, Status};

use super::text::Markup;
use crate::numbers::grouped;

/// What a person should know about a control.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) why: Markup,
    /// The cure in one paragraph.
    pub(super) cure: Markup,
    /// Headings and texts.
    pub(super) sections: Vec<(&'static str, Markup)>,
    /// Frameworks and tools, and the names there.
    pub(super) mappings: Vec<(&'static str, &'static [&'static str])>,
}

impl Page {
    pub(super) fn of(control: &'static Control) -> Page {
        let mappings = control.mappings.all().into_iter().filter(|(_, names)| !names.is_empty()).collect();
        match seaworthy_controls::Page::parse(control.page) {
            Ok(page) => Page {
                why: Markup::of_markdown(page.why),
                cure: Markup::of_markdown(page.cure()),
                sections: page
                    .sections
                    .iter()
                    .map(|(title, text)| (*title, Markup::of_markdown(text)))
                    .collect(),
                mappings,
            },
            // Tests refuse such pages; showing all of it is better than showing nothing.
            Err(_) => Page {
                why: Markup::of_markdown(control.page),
                cure: Markup::of_markdown(""),
                sections: Vec::new(),
                mappings,
            },
        }
    }
}

/// The controls of one family.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) controls: Vec<Row>,
}

/// Where a control stands.
pub(super) struct Row {
    pub(super) control: &'static Control,
    pub(super) status: Status,
    /// As "3 pass, 1 unknown".
    pub(super) counts: String,
    /// Its page, unless it stands in the roadmap.
    pub(super) page: Option<Page>,
}

impl Row {
    /// The status as people say it.
    pub(super) fn word(&self) -> &'static str {
        match self.status {
            Status::NotApplicable => "not applicable",
            status => status.name(),
        }
    }
}

/// Every control that was evaluated, in the order of the catalogue.
pub(super) fn families(assessment: &Assessment<'_, '_>) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for result in &assessment.controls {
        let name = result.control.family();
        if families.last().is_none_or(|family| family.name != name) {
            families.push(Family { name, controls: Vec::new() });
        }
        if let Some(family) = families.last_mut() {
            family.controls.push(row(result));
        }
    }
    families
}

fn row(result: &ControlResult) -> Row {
    let Counts { pass, fail, known, excepted, unknown, not_applicable } = result.counts;
    let counts = [
        (fail, "fail"),
        (known, "known"),
        (excepted, "excepted"),
        (unknown, "unknown"),
        (pass, "pass"),
        (not_applicable, "not applicable"),
    ];
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    let counts: Vec<String> =
        counts.map(|(number, word)| format!("{} {word}", grouped(*number as usize))).collect();
    let status = result.counts.status();
    Row {
        control: result.control,
        status,
        counts: if counts.is_empty() { "no subject".to_owned() } else { counts.join(", ") },
        page: (status != Status::Open).then(|| Page::of(result.control)),
    }
}
