//! Where in a text a verdict points.

use seaworthy_document::{Span, Value};

/// A value, or a field that is missing below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The value that is at fault; when something is missing, the deepest map that exists above it.
    pub value: Value<'a>,
    /// The dotted path below `value` of what is missing.
    pub missing: Option<&'static str>,
}

impl<'a> Place<'a> {
    /// The value itself is at fault.
    pub fn at(value: Value<'a>) -> Place<'a> {
        Place { value, missing: None }
    }

    /// `path` is missing below `value`.
    pub fn missing(value: Value<'a>, path: &'static str) -> Place<'a> {
        Place { value, missing: Some(path) }
    }

    /// The path from the document's root, including what is missing, as `spec.containers[app].image`.
    pub fn path(&self) -> String {
        let mut path = self.value.path();
        if let Some(missing) = self.missing {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(missing);
        }
        path
    }

    /// The bytes to underline.
    pub fn span(&self) -> Span {
        self.value.entry_span()
    }
}
