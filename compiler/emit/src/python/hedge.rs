//! Hedges: one call as a function, which is called again beside itself while it takes long.
//!
//! It knows how a hedge is spelled; when a further call begins the runtime decides.

use conductor_protocol::plan::{Hedge, TaskCall};
use conductor_protocol::types::Type;

use super::literal::seconds;
use super::tree::{Arg, Function, Py, Stmt};
use super::workflow::Workflow;
use super::{elsewhere, resources};

const CALL: &str = "one_call";

/// `step.hedged(one_call, ...)`, and the function before it.
pub fn durable(
    workflow: &mut Workflow,
    call: &TaskCall,
    numbers: Hedge,
    each: Vec<Stmt>,
    callee: Py,
    args: Vec<Arg>,
) -> (Stmt, Py) {
    let ty = workflow.file.annotation(call.callable.returns());
    let mut body = each;
    let made = Py::Call { callee: Box::new(callee.clone()), args: args.clone() };
    let (is_async, returns) = if elsewhere::listens(call) {
        body.push(given(call, made.awaited()));
        (true, ty)
    } else {
        workflow.file.import_from("._conductor.threads", "submit");
        workflow.file.import("asyncio");
        let mut all = vec![Arg { name: None, value: callee }];
        all.extend(args);
        body.push(Stmt::Return(Some(Py::Call { callee: Box::new(Py::atom("submit")), args: all })));
        (false, format!("asyncio.Future[{ty}]"))
    };
    let mut hedged = numbered(Py::call("step.hedged", vec![Py::atom(CALL)]), numbers);
    let uses = resources::permits(&mut workflow.file, call);
    if !uses.is_empty() {
        hedged = hedged.with("uses", Py::Tuple(uses));
    }
    (function(is_async, returns, body), hedged)
}

/// `hedged(one_call, ...)`, and the function before it: one call with its time limit and what it takes of resources.
pub fn direct(workflow: &mut Workflow, call: &TaskCall, numbers: Hedge, body: Vec<Stmt>) -> (Stmt, Py) {
    let returns = workflow.file.annotation(call.callable.returns());
    workflow.file.import_from("._conductor.hedge", "hedged");
    let hedged = numbered(Py::call("hedged", vec![Py::atom(CALL)]), numbers);
    (function(true, returns, body), hedged)
}

/// The result, as far as there is one.
pub fn given(call: &TaskCall, value: Py) -> Stmt {
    if *call.callable.returns() == Type::Null { Stmt::Expr(value) } else { Stmt::Return(Some(value)) }
}

fn numbered(hedged: Py, numbers: Hedge) -> Py {
    hedged.with("after", Py::atom(seconds(numbers.after_ms))).with("max", Py::atom(numbers.max.to_string()))
}

fn function(is_async: bool, returns: String, body: Vec<Stmt>) -> Stmt {
    Stmt::Function(Function {
        is_async,
        name: CALL.to_owned(),
        params: Vec::new(),
        keyword_only: false,
        returns,
        doc: vec!["One of the calls of an attempt.".to_owned()],
        body,
    })
}
