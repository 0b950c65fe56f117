//! Lists of steps as statements, and blocks that need a function of their own.
//!
//! It knows how what a step leaves reaches those who read it; what a single kind of step looks like is decided elsewhere.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Step, StepKind};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::mentions;
use super::names::camel;
use super::tree::{Arrow, Body, Function, Item, Param, Pattern, Stmt, Ts, Ty};
use super::workflow::{Workflow, ends_function, is_guarded, returned};
use crate::EmitError;
use crate::flow::words;
use crate::flow::{At, Region, Source, Var, never_complete};

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    /// The steps one after another. `end` is where the last one's result can be read.
    pub fn steps(&mut self, steps: &'a [Step], end: At) -> Result<Vec<Stmt>> {
        let outer = std::mem::replace(&mut self.end, end);
        let mut body = Vec::new();
        for step in steps {
            body.extend(self.statement(step)?);
            if never_complete(std::slice::from_ref(step)) {
                self.end_here(&mut body);
                break;
            }
            body.extend(self.keep_after(step));
            if body.last().is_some_and(ends_function) {
                break;
            }
        }
        self.end = outer;
        Ok(body)
    }

    /// Says that a step which only fails or returns is the last: the compiler does not know that of calls.
    fn end_here(&self, body: &mut Vec<Stmt>) {
        if body.last().is_some_and(ends_function) {
            return;
        }
        body.push(Stmt::Throw(self.on_run("unreachable", Vec::new())));
    }

    /// One step: what it leaves is bound to names.
    pub fn statement(&mut self, step: &'a Step) -> Result<Vec<Stmt>> {
        if let (StepKind::Return { .. } | StepKind::Fail { .. }, true, None) =
            (&step.kind, step.critical, step.deadline_ms)
        {
            return self.exit(step);
        }
        if is_guarded(step) {
            return self.called(step);
        }
        match &step.kind {
            StepKind::Sequence { steps } => self.steps(steps, self.scope.flow.at_end_of(step, 0)),
            StepKind::Parallel { branches, max_concurrency, on_failure } => {
                self.parallel(step, branches, *max_concurrency, *on_failure)
            }
            StepKind::Graph { steps } => self.graph(step, steps),
            StepKind::Race { branches } => self.race(step, branches),
            StepKind::Map(map) => self.map(step, map),
            StepKind::Hold(hold) => self.hold(step, hold),
            StepKind::Set { values } => self.set(step, values),
            StepKind::Sleep(delay) => Ok(vec![self.sleep(step, delay)?]),
            StepKind::Emit(emit) => Ok(vec![self.emit(step, emit)?]),
            StepKind::Task(call) if self.is_plain(call) => self.plain_task(step, call),
            _ => self.called(step),
        }
    }

    /// A call of the step's own function.
    fn called(&mut self, step: &'a Step) -> Result<Vec<Stmt>> {
        let (call, vars) = self.function(step)?;
        Ok(vec![self.bind(self.waited(call), &vars)])
    }

    /// The function of this module that is called.
    pub fn callee_of(&self, call: &Ts) -> Option<&Function> {
        let Ts::Call { callee, is_new: false, .. } = call else { return None };
        self.functions.iter().find_map(|item| match item {
            Item::Function(function) if **callee == Ts::name(function.name.clone()) => Some(function),
            _ => None,
        })
    }

    /// The call, awaited where its function gives a promise.
    pub fn waited(&self, call: Ts) -> Ts {
        if self.callee_of(&call).is_some_and(|function| !function.is_async) { call } else { call.awaited() }
    }

    /// `const name = value`, as far as anybody reads it.
    pub fn bind(&self, value: Ts, vars: &[Var]) -> Stmt {
        let name = |var: &Var| self.scope.name(var).to_owned();
        let pattern = match vars {
            [] => return Stmt::Expr(value),
            [one] => Pattern::Name(name(one)),
            all => Pattern::Array(all.iter().map(|var| Some(name(var))).collect()),
        };
        Stmt::Const { pattern, ty: None, value }
    }

    /// Makes the step's function, and says how it is called and what it leaves.
    pub fn function(&mut self, step: &'a Step) -> Result<(Ts, Vec<Var>)> {
        let vars = self.scope.leaves(Region::Step(step));
        let reads = self.scope.reads(Region::Step(step));
        let suffix = if step.kind.bodies().is_empty() { "Step" } else { "Block" };
        let name = self.file.names.fresh(&format!("{}{suffix}", camel(&step.id)));
        let place = self.functions.len();
        let outer = (std::mem::replace(&mut self.run, "run".to_owned()), self.is_top);
        self.is_top = false;
        let held = std::mem::take(&mut self.scope.held);
        let told = self.told_by(step);
        let inner = told.iter().map(|(_, inner)| inner.clone()).collect();
        let kept = std::mem::replace(&mut self.kept, inner);
        let body = self.guarded_body(step, &vars);
        (self.scope.held, self.kept) = (held, kept);
        (self.run, self.is_top) = outer;
        let body = body?;
        let end = self.end;
        let returns = self.returned_type(&vars, end);
        let doc = self.doc(step);
        let at = self.scope.flow.at(step);
        let (mut call, mut function) = self.made(&name, &reads, at, body, returns, doc);
        self.telling(told, &mut function, &mut call);
        // Functions stand in the order of the steps, those of a block behind it.
        self.functions.insert(place, Item::Function(function));
        Ok((call, vars))
    }

    /// A function of this module with these variables as parameters, and its call.
    pub fn made(
        &mut self,
        name: &str,
        reads: &[Var],
        at: At,
        body: Vec<Stmt>,
        returns: Ty,
        doc: String,
    ) -> (Ts, Function) {
        let body = super::tidy::tidied(body);
        let mut params = Vec::new();
        let mut args = Vec::new();
        if mentions::in_statements(&body, "run") {
            params.push(Param::typed("run", self.run_type()));
            args.push(Ts::name(self.run.clone()));
        }
        for var in reads {
            let name = self.scope.name(var).to_owned();
            if mentions::in_statements(&body, &name) {
                let ty = self.var_type(var, at);
                params.push(Param::typed(name, ty));
                args.push(self.scope.raw(var));
            }
        }
        let is_async = mentions::awaits(&body);
        let returns = returned(&body, returns);
        let (body, returns) = if is_async { (body, Ty::promise(returns)) } else { (body, returns) };
        let function =
            Function { exported: false, is_async, name: name.to_owned(), params, returns, doc, body };
        (Ts::name(name).called(args), function)
    }

    pub fn run_type(&mut self) -> Ty {
        if self.is_durable() {
            self.file.runtime_type("run", "Run")
        } else {
            self.file.runtime_type("local", "LocalRun")
        }
    }

    /// How what holds the variable is typed where it is read at `at`.
    pub fn var_type(&mut self, var: &Var, at: At) -> Ty {
        let ty = self.scope.flow.ty(var, at);
        self.held_type(var, &ty)
    }

    pub fn held_type(&mut self, var: &Var, ty: &Type) -> Ty {
        let is_error = *ty == crate::flow::caught() && matches!(var, Var::Variable(..));
        if is_error {
            return self.file.runtime_type("errors", "Described");
        }
        if self.scope.is_big(var) {
            let is_null = Ty::name(if ty.is_nullable() { "null" } else { "bigint" });
            return Ty::union([Ty::name("bigint"), is_null]);
        }
        let spelled = self.file.ty(ty);
        if !self.scope.is_recorded(var) {
            return spelled;
        }
        self.recorded_type(spelled)
    }

    pub fn recorded_type(&mut self, of: Ty) -> Ty {
        self.file.runtime_type("recorded", "Recorded");
        Ty::Generic("Recorded".to_owned(), vec![of])
    }

    pub fn returned_type(&mut self, vars: &[Var], end: At) -> Ty {
        let mut types: Vec<Ty> = vars.iter().map(|var| self.var_type(var, end)).collect();
        match types.len() {
            0 => Ty::name("void"),
            1 => types.remove(0),
            _ => Ty::Tuple(types),
        }
    }

    /// The step under its condition, its tolerance and its limit.
    fn guarded_body(&mut self, step: &'a Step, vars: &[Var]) -> Result<Vec<Stmt>> {
        let mut all = Vec::new();
        let at = self.scope.flow.at(step);
        let mut nothing = self.nothing(vars);
        if let Some(when) = &step.when {
            let holds = self.holds(&step.id, when, at)?;
            let mut skipped = vec![self.skipped(step)];
            skipped.push(Stmt::Return(nothing.clone()));
            all.push(Stmt::If { test: holds.negated(), body: skipped, otherwise: Vec::new() });
        }
        let kept = self.kept_of_tolerated(step, vars);
        let mut body = self.keeping(&kept, |workflow| workflow.own_body(step, vars))?;
        let is_block = !step.kind.bodies().is_empty();
        if let (Some(milliseconds), true) =
            (step.deadline_ms, is_block || !matches!(step.kind, StepKind::Task(_)))
        {
            let work = closure(body);
            let args = vec![Ts::string(&step.id), super::policy::number(milliseconds), work];
            let call = Ts::call("run.deadline", args).awaited();
            body = vec![if vars.is_empty() { Stmt::Expr(call) } else { Stmt::Return(Some(call)) }];
        }
        if !step.critical && !tolerates_itself(step) {
            for kept in &kept {
                let inside = step.kind.bodies().into_iter().any(|steps| self.is_made_in_closure(kept, steps));
                all.push(self.keeper(kept, inside));
            }
            if !kept.is_empty() {
                nothing = self.kept_or_nothing(&kept, vars);
            }
            let args = vec![Ts::string(&step.id), Ts::name("error")];
            let is_unrecorded = self.is_durable() && step.anonymous;
            let tolerate = if is_unrecorded { "run.overlook" } else { "run.tolerate" };
            let mut handler = vec![Stmt::Expr(Ts::call(tolerate, args))];
            handler.extend(nothing.map(|nothing| Stmt::Return(Some(nothing))));
            body =
                vec![Stmt::Try { body, handler: Some(("error".to_owned(), handler)), finally: Vec::new() }];
        }
        all.extend(body);
        Ok(all)
    }

    /// Says that the step is not done; one without an id of its own is not recorded.
    pub fn skipped(&self, step: &Step) -> Stmt {
        let skip = if self.is_durable() && step.anonymous { "lose" } else { "skip" };
        Stmt::Expr(self.on_run(skip, vec![Ts::string(&step.id)]))
    }

    /// The statements of the step's function that do its work, with `return` of what it leaves.
    fn own_body(&mut self, step: &'a Step, vars: &[Var]) -> Result<Vec<Stmt>> {
        match &step.kind {
            StepKind::Task(call) => self.task(step, call, !vars.is_empty()),
            StepKind::Workflow(call) => self.child(step, call, !vars.is_empty()),
            StepKind::WaitFor(wait) => self.wait_for(step, wait, !vars.is_empty()),
            StepKind::Switch { cases } => self.switch(step, cases, vars),
            StepKind::Loop(repeat) => self.repeat(step, repeat, vars),
            StepKind::Try(block) => self.attempt(step, block, vars),
            _ => {
                // Without its guards it is as it would be among others.
                let mut body = match &step.kind {
                    StepKind::Sequence { steps } => self.steps(steps, self.scope.flow.at_end_of(step, 0))?,
                    StepKind::Parallel { branches, max_concurrency, on_failure } => {
                        self.parallel(step, branches, *max_concurrency, *on_failure)?
                    }
                    StepKind::Graph { steps } => self.graph(step, steps)?,
                    StepKind::Race { branches } => self.race(step, branches)?,
                    StepKind::Map(map) => self.map(step, map)?,
                    StepKind::Hold(hold) => self.hold(step, hold)?,
                    StepKind::Set { values } => self.set(step, values)?,
                    StepKind::Sleep(delay) => vec![self.sleep(step, delay)?],
                    StepKind::Emit(emit) => vec![self.emit(step, emit)?],
                    StepKind::Return { .. } | StepKind::Fail { .. } => return self.exit_now(step),
                    _ => Vec::new(),
                };
                if !body.last().is_some_and(ends_function) {
                    body.extend(self.left(step, 0, vars)?);
                }
                Ok(collapsed(body))
            }
        }
    }

    /// `return` of what the step leaves at the end of one of its lists.
    pub fn left(&mut self, step: &'a Step, body: usize, vars: &[Var]) -> Result<Option<Stmt>> {
        let end = self.scope.flow.at_end_of(step, body);
        let made = self.scope.leaves(Region::Body(step, body));
        let mut values = Vec::new();
        for var in vars {
            let own = *var == Var::Step(step.id.clone()) && self.scope.flow.is_kept(step);
            let bound = matches!(step.kind, StepKind::Race { .. } | StepKind::Map(_));
            let is_set = matches!(&step.kind, StepKind::Set { values } if values.iter().any(|(name, _)| *var == Var::Step(name.clone())));
            values.push(if own && !bound {
                self.own_result(step, body, var, end)?
            } else if made.contains(var) || bound || is_set {
                self.scope.raw(var)
            } else {
                self.absent(var)
            });
        }
        Ok(match values.len() {
            0 => None,
            1 => values.pop().map(|value| Stmt::Return(Some(value))),
            _ => Some(Stmt::Return(Some(Ts::Array(values)))),
        })
    }

    /// What a block comes to that keeps its result.
    fn own_result(&mut self, step: &'a Step, body: usize, var: &Var, end: At) -> Result<Ts> {
        let steps = step.kind.bodies().get(body).copied().unwrap_or_default();
        match &step.kind {
            StepKind::Parallel { .. } | StepKind::Graph { .. } | StepKind::Set { .. } => {
                let value = self.record_of(step, end)?;
                let ty = step.ty.non_null().clone();
                Ok(self.held_value(var, &ty, value))
            }
            // What is recorded of it has been read by its own name.
            StepKind::Hold(hold) if hold.atomic && self.is_durable() => Ok(Ts::name(self.scope.name(var))),
            _ => match steps.last() {
                Some(last) => self.handed(var, &last.id, &last.ty.clone(), end),
                None => Ok(self.absent(var)),
            },
        }
    }

    fn record_of(&mut self, step: &'a Step, end: At) -> Result<Ts> {
        let names: Vec<String> = match &step.kind {
            StepKind::Set { values } => values.iter().map(|(name, _)| name.clone()).collect(),
            _ => step.children().filter(|branch| !branch.anonymous).map(|branch| branch.id.clone()).collect(),
        };
        let Type::Record(fields) = step.ty.non_null() else { return Ok(Ts::null()) };
        let pairs = names
            .into_iter()
            .map(|name| {
                let ty = fields.get(&name).cloned().unwrap_or(Type::Any);
                (name.clone(), Expr { ty, node: Node::Step(name) })
            })
            .collect();
        self.value(&Expr { ty: step.ty.non_null().clone(), node: Node::Record(pairs) }, end)
    }

    /// The result of the step `id` in the form that the variable holds.
    pub fn handed(&mut self, var: &Var, id: &str, ty: &Type, at: At) -> Result<Ts> {
        if let Source::Of(last) = self.scope.flow.source(id, at) {
            return self.handed(var, &last.id, &last.ty.clone(), at);
        }
        if let Source::Var(from) = self.scope.flow.source(id, at)
            && self.scope.is_recorded(&from)
            && self.scope.is_recorded(var)
        {
            return Ok(self.scope.raw(&from));
        }
        if self.scope.flow.source(id, at) == Source::Null || *ty == Type::Null {
            return Ok(self.absent(var));
        }
        let value = self.value(&Expr { ty: ty.clone(), node: Node::Step(id.to_owned()) }, at)?;
        Ok(self.held_value(var, ty, value))
    }

    /// A value in the form that the variable holds.
    pub fn held_value(&mut self, var: &Var, ty: &Type, value: Ts) -> Ts {
        if !self.scope.is_recorded(var) {
            return value;
        }
        let encoded = self.file.coded(Way::Encode, ty, value);
        self.recorded(encoded, ty)
    }

    /// `new Recorded(json, decode)`.
    pub fn recorded(&mut self, json: Ts, ty: &Type) -> Ts {
        self.file.runtime("recorded", "Recorded");
        let decode = self.file.codec(Way::Decode, ty);
        Ts::made("Recorded", vec![json, decode])
    }

    /// Null in the form that the variable holds.
    pub fn absent(&mut self, var: &Var) -> Ts {
        if self.scope.is_recorded(var) { self.file.runtime("recorded", "NOTHING") } else { Ts::null() }
    }

    /// What a step leaves that was skipped or tolerated.
    pub fn nothing(&mut self, vars: &[Var]) -> Option<Ts> {
        let mut values: Vec<Ts> = vars.iter().map(|var| self.absent(var)).collect();
        match values.len() {
            0 => None,
            1 => values.pop(),
            _ => Some(Ts::Array(values)),
        }
    }

    fn doc(&self, step: &Step) -> String {
        match &step.kind {
            StepKind::Task(call) => words::sentence(&step.id, call),
            StepKind::Workflow(call) => format!("Step `{}`: the workflow `{}`.", step.id, call.workflow),
            StepKind::WaitFor(wait) => format!("Step `{}`: waits for the signal `{}`.", step.id, wait.signal),
            kind if kind.bodies().is_empty() => format!("Step `{}`.", step.id),
            kind => {
                let name = if step.anonymous { String::new() } else { format!(" `{}`", step.id) };
                format!("Block{name}: {}.", kind.keyword())
            }
        }
    }
}

