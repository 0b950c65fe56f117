//! Translates the expressions of a Plan to native TypeScript that keeps CEL's rules.
//!
//! It knows what an expression means and which names stand for its variables; where TypeScript's own operator means
//! something else, a small function of the runtime's `cel` modules stands in.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node, UnaryOp};
use conductor_protocol::types::{Type, TypeDef};

use super::codecs::property;
use super::equality::is_simple;
use super::file::File;
use super::literal;
use super::scope::Scope;
use super::tree::{Operator, Property, Ts};
use crate::EmitError;
use crate::flow::{At, Source, may_fail};
use crate::inline::RESULT;

pub struct Translator<'f, 'a> {
    pub file: &'f mut File<'a>,
    pub scope: &'f Scope<'a>,
    /// Where the expression stands.
    pub at: At,
    /// Names in TypeScript of what comprehensions, binds and calls that are undone name, the innermost last.
    pub locals: Vec<(String, Ts)>,
    /// Whether `env` is what reads a variable of the environment: in what resources are opened with.
    pub sees_env: bool,
    /// Whether the result that is undone may be that of a call that was cut off.
    pub result_may_be_unknown: bool,
    /// Those of the names that stand for whole numbers of 64 bits.
    pub wide: Vec<String>,
}

type Result<T> = std::result::Result<T, EmitError>;

impl<'f, 'a> Translator<'f, 'a> {
    pub fn new(file: &'f mut File<'a>, scope: &'f Scope<'a>, at: At) -> Translator<'f, 'a> {
        Translator {
            file,
            scope,
            at,
            locals: Vec::new(),
            sees_env: false,
            result_may_be_unknown: false,
            wide: Vec::new(),
        }
    }

    /// The value for a place that wants exactly its type: whole numbers are made safe to hold.
    pub fn value(&mut self, expr: &Expr) -> Result<Ts> {
        let value = self.expr(expr)?;
        Ok(if self.is_wide(expr) { self.cel("safe", vec![value]) } else { value })
    }

