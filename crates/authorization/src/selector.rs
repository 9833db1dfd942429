//! Label selectors, as `LabelSelectorAsSelector` of apimachinery reads them.

use seaworthy_document::Value;

use crate::rule::entries;

/// Whether a selector selects what bears these labels; `None` when the API server would not accept the selector.
/// An empty selector selects everything.
pub(crate) fn selects(selector: Value<'_>, labels: Option<Value<'_>>) -> Option<bool> {
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(|value| value.as_str());
    let mut all = true;
    for (key, value) in selector.get("matchLabels").into_iter().flat_map(|labels| labels.entries()) {
        all &= label(key.text()) == Some(value.as_str()?);
    }
    for expression in selector.get("matchExpressions").into_iter().flat_map(|list| list.items()) {
        let key = expression.get("key")?.as_str()?;
        let value = label(key);
        let mut values = entries(expression.get("values"));
        let empty = values.clone().next().is_none();
        all &= match (expression.get("operator")?.as_str()?, empty) {
            ("In", false) => value.is_some_and(|value| values.any(|entry| entry.text == value)),
            ("NotIn", false) => !value.is_some_and(|value| values.any(|entry| entry.text == value)),
            ("Exists", true) => value.is_some(),
            ("DoesNotExist", true) => value.is_none(),
            _ => return None,
        };
    }
    Some(all)
}

/// Number of comparisons that one evaluation of the selector costs at most.
pub(crate) fn cost(selector: Value<'_>) -> usize {
    selector.descendants().count()
}
