//! Command lines: which program runs, and its flags.

use seaworthy_document::Value;

use super::{Flag, Program};

/// A word of a command line and the value in which it stands.
type Word<'a> = (&'a str, Value<'a>);

/// Switches, which take no word after them: `--profiling false` leaves profiling on, as `pflag` and Go's `flag` read
/// it. Only those that controls look at.
const SWITCHES: &[&str] = &[
    "allow-privileged",
    "anonymous-auth",
    "audit-log-compress",
    "audit-log-truncate-enabled",
    "audit-webhook-truncate-enabled",
    "auto-tls",
    "client-cert-auth",
    "contention-profiling",
    "enable-bootstrap-token-auth",
    "enable-debugging-handlers",
    "enable-priority-and-fairness",
    "make-iptables-util-chains",
    "peer-auto-tls",
    "peer-client-cert-auth",
    "profiling",
    "protect-kernel-defaults",
    "rotate-certificates",
    "rotate-server-certificates",
    "seccomp-default",
    "service-account-extend-token-expiration",
    "service-account-lookup",
    "use-service-account-credentials",
];

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash"];

/// The program that a container starts, and its arguments, when it is one of those that are known.
pub(super) fn read<'a>(container: &Value<'a>, image: Option<&str>) -> Option<(Program, Vec<Flag<'a>>)> {
    let list = |key| container.get(key).into_iter().flat_map(|words| words.items());
    let mut words = list("command").chain(list("args")).filter_map(|word| Some((word.as_str()?, word)));
    let (first, at) = words.next()?;
    // `--kubelet-service=kube-system/kubelet` is a flag of what the image starts, and no program.
    let program = if first.starts_with('-') { "" } else { last_part(first) };
    if let Some(program) = Program::named(program) {
        return Some((program, flags(words)));
    }
    if SHELLS.contains(&program) {
        let (script, at) = words.find(|(word, _)| !word.starts_with('-'))?;
        return in_script(script, at);
    }
    if program == "hyperkube" {
        let (name, _) = words.next()?;
        return Some((
            Program::named(name.trim_start_matches("kube-")).or_else(|| of_hyperkube(name))?,
            flags(words),
        ));
    }
    // Without a command the image decides, and the first word is already a flag.
    let repository = last_part(image?).split([':', '@']).next()?;
    let program = Program::named(repository)?;
    (first.starts_with('-') && container.get("command").is_none())
        .then(|| (program, flags(std::iter::once((first, at)).chain(words))))
}

fn of_hyperkube(name: &str) -> Option<Program> {
    match name {
        "apiserver" | "kube-apiserver" => Some(Program::ApiServer),
        "controller-manager" | "kube-controller-manager" => Some(Program::ControllerManager),
        "scheduler" | "kube-scheduler" => Some(Program::Scheduler),
        "proxy" | "kube-proxy" => Some(Program::KubeProxy),
        _ => None,
    }
}

/// A program started by a shell: the first known program at the start of a command.
fn in_script<'a>(script: &'a str, at: Value<'a>) -> Option<(Program, Vec<Flag<'a>>)> {
    let mut words =
        script.split([' ', '\t', '\n', '\r', '"', '\'']).filter(|word| !matches!(*word, "" | "\\"));
    let mut starts_command = true;
    let program = words.by_ref().find_map(|word| {
        let program = starts_command.then(|| Program::named(last_part(word))).flatten();
        starts_command = matches!(word, "exec" | "&&" | "||" | "do" | "then" | "env") || word.ends_with(';');
        program
    })?;
    let arguments = words.take_while(|word| !matches!(*word, "&&" | "||" | "|" | ";" | ">" | ">>" | "2>&1"));
    Some((program, flags(arguments.map(|word| (word.trim_end_matches(';'), at)))))
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The flags among words, as `pflag` and Go's `flag` take them apart.
pub(super) fn flags<'a>(words: impl Iterator<Item = Word<'a>>) -> Vec<Flag<'a>> {
    let mut flags = Vec::new();
    let mut words = words.peekable();
    while let Some((word, at)) = words.next() {
        if word == "--" {
            break;
        }
        let Some(flag) = word.strip_prefix('-') else {
            // Whatever is filled in here may be flags: `$EXTRA_ARGS`.
            if is_placeholder(word) {
                flags.push(Flag { name: word, value: "", at });
            }
            continue;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        flags.push(match flag.split_once('=') {
            Some((name, value)) => Flag { name, value: unquoted(value), at },
            None => {
                let switch = Flag { name: flag, value: "true", at };
                let is_switch = SWITCHES.iter().any(|name| switch.is(name));
                match words.next_if(|(next, _)| !is_switch && !next.starts_with('-')) {
                    Some((value, at)) => Flag { name: flag, value: unquoted(value), at },
                    None => switch,
                }
            }
        });
    }
    flags
}

/// Whether something fills in a text before the program sees it: `$(POD_IP)`, `${VAR}`, `$VAR`, `{{ … }}`.
pub(super) fn is_placeholder(text: &str) -> bool {
    let variable = |rest: &str| {
        rest.starts_with(|c: char| matches!(c, '(' | '{' | '_' | '@') || c.is_ascii_alphabetic())
    };
    text.contains("{{") || text.split('$').skip(1).any(variable)
}

/// A value without the quotes that a shell, or an author in the habit of shells, put around it.
fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}
