//! Label selectors, asked whether they take in something whose labels are known only in part.

use seaworthy_document::Value;

/// Whether a selector takes something in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matches {
    /// It surely does.
    Yes,
    /// It surely does not.
    No,
    /// It depends on labels that are not known.
    Unknown,
}

/// The label that every namespace bears, with its name (`k8s.io/api/core/v1`, `LabelMetadataName`).
const NAME: &str = "kubernetes.io/metadata.name";

/// Whether a namespace selector takes in a namespace, of which only the name is known. A label that a selector asks for
/// is not on system namespaces unless somebody put it there.
pub(super) fn takes_namespace(selector: Option<Value<'_>>, name: &str) -> Matches {
    let Some(selector) = selector else { return Matches::Yes };
    let mut result = Matches::Yes;
    let mut limit = |matches: Matches| match (result, matches) {
        (_, Matches::No) => result = Matches::No,
        (Matches::Yes, Matches::Unknown) => result = Matches::Unknown,
        _ => {}
    };
    for (key, value) in selector.get("matchLabels").into_iter().flat_map(|labels| labels.entries()) {
        limit(match key.text() {
            NAME if value.text() == name => Matches::Yes,
            _ => Matches::No,
        });
    }
    for expression in selector.get("matchExpressions").into_iter().flat_map(|list| list.items()) {
        let key = expression.get("key").map_or("", |key| key.text());
        let listed = expression.get("values").is_some_and(|values| values.items().any(|v| v.text() == name));
        let operator = expression.get("operator").map_or("", |operator| operator.text());
        limit(match (key, operator) {
            (NAME, "In") if listed => Matches::Yes,
            (NAME, "In" | "DoesNotExist") => Matches::No,
            (NAME, "NotIn") if listed => Matches::No,
            (NAME, "NotIn" | "Exists") => Matches::Yes,
            (_, "In" | "Exists") => Matches::No,
            _ => Matches::Unknown,
        });
    }
    result
}

/// Whether a selector lets whoever sets labels keep an object out: it takes in all objects but those that bear a label.
pub(super) fn can_be_evaded(selector: &Value<'_>) -> bool {
    selector.get("matchExpressions").into_iter().flat_map(|list| list.items()).any(|expression| {
        expression.get("operator").is_some_and(|operator| matches!(operator.text(), "NotIn" | "DoesNotExist"))
    })
}

/// Whether a selector demands or forbids anything.
pub(super) fn is_empty(selector: &Value<'_>) -> bool {
    let none = |key: &str| {
        selector.get(key).is_none_or(|list| list.entries().next().is_none() && list.items().next().is_none())
    };
    none("matchLabels") && none("matchExpressions")
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;

    use super::*;

    fn taken(selector: &'static str) -> Matches {
        let stream = Stream::read(selector);
        let root = stream.documents().next().map(|document| document.root());
        takes_namespace(root, "kube-system")
    }

    /// `LabelSelectorAsSelector` of apimachinery: all requirements hold; `NotIn` and `DoesNotExist` hold for what lacks
    /// the label.
    #[test]
    fn selectors_are_read_as_the_api_server_reads_them() {
        assert_eq!(taken("{}"), Matches::Yes);
        assert_eq!(taken("matchLabels: {inject: enabled}"), Matches::No);
        assert_eq!(taken("matchLabels: {kubernetes.io/metadata.name: kube-system}"), Matches::Yes);
        let by_name = |operator: &str, value: &str| {
            taken(Box::leak(
                format!("matchExpressions: [{{key: {NAME}, operator: {operator}, values: [{value}]}}]")
                    .into_boxed_str(),
            ))
        };
        assert_eq!(by_name("NotIn", "kube-system"), Matches::No);
        assert_eq!(by_name("NotIn", "gatekeeper-system"), Matches::Yes);
        assert_eq!(by_name("In", "shop"), Matches::No);
        assert_eq!(taken("matchExpressions: [{key: ignore, operator: DoesNotExist}]"), Matches::Unknown);
        assert_eq!(
            taken("matchExpressions: [{key: control-plane, operator: NotIn, values: [a]}]"),
            Matches::Unknown
        );
        assert_eq!(taken("matchExpressions: [{key: inject, operator: Exists}]"), Matches::No);
    }
}
