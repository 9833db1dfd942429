//! Objects that a run makes: each is written down before it is asked for, and removed when its attempt is over.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use seaworthy_probe::{Answer, Answers, Ask, Consent, Identity, Object, Reply, Request, Target};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use crate::api_server;
use crate::executor::Executor;
use crate::keeper::{Fate, marked};
use crate::ledger::{ClusterMark, Ledger};
use crate::scratch;

/// How long the cluster may take to make the account of a new namespace. Without a controller manager nobody makes it.
const ACCOUNT_TIME: Duration = Duration::from_secs(5);

/// Between two looks for it.
const AGAIN: Duration = Duration::from_millis(200);

/// How long an object may take to go, once the server has agreed to remove it.
const LEAVING_TIME: Duration = Duration::from_secs(10);

/// The same for the namespace of the run, which goes when everything in it has.
const NAMESPACE_TIME: Duration = Duration::from_secs(20);

/// How long the removal of one object may take in all.
const REMOVAL_TIME: Duration = Duration::from_secs(45);

/// The API server gives up a request after a minute, unless told otherwise: what has not been made by then, will not be.
pub(crate) const SETTLE: Duration = Duration::from_secs(65);

/// An object that is left behind: the ledger still holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The run that made it.
    pub run: String,
    /// Its path in the API.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
}

/// The objects of a run.
pub(crate) struct Objects {
    ledger: Option<Arc<Ledger>>,
    consent: Consent,
    cluster: OnceCell<ClusterMark>,
    namespace: OnceCell<Result<(), Answer>>,
    left: Mutex<Vec<Left>>,
}

impl Objects {
    pub(crate) fn new(state: Option<PathBuf>, run: &str, consent: Consent) -> Objects {
        Objects {
            ledger: state.map(|folder| Arc::new(Ledger::new(folder, run))),
            consent,
            cluster: OnceCell::new(),
            namespace: OnceCell::new(),
            left: Mutex::default(),
        }
    }

