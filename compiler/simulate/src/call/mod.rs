//! A call of a task under its policy: fallback, deadline, retry, breaker, rate limit, bulkhead, hedge, attempt timeout.
//!
//! It knows the order of these, outermost first, and what is recorded; each has its own file where it is more than a
//! few lines.

mod attempt;
mod hedge;
mod record;
mod retry;
mod settle;
mod work;

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::names::snake_case;
use conductor_protocol::plan::{ArgumentValue, Fallback, TaskCall};
use conductor_protocol::types::Type;
use serde_json::{Map, Value as Json, json};

use crate::context::Ctx;
use crate::error::{Exit, Flow};
use crate::journal::{Fact, Past, Recorded};
use crate::scope::{Named, Scope};
use crate::steps::{Done, Flowing};
use crate::trace::What;

pub(crate) use work::WorkEnd;

/// Arguments by parameter, as they are recorded.
pub(crate) type Args<'p> = Vec<(&'p str, Named<'p>)>;

/// A call that is to be made.
pub(crate) struct Call<'p> {
    pub key: Arc<str>,
    pub call: &'p TaskCall,
    pub args: Args<'p>,
    pub critical: bool,
}

/// What all attempts together came to.
pub(crate) enum Ended {
    Succeeded(Arc<Json>),
    Failed(ErrorForm),
    Exit(Exit),
}

/// Evaluates the arguments and makes the call.
pub(crate) async fn task<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    call: &'p TaskCall,
    critical: bool,
) -> Flow<Done> {
    let args = match arguments(ctx, key, call) {
        Ok(args) => args,
        // On replay too: the error was computed from what is recorded.
        Err(error) => {
            let made = Call { key: key.clone(), call, args: Vec::new(), critical };
            return record::failed(ctx, &made, &Past::default(), error);
        }
    };
    perform(ctx, &Call { key: key.clone(), call, args, critical }).await
}

/// The values of the parameters.
pub(crate) fn arguments<'p>(ctx: &Ctx<'p>, key: &str, call: &'p TaskCall) -> Result<Args<'p>, ErrorForm> {
    let args = call.args.iter().map(|given| {
        Ok((given.parameter.as_str(), Named { json: argument(ctx, key, &given.value)?, ty: &given.ty }))
    });
    args.collect()
}

fn argument(ctx: &Ctx<'_>, key: &str, value: &ArgumentValue) -> Result<Arc<Json>, ErrorForm> {
    match value {
        ArgumentValue::Expr(expr) => ctx.evaluate(expr),
        ArgumentValue::IdempotencyKey => Ok(Arc::new(Json::from(format!("{}/{key}", ctx.run.id)))),
        ArgumentValue::Resource(id) => Ok(Arc::new(json!({ "resource": id }))),
        ArgumentValue::Cancellation => Ok(Arc::new(Json::Null)),
    }
}

/// Makes the call, or takes what is recorded of it.
pub(crate) fn perform<'a, 'p: 'a>(ctx: &'a Ctx<'p>, call: &'a Call<'p>) -> Flowing<'a, Flow<Done>> {
    Box::pin(async move {
        let mut past = ctx.past(&call.key);
        if let Some(outcome) = past.outcome.take() {
            return replayed(ctx, &call.key, &past, outcome);
        }
        if let (Some(why), false) = (ctx.cancel.get(), past.is_open) {
            return Err(Exit::Cancelled(why));
        }
        if past.attempt == 0 {
            let (kind, name) = ("task".to_owned(), call.call.task.clone());
            ctx.emit(What::StepStarted { key: call.key.clone(), kind, name });
        }
        if let Some(output) = cached(ctx, call) {
            ctx.emit(What::CacheHit { key: call.key.clone() });
            return record::succeeded(ctx, call, &past, output, false);
        }
        let ended = match past.exhausted.clone() {
            Some(error) => Ended::Failed((*error).clone()),
            None => retry::attempts(ctx, call, &mut past).await,
        };
        match ended {
            Ended::Succeeded(output) => {
                remember(ctx, call, &output);
                record::succeeded(ctx, call, &past, output, true)
            }
            Ended::Failed(error) => fallen_back(ctx, call, &mut past, error).await,
            Ended::Exit(exit) => Err(exit),
        }
    })
}

