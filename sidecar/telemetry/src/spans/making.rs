//! How a span and a log record look: names, attributes, status and events by OpenTelemetry's conventions.
//!
//! It knows no order of entries.

use conductor_protocol::entry::{Kind, UnixMillis};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::trace::{SpanId, hex};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::{Ending, Followed, Hide};

/// Bytes of a text that go to a collector at most: the journal has the whole.
const LONGEST: usize = 16 << 10;

/// The flag of the W3C for what is recorded.
const SAMPLED: u32 = 1;

/// What a span is about.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) id: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) from: UnixMillis,
    pub(super) to: UnixMillis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Info,
    Warn,
    Error,
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Sleep => "sleep",
        Kind::WaitFor => "wait_for",
        Kind::Emit => "emit",
    }
}

pub(super) fn name_of(key: &str, kind: Option<&'static str>) -> String {
    kind.map_or_else(|| key.to_owned(), |kind| format!("{kind} {key}"))
}

fn nanos(at: UnixMillis) -> u64 {
    u64::try_from(at).unwrap_or(0).saturating_mul(1_000_000)
}

pub(crate) fn text(value: &str) -> AnyValue {
    let mut end = value.len().min(LONGEST);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    AnyValue { value: Some(Value::StringValue(value[..end].to_owned())) }
}

fn number(value: u64) -> AnyValue {
    AnyValue { value: Some(Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX))) }
}

pub(crate) fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn of_run(run: &Followed) -> Vec<KeyValue> {
    let mut attributes =
        vec![pair("conductor.workflow", text(&run.workflow)), pair("conductor.run", text(&run.run))];
    if run.generation > 1 {
        attributes.push(pair("conductor.generation", number(run.generation.into())));
    }
    attributes
}

/// The attributes of an error, as the conventions for exceptions name them.
fn of_error(error: &ErrorForm, hide: Hide<'_>) -> Vec<KeyValue> {
    let mut attributes = vec![
        pair("exception.type", text(error.types.first().map_or("", String::as_str))),
        pair("exception.message", text(&hide(&error.message))),
    ];
    if let Some(code) = &error.code {
        attributes.push(pair("conductor.error.code", text(&hide(code))));
    }
    if let Some(stack) = &error.stack {
        attributes.push(pair("exception.stacktrace", text(&hide(stack))));
    }
    attributes
}

/// A span that is being filled.
pub(super) struct Filled(Span);

impl Filled {
    pub(super) fn new(draft: Draft, run: &Followed) -> Filled {
        Filled(Span {
            trace_id: run.place.trace.to_vec(),
            span_id: draft.id.to_vec(),
            parent_span_id: draft.parent.map(|id| id.to_vec()).unwrap_or_default(),
            flags: SAMPLED,
            name: draft.name,
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanos(draft.from),
            // Clocks of two processes may differ: no span ends before it begins.
            end_time_unix_nano: nanos(draft.to.max(draft.from)),
            attributes: of_run(run),
            ..Span::default()
        })
    }

    fn put(&mut self, key: &str, value: AnyValue) -> &mut Filled {
        self.0.attributes.push(pair(key, value));
        self
    }

    pub(super) fn of_step(&mut self, key: &str, task: &str) -> &mut Filled {
        self.put("conductor.step", text(key)).put("conductor.task", text(task))
    }

    pub(super) fn attempt(&mut self, attempt: u32) -> &mut Filled {
        self.put("conductor.attempt", number(attempt.into()))
    }

    pub(super) fn kind(&mut self, kind: Option<&'static str>) -> &mut Filled {
        if let Some(kind) = kind {
            self.put("conductor.kind", text(kind));
        }
        self
    }

    pub(super) fn ended(&mut self, ending: &Ending<'_>, hide: Hide<'_>) {
        self.put("conductor.outcome", text(ending.outcome));
        let Some(error) = ending.error else {
            if ending.outcome == "succeeded" {
                self.0.status = Some(Status { code: StatusCode::Ok.into(), message: String::new() });
            }
            return;
        };
        self.put("error.type", text(error.types.first().map_or("_OTHER", String::as_str)));
        let AnyValue { value: Some(Value::StringValue(message)) } = text(&hide(&error.message)) else {
            return;
        };
        self.0.status = Some(Status { code: StatusCode::Error.into(), message });
        self.0.events.push(Event {
            time_unix_nano: nanos(ending.at),
            name: "exception".to_owned(),
            attributes: of_error(error, hide),
            ..Event::default()
        });
    }

    pub(super) fn event(&mut self, name: &str, at: UnixMillis) {
        self.0.events.push(Event { time_unix_nano: nanos(at), name: name.to_owned(), ..Event::default() });
    }

    pub(super) fn finish(self) -> Span {
        self.0
    }
}

/// A log record that is being filled.
pub(super) struct Said(LogRecord);

impl Said {
    pub(super) fn new(run: &Followed, level: Level, event: &'static str, more: &str, at: UnixMillis) -> Said {
        let (severity_number, severity_text) = match level {
            Level::Info => (9, "INFO"),
            Level::Warn => (13, "WARN"),
            Level::Error => (17, "ERROR"),
        };
        let body = if more.is_empty() { event.to_owned() } else { format!("{event}: {more}") };
        Said(LogRecord {
            time_unix_nano: nanos(at),
            observed_time_unix_nano: nanos(at),
            severity_number,
            severity_text: severity_text.to_owned(),
            body: Some(text(&body)),
            attributes: of_run(run),
            flags: u32::from(run.place.sampled),
            trace_id: run.place.trace.to_vec(),
            event_name: format!("conductor.{}", event.replace(' ', "_")),
            ..LogRecord::default()
        })
    }

    pub(super) fn step(&mut self, key: &str) -> &mut Said {
        self.0.attributes.push(pair("conductor.step", text(key)));
        self
    }

    pub(super) fn attempt(&mut self, attempt: u32) -> &mut Said {
        self.0.attributes.push(pair("conductor.attempt", number(attempt.into())));
        self
    }

    pub(super) fn epoch(&mut self, epoch: u64) {
        self.0.attributes.push(pair("conductor.epoch", number(epoch)));
    }

    pub(super) fn error(&mut self, error: &ErrorForm, hide: Hide<'_>) {
        self.0.attributes.extend(of_error(error, hide));
    }

    pub(super) fn finish(mut self, span: SpanId) -> LogRecord {
        self.0.span_id = span.to_vec();
        self.0
    }
}

/// A log record as one line of JSON.
#[must_use]
pub fn line(record: &LogRecord) -> String {
    let plain = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => serde_json::Value::from(text.as_str()),
        Some(Value::IntValue(number)) => serde_json::Value::from(*number),
        _ => serde_json::Value::Null,
    };
    let mut fields = serde_json::Map::new();
    fields.insert("time_unix_ms".to_owned(), (record.time_unix_nano / 1_000_000).into());
    fields.insert("level".to_owned(), record.severity_text.as_str().into());
    fields.insert("message".to_owned(), plain(&record.body));
    fields.insert("trace_id".to_owned(), hex(&record.trace_id).into());
    fields.insert("span_id".to_owned(), hex(&record.span_id).into());
    for attribute in &record.attributes {
        let name = attribute.key.strip_prefix("conductor.").unwrap_or(&attribute.key);
        fields.insert(name.to_owned(), plain(&attribute.value));
    }
    serde_json::Value::Object(fields).to_string()
}
