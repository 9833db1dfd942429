//! What must not be kept: credentials in texts, arguments and variables. They are replaced before anything else sees
//! them, so that neither reports nor snapshots can hold them.

use seaworthy_document::{Stream, Value};
use seaworthy_evidence::{Evidence, SourceFile, configuration};

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Secrets that are at least so long are looked for once more in what is kept.
const DISTINCT: usize = 16;

/// Ends of names whose values are secrets. Names of files, `token-auth-file`, end otherwise.
const NAMES: &[&str] = &[
    "access_key",
    "api_key",
    "apikey",
    "credential",
    "credentials",
    "encryption_key",
    "passwd",
    "password",
    "private_key",
    "secret",
    "secret_key",
    "token",
    "vpn_auth",
];

/// Whether the value of a flag or variable of this name is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    NAMES.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

/// A text without the user and password in an address.
pub(super) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => format!("{scheme}://{HIDDEN}@{host}"),
        _ => text.to_owned(),
    }
}

/// A part of a text and what takes its place.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// The file with each credential replaced, on the same lines. `comments`: whether those are kept, which may hold
/// former keys.
///
/// # Errors
/// The file cannot be read, so that nobody knows what in it is a secret.
pub(super) fn redacted(name: &str, bytes: Vec<u8>, comments: bool) -> Result<SourceFile, String> {
    if Stream::looks_binary(&bytes) {
        return Err("not kept: it is no text".to_owned());
    }
    let file = SourceFile::new(name, read(name, bytes));
    if let Some(diagnostic) = file.stream.diagnostics().first() {
        let line = file.stream.position(diagnostic.span.start).line;
        return Err(format!(
            "not kept: line {line}: {}; what of it is secret cannot be told",
            diagnostic.message
        ));
    }
    let mut edits = credentials(&file);
    let secrets: Vec<String> = edits.iter().map(|edit| edit.1.clone()).collect();
    let mut edits: Vec<Edit> = edits.drain(..).map(|(edit, _)| edit).collect();
    if !comments {
        edits.extend(comments_of(&file.stream));
    }
    if edits.is_empty() {
        return Ok(file);
    }
    let text = apply(file.stream.text(), edits);
    if secrets.iter().any(|secret| secret.len() >= DISTINCT && text.contains(secret.as_str())) {
        return Err("not kept: a secret stands in it more than once".to_owned());
    }
    let kept = read(name, text.into_bytes());
    if !kept.diagnostics().is_empty() {
        return Err("not kept: it cannot be read without its secrets".to_owned());
    }
    Ok(SourceFile::new(name, kept))
}

fn read(name: &str, bytes: Vec<u8>) -> Stream {
    if configuration::is_toml(name) { Stream::read_toml_bytes(bytes) } else { Stream::read_bytes(bytes) }
}

/// The edits that hide the credentials of a file, each with what it hides.
fn credentials(file: &SourceFile) -> Vec<(Edit, String)> {
    let evidence = Evidence::new(std::slice::from_ref(file));
    let mut found: Vec<(Edit, String)> = Vec::new();
    let text = file.stream.text();
    let mut hide = |value: Value<'_>, shown: Option<String>| {
        let span = value.span();
        let (start, end) = (span.start as usize, span.end as usize);
        if start < end && !found.iter().any(|(edit, _)| edit.start == start) {
            let text = cover(text.get(start..end).unwrap_or_default(), shown.as_deref().unwrap_or(HIDDEN));
            found.push((Edit { start, end, text }, value.text().trim().to_owned()));
        }
    };
    for object in evidence.objects() {
        // The certificate of a client is public, and says whom it is of and when it ends.
        for value in configuration::credentials_of(object) {
            if value.key().is_none_or(|key| key.text() != "client-certificate-data") {
                hide(value, None);
            }
        }
    }
    for workload in evidence.workloads() {
        for container in workload.pod.containers() {
            let container = container.value();
            for variable in container.get("env").iter().flat_map(Value::items) {
                let name = variable.get("name").map_or("", |name| name.text());
                match variable.get("value") {
                    Some(value) if is_secret_name(name) && !value.text().is_empty() => hide(value, None),
                    Some(value) if without_password(value.text()) != value.text() => hide(value, None),
                    _ => {}
                }
            }
            let mut hidden_next = false;
            for word in ["command", "args"].iter().filter_map(|key| container.get(key)) {
                for word in word.items() {
                    let hidden = std::mem::take(&mut hidden_next);
                    let flag = word.text();
                    match flag.split_once('=') {
                        Some((name, value)) if flag.starts_with('-') && is_secret_name(name) => {
                            if !value.is_empty() {
                                hide(word, Some(format!("{name}={HIDDEN}")));
                            }
                        }
                        _ if hidden && !flag.starts_with('-') => hide(word, None),
                        _ if without_password(flag) != flag => hide(word, Some(without_password(flag))),
                        _ => hidden_next = flag.starts_with('-') && is_secret_name(flag),
                    }
                }
            }
        }
    }
    found
}

/// A value as it is written, with another content: quotes, lines and indentation stay.
fn cover(written: &str, shown: &str) -> String {
    let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
    let is_block = written.starts_with(['|', '>']);
    let mut lines = written.split('\n').peekable();
    let mut text = String::new();
    let mut first = true;
    while let Some(line) = lines.next() {
        let last = lines.peek().is_none();
        let content = line.trim();
        let indentation = &line[..line.len() - line.trim_start().len()];
        if first && is_block {
            text.push_str(line);
        } else {
            text.push_str(indentation);
            if first {
                text.extend(quote);
            }
            match quote {
                _ if content.is_empty() => {}
                Some(_) if last && !first => {}
                _ => text.push_str(shown),
            }
            if last {
                text.extend(quote);
            }
        }
        if !last {
            text.push('\n');
        }
        first = false;
    }
    text
}

