//! Image references. The grammar is that of `distribution/reference`: `[domain/]path[:tag][@digest]`; a first
//! component without `.`, `:` or upper case that is not `localhost` is no domain, and what then has no path of its
//! own belongs to `docker.io/library`.

use std::borrow::Cow;

use thiserror::Error;

/// Longest name (domain and path) that registries accept, in bytes.
const MAX_NAME: usize = 255;

/// Why a text is no image reference.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ReferenceError {
    /// Nothing at all.
    #[error("the image reference is empty")]
    Empty,
    /// The repository holds an upper-case letter.
    #[error("the repository of an image must be lower case")]
    UpperCase,
    /// The part before the tag is no name.
    #[error("the repository of the image is not of the form `registry/path/name`")]
    Name,
    /// The tag has a character that tags cannot have, or more than 128.
    #[error("the tag of the image is not valid")]
    Tag,
    /// The digest is not `algorithm:hex`.
    #[error("the digest of the image is not valid: it must be `sha256:` and 64 hexadecimal digits")]
    Digest,
    /// More than 255 bytes of name.
    #[error("the name of the image is longer than 255 characters")]
    TooLong,
}

/// An image reference, taken apart and normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    registry: &'a str,
    repository: Cow<'a, str>,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads a reference as it stands in `image:` of a container.
    ///
    /// # Errors
    /// When a container runtime would refuse it.
    pub fn parse(text: &'a str) -> Result<Reference<'a>, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon behind the last slash starts a tag; before it, a port.
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[name_start..].find(':') {
            Some(colon) => (&rest[..name_start + colon], Some(&rest[name_start + colon + 1..])),
            None => (rest, None),
        };
        if name.len() > MAX_NAME {
            return Err(ReferenceError::TooLong);
        }
        let (registry, repository) = match name.split_once('/') {
            Some((domain, path)) if is_domain(domain) => (domain, path),
            _ => ("docker.io", name),
        };
        let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
        if repository.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(ReferenceError::UpperCase);
        }
        if !is_registry(registry) || !repository.split('/').all(is_component) {
            return Err(ReferenceError::Name);
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag);
        }
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(ReferenceError::Digest);
        }
        let repository = match registry == "docker.io" && !repository.contains('/') {
            true => Cow::Owned(format!("library/{repository}")),
            false => Cow::Borrowed(repository),
        };
        Ok(Reference { registry, repository, tag, digest })
    }

    /// The registry with its port; `docker.io` when the reference names none.
    pub fn registry(&self) -> &str {
        self.registry
    }

    /// The path in the registry; official images of Docker Hub lie below `library/`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag as written.
    pub fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The digest as written, `sha256:…`.
    pub fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// Whether the reference names one content for ever: by a complete sha256 digest.
    pub fn is_pinned(&self) -> bool {
        self.digest.is_some_and(|digest| digest.starts_with("sha256:"))
    }

    /// Whether the image lies within a registry or a repository prefix, compared by whole segments: `ghcr.io/acme`
    /// holds `ghcr.io/acme/web` but not `ghcr.io/acmeevil/web`.
    pub fn is_within(&self, prefix: &str) -> bool {
        let Some(path) = prefix.strip_prefix(self.registry) else { return false };
        let inside = |path: &str| {
            self.repository.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let path = path.trim_end_matches('/');
        path.is_empty() || path.strip_prefix('/').is_some_and(inside)
    }
}

/// Whether the first component of a name is a registry and not the start of a path.
fn is_domain(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':'])
        || component.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_registry(registry: &str) -> bool {
    // An IPv6 address stands in brackets.
    if let Some(rest) = registry.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        return !address.is_empty()
            && address.bytes().all(hex)
            && (port.is_empty() || is_port(port.strip_prefix(':')));
    }
    let (host, port) = match registry.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (registry, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(label) && (port.is_none() || is_port(port))
}

fn is_port(port: Option<&str>) -> bool {
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A path component: lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    if !alphanumeric(first) || !alphanumeric(last) {
        return false;
    }
    bytes.split(|&byte| alphanumeric(byte)).all(|between| {
        matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|&byte| byte == b'-')
    })
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn parts(text: &str) -> (String, String, Option<String>) {
        let reference = Reference::parse(text).expect(text);
        (reference.registry().into(), reference.repository().into(), reference.tag().map(Into::into))
    }

    /// Expected values from the documentation and tests of `distribution/reference`.
    #[test]
    fn names_are_normalised() {
        let expect = |text: &str, registry: &str, repository: &str, tag: Option<&str>| {
            assert_eq!(parts(text), (registry.into(), repository.into(), tag.map(Into::into)), "{text}");
        };
        expect("redis", "docker.io", "library/redis", None);
        expect("dmcgowan/myapp:1", "docker.io", "dmcgowan/myapp", Some("1"));
        expect("index.docker.io/library/redis", "docker.io", "library/redis", None);
        expect("docker.io/redis", "docker.io", "library/redis", None);
        expect("localhost/web", "localhost", "web", None);
        expect("registry:5000/web:v1", "registry:5000", "web", Some("v1"));
        expect("[2001:db8::1]:5000/web", "[2001:db8::1]:5000", "web", None);
        expect("quay.io/a/b__c/d--e:latest", "quay.io", "a/b__c/d--e", Some("latest"));
    }

    #[test]
    fn misshapen_references_are_refused() {
        for (text, error) in [
            ("", ReferenceError::Empty),
            ("Web/App/x", ReferenceError::UpperCase),
            ("quay.io/Web", ReferenceError::UpperCase),
            ("a//b", ReferenceError::Name),
            ("-web", ReferenceError::Name),
            ("web:", ReferenceError::Tag),
            ("web:.x", ReferenceError::Tag),
            ("web@sha256:123", ReferenceError::Digest),
            ("web@", ReferenceError::Digest),
            ("{{ .Values.image }}", ReferenceError::UpperCase),
        ] {
            assert_eq!(Reference::parse(text), Err(error), "{text}");
        }
        assert_eq!(Reference::parse(&format!("{}/x", "a".repeat(300))), Err(ReferenceError::TooLong));
    }

    #[test]
    fn only_a_complete_digest_pins() {
        assert!(
            Reference::parse(&format!("web:1@{DIGEST}")).is_ok_and(|r| r.is_pinned() && r.tag() == Some("1"))
        );
        assert!(!Reference::parse("web:1").is_ok_and(|r| r.is_pinned()));
    }

    #[test]
    fn prefixes_match_whole_segments() {
        let image = Reference::parse("ghcr.io/acme/web").expect("valid");
        assert!(
            image.is_within("ghcr.io")
                && image.is_within("ghcr.io/acme")
                && image.is_within("ghcr.io/acme/web")
        );
        assert!(!image.is_within("ghcr.io/ac") && !image.is_within("ghcr") && !image.is_within("docker.io"));
    }
}
