//! Values of the manifest, literals and `${}` expressions, as typed expressions.
//!
//! It knows what is visible at a place, not what the value is for.

mod keyed;

use std::collections::{BTreeMap, BTreeSet};

use conductor_cel::{CelError, Languages, Scope as CelScope, Template, template};
use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::types::{Type, TypeDef, TypeTable};
use conductor_source::{Diagnostic, Span};
use conductor_syntax::{Kind, Node, Scalar};

use crate::asked::Naming;
use crate::codes;
use crate::graph::ValueName;
use crate::ids::StepIds;
use crate::scope::Scope;
use crate::unseen;

/// A place in a workflow: what can be named there, and what is known to hold.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub scope: &'a Scope,
    /// What else `input.NAME` can be there.
    pub naming: &'a Naming,
    pub ids: &'a StepIds,
    pub here: Stand,
    pub known: &'a [Expr],
    /// Whether `env.NAME` may be read.
    pub env: bool,
    pub types: &'a TypeTable,
    /// Which language defines each class.
    pub languages: &'a Languages,
}

/// Where a value stands among the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Before a run begins, or outside of workflows.
    Start,
    /// At the step of that position.
    At(usize),
    /// In a call for when another one has failed or must be undone: it sees what that one was given.
    Beside,
    /// In the workflow's output.
    End,
}

/// A mistake in a value: where, and whether it is only the type that does not fit.
pub(crate) struct Wrong {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
    /// Why a value may be null: the place and what it says.
    pub absent: Option<(Span, String)>,
    pub mismatch: bool,
}

/// The expression of a value. Mistakes go to `wrong`, findings about names to `diagnostics`; where there was one, or
/// something that was reported before is involved, the answer is `None`.
pub(crate) fn value(
    node: &Node,
    expected: Option<&Type>,
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    match &node.kind {
        Kind::Broken => None,
        Kind::String(scalar) => text(scalar, expected, place, wrong, diagnostics),
        Kind::List(items) => list(node, items, expected, place, wrong, diagnostics),
        Kind::Map(_) => record(node, expected, place, wrong, diagnostics),
        Kind::Null => fitted(literal(Type::Null, Literal::Null), node.span, expected, place, wrong),
        Kind::Bool(value) => {
            fitted(literal(Type::Bool, Literal::Bool(*value)), node.span, expected, place, wrong)
        }
        Kind::Int(value) => number(&value.to_string(), node.span, expected, place, wrong),
        Kind::Float { value, text } => {
            if !text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
                let float = literal(Type::Float, Literal::Float(*value));
                return fitted(float, node.span, expected, place, wrong);
            }
            number(text, node.span, expected, place, wrong)
        }
    }
}

fn literal(ty: Type, literal: Literal) -> Expr {
    Expr { ty, node: Out::Literal(literal) }
}

/// Numbers adapt to the type that is asked for by the rules of expressions.
fn number(
    text: &str,
    span: Span,
    expected: Option<&Type>,
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
) -> Option<Expr> {
    let (ast, _) = conductor_cel::parse(text);
    let scope = CelScope::new(place.types);
    let wanted = expected.filter(|ty| !is_enum(ty, place.types));
    match conductor_cel::check(&ast, &scope, wanted) {
        Ok(expr) => fitted(expr, span, expected, place, wrong),
        Err(errors) => {
            wrong.extend(errors.into_iter().map(|error| Wrong {
                span,
                message: error.message,
                help: error.help,
                absent: None,
                mismatch: true,
            }));
            None
        }
    }
}

fn is_enum(ty: &Type, types: &TypeTable) -> bool {
    matches!(ty.non_null(), Type::Named(name) if matches!(types.get(name), Some(TypeDef::Enum { .. })))
}

/// A literal as what is asked for: as it is, or as the member of an enum whose wire value it is.
fn fitted(
    expr: Expr,
    span: Span,
    expected: Option<&Type>,
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
) -> Option<Expr> {
    let Some(wanted) = expected else { return Some(expr) };
    if expr.ty.fits(wanted) {
        return Some(expr);
    }
    if let Some(Ok(())) = conductor_cel::across(&expr.ty, wanted, place.types, place.languages) {
        return Some(Expr { ty: wanted.clone(), node: Out::Convert(Box::new(expr)) });
    }
    let mut help = quoted(&expr.node, wanted.non_null()).then(|| "write it without quotes".to_owned());
    if let Type::Named(name) = wanted.non_null()
        && let Some(TypeDef::Enum { members, .. }) = place.types.get(name)
    {
        let given = match &expr.node {
            Out::Literal(Literal::String(text)) => serde_json::Value::from(text.as_str()),
            Out::Literal(Literal::Int(number)) => serde_json::Value::from(*number),
            _ => serde_json::Value::Null,
        };
        if members.iter().any(|member| member.value == given) {
            return Some(Expr { ty: Type::Named(name.clone()), node: Out::Convert(Box::new(expr)) });
        }
        let values: Vec<String> = members.iter().map(|member| format!("`{}`", member.value)).collect();
        help = Some(format!("its values are {}", values.join(", ")));
    }
    let message = format!("expected `{wanted}`, but this is `{}`", expr.ty);
    wrong.push(Wrong { span, message, help, absent: None, mismatch: true });
    None
}

