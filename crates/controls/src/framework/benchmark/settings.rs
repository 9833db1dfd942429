//! Settings of programs, held against what a recommendation wants.

use seaworthy_evidence::{Place, Program};

use super::recommendation::Want;
use crate::admission::plugins::Plugins;
use crate::flags::{Flags, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

/// The verdict about one program.
pub(super) fn judge<'a>(scope: &ComponentScope<'_, 'a>, want: &Want) -> Verdict<'a> {
    let component = scope.component;
    if component.program == Program::Etcd
        && component.flags().iter().any(|flag| flag.is("config-file") && !flag.value.is_empty())
    {
        return Verdict::unknown(
            "`--config-file` holds the settings of etcd, and no flag counts beside it",
            "the configuration file of etcd",
        );
    }
    let mut flags = Flags::of(scope);
    match want {
        Want::Check(check) => return check(scope),
        Want::Set(names) => {
            for name in *names {
                if let Reading::Absent(place) = flags.text(name) {
                    flags.fault(Fault::new(place, format!("`{name}` is not set")));
                }
            }
        }
        Want::Unset(name) => {
            if let Some(given) = flags.text(name).given() {
                let fault = Fault::new(given.place, format!("`{name}` is set"));
                flags.fault(fault);
            }
        }
        Want::On(name, default) => switch(&mut flags, name, *default, true),
        Want::Off(name, default) => switch(&mut flags, name, *default, false),
        Want::AtLeast(name, least) => {
            // A log that goes to the standard output is kept by whoever reads that.
            if flags.text("--audit-log-path").given().is_some_and(|given| given.text == "-") {
                return Verdict::NotApplicable;
            }
            let mut flags = Flags::of(scope);
            let default = if flags.minor_version() >= 36 { of_recent(name) } else { 0 };
            if let Some((number, place)) = flags.number(name, default)
                && number < *least
            {
                let message = match place.missing {
                    Some(_) => format!("`{name}` is not set, at least {least} is wanted"),
                    None => format!("`{name}={number}`, at least {least} is wanted"),
                };
                flags.fault(Fault::new(place, message));
            }
            return flags.verdict();
        }
        Want::Plugin(plugin) | Want::KeptPlugin(plugin) => {
            if let Some(plugins) = Plugins::of(scope, &mut flags)
                && !plugins.is_on(plugin)
            {
                let place = plugins.disabled(plugin).unwrap_or(plugins.place());
                flags.fault(Fault::new(place, format!("`{plugin}` is not on")));
            }
        }
        Want::NoPlugin(plugin) => {
            if let Some(plugins) = Plugins::of(scope, &mut flags)
                && let Some(place) = plugins.enabled(plugin)
            {
                flags.fault(Fault::new(place, format!("`{plugin}` is on")));
            }
        }
    }
    flags.verdict()
}

/// What the API server does with its log since v1.36 unless told otherwise (`NewAuditOptions` of `k8s.io/apiserver`,
/// `pkg/server/options/audit.go`); before that nothing was limited and nothing rotated.
fn of_recent(flag: &str) -> i64 {
    match flag {
        "--audit-log-maxage" => 366,
        "--audit-log-maxbackup" | "--audit-log-maxsize" => 100,
        _ => 0,
    }
}

fn switch(flags: &mut Flags<'_, '_, '_>, name: &'static str, default: bool, wanted: bool) {
    if let Some((on, place)) = flags.switch(name, default)
        && on != wanted
    {
        let message = match (place.missing, on) {
            (Some(_), true) => format!("`{name}` is not set, and on by default"),
            (Some(_), false) => format!("`{name}` is not set, and off by default"),
            (None, on) => format!("`{name}={on}`"),
        };
        flags.fault(Fault::new(Place { ..place }, message));
    }
}

/// The flags that a recommendation is about, as people write them.
pub(super) fn flags_of(want: &Want) -> Vec<&'static str> {
    match want {
        Want::Set(names) => names.to_vec(),
        Want::Unset(name) | Want::On(name, _) | Want::Off(name, _) | Want::AtLeast(name, _) => vec![name],
        Want::Plugin(_) | Want::KeptPlugin(_) | Want::NoPlugin(_) => {
            vec!["--enable-admission-plugins", "--disable-admission-plugins"]
        }
        Want::Check(_) => Vec::new(),
    }
}
