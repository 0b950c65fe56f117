//! A call of an HTTP operation.
//!
//! It knows the places of a request and the runtime's `http_calls`; nothing is put into a URL here.

use conductor_protocol::plan::{BodyForm, HttpOperation, HttpParameter, Place};

use super::file::File;
use super::operations::{self, Given, Operation};
use super::resources;
use super::tree::Py;
use crate::EmitError;

/// `call(...)`: the reply as JSON.
pub fn call(file: &mut File, http: &HttpOperation, operation: &Operation) -> Result<Py, EmitError> {
    file.import_as("._conductor", "http_calls", "_http");
    let mut call = Py::call(
        "_http.call",
        vec![
            resources::client_of(file, &http.resource)?,
            Py::string(&http.method),
            Py::string(&http.path),
            Py::atom("key"),
        ],
    );
    let sent: Vec<(&HttpParameter, &Given)> = http
        .parameters
        .iter()
        .filter_map(|parameter| {
            let given = operation.arguments.iter().find(|given| given.argument == parameter.argument)?;
            Some((parameter, given))
        })
        .collect();
    for (keyword, place) in [
        ("path", Place::Path),
        ("query", Place::Query),
        ("headers", Place::Header),
        ("cookies", Place::Cookie),
    ] {
        let pairs = pairs(file, &sent, |parameter| parameter.place == place);
        if !pairs.is_empty() {
            call = call.with(keyword, Py::Dict(pairs));
        }
    }
    let is_listed = |place: Place| match place {
        Place::Query => true,
        Place::Field => http.body == Some(BodyForm::Form),
        _ => false,
    };
    let is_exploded = |parameter: &HttpParameter| parameter.explode && is_listed(parameter.place);
    let exploded: Vec<Py> = sent
        .iter()
        .filter(|(parameter, _)| is_exploded(parameter))
        .map(|(parameter, _)| Py::string(&parameter.name))
        .collect();
    if !exploded.is_empty() {
        call = call.with("exploded", Py::Tuple(exploded));
    }
    if let Some(form) = http.body {
        call = body(file, call, form, &sent);
    }
    if !http.errors.is_empty() {
        let named = http.errors.iter().map(|error| (Py::string(&error.status), Py::string(&error.name)));
        call = call.with("errors", Py::Dict(named.collect()));
    }
    Ok(call)
}

fn body(file: &mut File, call: Py, form: BodyForm, sent: &[(&HttpParameter, &Given)]) -> Py {
    let keyword = match form {
        BodyForm::Json => "body",
        BodyForm::Form => "form",
    };
    if let Some((_, given)) = sent.iter().find(|(parameter, _)| parameter.place == Place::Body) {
        let whole = operations::encoded(file, given);
        return call.with(keyword, whole);
    }
    let always = pairs(file, sent, |parameter| parameter.place == Place::Field && !parameter.omit_null);
    let unless_null = pairs(file, sent, |parameter| parameter.place == Place::Field && parameter.omit_null);
    if form == BodyForm::Form {
        // A form has no null.
        let all = always.into_iter().chain(unless_null).collect();
        return call.with(keyword, Py::Dict(all));
    }
    if unless_null.is_empty() {
        return call.with(keyword, Py::Dict(always));
    }
    call.with(keyword, Py::call("_http.fields", vec![Py::Dict(always), Py::Dict(unless_null)]))
}

fn pairs(
    file: &mut File,
    sent: &[(&HttpParameter, &Given)],
    is_wanted: impl Fn(&HttpParameter) -> bool,
) -> Vec<(Py, Py)> {
    let mut pairs = Vec::new();
    for (parameter, given) in sent.iter().filter(|(parameter, _)| is_wanted(parameter)) {
        pairs.push((Py::string(&parameter.name), operations::encoded(file, given)));
    }
    pairs
}
