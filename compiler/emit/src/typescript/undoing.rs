//! What undoes a step of a workflow that keeps no journal, and what must be known of its attempts for that.
//!
//! It knows the runtime's `Undoable`; when a run is undone is the runtime's business.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{ArgumentValue, Effect, TaskCall};
use conductor_protocol::types::Type;

use super::call::Place;
use super::codecs::Way;
use super::expr::Translator;
use super::mentions;
use super::names::camel;
use super::tree::{Arrow, Body, Function, Item, Param, Property, Stmt, Ts, Ty};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{At, words};
use crate::inline::{RESULT, each_argument};

type Result<T> = std::result::Result<T, EmitError>;

/// A write that something undoes, whether it completes or is cut off.
pub struct Undoable {
    /// `const undoing = new Undoable(...)`.
    pub made: Stmt,
    name: String,
}

impl Undoable {
    /// The call of an attempt.
    pub fn attempt(&self, value: Ts) -> Ts {
        let args = vec![Ts::name("run"), Ts::arrow(&[], value)];
        Ts::name(&self.name).member("attempt").called(args)
    }

    /// Says that the step has its result.
    pub fn completed(&self, call: &TaskCall) -> Stmt {
        Stmt::Expr(self.told(call))
    }

    /// What is told of a success that comes after a cancellation.
    pub fn late(&self, call: &TaskCall) -> Ts {
        let params =
            if *call.callable.returns() == Type::Null { vec![] } else { vec![Param::named("result")] };
        let body = Body::Block(vec![self.completed(call)]);
        Ts::Arrow(Box::new(Arrow { is_async: false, params, returns: None, body }))
    }

    fn told(&self, call: &TaskCall) -> Ts {
        let result = if *call.callable.returns() == Type::Null { vec![] } else { vec![Ts::name("result")] };
        Ts::name(&self.name).member("completed").called(result)
    }
}

impl Workflow<'_> {
    /// Around a write that has a compensation.
    pub fn undoable(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Option<Undoable>> {
        if call.compensate.is_none() || call.effect != Effect::Write {
            return Ok(None);
        }
        let body = self.undo_with(place, call)?;
        let takes_result = mentions::in_statements(&body, "result");
        let ty = Ty::union([self.file.ty(call.callable.returns()), Ty::name("null")]);
        let params = if takes_result { vec![Param::typed("result", ty)] } else { Vec::new() };
        let note = Arrow { is_async: false, params, returns: None, body: Body::Block(body) };
        self.file.runtime("undoable", "Undoable");
        let args = vec![Ts::name("run"), Ts::string(place.id), Ts::Arrow(Box::new(note))];
        let name = self.file.names.fresh("undoing");
        let made = Stmt::constant(&name, Ts::made("Undoable", args));
        self.file.names.release(&name);
        Ok(Some(Undoable { made, name }))
    }

    /// `run.undoWith(...)` with the arguments as they are now.
    pub fn undo_with(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Vec<Stmt>> {
        let Some(undoing) = &call.compensate else { return Ok(Vec::new()) };
        if self.scope.is_atomic() {
            return self.undo_recorded(place, call, undoing);
        }
        let (mut body, mut params, mut args) = (Vec::new(), Vec::new(), vec![Ts::name("run")]);
        let mut recorded = (**undoing).clone();
        let mut inner = Vec::new();
        for argument in undoing.arguments() {
            let ArgumentValue::Expr(expr) = &argument.value else { continue };
            let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
            translator.locals.clone_from(&place.locals);
            translator.locals.push((RESULT.to_owned(), Ts::name("result")));
            translator.result_may_be_unknown = call.effect == Effect::Write;
            let value = translator.value(expr)?;
            let name = self.file.names.fresh(&format!("undo{}", super::names::pascal(&argument.parameter)));
            params.push(Param::typed(&name, self.file.ty(&expr.ty)));
            if self.may_fail(expr) {
                // Without a value it cannot be undone, which is told when it is to be.
                args.push(value);
            } else {
                body.push(Stmt::constant(&name, value));
                args.push(Ts::name(name.clone()));
            }
            inner.push((format!("undo {}", argument.parameter), Ts::name(name)));
        }
        each_argument(&mut recorded, &mut |argument| {
            if let ArgumentValue::Expr(expr) = &mut argument.value {
                expr.node = Node::Variable(format!("undo {}", argument.parameter));
            }
        });
        recorded.compensate = None;
        crate::inline::fallbacks(&mut recorded);
        let id = format!("{}.compensate", place.id);
        let key = Ts::call("run.key", vec![Ts::string(&id)]);
        let undo_place = Place { id: &id, at: At::End, key, locals: inner, undoes: true };
        let statements = self.direct_attempts(None, &undo_place, &recorded, false)?;
        let name = self.file.names.fresh(&format!("{}Undo", camel(place.id)));
        let mut all = vec![Param::typed("run", self.run_type())];
        all.append(&mut params);
        self.functions.push(Item::Function(Function {
            exported: false,
            is_async: true,
            name: name.clone(),
            params: all,
            returns: Ty::promise(Ty::name("void")),
            doc: words::sentence(&id, undoing),
            body: statements,
        }));
        let work = Ts::arrow(&["run"], Ts::name(name).called(args));
        body.push(Stmt::Expr(Ts::call("run.undoWith", vec![Ts::string(place.id), work])));
        Ok(body)
    }

    /// `run.undoLater(...)`: the block is one step to the journal, which records the arguments with it.
    fn undo_recorded(&mut self, place: &Place<'_>, call: &TaskCall, undoing: &TaskCall) -> Result<Vec<Stmt>> {
        let mut pairs = Vec::new();
        for argument in undoing.arguments() {
            let ArgumentValue::Expr(expr) = &argument.value else { continue };
            let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
            translator.locals.clone_from(&place.locals);
            translator.locals.push((RESULT.to_owned(), Ts::name("result")));
            translator.result_may_be_unknown = call.effect == Effect::Write;
            let value = translator.value(expr)?;
            let encoded = self.file.coded(Way::Encode, &expr.ty, value);
            pairs.push(Property::Value(argument.parameter.clone(), encoded));
        }
        let atomic = self.scope.outside_of_atomic();
        let made = self.undoing(place.id, undoing);
        self.scope.back_in_atomic(atomic);
        made?;
        let args = vec![Ts::string(place.id), Ts::arrow(&[], Ts::Object(pairs))];
        Ok(vec![Stmt::Expr(Ts::call("run.undoLater", args))])
    }
}
