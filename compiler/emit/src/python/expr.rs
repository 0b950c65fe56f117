//! Translates the expressions of a Plan to native Python that keeps CEL's rules.
//!
//! It knows what an expression means and which names stand for its variables; where Python's own operator means
//! something else, a small function of the runtime's `cel` module stands in.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node, UnaryOp};
use conductor_protocol::types::{Type, TypeDef};

use super::codecs::{Way, apply};
use super::file::File;
use super::literal;
use super::scope::{Scope, Var};
use super::tree::{Operator, Py, Unary};
use crate::EmitError;
use crate::flow::{At, Source, always_has, is_simple, may_fail};

pub struct Translator<'f, 'a> {
    pub file: &'f mut File<'a>,
    pub scope: &'f Scope<'a>,
    /// Names in Python of what comprehensions and binds name, the innermost last.
    pub locals: Vec<(String, String)>,
    /// Where the expression stands.
    pub at: At,
    /// Whether `env` is the function that reads a variable of the environment: in what resources are opened with.
    pub sees_env: bool,
}

type Result<T> = std::result::Result<T, EmitError>;

impl<'f, 'a> Translator<'f, 'a> {
    pub fn new(file: &'f mut File<'a>, scope: &'f Scope<'a>, at: At) -> Translator<'f, 'a> {
        Translator { file, scope, locals: Vec::new(), at, sees_env: false }
    }

    pub fn expr(&mut self, expr: &Expr) -> Result<Py> {
        Ok(match &expr.node {
            Node::Literal(value) => self.literal(value),
            Node::Input(name) => self.scope.read(&Var::Input(name.clone())),
            Node::Step(id) => self.step(id, &expr.ty)?,
            Node::RunId => self.scope.run_id(),
            Node::Variable(name) => self.variable(name, &expr.ty)?,
            Node::Env(name) if self.sees_env => Py::call("env", vec![Py::string(name)]),
            Node::Env(name) => return Err(unsupported(&format!("`env.{name}` in a workflow"))),
            Node::Entries(entries) => self.entries(entries)?,
            Node::Comprehension { kind, over, variables, filter, body } => {
                self.comprehension(*kind, over, variables, filter.as_deref(), body)?
            }
            Node::Bind { name, value, body } => self.bind(name, value, body)?,
            Node::Field { of, name } => self.field(of, name, &expr.ty)?,
            Node::Index { of, index } => self.index(of, index)?,
            Node::Has { of, name } => self.has(of, name)?,
            Node::List(items) => Py::List(self.exprs(items)?),
            Node::Record(fields) => self.record(fields)?,
            Node::Unary { op, operand } => self.unary(*op, operand)?,
            Node::Binary { op, left, right } => self.binary(*op, left, right, &expr.ty)?,
            Node::Conditional { test, then, otherwise } => self.conditional(test, then, otherwise)?,
            Node::Call { function, args } => self.call(function, args)?,
            Node::Interpolate(parts) => self.interpolate(parts)?,
            Node::Convert(inner) => self.convert(inner, &expr.ty)?,
        })
    }

    pub fn exprs(&mut self, exprs: &[Expr]) -> Result<Vec<Py>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// A function of the runtime's `cel` module.
    pub fn cel(&mut self, name: &str, args: Vec<Py>) -> Py {
        self.file.import_as("._conductor", "cel", "_cel");
        Py::call(format!("_cel.{name}"), args)
    }

    /// A function of one of the runtime's modules beside it: `lists`, `text`, `time`, `math` or `dynamic`.
    pub fn cel_of(&mut self, part: &str, name: &str, args: Vec<Py>) -> Py {
        self.file.import_as("._conductor", &format!("cel_{part}"), &format!("_{part}"));
        Py::call(format!("_{part}.{name}"), args)
    }

    pub fn literal(&mut self, value: &Literal) -> Py {
        match value {
            Literal::Null => Py::atom("None"),
            Literal::Bool(true) => Py::atom("True"),
            Literal::Bool(false) => Py::atom("False"),
            Literal::Int(value) => Py::atom(value.to_string()),
            Literal::Float(value) => Py::atom(literal::float(*value)),
            Literal::String(value) => Py::string(value),
            Literal::Bytes(value) => Py::atom(literal::bytes(value)),
            Literal::Decimal(value) => {
                let decimal = self.file.annotation(&Type::Decimal);
                Py::call(decimal, vec![Py::atom(literal::decimal(value))])
            }
        }
    }

