//! Calls of operations of HTTP APIs, and the clients that make them.
//!
//! It knows where an argument goes in a request; nothing is put into a URL here.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{
    Argument, ArgumentValue, BodyForm, HttpOperation, HttpParameter, Place, Resource, TaskCall,
};
use conductor_protocol::types::Type;

use super::call::{Gives, Made, Making, Values, idempotency_key};
use super::codecs::{self, Way};
use super::durable;
use super::expr::{Result, Translator, unsupported};
use super::file::File;
use super::grpc;
use super::literal;
use super::names::unexported;
use super::scope::Scope;
use super::shared;
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

/// An argument that is sent: where it goes, and its value as JSON.
type Sent<'a> = (&'a HttpParameter, Go);

/// `runtime.CallHTTP(ctx, client, runtime.HTTPRequest{...})`: the reply as JSON.
pub fn call(
    workflow: &mut Workflow,
    making: &mut Making<'_>,
    http: &HttpOperation,
    call: &TaskCall,
) -> Result<Made> {
    let client = making.client(workflow, &http.resource)?;
    let mut sent: Vec<Sent<'_>> = Vec::new();
    for parameter in &http.parameters {
        if let Some(argument) = call.args.iter().find(|given| given.parameter == parameter.argument)
            && let Some(value) = encoded(workflow, making, argument)?
        {
            sent.push((parameter, value));
        }
    }
    let mut fields = vec![
        ("Method".to_owned(), Go::string(&http.method)),
        ("Template".to_owned(), Go::string(&http.path)),
        ("Key".to_owned(), idempotency_key(workflow, &making.step.id)),
    ];
    let params = format!("[]{}", workflow.file.runtime("Param"));
    for (field, place) in [
        ("Path", Place::Path),
        ("Query", Place::Query),
        ("Header", Place::Header),
        ("Cookies", Place::Cookie),
    ] {
        let items = listed(&sent, place, place == Place::Query);
        if !items.is_empty() {
            fields.push((field.to_owned(), Go::List { ty: params.clone(), items }));
        }
    }
    fields.extend(http.body.map(|form| body(workflow, form, &sent, &params)));
    if !http.errors.is_empty() {
        let named = http.errors.iter();
        let named = named.map(|error| (literal::string(&error.status), Go::string(&error.name)));
        let ty = "map[string]string".to_owned();
        fields.push(("Errors".to_owned(), Go::Struct { ty, fields: named.collect(), spread: false }));
    }
    let request = Go::Struct { ty: workflow.file.runtime("HTTPRequest"), fields, spread: true };
    let call = workflow.file.call_runtime("CallHTTP", vec![Go::atom("ctx"), client, request]);
    let gives = Gives { values: Values::Json, error: true, ty: http.returns.clone() };
    Ok(Made {
        before: std::mem::take(&mut making.before),
        each: std::mem::take(&mut making.each),
        call,
        commits: Vec::new(),
        gives,
    })
}

/// The argument as JSON, computed before the first attempt where that may fail; `None` where nothing of it is sent.
pub fn encoded(workflow: &mut Workflow, making: &mut Making<'_>, argument: &Argument) -> Result<Option<Go>> {
    let value = match &argument.value {
        ArgumentValue::IdempotencyKey => return Ok(Some(idempotency_key(workflow, &making.step.id))),
        ArgumentValue::Expr(value) => value,
        ArgumentValue::Cancellation | ArgumentValue::Resource(_) => return Ok(None),
    };
    let ty = &argument.ty;
    let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
    let go = translator.as_type(value, ty)?;
    if !translator.fails && matches!(ty, Type::String | Type::Int | Type::Bool) {
        return Ok(Some(go));
    }
    let json = codecs::apply(&mut workflow.file, Way::Encode, ty, go);
    let made = durable::encoding(workflow, json);
    let name = workflow.locals.fresh(&unexported(&argument.parameter));
    making.before.push(Stmt::Define(vec![name.clone(), "err".to_owned()], made));
    making.before.push(Stmt::if_err(vec![Stmt::Return(vec![making.invalid.clone()])]));
    Ok(Some(Go::atom(name)))
}

