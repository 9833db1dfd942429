//! Evidence of the node that the program runs on.

use seaworthy_evidence::SourceFile;

use crate::error::CommandError;
use crate::node_args::NodePlace;

/// Reads the node.
#[cfg(target_os = "linux")]
pub(crate) fn read(place: &NodePlace) -> Result<Vec<SourceFile>, CommandError> {
    use std::error::Error;

    use seaworthy_ingest::{NodeOptions, collect_node};

    let options = NodeOptions { root: place.root.clone(), name: place.node_name.clone(), at: None };
    collect_node(&options).map_err(|error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        CommandError::new(format!("{error}{cause}"))
            .hint("`--root` names the folder where the node's `/` is mounted, `--node-name` the node")
    })
}

/// Nodes of other systems are not read.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read(_: &NodePlace) -> Result<Vec<SourceFile>, CommandError> {
    Err(CommandError::new("nodes are read on Linux only")
        .hint("`seaworthy nodes run` reads the nodes of a cluster from anywhere"))
}
