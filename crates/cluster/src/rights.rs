//! The rights that a scan needs: what is asked for, and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::error::ClusterError;
use crate::gather::{Asked, run, targets};
use crate::kinds::{BUILT_IN, Keep};
use crate::list::Reach;
use crate::options::ClusterOptions;

/// Paths that are no objects: what the server says of itself.
const PATHS: &[&str] = &["/api", "/api/*", "/apis", "/apis/*", "/version"];

/// Where rights are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Every cluster has these: nobody is asked.
    OfEveryCluster,
    /// What this cluster serves is asked for, so that custom resources are named one by one.
    OfThisCluster,
}

/// A ClusterRole and a binding as YAML, with exactly what [`gather`](crate::gather) asks for with the same options.
///
/// # Errors
/// When a cluster is to be asked and does not answer.
pub fn rights(options: &ClusterOptions, of: Rights) -> Result<String, ClusterError> {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    match of {
        Rights::OfEveryCluster => {
            for group in BUILT_IN {
                let resources = group.resources.iter().map(|(resource, _)| *resource);
                let resources = resources.filter(|resource| options.secrets || *resource != "secrets");
                wanted.insert(group.name.to_owned(), resources.map(str::to_owned).collect());
            }
        }
        Rights::OfThisCluster => {
            let kinds = run(async { Ok(Asked::begin(options).await?.served.kinds) })?;
            let everywhere = ClusterOptions { namespaces: Vec::new(), ..options.clone() };
            for target in targets(&kinds, &everywhere) {
                debug_assert!(target.scope == Reach::All && (options.secrets || target.keep != Keep::Names));
                wanted.entry(target.kind.group).or_default().push(target.kind.resource);
            }
        }
    }
    Ok(written(&wanted, options, of))
}

fn written(wanted: &BTreeMap<String, Vec<String>>, options: &ClusterOptions, of: Rights) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        // A string takes all.
        let _ = writeln!(text, "{line}");
    };
    line(match options.watch {
        true => "# What `seaworthy scan --cluster --watch` asks for: nothing is changed.",
        false => "# What `seaworthy scan --cluster` asks for: nothing is changed, nothing is watched.",
    });
    if options.secrets {
        line(
            "# RBAC cannot tell names from values: who may list Secrets may read them. Seaworthy asks for a table of",
        );
        line(
            "# names, types and numbers of keys; with `--without-secrets` it does without, and this right is left out.",
        );
    }
    if of == Rights::OfEveryCluster && options.custom_resources {
        line(
            "# Custom resources are not named here: `seaworthy scan --cluster --print-rbac` names those of a cluster.",
        );
    }
    line("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: seaworthy\nrules:");
    for (group, resources) in wanted {
        line(&format!("- apiGroups: [\"{group}\"]"));
        line("  resources:");
        for resource in resources {
            line(&format!("  - {resource}"));
        }
        line(if options.watch { "  verbs: [list, watch]" } else { "  verbs: [list]" });
    }
    if !options.namespaces.is_empty() {
        let names: Vec<String> = options.namespaces.iter().map(|name| format!("\"{name}\"")).collect();
        line("- apiGroups: [\"\"]\n  resources: [namespaces]");
        line(&format!("  resourceNames: [{}]\n  verbs: [get]", names.join(", ")));
    }
    line("- nonResourceURLs:");
    for path in PATHS.iter().chain(crate::components::PATHS) {
        line(&format!("  - {path}"));
    }
    line("  verbs: [get]");
    line(
        "# Kubelets tell their configuration to whoever has this right. It is a wide one: it reaches all that kubelets serve,",
    );
    line(
        "# commands in containers as well. Without it what controls ask of kubelets is unknown, or read on the nodes.",
    );
    line("# - apiGroups: [\"\"]\n#   resources: [nodes/proxy]\n#   verbs: [get]");
    line("---\n# For the account of a pod; put users or groups in its place where people scan.");
    line("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: seaworthy");
    line("roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: seaworthy");
    line("subjects:\n- kind: ServiceAccount\n  name: seaworthy\n  namespace: seaworthy");
    text
}
