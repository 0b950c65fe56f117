//! A workflow whose steps need nothing of its run but to tell it where they are: a variable says that, and a run is made only of a
//! failure.
//!
//! It knows the tree, and `LocalRun.at` in it.

use super::mentions::in_statements;
use super::tree::{Pattern, Stmt, Ts};

/// The steps without a run.
pub struct Flat {
    /// What stands before the steps.
    pub before: Vec<Stmt>,
    pub steps: Vec<Stmt>,
    /// The step that has failed, once one has.
    pub at: Ts,
}

/// The statements as steps without a run, where they begin with a step and only tell the run where they are; `at` is a free name.
pub fn flat(steps: &[Stmt], at: &str) -> Option<Flat> {
    let first = steps.first().and_then(begun)?.clone();
    let mut moves = false;
    let rest = without_run(&steps[1..], at, &mut moves)?;
    let options = Ts::name("options").member("signal");
    let (mut before, at, signal) = if moves {
        let signal = Pattern::Object(vec![("signal".to_owned(), "signal".to_owned())]);
        let told = Stmt::Const { pattern: signal, ty: None, value: Ts::name("options") };
        (vec![told], Ts::name(at), Ts::name("signal"))
    } else {
        (Vec::new(), Ts::String(first.clone()), options)
    };
    if let Ts::Name(name) = &at {
        before.push(Stmt::Let { name: name.clone(), ty: None, value: Some(Ts::String(first)) });
    }
    let steps = std::iter::once(unless_aborted(signal)).chain(rest).collect();
    Some(Flat { before, steps, at })
}

fn without_run(statements: &[Stmt], at: &str, moves: &mut bool) -> Option<Vec<Stmt>> {
    let mut kept = Vec::new();
    for statement in statements {
        if let Some(step) = begun(statement) {
            *moves = true;
            kept.push(Stmt::Assign { target: Ts::name(at), value: Ts::String(step.clone()) });
            kept.push(unless_aborted(Ts::name("signal")));
            continue;
        }
        kept.push(match statement {
            Stmt::If { test, body, otherwise } if !super::mentions::in_value(test, "run") => Stmt::If {
                test: test.clone(),
                body: without_run(body, at, moves)?,
                otherwise: without_run(otherwise, at, moves)?,
            },
            other if in_statements(std::slice::from_ref(other), "run") => return None,
            other => other.clone(),
        });
    }
    Some(kept)
}

/// The step of `run.at("step")`.
fn begun(statement: &Stmt) -> Option<&String> {
    let Stmt::Expr(Ts::Call { callee, args, .. }) = statement else { return None };
    match (callee.as_ref(), args.as_slice()) {
        (Ts::Member(run, method), [Ts::String(step)]) if method == "at" && **run == Ts::name("run") => {
            Some(step)
        }
        _ => None,
    }
}

fn unless_aborted(signal: Ts) -> Stmt {
    Stmt::Expr(Ts::MemberIfAny(Box::new(signal), "throwIfAborted".to_owned()).called(Vec::new()))
}
