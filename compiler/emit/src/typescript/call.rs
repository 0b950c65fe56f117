//! What an attempt calls: a function, a method and the object it belongs to, or another process.
//!
//! It knows how a call is spelled; attempts, time limits and journal are its callers' business.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Function, Language, Passing, Receiver, TaskCall,
};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::expr::Translator;
use super::file::File;
use super::resources::Handed;
use super::tree::{Property, Stmt, Ts};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::At;

type Result<T> = std::result::Result<T, EmitError>;

/// A call in its parts.
pub struct Made {
    /// Before the first attempt: arguments that may have no value.
    pub before: Vec<Stmt>,
    pub value: Ts,
    /// Whether the call is told by a signal that nobody waits for it.
    pub takes_signal: bool,
    /// Whether it is made with a connection that is lent for its time, and gives a promise in any case.
    pub lends: bool,
    /// Where another process serves it: its name, its signature and its arguments as JSON.
    pub remote: Option<Vec<Ts>>,
}

/// Where a call is made.
pub struct Place<'c> {
    pub id: &'c str,
    pub at: At,
    /// What `step.` or `run.` knows the key by.
    pub key: Ts,
    /// The value of the arguments that stand for variables: of what is undone, or of what failed.
    pub locals: Vec<(String, Ts)>,
    /// Whether it undoes a step.
    pub undoes: bool,
}

