//! Translates the expressions of a Plan to native Go that keeps CEL's rules.
//!
//! It knows what an expression means and what stands for its variables. Where Go's own operator means something else, a
//! function of the runtime's package `cel` stands in; those that may fail panic, and are turned into an error at the root.

use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::types::{Type, TypeDef};

use super::codecs::{self, Way};
use super::convert;
use super::file::File;
use super::literal;
use super::names::{Names, unexported};
use super::scope::Scope;
use super::spelling::Spelling;
use super::tree::Go;
use crate::EmitError;

pub type Result<T> = std::result::Result<T, EmitError>;

/// A value that an expression gives, and whether it may fail.
pub struct Value {
    pub go: Go,
    pub fails: bool,
}

pub struct Translator<'f, 'a> {
    pub file: &'f mut File<'a>,
    pub scope: &'f Scope,
    /// Names in Go of what comprehensions and binds name, with their types; the innermost last.
    pub locals: Vec<(String, String, Type)>,
    pub names: Names,
    /// Whether what was translated so far may fail.
    pub fails: bool,
}

impl<'f, 'a> Translator<'f, 'a> {
    pub fn new(file: &'f mut File<'a>, scope: &'f Scope) -> Translator<'f, 'a> {
        Translator { file, scope, locals: Vec::new(), names: Names::of_functions(), fails: false }
    }

    /// The value as one of type `wanted`.
    pub fn root(mut self, expr: &Expr, wanted: &Type) -> Result<Value> {
        let go = self.as_type(expr, wanted)?;
        Ok(Value { go, fails: self.fails })
    }

    /// The expression, given where `wanted` is asked for.
    pub fn as_type(&mut self, expr: &Expr, wanted: &Type) -> Result<Go> {
        // A literal is written as what it is wanted as.
        match (&expr.node, wanted.non_null()) {
            (Node::Literal(Literal::Int(value)), Type::Float) if *wanted == Type::Float => {
                #[expect(clippy::cast_precision_loss, reason = "CEL reads a whole number as a float so")]
                return Ok(self.literal(&Literal::Float(*value as f64)));
            }
            (Node::Literal(Literal::Int(value)), Type::Decimal) if *wanted == Type::Decimal => {
                return Ok(self.literal(&Literal::Decimal(value.to_string())));
            }
            (Node::List(items), Type::List(item)) if *wanted != expr.ty && !wanted.is_nullable() => {
                return self.list(items, item);
            }
            (Node::Record(fields), Type::Record(_) | Type::Map(_)) if !wanted.is_nullable() => {
                return self.record(fields, wanted);
            }
            _ => {}
        }
        let value = self.expr(expr)?;
        self.coerce(value, &expr.ty, wanted)
    }

    pub fn expr(&mut self, expr: &Expr) -> Result<Go> {
        Ok(match &expr.node {
            Node::Literal(value) => self.literal(value),
            Node::Input(name) => {
                let (value, ty) = self.scope.input(name)?;
                self.coerce(value, &ty, &expr.ty)?
            }
            Node::Step(id) => {
                let Some((value, ty)) = self.scope.step(id) else { return Ok(Go::atom("nil")) };
                self.coerce(value, &ty, &expr.ty)?
            }
            Node::RunId => self.scope.run_id.clone(),
            Node::Variable(name) => self.variable(name, &expr.ty)?,
            Node::Env(name) if self.scope.sees_env => {
                self.fails = true;
                Go::call("env.Need", vec![Go::string(name)])
            }
            Node::Env(name) => return Err(unsupported(&format!("`env.{name}` in a workflow"))),
            Node::Entries(entries) => self.entries(entries, &expr.ty)?,
            Node::Comprehension { kind, over, variables, filter, body } => {
                self.comprehension(*kind, over, variables, filter.as_deref(), body, &expr.ty)?
            }
            Node::Bind { name, value, body } => self.bind(name, value, body)?,
            Node::Field { of, name } => self.field(of, name, &expr.ty)?,
            Node::Index { of, index } => self.index(of, index, &expr.ty)?,
            Node::Has { of, name } => self.has(of, name)?,
            Node::List(items) => match &expr.ty {
                Type::List(item) => self.list(items, item)?,
                _ => self.list(items, &Type::Any)?,
            },
            Node::Record(fields) => self.record(fields, &expr.ty)?,
            Node::Unary { op, operand } => self.unary(*op, operand, &expr.ty)?,
            Node::Binary { op, left, right } => self.binary(*op, left, right, &expr.ty)?,
            Node::Conditional { test, then, otherwise } => {
                let test = self.condition(test)?;
                let ty = self.file.ty(&expr.ty);
                let then = Go::lambda(&[], &ty, self.as_type(then, &expr.ty)?);
                let otherwise = Go::lambda(&[], &ty, self.as_type(otherwise, &expr.ty)?);
                self.file.call_cel("Choose", vec![test, then, otherwise])
            }
            Node::Call { function, args } => self.call(function, args, &expr.ty)?,
            Node::Interpolate(parts) => {
                let parts = parts.iter().map(|part| self.boxed(part)).collect::<Result<_>>()?;
                self.file.call_cel("Interpolate", parts)
            }
            Node::Convert(inner) => self.as_type(inner, &expr.ty)?,
        })
    }

