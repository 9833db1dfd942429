//! The entries of a tar archive, with a limit to everything: archives come from strangers.

use std::io::{self, Read};

use tar::{EntryType, Header};

const BLOCK: usize = 512;

/// Most bytes of an entry that names the next one.
const MAX_EXTENSION: u64 = 64 << 10;

/// Most entries of an archive.
const MAX_ENTRIES: usize = 2_000_000;

/// One entry.
pub(super) struct Entry {
    /// The path as it stands in the archive.
    pub(super) path: Vec<u8>,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// The bytes of a file.
    File(Vec<u8>),
    /// A file that is larger than what is read, with its size.
    TooLarge(u64),
    /// A link, a device: nothing to read.
    Special,
    Folder,
}

/// Reads an archive from its first entry to its last.
pub(super) struct Tape<R> {
    source: R,
    max_file_size: u64,
    entries: usize,
}

impl<R: Read> Tape<R> {
    pub(super) fn new(source: R, max_file_size: u64) -> Tape<R> {
        Tape { source, max_file_size, entries: 0 }
    }

    /// The next entry; `None` behind the last one.
    ///
    /// # Errors
    /// Those of the source, and when the archive is broken or ends too early. Nothing can be read behind an error.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut long_path = None;
        loop {
            let mut block = [0; BLOCK];
            self.source.read_exact(&mut block)?;
            if block.iter().all(|&byte| byte == 0) {
                return Ok(None);
            }
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(broken("it has more entries than are read"));
            }
            let header = Header::from_byte_slice(&block);
            if !is_header(header, &block) {
                return Err(broken("it is no tar archive, or damaged"));
            }
            let size = header.entry_size()?;
            match header.entry_type() {
                EntryType::GNULongName | EntryType::XHeader => {
                    if size > MAX_EXTENSION {
                        return Err(broken("a name in it is too long"));
                    }
                    let bytes = self.content(size)?;
                    let path = match header.entry_type() {
                        EntryType::GNULongName => Some(until_zero(&bytes).to_vec()),
                        _ => path_of(&bytes),
                    };
                    long_path = path.or(long_path);
                    continue;
                }
                EntryType::GNULongLink | EntryType::XGlobalHeader => {
                    self.skip(size)?;
                    continue;
                }
                _ => {}
            }
            let path = long_path.take().unwrap_or_else(|| header.path_bytes().into_owned());
            let content = match header.entry_type() {
                EntryType::Regular | EntryType::Continuous if size > self.max_file_size => {
                    self.skip(size)?;
                    Content::TooLarge(size)
                }
                EntryType::Regular | EntryType::Continuous => Content::File(self.content(size)?),
                EntryType::Directory => {
                    self.skip(size)?;
                    Content::Folder
                }
                _ => {
                    self.skip(size)?;
                    Content::Special
                }
            };
            return Ok(Some(Entry { path, content }));
        }
    }

    /// Reads on behind the last entry, since the checksum of what is compressed stands at its end.
    pub(super) fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self.source, &mut io::sink()).map(drop)
    }

    fn content(&mut self, size: u64) -> io::Result<Vec<u8>> {
        // What an entry says of its size is no reason to set aside memory.
        let mut bytes = Vec::with_capacity(size.min(1 << 20) as usize);
        if self.source.by_ref().take(size).read_to_end(&mut bytes)? as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pass(padding(size))?;
        Ok(bytes)
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        self.pass(size)?;
        self.pass(padding(size))
    }

    fn pass(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.source.by_ref().take(count), &mut io::sink())? {
            passed if passed == count => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Entries are filled up to whole blocks.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Whether the checksum of a header fits: of all bytes, its own field taken for blanks.
fn is_header(header: &Header, block: &[u8; BLOCK]) -> bool {
    let sum = block
        .iter()
        .enumerate()
        .map(|(at, &byte)| u32::from(if (148..156).contains(&at) { b' ' } else { byte }));
    header.cksum().is_ok_and(|stated| stated == sum.sum::<u32>())
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// The path in an extended header of POSIX, whose lines are `LENGTH KEY=VALUE`.
fn path_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes;
    let mut path = None;
    while let Some(blank) = rest.iter().position(|&byte| byte == b' ') {
        let length: usize = str::from_utf8(&rest[..blank]).ok()?.parse().ok()?;
        let line = rest.get(blank + 1..length)?.strip_suffix(b"\n")?;
        if let Some(value) = line.strip_prefix(b"path=") {
            path = Some(value.to_vec());
        }
        rest = &rest[length..];
    }
    path
}
