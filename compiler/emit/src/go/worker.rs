//! Calls of functions in other languages, and what serves this language's to theirs.
//!
//! It knows the forms of calls over the broker, not who answers them.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Argument, ArgumentValue, Callable, Receiver, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::call;
use super::codecs::{self, Way};
use super::durable;
use super::expr::{Result, Translator, unsupported};
use super::names::exported;
use super::package::Package;
use super::tree::{Decl, Function, Go, Source, Stmt};
use super::workflow::Workflow;
use crate::served::{ServedFunction, arguments, wire_name};

/// Name and signature of the function that a call makes in another language.
fn callee(workflow: &Workflow, call: &TaskCall) -> Result<(Go, Go)> {
    let Some(function) = call.callable.function() else { return Err(unsupported("a call of a service")) };
    let name = wire_name(function);
    let signature = workflow.file.package.signatures.get(&name);
    let signature = signature.ok_or_else(|| unsupported(&format!("a call of `{name}`")))?;
    Ok((Go::string(&name), Go::string(signature)))
}

/// The arguments as JSON, by their names.
fn encoded(workflow: &mut Workflow, call: &TaskCall) -> Result<Go> {
    let mut fields = Vec::new();
    for parameter in arguments(call) {
        let (Some(wire), ArgumentValue::Expr(value)) = (&parameter.wire, &parameter.argument.value) else {
            continue;
        };
        let own = value.before_crossing();
        let (value, ty) = if own == value { (value, &parameter.argument.ty) } else { (own, &own.ty) };
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        let given = translator.as_type(value, ty)?;
        let given = codecs::apply(&mut workflow.file, Way::Encode, ty, given);
        fields.push((super::literal::string(wire), given));
    }
    let spread = fields.len() > 1;
    let map = Go::Struct { ty: "map[string]any".to_owned(), fields, spread };
    Ok(durable::encoding(workflow, map))
}

/// The attempts of a step that another process executes.
pub fn invoked(workflow: &mut Workflow, call: &TaskCall) -> Result<Vec<Stmt>> {
    let (name, signature) = callee(workflow, call)?;
    let encoded = encoded(workflow, call)?;
    let invalid = Go::call("step.Invalid", vec![Go::atom("err")]);
    let args = vec![Go::atom("ctx"), name, signature, Go::atom("args")];
    let attempt = Stmt::Define(vec!["result".to_owned(), "err".to_owned()], Go::call("step.Invoke", args));
    let succeed = Go::call("step.SucceedRaw", vec![Go::atom("result")]);
    Ok(vec![
        Stmt::Define(vec!["args".to_owned(), "err".to_owned()], encoded),
        Stmt::if_err(vec![Stmt::Return(vec![invalid])]),
        durable::attempted(workflow, call, attempt, succeed),
    ])
}

