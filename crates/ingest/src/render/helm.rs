//! Helm charts: `helm template`, and which template a rendered line comes from.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use seaworthy_document::Stream;
use seaworthy_evidence::Written;

use super::lines::{align, columns, fill};
use super::run::{Limits, Room, run};
use super::settings::Tools;

/// Bytes of a file that are read to learn what it is or to find lines in it.
const TEXT: u64 = 4 << 20;
/// Entries of a chart's folder that are looked at for links.
const ENTRIES: usize = 50_000;
/// Longest name of a release.
const NAME: usize = 53;

/// What `Chart.yaml` says.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Its folder, absolute.
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    /// It only holds definitions for other charts.
    pub(crate) library: bool,
}

impl Chart {
    /// The chart in a folder; `None` when its `Chart.yaml` is none.
    pub(crate) fn read(folder: PathBuf) -> Option<Chart> {
        let stream = Stream::read_bytes(read_text(&folder.join("Chart.yaml"))?);
        let root = stream.documents().next()?.root();
        let text = |key| root.get(key).and_then(|value| value.as_str());
        let (name, library) = (text("name")?.to_owned(), text("type") == Some("library"));
        Some(Chart { folder, name, library })
    }

    /// The release that a chart becomes when nothing says more.
    pub(crate) fn release(&self, namespace: &str) -> Release {
        Release {
            name: self.name.clone(),
            namespace: namespace.to_owned(),
            values: Vec::new(),
            settings: Vec::new(),
            definitions: true,
        }
    }
}

/// With what a chart is rendered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Later ones win.
    pub(crate) values: Vec<Values>,
    /// Single values, each as `key=value`.
    pub(crate) settings: Vec<Setting>,
    /// Whether the definitions in `crds` belong to it.
    pub(crate) definitions: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Values {
    File(PathBuf),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Setting {
    pub(crate) text: String,
    /// The value is text whatever it looks like.
    pub(crate) verbatim: bool,
}

/// The first bytes of a file.
pub(crate) fn read_text(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read;
    // What is no file may never end.
    fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() <= TEXT)?;
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(TEXT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Renders a chart. `within` are the folders that its links may lead to.
pub(crate) fn template(
    chart: &Chart,
    release: &Release,
    tools: &Tools,
    within: &[PathBuf],
    limits: Limits,
) -> Result<Vec<u8>, String> {
    let helm = tools.helm.as_ref().ok_or("`helm` is not installed")?;
    links(&chart.folder, within)?;
    let room = Room::new()?;
    let name = if is_name(&release.name) { release.name.as_str() } else { "release-name" };
    let mut arguments: Vec<OsString> =
        ["template", name, ".", "--namespace", release.namespace.as_str(), "--skip-tests"]
            .map(OsString::from)
            .to_vec();
    if release.definitions {
        arguments.push("--include-crds".into());
    }
    if tools.skips_schemas(helm, &room, limits) {
        // A schema of the values may refer to addresses.
        arguments.push("--skip-schema-validation".into());
    }
    if let Some(version) = &tools.kubernetes_version {
        arguments.extend(["--kube-version".into(), version.into()]);
    }
    for (index, values) in release.values.iter().enumerate() {
        // A copy under a name of ours: helm takes a name for an address or for several names by its characters.
        let copy = match values {
            Values::Text(text) => text.clone().into_bytes(),
            Values::File(path) => {
                read_text(path).ok_or_else(|| format!("cannot read the values in `{}`", path.display()))?
            }
        };
        arguments.extend(["--values".into(), room.write(&format!("values-{index}.yaml"), &copy)?.into()]);
    }
    for setting in &release.settings {
        let flag = if setting.verbatim { "--set-string" } else { "--set" };
        arguments.extend([flag.into(), setting.text.clone().into()]);
    }
    run(helm, &arguments, &chart.folder, &room, limits)
}

/// Whether a text can be the name of a release; none of them looks like an option.
fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Helm follows links in a chart; one that leads elsewhere would bring files of the machine into the report.
fn links(folder: &Path, within: &[PathBuf]) -> Result<(), String> {
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(at) = folders.pop() {
        let entries = fs::read_dir(&at).map_err(|error| format!("cannot be read: {error}"))?;
        for entry in entries.flatten() {
            seen += 1;
            if seen > ENTRIES {
                return Err(format!("the chart holds more than {ENTRIES} files"));
            }
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_symlink() {
                let inside = entry
                    .path()
                    .canonicalize()
                    .is_ok_and(|target| within.iter().any(|root| target.starts_with(root)));
                if !inside {
                    let link = entry.path();
                    let link = link.strip_prefix(folder).unwrap_or(&link).display().to_string();
                    return Err(format!("the link `{link}` leads out of what was scanned, or nowhere"));
                }
            }
        }
    }
    Ok(())
}

/// Where the lines of a rendered chart come from: the files, and a place for each line.
pub(crate) fn origin(text: &str, chart: &Chart) -> (Vec<PathBuf>, Vec<Option<Written>>) {
    let lines: Vec<&str> = text.lines().collect();
    let mut written: Vec<Option<Written>> = vec![None; lines.len()];
    let mut templates = Templates { chart, known: HashMap::new(), files: Vec::new() };
    let mut start = 0;
    while start < lines.len() {
        let length = lines[start + 1..].iter().position(|line| is_separator(line));
        let end = length.map_or(lines.len(), |length| start + 1 + length);
        let document = &lines[start..end];
        let source = document.iter().take(3).find_map(|line| line.strip_prefix("# Source: "));
        if let Some((file, template)) = source.and_then(|source| templates.get(source)) {
            let template: Vec<&str> = template.lines().collect();
            for (line, at) in align(document, &template).into_iter().enumerate() {
                let Some(at) = at else { continue };
                let (column, end_column) = columns(template[at]);
                let (rendered_column, _) = columns(document[line]);
                let place =
                    Written { file, line: at as u32 + 1, column, end_column, rendered_column, exact: true };
                written[start + line] = Some(place);
            }
        }
        start = end;
    }
    fill(text, &mut written);
    let files = templates.files.into_iter().map(|(path, _)| path).collect();
    (files, written)
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty())
}

/// The templates that were read.
struct Templates<'c> {
    chart: &'c Chart,
    known: HashMap<String, Option<usize>>,
    files: Vec<(PathBuf, String)>,
}

