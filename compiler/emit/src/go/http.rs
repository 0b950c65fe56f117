//! Calls of operations of HTTP APIs.
//!
//! It knows where an argument goes in a request.

use conductor_protocol::plan::{HttpOperation, TaskCall};

use super::call::{Made, Making};
use super::expr::{Result, unsupported};
use super::workflow::Workflow;

pub fn call(_: &mut Workflow, _: &mut Making<'_>, _: &HttpOperation, _: &TaskCall) -> Result<Made> {
    Err(unsupported("a call of an HTTP operation"))
}
