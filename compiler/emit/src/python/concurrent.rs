//! Blocks whose steps run at the same time: `parallel`, `graph` and `race`.
//!
//! It knows how branches are started and read; which of them decides, and what becomes of the others, the runtime knows.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{OnFailure, Step, StepKind};
use conductor_protocol::types::Type;

use super::blocks::{not_reached, or_pass};
use super::scope::Var;
use super::tree::{Arg, Function, Item, Operator, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, never_complete};

impl<'a> Workflow<'a> {
    pub fn parallel(
        &mut self,
        block: &Step,
        branches: &'a [Step],
        max_concurrency: Option<u32>,
        on_failure: OnFailure,
    ) -> Result<Vec<Stmt>, EmitError> {
        let mut context = self.branches("run.parallel", block);
        if let Some(width) = max_concurrency {
            context = context.with("max_concurrency", Py::atom(width.max(1).to_string()));
        }
        if on_failure == OnFailure::Wait {
            context = context.with("on_failure", Py::string("wait"));
        }
        let (mut body, mut results) = (Vec::new(), Vec::new());
        for branch in branches {
            let (call, vars) = self.call(branch)?;
            let call = self.leaving(branch, call, &vars);
            let started = Py::call("branches.start", vec![Py::string(&branch.id), call]);
            if vars.is_empty() {
                body.push(Stmt::Expr(started));
            } else {
                let name = self.file.names.fresh(&format!("{}_branch", branch.id));
                let result = Py::atom(name.clone()).attr("result").called(Vec::new());
                results.push(self.bind(result, &vars));
                body.push(started.assigned(&name));
            }
        }
        Ok(block_of(context, body, results))
    }

    /// The context in which branches run.
    fn branches(&mut self, durable: &str, block: &Step) -> Py {
        if self.is_durable() {
            return Py::call(durable, vec![self.key(&block.id)]);
        }
        self.file.import_from("._conductor.parallel", "Branches");
        Py::call("Branches", Vec::new())
    }

    pub fn graph(&mut self, block: &Step, steps: &'a [Step]) -> Result<Vec<Stmt>, EmitError> {
        let context = self.branches("run.parallel", block);
        let needed: BTreeSet<&str> =
            steps.iter().flat_map(|step| step.needs.iter().map(String::as_str)).collect();
        let mut handles: BTreeMap<&str, String> = BTreeMap::new();
        let (mut body, mut results) = (Vec::new(), Vec::new());
        // What a step reads of those it needs stands in their futures until the block ends.
        let mut read: BTreeMap<String, String> = BTreeMap::new();
        for step in in_order(steps) {
            let (call, vars) = self.call(step)?;
            let call = self.leaving(step, call, &vars);
            let needs: Vec<Py> =
                step.needs.iter().filter_map(|id| handles.get(id.as_str())).map(Py::atom).collect();
            let started = if needs.is_empty() {
                Py::call("branches.start", vec![Py::string(&step.id), call])
            } else {
                let args = vec![Py::string(&step.id), Py::lambda(reading(call, &read))];
                Py::call("branches.after", args.into_iter().chain(needs).collect())
            };
            if vars.is_empty() && !needed.contains(step.id.as_str()) {
                body.push(Stmt::Expr(started));
                continue;
            }
            let handle = self.file.names.fresh(&format!("{}_branch", step.id));
            let result = Py::atom(handle.clone()).attr("result").called(Vec::new());
            if !vars.is_empty() {
                results.push(self.bind(result.clone(), &vars));
            }
            for (at, var) in vars.iter().enumerate() {
                let whole = super::flat::flat(&result);
                let part = if vars.len() == 1 { whole } else { format!("{whole}[{at}]") };
                read.insert(self.scope.name(var).to_owned(), part);
            }
            body.push(started.assigned(&handle));
            handles.insert(&step.id, handle);
        }
        Ok(block_of(context, body, results))
    }

