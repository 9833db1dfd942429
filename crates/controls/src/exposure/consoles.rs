//! Consoles and admin tools, recognised by the full repository of an image, registry included.

use seaworthy_imaging::Reference;
use seaworthy_podsecurity::{Container, Pod};

use crate::exposure::arguments;
use crate::parameters::Parameters;

/// Whether a console asks who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// By its own default it does.
    Own,
    /// Whoever reaches it uses it.
    None,
    /// Not known: the repository came from a parameter.
    Unknown,
}

/// A console.
#[derive(Clone, Copy, Debug)]
pub(super) struct Console<'p> {
    /// Its name for people.
    pub(super) name: &'p str,
    /// Repositories of its images.
    images: &'static [&'static str],
    /// When one image serves several programs: the one of them that is the console.
    program: Option<&'static str>,
    pub(super) login: Login,
    /// Why it should not run any more, whoever vets it.
    pub(super) retired: Option<&'static str>,
}

const fn asks(name: &'static str, images: &'static [&'static str]) -> Console<'static> {
    Console { name, images, program: None, login: Login::Own, retired: None }
}

const fn open(name: &'static str, images: &'static [&'static str]) -> Console<'static> {
    Console { login: Login::None, ..asks(name, images) }
}

/// Repositories are those that the projects publish to; a mirror is added by the parameter `exposure.consoles`.
const CONSOLES: &[Console<'static>] = &[
    Console {
        retired: Some("the project was archived in January 2026 and gets no security updates"),
        ..asks(
            "Kubernetes Dashboard",
            &[
                "docker.io/kubernetesui/dashboard",
                "docker.io/kubernetesui/dashboard-api",
                "docker.io/kubernetesui/dashboard-web",
                "gcr.io/google_containers/kubernetes-dashboard-amd64",
                "k8s.gcr.io/kubernetes-dashboard-amd64",
            ],
        )
    },
    Console {
        program: Some("argocd-server"),
        ..asks("Argo CD", &["quay.io/argoproj/argocd", "docker.io/argoproj/argocd"])
    },
    asks("Argo Workflows", &["quay.io/argoproj/argocli", "docker.io/argoproj/argocli"]),
    asks(
        "Grafana",
        &[
            "docker.io/grafana/grafana",
            "docker.io/grafana/grafana-enterprise",
            "docker.io/grafana/grafana-oss",
        ],
    ),
    open("Prometheus", &["quay.io/prometheus/prometheus", "docker.io/prom/prometheus"]),
    open("Alertmanager", &["quay.io/prometheus/alertmanager", "docker.io/prom/alertmanager"]),
    asks("Kiali", &["quay.io/kiali/kiali"]),
    open("Jaeger", &["docker.io/jaegertracing/all-in-one", "docker.io/jaegertracing/jaeger-query"]),
    asks("Kibana", &["docker.elastic.co/kibana/kibana"]),
    asks(
        "Jenkins",
        &["docker.io/jenkins/jenkins", "docker.io/library/jenkins", "docker.io/jenkinsci/blueocean"],
    ),
    asks("Rancher", &["docker.io/rancher/rancher"]),
    asks("Headlamp", &["ghcr.io/headlamp-k8s/headlamp"]),
    asks("Portainer", &["docker.io/portainer/portainer-ce", "docker.io/portainer/portainer-ee"]),
    asks("Skooner", &["ghcr.io/skooner-k8s/skooner"]),
    open("kube-ops-view", &["docker.io/hjacobs/kube-ops-view"]),
    open("Longhorn UI", &["docker.io/longhornio/longhorn-ui"]),
    open(
        "Kubeflow",
        &[
            "docker.io/kubeflownotebookswg/centraldashboard",
            "ghcr.io/kubeflow/kubeflow/central-dashboard",
            "ghcr.io/kubeflow/kfp-frontend",
            "gcr.io/ml-pipeline/frontend",
        ],
    ),
    asks("Jupyter", &["quay.io/jupyter", "docker.io/jupyter", "ghcr.io/kubeflow/kubeflow/notebook-servers"]),
    open("MLflow", &["ghcr.io/mlflow/mlflow"]),
    open("Ollama", &["docker.io/ollama/ollama"]),
    Console { program: Some("webserver"), ..asks("Airflow", &["docker.io/apache/airflow"]) },
    asks("pgAdmin", &["docker.io/dpage/pgadmin4"]),
    asks("phpMyAdmin", &["docker.io/library/phpmyadmin", "docker.io/phpmyadmin/phpmyadmin"]),
    asks("Adminer", &["docker.io/library/adminer"]),
    Console {
        retired: Some("the project is archived, and its agents run as root on every node"),
        ..open("Weave Scope", &["docker.io/weaveworks/scope"])
    },
    Console {
        retired: Some("the project is archived"),
        ..open("Octant", &["docker.io/antrea/octant-antrea-ubuntu"])
    },
    Console {
        retired: Some("Helm 2 has had no updates since November 2020, and Tiller does what any caller asks"),
        ..open("Tiller", &["gcr.io/kubernetes-helm/tiller", "ghcr.io/helm/tiller"])
    },
    Console {
        retired: Some("a web shell gives a terminal in the cluster to whoever reaches it"),
        ..open(
            "a web shell",
            &["docker.io/tsl0922/ttyd", "docker.io/wettyoss/wetty", "docker.io/butlerx/wetty"],
        )
    },
];

/// A console and the container that runs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running<'a, 'p> {
    pub(super) console: Console<'p>,
    pub(super) container: Container<'a>,
}

/// The first console that a pod runs.
pub(super) fn of_pod<'a, 'p>(pod: &Pod<'a>, parameters: &'p Parameters) -> Option<Running<'a, 'p>> {
    pod.containers().find_map(|container| {
        let image = Reference::parse(container.image()?).ok()?;
        let console = known(&image, container).or_else(|| listed(&image, parameters))?;
        Some(Running { console, container })
    })
}

fn known(image: &Reference<'_>, container: Container<'_>) -> Option<Console<'static>> {
    let console =
        CONSOLES.iter().find(|console| console.images.iter().any(|known| image.is_within(known)))?;
    let runs =
        |program: &str| arguments::words(container).any(|(word, _)| word.rsplit('/').next() == Some(program));
    console.program.is_none_or(runs).then_some(*console)
}

fn listed<'p>(image: &Reference<'_>, parameters: &'p Parameters) -> Option<Console<'p>> {
    let repository = parameters.consoles.iter().find(|listed| image.is_within(listed))?;
    Some(Console { name: repository, images: &[], program: None, login: Login::Unknown, retired: None })
}

/// Whether somebody has vetted the console: by its name or by the repository of its image.
pub(super) fn is_vetted(running: &Running<'_, '_>, parameters: &Parameters) -> bool {
    let image = running.container.image().and_then(|image| Reference::parse(image).ok());
    parameters.vetted_consoles.iter().any(|vetted| {
        vetted.eq_ignore_ascii_case(running.console.name)
            || image.as_ref().is_some_and(|image| image.is_within(vetted))
    })
}
