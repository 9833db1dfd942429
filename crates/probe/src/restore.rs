//! Trying a backup of etcd: a snapshot, the programs that restore it, and what is read back.

use std::fmt;
use std::path::PathBuf;

use crate::answer::FileFacts;

/// The programs of a release of etcd, on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EtcdPrograms {
    /// `etcd`, the server.
    pub server: PathBuf,
    /// `etcdutl`, which makes a server's folder out of a snapshot.
    pub restorer: PathBuf,
}

/// What was read back from a server that was started on a restored snapshot.
#[derive(Clone, PartialEq)]
pub struct Restored {
    /// The name of the snapshot's file; `None` for one that was taken just now.
    pub file: Option<String>,
    /// The size of the snapshot in bytes.
    pub size: u64,
    /// The revision of the snapshot, as its own program tells it.
    pub revision: i64,
    /// All keys of the restored server at that revision.
    pub keys: Keyspace,
    /// All keys of the server that the snapshot was taken of, at the same revision; with why not. `None` where none was asked.
    pub source: Option<Result<Keyspace, String>>,
    /// The beginning of what stands at the key that was asked for; `None` when it is not there.
    pub witness: Option<Vec<u8>>,
}

/// All keys at one revision, without their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyspace {
    /// How many.
    pub count: u64,
    /// A hash of all keys with their versions and the revisions at which they were made and last written.
    pub digest: [u8; 32],
}

impl fmt::Display for Restored {
    /// Without what stands anywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Restored { size, revision, keys, .. } = self;
        write!(f, "{} keys at revision {revision}, from a snapshot of {size} bytes", keys.count)
    }
}

/// The newest file of a folder of backups. What is still being written, and what stands beside snapshots, is none.
pub fn newest_snapshot(files: &[FileFacts]) -> Option<&FileFacts> {
    let other = [".part", ".tmp", ".sha256", ".sha256sum", ".md5", ".sig", ".log", ".json", ".txt"];
    let snapshots = files.iter().filter(|file| !other.iter().any(|end| file.path.ends_with(end)));
    snapshots.min_by_key(|file| file.age)
}
