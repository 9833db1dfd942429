//! Values: which of them stand for themselves, and which look like a key.

/// Where values that are looked up elsewhere start, in lower case.
const REFERENCES: &[&str] = &[
    "vault:",
    "bao:",
    "ref+",
    "op://",
    "!vault",
    "arn:aws",
    "secretref",
    "keyvault:",
    "azurekeyvault",
    "@microsoft.keyvault",
    "gcpsm:",
    "gcp-sm:",
    "gcpsecretmanager:",
    "sm://",
    "awssm:",
    "awssecretsmanager",
    "ssm:",
    "file:",
    "env:",
    "env(",
    "kms:",
    "enc[",
    "{cipher}",
    "{vault}",
    "bws:",
    "akeyless:",
    "doppler:",
    "infisical:",
    "pragma:",
    "secretmanager:",
];

/// Words that switch something or name a type instead of being a credential, in lower case.
const NO_CREDENTIALS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "0",
    "1",
    "null",
    "nil",
    "none",
    "undefined",
    "required",
    "optional",
    "enabled",
    "disabled",
    "enable",
    "disable",
    "auto",
    "unset",
    "prompt",
    "string",
    "str",
    "text",
    "bool",
    "boolean",
    "int",
    "integer",
    "number",
    "bytes",
    "object",
    "array",
    "any",
];

/// Texts that only stand where something has yet to be filled in, without separators and in lower case.
const TO_BE_FILLED_IN: &[&str] = &[
    "replaceme",
    "replacewith",
    "replacethis",
    "tobereplaced",
    "insertyour",
    "inserthere",
    "putyour",
    "yourpassword",
    "yoursecret",
    "yourtoken",
    "yourkey",
    "yourapi",
    "yourprivate",
    "youraccess",
    "yourclient",
    "yourbase64",
];

/// The same for words that could be part of a password.
const FILLERS: &[&str] =
    &["todo", "fixme", "tbd", "setme", "fillme", "fillin", "redacted", "placeholder", "secretplaceholder"];

/// Passwords of examples that end up in production, without separators and in lower case.
const SAMPLES: &[&str] = &[
    "changeme",
    "supersecret",
    "password",
    "passw0rd",
    "s3cr3t",
    "letmein",
    "hunter2",
    "qwerty",
    "insecure",
];

/// Whether a value stands for itself and could be a credential: no reference, placeholder, path, address or switch.
pub(super) fn is_literal(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    !value.is_empty()
        && !NO_CREDENTIALS.contains(&lower.as_str())
        && !is_placeholder(value)
        && !is_reference(value)
        && !is_path(value)
        && !lower.contains("://")
        && !is_block_header(value)
}

/// Whether a value names a secret that is kept elsewhere.
pub(crate) fn is_reference(value: &str) -> bool {
    let start: String = value.chars().take(32).collect::<String>().to_ascii_lowercase();
    REFERENCES.iter().any(|reference| start.starts_with(reference))
        || (start.starts_with("projects/") && value.contains("/secrets/"))
}

/// Whether a value is one that something else fills in before use.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let bytes = value.as_bytes();
    let wrapped = |open: &str, close: &str| {
        let inside = value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inside.is_some_and(|name| !name.is_empty() && !name.contains(['"', '\'', '<', '>', ':', '=', '\n']))
    };
    let filler = |byte: u8| bytes.len() >= 3 && bytes.iter().all(|&other| other == byte);
    if ["${", "$(", "{{", "<%", "%{"].iter().any(|mark| value.contains(mark))
        || is_variable(value)
        || wrapped("<", ">")
        || wrapped("%", "%")
        || wrapped("@", "@")
        || wrapped("__", "__")
        || wrapped("[", "]")
        || wrapped("{", "}")
        || matches!(value, "%s" | "%v" | "%d")
        || [b'x', b'X', b'*', b'.', b'-', b'_', b'?', b'#'].into_iter().any(filler)
        || value.starts_with('`')
    {
        return true;
    }
    let letters = letters(value);
    FILLERS.contains(&letters.as_str()) || TO_BE_FILLED_IN.iter().any(|text| letters.contains(text))
}

/// `$PASSWORD`, `$1`, `$password`, `$dex.clientSecret`; but a password may start with a dollar as well (`$ecret1`).
fn is_variable(value: &str) -> bool {
    let Some(name) = value.strip_prefix('$').filter(|name| !name.is_empty()) else { return false };
    let all = |class: fn(u8) -> bool| name.bytes().all(class);
    all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        || all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        || (name.contains(['.', ':']) && all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte)))
}

