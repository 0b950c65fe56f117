//! What says which operations a service has: documents, descriptors, or operations written in place.
//!
//! It opens no document.

use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Kind, Node};

use super::super::fields::{Fields, Shape};
use super::super::{BAD_REQUEST, Context, GIVEN_TWICE, type_expr, value, words};
use crate::Spanned;
use crate::manifest::Id;
use crate::resource::{Api, Operation, OperationBody, Request};
use crate::types::TypeExpr;

pub(crate) const OPERATION: Shape = Shape::of(
    "an operation",
    &["id", "request", "path", "query", "headers", "body", "response", "errors", "description"],
);

/// Of which a service has one.
const SOURCES: &[&str] = &["openapi", "operations", "proto", "descriptors"];
pub(crate) const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"];

pub(super) fn api(context: &mut Context, fields: &Fields) -> Api {
    let mut given = SOURCES.iter().filter_map(|key| Some((key, fields.get(key)?)));
    if let (Some((first, earlier)), Some((second, later))) = (given.next(), given.next()) {
        let message = format!("`{first}` and `{second}` both say which operations there are");
        context.report(
            Diagnostic::error(GIVEN_TWICE, message, later.key.span, "here again")
                .label(earlier.key.span, "first here")
                .help("keep one of the two; what speaks both protocols is two resources"),
        );
    }
    let openapi = fields.get("openapi").and_then(|entry| value::name(context, entry, "a path or a URL"));
    let proto = match fields.get("proto") {
        Some(entry) => value::names(context, entry, "the path of a `.proto` file, or a list of them"),
        None => Vec::new(),
    };
    let descriptors = fields.get("descriptors").and_then(|entry| value::name(context, entry, super::A_PATH));
    let protocol = fields.get("protocol").and_then(|entry| words::choice(context, entry, words::PROTOCOLS));
    Api { openapi, operations: operations(context, fields), proto, descriptors, protocol }
}

fn operations(context: &mut Context, fields: &Fields) -> Vec<Operation> {
    let Some(entry) = fields.get("operations") else { return Vec::new() };
    match &entry.value.kind {
        Kind::List(items) => items.iter().filter_map(|item| operation(context, item)).collect(),
        Kind::Null => Vec::new(),
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, "a list of operations");
            Vec::new()
        }
    }
}

fn operation(context: &mut Context, node: &Node) -> Option<Operation> {
    let fields = Fields::read(context, node, &OPERATION)?;
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry));
    let request = fields.require(context, "request").and_then(|entry| request(context, entry));
    let path = types(context, fields.get("path"));
    let query = types(context, fields.get("query"));
    let headers = types(context, fields.get("headers"));
    let body = fields.get("body").map(|entry| match &entry.value.kind {
        Kind::Map(_) => OperationBody::Fields(types(context, Some(entry))),
        _ => OperationBody::Whole(type_expr::lower(context, &entry.value, entry.key.span)),
    });
    let response =
        fields.get("response").map(|entry| type_expr::lower(context, &entry.value, entry.key.span));
    let errors = errors(context, fields.get("errors"));
    let description = fields.get("description").and_then(|entry| value::string(context, entry));
    let (id, request) = (id?, request?);
    for (name, _) in &path {
        if !request.value.path.contains(&format!("{{{}}}", name.value)) {
            let message = format!("the path of `{}` has no `{{{}}}`", id.value, name.value);
            context.report(
                Diagnostic::error(BAD_REQUEST, message, name.span, "not a part of the path")
                    .label(request.span, "the path"),
            );
        }
    }
    Some(Operation { id, request, path, query, headers, body, response, errors, description })
}

/// `GET /users/{user_id}`
fn request(context: &mut Context, entry: &Entry) -> Option<Spanned<Request>> {
    let text = value::name(context, entry, "a method and a path, such as \"GET /users/{user_id}\"")?;
    let (method, path) = text.value.trim().split_once(char::is_whitespace).unwrap_or((&text.value, ""));
    let (method, path) = (method.to_uppercase(), path.trim().to_owned());
    let problem = if !METHODS.contains(&method.as_str()) {
        Some(format!("it begins with one of {}", METHODS.join(", ")))
    } else if !path.starts_with('/') {
        Some("after the method comes a path that begins with `/`".to_owned())
    } else if path.contains(['?', '#']) || path.contains(char::is_whitespace) {
        Some("a path has neither `?` nor `#` nor blanks; parameters go under `query`".to_owned())
    } else {
        placeholders(&path).err()
    };
    if let Some(problem) = problem {
        let message = format!("`{}` is no request", text.value);
        context.report(
            Diagnostic::error(BAD_REQUEST, message, text.span, problem)
                .help("write a method and a path, such as `GET /users/{user_id}`"),
        );
        return None;
    }
    Some(Spanned::new(Request { method, path }, text.span))
}

/// The names in braces, in order.
///
/// # Errors
/// What is wrong with the path.
pub fn placeholders(path: &str) -> Result<Vec<&str>, String> {
    let mut names: Vec<&str> = Vec::new();
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').and_then(|after| after.split_once('}'));
        let Some((name, after)) = inside else {
            return Err("each `{` needs its `}`".to_owned());
        };
        if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
            return Err("braces hold the name of a parameter: letters, digits and `_`".to_owned());
        }
        if names.contains(&name) {
            return Err(format!("`{{{name}}}` stands twice"));
        }
        names.push(name);
        rest = after;
    }
    Ok(names)
}

/// Types by name.
fn types(context: &mut Context, entry: Option<&Entry>) -> Vec<(Id, TypeExpr)> {
    let Some(entry) = entry else { return Vec::new() };
    match &entry.value.kind {
        Kind::Map(entries) => {
            let each = entries.iter().map(|entry| {
                let name = Spanned::new(entry.key.text.clone(), entry.key.span);
                (name, type_expr::lower(context, &entry.value, entry.key.span))
            });
            each.collect()
        }
        Kind::Null => Vec::new(),
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, "a mapping from names to types");
            Vec::new()
        }
    }
}

/// `errors: {UserNotFound: 404}`
fn errors(context: &mut Context, entry: Option<&Entry>) -> Vec<(Id, Spanned<String>)> {
    let Some(entry) = entry else { return Vec::new() };
    let Kind::Map(entries) = &entry.value.kind else {
        value::wrong_kind(
            context,
            &entry.value,
            entry.key.span,
            "a mapping from names of errors to statuses",
        );
        return Vec::new();
    };
    let status = |entry: &Entry| {
        let text = match &entry.value.kind {
            Kind::Int(number) => number.to_string(),
            Kind::String(scalar) => scalar.text.to_lowercase(),
            _ => String::new(),
        };
        let digits = text.strip_suffix("xx").unwrap_or(&text);
        let is_error = text.len() == 3
            && digits.starts_with(['4', '5'])
            && digits.chars().all(|digit| digit.is_ascii_digit())
            && (digits.len() == 3 || digits.len() == 1);
        let name = Spanned::new(entry.key.text.clone(), entry.key.span);
        if !is_error {
            value::wrong_kind(context, &entry.value, entry.key.span, "a status of an error: 404, or `4xx`");
            return None;
        }
        Some((name, Spanned::new(text, entry.value.span)))
    };
    entries.iter().filter_map(status).collect()
}
