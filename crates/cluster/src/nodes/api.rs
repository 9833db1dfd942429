//! The few requests that make pods and remove them. Each has a limit of time and of bytes.

use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::time::timeout;

use crate::error::{Fault, shortened, with_causes};

/// Longest page of a list.
const MAX_PAGE: usize = 64 << 20;

/// Objects of a page.
const PAGE: usize = 250;

#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    limit: Duration,
}

impl Api {
    pub(super) fn new(client: Client, limit: Duration) -> Api {
        Api { client, limit }
    }

    pub(super) async fn get(&self, path: &str, most: usize) -> Result<Vec<u8>, Fault> {
        self.send(Method::GET, path, Vec::new(), most).await
    }

    /// The items of a list, page by page.
    pub(super) async fn list(&self, path: &str, most: usize) -> Result<Vec<Value>, Fault> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut items: Vec<Value> = Vec::new();
        let mut next = String::new();
        loop {
            let page = format!("{path}{joint}limit={PAGE}{next}");
            let bytes = self.get(&page, MAX_PAGE).await?;
            let mut list: Value =
                serde_json::from_slice(&bytes).map_err(|error| Fault::Malformed(error.to_string()))?;
            if let Some(Value::Array(page)) = list.get_mut("items").map(Value::take) {
                items.extend(page);
            }
            match list["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
                Some(_) if items.len() >= most => return Err(Fault::Exhausted("the list does not end")),
                Some(token) => next = format!("&continue={}", encoded(token)),
                None => return Ok(items),
            }
        }
    }

    pub(super) async fn create(&self, path: &str, object: &Value) -> Result<(), Fault> {
        self.send(Method::POST, path, object.to_string().into_bytes(), 4 << 20).await.map(drop)
    }

    /// Removes an object at once. One that is gone is removed.
    pub(super) async fn delete(&self, path: &str) -> Result<(), Fault> {
        let options = br#"{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"propagationPolicy":"Background"}"#;
        match self.send(Method::DELETE, path, options.to_vec(), 4 << 20).await {
            // A namespace that is being removed already conflicts.
            Ok(_) | Err(Fault::Status { code: 404 | 409, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>, most: usize) -> Result<Vec<u8>, Fault> {
        match timeout(self.limit, self.once(method, path, body, most)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Fault::Slow(self.limit)),
        }
    }

    async fn once(&self, method: Method, path: &str, body: Vec<u8>, most: usize) -> Result<Vec<u8>, Fault> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::USER_AGENT, concat!("seaworthy/", env!("CARGO_PKG_VERSION")))
            .body(Body::from(body))
            .map_err(|error| Fault::Malformed(shortened(&error.to_string())))?;
        let answer = self.client.send(request).await;
        let answer = answer.map_err(|error| Fault::Unreachable(with_causes(&error)))?;
        let status = answer.status();
        let most = if status.is_success() { most } else { 1 << 16 };
        let body = Limited::new(answer.into_body(), most).collect().await;
        let body = match body {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
                return Err(Fault::TooLarge(most));
            }
            Err(error) => return Err(Fault::Unreachable(with_causes(&*error))),
        };
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> Fault {
    let said = serde_json::from_slice::<Value>(body).ok();
    let said = said.and_then(|said| said["message"].as_str().map(shortened));
    Fault::Status { code: status.as_u16(), message: said.unwrap_or_default() }
}

/// A text as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut query, byte| {
        use std::fmt::Write;
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                query.push(char::from(byte));
            }
            // A string takes all.
            _ => drop(write!(query, "%{byte:02X}")),
        }
        query
    })
}
