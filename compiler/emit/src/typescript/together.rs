//! Parallel blocks of plain calls: nothing in them can be told to stop, so that they need no run of their own.
//!
//! It knows the functions that were made of their branches; other parallel blocks are decided in `concurrent`.

use conductor_protocol::plan::{ArgumentValue, Step, StepKind};

use super::direct::is_bare;
use super::names::camel;
use super::tree::{Body, Pattern, Property, Stmt, Ts};
use super::workflow::{Workflow, is_guarded};

impl Workflow<'_> {
    /// `run.all([...])`, where that is enough; `started` are the branches and `bound` the names of their results.
    pub fn together(
        &mut self,
        block: &Step,
        branches: &[Step],
        started: &[Property],
        bound: &[(String, String)],
    ) -> Option<Vec<Stmt>> {
        let is_wrapped = self.plan.deadline_ms.is_some() || self.plan.concurrency.is_some();
        if self.is_durable() || !self.is_top || self.run != "run" || is_wrapped {
            return None;
        }
        let calls = branches.iter().zip(started).map(|(step, branch)| self.called_at_once(step, branch));
        let mut calls: Vec<Ts> = calls.collect::<Option<_>>()?;
        self.share(block, branches, &mut calls);
        let call = Ts::call("run.all", vec![Ts::Array(calls)]).awaited();
        if bound.is_empty() {
            return Some(vec![Stmt::Expr(call)]);
        }
        let name_of = |step: &Step| bound.iter().find(|(id, _)| *id == step.id).map(|(_, name)| name.clone());
        let names: Vec<Option<String>> = branches.iter().map(name_of).collect();
        if !names.contains(&None) {
            return Some(vec![Stmt::Const { pattern: Pattern::Array(names), ty: None, value: call }]);
        }
        let results = self.file.names.fresh(&format!("{}Results", camel(&block.id)));
        let mut body = vec![Stmt::constant(&results, call)];
        for (index, name) in names.into_iter().enumerate() {
            let result = Ts::Index(Box::new(Ts::name(results.clone())), Box::new(Ts::number(index)));
            body.extend(name.map(|name| Stmt::constant(name, result)));
        }
        Some(body)
    }

    /// The call of a branch that is nothing but one of an asynchronous function, which throws nothing before it gives a promise.
    fn called_at_once(&self, step: &Step, branch: &Property) -> Option<Ts> {
        let StepKind::Task(task) = &step.kind else { return None };
        let can_stop = task.arguments().any(|argument| argument.value == ArgumentValue::Cancellation);
        if is_guarded(step) || can_stop || !is_bare(task) {
            return None;
        }
        let Property::Value(_, Ts::Arrow(arrow)) = branch else { return None };
        let Body::Value(call) = &arrow.body else { return None };
        self.callee_of(call)?.is_async.then(|| call.clone())
    }
}
