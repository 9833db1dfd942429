//! The words by which exceptions name controls: ids, families, and patterns of ids. Severities, phases and the names
//! of other tools select controls too, but what they mean changes with the catalogue: nobody should accept a risk that
//! was not known when the exception was written, so they are not among them.

use seaworthy_policy::{Pattern, nearest};

use crate::catalogue;
use crate::control::Control;

/// Whether a word names a control.
pub(super) fn names(word: &Pattern, control: &Control) -> bool {
    word.as_str() == control.family() || word.matches(control.id)
}

/// The ids of the controls that a word names.
pub(super) fn controls(word: &str) -> Result<Vec<&'static str>, String> {
    let pattern = Pattern::new(word);
    let ids: Vec<_> =
        catalogue::all().filter(|control| names(&pattern, control)).map(|control| control.id).collect();
    if !ids.is_empty() {
        return Ok(ids);
    }
    let words = catalogue::all().flat_map(|control| [control.id, control.family()]);
    let shown: String = word.chars().take(60).collect();
    Err(match nearest(word, words).first() {
        Some(near) => format!("no control is called `{shown}`: did you mean `{near}`?"),
        None => format!(
            "no control is called `{shown}`: exceptions name ids, families or patterns of ids; `seaworthy controls` \
             lists them"
        ),
    })
}
