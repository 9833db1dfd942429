//! `seaworthy controls`.

use crate::cli::{ControlsArgs, Global};
use crate::error::{CommandError, Outcome};
use crate::selection;

pub(crate) fn run(args: &ControlsArgs, _global: &Global) -> Result<Outcome, CommandError> {
    let _controls = selection::controls(&args.select)?;
    Ok(Outcome::Clean)
}
