//! Definitions of functions and classes.
//!
//! It does not know decorators: what they make of a definition is decided by whoever resolves their names.

use ruff_python_ast as ast;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_text_size::Ranged;

use super::expression::{expr, keywords, params};
use super::range;
use super::scope::{How, Scope};
use crate::python::syntax::{Class, Expr, ExprKind, Function, TypeParam};

pub fn function(node: &ast::StmtFunctionDef) -> Function {
    let mut yields = Yields { found: false };
    visitor::walk_body(&mut yields, &node.body);
    let decorators: Vec<Expr> =
        node.decorator_list.iter().map(|decorator| expr(&decorator.expression)).collect();
    let is_overload =
        |decorator: &Expr| decorator.dotted().and_then(<[_]>::last).is_some_and(|name| name == "overload");
    Function {
        name: range(node.name.range()),
        is_overload: decorators.iter().any(is_overload),
        is_async: node.is_async,
        is_generator: yields.found,
        parameters: params(&node.parameters),
        returns: node.returns.as_deref().map(expr),
        doc: docstring(&node.body),
        decorators,
        type_params: type_params(node.type_params.as_deref()),
        range: range(node.range()),
    }
}

pub fn class(node: &ast::StmtClassDef, depth: usize) -> Class {
    let mut scope = Scope::nested(depth);
    scope.block(&node.body, How::Runs);
    let arguments = node.arguments.as_deref();
    Class {
        name: range(node.name.range()),
        bases: arguments.map(|found| found.args.iter().map(expr).collect()).unwrap_or_default(),
        keywords: arguments.map(|found| keywords(found, 0)).unwrap_or_default(),
        decorators: node.decorator_list.iter().map(|decorator| expr(&decorator.expression)).collect(),
        type_params: type_params(node.type_params.as_deref()),
        fields: scope.fields,
        names: scope.names,
    }
}

pub fn type_params(found: Option<&ast::TypeParams>) -> Vec<TypeParam> {
    let name = |param: &ast::TypeParam| match param {
        ast::TypeParam::TypeVar(param) => {
            TypeParam { name: param.name.as_str().to_owned(), bound: param.bound.as_deref().map(bound) }
        }
        ast::TypeParam::TypeVarTuple(param) => {
            TypeParam { name: param.name.as_str().to_owned(), bound: None }
        }
        ast::TypeParam::ParamSpec(param) => TypeParam { name: param.name.as_str().to_owned(), bound: None },
    };
    found.map(|found| found.type_params.iter().map(name).collect()).unwrap_or_default()
}

/// A tuple of constraints is one of them.
fn bound(written: &ast::Expr) -> Expr {
    match written {
        ast::Expr::Tuple(constraints) => Expr {
            kind: ExprKind::Union(constraints.elts.iter().map(expr).collect()),
            range: range(written.range()),
        },
        other => expr(other),
    }
}

/// The docstring as `inspect.cleandoc` gives it, and without blanks at the ends of lines.
fn docstring(body: &[ast::Stmt]) -> Option<String> {
    let Some(ast::Stmt::Expr(first)) = body.first() else { return None };
    let ast::Expr::StringLiteral(text) = &*first.value else { return None };
    let text = text.value.to_str();
    let filled = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let margin = filled.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let mut lines = text.lines();
    let mut clean = vec![lines.next().unwrap_or("").trim()];
    clean.extend(lines.map(|line| line.get(margin..).unwrap_or("").trim_end()));
    let clean = clean.join("\n").trim().to_owned();
    (!clean.is_empty()).then_some(clean)
}

/// Looks for a `yield` that belongs to the function itself.
struct Yields {
    found: bool,
}

impl<'a> Visitor<'a> for Yields {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        if !matches!(statement, ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_)) {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, node: &'a ast::Expr) {
        match node {
            ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => self.found = true,
            ast::Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, node),
        }
    }
}
