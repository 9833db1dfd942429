use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::node::Namespaces;

/// A server has so long to end by itself. What it holds is thrown away, so that there is nothing to save.
const GRACE: Duration = Duration::from_secs(5);

/// How long the processes of a lab live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Until the guard is dropped, and never longer than the process that holds it.
    Guarded,
    /// Until somebody ends them.
    Detached,
}

/// A server that was started.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: String,
    pub(crate) log: PathBuf,
    child: Child,
}

impl Server {
    /// Starts a program whose output goes to a file of the name `<program>.log` in the folder.
    pub(crate) fn start(
        path: &Path,
        arguments: &[String],
        logs: &Path,
        lifetime: Lifetime,
        namespaces: Option<&Namespaces>,
    ) -> Result<Server, LabError> {
        let program = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let log = logs.join(format!("{program}.log"));
        let output = File::create(&log).map_err(|error| LabError::file(&log, &error))?;
        let errors = output.try_clone().map_err(|error| LabError::file(&log, &error))?;
        let mut command = match (namespaces, lifetime) {
            // They end together with whoever shall end them.
            (Some(namespaces), _) => {
                let mut command = namespaces.command(path);
                // Neither Ctrl-C nor the end of a terminal is meant for them.
                command.process_group(0);
                command
            }
            (None, Lifetime::Guarded) => tied_to_us(path),
            (None, Lifetime::Detached) => {
                // A session of its own: it outlives the terminal.
                let mut command = Command::new("setsid");
                command.arg(path);
                command
            }
        };
        command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(errors);
        match spawn(command) {
            Ok(child) => Ok(Server { program, log, child }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(LabError::unavailable("`setpriv` and `setsid` of util-linux are not installed"))
            }
            Err(error) => Err(LabError::failed(format!("cannot start `{program}`: {error}"))),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails when the program has ended, with the end of what it said.
    pub(crate) fn check(&mut self) -> Result<(), LabError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.complain(&format!("ended with {status}"))),
            Err(error) => Err(self.complain(&format!("cannot be watched: {error}"))),
        }
    }

    /// An error about this program, with the end of what it said.
    pub(crate) fn complain(&self, problem: &str) -> LabError {
        LabError::failed(format!("`{}` {problem}; its log ends with\n{}", self.program, tail(&self.log)))
    }

    /// Ends a program in namespaces and waits until it is gone: what we started is the `nsenter` that waits for it.
    pub(crate) fn stop_inside(&mut self) {
        let pid = self.child.id();
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let program = children.split_whitespace().find_map(|pid| Pid::from_raw(pid.parse().ok()?));
        for signal in [Signal::TERM, Signal::KILL] {
            let Some(program) = program else { break };
            // It may have ended before.
            let _ = kill_process(program, signal);
            let deadline = Instant::now() + GRACE;
            while Instant::now() < deadline {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.stop();
    }

    /// Asks the program to end, and makes it.
    pub(crate) fn stop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            // It may have ended before.
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + GRACE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A process that somebody else started: the time of its start tells it from a later one with the same pid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) program: String,
    pub(crate) pid: u32,
    started: u64,
}

impl Known {
    /// A process as it is now. `None` when it is gone.
    pub(crate) fn of(program: &str, pid: u32) -> Option<Known> {
        Some(Known { program: program.to_owned(), pid, started: started(pid)? })
    }

    pub(crate) fn runs(&self) -> bool {
        started(self.pid) == Some(self.started)
    }

    /// Ends it, unless it has ended; false when it would not.
    pub(crate) fn stop(&self) -> bool {
        for signal in [Signal::TERM, Signal::KILL] {
            let Some(pid) = Pid::from_raw(self.pid.cast_signed()).filter(|_| self.runs()) else {
                return true;
            };
            let _ = kill_process(pid, signal);
            let deadline = Instant::now() + GRACE;
            while self.runs() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        !self.runs()
    }
}

/// When a process started, in ticks since the machine did. A zombie has ended.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything, brackets included.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// The kernel kills the program when we end, even by SIGKILL. `setpriv` asks for that and becomes the program, by way
/// of a shell that looks whether we ended before the kernel was asked.
fn tied_to_us(path: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "sh", "-c"])
        .arg("[ \"$PPID\" = \"$1\" ] || exit 1; shift; exec \"$@\"")
        .arg("sh")
        .arg(std::process::id().to_string())
        .arg(path);
    command
}

type Order = (Command, Sender<std::io::Result<Child>>);

/// To the kernel the parent is the thread that starts a process, not the process it belongs to: started by the thread
/// of a test, servers would end with that test. So one thread starts them all and ends with the process.
fn spawn(command: Command) -> std::io::Result<Child> {
    static STARTER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, orders) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in orders {
                // Who asked may have panicked meanwhile; then nobody waits.
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(sender)
    });
    let (answer, answered) = channel();
    let lost = || std::io::Error::other("the thread that starts servers is gone");
    starter.lock().map_err(|_| lost())?.send((command, answer)).map_err(|_| lost())?;
    answered.recv().map_err(|_| lost())?
}

/// The last lines of a log, of a bounded length.
pub(crate) fn tail(log: &Path) -> String {
    const BYTES: u64 = 16 << 10;
    const LINES: usize = 25;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) => {
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(LINES)..].join("\n")
        }
        Err(error) => format!("(unreadable: {error})"),
    }
}
