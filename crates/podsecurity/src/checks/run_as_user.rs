//! Nothing may be told to run as user 0.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | `securityContext.runAsUser` of pod and containers | other than `0`; absent | v1.23 |
//!
//! Pods in a user namespace are exempt from v1.35 on.

use seaworthy_document::Value;

use super::{Definition, Exemption};
use crate::failure::{Faults, Found, Setter};
use crate::fields::number;
use crate::level::Level;
use crate::wording::setters;

pub(super) const DEFINITION: Definition = Definition {
    id: "runAsUser",
    level: Level::Restricted,
    since: 23,
    overrides: None,
    exempt: Some((35, Exemption::UserNamespace)),
    pod: Some(|context, faults| judge(context.security.run_as_user, Setter::Pod, faults)),
    container: Some(|_, fields, faults| {
        judge(fields.security.run_as_user, Setter::Container(fields.container), faults);
    }),
    reason: |_| "runAsUser=0",
    detail: |found| format!("{} must not set runAsUser=0", setters(found).join(" and ")),
};

fn judge<'a>(user: Option<Value<'a>>, setter: Setter<'a>, faults: &mut Faults<'a>) {
    if let Some(value) = user.filter(|value| matches!(number(*value), None | Some(0))) {
        faults.add(Found::bad(setter, value, value.text()));
    }
}
