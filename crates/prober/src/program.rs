//! Programs of this machine that a person names. Whatever becomes of us, they end.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Runs a program in a group of its own, and kills that group as soon as the standard input ends: by our will, or because we
/// are no more, however we went. The watcher stays in the group, so that its number is not taken by another one.
const WATCHED: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
{ read -r _ <&3; kill -s KILL -- "-$$"; } >/dev/null 2>&1 &
exec 3<&-
wait "$program"
"#;

/// Most bytes of what a program prints that are kept.
const MOST: usize = 64 << 10;

/// How long programs take to go that were killed, and what they printed to be read.
const LEAVING_TIME: Duration = Duration::from_secs(5);

/// A program that runs.
pub(crate) struct Program {
    child: Child,
    /// As long as this is open, the program may run.
    leash: Option<ChildStdin>,
    printed: JoinHandle<Vec<u8>>,
    complained: JoinHandle<Vec<u8>>,
}

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The beginning of its standard output.
    pub(crate) printed: Vec<u8>,
    /// Its last line on standard error.
    pub(crate) complaint: String,
}

impl Program {
    /// Starts it in a folder, without anything of our environment.
    pub(crate) fn start<S: AsRef<OsStr>>(
        program: &Path,
        arguments: &[S],
        folder: &Path,
    ) -> std::io::Result<Program> {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", WATCHED, "sh"]).arg(program).args(arguments);
        command.env_clear().current_dir(folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Command::from(command).kill_on_drop(true).spawn()?;
        let leash = child.stdin.take();
        let printed = tokio::spawn(keep(child.stdout.take()));
        let complained = tokio::spawn(keep(child.stderr.take()));
        Ok(Program { child, leash, printed, complained })
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself.
    pub(crate) async fn wait(&mut self) -> std::io::Result<()> {
        // The standard input stays ours: what waits must not close it.
        while self.child.try_wait()?.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Ends it and all that it has started, and tells how it ended.
    pub(crate) async fn end(mut self) -> std::io::Result<Ended> {
        drop(self.leash.take());
        let status = match timeout(LEAVING_TIME, self.child.wait()).await {
            Ok(status) => status?,
            Err(_) => return Err(std::io::Error::other("it does not end")),
        };
        let text = async |printed: JoinHandle<Vec<u8>>| match timeout(LEAVING_TIME, printed).await {
            Ok(Ok(text)) => text,
            _ => Vec::new(),
        };
        let (printed, complained) = (text(self.printed).await, text(self.complained).await);
        let complained = String::from_utf8_lossy(&complained).into_owned();
        let complaint = complained.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        Ok(Ended { status, printed, complaint: complaint.trim().to_owned() })
    }
}

/// Reads to the end and keeps the beginning, so that nobody waits for us to read.
async fn keep(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let (mut kept, mut piece) = (Vec::new(), [0; 4096]);
    let Some(mut from) = from else { return kept };
    while let Ok(size @ 1..) = from.read(&mut piece).await {
        let room = MOST.saturating_sub(kept.len());
        kept.extend_from_slice(&piece[..size.min(room)]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::Program;

    fn start(script: &str) -> Program {
        Program::start(Path::new("/bin/sh"), &["-c", script], Path::new("/")).unwrap()
    }

    fn on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    /// Whether a process is there that has not ended.
    fn lives(pid: &str) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.contains("State:") && !status.contains("State:\tZ")
    }

    #[test]
    fn a_program_tells_how_it_ended() {
        on(async {
            let mut program = start("echo one; echo two >&2; echo three >&2; exit 7");
            program.wait().await.unwrap();
            let ended = program.end().await.unwrap();
            assert_eq!(ended.status.code(), Some(7));
            assert_eq!((ended.printed.as_slice(), ended.complaint.as_str()), (&b"one\n"[..], "three"));
            // Nothing of ours is in its environment.
            let mut program = start("echo \"$CARGO_MANIFEST_DIR$HOME\"");
            program.wait().await.unwrap();
            assert_eq!(program.end().await.unwrap().printed, b"\n");
        });
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        on(async {
            for end in ["sleep 900", "exit 0", "trap '' TERM INT HUP; while :; do sleep 900; done"] {
                let mut program = start(&format!("sleep 900 & echo $! $$; {end}"));
                tokio::time::sleep(Duration::from_millis(300)).await;
                assert_eq!(program.has_ended(), end == "exit 0");
                let printed = program.end().await.unwrap().printed;
                let pids = String::from_utf8(printed).unwrap();
                let pids: Vec<&str> = pids.split_whitespace().collect();
                assert_eq!(pids.len(), 2);
                for _ in 0..100 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if !pids.iter().any(|pid| lives(pid)) {
                        break;
                    }
                }
                assert!(!pids.iter().any(|pid| lives(pid)), "{end}");
            }
        });
    }
}
