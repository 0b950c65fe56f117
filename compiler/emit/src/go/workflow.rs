//! One workflow as a file: what users call, the state of a run, and one method a step.
//!
//! It knows the parts that durable and direct workflows share.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Plan, Step, StepKind};
use conductor_protocol::types::Type;

use super::ends::{always_fails, declared_once, ended};
use super::expr::{Result, Translator, Value};
use super::file::File;
use super::names::{Names, exported, unexported};
use super::package::Package;
use super::results;
use super::scope::Scope;
use super::tree::{Decl, Function, Go, Operator, Source, Stmt, Struct};
use super::{blocks, direct, durable, literal, logic, plain, public};
use crate::flow::words;

/// The struct in which a run, or one iteration of a block, keeps what its steps came to.
pub struct State {
    pub name: String,
    pub fields: Vec<(String, String)>,
}

pub struct Workflow<'a> {
    pub plan: &'a Plan,
    pub file: File<'a>,
    pub scope: Scope,
    /// What the function is called that users call.
    pub public: String,
    /// Names of fields and methods, which share one space.
    pub members: Names,
    /// The types of results that somebody reads, by the step's id.
    pub results: BTreeMap<String, Type>,
    /// Their fields.
    pub fields: BTreeMap<String, String>,
    /// The one whose methods are written, last.
    pub states: Vec<State>,
    pub decls: Vec<Decl>,
    /// Functions that undo a step, by its key without indices.
    pub undo: Vec<(String, String)>,
    /// Definitions of the durable workflows that steps await, likewise.
    pub children: Vec<(String, String)>,
    /// Methods that never return without an error.
    pub failing: BTreeSet<String>,
    /// Blocks that repeat around what is written: their ids lead the key.
    pub repeated: Vec<String>,
    /// Where a key is not that of the step's place: a compensation's.
    pub key_of: Option<Go>,
    /// Steps whose result is a variable of the function that the steps stand in, for nobody else reads it.
    pub own_variables: BTreeSet<String>,
    /// Whether a function is written that other processes call.
    pub serves: bool,
    /// Names of the variables of the method that is written.
    pub locals: Names,
    /// Whether what is written stands in a block that is one step to the journal: plain code, of which nothing is recorded.
    pub is_atomic: bool,
    /// Where the steps stand in the function that users call: what it returns beside an error.
    pub at_once: Option<Vec<Go>>,
}

/// The file of a workflow.
pub fn source(package: &Package, plan: &Plan) -> Result<Source> {
    let mut workflow = Workflow::new(package, plan);
    // Records are called after where they come about.
    let output = format!("{}Output", workflow.public);
    package.spelling(&results::output(plan), &output);
    for step in super::package::all_steps(&plan.steps) {
        package.spelling(&step.ty, &format!("{}{}", workflow.public, exported(&step.id)));
    }
    if let Some(source) = plain::source(package, plan)? {
        return Ok(source);
    }
    let mut decls = public::decls(&mut workflow)?;
    let name = package.fresh(&format!("{}Run", unexported(&plan.workflow)));
    let run = if plan.durable {
        format!("*{}", workflow.file.runtime("Run"))
    } else {
        workflow.file.runtime("Local")
    };
    let mut fields = vec![("run".to_owned(), run)];
    if !plan.inputs.is_empty() {
        fields.push(("input".to_owned(), package_name_of_input(&workflow.public)));
    }
    workflow.states.push(State { name: name.clone(), fields });
    public::defaults(&mut workflow);
    if !plan.durable {
        workflow.own_variables = plain::own_variables(package, plan)?;
    }
    let steps = workflow.body_method("steps", "steps goes through the workflow.", &plan.steps)?;
    if plan.durable {
        let body = public::started(&mut workflow);
        decls.push(Decl::Function(public::function(&mut workflow, body)));
        decls.extend(durable::entry(&mut workflow, &steps)?);
        decls.extend(public::codecs(&mut workflow)?);
    } else {
        let body = direct::body(&mut workflow, &steps, &name)?;
        decls.push(Decl::Function(public::function(&mut workflow, body)));
    }
    workflow.declare_rest();
    if let Some(state) = workflow.states.pop() {
        let doc = format!("{} is a run of `{}`: what its steps came to.", state.name, plan.workflow);
        decls.push(Decl::Struct(Struct {
            doc: vec![doc],
            name: state.name,
            fields: state.fields,
            wire: Vec::new(),
        }));
    }
    decls.append(&mut workflow.decls);
    Ok(workflow.file.source(Vec::new(), decls))
}

pub fn package_name_of_input(public: &str) -> String {
    format!("{public}Input")
}

