//! `seaworthy lsp`: a language server over standard input and output.
//!
//! All files of the workspace are evidence; those that are open are judged at every change, in the light of all. Controls
//! that look at everything at once are asked when the editor pauses. A generation begins with reading everything and ends when too many former states of edited files have piled up.

mod describe;
mod documents;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lsp_server::{Connection, ExtractError, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    self, DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    PublishDiagnostics,
};
use lsp_types::request::{self, HoverRequest};
use lsp_types::{
    HoverProviderCapability, InitializeParams, PublishDiagnosticsParams, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, Uri,
};
use seaworthy_controls::{Control, Settings};
use seaworthy_document::Stream;
use seaworthy_evidence::{SourceFile, embedded_files};
use seaworthy_ingest::{Options, collect};

use documents::{Document, Encoding};

use crate::workspace::{Full, States, Workspace};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What does not change while the server runs.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) controls: Vec<&'static Control>,
    pub(crate) settings: Settings,
    pub(crate) options: Options,
}

/// Serves an editor until it says good-bye. `rules` are made for the folders of the workspace.
///
/// # Errors
/// When the editor breaks the protocol or goes away without a word.
pub(crate) fn serve(
    connection: &Connection,
    rules: impl FnOnce(&[PathBuf]) -> std::result::Result<Rules, String>,
) -> Result<()> {
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params)?;
    let general = params.capabilities.general.as_ref();
    let encoding = Encoding::choose(general.and_then(|general| general.position_encodings.as_deref()));
    let capabilities = ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        ..ServerCapabilities::default()
    };
    let info = serde_json::json!({ "name": "seaworthy", "version": env!("CARGO_PKG_VERSION") });
    connection
        .initialize_finish(id, serde_json::json!({ "capabilities": capabilities, "serverInfo": info }))?;

    let folders = folders(&params);
    let rules = rules(&folders)?;
    let mut server = Server { connection, encoding, folders, open: Vec::new() };
    while server.generation(&rules)? == Next::ReadAgain {}
    Ok(())
}

/// The folders of the workspace: what the editor names, in its newest way.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let folders =
        params.workspace_folders.iter().flatten().filter_map(|folder| documents::path_of(&folder.uri));
    let folders: Vec<PathBuf> = folders.collect();
    if !folders.is_empty() {
        return folders;
    }
    #[expect(deprecated, reason = "older editors name nothing else")]
    let root = params.root_uri.as_ref();
    root.and_then(documents::path_of).into_iter().collect()
}

/// How long an editor must be silent before controls that look at everything are asked.
const PAUSE: Duration = Duration::from_millis(300);
const GONE: &str = "the editor went away without saying good-bye";

#[derive(PartialEq, Eq)]
enum Next {
    ReadAgain,
    End,
}

struct Server<'c> {
    connection: &'c Connection,
    encoding: Encoding,
    folders: Vec<PathBuf>,
    /// Open documents; a handful.
    open: Vec<Document>,
}

