//! Manifest mode: an expression of a manifest, checked against inputs and steps, to a typed expression of the Plan.
//!
//! It does not know where a name comes from nor evaluates anything; `docs/expressions.md` lists what it accepts.

mod access;
mod across;
mod calls;
mod comprehensions;
mod facts;
mod functions;
mod literals;
mod operators;
mod optionals;

use std::collections::BTreeMap;
use std::ops::Range;

use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::types::{EnumBase, Type, TypeDef, TypeTable};

use crate::ast::{Ast, Kind, Node};
use crate::error::CelError;
use crate::template::{Part, Template};

pub use across::{Languages, Misfit, across};
pub use functions::{FUNCTIONS, Function};

/// The deepest expression of a manifest: a Plan is JSON, and its readers bound the nesting.
pub const MAX_MANIFEST_DEPTH: usize = 24;
/// The same of the checked expression as JSON, which leaves room for the steps around it.
const MAX_LEVELS: usize = 100;

/// What an expression can see.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Types of the workflow's inputs, declared and inferred.
    pub inputs: &'a BTreeMap<String, Type>,
    /// Types of the results of visible steps, by id.
    pub steps: &'a BTreeMap<String, Type>,
    /// Types of the variables of constructs around the expression: items of a map, caught errors and the like. They hide
    /// steps of the same name.
    pub variables: &'a BTreeMap<String, Type>,
    /// Whether `env.NAME` may be read: in resources and policies.
    pub env: bool,
    pub types: &'a TypeTable,
    /// Which language defines each class: values of classes cross languages by their form.
    pub languages: &'a Languages,
    /// Expressions known to hold where this one is evaluated: those of every `when` around it, already checked.
    pub known: &'a [Expr],
}

static NOTHING: BTreeMap<String, Type> = BTreeMap::new();
static NO_LANGUAGES: Languages = BTreeMap::new();

impl<'a> Scope<'a> {
    /// A scope in which nothing can be named.
    #[must_use]
    pub fn new(types: &'a TypeTable) -> Scope<'a> {
        Scope {
            inputs: &NOTHING,
            steps: &NOTHING,
            variables: &NOTHING,
            env: false,
            types,
            languages: &NO_LANGUAGES,
            known: &[],
        }
    }
}

/// Checks an expression. With `expected`, its value must fit that type, and literals adapt to it.
///
/// # Errors
/// Every mistake of the expression, without those that only follow from another.
pub fn check(ast: &Ast, scope: &Scope<'_>, expected: Option<&Type>) -> Result<Expr, Vec<CelError>> {
    let mut checker = Checker::new(scope);
    let result = checker.whole(&ast.root, expected);
    checker.finish(result)
}

/// Checks a scalar: a whole expression keeps its type, interpolation and plain text give a string.
///
/// # Errors
/// Every mistake of its expressions; ranges are bytes of the scalar's text.
pub fn check_template(
    template: &Template,
    scope: &Scope<'_>,
    expected: Option<&Type>,
) -> Result<Expr, Vec<CelError>> {
    match template {
        Template::Whole(ast) => check(ast, scope, expected),
        Template::Literal(text) => {
            let literal = string(text.clone());
            let mut checker = Checker::new(scope);
            let result = checker.fit(literal, &(0..text.len()), expected);
            checker.finish(result)
        }
        Template::Interpolated(parts) => {
            let mut checker = Checker::new(scope);
            let result = checker.interpolated(parts, expected);
            checker.finish(result)
        }
    }
}

fn string(text: String) -> Expr {
    Expr { ty: Type::String, node: Out::Literal(Literal::String(text)) }
}

/// `None` where an error was reported, so that nothing follows from it.
type Checked = Option<Expr>;

struct Checker<'a> {
    scope: &'a Scope<'a>,
    /// Keys of what is known not to be null here.
    facts: Vec<String>,
    errors: Vec<CelError>,
    /// Variables of comprehensions and binds, the innermost last.
    locals: Vec<(String, Type)>,
    /// How many variables were made that nobody wrote.
    made: usize,
}

