//! Lists of objects, page by page.

use seaworthy_evidence::{SourceFile, embedded_files};
use serde::Deserialize;
use serde_json::Value;

use crate::discover::Kind;
use crate::error::{Fault, shortened};
use crate::kinds::Keep;
use crate::pod_templates::holds_containers;
use crate::session::{Ask, Session};
use crate::text;

/// Objects of a page; a server may give fewer.
const PAGE: u32 = 500;

/// Most bytes of a page. A page that has more is asked for again in smaller ones.
const PAGE_BYTES: usize = 64 << 20;

/// Most pages of a list: a million objects.
const MOST_PAGES: u32 = 2_000;

/// Most pages of a kind of which only pod templates are kept.
const MOST_PAGES_OF_TEMPLATES: u32 = 40;

/// Rows of objects without their contents.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// What to list.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) keep: Keep,
    pub(crate) scope: Reach,
}

/// Where to list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everywhere.
    All,
    /// In one namespace.
    Namespace(String),
    /// One object of a kind without namespaces.
    Object(String),
}

impl Target {
    pub(crate) fn path(&self) -> String {
        match &self.scope {
            Reach::All => self.kind.path(None),
            Reach::Namespace(namespace) => self.kind.path(Some(namespace)),
            Reach::Object(name) => format!("{}/{name}", self.kind.path(None)),
        }
    }

    /// What is asked for: the objects, or a table of them.
    pub(crate) fn accept(&self) -> &'static str {
        match self.keep {
            Keep::Names => TABLE,
            _ => "application/json",
        }
    }

    /// What the right to do this is called: `list secrets in namespace shop`.
    fn right(&self) -> String {
        let plural = self.kind.plural();
        match &self.scope {
            Reach::All if self.kind.namespaced => format!("list {plural} in all namespaces"),
            Reach::All => format!("list {plural}"),
            Reach::Namespace(namespace) => format!("list {plural} in namespace {namespace}"),
            Reach::Object(name) => format!("get {plural} {name}"),
        }
    }
}

/// What came of a list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) target: Target,
    pub(crate) files: Vec<SourceFile>,
    /// Objects that the server told of, kept or not.
    pub(crate) items: usize,
    pub(crate) resource_version: Option<String>,
    /// Why it is not complete.
    pub(crate) refused: Option<String>,
}

/// Lists objects. What was read before something went wrong is kept, since it is true; that the rest is missing is told.
pub(crate) async fn list(session: &Session, target: Target, read: impl Fn(usize)) -> Listed {
    let mut listed = Listed { target, files: Vec::new(), items: 0, resource_version: None, refused: None };
    let fault = match listed.target.scope {
        Reach::Object(_) => listed.one(session, &read).await.err(),
        _ => listed.pages(session, &read).await.err(),
    };
    if let Some(fault) = fault {
        listed.refuse(&fault);
    }
    listed
}

impl Listed {
    fn refuse(&mut self, fault: &Fault) {
        self.refused.get_or_insert_with(|| format!("{fault}: {}", self.target.right()));
    }

    async fn one(&mut self, session: &Session, read: &impl Fn(usize)) -> Result<(), Fault> {
        let body = session.get(Ask::json(&self.target.path(), PAGE_BYTES)).await?;
        let object = serde_json::from_slice(&body).map_err(|error| malformed(&error))?;
        self.files.push(text::object(&self.target.kind, object)?);
        self.items = 1;
        read(1);
        Ok(())
    }

