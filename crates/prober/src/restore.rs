//! A snapshot of etcd becomes a server again, in a private folder, and tells its keys.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use seaworthy_probe::{
    Ask, Endpoint, EtcdPrograms, FileFacts, Identity, Keyspace, Reply, Request, Restored, Target,
    newest_snapshot,
};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout_at};

use crate::etcd::{Connection, RangeRequest, RangeResponse};
use crate::executor::Executor;
use crate::file;
use crate::port::Place;
use crate::program::{Ended, Program};
use crate::scratch::Scratch;

/// How long `etcdutl` may take, and a server to come up.
const PROGRAM_TIME: Duration = Duration::from_secs(180);

/// Between two looks at a server that comes up.
const AGAIN: Duration = Duration::from_millis(100);

/// Most keys of one answer.
const PAGE: i64 = 5000;

/// Most keys that are read.
const MOST_KEYS: u64 = 10_000_000;

/// Most bytes of a value that are kept.
const WITNESS: usize = 4096;

/// Longest path of a socket on Linux and macOS, with the byte that ends it.
const SOCKET_PATH: usize = 104;

/// Names in the folder.
const SNAPSHOT: &str = "snapshot.db";
const DATA: &str = "data";
const SOCKET: &str = "client";

/// Restores, reads and removes. Must not be dropped before it ends: it ends soon when somebody wants it to.
pub(crate) async fn carry_out(executor: &Executor, request: &Request) -> Reply {
    let Ask::EtcdRestore { tls, programs, witness, most } = &request.ask else {
        return Reply::NotAsked("this is no snapshot".to_owned());
    };
    let scratch = match Scratch::make(executor).await {
        Ok(scratch) => scratch,
        Err(why) => return Reply::NotAsked(why),
    };
    let mut work = Work { executor, folder: scratch.path(), programs, running: None, over: Arc::default() };
    let restored = async {
        let snapshot = match &request.target {
            Target::File(folder) => work.newest(folder, *most).await?,
            Target::Port(endpoint) => work.taken(endpoint, &request.identity, *tls, *most).await?,
            Target::ApiServer => return Err(Reply::NotAsked("the API server is no etcd".to_owned())),
        };
        let (revision, keys, witness) = work.read_back(witness).await?;
        let source = match &request.target {
            Target::Port(endpoint) => Some(work.source(endpoint, &request.identity, *tls, revision).await),
            _ => None,
        };
        let Snapshot { file, size } = snapshot;
        Ok(Reply::Restored(Box::new(Restored { file, size, revision, keys, source, witness })))
    };
    let reply = executor.stop.unless_asked(timeout_at(executor.bounds.end, restored)).await;
    work.over.store(true, Ordering::Relaxed);
    if let Some(program) = work.running.take() {
        // It was asked enough; how it ends is nobody's business.
        let _ = program.end().await;
    }
    scratch.remove().await;
    match reply {
        None => Reply::NotAsked("the run was interrupted".to_owned()),
        Some(Err(_)) => Reply::NotAsked("the time for all probes is over: raise `--timeout`".to_owned()),
        Some(Ok(Ok(reply) | Err(reply))) => reply,
    }
}

/// What was put into the folder.
struct Snapshot {
    file: Option<String>,
    size: u64,
}

struct Work<'a> {
    executor: &'a Executor,
    folder: &'a Path,
    programs: &'a EtcdPrograms,
    running: Option<Program>,
    /// Set when nobody waits any more.
    over: Arc<AtomicBool>,
}

