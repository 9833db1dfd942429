//! Ports, directly: connections, handshakes, requests of HTTP.

use std::io::ErrorKind;
use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use seaworthy_probe::{Answers, Ask, HttpAsk, Identity, Reply, Tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::api_server;
use crate::executor::Executor;
use crate::tls;

/// Asks a port.
pub(crate) async fn ask(
    executor: &Executor,
    host: &str,
    port: u16,
    identity: &Identity,
    ask: &Ask,
    answers: &Answers,
) -> Reply {
    match ask {
        Ask::Http(ask) => http(executor, host, port, identity, ask, answers).await,
        Ask::Connect => match connect(executor, host, port).await {
            Ok(_) => Reply::Connected,
            Err(reply) => reply,
        },
        Ask::Certificates => match handshake(executor, host, port, identity).await {
            Ok((_, seen)) => Reply::Handshake(seen),
            Err(reply) => reply,
        },
        Ask::Hello { .. } | Ask::EtcdRange { .. } | Ask::Lines { .. } | Ask::Listing => {
            Reply::NotAsked("this cannot be asked of a port".to_owned())
        }
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
        Ok(Err(error)) => Err(Reply::Silent(error.to_string())),
    }
}

fn silent(executor: &Executor) -> Reply {
    Reply::Silent(format!("nothing within {} s", executor.request_timeout.as_secs_f32()))
}

/// A handshake of TLS. With TLS 1.3 a server refuses a certificate, or none, only after it: whoever wants to know has to ask
/// something and read.
async fn handshake(
    executor: &Executor,
    host: &str,
    port: u16,
    identity: &Identity,
) -> Result<(tokio_rustls::client::TlsStream<TcpStream>, Tls), Reply> {
    let stream = connect(executor, host, port).await?;
    let (config, seen) = tls::client(executor, identity)?;
    let name = match host.parse::<IpAddr>() {
        Ok(address) => ServerName::IpAddress(address.into()),
        Err(_) => ServerName::try_from(host.to_owned())
            .map_err(|_| Reply::NotAsked(format!("`{}` is no host", host.escape_debug())))?,
    };
    let connecting = TlsConnector::from(config).connect(name, stream);
    match timeout(executor.request_timeout, connecting).await {
        Err(_) => Err(silent(executor)),
        Ok(Ok(stream)) => Ok((stream, tls::facts(&seen))),
        Ok(Err(error)) => Err(broken(&error)),
    }
}

/// A request over a connection of its own.
pub(crate) async fn http(
    executor: &Executor,
    host: &str,
    port: u16,
    identity: &Identity,
    ask: &HttpAsk,
    answers: &Answers,
) -> Reply {
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
    let (stream, seen) = match handshake(executor, host, port, identity).await {
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
    let work = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
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
        connection.abort();
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
        Ok(Err(error)) => {
            let cause =
                std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
            match cause {
                Some(cause) => broken(cause),
                None if error.is_parse() => Reply::Nonsense("no answer of HTTP".to_owned()),
                None => Reply::Silent(error.to_string()),
            }
        }
    }
}

/// What an error of a connection says: an alert of TLS and a reset are refusals, the rest is silence.
fn broken(error: &std::io::Error) -> Reply {
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
