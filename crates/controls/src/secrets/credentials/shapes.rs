//! Shapes of known credentials: prefixes that their issuers chose to be found by, keys in PEM, and addresses with
//! a password.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::values;

/// Longest stretch that is looked at behind a mark, in bytes; a key of RSA in PEM is longer, but its start tells.
const LOOK_AHEAD: usize = 512;

/// What must follow a mark.
enum Tail {
    /// At least so many bytes of letters, digits, `_` and `-`.
    Token(usize),
    /// Exactly so many upper-case letters and digits.
    Upper(usize),
    /// The rest of a JSON web token: three parts between dots.
    WebToken,
    /// The rest of a PEM header and the start of the key.
    PrivateKey,
    /// User and password before an `@`.
    UserInfo,
    /// A token in the header of a request.
    Bearer,
}

const MARKS: &[(&str, Tail, &str)] = &[
    ("AKIA", Tail::Upper(16), "an AWS access key id"),
    ("ASIA", Tail::Upper(16), "an AWS access key id"),
    ("ghp_", Tail::Token(36), "a GitHub token"),
    ("gho_", Tail::Token(36), "a GitHub token"),
    ("ghu_", Tail::Token(36), "a GitHub token"),
    ("ghs_", Tail::Token(36), "a GitHub token"),
    ("ghr_", Tail::Token(36), "a GitHub token"),
    ("github_pat_", Tail::Token(40), "a GitHub token"),
    ("glpat-", Tail::Token(20), "a GitLab token"),
    ("gldt-", Tail::Token(20), "a GitLab token"),
    ("glrt-", Tail::Token(20), "a GitLab token"),
    ("xoxb-", Tail::Token(20), "a Slack token"),
    ("xoxp-", Tail::Token(20), "a Slack token"),
    ("xoxa-", Tail::Token(20), "a Slack token"),
    ("xoxr-", Tail::Token(20), "a Slack token"),
    ("xoxs-", Tail::Token(20), "a Slack token"),
    ("xapp-", Tail::Token(20), "a Slack token"),
    ("hooks.slack.com/services/T", Tail::Token(8), "a Slack webhook"),
    ("AIza", Tail::Token(35), "a Google API key"),
    ("GOCSPX-", Tail::Token(28), "a Google client secret"),
    ("sk_live_", Tail::Token(16), "a Stripe key"),
    ("rk_live_", Tail::Token(16), "a Stripe key"),
    ("npm_", Tail::Token(36), "an npm token"),
    ("pypi-AgEI", Tail::Token(40), "a PyPI token"),
    ("hvs.", Tail::Token(24), "a Vault token"),
    ("dop_v1_", Tail::Token(64), "a DigitalOcean token"),
    ("dckr_pat_", Tail::Token(24), "a Docker Hub token"),
    ("glsa_", Tail::Token(32), "a Grafana token"),
    ("hf_", Tail::Token(34), "a Hugging Face token"),
    ("sk-proj-", Tail::Token(40), "an OpenAI key"),
    ("sk-ant-", Tail::Token(40), "an Anthropic key"),
    ("shpat_", Tail::Token(32), "a Shopify token"),
    ("AGE-SECRET-KEY-1", Tail::Upper(58), "an age key"),
    ("eyJ", Tail::WebToken, "a JSON web token"),
    ("-----BEGIN ", Tail::PrivateKey, "a private key"),
    ("://", Tail::UserInfo, "an address with a password"),
    ("Bearer ", Tail::Bearer, "a bearer token"),
    ("bearer ", Tail::Bearer, "a bearer token"),
];

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(MARKS.iter().map(|(mark, ..)| mark)).ok());

