//! What a document says otherwise than an earlier one, as far as it touches an operation that is called.
//!
//! It does not know which of the two is right.

use conductor_model::{Callee, Lookup, Signature};
use conductor_protocol::types::{Field, TypeDef};

use super::OpenApi;
use crate::grpc::Change;
use crate::service::Service;

/// Changes of one operation, and of the types of the API that both documents have.
pub fn changes(old: &mut OpenApi, new: &mut OpenApi, operation: &str) -> Vec<Change> {
    let Lookup::Found(before) = old.lookup(operation) else { return Vec::new() };
    let mut found = Vec::new();
    match new.lookup(operation) {
        Lookup::Found(now) => of_signature(operation, &before, &now, &mut found),
        _ => found.push(breaking(format!("`{operation}` is not called so any more"))),
    }
    for (name, before) in &old.schemas.table {
        if let Some(now) = new.schemas.table.get(name) {
            of_type(&name.name, before, now, &mut found);
        }
    }
    found
}

fn breaking(text: String) -> Change {
    Change { text, breaking: true }
}

fn of_signature(operation: &str, before: &Signature, now: &Signature, found: &mut Vec<Change>) {
    if before.name() != now.name() {
        found.push(breaking(format!("`{operation}` is `{}`, was `{}`", now.name(), before.name())));
    }
    for parameter in &now.parameters {
        let name = &parameter.name;
        match before.parameters.iter().find(|known| known.name == *name) {
            None => {
                let optional = parameter.default.is_some();
                let word = if optional { "takes" } else { "needs" };
                let text = format!("`{operation}` {word} `{name}: {}` now", parameter.ty);
                found.push(Change { text, breaking: !optional });
            }
            Some(known) if known.ty != parameter.ty => {
                let text = format!("`{name}` of `{operation}` is `{}`, was `{}`", parameter.ty, known.ty);
                found.push(breaking(text));
            }
            Some(known) if known.default.is_some() && parameter.default.is_none() => {
                found.push(breaking(format!("`{name}` of `{operation}` is required now")));
            }
            Some(_) => {}
        }
    }
    for known in &before.parameters {
        if !now.parameters.iter().any(|parameter| parameter.name == known.name) {
            found.push(breaking(format!("`{operation}` takes no `{}` any more", known.name)));
        }
    }
    if before.returns != now.returns {
        let text = format!("`{operation}` answers with `{}`, was `{}`", now.returns, before.returns);
        found.push(breaking(text));
    }
    // Where things are sent is not the caller's business, but the generated code's.
    if let (Callee::Http(before), Callee::Http(now)) = (&before.callee, &now.callee)
        && found.is_empty()
        && (before.body != now.body || before.parameters != now.parameters || before.errors != now.errors)
    {
        let text = format!("`{operation}` is sent otherwise, or has other documented errors");
        found.push(Change { text, breaking: false });
    }
}

fn of_type(name: &str, before: &TypeDef, now: &TypeDef, found: &mut Vec<Change>) {
    let (TypeDef::TypedDict { fields: before }, TypeDef::TypedDict { fields: now }) = (before, now) else {
        if before != now {
            found.push(breaking(format!("`{name}` has other values")));
        }
        return;
    };
    let in_now = |field: &Field| now.iter().find(|known| known.name == field.name);
    for field in before {
        let full = format!("{name}.{}", field.name);
        match in_now(field) {
            None => found.push(breaking(format!("`{full}` is gone, was `{}`", field.ty))),
            Some(new) if new.ty != field.ty => {
                found.push(breaking(format!("`{full}` is `{}`, was `{}`", new.ty, field.ty)));
            }
            Some(new) if new.required != field.required => {
                let word = if new.required { "always there" } else { "not always there" };
                found.push(breaking(format!("`{full}` is {word} now")));
            }
            Some(_) => {}
        }
    }
    for field in now.iter().filter(|field| !before.iter().any(|known| known.name == field.name)) {
        let text = format!("`{name}.{}` is new, of type `{}`", field.name, field.ty);
        found.push(Change { text, breaking: false });
    }
}
