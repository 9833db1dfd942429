//! Reading a snapshot. What is damaged or does not belong there is left out and told; and when something is missing, the
//! record no longer says that all is there, so that nothing passes for absent.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rayon::prelude::*;
use seaworthy_document::Stream;
use seaworthy_evidence::{SourceFile, configuration};

use super::frames::{self, Frames};
use super::tape::{Content, Tape};
use super::{RECORD, arranged, name_of};
use crate::skip::{SkipReason, Skipped};

/// Most bytes of all texts together.
const MAX_TOTAL: u64 = 8 << 30;

/// How many times its own size an archive may unpack to, beyond a first allowance: texts of a cluster come to forty times.
const MAX_RATIO: u64 = 400;
const ALLOWANCE: u64 = 64 << 20;

/// The texts of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) files: Vec<SourceFile>,
    pub(crate) skipped: Vec<Skipped>,
}

/// The texts of a snapshot in an archive; `None` when the file is no archive.
///
/// # Errors
/// When nothing can be read of it, or it is an archive of something else.
pub(crate) fn read_archive(path: &Path, max_file_size: u64) -> io::Result<Option<Snapshot>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut head = Vec::with_capacity(512);
    file.by_ref().take(512).read_to_end(&mut head)?;
    let is_zstandard = head.starts_with(&frames::MAGIC);
    let is_tar = head.get(257..262) == Some(b"ustar");
    let named = |ending: &str| path.to_string_lossy().ends_with(ending);
    if !is_zstandard && !is_tar {
        let claims = [".tar", ".tar.zst", ".tzst"].into_iter().any(named);
        return if claims {
            Err(other("it is no tar archive, nor one that zstd has compressed"))
        } else {
            Ok(None)
        };
    }
    let size = metadata.len();
    let source = io::Cursor::new(head).chain(file);
    let limit = MAX_TOTAL.min(size.saturating_mul(MAX_RATIO).saturating_add(ALLOWANCE));
    let found = match is_zstandard {
        true => unpack(Bounded { source: Frames::new(source), left: limit }, max_file_size),
        false => unpack(Bounded { source, left: limit }, max_file_size),
    };
    settle(found, &path.display().to_string()).map(Some)
}

/// What was found, before it is known what it belongs to.
#[derive(Default)]
struct Found {
    entries: Vec<(String, Content)>,
    /// Why nothing more could be read.
    fault: Option<io::Error>,
}

impl Found {
    fn add(&mut self, path: String, content: Content) {
        self.entries.push((path, content));
    }
}

fn unpack(source: impl Read, max_file_size: u64) -> Found {
    let mut tape = Tape::new(source, max_file_size);
    let mut found = Found::default();
    found.fault = loop {
        match tape.next() {
            Ok(Some(entry)) => found.add(String::from_utf8_lossy(&entry.path).into_owned(), entry.content),
            Ok(None) => break tape.finish().err(),
            Err(error) => break Some(error),
        }
    };
    found
}

/// From what was found to the texts of a snapshot.
fn settle(found: Found, archive: &str) -> io::Result<Snapshot> {
    let Found { entries, fault } = found;
    let record = |path: &str| path == RECORD || path.ends_with("/collection.json") && depth(path) == 1;
    // Nodes that were read alone come without one.
    let of_nodes = entries.iter().find_map(|(path, _)| {
        let (top, node) = path.strip_prefix("./").unwrap_or(path).split_once("nodes/")?;
        let is_reading = node.ends_with(".json") && !node.contains('/');
        (is_reading && (top.is_empty() || top.ends_with('/') && depth(top) == 1)).then(|| top.to_owned())
    });
    // Whoever packs a folder puts its name before everything.
    let top = entries
        .iter()
        .map(|(path, _)| path.strip_prefix("./").unwrap_or(path))
        .find(|path| record(path))
        .map(|path| path.strip_suffix(RECORD).unwrap_or_default().to_owned())
        .or(of_nodes);
    let Some(top) = top else {
        return Err(fault.map_or_else(
            || other("it holds no `collection.json`, as `seaworthy collect` writes it"),
            plain,
        ));
    };
    let mut snapshot = Snapshot::default();
    let mut skip = |path: &str, reason| {
        snapshot.skipped.push(Skipped { path: format!("{archive}/{path}"), reason });
    };
    let mut gap = false;
    let mut texts: Vec<(String, Vec<u8>)> = Vec::with_capacity(entries.len());
    let mut seen: HashMap<String, ()> = HashMap::with_capacity(entries.len());
    for (path, content) in entries {
        let inside = path.strip_prefix("./").unwrap_or(&path);
        let name = inside.strip_prefix(&top).and_then(name_of);
        match (name, content) {
            (_, Content::Folder) => {}
            (Some(name), Content::File(bytes)) => match seen.insert(name.clone(), ()) {
                None => texts.push((name, bytes)),
                Some(()) => {
                    gap = true;
                    skip(
                        &path,
                        SkipReason::Snapshot("it is there more than once, and the first one counts".into()),
                    );
                }
            },
            (Some(_), Content::TooLarge(size)) => {
                gap = true;
                skip(&path, SkipReason::TooLarge(size));
            }
            (Some(_), Content::Special) => {
                gap = true;
                skip(&path, SkipReason::Snapshot("it is a link or device, or cannot be read".into()));
            }
            (None, _) => skip(&path, SkipReason::Foreign),
        }
    }
    if let Some(fault) = fault {
        gap = true;
        let reason = format!("the archive cannot be read to its end: {}", plain(fault));
        snapshot.skipped.push(Skipped { path: archive.to_owned(), reason: SkipReason::Snapshot(reason) });
    }
    let read = |(name, bytes): (String, Vec<u8>)| text(name, bytes);
    let mut files: Vec<SourceFile> = texts.into_par_iter().with_min_len(64).map(read).collect();
    gap |= files.iter().any(|file| file.name.starts_with('/') && !file.stream.diagnostics().is_empty());
    if gap {
        files.iter_mut().filter(|file| file.name == RECORD).for_each(mark_incomplete);
    }
    snapshot.files = arranged(files);
    Ok(snapshot)
}

/// How many folders a path goes down.
fn depth(path: &str) -> usize {
    path.matches('/').count()
}

/// A text of the evidence of a cluster, read as its name wants it.
pub(super) fn text(name: String, bytes: Vec<u8>) -> SourceFile {
    let stream = match configuration::is_toml(&name) {
        true => Stream::read_toml_bytes(bytes),
        false => Stream::read_bytes(bytes),
    };
    SourceFile::new(name, stream)
}

/// Makes a record say that not all is there: then what is absent is not known to be.
fn mark_incomplete(record: &mut SourceFile) {
    let text = record.stream.text();
    let marked = match text.split_once('{') {
        Some((before, behind)) => {
            format!("{before}{{\"incomplete\":\"the snapshot is damaged\",{behind}")
        }
        None => String::new(),
    };
    record.stream = Stream::read(marked);
}

fn other(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The error in plain words.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => other("it ends in the middle"),
        _ => error,
    }
}

/// A reader that gives up beyond a number of bytes.
struct Bounded<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(other("it unpacks to far more than a snapshot holds")),
        }
    }
}