    pub fn is_wide(&self, expr: &Expr) -> bool {
        let is_wide_name = |name: &String| {
            let value = self.locals.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value);
            matches!(value, Some(Ts::Name(name)) if self.wide.contains(name))
        };
        is_wide(expr)
            || match &expr.node {
                Node::Variable(name) => expr.ty == Type::Int && is_wide_name(name),
                Node::Conditional { then, otherwise, .. } => self.is_wide(then) || self.is_wide(otherwise),
                _ => false,
            }
            || matches!(&expr.node, Node::Step(id) if self.scope.is_big(&crate::flow::Var::Step(id.clone())))
    }

    pub fn expr(&mut self, expr: &Expr) -> Result<Ts> {
        Ok(match &expr.node {
            Node::Literal(value) => self.literal(value),
            Node::Input(name) => self.scope.input(name),
            Node::Step(id) => self.step(id, &expr.ty)?,
            Node::RunId => Ts::path("run.id"),
            Node::Variable(name)
                if name == RESULT
                    && !expr.ty.is_nullable()
                    && (self.scope.is_durable() || self.result_may_be_unknown) =>
            {
                let result = self.variable(name)?;
                self.cel("present", vec![result])
            }
            Node::Variable(name) => self.variable(name)?,
            Node::Env(name) if self.sees_env => Ts::call("env.get", vec![Ts::string(name)]),
            Node::Env(name) => return Err(unsupported(&format!("`env.{name}` in a workflow"))),
            Node::Entries(entries) => self.entries(entries)?,
            Node::Comprehension { kind, over, variables, filter, body } => {
                self.comprehension(*kind, over, variables, filter.as_deref(), body)?
            }
            Node::Bind { name, value, body } => self.bind(name, value, body)?,
            Node::Field { of, name } => self.field(of, name, &expr.ty)?,
            Node::Index { of, index } => self.index(of, index)?,
            Node::Has { of, name } => self.has(of, name)?,
            Node::List(items) => Ts::Array(items.iter().map(|item| self.value(item)).collect::<Result<_>>()?),
            Node::Record(fields) => self.record(fields)?,
            Node::Unary { op, operand } => self.unary(*op, operand)?,
            Node::Binary { op, left, right } => self.binary(*op, left, right, &expr.ty)?,
            Node::Conditional { test, then, otherwise } => self.conditional(test, then, otherwise)?,
            Node::Call { function, args } => self.call(function, args)?,
            Node::Interpolate(parts) => self.interpolate(parts)?,
            Node::Convert(inner) => self.convert(inner, &expr.ty)?,
        })
    }

    pub fn exprs(&mut self, exprs: &[Expr]) -> Result<Vec<Ts>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// A function of the runtime's `cel` module.
    pub fn cel(&mut self, name: &str, args: Vec<Ts>) -> Ts {
        self.file.import_all("_conductor/cel", "cel");
        Ts::call(&format!("cel.{name}"), args)
    }

    /// A function of one of the modules beside it: `Lists`, `Text`, `Time`, `Math` or `Dynamic`.
    pub fn cel_of(&mut self, part: &str, name: &str, args: Vec<Ts>) -> Ts {
        let alias = format!("cel{part}");
        self.file.import_all(&format!("_conductor/{alias}"), &alias);
        Ts::call(&format!("{alias}.{name}"), args)
    }

    pub fn literal(&mut self, value: &Literal) -> Ts {
        match value {
            Literal::Null => Ts::null(),
            Literal::Bool(value) => Ts::bool(*value),
            Literal::Int(value) => whole(*value),
            Literal::Float(value) if value.is_nan() => Ts::path("Number.NaN"),
            Literal::Float(value) if value.is_infinite() => {
                Ts::path(if *value > 0.0 { "Number.POSITIVE_INFINITY" } else { "Number.NEGATIVE_INFINITY" })
            }
            Literal::Float(value) if value.is_sign_negative() => {
                Ts::Negate(Box::new(Ts::number(literal::float(-value))))
            }
            Literal::Float(value) => Ts::number(literal::float(*value)),
            Literal::String(value) | Literal::Decimal(value) => Ts::string(value),
            Literal::Bytes(value) => {
                let bytes = value.iter().map(Ts::number).collect();
                Ts::call("Uint8Array.of", bytes)
            }
        }
    }

    /// The result of a step. A block may have no result of its own: it is made of its steps'.
    fn step(&mut self, id: &str, wanted: &Type) -> Result<Ts> {
        Ok(match self.scope.flow.source(id, self.at) {
            Source::Null => Ts::null(),
            Source::Var(var) => {
                let ty = self.scope.flow.ty(&var, self.at);
                if ty == Type::Null {
                    return Ok(Ts::null());
                }
                let value = self.scope.read(&var);
                let value = if self.scope.is_big(&var) && !ty.is_nullable() {
                    self.cel("int", vec![value])
                } else {
                    value
                };
                let narrowed = ty.is_nullable() && !wanted.is_nullable() && ty != Type::Any;
                if narrowed { self.cel("present", vec![value]) } else { value }
            }
            Source::Of(step) => self.step(&step.id, wanted)?,
            Source::Branches(branches) => {
                let mut pairs = Vec::new();
                for branch in branches {
                    let ty = field_type(wanted, &branch.id);
                    pairs.push(Property::Value(branch.id.clone(), self.step(&branch.id, ty)?));
                }
                Ts::Object(pairs)
            }
            Source::Values(names) => {
                let mut pairs = Vec::new();
                for name in names {
                    let ty = field_type(wanted, name);
                    pairs.push(Property::Value((*name).to_owned(), self.step(name, ty)?));
                }
                Ts::Object(pairs)
            }
        })
    }

    fn field(&mut self, of: &Expr, name: &str, ty: &Type) -> Result<Ts> {
        if let Node::Step(id) = &of.node {
            // The branch itself, rather than a record of all that is made to read one of them.
            match self.scope.flow.source(id, self.at) {
                Source::Branches(branches) if branches.iter().any(|branch| branch.id == name) => {
                    return self.step(name, ty);
                }
                Source::Values(names) if names.contains(&name) => return self.step(name, ty),
                _ => {}
            }
        }
        let value = self.expr(of)?;
        let of = of.ty.non_null();
        if let Some(attribute) = self.attribute(of, name) {
            let found = property(value, &attribute);
            // A field that may be absent reads as null.
            let is_absent = ty.is_nullable() && *ty != Type::Any && self.may_be_undefined(of, name);
            return Ok(if is_absent { found.or_else(Ts::null()) } else { found });
        }
        Ok(match of {
            Type::Record(_) => property(value, name),
            Type::Map(_) => self.cel("value", vec![value, Ts::string(name)]),
            _ => self.cel("field", vec![value, Ts::string(name)]),
        })
    }

    /// The property that is the field of the user's type.
    fn attribute(&self, ty: &Type, name: &str) -> Option<String> {
        let Type::Named(class) = ty else { return None };
        let (TypeDef::Class { fields } | TypeDef::TypedDict { fields }) =
            self.file.package.types.def(class)?
        else {
            return None;
        };
        fields.iter().find(|field| field.name == name).map(|field| field.attribute().to_owned())
    }

    /// Whether the property may hold `undefined` where the manifest has null.
    fn may_be_undefined(&self, ty: &Type, name: &str) -> bool {
        let Type::Named(class) = ty else { return false };
        match self.file.package.types.def(class) {
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
                fields.iter().any(|field| field.name == name && field.ty.is_nullable())
            }
            _ => false,
        }
    }

    fn has(&mut self, of: &Expr, name: &str) -> Result<Ts> {
        let value = self.expr(of)?;
        match self.attribute(of.ty.non_null(), name) {
            Some(attribute) if !matches!(of.ty, Type::Optional(_)) => {
                self.file.import_all("_conductor/scalars", "scalars");
                Ok(Ts::call("scalars.isAbsent", vec![property(value, &attribute)]).negated())
            }
            _ => Ok(self.cel("has", vec![value, Ts::string(name)])),
        }
    }

    fn index(&mut self, of: &Expr, index: &Expr) -> Result<Ts> {
        let args = vec![self.expr(of)?, self.expr(index)?];
        let function = match of.ty.non_null() {
            Type::List(_) => "item",
            Type::Map(_) => "value",
            _ => "index",
        };
        Ok(self.cel(function, args))
    }

    fn record(&mut self, fields: &[(String, Expr)]) -> Result<Ts> {
        let pairs = fields.iter().map(|(name, value)| Ok(Property::Value(name.clone(), self.value(value)?)));
        let pairs: Vec<Property> = pairs.collect::<Result<_>>()?;
        // A literal with this name would set the prototype.
        let is_special = |pair: &Property| matches!(pair, Property::Value(name, _) if name == "__proto__");
        if !pairs.iter().any(is_special) {
            return Ok(Ts::Object(pairs));
        }
        let entries = pairs.into_iter().map(|pair| match pair {
            Property::Value(name, value) => Ts::Array(vec![Ts::string(name), value]),
            Property::Spread(value) => value,
        });
        let entries = Ts::Array(entries.collect());
        Ok(self.cel_of("Lists", "mapping", vec![entries]))
    }

    fn conditional(&mut self, test: &Expr, then: &Expr, otherwise: &Expr) -> Result<Ts> {
        let value = self.condition(test)?;
        match (&then.node, &otherwise.node) {
            (Node::Literal(Literal::Bool(true)), Node::Literal(Literal::Bool(false))) => return Ok(value),
            (Node::Literal(Literal::Bool(false)), Node::Literal(Literal::Bool(true))) => {
                return Ok(value.negated());
            }
            _ => {}
        }
        Ok(Ts::conditional(value, self.expr(then)?, self.expr(otherwise)?))
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Result<Ts> {
        let value = self.expr(operand)?;
        Ok(match (op, &operand.ty) {
            (UnaryOp::Not, Type::Bool) => value.negated(),
            (UnaryOp::Not, _) => self.cel("not", vec![value]),
            (UnaryOp::Negate, Type::Float) => Ts::Negate(Box::new(value)),
            (UnaryOp::Negate, Type::Int) => self.cel("negateInt", vec![value]),
            (UnaryOp::Negate, Type::Decimal) => self.cel("negateDecimal", vec![value]),
            (UnaryOp::Negate, _) => self.cel_of("Dynamic", "negate", vec![value]),
        })
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, ty: &Type) -> Result<Ts> {
        match op {
            BinaryOp::And => self.logic(Operator::And, "and", left, right),
            BinaryOp::Or => self.logic(Operator::Or, "or", left, right),
            BinaryOp::Equal => self.equality(true, left, right),
            BinaryOp::NotEqual => self.equality(false, left, right),
            BinaryOp::Less => self.order(Operator::Less, "less", left, right),
            BinaryOp::LessOrEqual => self.order(Operator::LessOrEqual, "lessOrEqual", left, right),
            BinaryOp::Greater => self.order(Operator::Greater, "greater", left, right),
            BinaryOp::GreaterOrEqual => self.order(Operator::GreaterOrEqual, "greaterOrEqual", left, right),
            BinaryOp::In => self.membership(left, right),
            BinaryOp::Add => self.arithmetic("add", left, right, ty),
            BinaryOp::Subtract => self.arithmetic("subtract", left, right, ty),
            BinaryOp::Multiply => self.arithmetic("multiply", left, right, ty),
            BinaryOp::Divide => self.arithmetic("divide", left, right, ty),
            BinaryOp::Modulo => self.arithmetic("modulo", left, right, ty),
        }
    }

    /// CEL's `&&` and `||` are decided by either side: an error on the left does not matter if the right decides.
    fn logic(&mut self, op: Operator, helper: &str, left: &Expr, right: &Expr) -> Result<Ts> {
        let native = !may_fail(&self.file.package.types.table, left)
            && left.ty == Type::Bool
            && right.ty == Type::Bool;
        let native = native && !is_literal(left) && !is_literal(right);
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        if native {
            return Ok(Ts::binary(op, left, right));
        }
        Ok(self.cel(helper, vec![Ts::arrow(&[], left), Ts::arrow(&[], right)]))
    }

    fn order(&mut self, op: Operator, helper: &str, left: &Expr, right: &Expr) -> Result<Ts> {
        let numeric = |ty: &Type| matches!(ty, Type::Int | Type::Float);
        let native = numeric(&left.ty) && numeric(&right.ty) && !(is_literal(left) && is_literal(right));
        let types = (&left.ty, &right.ty);
        let (one, other) = (self.expr(left)?, self.expr(right)?);
        if native && left != right {
            return Ok(Ts::binary(op, one, other));
        }
        let compared = match types {
            (Type::Duration, Type::Duration) => self.cel_of("Time", "compareDurations", vec![one, other]),
            (Type::Timestamp, Type::Timestamp) => self.cel_of("Time", "compareTimestamps", vec![one, other]),
            (Type::Decimal, Type::Decimal) => self.cel("compareDecimal", vec![one, other]),
            _ => return Ok(self.cel(helper, vec![one, other])),
        };
        Ok(Ts::binary(op, compared, Ts::number(0)))
    }

    fn membership(&mut self, left: &Expr, right: &Expr) -> Result<Ts> {
        let native = matches!(right.ty.non_null(), Type::List(item) if **item == left.ty && is_simple(&self.file.package.types, item) && left.ty != Type::Float);
        let (item, of) = (self.expr(left)?, self.expr(right)?);
        if native
            && !self.is_wide(left)
            && !matches!(right.ty, Type::Optional(_))
            && !matches!(of, Ts::Array(_))
        {
            return Ok(of.member("includes").called(vec![item]));
        }
        Ok(self.cel("contained", vec![item, of]))
    }

    fn interpolate(&mut self, parts: &[Expr]) -> Result<Ts> {
        let parts = parts.iter().map(|part| self.text_of(part)).collect::<Result<_>>()?;
        Ok(self.cel("interpolate", parts))
    }

    /// A part of a text, which no longer says of what type it was.
    fn text_of(&mut self, part: &Expr) -> Result<Ts> {
        let value = self.expr(part)?;
        Ok(match &part.ty {
            Type::Float => self.cel("floatText", vec![value]),
            Type::Timestamp => self.cel_of("Time", "timestampText", vec![value]),
            _ => value,
        })
    }

    fn convert(&mut self, inner: &Expr, to: &Type) -> Result<Ts> {
        if let (Node::Literal(Literal::Int(value)), Type::Decimal) = (&inner.node, to) {
            return Ok(Ts::string(value.to_string()));
        }
        let value = self.expr(inner)?;
        if inner.ty.is_of_another_class(to) {
            let encoded = self.file.coded(super::codecs::Way::Encode, &inner.ty, value);
            return Ok(self.file.coded(super::codecs::Way::Decode, to, encoded));
        }
        let types = &self.file.package.types;
        if types.is_enum(&inner.ty) && matches!(to.non_null(), Type::String | Type::Int) {
            return Ok(value);
        }
        if types.is_enum(to) && !types.is_enum(&inner.ty) {
            return Ok(self.file.coded(super::codecs::Way::Decode, to, value));
        }
        Ok(match (&inner.ty, to) {
            (Type::Optional(from), to) if **from == *to => self.cel("present", vec![value]),
            (Type::Int, Type::Float) if self.is_wide(inner) => self.cel("intToFloat", vec![value]),
            (Type::Int, Type::Decimal) => self.cel("intToDecimal", vec![value]),
            (Type::String, Type::Decimal) => self.cel("toDecimal", vec![value]),
            (Type::Float, Type::Decimal) => self.cel("floatToDecimal", vec![value]),
            (Type::Union(_) | Type::Optional(_) | Type::Any, to) => self.narrow(value, to),
            _ => value,
        })
    }

    /// A member of a union that is known to be there.
    pub fn narrow(&mut self, value: Ts, to: &Type) -> Ts {
        if matches!(to, Type::Optional(_) | Type::Union(_) | Type::Any) {
            return value;
        }
        let kind = match to {
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Float => "float",
            Type::Bytes => "bytes",
            Type::Timestamp => "timestamp",
            Type::List(_) => "list",
            Type::Map(_) | Type::Record(_) => "map",
            Type::Named(_) if !self.file.package.types.is_enum(to) => "map",
            _ => "string",
        };
        let ty = self.file.ty(to);
        self.file.import_all("_conductor/cel", "cel");
        Ts::path("cel.narrowed").called_with(vec![ty], vec![value, Ts::string(kind)])
    }
}

