//! Running a program that renders: bounded in time, output and memory, away from the network and from the person's
//! own settings.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Bytes kept of what a program complains.
const COMPLAINTS: u64 = 1 << 16;
/// Characters of a reason that are told.
const REASON: usize = 300;
/// Data that a program may hold: a chart of a few lines can ask for all memory there is.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 2 << 30;
/// How long is waited for a program that has closed its output before its end is looked for again.
const TICK: Duration = Duration::from_millis(2);

/// Bounds of one rendering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    /// Bytes of output.
    pub(crate) output: u64,
}

/// A folder of our own in which a program finds its home and the files that are made for it. It vanishes when this
/// is dropped.
pub(crate) struct Room(TempDir);

impl Room {
    pub(crate) fn new() -> Result<Room, String> {
        tempfile::Builder::new()
            .prefix("seaworthy-")
            .tempdir()
            .map(Room)
            .map_err(|error| format!("cannot make a temporary folder: {error}"))
    }

    /// The folder, without links in its path.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap_or_else(|_| self.0.path().to_owned())
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, String> {
        let path = self.path().join(name);
        let written = match path.parent() {
            Some(folder) => std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, content)),
            None => Ok(()),
        };
        written.map(|()| path).map_err(|error| format!("cannot write a temporary file: {error}"))
    }
}

/// A program among the folders of a search path. Folders that are not absolute are passed over: what lies in a
/// scanned folder is never run.
pub(crate) fn find(program: &str, search_path: &OsStr) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Runs a program and returns what it prints, or why that is not to be had.
pub(crate) fn run(
    program: &Path,
    arguments: &[OsString],
    folder: &Path,
    room: &Room,
    limits: Limits,
) -> Result<Vec<u8>, String> {
    let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let home = room.path();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        // No program is found through it, so none is started: no plugin, no post-renderer, no `git`.
        .env("PATH", home.join("bin"))
        .env("HOME", &home)
        .env("TMPDIR", &home)
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_DATA_HOME", home.join("data"))
        .env("HELM_PLUGINS", home.join("plugins"))
        .env("HELM_NO_PLUGINS", "1")
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        // Addresses that refuse: nothing listens on the discard port.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("ALL_PROXY", "socks5://127.0.0.1:9")
        .env("NO_PROXY", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (variable, value) in std::env::vars_os().filter(|(variable, _)| is_needed(variable)) {
        command.env(variable, value);
    }
    own_group(&mut command);
    let child = command.spawn().map_err(|error| format!("cannot start `{name}`: {error}"))?;
    let mut running = Running { child, ended: false };
    running.bound(limits);
    running.wait(&name, limits)
}

/// What a program on Windows does not start without.
fn is_needed(variable: &OsStr) -> bool {
    cfg!(windows) && ["SystemRoot", "SystemDrive", "windir"].iter().any(|name| variable == *name)
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// A program that ends, with all that it started, when this is dropped.
struct Running {
    child: Child,
    ended: bool,
}

enum Output {
    Printed(io::Result<Vec<u8>>),
    Complained(Vec<u8>),
}

impl Running {
    fn wait(&mut self, name: &str, limits: Limits) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + limits.time;
        let (sender, receiver) = mpsc::channel();
        if let Some(stdout) = self.child.stdout.take() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let read = stdout.take(limits.output.saturating_add(1)).read_to_end(&mut bytes);
                // Nobody waits any more when the time is over.
                let _ = sender.send(Output::Printed(read.map(|_| bytes)));
            });
        }
        if let Some(mut stderr) = self.child.stderr.take() {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stderr.by_ref().take(COMPLAINTS).read_to_end(&mut bytes);
                // The rest is read too, so that the program is not held up by it.
                let _ = io::copy(&mut stderr, &mut io::sink());
                let _ = sender.send(Output::Complained(bytes));
            });
        }
        let overdue = || format!("`{name}` took longer than {} s", limits.time.as_secs_f32());
        let (mut printed, mut complained) = (None, None);
        while printed.is_none() || complained.is_none() {
            match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Output::Printed(Ok(bytes))) if bytes.len() as u64 > limits.output => {
                    return Err(format!("`{name}` printed more than {} MiB", limits.output >> 20));
                }
                Ok(Output::Printed(Ok(bytes))) => printed = Some(bytes),
                Ok(Output::Printed(Err(error))) => {
                    return Err(format!("cannot read what `{name}` prints: {error}"));
                }
                Ok(Output::Complained(bytes)) => complained = Some(bytes),
                Err(RecvTimeoutError::Timeout) => return Err(overdue()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.status(deadline).ok_or_else(overdue)?;
        if !status.success() {
            return Err(complaint(name, status, &complained.unwrap_or_default()));
        }
        Ok(printed.unwrap_or_default())
    }

    /// How the program ended, or `None` when it does not.
    fn status(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                self.ended = true;
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(TICK);
        }
    }

    /// Lets the system bound memory, and time as well: somebody may end us while we wait.
    #[cfg(target_os = "linux")]
    fn bound(&self, limits: Limits) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let seconds = limits.time.as_secs().saturating_add(1).saturating_mul(cores);
        let Some(pid) = Pid::from_raw(self.child.id() as i32) else { return };
        for (resource, most) in [(Resource::Data, MEMORY), (Resource::Cpu, seconds)] {
            // A system that refuses leaves the bounds that we keep ourselves.
            let _ = prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: Some(most) });
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn bound(&self, _: Limits) {}

    #[cfg(unix)]
    fn end(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        // The program has not been waited for, so its number is not another's yet.
        if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.kill();
    }

    #[cfg(not(unix))]
    fn end(&mut self) {
        let _ = self.child.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.end();
            let _ = self.child.wait();
        }
    }
}

