//! A cluster that is watched: after everything was gathered, what changes.
//!
//! Each list is followed by a watch from its version on. Where watching is not allowed, or a server ends watches again and
//! again, the list is read anew from time to time instead.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use seaworthy_evidence::SourceFile;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{sleep, timeout};

use crate::error::{ClusterError, Fault, shortened, with_causes};
use crate::gather::{Asked, Event, Gathered};
use crate::list::{self, Reach, Target};
use crate::options::ClusterOptions;
use crate::session::{Ask, Session};

/// Changes that wait to be taken; a watch that nobody reads from waits as well.
const WAITING: usize = 1024;

/// After so long the server ends a watch, and it is begun again.
const WATCH_SECONDS: u32 = 290;

/// A watch that is silent for longer is dead: servers send a bookmark every minute.
const SILENCE: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 40);

/// Most bytes of one event: an object, and the object once more in a table.
const EVENT_BYTES: usize = 16 << 20;

/// How often a list is read again that cannot be watched.
const AGAIN: Duration = Duration::from_secs(60);

/// Shortest and longest pause after something went wrong.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What changed.
#[derive(Debug)]
pub enum Update {
    /// An object came or is another one than before: its text, and those that are embedded in it.
    Set(Vec<SourceFile>),
    /// The text of a name is gone.
    Gone(String),
    /// A watch broke and was not begun again yet: what is known of the kind may be old. Told once until it goes on.
    Lost {
        /// The kind, as `deployments.apps`.
        what: String,
        /// What happened.
        reason: String,
    },
    /// It goes on.
    Found {
        /// The kind.
        what: String,
    },
}

/// A cluster that is being watched, until this is dropped.
#[derive(Debug)]
pub struct Watch {
    runtime: Option<Runtime>,
    updates: Receiver<Update>,
}

/// Gathers as [`gather`](crate::gather) does, and goes on watching.
///
/// # Errors
/// When the cluster cannot be asked at all.
pub fn watch(options: &ClusterOptions, progress: &dyn Fn(Event)) -> Result<(Gathered, Watch), ClusterError> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let gathered = runtime.block_on(async {
        let asked = Asked::begin(options).await?;
        let session = Arc::clone(&asked.session);
        let (gathered, begun) = asked.all(options, progress).await?;
        Ok((gathered, begun, session))
    });
    let (gathered, begun, session) = match gathered {
        Ok(gathered) => gathered,
        Err(error) => {
            runtime.shutdown_background();
            return Err(error);
        }
    };
    let session = Arc::new(session.without_end());
    let (sender, updates) = mpsc::channel(WAITING);
    for begun in begun {
        let follow = Follow { session: Arc::clone(&session), sender: sender.clone(), lost: false, begun };
        runtime.spawn(follow.go_on());
    }
    Ok((gathered, Watch { runtime: Some(runtime), updates }))
}

impl Watch {
    /// The next change; `None` when none comes in time.
    pub fn next(&mut self, within: Duration) -> Option<Update> {
        let runtime = self.runtime.as_ref()?;
        runtime.block_on(async { timeout(within, self.updates.recv()).await.ok().flatten() })
    }

    /// The next change that is there already.
    pub fn next_now(&mut self) -> Option<Update> {
        self.updates.try_recv().ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A list from which a watch can begin.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) target: Target,
    /// The version of the list; without one it was not read to the end.
    pub(crate) version: Option<String>,
    /// The texts that came of it, each with the version of its object.
    pub(crate) known: HashMap<String, String>,
}

impl Begun {
    /// What a list shows.
    pub(crate) fn of(target: Target, version: Option<String>, files: &[SourceFile]) -> Begun {
        let known =
            files.iter().filter(|file| !file.embedded).map(|file| (file.name.clone(), version_of(file)));
        Begun { target, version, known: known.collect() }
    }
}

fn version_of(file: &SourceFile) -> String {
    let document = file.stream.documents().next();
    let version = document.and_then(|document| document.root().at(&["metadata", "resourceVersion"]));
    version.map(|version| version.text().to_owned()).unwrap_or_default()
}