    /// The result of a step, of the type `ty`. That of a plain block is made of those of its steps.
    fn step(&mut self, id: &str, ty: &Type) -> Result<Py> {
        if *ty == Type::Null {
            return Ok(Py::atom("None"));
        }
        match self.scope.flow.source(id, self.at) {
            Source::Null => Ok(Py::atom("None")),
            Source::Var(var) => Ok(self.read(&var, ty)),
            Source::Of(last) => self.step(&last.id, ty),
            Source::Branches(branches) => {
                let pairs = branches.into_iter().map(|branch| {
                    Ok((
                        Py::string(&branch.id),
                        self.step(&branch.id, field_type(ty, &branch.id, &branch.ty))?,
                    ))
                });
                Ok(Py::Dict(pairs.collect::<Result<_>>()?))
            }
            Source::Values(names) => {
                let pairs = names
                    .into_iter()
                    .map(|name| Ok((Py::string(name), self.step(name, field_type(ty, name, &Type::Any))?)));
                Ok(Py::Dict(pairs.collect::<Result<_>>()?))
            }
        }
    }

    /// The value of a variable, which is of the type `ty` here, whatever its declaration says.
    pub fn read(&mut self, var: &Var, ty: &Type) -> Py {
        let value = self.scope.read(var);
        let seen = self.scope.flow.ty(var, self.at);
        match &seen {
            _ if seen == *ty || *ty == Type::Any => value,
            Type::Optional(inner) if **inner == *ty => self.present(value, ty),
            Type::Optional(_) | Type::Union(_) => self.known(value, ty),
            _ => value,
        }
    }

    /// A value that type checkers cannot know to be of the type.
    fn known(&mut self, value: Py, ty: &Type) -> Py {
        self.file.import_as("typing", "cast", "_cast");
        let annotation = self.file.annotation(ty);
        Py::call("_cast", vec![Py::string(&annotation), value])
    }

    fn field(&mut self, of: &Expr, name: &str, ty: &Type) -> Result<Py> {
        if let Node::Step(id) = &of.node
            && let Some(part) = self.part(id, name, ty)
        {
            return part;
        }
        let value = self.expr(of)?;
        Ok(match self.attribute(of.ty.non_null(), name) {
            Some(attribute) => value.attr(attribute),
            None => match of.ty.non_null() {
                ty if always_has(&self.file.package.types.table, ty, name) => value.index(Py::string(name)),
                Type::Named(_) => {
                    let found = value.attr("get").called(vec![Py::string(name)]);
                    // A key that may be absent reads as null.
                    if ty.is_nullable() { found } else { self.cel("present", vec![found]) }
                }
                Type::Map(_) => self.cel("value", vec![value, Py::string(name)]),
                _ => self.cel("field", vec![value, Py::string(name)]),
            },
        })
    }

    /// The branch itself, rather than a record of all that is made to read one of them.
    fn part(&mut self, id: &str, name: &str, ty: &Type) -> Option<Result<Py>> {
        match self.scope.flow.source(id, self.at) {
            Source::Of(last) => self.part(&last.id, name, ty),
            Source::Branches(branches) => {
                let branch = branches.into_iter().find(|branch| branch.id == name)?;
                Some(self.step(&branch.id, ty))
            }
            Source::Values(names) => names.contains(&name).then(|| self.step(name, ty)),
            Source::Var(_) | Source::Null => None,
        }
    }

    /// The attribute that is the field of a class; `None` where the value is a mapping.
    fn attribute(&self, ty: &Type, name: &str) -> Option<String> {
        let Type::Named(class) = ty else { return None };
        let Some(TypeDef::Class { fields }) = self.file.package.types.def(class) else { return None };
        let field = fields.iter().find(|field| field.name == name)?;
        Some(field.attribute.clone().unwrap_or_else(|| name.to_owned()))
    }

    fn has(&mut self, of: &Expr, name: &str) -> Result<Py> {
        let value = self.expr(of)?;
        Ok(match self.attribute(of.ty.non_null(), name) {
            Some(attribute) => Py::binary(Operator::IsNot, value.attr(attribute), Py::atom("None")),
            None => self.cel("has", vec![value, Py::string(name)]),
        })
    }

    fn index(&mut self, of: &Expr, index: &Expr) -> Result<Py> {
        let args = vec![self.expr(of)?, self.expr(index)?];
        let function = match of.ty.non_null() {
            Type::List(_) => "item",
            Type::Map(_) => "value",
            _ => "index",
        };
        Ok(self.cel(function, args))
    }

    fn record(&mut self, fields: &[(String, Expr)]) -> Result<Py> {
        let pairs = fields.iter().map(|(name, value)| Ok((Py::string(name), self.expr(value)?)));
        Ok(Py::Dict(pairs.collect::<Result<_>>()?))
    }

