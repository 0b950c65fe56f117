//! Journals, and the spans that they give.

use conductor_protocol::entry::Entry;
use conductor_protocol::trace::{Place, hex, of_attempt, of_step};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use super::{Batch, Followed, line};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn entries(all: &[Value]) -> Vec<Entry> {
    all.iter().map(|entry| serde_json::from_value(entry.clone()).unwrap()).collect()
}

fn shown(text: &str) -> String {
    text.replace("hunter2", "***")
}

fn read(all: &[Value]) -> Batch {
    let mut run = Followed::new("order-1");
    let mut out = Batch::default();
    for entry in entries(all) {
        run.take(&entry, &shown, &mut out);
    }
    out
}

fn started(traceparent: Option<&str>) -> Value {
    json!({"run_started": {"format": 1, "workflow": "order", "input": {}, "traceparent": traceparent, "at": 1000}})
}

fn story() -> Vec<Value> {
    let error =
        json!({"types": ["bank.Slow", "Exception"], "message": "hunter2 is slow", "stack": "at bank.py:7"});
    vec![
        started(Some(CALLER)),
        json!({"step_started": {"key": "charge", "task": "bank.charge", "attempt": 1, "at": 1010}}),
        json!({"attempt_failed": {"key": "charge", "attempt": 1, "error": error, "retry_at": 1030, "at": 1020}}),
        json!({"step_started": {"key": "charge", "task": "bank.charge", "attempt": 2, "at": 1030}}),
        json!({"run_resumed": {"epoch": 2, "session": "s", "pid": 1, "at": 1040}}),
        json!({"step_started": {"key": "charge", "task": "bank.charge", "attempt": 2, "at": 1050}}),
        json!({"step_succeeded": {"key": "charge", "attempt": 2, "output": 1, "at": 1060}}),
        json!({"step_started": {"key": "pause", "task": "", "attempt": 0, "kind": "sleep", "at": 1060}}),
        json!({"step_succeeded": {"key": "pause", "attempt": 0, "output": null, "at": 1070}}),
        json!({"run_succeeded": {"output": 1, "at": 1080}}),
    ]
}

fn named<'a>(batch: &'a Batch, id: &[u8]) -> &'a Span {
    let found: Vec<_> = batch.spans.iter().filter(|span| span.span_id == id).collect();
    assert_eq!(found.len(), 1, "{:#?}", batch.spans);
    found[0]
}

#[test]
fn a_run_is_one_tree_and_each_span_comes_once() {
    let batch = read(&story());
    let place = Place::of_run("order-1", Some(CALLER));
    let run = named(&batch, &place.span);
    assert_eq!(hex(&run.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&run.parent_span_id), "b7ad6b7169203331");
    assert_eq!(run.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["resumed"]);
    let step = named(&batch, &of_step("order-1/charge"));
    assert_eq!(step.parent_span_id, place.span);
    let (first, second) =
        (named(&batch, &of_attempt("order-1/charge", 1)), named(&batch, &of_attempt("order-1/charge", 2)));
    assert_eq!((&first.parent_span_id, &second.parent_span_id), (&step.span_id, &step.span_id));
    // Cut off and begun again under its number, it is still one.
    assert_eq!((second.start_time_unix_nano, second.end_time_unix_nano), (1_030_000_000, 1_060_000_000));
    assert_eq!(second.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["interrupted"]);
    let pause = named(&batch, &of_step("order-1/pause"));
    assert_eq!(pause.name, "sleep pause");
    assert_eq!(batch.spans.len(), 5, "{:#?}", batch.spans);
}

#[test]
fn an_error_has_its_stack_and_nothing_secret() {
    let batch = read(&story());
    let failed = named(&batch, &of_attempt("order-1/charge", 1));
    assert_eq!(failed.status.as_ref().unwrap().message, "*** is slow");
    let text = format!("{:?}", batch);
    assert!(text.contains("at bank.py:7") && !text.contains("hunter2"));
    let warned = batch.logs.iter().find(|log| log.severity_text == "WARN").unwrap();
    assert_eq!(warned.span_id, failed.span_id);
    let line: Value = serde_json::from_str(&line(warned)).unwrap();
    assert_eq!(line["message"], "attempt failed: *** is slow");
    assert_eq!(
        (&line["run"], &line["step"], &line["attempt"]),
        (&json!("order-1"), &json!("charge"), &json!(1))
    );
}

/// What was read silently before gives the same as what is read in one go.
#[test]
fn wherever_reading_begins_the_rest_is_the_same() {
    let all = entries(&story());
    let whole = read(&story());
    for cut in 0..all.len() {
        let mut run = Followed::new("order-1");
        let (mut before, mut after) = (Batch::default(), Batch::default());
        for (index, entry) in all.iter().enumerate() {
            run.take(entry, &shown, if index < cut { &mut before } else { &mut after });
        }
        let spans: Vec<_> = before.spans.iter().chain(&after.spans).collect();
        assert_eq!(spans, whole.spans.iter().collect::<Vec<_>>(), "cut at {cut}");
    }
}

#[test]
fn a_caller_that_does_not_record_is_followed() {
    let unsampled = CALLER.replace("-01", "-00");
    let batch = read(&[started(Some(&unsampled)), json!({"run_succeeded": {"output": 1, "at": 1080}})]);
    assert!(batch.spans.is_empty());
    assert_eq!(batch.logs.len(), 2);
}

#[test]
fn a_restarted_run_has_spans_of_its_own() {
    let batch = read(&[
        started(None),
        json!({"step_started": {"key": "charge", "task": "t", "attempt": 1, "at": 1010}}),
        json!({"step_succeeded": {"key": "charge", "attempt": 1, "output": 1, "at": 1020}}),
        json!({"run_succeeded": {"output": 1, "at": 1030}}),
        json!({"run_restarted": {"generation": 2, "forget": ["charge"], "at": 1040}}),
        json!({"step_started": {"key": "charge", "task": "t", "attempt": 1, "at": 1050}}),
        json!({"step_succeeded": {"key": "charge", "attempt": 1, "output": 1, "at": 1060}}),
        json!({"run_succeeded": {"output": 1, "at": 1070}}),
    ]);
    let ids: std::collections::BTreeSet<_> = batch.spans.iter().map(|span| &span.span_id).collect();
    assert_eq!((batch.spans.len(), ids.len()), (6, 6));
    assert!(ids.contains(&of_attempt("order-1/charge#2", 1).to_vec()));
}
