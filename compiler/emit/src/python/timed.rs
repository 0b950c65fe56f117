//! One attempt of a workflow without a journal, as something to await with its time limit.
//!
//! It knows threads, tasks and the end of a write; what is done with the result stands in `direct`.

use conductor_protocol::plan::{Effect, InDoubt, TaskCall};

use super::durable::in_doubt;
use super::literal::seconds;
use super::tree::{Arg, Py};
use super::workflow::Workflow;
use super::{elsewhere, live};

/// The call as something to await, with its time limit. The real end of a write that must not run twice is awaited.
pub fn limited(workflow: &mut Workflow, call: &TaskCall, callee: Py, args: Vec<Arg>) -> Py {
    let file = &mut workflow.file;
    let must_settle = call.effect == Effect::Write && !call.idempotent;
    let built = call.policy.timeout_ms.map(seconds);
    let timeout = built.map(|built| live::number(file, &call.policy, "timeout", built));
    let outwait =
        must_settle && (!elsewhere::listens(call) || call.in_doubt != InDoubt::Retry && timeout.is_some());
    let run = match (elsewhere::listens(call), outwait) {
        (true, false) => Py::Call { callee: Box::new(callee), args },
        (true, true) => {
            file.import_from("._conductor.settle", "start");
            let mut all = vec![Py::Call { callee: Box::new(callee), args }];
            all.extend(timeout.clone());
            Py::call("start", all)
        }
        (false, settled) => {
            let name = if settled { "submit" } else { "in_thread" };
            file.import_from("._conductor.threads", name);
            let mut all = vec![Arg { name: None, value: callee }];
            all.extend(args);
            Py::Call { callee: Box::new(Py::atom(name)), args: all }
        }
    };
    if outwait {
        file.import_from("._conductor.settle", "settled");
        let mut settled = Py::call("settled", vec![run]);
        if let Some(timeout) = timeout {
            settled = settled.with("timeout", timeout);
        }
        settled = settled.with("in_doubt", Py::string(in_doubt(call.in_doubt)));
        if call.compensate.is_some() {
            settled = settled.with("late", Py::atom("undoing.completed"));
        }
        return settled;
    }
    match timeout {
        None => run,
        Some(timeout) => {
            file.import_from("._conductor.deadline", "within");
            Py::call("within", vec![timeout, run])
        }
    }
}
