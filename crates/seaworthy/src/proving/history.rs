//! What came of former runs, in a file of its own.
//!
//! The file is opened for as long as one run is written or all are read, so that `--history` can be asked while another
//! program proves. A run is one transaction: whoever is killed in it leaves the state of the run before.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use seaworthy_controls::{Assessment, Proven};
use seaworthy_probe::Verdict;
use seaworthy_prober::state_folder;
use seaworthy_report::printable;
use serde::{Deserialize, Serialize};

use crate::cli::ProveArgs;
use crate::error::{CommandError, Outcome};
use crate::output;

/// Runs by cluster and time, in milliseconds since 1970, as JSON.
const RUNS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("runs");
/// The verdicts of the last run by cluster, as JSON.
const LAST: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("last");

/// Its name in the folder of state.
const FILE: &str = "proofs.redb";
/// How long to wait for somebody else who has the file open.
const PATIENCE: Duration = Duration::from_secs(10);
/// Turned verdicts that are kept of one run.
const TURNS: usize = 200;

/// One run, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) at: String,
    pub(crate) run: String,
    pub(crate) seconds: f64,
    pub(crate) requests: usize,
    pub(crate) proved: usize,
    pub(crate) refuted: usize,
    pub(crate) inconclusive: usize,
    /// How many verdicts differ from those of the run before.
    pub(crate) turned: usize,
    /// The first of them.
    pub(crate) turns: Vec<Turn>,
}

/// A verdict that is another than in the run before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Turn {
    pub(crate) control: String,
    pub(crate) probe: String,
    pub(crate) subject: String,
    pub(crate) severity: String,
    /// The verdict before; none for what was not there.
    pub(crate) from: Option<String>,
    /// The verdict now; none for what is not there any more.
    pub(crate) to: Option<String>,
    pub(crate) reason: String,
}

/// A verdict, as it is remembered from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    control: String,
    probe: String,
    subject: String,
    severity: String,
    verdict: String,
    reason: String,
}

/// The verdicts of a run, by what they are about.
pub(crate) type Verdicts = BTreeMap<String, Remembered>;

/// The verdicts of an assessment.
pub(crate) fn verdicts(assessment: &Assessment<'_, '_>) -> Verdicts {
    let remembered = |proof: &Proven| {
        let severity = assessment.settings.severities.get(proof.control.id).copied();
        Remembered {
            control: proof.control.id.to_owned(),
            probe: proof.probe.name.to_owned(),
            subject: printable(&proof.subject.to_string()).into_owned(),
            severity: severity.unwrap_or(proof.control.severity).name().to_owned(),
            verdict: proof.verdict.name().to_owned(),
            reason: printable(&proof.reason).into_owned(),
        }
    };
    let proofs = assessment.proofs.iter().flat_map(|proofs| &proofs.proofs);
    let key = |proof: &Proven| format!("{}#{} {}", proof.control.id, proof.probe.name, proof.subject);
    proofs.map(|proof| (key(proof), remembered(proof))).collect()
}

/// What differs between two runs: what is refuted now first.
pub(crate) fn turns(before: &Verdicts, now: &Verdicts) -> Vec<Turn> {
    let turn = |known: &Remembered, from: Option<&Remembered>, to: Option<&Remembered>| Turn {
        control: known.control.clone(),
        probe: known.probe.clone(),
        subject: known.subject.clone(),
        severity: known.severity.clone(),
        from: from.map(|known| known.verdict.clone()),
        to: to.map(|known| known.verdict.clone()),
        reason: to.map(|known| known.reason.clone()).unwrap_or_default(),
    };
    let mut turns = Vec::new();
    for (key, known) in now {
        let from = before.get(key);
        if from.is_none_or(|from| from.verdict != known.verdict) {
            turns.push(turn(known, from, Some(known)));
        }
    }
    for (key, known) in before.iter().filter(|(key, _)| !now.contains_key(*key)) {
        let _ = key;
        turns.push(turn(known, Some(known), None));
    }
    let refuted = Verdict::Refuted.name();
    turns.sort_by_key(|turn| turn.to.as_deref() != Some(refuted));
    turns
}

/// The file.
#[derive(Debug)]
pub(crate) struct History {
    path: PathBuf,
    keep: u32,
}

impl History {
    /// The file that the options name, or the usual one. It is made when it is first written.
    pub(crate) fn new(args: &ProveArgs) -> Result<History, CommandError> {
        let folder = args.probes.state.clone().or_else(state_folder).ok_or_else(|| {
            CommandError::new("there is no place for the history: neither XDG_STATE_HOME nor HOME is set")
                .hint("name a folder with `--state`")
        })?;
        Ok(History { path: folder.join(FILE), keep: args.continuous.keep })
    }

