//! Sockets that somebody listens on, and whose they are.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::processes::{self, Running};
use super::reading::{Obstacle, Socket};
use super::root::Root;

/// Longest table of sockets that is read.
const MAX_TABLE: u64 = 16 << 20;

/// Most sockets that are kept.
const MAX_SOCKETS: usize = 4096;

/// Most open files that are looked at to find the owners of sockets.
const MAX_OPEN: usize = 500_000;

/// Tables of the kernel, their protocols, and the state of those that listen: `TCP_LISTEN`, and for UDP a socket that is
/// connected to nobody (`TCP_CLOSE`).
const TABLES: &[(&str, &str, &str)] =
    &[("tcp", "tcp", "0A"), ("tcp6", "tcp", "0A"), ("udp", "udp", "07"), ("udp6", "udp", "07")];

/// The sockets of the node's network and of those of some processes.
pub(super) fn listening(
    root: &Root,
    pids: &[u32],
    running: &[Running],
    network: Option<&str>,
    errors: &mut Vec<Obstacle>,
) -> Vec<Socket> {
    let mut found: Vec<(Socket, u64)> = Vec::new();
    let others = processes::other_networks(running, network);
    for (of, shown) in std::iter::once((1, None)).chain(others.iter().map(|pid| (*pid, Some(*pid)))) {
        for (table, protocol, state) in TABLES {
            let path = format!("/proc/{of}/net/{table}");
            match root.read(&path, MAX_TABLE) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    let rows = text.lines().skip(1).filter_map(|line| row(line, protocol, state));
                    found.extend(rows.map(|(socket, inode)| (Socket { network_of: shown, ..socket }, inode)));
                }
                // IPv6 may be off.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && table.ends_with('6') => {}
                Err(error) => errors.push(Obstacle { what: path, error: error.to_string() }),
            }
        }
    }
    if found.len() > MAX_SOCKETS {
        let error = format!("only {MAX_SOCKETS} of {} sockets are kept", found.len());
        errors.push(Obstacle { what: "sockets".to_owned(), error });
        found.truncate(MAX_SOCKETS);
    }
    let owners = owners(root, pids, &found, errors);
    let mut sockets: Vec<Socket> = found
        .into_iter()
        .map(|(socket, inode)| match owners.get(&inode) {
            Some(&pid) => {
                Socket { pid: Some(pid), program: root.line(&format!("/proc/{pid}/comm")), ..socket }
            }
            None => socket,
        })
        .collect();
    sockets.sort();
    sockets.dedup();
    sockets
}

/// A socket that listens, by its line in the table, and its inode.
fn row(line: &str, protocol: &'static str, listens: &str) -> Option<(Socket, u64)> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let (address, port) = columns.get(1)?.split_once(':')?;
    if *columns.get(3)? != listens {
        return None;
    }
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = self::address(address)?;
    let inode = columns.get(9)?.parse().ok()?;
    Some((Socket { protocol, address, port, ..Socket::default() }, inode))
}

/// An address as the kernel prints it: words of the machine's byte order.
fn address(text: &str) -> Option<String> {
    let word = |at: usize| Some(u32::from_str_radix(text.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).to_string()),
        32 => {
            let mut bytes = [0; 16];
            for (index, part) in bytes.chunks_mut(4).enumerate() {
                part.copy_from_slice(&word(index * 8)?);
            }
            Some(Ipv6Addr::from(bytes).to_string())
        }
        _ => None,
    }
}

/// The processes that hold sockets, by the inodes of those.
fn owners(
    root: &Root,
    pids: &[u32],
    sockets: &[(Socket, u64)],
    errors: &mut Vec<Obstacle>,
) -> HashMap<u64, u32> {
    let mut wanted: std::collections::HashSet<u64> = sockets.iter().map(|(_, inode)| *inode).collect();
    let mut owners = HashMap::new();
    let mut left = MAX_OPEN;
    for &pid in pids {
        if wanted.is_empty() {
            break;
        }
        // Processes end, and those of others cannot be looked into: then the owner stays open.
        let Ok((names, _)) = root.list(&format!("/proc/{pid}/fd")) else { continue };
        for name in names {
            if left == 0 {
                let error = format!("only {MAX_OPEN} open files were looked at");
                errors.push(Obstacle { what: "owners of sockets".to_owned(), error });
                return owners;
            }
            left -= 1;
            let Ok(target) = root.link(&format!("/proc/{pid}/fd/{name}")) else { continue };
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(inode) = inode.and_then(|inode| inode.parse().ok())
                && wanted.remove(&inode)
            {
                owners.insert(inode, pid);
            }
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_kernel_are_understood() {
        let line = "   0: 0100007F:2710 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0";
        let (socket, inode) = row(line, "tcp", "0A").expect("it listens");
        // The kernel prints words in the order of the machine; this row is of a little-endian one.
        if cfg!(target_endian = "little") {
            assert_eq!(socket.address, "127.0.0.1");
        }
        assert_eq!((socket.port, inode), (10_000, 4711));
        assert!(row(&line.replace(" 0A ", " 01 "), "tcp", "0A").is_none(), "connected");
        assert!(row("x", "tcp", "0A").is_none());
        assert_eq!(address(&"0".repeat(32)).as_deref(), Some("::"));
    }
}
