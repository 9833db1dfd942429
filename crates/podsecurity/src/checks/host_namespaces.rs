//! The namespaces of the node must not be shared.
//!
//! | fields of the pod | allowed | from |
//! |---|---|---|
//! | `hostNetwork`, `hostPID`, `hostIPC` | `false`; absent | v1.0 |

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::Context;
use crate::level::Level;

pub(super) const DEFINITION: Definition = Definition {
    id: "hostNamespaces",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(pod),
    container: None,
    reason: |_| "host namespaces",
    detail,
};

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    let fields = [
        (context.host_network, "hostNetwork=true"),
        (context.host_pid, "hostPID=true"),
        (context.host_ipc, "hostIPC=true"),
    ];
    for (value, bad) in fields {
        if let Some(value) = value.filter(|value| value.as_bool() != Some(false)) {
            faults.add(Found::bad(Setter::Pod, value, bad));
        }
    }
}

fn detail(found: &[Found<'_>]) -> String {
    let namespaces: Vec<&str> = found.iter().filter_map(|found| found.bad).collect();
    namespaces.join(", ")
}
