//! Ports, directly: connections, handshakes, requests of HTTP.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use seaworthy_probe::{Answers, Ask, CLOSED, Endpoint, HttpAsk, Identity, Reply, Tls, TlsVersion};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::executor::Executor;
use crate::noting::{Failure, Noting};
use crate::{api_server, etcd, hello, tls};

/// A port, and what it is.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Whether it is etcd's: the authority of `--etcd-ca` vouches for nobody else, and no token goes there.
    pub(crate) is_of_etcd: bool,
}

impl<'a> Place<'a> {
    pub(crate) fn of(endpoint: &'a Endpoint) -> Place<'a> {
        let Endpoint { host, port, .. } = endpoint;
        Place { host, port: *port, is_of_etcd: endpoint.is_of_etcd() }
    }
}

/// Asks a port.
pub(crate) async fn ask(
    executor: &Executor,
    place: Place<'_>,
    identity: &Identity,
    ask: &Ask,
    answers: &Answers,
) -> Reply {
    let Place { host, port, .. } = place;
    match ask {
        Ask::Http(ask) => http(executor, place, identity, ask, answers).await,
        Ask::Connect => match connect(executor, host, port).await {
            Ok(_) => Reply::Connected,
            Err(reply) => reply,
        },
        Ask::Certificates => certificates(executor, place, identity).await,
        Ask::Hello { version, suites } => hello(executor, host, port, *version, suites).await,
        Ask::EtcdRange { tls, from, to, limit, value_bytes } => {
            let ask = etcd::Range { tls: *tls, from, to, limit: *limit, value_bytes: *value_bytes };
            etcd::range(executor, place, identity, &ask).await
        }
        Ask::Resolve => {
            match timeout(executor.request_timeout, tokio::net::lookup_host((host, port))).await {
                Err(_) => silent(executor),
                Ok(Ok(found)) => Reply::Lines(found.map(|address| address.ip().to_string()).collect()),
                Ok(Err(error)) => Reply::Silent(error.to_string()),
            }
        }
        Ask::Lines { .. }
        | Ask::Listing
        | Ask::Text { .. }
        | Ask::Names
        | Ask::Claims
        | Ask::Kubeconfig
        | Ask::Write
        | Ask::Sockets(_)
        | Ask::EtcdRestore { .. } => Reply::NotAsked("this cannot be asked of a port".to_owned()),
    }
}

/// Says hello, and reads until the answer to it is whole.
async fn hello(executor: &Executor, host: &str, port: u16, version: TlsVersion, suites: &[u16]) -> Reply {
    if suites.is_empty() {
        return Reply::NotAsked("no suite is offered".to_owned());
    }
    let mut stream = match connect(executor, host, port).await {
        Ok(stream) => stream,
        Err(reply) => return reply,
    };
    let name = host.parse::<IpAddr>().is_err().then_some(host);
    // Nothing is ever encrypted: what stands here need not be secret, only differ.
    let random = Sha256::digest(format!("{} {host} {port} {version} {suites:?}", executor.run));
    let first = hello::encode(version, suites, name, random.into());
    let work = async {
        stream.write_all(&first).await?;
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let size = stream.read(&mut piece).await?;
            bytes.extend_from_slice(&piece[..size]);
            if let Some(reply) = hello::parse(&bytes, version, suites) {
                return Ok(reply);
            }
            if size == 0 {
                return Ok(Reply::Silent(CLOSED.to_owned()));
            }
            if bytes.len() > hello::MOST {
                return Ok(Reply::Nonsense("an answer without end".to_owned()));
            }
        }
    };
    match timeout(executor.request_timeout, work).await {
        Err(_) => silent(executor),
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => broken(&error),
    }
}

/// The certificates of the other side. With TLS 1.2 it shows them, and may refuse ours only then: they have been seen all
/// the same.
async fn certificates(executor: &Executor, place: Place<'_>, identity: &Identity) -> Reply {
    match handshake_for(executor, place, identity, &[]).await {
        Ok((_, seen)) => Reply::Handshake(seen),
        Err((reply, Some(seen))) if matches!(reply, Reply::Refused(_)) && !seen.certificates.is_empty() => {
            Reply::Handshake(seen)
        }
        Err((reply, _)) => reply,
    }
}

/// A connection of TCP.
pub(crate) async fn connect(executor: &Executor, host: &str, port: u16) -> Result<TcpStream, Reply> {
    match timeout(executor.request_timeout, TcpStream::connect((host, port))).await {
        Err(_) => Err(silent(executor)),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            Err(Reply::Refused("the port is closed".to_owned()))
        }
        Ok(Err(error))
            if matches!(
                error.kind(),
                ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
            ) =>
        {
            Err(Reply::Silent(error.to_string()))
        }
        // What this machine lacks, sockets or the right to open them, says nothing of the other one.
        Ok(Err(error)) => Err(Reply::NotAsked(format!("no connection can be made from here: {error}"))),
    }
}

pub(crate) fn silent(executor: &Executor) -> Reply {
    Reply::Silent(format!("nothing within {} s", executor.request_timeout.as_secs_f32()))
}

