//! What a step of a durable workflow looks like: each attempt between its entries in the journal.
//!
//! It knows the runtime's `Run` and `Step`, not how they reach the journal.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{ArgumentValue, Effect, Fallback, InDoubt, Step, TaskCall};
use conductor_protocol::types::Type;

use super::call::Place;
use super::codecs::Way;
use super::expr::Translator;
use super::mentions;
use super::names::camel;
use super::tree::{Arrow, Body, Function, Item, Operator, Param, Property, Stmt, Ts, Ty};
use super::workflow::Workflow;
use super::{limits, policy};
use crate::EmitError;
use crate::flow::words;
use crate::flow::{At, Region, Var};
use crate::inline::{RESULT, each_argument};

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    /// The attempts of a task and what it leaves.
    pub fn durable_task(&mut self, step: &'a Step, call: &'a TaskCall, is_read: bool) -> Result<Vec<Stmt>> {
        let place = Place {
            id: &step.id,
            at: self.scope.flow.at(step),
            key: Ts::path("step.idempotencyKey"),
            locals: Vec::new(),
            undoes: false,
        };
        let mut body = self.attempts(Some(step), step.critical, &place, call)?;
        if is_read {
            let var = Var::Step(step.id.clone());
            let output = Ts::path("step.output");
            let value = if self.scope.is_recorded(&var) {
                self.recorded(output, &step.ty)
            } else if self.scope.is_big(&var) {
                self.file.scalar("decodeBigInt").called(vec![output])
            } else {
                self.file.coded(Way::Decode, &step.ty, output)
            };
            body.push(Stmt::Return(Some(value)));
        } else {
            body.push(Stmt::Expr(Ts::call("step.raiseFailure", Vec::new())));
        }
        Ok(body)
    }

    /// `reader` is the step of the workflow that the call belongs to: itself, unless it is a fallback. What undoes a step reads
    /// nothing of the workflow.
    fn attempts(
        &mut self,
        reader: Option<&Step>,
        critical: bool,
        place: &Place<'_>,
        call: &TaskCall,
    ) -> Result<Vec<Stmt>> {
        let made = self.call(place, call)?;
        let undo = self.undo(place, call)?;
        let opened = self.open(critical, place, call, undo.as_ref())?;
        let mut body = Vec::new();
        body.extend(undo.as_ref().map(|undo| undo.made.clone()));
        body.push(Stmt::constant("step", opened));
        body.extend(made.before);
        let returns = call.callable.returns().clone();
        let is_remote = made.remote.is_some();
        let mut tried = Vec::new();
        let attempt = self.recorded_attempt(call, made.takes_signal, made.value, made.remote);
        let encoded = if returns == Type::Null {
            tried.push(Stmt::Expr(attempt.awaited()));
            Ts::null()
        } else {
            let value = attempt.awaited();
            // What another process sends is looked at here, where it can still fail the attempt.
            let value = if is_remote { self.file.coded(Way::Decode, &returns, value) } else { value };
            let value = super::call::small(&mut self.file, call, value);
            tried.push(Stmt::constant("result", value));
            let result = Ts::name("result");
            match is_bigint(call) {
                true => self.file.scalar("encodeBigInt").called(vec![result]),
                false => self.file.coded(Way::Encode, &returns, result),
            }
        };
        let mut args = vec![encoded];
        if let Some(undo) = &undo {
            let result = if returns == Type::Null { Ts::null() } else { Ts::name("result") };
            args.push(undo.of(result));
        }
        tried.push(Stmt::Expr(Ts::call("step.succeed", args)));
        let handler = self.on_failure(critical, call);
        let attempt =
            Stmt::Try { body: tried, handler: Some(("error".to_owned(), handler)), finally: Vec::new() };
        body.push(attempts(attempt, call.policy.is_once()));
        if let Some(instead) = &call.fallback {
            body.push(self.durable_fallback(reader, critical, place, instead)?);
        }
        Ok(body)
    }

    /// `step.call(() => ...)`.
    fn recorded_attempt(
        &mut self,
        call: &TaskCall,
        takes_signal: bool,
        value: Ts,
        remote: Option<Vec<Ts>>,
    ) -> Ts {
        if let Some(args) = remote {
            return Ts::call("step.invoke", args);
        }
        let returns = call.callable.returns();
        let params: &[&str] = if takes_signal { &["signal"] } else { &[] };
        let work = Ts::arrow(params, value);
        let types = if super::call::has_any(returns) { vec![self.file.ty(returns)] } else { Vec::new() };
        match call.policy.hedge {
            None => Ts::path("step.call").called_with(types, vec![work]),
            Some(hedge) => Ts::path("step.hedge").called_with(types, vec![limits::hedge(hedge), work]),
        }
    }

    /// `run.step("id", { ... })`.
    fn open(
        &mut self,
        critical: bool,
        place: &Place<'_>,
        call: &TaskCall,
        undo: Option<&Undo>,
    ) -> Result<Ts> {
        let mut options = Vec::new();
        if call.task != place.id {
            options.push(("task", Ts::string(&call.task)));
        }
        options.push(("effect", Ts::string(effect(call.effect))));
        if call.may_happen_twice() && call.effect == Effect::Write {
            options.push(("idempotent", Ts::bool(true)));
        }
        if call.effect == Effect::Write && call.in_doubt != InDoubt::Retry {
            options.push(("inDoubt", Ts::string(in_doubt(call.in_doubt))));
        }
        if call.barrier != (call.effect == Effect::Write) {
            options.push(("barrier", Ts::bool(call.barrier)));
        }
        if !critical {
            options.push(("critical", Ts::bool(false)));
        }
        if call.policy.timeout_ms.is_some() {
            // Each attempt reads it anew where it may change.
            let live = policy::live(&mut self.file, &call.policy).map(|policy| ("policy", policy));
            let fixed = policy::timeout(&mut self.file, &call.policy).map(|limit| ("timeout", limit));
            options.extend(live.or(fixed));
        }
        options.extend(policy::deadline(&mut self.file, &call.policy).map(|limit| ("deadline", limit)));
        if call.fallback.is_some() {
            options.push(("fallback", Ts::bool(true)));
        }
        let uses = self.takers(call)?;
        if !uses.is_empty() {
            options.push(("uses", Ts::Array(uses)));
        }
        if let Some(breaker) = self.breaker(place, call)? {
            options.push(("breaker", breaker));
        }
        if let Some((cache, key)) = self.cache(place, call)? {
            options.push(("cache", cache.member("entry").called(vec![key])));
        }
        if let Some(undo) = undo {
            let unknown = Ts::arrow(&[], Ts::call("undo", vec![Ts::null()]));
            options.push(("undo", if undo.takes_result { unknown } else { Ts::name("undo") }));
        }
        Ok(Ts::call("run.step", vec![Ts::string(place.id), Ts::object(options)]))
    }

    /// Another attempt where the policy allows one, else the step's failure.
    fn on_failure(&mut self, critical: bool, call: &TaskCall) -> Vec<Stmt> {
        let error = || vec![Ts::name("error")];
        let end = match (&call.fallback, critical) {
            (Some(_), _) => Stmt::Expr(Ts::call("step.exhaust", error())),
            (None, true) => Stmt::Throw(Ts::call("step.failed", error())),
            (None, false) => Stmt::Expr(Ts::call("step.tolerate", error())),
        };
        if call.policy.is_once() {
            return vec![end];
        }
        let failures = Ts::path("step.failures");
        let over = policy::is_over(&mut self.file, &call.policy, failures.clone(), Operator::GreaterOrEqual);
        let next = Ts::binary(Operator::Add, failures, Ts::number(1));
        let delay = policy::delay(&mut self.file, &call.policy, next);
        let again = Stmt::Expr(Ts::call("step.retry", vec![Ts::name("error"), delay]));
        if matches!(end, Stmt::Throw(_)) {
            return vec![policy::unless_over(over, vec![end]), again];
        }
        vec![Stmt::If { test: over, body: vec![end], otherwise: vec![again] }]
    }

    fn durable_fallback(
        &mut self,
        reader: Option<&Step>,
        critical: bool,
        place: &Place<'_>,
        instead: &Fallback,
    ) -> Result<Stmt> {
        let body = match instead {
            Fallback::Value(value) => {
                let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
                translator.locals.clone_from(&place.locals);
                let translated = translator.value(value)?;
                let encoded = self.file.coded(Way::Encode, &value.ty, translated);
                let succeed = Stmt::Expr(Ts::call("step.succeed", vec![encoded]));
                if self.may_fail(value) {
                    let error = vec![Ts::name("error")];
                    let end = if critical {
                        Stmt::Throw(Ts::call("step.failed", error))
                    } else {
                        Stmt::Expr(Ts::call("step.tolerate", error))
                    };
                    vec![Stmt::Try {
                        body: vec![succeed],
                        handler: Some(("error".to_owned(), vec![end])),
                        finally: Vec::new(),
                    }]
                } else {
                    vec![succeed]
                }
            }
            Fallback::Task(other) => {
                let id = format!("{}.fallback", place.id);
                let inner = Place {
                    id: &id,
                    at: place.at,
                    key: Ts::path("step.idempotencyKey"),
                    locals: place.locals.clone(),
                    undoes: place.undoes,
                };
                let mut body = self.attempts(reader, true, &inner, other)?;
                body.push(Stmt::Return(Some(Ts::path("step.output"))));
                let doc = words::sentence(&id, other);
                let call = match reader {
                    Some(reader) => self.instead(reader, &id, body, Ty::name("unknown"), doc),
                    None => self.undone_instead(&id, body, doc),
                };
                vec![Stmt::Expr(Ts::call("step.fallBack", vec![Ts::arrow(&[], call)]).awaited())]
            }
        };
        Ok(Stmt::If { test: Ts::path("step.isExhausted"), body, otherwise: Vec::new() })
    }

    /// A function beside that of the step, and its call.
    pub fn instead(&mut self, reader: &Step, id: &str, body: Vec<Stmt>, returns: Ty, doc: String) -> Ts {
        let name = self.file.names.fresh(&format!("{}Step", camel(id)));
        let reads = self.scope.reads(Region::Step(reader));
        let at = self.scope.flow.at(reader);
        let (call, function) = self.made(&name, &reads, at, body, returns, doc);
        self.functions.push(Item::Function(function));
        call
    }

    /// What stands in for what undoes a step: it knows the recorded arguments alone.
    fn undone_instead(&mut self, id: &str, body: Vec<Stmt>, doc: String) -> Ts {
        let name = self.file.names.fresh(&format!("{}Step", camel(id)));
        let params = self.undo_params(&body);
        let args = params.iter().map(|param| Ts::name(param.name.clone())).collect();
        let returns = Ty::promise(Ty::name("unknown"));
        let (exported, is_async) = (false, true);
        let function = Function { exported, is_async, name: name.clone(), params, returns, doc, body };
        self.functions.push(Item::Function(function));
        Ts::name(name).called(args)
    }

    /// `const undo = (result: T | null) => ({ ... })`: the arguments of what undoes the step, as JSON.
    fn undo(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Option<Undo>> {
        let Some(undoing) = &call.compensate else { return Ok(None) };
        let mut pairs = Vec::new();
        let mut may_fail = false;
        for argument in undoing.arguments() {
            let ArgumentValue::Expr(expr) = &argument.value else { continue };
            may_fail |= self.may_fail(expr);
            let result = if is_bigint(call) {
                Ts::call("cel.int", vec![Ts::name("result")])
            } else {
                Ts::name("result")
            };
            let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
            translator.locals.clone_from(&place.locals);
            translator.locals.push((RESULT.to_owned(), result));
            let value = translator.value(expr)?;
            let encoded = self.file.coded(Way::Encode, &expr.ty, value);
            pairs.push(Property::Value(argument.parameter.clone(), encoded));
        }
        self.undoing(place.id, undoing)?;
        let ty = Type::optional(call.callable.returns().clone());
        let ty = if is_bigint(call) { Ty::name("bigint").nullable() } else { self.file.ty(&ty) };
        let body = Body::Value(Ts::Object(pairs));
        let takes_result = matches!(&body, Body::Value(value) if mentions::in_value(value, "result"));
        let params = if takes_result { vec![Param::typed("result", ty)] } else { Vec::new() };
        let arrow = Arrow { is_async: false, params, returns: None, body };
        let made = Stmt::constant("undo", Ts::Arrow(Box::new(arrow)));
        Ok(Some(Undo { made, takes_result, may_fail }))
    }

    /// The function that undoes a step, from the arguments that were recorded with its completion.
    pub fn undoing(&mut self, id: &str, call: &TaskCall) -> Result<()> {
        let key = format!("{id}.compensate");
        let mut recorded = call.clone();
        let mut locals = Vec::new();
        each_argument(&mut recorded, &mut |argument| {
            if let ArgumentValue::Expr(expr) = &mut argument.value {
                let of = super::codecs::entry(Ts::name("undo"), &argument.parameter);
                let value = self.file.coded(Way::Decode, &expr.ty, of);
                let name = format!("undo {}", argument.parameter);
                locals.push((name.clone(), value));
                expr.node = Node::Variable(name);
            }
        });
        recorded.compensate = None;
        // What stands in for it sees its arguments.
        crate::inline::fallbacks(&mut recorded);
        let place =
            Place { id: &key, at: At::End, key: Ts::path("step.idempotencyKey"), locals, undoes: true };
        let mut body = self.attempts(None, true, &place, &recorded)?;
        body.push(Stmt::Expr(Ts::call("step.raiseFailure", Vec::new())));
        let name = self.file.names.fresh(&format!("{}Undo", camel(id)));
        let params = self.undo_params(&body);
        self.functions.push(Item::Function(Function {
            exported: false,
            is_async: true,
            name: name.clone(),
            params,
            returns: Ty::promise(Ty::name("void")),
            doc: words::sentence(&key, call),
            body,
        }));
        self.compensations.push((id.to_owned(), name));
        Ok(())
    }

    /// `run: Run, undo: Record<string, unknown>`.
    fn undo_params(&mut self, body: &[Stmt]) -> Vec<Param> {
        let record = Ty::Generic("Record".to_owned(), vec![Ty::name("string"), Ty::name("unknown")]);
        let mut params = vec![Param::typed("run", self.run_type())];
        if mentions::in_statements(body, "undo") {
            params.push(Param::typed("undo", record));
        }
        params
    }
}

