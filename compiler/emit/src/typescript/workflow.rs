//! Decides the module of one workflow: its public function, its body, and a function for each step that needs one.
//!
//! It knows how a workflow begins and ends; blocks and steps are decided in modules of their own.

use std::collections::BTreeSet;

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Plan, Step, StepKind};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::expr::Translator;
use super::file::File;
use super::flat::flat;
use super::kept::Kept;
use super::mentions;
use super::names::{Names, camel, pascal};
use super::package::Package;
use super::scope::Scope;
use super::tree::{Function, Item, Module, Param, Stmt, Ts, Ty};
use super::{defaults, descriptor};
use crate::EmitError;
use crate::flow::{At, Region, Var};

/// Names that the functions of a workflow's module use for themselves.
const RESERVED: [&str; 59] = [
    "Breaker",
    "Cache",
    "LocalRun",
    "NOTHING",
    "Pool",
    "Record",
    "Recorded",
    "Run",
    "RunOptions",
    "Workflow",
    "attempts",
    "body",
    "cached",
    "cacheKey",
    "call",
    "caught",
    "cel",
    "celDynamic",
    "celLists",
    "celMath",
    "celText",
    "celTime",
    "codecs",
    "constant",
    "data",
    "error",
    "exponential",
    "failure",
    "failures",
    "graph",
    "index",
    "input",
    "isRetryable",
    "item",
    "items",
    "key",
    "linear",
    "operations",
    "options",
    "output",
    "plans",
    "resources",
    "result",
    "run",
    "runLocally",
    "scalars",
    "signal",
    "started",
    "step",
    "tasks",
    "turn",
    "undo",
    "value",
    "workflow",
    "env",
    "Custom",
    "Http",
    "current",
    "winner",
];

pub struct Workflow<'a> {
    pub plan: &'a Plan,
    pub scope: Scope<'a>,
    pub file: File<'a>,
    pub functions: Vec<Item>,
    /// What holds the limits of tasks, and the like: constants of the module.
    pub constants: Vec<Item>,
    /// The name of the run that steps are made in.
    pub run: String,
    /// Whether `return` ends the workflow's own function.
    pub is_top: bool,
    /// Whether a `return` stands in a function of its own.
    pub returns_from_within: bool,
    /// What is read even where the block around fails: its step leaves it at once.
    pub kept: Vec<Kept>,
    /// The end of the list of steps that is being written.
    pub end: At,
    /// What undoes steps, by their ids.
    pub compensations: Vec<(String, String)>,
}

pub fn module(package: &Package, plan: &Plan) -> Result<Module, EmitError> {
    let mut names = Names::reserving(&RESERVED);
    let public = package.public_name(&plan.workflow);
    names.reserve(&public);
    for step in plan.all_steps() {
        if let StepKind::Workflow(call) = &step.kind {
            names.reserve(&child_alias(&call.workflow));
            names.reserve(&package.public_name(&call.workflow));
        }
    }
    let scope = Scope::new(plan, &package.types, &mut names);
    let workflow = Workflow {
        plan,
        scope,
        file: File::new(package, &plan.workflow, names),
        functions: Vec::new(),
        constants: Vec::new(),
        run: "run".to_owned(),
        is_top: true,
        returns_from_within: false,
        kept: Vec::new(),
        end: At::End,
        compensations: Vec::new(),
    };
    workflow.build()
}

impl<'a> Workflow<'a> {
    fn build(mut self) -> Result<Module, EmitError> {
        let mut items = Vec::new();
        if self.plan.durable {
            items.push(Item::Function(self.start()));
            let body = self.durable_body()?;
            items.push(Item::Function(body));
        } else {
            let function = self.direct()?;
            items.push(Item::Function(function));
        }
        items.append(&mut self.functions);
        if self.plan.durable {
            items.push(descriptor::item(&mut self)?);
        }
        let mut all = std::mem::take(&mut self.constants);
        all.append(&mut items);
        Ok(self.file.module(all))
    }

    /// The expression's value where a value of its type is wanted.
    pub fn value(&mut self, expr: &Expr, at: At) -> Result<Ts, EmitError> {
        Translator::new(&mut self.file, &self.scope, at).value(expr)
    }

