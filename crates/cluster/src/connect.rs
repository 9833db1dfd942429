//! From a kubeconfig, or the account of a pod, to a client.

use std::time::Duration;

use kube::client::AuthError;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use crate::error::{ClusterError, shortened, with_causes};
use crate::options::ClusterOptions;

/// Programs that hand out credentials may ask a person; nobody waits longer than this for them.
const CREDENTIALS_TIME: Duration = Duration::from_secs(120);

/// A cluster that can be asked.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The context, or where else the cluster was found.
    pub(crate) name: String,
    pub(crate) url: String,
}

/// Connects as the options say. The server is not asked anything yet.
pub(crate) async fn connect(options: &ClusterOptions) -> Result<Connection, ClusterError> {
    let (mut config, name) = configuration(options).await?;
    config.connect_timeout = Some(options.request_timeout);
    // Every wait and every retry is this crate's own: see `session`.
    config.default_retry = false;
    if let Some(user) = &options.user {
        config.auth_info.impersonate = Some(user.clone());
        config.auth_info.impersonate_groups =
            Some(options.groups.clone()).filter(|groups| !groups.is_empty());
    } else if !options.groups.is_empty() {
        return Err(ClusterError::Option("`--as-group` needs a user: add `--as`".to_owned()));
    }
    let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    // The program for credentials runs in here, and nothing bounds its time.
    let runtime = tokio::runtime::Handle::current();
    let client = tokio::task::spawn_blocking(move || {
        let _guard = runtime.enter();
        Client::try_from(config)
    });
    match tokio::time::timeout(CREDENTIALS_TIME, client).await {
        Ok(Ok(Ok(client))) => Ok(Connection { client, name, url }),
        Ok(Ok(Err(error))) => Err(ClusterError::Credentials(explained(&error))),
        Ok(Err(panic)) => Err(ClusterError::Credentials(panic.to_string())),
        Err(_) => Err(ClusterError::Credentials(format!(
            "the program that the kubeconfig names did not end within {} s",
            CREDENTIALS_TIME.as_secs()
        ))),
    }
}

pub(crate) async fn configuration(options: &ClusterOptions) -> Result<(Config, String), ClusterError> {
    let kubeconfig = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = match kubeconfig {
        Ok(kubeconfig) => kubeconfig,
        Err(error) => {
            let named = options.kubeconfig.is_some() || options.context.is_some();
            return match Config::incluster() {
                Ok(config) if !named => Ok((config, "in-cluster".to_owned())),
                Err(_) if !named && is_absent(&error) => Err(ClusterError::NotConfigured),
                _ => Err(unusable(&error)),
            };
        }
    };
    let name = options.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
    let chosen = KubeConfigOptions { context: options.context.clone(), ..KubeConfigOptions::default() };
    let config =
        Config::from_custom_kubeconfig(kubeconfig, &chosen).await.map_err(|error| unusable(&error))?;
    Ok((config, name))
}

fn is_absent(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn unusable(error: &KubeconfigError) -> ClusterError {
    ClusterError::Kubeconfig(match error {
        // The parser shows the lines around an error, and a kubeconfig holds credentials.
        KubeconfigError::Parse(_) => "it is no YAML that kubectl would read".to_owned(),
        KubeconfigError::LoadContext(name) => format!("it has no context `{}`", shortened(name)),
        KubeconfigError::CurrentContextNotSet => "it names no current context".to_owned(),
        error => with_causes(error),
    })
}

/// What is wrong with credentials, without what a program printed on standard output, where tokens go, and without its
/// arguments and environment, where passwords may stand.
fn explained(error: &kube::Error) -> String {
    match error {
        kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            let said = String::from_utf8_lossy(&out.stderr);
            let status = out.status;
            shortened(&format!("the program that the kubeconfig names ended with {status}: {}", said.trim()))
        }
        kube::Error::Auth(AuthError::AuthExecParse(_)) => {
            "the program that the kubeconfig names printed no credentials".to_owned()
        }
        error => with_causes(error),
    }
}
