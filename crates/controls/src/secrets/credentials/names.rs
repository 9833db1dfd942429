//! Names that announce a credential. The end of a name decides: `TOKEN_TTL` is a duration, `API_TOKEN` a token.

/// What a name announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    /// Whether any literal under this name is a credential. Names such as `secret` also stand for the name of a
    /// Secret, so that their value must look like a key.
    pub(super) certain: bool,
    /// What it is, with its article.
    pub(super) what: &'static str,
}

/// Longest part of a name that is looked at, from its end, in bytes.
const LONGEST: usize = 128;

/// Words that may follow without changing what the name means.
const QUALIFIERS: &[&str] = &[
    "value",
    "plain",
    "plaintext",
    "prod",
    "production",
    "dev",
    "test",
    "staging",
    "old",
    "new",
    "current",
    "default",
    "base",
    "b64",
    "base64",
    "primary",
    "secondary",
    "txt",
];

/// Ends of names under which any literal is a credential; a leading `_` asks for a whole word.
const CERTAIN: &[(&str, &str)] = &[
    ("password", "a password"),
    ("passwd", "a password"),
    ("passphrase", "a passphrase"),
    ("api_key", "an API key"),
    ("apikey", "an API key"),
    ("private_key", "a private key"),
    ("privatekey", "a private key"),
    ("secret_key", "a secret key"),
    ("secretkey", "a secret key"),
    ("access_key", "an access key"),
    ("accesskey", "an access key"),
    ("encryption_key", "an encryption key"),
    ("signing_key", "a signing key"),
    ("master_key", "a master key"),
    ("account_key", "an account key"),
    ("connection_string", "a connection string"),
    ("connectionstring", "a connection string"),
    ("client_secret", "a client secret"),
    ("clientsecret", "a client secret"),
    ("_app_secret", "a secret"),
    ("_api_secret", "a secret"),
    ("_jwt_secret", "a secret"),
    ("_jwtsecret", "a secret"),
    ("_session_secret", "a secret"),
    ("_cookie_secret", "a secret"),
    ("_shared_secret", "a secret"),
    ("_consumer_secret", "a secret"),
    ("_hmac_secret", "a secret"),
    ("_requirepass", "a password"),
    ("_masterauth", "a password"),
];

/// The same for words that mean something else when they stand alone (`pass`, `pwd`).
const CERTAIN_BEHIND_A_WORD: &[(&str, &str)] = &[("_pass", "a password"), ("_pwd", "a password")];

/// Ends of names under which only what looks like a key is a credential.
const LIKELY: &[(&str, &str)] = &[
    ("secret", "a secret"),
    ("token", "a token"),
    ("credential", "a credential"),
    ("credentials", "a credential"),
    ("_creds", "a credential"),
    ("_auth_key", "a key"),
    ("_authkey", "a key"),
];

/// What a name announces, if anything.
pub(super) fn classify(name: &str) -> Option<Announced> {
    let words = words(name);
    let mut end = words.as_str();
    while let Some((rest, word)) = end.rsplit_once('_')
        && !rest.is_empty()
        && (QUALIFIERS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit()))
    {
        end = rest;
    }
    let ends = |list: &'static [(&str, &str)]| list.iter().find(|(ending, _)| end.ends_with(ending));
    let behind_a_word = || ends(CERTAIN_BEHIND_A_WORD).filter(|(ending, _)| end.len() > ending.len());
    match ends(CERTAIN).or_else(behind_a_word) {
        Some((_, what)) => Some(Announced { certain: true, what }),
        None => ends(LIKELY).map(|(_, what)| Announced { certain: false, what }),
    }
}

/// Whether a name announces a credential of any kind.
pub(crate) fn announces_credential(name: &str) -> bool {
    classify(name).is_some()
}

/// The words of a name in lower case, each behind a `_`: `_db_password` for `dbPassword` and `DB_PASSWORD`.
fn words(name: &str) -> String {
    let mut start = name.len().saturating_sub(LONGEST);
    while !name.is_char_boundary(start) {
        start += 1;
    }
    let name = &name.as_bytes()[start..];
    let mut words = String::with_capacity(name.len() + 8);
    for (index, &byte) in name.iter().enumerate() {
        let before = index.checked_sub(1).map_or(b'_', |index| name[index]);
        let after = name.get(index + 1).copied().unwrap_or(b'_');
        let starts_word = !before.is_ascii_alphanumeric()
            || (byte.is_ascii_uppercase() && (before.is_ascii_lowercase() || after.is_ascii_lowercase()));
        if byte.is_ascii_alphanumeric() {
            if starts_word {
                words.push('_');
            }
            words.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        assert_eq!(words("DB_PASSWORD"), "_db_password");
        assert_eq!(words("dbPassword"), "_db_password");
        assert_eq!(words("myAPIKey"), "_my_api_key");
        assert_eq!(words("spring.datasource.password"), "_spring_datasource_password");
        assert_eq!(words("ключ.token"), "_token");
    }

    #[test]
    fn the_end_of_a_name_decides() {
        for name in [
            "PASSWORD",
            "PGPASSWORD",
            "rootPassword",
            "SMTP_PASS",
            "DB_PWD",
            "apiKey",
            "API_KEY_1",
            "AWS_SECRET_ACCESS_KEY",
            "SECRET_KEY_BASE",
            "clientSecret",
            "JWT_SECRET",
            "db-password-prod",
            "connectionString",
        ] {
            assert!(classify(name).is_some_and(|announced| announced.certain), "{name}");
        }
        for name in ["token", "GITHUB_TOKEN", "secret", "authToken", "credentials"] {
            assert!(classify(name).is_some_and(|announced| !announced.certain), "{name}");
        }
        for name in [
            "TOKEN_TTL",
            "PASSWORD_FILE",
            "PASSWORD_MIN_LENGTH",
            "SECRET_NAME",
            "tokenReview",
            "PASS",
            "PWD",
            "bypass",
            "compass",
            "passwordKey",
            "TOKEN_URL",
            "secretRef",
            "max_tokens",
            "AWS_ACCESS_KEY_ID",
            "monkey",
            "",
        ] {
            assert_eq!(classify(name), None, "{name}");
        }
    }
}
