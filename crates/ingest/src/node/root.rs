//! Reading below a folder that stands for `/`: links are followed inside it and never lead out, and nothing but plain files
//! is ever opened for reading, since opening a pipe waits and opening a device may do anything.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::rc::Rc;

use rustix::fs::{self, Dir, FileType, Mode, OFlags, Stat};

/// Most links on the way to a file, as in the kernel.
const MAX_LINKS: usize = 40;

/// Most names that are listed of one folder.
pub(super) const MAX_ENTRIES: usize = 100_000;

const HANDLE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// What a file system of processes says of itself (`PROC_SUPER_MAGIC`).
const PROC: i64 = 0x9fa0;

/// A folder that stands for `/`.
#[derive(Clone)]
pub(super) struct Root {
    folder: Rc<OwnedFd>,
    stat: Rc<Stat>,
}

/// A folder on the way to a file.
struct Step {
    handle: Rc<OwnedFd>,
    name: OsString,
    stat: Stat,
}

/// Something that was found below a root.
pub(super) struct Entry {
    /// The folder in which it stands and its name there; `None` for the root itself.
    parent: Option<(Rc<OwnedFd>, OsString)>,
    handle: Rc<OwnedFd>,
    /// What the system says of it.
    pub(super) stat: Stat,
    /// Its path from the root without links.
    pub(super) path: String,
    /// The outermost folder through which nobody but its owner comes, as `0700 /var/lib/kubelet`; only root's folders and
    /// those of the owner of the file count.
    pub(super) hidden_by: Option<String>,
}

impl Root {
    /// Opens a folder as root.
    pub(super) fn open(path: &Path) -> io::Result<Root> {
        let folder = fs::openat(fs::CWD, path, HANDLE | OFlags::DIRECTORY, Mode::empty())?;
        let stat = fs::fstat(&folder)?;
        Ok(Root { folder: Rc::new(folder), stat: Rc::new(stat) })
    }

    /// The root that a process sees; `None` below a folder that is no file system of processes, where the link could lead
    /// anywhere.
    pub(super) fn of_process(&self, pid: u32) -> Option<io::Result<Root>> {
        let process = self.find(&format!("/proc/{pid}")).ok()?;
        let kind = fs::fstatfs(process.handle.as_fd()).ok()?.f_type;
        #[allow(clippy::unnecessary_cast, reason = "the type differs between platforms")]
        if kind as i64 != PROC {
            return None;
        }
        let open = || {
            let folder = fs::openat(&process.handle, "root", HANDLE | OFlags::DIRECTORY, Mode::empty())?;
            let stat = fs::fstat(&folder)?;
            Ok(Root { folder: Rc::new(folder), stat: Rc::new(stat) })
        };
        Some(open())
    }

