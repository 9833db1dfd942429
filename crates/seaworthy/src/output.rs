//! Where output goes: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use seaworthy_report::Context;

use crate::cli::{Colour, Global};
use crate::error::CommandError;

/// Widest and narrowest layout of text for people.
const WIDTH: std::ops::RangeInclusive<usize> = 60..=120;

/// Tells a person something, on standard error.
pub(crate) fn message(text: &dyn Display) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// What reports on standard output are laid out for.
pub(crate) fn context(global: &Global) -> Context<'static> {
    Context {
        tool_version: env!("CARGO_PKG_VERSION"),
        width: width(),
        color: colour(global.color),
        ..Context::default()
    }
}

fn colour(choice: Colour) -> bool {
    match choice {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}

/// Columns for text: those of the terminal, within reason; 100 where there is none.
fn width() -> usize {
    let columns = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    columns.clamp(*WIDTH.start(), *WIDTH.end())
}

/// Whether what is told on standard error carries colours.
pub(crate) fn stderr_is_coloured(choice: Colour) -> bool {
    match choice {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
    }
}

/// The folder in which the program runs, absolute.
pub(crate) fn working_directory() -> Option<String> {
    std::env::current_dir().ok().map(|folder| folder.to_string_lossy().into_owned())
}

/// A path as people write it from where the program runs.
pub(crate) fn relative(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string()
}

/// Whether a person looks at standard error.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes a result to standard output.
pub(crate) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CommandError> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| CommandError::output("standard output", &error))
}
