//! `kind: Configuration`.

use seaworthy_document::Value;

use crate::exception::{self, Exception, Origins};
use crate::strict::{Fields, Problems, Spanned};

/// What a team wants of every run, so that nobody has to type it. Words are as on the command line, checked by
/// those who know their meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// `metadata.name`.
    pub name: Option<String>,
    /// `select`: only these controls.
    pub select: Option<Vec<Spanned<String>>>,
    /// `ignore`: not these controls.
    pub ignore: Option<Vec<Spanned<String>>>,
    /// `parameters`: names and values; lists are joined by commas.
    pub parameters: Vec<(Spanned<String>, Spanned<String>)>,
    /// `severities`: controls and the severity that all their findings get.
    pub severities: Vec<(Spanned<String>, Spanned<String>)>,
    /// `failOn`: severity, phase or `never`.
    pub fail_on: Option<Spanned<String>>,
    /// `requireComplete`.
    pub require_complete: Option<bool>,
    /// `kubernetesVersion`.
    pub kubernetes_version: Option<Spanned<String>>,
    /// `exclude`: patterns of files and folders that are not read.
    pub exclude: Option<Vec<Spanned<String>>>,
    /// `format`: what is printed.
    pub format: Option<Spanned<String>>,
    /// `baseline`: a former report, by its path from the folder of the configuration.
    pub baseline: Option<Spanned<String>>,
    /// `prove`: where that is which a cluster does not tell, and how far probes may go.
    pub prove: Option<Prove>,
}

/// `prove` of a configuration. Words are as on the command line; files are named from the folder of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prove {
    /// `consent`: levels.
    pub consent: Option<Vec<Spanned<String>>>,
    /// `budget`: most requests.
    pub budget: Option<Spanned<u64>>,
    /// `etcd`: client ports.
    pub etcd: Option<Vec<Spanned<String>>>,
    /// `etcdPeers`: peer ports.
    pub etcd_peers: Option<Vec<Spanned<String>>>,
    /// `etcdCert`.
    pub etcd_cert: Option<Spanned<String>>,
    /// `etcdKey`.
    pub etcd_key: Option<Spanned<String>>,
    /// `etcdCa`.
    pub etcd_ca: Option<Spanned<String>>,
    /// `ordinaryCert`.
    pub ordinary_cert: Option<Spanned<String>>,
    /// `ordinaryKey`.
    pub ordinary_key: Option<Spanned<String>>,
    /// `nodes`: addresses.
    pub nodes: Option<Vec<Spanned<String>>>,
    /// `scheduler`.
    pub scheduler: Option<Vec<Spanned<String>>>,
    /// `controllerManager`.
    pub controller_manager: Option<Vec<Spanned<String>>>,
    /// `auditLog`.
    pub audit_log: Option<Spanned<String>>,
    /// `etcdBackups`.
    pub etcd_backups: Option<Spanned<String>>,
    /// `etcdPrograms`.
    pub etcd_programs: Option<Spanned<String>>,
}

const PROVE: &[&str] = &[
    "consent",
    "budget",
    "etcd",
    "etcdPeers",
    "etcdCert",
    "etcdKey",
    "etcdCa",
    "ordinaryCert",
    "ordinaryKey",
    "nodes",
    "scheduler",
    "controllerManager",
    "auditLog",
    "etcdBackups",
    "etcdPrograms",
];

const FIELDS: &[&str] = &[
    "select",
    "ignore",
    "parameters",
    "severities",
    "failOn",
    "requireComplete",
    "kubernetesVersion",
    "exclude",
    "format",
    "baseline",
    "exceptions",
    "prove",
];

/// Reads the spec of a configuration, and the exceptions that stand in it.
pub(crate) fn read(
    name: Option<String>,
    spec: Option<Value<'_>>,
    origins: &Origins<'_>,
    exceptions: &mut Vec<Exception>,
    problems: &mut Problems,
) -> Configuration {
    // A configuration without a spec configures nothing.
    let Some(mut fields) = spec.and_then(|spec| Fields::open(spec, "`spec`", FIELDS, problems)) else {
        return Configuration { name, ..Configuration::default() };
    };
    let prove = fields.get("prove").filter(|prove| !prove.is_null());
    let prove = prove.and_then(|prove| read_prove(prove, fields.problems()));
    let configuration = Configuration {
        name,
        select: fields.texts("select"),
        ignore: fields.texts("ignore"),
        parameters: fields.assignments("parameters", true),
        severities: fields.assignments("severities", false),
        fail_on: fields.text("failOn"),
        require_complete: fields.bool("requireComplete"),
        kubernetes_version: fields.text("kubernetesVersion"),
        exclude: fields.texts("exclude"),
        format: fields.text("format"),
        baseline: fields.text("baseline"),
        prove,
    };
    for entry in fields.maps("exceptions") {
        exceptions.extend(exception::read_inline(entry, origins, fields.problems()));
    }
    configuration
}

fn read_prove(prove: Value<'_>, problems: &mut Problems) -> Option<Prove> {
    let mut fields = Fields::open(prove, "`prove`", PROVE, problems)?;
    let read = Prove {
        consent: fields.texts("consent"),
        budget: fields.count("budget"),
        etcd: fields.texts("etcd"),
        etcd_peers: fields.texts("etcdPeers"),
        etcd_cert: fields.text("etcdCert"),
        etcd_key: fields.text("etcdKey"),
        etcd_ca: fields.text("etcdCa"),
        ordinary_cert: fields.text("ordinaryCert"),
        ordinary_key: fields.text("ordinaryKey"),
        nodes: fields.texts("nodes"),
        scheduler: fields.texts("scheduler"),
        controller_manager: fields.texts("controllerManager"),
        audit_log: fields.text("auditLog"),
        etcd_backups: fields.text("etcdBackups"),
        etcd_programs: fields.text("etcdPrograms"),
    };
    for (one, other) in [("etcdCert", "etcdKey"), ("ordinaryCert", "ordinaryKey")] {
        for (there, missing) in [(one, other), (other, one)] {
            if fields.get(there).is_some() && fields.get(missing).is_none() {
                let span = fields.span();
                fields.problem(span, format!("`{there}` needs `{missing}` beside it"));
            }
        }
    }
    Some(read)
}
