//! A step or workflow as named texts, to be compared field by field.
//!
//! It knows what each field is called in a manifest, not which of them changed.

use conductor_budget::duration;
use conductor_protocol::digest::digest;
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, CircuitBreaker, Delay, Fallback, Function, Health, Loop, LoopTest,
    Map, OnFailure, Plan, Policy, Rate, Receiver, Resource, Step, StepKind, TaskCall, Trip, WaitFor,
    WorkflowCall,
};
use conductor_protocol::spell::{qualified, value};
use conductor_protocol::types::{Field, TypeDef};
use serde::Serialize;

/// Names and texts in the order in which they are shown; a field that is not set is not there.
pub(crate) type Fields = Vec<(String, String)>;

/// What is said of a step itself, without the steps inside it.
pub(crate) fn of_step(step: &Step) -> Fields {
    let mut fields = Fields::new();
    put(&mut fields, "step", step.kind.keyword());
    of_kind(&step.kind, &mut fields);
    optional(&mut fields, "when", step.when.as_ref().map(value));
    if !step.critical {
        put(&mut fields, "critical", false);
    }
    optional(&mut fields, "deadline", step.deadline_ms.map(duration));
    if !step.needs.is_empty() {
        put(&mut fields, "needs", step.needs.join(", "));
    }
    put(&mut fields, "result", qualified(&step.ty));
    fields
}

/// What is said of a workflow beside its steps.
pub(crate) fn of_plan(plan: &Plan) -> Fields {
    let mut fields = Fields::new();
    put(&mut fields, "language", plan.language.as_str());
    put(&mut fields, "entrypoint", plan.entrypoint);
    put(&mut fields, "durable", plan.durable);
    optional(&mut fields, "deadline", plan.deadline_ms.map(duration));
    if let Some(concurrency) = &plan.concurrency {
        put(&mut fields, "concurrency.limit", concurrency.limit);
        optional(&mut fields, "concurrency.key", concurrency.key.as_ref().map(value));
    }
    if let Some(schedule) = &plan.schedule {
        put(&mut fields, "schedule.cron", &schedule.cron);
        put(&mut fields, "schedule.time_zone", &schedule.time_zone);
        put(&mut fields, "schedule.missed", word(&schedule.missed));
    }
    for input in &plan.inputs {
        let secret = if input.secret { ", secret" } else { "" };
        let default = input.default.as_ref().map_or_else(String::new, |default| format!(" = {default}"));
        put(
            &mut fields,
            &format!("input.{}", input.name),
            format!("{}{default}{secret}", qualified(&input.ty)),
        );
    }
    put(
        &mut fields,
        "inputs",
        plan.inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", "),
    );
    plan.resources.iter().for_each(|resource| of_resource(resource, &mut fields));
    for (name, definition) in &plan.types {
        of_type(&format!("type.{name}"), definition, &mut fields);
    }
    put(&mut fields, "output", value(&plan.output));
    put(&mut fields, "output type", qualified(&plan.output.ty));
    fields
}

fn put(fields: &mut Fields, name: &str, text: impl ToString) {
    fields.push((name.to_owned(), text.to_string()));
}

fn optional(fields: &mut Fields, name: &str, text: Option<String>) {
    fields.extend(text.map(|text| (name.to_owned(), text)));
}

/// A variant's name as a manifest writes it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