impl Server<'_> {
    /// Reads all files and serves until they have to be read again, or until the end.
    fn generation(&mut self, rules: &Rules) -> Result<Next> {
        // A folder that has gone since is no reason to serve the others no longer.
        let there: Vec<PathBuf> = self.folders.iter().filter(|folder| folder.is_dir()).cloned().collect();
        let collected = collect(&there, &rules.options, &|_| {})?;
        let states = States::new();
        let mut workspace = Workspace::new(&collected.files, &states, &rules.controls, &rules.settings);
        for document in &self.open {
            if set(&mut workspace, &document.path, &document.text).is_err() {
                self.log(format!("{} is too large to be judged", document.path.display()))?;
            }
        }
        self.look_widely(&mut workspace);
        self.publish(&workspace)?;
        let mut looked = true;
        loop {
            let message = match looked {
                true => self.connection.receiver.recv().map_err(|_| GONE)?,
                false => match self.connection.receiver.recv_timeout(PAUSE) {
                    Ok(message) => message,
                    Err(error) if error.is_disconnected() => return Err(GONE.into()),
                    Err(_) => {
                        self.look_widely(&mut workspace);
                        self.publish(&workspace)?;
                        looked = true;
                        continue;
                    }
                },
            };
            let mut changed = false;
            let mut next = Some(message);
            // What was typed meanwhile is taken in before the answer, so that no work is done for a state that is over.
            while let Some(message) = next {
                match message {
                    Message::Request(request) if self.connection.handle_shutdown(&request)? => {
                        return Ok(Next::End);
                    }
                    Message::Request(request) => {
                        if changed {
                            self.publish(&workspace)?;
                            (changed, looked) = (false, false);
                        }
                        self.answer(request, &mut workspace)?;
                    }
                    Message::Notification(notification) => match self.take(notification, &mut workspace)? {
                        Taken::Nothing => {}
                        Taken::Change => changed = true,
                        Taken::ReadAgain => return Ok(Next::ReadAgain),
                    },
                    Message::Response(_) => {}
                }
                next = self.connection.receiver.try_recv().ok();
            }
            if changed {
                self.publish(&workspace)?;
                looked = false;
            }
        }
    }

    fn take(&mut self, notification: Notification, workspace: &mut Workspace<'_>) -> Result<Taken> {
        let notification = match cast::<DidOpenTextDocument>(notification)? {
            Ok(params) => {
                let document = params.text_document;
                let Some(path) = documents::path_of(&document.uri) else { return Ok(Taken::Nothing) };
                if !rules_apply(&path) {
                    return Ok(Taken::Nothing);
                }
                self.open.retain(|other| other.uri != document.uri);
                self.open.push(Document {
                    uri: document.uri,
                    path,
                    version: document.version,
                    text: document.text,
                    wide: Vec::new(),
                });
                return Ok(self.set(self.open.len() - 1, workspace));
            }
            Err(notification) => notification,
        };
        let notification = match cast::<DidChangeTextDocument>(notification)? {
            Ok(params) => {
                let Some(index) = self.position(&params.text_document.uri) else { return Ok(Taken::Nothing) };
                self.open[index].version = params.text_document.version;
                self.open[index].apply(params.content_changes, self.encoding);
                return Ok(self.set(index, workspace));
            }
            Err(notification) => notification,
        };
        let notification = match cast::<DidCloseTextDocument>(notification)? {
            Ok(params) => {
                let Some(index) = self.position(&params.text_document.uri) else { return Ok(Taken::Nothing) };
                let document = self.open.swap_remove(index);
                self.tell(document.uri, None, Vec::new())?;
                // What was typed and not saved is over; a file that was never saved holds nothing.
                let text = std::fs::read_to_string(&document.path).unwrap_or_default();
                return Ok(match set(workspace, &document.path, &text) {
                    Ok(()) => Taken::Change,
                    Err(Full) => Taken::ReadAgain,
                });
            }
            Err(notification) => notification,
        };
        match cast::<DidChangeWatchedFiles>(notification)? {
            Ok(params) => {
                let elsewhere = |uri: &Uri| self.position(uri).is_none();
                // Open documents are known better from the editor.
                match params.changes.iter().any(|change| elsewhere(&change.uri)) {
                    true => Ok(Taken::ReadAgain),
                    false => Ok(Taken::Nothing),
                }
            }
            Err(_) => Ok(Taken::Nothing),
        }
    }

    fn position(&self, uri: &Uri) -> Option<usize> {
        self.open.iter().position(|document| document.uri == *uri)
    }

    fn set(&self, index: usize, workspace: &mut Workspace<'_>) -> Taken {
        let Document { path, text, .. } = &self.open[index];
        match set(workspace, path, text) {
            Ok(()) => Taken::Change,
            Err(Full) => Taken::ReadAgain,
        }
    }

    /// Judges the open documents and tells the editor.
    fn publish(&self, workspace: &Workspace<'_>) -> Result<()> {
        let files: Vec<Vec<u32>> =
            self.open.iter().map(|document| workspace.places(&document.path.to_string_lossy())).collect();
        let known: Vec<u32> = files.iter().flatten().copied().collect();
        let assessment = workspace.judge(&known);
        for (document, file) in self.open.iter().zip(files) {
            let of_text = describe::of_text(&assessment, &file, self.encoding);
            let found = describe::findings(&assessment, &file, self.encoding);
            let diagnostics = describe::sorted(of_text.chain(found).chain(document.wide.iter().cloned()));
            self.tell(document.uri.clone(), Some(document.version), diagnostics)?;
        }
        Ok(())
    }

    /// Asks the controls that look at everything about the open documents.
    fn look_widely(&mut self, workspace: &mut Workspace<'_>) {
        let files: Vec<Vec<u32>> =
            self.open.iter().map(|document| workspace.places(&document.path.to_string_lossy())).collect();
        let known: Vec<u32> = files.iter().flatten().copied().collect();
        if known.is_empty() {
            return;
        }
        let assessment = workspace.judge_widely(&known);
        for (document, file) in self.open.iter_mut().zip(files) {
            document.wide = describe::findings(&assessment, &file, self.encoding).collect();
        }
    }

    fn tell(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<lsp_types::Diagnostic>) -> Result<()> {
        self.notify::<PublishDiagnostics>(PublishDiagnosticsParams { uri, diagnostics, version })
    }

    fn log(&self, message: String) -> Result<()> {
        let typ = lsp_types::MessageType::WARNING;
        self.notify::<notification::LogMessage>(lsp_types::LogMessageParams { typ, message })
    }

    fn notify<N: notification::Notification>(&self, params: N::Params) -> Result<()>
    where
        N::Params: serde::Serialize,
    {
        let notification = Notification::new(N::METHOD.to_owned(), params);
        Ok(self.connection.sender.send(Message::Notification(notification))?)
    }

    fn answer(&self, request: Request, workspace: &mut Workspace<'_>) -> Result<()> {
        let response = match request.method.as_str() {
            <HoverRequest as request::Request>::METHOD => {
                match request.extract::<lsp_types::HoverParams>(<HoverRequest as request::Request>::METHOD) {
                    Ok((id, params)) => self.hover(id, &params, workspace),
                    Err(ExtractError::JsonError { error, .. }) => return self.log(format!("hover: {error}")),
                    Err(ExtractError::MethodMismatch(_)) => return Ok(()),
                }
            }
            method => {
                let message = format!("`{method}` is not supported");
                Response::new_err(request.id, lsp_server::ErrorCode::MethodNotFound as i32, message)
            }
        };
        Ok(self.connection.sender.send(Message::Response(response))?)
    }

    fn hover(
        &self,
        id: RequestId,
        params: &lsp_types::HoverParams,
        workspace: &mut Workspace<'_>,
    ) -> Response {
        let at = &params.text_document_position_params;
        let files = self
            .position(&at.text_document.uri)
            .map(|index| workspace.places(&self.open[index].path.to_string_lossy()))
            .unwrap_or_default();
        let hover = describe::hover(&workspace.judge_wholly(&files), &files, at.position, self.encoding);
        Response::new_ok(id, hover)
    }
}

