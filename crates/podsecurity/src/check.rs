//! The checks by name, and sets of them.

use std::fmt;

use crate::checks::DEFINITIONS;
use crate::level::Level;
use crate::version::Version;

/// One of the checks that make up the levels. Declared in the order in which upstream reports them: baseline
/// before restricted, each by the bytes of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Check {
    /// The AppArmor profile of the host is not replaced or disabled.
    AppArmorProfile,
    /// No capability is added beyond those that runtimes give by default.
    CapabilitiesBaseline,
    /// The network, process and IPC namespaces of the node are not shared.
    HostNamespaces,
    /// No directory of the node is mounted.
    HostPathVolumes,
    /// No port of the node is taken.
    HostPorts,
    /// Probes and lifecycle handlers name no host.
    HostProbesAndHostLifecycle,
    /// No container is privileged.
    Privileged,
    /// The paths that runtimes hide in `/proc` stay hidden.
    ProcMount,
    /// SELinux types are those of confined containers, without user or role.
    SeLinuxOptions,
    /// Seccomp filtering is not switched off.
    SeccompProfileBaseline,
    /// Only safe kernel parameters are set.
    Sysctls,
    /// No container for Windows is a HostProcess one.
    WindowsHostProcess,
    /// Programs cannot gain more privileges than their parent has.
    AllowPrivilegeEscalation,
    /// All capabilities are dropped; at most the one to bind low ports is added back.
    CapabilitiesRestricted,
    /// As [`ProcMount`](Check::ProcMount), in user namespaces as well.
    ProcMountRestricted,
    /// Volumes belong to the pod or come from the API.
    RestrictedVolumes,
    /// Containers declare that they do not run as root.
    RunAsNonRoot,
    /// Nothing is told to run as user 0.
    RunAsUser,
    /// A seccomp profile is set.
    SeccompProfileRestricted,
}

impl Check {
    /// Every check, in the order of upstream's results.
    pub const ALL: [Check; 19] = [
        Check::AppArmorProfile,
        Check::CapabilitiesBaseline,
        Check::HostNamespaces,
        Check::HostPathVolumes,
        Check::HostPorts,
        Check::HostProbesAndHostLifecycle,
        Check::Privileged,
        Check::ProcMount,
        Check::SeLinuxOptions,
        Check::SeccompProfileBaseline,
        Check::Sysctls,
        Check::WindowsHostProcess,
        Check::AllowPrivilegeEscalation,
        Check::CapabilitiesRestricted,
        Check::ProcMountRestricted,
        Check::RestrictedVolumes,
        Check::RunAsNonRoot,
        Check::RunAsUser,
        Check::SeccompProfileRestricted,
    ];