    /// Opens the file, when somebody else has it open after a while.
    fn open(&self) -> Result<Database, CommandError> {
        let fault = |error: &dyn std::fmt::Display| {
            CommandError::new(format!("cannot use the history `{}`: {error}", self.path.display())).hint(
                "name another folder with `--state`, or remove this file: it holds former runs and nothing else",
            )
        };
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder).map_err(|error| fault(&error))?;
        }
        make_file(&self.path).map_err(|error| fault(&error))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Database::create(&self.path) {
                Ok(database) => return Ok(database),
                Err(DatabaseError::DatabaseAlreadyOpen) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(fault(&error)),
            }
        }
    }

    /// The verdicts of the last run on a cluster.
    pub(crate) fn last(&self, cluster: &str) -> Result<Verdicts, CommandError> {
        if !self.path.exists() {
            return Ok(Verdicts::new());
        }
        self.last_in(&self.open()?, cluster).map_err(|error| self.fault(&error))
    }

    fn last_in(&self, database: &Database, cluster: &str) -> Result<Verdicts, redb::Error> {
        let read = database.begin_read()?;
        let Ok(table) = read.open_table(LAST) else { return Ok(Verdicts::new()) };
        let Some(bytes) = table.get(cluster)? else { return Ok(Verdicts::new()) };
        // What an older program wrote in another way is as good as nothing.
        Ok(serde_json::from_slice(bytes.value()).unwrap_or_default())
    }

    /// Writes a run down, and forgets the oldest ones.
    pub(crate) fn record(
        &self,
        cluster: &str,
        record: &Record,
        verdicts: &Verdicts,
    ) -> Result<(), CommandError> {
        let turns = record.turns.iter().take(TURNS).cloned().collect();
        let record = Record { turns, ..record.clone() };
        let database = self.open()?;
        self.write(&database, cluster, &record, verdicts).map_err(|error| self.fault(&error))
    }

    fn write(
        &self,
        database: &Database,
        cluster: &str,
        record: &Record,
        verdicts: &Verdicts,
    ) -> Result<(), redb::Error> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let write = database.begin_write()?;
        {
            let mut last = write.open_table(LAST)?;
            last.insert(cluster, json(verdicts).as_slice())?;
            let mut runs = write.open_table(RUNS)?;
            runs.insert((cluster, now), json(record).as_slice())?;
            let of_cluster = runs.range((cluster, 0)..=(cluster, u64::MAX))?;
            let times =
                of_cluster.map(|entry| Ok(entry?.0.value().1)).collect::<Result<Vec<u64>, redb::Error>>()?;
            let too_many = times.len().saturating_sub(self.keep as usize);
            for time in &times[..too_many] {
                runs.remove((cluster, *time))?;
            }
        }
        write.commit()?;
        Ok(())
    }

    /// All runs, by cluster and from the oldest on.
    fn runs(&self) -> Result<Vec<(String, Record)>, CommandError> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let database = self.open()?;
        let read = || -> Result<Vec<(String, Record)>, redb::Error> {
            let read = database.begin_read()?;
            let Ok(table) = read.open_table(RUNS) else { return Ok(Vec::new()) };
            let mut runs = Vec::new();
            for entry in table.iter()? {
                let (key, value) = entry?;
                if let Ok(record) = serde_json::from_slice(value.value()) {
                    runs.push((key.value().0.to_owned(), record));
                }
            }
            Ok(runs)
        };
        read().map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &redb::Error) -> CommandError {
        CommandError::new(format!("cannot use the history `{}`: {error}", self.path.display()))
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Maps with keys of text and plain values: there is nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Weaknesses of a cluster are nobody else's business.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// `prove --history`.
pub(crate) fn print(args: &ProveArgs, format: Option<&str>) -> Result<Outcome, CommandError> {
    let as_json = match format.unwrap_or("terminal") {
        "terminal" => false,
        "json" => true,
        other => {
            return Err(CommandError::new(format!("a history cannot be printed as `{other}`"))
                .hint("`--format terminal` and `--format json` can"));
        }
    };
    let runs = History::new(args)?.runs()?;
    output::to_stdout(|out| match as_json {
        true => runs.iter().try_for_each(|(cluster, record)| {
            let mut line = serde_json::json!(record);
            line["cluster"] = cluster.as_str().into();
            writeln!(out, "{line}")
        }),
        false => lines(&runs, out),
    })?;
    Ok(Outcome::Clean)
}

fn lines(runs: &[(String, Record)], out: &mut dyn Write) -> std::io::Result<()> {
    let mut cluster = None;
    for (of, record) in runs {
        if cluster != Some(of) {
            cluster = Some(of);
            writeln!(out, "{}", printable(of))?;
        }
        writeln!(
            out,
            "{}  {} proved, {} refuted, {} inconclusive; {} turned; {} requests in {:.1} s",
            record.at,
            record.proved,
            record.refuted,
            record.inconclusive,
            record.turned,
            record.requests,
            record.seconds
        )?;
        for turn in &record.turns {
            writeln!(out, "    {}", line(turn))?;
        }
        if record.turned > record.turns.len() {
            writeln!(out, "    and {} more", record.turned - record.turns.len())?;
        }
    }
    if runs.is_empty() {
        writeln!(out, "no run has been kept: `seaworthy prove --every 1h` keeps them")?;
    }
    Ok(())
}

/// A turn on one line.
pub(crate) fn line(turn: &Turn) -> String {
    let Turn { control, subject, severity, from, to, reason, .. } = turn;
    let change = match (from, to) {
        (Some(from), Some(to)) => format!("{from} -> {to}"),
        (None, Some(to)) => format!("new -> {to}"),
        (Some(from), None) => format!("{from} -> gone"),
        (None, None) => String::new(),
    };
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let subject = printable(subject);
    format!("{change}  {severity} {control}  {subject}{}", printable(&reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(of: &[(&str, &str)]) -> Verdicts {
        let remembered = |(control, verdict): &(&str, &str)| {
            let known = Remembered {
                control: (*control).to_owned(),
                probe: String::new(),
                subject: "API server".to_owned(),
                severity: "high".to_owned(),
                verdict: (*verdict).to_owned(),
                reason: "why".to_owned(),
            };
            (format!("{control}# API server"), known)
        };
        of.iter().map(remembered).collect()
    }

    fn record(turned: usize) -> Record {
        Record {
            at: "2026-11-21T20:00:00Z".to_owned(),
            run: "0123456789".to_owned(),
            seconds: 1.0,
            requests: 3,
            proved: 1,
            refuted: 0,
            inconclusive: 0,
            turned,
            turns: Vec::new(),
        }
    }

    #[test]
    fn what_turned_is_told_and_what_is_refuted_comes_first() {
        let before = verdicts(&[("a/a", "proved"), ("b/b", "proved"), ("c/c", "refuted"), ("e/e", "proved")]);
        let now =
            verdicts(&[("a/a", "inconclusive"), ("b/b", "refuted"), ("c/c", "refuted"), ("d/d", "proved")]);
        let lines: Vec<String> = turns(&before, &now).iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "proved -> refuted  high b/b  API server: why",
                "proved -> inconclusive  high a/a  API server: why",
                "new -> proved  high d/d  API server: why",
                "proved -> gone  high e/e  API server",
            ]
        );
        assert!(turns(&now, &now).is_empty());
    }

    #[test]
    fn a_history_outlives_the_program_and_forgets_the_oldest() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History { path: folder.path().join("deep/proofs.redb"), keep: 3 };
        assert!(history.last("a").expect("nothing yet").is_empty());
        for turned in 0..5 {
            history.record("a", &record(turned), &verdicts(&[("a/a", "proved")])).expect("a run");
            // Two runs never begin in the same millisecond.
            std::thread::sleep(Duration::from_millis(2));
        }
        history.record("b", &record(9), &verdicts(&[("a/a", "refuted")])).expect("a run");
        let again = History { path: history.path, keep: 3 };
        assert_eq!(again.last("a").expect("verdicts"), verdicts(&[("a/a", "proved")]));
        assert_eq!(again.last("b").expect("verdicts"), verdicts(&[("a/a", "refuted")]));
        let kept: Vec<(String, usize)> =
            again.runs().expect("runs").into_iter().map(|(of, run)| (of, run.turned)).collect();
        let of = |name: &str, turned| (name.to_owned(), turned);
        assert_eq!(kept, [of("a", 2), of("a", 3), of("a", 4), of("b", 9)]);
    }

    #[test]
    fn what_is_no_history_is_said_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        fs::write(&path, "this is no database, and nobody may overwrite it ".repeat(200)).expect("a file");
        let history = History { path: path.clone(), keep: 3 };
        assert!(history.record("a", &record(0), &Verdicts::new()).is_err());
        assert!(fs::read_to_string(&path).expect("the file").starts_with("this is no database"));
    }
}
