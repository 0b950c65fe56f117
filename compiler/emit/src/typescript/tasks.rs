//! `_tasks.ts`: what this language serves for workflows of others.
//!
//! It knows functions and their arguments on the wire; who calls them it does not know.

use conductor_protocol::plan::{Argument, ArgumentValue, Function, Language, Passing, Receiver};
use conductor_protocol::types::Type;

use super::codecs::{Way, entry};
use super::file::File;
use super::mentions;
use super::names::Names;
use super::package::Package;
use super::resources::{Form, Handed};
use super::tree::{Arrow, Body, Item, Module, Param, Property, Stmt, Ts, Ty};
use crate::EmitError;
use crate::served::{ServedFunction, ServedParameter};

/// The module, or `None` where no function is served.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let mut file = File::new(
        package,
        "",
        Names::reserving(&["args", "call", "cel", "codecs", "result", "scalars", "tasks", "Task"]),
    );
    let mut tasks = Vec::new();
    for (name, served) in package.served.of_language(Language::Typescript) {
        let work = work(&mut file, served)?;
        let args = vec![Ts::string(name), Ts::string(&served.signature), work];
        file.runtime("task", "Task");
        tasks.push(Ts::made("Task", args));
    }
    if tasks.is_empty() {
        return Ok(None);
    }
    let items = vec![Item::Const {
        exported: true,
        name: "tasks".to_owned(),
        ty: Some(Ty::Array(Box::new(Ty::name("Task")))),
        value: Ts::Array(tasks),
        doc: "The functions that workflows of other languages call.".to_owned(),
    }];
    Ok(Some(file.module(items)))
}

/// What a call takes of resources.
#[derive(Default)]
struct Clients {
    uses: Vec<Ts>,
    /// What lends a connection for the time of the call, and its name.
    lent: Vec<(Ts, String)>,
}

impl Clients {
    fn push(&mut self, taker: Ts) {
        if !self.uses.contains(&taker) {
            self.uses.push(taker);
        }
    }

    /// What the parameter is handed.
    fn handed(&mut self, file: &mut File, id: &str, argument: &Argument) -> Result<Ts, EmitError> {
        let package = file.package;
        let resource = package.resource(id)?;
        let form = Form::wanted(resource, &argument.ty);
        self.push(package.shared_client(file, resource, form));
        Ok(match package.handed(file, id, &argument.ty)? {
            Handed::Client(client) => client,
            Handed::Connection(client, name) => {
                self.lent.push((client, name.clone()));
                Ts::name(name)
            }
        })
    }
}

/// `async (args, call) => { ... }`.
fn work(file: &mut File, served: &ServedFunction<'_>) -> Result<Ts, EmitError> {
    let function = served.function;
    let of = |of_receiver: bool| served.parameters.iter().filter(move |one| one.of_receiver == of_receiver);
    let mut taken = Clients::default();
    let callee = match &function.receiver {
        None => file.user(&function.module, &function.name),
        Some(Receiver::Constructed { constructor, .. }) => {
            let class = file.user(&function.module, constructor);
            let args = arguments(file, of(true), &mut taken)?;
            let made = Ts::Call { callee: Box::new(class), types: Vec::new(), args, is_new: true };
            made.member(method(function))
        }
        Some(Receiver::Resource(id)) => {
            taken.push(file.package.taker(file, id)?);
            file.package.client(file, id)?.member(method(function))
        }
    };
    let args = arguments(file, of(false), &mut taken)?;
    let mut called = callee.called(args);
    let takes = !taken.uses.is_empty();
    for (client, name) in taken.lent.into_iter().rev() {
        called = client.member("lend").called(vec![Ts::arrow(&[&name], called)]);
    }
    if takes {
        called = Ts::call("call.using", vec![Ts::Array(taken.uses), Ts::arrow(&[], called)]);
    }
    let is_async =
        takes || function.is_async || !function.annotated || super::call::has_any(&function.returns);
    let called = if is_async { called.awaited() } else { called };
    let body = match &function.returns {
        Type::Null => vec![Stmt::Expr(called), Stmt::Return(Some(Ts::null()))],
        returns => {
            let ty = super::call::has_any(returns).then(|| file.ty(returns));
            let says_bigint = function.native_returns.as_deref() == Some("bigint");
            let result = Ts::name("result");
            let encoded = match (says_bigint, returns) {
                (true, Type::Int) => file.scalar("encodeBigInt").called(vec![result]),
                (true, _) => {
                    file.import_all("_conductor/cel", "cel");
                    let small = Ts::path("cel.small").called_with(vec![file.ty(returns)], vec![result]);
                    file.coded(Way::Encode, returns, small)
                }
                (false, _) => file.coded(Way::Encode, returns, result),
            };
            let pattern = super::tree::Pattern::Name("result".to_owned());
            vec![Stmt::Const { pattern, ty, value: called }, Stmt::Return(Some(encoded))]
        }
    };
    let body = if is_async { body } else { super::workflow::promised(body) };
    let mut params = vec!["args", "call"];
    while params.last().is_some_and(|name| !mentions::in_statements(&body, name)) {
        params.pop();
    }
    let params = params.into_iter().map(Param::named).collect();
    Ok(Ts::Arrow(Box::new(Arrow { is_async, params, returns: None, body: Body::Block(body) })))
}

fn arguments<'s>(
    file: &mut File,
    parameters: impl Iterator<Item = &'s ServedParameter<'s>>,
    taken: &mut Clients,
) -> Result<Vec<Ts>, EmitError> {
    let mut all = Vec::new();
    let mut object = None;
    let mut fields = Vec::new();
    for parameter in parameters {
        let argument = parameter.argument;
        let value = match (&argument.value, &parameter.wire) {
            (ArgumentValue::Cancellation, _) => Ts::path("call.signal"),
            (ArgumentValue::IdempotencyKey, _) => Ts::path("call.key"),
            (ArgumentValue::Expr(_), Some(wire)) => {
                let raw = entry(Ts::name("args"), wire);
                let decoded = file.coded(Way::Decode, &argument.ty, raw);
                super::call::fitted(file, argument, &argument.ty, decoded)
            }
            (ArgumentValue::Resource(id), _) => taken.handed(file, id, argument)?,
            (ArgumentValue::Expr(_), None) => continue,
        };
        if argument.passing == Passing::Keyword && argument.value != ArgumentValue::Cancellation {
            object.get_or_insert(all.len());
            fields.push(Property::Value(argument.parameter.clone(), value));
        } else {
            all.push(value);
        }
    }
    if let Some(at) = object {
        all.insert(at, Ts::Object(fields));
    }
    Ok(all)
}

fn method(function: &Function) -> String {
    function.name.rsplit('.').next().unwrap_or(&function.name).to_owned()
}
