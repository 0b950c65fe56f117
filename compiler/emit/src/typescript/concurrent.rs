//! Blocks whose steps run at the same time, and those that hold something meanwhile.
//!
//! It knows the runtime's methods for blocks; the branches themselves are functions of the module.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Hold, Map, OnFailure, Step};
use conductor_protocol::types::Type;

use super::blocks::{closure, closure_of};
use super::codecs::Way;
use super::names::camel;
use super::tree::{Pattern, Property, Stmt, Ts};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, Var, never_complete};

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    pub fn parallel(
        &mut self,
        block: &'a Step,
        branches: &'a [Step],
        max_concurrency: Option<u32>,
        on_failure: OnFailure,
    ) -> Result<Vec<Stmt>> {
        if branches.is_empty() {
            return Ok(Vec::new());
        }
        let end = self.scope.flow.at_end_of(block, 0);
        let outer = std::mem::replace(&mut self.end, end);
        let mut started = Vec::new();
        let mut bound = Vec::new();
        let mut after = Vec::new();
        for branch in branches {
            let run = std::mem::replace(&mut self.run, "run".to_owned());
            let made = self.function(branch);
            self.run = run;
            let (call, vars) = made?;
            let body = self.kept_branch(self.waited(call), branch, &vars);
            started.push(Property::Value(branch.id.clone(), closure(body)));
            match vars.as_slice() {
                [] => {}
                [one] => bound.push((branch.id.clone(), self.scope.name(one).to_owned())),
                _ => {
                    let name = self.file.names.fresh(&format!("{}Results", camel(&branch.id)));
                    after.push(self.bind(Ts::name(name.clone()), &vars));
                    bound.push((branch.id.clone(), name));
                }
            }
        }
        self.end = outer;
        if max_concurrency.is_none()
            && on_failure == OnFailure::Cancel
            && let Some(body) = self.together(block, branches, &started, &bound)
        {
            return Ok(body);
        }
        let mut args = vec![Ts::string(&block.id), Ts::Object(started)];
        let mut options = Vec::new();
        if let Some(width) = max_concurrency {
            options.push(("maxConcurrency", Ts::number(width)));
        }
        if on_failure == OnFailure::Wait {
            options.push(("onFailure", Ts::string("wait")));
        }
        if !options.is_empty() {
            args.push(Ts::object(options));
        }
        let call = self.on_run("parallel", args).awaited();
        let mut body = vec![if bound.is_empty() {
            Stmt::Expr(call)
        } else {
            Stmt::Const { pattern: Pattern::Object(bound), ty: None, value: call }
        }];
        body.append(&mut after);
        Ok(body)
    }

    pub fn graph(&mut self, block: &'a Step, steps: &'a [Step]) -> Result<Vec<Stmt>> {
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let name = self.file.names.fresh(&format!("{}Steps", camel(&block.id)));
        let end = self.scope.flow.at_end_of(block, 0);
        let mut body = vec![Stmt::constant(&name, self.on_run("graph", vec![Ts::string(&block.id)]))];
        let mut after = Vec::new();
        let held = self.scope.held.clone();
        let mut nodes = Vec::new();
        // A step may read one that stands behind it in the source.
        for step in steps {
            let vars = self.scope.leaves(Region::Step(step));
            let node = self.file.names.fresh(&format!("{}Node", camel(&step.id)));
            let result = Ts::name(node.clone()).member("result").called(Vec::new());
            for (at, var) in vars.iter().enumerate() {
                let value = if vars.len() == 1 {
                    result.clone()
                } else {
                    Ts::Index(Box::new(result.clone()), Box::new(Ts::number(at)))
                };
                self.scope.held.insert(var.clone(), value);
            }
            if !vars.is_empty() {
                after.push(self.bind(result, &vars));
            }
            nodes.push(node);
        }
        let outer =
            (std::mem::replace(&mut self.end, end), std::mem::replace(&mut self.run, "run".to_owned()));
        for (step, node) in steps.iter().zip(nodes) {
            let (call, vars) = self.function(step)?;
            let needs = step.needs.iter().map(Ts::string).collect();
            let work = closure(self.kept_branch(self.waited(call), step, &vars));
            let added = Ts::name(name.clone()).member("add").called(vec![
                Ts::string(&step.id),
                Ts::Array(needs),
                work,
            ]);
            body.push(if vars.is_empty() { Stmt::Expr(added) } else { Stmt::constant(node, added) });
        }
        (self.end, self.run) = outer;
        self.scope.held = held;
        body.push(Stmt::Expr(Ts::name(name).member("done").called(Vec::new()).awaited()));
        body.append(&mut after);
        Ok(body)
    }

    /// The result is bound where somebody reads it.
    pub fn race(&mut self, block: &'a Step, branches: &'a [Step]) -> Result<Vec<Stmt>> {
        let var = Var::Step(block.id.clone());
        let is_read = self.scope.flow.is_result_read(block) && block.ty != Type::Null;
        if branches.is_empty() {
            let nothing = self.absent(&var);
            return Ok(if is_read {
                vec![Stmt::constant(self.scope.name(&var), nothing)]
            } else {
                Vec::new()
            });
        }
        let end = self.scope.flow.at_end_of(block, 0);
        let mut started = Vec::new();
        for branch in branches {
            let outer = std::mem::replace(&mut self.end, end);
            let run = std::mem::replace(&mut self.run, "run".to_owned());
            let top = std::mem::replace(&mut self.is_top, false);
            let (call, vars) = self.function(branch)?;
            let ends = never_complete(std::slice::from_ref(branch));
            let mut body = if ends && !is_read {
                vec![Stmt::Return(Some(self.waited(call)))]
            } else {
                vec![self.bind(self.waited(call), &vars)]
            };
            if is_read && ends {
                // A branch that gives nothing would be one of the results to the compiler.
                body.push(Stmt::Throw(self.on_run("unreachable", Vec::new())));
            }
            if is_read && !ends {
                body.push(Stmt::Return(Some(self.handed(&var, &branch.id, &branch.ty.clone(), end)?)));
            }
            (self.end, self.run, self.is_top) = (outer, run, top);
            started.push(Property::Value(branch.id.clone(), closure(body)));
        }
        let call = self.on_run("race", vec![Ts::string(&block.id), Ts::Object(started)]).awaited();
        if !is_read {
            return Ok(vec![Stmt::Expr(call)]);
        }
        let at = self.end;
        let ty = self.scope.flow.ty(&var, at);
        let value = if ty.is_nullable() {
            if self.scope.is_recorded(&var) {
                let nothing = self.absent(&var);
                call.or_else(nothing)
            } else {
                call
            }
        } else {
            self.file.import_all("_conductor/cel", "cel");
            Ts::call("cel.present", vec![call])
        };
        let spelled = self.var_type(&var, at);
        let name = self.scope.name(&var).to_owned();
        let ty = self.scope.is_recorded(&var).then_some(spelled);
        Ok(vec![Stmt::Const { pattern: Pattern::Name(name), ty, value }])
    }

    pub fn map(&mut self, block: &'a Step, map: &'a Map) -> Result<Vec<Stmt>> {
        let var = Var::Step(block.id.clone());
        let is_read = self.scope.flow.is_result_read(block) && block.ty != Type::Null;
        let at = self.scope.flow.at(block);
        let mut items = self.evaluated(&block.id, &map.over, at)?;
        let item = self.scope.flow.bound_by(block, 0);
        let name = item.as_ref().map_or("item", |item| self.scope.name(item)).to_owned();
        if item.as_ref().is_some_and(|item| self.scope.is_recorded(item)) {
            let encoded = self.file.coded(Way::Encode, &map.item, Ts::name("item"));
            let recorded = self.recorded(encoded, &map.item);
            items = items.member("map").called(vec![Ts::arrow(&["item"], recorded)]);
        }
        let end = self.scope.flow.at_end_of(block, 0);
        let outer = (std::mem::replace(&mut self.run, "run".to_owned()), self.is_top);
        self.is_top = false;
        let mut body = self.steps(&map.steps, end)?;
        let item_type = match block.ty.non_null() {
            Type::List(item) => (**item).clone(),
            _ => Type::Any,
        };
        let ends = body.last().is_some_and(super::workflow::ends_function);
        if let (Some(last), true) = (map.steps.last(), is_read && !ends) {
            let value = Expr { ty: item_type.clone(), node: Node::Step(last.id.clone()) };
            body.push(Stmt::Return(Some(if item_type == Type::Null {
                Ts::null()
            } else {
                self.value(&value, end)?
            })));
        }
        (self.run, self.is_top) = outer;
        let mut args = vec![Ts::string(&block.id), items, closure_of(&["run", &name], body)];
        if let Some(width) = map.max_concurrency {
            args.push(Ts::object(vec![("maxConcurrency", Ts::number(width))]));
        }
        let call = self.on_run("map", args).awaited();
        if !is_read {
            return Ok(vec![Stmt::Expr(call)]);
        }
        let ty = block.ty.non_null().clone();
        let value = self.held_value(&var, &ty, call);
        Ok(vec![Stmt::constant(self.scope.name(&var), value)])
    }

    pub fn hold(&mut self, block: &'a Step, hold: &'a Hold) -> Result<Vec<Stmt>> {
        let vars = self.scope.leaves(Region::Step(block));
        let taker = self.file.package.taker(&mut self.file, &hold.resource)?;
        if hold.atomic && self.is_durable() {
            return self.atomic(block, hold, taker, &vars);
        }
        let outer = (std::mem::replace(&mut self.run, "run".to_owned()), self.is_top);
        self.is_top = false;
        let mut body = self.steps(&hold.steps, self.scope.flow.at_end_of(block, 0))?;
        if !body.last().is_some_and(super::workflow::ends_function) {
            body.extend(self.left(block, 0, &vars)?);
        }
        (self.run, self.is_top) = outer;
        let args = vec![Ts::string(&block.id), taker, closure(body)];
        let call = self.on_run("hold", args).awaited();
        Ok(vec![self.bind(call, &vars)])
    }

    /// One step to the journal: what is inside is plain code, and what it leaves is recorded at its end.
    fn atomic(&mut self, block: &'a Step, hold: &'a Hold, taker: Ts, vars: &[Var]) -> Result<Vec<Stmt>> {
        let own = Var::Step(block.id.clone());
        let end = self.scope.flow.at_end_of(block, 0);
        let outer = (std::mem::replace(&mut self.run, "run".to_owned()), self.is_top);
        let kept = std::mem::take(&mut self.kept);
        self.is_top = false;
        self.scope.set_atomic(Some(block));
        let mut body = self.steps(&hold.steps, end)?;
        let (mut last, mut results, mut read) = (Ts::null(), Vec::new(), Vec::new());
        let recorded = self.file.names.fresh("recorded");
        for var in vars {
            let Var::Step(id) = var else { continue };
            let (made, name) = if *var == own { (hold.steps.last(), "last") } else { (None, "results") };
            let ty = made.map_or_else(|| self.scope.flow.ty(var, end), |step| step.ty.clone());
            let read_of = made.map_or(id, |step| &step.id).clone();
            let value = self.value(&Expr { ty: ty.clone(), node: Node::Step(read_of) }, end)?;
            let encoded = self.file.coded(Way::Encode, &ty, value);
            let held = Ts::name(recorded.clone()).member(name);
            if *var == own {
                last = encoded;
                read.push((var, ty, held));
            } else {
                results.push(Property::Value(id.clone(), encoded));
                read.push((var, ty, super::codecs::entry(held, id)));
            }
        }
        let unread = hold.steps.last().filter(|last| !vars.contains(&own) && last.ty != Type::Null);
        if !body.last().is_some_and(super::workflow::ends_function) {
            if let Some(step) = unread {
                let value = Expr { ty: step.ty.clone(), node: Node::Step(step.id.clone()) };
                let value = self.value(&value, end)?;
                last = self.file.coded(Way::Encode, &step.ty, value);
            }
            let results = Ts::Object(results);
            body.push(Stmt::Return(Some(Ts::object(vec![("last", last), ("results", results)]))));
        }
        self.scope.set_atomic(None);
        (self.run, self.is_top, self.kept) = (outer.0, outer.1, kept);
        let mut args = vec![Ts::string(&block.id), taker, closure(body)];
        if !block.critical {
            args.push(Ts::object(vec![("critical", Ts::name("false"))]));
        }
        let call = self.on_run("atomic", args).awaited();
        if read.is_empty() {
            return Ok(vec![Stmt::Expr(call)]);
        }
        let mut all = vec![Stmt::constant(recorded, call)];
        for (var, ty, json) in read {
            let value = if self.scope.is_recorded(var) {
                self.recorded(json, &ty)
            } else {
                self.file.coded(Way::Decode, &ty, json)
            };
            all.push(Stmt::constant(self.scope.name(var), value));
        }
        Ok(all)
    }
}
