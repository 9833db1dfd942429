//! What only an earlier answer tells: the address of a pod that was just made, for the pod that connects to it; the name that the
//! pod of a Job was given, for whoever reads its log.

use std::net::IpAddr;

use seaworthy_probe::Answers;

/// A body in which every `${step:/pointer}` is the address at that place of the answer to an earlier step. Nothing but an address
/// is put in, so that no answer can say what is asked.
///
/// # Errors
/// When there is no such address.
pub(crate) fn fill(body: &str, answers: &Answers) -> Result<String, String> {
    filled(body, answers, |step, pointer, told| match told.parse() {
        Ok(IpAddr::V4(address)) => Ok(address.to_string()),
        Ok(IpAddr::V6(address)) => Ok(format!("[{address}]")),
        Err(_) => Err(format!("`{step}` tells no address at {pointer}")),
    })
}

/// The same of a path, with names of objects: nothing that could lead elsewhere is put in.
///
/// # Errors
/// When there is no such name.
pub(crate) fn fill_path(path: &str, answers: &Answers) -> Result<String, String> {
    filled(path, answers, |step, pointer, told| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        let begins = told.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        match begins && told.len() <= 253 && told.bytes().all(plain) {
            true => Ok(told.to_owned()),
            false => Err(format!("`{step}` tells no name at {pointer}")),
        }
    })
}

fn filled(
    text: &str,
    answers: &Answers,
    check: impl Fn(&str, &str, &str) -> Result<String, String>,
) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((place, after)) = behind.split_once('}') else { break };
        let Some((step, pointer)) = place.split_once(':') else { break };
        let told = answers.get(step).and_then(|answer| answer.json());
        let told = told.as_ref().and_then(|told| told.pointer(pointer)?.as_str()).unwrap_or_default();
        filled.push_str(before);
        filled.push_str(&check(step, pointer, told)?);
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

    #[test]
    fn nothing_but_a_name_leads_a_path() {
        let body = br#"{"items":[{"metadata":{"name":"seaworthy-probe-x-2b4kq"}},{"metadata":{"name":"../../secrets"}},
            {"metadata":{"name":""}},{"metadata":{"name":"a?b=c"}},{"metadata":{"name":"A"}}]}"#
            .to_vec();
        let reply = Reply::Http { status: 200, headers: Vec::new(), body, cut: false, tls: None };
        let answers = Answers(vec![("pods", Answer { at: String::new(), took: Duration::ZERO, reply })]);
        let of =
            |index: usize| fill_path(&format!("/pods/${{pods:/items/{index}/metadata/name}}/log"), &answers);
        assert_eq!(of(0).as_deref(), Ok("/pods/seaworthy-probe-x-2b4kq/log"));
        for index in 1..6 {
            assert!(of(index).is_err(), "{index}");
        }
    }
}
