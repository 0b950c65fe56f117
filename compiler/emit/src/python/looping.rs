//! `loop` as a Python loop with its bound.
//!
//! It knows that the keys inside say which iteration they belong to. Where an iteration needs a lambda it is a function.

use conductor_protocol::plan::{Loop, LoopTest, OnExhausted, Step};
use conductor_protocol::types::Type;

use super::blocks::or_pass;
use super::lambdas;
use super::literal::seconds;
use super::scope::Var;
use super::tree::{Function, Item, Operator, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, mentions_run, never_complete};

/// What an iteration is in Python, and the test that stands in the loop.
struct Iteration {
    body: Vec<Stmt>,
    test: Py,
    /// Whether the body assigns the loop's own result.
    gives_result: bool,
}

impl<'a> Workflow<'a> {
    pub fn repeat(&mut self, step: &'a Step, repeat: &'a Loop) -> Result<Vec<Stmt>, EmitError> {
        let index = self.file.names.fresh("index");
        let outer = self.frame.prefix.clone();
        let mut statements = self.before_the_first(step, repeat);
        statements.push(Py::atom("0").assigned(&index));
        let Iteration { body, test, gives_result } = self.iteration_of(step, repeat, &index)?;
        let again = Stmt::Add { target: index.clone(), value: Py::atom("1") };
        let exhausted = self.exhausted(step, repeat, &index);
        let pause = repeat.every_ms.map(|every| self.pause_between(step, &index, &outer, every));
        let mut whole = Vec::new();
        let looping = match repeat.test {
            LoopTest::While => {
                whole.push(exhausted);
                if let Some(pause) = pause {
                    let test = Py::binary(Operator::Greater, Py::atom(index.clone()), Py::atom("0"));
                    whole.push(Stmt::If { test, body: vec![pause], otherwise: Vec::new() });
                }
                whole.extend(body);
                whole.push(again);
                Stmt::While { test, body: whole }
            }
            LoopTest::Until => {
                whole.extend(body);
                whole.push(Stmt::If { test, body: vec![Stmt::Break], otherwise: Vec::new() });
                whole.push(again);
                whole.push(exhausted);
                whole.extend(pause);
                Stmt::While { test: Py::atom("True"), body: whole }
            }
        };
        statements.push(looping);
        self.file.names.release(&index);
        statements.extend(self.came_to(step, repeat, gives_result)?);
        Ok(statements)
    }

    /// What the iterations share.
    fn before_the_first(&mut self, step: &Step, repeat: &Loop) -> Vec<Stmt> {
        let Some(last) = self.kept_between(step, repeat) else { return Vec::new() };
        let ty = repeat.steps.last().map_or(Type::Null, |last| last.ty.clone());
        self.declare(&last, &Type::optional(ty), true).into_iter().collect()
    }

    /// The variable that an iteration leaves to the next, or to what comes after a loop that may not run at all.
    fn kept_between(&self, step: &Step, repeat: &Loop) -> Option<Var> {
        if repeat.steps.last().is_none_or(|last| last.ty == Type::Null) {
            return None;
        }
        let last = self.scope.flow.last_of(step).filter(|last| self.scope.flow.is_read(last));
        if last.is_some() {
            return last;
        }
        let is_needed = self.scope.flow.is_result_read(step) && repeat.test == LoopTest::While;
        is_needed.then(|| Var::Step(step.id.clone()))
    }

    fn iteration_of(
        &mut self,
        step: &'a Step,
        repeat: &'a Loop,
        index: &str,
    ) -> Result<Iteration, EmitError> {
        let written = (self.functions.len(), self.undoing.len(), self.constants.len());
        let (frame, names) = (self.frame.clone(), self.file.names.clone());
        let inline = self.inline_iteration(step, repeat, index)?;
        if !lambdas::are_in(&inline.body) && !lambdas::is_in(&inline.test) {
            return Ok(inline);
        }
        // It is written again in a function of its own, with all that belongs to it.
        self.functions.truncate(written.0);
        self.undoing.truncate(written.1);
        self.constants.truncate(written.2);
        (self.frame, self.file.names) = (frame, names);
        self.iteration_function(step, repeat, index)
    }

    fn inline_iteration(
        &mut self,
        step: &'a Step,
        repeat: &'a Loop,
        index: &str,
    ) -> Result<Iteration, EmitError> {
        let outer = self.frame.prefix.clone();
        self.frame.prefix = format!("{outer}{}[{{{index}}}].", step.id);
        let body = self.nested(&repeat.steps);
        self.frame.prefix = outer;
        let mut body = body?;
        let kept = self.kept_between(step, repeat).filter(|_| !never_complete(&repeat.steps));
        if let Some(var) = kept {
            let value = self.last(step, 0, &var)?;
            body.push(value.assigned(self.scope.name(&var)));
        }
        self.stand_at_the_test(step, repeat);
        let test = self.holds(&step.id, &repeat.condition)?;
        Ok(Iteration { body, test, gives_result: false })
    }