/// An attempt without a journal, and what comes before it.
pub fn attempt(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<(Go, Vec<Stmt>)> {
    let (name, signature) = callee(workflow, call)?;
    let encoded = encoded(workflow, call)?;
    let broken = workflow.broken(step);
    let before = vec![
        Stmt::Define(vec!["args".to_owned(), "err".to_owned()], encoded),
        Stmt::if_err(vec![Stmt::Return(vec![broken])]),
    ];
    let key = workflow.key(&step.id);
    let invoke = Go::call("w.run.Invoke", vec![Go::atom("ctx"), name, signature, Go::atom("args"), key]);
    let ty = call.callable.returns().clone();
    let results = call::results(workflow, &ty);
    let context = format!("{}.Context", workflow.file.std("context"));
    let body = if ty == Type::Null {
        vec![
            Stmt::Define(vec!["_".to_owned(), "err".to_owned()], invoke),
            Stmt::Return(vec![Go::atom("err")]),
        ]
    } else {
        let zero = workflow.file.zero(&ty);
        let decode = workflow.file.codec(Way::Decode, &ty);
        vec![
            Stmt::Define(vec!["output".to_owned(), "err".to_owned()], invoke),
            Stmt::unless_ok(vec![zero]),
            Stmt::Return(vec![workflow.file.call_cel("Decode", vec![Go::atom("output"), decode])]),
        ]
    };
    Ok((Go::Func { params: vec![("ctx".to_owned(), context)], results, body }, before))
}

/// What the package serves: a function each, and the list of them. Gives the file, or nothing.
pub fn source(package: &Package, served: &[(&str, &ServedFunction<'_>)]) -> Result<Option<Source>> {
    let Some((_, first)) = served.first() else { return Ok(None) };
    let mut workflow = Workflow::new(package, first.plan);
    let mut decls = Vec::new();
    let mut items = Vec::new();
    for (name, found) in served {
        workflow.plan = found.plan;
        let function = handler(&mut workflow, name, found)?;
        let ty = String::new();
        let fields = vec![
            ("Function".to_owned(), Go::string(name)),
            ("Signature".to_owned(), Go::string(&found.signature)),
            ("Run".to_owned(), Go::atom(function.name.clone())),
        ];
        items.push(Go::Struct { ty, fields, spread: false });
        decls.push(Decl::Function(function));
    }
    let ty = format!("[]{}", workflow.file.runtime("Task"));
    let list = Decl::Var {
        doc: vec!["tasks are the functions that workflows of other languages call.".to_owned()],
        name: "tasks".to_owned(),
        ty: String::new(),
        value: Go::List { ty, items },
    };
    decls.insert(0, list);
    Ok(Some(workflow.file.source(Vec::new(), decls)))
}

/// `func(ctx, args) (any, error)`: the call with arguments from JSON.
fn handler(workflow: &mut Workflow, name: &str, found: &ServedFunction<'_>) -> Result<Function> {
    let package = workflow.file.package;
    workflow.locals = package.locals();
    ["args", "result"].iter().for_each(|name| workflow.locals.reserve(name));
    workflow.scope.variables.clear();
    let mut body = Vec::new();
    let (mut own, mut object) = (Vec::new(), Vec::new());
    for parameter in &found.parameters {
        let mut argument: Argument = parameter.argument.clone();
        if let Some(wire) = &parameter.wire {
            let local = workflow.locals.fresh(&super::names::unexported(wire));
            let at = Go::atom("args").index(Go::string(wire));
            let decode = workflow.file.codec(Way::Decode, &argument.ty);
            let decoded = workflow.file.call_cel("Decode", vec![at, decode]);
            body.push(Stmt::Define(vec![local.clone(), "err".to_owned()], decoded));
            body.push(Stmt::unless_ok(vec![Go::atom("nil")]));
            workflow.scope.variables.push((wire.clone(), Go::atom(local), argument.ty.clone()));
            let node = Node::Variable(wire.clone());
            argument.value = ArgumentValue::Expr(Expr { ty: argument.ty.clone(), node });
        }
        if parameter.of_receiver { object.push(argument) } else { own.push(argument) }
    }
    let mut function = found.function.clone();
    if let Some(Receiver::Constructed { args, .. }) = &mut function.receiver {
        *args = object;
    }
    let ty = function.returns.clone();
    let task = TaskCall { callable: Callable::Function(function), args: own, ..template(found)? };
    let step = step(name, &task);
    workflow.serves = true;
    let made = call::made(workflow, &step, &task, &Go::atom("nil, err"))?;
    workflow.serves = false;
    body.extend(made.before.clone());
    let attempt = call::attempt(workflow, &made)?;
    let around = taken(workflow, &task);
    let (does, does_null) = if around.is_some() { ("Try", "TryNull") } else { ("Do", "DoNull") };
    let args = std::iter::once(Go::atom("ctx")).chain(around).chain([attempt]).collect();
    if ty == Type::Null {
        let run = workflow.file.call_runtime(does_null, args);
        body.push(Stmt::Return(vec![Go::atom("nil"), run]));
    } else {
        let run = workflow.file.call_runtime(does, args);
        body.push(Stmt::Define(vec!["result".to_owned(), "err".to_owned()], run));
        let encode = workflow.file.codec(Way::Encode, &ty);
        let args = vec![Go::atom("result"), Go::atom("err"), encode];
        body.push(Stmt::Return(vec![workflow.file.call_runtime("Served", args)]));
    }
    let context = format!("{}.Context", workflow.file.std("context"));
    let wanted = format!("serve{}", exported(&found.function.name));
    let function_name = package.fresh(&wanted);
    let takes = found.parameters.iter().any(|parameter| parameter.wire.is_some());
    Ok(Function {
        doc: vec![format!("{function_name} serves `{}` to workflows of other languages.", found.function)],
        receiver: None,
        name: function_name,
        params: vec![
            ("ctx".to_owned(), context),
            (if takes { "args" } else { "_" }.to_owned(), "map[string]any".to_owned()),
        ],
        results: "(any, error)".to_owned(),
        body,
    })
}

/// The permits of the clients that the function needs.
fn taken(workflow: &mut Workflow, call: &TaskCall) -> Option<Go> {
    let clients: Vec<&str> = crate::served::clients(call).collect();
    let pools = super::resources::pools_of(workflow, &clients);
    if pools.is_empty() {
        return None;
    }
    let list = Go::List { ty: format!("[]*{}", workflow.file.runtime("Pool")), items: pools };
    let effect = Go::atom(workflow.file.runtime("Read"));
    let fields = vec![("Effect".to_owned(), effect), ("Uses".to_owned(), list)];
    Some(Go::Struct { ty: workflow.file.runtime("Around"), fields, spread: false })
}

/// A call of the function somewhere, for what the caller decides.
fn template(found: &ServedFunction<'_>) -> Result<TaskCall> {
    let calls = found.plan.all_calls();
    let of = calls.into_iter().find(|call| call.callable.function() == Some(found.function));
    of.cloned().ok_or_else(|| unsupported(&format!("serving `{}`", found.function)))
}

fn step(name: &str, call: &TaskCall) -> Step {
    Step {
        id: name.to_owned(),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty: call.callable.returns().clone(),
        kind: StepKind::Task(Box::new(call.clone())),
    }
}