/// A handshake of TLS. With TLS 1.3 a server refuses a certificate, or none, only after it: whoever wants to know has to ask
/// something and read.
async fn handshake(
    executor: &Executor,
    place: Place<'_>,
    identity: &Identity,
) -> Result<(TlsStream<TcpStream>, Tls), Reply> {
    handshake_for(executor, place, identity, &[]).await.map_err(|(reply, _)| reply)
}

/// A handshake that names the protocols that are to be spoken; with what was seen before it broke.
pub(crate) async fn handshake_for(
    executor: &Executor,
    place: Place<'_>,
    identity: &Identity,
    protocols: &[&[u8]],
) -> Result<(TlsStream<TcpStream>, Tls), (Reply, Option<Tls>)> {
    let Place { host, port, is_of_etcd } = place;
    let stream = connect(executor, host, port).await.map_err(|reply| (reply, None))?;
    let (mut config, seen) = tls::client(executor, identity, is_of_etcd).map_err(|reply| (reply, None))?;
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = match host.parse::<IpAddr>() {
        Ok(address) => ServerName::IpAddress(address.into()),
        Err(_) => ServerName::try_from(host.to_owned())
            .map_err(|_| (Reply::NotAsked(format!("`{}` is no host", host.escape_debug())), None))?,
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match timeout(executor.request_timeout, connecting).await {
        Err(_) => Err((silent(executor), None)),
        Ok(Ok(stream)) => Ok((stream, tls::facts(&seen))),
        Ok(Err(error)) => Err((broken(&error), Some(tls::facts(&seen)))),
    }
}

/// A request over a connection of its own.
pub(crate) async fn http(
    executor: &Executor,
    place: Place<'_>,
    identity: &Identity,
    ask: &HttpAsk,
    answers: &Answers,
) -> Reply {
    let Place { host, port, is_of_etcd } = place;
    if is_of_etcd && matches!(identity, Identity::Bearer(_)) {
        return Reply::NotAsked("etcd knows certificates alone".to_owned());
    }
    let bracketed = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = match api_server::request(executor, ask, &ask.path) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    if let Ok(value) = http::HeaderValue::from_str(&bracketed) {
        request.headers_mut().insert(http::header::HOST, value);
    }
    if !ask.tls {
        if !matches!(identity, Identity::Anonymous) {
            return Reply::NotAsked("credentials are not sent without TLS".to_owned());
        }
        return match connect(executor, host, port).await {
            Ok(stream) => exchange(executor, stream, request, ask.most, None).await,
            Err(reply) => reply,
        };
    }
    let (stream, seen) = match handshake(executor, place, identity).await {
        Ok(done) => done,
        Err(reply) => return reply,
    };
    if let Identity::Bearer(token) = identity {
        if let Err(why) = &seen.trusted {
            return Reply::NotAsked(format!(
                "a token is not sent to a server that nobody vouches for: {why}"
            ));
        }
        let token = match api_server::bearer(executor, token, answers) {
            Ok(token) => token,
            Err(reply) => return reply,
        };
        let Ok(mut value) = http::HeaderValue::from_str(&format!("Bearer {token}")) else {
            return Reply::NotAsked("the token is no header".to_owned());
        };
        value.set_sensitive(true);
        request.headers_mut().insert(http::header::AUTHORIZATION, value);
    }
    exchange(executor, stream, request, ask.most, Some(seen)).await
}

async fn exchange(
    executor: &Executor,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: http::Request<Vec<u8>>,
    most: usize,
    tls: Option<Tls>,
) -> Reply {
    let failure = Failure::default();
    let noting = Noting { stream, failure: failure.clone() };
    let work = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(noting)).await?;
        // Ends with this request, whatever comes of it.
        let mut background = JoinSet::new();
        background.spawn(connection);
        let answer = sender.send_request(request.map(|body| Full::new(Bytes::from(body)))).await?;
        let (parts, mut rest) = answer.into_parts();
        let (mut body, mut cut) = (Vec::new(), false);
        while let Some(frame) = rest.frame().await {
            let frame = frame?;
            let Some(data) = frame.data_ref() else { continue };
            let room = most - body.len();
            body.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                cut = true;
                break;
            }
        }
        Ok::<Reply, hyper::Error>(Reply::Http {
            status: parts.status.as_u16(),
            headers: api_server::headers(&parts.headers),
            body,
            cut,
            tls,
        })
    };
    match timeout(executor.request_timeout, work).await {
        Err(_) => silent(executor),
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => failure.noted().unwrap_or_else(|| match error.is_parse() {
            true => Reply::Nonsense("no answer of HTTP".to_owned()),
            false if error.is_incomplete_message() || error.is_canceled() => Reply::Silent(CLOSED.to_owned()),
            false => Reply::Silent(error.to_string()),
        }),
    }
}

/// What an error of a connection says: an alert of TLS and a reset are refusals, the rest is silence.
pub(crate) fn broken(error: &std::io::Error) -> Reply {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (inner, error.kind()) {
        (Some(rustls::Error::AlertReceived(alert)), _) => Reply::Refused(format!("TLS alert {alert:?}")),
        (Some(error), _) => Reply::Nonsense(error.to_string()),
        (None, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            Reply::Refused("the connection was reset".to_owned())
        }
        (None, _) => Reply::Silent(error.to_string()),
    }
}
