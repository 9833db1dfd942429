//! What cannot be said about a namespace that the evidence does not show.

use crate::scope::NamespaceScope;
use crate::verdict::Verdict;

/// The objects do not say in which namespace they are: whoever applies them does.
pub(super) fn left_open<'a>() -> Verdict<'a> {
    Verdict::unknown(
        "the files do not say in which namespace this is applied",
        "`metadata.namespace` in the files, or the rendered output of the tool that sets it",
    )
}

/// Objects name the namespace, but its own object is not among the evidence.
pub(super) fn undeclared<'a>() -> Verdict<'a> {
    Verdict::unknown(
        "the Namespace object is not among the files",
        "the Namespace object, from the files that create it or from the cluster",
    )
}

/// Whether a live cluster shows that nothing runs here.
pub(super) fn is_empty(scope: &NamespaceScope<'_, '_>) -> bool {
    scope.workloads.is_empty() && scope.name.is_some() && scope.around.has_all("", "Pod", scope.name)
}
