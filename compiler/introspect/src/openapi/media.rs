//! Media types and styles: in which form values are sent and answered.
//!
//! It knows no schemas.

use conductor_protocol::plan::{BodyForm, Place};
use conductor_protocol::types::Type;

use super::documents::At;
use crate::document::Node;

/// The body of a request.
pub enum Body<'a> {
    None,
    /// With its schema, where there is one.
    Of(BodyForm, Option<At<'a>>),
    /// A media type that is not sent.
    Other(&'a str),
}

/// The body of a response.
pub enum Media<'a> {
    Nothing,
    Json(Option<At<'a>>),
    Text,
    Other,
}

/// JSON is taken before a form, where both are.
pub fn body<'a>(at: At<'a>) -> Body<'a> {
    let content = at.node.entries_at("content");
    let of = |wanted: fn(&str) -> bool| content.iter().find(|entry| wanted(essence(&entry.key)));
    let schema = |node: &'a Node| node.get("schema").map(|schema| at.with(schema));
    if let Some(entry) = of(is_json).or_else(|| of(|media| media == "*/*" || media == "application/*")) {
        return Body::Of(BodyForm::Json, schema(&entry.value));
    }
    if let Some(entry) = of(|media| media == "application/x-www-form-urlencoded") {
        return Body::Of(BodyForm::Form, schema(&entry.value));
    }
    content.first().map_or(Body::None, |entry| Body::Other(&entry.key))
}

pub fn response<'a>(at: At<'a>) -> Media<'a> {
    let content = at.node.entries_at("content");
    let of = |wanted: fn(&str) -> bool| content.iter().find(|entry| wanted(essence(&entry.key)));
    let json = of(is_json).or_else(|| of(|media| media == "*/*" || media == "application/*"));
    match (json, content.is_empty()) {
        (Some(entry), _) => Media::Json(entry.value.get("schema").map(|schema| at.with(schema))),
        (None, true) => Media::Nothing,
        (None, false) if of(|media| media.starts_with("text/")).is_some() => Media::Text,
        (None, false) => Media::Other,
    }
}

/// Without parameters such as `charset`.
fn essence(media: &str) -> &str {
    media.split(';').next().unwrap_or(media).trim()
}

fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json") || media == "text/json"
}

/// # Errors
/// Why a parameter that is written so is not sent, whatever its type.
pub fn style(parameter: &Node, place: Place) -> Result<(), String> {
    if parameter.get("content").is_some() {
        return Err("is a document of its own (`content`)".to_owned());
    }
    match parameter.text_at("style") {
        Some(style) if style != usual(place) => Err(format!("is written in the style `{style}`")),
        _ => Ok(()),
    }
}

/// Whether each item of a list is a parameter of its own.
///
/// # Errors
/// Why it cannot be sent.
pub fn explode(parameter: &Node, place: Place, ty: &Type) -> Result<bool, String> {
    let is_form = usual(place) == "form";
    let explode = parameter.get("explode").map_or(is_form, Node::is_true);
    match ty.non_null() {
        Type::Map(_) | Type::Record(_) => Err("is an object".to_owned()),
        Type::List(_) => Ok(explode && is_form),
        _ => Ok(false),
    }
}

fn usual(place: Place) -> &'static str {
    if matches!(place, Place::Query | Place::Cookie) { "form" } else { "simple" }
}

/// Whether a schema is that of an object, which no parameter can be.
pub fn is_object(schema: &Node) -> bool {
    schema.text_at("type") == Some("object") || schema.get("properties").is_some()
}
