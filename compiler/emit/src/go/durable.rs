//! What a durable workflow's parts look like: each attempt between its entries in the journal.
//!
//! It knows the runtime's `Run` and `Step`, not how they reach the journal.

use conductor_protocol::plan::{Callable, Effect, Fallback, Language, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::call;
use super::codecs::{self, Way};
use super::expr::Result;
use super::policy;
use super::tree::{Decl, Function, Go, Operator, Stmt};
use super::workflow::Workflow;
use crate::flow::words;

/// The function that goes through the steps, from the recorded inputs to the output as JSON.
pub fn entry(workflow: &mut Workflow, steps: &str) -> Result<Vec<Decl>> {
    let plan = workflow.plan;
    let name = workflow.file.package.fresh(&format!("run{}", workflow.public));
    let state = workflow.state().name.clone();
    let mut fields = vec![("run".to_owned(), Go::atom("run"))];
    let mut body = Vec::new();
    if !plan.inputs.is_empty() {
        let decode = super::public::input_codec(workflow, Way::Decode);
        let given = Go::call("run.Input", Vec::new());
        let decoded = workflow.file.call_cel("Decode", vec![given, decode]);
        body.push(Stmt::Define(vec!["input".to_owned(), "err".to_owned()], decoded));
        body.push(Stmt::unless_ok(vec![Go::atom("nil")]));
        fields.push(("input".to_owned(), Go::atom("input")));
        fields.extend(super::public::default_fields(workflow));
    }
    let made = Go::unary('&', Go::Struct { ty: state, fields, spread: false });
    body.push(Stmt::define("w", made));
    let run = Go::atom("w").method(steps, vec![Go::atom("ctx")]);
    if workflow.failing.contains(steps) {
        body.push(Stmt::Return(vec![Go::atom("nil"), run]));
    } else {
        let mut checked = Stmt::checked(run);
        if let Stmt::If { body, .. } = &mut checked {
            *body = vec![Stmt::Return(vec![Go::atom("nil"), Go::atom("err")])];
        }
        body.push(checked);
        body.push(output(workflow)?);
    }
    let context = format!("{}.Context", workflow.file.std("context"));
    let run = format!("*{}", workflow.file.runtime("Run"));
    let doc = format!("{name} goes through the steps, from the recorded input to the output as JSON.");
    let declared = declaration(workflow, &name)?;
    let function = Decl::Function(Function {
        doc: vec![doc],
        receiver: None,
        name,
        params: vec![("ctx".to_owned(), context), ("run".to_owned(), run)],
        results: "(any, error)".to_owned(),
        body,
    });
    Ok(vec![declared, function])
}

/// `return` of the output as JSON.
fn output(workflow: &mut Workflow) -> Result<Stmt> {
    let ty = super::results::output(workflow.plan);
    if ty == Type::Null {
        return Ok(Stmt::Return(vec![Go::atom("nil"), Go::atom("nil")]));
    }
    let plan = workflow.plan;
    let value = workflow.value(&plan.output, &ty)?;
    Ok(Stmt::Return(vec![encoded(workflow, &ty, value.go, value.fails)]))
}

/// `cel.Encode(value, encode)`: the value as JSON, and an error.
pub fn encoded(workflow: &mut Workflow, ty: &Type, value: Go, fails: bool) -> Go {
    if fails {
        let encoded = codecs::apply(&mut workflow.file, Way::Encode, ty, value);
        return encoding(workflow, encoded);
    }
    let encode = workflow.file.codec(Way::Encode, ty);
    // A member of a union has a type of its own.
    let name = if workflow.file.ty(ty) == "any" { "Encode[any]" } else { "Encode" };
    workflow.file.call_cel(name, vec![value, encode])
}

/// `cel.Encoded(func(e *cel.Encoder) any { return value })`.
pub fn encoding(workflow: &mut Workflow, value: Go) -> Go {
    let encoder = format!("*{}", workflow.file.cel("Encoder"));
    let is_used = format!("{value:?}").contains("\"e\"");
    let name = if is_used { "e" } else { "_" };
    let lambda = Go::lambda(&[(name, &encoder)], "any", value);
    workflow.file.call_cel("Encoded", vec![lambda])
}

/// The attempts of a task, and what stands in for it.
pub fn task(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Vec<Stmt>> {
    let mut body = attempts(workflow, step, call)?;
    body.extend(outcome(workflow, step)?);
    Ok(body)
}

/// What is kept of a step that has ended.
pub fn outcome(workflow: &mut Workflow, step: &Step) -> Result<Vec<Stmt>> {
    let Some(ty) = workflow.results.get(&step.id).cloned() else {
        return Ok(vec![Stmt::Return(vec![Go::call("step.Err", Vec::new())])]);
    };
    let decode = workflow.file.codec(Way::Decode, &ty);
    let output = workflow.file.call_runtime("Output", vec![Go::atom("step"), decode]);
    let name = workflow.locals.fresh("output");
    Ok(vec![
        Stmt::Define(vec![name.clone(), "err".to_owned()], output),
        Stmt::unless_ok(Vec::new()),
        Stmt::assign(workflow.result(&step.id), Go::atom(name)),
    ])
}

/// The step from its opening to its last attempt.
fn attempts(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Vec<Stmt>> {
    let mut before = Vec::new();
    let options = options(workflow, step, call, &mut before)?;
    let key = workflow.key(&step.id);
    let mut body = before;
    body.push(Stmt::define("step", Go::call("w.run.Step", vec![key, options])));
    if is_foreign(call) {
        body.extend(super::worker::invoked(workflow, call)?);
    } else {
        let invalid = Go::call("step.Invalid", vec![Go::atom("err")]);
        let made = call::made(workflow, step, call, &invalid)?;
        body.extend(made.before.clone());
        let attempt = call::attempt(workflow, &made)?;
        let ty = call.callable.returns();
        let (result, succeed) = if *ty == Type::Null {
            let call =
                workflow.file.call_runtime("AttemptNull", vec![Go::atom("ctx"), Go::atom("step"), attempt]);
            (Stmt::Define(vec!["err".to_owned()], call), Go::call("step.SucceedNull", Vec::new()))
        } else {
            let call =
                workflow.file.call_runtime("Attempt", vec![Go::atom("ctx"), Go::atom("step"), attempt]);
            let encode = workflow.file.codec(Way::Encode, ty);
            let succeed =
                workflow.file.call_runtime("Succeed", vec![Go::atom("step"), Go::atom("result"), encode]);
            (Stmt::Define(vec!["result".to_owned(), "err".to_owned()], call), succeed)
        };
        body.push(attempted(workflow, call, result, succeed));
    }
    if let Some(instead) = &call.fallback {
        body.extend(fallback(workflow, step, instead)?);
    }
    Ok(body)
}

/// Whether a function of another language is called.
pub fn is_foreign(call: &TaskCall) -> bool {
    matches!(&call.callable, Callable::Function(function) if function.language != Language::Go)
}

/// `for step.NextAttempt(ctx) { ... }` around one attempt and the decision after it, or `if` where there is only the one.
pub fn attempted(workflow: &mut Workflow, call: &TaskCall, attempt: Stmt, succeed: Go) -> Stmt {
    if call.policy.is_once() {
        return attempted_once(attempt, succeed);
    }
    let failures = || Go::call("step.Failures", Vec::new());
    let retryable = policy::is_retryable(workflow, &call.policy);
    let test = match policy::retries(workflow, &call.policy) {
        Some(retries) => {
            let left = Go::binary(Operator::Less, failures(), retries);
            Go::binary(Operator::And, left, retryable)
        }
        None => retryable,
    };
    let next = Go::binary(Operator::Add, failures(), Go::atom("1"));
    let delay = policy::delay(workflow, &call.policy, next);
    let retry = vec![Stmt::Expr(Go::call("step.Retry", vec![Go::atom("err"), delay]))];
    let is_ok = Go::binary(Operator::Equal, Go::atom("err"), Go::atom("nil"));
    let cases =
        vec![(vec![is_ok], vec![Stmt::Expr(succeed)]), (vec![test], retry), (Vec::new(), vec![fail()])];
    let body = vec![attempt, Stmt::Switch { head: String::new(), cases }];
    Stmt::While { test: Some(next_attempt()), body }
}

/// `if step.NextAttempt(ctx) { ... }` around the only attempt and what it comes to.
pub fn attempted_once(attempt: Stmt, succeed: Go) -> Stmt {
    let decision = Stmt::if_err_else(vec![fail()], vec![Stmt::Expr(succeed)]);
    Stmt::when(next_attempt(), vec![attempt, decision])
}

fn next_attempt() -> Go {
    Go::call("step.NextAttempt", vec![Go::atom("ctx")])
}

fn fail() -> Stmt {
    Stmt::Expr(Go::call("step.Fail", vec![Go::atom("err")]))
}

/// What the runtime must know of the step.
fn options(workflow: &mut Workflow, step: &Step, call: &TaskCall, before: &mut Vec<Stmt>) -> Result<Go> {
    let mut fields = Vec::new();
    if call.task != step.id || workflow.key_of.is_some() || !workflow.repeated.is_empty() {
        fields.push(("Task".to_owned(), Go::string(&call.task)));
    }
    fields.extend(policy::around(workflow, step, call, before)?);
    if call.barrier != (call.effect == Effect::Write) {
        let name = if call.barrier { "BarrierAlways" } else { "BarrierNever" };
        fields.push(("Barrier".to_owned(), Go::atom(workflow.file.runtime(name))));
    }
    if !step.critical {
        fields.push(("Tolerated".to_owned(), Go::atom("true")));
    }
    if let Some(milliseconds) = call.policy.deadline_ms {
        let deadline = policy::time(workflow, &call.policy, "Deadline", milliseconds);
        fields.push(("Deadline".to_owned(), deadline));
    }
    if call.fallback.is_some() {
        fields.push(("Fallback".to_owned(), Go::atom("true")));
    }
    if let Some(cache) = &call.cache {
        let name = super::shared::cache(workflow.file.package, &call.task, cache);
        fields.push(("Cache".to_owned(), Go::atom(name)));
        let key = cache_key(workflow, step, call, before)?;
        fields.push(("CacheKey".to_owned(), key));
    }
    if let Some(undo) = &call.compensate {
        let arguments = super::undo::durable(workflow, step, call, undo)?;
        fields.push(("Undo".to_owned(), Go::atom(format!("w.{arguments}"))));
    }
    let spread = fields.len() > 1;
    Ok(Go::Struct { ty: workflow.file.runtime("StepOptions"), fields, spread })
}

/// What equal calls have in common: the key's value, else every argument.
pub fn cache_key(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    before: &mut Vec<Stmt>,
) -> Result<Go> {
    use conductor_protocol::expr::{Expr, Node};
    use conductor_protocol::plan::ArgumentValue;
    let key = match call.cache.as_ref().and_then(|cache| cache.key.as_ref()) {
        Some(key) => key.clone(),
        None => {
            let value = |argument: &conductor_protocol::plan::Argument| match &argument.value {
                ArgumentValue::Expr(value) => Some((argument.parameter.clone(), value.clone())),
                _ => None,
            };
            let fields = call.arguments().filter_map(value).collect();
            Expr { ty: Type::Map(Box::new(Type::Any)), node: Node::Record(fields) }
        }
    };
    workflow.evaluated(&key, &Type::Any, step, before, "cacheKey")
}

/// `if step.Exhausted() { ... }` and the result from elsewhere.
fn fallback(workflow: &mut Workflow, step: &Step, instead: &Fallback) -> Result<Vec<Stmt>> {
    let body = match instead {
        Fallback::Value(value) => {
            let ty = value.ty.clone();
            let given = workflow.value(value, &ty)?;
            if ty == Type::Null {
                vec![Stmt::Expr(Go::call("step.FallBack", vec![Go::atom("nil"), Go::atom("nil")]))]
            } else {
                let encoded = encoded(workflow, &ty, given.go, given.fails);
                vec![Stmt::Expr(Go::call("step.FallBack", vec![encoded]))]
            }
        }
        Fallback::Task(other) => {
            let other_step = fallback_step(step, other);
            let name = workflow.members.fresh(&super::names::unexported(&format!("{}_fallback", step.id)));
            let doc = format!("{name} is the {}.", words::described(&other_step.id, other));
            workflow.method(&name, &doc, "(any, error)", |workflow| {
                let mut body: Vec<Stmt> =
                    attempts(workflow, &other_step, other)?.into_iter().map(with_nothing).collect();
                body.push(Stmt::Return(vec![Go::call("step.RawOutput", Vec::new())]));
                Ok(body)
            })?;
            let called = Go::atom("w").method(&name, vec![Go::atom("ctx")]);
            vec![Stmt::Expr(Go::call("step.FallBack", vec![called]))]
        }
    };
    Ok(vec![Stmt::when(Go::call("step.Exhausted", Vec::new()), body)])
}

/// `return nil, err` in place of `return err`, where a method gives a value too.
fn with_nothing(stmt: Stmt) -> Stmt {
    match stmt {
        Stmt::If { init, test, body, otherwise } => match &body[..] {
            [Stmt::Return(values)] if values.len() == 1 => {
                let body = vec![Stmt::Return(vec![Go::atom("nil"), values[0].clone()])];
                Stmt::If { init, test, body, otherwise }
            }
            _ => Stmt::If { init, test, body, otherwise },
        },
        other => other,
    }
}

/// The step that a fallback is.
pub fn fallback_step(step: &Step, other: &TaskCall) -> Step {
    Step {
        id: format!("{}.fallback", step.id),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty: other.callable.returns().clone(),
        kind: StepKind::Task(Box::new(other.clone())),
    }
}

/// The variable by which `Serve` and parents know the workflow.
pub fn definition(workflow: &str) -> String {
    format!("{}Definition", super::names::unexported(workflow))
}

/// The declaration of the variable by which `Serve` and parents know the workflow.
pub fn declaration(workflow: &mut Workflow, body: &str) -> Result<Decl> {
    let plan = workflow.plan;
    let digest = workflow.file.package.digest(&plan.workflow)?.to_owned();
    let mut fields = vec![
        ("Name".to_owned(), Go::string(&plan.workflow)),
        ("Plan".to_owned(), Go::string(&digest)),
        ("Body".to_owned(), Go::atom(body)),
    ];
    if let Some(milliseconds) = plan.deadline_ms {
        fields.push(("Deadline".to_owned(), workflow.duration(milliseconds)));
    }
    if !workflow.children.is_empty() {
        let known = workflow.children.iter();
        let fields_of = known.map(|(key, name)| (super::literal::string(key), Go::atom(name))).collect();
        let ty = format!("map[string]*{}", workflow.file.runtime("Workflow"));
        fields.push(("Children".to_owned(), Go::Struct { ty, fields: fields_of, spread: true }));
    }
    if let Some(limit) = &plan.concurrency {
        let mut inner = vec![("Limit".to_owned(), Go::atom(limit.limit.to_string()))];
        if let Some(key) = &limit.key {
            inner.push(("Key".to_owned(), concurrency_key(workflow, key)?));
        }
        let ty = format!("&{}", workflow.file.runtime("Concurrency"));
        fields.push(("Concurrency".to_owned(), Go::Struct { ty, fields: inner, spread: true }));
    }
    if let Some(schedule) = &plan.schedule {
        let inner = vec![
            ("Cron".to_owned(), Go::string(&schedule.cron)),
            ("TimeZone".to_owned(), Go::string(&schedule.time_zone)),
            ("Missed".to_owned(), Go::string(schedule.missed.as_str())),
        ];
        let ty = format!("&{}", workflow.file.runtime("Schedule"));
        fields.push(("Schedule".to_owned(), Go::Struct { ty, fields: inner, spread: true }));
    }
    let secret: Vec<String> = plan.secret().map(super::literal::string).collect();
    if !secret.is_empty() {
        fields.push(("Secret".to_owned(), Go::atom(format!("[]string{{{}}}", secret.join(", ")))));
    }
    if !workflow.undo.is_empty() {
        let undo = workflow.undo.iter().map(|(key, name)| (super::literal::string(key), Go::atom(name)));
        let fields_of = undo.collect();
        let ty = format!("map[string]{}", workflow.file.runtime("Undo"));
        fields.push(("Undo".to_owned(), Go::Struct { ty, fields: fields_of, spread: true }));
    }
    fields.push(("Plans".to_owned(), Go::atom(workflow.file.package.definition.clone())));
    let ty = format!("&{}", workflow.file.runtime("Workflow"));
    let name = definition(&plan.workflow);
    Ok(Decl::Var {
        doc: vec![format!("{name} is how Serve and other workflows know this one.")],
        name,
        ty: String::new(),
        value: Go::Struct { ty, fields, spread: true },
    })
}

/// `func(input any) (any, error)`: what runs are told apart by that do not wait for each other.
fn concurrency_key(workflow: &mut Workflow, key: &conductor_protocol::expr::Expr) -> Result<Go> {
    let plan = workflow.plan;
    let names = super::public::input_names(plan);
    let inputs = plan.inputs.iter().map(|input| {
        let value = Go::atom("input").field(names[&input.name].clone());
        (input.name.clone(), (value, super::public::field_type(input)))
    });
    let scope = super::scope::Scope { inputs: inputs.collect(), ..super::scope::Scope::empty() };
    let value = super::expr::Translator::new(&mut workflow.file, &scope).root(key, &key.ty)?;
    let decode = super::public::input_codec(workflow, Way::Decode);
    let decoded = workflow.file.call_cel("Decode", vec![Go::atom("inputs"), decode]);
    let encoded = encoded(workflow, &key.ty, value.go, value.fails);
    let body = vec![
        Stmt::Define(vec!["input".to_owned(), "err".to_owned()], decoded),
        Stmt::unless_ok(vec![Go::atom("nil")]),
        Stmt::Return(vec![encoded]),
    ];
    Ok(Go::Func {
        params: vec![("inputs".to_owned(), "map[string]any".to_owned())],
        results: "(any, error)".to_owned(),
        body,
    })
}
