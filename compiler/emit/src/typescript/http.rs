//! A call of an HTTP operation.
//!
//! It knows the places of a request and the runtime's `httpCalls`; nothing is put into a URL here.

use conductor_protocol::plan::{BodyForm, HttpOperation, HttpParameter, Place};

use super::file::File;
use super::operations::{Given, Operation};
use super::tree::{Property, Ts};
use crate::EmitError;

/// An argument and where it goes.
type Sent<'a> = (&'a HttpParameter, &'a Given);

/// `httpCalls.call(...)`: the reply as JSON.
pub fn call(file: &mut File, http: &HttpOperation, operation: &Operation) -> Result<Ts, EmitError> {
    file.import_all("_conductor/httpCalls", "httpCalls");
    let sent: Vec<Sent<'_>> = http
        .parameters
        .iter()
        .filter_map(|parameter| {
            let given = operation.arguments.iter().find(|given| given.argument == parameter.argument)?;
            Some((parameter, given))
        })
        .collect();
    let mut request = Vec::new();
    for (name, place) in [
        ("path", Place::Path),
        ("query", Place::Query),
        ("headers", Place::Header),
        ("cookies", Place::Cookie),
    ] {
        let pairs = pairs(file, &sent, |parameter| parameter.place == place);
        if !pairs.is_empty() {
            request.push((name, Ts::Object(pairs)));
        }
    }
    let is_exploded = |parameter: &HttpParameter| {
        let is_listed = match parameter.place {
            Place::Query => true,
            Place::Field => http.body == Some(BodyForm::Form),
            _ => false,
        };
        parameter.explode && is_listed
    };
    let exploded = sent.iter().filter(|(parameter, _)| is_exploded(parameter));
    let exploded: Vec<Ts> = exploded.map(|(parameter, _)| Ts::string(&parameter.name)).collect();
    if !exploded.is_empty() {
        request.push(("exploded", Ts::Array(exploded)));
    }
    if let Some(form) = http.body {
        request.push(body(file, form, &sent));
    }
    if !http.errors.is_empty() {
        let named =
            http.errors.iter().map(|error| Property::Value(error.status.clone(), Ts::string(&error.name)));
        request.push(("errors", Ts::Object(named.collect())));
    }
    let args = vec![
        file.package.client(file, &http.resource)?,
        Ts::string(&http.method),
        Ts::string(&http.path),
        Ts::name("key"),
        Ts::object(request),
        Ts::name("signal"),
    ];
    Ok(Ts::call("httpCalls.call", args))
}

fn body(file: &mut File, form: BodyForm, sent: &[Sent<'_>]) -> (&'static str, Ts) {
    let name = match form {
        BodyForm::Json => "body",
        BodyForm::Form => "form",
    };
    if let Some((_, given)) = sent.iter().find(|(parameter, _)| parameter.place == Place::Body) {
        return (name, given.encoded(file));
    }
    let mut always = pairs(file, sent, |parameter| parameter.place == Place::Field && !parameter.omit_null);
    let unless_null = pairs(file, sent, |parameter| parameter.place == Place::Field && parameter.omit_null);
    if form == BodyForm::Form {
        // A form has no null.
        always.extend(unless_null);
        return (name, Ts::Object(always));
    }
    if unless_null.is_empty() {
        return (name, Ts::Object(always));
    }
    (name, Ts::call("httpCalls.fields", vec![Ts::Object(always), Ts::Object(unless_null)]))
}

fn pairs(file: &mut File, sent: &[Sent<'_>], is_wanted: impl Fn(&HttpParameter) -> bool) -> Vec<Property> {
    let wanted = sent.iter().filter(|(parameter, _)| is_wanted(parameter));
    wanted.map(|(parameter, given)| Property::Value(parameter.name.clone(), given.encoded(file))).collect()
}