impl<'a> Workflow<'a> {
    pub fn new(package: &'a Package<'a>, plan: &'a Plan) -> Workflow<'a> {
        let public = exported(&plan.workflow);
        let file = File::new(package, &public);
        let results = results::read(plan);
        let mut members = Names::default();
        ["run", "key", "input"].iter().for_each(|name| members.reserve(name));
        let mut scope = Scope::empty();
        let mut fields = BTreeMap::new();
        for (id, ty) in &results {
            let field = members.fresh(&format!("{}Result", unexported(id)));
            scope.steps.insert(id.clone(), (Go::atom("w").field(field.clone()), ty.clone()));
            fields.insert(id.clone(), field);
        }
        scope.run_id = Go::atom("w.run.ID()");
        Workflow {
            plan,
            file,
            scope,
            public,
            members,
            results,
            fields,
            states: Vec::new(),
            decls: Vec::new(),
            undo: Vec::new(),
            children: Vec::new(),
            failing: BTreeSet::new(),
            repeated: Vec::new(),
            key_of: None,
            own_variables: BTreeSet::new(),
            serves: false,
            locals: Names::default(),
            is_atomic: false,
            at_once: None,
        }
    }

    /// Whether the steps that are written now are kept in the journal.
    pub fn is_durable(&self) -> bool {
        self.plan.durable && !self.is_atomic
    }

    pub fn state(&mut self) -> &mut State {
        // There is one from the beginning to the end.
        let last = self.states.len() - 1;
        &mut self.states[last]
    }

    /// A method of the state that is written now: its body may ask for further ones, which stand below it.
    pub fn method(
        &mut self,
        name: &str,
        doc: &str,
        results: &str,
        body: impl FnOnce(&mut Self) -> Result<Vec<Stmt>>,
    ) -> Result<()> {
        self.method_with(name, doc, Vec::new(), results, body)
    }

    pub fn method_with(
        &mut self,
        name: &str,
        doc: &str,
        further: Vec<(String, String)>,
        results: &str,
        body: impl FnOnce(&mut Self) -> Result<Vec<Stmt>>,
    ) -> Result<()> {
        let receiver = Some(("w".to_owned(), format!("*{}", self.state().name)));
        let at = self.decls.len();
        let context = format!("{}.Context", self.file.std("context"));
        let mut params = vec![("ctx".to_owned(), context)];
        params.extend(further);
        let mut function = Function {
            doc: vec![doc.to_owned()],
            receiver,
            name: name.to_owned(),
            params,
            results: results.to_owned(),
            body: Vec::new(),
        };
        self.decls.push(Decl::Function(function.clone()));
        let locals = self.file.package.locals();
        let outer = std::mem::replace(&mut self.locals, locals);
        let written = body(self);
        self.locals = outer;
        function.body = declared_once(ended(written?));
        if results == "error" && always_fails(&function.body, &self.failing) {
            self.failing.insert(name.to_owned());
        }
        if !mentions(&function.body, "ctx") {
            "_".clone_into(&mut function.params[0].0);
        }
        self.decls[at] = Decl::Function(function);
        Ok(())
    }

    /// A method that goes through steps; gives its name.
    pub fn body_method(&mut self, wanted: &str, doc: &str, steps: &[Step]) -> Result<String> {
        let name = self.members.fresh(wanted);
        let doc = doc.replacen(wanted, &name, 1);
        self.method(&name, &doc, "error", |workflow| workflow.steps(steps))?;
        Ok(name)
    }

    /// Steps one after another.
    pub fn steps(&mut self, steps: &[Step]) -> Result<Vec<Stmt>> {
        let mut body = Vec::new();
        for step in steps {
            body.extend(self.step(step)?);
            // What follows could never be reached.
            if matches!(body.last(), Some(Stmt::Return(_))) {
                break;
            }
        }
        if body.iter().any(assigns_err) {
            body.insert(0, Stmt::Var("err".to_owned(), "error".to_owned()));
        }
        Ok(body)
    }

    fn step(&mut self, step: &Step) -> Result<Vec<Stmt>> {
        let is_plain = step.when.is_none() && step.critical && step.deadline_ms.is_none();
        if is_plain {
            match &step.kind {
                StepKind::Sequence { steps } => {
                    let mut body = self.steps(steps)?;
                    // The one of the list around it will do.
                    body.retain(|stmt| !matches!(stmt, Stmt::Var(name, _) if name == "err"));
                    if !matches!(body.last(), Some(Stmt::Return(_))) {
                        body.extend(self.block_result(step)?);
                    }
                    return Ok(body);
                }
                StepKind::Set { .. } | StepKind::Return { .. } | StepKind::Fail { .. } => {
                    return blocks::values(self, step);
                }
                StepKind::Task(call) if !self.plan.durable => {
                    if let Some(plain) = plain::call(self, step, call)? {
                        return Ok(plain);
                    }
                }
                _ => {}
            }
        }
        let name = self.step_method(step)?;
        let call = Go::atom("w").method(&name, vec![Go::atom("ctx")]);
        let is_last = self.failing.contains(&name);
        Ok(vec![if is_last { Stmt::Return(vec![call]) } else { Stmt::checked(call) }])
    }

    /// The method of a step; gives its name.
    pub fn step_method(&mut self, step: &Step) -> Result<String> {
        let name = self.members.fresh(&unexported(&step.id));
        self.file.hint = format!("{}{}", self.public, exported(&step.id));
        let doc = format!("{name} is {}.", described(step));
        let is_block = !step.kind.bodies().is_empty()
            || matches!(step.kind, StepKind::Set { .. } | StepKind::Return { .. } | StepKind::Fail { .. });
        let wraps = is_block && (step.deadline_ms.is_some() || !step.critical);
        self.method(&name, &doc, "error", |workflow| {
            let mut body = workflow.when(step)?;
            if !wraps {
                body.extend(workflow.kind(step)?);
                return Ok(body);
            }
            let inner = workflow.members.fresh(&format!("{name}Steps"));
            let doc = format!("{inner} goes through `{}`.", step.id);
            workflow.method(&inner, &doc, "error", |workflow| workflow.kind(step))?;
            let key = workflow.key(&step.id);
            let inner = Go::atom(format!("w.{inner}"));
            let mut value = match step.deadline_ms {
                Some(milliseconds) => {
                    let duration = workflow.duration(milliseconds);
                    let args = vec![Go::atom("ctx"), key.clone(), duration, inner];
                    Go::call("w.run.Deadline", args)
                }
                None => inner.called(vec![Go::atom("ctx")]),
            };
            if !step.critical {
                value = workflow.tolerated(step, key, value);
            }
            body.push(Stmt::Return(vec![value]));
            Ok(body)
        })?;
        Ok(name)
    }

    fn kind(&mut self, step: &Step) -> Result<Vec<Stmt>> {
        match &step.kind {
            StepKind::Task(call) if self.is_durable() => durable::task(self, step, call),
            StepKind::Task(call) => direct::task(self, step, call),
            StepKind::Workflow(call) => super::children::child(self, step, call),
            _ => blocks::block(self, step),
        }
    }

    /// The guard of a step that has a `when`.
    fn when(&mut self, step: &Step) -> Result<Vec<Stmt>> {
        let Some(when) = &step.when else { return Ok(Vec::new()) };
        let key = self.key(&step.id);
        let mut body = Vec::new();
        let test = match logic::opposite(when) {
            Some(opposite) => self.test(&opposite, step, &mut body)?,
            None => self.test(when, step, &mut body)?.negated(),
        };
        let name = if step.anonymous { "w.run.Nothing" } else { "w.run.Skip" };
        let skip = vec![Stmt::Expr(Go::call(name, vec![key])), Stmt::Return(vec![Go::atom("nil")])];
        body.push(Stmt::when(test, skip));
        Ok(body)
    }

    /// A condition, checked before where it may fail: the step fails then.
    pub fn test(&mut self, test: &Expr, step: &Step, before: &mut Vec<Stmt>) -> Result<Go> {
        let mut translator = Translator::new(&mut self.file, &self.scope);
        let go = translator.condition(test)?;
        if !translator.fails {
            return Ok(go);
        }
        let evaluated = self.file.call_cel("Eval", vec![Go::lambda(&[], "bool", go)]);
        let name = self.locals.fresh("holds");
        before.push(Stmt::Define(vec![name.clone(), "err".to_owned()], evaluated));
        let broken = self.broken(step);
        before.push(Stmt::if_err(vec![Stmt::Return(vec![broken])]));
        Ok(Go::atom(name))
    }

    /// What a method returns where an expression of its step has no value.
    pub fn broken(&mut self, step: &Step) -> Go {
        let key = self.key(&step.id);
        let broken = Go::call("w.run.Broken", vec![key.clone(), Go::atom("err")]);
        if step.critical { broken } else { self.tolerated(step, key, broken) }
    }

    /// The failure taken for null; that of a step without an id of its own is not recorded.
    fn tolerated(&self, step: &Step, key: Go, failure: Go) -> Go {
        let is_unrecorded = step.anonymous && self.is_durable();
        let tolerate = if is_unrecorded { "w.run.Overlook" } else { "w.run.Tolerate" };
        Go::call(tolerate, vec![key, failure])
    }

    pub fn value(&mut self, expr: &Expr, wanted: &Type) -> Result<Value> {
        Translator::new(&mut self.file, &self.scope).root(expr, wanted)
    }

    /// An expression's value, computed before where it may fail.
    pub fn evaluated(
        &mut self,
        expr: &Expr,
        wanted: &Type,
        step: &Step,
        before: &mut Vec<Stmt>,
        name: &str,
    ) -> Result<Go> {
        let value = self.value(expr, wanted)?;
        if !value.fails {
            return Ok(value.go);
        }
        let ty = self.file.ty(wanted);
        let evaluated = self.file.call_cel("Eval", vec![Go::lambda(&[], &ty, value.go)]);
        let name = self.locals.fresh(name);
        before.push(Stmt::Define(vec![name.clone(), "err".to_owned()], evaluated));
        let broken = self.broken(step);
        before.push(Stmt::if_err(vec![Stmt::Return(vec![broken])]));
        Ok(Go::atom(name))
    }

    /// Keeps the result of a block that is made of those of its steps.
    pub fn block_result(&mut self, step: &Step) -> Result<Vec<Stmt>> {
        let Some(expr) = results::made_of(step) else { return Ok(Vec::new()) };
        self.keep(step, &expr)
    }

    /// `w.result = value`, as far as anybody reads it.
    pub fn keep(&mut self, step: &Step, value: &Expr) -> Result<Vec<Stmt>> {
        let Some(ty) = self.results.get(&step.id).cloned() else { return Ok(Vec::new()) };
        let mut body = Vec::new();
        let value = self.evaluated(value, &ty, step, &mut body, "value")?;
        body.push(Stmt::assign(self.result(&step.id), value));
        Ok(body)
    }

    /// Results that are read and that nothing reaches have a field all the same.
    fn declare_rest(&mut self) {
        let structs = self.decls.iter().filter_map(|decl| match decl {
            Decl::Struct(of) => Some(&of.fields),
            _ => None,
        });
        let declared: BTreeSet<String> = structs.flatten().map(|(name, _)| name.clone()).collect();
        let ids: Vec<String> = self.fields.keys().cloned().collect();
        for id in ids {
            let is_variable = self.own_variables.contains(&id);
            if !is_variable && !self.fields.get(&id).is_some_and(|name| declared.contains(name)) {
                self.result(&id);
            }
        }
    }

    /// The field of a result, declared in the state that is written now.
    pub fn result(&mut self, id: &str) -> Go {
        let name = self.fields.get(id).cloned().unwrap_or_default();
        let ty = self.results.get(id).cloned().unwrap_or(Type::Any);
        let spelled = self.file.ty(&ty);
        let state = self.state();
        if !state.fields.iter().any(|(known, _)| *known == name) {
            state.fields.push((name.clone(), spelled));
        }
        Go::atom("w").field(name)
    }

    /// The key of a step: its id, below that of the iteration it stands in.
    pub fn key(&self, id: &str) -> Go {
        if let Some(key) = &self.key_of {
            // `.compensate` and what hangs on it.
            let rest = id.split_once(".compensate").map_or("", |(_, rest)| rest);
            let rest = Go::string(&format!(".compensate{rest}"));
            return Go::binary(Operator::Add, key.clone(), rest);
        }
        if self.repeated.is_empty() {
            return Go::string(id);
        }
        Go::binary(Operator::Add, Go::atom("w.key"), Go::string(id))
    }

    /// The key without indices.
    pub fn key_pattern(&self, id: &str) -> String {
        let mut parts = self.repeated.clone();
        parts.push(id.to_owned());
        parts.join(".")
    }

    pub fn duration(&mut self, milliseconds: u64) -> Go {
        let text = literal::duration(milliseconds);
        if text.contains("time.") {
            self.file.std("time");
        }
        match text.split_once(" * ") {
            Some((count, unit)) => Go::binary(Operator::Multiply, Go::atom(count), Go::atom(unit)),
            None => Go::atom(text),
        }
    }
}

/// Whether the statement sets the variable `err` of the whole body.
fn assigns_err(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Assign(targets, _) if targets.last() == Some(&Go::atom("err")))
}

/// The name stands in the text only where it is meant.
pub fn mentions(body: &[Stmt], name: &str) -> bool {
    format!("{body:?}").contains(&format!("\"{name}\""))
}

fn described(step: &Step) -> String {
    let name = if step.anonymous { String::new() } else { format!(" `{}`", step.id) };
    match &step.kind {
        StepKind::Task(call) => format!("the {}", words::described(&step.id, call)),
        StepKind::Workflow(call) => format!("the step `{}`: the workflow `{}`", step.id, call.workflow),
        kind => {
            let held: Vec<String> = step.children().map(|inner| format!("`{}`", inner.id)).take(5).collect();
            let inside = match held.len() {
                0 => String::new(),
                5 => format!(": {} and more", held[..4].join(", ")),
                _ => format!(": {}", held.join(", ")),
            };
            format!("the {} block{name}{inside}", kind.keyword())
        }
    }
}
