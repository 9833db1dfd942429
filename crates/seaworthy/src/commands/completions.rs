//! `seaworthy completions`.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::error::{CommandError, Outcome};
use crate::output;

pub(crate) fn run(args: &CompletionsArgs) -> Result<Outcome, CommandError> {
    // The generator panics when its writer fails: it gets one that cannot.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seaworthy", &mut script);
    output::to_stdout(|out| out.write_all(&script))?;
    Ok(Outcome::Clean)
}
