//! One operation of a document as a signature.
//!
//! It does not know by which name it was asked for.

use std::collections::BTreeSet;

use conductor_model::{Callee, Lookup, Signature};
use conductor_protocol::plan::{BodyForm, HttpError, HttpOperation, HttpParameter, Place};
use conductor_protocol::types::Type;
use conductor_source::Span;

use super::documents::{At, Documents, Stop};
use super::find::Found;
use super::media::{self, Body, Media};
use super::names::{identifier, pascal};
use super::schema::{Schemas, properties};
use super::union::{joined, told_apart};
use crate::document::Node;
use crate::http::Parameters;

pub struct Reader<'a> {
    pub documents: &'a Documents,
    pub schemas: &'a mut Schemas,
    pub resource: &'a str,
    /// Headers that every request carries, in small letters.
    pub sent: &'a BTreeSet<String>,
}

/// Why an operation cannot be called.
enum Refused {
    Stop(Stop),
    /// As in "an operation whose body is ...".
    NotCallable(String, Span),
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Refused {
        Refused::Stop(stop)
    }
}

impl Reader<'_> {
    pub fn lookup(&mut self, found: &Found<'_>) -> Lookup {
        match self.signature(found) {
            Ok(signature) => Lookup::Found(Box::new(signature)),
            Err(Refused::NotCallable(what, span)) => Lookup::NotCallable { what, span },
            Err(Refused::Stop(stop)) => unreadable(self.documents, &stop),
        }
    }

    fn signature(&mut self, found: &Found<'_>) -> Result<Signature, Refused> {
        let hint = pascal(found.short().unwrap_or(&format!("{} {}", found.method, found.path)));
        let mut parameters = self.parameters(found, &hint)?;
        let body = self.body(found, &hint, &mut parameters)?;
        let (returns, returns_span) = self.result(found, &hint)?;
        let method = found.method.as_str();
        let (effect, idempotent) = parameters.effect(method);
        let seen = parameters.in_order();
        Ok(Signature {
            callee: Callee::Http(HttpOperation {
                resource: self.resource.to_owned(),
                method: method.to_owned(),
                path: found.path.clone(),
                parameters: parameters.sent,
                body,
                errors: self.errors(found)?,
                returns: returns.clone(),
            }),
            parameters: seen,
            returns,
            returns_span,
            doc: doc(found.at.node),
            effect: Some(effect),
            idempotent,
            annotation: None,
            span: self.span(found.at.file, found.name_place())?,
        })
    }

    fn span(&self, file: &str, place: crate::document::Place) -> Result<Span, Stop> {
        let known = self.documents.span(file, place);
        known.ok_or_else(|| Stop {
            file: file.to_owned(),
            problem: crate::document::Problem::new("its text is not known"),
        })
    }

    fn ty(&mut self, at: At<'_>, hint: &str) -> Result<Type, Stop> {
        let ty = self.schemas.ty(self.documents, at, hint)?;
        Ok(told_apart(&ty, &self.schemas.table))
    }

    fn parameters(&mut self, found: &Found<'_>, hint: &str) -> Result<Parameters, Refused> {
        let mut written: Vec<(String, String, At<'_>)> = Vec::new();
        for owner in [found.at, found.item] {
            for node in owner.node.list_at("parameters") {
                let (at, _) = self.documents.follow(owner.with(node))?;
                let of = |key: &str| at.node.text_at(key).unwrap_or("").to_owned();
                let (name, place) = (of("name"), of("in"));
                // The operation's own hide those of its path.
                if !written.iter().any(|(known, other, _)| *known == name && *other == place) {
                    written.push((name, place, at));
                }
            }
        }
        let mut parameters = Parameters::default();
        for (name, place, at) in written {
            self.parameter(found, hint, (&name, &place, at), &mut parameters)?;
        }
        self.undeclared(found, &mut parameters)?;
        Ok(parameters)
    }

    fn parameter(
        &mut self,
        found: &Found<'_>,
        hint: &str,
        (name, place, at): (&str, &str, At<'_>),
        parameters: &mut Parameters,
    ) -> Result<(), Refused> {
        let place = match place {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            "cookie" => Place::Cookie,
            other => return Err(at.problem(format!("there are no parameters in `{other}`")).into()),
        };
        if place == Place::Header && parameters.is_own_header(name, self.sent) {
            return Ok(());
        }
        let required = place == Place::Path || at.node.is_true_at("required");
        let (ty, explode) = match self.sent(at, place, &format!("{hint}{}", pascal(name)))? {
            Ok(sent) => sent,
            // What cannot be sent need not be.
            Err(_) if !required => return Ok(()),
            Err(problem) => {
                let what = format!("an operation whose parameter `{name}` {problem}");
                return Err(Refused::NotCallable(what, self.span(at.file, at.node.place)?));
            }
        };
        let default = at.get("schema").and_then(|schema| schema.node.get("default")).map(Node::json);
        let default = (!required).then(|| default.unwrap_or_default().to_string());
        let where_ = match at.node.get("name") {
            Some(name) => name.place,
            None => found.name_place(),
        };
        let span = self.span(at.file, where_)?;
        parameters.add(place, name, ty, default, explode, span);
        Ok(())
    }

    /// The type of a parameter, and whether each item of a list is one of its own; or why it cannot be sent.
    fn sent(&mut self, at: At<'_>, place: Place, hint: &str) -> Result<Result<(Type, bool), String>, Stop> {
        if let Err(problem) = media::style(at.node, place) {
            return Ok(Err(problem));
        }
        let ty = match at.get("schema") {
            Some(schema) if media::is_object(self.documents.follow(schema)?.0.node) => {
                Type::Map(Box::new(Type::Any))
            }
            Some(schema) => self.ty(schema, hint)?,
            None => Type::Any,
        };
        Ok(media::explode(at.node, place, &ty).map(|explode| (ty, explode)))
    }

    /// Parameters of the path that the document forgets to describe are texts.
    fn undeclared(&mut self, found: &Found<'_>, parameters: &mut Parameters) -> Result<(), Refused> {
        for name in
            found.path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
        {
            let known = |sent: &HttpParameter| sent.place == Place::Path && sent.name == name;
            if !parameters.sent.iter().any(known) {
                let span = self.span(found.at.file, found.name_place())?;
                parameters.add(Place::Path, name, Type::String, None, false, span);
            }
        }
        Ok(())
    }

    fn body(
        &mut self,
        found: &Found<'_>,
        hint: &str,
        parameters: &mut Parameters,
    ) -> Result<Option<BodyForm>, Refused> {
        let Some(body) = found.at.get("requestBody") else { return Ok(None) };
        let (body, _) = self.documents.follow(body)?;
        let (form, schema) = match media::body(body) {
            Body::None => return Ok(None),
            Body::Of(form, schema) => (form, schema),
            Body::Other(media) => {
                if !body.node.is_true_at("required") {
                    return Ok(None);
                }
                let what =
                    format!("an operation whose body is `{media}`, and JSON and forms are all that is sent");
                return Err(Refused::NotCallable(what, self.span(body.file, body.node.place)?));
            }
        };
        let span = self.span(body.file, body.node.place)?;
        let Some(schema) = schema else {
            parameters.add(Place::Body, "body", Type::Any, None, false, span);
            return Ok(Some(form));
        };
        if let Some(fields) = properties(self.documents, schema)? {
            let fields: Vec<_> =
                fields.into_iter().filter(|field| !field.node.is_true_at("readOnly")).collect();
            if !parameters.collide(fields.iter().map(|field| field.name.as_str())) {
                for field in &fields {
                    let at = At { file: &field.file, node: &field.node };
                    let ty = self.ty(at, &format!("{hint}{}", pascal(&field.name)))?;
                    let default = field.node.get("default").map(Node::json).unwrap_or_default().to_string();
                    let default = (!field.required).then_some(default);
                    let span = self.span(at.file, at.node.place)?;
                    // A form repeats the name for each item of a list.
                    let explode = form == BodyForm::Form && matches!(ty.non_null(), Type::List(_));
                    parameters.add(Place::Field, &field.name, ty, default, explode, span);
                }
                return Ok(Some(form));
            }
        }
        let ty = self.ty(schema, &format!("{hint}Body"))?;
        let default = (!body.node.is_true_at("required") && ty.is_nullable()).then(|| "null".to_owned());
        let taken = parameters.collide(["body"]);
        let argument = if taken { "request_body" } else { "body" };
        parameters.add(Place::Body, argument, ty, default, false, span);
        Ok(Some(form))
    }

    /// What the documented successes answer with.
    fn result(&mut self, found: &Found<'_>, hint: &str) -> Result<(Type, Option<Span>), Stop> {
        let responses = found.at.node.entries_at("responses");
        let is_success = |status: &str| status.len() == 3 && status.starts_with('2');
        let mut successes: Vec<_> = responses.iter().filter(|entry| is_success(&entry.key)).collect();
        if successes.is_empty() {
            successes.extend(responses.iter().filter(|entry| entry.key == "default"));
        }
        let mut types = Vec::new();
        for entry in &successes {
            let (response, _) = self.documents.follow(found.at.with(&entry.value))?;
            types.push(match media::response(response) {
                Media::Nothing => Type::Null,
                Media::Json(None) => Type::Any,
                Media::Json(Some(schema)) => self.ty(schema, &format!("{hint}Result"))?,
                Media::Text => Type::String,
                Media::Other => Type::Bytes,
            });
        }
        let span = successes.first().and_then(|entry| self.documents.span(found.at.file, entry.place));
        // Nothing is said of the answer.
        let returns = if types.is_empty() { Type::Any } else { joined(types) };
        Ok((told_apart(&returns, &self.schemas.table), span))
    }

    /// Documented failures whose schema has a name.
    fn errors(&self, found: &Found<'_>) -> Result<Vec<HttpError>, Stop> {
        let mut errors = Vec::new();
        for entry in found.at.node.entries_at("responses") {
            if entry.key.len() != 3 || !entry.key.starts_with(['4', '5']) {
                continue;
            }
            let (response, _) = self.documents.follow(found.at.with(&entry.value))?;
            let Media::Json(Some(schema)) = media::response(response) else { continue };
            let named = schema.node.text_at("$ref").and_then(|reference| reference.rsplit('/').next());
            if let Some(name) = named.or_else(|| schema.node.text_at("title")) {
                errors.push(HttpError { status: entry.key.to_lowercase(), name: identifier(name) });
            }
        }
        Ok(errors)
    }
}

/// Summary and description, as people read them.
fn doc(operation: &Node) -> Option<String> {
    let parts = ["summary", "description"].iter().filter_map(|key| operation.text_at(key));
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The answer where the document cannot be read as far as that.
pub fn unreadable(documents: &Documents, stop: &Stop) -> Lookup {
    let span = stop.problem.place.and_then(|place| documents.span(&stop.file, place));
    Lookup::Unreadable { problem: format!("{}, in `{}`", stop.problem.message, stop.file), span }
}