    fn conditional(&mut self, test: &Expr, then: &Expr, otherwise: &Expr) -> Result<Py> {
        let value = self.condition(test)?;
        match (&then.node, &otherwise.node) {
            (Node::Literal(Literal::Bool(true)), Node::Literal(Literal::Bool(false))) => return Ok(value),
            (Node::Literal(Literal::Bool(false)), Node::Literal(Literal::Bool(true))) => {
                return Ok(negated(value));
            }
            _ => {}
        }
        let (then, otherwise) = (self.expr(then)?, self.expr(otherwise)?);
        if then == otherwise {
            // Linters refuse a choice that is none, but its test may fail.
            let choice = Py::function(vec!["_".to_owned()], then);
            return Ok(self.cel_of("lists", "bind", vec![value, choice]));
        }
        Ok(Py::Conditional { test: Box::new(value), then: Box::new(then), otherwise: Box::new(otherwise) })
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Result<Py> {
        let value = self.expr(operand)?;
        Ok(match (op, &operand.ty) {
            (UnaryOp::Not, Type::Bool) => negated(value),
            (UnaryOp::Not, _) => self.cel("not_", vec![value]),
            (UnaryOp::Negate, Type::Float) => Py::Unary(Unary::Negate, Box::new(value)),
            (UnaryOp::Negate, Type::Int) => self.cel("negate_int", vec![value]),
            (UnaryOp::Negate, Type::Decimal) => self.cel("negate_decimal", vec![value]),
            (UnaryOp::Negate, _) => self.cel_of("dynamic", "negate", vec![value]),
        })
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, ty: &Type) -> Result<Py> {
        match op {
            BinaryOp::And => self.logic(Operator::And, "and_", left, right),
            BinaryOp::Or => self.logic(Operator::Or, "or_", left, right),
            BinaryOp::Equal => self.equality(true, left, right),
            BinaryOp::NotEqual => self.equality(false, left, right),
            BinaryOp::Less => self.order(Operator::Less, "less", left, right),
            BinaryOp::LessOrEqual => self.order(Operator::LessOrEqual, "less_or_equal", left, right),
            BinaryOp::Greater => self.order(Operator::Greater, "greater", left, right),
            BinaryOp::GreaterOrEqual => self.order(Operator::GreaterOrEqual, "greater_or_equal", left, right),
            BinaryOp::In => self.membership(left, right),
            BinaryOp::Add => self.arithmetic("add", left, right, ty),
            BinaryOp::Subtract => self.arithmetic("subtract", left, right, ty),
            BinaryOp::Multiply => self.arithmetic("multiply", left, right, ty),
            BinaryOp::Divide => self.arithmetic("divide", left, right, ty),
            BinaryOp::Modulo => self.arithmetic("modulo", left, right, ty),
        }
    }

    /// CEL's `&&` and `||` are decided by either side: an error on the left does not matter if the right decides.
    fn logic(&mut self, op: Operator, helper: &str, left: &Expr, right: &Expr) -> Result<Py> {
        let native = !may_fail(&self.file.package.types.table, left)
            && left.ty == Type::Bool
            && right.ty == Type::Bool;
        let native = native && is_worth_joining(left, right);
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        if native {
            return Ok(Py::binary(op, left, right));
        }
        Ok(self.cel(helper, vec![Py::lambda(left), Py::lambda(right)]))
    }

    fn equality(&mut self, wanted: bool, left: &Expr, right: &Expr) -> Result<Py> {
        let is_null = |expr: &Expr| expr.node == Node::Literal(Literal::Null);
        if is_null(right) || is_null(left) {
            let value = self.expr(if is_null(right) { left } else { right })?;
            let op = if wanted { Operator::Is } else { Operator::IsNot };
            return Ok(Py::binary(op, value, Py::atom("None")));
        }
        let native = left.ty.non_null() == right.ty.non_null()
            && is_simple(left.ty.non_null())
            && is_worth_comparing(left, right)
            && left.ty.non_null() != &Type::Bool;
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        if native {
            let op = if wanted { Operator::Equal } else { Operator::NotEqual };
            return Ok(Py::binary(op, left, right));
        }
        let equal = self.cel("equal", vec![left, right]);
        Ok(if wanted { equal } else { equal.not() })
    }

    fn order(&mut self, op: Operator, helper: &str, left: &Expr, right: &Expr) -> Result<Py> {
        let numeric = |ty: &Type| matches!(ty, Type::Int | Type::Float);
        let native = (left.ty == right.ty
            && matches!(left.ty, Type::Int | Type::Float | Type::Decimal | Type::String | Type::Bytes))
            || (numeric(&left.ty) && numeric(&right.ty));
        let native = native && is_worth_comparing(left, right);
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        Ok(if native { Py::binary(op, left, right) } else { self.cel(helper, vec![left, right]) })
    }

    fn membership(&mut self, left: &Expr, right: &Expr) -> Result<Py> {
        let native = match right.ty.non_null() {
            Type::List(item) => **item == left.ty && is_simple(item),
            Type::Map(_) => left.ty == Type::String,
            _ => false,
        };
        let native = native && is_worth_comparing(left, right);
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        Ok(if native {
            Py::binary(Operator::In, left, right)
        } else {
            self.cel("contained", vec![left, right])
        })
    }

    fn interpolate(&mut self, parts: &[Expr]) -> Result<Py> {
        let parts = self.exprs(parts)?;
        Ok(self.cel("interpolate", parts))
    }

    fn convert(&mut self, inner: &Expr, to: &Type) -> Result<Py> {
        if let (Node::Literal(Literal::Int(value)), Type::Decimal) = (&inner.node, to) {
            return Ok(self.literal(&Literal::Decimal(value.to_string())));
        }
        let value = self.expr(inner)?;
        if inner.ty.is_of_another_class(to) {
            let encoded = apply(self.file, Way::Encode, &inner.ty, value);
            return Ok(apply(self.file, Way::Decode, to, encoded));
        }
        if self.is_enum(&inner.ty) && matches!(to.non_null(), Type::String | Type::Int) {
            let helper = if to.non_null() == &Type::Int { "wire_int" } else { "wire_text" };
            let may_be_null = matches!(inner.ty, Type::Optional(_));
            return Ok(if may_be_null { self.cel(helper, vec![value]) } else { value.attr("value") });
        }
        if let (true, Type::Named(name)) = (self.is_enum(to) && !self.is_enum(&inner.ty), to.non_null()) {
            return Ok(Py::call(self.file.class(name), vec![value]));
        }
        Ok(match (&inner.ty, to) {
            (Type::Optional(from), to) if **from == *to => self.present(value, to),
            (Type::Int, Type::Float) => Py::call("float", vec![value]),
            (Type::Int | Type::String, Type::Decimal) => {
                let decimal = self.file.annotation(&Type::Decimal);
                Py::call(decimal, vec![value])
            }
            (Type::Float, Type::Decimal) => self.cel("to_decimal", vec![value]),
            (Type::Union(_) | Type::Optional(_), to) => self.narrow(value, to),
            _ => value,
        })
    }

    /// A value that is known not to be null. Of a union type checkers infer only what its members share.
    fn present(&mut self, value: Py, ty: &Type) -> Py {
        let value = self.cel("present", vec![value]);
        if !matches!(ty, Type::Union(_)) {
            return value;
        }
        self.known(value, ty)
    }

    fn is_enum(&self, ty: &Type) -> bool {
        self.file.package.types.is_enum(ty)
    }

    /// A member of a union that is known to be there.
    pub fn narrow(&mut self, value: Py, to: &Type) -> Py {
        if matches!(to, Type::Optional(_) | Type::Union(_) | Type::Any) {
            return value;
        }
        let class = match to {
            Type::List(_) => "list".to_owned(),
            Type::Map(_) | Type::Record(_) => "dict".to_owned(),
            other => self.file.annotation(other),
        };
        self.cel("narrowed", vec![value, Py::atom(class)])
    }
}

pub fn unsupported(what: &str) -> EmitError {
    EmitError::Unsupported { what: what.to_owned() }
}

/// Linters refuse comparisons that are decided already.
fn is_worth_comparing(left: &Expr, right: &Expr) -> bool {
    let is_literal = |expr: &Expr| matches!(expr.node, Node::Literal(_));
    left != right && !(is_literal(left) && is_literal(right))
}

/// Linters refuse logic that is decided already.
fn is_worth_joining(left: &Expr, right: &Expr) -> bool {
    let is_literal = |expr: &Expr| matches!(expr.node, Node::Literal(_));
    let denies = |one: &Expr, other: &Expr| matches!(&one.node, Node::Unary { op: UnaryOp::Not, operand } if **operand == *other);
    left != right && !is_literal(left) && !is_literal(right) && !denies(left, right) && !denies(right, left)
}

/// `not value`, as Python has it for comparisons.
pub fn negated(value: Py) -> Py {
    if let Py::Unary(Unary::Not, inner) = value {
        return *inner;
    }
    let Py::Binary { op, left, right } = value else { return value.not() };
    let op = match op {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::Is => Operator::IsNot,
        Operator::IsNot => Operator::Is,
        Operator::In => Operator::NotIn,
        other => return Py::Binary { op: other, left, right }.not(),
    };
    Py::Binary { op, left, right }
}

fn field_type<'t>(record: &'t Type, name: &str, otherwise: &'t Type) -> &'t Type {
    match record.non_null() {
        Type::Record(fields) => fields.get(name).unwrap_or(otherwise),
        _ => otherwise,
    }
}