    fn stand_at_the_test(&mut self, step: &Step, repeat: &Loop) {
        self.here = match repeat.test {
            LoopTest::While => self.scope.flow.at(step),
            LoopTest::Until => self.scope.flow.at_end_of(step, 0),
        };
    }

    /// The iteration as a function, which also says whether it was the last; `while` is tested by one, too.
    fn iteration_function(
        &mut self,
        step: &'a Step,
        repeat: &'a Loop,
        index: &str,
    ) -> Result<Iteration, EmitError> {
        let own = Var::Step(step.id.clone());
        let value = self.kept_between(step, repeat).or_else(|| {
            let is_needed = self.scope.flow.is_result_read(step) && *step.ty.non_null() != Type::Null;
            is_needed.then(|| own.clone())
        });
        let call = self.written_iteration(step, repeat, index, value.as_ref())?;
        let target = value.as_ref().map(|var| self.scope.name(var).to_owned());
        let is_done = self.file.names.fresh("is_done");
        self.file.names.release(&is_done);
        let statement = match (&target, repeat.test) {
            (None, LoopTest::While) => Stmt::Expr(call),
            (Some(target), LoopTest::While) => call.assigned(target),
            (None, LoopTest::Until) => call.assigned(&is_done),
            (Some(target), LoopTest::Until) => call.assigned(&format!("{target}, {is_done}")),
        };
        let test = match repeat.test {
            LoopTest::Until => Py::atom(is_done),
            LoopTest::While => self.test_function(step, repeat)?,
        };
        Ok(Iteration { body: vec![statement], test, gives_result: value == Some(own) })
    }

    fn written_iteration(
        &mut self,
        step: &'a Step,
        repeat: &'a Loop,
        index: &str,
        value: Option<&Var>,
    ) -> Result<Py, EmitError> {
        let region = Region::Body(step, 0);
        let name = self.file.names.fresh(&format!("_{}_iteration", step.id));
        let reads = self.scope.flow.reads(region);
        let needs_run = self.scope.flow.uses_run_id(region) || mentions_run(&repeat.condition);
        let prefix = format!("{}{}[{{{index}}}].", self.frame.prefix, step.id);
        let outer = std::mem::replace(&mut self.frame.prefix, prefix);
        let args = self.args(needs_run, true, &reads);
        self.frame.prefix = outer;
        let frame = self.enter(step, false);
        self.frame.prefix = "{at}".to_owned();
        let first = repeat.steps.first().map_or(self.here, |first| self.scope.flow.at(first));
        let params = self.params(needs_run, true, &reads, first);
        let written = self.iteration_body(step, repeat, value);
        let ty = repeat.steps.last().map_or(Type::Null, |last| last.ty.clone());
        let value_type = value.map(|var| self.annotation(var, &ty));
        self.leave(frame);
        let body = written?;
        let returns = match (value_type, repeat.test) {
            (None, LoopTest::While) => "None".to_owned(),
            (Some(ty), LoopTest::While) => ty,
            (None, LoopTest::Until) => "bool".to_owned(),
            (Some(ty), LoopTest::Until) => format!("tuple[{ty}, bool]"),
        };
        let doc = match repeat.test {
            LoopTest::While => format!("One iteration of `{}`.", step.id),
            LoopTest::Until => format!("One iteration of `{}`; whether it was the last.", step.id),
        };
        self.functions.push(Item::Function(Function {
            is_async: true,
            name: name.clone(),
            params,
            keyword_only: false,
            returns,
            doc: vec![doc],
            body: or_pass(body),
        }));
        Ok(Py::call(name, args).awaited())
    }

