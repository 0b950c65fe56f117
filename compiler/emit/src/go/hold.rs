//! `hold`: a permit, or a connection, over several steps; and such a block as one step to the journal.
//!
//! It knows what the block leaves to the steps after it, not how permits are taken.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Hold, Step};
use conductor_protocol::types::Type;

use super::blocks::method_of;
use super::codecs::Way;
use super::expr::Result;
use super::names::{exported, unexported};
use super::package::all_steps;
use super::results;
use super::results::reading;
use super::scope::Scope;
use super::tree::{Decl, Function, Go, Stmt, Struct};
use super::workflow::{State, Workflow};

fn ctx() -> Go {
    Go::atom("ctx")
}

pub fn held(workflow: &mut Workflow, step: &Step, hold: &Hold) -> Result<Vec<Stmt>> {
    let pool = super::resources::pool(workflow, &hold.resource)?;
    if hold.atomic && workflow.is_durable() {
        return atomic(workflow, step, hold, pool);
    }
    let name = method_of(workflow, step, &format!("{}Held", unexported(&step.id)), &hold.steps, false)?;
    let key = workflow.key(&step.id);
    let args = vec![ctx(), key, Go::atom(pool), Go::atom(format!("w.{name}"))];
    let mut body = vec![Stmt::checked(Go::call("w.run.Hold", args))];
    body.extend(workflow.block_result(step)?);
    Ok(body)
}

/// What an atomic block leaves, as its entry of the journal keeps it: the results that are read outside, and its own.
struct Left {
    results: BTreeMap<String, Type>,
    last: Option<Type>,
}

impl Left {
    fn of(workflow: &Workflow, step: &Step, hold: &Hold) -> Left {
        let mut inside = BTreeMap::new();
        results::count(&results::of_steps(&hold.steps), &mut inside);
        let mut everywhere = BTreeMap::new();
        results::count(&results::expressions(workflow.plan), &mut everywhere);
        let made: BTreeSet<&str> = all_steps(&hold.steps).into_iter().flat_map(makes).collect();
        let read = made.into_iter().filter(|id| everywhere.get(*id) != inside.get(*id));
        let results = read.filter_map(|id| Some((id.to_owned(), workflow.results.get(id)?.clone())));
        let own = workflow.results.get(&step.id).cloned();
        Left { results: results.collect(), last: own.filter(|_| !hold.steps.is_empty()) }
    }

    fn ty(&self) -> Type {
        let mut fields = BTreeMap::from([("results".to_owned(), Type::Record(self.results.clone()))]);
        fields.insert("last".to_owned(), self.last.clone().unwrap_or(Type::Null));
        Type::Record(fields)
    }

    /// The record, where the steps inside have left their results.
    fn made(&self, hold: &Hold) -> Expr {
        let results = self.results.iter().map(|(id, ty)| {
            let value = Expr { ty: ty.clone(), node: Node::Step(id.clone()) };
            (id.clone(), value)
        });
        let results = Expr { ty: Type::Record(self.results.clone()), node: Node::Record(results.collect()) };
        let mut fields = vec![("results".to_owned(), results)];
        if let (Some(_), Some(last)) = (&self.last, hold.steps.last()) {
            fields.push(("last".to_owned(), reading(last)));
        }
        Expr { ty: self.ty(), node: Node::Record(fields) }
    }

    fn is_nothing(&self) -> bool {
        self.results.is_empty() && self.last.is_none()
    }
}

/// The ids under which a step leaves something.
fn makes(step: &Step) -> Vec<&str> {
    use conductor_protocol::plan::StepKind;
    let mut ids = vec![step.id.as_str()];
    if let StepKind::Set { values } = &step.kind {
        ids.extend(values.iter().map(|(name, _)| name.as_str()));
    }
    ids
}