    /// A value for operations on values of unknown type.
    pub fn boxed(&mut self, expr: &Expr) -> Result<Go> {
        let value = self.expr(expr)?;
        Ok(codecs::apply(self.file, Way::Box, &expr.ty, value))
    }

    /// A function of the runtime that may fail.
    pub fn failing(&mut self, name: &str, args: Vec<Go>) -> Go {
        self.fails = true;
        self.file.call_cel(name, args)
    }

    /// The value beside another of its type: a constant takes that type by itself.
    pub fn bare(&mut self, expr: &Expr) -> Result<Go> {
        match expr.node {
            Node::Literal(Literal::Int(value)) => Ok(Go::atom(value.to_string())),
            Node::Literal(Literal::Float(value)) => match literal::float(value) {
                Some(text) => Ok(Go::atom(text)),
                None => self.expr(expr),
            },
            _ => self.expr(expr),
        }
    }

    pub fn literal(&mut self, value: &Literal) -> Go {
        match value {
            Literal::Null => Go::atom("nil"),
            Literal::Bool(value) => Go::atom(value.to_string()),
            // An untyped constant would become an `int` where its type is inferred.
            Literal::Int(value) => Go::atom(format!("int64({value})")),
            Literal::Float(value) => match literal::float(*value) {
                Some(text) => Go::atom(format!("float64({text})")),
                None if value.is_nan() => {
                    let math = self.file.std("math");
                    Go::call(format!("{math}.NaN"), Vec::new())
                }
                None if value.is_infinite() => {
                    let math = self.file.std("math");
                    let sign = if *value > 0.0 { "1" } else { "-1" };
                    Go::call(format!("{math}.Inf"), vec![Go::atom(sign)])
                }
                None => {
                    let math = self.file.std("math");
                    Go::call(format!("{math}.Copysign"), vec![Go::atom("0"), Go::atom("-1")])
                }
            },
            Literal::String(value) | Literal::Decimal(value) => Go::string(value),
            Literal::Bytes(value) => Go::atom(literal::bytes(value)),
        }
    }

    fn variable(&mut self, name: &str, ty: &Type) -> Result<Go> {
        let found = self.locals.iter().rev().find(|(known, ..)| known == name);
        if let Some((_, go, known)) = found {
            let (go, known) = (Go::atom(go.clone()), known.clone());
            return self.coerce(go, &known, ty);
        }
        let Some((go, known)) = self.scope.variable(name) else {
            return Err(unsupported(&format!("the variable `{name}`")));
        };
        self.coerce(go, &known, ty)
    }

    /// Gives a variable a name in Go, until [`Translator::leave`].
    pub fn enter(&mut self, name: &str, ty: Type) -> String {
        let wanted = match unexported(name) {
            // What the checker names has a name that nobody can write.
            odd if !name.starts_with(|first: char| first.is_ascii_alphabetic()) && odd.starts_with('x') => {
                "each".to_owned()
            }
            wanted => wanted,
        };
        let chosen = self.names.fresh(&wanted);
        self.locals.push((name.to_owned(), chosen.clone(), ty));
        chosen
    }

    pub fn leave(&mut self) {
        if let Some((_, name, _)) = self.locals.pop() {
            self.names.release(&name);
        }
    }

    pub fn list(&mut self, items: &[Expr], item: &Type) -> Result<Go> {
        let items = items.iter().map(|each| self.as_type(each, item)).collect::<Result<_>>()?;
        Ok(Go::List { ty: format!("[]{}", self.file.ty(item)), items })
    }

    fn record(&mut self, fields: &[(String, Expr)], ty: &Type) -> Result<Go> {
        match ty {
            Type::Record(types) => {
                let spelled = self.file.ty(ty);
                let all = codecs::record_fields(ty);
                let names = codecs::field_names(self.file.package, ty, &all);
                let mut pairs = Vec::new();
                for (field, value) in fields {
                    let Some(at) = types.keys().position(|known| known == field) else { continue };
                    pairs.push((names[at].clone(), self.as_type(value, &all[at].ty)?));
                }
                Ok(Go::Struct { ty: spelled, fields: pairs, spread: false })
            }
            _ => {
                let item = match ty {
                    Type::Map(item) => (**item).clone(),
                    _ => Type::Any,
                };
                let pairs = fields
                    .iter()
                    .map(|(name, value)| Ok((literal::string(name), self.as_type(value, &item)?)));
                let fields = pairs.collect::<Result<_>>()?;
                Ok(Go::Struct { ty: format!("map[string]{}", self.file.ty(&item)), fields, spread: false })
            }
        }
    }

