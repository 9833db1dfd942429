//! `seaworthy scan --cluster --watch`: a cluster is judged once as a whole, and then what changes.
//!
//! A text that changed is judged at once by the controls that look at one subject after the other. When changes pause, everything
//! is judged once more, so that what one object does to the verdicts about another is seen as well, and numbers are those of a
//! scan. From time to time everything is gathered anew: what cannot be watched (what components say of themselves) is then
//! asked again.

mod metrics;
mod posture;
mod tell;

use std::time::{Duration, Instant};

use seaworthy_cluster::{ClusterOptions, Gathered, Update, Watch};
use seaworthy_controls::evaluate;
use seaworthy_evidence::SourceFile;

use crate::cli::Global;
use crate::cluster_args::{ClusterArgs, WatchArgs};
use crate::error::CommandError;
use crate::live::cluster_error;
use crate::output;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::record::recorded;
use crate::workspace::{Slot, States, Workspace};

use metrics::Metrics;
use posture::Posture;
use tell::{Moment, Tell};

/// After a pause of so long, everything is judged once more;
const QUIET: Duration = Duration::from_secs(1);
/// and after so long, pause or not.
const LATEST: Duration = Duration::from_secs(10);
/// Between two attempts to reach a cluster that was reached before.
const AGAIN: Duration = Duration::from_secs(30);

/// Watches until the program is ended.
///
/// # Errors
/// When the cluster cannot be asked in the first place, or nobody reads what is printed any more.
pub(crate) fn run(
    args: &ClusterArgs,
    watch: &WatchArgs,
    mut plan: Plan,
    format: Option<&str>,
    progress: &Progress,
    global: &Global,
) -> Result<(), CommandError> {
    let tell = match format.or(plan.format.as_deref()).unwrap_or("terminal") {
        "terminal" => Tell::Lines { colour: output::context(global).color },
        "json" => Tell::Json,
        other => {
            return Err(CommandError::new(format!("a watch cannot be printed as `{other}`"))
                .hint("`--format terminal` and `--format json` can; `--metrics-addr` serves numbers"));
        }
    };
    let metrics = watch.metrics_addr.map(Metrics::serve).transpose()?;
    let options = ClusterOptions { watch: true, ..args.options() };
    let begun = seaworthy_cluster::watch(&options, &|event| progress.on_cluster(event));
    progress.finish();
    let (gathered, feed) = begun.map_err(cluster_error)?;
    let recorded = recorded(&gathered.files).and_then(|recorded| recorded.version);
    if let Some(version) = recorded.filter(|_| !plan.version_is_stated) {
        plan.settings.version = version;
    }
    let resync = Duration::from_secs(watch.resync);
    let mut watching = Watching { options, plan: &plan, resync, tell, metrics, posture: Posture::default() };
    watching.go_on(gathered, feed)
}

struct Watching<'p> {
    options: ClusterOptions,
    plan: &'p Plan,
    /// After so long everything is gathered anew.
    resync: Duration,
    tell: Tell,
    metrics: Option<Metrics>,
    posture: Posture,
}

/// How a generation of evidence ended.
enum End {
    /// There is no room for more states.
    Full,
    /// It is time to gather anew.
    Resync,
}

