//! How the body of a method ends.
//!
//! It knows statements, not what they are for.

use std::collections::BTreeSet;

use super::tree::{Go, Operator, Stmt};

/// The body with `return` at its end.
pub fn ended(mut body: Vec<Stmt>) -> Vec<Stmt> {
    match body.pop() {
        Some(Stmt::If { init: Some(init), test, body: inner, otherwise })
            if otherwise.is_empty() && is_checked(&init, &inner) =>
        {
            let _ = test;
            if let Stmt::Define(_, value) = *init {
                body.push(Stmt::Return(vec![value]));
            }
        }
        Some(last) => {
            let is_over = is_terminating(&last);
            body.push(last);
            if !is_over {
                body.push(Stmt::Return(vec![Go::atom("nil")]));
            }
        }
        None => body.push(Stmt::Return(vec![Go::atom("nil")])),
    }
    body
}

fn is_checked(init: &Stmt, body: &[Stmt]) -> bool {
    let returns_err = matches!(body, [Stmt::Return(values)] if *values == vec![Go::atom("err")]);
    returns_err && matches!(init, Stmt::Define(names, _) if names[..] == ["err".to_owned()])
}

fn is_terminating(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Return(_) | Stmt::While { test: None, .. } | Stmt::Count { test: None, .. })
}

/// Whether every way through the body ends with an error, as linters see it.
pub fn always_fails(body: &[Stmt], failing: &BTreeSet<String>) -> bool {
    let Some((Stmt::Return(values), before)) = body.split_last() else { return false };
    let [Go::Call { callee, .. }] = &values[..] else { return false };
    let fails = match &**callee {
        Go::Atom(name) => name == "w.run.Fail" || name == "runtime.Return",
        Go::Field { of, name } => **of == Go::atom("w") && failing.contains(name),
        _ => false,
    };
    let ends_well = before.iter().any(|stmt| match stmt {
        Stmt::If { test, body, .. } => {
            let checks = *test == Go::binary(Operator::NotEqual, Go::atom("err"), Go::atom("nil"));
            !checks && !always_fails(body, failing)
        }
        Stmt::Switch { .. } | Stmt::While { .. } | Stmt::Count { .. } => true,
        _ => false,
    });
    fails && !ends_well
}

/// The statements with `=` for `:=` where every name stands already in the same list.
pub fn declared_once(body: Vec<Stmt>) -> Vec<Stmt> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    body.into_iter()
        .map(|stmt| match stmt {
            Stmt::Define(names, value) => {
                let is_new = names.iter().any(|name| name != "_" && !known.contains(name));
                known.extend(names.iter().cloned());
                if is_new {
                    return Stmt::Define(names, value);
                }
                Stmt::Assign(names.into_iter().map(Go::atom).collect(), value)
            }
            Stmt::Var(name, ty) => {
                known.insert(name.clone());
                Stmt::Var(name, ty)
            }
            Stmt::If { init, test, body, otherwise } => {
                let (body, otherwise) = (declared_once(body), declared_once(otherwise));
                Stmt::If { init, test, body, otherwise }
            }
            Stmt::While { test, body } => Stmt::While { test, body: declared_once(body) },
            Stmt::Count { name, start, test, body } => {
                Stmt::Count { name, start, test, body: declared_once(body) }
            }
            Stmt::Switch { head, cases } => {
                let cases = cases.into_iter().map(|(tests, body)| (tests, declared_once(body)));
                Stmt::Switch { head, cases: cases.collect() }
            }
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::declared_once;
    use crate::go::tree::{Go, Stmt};

    #[test]
    fn a_name_is_declared_once_in_a_list() {
        let define = |names: &[&str]| {
            Stmt::Define(names.iter().map(|name| (*name).to_owned()).collect(), Go::atom("f()"))
        };
        let assign = Stmt::Assign(vec![Go::atom("err")], Go::atom("f()"));
        let inner = Stmt::when(Go::atom("true"), vec![define(&["err"])]);
        let body = vec![define(&["key", "err"]), define(&["err"]), inner.clone(), define(&["x", "err"])];
        let wanted = vec![define(&["key", "err"]), assign, inner, define(&["x", "err"])];
        assert_eq!(declared_once(body), wanted);
    }
}
