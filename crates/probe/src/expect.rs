//! What positive controls commonly expect.

use crate::answer::{Answer, Reply};

/// A status of 2xx.
///
/// # Errors
/// With what came instead.
pub fn ok(answer: &Answer) -> Result<(), String> {
    match answer.status() {
        Some(200..=299) => Ok(()),
        _ => Err(answer.summary()),
    }
}

/// Any answer of HTTP: the port lives and speaks it.
///
/// # Errors
/// With what came instead.
pub fn http(answer: &Answer) -> Result<(), String> {
    match answer.status() {
        Some(_) => Ok(()),
        None => Err(answer.summary()),
    }
}

/// A SubjectAccessReview that grants.
///
/// # Errors
/// With what came instead.
pub fn allowed(answer: &Answer) -> Result<(), String> {
    let granted = answer.json().is_some_and(|review| review["status"]["allowed"] == true);
    match answer.status() {
        Some(201) if granted => Ok(()),
        Some(201) => Err("what everybody may do is refused".to_owned()),
        _ => Err(answer.summary()),
    }
}

/// A TLS handshake, or the beginning of one.
///
/// # Errors
/// With what came instead.
pub fn tls(answer: &Answer) -> Result<(), String> {
    match answer.reply {
        Reply::Handshake(_) | Reply::Chosen { .. } => Ok(()),
        _ => Err(answer.summary()),
    }
}

/// A connection, or more than one.
///
/// # Errors
/// With what came instead.
pub fn connected(answer: &Answer) -> Result<(), String> {
    match answer.reply {
        Reply::Connected | Reply::Handshake(_) | Reply::Chosen { .. } | Reply::Http { .. } => Ok(()),
        _ => Err(answer.summary()),
    }
}

/// Lines, at least one.
///
/// # Errors
/// With what came instead.
pub fn lines(answer: &Answer) -> Result<(), String> {
    match &answer.reply {
        Reply::Lines(lines) if !lines.is_empty() => Ok(()),
        _ => Err(answer.summary()),
    }
}