impl Work<'_> {
    /// Copies the newest snapshot of a folder, so that no program changes it, and looks whether it is whole.
    async fn newest(&self, folder: &Path, most: u64) -> Result<Snapshot, Reply> {
        let files = match file::ask(folder, &Ask::Listing).await {
            Reply::Files(files) => files,
            other => return Err(other),
        };
        let Some(FileFacts { path, size, .. }) = newest_snapshot(&files) else { return Err(Reply::Absent) };
        let (path, size) = (PathBuf::from(path), *size);
        if size > most {
            return Err(Reply::NotAsked(format!("the snapshot is larger than {most} bytes")));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let (to, over) = (self.folder.join(SNAPSHOT), Arc::clone(&self.over));
        let copied = tokio::task::spawn_blocking(move || copy(&path, &to, most, &over)).await;
        match copied {
            Ok(Ok(Ok(size))) => Ok(Snapshot { file: name, size }),
            Ok(Ok(Err(reply))) => Err(reply),
            Ok(Err(error)) => Err(Reply::NotAsked(format!("the snapshot cannot be copied: {error}"))),
            Err(error) => Err(Reply::NotAsked(error.to_string())),
        }
    }

    /// Takes a snapshot.
    async fn taken(
        &self,
        endpoint: &Endpoint,
        identity: &Identity,
        tls: bool,
        most: u64,
    ) -> Result<Snapshot, Reply> {
        let mut connection = Connection::open(self.executor, Place::of(endpoint), identity, tls).await?;
        let here = |error: std::io::Error| Reply::NotAsked(format!("no snapshot can be kept: {error}"));
        let mut file = private(&self.folder.join(SNAPSHOT)).map_err(here)?;
        let (mut whole, mut left) = (Whole::default(), None);
        let take = |piece: SnapshotResponse| {
            whole.add(&piece.blob);
            left = Some(piece.remaining_bytes);
            if whole.size > most {
                return Err(Reply::NotAsked(format!("the snapshot is larger than {most} bytes")));
            }
            // The disk is fast, and what comes is bounded by what the network brings.
            file.write_all(&piece.blob).map_err(here)
        };
        connection.stream("etcdserverpb.Maintenance/Snapshot", &SnapshotRequest {}, take).await?;
        if left.is_some_and(|left| left > 0) {
            return Err(Reply::Silent("the snapshot ends early".to_owned()));
        }
        whole.judge()?;
        Ok(Snapshot { file: None, size: whole.size })
    }

    /// Restores what lies in the folder, starts a server on it, and reads: the revision, all keys, and one value.
    async fn read_back(&mut self, witness: &str) -> Result<(i64, Keyspace, Option<Vec<u8>>), Reply> {
        let socket = self.folder.join(SOCKET);
        if socket.as_os_str().len() >= SOCKET_PATH {
            let why =
                "the path of the private folder is too long for a socket: name a shorter one by `--state`";
            return Err(Reply::NotAsked(why.to_owned()));
        }
        let restorer = &self.programs.restorer;
        let status = self.run(restorer, &["snapshot", "status", SNAPSHOT, "--write-out=json"]).await?;
        let facts: serde_json::Value = serde_json::from_slice(&status.printed).unwrap_or_default();
        let Some(revision) = facts["revision"].as_i64().filter(|revision| *revision > 0) else {
            let why = format!("`{}` does not tell the revision of a snapshot", restorer.display());
            return Err(Reply::NotAsked(why));
        };
        self.run(restorer, &["snapshot", "restore", SNAPSHOT, "--data-dir", DATA]).await?;
        let server = &self.programs.server;
        let listen = format!("--listen-client-urls=unix://{SOCKET}");
        // Of those that it tells others about it serves none; its sockets are in the folder, which is ours alone.
        let arguments = [
            "--data-dir",
            DATA,
            listen.as_str(),
            "--advertise-client-urls=http://localhost:2379",
            "--listen-peer-urls=unix://peer",
            "--enable-grpc-gateway=false",
            "--log-level=error",
        ];
        let program =
            Program::start(server, &arguments, self.folder).map_err(|error| cannot(server, &error))?;
        let program = self.running.insert(program);
        let end = Instant::now() + PROGRAM_TIME;
        let request = RangeRequest { key: witness.into(), revision, ..RangeRequest::default() };
        loop {
            if program.has_ended() {
                break;
            }
            // It refuses while it has no leader.
            if let Ok(mut connection) = Connection::of_socket(self.executor, &socket).await
                && let Ok(answer) = connection.call::<RangeResponse>("etcdserverpb.KV/Range", &request).await
            {
                let witness = answer.kvs.into_iter().next().map(|pair| {
                    let most = pair.value.len().min(WITNESS);
                    pair.value[..most].to_vec()
                });
                return Ok((revision, keyspace(&mut connection, revision).await?, witness));
            }
            if Instant::now() > end {
                let why = format!("`{}` does not answer on the restored folder", server.display());
                return Err(Reply::NotAsked(why));
            }
            sleep(AGAIN).await;
        }
        let Some(program) = self.running.take() else { return Err(Reply::NotAsked("it is gone".to_owned())) };
        let ended = program.end().await.map_err(|error| cannot(server, &error))?;
        Err(failed(&server.display().to_string(), &ended))
    }

    /// The keys of the server that a snapshot was taken of.
    async fn source(
        &self,
        endpoint: &Endpoint,
        identity: &Identity,
        tls: bool,
        revision: i64,
    ) -> Result<Keyspace, String> {
        let asked = async {
            let mut connection = Connection::open(self.executor, Place::of(endpoint), identity, tls).await?;
            keyspace(&mut connection, revision).await
        };
        asked.await.map_err(|reply| reply.to_string())
    }

    /// Runs a program to its end, which must be a good one.
    async fn run(&mut self, path: &Path, arguments: &[&str]) -> Result<Ended, Reply> {
        let program = Program::start(path, arguments, self.folder).map_err(|error| cannot(path, &error))?;
        let program = self.running.insert(program);
        let ended = tokio::time::timeout(PROGRAM_TIME, program.wait()).await;
        let Some(program) = self.running.take() else { return Err(Reply::NotAsked("it is gone".to_owned())) };
        let result = program.end().await.map_err(|error| cannot(path, &error))?;
        match ended {
            Err(_) => {
                let why = format!("`{}` did not end within {} s", path.display(), PROGRAM_TIME.as_secs());
                Err(Reply::NotAsked(why))
            }
            Ok(_) if !result.status.success() => {
                Err(failed(&format!("{} {}", path.display(), arguments[..2].join(" ")), &result))
            }
            Ok(_) => Ok(result),
        }
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Reply {
    Reply::NotAsked(format!("`{}` cannot be run: {error}", path.display()))
}

/// A program that failed on a snapshot that is whole: whose fault that is, nobody knows.
fn failed(command: &str, ended: &Ended) -> Reply {
    let Ended { status, complaint, .. } = ended;
    let why = if complaint.is_empty() { "it does not say why" } else { complaint };
    Reply::NotAsked(format!("`{command}` fails with {status}: {why}"))
}

/// All keys at a revision, page by page.
async fn keyspace(connection: &mut Connection<'_>, revision: i64) -> Result<Keyspace, Reply> {
    let (mut hash, mut count) = (Sha256::new(), 0);
    let mut from = vec![0];
    loop {
        let request = RangeRequest { key: from, range_end: vec![0], limit: PAGE, revision, keys_only: true };
        let answer: RevisionsResponse = connection.call("etcdserverpb.KV/Range", &request).await?;
        for Revisions { key, created, modified, version } in &answer.kvs {
            hash.update(key.len().to_be_bytes());
            hash.update(key);
            for number in [created, modified, version] {
                hash.update(number.to_be_bytes());
            }
            count += 1;
        }
        let Some(last) = answer.kvs.last().filter(|last| answer.more && *last.key >= *request.key) else {
            break;
        };
        if count > MOST_KEYS {
            return Err(Reply::NotAsked(format!("there are more than {MOST_KEYS} keys")));
        }
        from = [&*last.key, &[0]].concat();
    }
    Ok(Keyspace { count, digest: hash.finalize().into() })
}

/// `etcdserverpb.SnapshotRequest`.
#[derive(Clone, PartialEq, Message)]
struct SnapshotRequest {}

/// `etcdserverpb.SnapshotResponse`, as much as is used.
#[derive(Clone, PartialEq, Message)]
struct SnapshotResponse {
    #[prost(uint64, tag = "2")]
    remaining_bytes: u64,
    #[prost(bytes = "bytes", tag = "3")]
    blob: Bytes,
}

/// `etcdserverpb.RangeResponse` without values.
#[derive(Clone, PartialEq, Message)]
struct RevisionsResponse {
    #[prost(message, repeated, tag = "2")]
    kvs: Vec<Revisions>,
    #[prost(bool, tag = "3")]
    more: bool,
}

/// `mvccpb.KeyValue` without its value.
#[derive(Clone, PartialEq, Message)]
struct Revisions {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(int64, tag = "2")]
    created: i64,
    #[prost(int64, tag = "3")]
    modified: i64,
    #[prost(int64, tag = "4")]
    version: i64,
}

/// The size of the checksum that follows a snapshot, and that of the pieces before it
/// (`hasChecksum` in `etcdutl/snapshot` of etcd).
const CHECKSUM: usize = 32;
const PIECE: u64 = 512;

/// Where a database of bbolt says so, and how.
const MAGIC_AT: usize = 16;
const MAGIC: [u8; 4] = 0xED0C_DAED_u32.to_le_bytes();

/// Looks at a snapshot as it passes by.
#[derive(Default)]
struct Whole {
    hash: Sha256,
    head: Vec<u8>,
    /// The last bytes, which may be the checksum.
    tail: Vec<u8>,
    size: u64,
}

impl Whole {
    fn add(&mut self, piece: &[u8]) {
        let missing = (MAGIC_AT + MAGIC.len()).saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..missing]);
        self.size += piece.len() as u64;
        self.tail.extend_from_slice(piece);
        let before = self.tail.len().saturating_sub(CHECKSUM);
        self.hash.update(&self.tail[..before]);
        self.tail.drain(..before);
    }

    /// Whether it is a snapshot, and a whole one.
    fn judge(&self) -> Result<(), Reply> {
        let damaged = |why: &str| Err(Reply::Damaged(why.to_owned()));
        if self.head.iter().all(|byte| *byte == 0) {
            return damaged("it begins with zeros, or is empty");
        }
        if self.head.get(MAGIC_AT..) != Some(&MAGIC[..]) {
            let why = "the file is no plain snapshot of etcd: it may be packed or encrypted";
            return Err(Reply::Nonsense(why.to_owned()));
        }
        if self.size % PIECE != CHECKSUM as u64 {
            return damaged(
                "its checksum is missing: it was cut off, or copied out of the folder of a server",
            );
        }
        match self.hash.clone().finalize()[..] == self.tail {
            true => Ok(()),
            false => damaged("its checksum is that of something else"),
        }
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Copies a file that should be a whole snapshot; its size.
fn copy(from: &Path, to: &Path, most: u64, over: &AtomicBool) -> std::io::Result<Result<u64, Reply>> {
    let facts = fs::metadata(from)?;
    if !facts.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let (mut from, mut to) = (File::open(from)?.take(most), private(to)?);
    let (mut whole, mut piece) = (Whole::default(), vec![0; 1 << 20]);
    while !over.load(Ordering::Relaxed) {
        let size = from.read(&mut piece)?;
        if size == 0 {
            break;
        }
        whole.add(&piece[..size]);
        to.write_all(&piece[..size])?;
    }
    Ok(whole.judge().map(|()| whole.size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        bytes[8] = 4;
        bytes[MAGIC_AT..MAGIC_AT + 4].copy_from_slice(&MAGIC);
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    fn judged(bytes: &[u8], pieces: usize) -> Result<(), Reply> {
        let mut whole = Whole::default();
        bytes.chunks(pieces).for_each(|piece| whole.add(piece));
        assert_eq!(whole.size, bytes.len() as u64);
        whole.judge()
    }

    #[test]
    fn a_snapshot_is_whole_or_damaged_or_something_else() {
        let good = snapshot();
        for pieces in [1, 7, 32, 33, 1024, 5000] {
            assert_eq!(judged(&good, pieces), Ok(()));
        }
        for length in [0, 1, 20, 40, 512, 1000, 1024, 1055] {
            assert!(matches!(judged(&good[..length], 100), Err(Reply::Damaged(_))), "{length}");
        }
        for place in [24, 100, 1023, 1024, 1055] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            assert!(matches!(judged(&bad, 100), Err(Reply::Damaged(_))), "{place}");
        }
        // Packed by gzip, encrypted by age.
        for other in
            [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03more and more of it"[..], b"age-encryption.org/v1\n-> X25519"]
        {
            assert!(matches!(judged(other, 100), Err(Reply::Nonsense(_))));
        }
    }
}