    fn iteration_body(
        &mut self,
        step: &'a Step,
        repeat: &'a Loop,
        value: Option<&Var>,
    ) -> Result<Vec<Stmt>, EmitError> {
        let mut body = self.steps(&repeat.steps)?;
        if never_complete(&repeat.steps) {
            return Ok(body);
        }
        let mut results = Vec::new();
        if let Some(var) = value {
            let last = self.last(step, 0, var)?;
            let is_last = matches!(var, Var::Last(_)) && repeat.test == LoopTest::Until;
            if is_last {
                body.push(last.assigned(self.scope.name(var)));
                results.push(Py::atom(self.scope.name(var)));
            } else {
                results.push(last);
            }
        }
        if repeat.test == LoopTest::Until {
            self.stand_at_the_test(step, repeat);
            // The key of the loop, which is that of the iteration without its index.
            let key = Py::atom("at.rpartition(\"[\")[0]");
            let test = self.evaluated_at("holds", key, &repeat.condition)?;
            body.push(test.assigned("is_done"));
            results.push(Py::atom("is_done"));
        }
        if !results.is_empty() {
            let flat = results.iter().map(super::flat::flat).collect::<Vec<_>>().join(", ");
            // Without brackets where that fits in a line.
            let fits = flat.len() <= 76;
            body.push(Stmt::Return(Some(if fits { Py::atom(flat) } else { Py::Tuple(results) })));
        }
        Ok(body)
    }

    /// A function that says whether the loop goes on.
    fn test_function(&mut self, step: &Step, repeat: &Loop) -> Result<Py, EmitError> {
        self.here = self.scope.flow.at(step);
        let test = self.holds(&step.id, &repeat.condition)?;
        if !lambdas::is_in(&test) {
            return Ok(test);
        }
        let name = self.file.names.fresh(&format!("_{}_goes_on", step.id));
        let reads = self.scope.flow.read_in(&repeat.condition, self.here);
        let is_repeated = !self.frame.prefix.is_empty();
        let args = self.args(mentions_run(&repeat.condition), is_repeated, &reads);
        let here = self.here;
        let frame = self.enter(step, false);
        let params = self.params(mentions_run(&repeat.condition), is_repeated, &reads, here);
        self.frame.prefix = if is_repeated { "{at}".to_owned() } else { String::new() };
        let test = self.holds(&step.id, &repeat.condition);
        self.leave(frame);
        self.functions.push(Item::Function(Function {
            is_async: false,
            name: name.clone(),
            params,
            keyword_only: false,
            returns: "bool".to_owned(),
            doc: vec![format!("Whether `{}` goes on.", step.id)],
            body: vec![Stmt::Return(Some(test?))],
        }));
        Ok(Py::call(name, args))
    }

    /// The loop's result, after it.
    fn came_to(
        &mut self,
        step: &'a Step,
        repeat: &'a Loop,
        gives_result: bool,
    ) -> Result<Option<Stmt>, EmitError> {
        let own = Var::Step(step.id.clone());
        let is_null = *step.ty.non_null() == Type::Null;
        if !self.scope.flow.is_result_read(step) || never_complete(&repeat.steps) || is_null {
            return Ok(None);
        }
        let target = self.scope.name(&own).to_owned();
        let between = self.kept_between(step, repeat);
        let inner = repeat.steps.last().map_or(Type::Null, |last| last.ty.clone());
        let may_be_null = inner.is_nullable() || between.is_some();
        let value = match between {
            Some(var) => Py::atom(self.scope.name(&var)),
            None if gives_result => Py::atom(target.clone()),
            // An iteration has ended whenever the loop has.
            None => self.last(step, 0, &own)?,
        };
        if may_be_null && !step.ty.is_nullable() && !self.scope.is_recorded(&own) {
            // What the loop's condition says of it.
            self.file.import_as("._conductor", "cel", "_cel");
            return Ok(Some(Py::call("_cel.present", vec![value]).assigned(&target)));
        }
        let is_assigned = matches!(&value, Py::Atom(name) if *name == target);
        Ok((!is_assigned).then(|| self.assigned(&own, &step.ty, value)))
    }

    fn exhausted(&mut self, step: &Step, repeat: &Loop, index: &str) -> Stmt {
        let most = Py::atom(repeat.max_iterations.to_string());
        let test = Py::binary(Operator::Equal, Py::atom(index), most);
        if repeat.on_exhausted == OnExhausted::Continue {
            return Stmt::If { test, body: vec![Stmt::Break], otherwise: Vec::new() };
        }
        self.file.import_from("._conductor.errors", "LoopExhausted");
        self.file.import_from("._conductor.errors", "StepFailed");
        let message = format!("not done after {} iterations", repeat.max_iterations);
        let error = Py::call("LoopExhausted", vec![Py::string(&message)]);
        let error = Py::call("StepFailed", vec![self.key(&step.id), Py::atom("0"), error]);
        Stmt::If { test, body: vec![Stmt::Raise { error, cause: None }], otherwise: Vec::new() }
    }

    /// Its key is that of the iteration before.
    fn pause_between(&mut self, step: &Step, index: &str, outer: &str, every: u64) -> Stmt {
        let key = Py::atom(format!("f\"{outer}{}[{{{index} - 1}}]\"", step.id));
        self.pause(key, Py::atom(seconds(every)))
    }
}
