//! What probe pods do for the program that started them.

use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::error::{CommandError, Outcome};
use crate::output;

/// How long one connection may take: a policy drops what it denies.
const LIMIT: Duration = Duration::from_secs(2);

/// Takes connections until the pod is removed.
pub(super) fn listen(ports: &[u16]) -> Result<Outcome, CommandError> {
    let mut threads = Vec::new();
    for port in ports {
        let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, *port))
            .or_else(|_| TcpListener::bind(("0.0.0.0", *port)))
            .map_err(|error| CommandError::new(format!("cannot listen at port {port}: {error}")))?;
        threads.push(std::thread::spawn(move || {
            // A connection is what was asked for: nothing is said on it.
            for connection in listener.incoming() {
                drop(connection);
            }
        }));
    }
    for thread in threads {
        // It does not end.
        let _ = thread.join();
    }
    Ok(Outcome::Clean)
}

/// Connects until everything comes out as it should, or the time is over, and tells of the last round.
pub(super) fn connect(
    open: &[String],
    denied: &[String],
    patience: Duration,
) -> Result<Outcome, CommandError> {
    let address = |text: &String| {
        text.parse::<SocketAddr>().map_err(|_| CommandError::new(format!("`{text}` is no address and port")))
    };
    let wanted = open.iter().map(|text| (text, true)).chain(denied.iter().map(|text| (text, false)));
    let wanted: Vec<(SocketAddr, bool)> =
        wanted.map(|(text, wanted)| Ok((address(text)?, wanted))).collect::<Result<_, CommandError>>()?;
    let end = Instant::now() + patience;
    let found = loop {
        let found: Vec<bool> =
            wanted.iter().map(|(address, _)| TcpStream::connect_timeout(address, LIMIT).is_ok()).collect();
        let as_wanted = wanted.iter().zip(&found).all(|((_, wanted), found)| wanted == found);
        if as_wanted || Instant::now() > end {
            break found;
        }
        std::thread::sleep(Duration::from_millis(500));
    };
    let connections: Vec<_> = wanted
        .iter()
        .zip(found)
        .map(|((address, _), connected)| serde_json::json!({"to": address.to_string(), "connected": connected}))
        .collect();
    let report = serde_json::json!({ "connections": connections });
    output::to_stdout(|out| writeln!(out, "{report}"))?;
    Ok(Outcome::Clean)
}

/// Prints the state of our own process.
pub(super) fn print_status() -> Result<Outcome, CommandError> {
    let text = std::fs::read_to_string("/proc/self/status")
        .map_err(|error| CommandError::new(format!("cannot read `/proc/self/status`: {error}")))?;
    let report = serde_json::json!({ "status": text.lines().collect::<Vec<_>>() });
    output::to_stdout(|out| writeln!(out, "{report}"))?;
    Ok(Outcome::Clean)
}
