//! Files of a node: modes and owners of all that matter, the texts of configuration files, the certificates.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;

use rustix::fs::FileType;
use seaworthy_document::Value;
use seaworthy_evidence::SourceFile;

use super::certificates;
use super::programs::{self, Content, Role};
use super::reading::{Certificate, File, Obstacle};
use super::root::{Entry, Root, kind_name, octal};
use super::secrets;

/// Longest configuration file that is read.
const MAX_TEXT: u64 = 4 << 20;

/// Most bytes of texts in all.
const MAX_TEXTS: usize = 64 << 20;

/// Longest file of certificates that is read.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// Most files that are looked at.
const MAX_FILES: usize = 20_000;

/// How deep folders are looked into.
const MAX_DEPTH: usize = 6;

/// Where a path is looked up: in the root of the node, or in that of a process.
#[derive(Clone, Copy)]
pub(super) struct View<'r> {
    pub(super) root: &'r Root,
    /// The process, when its root is not that of the node.
    pub(super) pid: Option<u32>,
    pub(super) program: Option<&'static str>,
}

/// What became of a file.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Names of the texts that were kept.
    pub(super) texts: Vec<String>,
    pub(super) error: Option<String>,
}

/// All files that were looked at.
pub(super) struct Files {
    node: String,
    root: Root,
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
    seen: HashSet<(String, Option<u32>)>,
    /// The device and number of the file behind each text.
    sources: HashMap<String, (u64, u64)>,
    bytes: usize,
    pub(super) files: Vec<File>,
    pub(super) certificates: Vec<Certificate>,
    pub(super) texts: BTreeMap<String, SourceFile>,
    pub(super) errors: Vec<Obstacle>,
}

