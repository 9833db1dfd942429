//! A server on loopback that does what a test says, with a certificate of its own authority, and a kubeconfig that leads to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use seaworthy_cluster::ClusterOptions;
use seaworthy_prober::{Prober, ProberOptions};
use tempfile::TempDir;

pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// What the kubeconfig says the caller's token is.
pub(crate) const CALLERS_TOKEN: &str = "callers-token-0123456789";

/// Nothing of a test waits longer for a server.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// An authority and its certificate as PEM.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// How a server of this authority says who it is; `days` from now its certificate ends.
    pub(crate) fn server(&self, ended: bool, protocols: &[&[u8]]) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("names");
        if ended {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.expect("a configuration");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    folder: TempDir,
}

impl Server {
    /// Hands each connection, with its number, to `serve`.
    pub(crate) fn raw(
        authority: &Authority,
        serve: impl Fn(usize, TcpStream) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, serve) = (Arc::clone(&connections), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (number, serve) = (count.fetch_add(1, Ordering::SeqCst), Arc::clone(&serve));
                let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
                let _ = stream.set_write_timeout(Some(Duration::from_secs(60)));
                std::thread::spawn(move || serve(number, stream));
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server { address, connections, folder };
        std::fs::write(server.folder.path().join("ca.crt"), &authority.pem).expect("a file");
        server.write_kubeconfig("");
        server
    }

    /// Completes the handshake, reads the head of a request and hands it to `serve`.
    pub(crate) fn tls(serve: impl Fn(&str, &mut Stream) + Send + Sync + 'static) -> Server {
        let authority = Authority::new();
        let config = authority.server(false, &[]);
        Server::raw(&authority, move |_, stream| with_head(Arc::clone(&config), stream, &serve))
    }

    fn write_kubeconfig(&self, more: &str) {
        let text = format!(
            "apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
users: [{{name: test, user: {{token: {CALLERS_TOKEN}}}}}]
clusters:
- name: test
  cluster:
    server: https://{}
    certificate-authority: {}
{more}",
            self.address,
            self.folder.path().join("ca.crt").display()
        );
        std::fs::write(self.kubeconfig(), text).expect("a file");
    }

    /// The same server behind a proxy of HTTP.
    pub(crate) fn behind_proxy(&self, proxy: SocketAddr) {
        self.write_kubeconfig(&format!("    proxy-url: http://{proxy}\n"));
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn options(&self) -> ProberOptions {
        ProberOptions {
            cluster: ClusterOptions {
                kubeconfig: Some(self.kubeconfig()),
                request_timeout: PATIENCE,
                requests_per_second: 1000,
                ..ClusterOptions::default()
            },
            run: "abcdefghij".to_owned(),
            whole_time: Duration::from_secs(60),
            state: Some(self.folder.path().join("state")),
            ..ProberOptions::default()
        }
    }

    pub(crate) fn prober(&self) -> Prober {
        Prober::connect(self.options()).expect("a prober")
    }
}

/// Completes the handshake, reads the head of a request and hands it over.
pub(crate) fn with_head(config: Arc<ServerConfig>, stream: TcpStream, serve: &impl Fn(&str, &mut Stream)) {
    let connection = ServerConnection::new(config).expect("a connection");
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    serve(&String::from_utf8_lossy(&head), &mut stream);
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// Answers as a server should.
pub(crate) fn answer(stream: &mut impl Write, status: u16, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} So\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    let _ = stream.flush();
}

/// What a server was sent, for tests that look for what it must not be sent.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;
