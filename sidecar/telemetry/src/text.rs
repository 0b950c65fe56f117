//! The forms in which metrics are read: OpenMetrics, the older text that `promtool` reads, and Prometheus's protobuf, which alone
//! has native histograms.
//!
//! It knows no metric.

use std::collections::BTreeMap;

use prometheus_client::encoding::{prometheus_protobuf, text};
use prometheus_client::registry::Registry;

/// A form of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    OpenMetrics,
    Text,
    Protobuf,
}

impl Form {
    /// What the reader can read of these, by its `Accept` header: the form with the most in it.
    #[must_use]
    pub fn accepted(accept: &str) -> Form {
        if accept.contains("application/vnd.google.protobuf")
            && accept.contains("io.prometheus.client.MetricFamily")
        {
            Form::Protobuf
        } else if accept.contains("application/openmetrics-text") {
            Form::OpenMetrics
        } else {
            Form::Text
        }
    }

    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Form::Text => "text/plain; version=0.0.4; charset=utf-8",
            Form::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }
}

pub(crate) fn encode(registry: &Registry, form: Form) -> Result<Vec<u8>, std::fmt::Error> {
    if form == Form::Protobuf {
        return prometheus_protobuf::encode_to_vec(registry).map_err(|_| std::fmt::Error);
    }
    let mut out = String::new();
    text::encode(&mut out, registry)?;
    Ok(if form == Form::Text { older(&out) } else { out }.into_bytes())
}

/// OpenMetrics in the older form: a family is named as its samples are, an info is a gauge, and there are neither units nor
/// exemplars.
fn older(text: &str) -> String {
    let types: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            out.push_str(without_exemplar(line));
            out.push('\n');
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (Some(what @ ("HELP" | "TYPE")), Some(name), rest) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let (end, kind) = match types.get(name) {
            Some(&"counter") => ("_total", "counter"),
            Some(&"info") => ("_info", "gauge"),
            Some(&"unknown") | None => ("", "untyped"),
            Some(kind) => ("", *kind),
        };
        let rest = if what == "TYPE" { kind } else { rest.unwrap_or_default() };
        out.push_str(&format!("# {what} {name}{end} {rest}\n"));
    }
    out
}

/// A sample's line up to its exemplar, which begins after the value: not inside of a label.
fn without_exemplar(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (index, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'#' if !quoted => return line[..index].trim_end(),
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Form, older};

    #[test]
    fn the_richest_form_is_given_that_is_asked_for() {
        let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
        assert_eq!(Form::accepted(prometheus), Form::OpenMetrics);
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain";
        assert_eq!(Form::accepted(native), Form::Protobuf);
        assert_eq!(Form::accepted("*/*"), Form::Text);
    }

    #[test]
    fn the_older_text_has_names_with_total_and_no_exemplars() {
        let text = "# HELP a_b Counts.\n# TYPE a_b counter\na_b_total{x=\"a # \\\"b\"} 1 # {trace_id=\"00\"} 1.0\n# EOF\n";
        let wanted = "# HELP a_b_total Counts.\n# TYPE a_b_total counter\na_b_total{x=\"a # \\\"b\"} 1\n";
        assert_eq!(older(text), wanted);
    }
}
