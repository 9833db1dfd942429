//! Text of others: it is shown to people, and must neither speak to their terminal nor tell a secret that somebody sends back.

/// Most characters of a foreign text in a report.
const MOST: usize = 300;

/// A word as long as this may be a token or a key. Names of objects are rarely so long, and can be looked up.
const LONGEST_WORD: usize = 64;

/// The beginning of a foreign text on one line: without characters that speak to a terminal or turn the direction of writing,
/// and without words that may be tokens.
pub(crate) fn line(text: &str) -> String {
    shortened(&plain(text), MOST)
}

/// A text on one line, without what cannot be seen and without words that may be tokens.
pub(crate) fn plain(text: &str) -> String {
    let shown: String = text.chars().map(|char| if is_hidden(char) { ' ' } else { char }).collect();
    let of_word =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '+' | '=' | '.' | '~' | '/');
    let mut plain = String::with_capacity(shown.len());
    let mut rest = shown.as_str();
    while !rest.is_empty() {
        let end = rest.find(|char| !of_word(char)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        for (index, piece) in word.split('/').enumerate() {
            if index > 0 {
                plain.push('/');
            }
            plain.push_str(if is_secret(piece) { "[long word]" } else { piece });
        }
        let end = after.find(of_word).unwrap_or(after.len());
        plain.push_str(&after[..end]);
        rest = &after[end..];
    }
    plain
}

/// Whether a piece of a path, or a word, may be a token or a key: it is long, or begins as a JWT does.
fn is_secret(piece: &str) -> bool {
    piece.len() >= LONGEST_WORD || (piece.starts_with("eyJ") && piece.len() > 20)
}

/// The beginning of a text.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Whether a character speaks to a terminal, is not seen, or turns the direction of what follows.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{line, plain};

    #[test]
    fn nothing_speaks_to_a_terminal() {
        let hostile =
            "a\u{1b}[2Jb\nc\u{202e}d\u{2066}e\u{200b}f\u{feff}g\u{9b}h\u{e0041}i\u{7f}j\rk\u{2028}l";
        assert_eq!(line(hostile), "a [2Jb c d e f g h i j k l");
    }

    #[test]
    fn tokens_that_are_sent_back_are_not_shown() {
        let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl";
        assert_eq!(plain(&format!("your token `{jwt}` is bad")), "your token `[long word]` is bad");
        let key = "a1".repeat(40);
        assert_eq!(plain(&format!("key={key}, and more")), "[long word], and more");
        assert_eq!(plain(&format!("/a/{key}/b")), "/a/[long word]/b");
    }

    #[test]
    fn what_the_api_says_stays_as_it_is() {
        for text in [
            "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" at the cluster scope",
            "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged (container \"c\" must not set \
             securityContext.privileged=true)",
            "ValidatingAdmissionPolicy 'replicas.policy.example.com' with binding 'b' denied request: ä ö 日本",
            "/apis/authorization.k8s.io/v1/namespaces/kube-system/selfsubjectaccessreviews",
            "/registry/secrets/seaworthy-probe-0123456789/canary",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = "ä ".repeat(1000);
        assert_eq!(line(&text).chars().count(), 301);
        assert!(line(&text).ends_with('…'));
    }
}
