//! Whether a proxy of kubectl runs on this machine, and for whom it listens.

use seaworthy_probe::{
    Answers, Ask, Attempt, Consent, Endpoint, Origin, Outcome, Reply, Request, SideEffect, Step, Subject,
};

use crate::probe::{Ground, Probe};

pub(super) const PROBE: Probe = Probe {
    name: "this-machine",
    asks: "Nobody GETs `/api` by plain http of ports 8001 and 8080 of loopback on this machine, and reads in `/proc/net` who listens \
           on them",
    proved_by: "ports that are closed, and on which nothing listens at any address",
    refuted_by: "an answer of the API by plain http, on a port that is open to others as well",
    not_fooled_by: "a proxy that listens on another address than loopback, or another program on the port: both stand in \
                    `/proc/net`, and nothing is concluded. So it is of a proxy on loopback alone, by which all users of this \
                    machine act as whoever started it. Proxies of other ports are not seen",
    positive_control: "`/proc/net/tcp` is read",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan,
};

/// Most bytes of a list of sockets.
const MOST: u64 = 8 << 20;

const PORTS: [(&str, u16); 2] = [("port-8001", 8001), ("port-8080", 8080)];

fn plan(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let sockets = |path| Request::of_file(path, Ask::Text { most: MOST });
    let mut steps = vec![
        Step::control("sockets", sockets("/proc/net/tcp"), |answer| match answer.reply {
            Reply::Lines(_) => Ok(()),
            _ => Err(answer.summary()),
        }),
        // There is none where the kernel knows no IPv6.
        Step::ask("sockets-6", sockets("/proc/net/tcp6")),
    ];
    steps.extend(PORTS.map(|(step, port)| {
        let here = Endpoint { host: "127.0.0.1".to_owned(), port, origin: Origin::Given("this machine") };
        Step::ask(step, Request::get("/api").plain().at(&here).most(1 << 16))
    }));
    vec![Attempt::new(Subject::cluster("this machine"), steps, judge)]
}

fn judge(answers: &Answers) -> Outcome {
    if !matches!(answers.reply("sockets-6"), Some(Reply::Lines(_) | Reply::Absent)) {
        return answers.inconclusive("sockets-6");
    }
    let lines = || answers.lines("sockets").iter().chain(answers.lines("sockets-6"));
    let mut open = None;
    for (step, port) in PORTS {
        let listeners: Vec<bool> = lines().filter_map(|line| listener(line, port)).collect();
        let beyond = listeners.contains(&false);
        let json = answers.get(step).and_then(|answer| answer.json());
        let kind = json.as_ref().and_then(|json| json.get("kind")).and_then(|kind| kind.as_str());
        match (kind, answers.reply(step)) {
            (Some("APIVersions" | "Status"), _) if beyond => {
                let reason = format!(
                    "port {port} answers for the API by plain http, and not on loopback alone: whoever reaches it acts as whoever \
                     started a proxy"
                );
                return Outcome::refuted(step, reason);
            }
            (Some("APIVersions" | "Status"), _) => {
                let reason = format!(
                    "port {port} answers for the API on loopback alone: all users of this machine act as whoever started a proxy"
                );
                open = Some(
                    Outcome::inconclusive(step, reason)
                        .needs("the end of the proxy, or a machine with one user"),
                );
            }
            (_, Some(Reply::Refused(_))) if listeners.is_empty() => {}
            (_, Some(Reply::Refused(_))) => {
                let reason = format!("something listens on port {port} at another address than loopback");
                open = open.or(Some(Outcome::inconclusive(step, reason).needs("whether it is a proxy")));
            }
            _ => open = open.or(Some(answers.inconclusive(step))),
        }
    }
    open.unwrap_or_else(|| {
        Outcome::proved("port-8001", "no proxy listens on its usual ports of this machine")
    })
}

/// Whether a line of `/proc/net/tcp` or `tcp6` is a socket that listens on a port, and whether on loopback alone.
fn listener(line: &str, port: u16) -> Option<bool> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (address, of) = fields.next()?.split_once(':')?;
    if fields.nth(1)? != LISTEN || u16::from_str_radix(of, 16).ok()? != port {
        return None;
    }
    // Each group of four bytes is in the order of the machine, which is little-endian wherever this runs.
    Some(match address.len() {
        8 => address.ends_with("7F"),
        _ => {
            address == "00000000000000000000000001000000"
                || address.starts_with("0000000000000000FFFF0000") && address.ends_with("7F")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Verdict};

    use super::*;

    #[test]
    fn sockets_that_listen_are_told_from_others() {
        let line = |address: &str, state: &str| {
            format!("   0: {address}:1F41 00000000:0000 {state} 00000000:00000000 00:0 0 0")
        };
        assert_eq!(listener(&line("0100007F", "0A"), 8001), Some(true));
        assert_eq!(listener(&line("00000000", "0A"), 8001), Some(false));
        assert_eq!(listener(&line("0500000A", "0A"), 8001), Some(false));
        assert_eq!(listener(&line("0100007F", "01"), 8001), None);
        assert_eq!(listener(&line("0100007F", "0A"), 8080), None);
        assert_eq!(listener(&line("00000000000000000000000001000000", "0A"), 8001), Some(true));
        assert_eq!(listener(&line("0000000000000000FFFF00000100007F", "0A"), 8001), Some(true));
        assert_eq!(listener(&line("00000000000000000000000000000000", "0A"), 8001), Some(false));
        assert_eq!(listener("  sl  local_address rem_address   st tx_queue", 8001), None);
    }

    /// A closed port of loopback says nothing of a proxy at another address.
    #[test]
    fn a_port_is_closed_when_nothing_listens_on_it_anywhere() {
        let verdict = |sockets: &[&str], first: Reply| {
            let lines = Reply::Lines(sockets.iter().map(|line| (*line).to_owned()).collect());
            let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
            let closed = Reply::Refused("the port is closed".to_owned());
            let steps = [
                ("sockets", lines),
                ("sockets-6", Reply::Absent),
                ("port-8001", first),
                ("port-8080", closed),
            ];
            judge(&Answers(steps.into_iter().map(|(step, reply)| (step, answer(reply))).collect())).verdict
        };
        let api = || Reply::Http {
            status: 200,
            headers: Vec::new(),
            body: br#"{"kind": "APIVersions"}"#.to_vec(),
            cut: false,
            tls: None,
        };
        let closed = || Reply::Refused("the port is closed".to_owned());
        let (own, all) = ("0: 0100007F:1F41 00000000:0000 0A", "0: 00000000:1F41 00000000:0000 0A");
        assert_eq!(verdict(&[], closed()), Verdict::Proved);
        assert_eq!(verdict(&[all], closed()), Verdict::Inconclusive);
        assert_eq!(verdict(&[own], api()), Verdict::Inconclusive);
        assert_eq!(verdict(&[all], api()), Verdict::Refuted);
        assert_eq!(verdict(&[], Reply::Silent("nothing".to_owned())), Verdict::Inconclusive);
    }
}
