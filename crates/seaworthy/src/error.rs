//! What goes wrong with a command, decided in one place: the exit code and what to try next.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// How a command ended when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing at or over the threshold.
    Clean,
    /// Findings at or over the threshold.
    Findings,
    /// `--require-complete` was given, and something was not evaluated.
    Incomplete,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Incomplete => 3,
        })
    }
}

/// Exit code of usage and input errors.
pub(crate) const EXIT_ERROR: u8 = 2;

/// A command could not do its work.
#[derive(Debug)]
pub(crate) struct CommandError {
    message: String,
    hints: Vec<String>,
    /// Whoever read the output has gone: nobody is there to be told.
    broken_pipe: bool,
}

impl CommandError {
    /// An error in what was asked or given.
    pub(crate) fn new(message: impl Into<String>) -> CommandError {
        CommandError { message: message.into(), hints: Vec::new(), broken_pipe: false }
    }

    /// The same with something to try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> CommandError {
        self.hints.push(hint.into());
        self
    }

    /// Writing the output failed.
    pub(crate) fn output(target: &str, error: &io::Error) -> CommandError {
        CommandError {
            message: format!("cannot write to {target}: {error}"),
            hints: Vec::new(),
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
        }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for hint in &self.hints {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}