    pub fn race(&mut self, block: &'a Step, branches: &'a [Step]) -> Result<Vec<Stmt>, EmitError> {
        let mut pairs = Vec::new();
        for branch in branches {
            pairs.push((Py::string(&branch.id), self.racer(block, branch)?));
        }
        let call = if self.is_durable() {
            Py::call("run.race", vec![self.key(&block.id), Py::Dict(pairs)])
        } else {
            Py::call(self.file.import_from("._conductor.parallel", "race"), vec![Py::Dict(pairs)])
        };
        let call = call.awaited();
        if !self.scope.flow.is_result_read(block) || *block.ty.non_null() == Type::Null {
            return Ok(vec![Stmt::Expr(call)]);
        }
        let var = Var::Step(block.id.clone());
        let mut statements = Vec::new();
        let may_be_unwon = branches.iter().any(|branch| branch.when.is_some() || !branch.critical);
        let may_be_null = branches.iter().any(|branch| branch.ty == Type::Null);
        let mut value = call;
        if (may_be_unwon || may_be_null) && self.scope.is_recorded(&var) {
            if may_be_null {
                // On a line of its own: its type is not what is wanted of the whole.
                let won = self.file.names.fresh("won");
                statements.push(value.assigned(&won));
                value = Py::atom(won);
            }
            let nothing = self.nothing(&var);
            value = Py::binary(Operator::Or, value, nothing);
        }
        let target = self.scope.name(&var).to_owned();
        let is_new = self.frame.declared.insert(target.clone());
        let annotation = is_new.then(|| self.annotation(&var, &block.ty));
        statements.push(Stmt::Assign { target, annotation, value });
        Ok(statements)
    }

    /// The call of a branch of a race: it gives the branch's result, in the form of the race's.
    fn racer(&mut self, block: &'a Step, branch: &'a Step) -> Result<Py, EmitError> {
        let loses = branch.when.is_some() || !branch.critical;
        let is_read = self.scope.flow.is_result_read(block) && branch.ty != Type::Null;
        let is_call = matches!(branch.kind, StepKind::Task(_) | StepKind::Workflow(_));
        if is_call || !is_read {
            return Ok(self.call_as(branch, loses)?.0);
        }
        let name = self.file.names.fresh(&format!("_{}", branch.id));
        let reads = self.scope.flow.reads(Region::Step(branch));
        let args = self.step_args(branch, &reads);
        let outer = self.enter(branch, loses);
        let params = self.step_params(branch, &reads);
        let var = Var::Step(block.id.clone());
        let written = self.racing(block, branch, &var);
        let returns = self.annotation(&var, &branch.ty);
        self.leave(outer);
        self.functions.push(Item::Function(Function {
            is_async: true,
            name: name.clone(),
            params,
            keyword_only: false,
            returns,
            doc: vec![super::blocks::block_doc(branch)],
            body: or_pass(written?),
        }));
        Ok(Py::call(name, args))
    }

    fn racing(&mut self, block: &'a Step, branch: &'a Step, var: &Var) -> Result<Vec<Stmt>, EmitError> {
        let mut body = self.when(branch, std::slice::from_ref(var))?;
        let mut inner = self.within_deadline(branch)?;
        if never_complete(std::slice::from_ref(branch)) {
            inner.extend(not_reached(&inner));
        } else {
            self.here = self.scope.flow.at_end_of(block, 0);
            let value = self.result(&branch.id, &branch.ty, var)?;
            inner.push(Stmt::Return(Some(value)));
        }
        if !branch.critical {
            inner = self.tolerated(branch, or_pass(inner), std::slice::from_ref(var));
        }
        body.extend(inner);
        Ok(body)
    }
}

/// The call with the results of branches in the place of variables that are assigned later.
fn reading(call: Py, read: &BTreeMap<String, String>) -> Py {
    let Py::Call { callee, args } = call else { return call };
    let given = |arg: Arg| match &arg.value {
        Py::Atom(name) if read.contains_key(name) => Arg { value: Py::atom(read[name].clone()), ..arg },
        _ => arg,
    };
    Py::Call { callee, args: args.into_iter().map(given).collect() }
}

/// Nothing to start, nothing to wait for.
fn block_of(context: Py, body: Vec<Stmt>, results: Vec<Stmt>) -> Vec<Stmt> {
    if body.is_empty() {
        return Vec::new();
    }
    let mut statements = vec![Stmt::With { context, name: Some("branches".to_owned()), body }];
    statements.extend(results);
    statements
}

/// The steps so that each comes after those it needs, else in the order of the Plan.
fn in_order(steps: &[Step]) -> Vec<&Step> {
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<&Step> = steps.iter().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_ready = |step: &&Step| {
            let is_inside = |id: &String| steps.iter().any(|other| other.id == *id);
            step.needs.iter().all(|id| placed.contains(id.as_str()) || !is_inside(id))
        };
        let Some(next) = left.iter().position(is_ready) else {
            // A cycle: the checker lets none through.
            order.append(&mut left);
            break;
        };
        let step = left.remove(next);
        placed.insert(&step.id);
        order.push(step);
    }
    order
}
