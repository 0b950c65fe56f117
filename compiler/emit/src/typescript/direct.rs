//! What a step of a workflow without durability looks like: plain calls and loops, no journal, no sidecar.
//!
//! It knows the runtime's `LocalRun`.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{
    ArgumentValue, Callable, Effect, Fallback, InDoubt, Language, Step, StepKind, TaskCall,
};
use conductor_protocol::types::Type;

use super::call::{Made, Place};
use super::codecs::Way;
use super::durable::in_doubt;
use super::expr::Translator;
use super::policy;
use super::tree::{Arrow, Body, Function, Item, Operator, Stmt, Ts, Ty};
use super::undoing::Undoable;
use super::workflow::{Workflow, is_guarded};
use crate::EmitError;
use crate::flow::Var;
use crate::flow::words;

type Result<T> = std::result::Result<T, EmitError>;

/// Who keeps the result of a call.
struct Keepers<'k> {
    undoable: Option<&'k Undoable>,
    cache: Option<&'k Ts>,
    /// Later steps read it.
    is_read: bool,
}

impl<'a> Workflow<'a> {
    pub fn task(&mut self, step: &'a Step, call: &'a TaskCall, is_read: bool) -> Result<Vec<Stmt>> {
        if self.is_durable() {
            return self.durable_task(step, call, is_read);
        }
        let place = self.direct_place(step, &step.id);
        self.direct_attempts(Some(step), &place, call, is_read)
    }