/// Whether a text would be of the type if it did not stand in quotes.
fn quoted(given: &Out, wanted: &Type) -> bool {
    let Out::Literal(Literal::String(text)) = given else { return false };
    match wanted {
        Type::Int => text.parse::<i64>().is_ok(),
        Type::Float | Type::Decimal => text.parse::<f64>().is_ok_and(f64::is_finite),
        Type::Bool => matches!(text.as_str(), "true" | "false"),
        _ => false,
    }
}

fn list(
    node: &Node,
    items: &[Node],
    expected: Option<&Type>,
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let wanted = match expected.map(Type::non_null) {
        Some(Type::List(item)) => Some(&**item),
        _ => None,
    };
    let values: Vec<Option<Expr>> =
        items.iter().map(|item| value(item, wanted, place, wrong, diagnostics)).collect();
    let values: Vec<Expr> = values.into_iter().collect::<Option<_>>()?;
    let item = match wanted {
        Some(wanted) => wanted.clone(),
        None if values.is_empty() => Type::Any,
        None => Type::union(values.iter().map(|value| value.ty.clone())),
    };
    let list = Expr { ty: Type::List(Box::new(item)), node: Out::List(values) };
    fitted(list, node.span, expected, place, wrong)
}

fn record(
    node: &Node,
    expected: Option<&Type>,
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let Kind::Map(entries) = &node.kind else { return None };
    let wanted = expected.map(Type::non_null);
    if let (Some(ty), Some(fields)) = (wanted, keyed::fields(expected, place.types)) {
        return keyed::record(node, entries, (ty, fields), place, wrong, diagnostics);
    }
    let field_type = |name: &str| match wanted {
        Some(Type::Map(item)) => Some(&**item),
        Some(Type::Record(fields)) => fields.get(name),
        _ => None,
    };
    let fields: Vec<Option<(String, Expr)>> = entries
        .iter()
        .map(|entry| {
            let name = entry.key.text.clone();
            value(&entry.value, field_type(&name), place, wrong, diagnostics).map(|field| (name, field))
        })
        .collect();
    let fields: Vec<(String, Expr)> = fields.into_iter().collect::<Option<_>>()?;
    let ty = match wanted {
        Some(Type::Map(item)) => Type::Map(item.clone()),
        _ => Type::Record(fields.iter().map(|(name, field)| (name.clone(), field.ty.clone())).collect()),
    };
    fitted(Expr { ty, node: Out::Record(fields) }, node.span, expected, place, wrong)
}

fn text(
    scalar: &Scalar,
    expected: Option<&Type>,
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let (template, errors) = template::parse(&scalar.text);
    if !errors.is_empty() {
        wrong.extend(errors.into_iter().map(|error| wrong_at(scalar, error, place, false)));
        return None;
    }
    if let Template::Literal(text) = &template {
        let text = literal(Type::String, Literal::String(text.clone()));
        return fitted(text, scalar.span, expected, place, wrong);
    }
    let names = names(scalar, &template, place, diagnostics)?;
    let scope = names.scope(place);
    match conductor_cel::check_template(&template, &scope, expected) {
        Ok(expr) => Some(expr),
        Err(errors) => {
            // What is right on its own is wrong only for whom it is given to.
            let mismatch =
                expected.is_some() && conductor_cel::check_template(&template, &scope, None).is_ok();
            wrong.extend(errors.into_iter().map(|error| wrong_at(scalar, error, place, mismatch)));
            None
        }
    }
}

fn wrong_at(scalar: &Scalar, error: CelError, place: Place<'_>, mismatch: bool) -> Wrong {
    let step = error.null_step.as_deref().and_then(|id| place.scope.step(id));
    let absent = step.and_then(|step| step.absent.clone());
    Wrong { span: scalar.span_of(error.range), message: error.message, help: error.help, absent, mismatch }
}

