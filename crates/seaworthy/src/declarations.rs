//! `.seaworthy.yaml` and files of exceptions: where they are found, and what is wrong with them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaworthy_controls::{ExceptionProblem, Exceptions};
use seaworthy_document::{Span, Stream};
use seaworthy_evidence::SourceFile;
use seaworthy_policy::{Configuration, Date, Exception, Source, read};
use seaworthy_report::{Context, terminal};

use crate::cli::{Global, JudgeArgs};
use crate::error::CommandError;
use crate::output;

const NAMES: [&str; 2] = [".seaworthy.yaml", ".seaworthy.yml"];
/// Nobody writes that much by hand; a mistaken path should not fill the memory.
const MAX_SIZE: u64 = 16 << 20;

/// Everything that is declared for a run.
#[derive(Default)]
pub(crate) struct Declarations {
    files: Vec<SourceFile>,
    /// The configuration, and the folder that its paths are meant from.
    pub(crate) configuration: Option<Configuration>,
    pub(crate) folder: Option<PathBuf>,
    exceptions: Vec<(usize, Exception)>,
}

impl Declarations {
    /// Reads what the flags name, or what lies above the first path.
    pub(crate) fn load(
        args: &JudgeArgs,
        first: Option<&Path>,
        global: &Global,
    ) -> Result<Declarations, CommandError> {
        let mut all = Declarations::default();
        let configured = args.config.clone().filter(|path| !path.as_os_str().is_empty());
        let found = match configured {
            Some(path) => Some(path),
            None if args.no_config => None,
            None => find(first),
        };
        if let Some(path) = found {
            all.add(&path, true, global)?;
            all.folder = Some(folder_of(&path));
        }
        for path in &args.exceptions {
            for file in yaml_files(path)? {
                all.add(&file, false, global)?;
            }
        }
        Ok(all)
    }

    fn add(&mut self, path: &Path, may_configure: bool, global: &Global) -> Result<(), CommandError> {
        let name = output::relative(path);
        let bytes = read_file(path).map_err(|error| {
            CommandError::new(format!("cannot read `{name}`: {error}"))
                .hint("name a file of `Configuration` or `Exception` objects")
        })?;
        let file = SourceFile::new(name, Stream::read_bytes(bytes));
        let folder = folder_of(path).to_string_lossy().into_owned();
        let source = Source { name: Arc::from(file.name.as_str()), folder: Some(folder.into()) };
        let declared = read(&source, &file.stream);
        let index = self.files.len();
        self.files.push(file);
        if !declared.problems.is_empty() {
            let problems = declared.problems.into_iter().map(|problem| (problem.span, problem.message));
            return Err(self.fault(index, problems.collect(), global));
        }
        match declared.configuration {
            Some(_) if !may_configure => {
                return Err(CommandError::new(format!(
                    "`{}` holds a `Configuration`, and `--exceptions` reads `Exception` objects",
                    self.files[index].name
                ))
                .hint("name it with `--config`"));
            }
            Some(configuration) => self.configuration = Some(configuration),
            None => {}
        }
        self.exceptions.extend(declared.exceptions.into_iter().map(|exception| (index, exception)));
        Ok(())
    }

    /// The name of the configuration, as people know it.
    pub(crate) fn name(&self) -> Option<String> {
        self.folder.as_ref().and(self.files.first()).map(|file| file.name.clone())
    }

    /// The error for a mistake in the configuration.
    pub(crate) fn wrong(&self, span: Span, message: impl Into<String>, global: &Global) -> CommandError {
        self.fault(0, vec![(span, message.into())], global)
    }

    /// The exceptions as of a day.
    pub(crate) fn exceptions(&mut self, today: Date, global: &Global) -> Result<Exceptions, CommandError> {
        let (files, list): (Vec<usize>, Vec<Exception>) =
            std::mem::take(&mut self.exceptions).into_iter().unzip();
        Exceptions::new(list, today).map_err(|problems| {
            // Those of the first file that has some: the others come when it is mended.
            let file = problems.first().and_then(|problem| files.get(problem.index)).copied().unwrap_or(0);
            let in_file = |problem: &ExceptionProblem| files.get(problem.index) == Some(&file);
            let of_file = problems.into_iter().filter(in_file);
            self.fault(file, of_file.map(|problem| (problem.span, problem.message)).collect(), global)
        })
    }

    /// The error that shows every mistake of a file in its place.
    fn fault(&self, file: usize, problems: Vec<(Span, String)>, global: &Global) -> CommandError {
        const SHOWN: usize = 10;
        let Some(file) = self.files.get(file) else { return CommandError::new("the configuration is wrong") };
        let context = Context { color: output::stderr_is_coloured(global.color), ..output::context(global) };
        let mut message = match problems.len() {
            1 => format!("`{}` is wrong in one place", file.name),
            number => format!("`{}` is wrong in {number} places", file.name),
        };
        for (span, problem) in problems.iter().take(SHOWN) {
            message.push('\n');
            message.push_str(&terminal::excerpt(file, *span, problem, &context));
        }
        if problems.len() > SHOWN {
            message.push_str(&format!("\n  and {} more", problems.len() - SHOWN));
        }
        CommandError::new(message).hint("docs/configuration.md and docs/exceptions.md describe every field")
    }
}

/// The configuration in the folder of a path or the nearest folder above it, up to the root of a repository.
fn find(first: Option<&Path>) -> Option<PathBuf> {
    let start = match first {
        Some(path) if path.as_os_str() != "-" => std::path::absolute(path).ok()?,
        _ => std::env::current_dir().ok()?,
    };
    // The real path: what lies above `a/..` or above a link is found where it is.
    let start = fs::canonicalize(&start).unwrap_or(start);
    let start = if start.is_dir() { start.as_path() } else { start.parent()? };
    for folder in start.ancestors() {
        if let Some(path) = NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
            return Some(path);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The folder in which a file stands, absolute.
fn folder_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = path.to_string_lossy();
    let normal = seaworthy_policy::absolute_path(&text, Some("/"));
    Path::new(&normal).parent().map(Path::to_owned).unwrap_or_default()
}

/// A file itself, or the YAML files of a folder, sorted.
fn yaml_files(path: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let fault = |error: io::Error| {
        CommandError::new(format!("cannot read `{}`: {error}", path.display()))
            .hint("name a file of `Exception` objects, or a folder of such files")
    };
    if !fs::metadata(path).map_err(fault)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(fault)? {
        let file = entry.map_err(fault)?.path();
        let is_yaml = file
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known));
        if is_yaml && file.is_file() {
            files.push(file);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_SIZE {
        true => Err(io::Error::other("larger than 16 MiB")),
        false => Ok(bytes),
    }
}