    fn direct_place<'c>(&self, step: &Step, id: &'c str) -> Place<'c> {
        Place {
            id,
            at: self.scope.flow.at(step),
            key: Ts::call("run.key", vec![Ts::string(id)]),
            locals: Vec::new(),
            undoes: false,
        }
    }

    /// Whether the call stands among the steps of the workflow itself.
    pub fn is_plain(&self, call: &TaskCall) -> bool {
        !self.is_durable() && self.is_top && self.run == "run" && is_bare(call)
    }

    pub fn plain_task(&mut self, step: &'a Step, call: &'a TaskCall) -> Result<Vec<Stmt>> {
        let place = self.direct_place(step, &step.id);
        let made = self.call(&place, call)?;
        let mut body = vec![Stmt::Expr(Ts::call("run.at", vec![Ts::string(&step.id)]))];
        body.extend(made.before);
        let value = with_signal(made.value, made.takes_signal);
        let value = answered(call, value);
        let value = super::call::small(&mut self.file, call, value);
        let var = Var::Step(step.id.clone());
        let is_read = self.scope.flow.is_result_read(step) && step.ty != Type::Null;
        body.push(self.bind(value, if is_read { std::slice::from_ref(&var) } else { &[] }));
        Ok(body)
    }

    pub fn direct_attempts(
        &mut self,
        reader: Option<&Step>,
        place: &Place<'_>,
        call: &TaskCall,
        is_read: bool,
    ) -> Result<Vec<Stmt>> {
        let made = self.call(place, call)?;
        let mut before = made.before.clone();
        let cached = self.cache(place, call)?;
        let breaker = self.watching(place, call, &mut before)?;
        // What is done with a result may fail, too, and says nothing of the call then.
        let is_watched = call.compensate.is_none() && cached.is_none();
        let inner = if is_watched { None } else { breaker.clone() };
        let undoable = self.undoable(place, call)?;
        let attempt = self.limited(place, call, made, inner, undoable.as_ref())?;
        let breaker = breaker.filter(|_| is_watched);
        let mut tried = Vec::new();
        let (begun, breaker) = self.begun(breaker, &mut tried);
        let keepers =
            Keepers { undoable: undoable.as_ref(), cache: cached.as_ref().map(|(cache, _)| cache), is_read };
        tried.extend(self.well_ended(place, call, &keepers, attempt, breaker.as_ref())?);
        let failed = breaker.map(|breaker| told(&breaker, "failed", vec![Ts::name("error")]));
        let mut body = self.retried(place, call, (begun, tried), failed, is_read);
        if let Some(deadline) = policy::deadline(&mut self.file, &call.policy) {
            let args = vec![Ts::string(place.id), deadline, Ts::function(&["run"], body)];
            let waited = Ts::call("run.deadline", args).awaited();
            body = vec![if is_read { Stmt::Return(Some(waited)) } else { Stmt::Expr(waited) }];
        }
        if let Some(instead) = &call.fallback {
            let handler = self.direct_fallback(reader, place, instead, is_read)?;
            body =
                vec![Stmt::Try { body, handler: Some(("error".to_owned(), handler)), finally: Vec::new() }];
        }
        let mut all = before;
        all.extend(policy::hear(&mut self.file, &call.policy).into_iter().chain(undoable.map(|it| it.made)));
        if let Some((cache, key)) = cached {
            all.push(Stmt::constant("key", key));
            all.push(Stmt::constant("cached", cache.member("get").called(vec![Ts::name("key")])));
            let known = Ts::binary(Operator::NotEqual, Ts::name("cached"), Ts::name("undefined"));
            let returns = call.callable.returns().clone();
            let value = is_read.then(|| self.file.coded(Way::Decode, &returns, Ts::path("cached.value")));
            all.push(Stmt::If { test: known, body: vec![Stmt::Return(value)], otherwise: Vec::new() });
        }
        all.extend(body);
        if reader.is_some_and(|reader| !reader.critical && place.id == reader.id) {
            let args = vec![Ts::string(place.id), Ts::name("error")];
            let mut handler = vec![Stmt::Expr(Ts::call("run.tolerate", args))];
            handler.extend(is_read.then(|| Stmt::Return(Some(Ts::null()))));
            all = vec![Stmt::Try {
                body: all,
                handler: Some(("error".to_owned(), handler)),
                finally: Vec::new(),
            }];
        }
        Ok(all)
    }

    /// The call, and what is done with its result where it went well.
    fn well_ended(
        &mut self,
        place: &Place<'_>,
        call: &TaskCall,
        keepers: &Keepers<'_>,
        attempt: Ts,
        breaker: Option<&Ts>,
    ) -> Result<Vec<Stmt>> {
        let result = || Ts::name("result");
        let returns = call.callable.returns();
        let mut stmts = Vec::new();
        if call.compensate.is_some() || keepers.cache.is_some() {
            let is_named = keepers.undoable.is_none() || *returns != Type::Null || keepers.cache.is_some();
            stmts.push(if is_named { Stmt::constant("result", attempt) } else { Stmt::Expr(attempt) });
            if let Some(cache) = keepers.cache {
                let encoded = self.file.coded(Way::Encode, returns, result());
                let set = cache.clone().member("set").called(vec![Ts::name("key"), encoded]);
                stmts.push(Stmt::Expr(set));
            }
            match keepers.undoable {
                Some(undoable) => stmts.push(undoable.completed(call)),
                None => stmts.extend(self.undo_with(place, call)?),
            }
            stmts.push(Stmt::Return(keepers.is_read.then(result)));
            return Ok(stmts);
        }
        let succeeded = breaker.map(|breaker| told(breaker, "succeeded", Vec::new()));
        match (keepers.is_read, succeeded) {
            (true, None) => stmts.push(Stmt::Return(Some(attempt))),
            (true, Some(succeeded)) => {
                stmts.extend([Stmt::constant("result", attempt), succeeded, Stmt::Return(Some(result()))]);
            }
            (false, succeeded) => stmts.extend([Stmt::Expr(attempt)].into_iter().chain(succeeded)),
        }
        Ok(stmts)
    }

    /// `const attempt = breaker.attempt();`, and the attempt, which begins what is tried.
    fn begun(&mut self, breaker: Option<Ts>, tried: &mut Vec<Stmt>) -> (Option<Stmt>, Option<Ts>) {
        let Some(breaker) = breaker else { return (None, None) };
        let name = self.file.names.fresh("attempt");
        let begun = Stmt::constant(&name, breaker.member("attempt").called(Vec::new()));
        let attempt = Ts::name(name);
        let begin = attempt.clone().member("begin").called(Vec::new()).awaited();
        let test = attempt.clone().member("hasBegun").negated();
        tried.push(Stmt::If { test, body: vec![Stmt::Expr(begin)], otherwise: Vec::new() });
        (Some(begun), Some(attempt))
    }

    /// The breaker that watches the attempts; that of a key has a name.
    fn watching(&mut self, place: &Place<'_>, call: &TaskCall, before: &mut Vec<Stmt>) -> Result<Option<Ts>> {
        let Some(breaker) = self.breaker(place, call)? else { return Ok(None) };
        let key = call.policy.circuit_breaker.as_ref().and_then(|breaker| breaker.key.as_ref());
        let Some(key) = key else { return Ok(Some(breaker)) };
        let name = self.file.names.fresh("breaker");
        let found = if self.may_fail(key) { self.guarded(step_of(place.id), breaker) } else { breaker };
        before.push(Stmt::constant(&name, found));
        Ok(Some(Ts::name(name)))
    }

    /// The only step of a workflow whose output is its result: its attempts are the workflow's own.
    pub fn only_step(&mut self) -> Result<Option<Vec<Stmt>>> {
        let [step] = self.plan.steps.as_slice() else { return Ok(None) };
        let StepKind::Task(call) = &step.kind else { return Ok(None) };
        let output = &self.plan.output;
        let is_own = output.node == Node::Step(step.id.clone()) && output.ty == step.ty;
        // What stands in for it is a function beside it, which does not see the workflow's input.
        let is_wrapped = self.plan.deadline_ms.is_some()
            || self.plan.concurrency.is_some()
            || matches!(call.fallback, Some(Fallback::Task(_)));
        if is_guarded(step) || is_wrapped || self.is_plain(call) || !(is_own || output.ty == Type::Null) {
            return Ok(None);
        }
        self.task(step, call, output.ty != Type::Null).map(Some)
    }

    /// The awaited call with its time limit, inside of what it takes and of its breaker.
    fn limited(
        &mut self,
        place: &Place<'_>,
        call: &TaskCall,
        made: Made,
        breaker: Option<Ts>,
        undoable: Option<&Undoable>,
    ) -> Result<Ts> {
        let may_repeat = call.may_happen_twice();
        let must_settle = undoable.is_some() || call.effect == Effect::Write && !may_repeat;
        let timeout = policy::timeout(&mut self.file, &call.policy);
        let params: &[&str] = if made.takes_signal { &["signal"] } else { &[] };
        let made = if self.scope.is_atomic() { in_step(place, call, made) } else { made };
        let (mut is_promise, mut is_remote) = (true, false);
        let mut value = if let Some(mut args) = made.remote {
            args.push(Ts::string(place.id));
            args.extend(timeout.map(|time| Ts::object(vec![("timeout", time)])));
            let invoked = Ts::call("run.invoke", args);
            is_remote = true;
            invoked
        } else if let Some(given) = call.policy.hedge {
            let mut options = vec![("after", policy::number(given.after_ms)), ("max", Ts::number(given.max))];
            options.extend(timeout.map(|time| ("timeout", time)));
            Ts::call("run.hedge", vec![Ts::object(options), Ts::arrow(params, made.value)])
        } else if must_settle && timeout.is_some() {
            let mut options = Vec::new();
            options.extend(timeout.map(|time| ("timeout", time)));
            if call.in_doubt != InDoubt::Retry {
                options.push(("inDoubt", Ts::string(in_doubt(call.in_doubt))));
            }
            options.extend(may_repeat.then(|| ("mayRepeat", Ts::bool(true))));
            options.extend(undoable.map(|undoable| ("late", undoable.late(call))));
            Ts::call("run.settled", vec![Ts::arrow(params, made.value), Ts::object(options)])
        } else if let Some(time) = timeout {
            Ts::call("run.within", vec![time, Ts::arrow(params, made.value)])
        } else {
            is_promise = is_asynchronous(call) || made.lends;
            with_signal(made.value, made.takes_signal)
        };
        if let Some(undoable) = undoable {
            value = undoable.attempt(value);
            is_promise = true;
        }
        let uses = self.takers(call)?;
        if !uses.is_empty() {
            value = Ts::call("run.using", vec![Ts::Array(uses), Ts::arrow(&[], value)]);
            is_promise = true;
        }
        if let Some(breaker) = breaker {
            value = breaker.member("call").called(vec![Ts::name("run"), Ts::arrow(&[], value)]);
            is_promise = true;
        }
        let value = if is_promise { value.awaited() } else { value };
        if is_remote {
            let returns = call.callable.returns().clone();
            return Ok(if returns == Type::Null {
                value
            } else {
                self.file.coded(Way::Decode, &returns, value)
            });
        }
        let value = present(call, value);
        Ok(super::call::small(&mut self.file, call, value))
    }

    /// The loop of attempts, or the only one.
    fn retried(
        &mut self,
        place: &Place<'_>,
        call: &TaskCall,
        (begun, tried): (Option<Stmt>, Vec<Stmt>),
        told: Option<Stmt>,
        is_read: bool,
    ) -> Vec<Stmt> {
        let failed = |attempts: Ts| {
            Stmt::Throw(Ts::call(
                "run.failed",
                vec![Ts::string(step_of(place.id)), attempts, Ts::name("error")],
            ))
        };
        if call.policy.is_once() {
            let handler = told.into_iter().chain([failed(Ts::number(1))]).collect();
            let mut tried = tried;
            // The function ends behind it anyway.
            tried.retain(|statement| *statement != Stmt::Return(None));
            let attempt =
                Stmt::Try { body: tried, handler: Some(("error".to_owned(), handler)), finally: Vec::new() };
            return begun.into_iter().chain([attempt]).collect();
        }
        let mut body = tried;
        if !is_read && body.last() != Some(&Stmt::Return(None)) {
            body.push(Stmt::Return(None));
        }
        let failures = Ts::name("failures");
        let over = policy::is_over(&mut self.file, &call.policy, failures.clone(), Operator::Greater);
        let delay = policy::delay(&mut self.file, &call.policy, failures.clone());
        let again = [
            policy::unless_over(over, vec![failed(failures)]),
            Stmt::Expr(Ts::call("run.backOff", vec![delay]).awaited()),
        ];
        let handler = told.into_iter().chain(again).collect();
        let attempt = Stmt::Try { body, handler: Some(("error".to_owned(), handler)), finally: Vec::new() };
        vec![Stmt::Count {
            name: "failures".to_owned(),
            from: 1,
            test: None,
            body: begun.into_iter().chain([attempt]).collect(),
        }]
    }

    fn direct_fallback(
        &mut self,
        reader: Option<&Step>,
        place: &Place<'_>,
        instead: &Fallback,
        is_read: bool,
    ) -> Result<Vec<Stmt>> {
        let args = vec![Ts::string(place.id), Ts::name("error")];
        let mut body = vec![Stmt::Expr(Ts::call("run.fallBack", args))];
        match instead {
            Fallback::Value(value) => {
                let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
                translator.locals.clone_from(&place.locals);
                let translated = translator.value(value)?;
                let translated = if self.may_fail(value) {
                    self.guarded(step_of(place.id), translated)
                } else {
                    translated
                };
                if is_read {
                    body.push(Stmt::Return(Some(translated)));
                } else if self.may_fail(value) {
                    body.push(Stmt::Expr(translated));
                }
            }
            Fallback::Task(other) => {
                let id = format!("{}.fallback", place.id);
                let key = Ts::call("run.key", vec![Ts::string(&id)]);
                let locals = place.locals.clone();
                let inner = Place { id: &id, at: place.at, key, locals, undoes: place.undoes };
                let statements = self.direct_attempts(reader, &inner, other, is_read)?;
                let returns = if is_read { self.file.ty(&result_type(other)) } else { Ty::name("void") };
                let Some(reader) = reader else {
                    // What undoes a step has its arguments where it is called.
                    body.extend(statements);
                    return Ok(body);
                };
                let call = self.instead(reader, &id, statements, returns, words::sentence(&id, other));
                let waited = if matches!(
                    self.functions.last(),
                    Some(Item::Function(Function { is_async: false, .. }))
                ) {
                    call
                } else {
                    call.awaited()
                };
                body.push(if is_read { Stmt::Return(Some(waited)) } else { Stmt::Expr(waited) });
            }
        }
        Ok(body)
    }
}

