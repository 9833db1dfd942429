//! The programs that a command line starts, by the rules of `exec` and, behind `sh -c`, those of a shell.

const SHELLS: &[&str] = &["ash", "bash", "busybox", "dash", "ksh", "sh", "zsh"];

/// Programs that start the program named by their further words.
const STARTERS: &[&str] = &[
    "catatonit",
    "dumb-init",
    "env",
    "exec",
    "gosu",
    "ionice",
    "nice",
    "nohup",
    "setsid",
    "su-exec",
    "time",
    "tini",
];

/// Starters whose first word is not yet the program but a user.
const USER_STARTERS: &[&str] = &["gosu", "su-exec"];

/// Words of the shell before a command.
const KEYWORDS: &[&str] = &["!", "do", "elif", "else", "if", "then", "until", "while", "{"];

/// The names of all programs that a command line starts, without folders and `.exe`, each with its arguments.
pub(crate) fn started<'a>(line: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let mut waiting = vec![line.map(str::to_owned).collect::<Vec<_>>()];
    let mut programs = Vec::new();
    // A script is shorter than the command line that holds it, so this ends.
    while let Some(line) = waiting.pop() {
        let Some(command) = command(line) else { continue };
        match script(&command) {
            Some(script) => waiting.extend(commands(script).into_iter().rev()),
            None => programs.push(command),
        }
    }
    programs
}

/// The command behind assignments, words of the shell and programs that only start others.
fn command(line: Vec<String>) -> Option<Vec<String>> {
    let mut words = line.into_iter().peekable();
    loop {
        let word = words.next()?;
        let name = name(&word);
        if STARTERS.contains(&name) {
            while words.next_if(|word| word.starts_with('-') || word.parse::<i64>().is_ok()).is_some() {}
            if USER_STARTERS.contains(&name) {
                words.next();
            }
        } else if !KEYWORDS.contains(&name) && !is_assignment(&word) {
            return Some(std::iter::once(name.to_owned()).chain(words).collect());
        }
    }
}

fn name(word: &str) -> &str {
    let file = word.rsplit(['/', '\\']).next().unwrap_or_default();
    file.strip_suffix(".exe").unwrap_or(file)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The script of a shell that is called with `-c`, alone or among other flags as in `-ec`.
fn script(command: &[String]) -> Option<&str> {
    let (program, arguments) = command.split_first()?;
    if !SHELLS.contains(&program.as_str()) {
        return None;
    }
    let is_flag = |word: &String| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    let flag = arguments.iter().position(is_flag)?;
    arguments.get(flag + 1).map(String::as_str)
}

/// The simple commands of a script, as words; those of a substitution come before the one that they are part of.
/// Quotes, comments and substitutions are heeded, here-documents are not.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut splitter = Splitter::default();
    let mut quote = None;
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some('\''), c) => splitter.push(c),
            (_, '\\') => match chars.next() {
                None | Some('\n') => {}
                Some(escaped) => splitter.push(escaped),
            },
            (_, '$') if chars.next_if_eq(&'(').is_some() => splitter.open(')', quote.take()),
            (_, '`') if splitter.is_open('`') => quote = splitter.close(),
            (_, '`') => splitter.open('`', quote.take()),
            (Some(_), c) => splitter.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                splitter.word.get_or_insert_default();
            }
            (None, '#') if splitter.word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            (None, '(') => {
                splitter.end_command();
                splitter.open(')', None);
            }
            (None, ')') if splitter.is_open(')') => quote = splitter.close(),
            (None, '\n' | ';' | '&' | '|' | ')') => splitter.end_command(),
            (None, c) if c.is_whitespace() => splitter.end_word(),
            (None, c) => splitter.push(c),
        }
    }
    while !splitter.open.is_empty() {
        splitter.close();
    }
    splitter.end_command();
    splitter.commands
}

/// What has been read of a script.
#[derive(Default)]
struct Splitter {
    commands: Vec<Vec<String>>,
    command: Vec<String>,
    word: Option<String>,
    /// Substitutions and subshells that are open, innermost last.
    open: Vec<Outer>,
}

/// What stands around a substitution or subshell.
struct Outer {
    closed_by: char,
    quote: Option<char>,
    command: Vec<String>,
    word: Option<String>,
}

impl Splitter {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        self.command.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    fn open(&mut self, closed_by: char, quote: Option<char>) {
        let (command, word) = (std::mem::take(&mut self.command), self.word.take());
        self.open.push(Outer { closed_by, quote, command, word });
    }

    fn is_open(&self, closed_by: char) -> bool {
        self.open.last().is_some_and(|outer| outer.closed_by == closed_by)
    }

    /// Goes on with what stands around, and says in which quotes that is.
    fn close(&mut self) -> Option<char> {
        self.end_command();
        let outer = self.open.pop()?;
        (self.command, self.word) = (outer.command, outer.word);
        outer.quote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &[&str]) -> String {
        let programs = started(line.iter().copied());
        programs.iter().map(|program| program[0].as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn programs_stand_first_or_behind_those_that_start_others() {
        for (line, expected) in [
            (&["/usr/sbin/sshd", "-D"][..], "sshd"),
            (&["tini", "-g", "--", "sshd", "-D"], "sshd"),
            (&["env", "-i", "A=1", "sudo", "x"], "sudo"),
            (&["gosu", "app", "server"], "server"),
            (&["nice", "-n", "10", "sshd"], "sshd"),
            (&["apt-get", "install", "sudo"], "apt-get"),
            (&["command", "-v", "sudo"], "command"),
            (&["--user", "sudo"], "--user"),
            (&[], ""),
            (&["env"], ""),
        ] {
            assert_eq!(names(line), expected, "{line:?}");
        }
    }

    #[test]
    fn scripts_are_split_as_a_shell_does() {
        for (script, expected) in [
            ("set -e; sudo id && exec /usr/sbin/sshd -D", "set sudo sshd"),
            ("echo 'a; sudo b' \"c; sudo d\" # ; sudo e\nls", "echo ls"),
            ("echo $(sudo id) `sudo id`", "sudo sudo echo"),
            ("x=\"$(sudo id); y\" ls \"`sudo id`\"", "sudo sudo ls"),
            ("echo $(date) sudo", "date echo"),
            ("start() { sudo id; }", "start sudo }"),
            ("case $1 in a) sshd;; esac", "case sshd esac"),
            ("echo $(ls $(sudo id", "sudo ls echo"),
            ("true && \\\n  sudo id", "true sudo"),
            ("if ! sudo true; then A=1 sudo x; fi", "sudo sudo fi"),
            ("(sshd &) | cat", "sshd cat"),
            ("sh -c \"bash -ec 'sudo id'\"", "sudo"),
            ("echo a\\;sudo", "echo"),
            ("echo \"unclosed; sudo", "echo"),
            ("sudo\\\n id", "sudo"),
        ] {
            assert_eq!(names(&["sh", "-ec", script]), expected, "{script}");
        }
    }
}