/// What the call comes to when its policy is exhausted.
async fn fallen_back<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    past: &mut Past<'p>,
    error: ErrorForm,
) -> Flow<Done> {
    let Some(fallback) = &call.call.fallback else { return record::failed(ctx, call, past, error) };
    if past.exhausted.is_none() {
        let error = Arc::new(error);
        ctx.emit(What::AttemptFailed {
            key: call.key.clone(),
            attempt: past.attempt,
            error: error.clone(),
            retry_at_us: None,
        });
        ctx.record(&call.key, Fact::Exhausted { error, unknown: past.unknown });
    }
    match fallback {
        Fallback::Value(expr) => match with_arguments(ctx, call).evaluate(expr) {
            Ok(output) => record::succeeded(ctx, call, past, output, false),
            Err(error) => record::failed(ctx, call, past, error),
        },
        Fallback::Task(other) => {
            let key: Arc<str> = format!("{}.fallback", call.key).into();
            let args = match arguments(&with_arguments(ctx, call), &key, other) {
                Ok(args) => args,
                Err(error) => return record::failed(ctx, call, past, error),
            };
            let instead = Call { key, call: other, args, critical: true };
            match perform(ctx, &instead).await {
                Ok(done) => record::succeeded(ctx, call, past, done.value, false),
                Err(Exit::Failed(failure)) => record::failed(ctx, call, past, failure.error.clone()),
                Err(exit) => {
                    record::cancelled(ctx, call, past, &exit);
                    Err(exit)
                }
            }
        }
    }
}

/// Where expressions see the call's arguments as variables.
fn with_arguments<'p>(ctx: &Ctx<'p>, call: &Call<'p>) -> Ctx<'p> {
    ctx.with_scope(arguments_seen(ctx, call))
}

/// The names of the parameters are compared, and seen, in snake case.
fn arguments_seen<'p>(ctx: &Ctx<'p>, call: &Call<'p>) -> Scope<'p> {
    ctx.scope.with(call.args.iter().map(|(name, value)| (snake_case(name), value.clone())))
}

/// The outcome that an earlier life of the run recorded.
pub(crate) fn replayed<'p>(ctx: &Ctx<'p>, key: &Arc<str>, past: &Past<'p>, outcome: Recorded) -> Flow<Done> {
    ctx.run.undo.borrow_mut().extend(past.undo.iter().cloned());
    match outcome {
        Recorded::Succeeded(output) => Ok(Done::success(output)),
        Recorded::Failed { tolerated: true, .. } | Recorded::Skipped => Ok(Done::nothing()),
        Recorded::Failed { failure, .. } => Err(Exit::Failed(failure)),
        Recorded::Cancelled => Err(Exit::Cancelled(crate::cancel::Why::Decided)),
        Recorded::InDoubt => Err(record::in_doubt(key)),
    }
}

/// Where a result is kept, for equal calls.
fn cache_key<'p>(ctx: &Ctx<'p>, call: &Call<'p>) -> Option<String> {
    let cache = call.call.cache.as_ref().filter(|_| ctx.world.is_timed())?;
    let key = match &cache.key {
        Some(expr) => with_arguments(ctx, call).evaluate(expr).ok()?.to_string(),
        None => shown(&call.args).to_string(),
    };
    Some(format!("{} {key}", call.call.task))
}

fn cached<'p>(ctx: &Ctx<'p>, call: &Call<'p>) -> Option<Arc<Json>> {
    let key = cache_key(ctx, call)?;
    let cache = ctx.world.cache.borrow();
    let (until, value) = cache.get(&key)?;
    (*until > ctx.world.now()).then(|| value.clone())
}

fn remember<'p>(ctx: &Ctx<'p>, call: &Call<'p>, output: &Arc<Json>) {
    if let (Some(key), Some(cache)) = (cache_key(ctx, call), &call.call.cache) {
        let until = ctx.world.now().saturating_add(cache.ttl_ms.saturating_mul(1000));
        ctx.world.cache.borrow_mut().insert(key, (until, output.clone()));
    }
}

/// The arguments as one record.
pub(crate) fn shown(args: &Args<'_>) -> Json {
    args.iter().map(|(name, value)| ((*name).to_owned(), (*value.json).clone())).collect::<Map<_, _>>().into()
}

/// The arguments of what undoes a call, and the value that it had.
pub(crate) fn undo_arguments<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    undo: &'p TaskCall,
    output: Arc<Json>,
) -> Result<Args<'p>, ErrorForm> {
    static NULLABLE: Type = Type::Any;
    let ty = if output.is_null() { &NULLABLE } else { call.call.callable.returns() };
    let result = [("result", Named { json: output, ty })];
    let is_unknown = result[0].1.json.is_null();
    let ctx = ctx.with_scope(arguments_seen(ctx, call).with(result));
    let key = format!("{}.compensate", call.key);
    let args = undo.args.iter().map(|argument| {
        // Where nobody knows the result it is null, whatever the task says that it returns.
        let json = if is_unknown && argument.ty.is_nullable() && is_result(&argument.value) {
            Arc::new(Json::Null)
        } else {
            self::argument(&ctx, &key, &argument.value)?
        };
        Ok((argument.parameter.as_str(), Named { json, ty: &argument.ty }))
    });
    args.collect()
}

/// Whether what undoes a call is given its result as it is.
fn is_result(value: &ArgumentValue) -> bool {
    matches!(value, ArgumentValue::Expr(Expr { node: Node::Variable(name), .. }) if name == "result")
}
