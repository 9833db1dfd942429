//! What is to be done: flags over environment over `.seaworthy.yaml` over defaults.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_controls::{
    Baseline, Control, Framework, PARAMETERS, ParameterError, Parameters, Settings, nearest, select,
};
use seaworthy_document::Span;
use seaworthy_ingest::{Exclude, Options};
use seaworthy_podsecurity::Version;
use seaworthy_policy::{Configuration, Date, PathPattern, Spanned};
use seaworthy_report::former::Report;

use crate::cli::{Global, JudgeArgs};
use crate::declarations::Declarations;
use crate::error::CommandError;
use crate::threshold::{self, Threshold};
use crate::{output, rendering, selection};

/// Most bytes of a former report that are read.
pub(crate) const MAX_REPORT: u64 = 1 << 30;

/// What is to be done.
pub(crate) struct Plan {
    pub(crate) controls: Vec<&'static Control>,
    pub(crate) settings: Settings,
    /// A person said for which version of Kubernetes; otherwise a live cluster does.
    pub(crate) version_is_stated: bool,
    pub(crate) threshold: Threshold,
    pub(crate) options: Options,
    pub(crate) require_complete: bool,
    /// What the configuration wants to be printed.
    pub(crate) format: Option<String>,
    /// The configuration, as people know the file.
    pub(crate) configuration: Option<String>,
    /// The former report that the configuration names, from where the program runs.
    pub(crate) baseline: Option<std::path::PathBuf>,
    /// What the configuration says of probes, and the folder that its files are named from.
    #[cfg(feature = "live")]
    pub(crate) prove: Option<(seaworthy_policy::Prove, std::path::PathBuf)>,
}

impl Plan {
    /// Puts together what the flags say and what the configuration above the first path says. Everything that can be
    /// wrong is found before any work is done.
    pub(crate) fn new(
        args: &JudgeArgs,
        first: Option<&Path>,
        frameworks: &[Framework],
        global: &Global,
    ) -> Result<Plan, CommandError> {
        let mut declarations = Declarations::load(args, first, global)?;
        let exceptions = declarations.exceptions(today(args)?, global)?;
        let configuration = declarations.configuration.take().unwrap_or_default();
        let resolve = Resolve { args, configuration: &configuration, declarations: &declarations, global };
        let working_directory = output::working_directory();
        let require_complete = configuration.require_complete.unwrap_or(false);
        let settings = Settings {
            version: resolve.version()?,
            parameters: resolve.parameters()?,
            severities: resolve.severities()?,
            exceptions,
            baseline: None,
            working_directory,
        };
        Ok(Plan {
            controls: resolve.controls(frameworks)?,
            settings,
            version_is_stated: args.kubernetes_version.is_some()
                || configuration.kubernetes_version.is_some(),
            threshold: resolve.threshold()?,
            options: Options {
                max_file_size: args.max_file_size,
                hidden: args.hidden,
                respect_ignore_files: !args.no_ignore,
                exclude: resolve.exclude()?,
                render: rendering::options(&args.render, resolve.version_name())?,
            },
            require_complete,
            format: resolve.format()?,
            configuration: declarations.name(),
            #[cfg(feature = "live")]
            prove: configuration
                .prove
                .clone()
                .map(|prove| (prove, declarations.folder.clone().unwrap_or_default())),
            baseline: configuration
                .baseline
                .as_ref()
                .map(|file| declarations.folder.clone().unwrap_or_default().join(&file.value)),
        })
    }
}

struct Resolve<'r> {
    args: &'r JudgeArgs,
    configuration: &'r Configuration,
    declarations: &'r Declarations,
    global: &'r Global,
}

