use std::collections::HashMap;
use std::time::{Duration, Instant};

use seaworthy_document::{Stream, Value};

use crate::LabError;
use crate::client::{Answer, Client};

/// How long a custom resource that was just defined, or a namespace that the server makes by itself, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Applies all objects of a text by server-side apply.
///
/// After a namespace its service account `default` is there, without which the API server refuses pods: the controller
/// manager makes it, or we do where none runs.
pub(crate) fn apply(client: &Client, text: &str, controllers: bool) -> Result<(), LabError> {
    let stream = read(text)?;
    let mut resources = Resources { client, known: HashMap::new() };
    for object in sorted(&stream) {
        one(&mut resources, object, controllers)?;
    }
    Ok(())
}

/// Removes all objects of a text, the last one first, and waits until they are gone.
pub(crate) fn remove(client: &Client, text: &str) -> Result<(), LabError> {
    let paths = paths(client, text)?;
    for path in paths.iter().rev() {
        let answer = ask(client, "DELETE", path)?;
        if !matches!(answer.status, 200 | 202 | 404) {
            return Err(LabError::failed(format!("cannot remove `{path}`: {}", answer.body)));
        }
    }
    let deadline = Instant::now() + 2 * PATIENCE;
    for path in &paths {
        while ask(client, "GET", path)?.status != 404 {
            if Instant::now() > deadline {
                return Err(LabError::failed(format!("`{path}` does not go")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

/// Whether any object of a text is there already.
pub(crate) fn has_any(client: &Client, text: &str) -> Result<bool, LabError> {
    for path in paths(client, text)? {
        if ask(client, "GET", &path)?.status != 404 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the objects of a text stand, as far as the server knows their kinds.
fn paths(client: &Client, text: &str) -> Result<Vec<String>, LabError> {
    let stream = read(text)?;
    let mut resources = Resources { client, known: HashMap::new() };
    let mut paths = Vec::new();
    for object in sorted(&stream) {
        let (version, kind, name, namespace) = names(&object);
        if let Some(collection) = resources.path(version, kind, namespace)? {
            paths.push(format!("{collection}/{name}"));
        }
    }
    Ok(paths)
}

fn read(text: &str) -> Result<Stream, LabError> {
    let stream = Stream::read(text);
    match stream.diagnostics().first() {
        Some(problem) => Err(LabError::failed(format!("what shall be applied is broken: {problem:?}"))),
        None => Ok(stream),
    }
}

/// All objects: first what others stand in and are made of; everything else as written.
fn sorted<'s>(stream: &'s Stream) -> Vec<Value<'s>> {
    let mut objects = Vec::new();
    for document in stream.documents() {
        let root = document.root();
        match root.get("items") {
            Some(items) if root.get("kind").is_some_and(|kind| kind.text().ends_with("List")) => {
                objects.extend(items.items());
            }
            _ if root.is_mapping() => objects.push(root),
            _ => {}
        }
    }
    objects.sort_by_key(|object| {
        let kind = object.get("kind").map(|kind| kind.text()).unwrap_or_default();
        ["CustomResourceDefinition", "Namespace", "ServiceAccount"]
            .iter()
            .position(|known| *known == kind)
            .unwrap_or(usize::MAX)
    });
    objects
}

/// Version, kind, name and namespace.
fn names<'v>(object: &Value<'v>) -> (&'v str, &'v str, &'v str, &'v str) {
    let field = |path: &[&str]| object.at(path).and_then(|value| value.as_str()).unwrap_or_default();
    let namespace = match field(&["metadata", "namespace"]) {
        "" => "default",
        namespace => namespace,
    };
    (field(&["apiVersion"]), field(&["kind"]), field(&["metadata", "name"]), namespace)
}

fn ask(client: &Client, method: &str, path: &str) -> Result<Answer, LabError> {
    client.send(method, path, None).map_err(|error| LabError::failed(format!("{method} {path}: {error}")))
}

fn one(resources: &mut Resources, object: Value, controllers: bool) -> Result<(), LabError> {
    let (version, kind, name, namespace) = names(&object);
    let mut body = String::new();
    object.write_json(&mut body).map_err(|error| LabError::failed(error.to_string()))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let problem = match resources.path(version, kind, namespace)? {
            None => format!("the server knows no `{kind}` of `{version}`"),
            Some(path) => {
                let path = format!("{path}/{name}?fieldManager=lab&force=true");
                let answer = send(resources.client, "PATCH", &path, &body)?;
                match answer.status {
                    200 | 201 => break,
                    // The kind or the namespace may be on its way.
                    404 => answer.body,
                    _ => {
                        let answer = answer.body;
                        return Err(LabError::failed(format!("cannot apply `{kind}` `{name}`: {answer}")));
                    }
                }
            }
        };
        if Instant::now() > deadline {
            return Err(LabError::failed(format!("cannot apply `{kind}` `{name}`: {problem}")));
        }
        std::thread::sleep(Duration::from_millis(100));
        resources.known.remove(version);
    }
    match kind {
        "Namespace" if controllers => await_service_account(resources.client, name),
        "Namespace" => service_account(resources.client, name),
        _ => Ok(()),
    }
}

/// Makes the service account `default` of a namespace.
pub(crate) fn service_account(client: &Client, namespace: &str) -> Result<(), LabError> {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default?fieldManager=lab");
    let body = r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}"#;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = send(client, "PATCH", &path, body)?;
        match answer.status {
            200 | 201 => return Ok(()),
            404 if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(100)),
            _ => {
                return Err(LabError::failed(format!(
                    "no service account in `{namespace}`: {}",
                    answer.body
                )));
            }
        }
    }
}

fn await_service_account(client: &Client, namespace: &str) -> Result<(), LabError> {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
    let deadline = Instant::now() + PATIENCE;
    while !client.send("GET", &path, None).is_ok_and(|answer| answer.status == 200) {
        if Instant::now() > deadline {
            return Err(LabError::failed(format!("no controller makes a service account in `{namespace}`")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn send(client: &Client, method: &str, path: &str, body: &str) -> Result<Answer, LabError> {
    client
        .send(method, path, Some(("application/apply-patch+yaml", body)))
        .map_err(|error| LabError::failed(format!("{method} {path}: {error}")))
}

/// What the server calls its kinds, asked once per version of a group.
struct Resources<'c> {
    client: &'c Client,
    known: HashMap<String, serde_json::Value>,
}

impl Resources<'_> {
    /// The path of the list that objects of a kind are in.
    fn path(&mut self, version: &str, kind: &str, namespace: &str) -> Result<Option<String>, LabError> {
        let prefix =
            if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        if !self.known.contains_key(version) {
            let answer = self
                .client
                .send("GET", &prefix, None)
                .map_err(|error| LabError::failed(format!("GET {prefix}: {error}")))?;
            if answer.status == 404 {
                return Ok(None);
            }
            let list = serde_json::from_str(&answer.body)
                .map_err(|error| LabError::failed(format!("GET {prefix}: {error}")))?;
            self.known.insert(version.to_owned(), list);
        }
        let resources = self.known[version]["resources"].as_array();
        let resource = resources.into_iter().flatten().find(|resource| {
            resource["kind"] == kind && !resource["name"].as_str().unwrap_or_default().contains('/')
        });
        Ok(resource.map(|resource| {
            let name = resource["name"].as_str().unwrap_or_default();
            if resource["namespaced"] == true {
                format!("{prefix}/namespaces/{namespace}/{name}")
            } else {
                format!("{prefix}/{name}")
            }
        }))
    }
}
