//! Agents that ship logs, and what their configuration says about where to.

/// Names of images of agents: the last part of the repository.
const AGENTS: &[&str] = &[
    "aws-for-fluent-bit",
    "filebeat",
    "fluent-bit",
    "fluentd",
    "fluentd-kubernetes-daemonset",
    "promtail",
    "vector",
];

/// Whether an image is that of an agent.
pub(super) fn is_agent(image: &str) -> bool {
    let repository = image.split('@').next().unwrap_or(image);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    AGENTS.contains(&last.split(':').next().unwrap_or(last))
}

/// What a configuration says about its destinations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Destinations {
    /// Sections for outputs that were recognised.
    pub(super) outputs: usize,
    /// Those that lead nowhere: to the agent's own output, or to nothing.
    pub(super) nowhere: usize,
    /// Destinations without TLS, as far as a person needs to find them: never with a password.
    pub(super) plain: Vec<String>,
}

/// Outputs of Fluent Bit that speak to a host of the user's, without TLS unless told.
const BIT_HOSTS: &[&str] =
    &["es", "forward", "gelf", "http", "loki", "opensearch", "splunk", "syslog", "tcp"];

/// Outputs that lead nowhere, by their names in Fluent Bit, Fluentd and Vector.
const NOWHERE: &[&str] = &["blackhole", "console", "counter", "flowcounter", "null", "stdout"];

/// Reads a configuration in the classic form of Fluent Bit: sections in brackets, and lines of a key and a value.
pub(super) fn in_fluent_bit(text: &str) -> Destinations {
    let mut found = Destinations::default();
    let mut output: Option<Output> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        if line.starts_with('[') {
            output.take().into_iter().for_each(|output| output.add_to(&mut found));
            output = line.eq_ignore_ascii_case("[OUTPUT]").then(Output::default);
            continue;
        }
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if let Some(output) = output.as_mut() {
            match key.to_ascii_lowercase().as_str() {
                "name" => output.name = value.trim().to_ascii_lowercase(),
                "host" => output.host = value.trim().to_owned(),
                "tls" => output.tls = value.trim().to_ascii_lowercase(),
                _ => {}
            }
        }
    }
    output.into_iter().for_each(|output| output.add_to(&mut found));
    found
}

#[derive(Default)]
struct Output {
    name: String,
    host: String,
    tls: String,
}

impl Output {
    fn add_to(self, found: &mut Destinations) {
        found.outputs += 1;
        if NOWHERE.contains(&self.name.as_str()) {
            found.nowhere += 1;
        }
        let told = matches!(self.tls.as_str(), "on" | "true" | "yes" | "1") || self.tls.contains('$');
        if BIT_HOSTS.contains(&self.name.as_str()) && !told && !is_local(&self.host) {
            let host = if self.host.is_empty() { String::new() } else { format!(" to `{}`", self.host) };
            found.plain.push(format!("output `{}`{host} without `tls On`", self.name));
        }
    }
}

/// Addresses with `http:` in a text of any format, where a key announces a destination.
pub(super) fn plain_addresses(text: &str) -> Vec<String> {
    const KEYS: &[&str] = &["endpoint", "host", "hosts", "server", "uri", "url"];
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some(at) = line.find("http://") else { continue };
        let before = line.get(..at).unwrap_or_default().to_ascii_lowercase();
        let key = before.split(|c: char| !c.is_ascii_alphanumeric()).rfind(|word| !word.is_empty());
        let rest = line.get(at + "http://".len()..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/' | ',' | ']' | '}'));
        let host = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        // What stands before an `@` may be a password.
        let host = host.rsplit('@').next().unwrap_or(host);
        if key.is_some_and(|key| KEYS.contains(&key)) && !is_local(host) {
            found.push(format!("`http://{host}`"));
        }
    }
    found.dedup();
    found
}

/// Whether a host is that of the agent itself.
fn is_local(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    matches!(name, "localhost" | "0.0.0.0") || name.starts_with("127.") || host.starts_with("[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_known_by_image() {
        for image in [
            "fluent/fluent-bit:3.2",
            "docker.io/grafana/promtail@sha256:0",
            "registry:5000/x/vector:1-debian",
        ] {
            assert!(is_agent(image), "{image}");
        }
        for image in ["nginx", "fluent-bit-operator:1", "vector-db"] {
            assert!(!is_agent(image), "{image}");
        }
    }

    #[test]
    fn outputs_of_fluent_bit_are_read() {
        let text = "[SERVICE]\n  Flush 1\n[INPUT]\n  Name tail\n[OUTPUT]\n  Name es\n  Host logs.example.com\n\
                    [OUTPUT]\n  Name stdout\n[OUTPUT]\n  Name forward\n  Host x\n  tls On\n";
        let found = in_fluent_bit(text);
        assert_eq!((found.outputs, found.nowhere), (3, 1));
        assert_eq!(found.plain, ["output `es` to `logs.example.com` without `tls On`"]);
    }

    #[test]
    fn addresses_are_shown_without_credentials() {
        assert_eq!(
            plain_addresses("clients:\n  - url: http://a:b@loki.example.com/push"),
            ["`http://loki.example.com`"]
        );
        assert_eq!(plain_addresses("hosts: [\"http://es:9200\"]"), ["`http://es:9200`"]);
        assert_eq!(
            plain_addresses("url: http://localhost:1\n# url: http://x\nsee http://x"),
            Vec::<String>::new()
        );
    }
}
