//! What the scripts of a pipeline do, by the words of their commands.

/// Programs that assess manifests or images.
const SCANNERS: &[&str] = &[
    "checkov",
    "conftest",
    "datree",
    "grype",
    "kics",
    "kube-linter",
    "kube-score",
    "kubeaudit",
    "kubescape",
    "kubesec",
    "kwctl",
    "polaris",
    "seaworthy",
    "snyk",
    "terrascan",
    "trivy",
];

/// Programs that assess only with one of some words behind them.
const SCANNERS_BY_WORD: &[(&str, &[&str])] =
    &[("kyverno", &["apply", "test"]), ("gator", &["test", "verify"]), ("docker", &["scout"])];

/// Programs that make a cluster that lives as long as the job.
const SCRATCH: &[&str] = &["kind", "k3d", "minikube", "kwok", "k3s", "microk8s", "setup-envtest"];

/// Actions and images in whose name a scratch cluster or a deployment is known.
const SCRATCH_ACTIONS: &[&str] = &[
    "kind-action",
    "setup-kind",
    "minikube",
    "k3d-action",
    "chart-testing",
    "setup-k3d",
    "microk8s",
    "action-k3s",
];
const DEPLOY_ACTIONS: &[&str] =
    &["k8s-deploy", "k8s-bake-deploy", "deploy-to-gke", "helm-deploy", "kubectl-apply"];

/// What a text does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Acts {
    /// It applies objects to a cluster.
    pub(super) deploys: bool,
    /// It assesses manifests or images.
    pub(super) scans: bool,
    /// It makes a cluster for the time of the job.
    pub(super) scratch: bool,
    /// What it finds is ignored: the command cannot fail.
    pub(super) shrugs: bool,
}

/// What a script does, line by line.
pub(super) fn of_script(script: &str) -> Acts {
    let mut acts = Acts::default();
    for line in script.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '(' | ')' | '`' | ','))
            .filter(|word| !word.is_empty())
            .collect();
        let scans = words.iter().enumerate().any(|(at, word)| {
            let program = program(word);
            SCANNERS.contains(&program)
                || SCANNERS_BY_WORD.iter().any(|(name, next)| {
                    *name == program && words.get(at + 1).is_some_and(|word| next.contains(word))
                })
        });
        acts.scans |= scans;
        acts.shrugs |= scans
            && (line.contains("|| true")
                || line.contains("|| :")
                || words.iter().any(|word| matches!(*word, "--soft-fail" | "--exit-code=0"))
                || words.windows(2).any(|pair| pair == ["--exit-code", "0"]));
        acts.scratch |= words.iter().any(|word| SCRATCH.contains(&program(word)));
        acts.deploys |= deploys(&words);
    }
    acts
}

/// What an action or image does, by its name.
pub(super) fn of_action(name: &str) -> Acts {
    let name = name.split(['@', ':']).next().unwrap_or(name).to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    Acts { deploys: any(DEPLOY_ACTIONS), scans: any(SCANNERS), scratch: any(SCRATCH_ACTIONS), shrugs: false }
}

/// The program of a word: without the path before it.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether the words of a line change objects in a cluster: a dry run does not.
fn deploys(words: &[&str]) -> bool {
    if words
        .iter()
        .any(|word| word.starts_with("--dry-run") && *word != "--dry-run=none" && *word != "--dry-run=false")
    {
        return false;
    }
    words.iter().enumerate().any(|(at, word)| {
        let verbs: &[&str] = match program(word) {
            "kubectl" | "oc" => &["apply", "create", "replace", "set"],
            "helm" => &["upgrade", "install"],
            "helmfile" => &["apply", "sync"],
            _ => return false,
        };
        // Flags may stand between the program and its verb, each perhaps with a value.
        let end = words.len().min(at + 8);
        let mut rest = words
            .get(at + 1..end)
            .unwrap_or_default()
            .iter()
            .take_while(|word| !matches!(**word, "&&" | "|" | "||"));
        let verb = rest.find(|word| verbs.contains(word));
        // `kubectl set` changes objects only as `kubectl set image` and the like; `create` makes what is named.
        let what = rest.next();
        match verb {
            Some(&"set") => what.is_some_and(|what| matches!(*what, "image" | "env" | "resources")),
            Some(&"create") => {
                words.iter().any(|word| matches!(*word, "-f" | "-k") || word.starts_with("--filename"))
            }
            verb => verb.is_some(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_known_by_program_and_verb() {
        for line in [
            "kubectl apply -f k8s/",
            "kubectl --context prod -n shop apply -k overlays/prod",
            "kustomize build . | kubectl apply -f -",
            "helm upgrade --install web chart/",
            "/usr/local/bin/helm -n shop upgrade web chart/",
            "kubectl set image deployment/web web=$IMAGE",
            "oc apply -f x.yaml && echo done",
        ] {
            assert!(of_script(line).deploys, "{line}");
        }
        for line in [
            "kubectl get pods",
            "kubectl apply --dry-run=server -f k8s/",
            "helm template chart/",
            "helm plugin list",
            "# kubectl apply -f k8s/",
            "kubectl create namespace shop",
            "echo apply",
            "kubectl set-context x",
        ] {
            assert!(!of_script(line).deploys, "{line}");
        }
    }

    #[test]
    fn scanners_are_known_and_whether_they_can_fail() {
        assert_eq!(of_script("trivy config k8s/"), Acts { scans: true, ..Acts::default() });
        assert!(of_script("checkov -d . --soft-fail").shrugs);
        assert!(of_script("trivy image --exit-code 0 web").shrugs);
        assert!(of_script("kyverno apply policies/ -r x.yaml").scans);
        assert!(!of_script("kyverno version").scans);
        assert!(of_action("aquasecurity/trivy-action@0.28.0").scans);
        assert!(of_action("helm/kind-action@v1").scratch);
        assert!(of_action("azure/k8s-deploy@v5").deploys);
    }
}
