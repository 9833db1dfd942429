//! `prove --print-rbac`: the rights that the selected probes need, and no others.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_cluster::{Rights, rights};
use seaworthy_controls::Control;
use seaworthy_controls::probe::{Right, inside};
use seaworthy_probe::Consent;

use super::{Agreed, Places, agreed};
use crate::cluster_args::ClusterArgs;
use crate::error::{CommandError, Outcome};
use crate::live::cluster_error;
use crate::output;
use crate::plan::Plan;

/// What the executor does by itself for probes that need objects.
const CANARY: &[Right] = &[Right { group: "", resource: "namespaces", verbs: &["create", "delete", "get"] }];

/// Prints the role for reading, and one for probes.
pub(crate) fn print(
    cluster: &ClusterArgs,
    places: &Places<'_>,
    plan: &Plan,
) -> Result<Outcome, CommandError> {
    let agreed = agreed(places)?;
    let of = if cluster.cluster { Rights::OfThisCluster } else { Rights::OfEveryCluster };
    let reading = rights(&cluster.options(), of).map_err(cluster_error)?;
    let probing = written(&plan.controls, &agreed, !places.args.jobs.is_empty());
    output::to_stdout(|out| write!(out, "{reading}---\n{probing}"))?;
    Ok(Outcome::Clean)
}

/// Verbs by group and resource, and paths.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    resources: BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>,
    paths: BTreeSet<&'static str>,
}

fn wanted(controls: &[&'static Control], agreed: &Agreed, jobs: bool) -> Wanted {
    let probes = controls.iter().flat_map(|control| control.probes.iter().map(move |probe| (control, probe)));
    let allowed = probes.filter(|(control, probe)| match probe.consent {
        Consent::Read => true,
        Consent::Canary => agreed.level >= Consent::Canary,
        Consent::Disruptive => agreed.named.contains(control.id),
    });
    let mut wanted = Wanted::default();
    let mut add = |right: &Right| match right.resource.starts_with('/') {
        true => drop(wanted.paths.insert(right.resource)),
        false => wanted.resources.entry((right.group, right.resource)).or_default().extend(right.verbs),
    };
    let mut canary = false;
    for (_, probe) in allowed {
        canary |= probe.consent > Consent::Read;
        probe.rights.iter().for_each(&mut add);
    }
    if jobs {
        let by_job =
            inside::probes().filter(|probe| controls.iter().any(|control| control.id == probe.control));
        by_job.flat_map(|probe| probe.by_job.rights).for_each(&mut add);
    }
    if canary {
        CANARY.iter().for_each(&mut add);
    }
    wanted
}

fn written(controls: &[&'static Control], agreed: &Agreed, jobs: bool) -> String {
    let mut text = format!(
        "# What the probes of `seaworthy prove` with consent `{}` ask for as the caller, beside what reading the\n\
         # cluster needs (above). Dry runs need the right to do what they try, though nothing is kept.\n",
        agreed.level.name()
    );
    let wanted = wanted(controls, agreed, jobs);
    text.push_str(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: seaworthy-prove\n",
    );
    let is_empty = wanted.resources.is_empty() && wanted.paths.is_empty();
    text.push_str(if is_empty { "rules: []\n" } else { "rules:\n" });
    // Resources with the same group and verbs are one rule.
    let mut rules: BTreeMap<(&str, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((group, resource), verbs) in wanted.resources {
        rules.entry((group, verbs.into_iter().collect())).or_default().push(resource);
    }
    for ((group, verbs), resources) in rules {
        text.push_str(&format!("- apiGroups: [\"{group}\"]\n  resources:\n"));
        for resource in resources {
            text.push_str(&format!("  - {resource}\n"));
        }
        text.push_str(&format!("  verbs: [{}]\n", verbs.join(", ")));
    }
    if !wanted.paths.is_empty() {
        text.push_str("- nonResourceURLs:\n");
        for path in wanted.paths {
            text.push_str(&format!("  - {path}\n"));
        }
        text.push_str("  verbs: [get]\n");
    }
    text.push_str(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: seaworthy-prove\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: seaworthy-prove\n\
         subjects:\n- kind: ServiceAccount\n  name: seaworthy\n  namespace: seaworthy\n",
    );
    text
}
