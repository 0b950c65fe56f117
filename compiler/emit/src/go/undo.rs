//! Compensations: the arguments that are computed when a step completes, and the function that undoes it later.
//!
//! It knows what is undone with what; when that happens is the runtime's business.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Argument, ArgumentValue, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::codecs::{self, Way};
use super::expr::{Result, Translator};
use super::names::{exported, unexported};
use super::tree::{Decl, Function, Go, Stmt, Struct};
use super::workflow::{State, Workflow};
use crate::inline::RESULT;

/// The arguments of the compensation that are values, as expressions where the step stands.
fn arguments(undo: &TaskCall) -> Vec<(&Argument, &Expr)> {
    let all = undo.arguments().filter_map(|argument| match &argument.value {
        ArgumentValue::Expr(value) => Some((argument, value)),
        _ => None,
    });
    all.collect()
}

/// The method that computes the arguments of the compensation from the step's output as JSON. Gives its name.
pub fn durable(workflow: &mut Workflow, step: &Step, call: &TaskCall, undo: &TaskCall) -> Result<String> {
    let function = function(workflow, step, undo)?;
    let pattern = workflow.key_pattern(&step.id);
    workflow.undo.push((pattern, function));
    let name = workflow.members.fresh(&unexported(&format!("{}_undo", step.id)));
    let doc = format!("{name} gives what `{}` is undone with.", step.id);
    let params = vec![("output".to_owned(), "any".to_owned())];
    let state = workflow.state().name.clone();
    let at = workflow.decls.len();
    let result = Type::optional(call.callable.returns().clone());
    let mut body = Vec::new();
    let outer = std::mem::replace(&mut workflow.locals, workflow.file.package.locals());
    workflow.scope.variables.push((RESULT.to_owned(), Go::atom("result"), result.clone()));
    let pairs = encoded(workflow, undo);
    workflow.scope.variables.pop();
    workflow.locals = outer;
    let pairs = pairs?;
    let reads_result = format!("{pairs:?}").contains("\"result\"");
    if reads_result {
        let decode = workflow.file.codec(Way::Decode, &result);
        let decoded = workflow.file.call_cel("Decode", vec![Go::atom("output"), decode]);
        body.push(Stmt::Define(vec!["result".to_owned(), "err".to_owned()], decoded));
        body.push(Stmt::unless_ok(vec![Go::atom("nil")]));
    }
    let spread = pairs.len() > 1;
    let map = Go::Struct { ty: "map[string]any".to_owned(), fields: pairs, spread };
    body.push(Stmt::Return(vec![super::durable::encoding(workflow, map)]));
    let output = if reads_result { "output" } else { "_" };
    workflow.decls.insert(
        at,
        Decl::Function(Function {
            doc: vec![doc],
            receiver: Some(("w".to_owned(), format!("*{state}"))),
            name: name.clone(),
            params: params.into_iter().map(|(_, ty)| (output.to_owned(), ty)).collect(),
            results: "(any, error)".to_owned(),
            body,
        }),
    );
    Ok(name)
}

fn encoded(workflow: &mut Workflow, undo: &TaskCall) -> Result<Vec<(String, Go)>> {
    let mut pairs = Vec::new();
    for (argument, value) in arguments(undo) {
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        let value = translator.as_type(value, &argument.ty)?;
        let value = codecs::apply(&mut workflow.file, Way::Encode, &argument.ty, value);
        pairs.push((super::literal::string(&argument.parameter), value));
    }
    Ok(pairs)
}

/// The compensation as a step of its own, whose arguments are variables.
fn undoing(step: &Step, undo: &TaskCall) -> Step {
    let mut call = undo.clone();
    crate::inline::each_argument(&mut call, &mut |argument: &mut Argument| {
        if let ArgumentValue::Expr(value) = &mut argument.value {
            *value = Expr { ty: argument.ty.clone(), node: Node::Variable(argument.parameter.clone()) };
        }
    });
    // Its own keys and its fallback are over the same variables.
    crate::inline::fallbacks(&mut call);
    let id = format!("{}.compensate", step.id);
    let ty = call.callable.returns().clone();
    let kind = StepKind::Task(Box::new(call));
    Step { id, anonymous: false, when: None, critical: true, deadline_ms: None, needs: Vec::new(), ty, kind }
}

/// What a compensation runs in.
struct Undoing {
    name: String,
    method: String,
    /// The parameter, the field that holds it, and its type.
    params: Vec<(String, String, Type)>,
}

