//! `try`: what is caught by its type, and what runs whatever happened.
//!
//! It knows the record of a caught error, not which errors match.

use conductor_protocol::plan::{Step, Try};
use conductor_protocol::types::Type;

use super::blocks::method_of;
use super::codecs;
use super::expr::Result;
use super::names::{exported, unexported};
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

fn ctx() -> Go {
    Go::atom("ctx")
}

pub fn block(workflow: &mut Workflow, step: &Step, block: &Try) -> Result<Vec<Stmt>> {
    let base = unexported(&step.id);
    let tried = method_of(workflow, step, &format!("{base}Try"), &block.steps, true)?;
    let mut body = vec![Stmt::define("err", Go::atom("w").method(&tried, vec![ctx()]))];
    let mut chain: Option<Stmt> = None;
    let mut written = Vec::new();
    for (index, catch) in block.catches.iter().enumerate() {
        let ty = crate::flow::caught();
        let field = workflow.members.fresh(&unexported(&format!("{}_{}", step.id, catch.variable)));
        let value = Go::atom("w").field(field.clone());
        workflow.scope.variables.push((catch.variable.clone(), value.clone(), ty.clone()));
        let number = if index == 0 { String::new() } else { (index + 1).to_string() };
        let name = method_of(workflow, step, &format!("{base}Catch{number}"), &catch.steps, true);
        workflow.scope.variables.pop();
        let name = name?;
        let is_read = format!("{:?}", workflow.decls).contains(&format!("{field:?}"));
        let mut args = vec![Go::atom("err")];
        args.extend(catch.errors.iter().map(|pattern| Go::string(pattern)));
        let caught = Go::call("w.run.Caught", args);
        let mut inner = Vec::new();
        if is_read {
            let spelled = workflow.file.ty(&ty);
            workflow.state().fields.push((field, spelled.clone()));
            inner.push(Stmt::assign(value, described(workflow, &ty, &spelled)));
        }
        inner.push(Stmt::Assign(vec![Go::atom("err")], Go::atom("w").method(&name, vec![ctx()])));
        written.push(Stmt::If {
            init: Some(Box::new(Stmt::Define(vec!["failure".to_owned()], caught))),
            test: codecs::is_there(Go::atom("failure")),
            body: inner,
            otherwise: Vec::new(),
        });
    }
    while let Some(mut last) = written.pop() {
        if let (Stmt::If { otherwise, .. }, Some(next)) = (&mut last, chain.take()) {
            otherwise.push(next);
        }
        chain = Some(last);
    }
    body.extend(chain);
    if block.finally.is_empty() {
        body.push(Stmt::Return(vec![Go::atom("err")]));
        return Ok(body);
    }
    let name = method_of(workflow, step, &format!("{base}Finally"), &block.finally, false)?;
    let args = vec![ctx(), Go::atom("err"), Go::atom(format!("w.{name}"))];
    body.push(Stmt::Return(vec![Go::call("w.run.Finally", args)]));
    Ok(body)
}

/// The caught error as the record that steps read.
fn described(workflow: &mut Workflow, ty: &Type, spelled: &str) -> Go {
    let all = codecs::record_fields(ty);
    let names = codecs::field_names(workflow.file.package, ty, &all);
    let fields =
        all.iter().zip(names).map(|(field, name)| (name, Go::atom("failure").field(exported(&field.name))));
    Go::Struct { ty: spelled.to_owned(), fields: fields.collect(), spread: true }
}
