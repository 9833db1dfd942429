//! Files of this machine.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use seaworthy_probe::{Ask, FileFacts, Reply};

use crate::{inside, kubeconfig};

/// Between two looks at a file that somebody writes.
const AGAIN: Duration = Duration::from_millis(200);

/// Most files of a folder that are looked at.
const MOST_FILES: usize = 10_000;

/// Asks a file.
pub(crate) async fn ask(path: &Path, ask: &Ask) -> Reply {
    let (path, ask) = (path.to_owned(), ask.clone());
    let work = tokio::task::spawn_blocking(move || match ask {
        Ask::Lines { containing, tail, wait } => lines(&path, &containing, tail, wait),
        Ask::Listing => listing(&path),
        Ask::Text { most } => inside::text(&path, most),
        Ask::Names => inside::names(&path),
        Ask::Claims => inside::claims(&path),
        Ask::Kubeconfig => kubeconfig::facts(&path),
        Ask::Write => inside::write(&path),
        Ask::Sockets(sockets) => inside::sockets(&path, &sockets),
        _ => Reply::NotAsked("this cannot be asked of a file".to_owned()),
    });
    work.await.unwrap_or_else(|error| Reply::NotAsked(error.to_string()))
}

fn lines(path: &Path, containing: &str, tail: u64, wait: Duration) -> Reply {
    let end = Instant::now() + wait;
    loop {
        match lines_now(path, containing, tail) {
            Err(error) => return Reply::Silent(format!("{}: {error}", path.display())),
            Ok(lines) if !lines.is_empty() || Instant::now() >= end => return Reply::Lines(lines),
            Ok(_) => std::thread::sleep(AGAIN),
        }
    }
}

fn lines_now(path: &Path, containing: &str, tail: u64) -> std::io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(tail);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter(|line| line.contains(containing)).take(100).map(str::to_owned).collect())
}

fn listing(path: &PathBuf) -> Reply {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return Reply::Silent(format!("{}: {error}", path.display())),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut files: Vec<FileFacts> = entries
        .flatten()
        .take(MOST_FILES)
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let written = u64::try_from(metadata.mtime()).unwrap_or(0);
            Some(FileFacts {
                path: entry.path().display().to_string(),
                size: metadata.len(),
                mode: metadata.mode() & 0o7777,
                age: now.saturating_sub(written),
            })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Reply::Files(files)
}
