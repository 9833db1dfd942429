//! `/flagz`: every flag with the value that is in force.

use std::collections::BTreeMap;

use serde_json::Value;

use super::redact;

/// Most flags that a program is believed to have.
const MOST: usize = 4096;

/// The flags in an answer: an object, or lines whose separator is drawn by lot at every start of the program (`delimiters`
/// of `apiserver/pkg/server/flagz/textserializer.go`).
pub(super) fn flags(body: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let flags = match serde_json::from_slice::<Value>(body) {
        Ok(answer) => of_object(&answer),
        Err(_) => of_text(&String::from_utf8_lossy(body)),
    };
    match flags.len() {
        0 => Err("the answer names no flags".to_owned()),
        number if number > MOST => Err(format!("the answer names {number} flags")),
        _ => Ok(flags),
    }
}

fn of_object(answer: &Value) -> BTreeMap<String, String> {
    let flags = answer.get("flags").and_then(Value::as_object).into_iter().flatten();
    let flags = flags.filter_map(|(name, value)| Some((name.clone(), value.as_str()?)));
    flags.filter(|(name, _)| is_name(name)).map(|(name, value)| kept(name, value)).collect()
}

fn of_text(text: &str) -> BTreeMap<String, String> {
    // Two lines say what it is, in words.
    let lines = text.lines().skip_while(|line| !line.starts_with("Warning:")).skip(1);
    let flags = lines.filter_map(|line| {
        let end = line.find([':', '=', ' ']).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let value = rest.strip_prefix([':', '=', ' ']).unwrap_or(rest);
        // `: ` is a separator as well; no value starts with a blank.
        is_name(name).then(|| kept(name.to_owned(), value.trim_start_matches(' ')))
    });
    flags.collect()
}

fn kept(name: String, value: &str) -> (String, String) {
    let value = redact::flag(&name, value);
    (name, value)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The value behind a word at the start of a line of `/statusz`.
pub(super) fn value_of<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(word)?;
    Some(rest.trim_start_matches([':', '=', ' ', '\t'])).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "\napiserver flagz\nWarning: This endpoint is not meant to be machine parseable, has no formatting \
        compatibility guarantees and is for debugging purposes only.\n";

    #[test]
    fn all_separators_are_read() {
        let lines = [
            ("anonymous-auth", "true"),
            ("etcd-servers", "[https://127.0.0.1:2379]"),
            ("audit-log-path", ""),
            ("service-node-port-range", "30000-32767"),
            ("runtime-config", "a/v1=true"),
        ];
        for separator in [":", ": ", "=", " "] {
            let text: String =
                lines.iter().map(|(name, value)| format!("{name}{separator}{value}\n")).collect();
            let read = flags(format!("{HEAD}{text}").as_bytes()).unwrap();
            let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let mut expected = lines.to_vec();
            expected.sort_unstable();
            assert_eq!(read, expected, "{separator:?}");
        }
    }

    #[test]
    fn an_object_is_read_and_anything_else_is_refused() {
        let object =
            br#"{"kind":"Flagz","apiVersion":"config.k8s.io/v1beta1","flags":{"profiling":"false","v":"0"}}"#;
        assert_eq!(flags(object).unwrap().len(), 2);
        for bad in ["", "{}", "[1]", "<html><body>a=b</body></html>", "profiling=false"] {
            assert!(flags(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_are_not_kept() {
        let text = format!(
            "{HEAD}token=geheim\netcd-servers=[https://u:geheim@e:2379]\nmanifest-url-header=a:geheim\n"
        );
        assert!(!format!("{:?}", flags(text.as_bytes()).unwrap()).contains("geheim"));
    }
}
