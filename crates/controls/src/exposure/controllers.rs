//! Ingress controllers and gateways, recognised by the full repository of an image, and which of them are supported.

use seaworthy_imaging::Reference;
use seaworthy_podsecurity::{Container, Pod};

/// A controller or gateway.
#[derive(Debug)]
pub(super) struct Controller {
    pub(super) name: &'static str,
    images: &'static [&'static str],
    /// Releases without support.
    unsupported: Unsupported,
}

/// Which releases of a controller no longer get security updates.
#[derive(Debug)]
enum Unsupported {
    /// Not known here: the projects support a few recent releases, which change every few months.
    Open,
    /// It is a proxy of something else, whose releases go with that.
    Proxy,
    /// Every one: since when, and what stands behind it.
    All(&'static str),
    /// Those before this one.
    Before(Release, &'static str),
}

/// Major, minor and patch number.
pub(super) type Release = (u32, u32, u32);

/// As of November 2026. Sources: kubernetes.io/blog/2025/11/11/ingress-nginx-retirement; the projects' security policies.
const CONTROLLERS: &[Controller] = &[
    Controller {
        name: "ingress-nginx",
        images: &[
            "registry.k8s.io/ingress-nginx/controller",
            "registry.k8s.io/ingress-nginx/controller-chroot",
            "k8s.gcr.io/ingress-nginx/controller",
            "k8s.gcr.io/ingress-nginx/controller-chroot",
            "quay.io/kubernetes-ingress-controller/nginx-ingress-controller",
            "us.gcr.io/k8s-artifacts-prod/ingress-nginx/controller",
            "docker.io/bitnami/nginx-ingress-controller",
            "docker.io/bitnamilegacy/nginx-ingress-controller",
        ],
        unsupported: Unsupported::All("the project was retired in March 2026 and gets no security updates"),
    },
    Controller {
        name: "Traefik",
        images: &["docker.io/library/traefik", "docker.io/traefik/traefik", "ghcr.io/traefik/traefik"],
        unsupported: Unsupported::Before((2, 11, 0), "releases before 2.11 get no security updates"),
    },
    other(
        "NGINX Ingress Controller",
        &["docker.io/nginx/nginx-ingress", "private-registry.nginx.com/nginx-ic"],
    ),
    other(
        "HAProxy Ingress",
        &["docker.io/haproxytech/kubernetes-ingress", "quay.io/jcmoraisjr/haproxy-ingress"],
    ),
    other("Kong", &["docker.io/library/kong", "docker.io/kong/kong-gateway", "docker.io/kong/kong"]),
    other("Contour", &["ghcr.io/projectcontour/contour"]),
    other("NGINX Gateway Fabric", &["ghcr.io/nginx/nginx-gateway-fabric"]),
    Controller { unsupported: Unsupported::Proxy, ..other("Envoy", &["docker.io/envoyproxy/envoy"]) },
    Controller {
        unsupported: Unsupported::Proxy,
        ..other("Istio", &["docker.io/istio/proxyv2", "gcr.io/istio-release/proxyv2"])
    },
];

const fn other(name: &'static str, images: &'static [&'static str]) -> Controller {
    Controller { name, images, unsupported: Unsupported::Open }
}

/// A controller in a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running<'a> {
    pub(super) controller: &'static Controller,
    pub(super) container: Container<'a>,
    /// As its tag says.
    pub(super) release: Option<Release>,
}

/// What is known about the support of a release.
pub(super) enum Support {
    /// It has ended, with the reason.
    Ended(&'static str),
    /// It is not known, with the reason.
    Open(&'static str),
    /// It is no matter of this table.
    NotJudged,
}

impl Running<'_> {
    /// What is known about the support of this release.
    pub(super) fn support(&self) -> Support {
        match (&self.controller.unsupported, self.release) {
            (Unsupported::Proxy, _) => Support::NotJudged,
            (Unsupported::All(why), _) => Support::Ended(why),
            (Unsupported::Before(first, why), Some(release)) if release < *first => Support::Ended(why),
            (Unsupported::Before(..), None) => {
                Support::Open("the tag of the image does not say which release of the controller it is")
            }
            _ => Support::Open(
                "whether this release of the controller still gets security updates is not known here",
            ),
        }
    }

    pub(super) fn is_ingress_nginx(&self) -> bool {
        self.controller.name == "ingress-nginx"
    }
}

/// The controller that a pod runs. An Istio proxy or an Envoy is one when nothing else runs beside it: otherwise it
/// is the side car of an application.
pub(super) fn of_pod<'a>(pod: &Pod<'a>) -> Option<Running<'a>> {
    let regular = pod.spec().get("containers").map_or(0, |list| list.items().take(2).count());
    pod.containers().find_map(|container| {
        // The injector fills in the image of a gateway.
        if regular == 1 && container.name() == "istio-proxy" && container.image() == Some("auto") {
            let controller = CONTROLLERS.iter().find(|known| known.name == "Istio")?;
            return Some(Running { controller, container, release: None });
        }
        let image = Reference::parse(container.image()?).ok()?;
        let controller =
            CONTROLLERS.iter().find(|known| known.images.iter().any(|known| image.is_within(known)))?;
        let proxy = matches!(controller.name, "Istio" | "Envoy");
        (!proxy || regular == 1).then(|| Running {
            controller,
            container,
            release: image.tag().and_then(release),
        })
    })
}

/// The release that a tag names: `v1.15.1`, `0.26.1`, `3.1`.
fn release(tag: &str) -> Option<Release> {
    let numbers = tag.strip_prefix('v').unwrap_or(tag);
    let numbers = numbers.split(['-', '+', '_']).next()?;
    let mut parts = numbers.split('.').map(|part| part.parse::<u32>().ok());
    let major = parts.next()??;
    let minor = parts.next()?.unwrap_or(0);
    Some((major, minor, parts.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_tags() {
        assert_eq!(release("v1.15.1"), Some((1, 15, 1)));
        assert_eq!(release("0.26.1-rc1"), Some((0, 26, 1)));
        assert_eq!(release("v2.4"), Some((2, 4, 0)));
        assert_eq!(release("latest"), None);
        assert_eq!(release("2"), None);
        assert_eq!(release(""), None);
    }
}
