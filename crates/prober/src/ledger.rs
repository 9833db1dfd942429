//! What was made in a cluster, written down before it is asked for: whatever ends a run, the next one can find it.
//!
//! One file per run, of JSON lines: the first says which cluster; then an intent before each request, the uid after it, and
//! a farewell once the object is gone. The process that writes holds a lock, so that nobody cleans behind a run that goes on.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_policy::rfc3339;
use seaworthy_probe::Object;
use serde_json::{Value, json};

/// A ledger that is longer was not written by this program.
const MOST_BYTES: u64 = 64 << 20;

/// Most ledgers of one run.
const MOST_OF_A_RUN: usize = 1000;

/// Which cluster a ledger is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterMark {
    /// The address.
    pub(crate) url: String,
    /// The uid of the namespace `kube-system`, when it could be read: the one thing that clusters do not share.
    pub(crate) uid: Option<String>,
}

impl ClusterMark {
    /// Whether two marks are of one cluster. An address may be taken by another cluster, and a cluster may have several.
    pub(crate) fn is(&self, other: &ClusterMark) -> bool {
        match (&self.uid, &other.uid) {
            (Some(uid), Some(other)) => uid == other,
            _ => self.url == other.url,
        }
    }
}

/// An object that a run made, or wanted to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it stands.
    pub(crate) object: Object,
    /// Its uid, once the server told it.
    pub(crate) uid: Option<String>,
    /// When it was asked for, in seconds of Unix.
    pub(crate) at: u64,
    /// The attempt that made it; `None` for what the run itself made. Not in the file.
    pub(crate) attempt: Option<usize>,
}

/// The ledger of a run. It comes into being with its first entry, and its file is removed when no entry is left.
#[derive(Debug)]
pub(crate) struct Ledger {
    folder: PathBuf,
    run: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    file: Option<File>,
    path: PathBuf,
    next: u64,
    open: BTreeMap<u64, Entry>,
    folders: BTreeMap<u64, PathBuf>,
}

impl Ledger {
    pub(crate) fn new(folder: PathBuf, run: &str) -> Ledger {
        Ledger { folder, run: run.to_owned(), state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that an object is about to be made. When this returns, it is on the disk.
    pub(crate) fn intend(
        &self,
        cluster: &ClusterMark,
        object: &Object,
        attempt: Option<usize>,
    ) -> io::Result<u64> {
        let mut state = self.state();
        self.begin(&mut state, cluster)?;
        let (number, at) = (state.next, u64::try_from(clock()).unwrap_or_default());
        let line = json!({"intent": number, "collection": object.collection, "name": object.name, "at": at});
        if let Some(file) = &mut state.file {
            append(file, &line)?;
        }
        state.next += 1;
        state.open.insert(number, Entry { object: object.clone(), uid: None, at, attempt });
        Ok(number)
    }

    /// Makes a folder on this machine beside the ledger, for nobody else to read; it is written down before.
    pub(crate) fn make_folder(&self, cluster: &ClusterMark) -> io::Result<(u64, PathBuf)> {
        let mut state = self.state();
        self.begin(&mut state, cluster)?;
        let number = state.next;
        let name = folder_name(&self.run, number);
        if let Some(file) = &mut state.file {
            append(file, &json!({"intent": number, "folder": name}))?;
        }
        let path = self.folder.join(name);
        state.next += 1;
        state.folders.insert(number, path.clone());
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok((number, path))
    }

    /// The file, and who it is about.
    fn begin(&self, state: &mut State, cluster: &ClusterMark) -> io::Result<()> {
        if state.file.is_some() {
            return Ok(());
        }
        let (mut file, path) = create(&self.folder, &self.run)?;
        let head = json!({
            "ledger": 1, "run": self.run, "url": cluster.url, "cluster": cluster.uid, "at": rfc3339(clock()),
        });
        append(&mut file, &head)?;
        // The name of the file is in the folder, which is a file of its own.
        File::open(&self.folder)?.sync_all()?;
        state.file = Some(file);
        state.path = path;
        Ok(())
    }

    /// Writes down the uid of an object that was made.
    pub(crate) fn made(&self, number: u64, uid: &str) {
        let mut state = self.state();
        if let Some(entry) = state.open.get_mut(&number) {
            entry.uid = Some(uid.to_owned());
        }
        if let Some(file) = &mut state.file {
            // The intent is there, and the label of the run is on the object: it is found without its uid too.
            let _ = append(file, &json!({"made": number, "uid": uid}));
        }
    }

    /// Writes down that an object is gone, or was never made. The file goes with the last one.
    pub(crate) fn gone(&self, number: u64) {
        let mut state = self.state();
        state.open.remove(&number);
        state.folders.remove(&number);
        if let Some(file) = &mut state.file {
            // Whoever cleans finds that there is nothing.
            let _ = append(file, &json!({"gone": number}));
        }
    }

    /// What is there still, the newest first: all of it, or that of one attempt.
    pub(crate) fn open(&self, attempt: Option<usize>) -> Vec<(u64, Entry)> {
        let state = self.state();
        let of = state.open.iter().rev().filter(|(_, entry)| attempt.is_none() || entry.attempt == attempt);
        of.map(|(number, entry)| (*number, entry.clone())).collect()
    }

    /// Folders that are there still, by number.
    pub(crate) fn folders(&self) -> Vec<(u64, PathBuf)> {
        self.state().folders.iter().map(|(number, path)| (*number, path.clone())).collect()
    }

    /// Ends the ledger: its file is removed when nothing is left.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        if state.file.take().is_some() && state.open.is_empty() && state.folders.is_empty() {
            // A ledger of objects that are gone does no harm.
            let _ = fs::remove_file(&state.path);
        }
    }
}