    /// Upstream's id of the check, as `seccompProfile_baseline`.
    pub fn id(self) -> &'static str {
        DEFINITIONS[self as usize].id
    }

    /// The level that introduces the check.
    pub fn level(self) -> Level {
        DEFINITIONS[self as usize].level
    }

    /// The baseline check that this restricted one replaces at the restricted level.
    pub fn overrides(self) -> Option<Check> {
        DEFINITIONS[self as usize].overrides
    }

    /// The first version that knows the check.
    pub fn since(self) -> Version {
        Version::new(DEFINITIONS[self as usize].since)
    }

    /// Whether [`evaluate`](crate::evaluate()) asks this check at a level and version.
    pub fn is_evaluated(self, level: Level, version: Version) -> bool {
        Failed::evaluated(level, version).contains(self)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// A set of failed checks, four bytes large.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Failed(u32);

impl Failed {
    /// No check.
    pub const NONE: Failed = Failed(0);

    /// Whether nothing failed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Number of failed checks.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether a check failed.
    pub const fn contains(self, check: Check) -> bool {
        self.0 & (1 << check as u32) != 0
    }

    /// The failed checks in the order of upstream's results.
    pub fn iter(self) -> FailedIter {
        FailedIter(self.0)
    }

    pub(crate) fn insert(&mut self, check: Check) {
        self.0 |= 1 << check as u32;
    }

    pub(crate) const fn intersection(self, other: Failed) -> Failed {
        Failed(self.0 & other.0)
    }

    pub(crate) const fn difference(self, other: Failed) -> Failed {
        Failed(self.0 & !other.0)
    }

    /// The checks that a version knows.
    pub(crate) fn known(version: Version) -> Failed {
        Failed(TABLES[version.minor() as usize].known)
    }

    /// The checks that a level asks at a version: restricted ones replace the baseline ones that they override.
    pub(crate) fn evaluated(level: Level, version: Version) -> Failed {
        let table = &TABLES[version.minor() as usize];
        Failed(match level {
            Level::Privileged => 0,
            Level::Baseline => table.baseline,
            Level::Restricted => table.restricted,
        })
    }
}

impl IntoIterator for Failed {
    type Item = Check;
    type IntoIter = FailedIter;

    fn into_iter(self) -> FailedIter {
        self.iter()
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The checks of a [`Failed`]; see [`Failed::iter`].
#[derive(Clone, Debug)]
pub struct FailedIter(u32);

impl Iterator for FailedIter {
    type Item = Check;

    fn next(&mut self) -> Option<Check> {
        if self.0 == 0 {
            return None;
        }
        let check = Check::ALL[self.0.trailing_zeros() as usize];
        self.0 &= self.0 - 1;
        Some(check)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.count_ones() as usize;
        (len, Some(len))
    }
}

impl ExactSizeIterator for FailedIter {}

/// Which checks one version knows, and which of them each level asks; bits as in [`Failed`].
#[derive(Clone, Copy)]
struct Table {
    known: u32,
    baseline: u32,
    restricted: u32,
}

static TABLES: [Table; Version::NEWEST as usize + 1] = tables();

const fn tables() -> [Table; Version::NEWEST as usize + 1] {
    let mut tables = [Table { known: 0, baseline: 0, restricted: 0 }; Version::NEWEST as usize + 1];
    let mut minor = 0;
    while minor < tables.len() {
        let table = &mut tables[minor];
        let mut overridden = 0;
        let mut index = 0;
        while index < DEFINITIONS.len() {
            let definition = &DEFINITIONS[index];
            if definition.since as usize <= minor {
                table.known |= 1 << index;
                if matches!(definition.level, Level::Baseline) {
                    table.baseline |= 1 << index;
                }
                if let Some(check) = definition.overrides {
                    overridden |= 1 << check as u32;
                }
            }
            index += 1;
        }
        table.restricted = table.known & !overridden;
        minor += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_upstream_results() {
        let order = |level| {
            let ids: Vec<_> =
                Check::ALL.iter().filter(|check| check.level() == level).map(|check| check.id()).collect();
            assert!(ids.is_sorted(), "{ids:?}");
            ids.len()
        };
        assert_eq!((order(Level::Baseline), order(Level::Restricted)), (12, 7));
        assert!(Check::ALL.iter().map(|check| check.level()).is_sorted());
        for (index, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, index);
        }
    }

    #[test]
    fn overrides_take_effect_with_the_version_of_the_overriding_check() {
        let asked = |check: Check, minor| check.is_evaluated(Level::Restricted, Version::new(minor));
        assert!(asked(Check::SeccompProfileBaseline, 18) && !asked(Check::SeccompProfileBaseline, 19));
        assert!(asked(Check::CapabilitiesBaseline, 21) && !asked(Check::CapabilitiesBaseline, 22));
        assert!(asked(Check::ProcMount, 34) && !asked(Check::ProcMount, 35));
        assert!(!asked(Check::HostPathVolumes, 0));
        assert!(Check::HostPathVolumes.is_evaluated(Level::Baseline, Version::LATEST));
        assert!(Check::ALL.iter().all(|check| !check.is_evaluated(Level::Privileged, Version::LATEST)));
    }
}
