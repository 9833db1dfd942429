//! Complete YAML as goyaml v2 reads it: [`scanner`] makes tokens of text, [`parser`] events of tokens, and
//! [`compose`] the tree of events.

mod binary;
mod compose;
mod parser;
mod scalars;
mod scanner;
mod text;

pub(crate) use compose::compose;
pub(crate) use text::{Characters, Chomping, characters, double_quoted, single_quoted};

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Offset in the text of the document.
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) const TOO_DEEP: &'static str = "nested deeper than 10000 levels";
    pub(crate) const TAB: &'static str = "a tab cannot indent YAML: use spaces";

    pub(crate) fn new(at: usize, message: impl Into<String>) -> Problem {
        Problem { at, message: message.into() }
    }
}