impl Resolve<'_> {
    fn wrong(&self, span: Span, message: impl Into<String>) -> CommandError {
        self.declarations.wrong(span, message, self.global)
    }

    fn controls(&self, frameworks: &[Framework]) -> Result<Vec<&'static Control>, CommandError> {
        let flags = &self.args.select;
        let wanted = self.words(&flags.select, self.configuration.select.as_deref())?;
        let unwanted = self.words(&flags.ignore, self.configuration.ignore.as_deref())?;
        let mut chosen = selection::chosen(wanted, &unwanted.unwrap_or_default())?;
        if !frameworks.is_empty() {
            chosen.retain(|control| frameworks.iter().any(|framework| framework.covers(control)));
            if chosen.is_empty() {
                return Err(CommandError::new("no control is left to evaluate")
                    .hint("none of those that are selected belongs to the framework"));
            }
        }
        Ok(chosen)
    }

    /// The controls that words mean: those of the flags, else those of the configuration.
    fn words(
        &self,
        flags: &[String],
        configured: Option<&[Spanned<String>]>,
    ) -> Result<Option<Vec<&'static Control>>, CommandError> {
        let mut controls = Vec::new();
        if !flags.is_empty() {
            for word in flags {
                controls.extend(select(word.trim()).map_err(selection::unknown)?);
            }
            return Ok(Some(controls));
        }
        let Some(configured) = configured else { return Ok(None) };
        for word in configured {
            let found = select(&word.value).map_err(|error| self.wrong(word.span, error.to_string()))?;
            controls.extend(found);
        }
        Ok(Some(controls))
    }

    /// The version as a person wrote it, for programs that take one.
    fn version_name(&self) -> Option<&str> {
        let configured = self.configuration.kubernetes_version.as_ref();
        let name = self.args.kubernetes_version.as_deref().or(configured.map(|text| text.value.as_str()));
        name.filter(|name| *name != "latest")
    }

    fn version(&self) -> Result<Version, CommandError> {
        const HINT: &str = "write it as `v1.33`, or `latest`";
        if let Some(text) = &self.args.kubernetes_version {
            return text
                .parse()
                .map_err(|_| CommandError::new(format!("`{text}` is no Kubernetes version")).hint(HINT));
        }
        let Some(text) = &self.configuration.kubernetes_version else { return Ok(Version::LATEST) };
        text.value
            .parse()
            .map_err(|_| self.wrong(text.span, format!("this is no Kubernetes version: {HINT}")))
    }

    fn threshold(&self) -> Result<Threshold, CommandError> {
        if let Some(word) = &self.args.fail_on {
            return word.parse().map_err(|_| {
                CommandError::new(format!("`--fail-on {word}`: there is no such severity or phase"))
                    .hint(threshold::WORDS)
            });
        }
        let Some(word) = &self.configuration.fail_on else {
            return Ok(Threshold::Severity(seaworthy_controls::Severity::Low));
        };
        word.value.parse().map_err(|_| {
            self.wrong(word.span, format!("there is no such severity or phase: {}", threshold::WORDS))
        })
    }

    fn format(&self) -> Result<Option<String>, CommandError> {
        let Some(word) = &self.configuration.format else { return Ok(None) };
        match word.value.parse::<seaworthy_report::Format>() {
            Ok(_) => Ok(Some(word.value.clone())),
            Err(error) => Err(self.wrong(word.span, error.to_string())),
        }
    }

    fn parameters(&self) -> Result<Parameters, CommandError> {
        let mut parameters = Parameters::default();
        for (name, value) in &self.configuration.parameters {
            parameters.set(&name.value, &value.value).map_err(|error| {
                let (message, hint) = explained(&error);
                let span = match error {
                    ParameterError::Unknown(_) => name.span,
                    ParameterError::Invalid { .. } => value.span,
                };
                self.wrong(span, hint.map_or(message.clone(), |hint| format!("{message}: {hint}")))
            })?;
        }
        for assignment in &self.args.parameters {
            let Some((name, value)) = assignment.split_once('=') else {
                return Err(CommandError::new(format!("`--set {assignment}` sets nothing"))
                    .hint("write it as `NAME=VALUE`"));
            };
            parameters.set(name.trim(), value).map_err(|error| {
                let (message, hint) = explained(&error);
                let error = CommandError::new(message);
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            })?;
        }
        Ok(parameters)
    }

    fn severities(&self) -> Result<BTreeMap<&'static str, seaworthy_controls::Severity>, CommandError> {
        let mut severities = BTreeMap::new();
        for (word, name) in &self.configuration.severities {
            let controls = select(&word.value).map_err(|error| self.wrong(word.span, error.to_string()))?;
            let Some(severity) = threshold::severity(&name.value) else {
                let message = "there is no such severity: it is `low`, `medium`, `high` or `critical`";
                return Err(self.wrong(name.span, message));
            };
            severities.extend(controls.into_iter().map(|control| (control.id, severity)));
        }
        Ok(severities)
    }

    fn exclude(&self) -> Result<Exclude, CommandError> {
        const WRONG: &str =
            "it is empty or leads out of its folder; write it as `vendor` or `**/testdata/**`";
        let working_directory = output::working_directory();
        if !self.args.exclude.is_empty() {
            let mut patterns = Vec::new();
            for text in &self.args.exclude {
                patterns.push(PathPattern::new(text).ok_or_else(|| {
                    CommandError::new(format!("`--exclude {text}` is no pattern of files")).hint(WRONG)
                })?);
            }
            return Ok(Exclude { patterns, folder: working_directory.clone(), working_directory });
        }
        let mut patterns = Vec::new();
        for text in self.configuration.exclude.iter().flatten() {
            let wrong = || self.wrong(text.span, format!("this is no pattern of files: {WRONG}"));
            patterns.push(PathPattern::new(&text.value).ok_or_else(wrong)?);
        }
        let folder = self.declarations.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned());
        Ok(Exclude { patterns, folder, working_directory })
    }
}

