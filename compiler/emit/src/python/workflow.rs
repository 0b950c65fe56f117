//! Decides the module of one workflow: its public function and its body.
//!
//! It does not know how steps are put together (`blocks`) nor what a single step looks like (`durable` and `direct`).

use conductor_protocol::plan::{Input, Plan, StepKind};

use super::blocks::{Frame, not_reached};
use super::codecs::{Way, apply};
use super::compensate::{UNDOES, Undoing};
use super::expr::Translator;
use super::file::File;
use super::names::Names;
use super::package::{Package, module_name};
use super::scope::{Scope, Var};
use super::tree::{Function, Import, Item, Module, Param, Py, Stmt};
use super::{defaults, direct, durable};
use crate::EmitError;
use crate::flow::{At, never_complete};

/// Names that the functions of a workflow's module use for themselves.
pub const RESERVED: [&str; 94] = [
    "_body",
    "Signals",
    "wait_for",
    "emit",
    "AtomicUndoable",
    "attempting",
    "recorded",
    "key",
    "outer",
    "one_call",
    "undo_arguments",
    "caught",
    "Lost",
    "undo",
    "breaker_key",
    "at",
    "NOTHING",
    "Undoable",
    "args",
    "attempts",
    "breaker",
    "invoke",
    "detached",
    "Cache",
    "Coroutine",
    "cache_key",
    "Returned",
    "LoopExhausted",
    "Compensating",
    "partial",
    "each",
    "_turns",
    "Breaker",
    "Concurrency",
    "forget",
    "slot",
    "Left",
    "end",
    "ended",
    "race",
    "Turns",
    "_concurrency_key",
    "ending",
    "Undoing",
    "kept",
    "hedged",
    "undoing",
    "workflow",
    "Failure",
    "Holding",
    "child_failed",
    "start_detached",
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
    /// Where the expressions stand that are translated.
    pub here: At,
    /// The function that is being written.
    pub frame: Frame,
}

pub fn module(package: &Package, plan: &Plan) -> Result<Module, EmitError> {
    let mut names = Names::reserving(&RESERVED);
    for step in plan.all_steps() {
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
            here: At::End,
            frame: Frame::body(),
        }
    }

    /// For functions that are called outside of any workflow; the Plan has no steps.
    pub fn of_functions(package: &'a Package, plan: &'a Plan, names: Names) -> Workflow<'a> {
        Workflow::of(package, plan, "", names)
    }
}

impl<'a> Workflow<'a> {
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
        let mut module = Module {
            header: self.file.package.header.clone(),
            doc: vec![format!("Workflow `{}`.", self.plan.workflow)],
            imports: self.file.imports.into_iter().collect(),
            items,
            all: Vec::new(),
        };
        super::tidy::tidy(&mut module);
        Ok(module)
    }

    pub fn translate(&mut self, expr: &conductor_protocol::expr::Expr) -> Result<Py, EmitError> {
        let mut translator = Translator::new(&mut self.file, &self.scope, self.here);
        translator.locals.clone_from(&self.locals);
        translator.expr(expr)
    }

    /// Whether steps are recorded where they are being written: not in what is one step to the journal.
    pub fn is_durable(&self) -> bool {
        self.plan.durable && !self.scope.is_atomic()
    }

    /// `_ID_WHAT = value` at the beginning of the module.
    pub fn constant(&mut self, id: &str, what: &str, value: Py) -> Py {
        let target = self.file.names.fresh(&format!("_{}_{what}", id.replace('.', "_")));
        self.constants.push(Stmt::Assign { target: target.clone(), annotation: None, value });
        Py::atom(target)
    }

    /// The key of a step, as an expression.
    pub fn key(&self, id: &str) -> Py {
        if self.frame.undoes {
            return match id.rsplit_once(UNDOES).map_or("", |(_, rest)| rest) {
                "" => Py::atom("key"),
                rest => Py::atom(format!("f\"{{key}}{rest}\"")),
            };
        }
        match self.frame.prefix.as_str() {
            "" => Py::string(id),
            prefix => Py::atom(format!("f\"{prefix}{id}\"")),
        }
    }

    /// `<run>/<step key>` where no journal is kept.
    pub fn run_key(&self, id: &str) -> Py {
        Py::atom(format!("f\"{{run}}/{}{id}\"", self.frame.prefix))
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
        for input in &self.plan.inputs {
            let var = Var::Input(input.name.clone());
            if self.scope.flow.is_read(&var) {
                let value = durable::input(&mut self.file, input, self.scope.is_recorded(&var));
                let target = self.scope.name(&var).to_owned();
                body.push(Stmt::Assign { target, annotation: None, value });
            }
        }
        let plan = self.plan;
        body.extend(self.steps(&plan.steps)?);
        self.here = At::End;
        if never_complete(&plan.steps) {
            body.extend(not_reached(&body));
        } else {
            let output = self.translate(&plan.output)?;
            let encoded = apply(&mut self.file, Way::Encode, &plan.output.ty, output);
            body.push(Stmt::Return(Some(encoded)));
        }
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
