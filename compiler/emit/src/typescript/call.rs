//! What an attempt calls: a function, a method and the object it belongs to, or another process.
//!
//! It knows how a call is spelled; attempts, time limits and journal are its callers' business.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Argument, ArgumentValue, Callable, Function, Passing, Receiver, TaskCall};
use conductor_protocol::types::Type;

use super::expr::Translator;
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
}

/// Where a call is made.
pub struct Place<'c> {
    pub id: &'c str,
    pub at: At,
    /// What `step.` or `run.` knows the key by.
    pub key: Ts,
    /// The value of the arguments that stand for variables: of what is undone, or of what failed.
    pub locals: Vec<(String, Ts)>,
}

impl<'a> Workflow<'a> {
    pub fn call(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Made> {
        let Callable::Function(function) = &call.callable else {
            return Err(EmitError::Unsupported { what: format!("a call of `{}`", call.callable) });
        };
        let mut before = Vec::new();
        let callee = match &function.receiver {
            None => self.file.user(&function.module, &function.name),
            Some(Receiver::Constructed { constructor, args, .. }) => {
                let class = self.file.user(&function.module, constructor);
                let args = self.arguments(place, args, &mut before)?;
                let made = Ts::Call { callee: Box::new(class), types: Vec::new(), args, is_new: true };
                made.member(method(function))
            }
            Some(Receiver::Resource(id)) => {
                self.file.package.client(&mut self.file, id)?.member(method(function))
            }
        };
        let args = self.arguments(place, &call.args, &mut before)?;
        let takes_signal = call.arguments().any(|argument| argument.value == ArgumentValue::Cancellation);
        Ok(Made { before, value: callee.called(args), takes_signal })
    }

    fn arguments(&mut self, place: &Place<'_>, args: &[Argument], before: &mut Vec<Stmt>) -> Result<Vec<Ts>> {
        let mut all = Vec::new();
        let mut object = None;
        let mut fields = Vec::new();
        for argument in args {
            let value = match &argument.value {
                ArgumentValue::Expr(expr) => {
                    let value = self.argument(place, expr, &argument.parameter, before)?;
                    self.fitted(argument, expr, value)
                }
                ArgumentValue::IdempotencyKey => place.key.clone(),
                ArgumentValue::Resource(id) => self.file.package.client(&mut self.file, id)?,
                ArgumentValue::Cancellation => Ts::name("signal"),
            };
            if argument.passing == Passing::Keyword {
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

    /// The value as the parameter wants it. What the code says and a manifest cannot, it takes from the parameter itself.
    fn fitted(&mut self, argument: &Argument, expr: &Expr, value: Ts) -> Ts {
        let open = has_any(&argument.ty) || has_any(&expr.ty) || argument.native.is_some();
        if open && !matches!(value, Ts::Literal(_)) {
            self.file.import_all("_conductor/cel", "cel");
            return Ts::call("cel.given", vec![value]);
        }
        value
    }

    /// An argument. One that may have no value is computed before the first attempt.
    fn argument(&mut self, place: &Place<'_>, expr: &Expr, name: &str, before: &mut Vec<Stmt>) -> Result<Ts> {
        let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
        translator.locals.clone_from(&place.locals);
        let value = translator.value(expr)?;
        if !self.may_fail(expr) || matches!(expr.node, Node::Literal(_)) {
            return Ok(value);
        }
        let name = self.file.names.fresh(&super::names::camel(name));
        let evaluated = if self.plan.durable {
            Ts::call("step.evaluate", vec![Ts::arrow(&[], value)])
        } else {
            Ts::call("run.evaluate", vec![Ts::string(place.id), Ts::arrow(&[], value)])
        };
        before.push(Stmt::constant(&name, evaluated));
        Ok(Ts::name(name))
    }

    /// The values of the call's arguments by their names, for expressions that see them as variables.
    pub fn argument_values(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Vec<(String, Ts)>> {
        let mut locals = Vec::new();
        for argument in call.arguments() {
            let value = match &argument.value {
                ArgumentValue::Expr(expr) => {
                    let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
                    translator.locals.clone_from(&place.locals);
                    translator.value(expr)?
                }
                ArgumentValue::IdempotencyKey => place.key.clone(),
                _ => continue,
            };
            locals.push((crate::python::snake(&argument.parameter), value.clone()));
            locals.push((argument.parameter.clone(), value));
        }
        Ok(locals)
    }
}

fn method(function: &Function) -> String {
    function.name.rsplit('.').next().unwrap_or(&function.name).to_owned()
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
