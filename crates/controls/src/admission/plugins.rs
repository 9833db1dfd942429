//! Admission plugins of an API server: which are on.

use seaworthy_evidence::{Place, Setting};

use crate::flags::{Flags, Given, Reading};
use crate::scope::ComponentScope;

/// Plugins that are on unless they are disabled, as far as controls ask for them
/// (`k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go` of v1.36).
const DEFAULT_ON: &[&str] = &[
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "NamespaceLifecycle",
    "PodSecurity",
    "ServiceAccount",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
];

/// The plugins that the flags switch on and off.
pub(crate) struct Plugins<'a> {
    enabled: Vec<Given<'a>>,
    disabled: Vec<Given<'a>>,
    /// The deprecated flag lists all that are on.
    exclusive: bool,
    place: Place<'a>,
}

impl<'a> Plugins<'a> {
    /// The plugins of an API server; `None` when the files do not tell, whose reason has been noted then.
    pub(crate) fn of(scope: &ComponentScope<'_, 'a>, flags: &mut Flags<'_, '_, 'a>) -> Option<Plugins<'a>> {
        if let Setting::Stated(_) = scope.component.flag("admission-control") {
            let (enabled, place) = list(flags, "--admission-control")?;
            return Some(Plugins { enabled, disabled: Vec::new(), exclusive: true, place });
        }
        let (enabled, place) = list(flags, "--enable-admission-plugins")?;
        let (disabled, _) = list(flags, "--disable-admission-plugins")?;
        Some(Plugins { enabled, disabled, exclusive: false, place })
    }

    /// Whether a plugin is on. The server refuses to start when one is both enabled and disabled.
    pub(crate) fn is_on(&self, plugin: &str) -> bool {
        self.enabled(plugin).is_some()
            || !self.exclusive && DEFAULT_ON.contains(&plugin) && self.disabled(plugin).is_none()
    }

    /// Where a plugin is enabled by name.
    pub(crate) fn enabled(&self, plugin: &str) -> Option<Place<'a>> {
        self.enabled.iter().find(|given| given.text == plugin).map(|given| given.place)
    }

    /// Where a plugin is disabled by name.
    pub(crate) fn disabled(&self, plugin: &str) -> Option<Place<'a>> {
        self.disabled.iter().find(|given| given.text == plugin).map(|given| given.place)
    }

    /// Whether the deprecated flag lists all that are on.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.exclusive
    }

    /// Where plugins are, or could be, enabled.
    pub(crate) fn place(&self) -> Place<'a> {
        self.place
    }
}

fn list<'a>(flags: &mut Flags<'_, '_, 'a>, flag: &'static str) -> Option<(Vec<Given<'a>>, Place<'a>)> {
    match flags.text(flag) {
        Reading::Given(given) => Some((flags.items(flag).unwrap_or_default(), given.place)),
        Reading::Absent(place) => Some((Vec::new(), place)),
        Reading::Open => None,
    }
}
