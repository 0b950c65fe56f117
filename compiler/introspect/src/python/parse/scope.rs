//! Statements to bindings: which names a module or class body binds when it runs, and to what.
//!
//! It does not know other modules: whether an import would succeed is decided by whoever follows it.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::definition::{class, function, type_params};
use super::expression::expr;
use super::range;
use crate::python::syntax::{Binding, ClassField, Expr, ExprKind, Import, Module, Names, Origin, Value};

/// Nested classes and blocks deeper than this are not read.
const MAX_DEPTH: usize = 40;

pub fn module(body: &[ast::Stmt]) -> Module {
    let mut scope = Scope::default();
    scope.block(body, How::Runs);
    Module { names: scope.names, typing_names: scope.typing_names, stars: scope.stars, ..Module::default() }
}

/// How sure it is that a statement runs.
#[derive(Clone, Copy, PartialEq)]
pub enum How {
    Runs,
    /// In an `except` or `else` whose names yield to those bound before.
    Otherwise,
    TypeChecking,
}

#[derive(Default)]
pub struct Scope {
    pub names: Names,
    pub fields: Vec<ClassField>,
    typing_names: Names,
    stars: Vec<Origin>,
    depth: usize,
}

impl Scope {
    /// The scope of a class that stands `depth` blocks deep.
    pub fn nested(depth: usize) -> Scope {
        Scope { depth, ..Scope::default() }
    }

    pub fn block(&mut self, body: &[ast::Stmt], how: How) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        for statement in body {
            self.statement(statement, how);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, statement: &ast::Stmt, how: How) {
        match statement {
            ast::Stmt::FunctionDef(node) => self.function(node, how),
            ast::Stmt::ClassDef(node) => {
                let class = class(node, self.depth);
                self.bind(node.name.as_str(), Binding::Class(Box::new(class)), how);
            }
            ast::Stmt::Import(node) => self.import(node, how),
            ast::Stmt::ImportFrom(node) => self.import_from(node, how),
            ast::Stmt::Assign(node) => self.assign(node, how),
            ast::Stmt::AnnAssign(node) => self.annotated(node, how),
            ast::Stmt::TypeAlias(node) => self.type_alias(node, how),
            ast::Stmt::Delete(node) => self.delete(node),
            ast::Stmt::If(node) => self.branches(node, how),
            ast::Stmt::Try(node) => self.attempt(node, how),
            ast::Stmt::With(node) => self.block(&node.body, how),
            ast::Stmt::For(node) => {
                self.block(&node.body, how);
                self.block(&node.orelse, how);
            }
            ast::Stmt::While(node) => self.block(&node.body, how),
            ast::Stmt::Match(node) => {
                for case in &node.cases {
                    self.block(&case.body, otherwise(how));
                }
            }
            _ => {}
        }
    }

    fn bind(&mut self, name: &str, binding: Binding, how: How) {
        if name.is_empty() {
            return;
        }
        let names = if how == How::TypeChecking { &mut self.typing_names } else { &mut self.names };
        let known = names.entry(name.to_owned()).or_default();
        // `f = decorate(f)` is a decorator in other words.
        if let Binding::Value(value) = &binding
            && let Some(value) = value.value.as_ref().filter(|value| wraps(value, name, 0))
            && known.first_mut().is_some_and(|known| decorate(known, value))
        {
            return;
        }
        // Overloads stand beside each other until the function itself comes.
        let is_overload =
            |binding: &Binding| matches!(binding, Binding::Function(found) if found.is_overload);
        if how != How::Otherwise && !(is_overload(&binding) && known.iter().all(is_overload)) {
            known.clear();
        }
        known.push(binding);
    }

    fn function(&mut self, node: &ast::StmtFunctionDef, how: How) {
        self.bind(node.name.as_str(), Binding::Function(Box::new(function(node))), how);
    }

    fn import(&mut self, node: &ast::StmtImport, how: How) {
        for alias in &node.names {
            let module = alias.name.as_str();
            let first = module.split('.').next().unwrap_or(module);
            let (name, module) =
                alias.asname.as_ref().map_or((first, first), |renamed| (renamed.as_str(), module));
            let origin = Origin { level: 0, module: module.to_owned() };
            self.bind(name, Binding::Import(Import { origin, name: None, range: range(alias.range()) }), how);
        }
    }

    fn import_from(&mut self, node: &ast::StmtImportFrom, how: How) {
        let module = node.module.as_ref().map(|module| module.as_str().to_owned()).unwrap_or_default();
        let origin = Origin { level: node.level, module };
        for alias in &node.names {
            if alias.name.as_str() == "*" {
                self.stars.push(origin.clone());
                continue;
            }
            let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let imported = Some(alias.name.as_str().to_owned());
            let import = Import { origin: origin.clone(), name: imported, range: range(alias.range()) };
            self.bind(name, Binding::Import(import), how);
        }
    }

    fn assign(&mut self, node: &ast::StmtAssign, how: How) {
        for target in &node.targets {
            match target {
                ast::Expr::Name(name) => {
                    let value = expr(&node.value);
                    self.fields.push(ClassField {
                        name: name.id.as_str().to_owned(),
                        range: range(name.range()),
                        annotation: None,
                        value: Some(value.clone()),
                    });
                    self.bind(name.id.as_str(), bare(name, Some(value)), how);
                }
                ast::Expr::Tuple(tuple) => self.unpacked(&tuple.elts, how),
                ast::Expr::List(list) => self.unpacked(&list.elts, how),
                _ => {}
            }
        }
    }

