use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use crate::Skip;

/// A running Go program that answers one line with one line. It ends when this is dropped.
#[derive(Debug)]
pub struct Oracle {
    name: String,
    process: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Builds `testing/oracle/<name>` with Go, unless that was done before, and starts it.
    ///
    /// # Errors
    /// When Go is not installed or cannot build the program, say because its modules cannot be fetched.
    ///
    /// # Panics
    /// Instead of an error when `SEAWORTHY_ORACLE=required`, as in CI.
    pub fn start(name: &str) -> Result<Oracle, Skip> {
        let oracle = build(name).and_then(|program| run(name, &program));
        if let Err(reason) = &oracle {
            let required = std::env::var_os("SEAWORTHY_ORACLE").is_some_and(|value| value == "required");
            assert!(!required, "SEAWORTHY_ORACLE=required, but {reason}");
        }
        oracle
    }

    /// Sends a line (without its line break) and waits for the answer (without its line break).
    ///
    /// # Panics
    /// When the program ended or the line holds a line break.
    pub fn ask(&mut self, line: &str) -> String {
        self.ask_all(std::iter::once(line)).remove(0)
    }

    /// Sends many lines while the answers are read; as [`ask`](Oracle::ask) but with no wait between them.
    ///
    /// # Panics
    /// When the program ended or a line holds a line break.
    pub fn ask_all<L: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = L, IntoIter: Send>,
    ) -> Vec<String> {
        let Oracle { name, input, output, .. } = self;
        let input = input.as_mut().expect("open until dropped");
        let lines = lines.into_iter();
        let (sender, sent) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for line in lines {
                    let line = line.as_ref();
                    assert!(!line.contains('\n'), "a question to an oracle is one line");
                    // A program that ended is noticed by the reader, which can say so.
                    let _ = input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n"));
                    if sender.send(()).is_err() {
                        return;
                    }
                    // More lines may wait in the buffer while the program is busy.
                    if line.len() > 4096 {
                        let _ = input.flush();
                    }
                }
                let _ = input.flush();
            });
            let mut answers = Vec::new();
            while sent.recv().is_ok() {
                let mut answer = String::new();
                let read = output.read_line(&mut answer).expect("an oracle answers in UTF-8");
                assert!(read > 0, "the oracle `{name}` ended instead of giving answer {}", answers.len());
                answer.truncate(answer.trim_end_matches('\n').len());
                answers.push(answer);
            }
            answers
        })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.input.take()); // end of input ends the program
        let _ = self.process.wait();
    }
}

fn build(name: &str) -> Result<PathBuf, Skip> {
    // Tests of one process build once; `go build` itself is cheap when nothing changed.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BUILDING.lock();

    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../oracle").join(name);
    let folder = programs();
    std::fs::create_dir_all(&folder)
        .map_err(|error| Skip::new(format!("cannot create {}: {error}", folder.display())))?;
    let program = folder.join(name);
    // Another test process may run the old program meanwhile: write beside it, then rename.
    let fresh = folder.join(format!("{name}.{}", std::process::id()));
    let built = Command::new("go").arg("build").arg("-o").arg(&fresh).arg(".").current_dir(&source).output();
    match built {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Skip::new(format!("Go is not installed, or {} is absent", source.display())));
        }
        Err(error) => return Err(Skip::new(format!("cannot run `go build`: {error}"))),
        Ok(output) if !output.status.success() => {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(Skip::new(format!("`go build` in {} failed: {}", source.display(), errors.trim())));
        }
        Ok(_) => {}
    }
    std::fs::rename(&fresh, &program)
        .map_err(|error| Skip::new(format!("cannot write {}: {error}", program.display())))?;
    Ok(program)
}

/// `target/<profile>/oracle`, wherever the target folder of the running test is.
fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    match test.ancestors().nth(2) {
        Some(profile) if profile.is_dir() => profile.join("oracle"),
        _ => std::env::temp_dir().join("seaworthy-oracle"),
    }
}

fn run(name: &str, program: &Path) -> Result<Oracle, Skip> {
    let mut process = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Skip::new(format!("cannot start {}: {error}", program.display())))?;
    let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(Skip::new(format!("{} has no pipes", program.display())));
    };
    Ok(Oracle {
        name: name.to_owned(),
        process,
        input: Some(BufWriter::new(input)),
        output: BufReader::with_capacity(1 << 20, output),
    })
}
