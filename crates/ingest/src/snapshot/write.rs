//! Writing a snapshot.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use seaworthy_evidence::SourceFile;
use seaworthy_policy::Date;
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

use super::frames::Framed;
use super::{RECORD, entry_of};

/// Writes texts as a snapshot, the same bytes for the same texts, and returns how many it took. Texts that were rendered, or
/// lie inside others, are left out: they come about anew.
///
/// # Errors
/// Those of the writer, and when a name cannot be a path.
pub fn write(files: &[SourceFile], compressed: bool, out: &mut dyn Write) -> io::Result<usize> {
    if !compressed {
        return archive(files, out);
    }
    let mut framed = Framed::new(out);
    let count = archive(files, &mut framed)?;
    framed.finish()?;
    Ok(count)
}

/// A snapshot that is going to be written. It takes the place of another file only when it is complete, and only its owner
/// may read it.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Makes sure that a file can be written.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn new(path: &Path) -> io::Result<Draft> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Draft { file, path: path.to_owned() })
    }

    /// Writes texts as [`write()`] does, compressed unless the name of the file ends in `.tar`.
    ///
    /// # Errors
    /// As of [`write()`].
    pub fn write(self, files: &[SourceFile]) -> io::Result<usize> {
        let compressed = self.path.extension().is_none_or(|ending| ending != "tar");
        let mut out = BufWriter::with_capacity(1 << 16, self.file.as_file());
        let count = write(files, compressed, &mut out)?;
        out.flush()?;
        drop(out);
        self.file.persist(&self.path).map_err(|error| error.error)?;
        Ok(count)
    }
}

fn archive(files: &[SourceFile], out: &mut dyn Write) -> io::Result<usize> {
    let mut entries: Vec<(String, &SourceFile)> = Vec::with_capacity(files.len());
    for file in files.iter().filter(|file| !file.embedded && file.origin.is_none()) {
        let path = entry_of(&file.name).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("`{}` cannot be a path", file.name))
        })?;
        entries.push((path, file));
    }
    // The record first: it says what the rest is.
    entries.sort_by(|(a, _), (b, _)| (a != RECORD, a).cmp(&(b != RECORD, b)));
    let at = entries.first().filter(|(path, _)| path == RECORD).and_then(|(_, record)| time_of(record));
    let mut builder = Builder::new(out);
    for (path, file) in &entries {
        let text = file.stream.text().as_bytes();
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(at.unwrap_or(0));
        header.set_cksum();
        builder.append_data(&mut header, path, text)?;
    }
    builder.into_inner()?.flush()?;
    Ok(entries.len())
}

/// When the collection was made, in seconds since 1970.
fn time_of(record: &SourceFile) -> Option<u64> {
    let at = record.stream.documents().next()?.root().get("at")?.as_str()?;
    let (day, time) = at.strip_suffix('Z')?.split_once('T')?;
    let day = days_before(day.parse().ok()?);
    let mut parts = time.split(':').map(|part| part.split('.').next().unwrap_or(part).parse::<u64>());
    let mut part = || parts.next()?.ok();
    let (hours, minutes, seconds) = (part()?, part()?, part()?);
    Some(day * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

/// The days from 1970 to a day, found among all of the calendar.
fn days_before(day: Date) -> u64 {
    let (mut low, mut high) = (0, 3_000_000);
    while low < high {
        let middle = (low + high) / 2;
        if Date::from_unix_seconds(middle * 86_400) < day { low = middle + 1 } else { high = middle }
    }
    low.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;

    use super::*;

    #[test]
    fn the_time_of_a_collection_is_that_of_its_files() {
        let time =
            |at: &str| time_of(&SourceFile::new(RECORD, Stream::read(format!("{{\"at\": \"{at}\"}}"))));
        // By `date -u -d TIME +%s`.
        assert_eq!(time("2026-11-21T17:00:00Z"), Some(1_795_280_400));
        assert_eq!(time("1970-01-01T00:00:01.5Z"), Some(1));
        assert_eq!(time("yesterday"), None);
    }
}
