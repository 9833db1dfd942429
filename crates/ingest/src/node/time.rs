//! What the clock says.

use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_policy::rfc3339;

/// The time, as RFC 3339 writes it in UTC.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    rfc3339(i64::try_from(since).unwrap_or(i64::MAX))
}
