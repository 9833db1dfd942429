//! What is wrong with the evidence itself.

use seaworthy_document::Span;

/// How much a [`Diagnostic`] takes away from the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The object is evaluated, but a strict server would complain (`kubectl apply` refuses unknown fields).
    Warning,
    /// The document could not be read, or the API server would refuse to decode it.
    Error,
}

/// Something wrong with a file or an object in it: bad syntax, a wrong type, a missing `kind`.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Index of the file in [`Evidence::files`](crate::Evidence::files).
    pub file: u32,
    /// Number of the document in the file, from 0.
    pub document: u32,
    /// The bytes in question.
    pub span: Span,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what to do, lower case and without a full stop.
    pub message: String,
}
