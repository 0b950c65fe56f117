//! Decides the module of one workflow: its public function, its body, and a function for each step.
//!
//! It knows how steps are put together; what a single step looks like is decided by `durable` and `direct`.

use conductor_protocol::plan::{Input, OnFailure, Plan, Step, StepKind};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::compensate::Undoing;
use super::expr::Translator;
use super::file::File;
use super::names::Names;
use super::package::{Package, module_name};
use super::scope::{Scope, Var, is_nullable_block};
use super::tree::{Function, Import, Item, Module, Param, Py, Stmt};
use super::types::{flattened, inside};
use super::{defaults, direct, durable, literal};
use crate::EmitError;

/// Names that the functions of a workflow's module use for themselves.
pub const RESERVED: [&str; 74] = [
    "_body",
    "_concurrency_key",
    "_turns",
    "Breaker",
    "Cache",
    "Compensating",
    "Concurrency",
    "Coroutine",
    "Turns",
    "Undoable",
    "Undoing",
    "args",
    "attempts",
    "breaker",
    "breaker_key",
    "cache_key",
    "child_failed",
    "detached",
    "forget",
    "hedged",
    "invoke",
    "kept",
    "key",
    "one_call",
    "outer",
    "partial",
    "slot",
    "start_detached",
    "undo",
    "undo_arguments",
    "undoing",
    "workflow",
    "_call",
    "_cast",
    "_cel",
    "_codecs",
    "_dt",
    "_new_run_id",
    "_operations",
    "_resources",
    "_scalars",
    "Using",
    "fall_back",
    "instead",
    "made",
    "untyped",
    "client",
    "run",
    "step",
    "error",
    "failure",
    "failures",
    "branches",
    "result",
    "output",
    "call",
    "run_id",
    "asyncio",
    "is_retryable",
    "constant",
    "linear",
    "exponential",
    "in_thread",
    "submit",
    "start",
    "Run",
    "Recorded",
    "Branches",
    "Deadline",
    "StepFailed",
    "delay",
    "logger",
    "settled",
    "within",
];

pub struct Workflow<'a> {
    pub plan: &'a Plan,
    pub scope: Scope<'a>,
    pub file: File<'a>,
    pub functions: Vec<Item>,
    /// What stands at the module's beginning: breakers, caches.
    pub constants: Vec<Stmt>,
    /// Functions that undo a step, with the step's id and its task.
    pub undoing: Vec<Undoing>,
    /// Names in Python of the variables that the expressions of a compensation see.
    pub locals: Vec<(String, String)>,
}

pub fn module(package: &Package, plan: &Plan) -> Result<Module, EmitError> {
    let mut names = Names::reserving(&RESERVED);
    for step in flattened(&plan.steps) {
        if let StepKind::Workflow(call) = &step.kind {
            names.reserve(&child_alias(&call.workflow));
        }
    }
    Workflow::of(package, plan, &plan.workflow, names).build()
}

impl<'a> Workflow<'a> {
    fn of(package: &'a Package, plan: &'a Plan, name: &str, mut names: Names) -> Workflow<'a> {
        let scope = Scope::new(plan, &package.types, &mut names);
        let file = File::new(package, name, names);
        Workflow {
            plan,
            scope,
            file,
            functions: Vec::new(),
            constants: Vec::new(),
            undoing: Vec::new(),
            locals: Vec::new(),
        }
    }

    /// For functions that are called outside of any workflow; the Plan has no steps.
    pub fn of_functions(package: &'a Package, plan: &'a Plan, names: Names) -> Workflow<'a> {
        Workflow::of(package, plan, "", names)
    }
}

