use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

use crate::LabError;

/// Below the ports that Linux hands out to connections by itself (from 32768 on), so that none of those takes one
/// between now and the start of the server.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// So many different ports of loopback that nobody listens on.
pub(crate) fn free(count: usize) -> Result<Vec<u16>, LabError> {
    let mut found = BTreeSet::new();
    for _ in 0..200 {
        let port = fastrand::u16(RANGE);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.insert(port);
        }
        if found.len() == count {
            return Ok(found.into_iter().collect());
        }
    }
    Err(LabError::failed(format!("no {count} free ports among 200 on loopback")))
}