impl Watching<'_> {
    fn go_on(&mut self, gathered: Gathered, feed: Watch) -> Result<(), CommandError> {
        let mut first = true;
        let mut begun = (gathered, feed);
        loop {
            self.serve(begun.0, begun.1, &mut first)?;
            begun = self.begin_again();
        }
    }

    /// Gathers anew, however often that takes: the cluster was there before.
    fn begin_again(&self) -> (Gathered, Watch) {
        loop {
            match seaworthy_cluster::watch(&self.options, &|_| {}) {
                Ok(begun) => return begun,
                Err(error) => {
                    self.tell.note(&format!("cannot gather anew, and tries again: {error}"));
                    self.metrics.iter().for_each(Metrics::failed);
                    std::thread::sleep(AGAIN);
                }
            }
        }
    }

    /// Follows one gathering until it is time for the next.
    fn serve(&mut self, gathered: Gathered, mut feed: Watch, first: &mut bool) -> Result<(), CommandError> {
        let deadline = Instant::now() + self.resync;
        for refusal in &gathered.refusals {
            self.tell.note(&format!("{}: {}", refusal.what, refusal.reason));
        }
        let plan = self.plan;
        let mut files = gathered.files;
        loop {
            let mut states = States::new();
            let mut workspace = Workspace::new(&files, &states, &plan.controls, &plan.settings);
            self.look_at_all(&mut workspace, *first)?;
            *first = false;
            let end = self.generation(&mut workspace, &mut feed, deadline)?;
            let slots = workspace.into_slots();
            match end {
                End::Resync => return Ok(()),
                End::Full => files = compact(files, &mut states, &slots),
            }
        }
    }

    /// Takes in what changes.
    fn generation(
        &mut self,
        workspace: &mut Workspace<'_>,
        feed: &mut Watch,
        deadline: Instant,
    ) -> Result<End, CommandError> {
        // When everything has to be judged again at the latest.
        let mut latest: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let wait = match latest {
                Some(latest) => QUIET.min(latest.saturating_duration_since(now)),
                None => deadline.saturating_duration_since(now),
            };
            match feed.next(wait) {
                Some(update) => {
                    if self.take(update, workspace, feed)? {
                        return Ok(End::Full);
                    }
                    latest = latest.or(Some(Instant::now() + LATEST));
                }
                None if latest.take().is_some() => self.look_at_all(workspace, false)?,
                None => {}
            }
            if latest.is_some_and(|latest| Instant::now() >= latest) {
                latest = None;
                self.look_at_all(workspace, false)?;
            }
            if Instant::now() >= deadline {
                return Ok(End::Resync);
            }
        }
    }

    /// Takes in a change and all that wait behind it, judges what changed and tells. Whether there is no room for more.
    fn take(
        &mut self,
        update: Update,
        workspace: &mut Workspace<'_>,
        feed: &mut Watch,
    ) -> Result<bool, CommandError> {
        let start = Instant::now();
        let mut names: Vec<String> = Vec::new();
        let mut next = Some(update);
        let mut full = false;
        while let Some(update) = next.filter(|_| !full) {
            match update {
                Update::Set(texts) => {
                    let Some(name) = texts.first().map(|text| text.name.clone()) else { break };
                    full = workspace.set(&name, texts).is_err();
                    names.push(name);
                }
                Update::Gone(name) => {
                    full = workspace.set(&name, []).is_err();
                    names.push(name);
                }
                Update::Lost { what, reason } => {
                    self.tell.note(&format!("{what} cannot be watched for the moment: {reason}"));
                    self.metrics.iter().for_each(Metrics::failed);
                }
                Update::Found { what } => self.tell.note(&format!("{what} can be watched again")),
            }
            next = if full { None } else { feed.next_now() };
        }
        names.sort_unstable();
        names.dedup();
        let texts: Vec<u32> = names.iter().flat_map(|name| workspace.places(name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let changes = self.posture.near(&names, &workspace.judge(&texts));
        self.tell.changes(&changes, Moment { texts: names.len(), took: start.elapsed() })?;
        Ok(full)
    }

    fn look_at_all(&mut self, workspace: &mut Workspace<'_>, first: bool) -> Result<(), CommandError> {
        let start = Instant::now();
        let evidence = workspace.settled();
        let assessment = evaluate(&self.plan.controls, evidence, &self.plan.settings);
        let took = start.elapsed();
        let changes = self.posture.all(&assessment);
        if let Some(metrics) = &self.metrics {
            metrics.judged(&assessment, took);
        }
        let moment = Moment { texts: evidence.files().len(), took };
        match first {
            true => self.tell.first(&changes, self.posture.open(), moment),
            false => self.tell.changes(&changes, moment),
        }
    }
}

/// The texts as they are now, with nothing left of former states.
fn compact(files: Vec<SourceFile>, states: &mut States, slots: &[Slot]) -> Vec<SourceFile> {
    let mut files: Vec<Option<SourceFile>> = files.into_iter().map(Some).collect();
    let now = slots.iter().filter_map(|slot| match *slot {
        Slot::First(index) => files.get_mut(index as usize).and_then(Option::take),
        Slot::State(index) => states.take(index),
    });
    now.filter(|file| !file.stream.text().is_empty()).collect()
}