/// What undoes a step: how its arguments are made of the result.
#[derive(Clone)]
struct Undo {
    made: Stmt,
    takes_result: bool,
    /// Whether an argument may have no value.
    may_fail: bool,
}

impl Undo {
    fn of(&self, result: Ts) -> Ts {
        let made = Ts::call("undo", if self.takes_result { vec![result] } else { Vec::new() });
        if self.may_fail { Ts::call("step.undo", vec![Ts::arrow(&[], made)]) } else { made }
    }
}

/// `while (await step.nextAttempt())` around one attempt, or `if` where there is only the one.
pub fn attempts(attempt: Stmt, is_once: bool) -> Stmt {
    let test = Ts::call("step.nextAttempt", Vec::new()).awaited();
    let body = vec![attempt];
    if is_once { Stmt::If { test, body, otherwise: Vec::new() } } else { Stmt::While { test, body } }
}

/// Whether the code says that the result is a `bigint`.
fn is_bigint(call: &TaskCall) -> bool {
    super::call::says_bigint(call) && *call.callable.returns() == Type::Int
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Read => "read",
        Effect::Write => "write",
    }
}

pub fn in_doubt(in_doubt: InDoubt) -> &'static str {
    match in_doubt {
        InDoubt::Retry => "retry",
        InDoubt::Fail => "fail",
        InDoubt::Pause => "pause",
    }
}