#[derive(Default)]
struct Names {
    inputs: BTreeMap<String, Type>,
    steps: BTreeMap<String, Type>,
    variables: BTreeMap<String, Type>,
}

impl Names {
    fn scope<'a>(&'a self, place: Place<'a>) -> CelScope<'a> {
        let scope = CelScope::new(place.types);
        CelScope {
            inputs: &self.inputs,
            steps: &self.steps,
            variables: &self.variables,
            known: place.known,
            env: place.env,
            languages: place.languages,
            ..scope
        }
    }
}

/// The types of the names in a template; `None` where one is unknown or reported.
fn names(
    scalar: &Scalar,
    template: &Template,
    place: Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Names> {
    let mut names = Names::default();
    let mut whole = true;
    for reference in template.expressions().flat_map(conductor_cel::Ast::references) {
        let root = reference.root.text.as_str();
        match (root, &reference.field) {
            ("run" | "env", _) | ("input", None) => {}
            ("input", Some(field)) => match place.scope.input(&field.text) {
                Some(value) if value.reported => whole = false,
                Some(value) => {
                    names.inputs.insert(field.text.clone(), value.declared.clone());
                }
                None if place.here == Stand::Beside => {
                    whole = false;
                    let span = scalar.span_of(reference.root.range.start..field.range.end);
                    diagnostics.push(unseen::beside(&format!("input.{}", field.text), span, place));
                }
                None => match place.naming.use_at(&field.text, scalar.span_of(field.range.clone())) {
                    Some(ty) => {
                        names.inputs.insert(field.text.clone(), ty);
                    }
                    None => whole = false,
                },
            },
            _ if place.scope.variable(root).is_some() => match place.scope.variable(root) {
                Some(value) if !value.reported => {
                    names.variables.insert(root.to_owned(), value.declared.clone());
                }
                _ => whole = false,
            },
            _ => match place.scope.step(root) {
                Some(value) if value.reported => whole = false,
                Some(value) => {
                    names.steps.insert(root.to_owned(), value.declared.clone());
                }
                None => {
                    whole = false;
                    let span = scalar.span_of(reference.root.range);
                    diagnostics.extend(match &reference.field {
                        Some(field) if root == "steps" => Some(unseen::steps(&field.text, span)),
                        _ => unseen::step(root, span, place),
                    });
                }
            },
        }
    }
    whole.then_some(names)
}

/// A finding for each mistake in an expression.
pub(crate) fn findings(wrong: Vec<Wrong>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(wrong.into_iter().map(|wrong| {
        let finding = Diagnostic::error(codes::BAD_EXPRESSION, wrong.message, wrong.span, "");
        let finding = match wrong.absent {
            Some((span, why)) => finding.label(span, why),
            None => finding,
        };
        match wrong.help {
            Some(help) => finding.help(help),
            None => finding,
        }
    }));
}

/// The visible values that an already checked condition mentions and that are narrower where it holds.
pub(crate) fn narrowed(node: &Node, place: Place<'_>) -> Vec<(ValueName, Type)> {
    let mut narrower = Vec::new();
    for name in mentioned(node) {
        let Some(value) = place.scope.get(&name) else { continue };
        let mut names = Names::default();
        match &name {
            ValueName::Input(input) => names.inputs.insert(input.clone(), value.declared.clone()),
            ValueName::Step(id) => names.steps.insert(id.clone(), value.declared.clone()),
            ValueName::Variable(name) => names.variables.insert(name.clone(), value.declared.clone()),
        };
        let scope = names.scope(place);
        let (ast, _) = conductor_cel::parse(&name.to_string());
        if let Ok(expr) = conductor_cel::check(&ast, &scope, None)
            && expr.ty != value.ty
        {
            narrower.push((name, expr.ty));
        }
    }
    narrower
}

/// The names in a value, each once, whether they can be seen or not.
pub(crate) fn mentioned(node: &Node) -> BTreeSet<ValueName> {
    let Kind::String(scalar) = &node.kind else { return BTreeSet::new() };
    let (template, _) = template::parse(&scalar.text);
    let references = template.expressions().flat_map(conductor_cel::Ast::references);
    references
        .flat_map(|reference| match (reference.root.text, reference.field) {
            (root, Some(field)) if root == "input" => vec![ValueName::Input(field.text)],
            (root, _) => vec![ValueName::Variable(root.clone()), ValueName::Step(root)],
        })
        .collect()
}