/// Takes what an editor holds for what the file holds; nothing when it is none that `scan` would read: a template, or no
/// manifest at all.
fn set(workspace: &mut Workspace<'_>, path: &Path, text: &str) -> std::result::Result<(), Full> {
    let name = path.to_string_lossy();
    let stream = seaworthy_ingest::read_text(path, text).unwrap_or_else(|_| Stream::read(""));
    let file = SourceFile::written(&*name, stream);
    let embedded = embedded_files(&file);
    workspace.set(&name, std::iter::once(file).chain(embedded))
}

/// What a notification led to.
enum Taken {
    Nothing,
    /// The evidence is another one now.
    Change,
    /// Everything has to be read again.
    ReadAgain,
}

/// Whether a document of this name is one that `scan` would read.
fn rules_apply(path: &std::path::Path) -> bool {
    let ending = path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The parameters of a notification when it is of a kind, else the notification itself.
fn cast<N: notification::Notification>(
    notification: Notification,
) -> Result<std::result::Result<N::Params, Notification>>
where
    N::Params: serde::de::DeserializeOwned,
{
    match notification.extract(N::METHOD) {
        Ok(params) => Ok(Ok(params)),
        Err(ExtractError::MethodMismatch(notification)) => Ok(Err(notification)),
        Err(ExtractError::JsonError { method, error }) => Err(format!("`{method}`: {error}").into()),
    }
}
