//! What probes of ports share: whether anybody answers on a port, seen from where the program runs.
//!
//! A port that refuses (a reset) on a host that answers elsewhere is closed, as far as can be seen from here. Silence is
//! something else: a filter on the way, or a host that died. Where the host itself answers before and after (whoever
//! carries attempts out asks the positive control again), it is a filter, and it says nothing about the program that may
//! listen behind it: others reach that past the filter.

use std::net::IpAddr;

use seaworthy_probe::{Answers, Ask, Attempt, Endpoint, Outcome, Reply, Request, Subject};

/// A connection to a port.
pub(crate) fn connect(endpoint: &Endpoint) -> Request {
    Request::of_port(endpoint, Ask::Connect)
}

/// What follows from a step that met a closed or filtered port, in an attempt whose positive control is on the same host;
/// `None` when something answered. `what` is what would listen there, as in "etcd".
pub(crate) fn refused(answers: &Answers, step: &'static str, port: u16, what: &str) -> Option<Outcome> {
    match answers.reply(step)? {
        Reply::Refused(_) => {
            let reason = format!("port {port} ({what}) refuses connections from here, and the host answers");
            Some(Outcome::proved(step, reason))
        }
        Reply::Silent(_) => {
            let reason = format!(
                "port {port} ({what}) is silent from here: whether something listens there, others see"
            );
            Some(Outcome::inconclusive(step, reason).needs("a run inside of the network of the nodes"))
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

    use seaworthy_probe::{Answer, Answers, Reply, Verdict};

    use super::{is_loopback, refused};

    #[test]
    fn a_refusal_is_a_closed_port_and_silence_is_nothing() {
        let judged = |reply| {
            let answer = Answer { at: String::new(), took: Duration::ZERO, reply };
            refused(&Answers(vec![("port", answer)]), "port", 2379, "etcd").map(|outcome| outcome.verdict)
        };
        assert_eq!(judged(Reply::Refused("the port is closed".to_owned())), Some(Verdict::Proved));
        assert_eq!(judged(Reply::Silent("nothing within 5 s".to_owned())), Some(Verdict::Inconclusive));
        assert_eq!(judged(Reply::Connected), None);
        assert_eq!(judged(Reply::NotAsked("the budget is spent".to_owned())), None);
    }

    #[test]
    fn addresses_of_this_machine_tell_nothing_of_others() {
        assert!(["127.0.0.1", "127.0.0.53", "::1", "localhost"].into_iter().all(is_loopback));
        assert!(!["10.0.0.5", "fd00::1", "node1"].into_iter().any(is_loopback));
    }
}