    async fn pages(&mut self, session: &Session, read: &impl Fn(usize)) -> Result<(), Fault> {
        let (path, most_pages) = (
            self.target.path(),
            match self.target.keep {
                Keep::PodTemplates => MOST_PAGES_OF_TEMPLATES,
                _ => MOST_PAGES,
            },
        );
        let accept = self.target.accept();
        let (mut limit, mut token, mut restarted) = (PAGE, String::new(), false);
        for _ in 0..most_pages {
            let mut query = format!("{path}?limit={limit}");
            if !token.is_empty() {
                query.push_str("&continue=");
                query.push_str(&encoded(&token));
            }
            let ask = Ask { path: &query, accept, most: PAGE_BYTES, patient: true };
            let body = match session.get(ask).await {
                Ok(body) => body,
                // What the token stands for is gone: all pages must be of one state, so all are read again.
                Err(Fault::Status { code: 410, .. }) if !token.is_empty() && !restarted => {
                    restarted = true;
                    token.clear();
                    self.files.clear();
                    self.items = 0;
                    self.resource_version = None;
                    continue;
                }
                Err(Fault::TooLarge(_)) if limit > 1 => {
                    limit = (limit / 10).max(1);
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            // Reading is work for a processor, and other lists are waiting for their bytes.
            let target = self.target.clone();
            let page = tokio::task::spawn_blocking(move || Page::read(&target, &body)).await;
            let page = page.map_err(|error| Fault::Malformed(error.to_string()))??;
            self.items += page.items;
            read(page.items);
            self.files.extend(page.files);
            self.resource_version = self.resource_version.take().or(page.resource_version);
            if let Some(fault) = page.fault {
                self.refuse(&fault);
            }
            match page.next {
                None => return Ok(()),
                Some(next) if next == token => {
                    return Err(Fault::Malformed("the server gives the same page without end".to_owned()));
                }
                Some(next) => token = next,
            }
        }
        Err(Fault::Exhausted("there are more objects than a scan reads"))
    }
}

/// The texts of the object of an event; none when it is not kept.
pub(crate) fn event(target: &Target, object: &str) -> Result<Vec<SourceFile>, Fault> {
    let page = match target.keep {
        Keep::Names => Page::of_table(&target.kind, object.as_bytes())?,
        keep => {
            let item: Value = serde_json::from_str(object).map_err(|error| malformed(&error))?;
            let mut page = Page::new(ListMetadata::default(), 1);
            page.take_object(&target.kind, keep, item);
            page
        }
    };
    match page.fault {
        Some(fault) => Err(fault),
        None => Ok(page.files),
    }
}

/// A part of a list.
struct Page {
    files: Vec<SourceFile>,
    items: usize,
    resource_version: Option<String>,
    next: Option<String>,
    /// What is wrong with one of the objects.
    fault: Option<Fault>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    resource_version: Option<String>,
    r#continue: Option<String>,
}

#[derive(Deserialize)]
struct Objects {
    #[serde(default)]
    metadata: ListMetadata,
    /// Go writes an empty list as null, and a `Status` has none at all.
    items: Option<Vec<Value>>,
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    kind: String,
    #[serde(default)]
    metadata: ListMetadata,
    #[serde(default)]
    column_definitions: Vec<Column>,
    rows: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    cells: Vec<Value>,
    object: Partial,
}

/// Only metadata is taken from a row, whatever else the server sends.
#[derive(Deserialize)]
struct Partial {
    metadata: Value,
}

impl Page {
    fn read(target: &Target, body: &[u8]) -> Result<Page, Fault> {
        match target.keep {
            Keep::Names => Page::of_table(&target.kind, body),
            keep => Page::of_objects(&target.kind, keep, body),
        }
    }

    fn of_objects(kind: &Kind, keep: Keep, body: &[u8]) -> Result<Page, Fault> {
        let list: Objects = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        if !list.kind.ends_with("List") {
            return Err(Fault::Malformed(format!(
                "a list was asked for, and this is `{}`",
                shortened(&list.kind)
            )));
        }
        let items = list.items.unwrap_or_default();
        let mut page = Page::new(list.metadata, items.len());
        for item in items {
            page.take_object(kind, keep, item);
        }
        Ok(page)
    }

    fn of_table(kind: &Kind, body: &[u8]) -> Result<Page, Fault> {
        let table: Table = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        if table.kind != "Table" {
            return Err(Fault::Malformed(format!(
                "a table was asked for, and this is `{}`",
                shortened(&table.kind)
            )));
        }
        let column = |name: &str| table.column_definitions.iter().position(|column| column.name == name);
        let (of_type, keys) = (column("Type"), column("Data"));
        let rows = table.rows.unwrap_or_default();
        let mut page = Page::new(table.metadata, rows.len());
        for row in rows {
            let cell = |column: Option<usize>| column.and_then(|index| row.cells.get(index));
            let keys = cell(keys).and_then(Value::as_u64);
            page.take(text::secret(kind, row.object.metadata, cell(of_type), keys));
        }
        Ok(page)
    }

    fn new(metadata: ListMetadata, items: usize) -> Page {
        Page {
            files: Vec::with_capacity(items),
            items,
            resource_version: metadata.resource_version.filter(|version| !version.is_empty()),
            next: metadata.r#continue.filter(|token| !token.is_empty()),
            fault: None,
        }
    }

    fn take_object(&mut self, kind: &Kind, keep: Keep, object: Value) {
        if keep != Keep::PodTemplates || holds_containers(&object) {
            self.take(text::object(kind, object));
        }
    }

    fn take(&mut self, file: Result<SourceFile, Fault>) {
        match file {
            Ok(file) => {
                let embedded = embedded_files(&file);
                self.files.push(file);
                self.files.extend(embedded);
            }
            Err(fault) => {
                self.fault.get_or_insert(fault);
            }
        }
    }
}

fn malformed(error: &serde_json::Error) -> Fault {
    // The text of the error names shapes and places; values of ours are no secrets, but those of a stranger may be long.
    Fault::Malformed(shortened(&error.to_string()))
}

/// A text as it may stand in a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte as char),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
