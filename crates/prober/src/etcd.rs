//! Etcd, as its own clients ask it: gRPC, which is HTTP/2 with a message of protocol buffers in the body. The gateway of
//! JSON can be turned off; this cannot.

use std::path::Path;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use seaworthy_probe::{CLOSED, Identity, Reply};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::executor::Executor;
use crate::noting::{Failure, Noting};
use crate::port::{Place, broken, connect, handshake_for, silent};

/// Keys that are asked for at once, when their values come with them: one may be 1.5 MB.
const PAGE: u32 = 16;

/// How long a refusal behind the handshake is waited for, before anything is asked.
const REFUSAL: Duration = Duration::from_millis(200);

/// Most bytes of one answer.
const MOST: usize = 32 << 20;

/// Most keys of one question.
const MOST_KEYS: u32 = 10_000;

/// `etcdserverpb.RangeRequest`, as much as is used.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) range_end: Vec<u8>,
    #[prost(int64, tag = "3")]
    pub(crate) limit: i64,
    #[prost(int64, tag = "4")]
    pub(crate) revision: i64,
    #[prost(bool, tag = "8")]
    pub(crate) keys_only: bool,
}

/// `etcdserverpb.RangeResponse`, as much as is used.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeResponse {
    #[prost(message, repeated, tag = "2")]
    pub(crate) kvs: Vec<KeyValue>,
    #[prost(bool, tag = "3")]
    pub(crate) more: bool,
    #[prost(int64, tag = "4")]
    pub(crate) count: i64,
}

/// `mvccpb.KeyValue`, as much as is used.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) value: Bytes,
}

/// What is asked.
pub(crate) struct Range<'a> {
    pub(crate) tls: bool,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) limit: u32,
    pub(crate) value_bytes: usize,
}

/// Asks for keys, page by page, and keeps a first part of each value.
pub(crate) async fn range(
    executor: &Executor,
    place: Place<'_>,
    identity: &Identity,
    ask: &Range<'_>,
) -> Reply {
    let mut connection = match Connection::open(executor, place, identity, ask.tls).await {
        Ok(connection) => connection,
        Err(reply) => return reply,
    };
    let limit = ask.limit.min(MOST_KEYS) as usize;
    let (mut keys, mut count) = (Vec::new(), 0);
    let mut from = ask.from.as_bytes().to_vec();
    loop {
        let left = u32::try_from(limit - keys.len()).unwrap_or(MOST_KEYS);
        let page = if ask.value_bytes == 0 { left } else { left.min(PAGE) };
        let request = RangeRequest {
            key: from,
            range_end: ask.to.as_bytes().to_vec(),
            limit: page.into(),
            keys_only: ask.value_bytes == 0,
            ..RangeRequest::default()
        };
        let answer: RangeResponse = match connection.call("etcdserverpb.KV/Range", &request).await {
            Ok(answer) => answer,
            Err(reply) => return reply,
        };
        // The first answer counts them all, later ones what is left.
        if keys.is_empty() {
            count = u64::try_from(answer.count).unwrap_or(0);
        }
        let Some(last) = answer.kvs.last().map(|pair| pair.key.clone()) else { break };
        keys.extend(answer.kvs.into_iter().take(limit - keys.len()).map(|pair| {
            let most = pair.value.len().min(ask.value_bytes);
            (String::from_utf8_lossy(&pair.key).into_owned(), pair.value[..most].to_vec())
        }));
        // A server that does not move on is not followed.
        if !answer.more || ask.to.is_empty() || keys.len() >= limit || *last < *request.key {
            break;
        }
        from = [&*last, &[0]].concat();
    }
    Reply::Keys { keys, count }
}

