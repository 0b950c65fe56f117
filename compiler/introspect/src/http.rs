//! What every HTTP operation has in common, whoever describes it: its parameters as arguments, and what its method says.
//!
//! It knows neither documents nor manifests.

use std::collections::BTreeSet;

use conductor_model::{Parameter, ParameterKind};
use conductor_protocol::plan::{Effect, HttpParameter, Place};
use conductor_protocol::types::Type;
use conductor_source::Span;

use crate::openapi::names::{identifier, unique};

/// Headers that are no parameters of a call: what is sent and read is not the caller's to say, and the runtime gives
/// the others itself.
const OWN_HEADERS: [&str; 5] = ["accept", "content-type", "traceparent", "tracestate", IDEMPOTENCY_KEY];
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Parameters as the caller sees them, and as they are sent.
#[derive(Debug, Default)]
pub struct Parameters {
    pub seen: Vec<Parameter>,
    pub sent: Vec<HttpParameter>,
    names: BTreeSet<String>,
    /// Whether the service takes an idempotency key.
    has_key: bool,
}

impl Parameters {
    /// Whether a header is no parameter of the call; `sent` are those that every request carries, in small letters.
    pub fn is_own_header(&mut self, name: &str, sent: &BTreeSet<String>) -> bool {
        let small = name.to_lowercase();
        self.has_key |= small == IDEMPOTENCY_KEY;
        OWN_HEADERS.contains(&small.as_str()) || sent.contains(&small)
    }

    /// `default` is JSON; there is one where the parameter may be left out.
    pub fn add(
        &mut self,
        place: Place,
        name: &str,
        ty: Type,
        default: Option<String>,
        explode: bool,
        span: Span,
    ) {
        let mut argument = identifier(name);
        if place == Place::Header {
            argument = argument.to_lowercase();
        }
        if self.names.contains(&argument) {
            let place = match place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
                Place::Cookie => "cookie",
                Place::Field | Place::Body => "body",
            };
            argument = format!("{argument}_{place}");
        }
        let argument = unique(&mut self.names, &argument);
        let optional = default.is_some();
        self.sent.push(HttpParameter {
            argument: argument.clone(),
            name: name.to_owned(),
            place,
            explode,
            omit_null: optional && place == Place::Field,
        });
        self.seen.push(Parameter {
            name: argument,
            kind: ParameterKind::KeywordOnly,
            annotated: ty != Type::Any,
            ty: if optional { Type::optional(ty) } else { ty },
            default,
            span,
            native: None,
        });
    }

    /// Whether one of the names is that of a parameter, or two are one argument.
    pub fn collide<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let mut taken = self.names.clone();
        names.into_iter().any(|name| !taken.insert(identifier(name)))
    }

    /// What a request of that method does to the world outside, and whether twice is as good as once (RFC 9110).
    pub fn effect(&self, method: &str) -> (Effect, Option<bool>) {
        match method {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" => (Effect::Read, None),
            "PUT" | "DELETE" => (Effect::Write, Some(true)),
            _ => (Effect::Write, self.has_key.then_some(true)),
        }
    }

    /// As the caller sees them: what may be left out comes last.
    pub fn in_order(&self) -> Vec<Parameter> {
        let mut seen = self.seen.clone();
        seen.sort_by_key(|parameter| parameter.default.is_some());
        seen
    }
}
