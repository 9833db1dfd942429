//! What a person wants to be gathered.

use std::path::PathBuf;
use std::time::Duration;

/// Which cluster, as whom, how much of it, and how gently.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The kubeconfig; else `KUBECONFIG`, `~/.kube/config`, and the account of the pod that the program runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig; else its current one.
    pub context: Option<String>,
    /// The user to act as.
    pub user: Option<String>,
    /// The groups to act as a member of; only with a user.
    pub groups: Vec<String>,
    /// Objects in namespaces are asked for in these only; in all when there are none.
    pub namespaces: Vec<String>,
    /// Requests in a second, in the long run.
    pub requests_per_second: u32,
    /// How long one request may take, from connecting to the last byte.
    pub request_timeout: Duration,
    /// Ask for custom resources that no control knows, for the pod templates in them.
    pub custom_resources: bool,
    /// Ask for the names and types of Secrets.
    pub secrets: bool,
    /// The cluster is to be watched: what matters to [`rights`](crate::rights) alone.
    pub watch: bool,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        ClusterOptions {
            kubeconfig: None,
            context: None,
            user: None,
            groups: Vec::new(),
            namespaces: Vec::new(),
            requests_per_second: 50,
            request_timeout: Duration::from_secs(30),
            custom_resources: true,
            secrets: true,
            watch: false,
        }
    }
}