/// What is wrong with a parameter, and what to do.
fn explained(error: &ParameterError) -> (String, Option<String>) {
    let hint = match error {
        ParameterError::Unknown(name) => {
            let near = nearest(name, PARAMETERS.iter().map(|parameter| parameter.name));
            Some(match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`seaworthy explain` names the parameters of a control".to_owned(),
            })
        }
        ParameterError::Invalid { .. } => None,
    };
    (error.to_string(), hint)
}

/// The day as of which exceptions expire.
fn today(args: &JudgeArgs) -> Result<Date, CommandError> {
    if let Some(text) = &args.today {
        return text.parse().map_err(|error| CommandError::new(format!("`--today {text}` is {error}")));
    }
    if let Ok(text) = std::env::var("SOURCE_DATE_EPOCH")
        && !text.is_empty()
    {
        return text.parse().map(Date::from_unix_seconds).map_err(|_| {
            CommandError::new(format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"))
                .hint("set it to seconds since 1970, or use `--today`")
        });
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(Date::from_unix_seconds(i64::try_from(now).unwrap_or(i64::MAX)))
}

/// The findings of a former report.
pub(crate) fn baseline(path: &Path) -> Result<Baseline, CommandError> {
    let name = output::relative(path);
    let fault = |what: String| {
        CommandError::new(format!("cannot use `{name}` as a baseline: {what}"))
            .hint("write one with `seaworthy scan PATH --output json=FILE`")
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_REPORT + 1).read_to_end(&mut bytes))
        .map_err(|error| fault(error.to_string()))?;
    if bytes.len() as u64 > MAX_REPORT {
        return Err(fault("it is larger than 1 GiB".to_owned()));
    }
    Report::read(&bytes).map(Report::into_baseline).map_err(|error| fault(error.to_string()))
}

/// The frameworks of `--framework`.
pub(crate) fn frameworks(words: &[String]) -> Result<Vec<Framework>, CommandError> {
    let mut frameworks = Vec::new();
    for word in words {
        let framework = word.trim().parse::<Framework>().map_err(|error| {
            CommandError::new(error.to_string()).hint("docs/frameworks.md says what each one is")
        })?;
        if !frameworks.contains(&framework) {
            frameworks.push(framework);
        }
    }
    Ok(frameworks)
}