/// The struct that a compensation runs in, with its method.
fn state(workflow: &mut Workflow, step: &Step, undo: &TaskCall) -> Result<Undoing> {
    let undo_step = undoing(step, undo);
    let package = workflow.file.package;
    let wanted = format!("{}{}Undo", unexported(&workflow.plan.workflow), exported(&step.id));
    let name = package.fresh(&wanted);
    let run = if workflow.plan.durable { "Run" } else { "Local" };
    let run = format!("*{}", workflow.file.runtime(run));
    let mut fields = vec![("run".to_owned(), run), ("key".to_owned(), "string".to_owned())];
    let mut members = super::names::Names::default();
    ["run", "key"].iter().for_each(|name| members.reserve(name));
    let mut params = Vec::new();
    for argument in undo.arguments().filter(|argument| matches!(argument.value, ArgumentValue::Expr(_))) {
        let field = members.fresh(&unexported(&argument.parameter));
        fields.push((field.clone(), workflow.file.ty(&argument.ty)));
        params.push((argument.parameter.clone(), field, argument.ty.clone()));
    }
    let outer_members = std::mem::replace(&mut workflow.members, members);
    let outer_key = workflow.key_of.replace(Go::atom("w.key"));
    let outer_variables = std::mem::take(&mut workflow.scope.variables);
    for (parameter, field, ty) in &params {
        let value = Go::atom("w").field(field.clone());
        workflow.scope.variables.push((parameter.clone(), value, ty.clone()));
    }
    workflow.states.push(State { name: name.clone(), fields });
    // It is recorded, wherever what it undoes stands.
    let is_atomic = std::mem::replace(&mut workflow.is_atomic, false);
    let written = workflow.step_method(&undo_step);
    workflow.is_atomic = is_atomic;
    let done = workflow.states.pop();
    workflow.scope.variables = outer_variables;
    workflow.key_of = outer_key;
    workflow.members = outer_members;
    let method = written?;
    if let Some(done) = done {
        let doc = format!("{name} undoes `{}`.", step.id);
        workflow.decls.push(Decl::Struct(Struct {
            doc: vec![doc],
            name: name.clone(),
            fields: done.fields,
            wire: Vec::new(),
        }));
    }
    Ok(Undoing { name, method, params })
}

/// The function that undoes the step in a durable run. Gives its name.
fn function(workflow: &mut Workflow, step: &Step, undo: &TaskCall) -> Result<String> {
    let Undoing { name: state, method, params } = state(workflow, step, undo)?;
    let package = workflow.file.package;
    let wanted = format!("undo{}{}", exported(&workflow.plan.workflow), exported(&step.id));
    let name = package.fresh(&wanted);
    let mut fields = vec![("run".to_owned(), Go::atom("run")), ("key".to_owned(), Go::atom("key"))];
    let mut made = Vec::new();
    if !params.is_empty() {
        let names: Vec<Go> = params.iter().map(|(parameter, ..)| Go::string(parameter)).collect();
        let object = Go::call("d.Object", std::iter::once(Go::atom("v")).chain(names).collect());
        made.push(Stmt::define("fields", object));
        for (parameter, field, ty) in &params {
            let at = Go::atom("fields").index(Go::string(parameter));
            fields.push((field.clone(), codecs::apply(&mut workflow.file, Way::Decode, ty, at)));
        }
    }
    let structure = Go::unary('&', Go::Struct { ty: state.clone(), fields, spread: true });
    made.push(Stmt::Return(vec![structure]));
    let decoder = format!("*{}", workflow.file.cel("Decoder"));
    let (d, v) = if params.is_empty() { ("_", "_") } else { ("d", "v") };
    let decode = Go::Func {
        params: vec![(d.to_owned(), decoder), (v.to_owned(), "any".to_owned())],
        results: format!("*{state}"),
        body: made,
    };
    let decoded = workflow.file.call_cel("Decode", vec![Go::atom("args"), decode]);
    let context = format!("{}.Context", workflow.file.std("context"));
    let run = format!("*{}", workflow.file.runtime("Run"));
    workflow.decls.push(Decl::Function(Function {
        doc: vec![format!("{name} undoes `{}` with what was recorded when it had ended.", step.id)],
        receiver: None,
        name: name.clone(),
        params: vec![
            ("ctx".to_owned(), context),
            ("run".to_owned(), run),
            ("key".to_owned(), "string".to_owned()),
            ("args".to_owned(), "any".to_owned()),
        ],
        results: "error".to_owned(),
        body: vec![
            Stmt::Define(vec!["w".to_owned(), "err".to_owned()], decoded),
            Stmt::unless_ok(Vec::new()),
            Stmt::Return(vec![Go::atom("w").method(&method, vec![Go::atom("ctx")])]),
        ],
    }));
    Ok(name)
}

/// What notes how a step is undone that its journal does not know of.
pub struct Noted {
    /// Where it has a result.
    pub completed: Vec<Stmt>,
    /// Where an attempt was cut off, and nobody knows whether it happened.
    pub unknown: Stmt,
}