/// What a program that failed says, in one line.
fn complaint(name: &str, status: ExitStatus, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let told = |line: &&str| {
        let line = line.to_ascii_lowercase();
        !line.is_empty() && !line.starts_with("warning:") && !line.starts_with("level=")
    };
    let lines = || text.lines().map(str::trim);
    let line = lines().find(|line| line.starts_with("Error:") || line.starts_with("error:"));
    match line.or_else(|| lines().find(told)) {
        Some(line) => {
            let line = line.strip_prefix("Error: ").or_else(|| line.strip_prefix("error: ")).unwrap_or(line);
            format!("`{name}` says: {}", bounded(line))
        }
        None => format!("`{name}` failed without a word ({status})"),
    }
}

/// A line that is fit to be shown: no control characters, not too long.
pub(crate) fn bounded(line: &str) -> String {
    let mut short: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON).collect();
    if line.chars().nth(REASON).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, limits: Limits) -> Result<Vec<u8>, String> {
        let room = Room::new().unwrap();
        let arguments = ["-c".into(), script.into()];
        run(Path::new("/bin/sh"), &arguments, Path::new("/"), &room, limits)
    }

    const LIMITS: Limits = Limits { time: Duration::from_secs(20), output: 1 << 20 };

    #[test]
    fn output_is_returned_and_nothing_of_the_environment_is_seen() {
        assert_eq!(shell("echo $CARGO_MANIFEST_DIR one", LIMITS).unwrap(), b"one\n");
        assert!(shell("ls", LIMITS).unwrap_err().contains("`sh` says:"));
    }

    #[test]
    fn a_failure_is_told_in_one_bounded_line() {
        let script = "echo 'level=WARN x' >&2; printf 'Error: bad \\033[31m%0999d\\nmore\\n' 1 >&2; exit 3";
        let reason = shell(script, LIMITS).unwrap_err();
        assert!(reason.starts_with("`sh` says: bad  [31m000"), "{reason}");
        assert!(reason.ends_with('…') && reason.chars().count() < 330, "{reason}");
        assert!(shell("exit 7", LIMITS).unwrap_err().contains("7"));
    }

    #[test]
    fn whoever_takes_too_long_or_prints_too_much_is_ended() {
        let short = Limits { time: Duration::from_millis(150), ..LIMITS };
        let begun = Instant::now();
        // The inner shell holds the pipes open as well.
        let reason = shell("/bin/sh -c 'while :; do :; done' & while :; do :; done", short).unwrap_err();
        assert!(reason.contains("took longer than 0.15 s"), "{reason}");
        assert!(shell("exec >&- 2>&-; while :; do :; done", short).is_err());
        let reason = shell("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", LIMITS).unwrap_err();
        assert!(reason.contains("printed more than 1 MiB"), "{reason}");
        assert!(begun.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn programs_are_found_only_in_absolute_folders() {
        assert!(find("sh", OsStr::new("/bin")).is_some());
        assert!(find("sh", OsStr::new("bin:.:")).is_none());
        assert!(find("no-such-program", OsStr::new("/bin")).is_none());
    }
}