/// One list that is followed.
struct Follow {
    session: Arc<Session>,
    sender: Sender<Update>,
    begun: Begun,
    lost: bool,
}

/// Why a watch ended.
enum End {
    /// As agreed.
    Over,
    /// The server does not know the version any more.
    Expired,
    /// This account may not watch, or the kind cannot be watched.
    Refused,
    Broken(Fault),
    /// Nobody listens any more.
    Closed,
}

impl Follow {
    async fn go_on(mut self) {
        let mut pause = PAUSE.0;
        loop {
            let end = match self.begun.version.clone() {
                // A single object, or a list that was refused.
                None => End::Refused,
                Some(version) => self.watch(&version).await,
            };
            let flow = match end {
                End::Over => {
                    pause = PAUSE.0;
                    self.found().await
                }
                End::Closed => ControlFlow::Break(()),
                End::Expired => self.list_again().await,
                End::Refused => {
                    sleep(AGAIN).await;
                    self.list_again().await
                }
                End::Broken(fault) => {
                    let flow = self.lose(&fault).await;
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE.1);
                    flow
                }
            };
            if flow.is_break() {
                return;
            }
        }
    }

    async fn tell(&self, update: Update) -> ControlFlow<()> {
        match self.sender.send(update).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    async fn lose(&mut self, fault: &Fault) -> ControlFlow<()> {
        if std::mem::replace(&mut self.lost, true) {
            return ControlFlow::Continue(());
        }
        let what = self.begun.target.kind.plural();
        self.tell(Update::Lost { what, reason: fault.to_string() }).await
    }

    async fn found(&mut self) -> ControlFlow<()> {
        if !std::mem::replace(&mut self.lost, false) {
            return ControlFlow::Continue(());
        }
        self.tell(Update::Found { what: self.begun.target.kind.plural() }).await
    }

    /// Reads the list once more and tells what differs from what was known.
    async fn list_again(&mut self) -> ControlFlow<()> {
        let listed = list::list(&self.session, self.begun.target.clone(), |_| {}).await;
        if let Some(reason) = listed.refused {
            let version = self.begun.version.take();
            // A list that was refused from the beginning says nothing new by being refused again.
            return match version {
                Some(_) => self.lose(&Fault::Unreachable(reason)).await,
                None => ControlFlow::Continue(()),
            };
        }
        let now = Begun::of(listed.target, listed.resource_version, &listed.files);
        let mut texts: Vec<SourceFile> = Vec::new();
        let mut files = listed.files.into_iter().peekable();
        while let Some(file) = files.next() {
            let same = self.begun.known.get(&file.name) == now.known.get(&file.name);
            texts.clear();
            texts.push(file);
            while let Some(embedded) = files.next_if(|file| file.embedded) {
                texts.push(embedded);
            }
            if !same && self.tell(Update::Set(std::mem::take(&mut texts))).await.is_break() {
                return ControlFlow::Break(());
            }
        }
        let mut gone: Vec<String> =
            self.begun.known.keys().filter(|name| !now.known.contains_key(*name)).cloned().collect();
        gone.sort_unstable();
        self.begun = now;
        for name in gone {
            if self.tell(Update::Gone(name)).await.is_break() {
                return ControlFlow::Break(());
            }
        }
        self.found().await
    }

    /// Takes events until the watch ends.
    async fn watch(&mut self, version: &str) -> End {
        if matches!(self.begun.target.scope, Reach::Object(_)) {
            return End::Refused;
        }
        let path = format!(
            "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}",
            self.begun.target.path()
        );
        let ask = Ask { path: &path, accept: self.begun.target.accept(), most: EVENT_BYTES, patient: false };
        let mut body = match self.session.open(ask).await {
            Ok(body) => body,
            Err(Fault::Status { code: 410, .. }) => return End::Expired,
            Err(Fault::Status { code: 403..=405, .. }) => return End::Refused,
            Err(fault) => return End::Broken(fault),
        };
        if self.found().await.is_break() {
            return End::Closed;
        }
        // What has come and is not a whole line yet starts the buffer.
        let mut buffer: Vec<u8> = Vec::new();
        loop {
            let searched = buffer.len();
            match read_more(&mut body, &mut buffer).await {
                Ok(true) => {}
                Ok(false) => return End::Over,
                Err(fault) => return End::Broken(fault),
            }
            let mut start = 0;
            let mut from = searched;
            while let Some(length) = buffer[from..].iter().position(|byte| *byte == b'\n') {
                let end = from + length;
                match self.event(&buffer[start..end]).await {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => return End::Closed,
                    Err(end) => return end,
                }
                (start, from) = (end + 1, end + 1);
            }
            buffer.drain(..start);
            if buffer.len() > EVENT_BYTES {
                return End::Broken(Fault::TooLarge(EVENT_BYTES));
            }
        }
    }

    async fn event(&mut self, line: &[u8]) -> Result<ControlFlow<()>, End> {
        #[derive(Deserialize)]
        struct WatchEvent<'e> {
            r#type: &'e str,
            #[serde(borrow)]
            object: &'e RawValue,
        }
        #[derive(Deserialize)]
        struct Versioned {
            metadata: Version,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            resource_version: String,
        }
        #[derive(Deserialize)]
        struct Status {
            #[serde(default)]
            code: u16,
            #[serde(default)]
            message: String,
        }
        let malformed = |error: serde_json::Error| End::Broken(Fault::Malformed(error.to_string()));
        let event: WatchEvent<'_> = serde_json::from_slice(line).map_err(malformed)?;
        let object = event.object.get();
        match event.r#type {
            "BOOKMARK" => {
                // A bookmark of a table that names no version says nothing.
                if let Ok(bookmark) = serde_json::from_str::<Versioned>(object) {
                    self.begun.version = Some(bookmark.metadata.resource_version);
                }
                Ok(ControlFlow::Continue(()))
            }
            "ERROR" => {
                let status: Status = serde_json::from_str(object).map_err(malformed)?;
                Err(match status.code {
                    410 => End::Expired,
                    code => End::Broken(Fault::Status { code, message: shortened(&status.message) }),
                })
            }
            kind @ ("ADDED" | "MODIFIED" | "DELETED") => {
                let files = list::event(&self.begun.target, object).map_err(End::Broken)?;
                let version = files.first().map(version_of);
                if let Some(version) = version.filter(|version| !version.is_empty()) {
                    self.begun.version = Some(version);
                }
                Ok(self.take(files, kind == "DELETED").await)
            }
            other => Err(End::Broken(Fault::Malformed(format!("an event of type `{}`", shortened(other))))),
        }
    }

    /// Tells of an object; nothing when it is none that is kept.
    async fn take(&mut self, files: Vec<SourceFile>, deleted: bool) -> ControlFlow<()> {
        let Some(file) = files.first() else { return ControlFlow::Continue(()) };
        let name = file.name.clone();
        if deleted {
            return match self.begun.known.remove(&name) {
                Some(_) => self.tell(Update::Gone(name)).await,
                None => ControlFlow::Continue(()),
            };
        }
        self.begun.known.insert(name, version_of(file));
        self.tell(Update::Set(files)).await
    }
}

/// Appends the next bytes of a body; `false` at its end. An honest server does not stay silent for longer than the watch
/// was asked for.
async fn read_more(body: &mut Body, buffer: &mut Vec<u8>) -> Result<bool, Fault> {
    let frame = timeout(SILENCE, body.frame()).await.map_err(|_| Fault::Slow(SILENCE))?;
    match frame {
        None => Ok(false),
        Some(Ok(frame)) => {
            if let Ok(bytes) = frame.into_data() {
                buffer.extend_from_slice(&bytes);
            }
            Ok(true)
        }
        Some(Err(error)) => Err(Fault::Unreachable(with_causes(&error))),
    }
}
