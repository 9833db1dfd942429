//! Finds credentials in texts: by the name under which a value stands, and by the shape of known keys and tokens.
//!
//! What it finds is described, never returned: no caller can print a value that it does not have. Every scan takes
//! time linear in the text, whatever the text holds.

mod assignments;
mod names;
mod shapes;
mod values;

use std::borrow::Cow;

pub(crate) use names::announces_credential;
pub(crate) use values::{is_placeholder, is_reference, looks_like_key};

/// A credential that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sign<'t> {
    /// The line of the text, from 1.
    pub(crate) line: usize,
    /// The name under which it stands, when the name gave it away.
    pub(crate) name: Option<&'t str>,
    /// What it is, with its article: "a password".
    pub(crate) what: &'static str,
}

/// The credential that a value is because of the name under which it stands.
pub(crate) fn under_name(name: &str, value: &str) -> Option<&'static str> {
    let announced = names::classify(name)?;
    let value = value.trim();
    let betrayed = values::is_literal(value) && (announced.certain || values::looks_like_key(value));
    betrayed.then_some(announced.what)
}

/// The credentials in a text of any format (properties, `.env`, INI, YAML, JSON, XML, shell), at most one a line.
/// In `code`, where names stand for variables as well, only quoted values count.
pub(crate) fn in_text(text: &str, code: bool) -> Vec<Sign<'_>> {
    let mut found: Vec<(usize, Option<&str>, &'static str)> = Vec::new();
    shapes::scan(text, |offset, what| found.push((offset, None, what)));
    assignments::scan(text, |assignment| {
        if (assignment.quoted || !code)
            && let Some(what) = under_name(assignment.name, assignment.value)
        {
            found.push((assignment.offset, Some(assignment.name), what));
        }
    });
    found.sort_by_key(|(offset, ..)| *offset);
    let mut signs: Vec<Sign<'_>> = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for (offset, name, what) in found {
        line += text.as_bytes()[counted..offset].iter().filter(|&&byte| byte == b'\n').count();
        counted = offset;
        if signs.last().is_none_or(|last| last.line != line) {
            signs.push(Sign { line, name, what });
        }
    }
    signs
}

/// Says in one sentence which credentials an entry holds, a value under a key; `None` when none was recognised.
pub(crate) fn describe(key: &str, value: &str) -> Option<Cow<'static, str>> {
    if !value.trim_end().contains('\n')
        && let Some(what) = under_name(key, value)
    {
        return Some(format!("`{key}` holds {what} in the clear").into());
    }
    let signs = in_text(value, is_code(key));
    let first = signs.first()?;
    let place = match value.trim_end().contains('\n') {
        true => format!("line {} of `{key}`", first.line),
        false => format!("`{key}`"),
    };
    let what = match first.name {
        Some(name) => format!("{place} sets `{name}` to {} in the clear", first.what),
        None => format!("{place} holds {}", first.what),
    };
    Some(match signs.len() - 1 {
        0 => what.into(),
        1 => format!("{what}, and 1 more line does the like").into(),
        more => format!("{what}, and {more} more lines do the like").into(),
    })
}

/// Whether a key names a file of a programming or markup language.
fn is_code(key: &str) -> bool {
    const CODE: &[&str] = &[
        "py", "js", "mjs", "ts", "go", "lua", "rb", "java", "php", "c", "h", "cpp", "rs", "html", "css",
        "md", "tpl", "tmpl", "groovy", "pl", "vcl", "jq",
    ];
    key.rsplit_once('.').is_some_and(|(_, extension)| CODE.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, Option<&str>)> {
        in_text(text, false).into_iter().map(|sign| (sign.line, sign.name)).collect()
    }

    #[test]
    fn every_format_is_read() {
        for text in [
            "db.password=pa55word",
            "DB_PASSWORD='pa55word'",
            "export DB_PASSWORD=pa55word",
            "password: pa55word # of the database",
            "{\"user\":\"a\",\"password\":\"pa55word\"}",
            "{\\\"password\\\": \\\"pa55word\\\"}",
            "<password>pa55word</password>",
            "{user: a, password: pa55word}",
            "'password' => 'pa55word',",
            "config[\"password\"] = \"pa55word\"",
            "server --db-password pa55word --port 1",
            "server --db-password=pa55word",
            "Server=db;User Id=sa;Password=pa55word;",
            "CREATE ROLE web WITH LOGIN PASSWORD 'pa55word';",
            "requirepass pa55word",
            "- name: DB_PASSWORD\n  value: pa55word",
            "postgres://web:pa55word@db/shop",
        ] {
            assert!(!in_text(text, false).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_only_resembles_a_credential_is_left_alone() {
        for text in [
            "password:",
            "password: ${DB_PASSWORD}",
            "password: $(DB_PASSWORD)",
            "password={{ .Values.password }}",
            "password: <your password>",
            "password_file: /run/secrets/db",
            "password: /run/secrets/db",
            "password-min-length: 12",
            "PASSWORD_RESET_ENABLED=true",
            "ALLOW_EMPTY_PASSWORD=yes",
            "token_ttl: 24h",
            "tokenReview: v1",
            "secretName: web-tls",
            "secret: web-tls",
            "token: bearer",
            "# password: pa55word",
            "password: the one that you were given",
            "password == expected",
            "password = os.environ[\"DB_PASSWORD\"]",
            "password = config.database.password",
            "password: vault:secret/data/db#password",
            "password: op://infra/db/password",
            "password: arn:aws:secretsmanager:eu-west-1:1:secret:db",
            "password: projects/1/secrets/db/versions/latest",
            "password: ENC[AES256_GCM,data:abc]",
            "postgres://web:$(DB_PASSWORD)@db/shop",
            "postgres://web@db/shop",
            "https://example.com/a:b@c",
        ] {
            assert_eq!(lines(text), [], "{text}");
        }
    }

    #[test]
    fn lines_are_counted_and_reported_once() {
        let text = "user=a\ndb.password=x1\n\nurl=redis://a:b@c d.password=x2\n";
        assert_eq!(lines(text), [(2, Some("db.password")), (4, None)]);
        assert_eq!(
            describe("app.properties", text).as_deref(),
            Some(
                "line 2 of `app.properties` sets `db.password` to a password in the clear, and 1 more line does the like"
            )
        );
    }

    #[test]
    fn in_code_only_quoted_values_count() {
        assert!(describe("main.py", "password = given").is_none());
        assert!(describe("main.py", "password = \"given\"").is_some());
        assert!(describe("main.ini", "password = given").is_some());
    }

    /// A scan that is not linear would take minutes on these.
    #[test]
    fn hostile_texts_take_linear_time() {
        let size = 1 << 17;
        for part in [
            "password:",
            "password=",
            "://a:",
            "eyJ",
            "eyJ.",
            "=",
            " ",
            "--password ",
            "\"password\":\"",
            "AKIA",
            "<",
            ">",
            "\\",
            "'",
            "-----BEGIN PRIVATE KEY-----",
            "bearer ",
            "name:",
            "value:",
            "name:value:",
            "@",
            "https://",
            "\t:",
            "password \'",
        ] {
            let text = part.repeat(size / part.len());
            in_text(&text, false);
        }
    }
}
