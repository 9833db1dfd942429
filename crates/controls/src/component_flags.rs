//! Flags of components as controls want them: a value that decides, or the reason why nobody can tell.

use seaworthy_evidence::{Place, Setting, Setup, Stated};

use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

/// What a flag is.
pub(crate) enum Known<'a> {
    /// It is stated with this value, which is no placeholder.
    Stated(Stated<'a>),
    /// The installer states this value.
    Installed(&'static str),
    /// It is not stated: the program's default holds.
    Absent,
    /// The files do not tell.
    Undecided(Verdict<'a>),
}

/// What the files say of a flag.
pub(crate) fn flag<'a>(scope: &ComponentScope<'_, 'a>, name: &str) -> Known<'a> {
    known(scope, name, scope.component.flag(name))
}

/// A setting as a control wants it; `name` is that of the flag or field, for people.
pub(crate) fn known<'a>(scope: &ComponentScope<'_, 'a>, name: &str, setting: Setting<'a>) -> Known<'a> {
    match setting {
        Setting::Stated(stated) if stated.is_placeholder() => Known::Undecided(placeholder(name)),
        Setting::Stated(stated) => Known::Stated(stated),
        Setting::Installed(value) => Known::Installed(value),
        Setting::Default => Known::Absent,
        Setting::Unknown => Known::Undecided(unknown_flag(scope, name)),
    }
}

/// Something fills in the value before the program sees it.
pub(crate) fn placeholder<'a>(name: &str) -> Verdict<'a> {
    Verdict::unknown(format!("the value of `{name}` is a placeholder"), "the file with its values filled in")
}

/// The value does not have the type that the program wants.
pub(crate) fn misfit<'a>(name: &str) -> Verdict<'a> {
    Verdict::unknown(
        format!("the value of `{name}` is of a type that the program refuses"),
        "the file with the value corrected",
    )
}

fn unknown_flag<'a>(scope: &ComponentScope<'_, 'a>, name: &str) -> Verdict<'a> {
    let program = scope.component.program.name();
    match scope.component.setup {
        Setup::K3s => Verdict::unknown(
            format!("k3s starts {program} with flags of its own, and `{name}` may be among them"),
            "the command line that k3s logs when it starts the component",
        ),
        Setup::Running => Verdict::unknown(
            format!("{program} did not tell its flags"),
            "the right to read `/flagz` of the component, which Kubernetes serves from v1.36 on by itself",
        ),
        _ => Verdict::unknown(
            format!("the flags of {program} are not among the files"),
            "the command line of the component",
        ),
    }
}

/// Faults, and what could not be decided, of a control that looks at several settings.
#[derive(Default)]
pub(crate) struct Findings<'a> {
    faults: Vec<Fault<'a>>,
    undecided: Option<Verdict<'a>>,
}

impl<'a> Findings<'a> {
    /// One more fault.
    pub(crate) fn fault(&mut self, fault: Fault<'a>) {
        self.faults.push(fault);
    }

    /// One more setting that nobody can tell.
    pub(crate) fn undecided(&mut self, verdict: Verdict<'a>) {
        self.undecided.get_or_insert(verdict);
    }

    /// The flag must be on.
    pub(crate) fn on(
        &mut self,
        scope: &ComponentScope<'_, 'a>,
        name: &str,
        place: &'static str,
        off: &'static str,
    ) {
        match flag(scope, name) {
            Known::Stated(stated) => match stated.as_bool() {
                Some(true) => {}
                Some(false) => {
                    self.fault(Fault::new(Place::at(stated.at), format!("`{place}=false`: {off}")));
                }
                None => self.undecided(misfit(place)),
            },
            Known::Installed("true") => {}
            Known::Installed(_) | Known::Absent => {
                self.fault(Fault::new(scope.missing(place), format!("`{place}` is not set: {off}")));
            }
            Known::Undecided(verdict) => self.undecided(verdict),
        }
    }

    /// The flag must not be on.
    pub(crate) fn off(
        &mut self,
        scope: &ComponentScope<'_, 'a>,
        name: &str,
        place: &'static str,
        on: &'static str,
    ) {
        match flag(scope, name) {
            Known::Stated(stated) => match stated.as_bool() {
                Some(false) => {}
                Some(true) => self.fault(Fault::new(Place::at(stated.at), format!("`{place}=true`: {on}"))),
                None => self.undecided(misfit(place)),
            },
            Known::Installed(_) | Known::Absent => {}
            // Nobody turns it on by himself.
            Known::Undecided(verdict) if matches!(scope.component.flag(name), Setting::Stated(_)) => {
                self.undecided(verdict);
            }
            Known::Undecided(_) => {}
        }
    }

    /// The flag must have a value.
    pub(crate) fn set(
        &mut self,
        scope: &ComponentScope<'_, 'a>,
        name: &str,
        place: &'static str,
        without: &'static str,
    ) {
        match flag(scope, name) {
            Known::Stated(stated) if stated.text().is_empty() => {
                self.fault(Fault::new(Place::at(stated.at), format!("`{place}` is empty: {without}")));
            }
            Known::Stated(_) | Known::Installed(_) => {}
            Known::Absent => {
                self.fault(Fault::new(scope.missing(place), format!("`{place}` is not set: {without}")));
            }
            Known::Undecided(verdict) => self.undecided(verdict),
        }
    }

    /// The verdict: what is surely wrong outweighs what is open.
    pub(crate) fn verdict(self) -> Verdict<'a> {
        match (self.faults.is_empty(), self.undecided) {
            (false, _) => Verdict::Fail(self.faults),
            (true, Some(undecided)) => undecided,
            (true, None) => Verdict::Pass,
        }
    }
}