impl<'a> Workflow<'a> {
    pub fn call(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Made> {
        let Callable::Function(function) = &call.callable else { return self.operation(place, call) };
        if function.language != Language::Typescript {
            return self.remote(place, call, function);
        }
        let mut before = Vec::new();
        let mut lent = Vec::new();
        let callee = match &function.receiver {
            None => self.file.user(&function.module, &function.name),
            Some(Receiver::Constructed { constructor, args, .. }) => {
                let class = self.file.user(&function.module, constructor);
                let args = self.arguments(place, args, &mut before, &mut lent)?;
                let made = Ts::Call { callee: Box::new(class), types: Vec::new(), args, is_new: true };
                made.member(method(function))
            }
            Some(Receiver::Resource(id)) => {
                self.file.package.client(&mut self.file, id)?.member(method(function))
            }
        };
        let args = self.arguments(place, &call.args, &mut before, &mut lent)?;
        let takes_signal = call.arguments().any(|argument| argument.value == ArgumentValue::Cancellation);
        let lends = !lent.is_empty();
        let lend = |value, (client, name): (Ts, String)| {
            client.member("lend").called(vec![Ts::arrow(&[&name], value)])
        };
        let value = lent.into_iter().rev().fold(callee.called(args), lend);
        Ok(Made { before, value, takes_signal, lends, remote: None })
    }

    /// A call of a service: the operation's function, the key and the signal of the attempt.
    fn operation(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Made> {
        let package = self.file.package;
        let unknown = || EmitError::Unsupported { what: format!("a call of `{}`", call.callable) };
        let operation = package.operations.get(&call.callable).ok_or_else(unknown)?;
        let mut before = Vec::new();
        let mut fields = Vec::new();
        for given in &operation.arguments {
            let argument = call.args.iter().find(|argument| argument.parameter == given.argument);
            let value = match argument.map(|argument| (argument, &argument.value)) {
                Some((argument, ArgumentValue::Expr(expr))) => {
                    let value = self.argument(place, expr, (&given.field, false), &mut before)?;
                    fitted(&mut self.file, argument, &expr.ty, value)
                }
                Some((_, ArgumentValue::IdempotencyKey)) => place.key.clone(),
                _ => continue,
            };
            fields.push(Property::Value(given.field.clone(), value));
        }
        self.file.import_all("_operations", "operations");
        let mut args = vec![place.key.clone(), Ts::name("signal")];
        if !operation.arguments.is_empty() {
            args.insert(0, Ts::Object(fields));
        }
        // A server is told the nearest time limit. A durable step knows its own.
        if matches!(call.callable, Callable::Grpc { .. }) && !self.is_durable() {
            let limit = call.policy.timeout_ms.map(super::policy::number);
            args.push(Ts::call("run.scope.timeLeft", limit.into_iter().collect()));
        }
        let value = Ts::call(&format!("operations.{}", operation.name), args);
        Ok(Made { before, value, takes_signal: true, lends: false, remote: None })
    }

    /// A task that a process of another language serves.
    fn remote(&mut self, place: &Place<'_>, call: &TaskCall, function: &Function) -> Result<Made> {
        let mut before = Vec::new();
        let mut pairs = Vec::new();
        for parameter in crate::served::arguments(call) {
            let (Some(wire), ArgumentValue::Expr(expr)) = (&parameter.wire, &parameter.argument.value) else {
                continue;
            };
            let expr = expr.before_crossing();
            let name = (parameter.argument.parameter.as_str(), false);
            let value = self.argument(place, expr, name, &mut before)?;
            let encoded = self.file.coded(Way::Encode, &expr.ty, value);
            pairs.push(Property::Value(wire.clone(), encoded));
        }
        let unknown = || EmitError::Unsupported { what: format!("a call of `{function}`") };
        let signature = self.file.package.served.signature(function).ok_or_else(unknown)?;
        let name = crate::served::wire_name(function);
        let remote = vec![Ts::string(name), Ts::string(signature), Ts::Object(pairs)];
        Ok(Made { before, value: Ts::null(), takes_signal: false, lends: false, remote: Some(remote) })
    }

    fn arguments(
        &mut self,
        place: &Place<'_>,
        args: &[Argument],
        before: &mut Vec<Stmt>,
        lent: &mut Vec<(Ts, String)>,
    ) -> Result<Vec<Ts>> {
        let mut all = Vec::new();
        let mut object = None;
        let mut fields = Vec::new();
        for argument in args {
            let value = match &argument.value {
                ArgumentValue::Expr(expr) => {
                    let wide = argument.native.as_deref() == Some("bigint") && argument.ty == Type::Int;
                    let value = self.argument(place, expr, (&argument.parameter, wide), before)?;
                    fitted(&mut self.file, argument, &expr.ty, value)
                }
                ArgumentValue::IdempotencyKey => place.key.clone(),
                ArgumentValue::Resource(id) => {
                    match self.file.package.handed(&mut self.file, id, &argument.ty)? {
                        Handed::Client(client) => client,
                        Handed::Connection(client, name) => {
                            lent.push((client, name.clone()));
                            Ts::name(name)
                        }
                    }
                }
                ArgumentValue::Cancellation => Ts::name("signal"),
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

    /// An argument. One that may have no value is computed before the first attempt.
    fn argument(
        &mut self,
        place: &Place<'_>,
        expr: &Expr,
        (name, wide): (&str, bool),
        before: &mut Vec<Stmt>,
    ) -> Result<Ts> {
        let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
        translator.locals.clone_from(&place.locals);
        let value = if wide { translator.expr(expr)? } else { translator.value(expr)? };
        if !self.may_fail(expr) || matches!(expr.node, Node::Literal(_)) {
            return Ok(value);
        }
        let name = self.file.names.fresh(&super::names::camel(name));
        let evaluated = if self.is_durable() {
            Ts::call("step.evaluate", vec![Ts::arrow(&[], value)])
        } else {
            Ts::call("run.evaluate", vec![Ts::string(place.id), Ts::arrow(&[], value)])
        };
        before.push(Stmt::constant(&name, evaluated));
        Ok(Ts::name(name))
    }
}

fn method(function: &Function) -> String {
    function.name.rsplit('.').next().unwrap_or(&function.name).to_owned()
}

/// The value as the parameter wants it. What the code says and a manifest cannot, it takes from the parameter itself.
pub fn fitted(file: &mut File, argument: &Argument, from: &Type, value: Ts) -> Ts {
    let native = argument.native.as_deref().unwrap_or_default();
    if value == Ts::null() {
        return if native.contains("undefined") { Ts::name("undefined") } else { value };
    }
    let is_open = has_any(&argument.ty) || has_any(from) || native.contains("literal");
    if is_open && !matches!(value, Ts::Literal(_) | Ts::String(_)) {
        file.import_all("_conductor/cel", "cel");
        return Ts::call("cel.given", vec![value]);
    }
    let value = if native.contains("bigint") { big(file, &argument.ty, value) } else { value };
    let has_undefined = native.contains("undefined") && from.is_nullable();
    if has_undefined { value.or_else(Ts::name("undefined")) } else { value }
}

/// A whole number for code that says `bigint`.
fn big(file: &mut File, ty: &Type, value: Ts) -> Ts {
    file.import_all("_conductor/cel", "cel");
    match ty {
        Type::Int => Ts::call("cel.big", vec![value]),
        Type::List(item) => {
            let inner = big(file, item, Ts::name("item"));
            value.member("map").called(vec![Ts::arrow(&["item"], inner)])
        }
        ty if is_whole(ty) => Ts::call("cel.bigs", vec![value]),
        _ => Ts::call("cel.given", vec![value]),
    }
}

/// Whether no number inside can be anything but whole.
fn is_whole(ty: &Type) -> bool {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => is_whole(inner),
        Type::Record(fields) => fields.values().all(is_whole),
        Type::Union(members) => members.iter().all(is_whole),
        Type::Float | Type::Any | Type::Named(_) => false,
        _ => true,
    }
}

/// Whether the code says `bigint` of the result or of something in it.
pub fn says_bigint(call: &TaskCall) -> bool {
    let function = call.callable.function();
    function.is_some_and(|function| function.native_returns.as_deref() == Some("bigint"))
}

/// A result in which the code has `bigint`s where we have numbers. One that is itself a `bigint` stays one.
pub fn small(file: &mut File, call: &TaskCall, value: Ts) -> Ts {
    let returns = call.callable.returns();
    if !says_bigint(call) || *returns == Type::Int {
        return value;
    }
    file.import_all("_conductor/cel", "cel");
    let ty = file.ty(returns);
    Ts::path("cel.small").called_with(vec![ty], vec![value])
}

/// Whether a part of the type is open.
pub fn has_any(ty: &Type) -> bool {
    match ty {
        Type::Any => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => has_any(inner),
        Type::Union(members) => members.iter().any(has_any),
        Type::Record(fields) => fields.values().any(has_any),
        _ => false,
    }
}
