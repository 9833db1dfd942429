//! Patterns of names and of paths.

/// A pattern of a name: `*` stands for any text, `?` for one character.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one name that it matches, when it has no `*` and no `?`.
    pub fn literal(&self) -> Option<&str> {
        (!self.0.contains(['*', '?'])).then_some(&self.0)
    }

    /// Whether it matches a whole name. Takes at most the product of both lengths.
    pub fn matches(&self, name: &str) -> bool {
        matches(self.0.as_bytes(), name.as_bytes())
    }
}

/// A `?` stands for one byte that starts a character and those that continue it.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on when the text after the last `*` does not fit: that star takes one byte more.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'?') => {
                p += 1;
                n += 1;
                while name.get(n).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    n += 1;
                }
                continue;
            }
            Some(byte) if *byte == name[n] => {
                p += 1;
                n += 1;
                continue;
            }
            _ => {}
        }
        let Some((at, taken)) = star else { return false };
        star = Some((at, taken + 1));
        p = at + 1;
        n = taken + 1;
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// A pattern of a path with `/`, as in `.gitignore`: `*` and `?` stay within a name, `**` stands for any number of
/// folders, a pattern without `/` matches at any depth, and a folder covers everything below it. There is no `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    names: Vec<Pattern>,
}

const ANY_FOLDERS: &str = "**";

impl PathPattern {
    /// A pattern; `None` when it is empty or leads out of its folder (`..`).
    pub fn new(text: &str) -> Option<PathPattern> {
        let trimmed = text.trim_end_matches('/');
        let anchored = trimmed.contains('/');
        let mut names: Vec<Pattern> = Vec::new();
        for name in trimmed.split('/').filter(|name| !name.is_empty() && *name != ".") {
            if name == ".." {
                return None;
            }
            let again = name == ANY_FOLDERS && names.last().is_some_and(|last| last.0 == ANY_FOLDERS);
            if !again {
                names.push(Pattern::new(name));
            }
        }
        if names.is_empty() {
            return None;
        }
        if !anchored && names[0].0 != ANY_FOLDERS {
            names.insert(0, Pattern::new(ANY_FOLDERS));
        }
        Some(PathPattern { text: text.to_owned(), names })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches a path (relative to the folder that the pattern is meant for, with `/`), or a folder above it.
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
        let (mut p, mut n) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while n < path.len() {
            match self.names.get(p) {
                // All of the pattern matched a folder: what is below is covered.
                None => return true,
                Some(name) if name.0 == ANY_FOLDERS => {
                    star = Some((p, n));
                    p += 1;
                    continue;
                }
                Some(name) if name.matches(path[n]) => {
                    p += 1;
                    n += 1;
                    continue;
                }
                _ => {}
            }
            let Some((at, taken)) = star else { return false };
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        }
        // `a/**` covers what is below `a`; `a` itself is a file then, and not covered.
        p == self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{PathPattern, Pattern};

    #[test]
    fn names_match_by_star_and_question_mark() {
        for (pattern, name, expected) in [
            ("web", "web", true),
            ("web", "web2", false),
            ("web*", "web", true),
            ("*-agent", "node-agent", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("?eb", "web", true),
            ("?", "ü", true),
            ("??", "ü", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        let pattern = Pattern::new("*a".repeat(1_000) + "b");
        assert!(!pattern.matches(&"a".repeat(5_000)));
        let path = PathPattern::new(&("**/a/".repeat(500) + "z")).unwrap();
        assert!(!path.matches(&"a/b/".repeat(2_000)));
    }

    #[test]
    fn paths_match_as_in_gitignore() {
        for (pattern, path, expected) in [
            ("deploy/*.yaml", "deploy/web.yaml", true),
            ("deploy/*.yaml", "deploy/shop/web.yaml", false),
            ("deploy/**/*.yaml", "deploy/shop/eu/web.yaml", true),
            ("deploy/**/*.yaml", "deploy/web.yaml", true),
            ("deploy/*.yaml", "staging/deploy/web.yaml", false),
            ("/web.yaml", "web.yaml", true),
            ("/web.yaml", "a/web.yaml", false),
            ("web.yaml", "a/b/web.yaml", true),
            ("vendor", "vendor/x/y.yaml", true),
            ("vendor/", "a/vendor/y.yaml", true),
            ("vendor", "vendored/y.yaml", false),
            ("a/**", "a/b/c.yaml", true),
            ("a/**", "ab/c.yaml", false),
            ("**", "anything/at/all.yaml", true),
            ("./deploy", "deploy/web.yaml", true),
        ] {
            assert_eq!(PathPattern::new(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
        for pattern in ["", "/", "../x", "a/../b"] {
            assert!(PathPattern::new(pattern).is_none(), "{pattern}");
        }
    }
}
