use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::LabError;
use crate::node::Namespaces;

/// No answer of a lab is longer; a test that makes one wants to know.
const MAX_ANSWER: u64 = 256 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names (in lower case) and values, as they came.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: String,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// One identity's way to a server on loopback: one request per connection, which is all that tests need and cannot
/// interfere with the client that they test.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    tls: Arc<ClientConfig>,
    address: SocketAddr,
    namespaces: Option<Arc<Namespaces>>,
}

impl Client {
    /// A client that trusts a CA and shows a certificate, if it has one.
    pub(crate) fn new(
        address: Ipv4Addr,
        port: u16,
        authority: &Path,
        identity: Option<(&Path, &Path)>,
        namespaces: Option<Arc<Namespaces>>,
    ) -> Result<Client, LabError> {
        let broken =
            |error: &dyn std::fmt::Display| LabError::failed(format!("cannot make a client: {error}"));
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(authority).map_err(|error| broken(&error))?;
        roots.add(certificate).map_err(|error| broken(&error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| broken(&error))?
            .with_root_certificates(roots);
        let tls = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate =
                    CertificateDer::from_pem_file(certificate).map_err(|error| broken(&error))?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| broken(&error))?;
                builder.with_client_auth_cert(vec![certificate], key).map_err(|error| broken(&error))?
            }
        };
        Ok(Client { tls: Arc::new(tls), address: (address, port).into(), namespaces })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, &str)>,
    ) -> std::io::Result<Answer> {
        let tcp = match &self.namespaces {
            None => TcpStream::connect_timeout(&self.address, PATIENCE)?,
            Some(namespaces) => namespaces.connect(self.address, PATIENCE)?,
        };
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let name = ServerName::from(self.address.ip());
        let tls = ClientConnection::new(self.tls.clone(), name).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(tls, tcp);
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nConnection: close\r\n",
            self.address
        );
        if let Some((kind, text)) = body {
            request.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", text.len()));
        }
        request.push_str("\r\n");
        if let Some((_, text)) = body {
            request.push_str(text);
        }
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        match stream.take(MAX_ANSWER).read_to_end(&mut bytes) {
            // Some servers end the connection without the farewell of TLS; lengths in the answer tell whether it is whole.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            other => drop(other?),
        }
        parse(&bytes).ok_or_else(|| std::io::Error::other("an answer that is not HTTP, or not whole"))
    }
}

/// Reads an answer of HTTP/1.1.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: String::new() };
    let rest = &bytes[end + 4..];
    let body = if answer.header("transfer-encoding") == Some("chunked") {
        chunks(rest)?
    } else if let Some(length) = answer.header("content-length") {
        rest.get(..length.parse().ok()?)?.to_vec()
    } else {
        rest.to_vec()
    };
    answer.body = String::from_utf8_lossy(&body).into_owned();
    Some(answer)
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&rest[..line]).ok()?.split(';').next()?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let chunk = rest.get(line + 2..)?;
        body.extend_from_slice(chunk.get(..length)?);
        rest = chunk.get(length + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn answers_are_read_whole_or_not_at_all() {
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().body, "abcde");
        assert!(parse(&chunked[..chunked.len() - 8]).is_none());
        let sized = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX: y\r\n\r\nno";
        let answer = parse(sized).unwrap();
        assert_eq!((answer.status, answer.body.as_str(), answer.header("x")), (403, "no", Some("y")));
        assert!(parse(&sized[..sized.len() - 1]).is_none());
    }
}