    /// What is left behind when all is over.
    pub(crate) fn left(&self) -> Vec<Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A private folder of this machine for a while, by its number in the ledger; with why there is none.
pub(crate) async fn folder(executor: &Executor) -> Result<(Arc<Ledger>, u64, PathBuf), String> {
    let objects = &executor.objects;
    if objects.consent < Consent::Disruptive {
        return Err("nobody consented to this probe".to_owned());
    }
    let Some(ledger) = objects.ledger.clone() else {
        return Err("there is no folder to write down what is made: `--state FOLDER`".to_owned());
    };
    let cluster = objects.cluster.get_or_init(|| executor.keeper.cluster()).await.clone();
    let making = {
        let ledger = Arc::clone(&ledger);
        spawn_blocking(move || ledger.make_folder(&cluster)).await
    };
    match making {
        Ok(Ok((number, path))) => Ok((ledger, number, path)),
        Ok(Err(error)) => Err(format!("no private folder can be made: {error}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Makes an object. Must not be dropped before it ends: the answer tells what is there.
pub(crate) async fn create(
    executor: &Executor,
    attempt: Option<usize>,
    request: &Request,
    object: &Object,
    answers: &Answers,
) -> Reply {
    let objects = &executor.objects;
    let not_asked = |why: &str| Reply::NotAsked(why.to_owned());
    if objects.consent < Consent::Canary {
        return not_asked("nobody consented to objects: `--consent canary`");
    }
    let Some(ledger) = objects.ledger.clone() else {
        return not_asked("there is no folder to write down what is made: `--state FOLDER`");
    };
    let (Ask::Http(ask), Target::ApiServer) = (&request.ask, &request.target) else {
        return not_asked("the probe is wrong: only the API makes objects");
    };
    let collection = ask.path.split('?').next().unwrap_or_default();
    if ask.method != "POST" || collection != object.collection {
        return not_asked("the probe is wrong: it makes another object than it says");
    }
    let body = match marked(ask.body.as_deref().unwrap_or_default(), object, &executor.run) {
        Ok(body) => body,
        Err(why) => return Reply::NotAsked(why),
    };
    let cluster = objects.cluster.get_or_init(|| executor.keeper.cluster()).await.clone();
    let intent = {
        let (ledger, object) = (Arc::clone(&ledger), object.clone());
        spawn_blocking(move || ledger.intend(&cluster, &object, attempt)).await
    };
    let number = match intent {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => {
            return Reply::NotAsked(format!("nothing is made that cannot be written down: {error}"));
        }
        Err(error) => return Reply::NotAsked(error.to_string()),
    };
    let mut ask = ask.clone();
    ask.body = Some(body);
    let reply = api_server::http(executor, &request.identity, &ask, answers).await;
    match &reply {
        Reply::Http { status: 200..=299, body, .. } => {
            let made: Value = serde_json::from_slice(body).unwrap_or_default();
            let metadata = &made["metadata"];
            if let Some(uid) = metadata["uid"].as_str().filter(|_| metadata["name"] == *object.name) {
                let uid = uid.to_owned();
                // Written to the disk before anything else is asked.
                let _ = spawn_blocking(move || ledger.made(number, &uid)).await;
            }
        }
        // The server was clear: there is nothing. Whatever else came, there may be something.
        Reply::Http { status: 400..=407 | 409..=499, .. } | Reply::NotAsked(_) => ledger.gone(number),
        _ => {}
    }
    reply
}

/// The request that makes the namespace of a run.
pub(crate) fn namespace_request(run: &str) -> Request {
    let name = format!("seaworthy-probe-{run}");
    let body = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/managed-by": "seaworthy"},
            "annotations": {"seaworthy.dev/purpose":
                "made by `seaworthy prove --consent canary`, which removes it; after a crash `seaworthy prove --clean` does"},
        },
    });
    Request::create("/api/v1/namespaces", name, &body).by(Identity::Caller)
}

/// Makes the namespace of the run, once, and waits until the cluster has put its default account into it. What came when it
/// could not be made, otherwise.
pub(crate) async fn namespace(executor: &Executor) -> Result<(), Answer> {
    let make = || async {
        let request = namespace_request(&executor.run);
        let answer = executor.ask(None, &request, &Answers::default()).await;
        if answer.status() != Some(201) {
            return Err(answer);
        }
        let path = format!("/api/v1/namespaces/seaworthy-probe-{}/serviceaccounts/default", executor.run);
        let end = Instant::now() + ACCOUNT_TIME;
        while Instant::now() < end && !executor.is_stopped() {
            // Whoever may not look at accounts does not wait for them.
            if executor.keeper.exists(&path).await != Some(false) {
                break;
            }
            sleep(AGAIN).await;
        }
        Ok(())
    };
    executor.objects.namespace.get_or_init(make).await.clone()
}

/// Removes what an attempt has made, the newest first.
pub(crate) async fn clean(executor: &Executor, attempt: usize) {
    let Some(ledger) = &executor.objects.ledger else { return };
    for (number, entry) in ledger.open(Some(attempt)) {
        let fate = executor.keeper.remove(&executor.run, &entry, LEAVING_TIME, SETTLE);
        if let Ok(fate) = timeout(REMOVAL_TIME, fate).await
            && fate.is_done()
        {
            ledger.gone(number);
        }
    }
}

/// Removes everything that is still there when all attempts are over, the namespace of the run last, and tells what stays.
pub(crate) async fn clean_all(executor: &Executor) {
    let Some(ledger) = &executor.objects.ledger else { return };
    let mut left = Vec::new();
    for (number, entry) in ledger.open(None) {
        let own = entry.attempt.is_none();
        let wait = if own { NAMESPACE_TIME } else { LEAVING_TIME };
        let removal = executor.keeper.remove(&executor.run, &entry, wait, SETTLE);
        let fate = match timeout(REMOVAL_TIME, removal).await {
            Ok(fate) => fate,
            Err(_) => Fate::Failed(format!("nothing within {} s", REMOVAL_TIME.as_secs())),
        };
        if fate.is_done() {
            ledger.gone(number);
        }
        if own && matches!(fate, Fate::Removed | Fate::Absent) {
            // What was asked for in a namespace that is gone cannot come any more.
            let inside = format!("{}/{}/", entry.object.collection, entry.object.name);
            for (number, entry) in ledger.open(None) {
                if entry.object.collection.starts_with(&inside) {
                    ledger.gone(number);
                }
            }
        }
        left.push((number, Left { run: executor.run.clone(), path: entry.object.path(), fate }));
    }
    let open: Vec<u64> = ledger.open(None).into_iter().map(|(number, _)| number).collect();
    left.retain(|(number, _)| open.contains(number));
    // An attempt removes its folder, unless it panics.
    let mut folders = Vec::new();
    for (number, path) in ledger.folders() {
        match scratch::remove(&path).await {
            fate if fate.is_done() => ledger.gone(number),
            fate => {
                folders.push(Left { run: executor.run.clone(), path: path.display().to_string(), fate });
            }
        }
    }
    *executor.objects.left.lock().unwrap_or_else(PoisonError::into_inner) =
        left.into_iter().map(|(_, left)| left).chain(folders).collect();
    ledger.close();
}
