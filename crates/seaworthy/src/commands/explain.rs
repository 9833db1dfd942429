//! `seaworthy explain`.

use seaworthy_controls::select;

use crate::cli::{ExplainArgs, Global};
use crate::error::{CommandError, Outcome};
use crate::selection;

pub(crate) fn run(args: &ExplainArgs, _global: &Global) -> Result<Outcome, CommandError> {
    let _controls = select(&args.control).map_err(selection::unknown)?;
    Ok(Outcome::Clean)
}
