//! From attempts to what came of them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use seaworthy_cluster::{Api, ClusterError, ClusterOptions, Who};
use seaworthy_probe::{Attempt, Consent, Outcome};
use tokio::runtime::{Builder, Runtime};

use crate::credentials::Credentials;
use crate::executor::Executor;
use crate::objects::Left;
use crate::stop::{Stop, listen};

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
    /// How far it may go. Nothing is made below [`Consent::Canary`], whatever attempts say.
    pub consent: Consent,
    /// The folder in which is written down what is made; nothing is made without one. See [`state_folder`].
    pub state: Option<PathBuf>,
    /// Listen to SIGINT and SIGTERM: the first one ends the run, which still removes what it made; the second one, or one
    /// while no run is under way, ends the process.
    pub signals: bool,
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
            consent: Consent::Read,
            state: state_folder(),
            signals: false,
        }
    }
}

/// Where programs of this machine keep what they must not forget: `$XDG_STATE_HOME/seaworthy/probes`, or the same below
/// `~/.local/state`.
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(absolute);
    let home = || std::env::var_os("HOME").map(PathBuf::from).filter(absolute);
    Some(named.or_else(|| Some(home()?.join(".local/state")))?.join("seaworthy/probes"))
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The verdict and why.
    pub outcome: Outcome,
    /// The same for everything else that the attempt decides: see [`Attempt::also`].
    pub also: Vec<Tried>,
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
    pub(crate) api: Api,
    pub(crate) options: ProberOptions,
    stop: Stop,
    under_way: Arc<AtomicBool>,
    asked: AtomicUsize,
    left: Mutex<Vec<Left>>,
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
        let (stop, under_way) = (Stop::new(), Arc::new(AtomicBool::new(false)));
        if options.signals {
            let (stop, under_way) = (stop.clone(), Arc::clone(&under_way));
            let _inside = runtime.enter();
            listen(stop, move || under_way.load(Ordering::Relaxed))?;
        }
        Ok(Prober {
            runtime: Some(runtime),
            api,
            options,
            stop,
            under_way,
            asked: AtomicUsize::new(0),
            left: Mutex::default(),
        })
    }

    /// Whether the kubeconfig looks at the certificate of the API server.
    pub fn is_verified(&self) -> bool {
        self.api.is_verified
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

    /// Carries out attempts, several at a time, and gives what came of each, in their order. `progress` is told how many are
    /// done. What they made is removed before this returns, also when they panic; see [`left`](Prober::left).
    ///
    /// # Panics
    /// When an attempt does, once everything is removed.
    pub fn carry_out(&self, attempts: &[Attempt], progress: &dyn Fn(usize)) -> Vec<Tried> {
        let executor = Arc::new(Executor::new(self.api.clone(), &self.options, self.stop.clone()));
        self.under_way.store(true, Ordering::Relaxed);
        let tried = self.block_on(executor.all(attempts, progress));
        self.under_way.store(false, Ordering::Relaxed);
        self.asked.fetch_add(executor.bounds.asked(), Ordering::Relaxed);
        self.lock_left().extend(executor.objects.left());
        tried
    }

    /// Asks a run that is under way to end: what has not been asked yet is not asked, and what was made is removed.
    pub fn stop(&self) {
        self.stop.ask();
    }

    /// Whether somebody asked for the end, by a signal or by [`stop`](Prober::stop).
    pub fn is_stopped(&self) -> bool {
        self.stop.is_asked()
    }

    /// How many requests runs have made, without those that remove things.
    pub fn requests(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// What runs could not remove. The ledger holds it, and [`clean`](Prober::clean) finds it.
    pub fn left(&self) -> Vec<Left> {
        self.lock_left().clone()
    }

    fn lock_left(&self) -> std::sync::MutexGuard<'_, Vec<Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
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