/// Whether the call needs nothing round it.
pub fn is_bare(call: &TaskCall) -> bool {
    let policy = &call.policy;
    policy.is_once()
        && policy.timeout_ms.is_none()
        && policy.deadline_ms.is_none()
        && policy.circuit_breaker.is_none()
        && policy.hedge.is_none()
        && policy.bulkhead.is_none()
        && policy.rate_limit.is_none()
        && call.uses.is_empty()
        && call.cache.is_none()
        && call.fallback.is_none()
        && call.compensate.is_none()
        && call.callable.resource().is_none()
        && call.callable.function().is_some_and(|function| function.language == Language::Typescript)
        && !call.arguments().any(|argument| matches!(argument.value, ArgumentValue::Resource(_)))
}

/// What the breaker is told of an attempt.
fn told(breaker: &Ts, what: &str, args: Vec<Ts>) -> Stmt {
    Stmt::Expr(breaker.clone().member(what).called(args))
}

/// The step that a fallback belongs to, whose failure its own is.
fn step_of(id: &str) -> &str {
    id.split(".fallback").next().unwrap_or(id)
}

fn is_asynchronous(call: &TaskCall) -> bool {
    match &call.callable {
        Callable::Function(function) => {
            function.is_async || !function.annotated || super::call::has_any(&function.returns)
        }
        _ => true,
    }
}

