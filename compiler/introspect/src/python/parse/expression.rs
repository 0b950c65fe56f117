//! Expressions and parameters, as far as annotations, decorators and defaults need them.
//!
//! It does not know what any name means; whatever is not listed in [`ExprKind`] becomes `Other`.

use std::sync::Arc;

use conductor_model::ParameterKind;
use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::range;
use crate::python::syntax::{Call, Expr, ExprKind, Param};

/// Annotations deeper than this are not read.
const MAX_DEPTH: usize = 40;
/// Names with more dots than this are not read.
const MAX_DOTS: usize = 64;

pub fn expr(node: &ast::Expr) -> Expr {
    nested(node, 0)
}

fn nested(node: &ast::Expr, depth: usize) -> Expr {
    let kind = if depth < MAX_DEPTH { kind(node, depth + 1) } else { ExprKind::Other };
    Expr { kind, range: range(node.range()) }
}

fn kind(node: &ast::Expr, depth: usize) -> ExprKind {
    let all = |nodes: &[ast::Expr]| nodes.iter().map(|node| nested(node, depth)).collect::<Vec<_>>();
    match node {
        ast::Expr::Name(_) | ast::Expr::Attribute(_) => dotted(node).map_or(ExprKind::Other, ExprKind::Name),
        ast::Expr::Subscript(node) => {
            let arguments = match &*node.slice {
                ast::Expr::Tuple(tuple) => all(&tuple.elts),
                single => vec![nested(single, depth)],
            };
            ExprKind::Subscript(Box::new(nested(&node.value, depth)), arguments)
        }
        ast::Expr::BinOp(operation) if operation.op == ast::Operator::BitOr => union(operation, depth),
        ast::Expr::Dict(dict) => {
            ExprKind::Dict(dict.items.iter().filter_map(|item| entry(item, depth)).collect())
        }
        ast::Expr::Call(node) => ExprKind::Call(Box::new(Call {
            function: nested(&node.func, depth),
            arguments: all(&node.arguments.args),
            keywords: keywords(&node.arguments, depth),
        })),
        ast::Expr::Lambda(node) => {
            ExprKind::Lambda(Arc::new(node.parameters.as_deref().map(params).unwrap_or_default()))
        }
        ast::Expr::StringLiteral(text) => ExprKind::Str(text.value.to_str().to_owned()),
        ast::Expr::BytesLiteral(_) => ExprKind::Bytes,
        ast::Expr::BooleanLiteral(value) => ExprKind::Bool(value.value),
        ast::Expr::NoneLiteral(_) => ExprKind::None,
        ast::Expr::EllipsisLiteral(_) => ExprKind::Ellipsis,
        ast::Expr::NumberLiteral(_) | ast::Expr::UnaryOp(_) => {
            integer(node).map_or(ExprKind::Other, ExprKind::Int)
        }
        _ => ExprKind::Other,
    }
}

pub fn keywords(arguments: &ast::Arguments, depth: usize) -> Vec<(String, Expr)> {
    let named = |keyword: &ast::Keyword| {
        let name = keyword.arg.as_ref()?.as_str().to_owned();
        Some((name, nested(&keyword.value, depth)))
    };
    arguments.keywords.iter().filter_map(named).collect()
}

fn entry(item: &ast::DictItem, depth: usize) -> Option<(String, Expr)> {
    match item.key.as_ref()? {
        ast::Expr::StringLiteral(key) => Some((key.value.to_str().to_owned(), nested(&item.value, depth))),
        _ => None,
    }
}

/// `a | b | c` leans to the left: a loop, so that a long union is not a deep one.
fn union(operation: &ast::ExprBinOp, depth: usize) -> ExprKind {
    let mut members = vec![nested(&operation.right, depth)];
    let mut rest = &*operation.left;
    while let ast::Expr::BinOp(inner) = rest
        && inner.op == ast::Operator::BitOr
    {
        members.push(nested(&inner.right, depth));
        rest = &inner.left;
    }
    members.push(nested(rest, depth));
    members.reverse();
    ExprKind::Union(members)
}

fn integer(node: &ast::Expr) -> Option<i64> {
    match node {
        ast::Expr::NumberLiteral(number) => match &number.value {
            ast::Number::Int(value) => value.as_i64(),
            _ => None,
        },
        ast::Expr::UnaryOp(negated) if negated.op == ast::UnaryOp::USub => match &*negated.operand {
            operand @ ast::Expr::NumberLiteral(_) => integer(operand).and_then(i64::checked_neg),
            _ => None,
        },
        _ => None,
    }
}

fn dotted(node: &ast::Expr) -> Option<Vec<String>> {
    let mut path = Vec::new();
    let mut rest = node;
    while let ast::Expr::Attribute(attribute) = rest {
        path.push(attribute.attr.as_str().to_owned());
        rest = &attribute.value;
        if path.len() > MAX_DOTS {
            return None;
        }
    }
    let ast::Expr::Name(name) = rest else { return None };
    path.push(name.id.as_str().to_owned());
    path.reverse();
    path.iter().all(|part| !part.is_empty()).then_some(path)
}

pub fn params(parameters: &ast::Parameters) -> Vec<Param> {
    let mut found = Vec::new();
    let plain = |parameter: &ast::ParameterWithDefault, kind| {
        let default = parameter.default.as_deref().map(|default| range(default.range()));
        param(&parameter.parameter, kind, default)
    };
    found.extend(parameters.posonlyargs.iter().map(|one| plain(one, ParameterKind::PositionalOnly)));
    found.extend(parameters.args.iter().map(|one| plain(one, ParameterKind::PositionalOrKeyword)));
    found.extend(parameters.vararg.as_deref().map(|one| param(one, ParameterKind::VarPositional, None)));
    found.extend(parameters.kwonlyargs.iter().map(|one| plain(one, ParameterKind::KeywordOnly)));
    found.extend(parameters.kwarg.as_deref().map(|one| param(one, ParameterKind::VarKeyword, None)));
    found
}

fn param(parameter: &ast::Parameter, kind: ParameterKind, default: Option<std::ops::Range<usize>>) -> Param {
    // A variadic parameter's own range starts at its stars.
    let end = parameter.range().end().to_usize();
    Param {
        name: parameter.name.as_str().to_owned(),
        kind,
        annotation: parameter.annotation.as_deref().map(expr),
        default,
        range: parameter.name.range().start().to_usize()..end,
    }
}
