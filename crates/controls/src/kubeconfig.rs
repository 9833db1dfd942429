//! Kubeconfigs by which components reach webhooks.

use seaworthy_evidence::{Object, Place};

use crate::verdict::Fault;

/// Clusters that are looked at: the kubeconfig of a component has one, and every component among the files looks at its
/// own.
const MANY: usize = 64;

/// What is wrong with the way in which a kubeconfig reaches its servers.
pub(crate) fn transport_faults<'a>(file: &Object<'a>) -> Vec<Fault<'a>> {
    let clusters = file.value.get("clusters").into_iter().flat_map(|clusters| clusters.items());
    let mut faults = Vec::new();
    for cluster in clusters.take(MANY).filter_map(|entry| entry.get("cluster")) {
        if let Some(server) = cluster.get("server").filter(|server| server.text().starts_with("http://")) {
            faults.push(Fault::new(Place::at(server), "the server is reached over plain HTTP"));
        }
        if let Some(skip) =
            cluster.get("insecure-skip-tls-verify").filter(|skip| skip.as_bool() == Some(true))
        {
            let message =
                "`insecure-skip-tls-verify: true`: whoever sits between can answer in place of the server";
            faults.push(Fault::new(Place::at(skip), message));
        }
    }
    faults
}
