//! Selection of controls by id, family, phase, severity, framework, or the name that another tool gives them.

use seaworthy_policy::nearest;
use thiserror::Error;

use crate::catalogue;
use crate::control::{Control, Phase, Severity};

/// Nothing in the catalogue answers to a word.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no control, family, phase, severity, framework or peer id matches `{word}`{}", hint(.suggestions))]
pub struct SelectError {
    /// The word.
    pub word: String,
    /// The nearest words that would match, the nearest first.
    pub suggestions: Vec<String>,
}

fn hint(suggestions: &[String]) -> String {
    match suggestions {
        [] => String::new(),
        all => {
            let quoted: Vec<String> = all.iter().map(|word| format!("`{word}`")).collect();
            format!(": did you mean {}?", quoted.join(" or "))
        }
    }
}

/// The controls that a word selects, in the order of the catalogue.
///
/// A word is, ignoring case: an id (`pods/privileged`), an id with a trailing `*`, a family (`pods` or `pods/*`), a
/// phase, a severity, a framework (`cis`, `nsa`, `attack`, `pss`, `pss:baseline`), an id in a framework or another
/// tool (`CKV_K8S_16`, `C-0057`, `KSV-0017`, `privileged-container`), or such an id with the tool before it
/// (`kubescape:C-0057`); `all` selects everything.
///
/// # Errors
/// When nothing matches, with the nearest words that would.
pub fn select(word: &str) -> Result<Vec<&'static Control>, SelectError> {
    let found: Vec<_> = catalogue::all().filter(|control| matches(control, word)).collect();
    if found.is_empty() {
        return Err(SelectError { word: word.to_owned(), suggestions: suggestions(word) });
    }
    Ok(found)
}

fn matches(control: &Control, word: &str) -> bool {
    let same = |other: &str| other.eq_ignore_ascii_case(word);
    if same("all") || same(control.id) || same(control.family()) {
        return true;
    }
    if let Some(prefix) = word.strip_suffix('*') {
        return control.id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    }
    if same(control.phase.name()) || same(control.severity.name()) {
        return true;
    }
    let (tool, id) = match word.split_once(':') {
        Some((tool, id)) => (Some(tool), id),
        None => (None, word),
    };
    if let Some(level) = control.pod_security_level() {
        let demanded = match (tool, id) {
            (None, id) => id.eq_ignore_ascii_case("pss"),
            (Some(tool), id) => {
                tool.eq_ignore_ascii_case("pss")
                    && id.parse::<seaworthy_podsecurity::Level>().is_ok_and(|wanted| level <= wanted)
            }
        };
        if demanded {
            return true;
        }
    }
    control.mappings.all().into_iter().any(|(name, ids)| match tool {
        Some(tool) => {
            name.eq_ignore_ascii_case(tool) && ids.iter().any(|other| other.eq_ignore_ascii_case(id))
        }
        None => {
            (name.eq_ignore_ascii_case(id) && !ids.is_empty())
                || ids.iter().any(|other| other.eq_ignore_ascii_case(id))
        }
    })
}

/// The nearest words to a misspelt one, at most three.
pub fn suggestions(word: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for control in catalogue::all() {
        words.push(control.id.to_owned());
        words.push(control.family().to_owned());
        words.extend(control.mappings.all().iter().flat_map(|(_, ids)| ids.iter().map(ToString::to_string)));
    }
    words.extend(Phase::ALL.iter().map(ToString::to_string));
    words.extend(Severity::ALL.iter().map(ToString::to_string));
    words.sort();
    words.dedup();
    nearest(word, words.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(word: &str) -> Vec<&'static str> {
        select(word).expect(word).iter().map(|control| control.id).collect()
    }

    #[test]
    fn a_control_answers_to_its_id_and_to_the_names_of_others() {
        for word in [
            "pods/privileged",
            "PODS/Privileged",
            "kubescape:C-0057",
            "CKV_K8S_16",
            "KSV-0017",
            "privileged-container",
        ] {
            assert!(ids(word).contains(&"pods/privileged"), "{word}");
        }
    }

    #[test]
    fn families_phases_severities_and_frameworks_select_many() {
        assert!(ids("pods").len() > 20);
        assert_eq!(ids("pods"), ids("pods/*"));
        assert!(ids("critical").contains(&"pods/privileged"));
        assert!(ids("quick-win").contains(&"pods/resource-limits"));
        assert_eq!(ids("pss").len(), 19);
        assert_eq!(ids("pss:baseline").len(), 12);
        assert!(ids("nsa").len() > 20);
    }

    #[test]
    fn a_misspelt_word_is_answered_with_the_nearest_ones() {
        assert_eq!(select("pods/privilged").unwrap_err().suggestions, ["pods/privileged"]);
        // The control, and the topic of the NSA guide.
        assert_eq!(select("privilged").unwrap_err().suggestions, ["pods/privileged", "privileged"]);
        assert_eq!(
            select("quickwin").unwrap_err().to_string(),
            "no control, family, phase, severity, framework or peer id matches `quickwin`: did you mean `quick-win`?"
        );
    }
}
