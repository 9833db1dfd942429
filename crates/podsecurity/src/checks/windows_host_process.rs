//! HostProcess containers, the privileged ones of Windows, are refused.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | `securityContext.windowsOptions.hostProcess` of pod and containers | `false`; absent | v1.0 |

use seaworthy_document::Value;

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{below, is_false};
use crate::level::Level;
use crate::wording::setters;

pub(super) const DEFINITION: Definition = Definition {
    id: "windowsHostProcess",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(|context, faults| judge(context.security.windows_options, Setter::Pod, faults)),
    container: Some(|_, fields, faults| {
        judge(fields.security.windows_options, Setter::Container(fields.container), faults);
    }),
    reason: |_| "hostProcess",
    detail: |found| {
        format!(
            "{} must not set securityContext.windowsOptions.hostProcess=true",
            setters(found).join(" and ")
        )
    },
};

fn judge<'a>(options: Option<Value<'a>>, setter: Setter<'a>, faults: &mut Faults<'a>) {
    let host_process = options.and_then(|options| below(options, "hostProcess"));
    if let Some(value) = host_process.filter(|value| !is_false(*value, "hostProcess")) {
        faults.add(Found::bad(setter, value, value.text()));
    }
}