/// The call of a function that can ask for its step.
fn in_step(place: &Place<'_>, call: &TaskCall, made: Made) -> Made {
    let is_alone = call.policy.is_once();
    // Else the signal is that of the attempt.
    let is_bare = call.policy.timeout_ms.is_none() && call.policy.hedge.is_none();
    let attempt = if is_alone { Ts::number(1) } else { Ts::name("failures") };
    let work = Ts::arrow(&[], with_signal(made.value, made.takes_signal && is_bare));
    let args = vec![Ts::string(place.id), Ts::string(&call.task), attempt, work];
    Made { value: Ts::call("run.calling", args), ..made }
}

/// The call with the run's own signal.
fn with_signal(call: Ts, takes: bool) -> Ts {
    let Ts::Call { callee, types, args, is_new } = call else { return call };
    let args = args.into_iter().map(|arg| match arg {
        Ts::Name(name) if takes && name == "signal" => Ts::path("run.signal"),
        // The call that a connection is lent to.
        Ts::Arrow(arrow) => match *arrow {
            Arrow { body: Body::Value(value), params, is_async, returns } => {
                let body = Body::Value(with_signal(value, takes));
                Ts::Arrow(Box::new(Arrow { is_async, params, returns, body }))
            }
            other => Ts::Arrow(Box::new(other)),
        },
        other => other,
    });
    Ts::Call { callee, types, args: args.collect(), is_new }
}

/// The result of a plain call.
fn answered(call: &TaskCall, value: Ts) -> Ts {
    present(call, if is_asynchronous(call) { value.awaited() } else { value })
}

/// Null and undefined are one.
fn present(call: &TaskCall, value: Ts) -> Ts {
    if matches!(call.callable.returns(), Type::Optional(_)) { value.or_else(Ts::null()) } else { value }
}

/// What the call comes to, its own fallbacks included.
fn result_type(call: &TaskCall) -> Type {
    let own = call.callable.returns().clone();
    match &call.fallback {
        None => own,
        Some(Fallback::Value(value)) => Type::union([own, value.ty.clone()]),
        Some(Fallback::Task(other)) => Type::union([own, result_type(other)]),
    }
}
