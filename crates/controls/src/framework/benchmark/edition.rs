//! Which edition of the CIS Kubernetes Benchmark a cluster is held against.

/// An edition of the benchmark, and what people must know of the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Its number: `1.12`.
    pub name: &'static str,
    /// The version of Kubernetes that it was chosen for, as `1.34`.
    pub kubernetes: String,
    /// Why it is not the one that its publisher wrote for this version; `None` where it is.
    pub note: Option<String>,
}

/// The oldest and the newest edition whose ids are known here.
const OLDEST: &str = "1.11";
const NEWEST: &str = "1.12";

impl Edition {
    /// The edition for a minor version of Kubernetes 1.
    pub(crate) fn of(minor: u32) -> Edition {
        let kubernetes = format!("1.{minor}");
        let (name, note) = match minor {
            ..=28 => {
                let own = match minor {
                    25 => Some("1.7"),
                    26 => Some("1.8"),
                    27 => Some("1.9"),
                    28 => Some("1.10"),
                    _ => None,
                };
                let written = match own {
                    Some(own) => {
                        format!("the benchmark for Kubernetes {kubernetes} is {own}, whose ids differ")
                    }
                    None => format!(
                        "the benchmark for Kubernetes {kubernetes} is older than those that are known"
                    ),
                };
                (OLDEST, Some(format!("{written}; the nearest that is known was used")))
            }
            29..=31 => (OLDEST, None),
            32..=34 => (NEWEST, None),
            35 => (
                NEWEST,
                Some(format!(
                    "the publisher has a later benchmark for Kubernetes {kubernetes}; the nearest that is known was used"
                )),
            ),
            36.. => (
                NEWEST,
                Some(format!(
                    "no benchmark covers Kubernetes {kubernetes} yet; the newest that is known was used"
                )),
            ),
        };
        Edition { name, kubernetes, note }
    }

    /// The name for people.
    pub fn title(&self) -> &'static str {
        match self.name {
            OLDEST => "CIS Kubernetes Benchmark 1.11",
            _ => "CIS Kubernetes Benchmark 1.12",
        }
    }

    /// Whether an id is one of this edition's.
    pub(super) fn has(&self, id: &str) -> bool {
        // The only id that 1.12 has dropped.
        id != "4.2.15" || self.name == OLDEST
    }
}

#[cfg(test)]
mod tests {
    use super::Edition;

    #[test]
    fn a_version_that_nobody_has_written_for_gets_the_nearest_edition_and_a_note() {
        for (minor, name, noted) in [
            (20, "1.11", true),
            (28, "1.11", true),
            (29, "1.11", false),
            (31, "1.11", false),
            (32, "1.12", false),
            (34, "1.12", false),
            (35, "1.12", true),
            (36, "1.12", true),
            (90, "1.12", true),
        ] {
            let edition = Edition::of(minor);
            assert_eq!((edition.name, edition.note.is_some()), (name, noted), "{minor}");
            assert!(edition.title().ends_with(name));
        }
    }
}
