//! `seaworthy man`.

use clap::CommandFactory;

use crate::cli::{Cli, ManArgs};
use crate::error::{CommandError, Outcome};
use crate::output;

pub(crate) fn run(args: &ManArgs) -> Result<Outcome, CommandError> {
    let command = Cli::command();
    match &args.output {
        Some(folder) => clap_mangen::generate_to(command, folder)
            .map_err(|error| CommandError::output(&format!("`{}`", folder.display()), &error))?,
        None => output::to_stdout(|out| clap_mangen::Man::new(command).render(&mut &mut *out))?,
    }
    Ok(Outcome::Clean)
}
