use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::LabError;

/// How the servers of a lab are set: a folder of `testing/lab/profiles`, and what a test changes of it.
///
/// A folder holds `<program>.flags`, one flag a line, and the configuration files that the flags name. `base` holds what
/// no lab can be without; a profile's flag takes the place of one of the same name there. Texts may hold `${name}`, for
/// what differs from lab to lab.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    flags: Vec<Change>,
    files: BTreeMap<String, String>,
    controllers: bool,
    application: bool,
    nodes: bool,
}

/// A flag that differs from what the profile says, or `None` where it is taken away.
#[derive(Clone, Debug)]
struct Change {
    program: String,
    flag: String,
    value: Option<String>,
}

impl Profile {
    /// Everything as an attacker would like it.
    #[must_use]
    pub fn insecure() -> Profile {
        Profile::named("insecure")
    }

    /// Everything as the benchmarks ask for.
    #[must_use]
    pub fn hardened() -> Profile {
        Profile::named("hardened")
    }

    /// A folder of `testing/lab/profiles` by its name.
    #[must_use]
    pub fn named(name: &str) -> Profile {
        Profile {
            name: name.to_owned(),
            flags: Vec::new(),
            files: BTreeMap::new(),
            controllers: false,
            application: false,
            nodes: false,
        }
    }

    /// The name of the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Also starts the controller manager and the scheduler.
    #[must_use]
    pub fn with_controllers(mut self) -> Profile {
        self.controllers = true;
        self
    }

    /// Also starts a node with real pods, and with it the controller manager and the scheduler, all in namespaces of their
    /// own. Needs root, and programs of Debian packages.
    #[must_use]
    pub fn with_nodes(mut self) -> Profile {
        self.nodes = true;
        self.controllers = true;
        // The address of the node is one for endpoints, so that pods reach the API server by its Service.
        self.without_flag("kube-apiserver", "endpoint-reconciler-type")
    }

    /// Also applies an application: `examples/shop-<profile>`, and `application.yaml` of the profile, which holds what
    /// concerns the whole cluster. Without it there is only what the servers and the identities need.
    #[must_use]
    pub fn with_application(mut self) -> Profile {
        self.application = true;
        self
    }

    /// Whether a node is started.
    #[must_use]
    pub fn has_nodes(&self) -> bool {
        self.nodes
    }

    /// Whether the controller manager and the scheduler are started.
    #[must_use]
    pub fn has_controllers(&self) -> bool {
        self.controllers
    }

    /// Sets a flag of a program, named without its dashes, whatever the profile says of it.
    #[must_use]
    pub fn with_flag(mut self, program: &str, flag: &str, value: &str) -> Profile {
        self.change(program, flag, Some(value));
        self
    }

    /// Takes a flag of a program away, so that its default holds.
    #[must_use]
    pub fn without_flag(mut self, program: &str, flag: &str) -> Profile {
        self.change(program, flag, None);
        self
    }

    /// Puts another text in the place of a configuration file of the profile, or adds one.
    #[must_use]
    pub fn with_file(mut self, name: &str, text: &str) -> Profile {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    fn change(&mut self, program: &str, flag: &str, value: Option<&str>) {
        self.flags.push(Change {
            program: program.to_owned(),
            flag: flag.to_owned(),
            value: value.map(str::to_owned),
        });
    }

    /// The flags of a program, each as `--name=value`, base first.
    pub(crate) fn flags(&self, program: &str, places: &Places) -> Result<Vec<String>, LabError> {
        let mut flags: Vec<(String, String)> = Vec::new();
        let file = format!("{program}.flags");
        let mut stated = false;
        for folder in ["base", self.name.as_str()] {
            let path = profiles().join(folder).join(&file);
            let Ok(text) = fs::read_to_string(&path) else { continue };
            stated = true;
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                let Some((name, value)) = line.strip_prefix("--").and_then(|flag| flag.split_once('='))
                else {
                    return Err(LabError::failed(format!("{}: `{line}` is no --flag=value", path.display())));
                };
                set(&mut flags, name, value);
            }
        }
        if !stated {
            return Err(LabError::failed(format!("no profile has a file `{file}`")));
        }
        for change in self.flags.iter().filter(|change| change.program == program) {
            match &change.value {
                Some(value) => set(&mut flags, &change.flag, value),
                None => flags.retain(|(name, _)| *name != change.flag),
            }
        }
        flags.iter().map(|(name, value)| Ok(format!("--{name}={}", places.fill(value)?))).collect()
    }

