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
    let text = metrics(answers, step)?;
    Some(samples(&text, counter).map(|sample| sample.value).sum())
}

/// The metrics that answered a step, when they are whole and those of an API server: without its own, something else has
/// answered.
pub(crate) fn metrics(answers: &Answers, step: &str) -> Option<String> {
    let answer = answers.get(step).filter(|answer| answer.status() == Some(200))?;
    let text = answer.text();
    (text.len() < MOST && text.contains("\napiserver_request_total")).then_some(text)
}

/// One line of metrics.
pub(crate) struct Sample<'t> {
    labels: &'t str,
    pub(crate) value: f64,
}

impl Sample<'_> {
    /// A label by its name.
    pub(crate) fn label(&self, name: &str) -> Option<String> {
        let mut rest = self.labels;
        loop {
            let (known, after) = rest.split_once("=\"")?;
            let (mut value, mut is_escaped, mut end) = (String::new(), false, None);
            for (index, char) in after.char_indices() {
                match char {
                    '\\' if !is_escaped => is_escaped = true,
                    '"' if !is_escaped => {
                        end = Some(index + 1);
                        break;
                    }
                    _ => {
                        value.push(char);
                        is_escaped = false;
                    }
                }
            }
            if known.trim_start_matches(',') == name {
                return Some(value);
            }
            rest = &after[end?..];
        }
    }

    /// Whether a label has a value.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.label(name).is_some_and(|known| known == value)
    }
}

/// All lines of a metric.
pub(crate) fn samples<'t>(text: &'t str, metric: &str) -> impl Iterator<Item = Sample<'t>> {
    text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(metric)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(labels) => labels.rsplit_once("} ")?,
            None => ("", rest.strip_prefix(' ')?),
        };
        Some(Sample { labels, value: rest.split(' ').next()?.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Reply};

    use super::{samples, sum};

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
    fn labels_are_read_with_what_is_escaped_in_them() {
        let text = "n{a=\"x\",b=\"y\\\"z,a=\\\"no\\\"\",c=\"\"} 2\nn 3\nno{a=\"x\"} 4\n";
        let all: Vec<_> = samples(text, "n").collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].label("a").as_deref(), Some("x"));
        assert_eq!(all[0].label("b").as_deref(), Some("y\"z,a=\"no\""));
        assert_eq!(all[0].label("c").as_deref(), Some(""));
        assert_eq!(all[0].label("d"), None);
        assert!(all[1].label("a").is_none() && (all[1].value - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_are_no_metrics_of_an_api_server_has_no_counters() {
        assert_eq!(sum(&answers(403, "errors 1\napiserver_request_total 9\n"), "metrics", "errors"), None);
        assert_eq!(sum(&answers(200, "<html>"), "metrics", "errors"), None);
        assert_eq!(sum(&Answers::default(), "metrics", "errors"), None);
    }
}