    fn entries(&mut self, entries: &[(Expr, Expr)], ty: &Type) -> Result<Go> {
        let item = match ty {
            Type::Map(item) => (**item).clone(),
            _ => Type::Any,
        };
        let mut pairs = Vec::new();
        for (key, value) in entries {
            let key = self.key(key)?;
            let value = self.as_type(value, &item)?;
            pairs.push(self.file.call_cel("Entry", vec![key, value]));
        }
        self.fails = true;
        let name = self.file.cel("Mapping");
        let name = if pairs.is_empty() { format!("{name}[{}]", self.file.ty(&item)) } else { name };
        Ok(Go::call(name, pairs))
    }

    fn key(&mut self, key: &Expr) -> Result<Go> {
        if key.ty == Type::String {
            return self.expr(key);
        }
        let key = self.boxed(key)?;
        Ok(self.failing("KeyOf", vec![key]))
    }

    fn field(&mut self, of: &Expr, name: &str, ty: &Type) -> Result<Go> {
        let owner = of.ty.non_null().clone();
        let value = self.as_type(of, &owner)?;
        let fields = match &owner {
            Type::Record(_) => codecs::record_fields(&owner),
            Type::Named(class) => match self.file.package.types.get(class) {
                Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => fields.clone(),
                _ => Vec::new(),
            },
            Type::Map(item) => {
                let found = self.failing("Value", vec![value, Go::string(name)]);
                return self.coerce(found, item, ty);
            }
            _ => Vec::new(),
        };
        let found = fields.iter().position(|field| field.name == name);
        let Some(at) = found.filter(|_| !codecs::is_exotic(self.file, &fields)) else {
            let boxed = codecs::apply(self.file, Way::Box, &owner, value);
            let found = self.failing("Field", vec![boxed, Go::string(name)]);
            return self.coerce(found, &Type::Any, ty);
        };
        let field = &fields[at];
        let go_name = codecs::field_names(self.file.package, &owner, &fields)[at].clone();
        let spelling = codecs::field_spelling(self.file, field);
        let usual = self.file.spelling(&field.ty);
        let (value, fails) = convert::convert(self.file, value.field(go_name), &spelling, &usual, &field.ty);
        self.fails |= fails;
        self.coerce(value, &field.ty, ty)
    }

    fn has(&mut self, of: &Expr, name: &str) -> Result<Go> {
        let value = self.boxed(of)?;
        self.fails |= matches!(of.ty, Type::Optional(_) | Type::Any | Type::Union(_));
        Ok(self.file.call_cel("Has", vec![value, Go::string(name)]))
    }

    fn index(&mut self, of: &Expr, index: &Expr, ty: &Type) -> Result<Go> {
        let owner = of.ty.non_null().clone();
        match &owner {
            Type::List(item) if index.ty == Type::Int => {
                let args = vec![self.as_type(of, &owner)?, self.expr(index)?];
                let found = self.failing("Item", args);
                self.coerce(found, item, ty)
            }
            Type::Map(item) if index.ty == Type::String => {
                let args = vec![self.as_type(of, &owner)?, self.expr(index)?];
                let found = self.failing("Value", args);
                self.coerce(found, item, ty)
            }
            _ => {
                let args = vec![self.boxed(of)?, self.boxed(index)?];
                let found = self.failing("Index", args);
                self.coerce(found, &Type::Any, ty)
            }
        }
    }

    /// A test, which is looked at where its type is not known.
    pub fn condition(&mut self, test: &Expr) -> Result<Go> {
        if test.ty == Type::Bool {
            return self.expr(test);
        }
        let value = self.boxed(test)?;
        Ok(self.failing("Condition", vec![value]))
    }

    /// A value for a parameter that is spelled so.
    pub fn native(&mut self, value: Go, ty: &Type, spelling: &Spelling) -> Go {
        if let (Type::Int, Go::Atom(text)) = (ty, &value)
            && let Some(number) = text.strip_prefix("int64(").and_then(|rest| rest.strip_suffix(')'))
            && matches!(spelling.below(), Spelling::Basic(_))
        {
            // A constant, of which the compiler says whether it fits.
            return Go::atom(number);
        }
        let usual = self.file.spelling(ty);
        let (value, fails) = convert::convert(self.file, value, &usual, spelling, ty);
        self.fails |= fails;
        value
    }
}

pub fn unsupported(what: &str) -> EmitError {
    EmitError::Unsupported { what: what.to_owned() }
}
