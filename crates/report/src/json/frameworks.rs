//! Where the items of a framework stand.

use std::collections::BTreeMap;

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus, Outcome};
use serde::Serialize;

use crate::clean::{MESSAGE, NAME, PATH, clean};

#[derive(Serialize)]
pub(super) struct FrameworkView {
    framework: &'static str,
    title: &'static str,
    /// The edition, and why it was chosen, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<EditionView>,
    /// Number of items by status.
    summary: BTreeMap<&'static str, usize>,
    /// The same by section.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sections: Vec<SectionView>,
    items: Vec<ItemView>,
}

#[derive(Serialize)]
struct EditionView {
    name: &'static str,
    kubernetes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct SectionView {
    title: &'static str,
    summary: BTreeMap<&'static str, usize>,
}

/// Where an item stands for one node, program or object.
#[derive(Serialize)]
struct OutcomeView {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<String>,
}

#[derive(Serialize)]
struct ItemView {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u8>,
    /// Whether the framework leaves nothing of it to a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    automated: Option<bool>,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<OutcomeView>,
    controls: Vec<ItemControl>,
}

#[derive(Serialize)]
struct ItemControl {
    control: &'static str,
    status: &'static str,
}

impl FrameworkView {
    pub(super) fn new(framework: Framework, assessment: &Assessment<'_, '_>) -> FrameworkView {
        let compliance = Compliance::new(framework, assessment);
        FrameworkView {
            framework: framework.name(),
            title: compliance.title(),
            edition: compliance.edition.as_ref().map(|edition| EditionView {
                name: edition.name,
                kubernetes: edition.kubernetes.clone(),
                note: edition.note.clone(),
            }),
            summary: summary(&compliance.items),
            sections: match compliance.edition {
                Some(_) => compliance
                    .sections()
                    .map(|(title, items)| SectionView { title, summary: summary(items) })
                    .collect(),
                None => Vec::new(),
            },
            items: compliance.items.iter().map(ItemView::new).collect(),
        }
    }
}

/// Number of items by status.
fn summary(items: &[Item]) -> BTreeMap<&'static str, usize> {
    let number = |status| items.iter().filter(|item| item.status == status).count();
    ItemStatus::ALL.into_iter().map(|status| (status.name(), number(status))).collect()
}

impl OutcomeView {
    fn new(outcome: &Outcome) -> OutcomeView {
        let text = |text: &Option<String>, limit| text.as_deref().map(|text| clean(text, limit).into_owned());
        OutcomeView {
            status: outcome.status.name(),
            node: text(&outcome.node, NAME),
            component: outcome.component,
            subject: text(&outcome.subject, NAME),
            file: text(&outcome.file, PATH),
            path: text(&outcome.path, PATH),
            message: clean(&outcome.message, MESSAGE).into_owned(),
            needs: outcome.needs.as_deref().map(|needs| clean(needs, MESSAGE).into_owned()),
        }
    }
}

impl ItemView {
    fn new(item: &Item) -> ItemView {
        ItemView {
            id: item.id,
            title: item.title,
            section: item.section,
            level: item.level,
            automated: item.automated,
            results: item.outcomes.iter().map(OutcomeView::new).collect(),
            status: item.status.name(),
            controls: item
                .controls
                .iter()
                .map(|(control, status)| ItemControl {
                    control: control.id,
                    status: status.map_or(ItemStatus::NotEvaluated.name(), |status| status.name()),
                })
                .collect(),
        }
    }
}