    pub fn condition(&mut self, expr: &Expr, at: At) -> Result<Ts, EmitError> {
        Translator::new(&mut self.file, &self.scope, at).condition(expr)
    }

    /// Whether steps are recorded where they are being written: not in what is one step to the journal.
    pub fn is_durable(&self) -> bool {
        self.plan.durable && !self.scope.is_atomic()
    }

    pub fn may_fail(&self, expr: &Expr) -> bool {
        crate::flow::may_fail(&self.file.package.types.table, expr) || super::expr::is_wide(expr)
    }

    /// A method of the run.
    pub fn on_run(&self, method: &str, args: Vec<Ts>) -> Ts {
        Ts::name(self.run.clone()).member(method).called(args)
    }

    /// The value of an expression of the block or step `id`, which fails where there is none.
    pub fn evaluated(&mut self, id: &str, expr: &Expr, at: At) -> Result<Ts, EmitError> {
        let value = self.value(expr, at)?;
        Ok(if self.may_fail(expr) { self.guarded(id, value) } else { value })
    }

    pub fn guarded(&self, id: &str, value: Ts) -> Ts {
        self.on_run("evaluate", vec![Ts::string(id), Ts::arrow(&[], value)])
    }

    /// Whether the condition of the block or step `id` holds.
    pub fn holds(&mut self, id: &str, expr: &Expr, at: At) -> Result<Ts, EmitError> {
        let value = self.condition(expr, at)?;
        // Linters refuse a condition that is decided already.
        let is_decided = matches!(value, Ts::Literal(_));
        let fails = self.may_fail(expr) || expr.ty != Type::Bool || is_decided;
        Ok(if fails { self.guarded(id, value) } else { value })
    }

    fn input_type(&mut self) -> Ty {
        let name = input_type_name(&self.plan.workflow);
        self.file.generated(&name)
    }

    fn options(&mut self) -> Param {
        let ty = self.file.runtime_type("execute", "RunOptions");
        Param { name: "options".to_owned(), ty: Some(ty), default: Some(Ts::Object(Vec::new())) }
    }

    fn public(&mut self, body: Vec<Stmt>, doc: &str) -> Function {
        let mut params = Vec::new();
        let uses_input = mentions::in_statements(&body, "input");
        if !self.plan.inputs.is_empty() || !uses_input {
            let ty = self.input_type();
            let all_optional = self.plan.inputs.iter().all(defaults::may_be_absent);
            let empty = if uses_input { Ts::Object(Vec::new()) } else { Ts::name("undefined") };
            let default = all_optional.then_some(empty);
            let name = if uses_input { "input" } else { "_input" };
            params.push(Param { name: name.to_owned(), ty: Some(ty), default });
        }
        params.push(self.options());
        let returns = self.file.ty(&self.plan.output.ty);
        let returns =
            if self.plan.output.ty == Type::Null { Ty::name("void") } else { returned(&body, returns) };
        Function {
            exported: true,
            is_async: true,
            name: self.file.package.public_name(&self.plan.workflow),
            params,
            returns: Ty::promise(returns),
            doc: doc.to_owned(),
            body,
        }
    }

    /// The public function of a durable workflow.
    fn start(&mut self) -> Function {
        let mut pairs = Vec::new();
        for input in &self.plan.inputs {
            let given = Ts::name("input").member(input_name(self.plan, &input.name));
            pairs.push(defaults::given(&mut self.file, input, given));
        }
        let call = self.file.runtime("execute", "call");
        let args = vec![Ts::name("workflow"), Ts::Object(pairs), Ts::name("options")];
        let call = call.called(args).awaited();
        let output = self.plan.output.ty.clone();
        let body = if output == Type::Null {
            vec![Stmt::Expr(call)]
        } else {
            let decoded = self.file.coded(Way::Decode, &output, Ts::name("output"));
            vec![Stmt::constant("output", call), Stmt::Return(Some(decoded))]
        };
        self.public(
            body,
            "Runs the workflow; with the id of a run that exists, waits for that one or continues it.",
        )
    }

