//! Requests to the API server.

use data_encoding::BASE64;
use seaworthy_cluster::{Unsent, Who};
use seaworthy_probe::{Answers, HttpAsk, Identity, Reply, Token};

use crate::executor::{Executor, agent};
use crate::fill::{fill, fill_path};
use crate::port::{self, Place};

/// Asks the API server in the way of the kubeconfig.
pub(crate) async fn http(
    executor: &Executor,
    identity: &Identity,
    ask: &HttpAsk,
    answers: &Answers,
) -> Reply {
    let body = ask.body.as_deref().map(|body| fill(body, answers)).transpose();
    let filled = match (body, fill_path(&ask.path, answers)) {
        (Ok(body), Ok(path)) => HttpAsk { body, path, ..ask.clone() },
        (Err(why), _) | (_, Err(why)) => return Reply::NotAsked(why),
    };
    let ask = &filled;
    let mut request = match request(executor, ask, &ask.path) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    let token;
    let who = match identity {
        Identity::Anonymous => Who::Nobody,
        Identity::Caller => Who::Caller,
        Identity::Impersonated { user, groups } => {
            let headers = request.headers_mut();
            let named = [("impersonate-user", user)];
            let groups = groups.iter().map(|group| ("impersonate-group", group));
            for (name, value) in named.into_iter().chain(groups) {
                let Ok(value) = http::HeaderValue::from_str(value) else {
                    return Reply::NotAsked(format!("`{}` is no header", value.escape_debug()));
                };
                headers.append(name, value);
            }
            Who::Impersonating
        }
        Identity::Bearer(wanted) if !executor.api.is_verified && *wanted != Token::Bogus => {
            return Reply::NotAsked(
                "a token is not sent to a server that nobody vouches for, as the kubeconfig wants".to_owned(),
            );
        }
        Identity::Bearer(wanted) => match bearer(executor, wanted, answers) {
            Ok(found) => {
                token = found;
                Who::Bearer(&token)
            }
            Err(reply) => return reply,
        },
        Identity::Certificate(_) => {
            let Some((host, port)) = executor.api.host.clone() else {
                return Reply::NotAsked("a proxy stands before the API server".to_owned());
            };
            let place = Place { host: &host, port, is_of_etcd: false };
            return port::http(executor, place, identity, ask, answers).await;
        }
    };
    match executor.api.send(who, request, ask.most).await {
        Ok(sent) => Reply::Http {
            status: sent.status,
            headers: headers(&sent.headers),
            body: sent.body,
            cut: sent.cut,
            tls: None,
        },
        Err(Unsent::Slow(why)) => Reply::Silent(why),
        Err(Unsent::Broken(why)) => Reply::Silent(why),
    }
}

/// A request with what every request of ours bears.
pub(crate) fn request(
    executor: &Executor,
    ask: &HttpAsk,
    uri: &str,
) -> Result<http::Request<Vec<u8>>, Reply> {
    let mut request = http::Request::builder()
        .method(ask.method)
        .uri(uri)
        .header(http::header::USER_AGENT, agent(&executor.run));
    // Servers look at the first of several: what a probe accepts must be the only one.
    if !ask.headers.iter().any(|(name, _)| *name == "accept") {
        request = request.header(http::header::ACCEPT, "application/json");
    }
    if ask.body.is_some() && !ask.headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(http::header::CONTENT_TYPE, "application/json");
    }
    if ask.websocket {
        request = request
            .header(http::header::CONNECTION, "Upgrade")
            .header(http::header::UPGRADE, "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", BASE64.encode(b"seaworthy-probe."))
            .header("sec-websocket-protocol", "v5.channel.k8s.io");
    }
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    let body = ask.body.clone().unwrap_or_default().into_bytes();
    request.body(body).map_err(|error| Reply::NotAsked(format!("`{uri}` is no request: {error}")))
}

/// Names in lower case, and values, broken bytes replaced.
pub(crate) fn headers(headers: &http::HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

/// A token, out of the answer to an earlier step.
pub(crate) fn bearer(executor: &Executor, token: &Token, answers: &Answers) -> Result<String, Reply> {
    let of = |step: &str, path: &str| {
        let answer = answers.get(step).and_then(|answer| answer.json());
        answer.and_then(|json| json.pointer(path)?.as_str().map(str::to_owned))
    };
    let found = match token {
        Token::Bogus => Some(format!("seaworthy-probe-{}", executor.run)),
        Token::Minted(step) => of(step, "/status/token"),
        Token::OfSecret(step) => of(step, "/data/token")
            .and_then(|text| BASE64.decode(text.as_bytes()).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok()),
    };
    let found = found.ok_or_else(|| Reply::NotAsked("there is no token to show".to_owned()))?;
    if *token != Token::Bogus {
        executor.secrets.add(&found);
    }
    Ok(found)
}