/// A connection of HTTP/2.
pub(crate) struct Connection<'a> {
    executor: &'a Executor,
    sender: SendRequest<Full<Bytes>>,
    driver: tokio::task::JoinHandle<hyper::Result<()>>,
    failure: Failure,
    authority: String,
    scheme: &'static str,
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl<'a> Connection<'a> {
    pub(crate) async fn open(
        executor: &'a Executor,
        place: Place<'_>,
        identity: &Identity,
        tls: bool,
    ) -> Result<Connection<'a>, Reply> {
        let Place { host, port, .. } = place;
        if !matches!(identity, Identity::Anonymous | Identity::Certificate(_)) {
            return Err(Reply::NotAsked("etcd knows certificates alone".to_owned()));
        }
        let failure = Failure::default();
        let opened = if tls {
            let shaken = handshake_for(executor, place, identity, &[b"h2"]).await;
            let (mut stream, _) = shaken.map_err(|(reply, _)| reply)?;
            // A refusal of TLS 1.3 comes right behind the handshake, and may get lost once we write to somebody who hung up.
            if let Ok(Err(error)) = timeout(REFUSAL, stream.fill_buf()).await {
                return Err(broken(&error));
            }
            timeout(executor.request_timeout, speak(Noting { stream, failure: failure.clone() })).await
        } else {
            if !matches!(identity, Identity::Anonymous) {
                return Err(Reply::NotAsked("credentials are not sent without TLS".to_owned()));
            }
            let stream = connect(executor, host, port).await?;
            timeout(executor.request_timeout, speak(Noting { stream, failure: failure.clone() })).await
        };
        let authority =
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        match opened {
            Err(_) => Err(silent(executor)),
            Ok(Err(error)) => Err(unanswered(&failure, &error)),
            Ok(Ok((sender, driver))) => {
                let scheme = if tls { "https" } else { "http" };
                Ok(Connection { executor, sender, driver, failure, authority, scheme })
            }
        }
    }

    /// To a server of ours that listens at a socket of this machine.
    pub(crate) async fn of_socket(executor: &'a Executor, path: &Path) -> Result<Connection<'a>, Reply> {
        let failure = Failure::default();
        let nobody = |error: std::io::Error| Reply::Silent(error.to_string());
        let stream = UnixStream::connect(path).await.map_err(nobody)?;
        let speaking = speak(Noting { stream, failure: failure.clone() });
        match timeout(executor.request_timeout, speaking).await {
            Err(_) => Err(silent(executor)),
            Ok(Err(error)) => Err(unanswered(&failure, &error)),
            Ok(Ok((sender, driver))) => {
                let (authority, scheme) = ("localhost".to_owned(), "http");
                Ok(Connection { executor, sender, driver, failure, authority, scheme })
            }
        }
    }

    /// One message there, one message back.
    pub(crate) async fn call<T: Message + Default>(
        &mut self,
        method: &str,
        message: &impl Message,
    ) -> Result<T, Reply> {
        let failure = self.failure.clone();
        let most_time = self.executor.request_timeout;
        let work = async {
            let (mut trailers, mut rest) = self.begin(method, message).await?;
            let mut body = BytesMut::new();
            while let Some(frame) = rest.frame().await {
                let frame = frame.map_err(|error| unanswered(&failure, &error))?;
                match frame.into_data() {
                    Ok(data) if body.len() + data.len() > MOST => {
                        return Err(Reply::Nonsense(format!("an answer of more than {MOST} bytes")));
                    }
                    Ok(data) => body.extend_from_slice(&data),
                    Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
                }
            }
            judge(&trailers)?;
            decode(body.freeze())
        };
        timeout(most_time, work).await.unwrap_or_else(|_| Err(silent(self.executor)))
    }

    /// One message there; headers and what follows.
    async fn begin(&mut self, method: &str, message: &impl Message) -> Result<(HeaderMap, Incoming), Reply> {
        let request = http::Request::post(format!("{}://{}/{method}", self.scheme, self.authority))
            .header(http::header::CONTENT_TYPE, "application/grpc")
            .header(http::header::TE, "trailers")
            .header(
                http::header::USER_AGENT,
                format!("seaworthy-probe/{} run={}", env!("CARGO_PKG_VERSION"), self.executor.run),
            )
            .body(Full::new(frame(message)))
            .map_err(|error| Reply::NotAsked(error.to_string()))?;
        let answer =
            self.sender.send_request(request).await.map_err(|error| unanswered(&self.failure, &error))?;
        let (parts, rest) = answer.into_parts();
        if parts.status != http::StatusCode::OK {
            return Err(Reply::Nonsense(format!("HTTP {} instead of gRPC", parts.status.as_u16())));
        }
        let kind = parts.headers.get(http::header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
            return Err(Reply::Nonsense("an answer that is no gRPC".to_owned()));
        }
        Ok((parts.headers, rest))
    }

    /// One message there, many back, each handed on as it comes. Only silence is bounded, not the whole.
    pub(crate) async fn stream<T: Message + Default>(
        &mut self,
        method: &str,
        message: &impl Message,
        mut take: impl FnMut(T) -> Result<(), Reply>,
    ) -> Result<(), Reply> {
        let (failure, most_time) = (self.failure.clone(), self.executor.request_timeout);
        let late = || Reply::Silent(format!("nothing within {} s", most_time.as_secs_f32()));
        let beginning = timeout(most_time, self.begin(method, message)).await;
        let (mut trailers, mut rest) = beginning.map_err(|_| late())??;
        let mut body = BytesMut::new();
        while let Some(frame) = timeout(most_time, rest.frame()).await.map_err(|_| late())? {
            let frame = frame.map_err(|error| unanswered(&failure, &error))?;
            match frame.into_data() {
                Ok(data) => body.extend_from_slice(&data),
                Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
            while let Some(size) = body.get(1..5) {
                let size = 5 + size.iter().fold(0, |size, byte| size << 8 | usize::from(*byte));
                if size > MOST {
                    return Err(Reply::Nonsense(format!("a message of more than {MOST} bytes")));
                }
                if body.len() < size {
                    break;
                }
                take(decode(body.split_to(size).freeze())?)?;
            }
        }
        judge(&trailers)?;
        match body.is_empty() {
            true => Ok(()),
            false => Err(Reply::Nonsense("an answer of gRPC that ends within a message".to_owned())),
        }
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> hyper::Result<(SendRequest<Full<Bytes>>, tokio::task::JoinHandle<hyper::Result<()>>)> {
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    Ok((sender, tokio::spawn(connection)))
}

/// A message as gRPC sends it: not compressed, its size, its bytes.
fn frame(message: &impl Message) -> Bytes {
    let mut out = BytesMut::with_capacity(message.encoded_len() + 5);
    out.put_u8(0);
    out.put_u32(u32::try_from(message.encoded_len()).unwrap_or(u32::MAX));
    // The buffer grows, so that nothing can fail.
    let _ = message.encode(&mut out);
    out.freeze()
}

/// The message out of an answer that holds one.
fn decode<T: Message + Default>(mut body: Bytes) -> Result<T, Reply> {
    let nonsense = |what: &str| Reply::Nonsense(what.to_owned());
    if body.len() < 5 {
        return Err(nonsense("an answer of gRPC without a message"));
    }
    let (compressed, size) = (body.get_u8(), body.get_u32() as usize);
    if compressed != 0 || size != body.len() {
        return Err(nonsense("an answer of gRPC that is not one whole message"));
    }
    T::decode(body).map_err(|_| nonsense("a message that etcd does not send"))
}

/// What the status of gRPC says.
fn judge(trailers: &HeaderMap) -> Result<(), Reply> {
    let text = |name| trailers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    match text("grpc-status").as_deref() {
        Some("0") => Ok(()),
        None => Err(Reply::Nonsense("an answer of gRPC without a status".to_owned())),
        Some(status) => {
            let message = text("grpc-message").unwrap_or_default();
            Err(Reply::Refused(format!("gRPC status {status}: {message}")))
        }
    }
}

/// What a failure of HTTP/2 says, which keeps no more than the text of what the connection broke by.
fn unanswered(failure: &Failure, error: &hyper::Error) -> Reply {
    failure.noted().unwrap_or_else(|| {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        match error.is_closed() || error.is_canceled() {
            true => Reply::Silent(CLOSED.to_owned()),
            false => Reply::Nonsense(format!("no HTTP/2: {error}: {cause}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use prost::Message;
    use seaworthy_probe::Reply;

    use super::{KeyValue, RangeRequest, RangeResponse, decode, frame, judge};

    /// By hand from `rpc.proto` of etcd and the encoding of protocol buffers.
    #[test]
    fn messages_are_those_of_etcd() {
        let request = RangeRequest {
            key: b"a".to_vec(),
            range_end: b"b".to_vec(),
            limit: 1,
            revision: 0,
            keys_only: true,
        };
        assert_eq!(
            frame(&request).as_ref(),
            [0, 0, 0, 0, 10, 0x0a, 1, b'a', 0x12, 1, b'b', 0x18, 1, 0x40, 1]
        );
        // A header with a revision (field 1), one pair with a version and a lease, more, count.
        let answer: &[u8] = &[
            0, 0, 0, 0, 21, 0x0a, 2, 0x18, 7, 0x12, 11, 0x0a, 1, b'k', 0x20, 3, 0x2a, 2, b'x', b'y', 0x30, 5,
            0x18, 1, 0x20, 9,
        ];
        let read: RangeResponse = decode(Bytes::from_static(answer)).unwrap();
        let pair = KeyValue { key: Bytes::from_static(b"k"), value: Bytes::from_static(b"xy") };
        assert_eq!(read, RangeResponse { kvs: vec![pair], more: true, count: 9 });
    }

    #[test]
    fn half_and_compressed_messages_are_nonsense() {
        for body in [&[][..], &[0, 0, 0, 0], &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 9, 1], &[0, 0, 0, 0, 1, 0xff]] {
            let read: Result<RangeResponse, Reply> = decode(Bytes::copy_from_slice(body));
            assert!(matches!(read, Err(Reply::Nonsense(_))), "{body:?}");
        }
        let empty: RangeResponse = decode(frame(&RangeResponse::default())).unwrap();
        assert_eq!(empty.encoded_len(), 0);
    }

    #[test]
    fn a_status_decides() {
        let of = |status: &'static str| {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", http::HeaderValue::from_static(status));
            trailers
        };
        assert!(judge(&of("0")).is_ok());
        assert!(matches!(judge(&of("7")), Err(Reply::Refused(_))));
        assert!(matches!(judge(&HeaderMap::new()), Err(Reply::Nonsense(_))));
    }
}
