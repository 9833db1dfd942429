use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::requirements;
use crate::LabError;
use crate::process::{Known, Lifetime, tail};

const SCRIPTS: [(&str, &str); 2] =
    [("keeper.sh", include_str!("keeper.sh")), ("init.sh", include_str!("init.sh"))];

/// Folders that a node has for itself: nothing of ours that lies there can be seen in it.
const HIDDEN: [&str; 6] = ["/etc", "/proc", "/run", "/sys", "/var/lib", "/var/log"];

/// The namespaces are ready so soon, or never.
const PATIENCE: Duration = Duration::from_secs(15);
/// Ending them takes a moment: the kernel waits for every process, and control groups are removed.
const FAREWELL: Duration = Duration::from_secs(20);

/// The address of the node, which the bridge of its pods has.
pub(crate) const NODE_ADDRESS: std::net::Ipv4Addr = std::net::Ipv4Addr::new(10, 244, 0, 1);
/// What the first process in the namespaces is called among those of a lab.
pub(crate) const INIT: &str = "init";
/// The name of the node.
pub const NODE: &str = "node1";

/// Namespaces of processes, mounts, network, control groups, names and IPC: a machine inside of the machine.
///
/// `keeper.sh` makes them and cleans up behind them, `init.sh` is their first program and furnishes them. Its standard
/// input is a pipe from us: when we end, however that comes, it ends, the kernel ends all that runs there, and the keeper
/// removes what is left. Whatever is mounted, and every address and rule of the network, is gone with them.
#[derive(Debug)]
pub(crate) struct Namespaces {
    init: Known,
    keeper: Option<Mutex<Child>>,
    lifetime: Lifetime,
}

impl Namespaces {
    /// Makes namespaces. The folder keeps the record of them.
    pub(crate) fn make(folder: &Path, logs: &Path, lifetime: Lifetime) -> Result<Namespaces, LabError> {
        requirements::check()?;
        if HIDDEN.iter().any(|hidden| folder.starts_with(hidden)) {
            return Err(LabError::unavailable(format!(
                "{} is where a node has its own files: set TMPDIR or XDG_STATE_HOME",
                folder.display()
            )));
        }
        let log = logs.join("namespaces.log");
        for (name, script) in SCRIPTS {
            let path = folder.join(name);
            fs::write(&path, script).map_err(|error| LabError::file(&path, &error))?;
        }
        let output = File::create(&log).map_err(|error| LabError::file(&log, &error))?;
        let errors = output.try_clone().map_err(|error| LabError::file(&log, &error))?;
        let mut command = Command::new("sh");
        command
            .arg(folder.join("keeper.sh"))
            .arg(format!("seaworthy-lab-{}-{:08x}", std::process::id(), fastrand::u32(..)))
            .arg(folder)
            .arg(format!("{NODE_ADDRESS}/24"))
            .arg(NODE)
            .arg(match lifetime {
                Lifetime::Guarded => "guarded",
                Lifetime::Detached => "detached",
            })
            .env("PATH", requirements::path())
            .stdin(match lifetime {
                Lifetime::Guarded => Stdio::piped(),
                Lifetime::Detached => Stdio::null(),
            })
            .stdout(output)
            .stderr(errors)
            // Ctrl-C is for us, and the keeper has to outlive us by a moment.
            .process_group(0);
        let mut keeper =
            command.spawn().map_err(|error| LabError::failed(format!("cannot run `sh`: {error}")))?;
        let deadline = Instant::now() + PATIENCE;
        let record = folder.join("init");
        loop {
            if let Ok(pid) = fs::read_to_string(&record)
                && let Some(init) = pid.trim().parse().ok().and_then(|pid| Known::of(INIT, pid))
            {
                return Ok(Namespaces { init, keeper: Some(Mutex::new(keeper)), lifetime });
            }
            let ended = keeper.try_wait().ok().flatten();
            if ended.is_some() || Instant::now() > deadline {
                let said = tail(&log);
                // It ends with its standard input.
                drop(keeper.stdin.take());
                let unavailable = said.lines().find_map(|line| line.strip_prefix("unavailable: "));
                return Err(match unavailable {
                    Some(reason) => LabError::unavailable(reason),
                    None => LabError::failed(format!("namespaces could not be made: {said}")),
                });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Those of a lab that somebody else started, by its first process.
    pub(crate) fn of(init: Known) -> Option<Namespaces> {
        init.runs().then_some(Namespaces { init, keeper: None, lifetime: Lifetime::Detached })
    }

    /// The first process in them.
    pub(crate) fn init(&self) -> &Known {
        &self.init
    }

    /// The process that cleans up behind them, while it runs.
    pub(crate) fn keeper(&self) -> Option<Known> {
        let keeper = self.keeper.as_ref()?.lock().ok()?;
        Known::of("keeper", keeper.id())
    }

    /// A command that runs a program in them, in the current folder, with our environment.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        enter(self.init.pid, program)
    }

    /// Runs on a thread of its own that is in the network of the node. What it opens there stays there.
    pub(crate) fn inside<T: Send>(&self, run: impl FnOnce() -> T + Send) -> io::Result<T> {
        let network = File::open(format!("/proc/{}/ns/net", self.init.pid))?;
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || -> io::Result<T> {
                move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
                Ok(run())
            });
            match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Connects to a port of the node.
    pub(crate) fn connect(&self, address: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
        self.inside(|| TcpStream::connect_timeout(&address, patience))?
    }

    /// A path of the node as it is seen from outside.
    pub(crate) fn outside(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.init.pid))
    }

    /// Ends everything that runs in them, and waits until nothing is left. False when that takes too long.
    pub(crate) fn end(&self) -> bool {
        if self.init.runs()
            && let Some(pid) = Pid::from_raw(self.init.pid.cast_signed())
        {
            // The first process of a namespace ignores every other signal.
            let _ = kill_process(pid, Signal::KILL);
        }
        let deadline = Instant::now() + FAREWELL;
        loop {
            let keeper = self.keeper.as_ref().and_then(|keeper| keeper.lock().ok());
            let gone = match keeper {
                Some(mut keeper) => !matches!(keeper.try_wait(), Ok(None)),
                None => !self.init.runs(),
            };
            if gone || Instant::now() > deadline {
                return gone;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // A lab that outlives us is not ours to end.
        if self.lifetime == Lifetime::Guarded {
            self.end();
        }
    }
}

/// A command that joins the namespaces of a process. It runs in its control groups too: `nsenter` of util-linux before
/// 2.39 leaves that to us. The folder is looked up again, because entering mounts leads to their root.
fn enter(init: u32, program: impl AsRef<std::ffi::OsStr>) -> Command {
    const JOIN: &str = "if [ -e /sys/fs/cgroup/init ]; then set -- /sys/fs/cgroup/init \"$@\"; \
         else set -- '/sys/fs/cgroup/*' \"$@\"; fi; \
         for group in $1; do [ ! -e \"$group/cgroup.procs\" ] || echo 0 >\"$group/cgroup.procs\"; done; \
         cd \"$2\" 2>/dev/null || cd /; shift 2; exec \"$@\"";
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let mut command = Command::new("nsenter");
    command
        .args(["--target", &init.to_string(), "--net", "--mount", "--pid", "--cgroup", "--ipc", "--uts"])
        .args(["--", "sh", "-c", JOIN, "sh"])
        .arg(folder)
        .arg(program)
        .env("PATH", requirements::path());
    command
}
