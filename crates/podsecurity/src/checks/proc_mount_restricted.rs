//! As the baseline check of `procMount`, but pods in a user namespace are not exempt.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `securityContext.procMount` | `Default`; absent | v1.35, before by the baseline check |

use super::{Definition, proc_mount};
use crate::check::Check;
use crate::level::Level;

pub(super) const DEFINITION: Definition = Definition {
    id: "procMount_restricted",
    level: Level::Restricted,
    since: 35,
    overrides: Some(Check::ProcMount),
    exempt: None,
    ..proc_mount::DEFINITION
};