    /// Whether both are the same folder.
    pub(super) fn is(&self, other: &Root) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (other.stat.st_dev, other.stat.st_ino)
    }

    /// Finds what a path names, through links.
    pub(super) fn find(&self, path: &str) -> io::Result<Entry> {
        self.walk(path.as_bytes(), true)
    }

    /// Finds what a path names, without following it when it is a link itself.
    fn find_itself(&self, path: &str) -> io::Result<Entry> {
        self.walk(path.as_bytes(), false)
    }

    fn walk(&self, path: &[u8], follow: bool) -> io::Result<Entry> {
        let mut steps: Vec<Step> = Vec::new();
        let mut left: Vec<OsString> = parts(path);
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                steps.pop();
                continue;
            }
            let folder = steps.last().map_or(&self.folder, |step| &step.handle);
            let handle = fs::openat(folder, &name, HANDLE | OFlags::NOFOLLOW, Mode::empty())?;
            let stat = fs::fstat(&handle)?;
            let is_link = FileType::from_raw_mode(stat.st_mode).is_symlink();
            if is_link && (follow || !left.is_empty()) {
                links += 1;
                if links > MAX_LINKS {
                    return Err(rustix::io::Errno::LOOP.into());
                }
                let target = fs::readlinkat(folder, &name, Vec::new())?;
                if target.as_bytes().starts_with(b"/") {
                    steps.clear();
                }
                left.extend(parts(target.as_bytes()));
                continue;
            }
            steps.push(Step { handle: Rc::new(handle), name, stat });
        }
        Ok(self.entry(steps))
    }

    fn entry(&self, mut steps: Vec<Step>) -> Entry {
        let path = path_of(&steps);
        let Some(last) = steps.pop() else {
            let (handle, stat) = (self.folder.clone(), *self.stat);
            return Entry { parent: None, handle, stat, path: "/".to_owned(), hidden_by: None };
        };
        let hides =
            |stat: &Stat| stat.st_mode & 0o011 == 0 && (stat.st_uid == 0 || stat.st_uid == last.stat.st_uid);
        let hidden_by = if hides(&self.stat) {
            Some(format!("{} /", octal(self.stat.st_mode)))
        } else {
            let hiding = steps.iter().position(|step| hides(&step.stat));
            hiding.map(|at| format!("{} {}", octal(steps[at].stat.st_mode), path_of(&steps[..=at])))
        };
        let folder = steps.last().map_or(&self.folder, |step| &step.handle).clone();
        Entry { parent: Some((folder, last.name)), handle: last.handle, stat: last.stat, path, hidden_by }
    }

    /// The text of a plain file.
    ///
    /// # Errors
    /// Also when it has more than `most` bytes, or is no plain file.
    pub(super) fn read(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        self.find(path)?.read(most)
    }

    /// The first line of a small file, without blanks around it.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        let bytes = self.read(path, 1 << 16).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// Where a link leads, as it is written; of the file system of processes, what the kernel says.
    pub(super) fn link(&self, path: &str) -> io::Result<String> {
        let entry = self.find_itself(path)?;
        let (folder, name) = entry.parent.ok_or(io::ErrorKind::InvalidInput)?;
        let target = fs::readlinkat(folder, name, Vec::new())?;
        Ok(target.to_string_lossy().into_owned())
    }

    /// The names in a folder, sorted. Those that are no text are left out and counted.
    pub(super) fn list(&self, path: &str) -> io::Result<(Vec<String>, usize)> {
        self.find(path)?.list()
    }
}

impl Entry {
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    /// The text, when it is a plain file of at most so many bytes.
    pub(super) fn read(&self, most: u64) -> io::Result<Vec<u8>> {
        let Some((folder, name)) = self.parent.as_ref().filter(|_| self.kind().is_file()) else {
            return Err(io::Error::other(format!("not read: it is a {}", kind_name(self.kind()))));
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = fs::openat(folder, name, flags, Mode::empty())?;
        // Somebody may have put something else in its place.
        let stat = fs::fstat(&file)?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(io::Error::other("not read: it changed meanwhile"));
        }
        let too_large = || io::Error::other(format!("not read: it has more than {most} bytes"));
        if u64::try_from(stat.st_size).unwrap_or_default() > most {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        std::fs::File::from(file).take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
    }

    /// The names in a folder, sorted, and the number of those that are no text.
    pub(super) fn list(&self) -> io::Result<(Vec<String>, usize)> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let folder = fs::openat(&self.handle, ".", flags, Mode::empty())?;
        let (mut names, mut odd) = (Vec::new(), 0);
        for entry in Dir::new(folder)?.take(MAX_ENTRIES) {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") => {}
                Ok(name) => names.push(name.to_owned()),
                Err(_) => odd += 1,
            }
        }
        names.sort_unstable();
        Ok((names, odd))
    }
}

/// The parts of a path, the first one last.
fn parts(path: &[u8]) -> Vec<OsString> {
    let parts = path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    parts.rev().map(|part| OsString::from_vec(part.to_vec())).collect()
}

fn path_of(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        path.push('/');
        path.push_str(&step.name.to_string_lossy());
    }
    path
}

/// A mode as `chmod` takes it: `0644`.
pub(super) fn octal(mode: u32) -> String {
    format!("{:04o}", mode & 0o7777)
}

/// What kind of file it is, in a word.
pub(super) fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "file",
        FileType::Directory => "folder",
        FileType::Symlink => "link",
        FileType::Socket => "socket",
        FileType::Fifo => "pipe",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Unknown => "thing of unknown kind",
    }
}
