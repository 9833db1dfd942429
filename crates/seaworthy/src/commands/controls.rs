//! `seaworthy controls`.

use seaworthy_report::catalogue;

use crate::cli::{ControlsArgs, ControlsFormat, Global};
use crate::error::{CommandError, Outcome};
use crate::{output, selection};

pub(crate) fn run(args: &ControlsArgs, global: &Global) -> Result<Outcome, CommandError> {
    let controls = selection::controls(&args.select)?;
    let context = output::context(global);
    output::to_stdout(|out| match args.format {
        ControlsFormat::Table => catalogue::write_table(controls.iter().copied(), &context, out),
        ControlsFormat::Json => catalogue::write_json(controls.iter().copied(), out),
        ControlsFormat::Ids => controls.iter().try_for_each(|control| writeln!(out, "{}", control.id)),
    })?;
    Ok(Outcome::Clean)
}
