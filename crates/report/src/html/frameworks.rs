//! Where the items of frameworks stand, as the template wants them.

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus, Status};

use crate::compliance::{decides, summary, word};

/// A framework.
pub(super) struct View {
    pub(super) title: &'static str,
    pub(super) summary: String,
    pub(super) items: Vec<ItemView>,
}

/// An item of a framework.
pub(super) struct ItemView {
    /// The class of the status: that of controls in the same position.
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) id: &'static str,
    /// Section and title, as far as there are any.
    pub(super) about: String,
    /// The controls that decide, and whether the page says more about them.
    pub(super) controls: Vec<(&'static str, bool)>,
}

pub(super) fn frameworks(assessment: &Assessment<'_, '_>, frameworks: &[Framework]) -> Vec<View> {
    let view = |framework: &Framework| {
        let compliance = Compliance::new(*framework, assessment);
        View {
            title: compliance.title(),
            summary: summary(&compliance),
            items: compliance.items.iter().map(|item| ItemView::new(item, assessment)).collect(),
        }
    };
    frameworks.iter().map(view).collect()
}

impl ItemView {
    fn new(item: &Item, assessment: &Assessment<'_, '_>) -> ItemView {
        let is_listed =
            |id: &str| assessment.controls.binary_search_by(|result| result.control.id.cmp(id)).is_ok();
        ItemView {
            class: match item.status {
                ItemStatus::Pass => Status::Done.name(),
                ItemStatus::Fail => Status::Open.name(),
                ItemStatus::Excepted => Status::Excepted.name(),
                ItemStatus::Unknown | ItemStatus::Partial | ItemStatus::Manual => Status::Unknown.name(),
                ItemStatus::NotApplicable | ItemStatus::NotEvaluated => Status::NotApplicable.name(),
            },
            word: word(item.status),
            id: item.id,
            about: [item.section, item.title].into_iter().flatten().collect::<Vec<_>>().join(": "),
            controls: item
                .controls
                .iter()
                .filter(|(_, status)| decides(item, *status))
                .map(|(control, _)| (control.id, is_listed(control.id)))
                .collect(),
        }
    }
}