impl Files {
    pub(super) fn new(node: &str, root: &Root) -> Files {
        Files {
            node: node.to_owned(),
            root: root.clone(),
            users: names(root, "/etc/passwd"),
            groups: names(root, "/etc/group"),
            seen: HashSet::new(),
            sources: HashMap::new(),
            bytes: 0,
            files: Vec::new(),
            certificates: Vec::new(),
            texts: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// Looks at a file that may or may not be there.
    pub(super) fn look_if_there(&mut self, view: View<'_>, path: &str, role: Role) -> Looked {
        match view.root.find(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Looked::default(),
            _ => self.look(view, path, role),
        }
    }

    /// Looks at a file or folder that something names.
    pub(super) fn look(&mut self, view: View<'_>, path: &str, role: Role) -> Looked {
        let mut pid = view.pid;
        let found = view.root.find(path).map(|entry| {
            // A folder of the node that a pod shares is the node's.
            match self.root.find(path) {
                Ok(own) if pid.is_some() && is_same(&own, &entry) => {
                    pid = None;
                    own
                }
                _ => entry,
            }
        });
        let view = View { pid, ..view };
        match found {
            Err(error) => {
                let error = error.to_string();
                if self.is_new(path, pid) {
                    self.files.push(File { error: Some(error.clone()), ..file(view, path, role) });
                }
                Looked { texts: Vec::new(), error: Some(error) }
            }
            Ok(entry) => self.look_at(view, path, role, &entry),
        }
    }

    fn is_new(&mut self, path: &str, pid: Option<u32>) -> bool {
        if self.seen.len() == MAX_FILES {
            let error = format!("only the first {MAX_FILES} files were looked at");
            self.errors.push(Obstacle { what: path.to_owned(), error });
        }
        self.seen.len() < MAX_FILES && self.seen.insert((path.to_owned(), pid))
    }

    fn look_at(&mut self, view: View<'_>, path: &str, role: Role, entry: &Entry) -> Looked {
        let new = self.is_new(path, view.pid);
        let at = self.files.len();
        if new {
            self.files.push(self.described(view, path, role, entry));
        }
        match role.content {
            Content::Nothing => Looked::default(),
            Content::Text => {
                let kept = self.keep(view, path, role, entry);
                if let Some(file) = self.files.get_mut(at).filter(|_| new) {
                    match &kept {
                        Ok(name) => file.text = Some(name.clone()),
                        Err(error) => file.error = Some(error.clone()),
                    }
                }
                match kept {
                    Ok(name) => {
                        if new {
                            self.follow(view, path, role, &name);
                        }
                        Looked { texts: vec![name], error: None }
                    }
                    Err(error) => Looked { texts: Vec::new(), error: Some(error) },
                }
            }
            Content::Certificates => {
                if new {
                    self.read_certificates(view, path, role, entry);
                }
                Looked::default()
            }
            Content::Key => {
                let public = entry.read(MAX_CERTIFICATES).is_ok_and(|bytes| is_public(&bytes));
                if let Some(file) = self.files.get_mut(at).filter(|_| new && public && view.pid.is_none()) {
                    file.role = programs::OTHER.name;
                }
                Looked::default()
            }
            Content::DropIns => self.drop_ins(view, path, 0),
            Content::Folder => {
                if new {
                    self.folder(view, path, role, entry, 0);
                }
                Looked::default()
            }
        }
    }

    fn described(&self, view: View<'_>, path: &str, role: Role, entry: &Entry) -> File {
        let stat = &entry.stat;
        // Names are those of the node: a container has its own.
        let named =
            |names: &HashMap<u32, String>, id: u32| names.get(&id).filter(|_| view.pid.is_none()).cloned();
        File {
            target: (entry.path != path).then(|| entry.path.clone()),
            mode: Some(octal(stat.st_mode)),
            uid: Some(stat.st_uid),
            gid: Some(stat.st_gid),
            user: named(&self.users, stat.st_uid),
            group: named(&self.groups, stat.st_gid),
            kind: Some(kind_name(entry.kind())),
            reachable: entry.hidden_by.clone(),
            ..file(view, path, role)
        }
    }

    /// Keeps the text of a file, without its secrets, under the name by which others find it.
    fn keep(&mut self, view: View<'_>, path: &str, role: Role, entry: &Entry) -> Result<String, String> {
        let source = (entry.stat.st_dev, entry.stat.st_ino);
        let mut name = format!("nodes/{}{path}", self.node);
        match self.sources.get(&name) {
            Some(kept) if *kept == source => return Ok(name),
            // Two programs see different files under one path.
            Some(_) => {
                name = format!("nodes/{}/proc/{}/root{path}", self.node, view.pid.unwrap_or_default());
                if self.sources.contains_key(&name) {
                    return Ok(name);
                }
            }
            None => {}
        }
        let bytes = entry.read(MAX_TEXT).map_err(|error| error.to_string())?;
        if self.bytes + bytes.len() > MAX_TEXTS {
            return Err(format!("not kept: the texts of the node have more than {MAX_TEXTS} bytes"));
        }
        self.bytes += bytes.len();
        let has_comments = matches!(role, programs::KUBELET | programs::KUBE_PROXY | programs::STATIC_POD);
        let file = secrets::redacted(&name, bytes, has_comments)?;
        self.sources.insert(name.clone(), source);
        self.texts.insert(name.clone(), file);
        Ok(name)
    }

    /// Looks at what a configuration file names.
    fn follow(&mut self, view: View<'_>, path: &str, role: Role, name: &str) {
        let Some(file) = self.texts.get(name) else { return };
        let mut named: Vec<(String, Role)> = Vec::new();
        let mut certificates: Vec<Certificate> = Vec::new();
        let mut program = None;
        for root in file.stream.documents().map(|document| document.root()) {
            let kind = root.get("kind").map_or("", |kind| kind.text());
            match kind {
                "Config" => {
                    named.extend(named_by_kubeconfig(&root));
                    for (field, read) in certificates::of_kubeconfig(&root) {
                        certificates.extend(entries(view, path, "kubeconfig", Some(&field), read));
                    }
                }
                "AdmissionConfiguration" => {
                    let plugins = root.get("plugins");
                    let plugins = plugins.iter().flat_map(Value::items);
                    let paths = plugins.filter_map(|plugin| plugin.get("path"));
                    named.extend(paths.map(|path| (path.text().to_owned(), programs::CONFIGURATION)));
                }
                _ => {}
            }
            if role == programs::CONFIGURATION {
                let values = root.descendants();
                let named_files =
                    values.filter(|value| value.key().is_some_and(|key| key.text() == "kubeConfigFile"));
                named.extend(named_files.map(|value| (value.text().to_owned(), programs::KUBECONFIG)));
            }
            let fields = programs::FIELDS.iter().filter(|(of, _, _)| Some(*of) == view.program);
            for (_, field, role) in fields.filter(|_| kind != "Config") {
                let value = root.at(field).filter(|value| value.as_str().is_some());
                named.extend(value.map(|value| (value.text().to_owned(), *role)));
            }
            if role == programs::STATIC_POD {
                program = program.or(program_of_pod(&root));
            }
        }
        if program.is_some()
            && let Some(file) = self.files.iter_mut().rfind(|file| file.path == path)
        {
            file.program = program;
        }
        self.certificates.extend(certificates);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (path, role) in named.into_iter().filter(|(path, _)| !path.is_empty()) {
            let path = absolute(path.strip_prefix("unix://").unwrap_or(&path), folder);
            self.look(view, &path, role);
        }
    }

    fn read_certificates(&mut self, view: View<'_>, path: &str, role: Role, entry: &Entry) {
        let bytes = entry.read(MAX_CERTIFICATES).map_err(|error| error.to_string());
        let read = bytes.and_then(|bytes| certificates::read(&bytes));
        self.certificates.extend(entries(view, path, role.name, None, read));
    }

    /// Keeps the drop-ins in a folder, in the order in which the program merges them.
    fn drop_ins(&mut self, view: View<'_>, path: &str, depth: usize) -> Looked {
        let mut looked = Looked::default();
        let program = view.program.unwrap_or_default();
        let names = match view.root.list(path) {
            // Programs take a folder that is not there for an empty one, or do not start.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return looked,
            Err(error) => return Looked { error: Some(error.to_string()), ..looked },
            Ok((_, odd)) if odd > 0 => {
                return Looked { error: Some("a name in it is no text".to_owned()), ..looked };
            }
            Ok((names, _)) => names,
        };
        for name in names {
            let below = format!("{}/{name}", path.trim_end_matches('/'));
            let is_folder = view.root.find(&below).is_ok_and(|entry| entry.kind() == FileType::Directory);
            let of_it = if is_folder && program == "kubelet" && depth < MAX_DEPTH {
                self.drop_ins(view, &below, depth + 1)
            } else if !is_folder && programs::drop_in_endings(program).iter().any(|end| name.ends_with(end)) {
                self.look(view, &below, programs::drop_in_role(program))
            } else {
                continue;
            };
            looked.texts.extend(of_it.texts);
            let error = of_it.error.map(|error| if is_folder { error } else { format!("{below}: {error}") });
            looked.error = looked.error.or(error);
        }
        looked
    }

    /// Looks at all that a folder holds.
    fn folder(&mut self, view: View<'_>, path: &str, role: Role, entry: &Entry, depth: usize) {
        if entry.kind() != FileType::Directory {
            return;
        }
        let (names, odd) = match entry.list() {
            Ok(listed) => listed,
            Err(error) => {
                self.errors.push(Obstacle { what: path.to_owned(), error: error.to_string() });
                return;
            }
        };
        if odd > 0 {
            let error = format!("{odd} names in it are no text: those files were not looked at");
            self.errors.push(Obstacle { what: path.to_owned(), error });
        }
        for name in names {
            let below = format!("{}/{name}", path.trim_end_matches('/'));
            let inner = match view.root.find(&below) {
                Ok(inner) => inner,
                Err(_) => {
                    self.look(view, &below, role_in(role, &name));
                    continue;
                }
            };
            if inner.kind() != FileType::Directory {
                self.look(view, &below, role_in(role, &name));
            } else if role == programs::PKI && depth < MAX_DEPTH && self.is_new(&below, view.pid) {
                self.files.push(self.described(view, &below, role, &inner));
                self.folder(view, &below, role, &inner, depth + 1);
            }
        }
    }
}

/// What a file in a folder is for, by the folder and its name.
fn role_in(folder: Role, name: &str) -> Role {
    if folder == programs::MANIFESTS {
        // The kubelet passes over hidden files.
        return if name.starts_with('.') { folder } else { programs::STATIC_POD };
    }
    match Path::new(name).extension().and_then(|ending| ending.to_str()) {
        Some("crt" | "cer" | "cert") => programs::CERTIFICATE,
        // The kubelet keeps certificate and key in one file.
        Some("pem") if !name.contains("key") => programs::PEM,
        Some("key" | "pem") => programs::KEY,
        _ => programs::OTHER,
    }
}

fn file(view: View<'_>, path: &str, role: Role) -> File {
    // What only a container sees is guarded by the container, not by modes on the node.
    let role = if view.pid.is_some() { "container-file" } else { role.name };
    File { path: path.to_owned(), role, program: view.program, pid: view.pid, ..File::default() }
}

fn is_same(a: &Entry, b: &Entry) -> bool {
    (a.stat.st_dev, a.stat.st_ino) == (b.stat.st_dev, b.stat.st_ino)
}

fn entries(
    view: View<'_>,
    path: &str,
    role: &'static str,
    field: Option<&str>,
    read: Result<Vec<super::reading::Content>, String>,
) -> Vec<Certificate> {
    let entry = || Certificate {
        path: path.to_owned(),
        role,
        program: view.program,
        field: field.map(str::to_owned),
        ..Certificate::default()
    };
    match read {
        Ok(contents) => {
            contents.into_iter().map(|content| Certificate { content: Some(content), ..entry() }).collect()
        }
        Err(error) => vec![Certificate { error: Some(error), ..entry() }],
    }
}

/// The files that a kubeconfig names.
fn named_by_kubeconfig(root: &Value<'_>) -> Vec<(String, Role)> {
    let parts = [
        ("users", "user", "client-certificate", programs::CERTIFICATE),
        ("users", "user", "client-key", programs::KEY),
        ("users", "user", "tokenFile", programs::TOKEN),
        ("clusters", "cluster", "certificate-authority", programs::CERTIFICATE),
    ];
    let mut named = Vec::new();
    for (list, entry, key, role) in parts {
        for item in root.get(list).iter().flat_map(Value::items) {
            let value = item.at(&[entry, key]);
            named.extend(value.map(|value| (value.text().to_owned(), role)));
        }
    }
    named
}

/// The program that a static pod runs.
fn program_of_pod(root: &Value<'_>) -> Option<&'static str> {
    let containers = root.at(&["spec", "containers"])?;
    containers.items().find_map(|container| {
        let words: Vec<String> = ["command", "args"]
            .iter()
            .filter_map(|key| container.get(key))
            .flat_map(|words| words.items().map(|word| word.text().to_owned()).collect::<Vec<_>>())
            .collect();
        programs::program(&words, None)
    })
}

/// Whether a file of keys holds public ones alone.
fn is_public(bytes: &[u8]) -> bool {
    let holds = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    !holds(b"PRIVATE KEY")
        && (holds(b"BEGIN PUBLIC KEY") || holds(b"BEGIN RSA PUBLIC KEY") || holds(b"BEGIN CERTIFICATE"))
}

/// A path from `/` on.
pub(super) fn absolute(path: &str, folder: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            // Links on the way are followed when it is opened; here only the name is made plain.
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Names by number, from `passwd` or `group`.
fn names(root: &Root, path: &str) -> HashMap<u32, String> {
    let bytes = root.read(path, MAX_TEXT).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut names = HashMap::new();
    for line in text.lines() {
        let mut parts = line.split(':');
        if let (Some(name), Some(id)) = (parts.next(), parts.nth(1).and_then(|id| id.parse().ok())) {
            // The first of several names counts, as for `getpwuid`.
            names.entry(id).or_insert_with(|| name.to_owned());
        }
    }
    names
}