impl Workflow<'_> {
    fn build(mut self) -> Result<Module, EmitError> {
        let public = self.public()?;
        let mut items = vec![Item::Function(public)];
        let logging = Import { module: "logging".to_owned(), name: None, alias: None };
        if self.plan.durable {
            let body = self.durable_body()?;
            items.push(Item::Function(body));
        } else if self.renames_inputs() {
            let body = direct::body_function(&mut self)?;
            items.push(Item::Function(body));
        }
        let descriptor = if self.plan.durable { Some(durable::descriptor(&mut self)?) } else { None };
        items.append(&mut self.functions);
        items.extend(descriptor.map(Item::Statement));
        items.splice(0..0, self.constants.drain(..).map(Item::Statement));
        if self.file.imports.contains(&logging) {
            let value = Py::call("logging.getLogger", vec![Py::atom("__name__")]);
            let logger = Stmt::Assign { target: "logger".to_owned(), annotation: None, value };
            items.insert(0, Item::Statement(logger));
        }
        Ok(Module {
            header: self.file.package.header.clone(),
            doc: vec![format!("Workflow `{}`.", self.plan.workflow)],
            imports: self.file.imports.into_iter().collect(),
            items,
            all: Vec::new(),
        })
    }

    pub fn translate(&mut self, expr: &conductor_protocol::expr::Expr) -> Result<Py, EmitError> {
        let mut translator = Translator::new(&mut self.file, &self.scope);
        translator.locals.clone_from(&self.locals);
        translator.expr(expr)
    }

    /// `_ID_WHAT = value` at the beginning of the module.
    pub fn constant(&mut self, id: &str, what: &str, value: Py) -> Py {
        let target = self.file.names.fresh(&format!("_{}_{what}", id.replace('.', "_")));
        self.constants.push(Stmt::Assign { target: target.clone(), annotation: None, value });
        Py::atom(target)
    }

    /// The key of a step, as an expression.
    pub fn key(&self, id: &str) -> Py {
        Py::string(id)
    }

    /// `<run>/<step key>` where no journal is kept.
    pub fn run_key(&self, id: &str) -> Py {
        Py::atom(format!("f\"{{run}}/{id}\""))
    }

    /// The function that users call.
    fn public(&mut self) -> Result<Function, EmitError> {
        let mut body = Vec::new();
        for input in &self.plan.inputs {
            body.extend(defaults::late(&mut self.file, input));
        }
        if self.plan.durable {
            body.push(durable::start(self));
        } else if self.renames_inputs() {
            body.push(direct::delegate(self));
        } else {
            body.extend(direct::body(self)?);
        }
        let doc = if self.plan.durable {
            "Runs the workflow; with the id of a run that exists, waits for that one or continues it."
        } else {
            "Runs the workflow. It keeps no journal: a crash ends it."
        };
        Ok(Function {
            is_async: true,
            name: self.file.package.function_name(&self.plan.workflow),
            params: params(&mut self.file, self.plan),
            keyword_only: true,
            returns: self.file.annotation(&self.plan.output.ty),
            doc: vec![doc.to_owned()],
            body,
        })
    }

    /// Whether an input has a name that its workflow's code uses for something else.
    fn renames_inputs(&self) -> bool {
        self.plan
            .inputs
            .iter()
            .any(|input| self.scope.name(&Var::Input(input.name.clone())) != input_name(input))
    }

    /// `_body(run)`: the steps, from the journaled inputs to the encoded output.
    fn durable_body(&mut self) -> Result<Function, EmitError> {
        let mut body = Vec::new();
        let read = self.scope.all_reads();
        for input in &self.plan.inputs {
            let var = Var::Input(input.name.clone());
            if read.contains(&var) {
                let value = durable::input(&mut self.file, input, self.scope.is_recorded(&var));
                let target = self.scope.name(&var).to_owned();
                body.push(Stmt::Assign { target, annotation: None, value });
            }
        }
        body.extend(self.steps(&self.plan.steps)?);
        let output = self.translate(&self.plan.output)?;
        let encoded = apply(&mut self.file, Way::Encode, &self.plan.output.ty, output);
        body.push(Stmt::Return(Some(encoded)));
        self.file.import_from("._conductor.run", "Run");
        Ok(Function {
            is_async: true,
            name: "_body".to_owned(),
            params: vec![run_param()],
            keyword_only: false,
            returns: "object".to_owned(),
            doc: vec!["The steps, from the recorded inputs to the output as JSON.".to_owned()],
            body,
        })
    }

    /// Steps one after another.
    pub fn steps(&mut self, steps: &[Step]) -> Result<Vec<Stmt>, EmitError> {
        let mut body = Vec::new();
        for step in steps {
            if needs_function(step) {
                let (call, vars) = self.call(step)?;
                body.push(self.bind(call.awaited(), &vars));
            } else {
                body.extend(self.inline(step)?);
            }
        }
        Ok(body)
    }

    /// A block without a function of its own.
    fn inline(&mut self, step: &Step) -> Result<Vec<Stmt>, EmitError> {
        match &step.kind {
            StepKind::Task(_) | StepKind::Workflow(_) => {
                let (call, vars) = self.call(step)?;
                Ok(vec![self.bind(call.awaited(), &vars)])
            }
            StepKind::Sequence { steps } => self.steps(steps),
            StepKind::Parallel { branches, max_concurrency, on_failure } => {
                self.parallel(step, branches, *max_concurrency, *on_failure)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// `name = value`, as far as anybody reads it.
    fn bind(&self, value: Py, vars: &[Var]) -> Stmt {
        if vars.is_empty() {
            return Stmt::Expr(value);
        }
        let target = vars.iter().map(|var| self.scope.name(var)).collect::<Vec<_>>().join(", ");
        Stmt::Assign { target, annotation: None, value }
    }

    fn parallel(
        &mut self,
        block: &Step,
        branches: &[Step],
        max_concurrency: Option<u32>,
        on_failure: OnFailure,
    ) -> Result<Vec<Stmt>, EmitError> {
        let mut body = Vec::new();
        let mut results = Vec::new();
        for branch in branches {
            let (call, vars) = self.call(branch)?;
            let started = Py::call("branches.start", vec![Py::string(&branch.id), call]);
            if vars.is_empty() {
                body.push(Stmt::Expr(started));
            } else {
                let name = self.file.names.fresh(&format!("{}_branch", branch.id));
                let result = Py::atom(name.clone()).attr("result").called(Vec::new());
                results.push(self.bind(result, &vars));
                body.push(Stmt::Assign { target: name, annotation: None, value: started });
            }
        }
        if body.is_empty() {
            return Ok(Vec::new());
        }
        let mut context = if self.plan.durable {
            Py::call("run.parallel", vec![Py::string(&block.id)])
        } else {
            self.file.import_from("._conductor.parallel", "Branches");
            Py::call("Branches", Vec::new())
        };
        if let Some(width) = max_concurrency {
            context = context.with("max_concurrency", Py::atom(width.to_string()));
        }
        if on_failure == OnFailure::Wait {
            context = context.with("on_failure", Py::string("wait"));
        }
        let mut statements = vec![Stmt::With { context, name: Some("branches".to_owned()), body }];
        statements.extend(results);
        Ok(statements)
    }

    /// Makes the step's function, and says how it is called and what it returns.
    pub fn call(&mut self, step: &Step) -> Result<(Py, Vec<Var>), EmitError> {
        let name = self.file.names.fresh(&format!("_{}", step.id));
        let mut vars = self.scope.leaves(step);
        vars.retain(|var| self.scope.ty(var) != Type::Null);
        let reads = self.scope.reads(step);
        let reads = self.scope.sorted(reads);
        let function = match &step.kind {
            StepKind::Task(_) | StepKind::Workflow(_) if self.plan.durable => {
                durable::step(self, step, &name, &reads, !vars.is_empty())?
            }
            StepKind::Task(_) | StepKind::Workflow(_) => {
                direct::step(self, step, &name, &reads, !vars.is_empty())?
            }
            _ => self.block(step, &name, &reads, &vars)?,
        };
        let args = self.step_args(step, &reads);
        self.functions.push(Item::Function(function));
        Ok((Py::call(name, args), vars))
    }

    /// What the function of a step is called with.
    pub fn step_args(&self, step: &Step, reads: &[Var]) -> Vec<Py> {
        let mut args = Vec::new();
        if self.plan.durable || self.scope.uses_run_id(Some(step)) {
            args.push(Py::atom("run"));
        }
        args.extend(reads.iter().map(|var| Py::atom(self.scope.name(var))));
        args
    }

    /// The parameters of a step's function. `reader` is the step of the workflow whose place it has.
    pub fn step_params(&mut self, reader: &Step, step: &Step, reads: &[Var]) -> Vec<Param> {
        let mut params = Vec::new();
        if self.plan.durable {
            self.file.import_from("._conductor.run", "Run");
            params.push(run_param());
        } else if self.scope.uses_run_id(Some(step)) {
            params.push(Param { name: "run".to_owned(), annotation: "str".to_owned(), default: None });
        }
        for var in reads {
            let annotation = self.annotation(var, reader);
            params.push(Param { name: self.scope.name(var).to_owned(), annotation, default: None });
        }
        params
    }

    /// How a variable is typed where the function of `step` takes it or hands it on.
    fn annotation(&mut self, var: &Var, step: &Step) -> String {
        let ty = self.file.annotation(&self.scope.ty_for(var, &step.id));
        if !self.scope.is_recorded(var) {
            return ty;
        }
        self.file.import_from("._conductor.recorded", "Recorded");
        format!("Recorded[{ty}]")
    }

    /// A block that is a branch, or may be skipped, tolerated or out of time.
    fn block(&mut self, step: &Step, name: &str, reads: &[Var], vars: &[Var]) -> Result<Function, EmitError> {
        let mut body = match &step.kind {
            StepKind::Sequence { steps } => self.steps(steps)?,
            _ => self.inline(step)?,
        };
        if let Some(milliseconds) = step.deadline_ms {
            let seconds = Py::atom(literal::seconds(milliseconds));
            let context = if self.plan.durable {
                Py::call("run.deadline", vec![Py::string(&step.id), seconds])
            } else {
                self.file.import_from("._conductor.deadline", "Deadline");
                Py::call("Deadline", vec![Py::string(&step.id), seconds])
            };
            body = vec![Stmt::With { context, name: None, body }];
        }
        body.extend(self.block_result(step, vars, true));
        if !step.critical {
            body = self.tolerated(step, body, vars);
        }
        let mut all = self.when(step, vars)?;
        all.extend(body);
        Ok(Function {
            is_async: true,
            name: name.to_owned(),
            params: self.step_params(step, step, reads),
            keyword_only: false,
            returns: self.block_returns(step, vars),
            doc: vec![block_doc(step)],
            body: all,
        })
    }

    fn block_returns(&mut self, step: &Step, vars: &[Var]) -> String {
        let types: Vec<String> = vars.iter().map(|var| self.annotation(var, step)).collect();
        match types.as_slice() {
            [] => "None".to_owned(),
            [one] => one.clone(),
            _ => format!("tuple[{}]", types.join(", ")),
        }
    }

    /// What the block leaves behind; all of it is null where it has not done its work.
    fn block_result(&mut self, step: &Step, vars: &[Var], ran: bool) -> Option<Stmt> {
        let mut values = Vec::new();
        for var in vars {
            values.push(match var {
                Var::Ran(id) if *id == step.id => Py::atom(if ran { "True" } else { "False" }),
                _ if ran => Py::atom(self.scope.name(var)),
                Var::Ran(_) => Py::atom("False"),
                _ if self.scope.is_recorded(var) => {
                    self.file.import_from("._conductor.recorded", "NOTHING");
                    Py::atom("NOTHING")
                }
                _ => Py::atom("None"),
            });
        }
        match values.len() {
            0 if ran => None,
            0 => Some(Stmt::Return(None)),
            1 => values.pop().map(|value| Stmt::Return(Some(value))),
            _ => {
                let text: Vec<String> = values.iter().map(super::flat::flat).collect();
                Some(Stmt::Return(Some(Py::atom(text.join(", ")))))
            }
        }
    }

    fn tolerated(&mut self, step: &Step, body: Vec<Stmt>, vars: &[Var]) -> Vec<Stmt> {
        self.file.import_from("._conductor.errors", "StepFailed");
        let mut handler = vec![durable::logged(&mut self.file, step)];
        if self.plan.durable {
            let args = vec![Py::string(&step.id), Py::atom("failure")];
            handler.push(Stmt::Expr(Py::call("run.tolerate", args)));
        }
        handler.extend(self.block_result(step, vars, false));
        let errors = "StepFailed".to_owned();
        let name = if self.plan.durable { "failure" } else { "" }.to_owned();
        vec![Stmt::Try { body, errors, name, handler, otherwise: Vec::new() }]
    }

    /// The guard of a step that has a `when`.
    pub fn when(&mut self, step: &Step, vars: &[Var]) -> Result<Vec<Stmt>, EmitError> {
        let Some(when) = &step.when else { return Ok(Vec::new()) };
        let fallible = crate::flow::may_fail(&self.file.package.types.table, when);
        let test = self.translate(when)?;
        let holds = if fallible {
            self.file.import_as("._conductor", "cel", "_cel");
            Py::call("_cel.holds", vec![Py::string(&step.id), Py::lambda(test)])
        } else {
            test
        };
        let mut body = Vec::new();
        if self.plan.durable {
            body.push(Stmt::Expr(Py::call("run.skip", vec![Py::string(&step.id)])));
        }
        body.extend(self.block_result(step, vars, false));
        Ok(vec![Stmt::If { test: super::expr::negated(holds), body, otherwise: Vec::new() }])
    }
}

/// Whether a block cannot stand inside its surroundings' function.
fn needs_function(step: &Step) -> bool {
    inside(step).is_empty() || is_nullable_block(step) || step.deadline_ms.is_some()
}

fn block_doc(step: &Step) -> String {
    let held: Vec<String> = flattened(inside(step))
        .iter()
        .filter(|inner| inside(inner).is_empty())
        .map(|inner| format!("`{}`", inner.id))
        .collect();
    let name = if step.anonymous { String::new() } else { format!(" `{}`", step.id) };
    let kind = match step.kind {
        StepKind::Parallel { .. } => "Parallel block",
        _ => "Block",
    };
    match held.as_slice() {
        [] => format!("{kind}{name}."),
        [first, .., last] if held.len() > 4 => format!("{kind}{name}: {first} to {last}."),
        _ => format!("{kind}{name}: {}.", held.join(", ")),
    }
}

pub fn run_param() -> Param {
    Param { name: "run".to_owned(), annotation: "Run".to_owned(), default: None }
}

/// The parameters of the function that users call.
pub fn params(file: &mut File, plan: &Plan) -> Vec<Param> {
    let mut params: Vec<Param> = plan.inputs.iter().map(|input| input_param(file, input)).collect();
    params.push(Param {
        name: "run_id".to_owned(),
        annotation: "str | None".to_owned(),
        default: Some("None".to_owned()),
    });
    params
}

fn input_param(file: &mut File, input: &Input) -> Param {
    let annotation = file.annotation(&input.ty);
    let (annotation, default) = defaults::early(file, input, annotation);
    Param { name: input_name(input), annotation, default }
}

/// The parameter for an input: its own name, unless that is a keyword, `run_id` or begins with an underscore.
pub fn input_name(input: &Input) -> String {
    super::names::public_input(&input.name)
}

/// The name by which another workflow's function is imported.
pub fn child_alias(workflow: &str) -> String {
    format!("_run_{workflow}")
}

/// Name of the module of another workflow, as seen from beside it.
pub fn sibling(workflow: &str) -> String {
    format!(".{}", module_name(workflow))
}
