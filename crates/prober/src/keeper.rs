//! Objects of ours in a cluster: how they are marked, looked at and removed. Nothing else is ever removed.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use seaworthy_cluster::{Api, Pace, Who};
use seaworthy_probe::{Object, encode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::ledger::{ClusterMark, Entry, clock};

/// The label that every object of a run bears.
pub(crate) const LABEL: &str = "seaworthy.dev/probe-run";

/// Metadata alone: what a Secret holds is never asked for.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Most bytes of an answer about metadata.
const MOST: usize = 1 << 20;

/// Between two looks at an object that is on its way out.
const AGAIN: Duration = Duration::from_millis(300);

/// What became of an object that a run made, or wanted to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was removed.
    Removed,
    /// It was not there any more, or never.
    Absent,
    /// The server has agreed to remove it, and has not done so yet: a namespace takes a while, and goes for as long as a
    /// controller manager runs.
    Leaving,
    /// It is not there, and the request that makes it was sent so lately that the server may still be at it.
    Pending,
    /// Another object has its name: one that this run did not make, which is left alone.
    Foreign,
    /// It could not be removed, with why.
    Failed(String),
}

impl Fate {
    /// Whether there is nothing left to be done.
    pub fn is_done(&self) -> bool {
        matches!(self, Fate::Removed | Fate::Absent | Fate::Foreign)
    }
}

impl std::fmt::Display for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Fate::Removed => "removed",
            Fate::Absent => "already gone",
            Fate::Leaving => "being removed by the cluster, not gone yet",
            Fate::Pending => "not there, but it was asked for just now: look again in a minute",
            Fate::Foreign => "left alone: an object of this name is there that this run did not make",
            Fate::Failed(why) => return write!(f, "not removed: {why}"),
        })
    }
}

/// What is at a place.
enum Look {
    Absent,
    /// An object with the label of the run.
    Ours {
        uid: String,
    },
    Other {
        uid: String,
    },
    Unclear(String),
}

/// Asks as the caller, at the pace of everything else, for what is ours.
pub(crate) struct Keeper {
    pub(crate) api: Api,
    pub(crate) pace: Arc<Pace>,
    /// So that owners of the cluster can tell what was ours.
    pub(crate) agent: String,
}

impl Keeper {
    /// The mark of the cluster that is asked.
    pub(crate) async fn cluster(&self) -> ClusterMark {
        let path = "/api/v1/namespaces/kube-system";
        let answer = self.ask("GET", path, None).await.ok().filter(|(status, _)| *status == 200);
        let uid = answer.and_then(|(_, json)| json["metadata"]["uid"].as_str().map(str::to_owned));
        ClusterMark { url: self.api.url.clone(), uid }
    }

    /// Removes what an entry speaks of, if it is ours: by its uid, or, where no answer told it, by the label of the run. Waits
    /// until it is gone, at most so long. `settle` is the time after which a request that was sent cannot be at work any more.
    pub(crate) async fn remove(&self, run: &str, entry: &Entry, wait: Duration, settle: Duration) -> Fate {
        let mut uid = match &entry.uid {
            Some(uid) => uid.clone(),
            None => match self.look(run, &entry.object).await {
                Look::Ours { uid } => uid,
                Look::Other { .. } => return Fate::Foreign,
                Look::Unclear(why) => return Fate::Failed(why),
                Look::Absent => {
                    let age = u64::try_from(clock()).unwrap_or_default().saturating_sub(entry.at);
                    return if age >= settle.as_secs() { Fate::Absent } else { Fate::Pending };
                }
            },
        };
        for _ in 0..2 {
            let options = json!({
                "apiVersion": "v1", "kind": "DeleteOptions",
                "preconditions": {"uid": uid}, "propagationPolicy": "Background",
            });
            let (status, answer) = match self.ask("DELETE", &path(&entry.object), Some(&options)).await {
                Ok(answer) => answer,
                Err(why) => return Fate::Failed(why),
            };
            match status {
                200..=202 => return self.gone(run, &entry.object, &uid, wait).await,
                404 if is_not_found(&answer) => return Fate::Absent,
                // Another object has the name, or this one is on its way.
                409 => match self.look(run, &entry.object).await {
                    Look::Absent => return Fate::Absent,
                    Look::Ours { uid: now } | Look::Other { uid: now } if now == uid => {
                        return self.gone(run, &entry.object, &uid, wait).await;
                    }
                    Look::Ours { uid: now } => uid = now,
                    Look::Other { .. } => return Fate::Foreign,
                    Look::Unclear(why) => return Fate::Failed(why),
                },
                _ => return Fate::Failed(said(status, &answer)),
            }
        }
        Fate::Failed("it comes back under another uid".to_owned())
    }