/// Calls `found` with the offset of every known credential and what it is.
pub(super) fn scan(text: &str, mut found: impl FnMut(usize, &'static str)) {
    let Some(finder) = FINDER.as_ref() else { return };
    let bytes = text.as_bytes();
    for hit in finder.find_iter(bytes) {
        let (_, tail, what) = &MARKS[hit.pattern().as_usize()];
        let rest = &bytes[hit.end()..bytes.len().min(hit.end() + LOOK_AHEAD)];
        let inside_word = hit.start().checked_sub(1).is_some_and(|index| is_token_byte(bytes[index]));
        let whole = match tail {
            Tail::UserInfo => has_password(rest),
            Tail::PrivateKey => starts_private_key(rest),
            _ if inside_word => false,
            Tail::Token(least) => run(rest) >= *least && !is_monotonous(&rest[..*least]),
            Tail::Upper(exactly) => {
                let length =
                    rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
                length == *exactly && run(rest) == *exactly && !is_monotonous(&rest[..length])
            }
            Tail::WebToken => is_web_token(rest),
            Tail::Bearer => run(rest) >= 20 && rest[..run(rest)].iter().any(u8::is_ascii_digit),
        };
        if whole {
            found(hit.start(), what);
        }
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Length of the token at the start.
fn run(rest: &[u8]) -> usize {
    rest.iter().take_while(|&&byte| is_token_byte(byte)).count()
}

/// `xxxx…`, as it stands in documentation.
fn is_monotonous(token: &[u8]) -> bool {
    token.windows(2).all(|pair| pair[0] == pair[1])
}

/// `<header>.<payload>.<signature>`; header and payload are JSON objects, which start with `eyJ` in base64.
fn is_web_token(rest: &[u8]) -> bool {
    let header = run(rest);
    let Some(payload) = rest.get(header..).and_then(|rest| rest.strip_prefix(b".eyJ")) else { return false };
    // A payload may be longer than the look-ahead: then its length tells enough.
    let length = run(payload);
    header >= 10 && length >= 10 && (length == payload.len() || payload[length] == b'.')
}

/// `RSA PRIVATE KEY-----` and at least a little of the key, behind real or escaped line breaks.
fn starts_private_key(rest: &[u8]) -> bool {
    const END: &[u8] = b"-----";
    let label = rest.iter().take(32).take_while(|byte| byte.is_ascii_uppercase() || **byte == b' ').count();
    let (label, rest) = rest.split_at(label);
    let Some(body) = rest.strip_prefix(END) else { return false };
    let named = [&b"PRIVATE KEY"[..], b"PRIVATE KEY BLOCK"].iter().any(|end| label.ends_with(end));
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'n' | b'r');
    let body = &body[body.iter().take_while(blank).count()..];
    let base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    // Headers of older keys (`Proc-Type: 4,ENCRYPTED`) stand before the key.
    named && (body.iter().take_while(base64).count() >= 16 || body.starts_with(b"Proc-Type"))
}

/// `user:password@` at the start of an authority, with a password that is no placeholder.
fn has_password(rest: &[u8]) -> bool {
    let stop = |byte: &u8| {
        matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>') || byte.is_ascii_whitespace()
    };
    // Placeholders may hold any of these; their password is none anyway.
    let authority = &rest[..rest.iter().position(stop).unwrap_or(rest.len())];
    let Some(at) = authority.iter().rposition(|&byte| byte == b'@') else { return false };
    let Some(colon) = authority[..at].iter().position(|&byte| byte == b':') else { return false };
    let Ok(password) = std::str::from_utf8(&authority[colon + 1..at]) else { return false };
    let host = &authority[at + 1..];
    !host.is_empty() && !password.is_empty() && !values::is_placeholder(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        scan(text, |_, what| found.push(what));
        found
    }

    /// Made up by repetition, so that no scanner of repositories takes them for real ones.
    #[test]
    fn known_tokens_are_found() {
        let token = "aB3".repeat(22);
        let upper = "A7B3".repeat(4);
        for (text, what) in [
            (format!("key {}{upper}", "AKIA"), "an AWS access key id"),
            (format!("{}_{}", "ghp", &token[..36]), "a GitHub token"),
            (format!("{}-{}", "glpat", &token[..20]), "a GitLab token"),
            (format!("{}-{}", "xoxb", &token[..30]), "a Slack token"),
            (format!("{}{}", "AIza", &token[..35]), "a Google API key"),
            (format!("sk_{}_{}", "live", &token[..24]), "a Stripe key"),
            (format!("//registry.npmjs.org/:_authToken={}_{}", "npm", &token[..36]), "an npm token"),
            (format!("{}{}.eyJ{}.{}", "eyJ", &token[..20], &token[..20], &token[..20]), "a JSON web token"),
            (format!("-----BEGIN {} KEY-----\n{token}", "PRIVATE"), "a private key"),
            (format!("\"-----BEGIN RSA {} KEY-----\\n{token}\"", "PRIVATE"), "a private key"),
            ("amqp://guest:guest@rabbit:5672/".to_owned(), "an address with a password"),
            (format!("Authorization: Bearer {token}"), "a bearer token"),
        ] {
            assert_eq!(shapes(&text), [what], "{text}");
        }
    }

    #[test]
    fn look_alikes_are_not() {
        for text in [
            "AKIA".to_owned(),
            format!("xAKIA{}", "A7B3".repeat(4)),
            format!("AKIA{}", "A7B3".repeat(5)),
            format!("ghp_{}", "x".repeat(36)),
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            format!("-----BEGIN CERTIFICATE-----\n{}", "aB3".repeat(22)),
            "eyJhbGciOiJIUzI1NiJ9".to_owned(),
            "https://example.com:8080/user@host".to_owned(),
            "https://user:${PASSWORD}@host".to_owned(),
            "https://user:<password>@host".to_owned(),
            "https://user@host".to_owned(),
            "Bearer $TOKEN".to_owned(),
            "a bearer token-that-is-long-but-has-no-number".to_owned(),
        ] {
            assert_eq!(shapes(&text), Vec::<&str>::new(), "{text}");
        }
    }
}
