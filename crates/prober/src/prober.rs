//! From attempts to what came of them.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use seaworthy_cluster::{Api, ClusterError, ClusterOptions, Who};
use seaworthy_probe::{Attempt, Outcome};
use tokio::runtime::{Builder, Runtime};

use crate::credentials::Credentials;
use crate::executor::Executor;

/// Which cluster, and how far a run may go.
#[derive(Clone, Debug)]
pub struct ProberOptions {
    /// Which cluster, as whom, how often and how long.
    pub cluster: ClusterOptions,
    /// Certificates beside those of the kubeconfig.
    pub credentials: Credentials,
    /// The name of the run: ten lower-case letters and digits.
    pub run: String,
    /// Attempts at a time.
    pub at_a_time: usize,
    /// Most requests in all.
    pub budget: usize,
    /// Longest time for everything.
    pub whole_time: Duration,
}

impl Default for ProberOptions {
    fn default() -> Self {
        ProberOptions {
            cluster: ClusterOptions { request_timeout: Duration::from_secs(5), ..ClusterOptions::default() },
            credentials: Credentials::default(),
            run: "0000000000".to_owned(),
            at_a_time: 8,
            budget: 20_000,
            whole_time: Duration::from_secs(600),
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The verdict and why.
    pub outcome: Outcome,
    /// The deciding request, on one line; empty when nothing was asked.
    pub request: String,
    /// The answer to it, on one line, without secrets.
    pub reply: String,
    /// When it was asked, as RFC 3339.
    pub at: String,
    /// How long the whole attempt took.
    pub took: Duration,
}

/// A cluster on which attempts are carried out.
pub struct Prober {
    runtime: Option<Runtime>,
    api: Api,
    options: ProberOptions,
}

impl Prober {
    /// Connects. The server is not asked anything yet.
    ///
    /// # Errors
    /// When the kubeconfig or its credentials cannot be used.
    pub fn connect(options: ProberOptions) -> Result<Prober, ClusterError> {
        Prober::over(options, |runtime, options| runtime.block_on(Api::connect(&options.cluster)))
    }

    /// For a pod that has no account: ports and files can be asked, and of the API server what nobody needs credentials for.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn without_account(options: ProberOptions, host: &str, port: u16) -> Result<Prober, ClusterError> {
        // The certificate of an authority that never signs anything, so that no server is trusted.
        let nobody = rcgen::generate_simple_self_signed(Vec::new())
            .map_err(|error| ClusterError::Credentials(error.to_string()))?;
        let nobody = nobody.cert.der().to_vec();
        Prober::over(options, |runtime, options| {
            let _inside = runtime.enter();
            Api::of_address(host, port, nobody, options.cluster.request_timeout)
        })
    }

    fn over(
        options: ProberOptions,
        api: impl FnOnce(&Runtime, &ProberOptions) -> Result<Api, ClusterError>,
    ) -> Result<Prober, ClusterError> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let api = api(&runtime, &options)?;
        Ok(Prober { runtime: Some(runtime), api, options })
    }

    /// Whether the kubeconfig shows a client certificate.
    pub fn has_certificate(&self) -> bool {
        self.api.certificate.is_some()
    }

    /// Host and port of the API server, when nothing stands between it and us.
    pub fn host(&self) -> Option<(String, u16)> {
        self.api.host.clone()
    }

    /// Who the API server takes the caller for: user and groups. `None` when it does not say.
    pub fn caller(&self) -> Option<(String, Vec<String>)> {
        let review =
            serde_json::json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let request = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(review.to_string().into_bytes())
            .ok()?;
        let sent = self.block_on(self.api.send(Who::Caller, request, 1 << 20)).ok()?;
        let review: serde_json::Value = serde_json::from_slice(&sent.body).ok()?;
        let user = &review["status"]["userInfo"];
        let groups = user["groups"].as_array().into_iter().flatten();
        Some((
            user["username"].as_str()?.to_owned(),
            groups.filter_map(|group| group.as_str().map(str::to_owned)).collect(),
        ))
    }

    /// Carries out attempts, several at a time, and gives what came of each, in their order. `progress` is told how many are done.
    pub fn carry_out(&self, attempts: &[Attempt], progress: &dyn Fn(usize)) -> Vec<Tried> {
        let executor = Arc::new(Executor::new(self.api.clone(), &self.options));
        self.block_on(executor.all(attempts, progress))
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => unreachable!("the runtime is taken when the prober is dropped"),
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        // A program for credentials, or a name server, that does not answer must not keep this one from ending.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