    fn unpacked(&mut self, targets: &[ast::Expr], how: How) {
        for target in targets {
            if let ast::Expr::Name(name) = target {
                self.bind(name.id.as_str(), bare(name, None), how);
            }
        }
    }

    fn annotated(&mut self, node: &ast::StmtAnnAssign, how: How) {
        let ast::Expr::Name(name) = &*node.target else { return };
        let annotation = expr(&node.annotation);
        let value = node.value.as_deref().map(expr);
        self.fields.push(ClassField {
            name: name.id.as_str().to_owned(),
            range: range(name.range()),
            annotation: Some(annotation.clone()),
            value: value.clone(),
        });
        // A bare `x: int` binds nothing.
        if value.is_some() {
            let value = Value {
                name: range(name.range()),
                annotation: Some(annotation),
                value,
                type_params: Vec::new(),
            };
            self.bind(name.id.as_str(), Binding::Value(Box::new(value)), how);
        }
    }

    fn type_alias(&mut self, node: &ast::StmtTypeAlias, how: How) {
        let ast::Expr::Name(name) = &*node.name else { return };
        let value = Value {
            name: range(name.range()),
            annotation: None,
            value: Some(expr(&node.value)),
            type_params: type_params(node.type_params.as_deref()),
        };
        self.bind(name.id.as_str(), Binding::Value(Box::new(value)), how);
    }

    fn delete(&mut self, node: &ast::StmtDelete) {
        for target in &node.targets {
            if let ast::Expr::Name(name) = target {
                self.names.remove(name.id.as_str());
            }
        }
    }

    /// An `except ImportError` provides what the body could not: its names come after the body's.
    fn attempt(&mut self, node: &ast::StmtTry, how: How) {
        self.block(&node.body, how);
        self.block(&node.orelse, how);
        for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
            self.block(&handler.body, otherwise(how));
        }
        self.block(&node.finalbody, how);
    }

    fn branches(&mut self, node: &ast::StmtIf, how: How) {
        let first = (Some(&*node.test), &node.body[..]);
        let rest = node.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body[..]));
        let mut how = how;
        for (test, body) in std::iter::once(first).chain(rest) {
            match test.map_or(Truth::Yes, truth) {
                Truth::No => {}
                Truth::Yes => return self.block(body, how),
                Truth::TypeChecking => self.block(body, How::TypeChecking),
                Truth::Unknown => {
                    self.block(body, how);
                    how = otherwise(how);
                }
            }
        }
    }
}

fn otherwise(how: How) -> How {
    if how == How::TypeChecking { how } else { How::Otherwise }
}

fn bare(name: &ast::ExprName, value: Option<Expr>) -> Binding {
    Binding::Value(Box::new(Value {
        name: range(name.range()),
        annotation: None,
        value,
        type_params: Vec::new(),
    }))
}

/// Adds what a definition is called with to its decorators; false where it is no definition.
fn decorate(known: &mut Binding, value: &Expr) -> bool {
    let decorators = match known {
        Binding::Function(function) => &mut function.decorators,
        Binding::Class(class) => &mut class.decorators,
        Binding::Import(_) | Binding::Value(_) => return false,
    };
    if let ExprKind::Call(call) = &value.kind {
        decorators.insert(0, call.function.clone());
    }
    true
}

/// `decorate(f)`, `decorate(other(f), option)`.
fn wraps(value: &Expr, name: &str, depth: usize) -> bool {
    match &value.kind {
        ExprKind::Call(call) if depth < MAX_DEPTH => call.arguments.iter().any(|argument| {
            argument.dotted().is_some_and(|path| path == [name]) || wraps(argument, name, depth + 1)
        }),
        _ => false,
    }
}

/// What a condition at module level says when the module is imported.
enum Truth {
    Yes,
    No,
    TypeChecking,
    Unknown,
}

fn truth(test: &ast::Expr) -> Truth {
    match test {
        ast::Expr::Name(found) if found.id.as_str() == "TYPE_CHECKING" => Truth::TypeChecking,
        ast::Expr::Attribute(found) if found.attr.as_str() == "TYPE_CHECKING" => Truth::TypeChecking,
        ast::Expr::BooleanLiteral(value) => {
            if value.value {
                Truth::Yes
            } else {
                Truth::No
            }
        }
        ast::Expr::UnaryOp(not) if not.op == ast::UnaryOp::Not => match truth(&not.operand) {
            Truth::Yes => Truth::No,
            Truth::No | Truth::TypeChecking => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
        },
        ast::Expr::Compare(compare) if is_never(compare) => match *compare.ops {
            [ast::CmpOp::Eq] => Truth::No,
            [ast::CmpOp::NotEq] => Truth::Yes,
            _ => Truth::Unknown,
        },
        _ => Truth::Unknown,
    }
}

/// `__name__ == "__main__"` does not hold on import, and nothing of ours runs on Windows.
fn is_never(compare: &ast::ExprCompare) -> bool {
    let left = match &*compare.left {
        ast::Expr::Name(found) => found.id.as_str(),
        ast::Expr::Attribute(found) => found.attr.as_str(),
        _ => return false,
    };
    let [ast::Expr::StringLiteral(right)] = &*compare.comparators else { return false };
    matches!((left, right.value.to_str()), ("__name__", "__main__") | ("platform", "win32") | ("name", "nt"))
}