impl Templates<'_> {
    /// The template that helm calls `chart/templates/x.yaml`.
    fn get(&mut self, source: &str) -> Option<(u32, &str)> {
        let index = match self.known.get(source) {
            Some(known) => *known,
            None => {
                let read = self.read(source);
                let index = read.map(|file| {
                    self.files.push(file);
                    self.files.len() - 1
                });
                self.known.insert(source.to_owned(), index);
                index
            }
        }?;
        let (_, text) = self.files.get(index)?;
        Some((index as u32, text))
    }

    fn read(&self, source: &str) -> Option<(PathBuf, String)> {
        let (_, inside) = source.split_once('/')?;
        let inside = Path::new(inside);
        // The text is what the chart printed: it may name anything.
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let path = self.chart.folder.join(inside);
        let text = String::from_utf8(read_text(&path)?).ok()?;
        Some((path, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_releases_are_never_options() {
        assert!(is_name("shop-1"));
        for bad in ["", "-f", "a b", "A", "shop-", &"x".repeat(54), "../x"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn lines_are_found_in_the_template_that_is_named_and_in_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
        write("chart/templates/web.yaml", "{{ if .x }}\nkind: Pod\nspec:\n  a: {{ .a }}\n{{ end }}\n");
        write("secret.yaml", "kind: Pod\n");
        let chart = Chart::read(folder.path().join("chart")).unwrap();
        let text = "---\n# Source: shop/templates/web.yaml\nkind: Pod\nspec:\n  a: 1\n\n---\n# Source: shop/../secret.yaml\nkind: Pod\n";
        let (files, lines) = origin(text, &chart);
        assert_eq!(files, [chart.folder.join("templates/web.yaml")]);
        let places: Vec<_> = lines.iter().map(|line| line.map(|written| written.line)).collect();
        assert_eq!(places[2..5], [Some(2), Some(3), Some(4)]);
        assert_eq!(places[6..], [None, None, None]);
    }

    #[cfg(unix)]
    #[test]
    fn a_chart_with_a_link_out_of_the_scanned_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("chart/files")).unwrap();
        fs::write(root.join("shared.yaml"), "").unwrap();
        std::os::unix::fs::symlink("../../shared.yaml", root.join("chart/files/a")).unwrap();
        assert_eq!(links(&root.join("chart"), std::slice::from_ref(&root)), Ok(()));
        std::os::unix::fs::symlink("/etc/passwd", root.join("chart/files/b")).unwrap();
        assert!(links(&root.join("chart"), &[root]).unwrap_err().contains("`files/b`"));
    }
}
