//! Counters that a server tells at `/metrics`.

use seaworthy_probe::{Answers, Identity, Request};

use super::Ground;

/// Most bytes of metrics: a server tells some megabytes of them, and more in a large cluster.
const MOST: usize = 64 << 20;

/// Asks for all of them. The name keeps one moment from being taken for another.
pub(crate) fn request(ground: &Ground<'_, '_>, moment: &str) -> Request {
    Request::get(format!("/metrics?seaworthy-probe={}.{moment}", ground.run)).by(Identity::Caller).most(MOST)
}

/// The sum of a counter over all its labels; `None` when a step was not answered with metrics that are whole. A counter
/// that has never counted anything may be missing: that is zero.
pub(crate) fn sum(answers: &Answers, step: &str, counter: &str) -> Option<f64> {
    let answer = answers.get(step).filter(|answer| answer.status() == Some(200))?;
    let text = answer.text();
    // Metrics of any API server; without it, something else has answered, or the answer was cut.
    if text.len() >= MOST || !text.contains("\napiserver_request_total") {
        return None;
    }
    let of = |line: &str| -> Option<f64> {
        let rest = line.strip_prefix(counter)?;
        let rest = match rest.strip_prefix('{') {
            Some(labels) => labels.rsplit_once("} ")?.1,
            None => rest.strip_prefix(' ')?,
        };
        rest.split(' ').next()?.parse().ok()
    };
    Some(text.lines().filter_map(of).sum())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Reply};

    use super::sum;

    fn answers(status: u16, body: &str) -> Answers {
        let reply = Reply::Http {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            cut: false,
            tls: None,
        };
        Answers(vec![("metrics", Answer { at: String::new(), took: Duration::ZERO, reply })])
    }

    #[test]
    fn counters_are_summed_over_their_labels() {
        let body = "# TYPE errors counter\nerrors{plugin=\"log\"} 2\nerrors{plugin=\"a } b\"} 1.5\nerrors_more 7\n\
                    apiserver_request_total 9\n";
        assert_eq!(sum(&answers(200, body), "metrics", "errors"), Some(3.5));
        assert_eq!(sum(&answers(200, body), "metrics", "errors_more"), Some(7.0));
        assert_eq!(sum(&answers(200, body), "metrics", "none"), Some(0.0));
    }

    #[test]
    fn what_are_no_metrics_of_an_api_server_has_no_counters() {
        assert_eq!(sum(&answers(403, "errors 1\napiserver_request_total 9\n"), "metrics", "errors"), None);
        assert_eq!(sum(&answers(200, "<html>"), "metrics", "errors"), None);
        assert_eq!(sum(&Answers::default(), "metrics", "errors"), None);
    }
}
