//! Where the items of a framework stand.

use std::collections::BTreeMap;

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct FrameworkView {
    framework: &'static str,
    title: &'static str,
    /// Number of items by status.
    summary: BTreeMap<&'static str, usize>,
    items: Vec<ItemView>,
}

#[derive(Serialize)]
struct ItemView {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    status: &'static str,
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
            title: framework.title(),
            summary: ItemStatus::ALL
                .into_iter()
                .map(|status| (status.name(), compliance.count(status)))
                .collect(),
            items: compliance.items.iter().map(ItemView::new).collect(),
        }
    }
}

impl ItemView {
    fn new(item: &Item) -> ItemView {
        ItemView {
            id: item.id,
            title: item.title,
            section: item.section,
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
