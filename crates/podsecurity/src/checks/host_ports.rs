//! Ports of the node must not be taken.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `ports[*].hostPort` | `0`; absent | v1.0 |
//!
//! In a pod on the host network the API gives ports without `hostPort` their `containerPort`.

use seaworthy_document::Value;

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context, below, number, text};
use crate::level::Level;
use crate::pod::ContainerRole;
use crate::wording::{container_names, containers, plural, sorted};

pub(super) const DEFINITION: Definition = Definition {
    id: "hostPorts",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: None,
    container: Some(container),
    reason: |_| "hostPort",
    detail,
};

fn container<'a>(context: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let Some(ports) = fields.ports else { return };
    let setter = Setter::Container(fields.container);
    let defaulted = context.defaults_host_ports() && fields.container.role() != ContainerRole::Ephemeral;
    let malformed = (!ports.is_sequence()).then_some(ports);
    let host_ports = ports.items().filter_map(|port| {
        let is_set = |value: &Value<'a>| number(*value) != Some(0) || !port.is_mapping();
        let container_port = || below(port, "containerPort").filter(|_| defaulted).filter(is_set);
        below(port, "hostPort").filter(is_set).or_else(container_port)
    });
    for value in host_ports.chain(malformed) {
        faults.add(Found::bad(setter, value, text(value)));
    }
}

fn detail(found: &[Found<'_>]) -> String {
    let names = container_names(found);
    let ports = sorted(found.iter().map(|found| match number(found.value) {
        Some(port) => port.to_string(),
        None => text(found.value).to_owned(),
    }));
    format!(
        "{} {} {} {}",
        containers(&names),
        plural(names.len(), "uses", "use"),
        plural(ports.len(), "hostPort", "hostPorts"),
        ports.join(", ")
    )
}
