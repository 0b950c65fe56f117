//! The operations of an HTTP API that the manifest writes in place.
//!
//! It asks no server whether they are there.

use std::collections::BTreeSet;

use conductor_model::names::{nearest, snake_case};
use conductor_model::{Callee, Lookup, Operation, OperationBody, Resource, Signature, Spanned, TypeExpr};
use conductor_protocol::plan::{BodyForm, HttpError, HttpOperation, Place};
use conductor_protocol::types::Type;

use crate::http::Parameters;
use crate::service::{Learned, Service};

/// The operations of one resource.
#[derive(Debug)]
pub struct Inline {
    resource: String,
    operations: Vec<(String, Signature)>,
}

impl Inline {
    /// `ty` says what a type expression means.
    pub fn new(resource: &Resource, ty: &mut dyn FnMut(&TypeExpr) -> Type) -> Inline {
        let sent = resource.headers.iter().map(|(name, _)| name.value.to_lowercase()).collect();
        let id = &resource.id.value;
        let signature =
            |operation: &Operation| (operation.id.value.clone(), signature(id, operation, &sent, ty));
        Inline { resource: id.clone(), operations: resource.api.operations.iter().map(signature).collect() }
    }
}

fn signature(
    resource: &str,
    operation: &Operation,
    sent: &BTreeSet<String>,
    ty: &mut dyn FnMut(&TypeExpr) -> Type,
) -> Signature {
    let request = &operation.request.value;
    let mut parameters = Parameters::default();
    for name in request.path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
    {
        let written = operation.path.iter().find(|(known, _)| known.value == name);
        let (ty, span) = match written {
            Some((name, written)) => (ty(written), name.span),
            None => (Type::String, operation.request.span),
        };
        parameters.add(Place::Path, name, ty, None, false, span);
    }
    let mut add = |parameters: &mut Parameters,
                   place: Place,
                   (name, written): &(Spanned<String>, TypeExpr)| {
        if place == Place::Header && parameters.is_own_header(&name.value, sent) {
            return;
        }
        let ty = ty(written);
        let default = ty.is_nullable().then(|| "null".to_owned());
        let explode = place == Place::Query && matches!(ty.non_null(), Type::List(_));
        parameters.add(place, &name.value, ty, default.filter(|_| place != Place::Body), explode, name.span);
    };
    operation.query.iter().for_each(|query| add(&mut parameters, Place::Query, query));
    operation.headers.iter().for_each(|header| add(&mut parameters, Place::Header, header));
    match &operation.body {
        Some(OperationBody::Fields(fields)) => {
            fields.iter().for_each(|field| add(&mut parameters, Place::Field, field));
        }
        Some(OperationBody::Whole(written)) => {
            let name = Spanned::new("body".to_owned(), written.span);
            add(&mut parameters, Place::Body, &(name, written.clone()));
        }
        None => {}
    }
    let returns = operation.response.as_ref().map_or(Type::Null, &mut *ty);
    let (effect, idempotent) = parameters.effect(&request.method);
    let error = |(name, status): &(Spanned<String>, Spanned<String>)| HttpError {
        status: status.value.clone(),
        name: name.value.clone(),
    };
    let seen = parameters.in_order();
    Signature {
        callee: Callee::Http(HttpOperation {
            resource: resource.to_owned(),
            method: request.method.clone(),
            path: request.path.clone(),
            parameters: parameters.sent,
            body: operation.body.as_ref().map(|_| BodyForm::Json),
            errors: operation.errors.iter().map(error).collect(),
            returns: returns.clone(),
        }),
        parameters: seen,
        returns,
        returns_span: operation.response.as_ref().map(|response| response.span),
        doc: operation.description.as_ref().map(|text| text.value.clone()),
        effect: Some(effect),
        idempotent,
        annotation: None,
        span: operation.id.span,
    }
}

impl Service for Inline {
    fn lookup(&mut self, operation: &str) -> Lookup {
        let named = |wanted: &str| {
            self.operations.iter().find(|(id, signature)| id == wanted || signature.name() == wanted)
        };
        if let Some((_, found)) = named(operation).or_else(|| named(&snake_case(operation))) {
            return Lookup::Found(Box::new(found.clone()));
        }
        let ids: Vec<&str> = self.operations.iter().map(|(id, _)| id.as_str()).collect();
        let near = nearest(operation, ids.iter().copied());
        let others = ids.into_iter().filter(|id| Some(*id) != near);
        let full = |id: &str| format!("{}.{id}", self.resource);
        Lookup::NotFound { searched: Vec::new(), similar: near.into_iter().chain(others).map(full).collect() }
    }

    fn finish(self: Box<Self>) -> Learned {
        Learned::default()
    }
}