    /// The steps, from the recorded inputs to the output as JSON.
    fn durable_body(&mut self) -> Result<Function, EmitError> {
        let mut body = Vec::new();
        let read = self.scope.flow.reads(Region::All);
        for input in &self.plan.inputs {
            let var = Var::Input(input.name.clone());
            if input.ty != Type::Null && (read.contains(&var) || self.scope.flow.is_read(&var)) {
                let recorded = self.scope.is_recorded(&var);
                let value = defaults::recorded(&mut self.file, input, recorded);
                body.push(Stmt::constant(self.scope.name(&var), value));
            }
        }
        body.extend(self.steps(&self.plan.steps, At::End)?);
        let ends = body.last().is_some_and(ends_function);
        if !ends {
            let output = self.encoded_output(&self.plan.output, At::End)?;
            body.push(Stmt::Return(Some(output)));
        }
        let body = super::tidy::tidied(body);
        let run = self.file.runtime_type("run", "Run");
        let uses_run = mentions::in_statements(&body, "run");
        let is_async = mentions::awaits(&body);
        Ok(Function {
            exported: false,
            is_async,
            name: "body".to_owned(),
            params: vec![Param::typed(if uses_run { "run" } else { "_run" }, run)],
            returns: Ty::promise(Ty::name("unknown")),
            doc: "The steps, from the recorded inputs to the output as JSON.".to_owned(),
            body: if is_async { body } else { promised(body) },
        })
    }

    /// The output as the journal has it.
    pub fn encoded_output(&mut self, value: &Expr, at: At) -> Result<Ts, EmitError> {
        let translated = self.value(value, at)?;
        let ty = if value.ty == Type::Null { &Type::Null } else { &self.plan.output.ty };
        let encoded = self.file.coded(Way::Encode, &ty.clone(), translated);
        Ok(encoded)
    }

    /// The function of a workflow that keeps no journal.
    fn direct(&mut self) -> Result<Function, EmitError> {
        for input in &self.plan.inputs {
            let given = Ts::name("input").member(input_name(self.plan, &input.name));
            if let Some(value) = defaults::direct(&mut self.file, input, given) {
                self.scope.held.insert(Var::Input(input.name.clone()), value);
            }
        }
        let mut body = Vec::new();
        for input in &self.plan.inputs {
            let var = Var::Input(input.name.clone());
            let is_held = input.ty == Type::Null || self.scope.held.contains_key(&var);
            if !is_held && self.scope.flow.is_read(&var) {
                let given = Ts::name("input").member(input_name(self.plan, &input.name));
                let value = defaults::made(&mut self.file, input, given);
                body.push(Stmt::constant(self.scope.name(&var), value));
            }
        }
        let steps = super::tidy::tidied(self.direct_steps()?);
        let made = self.file.runtime("local", "LocalRun");
        let Ts::Name(made) = made else { return Err(EmitError::Unsupported { what: "a run".to_owned() }) };
        let run = Ts::made(&made, vec![Ts::string(&self.plan.workflow), Ts::name("options")]);
        let at = self.file.names.fresh("at");
        if let Some(flat) = flat(&steps, &at) {
            body.extend(flat.before);
            let failed = run.member("error").called(vec![Ts::name("error"), flat.at]).awaited();
            let handler = Some(("error".to_owned(), vec![Stmt::Throw(failed)]));
            body.push(Stmt::Try { body: flat.steps, handler, finally: Vec::new() });
        } else {
            body.push(Stmt::constant("run", run));
            body.push(self.around(steps));
        }
        Ok(self.public(body, "Runs the workflow. It keeps no journal: a crash ends it."))
    }

    /// The steps of a run, and its end however they end.
    fn around(&mut self, steps: Vec<Stmt>) -> Stmt {
        let error = vec![Ts::name("error")];
        let handler = if self.returns_from_within {
            let ty = self.file.ty(&self.plan.output.ty);
            let ended = Ts::path("run.end").called_with(vec![ty], error).awaited();
            if self.plan.output.ty == Type::Null { Stmt::Expr(ended) } else { Stmt::Return(Some(ended)) }
        } else {
            Stmt::Throw(Ts::call("run.error", error).awaited())
        };
        // A signal of the caller that outlives the run would keep it.
        let finally = vec![Stmt::Expr(self.on_run("close", Vec::new()))];
        Stmt::Try { body: steps, handler: Some(("error".to_owned(), vec![handler])), finally }
    }

