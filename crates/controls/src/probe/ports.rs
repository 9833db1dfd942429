//! What probes of ports share: whether anybody answers on a port, seen from where the program runs.
//!
//! A port that refuses (a reset) on a host that answers elsewhere is closed, as far as can be seen from here. Silence is
//! something else: a filter on the way, or a host that died. Where the host itself answers before and after (whoever
//! carries attempts out asks the positive control again), it is a filter. That proves what is said of reach
//! ([`Filtered::Closed`]), and nothing about the program that may listen behind it ([`Filtered::Undecided`]).

use std::net::IpAddr;

use seaworthy_probe::{Answers, Ask, Attempt, Endpoint, Expectation, Outcome, Reply, Request, Step, Subject};

/// What silence on a port means, on a host that answers on another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filtered {
    /// As good as closed: the control speaks of who can reach the port.
    Closed,
    /// Nothing: the control speaks of the program, which others may reach past the filter.
    Undecided,
}

/// A connection to a port.
pub(crate) fn connect(endpoint: &Endpoint) -> Request {
    Request::of_port(endpoint, Ask::Connect)
}

/// That nothing answers on a port. `alive` is the positive control: something that answers on the same host, reached in
/// the same way. `what` is what would listen there, as in "etcd".
pub(crate) fn closed(
    subject: Subject,
    alive: (Request, Expectation),
    port: &Endpoint,
    what: &'static str,
    filtered: Filtered,
) -> Attempt {
    let number = port.port;
    let steps = vec![Step::control("alive", alive.0, alive.1), Step::ask("port", connect(port))];
    Attempt::new(subject, steps, move |answers| {
        refused(answers, "port", number, what, filtered).unwrap_or_else(|| match answers.reply("port") {
            Some(Reply::Connected | Reply::Http { .. }) => {
                Outcome::refuted("port", format!("port {number} ({what}) accepts connections from here"))
            }
            _ => answers.inconclusive("port"),
        })
    })
}

/// What follows from a step that met a closed or filtered port; `None` when something answered.
pub(crate) fn refused(
    answers: &Answers,
    step: &'static str,
    port: u16,
    what: &str,
    filtered: Filtered,
) -> Option<Outcome> {
    match (answers.reply(step)?, filtered) {
        (Reply::Refused(_), _) => Some(Outcome::proved(
            step,
            format!("port {port} ({what}) refuses connections from here, and the host answers"),
        )),
        (Reply::Silent(_), Filtered::Closed) => Some(Outcome::proved(
            step,
            format!("port {port} ({what}) is filtered on the way from here, and the host answers"),
        )),
        (Reply::Silent(_), Filtered::Undecided) => {
            let reason = format!(
                "port {port} ({what}) is filtered on the way from here: whether something listens there, others see"
            );
            Some(Outcome::inconclusive(step, reason).needs("a run of it inside the network of the nodes"))
        }
        _ => None,
    }
}

/// Whether an address is one of this machine alone, from which nothing can be told of what others reach.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What cannot be tried by an address of this machine.
pub(crate) fn on_loopback(subject: Subject, flag: &'static str) -> Attempt {
    let needs = format!("`{flag}` with an address that others reach");
    Attempt::cannot(subject, "an address of loopback tells nothing of what others reach", needs)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Endpoint, Origin, Reply, Subject, Verdict, expect};

    use super::{Filtered, closed, connect, is_loopback};

    fn judged(alive: Reply, port: Reply, filtered: Filtered) -> Verdict {
        let endpoint =
            |port| Endpoint { host: "10.0.0.5".to_owned(), port, origin: Origin::Given("--at-node") };
        let control = (connect(&endpoint(10250)), expect::connected as _);
        let attempt = closed(Subject::cluster("x"), control, &endpoint(2379), "etcd", filtered);
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        attempt.judge(&Answers(vec![("alive", answer(alive)), ("port", answer(port))])).verdict
    }

    #[test]
    fn a_closed_port_is_proved_only_on_a_host_that_answers() {
        let closed = || Reply::Refused("the port is closed".to_owned());
        let silent = || Reply::Silent("nothing within 5 s".to_owned());
        let nonsense = Reply::NotAsked("the budget is spent".to_owned());
        assert_eq!(judged(Reply::Connected, closed(), Filtered::Undecided), Verdict::Proved);
        assert_eq!(judged(closed(), closed(), Filtered::Closed), Verdict::Inconclusive);
        assert_eq!(judged(silent(), silent(), Filtered::Closed), Verdict::Inconclusive);
        assert_eq!(judged(Reply::Connected, silent(), Filtered::Closed), Verdict::Proved);
        assert_eq!(judged(Reply::Connected, silent(), Filtered::Undecided), Verdict::Inconclusive);
        assert_eq!(judged(Reply::Connected, Reply::Connected, Filtered::Closed), Verdict::Refuted);
        assert_eq!(judged(Reply::Connected, nonsense, Filtered::Closed), Verdict::Inconclusive);
    }

    #[test]
    fn addresses_of_this_machine_tell_nothing_of_others() {
        assert!(["127.0.0.1", "127.0.0.53", "::1", "localhost"].into_iter().all(is_loopback));
        assert!(!["10.0.0.5", "fd00::1", "node1"].into_iter().any(is_loopback));
    }
}
