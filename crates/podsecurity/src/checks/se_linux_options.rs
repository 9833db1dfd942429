//! SELinux types other than those of confined containers, and any user or role, are refused.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | `securityContext.seLinuxOptions.type` of pod and containers | those in [`TYPES`]; absent | v1.0, v1.31 |
//! | `securityContext.seLinuxOptions.user`, `.role` of pod and containers | empty; absent | v1.0 |

use seaworthy_document::Value;

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{Context, below, is_text, text};
use crate::level::Level;
use crate::wording::{plural, quoted, setters, sorted};

pub(super) const DEFINITION: Definition = Definition {
    id: "seLinuxOptions",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(|context, faults| judge(context, context.security.se_linux_options, Setter::Pod, faults)),
    container: Some(|context, fields, faults| {
        judge(context, fields.security.se_linux_options, Setter::Container(fields.container), faults);
    }),
    reason: |_| "seLinuxOptions",
    detail,
};

/// The allowed types, each with the first minor version that allows it.
const TYPES: [(&str, u32); 5] = [
    ("", 0),
    ("container_t", 0),
    ("container_init_t", 0),
    ("container_kvm_t", 0),
    ("container_engine_t", 31),
];

const USER: &str = "user may not be set";
const ROLE: &str = "role may not be set";

fn judge<'a>(context: &Context<'a>, options: Option<Value<'a>>, setter: Setter<'a>, faults: &mut Faults<'a>) {
    let Some(options) = options else { return };
    let allowed = |kind: &Value<'a>| {
        TYPES.iter().any(|&(name, since)| since <= context.minor && is_text(*kind, "type", name))
    };
    if let Some(kind) = below(options, "type").filter(|kind| !allowed(kind)) {
        faults.add(Found::bad(setter, kind, text(kind)));
    }
    for (key, bad) in [("user", USER), ("role", ROLE)] {
        if let Some(value) = below(options, key).filter(|value| !is_text(*value, key, "")) {
            faults.add(Found::bad(setter, value, bad));
        }
    }
}

fn detail(found: &[Found<'_>]) -> String {
    let is = |words: &'static str| found.iter().any(|found| found.bad == Some(words));
    let types = sorted(found.iter().filter_map(|found| found.bad.filter(|bad| ![USER, ROLE].contains(bad))));
    let mut parts = Vec::new();
    if !types.is_empty() {
        parts.push(format!("{} {}", plural(types.len(), "type", "types"), quoted(&types)));
    }
    parts.extend([USER, ROLE].into_iter().filter(|words| is(words)).map(str::to_owned));
    format!(
        "{} set forbidden securityContext.seLinuxOptions: {}",
        setters(found).join(" and "),
        parts.join("; ")
    )
}