impl<'a> Checker<'a> {
    fn new(scope: &'a Scope<'a>) -> Checker<'a> {
        let facts = scope.known.iter().flat_map(|known| facts::learned(known, true)).collect();
        Checker { scope, facts, errors: Vec::new(), locals: Vec::new(), made: 0 }
    }

    fn finish(self, result: Checked) -> Result<Expr, Vec<CelError>> {
        match result {
            Some(expr) if self.errors.is_empty() => Ok(expr),
            // Only a tree with a syntax error fails silently here: the parser has spoken already.
            _ => Err(self.errors),
        }
    }

    fn report(&mut self, error: CelError) -> Checked {
        self.errors.push(error);
        None
    }

    fn whole(&mut self, root: &Node, expected: Option<&Type>) -> Checked {
        if root.depth() > MAX_MANIFEST_DEPTH {
            let message = format!("this expression is nested more than {MAX_MANIFEST_DEPTH} deep");
            return self.report(
                CelError::new(root.range.clone(), message).help("compute a part of it in a task of its own"),
            );
        }
        let expr = self.infer(root, expected)?;
        let expr = self.fit(expr, &root.range, expected)?;
        if levels(&expr) > MAX_LEVELS {
            let error = CelError::new(root.range.clone(), "this expression is nested too deep for a Plan");
            return self.report(error.help("compute a part of it in a task of its own"));
        }
        Some(expr)
    }

    fn interpolated(&mut self, parts: &[Part], expected: Option<&Type>) -> Checked {
        let mut pieces = Vec::new();
        let mut range = 0..0;
        let mut complete = true;
        for part in parts {
            let piece = match part {
                Part::Text(text) => Some(string(text.clone())),
                Part::Expr(ast) => {
                    range = ast.root.range.clone();
                    self.whole(&ast.root, None).and_then(|piece| self.in_text(piece, &range))
                }
            };
            complete &= piece.is_some();
            pieces.extend(piece);
        }
        if !complete {
            return None;
        }
        self.fit(Expr { ty: Type::String, node: Out::Interpolate(pieces) }, &range, expected)
    }

    /// A value that becomes a part of a text.
    fn in_text(&mut self, expr: Expr, range: &Range<usize>) -> Checked {
        let expr = self.wire(expr);
        let ty = &expr.ty;
        let message = match ty {
            ty if is_text(ty) => return Some(expr),
            Type::Optional(_) => return self.may_be_null(&expr, range),
            Type::Null => "null cannot be put into a text".to_owned(),
            _ => format!("a value of type `{ty}` cannot be put into a text"),
        };
        self.report(CelError::new(range.clone(), message).help(
            "only string, int, float, decimal, bool, timestamp, date, duration and uuid can; name a field of it",
        ))
    }

    /// The value as what is asked for, or an error that names both types.
    fn fit(&mut self, expr: Expr, range: &Range<usize>, expected: Option<&Type>) -> Checked {
        let Some(wanted) = expected else { return Some(expr) };
        if expr.ty.fits(wanted) {
            return Some(expr);
        }
        if expr.ty.non_null().fits(wanted) {
            return self.may_be_null(&expr, range);
        }
        let misfit = match across(&expr.ty, wanted, self.scope.types, self.scope.languages) {
            Some(Ok(())) => {
                return Some(Expr { ty: wanted.clone(), node: Out::Convert(Box::new(expr)) });
            }
            Some(Err(misfit)) => Some(misfit),
            None => None,
        };
        if let Some(Ok(())) = across(expr.ty.non_null(), wanted, self.scope.types, self.scope.languages) {
            return self.may_be_null(&expr, range);
        }
        let (given, asked) = expr.ty.told_apart(wanted);
        let message = format!("expected `{asked}`, but this is `{given}`");
        let error = CelError::new(range.clone(), message);
        if let Some(misfit) = misfit {
            return self.report(error.help(misfit.help()));
        }
        self.report(match (&expr.ty, wanted.non_null()) {
            (Type::Int, Type::Float) => error.help("convert it with `double(...)`"),
            (Type::Float, Type::Int) if matches!(expr.node, Out::Literal(_)) => {
                error.help("write a whole number")
            }
            (Type::Float | Type::Decimal, Type::Int) => {
                error.help("convert it with `int(...)`, which truncates")
            }
            (Type::Named(_), Type::Named(_)) => error
                .help("each class is a type of its own within a language: name the fields that are wanted"),
            (ty, Type::String) if is_text(ty) => error.help("convert it with `string(...)`"),
            _ => error,
        })
    }

    fn may_be_null(&mut self, expr: &Expr, range: &Range<usize>) -> Checked {
        let message = match &expr.node {
            Out::Step(id) => format!("the result of `{id}` may be null: its type is `{}`", expr.ty),
            _ => format!("this may be null: its type is `{}`", expr.ty),
        };
        let error = CelError::new(range.clone(), message).null_of(expr);
        self.report(match facts::path(expr) {
            Some(path) => error.help(format!(
                "test it first: `{path} != null && ...` or `{path} != null ? ... : ...`, or a `when` with `{path} != null`"
            )),
            None => error.help("test with `!= null` first"),
        })
    }

    /// The value of an enum as its string or int; anything else as it is.
    fn wire(&self, expr: Expr) -> Expr {
        let Some(base) = self.enum_base(&expr.ty) else { return expr };
        let ty = if expr.ty.is_nullable() { Type::optional(base) } else { base };
        Expr { ty, node: Out::Convert(Box::new(expr)) }
    }

    fn enum_base(&self, ty: &Type) -> Option<Type> {
        let Type::Named(name) = ty.non_null() else { return None };
        match self.scope.types.get(name) {
            Some(TypeDef::Enum { base: EnumBase::String, .. }) => Some(Type::String),
            Some(TypeDef::Enum { base: EnumBase::Int, .. }) => Some(Type::Int),
            _ => None,
        }
    }

    /// The value where it is known not to be null, as its non-null type.
    fn narrowed(&self, expr: Expr) -> Expr {
        let known = matches!(expr.ty, Type::Optional(_))
            && facts::key(&expr).is_some_and(|key| self.facts.contains(&key));
        if !known {
            return expr;
        }
        Expr { ty: expr.ty.non_null().clone(), node: Out::Convert(Box::new(expr)) }
    }

    fn infer(&mut self, node: &Node, hint: Option<&Type>) -> Checked {
        let literal = |ty, literal| Some(Expr { ty, node: Out::Literal(literal) });
        match &node.kind {
            Kind::Error => None,
            Kind::Null => literal(Type::Null, Literal::Null),
            Kind::Bool(value) => literal(Type::Bool, Literal::Bool(*value)),
            Kind::String(value) => literal(Type::String, Literal::String(value.clone())),
            Kind::Bytes(value) => literal(Type::Bytes, Literal::Bytes(value.clone())),
            Kind::Int(value) => Some(literals::int(*value, hint)),
            Kind::Double(value, spelling) => Some(literals::double(*value, spelling, hint)),
            Kind::Uint(value) => {
                let error = CelError::new(node.range.clone(), "a manifest has no unsigned ints");
                self.report(error.help(format!("write `{value}`")))
            }
            Kind::Message { .. } => {
                let error = CelError::new(node.range.clone(), "a manifest has no messages to build");
                self.report(error.help("write a record: `{'field': value}`"))
            }
            Kind::Ident { name, absolute } => self.name(name, *absolute, &node.range),
            Kind::Select { of, field, optional } => self.select(of, field, *optional),
            Kind::Index { of, index, optional } => self.index(of, index, *optional, &node.range),
            Kind::List(items) => self.list(items, hint),
            Kind::Map(entries) => self.map(entries, hint),
            Kind::Unary { op, operand } => self.unary(*op, operand, hint),
            Kind::Binary { op, left, right } => self.binary(*op, left, right, hint),
            Kind::Conditional { test, then, otherwise } => self.conditional(test, then, otherwise, hint),
            Kind::Call { receiver, function, args } => {
                self.call(receiver.as_deref(), function, args, &node.range, hint)
            }
        }
    }
}

/// How deep the expression is nested as JSON.
fn levels(expr: &Expr) -> usize {
    let own = match &expr.node {
        Out::Record(_) | Out::Entries(_) | Out::Call { .. } => 4,
        Out::Literal(_) | Out::Input(_) | Out::Step(_) | Out::Variable(_) | Out::Convert(_) => 2,
        _ => 3,
    };
    let mut below = of_type(&expr.ty).saturating_sub(own);
    expr.for_each_child(|part| below = below.max(levels(part)));
    own + below
}

fn of_type(ty: &Type) -> usize {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => 1 + of_type(inner),
        Type::Record(fields) => 2 + fields.values().map(of_type).max().unwrap_or(0),
        Type::Union(members) => 2 + members.iter().map(of_type).max().unwrap_or(0),
        _ => 2,
    }
}

fn is_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::String
            | Type::Int
            | Type::Float
            | Type::Decimal
            | Type::Bool
            | Type::Timestamp
            | Type::Date
            | Type::Duration
            | Type::Uuid
            | Type::Any
    )
}
