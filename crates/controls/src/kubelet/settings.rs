//! Settings of the kubelet, which are flags and fields of its configuration file at once.

use seaworthy_evidence::{Place, Setting, Setup, Stated};

use crate::component_flags::{Known, known, misfit, placeholder};
use crate::flags::is_placeholder;
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

/// A setting by its flag and its field.
pub(crate) struct Field {
    /// The flag, without hyphens; empty when there is none.
    pub(crate) flag: &'static str,
    /// The flag as people write it.
    pub(crate) option: &'static str,
    /// The field, key by key.
    pub(crate) path: &'static [&'static str],
    /// The field as people write it.
    pub(crate) name: &'static str,
}

// What more than one judgement asks for: a control, and an id of the benchmark.

pub(crate) const EVENT_QPS: Field =
    Field { flag: "event-qps", option: "--event-qps", path: &["eventRecordQPS"], name: "eventRecordQPS" };
pub(crate) const ROTATE_CERTIFICATES: Field = Field {
    flag: "rotate-certificates",
    option: "--rotate-certificates",
    path: &["rotateCertificates"],
    name: "rotateCertificates",
};
pub(crate) const SERVER_TLS_BOOTSTRAP: Field = Field {
    flag: "rotate-server-certificates",
    option: "--rotate-server-certificates",
    path: &["serverTLSBootstrap"],
    name: "serverTLSBootstrap",
};
pub(crate) const TLS_CERTIFICATE: Field =
    Field { flag: "tls-cert-file", option: "--tls-cert-file", path: &["tlsCertFile"], name: "tlsCertFile" };
pub(crate) const TLS_KEY: Field = Field {
    flag: "tls-private-key-file",
    option: "--tls-private-key-file",
    path: &["tlsPrivateKeyFile"],
    name: "tlsPrivateKeyFile",
};
pub(crate) const TLS_SUITES: Field = Field {
    flag: "tls-cipher-suites",
    option: "--tls-cipher-suites",
    path: &["tlsCipherSuites"],
    name: "tlsCipherSuites",
};
pub(crate) const TLS_VERSION: Field = Field {
    flag: "tls-min-version",
    option: "--tls-min-version",
    path: &["tlsMinVersion"],
    name: "tlsMinVersion",
};
pub(crate) const UTIL_CHAINS: Field = Field {
    flag: "make-iptables-util-chains",
    option: "--make-iptables-util-chains",
    path: &["makeIPTablesUtilChains"],
    name: "makeIPTablesUtilChains",
};

