//! Versions of Kubernetes in image references and in the files of installers.

/// The minor version of Kubernetes 1 in `v1.36.3`, `1.36` or in the tag of an image, `kube-apiserver:v1.36.3-eks-1`;
/// `None` when the text names none, `latest` for example.
pub(super) fn minor(text: &str) -> Option<u32> {
    let name = text.split('@').next()?;
    let last = name.rsplit('/').next()?;
    let version = last.rsplit(':').next()?;
    let rest = version.strip_prefix('v').unwrap_or(version).strip_prefix("1.")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (minor, rest) = rest.split_at_checked(digits)?;
    // `1.36-alpine` is a version, `1.36x` is not.
    rest.starts_with(['.', '-', '+', '_']).then_some(()).or(rest.is_empty().then_some(()))?;
    minor.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn versions_stand_behind_images_and_alone() {
        assert_eq!(minor("v1.36.3"), Some(36));
        assert_eq!(minor("1.9"), Some(9));
        assert_eq!(minor("registry.k8s.io/kube-apiserver:v1.30.2"), Some(30));
        assert_eq!(minor("localhost:5000/kube-apiserver:v1.30.2-rancher1@sha256:00"), Some(30));
        assert_eq!(minor("rancher/hyperkube:v1.20.15_1"), Some(20));
        for other in
            ["kube-apiserver", "localhost:1.5x", "x:latest", "", "v2.1", "stable-1", "${VERSION}", "v1."]
        {
            assert_eq!(minor(other), None, "{other}");
        }
    }
}
