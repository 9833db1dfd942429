//! One file per command.

#[cfg(feature = "live")]
pub(crate) mod collect;
pub(crate) mod completions;
pub(crate) mod controls;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod lsp;
pub(crate) mod man;
pub(crate) mod nodes;
pub(crate) mod pods;
#[cfg(feature = "live")]
pub(crate) mod prove;
pub(crate) mod scan;
