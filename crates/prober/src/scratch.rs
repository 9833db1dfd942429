//! A folder of this machine that holds secrets for a while. The ledger knows of it before it is there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::executor::Executor;
use crate::keeper::Fate;
use crate::ledger::Ledger;
use crate::objects;

/// How often a folder is tried to be removed in which something may still be written.
const TIMES: usize = 10;

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(200);

/// A folder for us alone.
pub(crate) struct Scratch {
    ledger: Arc<Ledger>,
    number: u64,
    path: PathBuf,
}

impl Scratch {
    /// Makes it; with why it cannot be made.
    pub(crate) async fn make(executor: &Executor) -> Result<Scratch, String> {
        let (ledger, number, path) = objects::folder(executor).await?;
        Ok(Scratch { ledger, number, path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with all that is in it. What cannot be removed stays in the ledger, and is told when the run ends.
    pub(crate) async fn remove(self) {
        if remove(&self.path).await.is_done() {
            self.ledger.gone(self.number);
        }
    }
}

/// Removes a folder.
pub(crate) async fn remove(path: &Path) -> Fate {
    let mut fate = Fate::Absent;
    for _ in 0..TIMES {
        let path = path.to_owned();
        fate = match spawn_blocking(move || fs::remove_dir_all(path)).await {
            Ok(Ok(())) => return Fate::Removed,
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => return Fate::Absent,
            Ok(Err(error)) => Fate::Failed(error.to_string()),
            Err(error) => Fate::Failed(error.to_string()),
        };
        sleep(AGAIN).await;
    }
    fate
}
