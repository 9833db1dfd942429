//! `--select` and `--ignore`.

use seaworthy_controls::{Control, SelectError, catalogue, select};

use crate::cli::SelectArgs;
use crate::error::CommandError;

/// The controls that are asked for on the command line, in the order of the catalogue.
pub(crate) fn controls(args: &SelectArgs) -> Result<Vec<&'static Control>, CommandError> {
    let words = |words: &[String]| words.iter().map(|word| select(word.trim()).map_err(unknown)).collect();
    let wanted: Result<Vec<_>, CommandError> = words(&args.select);
    let unwanted: Result<Vec<_>, CommandError> = words(&args.ignore);
    let wanted = (!args.select.is_empty()).then_some(wanted?.concat());
    chosen(wanted, &unwanted?.concat())
}

/// The controls that are wanted (all, when nobody says which) and not unwanted, in the order of the catalogue.
pub(crate) fn chosen(
    wanted: Option<Vec<&'static Control>>,
    unwanted: &[&'static Control],
) -> Result<Vec<&'static Control>, CommandError> {
    let is_in = |list: &[&'static Control], id: &str| list.iter().any(|control| control.id == id);
    let chosen: Vec<_> = catalogue::all()
        .filter(|control| wanted.as_ref().is_none_or(|wanted| is_in(wanted, control.id)))
        .filter(|control| !is_in(unwanted, control.id))
        .collect();
    if chosen.is_empty() {
        return Err(CommandError::new("no control is left to evaluate")
            .hint("what is to be ignored leaves out all that is selected"));
    }
    Ok(chosen)
}

/// The error for a word that selects nothing.
pub(crate) fn unknown(error: SelectError) -> CommandError {
    CommandError::new(error.to_string()).hint("`seaworthy controls` lists all controls")
}
