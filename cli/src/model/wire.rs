//! Questions and answers in the two formats that models speak.
//!
//! It sends nothing.

use serde_json::{Value, json};

use super::endpoint::{Endpoint, Format};
use super::{Model, Question};
use crate::exit::Failure;

/// The name of what the model is made to give.
const ANSWER: &str = "answer";
/// Of one answer, in tokens.
const MOST_TOKENS: u32 = 8192;

pub(super) enum Header {
    Text(&'static str),
    /// The key, after what stands before it.
    Key(&'static str),
}

pub(super) fn headers(endpoint: &Endpoint) -> Vec<(&'static str, Header)> {
    let json = ("content-type", Header::Text("application/json"));
    match endpoint.format {
        Format::OpenAi => vec![json, ("authorization", Header::Key("Bearer "))],
        Format::Anthropic => {
            vec![json, ("anthropic-version", Header::Text("2023-06-01")), ("x-api-key", Header::Key(""))]
        }
    }
}

pub(super) fn body(model: &Model, question: &Question) -> String {
    let body = match model.endpoint.format {
        Format::OpenAi => openai(model, question),
        Format::Anthropic => anthropic(model, question),
    };
    serde_json::to_string_pretty(&body).unwrap_or_default()
}

fn openai(model: &Model, question: &Question) -> Value {
    let mut messages = vec![json!({"role": "system", "content": question.system})];
    for (number, turn) in question.turns.iter().enumerate() {
        messages.push(json!({"role": if number % 2 == 0 { "user" } else { "assistant" }, "content": turn}));
    }
    let mut body = json!({
        "model": model.name,
        "messages": messages,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": ANSWER, "schema": question.schema},
        },
    });
    // The vendor's models that think refuse both.
    if !model.endpoint.is_vendor {
        body["temperature"] = json!(0);
        body["max_tokens"] = json!(MOST_TOKENS);
    }
    body
}

fn anthropic(model: &Model, question: &Question) -> Value {
    let mut messages = Vec::new();
    let mut used = None;
    for (number, turn) in question.turns.iter().enumerate() {
        let id = format!("{ANSWER}_{number}");
        if number % 2 == 1 {
            // What was no object was not given by the tool.
            let input = serde_json::from_str::<Value>(turn).ok().filter(Value::is_object);
            let content = match &input {
                Some(input) => json!([{"type": "tool_use", "id": id, "name": ANSWER, "input": input}]),
                None => json!(turn),
            };
            used = input.map(|_| id);
            messages.push(json!({"role": "assistant", "content": content}));
        } else {
            let content = match used.take() {
                Some(id) => {
                    json!([{"type": "tool_result", "tool_use_id": id, "is_error": true, "content": turn}])
                }
                None => json!(turn),
            };
            messages.push(json!({"role": "user", "content": content}));
        }
    }
    json!({
        "model": model.name,
        "max_tokens": MOST_TOKENS,
        "system": question.system,
        "messages": messages,
        "tools": [{"name": ANSWER, "description": "Takes the answer.", "input_schema": question.schema}],
        "tool_choice": {"type": "tool", "name": ANSWER},
    })
}

/// The answer in a response.
pub(super) fn read(model: &Model, response: &str) -> Result<String, Failure> {
    let failed = |what: &str| Failure::environment(format!("the model `{}` {what}", model.name));
    let response: Value = serde_json::from_str(response).map_err(|_| {
        failed("answered with what is no JSON").help(format!("is {} its endpoint?", model.endpoint.url))
    })?;
    let (answer, end, refusal) = match model.endpoint.format {
        Format::OpenAi => {
            let choice = &response["choices"][0];
            let message = &choice["message"];
            (text(&message["content"]), &choice["finish_reason"], text(&message["refusal"]))
        }
        Format::Anthropic => {
            let parts = response["content"].as_array().map(Vec::as_slice).unwrap_or_default();
            let used =
                parts.iter().find(|part| part["type"] == "tool_use").map(|part| part["input"].to_string());
            let said: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            let is_refused = response["stop_reason"] == "refusal";
            let refusal = is_refused.then(|| said.clone());
            (used.or(Some(said).filter(|said| !said.is_empty())), &response["stop_reason"], refusal)
        }
    };
    if let Some(refusal) = refusal {
        return Err(failed(&format!("refuses: {}", super::sending::brief(&refusal))));
    }
    match end.as_str() {
        Some("length" | "max_tokens") => Err(failed("did not come to the end of its answer")),
        Some("content_filter") => Err(failed("refuses: its filter keeps the answer back")),
        _ => answer.ok_or_else(|| {
            failed("answered with JSON that is not of its format")
                .help(format!("is {} its endpoint?", model.endpoint.url))
        }),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