/// A ledger that an earlier run left.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) path: PathBuf,
    pub(crate) run: String,
    pub(crate) cluster: ClusterMark,
    /// What may be there still, by number.
    pub(crate) open: BTreeMap<u64, Entry>,
    /// Folders of this machine that may be there still, by number.
    pub(crate) folders: BTreeMap<u64, PathBuf>,
    file: File,
}

/// What is in a folder of ledgers.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    pub(crate) ended: Vec<Leftover>,
    /// Runs that go on.
    pub(crate) running: Vec<String>,
    /// Files that are no ledgers, or cannot be read, with why.
    pub(crate) unreadable: Vec<(PathBuf, String)>,
}

impl Leftover {
    /// Writes down that an object is gone.
    pub(crate) fn gone(&mut self, number: u64) {
        self.open.remove(&number);
        self.folders.remove(&number);
        // Whoever cleans next finds that there is nothing.
        let _ = append(&mut self.file, &json!({"gone": number}));
        if self.open.is_empty() && self.folders.is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Reads all ledgers of a folder, and keeps those locked whose run has ended.
pub(crate) fn leftovers(folder: &Path) -> io::Result<Leftovers> {
    let mut found = Leftovers::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    for path in paths {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let run = stem.split('.').next().unwrap_or_default().to_owned();
        let file = match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(file) => file,
            Err(error) => {
                found.unreadable.push((path, error.to_string()));
                continue;
            }
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                found.running.push(run);
                continue;
            }
            Err(TryLockError::Error(error)) => {
                found.unreadable.push((path, error.to_string()));
                continue;
            }
        }
        match read(&file, &run) {
            Ok(Some(Contents { open, folders, .. })) if open.is_empty() && folders.is_empty() => {
                drop(fs::remove_file(&path));
            }
            Ok(Some(Contents { cluster, open, folders })) => {
                let folders = folders.into_iter().map(|(number, name)| (number, folder.join(name))).collect();
                found.ended.push(Leftover { path, run, cluster, open, folders, file });
            }
            // The run ended before it had written down which cluster it was about, and so before it asked for anything.
            Ok(None) => drop(fs::remove_file(&path)),
            Err(why) => found.unreadable.push((path, why)),
        }
    }
    Ok(found)
}

/// What a ledger is about, and what is left of it.
struct Contents {
    cluster: ClusterMark,
    open: BTreeMap<u64, Entry>,
    /// Names beside the ledger.
    folders: BTreeMap<u64, String>,
}

/// The name of a folder of a run. No other is ever removed, whatever a ledger says.
fn folder_name(run: &str, number: u64) -> String {
    format!("{run}.scratch-{number}")
}

/// What a ledger says. A last line that is broken was never followed by a request; any other is an error.
fn read(file: &File, run: &str) -> Result<Option<Contents>, String> {
    let mut lines = Vec::new();
    for line in BufReader::new(file.take(MOST_BYTES)).split(b'\n') {
        lines.push(line.map_err(|error| error.to_string())?);
    }
    let last = lines.len();
    let mut parsed = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match serde_json::from_slice::<Value>(line) {
            Ok(value) => parsed.push(value),
            Err(_) if index + 1 == last => break,
            Err(_) => return Err(format!("line {} is no JSON", index + 1)),
        }
    }
    let Some((head, rest)) = parsed.split_first() else { return Ok(None) };
    if head["ledger"] != 1 || head["run"] != *run {
        return Err("it is no ledger of this run".to_owned());
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let cluster = ClusterMark { url: text(&head["url"]).unwrap_or_default(), uid: text(&head["cluster"]) };
    let (mut open, mut folders) = (BTreeMap::new(), BTreeMap::new());
    for (index, line) in rest.iter().enumerate() {
        let number = |name: &str| line[name].as_u64();
        if let (Some(number), Some(name)) = (number("intent"), text(&line["folder"])) {
            if name != folder_name(run, number) {
                return Err(format!("line {} names a folder that no run makes", index + 2));
            }
            folders.insert(number, name);
        } else if let Some(number) = number("intent") {
            let (Some(collection), Some(name)) = (text(&line["collection"]), text(&line["name"])) else {
                return Err(format!("line {} names no object", index + 2));
            };
            let at = line["at"].as_u64().unwrap_or_default();
            open.insert(number, Entry { object: Object { collection, name }, uid: None, at, attempt: None });
        } else if let Some(entry) = number("made").and_then(|number| open.get_mut(&number)) {
            entry.uid = text(&line["uid"]);
        } else if let Some(number) = number("gone") {
            open.remove(&number);
            folders.remove(&number);
        }
    }
    Ok(Some(Contents { cluster, open, folders }))
}

/// Makes a ledger's file, which must not be there, and locks it. Its folder must not be one that others may write to.
fn create(folder: &Path, run: &str) -> io::Result<(File, PathBuf)> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.mode() & 0o022 != 0 {
        let why = format!("others may write to `{}`: `chmod 700` it", folder.display());
        return Err(io::Error::other(why));
    }
    // A run that could not remove everything, and goes on, begins another ledger.
    for number in 1..=MOST_OF_A_RUN {
        let path = match number {
            1 => folder.join(format!("{run}.jsonl")),
            _ => folder.join(format!("{run}.{number}.jsonl")),
        };
        let file = match OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        file.lock()?;
        // Whoever cleaned up just before the lock took the empty file for one that nobody needs.
        match fs::metadata(&path) {
            Ok(known) if known.ino() == file.metadata()?.ino() => return Ok((file, path)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

/// Writes a line, to the disk.
fn append(file: &mut File, line: &Value) -> io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

/// Now, in seconds of Unix.
pub(crate) fn clock() -> i64 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
