//! An API server that can be asked anything, as anybody: what probes need beside [`gather`](crate::gather).

use std::time::Duration;

use data_encoding::BASE64;
use http::uri::Scheme;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::AuthInfo;
use kube::{Client, Config};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::connect;
use crate::error::ClusterError;
use crate::options::ClusterOptions;
use crate::session::reason;

/// An API server, reached as a kubeconfig says.
#[derive(Clone)]
pub struct Api {
    caller: Client,
    impersonating: Client,
    nobody: Client,
    request_timeout: Duration,
    /// The context, or where else the cluster was found.
    pub name: String,
    /// The address.
    pub url: String,
    /// The certificates of authorities that the kubeconfig trusts, as DER; empty when it trusts those of this machine.
    pub authorities: Vec<Vec<u8>>,
    /// Certificate and key of the caller as PEM, when it shows one.
    pub certificate: Option<(Vec<u8>, Vec<u8>)>,
    /// Host and port of the API server, when nothing stands between it and us.
    pub host: Option<(String, u16)>,
    /// Whether the kubeconfig wants the server to be who it says it is.
    pub is_verified: bool,
    /// Words that no report may hold: the token and the password of the kubeconfig.
    pub secrets: Vec<SecretString>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who<'a> {
    /// Whoever the kubeconfig and the options say.
    Caller,
    /// Whoever the kubeconfig says, so that headers can name somebody else.
    Impersonating,
    /// Nobody.
    Nobody,
    /// Whoever bears a token.
    Bearer(&'a str),
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Sent {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// The body goes on.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// Nothing came in time.
    Slow(String),
    /// There is no connection, or it broke.
    Broken(String),
}

impl std::fmt::Display for Unsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Unsent::Slow(why) | Unsent::Broken(why)) = self;
        f.write_str(why)
    }
}

impl Api {
    /// Connects as the options say. The server is not asked anything yet.
    ///
    /// # Errors
    /// When the kubeconfig or its credentials cannot be used.
    pub async fn connect(options: &ClusterOptions) -> Result<Api, ClusterError> {
        let (config, _) = connect::configuration(options).await?;
        let caller = connect::connect(options).await?;
        let plain = ClusterOptions { user: None, groups: Vec::new(), ..options.clone() };
        let impersonating = if options.user.is_some() {
            connect::connect(&plain).await?.client
        } else {
            caller.client.clone()
        };
        let mut nobody = config.clone();
        nobody.auth_info = AuthInfo::default();
        nobody.connect_timeout = Some(options.request_timeout);
        nobody.default_retry = false;
        let nobody = Client::try_from(nobody).map_err(|error| ClusterError::Credentials(reason(&error)))?;
        Ok(Api {
            impersonating,
            nobody,
            request_timeout: options.request_timeout,
            name: caller.name,
            url: caller.url,
            host: host(&config),
            certificate: certificate(&config.auth_info),
            is_verified: !config.accept_invalid_certs && config.cluster_url.scheme() == Some(&Scheme::HTTPS),
            secrets: [config.auth_info.token, config.auth_info.password].into_iter().flatten().collect(),
            authorities: config.root_cert.unwrap_or_default(),
            caller: caller.client,
        })
    }

    /// An API server of which nothing but the address is known, as a pod without an account knows it. No certificate is trusted, so
    /// that nothing is asked this way; ports can be asked.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn of_address(host: &str, port: u16, nobody: Vec<u8>, limit: Duration) -> Result<Api, ClusterError> {
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let url = format!("https://{bracketed}:{port}");
        let uri = url.parse().map_err(|_| ClusterError::Option(format!("`{url}` is no address")))?;
        let mut config = Config::new(uri);
        config.root_cert = Some(vec![nobody]);
        config.connect_timeout = Some(limit);
        config.default_retry = false;
        let client = Client::try_from(config).map_err(|error| ClusterError::Credentials(reason(&error)))?;
        Ok(Api {
            caller: client.clone(),
            impersonating: client.clone(),
            nobody: client,
            request_timeout: limit,
            name: "in-cluster".to_owned(),
            url,
            host: Some((host.to_owned(), port)),
            certificate: None,
            authorities: Vec::new(),
            is_verified: true,
            secrets: Vec::new(),
        })
    }

    /// Sends a request, once, and reads the beginning of the answer. Redirects are not followed.
    ///
    /// # Errors
    /// When there is no answer in time.
    pub async fn send(
        &self,
        who: Who<'_>,
        mut request: Request<Vec<u8>>,
        most: usize,
    ) -> Result<Sent, Unsent> {
        let client = match who {
            Who::Caller => &self.caller,
            Who::Impersonating => &self.impersonating,
            Who::Nobody => &self.nobody,
            Who::Bearer(token) => {
                let value = http::HeaderValue::from_str(&format!("Bearer {token}"));
                let mut value = value.map_err(|_| Unsent::Broken("the token is no header".to_owned()))?;
                value.set_sensitive(true);
                request.headers_mut().insert(http::header::AUTHORIZATION, value);
                &self.nobody
            }
        };
        let work = async {
            let answer = client.send(request.map(Body::from)).await;
            let (parts, mut rest) = answer.map_err(|error| Unsent::Broken(reason(&error)))?.into_parts();
            let (mut body, mut cut) = (Vec::new(), false);
            while let Some(frame) = rest.frame().await {
                let frame = frame.map_err(|error| Unsent::Broken(reason(&error)))?;
                let Some(data) = frame.data_ref() else { continue };
                let room = most - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    cut = true;
                    break;
                }
            }
            Ok(Sent { status: parts.status.as_u16(), headers: parts.headers, body, cut })
        };
        let slow = || Unsent::Slow(format!("nothing within {} s", self.request_timeout.as_secs_f32()));
        timeout(self.request_timeout, work).await.unwrap_or_else(|_| Err(slow()))
    }
}

/// Where raw connections to the API server go.
fn host(config: &Config) -> Option<(String, u16)> {
    if config.proxy_url.is_some() {
        return None;
    }
    let host = config.cluster_url.host()?.trim_matches(['[', ']']).to_owned();
    let https = config.cluster_url.scheme() == Some(&Scheme::HTTPS);
    Some((host, config.cluster_url.port_u16().unwrap_or(if https { 443 } else { 80 })))
}

/// The client certificate of a kubeconfig and its key. What cannot be read is as if it was not there: the client said so.
fn certificate(auth: &AuthInfo) -> Option<(Vec<u8>, Vec<u8>)> {
    let certificate = auth.client_certificate_data.as_deref();
    let key = auth.client_key_data.as_ref();
    let inline = |text: &str| BASE64.decode(text.trim().as_bytes()).ok();
    let certificate = match certificate {
        Some(text) => inline(text)?,
        None => std::fs::read(auth.client_certificate.as_ref()?).ok()?,
    };
    let key = match key {
        Some(text) => inline(text.expose_secret())?,
        None => std::fs::read(auth.client_key.as_ref()?).ok()?,
    };
    Some((certificate, key))
}