pub fn unsupported(what: &str) -> EmitError {
    EmitError::Unsupported { what: what.to_owned() }
}

pub fn is_literal(expr: &Expr) -> bool {
    matches!(expr.node, Node::Literal(_))
}

/// A whole number: beyond what a `number` holds exactly as a `bigint`.
fn whole(value: i64) -> Ts {
    const SAFE: u64 = (1 << 53) - 1;
    let digits = literal::grouped(value.unsigned_abs());
    let digits = if value.unsigned_abs() > SAFE { format!("{digits}n") } else { digits };
    if value < 0 { Ts::Negate(Box::new(Ts::number(digits))) } else { Ts::number(digits) }
}

/// Whether a whole number may be beyond what a `number` holds, so that it may be a `bigint`.
pub fn is_wide(expr: &Expr) -> bool {
    expr.ty == Type::Int
        && match &expr.node {
            Node::Literal(Literal::Int(value)) => value.unsigned_abs() > (1 << 53) - 1,
            Node::Unary { .. } | Node::Binary { .. } => true,
            Node::Call { function, .. } => {
                !matches!(function.as_str(), "size" | "indexOf" | "lastIndexOf")
                    && !function.starts_with("get")
            }
            Node::Conditional { then, otherwise, .. } => is_wide(then) || is_wide(otherwise),
            // The body may be what is bound.
            Node::Bind { value, body, .. } => is_wide(body) || is_wide(value),
            _ => false,
        }
}

/// What the record holds under the name.
fn field_type<'t>(of: &'t Type, name: &str) -> &'t Type {
    match of.non_null() {
        Type::Record(fields) => fields.get(name).unwrap_or(&Type::Any),
        _ => &Type::Any,
    }
}
