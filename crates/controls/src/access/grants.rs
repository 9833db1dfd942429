//! Grants that end: bindings that bear the moment of their end.

use seaworthy_document::Value;
use seaworthy_evidence::Object;

use crate::parameters::Parameters;

/// The annotation of a binding that holds its end.
pub(super) fn end<'a>(binding: &Object<'a>, parameters: &Parameters) -> Option<Value<'a>> {
    let annotations = binding.value.at(&["metadata", "annotations"])?;
    parameters.expiry_annotations.iter().find_map(|key| annotations.get(key))
}
