//! `seaworthy prove --clean`, and what is said of objects that a run could not remove.

use seaworthy_prober::{Cleaned, Prober, ProberOptions, state_folder};

use super::Run;
use crate::cluster_args::ClusterArgs;
use crate::error::{CommandError, Outcome};
use crate::live::cluster_error;
use crate::output;
use crate::prove_args::ProbeArgs;

/// Removes what earlier runs left on the cluster, and says what came of it. The outcome is incomplete when something stays.
pub(crate) fn run(cluster: &ClusterArgs, probes: &ProbeArgs) -> Result<Outcome, CommandError> {
    let mut options = cluster.options();
    options.request_timeout = probes.probe_time();
    let prober = Prober::connect(ProberOptions {
        cluster: options,
        state: probes.state.clone().or_else(state_folder),
        ..ProberOptions::default()
    })
    .map_err(cluster_error)?;
    let cleaned = prober.clean(None).map_err(|error| {
        CommandError::new(error.to_string()).hint("`--state FOLDER` names the folder that the run wrote to")
    })?;
    output::to_stdout(|out| {
        for object in &cleaned.objects {
            writeln!(out, "{}: {} (run {})", object.path, object.fate, object.run)?;
        }
        for (run, url) in &cleaned.elsewhere {
            writeln!(out, "run {run} was on another cluster, `{url}`: clean there")?;
        }
        for run in &cleaned.running {
            writeln!(out, "run {run} goes on: what it made is its own")?;
        }
        for (path, why) in &cleaned.unreadable {
            writeln!(out, "`{}` cannot be read: {why}", path.display())?;
        }
        if cleaned == Cleaned::default() {
            writeln!(out, "no run has left anything")?;
        }
        Ok(())
    })?;
    Ok(if cleaned.is_complete() { Outcome::Clean } else { Outcome::Incomplete })
}

impl Run {
    /// Says on standard error what could not be removed.
    pub(crate) fn tell_left(&self) {
        let left = self.prober.left();
        for object in &left {
            output::message(&format_args!("warning: {}: {}", object.path, object.fate));
        }
        if !left.is_empty() {
            output::message(&"warning: `seaworthy prove --clean` removes it");
        }
    }
}