/// Letters and digits of a value in lower case; only of the first 64 bytes, since fillers are short.
fn letters(value: &str) -> String {
    let bytes = value.bytes().take(64).filter(u8::is_ascii_alphanumeric);
    bytes.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// Whether a value is what a generator of keys would produce, or the well-known password of an example. Names of
/// objects, words and short numbers are not.
pub(crate) fn looks_like_key(value: &str) -> bool {
    if SAMPLES.contains(&letters(value).as_str()) || letters(value).contains("changeme") {
        return true;
    }
    if value.len() < 8 || value.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return false;
    }
    if is_uuid(value) {
        return true;
    }
    let count = |class: fn(&u8) -> bool| value.bytes().filter(class).count();
    let (lower, upper, digits) =
        (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
    let symbols = value
        .bytes()
        .any(|byte| matches!(byte, b'!' | b'#' | b'%' | b'^' | b'&' | b'*' | b'?' | b'+' | b'='));
    let mixed = lower > 0 && upper > 0 && digits > 0;
    let random = |part: &str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        part.len() >= 16 && digits >= 2 && digits < part.len() && entropy(part) >= 3.0
    };
    (mixed && value.len() >= 12 && entropy(value) >= 3.0)
        || value.split(['-', '.', '_', '/', ':']).any(random)
        || (symbols && digits > 0 && lower + upper > 0 && entropy(value) >= 2.5)
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Shannon's entropy in bits per byte: about 2.5 for short words, above 3 for random keys of 16 bytes and more.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let total = value.len() as f64;
    let share = |count: u32| f64::from(count) / total;
    counts.into_iter().filter(|&count| count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

/// Whether a value is the path or name of a file. Base64 may start with a slash as well: a segment that mixes cases
/// and digits over 20 bytes belongs to no path.
fn is_path(value: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        "pem", "key", "crt", "cer", "txt", "json", "yaml", "yml", "token", "pub", "conf", "cfg", "ini",
        "env", "p12", "jks",
    ];
    let random = |segment: &str| {
        let has = |class: fn(&u8) -> bool| segment.as_bytes().iter().any(class);
        segment.len() >= 20
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_digit)
    };
    let rooted = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start))
        || (value.as_bytes().get(1..3) == Some(br":\") && value.as_bytes()[0].is_ascii_alphabetic());
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    let named = value.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
        && value.bytes().all(word);
    (rooted || named) && !value.split('/').any(random)
}

/// `|`, `>-` and the like: the value of a YAML key stands on the lines below.
fn is_block_header(value: &str) -> bool {
    value.starts_with(['|', '>'])
        && value.bytes().skip(1).all(|byte| matches!(byte, b'-' | b'+' | b'0'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_names() {
        for key in [
            "changeme",
            "CHANGE_ME",
            "0123456789abcdef0123456789abcdef",
            "550e8400-e29b-41d4-a716-446655440000",
            "c3VwZXJzZWNyZXQ3Nzc=",
            "Zx9kLm2QpRt7Vb",
            "s3cret!x",
        ] {
            assert!(looks_like_key(key), "{key}");
        }
        for name in [
            "web-tls",
            "my-app-secret-v2",
            "bearer",
            "kubernetes-goat-secret",
            "24h",
            "12345678",
            "default",
            "github",
        ] {
            assert!(!looks_like_key(name), "{name}");
        }
    }

    #[test]
    fn base64_that_starts_with_a_slash_is_no_path() {
        assert!(is_path("/etc/ssl/private/tls.key") && is_path("token.txt") && is_path("C:\\keys\\a"));
        assert!(!is_path("/9j4AAQSkZJRgABAQEASABIAAD") && !is_path("pa55.word"));
    }

    #[test]
    fn placeholders_are_recognised() {
        for value in [
            "${X}",
            "$(X)",
            "$X",
            "<token>",
            "REPLACE_ME",
            "your-password-here",
            "xxxxxx",
            "****",
            "{{ .x }}",
            "__PW__",
            "{password}",
            "%s",
            "$1",
            "$password",
            "$dex.clientSecret",
            "TODO",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["changeme", "pa$$word", "x", "a<b>c", "$ecret1", "mytodolist", "{a"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
