//! `--select` and `--ignore`.

use seaworthy_controls::{Control, SelectError, catalogue, select};

use crate::cli::SelectArgs;
use crate::error::CommandError;

/// The controls that are asked for, in the order of the catalogue.
pub(crate) fn controls(args: &SelectArgs) -> Result<Vec<&'static Control>, CommandError> {
    let wanted = words(&args.select)?;
    let unwanted = words(&args.ignore)?;
    let chosen: Vec<_> = catalogue::all()
        .filter(|control| args.select.is_empty() || wanted.contains(&control.id))
        .filter(|control| !unwanted.contains(&control.id))
        .collect();
    if chosen.is_empty() {
        return Err(CommandError::new("no control is left to evaluate")
            .hint("`--ignore` leaves out all that `--select` names"));
    }
    Ok(chosen)
}

fn words(words: &[String]) -> Result<Vec<&'static str>, CommandError> {
    let mut ids = Vec::new();
    for word in words {
        ids.extend(select(word.trim()).map_err(unknown)?.iter().map(|control| control.id));
    }
    Ok(ids)
}

/// The error for a word that selects nothing.
pub(crate) fn unknown(error: SelectError) -> CommandError {
    CommandError::new(error.to_string()).hint("`seaworthy controls` lists all controls")
}
