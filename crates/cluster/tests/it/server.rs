//! A server of a test's own on loopback, which answers as the test says: as an API server would, or worse.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use seaworthy_cluster::{ClusterError, ClusterOptions, Gathered, gather};
use seaworthy_evidence::SourceFile;
use tempfile::TempDir;

/// What the server does with a request.
pub(crate) enum Answer {
    /// Answers with JSON.
    Json(String),
    /// Answers with a status, headers and a text.
    Status(u16, &'static str, String),
    /// Sends a body that never ends.
    Endless,
    /// Says nothing until the server stops.
    Silence,
    /// Closes the connection.
    Close,
    /// Promises more than it sends.
    Truncated,
}

type Answers = dyn Fn(&str) -> Option<Answer> + Send + Sync;

/// A running server, stopped when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    folder: TempDir,
}

impl Server {
    /// Starts a server. What `answers` does not answer, a small and honest cluster does.
    pub(crate) fn start(answers: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Server {
        Server::listen(Arc::new(answers), None)
    }

    /// Starts a server with TLS.
    pub(crate) fn with_tls(tls: rustls::ServerConfig) -> Server {
        Server::listen(Arc::new(|_: &str| None), Some(Arc::new(tls)))
    }

    fn listen(answers: Arc<Answers>, tls: Option<Arc<rustls::ServerConfig>>) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut connections = Vec::new();
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (answers, log) = (Arc::clone(&answers), Arc::clone(&log));
                let (stopped, tls) = (Arc::clone(&stopped), tls.clone());
                connections.push(std::thread::spawn(move || match tls {
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls).unwrap();
                        serve(rustls::StreamOwned::new(connection, stream), &*answers, &log, &stopped);
                    }
                    None => serve(stream, &*answers, &log, &stopped),
                }));
            }
            connections.into_iter().for_each(|connection| connection.join().unwrap());
        });
        Server { address, asked, stop, thread: Some(thread), folder: TempDir::new().unwrap() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A folder that vanishes with the server.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Writes a kubeconfig and returns options that use it.
    pub(crate) fn options_with(&self, kubeconfig: &str) -> ClusterOptions {
        let path: PathBuf = self.folder.path().join("kubeconfig");
        std::fs::write(&path, kubeconfig).unwrap();
        ClusterOptions {
            kubeconfig: Some(path),
            requests_per_second: 1000,
            request_timeout: Duration::from_secs(20),
            ..ClusterOptions::default()
        }
    }

    pub(crate) fn options(&self) -> ClusterOptions {
        self.options_with(&kubeconfig(&format!("http://{}", self.address), "{token: t}"))
    }

    pub(crate) fn gather(&self) -> Result<Gathered, ClusterError> {
        gather(&self.options(), &|_| {})
    }

    /// The requests so far whose path begins so.
    pub(crate) fn asked(&self, start: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|path| path.starts_with(start)).cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The listener wakes for one more connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            if !std::thread::panicking() {
                outcome.unwrap();
            }
        }
    }
}

/// A kubeconfig with one context.
pub(crate) fn kubeconfig(server: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
        clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {user}}}]\n\
        contexts: [{{name: test, context: {{cluster: c, user: u}}}}]\n"
    )
}

fn serve(stream: impl Read + Write, answers: &Answers, log: &Mutex<Vec<String>>, stopped: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    if reader.read_line(&mut request).unwrap_or(0) == 0 {
        return;
    }
    let mut words = request.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    // What changes something is known by its method too.
    let path = if method == "GET" { path } else { format!("{method} {path}") };
    let mut header = String::new();
    let mut length = 0;
    while reader.read_line(&mut header).unwrap_or(0) > 0 && header != "\r\n" {
        if let Some(bytes) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap_or(0);
        }
        header.clear();
    }
    let _ = reader.read_exact(&mut vec![0; length]);
    log.lock().unwrap().push(path.clone());
    let answer = answers(&path).unwrap_or_else(|| honest(&path));
    let stream = reader.get_mut();
    // Whoever asked may have gone: that is what some tests are about.
    let _ = match answer {
        Answer::Json(body) => write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Answer::Status(code, headers, body) => write!(
            stream,
            "HTTP/1.1 {code} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Answer::Truncated => write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{{\"kind\":"),
        Answer::Close => Ok(()),
        Answer::Endless => endless(stream, stopped),
        Answer::Silence => {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
    };
    let _ = stream.flush();
}