/// Inside of an atomic block: what undoes the step stands in the entry of the block.
pub fn atomic(workflow: &mut Workflow, step: &Step, call: &TaskCall, undo: &TaskCall) -> Result<Noted> {
    let name = durable(workflow, step, call, undo)?;
    let key = workflow.key(&step.id);
    let ty = call.callable.returns().clone();
    let undoes = |output: &str, err: &str| {
        let args = vec![key.clone(), Go::atom(output), Go::atom(err), Go::atom(format!("w.{name}"))];
        Stmt::Expr(Go::call("w.run.Undoes", args))
    };
    let unknown = undoes("nil", "nil");
    if ty == Type::Null {
        return Ok(Noted { completed: vec![unknown.clone()], unknown });
    }
    let encode = workflow.file.codec(Way::Encode, &ty);
    let encoded = workflow.file.call_cel("Encode", vec![Go::atom("result"), encode]);
    let defined = Stmt::Define(vec!["output".to_owned(), "err".to_owned()], encoded);
    Ok(Noted { completed: vec![defined, undoes("output", "err")], unknown })
}

/// In a run without a journal: a method notes what undoes the step if the run fails later.
pub fn direct(workflow: &mut Workflow, step: &Step, call: &TaskCall, undo: &TaskCall) -> Result<Noted> {
    let undoing = state(workflow, step, undo)?;
    let ty = call.callable.returns().clone();
    let result = Type::optional(ty.clone());
    let name = workflow.members.fresh(&unexported(&format!("{}_undo", step.id)));
    let at = workflow.decls.len();
    let outer = std::mem::replace(&mut workflow.locals, workflow.file.package.locals());
    // An argument of the same name stands beside the result.
    let given = workflow.locals.fresh("result");
    workflow.scope.variables.push((RESULT.to_owned(), Go::atom(given), result.clone()));
    let body = noted(workflow, step, undo, undoing);
    workflow.scope.variables.pop();
    workflow.locals = outer;
    let body = body?;
    let parameter = if super::workflow::mentions(&body, "result") { "result" } else { "_" };
    let is_null = ty == Type::Null;
    let params = if is_null { Vec::new() } else { vec![(parameter.to_owned(), workflow.file.ty(&result))] };
    let receiver = Some(("w".to_owned(), format!("*{}", workflow.state().name)));
    let doc = vec![format!("{name} notes what undoes `{}`.", step.id)];
    let results = String::new();
    let method = Function { doc, receiver, name: name.clone(), params, results, body };
    workflow.decls.insert(at, Decl::Function(method));
    let told = |given: Vec<Go>| Stmt::Expr(Go::atom("w").method(&name, given));
    if is_null {
        return Ok(Noted { completed: vec![told(Vec::new())], unknown: told(Vec::new()) });
    }
    let given =
        Translator::new(&mut workflow.file, &workflow.scope).coerce(Go::atom("result"), &ty, &result)?;
    Ok(Noted { completed: vec![told(vec![given])], unknown: told(vec![workflow.file.zero(&result)]) })
}

/// The arguments as they are now, for the method that undoes the step with them.
fn noted(workflow: &mut Workflow, step: &Step, undo: &TaskCall, undoing: Undoing) -> Result<Vec<Stmt>> {
    let Undoing { name: state, method, params } = undoing;
    let key = workflow.key(&step.id);
    let mut fields = vec![("run".to_owned(), Go::atom("&w.run")), ("key".to_owned(), key.clone())];
    let mut body = Vec::new();
    for ((_, field, ty), (_, value)) in params.iter().zip(arguments(undo)) {
        let value = workflow.value(value, ty)?;
        if !value.fails {
            fields.push((field.clone(), value.go));
            continue;
        }
        let spelled = workflow.file.ty(ty);
        let evaluated = workflow.file.call_cel("Eval", vec![Go::lambda(&[], &spelled, value.go)]);
        let name = workflow.locals.fresh(field);
        body.push(Stmt::Define(vec![name.clone(), "err".to_owned()], evaluated));
        let cannot = Go::call("w.run.CannotUndo", vec![key.clone(), Go::atom("err")]);
        body.push(Stmt::if_err(vec![Stmt::Expr(cannot), Stmt::Return(Vec::new())]));
        fields.push((field.clone(), Go::atom(name)));
    }
    let name = workflow.locals.fresh("undo");
    let made = Go::unary('&', Go::Struct { ty: state, fields, spread: true });
    body.push(Stmt::define(&name, made));
    body.push(Stmt::Expr(Go::call("w.run.UndoWith", vec![key, Go::atom(format!("{name}.{method}"))])));
    Ok(body)
}