    fn direct_steps(&mut self) -> Result<Vec<Stmt>, EmitError> {
        let limit = self.plan.deadline_ms;
        let turn = self.plan.concurrency.clone();
        self.is_top = true;
        if let Some(attempts) = self.only_step()? {
            return Ok(attempts);
        }
        let mut steps = self.steps(&self.plan.steps, At::End)?;
        if self.plan.output.ty != Type::Null && !steps.last().is_some_and(ends_function) {
            steps.push(Stmt::Return(Some(self.value(&self.plan.output, At::End)?)));
        }
        let is_null = self.plan.output.ty == Type::Null;
        let wrapped = |call: Ts| {
            let call = call.awaited();
            vec![if is_null { Stmt::Expr(call) } else { Stmt::Return(Some(call)) }]
        };
        if let Some(milliseconds) = limit {
            let args = vec![Ts::null(), super::policy::number(milliseconds), Ts::function(&["run"], steps)];
            steps = wrapped(Ts::call("run.deadline", args));
        }
        if let Some(turn) = turn {
            let key = descriptor::concurrency(self, &turn)?;
            steps = wrapped(Ts::call("run.turn", vec![key, Ts::function(&["run"], steps)]));
        }
        Ok(steps)
    }
}

/// Whether nothing can stand behind the statement.
pub fn ends_function(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Return(_) | Stmt::Throw(_))
}

/// A body that waits for nothing, in a function that gives a promise.
pub fn promised(body: Vec<Stmt>) -> Vec<Stmt> {
    promise(body, true)
}

/// `rejects`: whether nothing around catches what is thrown.
fn promise(body: Vec<Stmt>, rejects: bool) -> Vec<Stmt> {
    let each = |statement| match statement {
        Stmt::Return(Some(value)) => Stmt::Return(Some(Ts::call("Promise.resolve", vec![value]))),
        Stmt::Throw(error) if rejects => Stmt::Return(Some(Ts::call("Promise.reject", vec![error]))),
        Stmt::If { test, body, otherwise } => {
            Stmt::If { test, body: promise(body, rejects), otherwise: promise(otherwise, rejects) }
        }
        Stmt::While { test, body } => Stmt::While { test, body: promise(body, rejects) },
        Stmt::Count { name, from, test, body } => {
            Stmt::Count { name, from, test, body: promise(body, rejects) }
        }
        Stmt::Try { body, handler, finally } => Stmt::Try {
            body: promise(body, false),
            handler: handler.map(|(name, body)| (name, promise(body, false))),
            finally,
        },
        other => other,
    };
    body.into_iter().map(each).collect()
}

/// The field of the workflow's input: in camel case, and apart from the others.
pub fn input_name(plan: &Plan, name: &str) -> String {
    let mut taken = BTreeSet::new();
    for input in &plan.inputs {
        let mut field = camel(&input.name);
        while !taken.insert(field.clone()) {
            field.push('_');
        }
        if input.name == name {
            return field;
        }
    }
    camel(name)
}

/// The name of the interface of a workflow's inputs.
pub fn input_type_name(workflow: &str) -> String {
    format!("{}Input", pascal(workflow))
}

/// The name by which another workflow's descriptor is imported.
pub fn child_alias(workflow: &str) -> String {
    format!("{}Definition", camel(workflow))
}

/// The type of what a function gives, of which the compiler wants to be told where it never gives anything.
pub fn returned(body: &[Stmt], ty: Ty) -> Ty {
    let always_throws = ty != Ty::name("void") && !mentions::returns(body);
    if always_throws { Ty::name("never") } else { ty }
}

/// Whether the step stands under a condition, a limit or tolerance of its own.
pub fn is_guarded(step: &Step) -> bool {
    step.when.is_some() || !step.critical || step.deadline_ms.is_some()
}
