//! What a process finds around itself: files of `/proc`, its token, sockets, and whether it may write.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use seaworthy_probe::Reply;

/// Longest environment, and longest token.
const MOST: u64 = 1 << 20;

/// All lines of a file.
pub(crate) fn text(path: &Path, most: u64) -> Reply {
    match read(path, most) {
        Ok(bytes) => Reply::Lines(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()),
        Err(reply) => reply,
    }
}

/// The names of variables. Their values go no further than this.
pub(crate) fn names(path: &Path) -> Reply {
    let bytes = match read(path, MOST) {
        Ok(bytes) => bytes,
        Err(reply) => return reply,
    };
    let names =
        bytes.split(|byte| *byte == 0).filter_map(|variable| variable.split(|byte| *byte == b'=').next());
    Reply::Lines(
        names
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect(),
    )
}

/// What a token says of itself.
pub(crate) fn claims(path: &Path) -> Reply {
    let bytes = match read(path, MOST) {
        Ok(bytes) => bytes,
        Err(reply) => return reply,
    };
    let text = String::from_utf8_lossy(&bytes);
    let claims = text.trim().split('.').nth(1).and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
    match claims.and_then(|claims| serde_json::from_slice(&claims).ok()) {
        Some(claims) => Reply::Claims(claims),
        None => Reply::Nonsense("it is no token of JSON".to_owned()),
    }
}

/// Whether a file can be made.
pub(crate) fn write(folder: &Path) -> Reply {
    let path = folder.join(format!(".seaworthy-probe-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(_) => match fs::remove_file(&path) {
            Ok(()) => Reply::Written,
            Err(error) => {
                Reply::Nonsense(format!("{} was made and cannot be removed: {error}", path.display()))
            }
        },
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
            Reply::Refused("the file system is read-only".to_owned())
        }
        Err(error) => Reply::Silent(error.to_string()),
    }
}

/// Whether a socket takes a connection: the first of some places that one is at. What may not be looked at may be there.
pub(crate) fn sockets(root: &Path, places: &[String]) -> Reply {
    let mut hidden = None;
    for place in places {
        match connect(&root.join(place.trim_start_matches('/'))) {
            Reply::Absent | Reply::Nonsense(_) => {}
            Reply::Silent(why) => hidden = hidden.or(Some(format!("{place}: {why}"))),
            found => return found,
        }
    }
    hidden.map_or(Reply::Absent, Reply::Silent)
}

fn connect(path: &Path) -> Reply {
    match fs::metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => return Reply::Nonsense("it is no socket".to_owned()),
        Err(error) => return failed(&error),
    }
    match UnixStream::connect(path) {
        Ok(_) => Reply::Connected,
        Err(error) => Reply::Refused(error.to_string()),
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Reply> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    match bytes.len() as u64 > most {
        true => Err(Reply::Nonsense(format!("it is longer than {most} bytes"))),
        false => Ok(bytes),
    }
}

pub(crate) fn failed(error: &Error) -> Reply {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Reply::Absent,
        // What `/proc/self/attr` answers where no module of the kernel does mandatory access control.
        ErrorKind::InvalidInput => Reply::Refused("the kernel knows nothing of it".to_owned()),
        _ => Reply::Silent(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables_and_signatures_of_tokens_are_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("environ");
        fs::write(&path, b"PATH=/bin\0DB_PASSWORD=not-to-be-seen\0").expect("a file");
        assert_eq!(names(&path), Reply::Lines(vec!["PATH".to_owned(), "DB_PASSWORD".to_owned()]));
        // {"aud":["x"]}
        fs::write(&path, "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsieCJdfQ.signature").expect("a file");
        assert_eq!(claims(&path), Reply::Claims(serde_json::json!({"aud": ["x"]})));
        fs::write(&path, "opaque").expect("a file");
        assert!(matches!(claims(&path), Reply::Nonsense(_)));
        assert_eq!(claims(&folder.path().join("none")), Reply::Absent);
    }

    #[test]
    fn what_is_made_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(write(folder.path()), Reply::Written);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        assert!(matches!(write(&folder.path().join("none")), Reply::Silent(_)));
    }

    #[test]
    fn a_socket_is_told_from_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        assert_eq!(connect(&path), Reply::Absent);
        let _listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        assert_eq!(connect(&path), Reply::Connected);
        assert!(matches!(connect(folder.path()), Reply::Nonsense(_)));
    }
}