/// Its own attempts say what becomes of their failure.
fn tolerates_itself(step: &Step) -> bool {
    matches!(step.kind, StepKind::Task(_) | StepKind::Workflow(_))
}

/// `async (run) => { ... }`, or the call itself where that is all there is.
pub fn closure(body: Vec<Stmt>) -> Ts {
    closure_of(&["run"], body)
}

pub fn closure_of(params: &[&str], body: Vec<Stmt>) -> Ts {
    let body = super::tidy::tidied(collapsed(body));
    let mut used: Vec<&str> = params.to_vec();
    while used.last().is_some_and(|last| !mentions::in_statements(&body, last)) {
        used.pop();
    }
    let used: Vec<Param> = used.into_iter().map(Param::named).collect();
    if let [Stmt::Return(Some(Ts::Await(call))) | Stmt::Expr(Ts::Await(call))] = body.as_slice() {
        let body = Body::Value((**call).clone());
        return Ts::Arrow(Box::new(Arrow { is_async: false, params: used, returns: None, body }));
    }
    if let [Stmt::Return(Some(value))] = body.as_slice()
        && !mentions::awaits(&body)
    {
        let body = Body::Value(value.clone());
        return Ts::Arrow(Box::new(Arrow { is_async: false, params: used, returns: None, body }));
    }
    let is_async = mentions::awaits(&body);
    Ts::Arrow(Box::new(Arrow { is_async, params: used, returns: None, body: Body::Block(body) }))
}

/// `return f()` in place of `const x = f(); return x`.
pub fn collapsed(mut body: Vec<Stmt>) -> Vec<Stmt> {
    if let [.., Stmt::Const { pattern, ty: None, value }, Stmt::Return(Some(returned))] = body.as_slice() {
        let same = match (pattern, returned) {
            (Pattern::Name(name), Ts::Name(other)) => name == other,
            (Pattern::Array(names), Ts::Array(values)) => names.len() == values.len()
                && names.iter().zip(values).all(
                    |(name, value)| matches!((name, value), (Some(name), Ts::Name(other)) if name == other),
                ),
            _ => false,
        };
        if same {
            let value = value.clone();
            body.truncate(body.len() - 2);
            body.push(Stmt::Return(Some(value)));
        }
    }
    body
}
