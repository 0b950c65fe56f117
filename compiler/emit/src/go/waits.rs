//! Steps that call nothing but wait, or tell others: `sleep`, `wait_for` and `emit`.
//!
//! It knows the runtime's durable waits, not how they are kept.

use conductor_protocol::plan::{Delay, Emit, OnTimeout, Step, WaitFor};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::expr::Result;
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

fn ctx() -> Go {
    Go::atom("ctx")
}

pub fn sleep(workflow: &mut Workflow, step: &Step, delay: &Delay) -> Result<Vec<Stmt>> {
    let mut body = Vec::new();
    let duration = match delay {
        Delay::Fixed { ms } => workflow.duration(*ms),
        Delay::Computed(value) => workflow.evaluated(value, &Type::Duration, step, &mut body, "duration")?,
    };
    let key = workflow.key(&step.id);
    body.push(Stmt::Return(vec![Go::call("w.run.Sleep", vec![ctx(), key, duration])]));
    Ok(body)
}

pub fn wait_for(workflow: &mut Workflow, step: &Step, wait: &WaitFor) -> Result<Vec<Stmt>> {
    let mut fields = vec![("Signal".to_owned(), Go::string(&wait.signal))];
    if let Some(milliseconds) = wait.timeout_ms {
        fields.push(("Timeout".to_owned(), workflow.duration(milliseconds)));
    }
    if wait.on_timeout == OnTimeout::Null {
        fields.push(("Null".to_owned(), Go::atom("true")));
    }
    if !step.critical {
        fields.push(("Tolerated".to_owned(), Go::atom("true")));
    }
    let ty = workflow.file.runtime("WaitOptions");
    let options = Go::Struct { ty, fields, spread: false };
    let key = workflow.key(&step.id);
    let call = Go::call("w.run.WaitFor", vec![ctx(), key.clone(), options]);
    let Some(kept) = workflow.results.get(&step.id).cloned() else {
        return Ok(vec![
            Stmt::Define(vec!["_".to_owned(), "err".to_owned()], call),
            Stmt::Return(vec![Go::atom("err")]),
        ]);
    };
    let decode = workflow.file.codec(Way::Decode, &kept);
    let decoded = workflow.file.call_cel("Decode", vec![Go::atom("data"), decode]);
    let broken = workflow.broken(step);
    Ok(vec![
        Stmt::Define(vec!["data".to_owned(), "err".to_owned()], call),
        Stmt::unless_ok(Vec::new()),
        Stmt::Define(vec!["value".to_owned(), "err".to_owned()], decoded),
        Stmt::if_err(vec![Stmt::Return(vec![broken])]),
        Stmt::assign(workflow.result(&step.id), Go::atom("value")),
    ])
}

pub fn emitted(workflow: &mut Workflow, step: &Step, emit: &Emit) -> Result<Vec<Stmt>> {
    let mut body = Vec::new();
    let mut fields = vec![("Signal".to_owned(), Go::string(&emit.signal))];
    if let Some(data) = &emit.data {
        let ty = data.ty.clone();
        let value = workflow.value(data, &ty)?;
        if ty != Type::Null {
            let encoded = super::durable::encoded(workflow, &ty, value.go, value.fails);
            body.push(Stmt::Define(vec!["data".to_owned(), "err".to_owned()], encoded));
            let broken = workflow.broken(step);
            body.push(Stmt::if_err(vec![Stmt::Return(vec![broken])]));
            fields.push(("Data".to_owned(), Go::atom("data")));
        }
    }
    if let Some(run) = &emit.run {
        let run = workflow.evaluated(run, &Type::String, step, &mut body, "target")?;
        fields.push(("Run".to_owned(), run));
    }
    if emit.barrier {
        fields.push(("Barrier".to_owned(), Go::atom(workflow.file.runtime("BarrierAlways"))));
    }
    if !step.critical {
        fields.push(("Tolerated".to_owned(), Go::atom("true")));
    }
    let spread = fields.len() > 2;
    let options = Go::Struct { ty: workflow.file.runtime("EmitOptions"), fields, spread };
    let key = workflow.key(&step.id);
    body.push(Stmt::Return(vec![Go::call("w.run.Emit", vec![ctx(), key, options])]));
    Ok(body)
}