/// One step to the journal: what is inside is plain code in a struct of its own, and what it leaves is recorded at its end.
fn atomic(workflow: &mut Workflow, step: &Step, hold: &Hold, pool: String) -> Result<Vec<Stmt>> {
    let left = Left::of(workflow, step, hold);
    let hint = format!("{}{}Left", workflow.public, exported(&step.id));
    let outer = workflow.state().name.clone();
    let name = workflow.file.package.fresh(&format!(
        "{}{}Atomic",
        unexported(&workflow.plan.workflow),
        exported(&step.id)
    ));
    let fields =
        vec![(String::new(), format!("*{outer}")), ("run".to_owned(), workflow.file.runtime("Local"))];
    let at = workflow.decls.len();
    workflow.states.push(State { name: name.clone(), fields });
    workflow.is_atomic = true;
    let written = inside(workflow, step, hold, &left, &hint);
    workflow.is_atomic = false;
    let done = workflow.states.pop();
    let method = written?;
    if let Some(done) = done {
        let doc = format!("{name} is what `{}` does as one step.", step.id);
        let decl = Struct { doc: vec![doc], name: name.clone(), fields: done.fields, wire: Vec::new() };
        workflow.decls.insert(at, Decl::Struct(decl));
    }
    let key = workflow.key(&step.id);
    let made = vec![(outer, Go::atom("w")), ("run".to_owned(), Go::call("w.run.Atomic", Vec::new()))];
    let made = Go::unary('&', Go::Struct { ty: name, fields: made, spread: false });
    let args = vec![ctx(), key, Go::atom(pool), Go::atom("&atomic.run"), Go::atom("atomic").field(method)];
    let hold = if step.critical { "w.run.HoldAtomic" } else { "w.run.HoldAtomicTolerated" };
    let run = Go::call(hold, args);
    let mut body = vec![Stmt::define("atomic", made)];
    body.extend(taken(workflow, step, &left, run)?);
    Ok(body)
}

/// The method that goes through the steps and gives what they leave, as JSON.
fn inside(workflow: &mut Workflow, step: &Step, hold: &Hold, left: &Left, hint: &str) -> Result<String> {
    let steps = method_of(workflow, step, &format!("{}Held", unexported(&step.id)), &hold.steps, false)?;
    let name = workflow.members.fresh(&format!("{}Left", unexported(&step.id)));
    let mut checked = Stmt::checked(Go::atom("w").method(&steps, vec![ctx()]));
    if let Stmt::If { body, .. } = &mut checked {
        *body = vec![Stmt::Return(vec![Go::atom("nil"), Go::atom("err")])];
    }
    let ends = if workflow.failing.contains(&steps) {
        vec![Stmt::Return(vec![Go::atom("nil"), Go::atom("w").method(&steps, vec![ctx()])])]
    } else {
        let ty = left.ty();
        hint.clone_into(&mut workflow.file.hint);
        let value = workflow.value(&left.made(hold), &ty)?;
        let encoded = super::durable::encoded(workflow, &ty, value.go, value.fails);
        vec![checked, Stmt::Return(vec![encoded])]
    };
    let context = format!("{}.Context", workflow.file.std("context"));
    let receiver = Some(("w".to_owned(), format!("*{}", workflow.state().name)));
    workflow.decls.push(Decl::Function(Function {
        doc: vec![format!("{name} goes through `{}` and gives what it leaves.", step.id)],
        receiver,
        name: name.clone(),
        params: vec![("ctx".to_owned(), context)],
        results: "(any, error)".to_owned(),
        body: ends,
    }));
    Ok(name)
}

/// What the block has left, done now or in an earlier life of the run.
fn taken(workflow: &mut Workflow, step: &Step, left: &Left, run: Go) -> Result<Vec<Stmt>> {
    if left.is_nothing() {
        return Ok(vec![
            Stmt::Define(vec!["_".to_owned(), "err".to_owned()], run),
            Stmt::Return(vec![Go::atom("err")]),
        ]);
    }
    let ty = left.ty();
    let decode = workflow.file.codec(Way::Decode, &ty);
    let decoded = workflow.file.call_cel("Decode", vec![Go::atom("output"), decode]);
    let mut body = vec![
        Stmt::Define(vec!["output".to_owned(), "err".to_owned()], run),
        Stmt::unless_ok(Vec::new()),
        Stmt::Define(vec!["left".to_owned(), "err".to_owned()], decoded),
        Stmt::unless_ok(Vec::new()),
    ];
    // Read by name as variables are.
    let scope =
        Scope { variables: vec![("left".to_owned(), Go::atom("left"), ty.clone())], ..Scope::empty() };
    let variable = Expr { ty, node: Node::Variable("left".to_owned()) };
    let field = |of: Expr, name: &str, ty: Type| Expr {
        ty,
        node: Node::Field { of: Box::new(of), name: name.to_owned() },
    };
    let mut wanted = Vec::new();
    let all = field(variable.clone(), "results", Type::Record(left.results.clone()));
    for (id, ty) in &left.results {
        wanted.push((id.clone(), field(all.clone(), id, ty.clone()), ty.clone()));
    }
    if let Some(ty) = &left.last {
        wanted.push((step.id.clone(), field(variable, "last", ty.clone()), ty.clone()));
    }
    for (id, value, ty) in wanted {
        let value = super::expr::Translator::new(&mut workflow.file, &scope).root(&value, &ty)?;
        let target = workflow.result(&id);
        body.push(Stmt::assign(target, value.go));
    }
    Ok(body)
}
