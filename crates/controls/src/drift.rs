//! Comparing what runs with what its sources say: two sources of one component, setting by setting.

use seaworthy_document::Value;
use seaworthy_evidence::{Component, Evidence};

use crate::flags::{is_placeholder, seconds};
use crate::verdict::{Fault, Judged, Verdict};

/// Fields of one file that are compared.
const MOST_FIELDS: usize = 2048;

/// What `/flagz` and we ourselves put in the place of a credential.
const CLASSIFIED: &str = "CLASSIFIED";

/// Whether two texts mean the same to the program: the same text, duration, switch or list in any order.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let switch = |text: &str| match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    };
    let list = |text: &str| {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let mut items: Vec<String> =
            inner.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
        items.sort_unstable();
        items
    };
    one == other
        || matches!((switch(one), switch(other)), (Some(one), Some(other)) if one == other)
        || matches!((seconds(one), seconds(other)), (Some(one), Some(other)) if one == other)
        || list(one) == list(other)
}

/// Whether a text cannot be compared, since nobody sees it as the program does.
pub(crate) fn is_hidden(text: &str) -> bool {
    text == CLASSIFIED || text.starts_with("<redacted") || is_placeholder(text)
}

/// The scalars of a file and the lists of scalars, each with its keys from the root.
pub(crate) fn leaves<'a>(file: Value<'a>) -> Vec<(Vec<&'a str>, Value<'a>)> {
    let mut leaves = Vec::new();
    let mut waiting: Vec<(Vec<&'a str>, Value<'a>)> = vec![(Vec::new(), file)];
    while let Some((path, value)) = waiting.pop() {
        if leaves.len() >= MOST_FIELDS || path.len() > 16 {
            continue;
        }
        if value.is_mapping() {
            for (key, value) in value.entries().filter(|(_, value)| !value.is_null()) {
                let mut path = path.clone();
                path.push(key.text());
                waiting.push((path, value));
            }
        } else if !value.is_sequence() || value.items().all(|item| !item.is_mapping() && !item.is_sequence())
        {
            leaves.push((path, value));
        }
    }
    leaves.sort_by_key(|(_, value)| value.id());
    leaves
}

/// A leaf as a text: the items of a list with commas between them.
pub(crate) fn text_of(value: &Value<'_>) -> String {
    if value.is_sequence() {
        return value.items().map(|item| item.text().to_owned()).collect::<Vec<_>>().join(",");
    }
    value.text().to_owned()
}

/// Where a source stands, for people.
pub(crate) fn name_of(evidence: &Evidence<'_>, component: &Component<'_>) -> String {
    let file = evidence.files().get(evidence.owner_of(component).file as usize);
    let name = file.map_or("", |file| file.name.as_str());
    match name.strip_prefix("nodes/").and_then(|rest| rest.split_once('/')) {
        Some((node, path)) => format!("`/{path}` on node `{node}`"),
        None if evidence.owner_of(component).kind == "NodeReading" => {
            format!("the process on node `{}`", component.node().unwrap_or_default())
        }
        None => format!("`{name}`"),
    }
}

/// The verdict on a component; a fault stands in the object that holds its place.
pub(crate) fn judged<'e, 'a>(
    evidence: &'e Evidence<'a>,
    component: &'e Component<'a>,
    faults: Vec<Fault<'a>>,
    otherwise: Verdict<'a>,
) -> Vec<Judged<'e, 'a>> {
    if faults.is_empty() {
        return vec![Judged { object: evidence.owner_of(component), verdict: otherwise }];
    }
    let mut judged: Vec<Judged<'e, 'a>> = Vec::new();
    for fault in faults {
        let object = evidence.source_of(component, &fault.place.value);
        match judged.iter_mut().find(|other| std::ptr::eq(other.object, object)) {
            Some(Judged { verdict: Verdict::Fail(others), .. }) => others.push(fault),
            _ => judged.push(Judged { object, verdict: Verdict::fail(fault) }),
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_is_the_same() {
        for (one, other) in
            [("60s", "1m0s"), ("Node,RBAC", "[RBAC,Node]"), ("1", "true"), ("", "[]"), ("4h", "4h0m0s")]
        {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("60s", "61s"), ("Node", "NodeRestriction"), ("0", "10255"), ("a,b", "a")] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
