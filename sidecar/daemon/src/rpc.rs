//! JSON-RPC 2.0 lines: taking one apart, writing one.
//!
//! It knows no method.

use std::borrow::Cow;

use conductor_journal::Refusal;
use conductor_protocol::message::code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A request, or without `id` a notification.
pub(crate) struct Incoming<'a> {
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Option<&'a RawValue>,
}

/// The answer to a request of ours.
pub(crate) struct Answered<'a> {
    pub(crate) id: &'a RawValue,
    pub(crate) result: Option<&'a RawValue>,
    pub(crate) error: Option<&'a RawValue>,
}

/// What a line may be.
pub(crate) enum Message<'a> {
    Incoming(Incoming<'a>),
    Answered(Answered<'a>),
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// An error of a response.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fault {
    pub(crate) code: i32,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

impl Fault {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), data: None }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        let data = match &refusal {
            Refusal::TooLarge { size, limit, .. } => Some(serde_json::json!({"size": size, "limit": limit})),
            _ => None,
        };
        Fault { code: refusal.code(), message: refusal.to_string(), data }
    }
}

/// Whether it is a trace context of the W3C, version 00. Others are ignored, as its recommendation says.
pub(crate) fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { return false };
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id = |part: &str, length: usize| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    version == "00" && is_id(trace, 32) && is_id(span, 16) && is_hex(flags, 2)
}

/// Takes a line apart.
pub(crate) fn parse(line: &[u8]) -> Result<Message<'_>, Fault> {
    let parsed: Line<'_> = serde_json::from_slice(line).map_err(|error| {
        if error.is_data() {
            Fault::new(code::INVALID_REQUEST, format!("not a JSON-RPC message: {error}"))
        } else {
            Fault::new(code::PARSE_ERROR, format!("not JSON: {error}"))
        }
    })?;
    if parsed.jsonrpc.as_deref() != Some("2.0") {
        return Err(Fault::new(
            code::INVALID_REQUEST,
            "not a JSON-RPC 2.0 message: \"jsonrpc\" must be \"2.0\"",
        ));
    }
    if parsed.id.is_some_and(|id| !matches!(id.get().as_bytes().first(), Some(b'"' | b'-' | b'0'..=b'9'))) {
        return Err(Fault::new(code::INVALID_REQUEST, "\"id\" must be a number or a string"));
    }
    if let (None, Some(id), true) =
        (&parsed.method, parsed.id, parsed.result.is_some() || parsed.error.is_some())
    {
        let Line { result, error, .. } = parsed;
        return Ok(Message::Answered(Answered { id, result, error }));
    }
    let Some(method) = parsed.method else {
        return Err(Fault::new(code::INVALID_REQUEST, "a message needs a \"method\""));
    };
    Ok(Message::Incoming(Incoming { id: parsed.id, method, params: parsed.params }))
}

/// The parameters of a message in their type.
pub(crate) fn params<'a, T: Deserialize<'a>>(incoming: &Incoming<'a>) -> Result<T, Fault> {
    let text = incoming.params.map_or("{}", RawValue::get);
    serde_json::from_str(text).map_err(|error| {
        Fault::new(code::INVALID_PARAMS, format!("parameters of {}: {error}", incoming.method))
    })
}

#[derive(Serialize)]
struct Answer<'a, T> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    result: T,
}

#[derive(Serialize)]
struct Failure<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    error: &'a Fault,
}

#[derive(Serialize)]
struct Request<'a, T> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: T,
}

#[derive(Serialize)]
struct Notice<'a, T> {
    jsonrpc: &'static str,
    method: &'a str,
    params: T,
}

fn write<T: Serialize>(out: &mut Vec<u8>, message: &T) {
    // Writing to memory fails only for maps with keys that are not strings, and no message has one.
    if serde_json::to_writer(&mut *out, message).is_ok() {
        out.push(b'\n');
    }
}

pub(crate) fn answer<T: Serialize>(out: &mut Vec<u8>, id: Option<&RawValue>, result: T) {
    write(out, &Answer { jsonrpc: "2.0", id, result });
}

pub(crate) fn fault(out: &mut Vec<u8>, id: Option<&RawValue>, error: &Fault) {
    write(out, &Failure { jsonrpc: "2.0", id, error });
}

pub(crate) fn request<T: Serialize>(out: &mut Vec<u8>, id: u64, method: &str, params: T) {
    write(out, &Request { jsonrpc: "2.0", id, method, params });
}

pub(crate) fn notice<T: Serialize>(out: &mut Vec<u8>, method: &str, params: T) {
    write(out, &Notice { jsonrpc: "2.0", method, params });
}
