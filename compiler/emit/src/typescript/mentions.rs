//! Which names a piece of code mentions: parameters that nobody uses are left out.
//!
//! It knows the tree only.

use std::collections::BTreeSet;

use super::tree::{Body, Item, Param, Property, Stmt, Ts, Ty};

/// Whether the statements mention the name, where nothing inside gives it to something else.
pub fn in_statements(statements: &[Stmt], name: &str) -> bool {
    statements.iter().any(|statement| in_statement(statement, name))
}

fn in_statement(statement: &Stmt, name: &str) -> bool {
    let all = |statements: &[Stmt]| in_statements(statements, name);
    match statement {
        Stmt::Expr(value) | Stmt::Throw(value) | Stmt::Const { value, .. } => in_value(value, name),
        Stmt::Let { value, .. } | Stmt::Return(value) => {
            value.as_ref().is_some_and(|value| in_value(value, name))
        }
        Stmt::Assign { target, value } => in_value(target, name) || in_value(value, name),
        Stmt::If { test, body, otherwise } => in_value(test, name) || all(body) || all(otherwise),
        Stmt::While { test, body } => in_value(test, name) || all(body),
        Stmt::Count { test, body, .. } => test.as_ref().is_some_and(|test| in_value(test, name)) || all(body),
        Stmt::Try { body, handler, finally } => {
            all(body) || handler.as_ref().is_some_and(|(_, body)| all(body)) || all(finally)
        }
    }
}

pub fn in_value(value: &Ts, name: &str) -> bool {
    let inside = |value: &Ts| in_value(value, name);
    match value {
        Ts::Name(known) => known == name,
        Ts::Literal(_) | Ts::String(_) => false,
        Ts::Array(values) => values.iter().any(inside),
        Ts::Member(of, _)
        | Ts::MemberIfAny(of, _)
        | Ts::Await(of)
        | Ts::Not(of)
        | Ts::Negate(of)
        | Ts::As(of, _) => inside(of),
        Ts::Index(of, index) => inside(of) || inside(index),
        Ts::Call { callee, args, .. } => inside(callee) || args.iter().any(inside),
        Ts::Object(properties) => properties.iter().any(|property| match property {
            Property::Value(_, value) | Property::Spread(value) => inside(value),
        }),
        Ts::Arrow(arrow) => {
            !arrow.params.iter().any(|param| param.name == name)
                && match &arrow.body {
                    Body::Value(value) => inside(value),
                    Body::Block(statements) => in_statements(statements, name),
                }
        }
        Ts::Binary { left, right, .. } => inside(left) || inside(right),
        Ts::Conditional { test, then, otherwise } => inside(test) || inside(then) || inside(otherwise),
    }
}

/// Whether the statements give a value back, functions inside apart.
pub fn returns(statements: &[Stmt]) -> bool {
    statements.iter().any(|statement| match statement {
        Stmt::Return(value) => value.is_some(),
        Stmt::If { body, otherwise, .. } => returns(body) || returns(otherwise),
        Stmt::While { body, .. } | Stmt::Count { body, .. } => returns(body),
        Stmt::Try { body, handler, finally } => {
            returns(body) || handler.as_ref().is_some_and(|(_, body)| returns(body)) || returns(finally)
        }
        _ => false,
    })
}

/// Whether the statements wait for something, functions inside apart.
pub fn awaits(statements: &[Stmt]) -> bool {
    statements.iter().any(|statement| match statement {
        Stmt::Expr(value) | Stmt::Throw(value) | Stmt::Const { value, .. } => value_awaits(value),
        Stmt::Let { value, .. } | Stmt::Return(value) => value.as_ref().is_some_and(value_awaits),
        Stmt::Assign { target, value } => value_awaits(target) || value_awaits(value),
        Stmt::If { test, body, otherwise } => value_awaits(test) || awaits(body) || awaits(otherwise),
        Stmt::While { test, body } => value_awaits(test) || awaits(body),
        Stmt::Count { test, body, .. } => test.as_ref().is_some_and(value_awaits) || awaits(body),
        Stmt::Try { body, handler, finally } => {
            awaits(body) || handler.as_ref().is_some_and(|(_, body)| awaits(body)) || awaits(finally)
        }
    })
}

fn value_awaits(value: &Ts) -> bool {
    match value {
        Ts::Await(_) => true,
        Ts::Name(_) | Ts::Literal(_) | Ts::String(_) | Ts::Arrow(_) => false,
        Ts::Array(values) => values.iter().any(value_awaits),
        Ts::Member(of, _) | Ts::MemberIfAny(of, _) | Ts::Not(of) | Ts::Negate(of) | Ts::As(of, _) => {
            value_awaits(of)
        }
        Ts::Index(of, index) => value_awaits(of) || value_awaits(index),
        Ts::Call { callee, args, .. } => value_awaits(callee) || args.iter().any(value_awaits),
        Ts::Object(properties) => properties.iter().any(|property| match property {
            Property::Value(_, value) | Property::Spread(value) => value_awaits(value),
        }),
        Ts::Binary { left, right, .. } => value_awaits(left) || value_awaits(right),
        Ts::Conditional { test, then, otherwise } => {
            value_awaits(test) || value_awaits(then) || value_awaits(otherwise)
        }
    }
}