/// What a setting is.
pub(crate) enum Effective<'a> {
    /// It is stated.
    Stated(Stated<'a>),
    /// The installer states this value.
    Installed(&'static str),
    /// Nobody states it, and the default of the configuration file holds.
    FileDefault,
    /// Nobody states it, and there is no configuration file: the older default of the flag holds.
    FlagDefault,
    /// The files do not tell.
    Undecided(Verdict<'a>),
}

impl Field {
    /// What the files say of the setting.
    pub(crate) fn of<'a>(&self, scope: &ComponentScope<'_, 'a>) -> Effective<'a> {
        let component = scope.component;
        let shown = self.shown(scope);
        match known(scope, shown, component.setting(self.flag, self.path)) {
            Known::Stated(stated) => Effective::Stated(stated),
            Known::Installed(value) => Effective::Installed(value),
            Known::Undecided(verdict) => Effective::Undecided(verdict),
            Known::Absent if component.lacks_configuration() => Effective::Undecided(Verdict::unknown(
                "the configuration file that `--config` names is not among the files",
                "the KubeletConfiguration of the node",
            )),
            Known::Absent if component.configuration().is_empty() => match component.setup {
                Setup::Kubeadm => Effective::Undecided(Verdict::unknown(
                    "kubeadm writes the kubelet's configuration file, which is not among the files",
                    "the ConfigMap `kube-system/kubelet-config`, or `/var/lib/kubelet/config.yaml` of the node",
                )),
                _ => Effective::FlagDefault,
            },
            Known::Absent if component.has_drop_ins_alone() => Effective::FlagDefault,
            Known::Absent if is_part(scope) => Effective::Undecided(Verdict::unknown(
                format!("this file adds to another one, in which `{}` may stand", self.name),
                "the configuration file that the kubelet is started with",
            )),
            Known::Absent => Effective::FileDefault,
        }
    }

    /// The setting as the component's files would write it: the flag where there is no configuration.
    pub(crate) fn shown(&self, scope: &ComponentScope<'_, '_>) -> &'static str {
        let of_file = !scope.component.configuration().is_empty() || self.option.is_empty();
        if of_file { self.name } else { self.option }
    }

    /// Where it would stand.
    pub(crate) fn missing<'a>(&self, scope: &ComponentScope<'_, 'a>) -> Place<'a> {
        match scope.component.configuration().first() {
            Some(file) => Place::missing(*file, self.name),
            None => scope.missing(self.shown(scope)),
        }
    }

    /// As it stands in the file: `readOnlyPort: 10255`, `--read-only-port=10255`.
    pub(crate) fn written(&self, stated: &Stated<'_>) -> String {
        match stated.is_flag() {
            true => format!("`{}={}`", self.option, stated.text()),
            false => format!("`{}: {}`", self.name, stated.text()),
        }
    }

    /// Yes or no, with defaults for a configuration file and for flags alone.
    ///
    /// # Errors
    /// The verdict, when nobody can tell.
    pub(crate) fn as_bool<'a>(
        &self,
        scope: &ComponentScope<'_, 'a>,
        of_file: bool,
        of_flags: bool,
    ) -> Result<(bool, Option<Stated<'a>>), Verdict<'a>> {
        match self.of(scope) {
            Effective::Stated(stated) => match stated.as_bool() {
                Some(value) => Ok((value, Some(stated))),
                None => Err(misfit(self.name)),
            },
            Effective::Installed(value) => Ok((value == "true", None)),
            Effective::FileDefault => Ok((of_file, None)),
            Effective::FlagDefault => Ok((of_flags, None)),
            Effective::Undecided(verdict) => Err(verdict),
        }
    }
}

/// Whether the component's configuration is only a part of what the kubelet reads: a drop-in without the file that it
/// adds to, or a patch of kubeadm (`kubeletconfiguration+strategic.yaml`).
fn is_part(scope: &ComponentScope<'_, '_>) -> bool {
    let name =
        scope.around.evidence.files().get(scope.owner().file as usize).map_or("", |file| file.name.as_str());
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    folder.ends_with(".d") || file.starts_with("kubeletconfiguration")
}

/// Whether the kubelet serves its API at all: `enableServer: false` turns it off, as for a node that only runs static
/// pods.
pub(crate) fn serves(scope: &ComponentScope<'_, '_>) -> bool {
    let setting = scope.component.setting("enable-server", &["enableServer"]);
    !matches!(setting, Setting::Stated(stated) if stated.as_bool() == Some(false))
}

/// The gate of a feature, where it is stated.
///
/// # Errors
/// The verdict, when the gates are a placeholder.
pub(crate) fn gate<'a>(
    scope: &ComponentScope<'_, 'a>,
    name: &str,
) -> Result<Option<(bool, Place<'a>)>, Verdict<'a>> {
    for (item, at) in scope.component.flag_items("feature-gates") {
        if is_placeholder(item) {
            return Err(placeholder("--feature-gates"));
        }
        if let Some((gate, value)) = item.split_once('=')
            && gate == name
        {
            return Ok(Some((value == "true", Place::at(at))));
        }
    }
    let stated = scope.component.field(&["featureGates", name]);
    Ok(stated.and_then(|stated| Some((stated.as_bool()?, Place::at(stated.at)))))
}