fn of_kind(kind: &StepKind, fields: &mut Fields) {
    match kind {
        StepKind::Task(call) => of_call("", call, fields),
        StepKind::Workflow(call) => of_child(call, fields),
        StepKind::Parallel { max_concurrency, on_failure, .. } => {
            optional(fields, "max_concurrency", max_concurrency.map(|width| width.to_string()));
            if *on_failure != OnFailure::Cancel {
                put(fields, "on_failure", word(on_failure));
            }
        }
        StepKind::Map(map) => of_map(map, fields),
        StepKind::Switch { cases } => {
            for (index, case) in cases.iter().enumerate() {
                let when = case.when.as_ref().map_or_else(|| "default".to_owned(), value);
                put(fields, &format!("case {}", index + 1), when);
            }
        }
        StepKind::Loop(block) => of_loop(block, fields),
        StepKind::Try(block) => {
            for (index, catch) in block.catches.iter().enumerate() {
                let errors = if catch.errors.is_empty() { "any".to_owned() } else { catch.errors.join(", ") };
                put(fields, &format!("catch {}", index + 1), format!("{errors} as {}", catch.variable));
            }
        }
        StepKind::Sleep(Delay::Fixed { ms }) => put(fields, "sleep", duration(*ms)),
        StepKind::Sleep(Delay::Computed(expr)) => put(fields, "sleep", value(expr)),
        StepKind::WaitFor(wait) => of_wait(wait, fields),
        StepKind::Emit(emit) => {
            put(fields, "signal", &emit.signal);
            optional(fields, "data", emit.data.as_ref().map(value));
            optional(fields, "run", emit.run.as_ref().map(value));
            put(fields, "barrier", emit.barrier);
        }
        StepKind::Hold(hold) => {
            put(fields, "resource", &hold.resource);
            put(fields, "atomic", hold.atomic);
        }
        StepKind::Set { values } => {
            for (name, expr) in values {
                put(fields, &format!("set.{name}"), value(expr));
            }
            put(fields, "set", values.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
        }
        StepKind::Return { value: expr } => put(fields, "value", value(expr)),
        StepKind::Fail { error, message } => {
            put(fields, "type", error);
            put(fields, "message", value(message));
        }
        StepKind::Sequence { .. } | StepKind::Graph { .. } | StepKind::Race { .. } => {}
    }
}

fn of_call(prefix: &str, call: &TaskCall, fields: &mut Fields) {
    let name = |field: &str| format!("{prefix}{field}");
    put(fields, &name("task"), &call.task);
    of_callable(&name("function"), &call.callable, fields);
    of_arguments(&name("with"), &call.args, fields);
    put(fields, &name("effect"), word(&call.effect));
    put(fields, &name("idempotent"), call.idempotent);
    put(fields, &name("in_doubt"), word(&call.in_doubt));
    put(fields, &name("barrier"), call.barrier);
    if !call.uses.is_empty() {
        put(fields, &name("uses"), call.uses.join(", "));
    }
    of_policy(&name("policy"), &call.policy, fields);
    if let Some(cache) = &call.cache {
        put(fields, &name("cache.ttl"), duration(cache.ttl_ms));
        optional(fields, &name("cache.key"), cache.key.as_ref().map(value));
    }
    match &call.fallback {
        Some(Fallback::Task(task)) => of_call(&name("fallback."), task, fields),
        Some(Fallback::Value(expr)) => put(fields, &name("fallback.value"), value(expr)),
        None => {}
    }
    if let Some(undo) = &call.compensate {
        of_call(&name("compensate."), undo, fields);
    }
}

fn of_callable(name: &str, callable: &Callable, fields: &mut Fields) {
    let (resource, returns) = match callable {
        Callable::Function(function) => return of_function(name, function, fields),
        Callable::Grpc { grpc } => (&grpc.resource, &grpc.returns),
        Callable::Http { http } => (&http.resource, &http.returns),
    };
    put(fields, name, callable.to_string());
    put(fields, &format!("{name}.resource"), resource);
    put(fields, &format!("{name}.returns"), qualified(returns));
}

fn of_function(name: &str, function: &Function, fields: &mut Fields) {
    put(fields, name, function.to_string());
    put(fields, &format!("{name}.language"), function.language.as_str());
    put(fields, &format!("{name}.async"), function.is_async);
    let returns = if function.annotated { qualified(&function.returns) } else { "not annotated".to_owned() };
    put(fields, &format!("{name}.returns"), returns);
    match &function.receiver {
        Some(Receiver::Constructed { constructor, args, .. }) => {
            put(fields, &format!("{name}.object"), constructor);
            of_arguments(&format!("{name}.object.with"), args, fields);
        }
        Some(Receiver::Resource(id)) => put(fields, &format!("{name}.object"), format!("the resource {id}")),
        None => {}
    }
}

fn of_arguments(prefix: &str, arguments: &[Argument], fields: &mut Fields) {
    for argument in arguments {
        let given = match &argument.value {
            ArgumentValue::Expr(expr) => value(expr),
            ArgumentValue::IdempotencyKey => "the idempotency key".to_owned(),
            ArgumentValue::Resource(id) => format!("the resource {id}"),
            ArgumentValue::Cancellation => "the run's cancellation".to_owned(),
        };
        put(fields, &format!("{prefix}.{}", argument.parameter), given);
        put(fields, &format!("{prefix}.{}.type", argument.parameter), qualified(&argument.ty));
        put(fields, &format!("{prefix}.{}.passing", argument.parameter), word(&argument.passing));
    }
}

fn of_policy(prefix: &str, policy: &Policy, fields: &mut Fields) {
    let name = |field: &str| format!("{prefix}.{field}");
    optional(fields, &name("id"), policy.id.clone());
    put(
        fields,
        &name("retries"),
        policy.retries.map_or_else(|| "forever".to_owned(), |count| count.to_string()),
    );
    put(fields, &name("strategy"), word(&policy.strategy));
    put(fields, &name("initial"), duration(policy.initial_ms));
    put(fields, &name("max_delay"), duration(policy.max_delay_ms));
    put(fields, &name("multiplier"), policy.multiplier);
    put(fields, &name("jitter"), word(&policy.jitter));
    for (field, errors) in [("retry_on", &policy.retry_on), ("abort_on", &policy.abort_on)] {
        if !errors.is_empty() {
            put(fields, &name(field), errors.join(", "));
        }
    }
    optional(fields, &name("timeout"), policy.timeout_ms.map(duration));
    optional(fields, &name("deadline"), policy.deadline_ms.map(duration));
    if let Some(breaker) = &policy.circuit_breaker {
        of_breaker(&name("circuit_breaker"), breaker, fields);
    }
    optional(fields, &name("rate_limit"), policy.rate_limit.map(rate));
    optional(fields, &name("bulkhead"), policy.bulkhead.map(|width| width.to_string()));
    if let Some(hedge) = policy.hedge {
        put(fields, &name("hedge.after"), duration(hedge.after_ms));
        put(fields, &name("hedge.max"), hedge.max);
    }
}

fn of_breaker(prefix: &str, breaker: &CircuitBreaker, fields: &mut Fields) {
    let name = |field: &str| format!("{prefix}.{field}");
    match breaker.trip {
        Trip::Failures(count) => put(fields, &name("failures"), count),
        Trip::FailureRate(share) => put(fields, &name("failure_rate"), share),
    }
    put(fields, &name("window"), duration(breaker.window_ms));
    put(fields, &name("min_calls"), breaker.min_calls);
    put(fields, &name("open_for"), duration(breaker.open_for_ms));
    put(fields, &name("half_open_calls"), breaker.half_open_calls);
    optional(fields, &name("key"), breaker.key.as_ref().map(value));
}

fn rate(rate: Rate) -> String {
    format!("{} in {}", rate.permits, duration(rate.per_ms))
}

fn of_child(call: &WorkflowCall, fields: &mut Fields) {
    put(fields, "workflow", &call.workflow);
    put(fields, "durable", call.durable);
    for (input, expr) in &call.args {
        put(fields, &format!("with.{input}"), value(expr));
    }
    put(fields, "barrier", call.barrier);
    if call.detach {
        put(fields, "detach", true);
    }
}

fn of_map(map: &Map, fields: &mut Fields) {
    put(fields, "over", value(&map.over));
    put(fields, "as", &map.variable);
    put(fields, "item", qualified(&map.item));
    optional(fields, "max_concurrency", map.max_concurrency.map(|width| width.to_string()));
}

fn of_loop(block: &Loop, fields: &mut Fields) {
    let test = match block.test {
        LoopTest::While => "while",
        LoopTest::Until => "until",
    };
    put(fields, test, value(&block.condition));
    put(fields, "max_iterations", block.max_iterations);
    optional(fields, "every", block.every_ms.map(duration));
    put(fields, "on_exhausted", word(&block.on_exhausted));
}

fn of_wait(wait: &WaitFor, fields: &mut Fields) {
    put(fields, "signal", &wait.signal);
    put(fields, "type", qualified(&wait.data));
    optional(fields, "timeout", wait.timeout_ms.map(duration));
    put(fields, "on_timeout", word(&wait.on_timeout));
}

fn of_resource(resource: &Resource, fields: &mut Fields) {
    let name = |field: &str| format!("resource.{}.{field}", resource.id);
    put(fields, &name("kind"), word(&resource.kind));
    optional(fields, &name("address"), resource.address.as_ref().map(value));
    optional(fields, &name("pool"), resource.pool.map(|pool| format!("{} to {}", pool.min, pool.max)));
    optional(fields, &name("max_concurrency"), resource.max_concurrency.map(|limit| limit.to_string()));
    optional(fields, &name("rate_limit"), resource.rate_limit.map(rate));
    put(fields, &name("scope"), word(&resource.scope));
    for (field, function) in [("open", &resource.open), ("close", &resource.close)] {
        if let Some(function) = function {
            of_function(&name(field), function, fields);
        }
    }
    for (header, text) in &resource.headers {
        put(fields, &name(&format!("headers.{header}")), value(text));
    }
    optional(fields, &name("ca"), resource.ca.clone());
    optional(fields, &name("ready"), resource.ready_ms.map(duration));
    optional(fields, &name("health"), resource.health.as_ref().map(health));
    optional(fields, &name("schema"), resource.descriptors.as_ref().map(|text| digest(text.as_bytes())));
}

fn health(health: &Health) -> String {
    match health {
        Health::Tcp => "a connection".to_owned(),
        Health::Http(path) => format!("GET {path}"),
        Health::Grpc => "grpc.health.v1".to_owned(),
    }
}

fn of_type(prefix: &str, definition: &TypeDef, fields: &mut Fields) {
    let all = |kind: &str, members: &[Field], fields: &mut Fields| {
        let names: Vec<&str> = members.iter().map(|field| field.name.as_str()).collect();
        put(fields, prefix, format!("{kind} of {}", names.join(", ")));
        for field in members {
            let mut text = qualified(&field.ty);
            if !field.required {
                text.push_str(", may be absent");
            }
            if !field.init {
                text.push_str(", computed");
            }
            if let Some(attribute) = &field.attribute {
                text.push_str(&format!(", in the code {attribute}"));
            }
            put(fields, &format!("{prefix}.{}", field.name), text);
        }
    };
    match definition {
        TypeDef::Class { fields: members } => all("class", members, fields),
        TypeDef::TypedDict { fields: members } => all("mapping", members, fields),
        TypeDef::Enum { base, members } => {
            let members: Vec<String> =
                members.iter().map(|member| format!("{} = {}", member.name, member.value)).collect();
            put(fields, prefix, format!("{} enum of {}", word(base), members.join(", ")));
        }
        TypeDef::Opaque => put(fields, prefix, "opaque"),
    }
}