    /// The configuration files of the profile's folder, or of a folder inside it, as (name, text).
    pub(crate) fn files(&self, inside: &str, places: &Places) -> Result<Vec<(String, String)>, LabError> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(profiles().join(&self.name).join(inside)).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_description = name.ends_with(".flags")
                || name.ends_with(".md")
                || [OBJECTS, APPLICATION].contains(&name.as_str());
            if is_description || !path.is_file() {
                continue;
            }
            files.insert(name, fs::read_to_string(&path).map_err(|error| LabError::file(&path, &error))?);
        }
        if inside.is_empty() {
            let own = |(name, _): &(&String, &String)| !name.contains('/');
            files.extend(self.files.iter().filter(own).map(|(name, text)| (name.clone(), text.clone())));
        }
        files.into_iter().map(|(name, text)| Ok((name, places.fill(&text)?))).collect()
    }

    /// The files of a folder of the node, as (name, text): those of the profile, and those of `base` that it lacks.
    pub(crate) fn node_files(
        &self,
        inside: &str,
        places: &Places,
    ) -> Result<Vec<(String, String)>, LabError> {
        let mut files = BTreeMap::new();
        for folder in ["base", self.name.as_str()] {
            let folder = profiles().join(folder).join(inside);
            for entry in
                fs::read_dir(&folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_file())
            {
                let path = entry.path();
                let text = fs::read_to_string(&path).map_err(|error| LabError::file(&path, &error))?;
                files.insert(entry.file_name().to_string_lossy().into_owned(), text);
            }
        }
        let folder = format!("{inside}/");
        for (name, text) in &self.files {
            if let Some(name) = name.strip_prefix(&folder).filter(|name| !name.contains('/')) {
                files.insert(name.to_owned(), text.clone());
            }
        }
        files.into_iter().map(|(name, text)| Ok((name, places.fill(&text)?))).collect()
    }

    /// The objects that are applied once the API server is ready, base first.
    pub(crate) fn objects(&self, places: &Places) -> Result<Vec<String>, LabError> {
        let mut objects = Vec::new();
        for folder in ["base", self.name.as_str()] {
            if let Ok(text) = fs::read_to_string(profiles().join(folder).join(OBJECTS)) {
                objects.push(places.fill(&text)?);
            }
        }
        if self.application {
            let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let example = repository.join("examples").join(format!("shop-{}", self.name));
            let mut files = vec![profiles().join(&self.name).join(APPLICATION)];
            files.extend(fs::read_dir(example).into_iter().flatten().flatten().map(|entry| entry.path()));
            let mut texts = Vec::new();
            for file in files.iter().filter(|file| file.is_file()) {
                texts.push(fs::read_to_string(file).map_err(|error| LabError::file(file, &error))?);
            }
            objects.push(texts.join("\n---\n"));
        }
        Ok(objects)
    }

    /// Fails when there is no such profile.
    pub(crate) fn check(&self) -> Result<(), LabError> {
        let folder = profiles().join(&self.name);
        if folder.is_dir() {
            return Ok(());
        }
        Err(LabError::failed(format!("no profile `{}`: there is no folder {}", self.name, folder.display())))
    }
}

/// Gives a flag its value, in its place if it is there.
fn set(flags: &mut Vec<(String, String)>, name: &str, value: &str) {
    match flags.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => value.clone_into(known),
        None => flags.push((name.to_owned(), value.to_owned())),
    }
}

const OBJECTS: &str = "objects.yaml";
const APPLICATION: &str = "application.yaml";

fn profiles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles")
}

/// What `${name}` stands for in one lab.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(BTreeMap<&'static str, String>);

impl Places {
    pub(crate) fn set(&mut self, name: &'static str, value: impl ToString) {
        self.0.insert(name, value.to_string());
    }

    /// The text with all its places filled. An unknown name is a mistake in the profile.
    pub(crate) fn fill(&self, text: &str) -> Result<String, LabError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = self.0.get(name).ok_or_else(|| {
                let known: Vec<&str> = self.0.keys().copied().collect();
                LabError::failed(format!("a profile says `${{{name}}}`; known are {}", known.join(", ")))
            })?;
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, Profile};

    fn places() -> Places {
        let mut places = Places::default();
        let names = [
            "address",
            "api-port",
            "config",
            "etcd-peer-port",
            "etcd-port",
            "folder",
            "kubeconfigs",
            "logs",
            "pki",
            "controller-manager-port",
            "issuer-port",
            "scheduler-port",
            "encryption-key",
        ];
        for name in names {
            places.set(name, format!("<{name}>"));
        }
        places
    }

    #[test]
    fn a_test_changes_one_flag_and_no_other() {
        let before = Profile::hardened().flags("kube-apiserver", &places()).unwrap();
        let changed = Profile::hardened().with_flag("kube-apiserver", "profiling", "true");
        let after = changed.flags("kube-apiserver", &places()).unwrap();
        let differ: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        assert_eq!(before.len(), after.len());
        assert_eq!(differ, [(&"--profiling=false".to_owned(), &"--profiling=true".to_owned())]);
        let without = Profile::hardened().without_flag("kube-apiserver", "profiling");
        let without = without.flags("kube-apiserver", &places()).unwrap();
        assert!(without.iter().all(|flag| !flag.contains("profiling")));
    }

    #[test]
    fn a_place_that_nobody_knows_is_an_error() {
        let error = places().fill("--x=${nowhere}/y").unwrap_err().to_string();
        assert!(error.contains("`${nowhere}`"), "{error}");
        assert_eq!(places().fill("${pki}/ca.crt $HOME {a}").unwrap(), "<pki>/ca.crt $HOME {a}");
    }

    #[test]
    fn both_profiles_describe_all_programs() {
        for profile in [Profile::insecure(), Profile::hardened()] {
            for program in ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
                profile.flags(program, &places()).unwrap();
            }
            profile.files("", &places()).unwrap();
            profile.objects(&places()).unwrap();
        }
    }
}
