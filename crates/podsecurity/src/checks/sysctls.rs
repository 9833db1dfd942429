//! Kernel parameters may be set only where they act on the pod alone and harm nobody else.
//!
//! | fields of the pod | allowed | from |
//! |---|---|---|
//! | `securityContext.sysctls[*].name` | those in [`SAFE`] | v1.0, v1.27, v1.29, v1.32, v1.37 |

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{Context, below, text};
use crate::level::Level;

pub(super) const DEFINITION: Definition = Definition {
    id: "sysctls",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(pod),
    container: None,
    reason: |_| "forbidden sysctls",
    detail,
};

/// The allowed names, each with the first minor version that allows it.
const SAFE: [(&str, u32); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_notsent_lowat", 37),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
];

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    let Some(sysctls) = context.security.sysctls else { return };
    let is_safe = |name: &str| SAFE.iter().any(|&(safe, since)| since <= context.minor && safe == name);
    if !sysctls.is_sequence() {
        faults.add(Found::bad(Setter::Pod, sysctls, text(sysctls)));
    }
    for sysctl in sysctls.items() {
        match below(sysctl, "name") {
            Some(name) if name.as_str().is_some_and(is_safe) && sysctl.is_mapping() => {}
            Some(name) => faults.add(Found::bad(Setter::Pod, sysctl, text(name))),
            None => {
                faults.add(Found {
                    setter: Setter::Pod,
                    value: sysctl,
                    missing: Some("name"),
                    bad: Some(""),
                });
            }
        }
    }
}

fn detail(found: &[Found<'_>]) -> String {
    let names: Vec<&str> = found.iter().filter_map(|found| found.bad).collect();
    names.join(", ")
}
