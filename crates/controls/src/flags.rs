//! Flags of components as controls judge them: what is given, what the default is, what the files leave open.

use std::borrow::Cow;

use seaworthy_evidence::{Found, Object, Place, Setting, Setup};

use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

/// What would decide a setting that the files leave open.
const NEEDS_COMMAND_LINE: &str = "the command line of the running component";

/// A value that a flag has.
#[derive(Clone, Debug)]
pub(crate) struct Given<'a> {
    /// Its text, not empty.
    pub(crate) text: &'a str,
    /// Where it stands, or where it could be stated when the installer states it.
    pub(crate) place: Place<'a>,
}

/// What is known of a flag that takes a text.
#[derive(Clone, Debug)]
pub(crate) enum Reading<'a> {
    /// It has a value.
    Given(Given<'a>),
    /// It is not set, or empty; here it could be.
    Absent(Place<'a>),
    /// The files do not tell; the reason has been noted.
    Open,
}

impl<'a> Reading<'a> {
    /// The value, when there is one.
    pub(crate) fn given(&self) -> Option<&Given<'a>> {
        match self {
            Reading::Given(given) => Some(given),
            Reading::Absent(_) | Reading::Open => None,
        }
    }
}

/// The structured configuration that a flag names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Configuration<'e, 'a> {
    /// The flag names none.
    None,
    /// It is among the files.
    Found(&'e Object<'a>),
    /// Nobody knows, or it is not among the files; the reason has been noted.
    Open,
}

/// Judges the flags of one component: collects faults, and the first reason why something is left open.
///
/// Names of flags are given as people write them: `--audit-log-path`.
pub(crate) struct Flags<'s, 'e, 'a> {
    scope: &'s ComponentScope<'e, 'a>,
    faults: Vec<Fault<'a>>,
    open: Option<(Cow<'static, str>, &'static str)>,
}

impl<'s, 'e, 'a> Flags<'s, 'e, 'a> {
    pub(crate) fn of(scope: &'s ComponentScope<'e, 'a>) -> Self {
        Flags { scope, faults: Vec::new(), open: None }
    }

    /// The failure when there are faults, else unknown when something is left open, else a pass.
    pub(crate) fn verdict(self) -> Verdict<'a> {
        match self.open {
            _ if !self.faults.is_empty() => Verdict::Fail(self.faults),
            Some((reason, needs)) => Verdict::unknown(reason, needs),
            None => Verdict::Pass,
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault<'a>) {
        self.faults.push(fault);
    }

    /// Notes why something is left open, and what would decide it; the first reason counts.
    pub(crate) fn leave_open(&mut self, reason: impl Into<Cow<'static, str>>, needs: &'static str) {
        self.open.get_or_insert((reason.into(), needs));
    }

    /// Where a flag could be stated.
    pub(crate) fn missing(&self, flag: &'static str) -> Place<'a> {
        self.scope.missing(flag)
    }

    fn setting(&self, flag: &str) -> Setting<'a> {
        self.scope.component.flag(flag.trim_start_matches('-'))
    }