    /// Waits until an object is gone that the server has agreed to remove.
    async fn gone(&self, run: &str, object: &Object, uid: &str, wait: Duration) -> Fate {
        let end = Instant::now() + wait;
        loop {
            match self.look(run, object).await {
                Look::Absent => return Fate::Removed,
                Look::Ours { uid: now } | Look::Other { uid: now } if now != uid => return Fate::Removed,
                _ if Instant::now() + AGAIN > end => return Fate::Leaving,
                _ => sleep(AGAIN).await,
            }
        }
    }

    async fn look(&self, run: &str, object: &Object) -> Look {
        match self.ask("GET", &path(object), None).await {
            Ok((200, found)) => {
                let metadata = &found["metadata"];
                let Some(uid) = metadata["uid"].as_str().map(str::to_owned) else {
                    return Look::Unclear("the server shows an object without a uid".to_owned());
                };
                match metadata["labels"][LABEL] == *run {
                    true => Look::Ours { uid },
                    false => Look::Other { uid },
                }
            }
            Ok((404, answer)) if is_not_found(&answer) => Look::Absent,
            Ok((status, answer)) => Look::Unclear(said(status, &answer)),
            Err(why) => Look::Unclear(why),
        }
    }

    /// Whether something is there; `None` when nobody knows.
    pub(crate) async fn exists(&self, path: &str) -> Option<bool> {
        match self.ask("GET", path, None).await {
            Ok((200, _)) => Some(true),
            Ok((404, _)) => Some(false),
            _ => None,
        }
    }

    /// The status and the JSON of an answer, or why there is none.
    pub(crate) async fn ask(
        &self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        self.pace.wait().await;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::ACCEPT, METADATA)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::USER_AGENT, &self.agent)
            .body(body.map(Value::to_string).unwrap_or_default().into_bytes())
            .map_err(|_| format!("`{}` is no path", path.escape_debug()))?;
        let sent = self.api.send(Who::Caller, request, MOST).await.map_err(|unsent| unsent.to_string())?;
        Ok((sent.status, serde_json::from_slice(&sent.body).unwrap_or(Value::Null)))
    }
}

/// The path of an object, with a name that cannot lead elsewhere.
fn path(object: &Object) -> String {
    format!("{}/{}", object.collection, encode(&object.name))
}

/// A 404 of the API itself; one of somebody in between says nothing of the object.
fn is_not_found(answer: &Value) -> bool {
    answer["kind"] == "Status" && answer["reason"] == "NotFound"
}

fn said(status: u16, answer: &Value) -> String {
    let message = answer["message"].as_str().unwrap_or("no reason");
    let plain = message.chars().filter(|char| !char.is_control()).take(200);
    format!("{status}: {}", plain.collect::<String>())
}

/// The body of a request that makes an object, with the label of the run on the object and on the pods that it makes.
///
/// # Errors
/// When it is no object of that name.
pub(crate) fn marked(body: &str, object: &Object, run: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("the probe is wrong: {what}"));
    let Ok(mut json) = serde_json::from_str::<Value>(body) else { return wrong("its body is no JSON") };
    if json["metadata"]["name"] != *object.name || !json["metadata"]["generateName"].is_null() {
        return wrong("its body and the plan name different objects");
    }
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '/' | '-' | '.');
    let rooted = object.collection.starts_with("/api/") || object.collection.starts_with("/apis/");
    if !rooted || object.collection.contains("..") || !object.collection.chars().all(plain) {
        return wrong("it makes an object outside of the API");
    }
    label(&mut json, run);
    for template in ["/spec/template", "/spec/jobTemplate", "/spec/jobTemplate/spec/template"] {
        if let Some(template) = json.pointer_mut(template) {
            label(template, run);
        }
    }
    Ok(json.to_string())
}

/// Adds the label to what has metadata, or may have.
fn label(json: &mut Value, run: &str) {
    let Value::Object(fields) = json else { return };
    let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
    let Value::Object(metadata) = metadata else { return };
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if let Value::Object(labels) = labels {
        labels.insert(LABEL.to_owned(), run.into());
    }
}
