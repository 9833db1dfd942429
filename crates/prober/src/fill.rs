//! Addresses that only an earlier answer tells: of a pod that was just made, for the pod that connects to it.

use std::net::IpAddr;

use seaworthy_probe::Answers;

/// A body in which every `${step:/pointer}` is the address at that place of the answer to an earlier step. Nothing but an address
/// is put in, so that no answer can say what is asked.
///
/// # Errors
/// When there is no such address.
pub(crate) fn fill(body: &str, answers: &Answers) -> Result<String, String> {
    let mut filled = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((place, after)) = behind.split_once('}') else { break };
        let Some((step, pointer)) = place.split_once(':') else { break };
        let told = answers.get(step).and_then(|answer| answer.json());
        let address = told.as_ref().and_then(|told| told.pointer(pointer)?.as_str()).unwrap_or_default();
        let address: IpAddr =
            address.parse().map_err(|_| format!("`{step}` tells no address at {pointer}"))?;
        filled.push_str(before);
        match address {
            IpAddr::V4(address) => filled.push_str(&address.to_string()),
            IpAddr::V6(address) => filled.push_str(&format!("[{address}]")),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Reply};

    use super::*;

    #[test]
    fn nothing_but_an_address_is_put_in() {
        let body = br#"{"status":{"podIP":"10.244.0.7","phase":"\",\"x\":\""}}"#.to_vec();
        let reply = Reply::Http { status: 200, headers: Vec::new(), body, cut: false, tls: None };
        let answers = Answers(vec![("pod", Answer { at: String::new(), took: Duration::ZERO, reply })]);
        let filled = fill(r#"["${pod:/status/podIP}:80","$"]"#, &answers);
        assert_eq!(filled.as_deref(), Ok(r#"["10.244.0.7:80","$"]"#));
        assert!(fill("${pod:/status/phase}", &answers).is_err());
        assert!(fill("${none:/status/podIP}", &answers).is_err());
    }
}
