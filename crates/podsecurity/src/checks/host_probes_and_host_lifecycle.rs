//! Probes and lifecycle handlers must not make the kubelet call other hosts. Those by gRPC have no host.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `httpGet.host`, `tcpSocket.host` of `livenessProbe`, `readinessProbe`, `startupProbe`, `lifecycle.postStart`, `lifecycle.preStop` | empty; absent | v1.34 |

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context, below, is_text, text};
use crate::level::Level;
use crate::wording::{bad_values, container_names, containers, plural, quoted, sorted};

pub(super) const DEFINITION: Definition = Definition {
    id: "hostProbesAndHostLifecycle",
    level: Level::Baseline,
    since: 34,
    overrides: None,
    exempt: None,
    pod: None,
    container: Some(container),
    reason: |_| "probe or lifecycle host",
    detail,
};

fn container<'a>(_: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let handler = |name| fields.lifecycle.and_then(|lifecycle| below(lifecycle, name));
    let [liveness, readiness, startup] = fields.probes;
    for handler in
        [liveness, readiness, startup, handler("postStart"), handler("preStop")].into_iter().flatten()
    {
        for action in ["httpGet", "tcpSocket"] {
            match below(handler, action).and_then(|action| below(action, "host")) {
                None => {}
                Some(host) if is_text(host, "host", "") => {}
                Some(host) => faults.add(Found::bad(Setter::Container(fields.container), host, text(host))),
            }
        }
    }
}

fn detail(found: &[Found<'_>]) -> String {
    let names = sorted(container_names(found));
    let hosts = bad_values(found);
    format!(
        "{} {} {} {}",
        containers(&names),
        plural(names.len(), "uses", "use"),
        plural(hosts.len(), "probe or lifecycle host", "probe or lifecycle hosts"),
        quoted(&hosts)
    )
}
