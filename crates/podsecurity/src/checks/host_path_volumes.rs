//! Directories of the node must not be mounted.
//!
//! | fields of the pod | allowed | from |
//! |---|---|---|
//! | `volumes[*].hostPath` | absent | v1.0 |

use super::Definition;
use super::restricted_volumes::{name, volumes};
use crate::failure::{Faults, Found, Setter};
use crate::fields::{Context, below, is_item};
use crate::level::Level;
use crate::wording::{plural, quoted};

pub(super) const DEFINITION: Definition = Definition {
    id: "hostPathVolumes",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(pod),
    container: None,
    reason: |_| "hostPath volumes",
    detail,
};

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    for volume in volumes(context) {
        if below(volume, "hostPath").is_some() || !is_item(volume) {
            faults.add(Found::bad(Setter::Volume(name(volume)), volume, "hostPath"));
        }
    }
}

fn detail(found: &[Found<'_>]) -> String {
    let names = super::restricted_volumes::names(found);
    format!("{} {}", plural(names.len(), "volume", "volumes"), quoted(&names))
}
