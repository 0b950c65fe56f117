//! The meaning of a Plan's expressions: a checked expression and the values of its names to a value.
//!
//! It is the plain evaluator's operators and functions behind checked types; it knows neither texts nor places.

mod comprehension;
mod json;
mod literal;

use std::collections::BTreeMap;
use std::sync::Arc;

use conductor_protocol::expr::{BinaryOp, Expr, Node};
use conductor_protocol::types::Type;

pub use json::{from_json, to_json};

use crate::eval::{MAX_STEPS, Map, Meter, Value, convert, element, functions, is_walkable, operators};

/// The deepest expression that is evaluated; the checker makes none that is deeper.
const MAX_DEPTH: usize = 200;

/// Values of the names that an expression can read; `None` is an error, a null is [`Value::Null`].
pub trait Names {
    fn input(&self, name: &str) -> Option<Value>;
    fn step(&self, id: &str) -> Option<Value>;
    /// A map's item, a caught error and the like; what the expression itself binds is not asked for.
    fn variable(&self, name: &str) -> Option<Value>;
    fn env(&self, name: &str) -> Option<Value>;
    fn run_id(&self) -> Option<Value>;
}

/// Names and values as they are given.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    pub inputs: BTreeMap<String, Value>,
    pub steps: BTreeMap<String, Value>,
    pub variables: BTreeMap<String, Value>,
    pub env: BTreeMap<String, Value>,
    pub run_id: Option<Value>,
}

impl Names for Bindings {
    fn input(&self, name: &str) -> Option<Value> {
        self.inputs.get(name).cloned()
    }

    fn step(&self, id: &str) -> Option<Value> {
        self.steps.get(id).cloned()
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    fn env(&self, name: &str) -> Option<Value> {
        self.env.get(name).cloned()
    }

    fn run_id(&self) -> Option<Value> {
        self.run_id.clone()
    }
}

/// Why an expression has no value: what CEL calls an error, or a spent budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    pub message: String,
}

impl From<String> for EvalError {
    fn from(message: String) -> EvalError {
        EvalError { message }
    }
}

impl From<&str> for EvalError {
    fn from(message: &str) -> EvalError {
        EvalError { message: message.to_owned() }
    }
}

type Outcome = Result<Value, EvalError>;

/// Evaluates `expr`, in bounded time and memory.
///
/// # Errors
/// CEL's own errors (division by zero, overflow, a missing key, ...) and an exceeded budget.
pub fn evaluate(expr: &Expr, names: &dyn Names) -> Outcome {
    let mut evaluator = Evaluator { names, locals: Vec::new(), meter: Meter::new(), depth: 0 };
    let value = evaluator.eval(expr)?;
    let mut left = MAX_STEPS;
    if !is_walkable(&value, &mut left) {
        return Err("the result is too large".into());
    }
    Ok(value)
}

struct Evaluator<'a> {
    names: &'a dyn Names,
    /// What comprehensions and binds name, the innermost last.
    locals: Vec<(&'a str, Value)>,
    meter: Meter,
    depth: usize,
}

impl<'a> Evaluator<'a> {
    fn eval(&mut self, expr: &'a Expr) -> Outcome {
        self.meter.charge(1)?;
        if self.depth >= MAX_DEPTH {
            return Err("the expression is nested too deep".into());
        }
        self.depth += 1;
        let result = self.node(expr);
        self.depth -= 1;
        Ok(self.meter.made(result?)?)
    }