/// The first part of every name that the items use, of values and of types.
pub fn names(items: &[Item]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in items {
        match item {
            Item::Function(function) => {
                function.params.iter().for_each(|param| of_param(param, &mut found));
                of_type(&function.returns, &mut found);
                of_statements(&function.body, &mut found);
            }
            Item::Const { ty, value, .. } => {
                ty.iter().for_each(|ty| of_type(ty, &mut found));
                of_value(value, &mut found);
            }
            Item::Interface { members, .. } => {
                members.iter().for_each(|member| of_type(&member.ty, &mut found));
            }
            Item::Alias { ty, .. } => of_type(ty, &mut found),
            Item::Export { .. } => {}
        }
    }
    found
}

fn of_param(param: &Param, found: &mut BTreeSet<String>) {
    param.ty.iter().for_each(|ty| of_type(ty, found));
    param.default.iter().for_each(|value| of_value(value, found));
}

fn of_type(ty: &Ty, found: &mut BTreeSet<String>) {
    let mut add = |name: &str| found.extend(name.split('.').next().map(str::to_owned));
    match ty {
        Ty::Name(name) => add(name),
        Ty::Generic(name, args) => {
            add(name);
            args.iter().for_each(|arg| of_type(arg, found));
        }
        Ty::Array(item) => of_type(item, found),
        Ty::Union(members) | Ty::Tuple(members) => members.iter().for_each(|member| of_type(member, found)),
        Ty::Object(members) => members.iter().for_each(|member| of_type(&member.ty, found)),
    }
}

fn of_statements(statements: &[Stmt], found: &mut BTreeSet<String>) {
    for statement in statements {
        match statement {
            Stmt::Expr(value) | Stmt::Throw(value) => of_value(value, found),
            Stmt::Const { ty, value, .. } => {
                ty.iter().for_each(|ty| of_type(ty, found));
                of_value(value, found);
            }
            Stmt::Let { ty, value, .. } => {
                ty.iter().for_each(|ty| of_type(ty, found));
                value.iter().for_each(|value| of_value(value, found));
            }
            Stmt::Return(value) => value.iter().for_each(|value| of_value(value, found)),
            Stmt::Assign { target, value } => {
                of_value(target, found);
                of_value(value, found);
            }
            Stmt::If { test, body, otherwise } => {
                of_value(test, found);
                of_statements(body, found);
                of_statements(otherwise, found);
            }
            Stmt::While { test, body } => {
                of_value(test, found);
                of_statements(body, found);
            }
            Stmt::Count { test, body, .. } => {
                test.iter().for_each(|test| of_value(test, found));
                of_statements(body, found);
            }
            Stmt::Try { body, handler, finally } => {
                of_statements(body, found);
                handler.iter().for_each(|(_, body)| of_statements(body, found));
                of_statements(finally, found);
            }
        }
    }
}

fn of_value(value: &Ts, found: &mut BTreeSet<String>) {
    match value {
        Ts::Name(name) => {
            found.insert(name.clone());
        }
        Ts::Literal(_) | Ts::String(_) => {}
        Ts::Array(values) => values.iter().for_each(|value| of_value(value, found)),
        Ts::Member(of, _) | Ts::MemberIfAny(of, _) | Ts::Await(of) | Ts::Not(of) | Ts::Negate(of) => {
            of_value(of, found)
        }
        Ts::As(of, ty) => {
            of_value(of, found);
            of_type(ty, found);
        }
        Ts::Index(left, right) | Ts::Binary { left, right, .. } => {
            of_value(left, found);
            of_value(right, found);
        }
        Ts::Call { callee, types, args, .. } => {
            of_value(callee, found);
            types.iter().for_each(|ty| of_type(ty, found));
            args.iter().for_each(|value| of_value(value, found));
        }
        Ts::Object(properties) => properties.iter().for_each(|property| match property {
            Property::Value(_, value) | Property::Spread(value) => of_value(value, found),
        }),
        Ts::Arrow(arrow) => {
            arrow.params.iter().for_each(|param| of_param(param, found));
            match &arrow.body {
                Body::Value(value) => of_value(value, found),
                Body::Block(statements) => of_statements(statements, found),
            }
        }
        Ts::Conditional { test, then, otherwise } => {
            [test, then, otherwise].into_iter().for_each(|part| of_value(part, found));
        }
    }
}
