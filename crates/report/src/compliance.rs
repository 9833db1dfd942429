//! Words for where the items of a framework stand.

use seaworthy_controls::{Compliance, Item, ItemStatus, Outcome, Status};

use crate::numbers::count;

/// "31 of 131 items evaluated: 12 fail, 19 pass".
pub(crate) fn summary(compliance: &Compliance) -> String {
    let mut text =
        format!("{} of {} evaluated", compliance.evaluated(), count(compliance.items.len(), "item"));
    let mut separator = ": ";
    for status in ItemStatus::ALL.into_iter().filter(|status| *status != ItemStatus::NotEvaluated) {
        let number = compliance.count(status);
        if number > 0 {
            text.push_str(&format!("{separator}{number} {}", word(status)));
            separator = ", ";
        }
    }
    text
}

/// "2 fail, 19 pass": how many items of a part have which status.
pub(crate) fn totals(items: &[Item]) -> String {
    let number = |status| items.iter().filter(|item| item.status == status).count();
    let counted = ItemStatus::ALL.into_iter().map(|status| (status, number(status)));
    let texts = counted.filter(|(_, number)| *number > 0);
    texts.map(|(status, number)| format!("{number} {}", word(status))).collect::<Vec<_>>().join(", ")
}

/// Whom an outcome is about: node, program, object.
pub(crate) fn whom(outcome: &Outcome) -> String {
    let parts = [outcome.component, outcome.node.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    match (parts.is_empty(), &outcome.subject) {
        (false, _) => parts.join(" on "),
        (true, Some(subject)) => subject.clone(),
        (true, None) => String::new(),
    }
}

/// A status as people say it.
pub(crate) fn word(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::NotApplicable => "not applicable",
        ItemStatus::NotEvaluated => "not evaluated",
        status => status.name(),
    }
}

/// Whether a control is what makes the item stand where it stands.
pub(crate) fn decides(item: &Item, status: Option<Status>) -> bool {
    match item.status {
        ItemStatus::Fail => matches!(status, Some(Status::Open | Status::Known)),
        ItemStatus::Unknown => status == Some(Status::Unknown),
        ItemStatus::Excepted => status == Some(Status::Excepted),
        ItemStatus::Pass => status == Some(Status::Done),
        ItemStatus::Partial | ItemStatus::NotEvaluated => status.is_none(),
        ItemStatus::Manual => false,
        ItemStatus::NotApplicable => status == Some(Status::NotApplicable),
    }
}
