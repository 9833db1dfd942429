//! What the cluster serves: every kind with the name and the version to ask for it.

use serde::Deserialize;

use crate::error::Fault;
use crate::session::{Ask, Session};

/// Aggregated discovery tells everything in two answers; servers before 1.26 know only the other one.
const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Most bytes of an answer of discovery.
const MOST: usize = 32 << 20;

/// Most groups and kinds: a cluster with a thousand custom resources is large.
const MOST_KINDS: usize = 20_000;

/// A kind that the cluster serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) group: String,
    /// The version that the cluster prefers.
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) kind: String,
    pub(crate) namespaced: bool,
    pub(crate) can_list: bool,
}

impl Kind {
    pub(crate) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// The path below which its objects stand, in a namespace or in all.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        match namespace {
            Some(namespace) => {
                format!("{root}/{}/namespaces/{namespace}/{}", self.api_version(), self.resource)
            }
            None => format!("{root}/{}/{}", self.api_version(), self.resource),
        }
    }

    /// As people say it: `deployments.apps`.
    pub(crate) fn plural(&self) -> String {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{}.{group}", self.resource),
        }
    }
}

/// Everything that the cluster serves.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// Sorted by group and resource; each kind once, in its preferred version.
    pub(crate) kinds: Vec<Kind>,
    /// Groups that the cluster names without telling what they hold.
    pub(crate) unavailable: Vec<String>,
}

/// Asks the cluster what it serves.
pub(crate) async fn discover(session: &Session) -> Result<Served, Fault> {
    let mut served = Served::default();
    for path in ["/api", "/apis"] {
        let body = session.get(Ask { path, accept: ACCEPT, most: MOST, patient: true }).await?;
        match read::<Answer>(&body)? {
            Answer::Aggregated { items } => {
                items.into_iter().for_each(|group| served.take(group));
            }
            Answer::Groups { groups } => {
                for group in groups.into_iter().take(MOST_KINDS) {
                    let preferred = group.preferred_version.map(|version| version.version);
                    let versions = group.versions.into_iter().map(|version| version.version).collect();
                    served.ask(session, &group.name, versions, preferred.as_deref()).await;
                }
            }
            Answer::Versions { versions } => served.ask(session, "", versions, None).await,
        }
    }
    if served.kinds.is_empty() {
        return Err(Fault::Malformed("the server names no kinds".to_owned()));
    }
    served.finish();
    Ok(served)
}

impl Served {
    fn take(&mut self, group: AggregatedGroup) {
        let name = group.metadata.name;
        for version in group.versions {
            if version.freshness.as_deref() == Some("Stale") {
                self.unavailable.push(name.clone());
            }
            for resource in version.resources {
                let Some(kind) = resource.response_kind.filter(|kind| !kind.kind.is_empty()) else {
                    continue;
                };
                self.add(Kind {
                    // A group may serve kinds of another, as `scale` does; those that have a name of their own do not.
                    group: name.clone(),
                    version: version.version.clone(),
                    resource: resource.resource,
                    kind: kind.kind,
                    namespaced: resource.scope == "Namespaced",
                    can_list: resource.verbs.iter().any(|verb| verb == "list"),
                });
            }
        }
    }

    /// Asks for the resources of each version of a group.
    async fn ask(
        &mut self,
        session: &Session,
        group: &str,
        mut versions: Vec<String>,
        preferred: Option<&str>,
    ) {
        // The preferred version comes first: a kind that several versions serve is read in that one.
        versions.sort_by_key(|version| Some(version.as_str()) != preferred);
        for version in versions {
            let path =
                if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
            let answer = session.get(Ask::json(&path, MOST)).await;
            let Ok(list) = answer.and_then(|body| read::<ResourceList>(&body)) else {
                self.unavailable.push(group.to_owned());
                continue;
            };
            for resource in list.resources.into_iter().filter(|resource| !resource.name.contains('/')) {
                self.add(Kind {
                    group: group.to_owned(),
                    version: version.clone(),
                    resource: resource.name,
                    kind: resource.kind,
                    namespaced: resource.namespaced,
                    can_list: resource.verbs.iter().any(|verb| verb == "list"),
                });
            }
        }
    }

    fn add(&mut self, kind: Kind) {
        // Names become paths and names of texts: nothing but what the API allows gets that far.
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 253
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
                && !text.starts_with('.')
        };
        let good = (kind.group.is_empty() || plain(&kind.group))
            && plain(&kind.version)
            && plain(&kind.resource)
            && plain(&kind.kind);
        if good && self.kinds.len() < MOST_KINDS {
            self.kinds.push(kind);
        }
    }

    /// Each kind once, in the version that came first.
    fn finish(&mut self) {
        // The sort is stable: of the same resource, the first version stays the first.
        self.kinds.sort_by(|a, b| (&a.group, &a.resource).cmp(&(&b.group, &b.resource)));
        self.kinds.dedup_by(|b, a| a.group == b.group && a.resource == b.resource);
        self.unavailable.sort();
        self.unavailable.dedup();
    }
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Malformed(format!("no discovery: {error}")))
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Answer {
    #[serde(rename = "APIGroupDiscoveryList")]
    Aggregated {
        #[serde(default)]
        items: Vec<AggregatedGroup>,
    },
    #[serde(rename = "APIGroupList")]
    Groups { groups: Vec<Group> },
    #[serde(rename = "APIVersions")]
    Versions { versions: Vec<String> },
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    /// Absent in the group of the core.
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: String,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
    freshness: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregatedResource {
    resource: String,
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    versions: Vec<GroupVersion>,
    preferred_version: Option<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct ResourceList {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
}
