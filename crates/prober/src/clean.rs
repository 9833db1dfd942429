//! Removing what runs left behind that could not do so themselves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use seaworthy_cluster::Pace;
use thiserror::Error;
use tokio::time::timeout;

use crate::executor::agent;
use crate::keeper::{Fate, Keeper};
use crate::ledger::leftovers;
use crate::objects::{Left, SETTLE};
use crate::prober::Prober;
use crate::scratch;

/// How long one object may take to go.
const LEAVING_TIME: Duration = Duration::from_secs(20);

/// How long the removal of one object may take in all.
const REMOVAL_TIME: Duration = Duration::from_secs(60);

/// What came of cleaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Every object of a ledger of this cluster, and what became of it. Those whose [`Fate`] is not done stay in the ledger.
    pub objects: Vec<Left>,
    /// Runs on other clusters that left something there, with the address of the cluster.
    pub elsewhere: Vec<(String, String)>,
    /// Runs that go on: what they made is theirs.
    pub running: Vec<String>,
    /// Files that cannot be read, with why.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Cleaned {
    /// Whether nothing of this cluster is left in a ledger, and every ledger could be read.
    pub fn is_complete(&self) -> bool {
        self.unreadable.is_empty() && self.objects.iter().all(|object| object.fate.is_done())
    }
}

/// Cleaning could not begin.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Nobody said where ledgers are.
    #[error("there is no folder of ledgers: neither XDG_STATE_HOME nor HOME is set")]
    NoFolder,
    /// The folder cannot be read.
    #[error("cannot read `{}`: {error}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Prober {
    /// Removes what earlier runs on this cluster left behind, as their ledgers tell: by its uid, or, where none was written
    /// down, only if it bears the label of the run. `settle` is how long a request that was sent and never answered may
    /// still be at work; `None` for what API servers allow.
    ///
    /// # Errors
    /// When there is no folder of ledgers, or it cannot be read.
    pub fn clean(&self, settle: Option<Duration>) -> Result<Cleaned, LedgerError> {
        let folder = self.options.state.clone().ok_or(LedgerError::NoFolder)?;
        let found = leftovers(&folder).map_err(|error| LedgerError::Folder { folder, error })?;
        let mut cleaned =
            Cleaned { running: found.running, unreadable: found.unreadable, ..Cleaned::default() };
        if found.ended.is_empty() {
            return Ok(cleaned);
        }
        let pace = Arc::new(Pace::new(self.options.cluster.requests_per_second));
        let keeper = Keeper { api: self.api.clone(), pace, agent: agent(&self.options.run) };
        self.block_on(async {
            let here = keeper.cluster().await;
            for mut ledger in found.ended {
                // What lies on this machine goes whichever cluster it was taken from.
                for (number, path) in ledger.folders.clone() {
                    let fate = scratch::remove(&path).await;
                    if fate.is_done() {
                        ledger.gone(number);
                    }
                    let (run, path) = (ledger.run.clone(), path.display().to_string());
                    cleaned.objects.push(Left { run, path, fate });
                }
                if ledger.open.is_empty() {
                    continue;
                }
                if !ledger.cluster.is(&here) {
                    cleaned.elsewhere.push((ledger.run, ledger.cluster.url));
                    continue;
                }
                // The newest first, and the namespace, which holds most of it, last.
                let entries: Vec<_> =
                    ledger.open.iter().rev().map(|(number, entry)| (*number, entry.clone())).collect();
                let mut gone_namespaces: Vec<String> = Vec::new();
                let first = cleaned.objects.len();
                for (number, entry) in entries {
                    let removal = keeper.remove(&ledger.run, &entry, LEAVING_TIME, settle.unwrap_or(SETTLE));
                    let fate = match timeout(REMOVAL_TIME, removal).await {
                        Ok(fate) => fate,
                        Err(_) => Fate::Failed(format!("nothing within {} s", REMOVAL_TIME.as_secs())),
                    };
                    if fate.is_done() {
                        ledger.gone(number);
                    }
                    if matches!(fate, Fate::Removed | Fate::Absent) {
                        gone_namespaces.push(format!("{}/", entry.object.path()));
                    }
                    let path = entry.object.path();
                    cleaned.objects.push(Left { run: ledger.run.clone(), path, fate });
                }
                // What was asked for in a namespace that is gone cannot come any more.
                let inside = |path: &str| gone_namespaces.iter().any(|place| path.starts_with(place));
                let numbers: Vec<u64> = ledger
                    .open
                    .iter()
                    .filter(|(_, entry)| inside(&entry.object.path()))
                    .map(|(number, _)| *number)
                    .collect();
                numbers.into_iter().for_each(|number| ledger.gone(number));
                for object in &mut cleaned.objects[first..] {
                    if !object.fate.is_done() && inside(&object.path) {
                        object.fate = Fate::Absent;
                    }
                }
            }
        });
        Ok(cleaned)
    }
}
