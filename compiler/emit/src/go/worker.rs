//! Calls of functions in other languages, and what serves this language's to theirs.
//!
//! It knows the forms of calls over the broker, not who answers them.

use conductor_protocol::plan::{Step, TaskCall};

use super::expr::{Result, unsupported};
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

pub fn invoked(_: &mut Workflow, _: &Step, _: &TaskCall) -> Result<Vec<Stmt>> {
    Err(unsupported("a function in another language"))
}

pub fn attempt(_: &mut Workflow, _: &Step, _: &TaskCall) -> Result<(Go, Vec<Stmt>)> {
    Err(unsupported("a function in another language"))
}
