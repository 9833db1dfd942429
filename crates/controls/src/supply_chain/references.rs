//! How exactly a package is named: versions of charts, and addresses of remote files.

/// How exactly a version says what is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pin {
    /// One version.
    Exact,
    /// Some versions: the newest that fits.
    Range,
    /// Whatever is newest.
    Any,
}

/// How exactly a version of a chart is named. Helm, Flux and Argo CD read it as a constraint of `Masterminds/semver`: three
/// numbers are one version, everything else takes in more.
pub(super) fn of_version(version: &str) -> Pin {
    let version = version.trim();
    if matches!(version, "" | "*" | "x" | "X" | "latest")
        || version.starts_with(">=0.0.0")
        || version.starts_with(">= 0.0.0")
    {
        return Pin::Any;
    }
    let bare = version.trim_start_matches('=').trim_start().trim_start_matches('v');
    let core = bare.split(['-', '+']).next().unwrap_or(bare);
    let numbers =
        core.split('.').filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let rest = bare.get(core.len()..).unwrap_or_default();
    let exact = numbers.count() == 3
        && core.split('.').count() == 3
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'));
    if exact { Pin::Exact } else { Pin::Range }
}

/// Names of branches and tags that move.
const MOVING: &[&str] = &["HEAD", "develop", "latest", "main", "master", "trunk"];

/// What is wrong with a remote resource of an overlay; `None` when it is pinned, or lies in the same repository.
pub(super) fn of_remote(address: &str) -> Option<&'static str> {
    let is_remote = address.contains("://")
        || address.starts_with("git@")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"].iter().any(|host| address.starts_with(host));
    if !is_remote {
        return None;
    }
    if address.starts_with("http://") || address.starts_with("git://") {
        return Some("it comes over a connection that anybody on the way can change");
    }
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    if let Some(reference) =
        query.split('&').find_map(|part| part.strip_prefix("ref=").or(part.strip_prefix("version=")))
    {
        return MOVING
            .contains(&reference)
            .then_some("its branch moves: it brings in whatever is pushed there next");
    }
    if path.contains("raw.githubusercontent.com/") {
        // https://raw.githubusercontent.com/OWNER/REPOSITORY/REFERENCE/PATH, or with refs/heads/ before it.
        let parts: Vec<&str> =
            path.split("raw.githubusercontent.com/").nth(1).unwrap_or("").split('/').collect();
        let moves = match parts.get(2..) {
            Some(["refs", "heads", ..]) => true,
            Some([reference, ..]) => MOVING.contains(reference),
            _ => false,
        };
        return moves.then_some("its branch moves: it brings in whatever is pushed there next");
    }
    if path.contains("/releases/latest/") {
        return Some("it brings in whatever is released next");
    }
    // A single file of some address, whose name may say its version; a repository has none without `ref`.
    let is_file =
        [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end)) && !path.contains(".git//");
    (!is_file).then_some("no `?ref=`: it brings in whatever its default branch holds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_exact_ranges_or_anything() {
        for version in ["1.2.3", "v1.2.3", "=1.2.3", "1.2.3-rc.1+build.5"] {
            assert_eq!(of_version(version), Pin::Exact, "{version}");
        }
        for version in ["1.2", "1", "^1.2.3", "~1.2.3", ">=1.2.3 <2", "1.x.x", "1.2.*", "1.2.3 - 2.0.0"] {
            assert_eq!(of_version(version), Pin::Range, "{version}");
        }
        for version in ["", "*", "x", "latest", ">=0.0.0-0"] {
            assert_eq!(of_version(version), Pin::Any, "{version}");
        }
    }

    #[test]
    fn remote_resources_are_pinned_by_reference() {
        for address in [
            "../base",
            "deployment.yaml",
            "https://github.com/a/b//c?ref=v1.2.3",
            "github.com/a/b?ref=0123abc&timeout=90s",
            "https://raw.githubusercontent.com/a/b/v1/c.yaml",
            "https://example.com/releases/download/v1/c.yaml",
        ] {
            assert_eq!(of_remote(address), None, "{address}");
        }
        for address in [
            "https://github.com/a/b//c",
            "github.com/a/b?ref=main",
            "git@github.com:a/b.git",
            "https://raw.githubusercontent.com/a/b/master/c.yaml",
            "https://raw.githubusercontent.com/a/b/refs/heads/x/c.yaml",
            "https://github.com/a/b/releases/latest/download/c.yaml",
            "http://example.com/c.yaml",
        ] {
            assert!(of_remote(address).is_some(), "{address}");
        }
    }
}
