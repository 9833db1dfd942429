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
}

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
    };
    for entry in fields.maps("exceptions") {
        exceptions.extend(exception::read_inline(entry, origins, fields.problems()));
    }
    configuration
}
