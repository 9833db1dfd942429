//! Labels of Pod Security admission.

use seaworthy_evidence::Place;
use seaworthy_podsecurity::InvalidLabel;

use crate::verdict::Fault;

/// A label that the API server refuses, in its words.
pub(super) fn invalid<'a>(label: &InvalidLabel<'a>) -> Fault<'a> {
    Fault::new(Place::at(label.value), format!("`{}` {}", label.key, label.message))
}