fn endless(stream: &mut impl Write, stopped: &AtomicBool) -> std::io::Result<()> {
    let piece = "[".repeat(1 << 16);
    write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    while !stopped.load(Ordering::Relaxed) {
        write!(stream, "{:x}\r\n{piece}\r\n", piece.len())?;
    }
    Ok(())
}

/// A cluster with pods, Secrets, Deployments and a custom resource, and nothing in most lists.
fn honest(path: &str) -> Answer {
    let resource = |resource: &str, kind: &str, scope: &str| {
        format!(
            r#"{{"resource":"{resource}","responseKind":{{"group":"","version":"","kind":"{kind}"}},"scope":"{scope}","verbs":["get","list"]}}"#
        )
    };
    let group = |name: &str, resources: &[String]| {
        let metadata = if name.is_empty() { String::new() } else { format!(r#""name":"{name}""#) };
        format!(
            r#"{{"metadata":{{{metadata}}},"versions":[{{"version":"v1","resources":[{}],"freshness":"Current"}}]}}"#,
            resources.join(",")
        )
    };
    let discovery = |groups: &[String]| {
        Answer::Json(format!(
            r#"{{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[{}]}}"#,
            groups.join(",")
        ))
    };
    let path = path.split('?').next().unwrap_or(path);
    match path {
        "/api" => discovery(&[group(
            "",
            &[
                resource("namespaces", "Namespace", "Cluster"),
                resource("nodes", "Node", "Cluster"),
                resource("pods", "Pod", "Namespaced"),
                resource("secrets", "Secret", "Namespaced"),
            ],
        )]),
        "/apis" => discovery(&[
            group("apps", &[resource("deployments", "Deployment", "Namespaced")]),
            group("rockets.example.com", &[resource("rockets", "Rocket", "Namespaced")]),
        ]),
        "/version" => Answer::Json(r#"{"gitVersion":"v1.36.3"}"#.to_owned()),
        "/api/v1/secrets" => Answer::Json(
            r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},
            "columnDefinitions":[{"name":"Name"},{"name":"Type"},{"name":"Data"},{"name":"Age"}],
            "rows":[{"cells":["db","Opaque",2,"1d"],"object":{"kind":"PartialObjectMetadata",
            "metadata":{"name":"db","namespace":"shop"}}}]}"#
                .to_owned(),
        ),
        "/apis/rockets.example.com/v1/rockets" => list(
            "Rocket",
            "",
            &[
                r#"{"metadata":{"name":"a","namespace":"shop"},"spec":{"template":{"spec":{"containers":[{"name":"x"}]}}}}"#,
                r#"{"metadata":{"name":"b","namespace":"shop"},"spec":{"fuel":3}}"#,
            ],
        ),
        "/api/v1/pods" => pods(&["web-0"], ""),
        // As servers before v1.36.
        "/flagz" | "/statusz" | "/metrics" => Answer::Status(404, "", String::new()),
        _ => list("Nothing", "", &[]),
    }
}

/// A list of pods with these names.
pub(crate) fn pods(names: &[&str], next: &str) -> Answer {
    let items: Vec<String> = names
        .iter()
        .map(|name| {
            format!(r#"{{"metadata":{{"name":"{name}","namespace":"shop"}},"spec":{{"containers":[]}}}}"#)
        })
        .collect();
    list("Pod", next, &items.iter().map(String::as_str).collect::<Vec<_>>())
}

fn list(kind: &str, next: &str, items: &[&str]) -> Answer {
    Answer::Json(format!(
        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"7","continue":"{next}"}},"items":[{}]}}"#,
        items.join(",")
    ))
}

/// The names of the texts.
pub(crate) fn names(files: &[SourceFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

/// The reasons for what was not told.
pub(crate) fn reasons(gathered: &Gathered) -> Vec<&str> {
    gathered.refusals.iter().map(|refusal| refusal.reason.as_str()).collect()
}