    /// The value of a flag; an empty one is none.
    pub(crate) fn text(&mut self, flag: &'static str) -> Reading<'a> {
        match self.setting(flag) {
            Setting::Stated(stated) if stated.is_placeholder() => {
                self.leave_open(format!("`{flag}` has a placeholder for its value"), NEEDS_COMMAND_LINE);
                Reading::Open
            }
            Setting::Stated(stated) if stated.text().is_empty() => Reading::Absent(Place::at(stated.at)),
            Setting::Stated(stated) => {
                Reading::Given(Given { text: stated.text(), place: Place::at(stated.at) })
            }
            Setting::Installed(text) => Reading::Given(Given { text, place: self.missing(flag) }),
            Setting::Default => Reading::Absent(self.missing(flag)),
            Setting::Unknown => {
                self.leave_open(format!("the files do not tell whether `{flag}` is set"), NEEDS_COMMAND_LINE);
                Reading::Open
            }
        }
    }

    /// All items of a flag that takes a list, which may be stated more than once; `None` when it is not set or the
    /// files do not tell.
    pub(crate) fn items(&mut self, flag: &'static str) -> Option<Vec<Given<'a>>> {
        let given = match self.text(flag) {
            Reading::Given(given) => given,
            Reading::Absent(_) | Reading::Open => return None,
        };
        let name = flag.trim_start_matches('-');
        let stated = self.scope.component.flag_items(name);
        let stated: Vec<_> = stated.map(|(text, at)| Given { text, place: Place::at(at) }).collect();
        if !stated.is_empty() {
            return Some(stated);
        }
        let parts = given.text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Some(parts.map(|text| Given { text, place: given.place }).collect())
    }

    /// Whether a switch is on, and where it is or could be stated; `None` when the files do not tell.
    pub(crate) fn switch(&mut self, flag: &'static str, default: bool) -> Option<(bool, Place<'a>)> {
        match self.setting(flag) {
            Setting::Stated(stated) if stated.is_placeholder() => {
                self.leave_open(format!("`{flag}` has a placeholder for its value"), NEEDS_COMMAND_LINE);
                None
            }
            Setting::Stated(stated) => {
                let on = stated.as_bool();
                if on.is_none() {
                    self.leave_open(
                        format!("`{flag}` is neither true nor false, so that the program does not start"),
                        "`true` or `false` for the flag",
                    );
                }
                Some((on?, Place::at(stated.at)))
            }
            Setting::Installed(text) => Some((text == "true", self.missing(flag))),
            Setting::Default => Some((default, self.missing(flag))),
            Setting::Unknown => {
                self.leave_open(format!("the files do not tell how `{flag}` is set"), NEEDS_COMMAND_LINE);
                None
            }
        }
    }

    /// A whole number; `default` when it is not stated, `None` when the files do not tell.
    pub(crate) fn number(&mut self, flag: &'static str, default: i64) -> Option<(i64, Place<'a>)> {
        match self.text(flag) {
            Reading::Given(given) => {
                let number = given.text.parse().ok();
                if number.is_none() {
                    self.leave_open(
                        format!("`{flag}` is no number, so that the program does not start"),
                        "a whole number for the flag",
                    );
                }
                Some((number?, given.place))
            }
            Reading::Absent(place) => Some((default, place)),
            Reading::Open => None,
        }
    }

    /// A duration in seconds, with its place; `None` when it is not stated or the files do not tell.
    pub(crate) fn duration(&mut self, flag: &'static str) -> Option<(f64, Given<'a>)> {
        let given = self.text(flag).given()?.clone();
        let seconds = seconds(given.text);
        if seconds.is_none() {
            self.leave_open(
                format!("`{flag}` is no duration, so that the program does not start"),
                "a duration for the flag, `60s` for example",
            );
        }
        Some((seconds?, given))
    }

    /// A flag that must be set; `why` says what happens without it.
    pub(crate) fn require(&mut self, flag: &'static str, why: &str) {
        if let Reading::Absent(place) = self.text(flag) {
            self.fault(Fault::new(place, format!("`{flag}` is not set: {why}")));
        }
    }

    /// The configuration of a kind that a flag names by the path of its file.
    pub(crate) fn configuration(&mut self, flag: &'static str, kind: &str) -> Configuration<'e, 'a> {
        let given = match self.text(flag) {
            Reading::Given(given) => given,
            Reading::Absent(_) => return Configuration::None,
            Reading::Open => return Configuration::Open,
        };
        match self.scope.file_of(kind, given.text) {
            Found::One(object) => Configuration::Found(object),
            Found::None => {
                match self.scope.component.setup {
                    Setup::Running => self.leave_open(
                        format!(
                            "the file that `{flag}` names was not read: the flag tells what was meant alone"
                        ),
                        "a reading of the node on which the component runs",
                    ),
                    _ => self.leave_open(
                        format!("the file that `{flag}` names is not among the files"),
                        "the file that the flag names, scanned together with this one",
                    ),
                }
                Configuration::Open
            }
            Found::Several => {
                self.leave_open(
                    format!("several files could be the one that `{flag}` names"),
                    "the files of one control plane, scanned by themselves",
                );
                Configuration::Open
            }
        }
    }

    /// The minor version of the component, else that of the cluster that the scan is for.
    pub(crate) fn minor_version(&self) -> u32 {
        let own = self.scope.component.minor_version().map(|(minor, _)| minor);
        own.unwrap_or_else(|| self.scope.around.settings.version.minor())
    }
}

/// Whether something fills in a text before a program reads it: `$(POD_IP)`, `${VAR}`, `{{ … }}`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.contains("$(") || text.contains("${") || text.contains("{{")
}

/// A duration as Go writes it, `1h30m` or `500ms`, in seconds. `None` when it is none.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    if text == "0" {
        return Some(0.0);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let letters = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(letters)?;
        let unit = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        rest = behind;
    }
    Some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("1m0s"), Some(60.0));
        assert_eq!(seconds("1.5s"), Some(1.5));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!(seconds("-1s"), Some(-1.0));
        assert_eq!(seconds("0"), Some(0.0));
        for none in ["", "60", "1d", "s", "1", "-", ".s", "1s2"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