/// The edits that empty comments.
fn comments_of(stream: &Stream) -> Vec<Edit> {
    let text = stream.text();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for document in stream.documents() {
        let root = document.root();
        for value in std::iter::once(root).chain(root.descendants()) {
            let scalar = Some(value).filter(|value| !value.is_mapping() && !value.is_sequence());
            for span in scalar.iter().chain(value.key().iter()).map(Value::span) {
                spans.push((span.start as usize, span.end as usize));
            }
        }
    }
    spans.sort_unstable();
    let inside = |at: usize| {
        let next = spans.partition_point(|(start, _)| *start <= at);
        next.checked_sub(1).is_some_and(|index| at < spans[index].1)
    };
    let mut edits = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let comment = content.match_indices('#').map(|(at, _)| at).find(|at| {
            let before = content[..*at].chars().next_back();
            before.is_none_or(|before| before == ' ' || before == '\t') && !inside(start + at)
        });
        if let Some(at) = comment.filter(|at| at + 1 < content.len()) {
            let (from, end) = (start + at, start + content.len());
            edits.push(Edit { start: from, end, text: "#".to_owned() });
        }
        start += line.len();
    }
    edits
}

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.start);
    let (mut kept, mut at) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        // What lies inside another edit is gone already.
        let Some(between) = text.get(at..edit.start) else { continue };
        kept.push_str(between);
        kept.push_str(&edit.text);
        at = edit.end;
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str, text: &str) -> String {
        let file = redacted(name, text.as_bytes().to_vec(), false).expect("kept");
        file.stream.text().to_owned()
    }

    #[test]
    fn keys_of_encryption_are_hidden_on_their_lines() {
        let text = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n\
            - resources: [secrets]\n  providers:\n  # former: c2VjcmV0IGlzIHNlY3VyZQ==\n\
            \x20 - aescbc: {keys: [{name: k1, secret: c2VjcmV0IGlzIHNlY3VyZQ==}]} # x\n\
            \x20 - secretbox:\n      keys:\n      - name: k#2\n        secret: \"YWJjZGVmZ2hpamtsbW5vcA==\"\n\
            \x20     - name: k3\n        secret: |\n          AAAABBBBCCCCDDDD\n          EEEE\n  - identity: {}\n";
        let shown = kept("enc.yaml", text);
        assert_eq!(shown.lines().count(), text.lines().count());
        assert!(shown.contains("{name: k1, secret: (hidden)}]} #\n"), "{shown}");
        assert!(shown.contains("- name: k#2\n        secret: \"(hidden)\"\n"), "{shown}");
        assert!(shown.contains("secret: |\n          (hidden)\n          (hidden)\n  - identity"), "{shown}");
        for secret in ["c2Vj", "YWJj", "AAAA", "EEEE"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn kubeconfigs_lose_keys_and_tokens_and_keep_certificates() {
        let text = "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"users\":[{\"name\":\"a\",\"user\":\
            {\"client-key-data\":\"S0VZ\",\"client-certificate-data\":\"Q0VSVA==\",\"token\":\"abc.def\"}}]}";
        let shown = kept("admin.conf", text);
        assert!(!shown.contains("S0VZ") && !shown.contains("abc.def"), "{shown}");
        assert!(shown.contains("Q0VSVA==") && shown.contains("\"token\":\"(hidden)\""), "{shown}");
    }

    #[test]
    fn pods_lose_secret_variables_and_arguments() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    command:\n\
            \x20   - etcd\n    - --token=abc\n    - --auth\n    - --proxy=http://u:p@h\n    env:\n\
            \x20   - {name: DB_PASSWORD, value: s3cr3t}\n    - {name: MODE, value: fast}\n";
        let shown = kept("etcd.yaml", text);
        assert!(shown.contains("--token=(hidden)") && shown.contains("--proxy=http://(hidden)@h"), "{shown}");
        assert!(!shown.contains("s3cr3t") && shown.contains("value: fast"), "{shown}");
    }

    #[test]
    fn registries_of_runtimes_lose_their_passwords() {
        let text = "version = 2\n# password = \"old\"\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"r\".auth]\n\
            username = \"u\"\npassword = \"hunter2\"\n";
        let shown = kept("etc/containerd/config.toml", text);
        assert!(!shown.contains("hunter2") && !shown.contains("old"), "{shown}");
        assert_eq!(shown.lines().count(), text.lines().count());
    }

    #[test]
    fn what_cannot_be_read_is_not_kept() {
        let broken = "kind: EncryptionConfiguration\nresources: [\nsecret: abc\n";
        assert!(redacted("enc.yaml", broken.as_bytes().to_vec(), false).is_err());
        assert!(redacted("enc.yaml", b"\0\x01\x02ELF".to_vec(), false).is_err());
    }

    #[test]
    fn names_of_secrets_and_of_files_are_told_apart() {
        for name in ["token", "agent-token", "ETCD_PASSWORD", "etcd-s3-secret-key", "K3S_TOKEN"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["token-auth-file", "service-account-key-file", "K3S_TOKEN_FILE", "secrets-encryption"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
