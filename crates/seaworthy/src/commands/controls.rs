//! `seaworthy controls`.

use seaworthy_report::listing;

use crate::cli::{ControlsArgs, ControlsFormat, Global};
use crate::error::{CommandError, Outcome};
use crate::{output, selection};

pub(crate) fn run(args: &ControlsArgs, global: &Global) -> Result<Outcome, CommandError> {
    let controls = selection::controls(&args.select)?;
    output::to_stdout(|out| match args.format {
        ControlsFormat::Table => listing::table(&controls, output::width(), output::colour(global.color), out),
        ControlsFormat::Json => listing::json(&controls, out),
        ControlsFormat::Ids => controls.iter().try_for_each(|control| writeln!(out, "{}", control.id)),
    })?;
    Ok(Outcome::Clean)
}
