//! Evidence of a live cluster.

use std::collections::BTreeMap;

use seaworthy_cluster::{ClusterError, Gathered, Refusal, Rights, gather, rights};
use seaworthy_podsecurity::Version;
use seaworthy_report::Skipped;

use crate::cluster_args::ClusterArgs;
use crate::error::{CommandError, Outcome};
use crate::input::Input;
use crate::output;
use crate::progress::Progress;

/// Reads a cluster.
pub(crate) fn read(args: &ClusterArgs, progress: &Progress) -> Result<Input, CommandError> {
    let gathered = gather(&args.options(), &|event| progress.on_cluster(event)).map_err(cluster_error)?;
    let Gathered { files, name, url, version, refusals } = gathered;
    Ok(Input {
        skipped: skipped(&refusals),
        gaps: !refusals.is_empty(),
        files,
        names: vec![if name.is_empty() { url } else { format!("cluster {name} ({url})") }],
        version: version.as_deref().and_then(version_of),
    })
}

/// Prints the rights that reading needs.
pub(crate) fn print_rights(args: &ClusterArgs) -> Result<Outcome, CommandError> {
    let of = if args.cluster { Rights::OfThisCluster } else { Rights::OfEveryCluster };
    let text = rights(&args.options(), of).map_err(cluster_error)?;
    output::to_stdout(|out| out.write_all(text.as_bytes()))?;
    Ok(Outcome::Clean)
}

pub(crate) fn cluster_error(error: ClusterError) -> CommandError {
    let message = CommandError::new(error.to_string());
    match error.hint() {
        Some(hint) => message.hint(hint),
        None => message,
    }
}

/// What the cluster did not tell.
fn skipped(refusals: &[Refusal]) -> Vec<Skipped> {
    const EXAMPLES: usize = 5;
    let mut by_reason: BTreeMap<&str, Skipped> = BTreeMap::new();
    for refusal in refusals {
        let reason = match refusal.forbidden {
            true => "kinds that the cluster does not let you list",
            false => "kinds that the cluster did not tell all of",
        };
        let entry = by_reason.entry(reason).or_insert_with(|| Skipped {
            reason: reason.to_owned(),
            count: 0,
            examples: Vec::new(),
        });
        entry.count += 1;
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(if refusal.forbidden {
                refusal.what.clone()
            } else {
                refusal.reason.clone()
            });
        }
    }
    by_reason.into_values().collect()
}

/// The version by whose rules the API server judges: `v1.36` of `v1.36.3-eks-1`.
fn version_of(text: &str) -> Option<Version> {
    let mut parts = text.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    format!("{major}.{}", &minor[..digits]).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_providers_are_those_of_kubernetes() {
        for (text, expected) in [
            ("v1.36.3", Some("v1.36")),
            ("v1.33.1-eks-595af52", Some("v1.33")),
            ("v1.32.4+k3s1", Some("v1.32")),
            ("v1.31.9-gke.1044001", Some("v1.31")),
            ("v1.30+", Some("v1.30")),
            ("v0.0.0-master+$Format:%H$", None),
            ("", None),
        ] {
            assert_eq!(version_of(text).map(|version| version.to_string()).as_deref(), expected, "{text}");
        }
    }
}