    fn node(&mut self, expr: &'a Expr) -> Outcome {
        match &expr.node {
            Node::Literal(value) => literal::value(value),
            Node::Input(name) => known(self.names.input(name), "input", name),
            Node::Step(id) => known(self.names.step(id), "result of the step", id),
            Node::Variable(name) => self.variable(name),
            Node::RunId => known(self.names.run_id(), "name", "run.id"),
            Node::Env(name) => known(self.names.env(name), "variable of the environment", name),
            Node::Field { of, name } => {
                let owner = self.eval(of)?;
                field(&owner, name, expr.ty.is_nullable() && of.ty != Type::Any)
            }
            Node::Index { of, index } => {
                let (owner, at) = (self.eval(of)?, self.eval(index)?);
                Ok(element(&owner, &at)?.ok_or_else(|| missing(&owner, &at))?)
            }
            Node::Has { of, name } => {
                let owner = self.eval(of)?;
                has(&owner, name)
            }
            Node::List(items) => {
                let items: Vec<Value> = items.iter().map(|item| self.eval(item)).collect::<Result<_, _>>()?;
                Ok(Value::from(items))
            }
            Node::Record(fields) => self.record(fields),
            Node::Entries(entries) => self.entries(entries),
            Node::Unary { op, operand } => {
                let value = self.eval(operand)?;
                Ok(operators::unary(*op, &value)?)
            }
            Node::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                self.logic(*op == BinaryOp::Or, left, right)
            }
            Node::Binary { op, left, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Ok(operators::binary(*op, &left, &right, &mut self.meter)?)
            }
            Node::Conditional { test, then, otherwise } => {
                let chosen = if self.condition(test)? { then } else { otherwise };
                self.eval(chosen)
            }
            Node::Call { function, args } => self.call(function, args),
            Node::Comprehension { kind, over, variables, filter, body } => {
                self.comprehension(*kind, over, variables, filter.as_deref(), body)
            }
            Node::Bind { name, value, body } => {
                let value = self.eval(value)?;
                self.locals.push((name, value));
                let result = self.eval(body);
                self.locals.pop();
                result
            }
            Node::Interpolate(parts) => self.interpolate(parts),
            Node::Convert(inner) => {
                let value = self.eval(inner)?;
                literal::converted(value, &inner.ty, &expr.ty)
            }
        }
    }

    fn variable(&mut self, name: &str) -> Outcome {
        match self.locals.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => known(self.names.variable(name), "variable", name),
        }
    }

    fn condition(&mut self, test: &'a Expr) -> Result<bool, EvalError> {
        match self.eval(test)? {
            Value::Bool(value) => Ok(value),
            other => Err(format!("a condition is a bool, but this is a {}", other.type_name()).into()),
        }
    }

    /// `&&` and `||`: one operand that decides hides an error of the other, on either side.
    fn logic(&mut self, decides: bool, left: &'a Expr, right: &'a Expr) -> Outcome {
        let first = self.condition(left);
        if first == Ok(decides) {
            return Ok(Value::Bool(decides));
        }
        match (first, self.condition(right)) {
            (_, Ok(second)) if second == decides => Ok(Value::Bool(decides)),
            (Ok(_), Ok(_)) => Ok(Value::Bool(!decides)),
            (Err(failed), _) | (Ok(_), Err(failed)) => Err(failed),
        }
    }

    fn record(&mut self, fields: &'a [(String, Expr)]) -> Outcome {
        let mut map = Map::default();
        for (name, value) in fields {
            let value = self.eval(value)?;
            map.insert(Value::from(name.as_str()), value)?;
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn entries(&mut self, entries: &'a [(Expr, Expr)]) -> Outcome {
        let mut map = Map::default();
        for (key, value) in entries {
            let (key, value) = (self.eval(key)?, self.eval(value)?);
            if !matches!(key, Value::String(_)) {
                return Err(format!("a key is a string, but this is a {}", key.type_name()).into());
            }
            map.insert(key, value)?;
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn call(&mut self, function: &str, args: &'a [Expr]) -> Outcome {
        let values: Vec<Value> = args.iter().map(|arg| self.eval(arg)).collect::<Result<_, _>>()?;
        let result = match values.as_slice() {
            [value] => convert::of_manifest(function, value),
            _ => None,
        };
        let meter = &mut self.meter;
        let result = result
            .or_else(|| functions::apply(meter, function, false, &values))
            .or_else(|| functions::apply(meter, function, true, &values));
        match result {
            // What plain CEL says with an optional is null or not in a manifest.
            Some(Ok(Value::Optional(inner))) => Ok(inner.as_deref().cloned().unwrap_or(Value::Null)),
            Some(result) => Ok(result?),
            None => {
                let types: Vec<&str> = values.iter().map(Value::type_name).collect();
                Err(format!("there is no `{function}` for ({})", types.join(", ")).into())
            }
        }
    }

    fn interpolate(&mut self, parts: &'a [Expr]) -> Outcome {
        let mut text = String::new();
        for part in parts {
            let value = self.eval(part)?;
            match convert::of_manifest("string", &value) {
                Some(Ok(Value::String(piece))) => text.push_str(&piece),
                Some(Err(message)) => return Err(message.into()),
                _ => return Err(format!("a {} cannot be put into a text", value.type_name()).into()),
            }
            self.meter.charge(text.len() / 16)?;
        }
        Ok(Value::from(text))
    }
}

fn known(value: Option<Value>, what: &str, name: &str) -> Outcome {
    value.ok_or_else(|| format!("there is no {what} `{name}`").into())
}

fn missing(owner: &Value, at: &Value) -> String {
    match owner {
        Value::List(items) => format!("the index {} is out of a list of {}", at.to_json(), items.len()),
        _ => format!("there is no key {}", at.to_json()),
    }
}

/// A field; where its type says that it may be absent, that reads as null.
fn field(owner: &Value, name: &str, may_be_absent: bool) -> Outcome {
    match owner {
        Value::Map(map) => match map.field(name) {
            Some(value) => Ok(value.clone()),
            None if may_be_absent => Ok(Value::Null),
            None => Err(format!("there is no field `{name}`").into()),
        },
        other => Err(format!("`{name}` cannot be read: a {} has no fields", other.type_name()).into()),
    }
}

/// Whether the field is there and not null; nothing has a field of null.
fn has(owner: &Value, name: &str) -> Outcome {
    match owner {
        Value::Map(map) => {
            Ok(Value::Bool(map.field(name).is_some_and(|value| !matches!(value, Value::Null))))
        }
        Value::Null => Ok(Value::Bool(false)),
        other => Err(format!("a {} has no fields", other.type_name()).into()),
    }
}
