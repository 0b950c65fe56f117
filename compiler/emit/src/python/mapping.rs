//! `map` as a function for each item.
//!
//! It knows that the keys inside say which item they belong to.

use conductor_protocol::plan::{Map, Step};
use conductor_protocol::types::Type;

use super::blocks::{not_reached, or_pass};
use super::codecs::{Way, apply};
use super::scope::Var;
use super::tree::{Function, Item, Param, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, Source, is_immutable, never_complete};

impl<'a> Workflow<'a> {
    pub fn map(&mut self, step: &'a Step, map: &'a Map) -> Result<Vec<Stmt>, EmitError> {
        let region = Region::Body(step, 0);
        let item = self.scope.flow.bound_by(step, 0).filter(|item| self.scope.flow.is_read(item));
        let mut reads = self.scope.flow.reads(region);
        reads.retain(|var| Some(var) != item.as_ref());
        let needs_run = self.scope.flow.uses_run_id(region);
        let name = self.file.names.fresh(&format!("_{}_item", step.id));
        let items = self.items(step, map)?;
        let index = self.file.names.fresh("index");
        let given = self.file.names.fresh("item");
        let prefix = format!("{}{}[{{{index}}}].", self.frame.prefix, step.id);
        let outer = std::mem::replace(&mut self.frame.prefix, prefix);
        let mut args = self.args(needs_run, true, &reads);
        self.frame.prefix = outer;
        let is_recorded = item.as_ref().is_some_and(|item| self.scope.is_recorded(item));
        args.extend(item.as_ref().map(|_| {
            let value = Py::atom(given.clone());
            if is_recorded { self.recorded(&map.item, value) } else { value }
        }));
        let work = Py::function(vec![index.clone(), given.clone()], Py::call(name.clone(), args));
        self.file.names.release(&index);
        self.file.names.release(&given);
        self.iteration(step, map, name, &reads, item.as_ref(), needs_run)?;
        let mut call = if self.is_durable() {
            Py::call("run.map", vec![self.key(&step.id), items, work])
        } else {
            let each = self.file.import_from("._conductor.parallel", "each");
            Py::call(each, vec![items, work])
        };
        if let Some(width) = map.max_concurrency {
            call = call.with("max_concurrency", Py::atom(width.max(1).to_string()));
        }
        let call = call.awaited();
        if !self.scope.flow.is_result_read(step) {
            return Ok(vec![Stmt::Expr(call)]);
        }
        let target = self.scope.name(&Var::Step(step.id.clone())).to_owned();
        let value = if self.is_durable() { self.recorded(step.ty.non_null(), call) } else { call };
        Ok(vec![value.assigned(&target)])
    }

    /// The list: as JSON where an item can be changed, so that each reader gets one of its own.
    fn items(&mut self, step: &Step, map: &Map) -> Result<Py, EmitError> {
        self.here = self.scope.flow.at(step);
        let as_json = self.is_durable() && !is_immutable(&self.file.package.types.table, &map.item);
        let value = self.value(&step.id, &map.over)?;
        let value = if as_json {
            let ty = map.over.ty.clone();
            let json = apply(&mut self.file, Way::Encode, &ty, value);
            self.file.import_as("._conductor", "scalars", "_scalars");
            Py::call("_scalars.decode_list", vec![json])
        } else {
            value
        };
        if map.over.ty != Type::Any {
            return Ok(value);
        }
        self.file.import_as("._conductor", "cel", "_cel");
        Ok(Py::call("_cel.items", vec![self.key(&step.id), value]))
    }

    /// The function of one iteration.
    fn iteration(
        &mut self,
        step: &'a Step,
        map: &'a Map,
        name: String,
        reads: &[Var],
        item: Option<&Var>,
        needs_run: bool,
    ) -> Result<(), EmitError> {
        let outer = self.enter(step, false);
        self.frame.prefix = "{at}".to_owned();
        let at = self.scope.flow.at_end_of(step, 0);
        let mut params: Vec<Param> = self.params(needs_run, true, reads, at);
        if let Some(item) = item {
            let annotation = self.annotation(item, &map.item);
            params.push(Param { name: self.scope.name(item).to_owned(), annotation, default: None });
        }
        let written = self.item_body(step, map);
        self.leave(outer);
        let (body, returns) = written?;
        self.functions.push(Item::Function(Function {
            is_async: true,
            name,
            params,
            keyword_only: false,
            returns,
            doc: vec![format!("One item of `{}`.", step.id)],
            body: or_pass(body),
        }));
        Ok(())
    }

    fn item_body(&mut self, step: &'a Step, map: &'a Map) -> Result<(Vec<Stmt>, String), EmitError> {
        let mut body = self.steps(&map.steps)?;
        let Type::List(ty) = step.ty.non_null().clone() else { return Ok((body, "None".to_owned())) };
        let is_read = self.scope.flow.is_result_read(step);
        let returns = match self.is_durable() {
            _ if !is_read => "None".to_owned(),
            true => "object".to_owned(),
            false => self.file.annotation(&ty),
        };
        if is_read && never_complete(&map.steps) {
            body.extend(not_reached(&body));
        } else if is_read {
            let value = self.item_result(step, map, &ty)?;
            body.push(Stmt::Return(Some(value)));
        }
        Ok((body, returns))
    }

    fn item_result(&mut self, step: &'a Step, map: &'a Map, ty: &Type) -> Result<Py, EmitError> {
        self.here = self.scope.flow.at_end_of(step, 0);
        let Some(last) = map.steps.last().filter(|last| last.ty != Type::Null) else {
            return Ok(Py::atom("None"));
        };
        let mut source = self.scope.flow.source(&last.id, self.here);
        while let Source::Of(inner) = source {
            source = self.scope.flow.source(&inner.id, self.here);
        }
        if let Source::Var(var) = &source
            && self.scope.is_recorded(var)
        {
            return Ok(Py::atom(self.scope.name(var)).attr("json"));
        }
        let read = conductor_protocol::expr::Node::Step(last.id.clone());
        let value = self.translate(&conductor_protocol::expr::Expr { ty: last.ty.clone(), node: read })?;
        Ok(if self.is_durable() { apply(&mut self.file, Way::Encode, ty, value) } else { value })
    }
}