fn listed(sent: &[Sent<'_>], place: Place, may_explode: bool) -> Vec<Go> {
    let of_place = sent.iter().filter(|(parameter, _)| parameter.place == place);
    of_place
        .map(|(parameter, value)| {
            let mut fields =
                vec![("Name".to_owned(), Go::string(&parameter.name)), ("Value".to_owned(), value.clone())];
            if may_explode && parameter.explode {
                fields.push(("Explode".to_owned(), Go::atom("true")));
            }
            Go::Struct { ty: String::new(), fields, spread: false }
        })
        .collect()
}

fn body(workflow: &mut Workflow, form: BodyForm, sent: &[Sent<'_>], params: &str) -> (String, Go) {
    if form == BodyForm::Form {
        let items = listed(sent, Place::Field, true);
        return ("Form".to_owned(), Go::List { ty: params.to_owned(), items });
    }
    if let Some((_, whole)) = sent.iter().find(|(parameter, _)| parameter.place == Place::Body) {
        return ("Body".to_owned(), whole.clone());
    }
    let object = |omit_null: bool| {
        let fields = sent
            .iter()
            .filter(|(parameter, _)| parameter.place == Place::Field && parameter.omit_null == omit_null)
            .map(|(parameter, value)| (literal::string(&parameter.name), value.clone()))
            .collect();
        Go::Struct { ty: "map[string]any".to_owned(), fields, spread: false }
    };
    let may_omit = sent.iter().any(|(parameter, _)| parameter.omit_null);
    if may_omit {
        return ("Body".to_owned(), workflow.file.call_runtime("Fields", vec![object(false), object(true)]));
    }
    ("Body".to_owned(), object(false))
}

/// The variable of an HTTP API's client.
pub fn client(workflow: &mut Workflow, resource: &Resource) -> Result<Go> {
    let id = &resource.id;
    let Some(address) = &resource.address else {
        return Err(unsupported(&format!("the resource `{id}` without an address")));
    };
    // These are declared in a file of their own, which has its own imports: so has this text.
    let mut file = File::new(workflow.file.package, "Resource");
    let mut fields = vec![(
        "Address".to_owned(),
        from_environment(&mut file, "string", |translator| translator.as_type(address, &Type::String))?,
    )];
    if !resource.headers.is_empty() {
        let headers = from_environment(&mut file, "map[string]string", |translator| {
            let pair = |(name, value): &(String, Expr)| {
                Ok((literal::string(name), translator.as_type(value, &Type::String)?))
            };
            let fields = resource.headers.iter().map(pair).collect::<Result<_>>()?;
            Ok(Go::Struct { ty: "map[string]string".to_owned(), fields, spread: false })
        })?;
        fields.push(("Headers".to_owned(), headers));
    }
    if let Some(pool) = resource.pool {
        fields.push(("MaxConnections".to_owned(), Go::atom(pool.max.to_string())));
    }
    fields.extend(grpc::ready(&mut file, resource));
    let options = Go::Struct { ty: file.runtime("HTTPOptions"), fields, spread: true };
    shared::import(file);
    let pool = Go::atom(super::resources::pool(workflow, id)?);
    let value = Go::call("runtime.NewHTTP", vec![Go::string(id), pool, options]);
    let name = format!("{}Client", unexported(id));
    let doc = format!("is the client of `{id}`");
    Ok(Go::atom(shared::var(workflow.file.package, &name, &doc, value)))
}

/// `func(env runtime.Env) (T, error) { ... }`, in which expressions may read the environment.
pub fn from_environment(
    file: &mut File,
    ty: &str,
    value: impl FnOnce(&mut Translator<'_, '_>) -> Result<Go>,
) -> Result<Go> {
    let names = Scope { sees_env: true, ..Scope::empty() };
    let mut translator = Translator::new(file, &names);
    let value = value(&mut translator)?;
    let fails = translator.fails;
    let returned = if fails {
        let computed = Go::lambda(&[], ty, value);
        vec![file.call_runtime("FromEnvironment", vec![computed])]
    } else {
        vec![value, Go::atom("nil")]
    };
    let name = if fails { "env" } else { "_" };
    let params = vec![(name.to_owned(), file.runtime("Env"))];
    Ok(Go::Func { params, results: format!("({ty}, error)"), body: vec![Stmt::Return(returned)] })
}
