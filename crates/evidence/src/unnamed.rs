//! Documents that are no Kubernetes objects but say how some come to the cluster: pipelines, charts, overlays. They bear no
//! `kind` of their own, so they are known by their shape, and are given one.

use seaworthy_document::Value;

use crate::object::{Object, group_of};

/// What a document without `kind` is: the group and version that it is given, and its kind.
///
/// Shapes: workflow syntax of GitHub Actions (`jobs` with `runs-on` or `uses`), the keyword reference of GitLab CI (`stages`,
/// or jobs with a `stage`, and jobs with a `script`), `Chart.yaml` of Helm (`apiVersion: v1` or `v2` with `name` and
/// `version`, when it takes in other charts from elsewhere), and Kustomize, which takes a file by its name.
pub fn identity(file: &str, value: &Value<'_>) -> Option<(&'static str, &'static str)> {
    if !value.is_mapping() || value.get("kind").is_some() || value.get("metadata").is_some() {
        return None;
    }
    let text = |key| value.get(key).and_then(|value| value.as_str());
    if matches!(text("apiVersion"), Some("v1" | "v2"))
        && text("name").is_some()
        && value.get("version").is_some()
    {
        return takes_remote_charts(value).then_some(("helm.sh/v2", "Chart"));
    }
    if value.get("apiVersion").is_some() {
        return None;
    }
    let last = file.rsplit('/').next().unwrap_or(file);
    if matches!(last, "kustomization.yaml" | "kustomization.yml") {
        return Some(("kustomize.config.k8s.io/v1beta1", "Kustomization"));
    }
    if let Some(jobs) = value.get("jobs").filter(Value::is_mapping) {
        let is_job = |job: Value<'_>| job.get("runs-on").is_some() || job.get("uses").is_some();
        return jobs.entries().any(|(_, job)| is_job(job)).then_some(("github.com/v1", "Workflow"));
    }
    let mut jobs = value.entries().filter(|(_, job)| job.get("script").is_some()).peekable();
    jobs.peek()?;
    let staged = value.get("stages").is_some_and(|stages| stages.is_sequence())
        || last == ".gitlab-ci.yml"
        || jobs.any(|(_, job)| job.get("stage").is_some());
    staged.then_some(("gitlab.com/v1", "Pipeline"))
}

/// Whether a chart takes in others from elsewhere; one that does not brings nothing that its rendered objects do not show.
fn takes_remote_charts(chart: &Value<'_>) -> bool {
    chart.get("dependencies").into_iter().flat_map(|list| list.items()).any(|dependency| {
        dependency.get("repository").is_some_and(|repository| {
            !repository.text().is_empty() && !repository.text().starts_with("file:")
        })
    })
}

/// The document as an object.
pub(crate) fn read<'a>(name: &'a str, value: Value<'a>, file: u32, document: u32) -> Option<Object<'a>> {
    let (api_version, kind) = identity(name, &value)?;
    let own = value.get("name").and_then(|name| name.as_str()).filter(|name| !name.is_empty());
    let last = name.rsplit('/').next().unwrap_or(name);
    Some(Object {
        api_version,
        group: group_of(api_version),
        kind,
        namespace: None,
        name: own.unwrap_or(last),
        value,
        file,
        document,
        refused: false,
    })
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;

    use super::*;

    fn kind(file: &str, text: &'static str) -> Option<&'static str> {
        let stream = Stream::read(text);
        let root = stream.documents().next()?.root();
        identity(file, &root).map(|(_, kind)| kind)
    }

    #[test]
    fn documents_are_known_by_their_shape() {
        assert_eq!(kind("a.yml", "on: push\njobs: {a: {runs-on: x, steps: []}}"), Some("Workflow"));
        assert_eq!(kind("a.yml", "jobs: {a: {uses: ./b.yml}}"), Some("Workflow"));
        assert_eq!(kind("a.yml", "stages: [a]\na: {script: [b]}"), Some("Pipeline"));
        assert_eq!(kind("a.yml", "a: {stage: test, script: b}"), Some("Pipeline"));
        assert_eq!(kind(".gitlab-ci.yml", "a: {script: b}"), Some("Pipeline"));
        let remote =
            "{apiVersion: v2, name: a, version: 1.0.0, dependencies: [{name: b, repository: 'https://c'}]}";
        assert_eq!(kind("Chart.yaml", remote), Some("Chart"));
        assert_eq!(kind("x/kustomization.yaml", "resources: [a]"), Some("Kustomization"));
    }

    #[test]
    fn everything_else_stays_foreign() {
        let local =
            "{apiVersion: v2, name: a, version: 1.0.0, dependencies: [{name: b, repository: 'file://../b'}]}";
        assert_eq!(kind("Chart.yaml", local), None);
        for text in ["jobs: 3", "jobs: {a: {steps: []}}", "a: {script: b}", "resources: [a]", "[]", "a"] {
            assert_eq!(kind("a.yaml", text), None, "{text}");
        }
        assert_eq!(kind("kustomization.yaml", "{apiVersion: v1, kind: Pod}"), None);
        assert_eq!(kind("a.yaml", "{apiVersion: v1, metadata: {}, name: a, version: b}"), None);
    }
}
