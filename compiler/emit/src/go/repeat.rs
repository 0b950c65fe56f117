//! Blocks that repeat: maps and loops, each iteration with a struct of its own for what its steps come to.
//!
//! It knows the runtime's blocks, which are the same with and without a journal.

use conductor_protocol::plan::{Loop, LoopTest, Map, OnExhausted, Step};
use conductor_protocol::types::Type;

use super::expr::{Result, Translator};
use super::names::{exported, unexported};
use super::results::reading;
use super::tree::{Decl, Go, Operator, Stmt, Struct};
use super::workflow::{State, Workflow};

fn ctx() -> Go {
    Go::atom("ctx")
}

/// Opens the struct of an iteration; what `write` says stands in it.
fn inside<T>(
    workflow: &mut Workflow,
    step: &Step,
    write: impl FnOnce(&mut Workflow) -> Result<T>,
) -> Result<(String, T)> {
    let outer = workflow.state().name.clone();
    let wanted = format!("{}{}", unexported(&workflow.plan.workflow), exported(&step.id));
    let name = workflow.file.package.fresh(&format!("{wanted}Turn"));
    let fields = vec![(String::new(), format!("*{outer}")), ("key".to_owned(), "string".to_owned())];
    workflow.states.push(State { name: name.clone(), fields });
    workflow.repeated.push(step.id.clone());
    let written = write(workflow);
    workflow.repeated.pop();
    let done = workflow.states.pop();
    let written = written?;
    if let Some(done) = done {
        let doc = format!("{name} is one iteration of `{}`.", step.id);
        workflow.decls.push(Decl::Struct(Struct {
            doc: vec![doc],
            name: name.clone(),
            fields: done.fields,
            wire: Vec::new(),
        }));
    }
    Ok((name, written))
}

/// What an iteration leaves for its block: its value as it is read of the iteration's struct, and its type.
struct Left {
    value: Go,
    fails: bool,
    ty: Type,
}

/// One iteration as a struct, and the method that goes through it.
struct Turn {
    state: String,
    steps: String,
}

impl Turn {
    /// `turn := &state{...}`.
    fn made(&self, workflow: &mut Workflow, key: Go, further: Vec<(String, Go)>) -> Stmt {
        let outer = workflow.state().name.clone();
        let turn_key = workflow.file.call_runtime("Key", vec![key, Go::atom("index")]);
        let mut fields = vec![(outer, Go::atom("w")), ("key".to_owned(), turn_key)];
        fields.extend(further);
        let made = Go::Struct { ty: self.state.clone(), fields, spread: false };
        Stmt::define("turn", Go::unary('&', made))
    }

    fn run(&self) -> Go {
        Go::atom("turn").method(&self.steps, vec![ctx()])
    }
}

pub fn mapped(workflow: &mut Workflow, step: &Step, map: &Map) -> Result<Vec<Stmt>> {
    let mut body = Vec::new();
    let list = Type::List(Box::new(map.item.clone()));
    let over = workflow.evaluated(&map.over, &list, step, &mut body, "items")?;
    let key = workflow.key(&step.id);
    let kept = workflow.results.get(&step.id).cloned();
    let item_of_result = match kept.as_ref().map(Type::non_null) {
        Some(Type::List(item)) => Some((**item).clone()),
        _ => None,
    };
    let field = workflow.members.fresh(&unexported(&map.variable));
    let item_ty = workflow.file.ty(&map.item);
    let (turn, left) = mapped_turn(workflow, step, map, &field, item_of_result.as_ref())?;
    let made = turn.made(workflow, key.clone(), vec![(field, Go::atom("item"))]);
    let (results, name) = match &left {
        Some(left) => (format!("({}, error)", workflow.file.ty(&left.ty)), "Map"),
        None => ("error".to_owned(), "MapNull"),
    };
    let context = format!("{}.Context", workflow.file.std("context"));
    let params = vec![
        ("ctx".to_owned(), context),
        ("index".to_owned(), "int".to_owned()),
        ("item".to_owned(), item_ty),
    ];
    let inner = mapped_body(workflow, &turn, made, left);
    let each = Go::Func { params, results, body: inner };
    let width = map.max_concurrency.unwrap_or(0).to_string();
    let mapping = Go::call("w.run.Mapping", vec![key, Go::atom(width)]);
    let call = workflow.file.call_runtime(name, vec![ctx(), mapping, over, each]);
    let (Some(ty), Some(item)) = (kept, item_of_result) else {
        body.push(Stmt::Return(vec![call]));
        return Ok(body);
    };
    let name = workflow.locals.fresh("results");
    body.push(Stmt::Define(vec![name.clone(), "err".to_owned()], call));
    body.push(Stmt::unless_ok(Vec::new()));
    let list = Type::List(Box::new(item));
    let value = Translator::new(&mut workflow.file, &workflow.scope).coerce(Go::atom(name), &list, &ty)?;
    body.push(Stmt::assign(workflow.result(&step.id), value));
    Ok(body)
}

fn mapped_turn(
    workflow: &mut Workflow,
    step: &Step,
    map: &Map,
    field: &str,
    wanted: Option<&Type>,
) -> Result<(Turn, Option<Left>)> {
    let item_ty = workflow.file.ty(&map.item);
    let (state, (steps, left)) = inside(workflow, step, |workflow| {
        workflow.state().fields.push((field.to_owned(), item_ty));
        let item = Go::atom("w").field(field);
        workflow.scope.variables.push((map.variable.clone(), item, map.item.clone()));
        let name = unexported(&format!("{}_steps", step.id));
        let doc = format!("{name} goes through one iteration of `{}`.", step.id);
        let steps = workflow.body_method(&name, &doc, &map.steps)?;
        let left = match (wanted, map.steps.last()) {
            (Some(ty), Some(last)) => {
                let value = workflow.value(&reading(last), ty)?;
                Some(Left { value: value.go.renamed("w", "turn"), fails: value.fails, ty: ty.clone() })
            }
            _ => None,
        };
        workflow.scope.variables.pop();
        Ok((steps, left))
    })?;
    Ok((Turn { state, steps }, left))
}

fn mapped_body(workflow: &mut Workflow, turn: &Turn, made: Stmt, left: Option<Left>) -> Vec<Stmt> {
    let Some(left) = left else { return vec![made, Stmt::Return(vec![turn.run()])] };
    let zero = workflow.file.zero(&left.ty);
    let mut checked = Stmt::checked(turn.run());
    if let Stmt::If { body, .. } = &mut checked {
        *body = vec![Stmt::Return(vec![zero, Go::atom("err")])];
    }
    let end = if left.fails {
        let spelled = workflow.file.ty(&left.ty);
        vec![workflow.file.call_cel("Eval", vec![Go::lambda(&[], &spelled, left.value)])]
    } else {
        vec![left.value, Go::atom("nil")]
    };
    vec![made, checked, Stmt::Return(end)]
}

/// What a loop is made of.
struct Repeated {
    turn: Turn,
    /// What comes before the test, and the test that ends the loop, of the iteration's struct.
    before: Vec<Stmt>,
    is_over: Go,
    /// The field of what the iteration before came to, where somebody reads it, and its type.
    last: Option<(String, Type)>,
}

pub fn repeated(workflow: &mut Workflow, step: &Step, repeat: &Loop) -> Result<Vec<Stmt>> {
    let key = workflow.key(&step.id);
    let parts = repeated_turn(workflow, step, repeat)?;
    let mut body = Vec::new();
    let mut further = Vec::new();
    let mut end = Vec::new();
    if let Some((field, ty)) = &parts.last {
        body.push(Stmt::Var("last".to_owned(), workflow.file.ty(ty)));
        further.push((field.clone(), Go::atom("last")));
        if let Some(kept) = workflow.results.get(&step.id).cloned() {
            let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
            let value = translator.coerce(Go::atom("last"), ty, &kept)?;
            end.push(Stmt::assign(workflow.result(&step.id), value));
        }
    }
    end.push(Stmt::Return(vec![Go::atom("nil")]));
    let limit = Go::atom(repeat.max_iterations.to_string());
    let exhausted = match repeat.on_exhausted {
        OnExhausted::Continue => end.clone(),
        OnExhausted::Fail => {
            vec![Stmt::Return(vec![Go::call("w.run.Exhausted", vec![key.clone(), limit.clone()])])]
        }
    };
    let mut run = vec![Stmt::checked(parts.turn.run())];
    if let Some((field, _)) = &parts.last {
        run.push(Stmt::assign(Go::atom("last"), Go::atom("turn").field(field.clone())));
    }
    let mut test = parts.before;
    test.push(Stmt::when(parts.is_over, end));
    let pause = pause(workflow, &key, repeat);
    let mut inner = vec![parts.turn.made(workflow, key, further)];
    let bound = match repeat.test {
        LoopTest::While => {
            // It is tested once more when the bound is reached.
            inner.extend(test);
            let is_over = Go::binary(Operator::Equal, Go::atom("index"), limit);
            inner.push(Stmt::when(is_over, exhausted.clone()));
            inner.extend(pause);
            inner.extend(run);
            None
        }
        LoopTest::Until => {
            inner.extend(run);
            inner.extend(test);
            inner.extend(pause);
            Some(Go::binary(Operator::Less, Go::atom("index"), limit))
        }
    };
    let (name, start) = ("index".to_owned(), "0".to_owned());
    body.push(Stmt::Count { name, start, test: bound, body: inner });
    if repeat.test == LoopTest::Until {
        body.extend(exhausted);
    }
    Ok(body)
}

fn repeated_turn(workflow: &mut Workflow, step: &Step, repeat: &Loop) -> Result<Repeated> {
    let ty = Type::optional(repeat.steps.last().map_or(Type::Null, |last| last.ty.clone()));
    let is_read = workflow.results.contains_key(&step.id) && ty != Type::Null;
    let field = workflow.members.fresh(&format!("{}Last", unexported(&step.id)));
    let spelled = workflow.file.ty(&ty);
    let value = Go::atom("w").field(field.clone());
    let (state, (steps, before, is_over)) = inside(workflow, step, |workflow| {
        if is_read {
            workflow.state().fields.push((field.clone(), spelled));
            workflow.scope.loops.push((step.id.clone(), value.clone(), ty.clone()));
        }
        let name = workflow.members.fresh(&unexported(&format!("{}_steps", step.id)));
        let doc = format!("{name} goes through one iteration of `{}`.", step.id);
        workflow.method(&name, &doc, "error", |workflow| {
            let mut body = workflow.steps(&repeat.steps)?;
            let ends = matches!(body.last(), Some(Stmt::Return(_)));
            if let (true, false, Some(of)) = (is_read, ends, repeat.steps.last()) {
                let left = workflow.evaluated(&reading(of), &ty, step, &mut body, "value")?;
                body.push(Stmt::assign(value.clone(), left));
            }
            Ok(body)
        })?;
        let mut before = Vec::new();
        let condition = &repeat.condition;
        let opposite = super::logic::opposite(condition).filter(|_| repeat.test == LoopTest::While);
        let is_over = match (repeat.test, opposite) {
            (LoopTest::Until, _) => workflow.test(condition, step, &mut before)?,
            (LoopTest::While, Some(opposite)) => workflow.test(&opposite, step, &mut before)?,
            (LoopTest::While, None) => workflow.test(condition, step, &mut before)?.negated(),
        };
        if is_read {
            workflow.scope.loops.pop();
        }
        Ok((name, before, is_over))
    })?;
    // Where the test has no value, it is the loop that fails.
    let broken = Stmt::if_err(vec![Stmt::Return(vec![workflow.broken(step)])]);
    let before = before.into_iter().map(|stmt| match stmt {
        Stmt::Define(names, value) => Stmt::Define(names, value.renamed("w", "turn")),
        _ => broken.clone(),
    });
    Ok(Repeated {
        turn: Turn { state, steps },
        before: before.collect(),
        is_over: is_over.renamed("w", "turn"),
        last: is_read.then_some((field, ty)),
    })
}

/// A pause stands between two iterations, after the test and not after the last.
fn pause(workflow: &mut Workflow, key: &Go, repeat: &Loop) -> Option<Stmt> {
    let milliseconds = repeat.every_ms?;
    if repeat.max_iterations < 2 {
        return None;
    }
    let duration = workflow.duration(milliseconds);
    let (test, ended) = match repeat.test {
        LoopTest::While => (Go::binary(Operator::Greater, Go::atom("index"), Go::atom("0")), "index - 1"),
        LoopTest::Until => {
            let last = (repeat.max_iterations - 1).to_string();
            (Go::binary(Operator::Less, Go::atom("index"), Go::atom(last)), "index")
        }
    };
    // As an argument among others it has no blanks.
    let ended = Go::atom(ended.replace(' ', ""));
    let pause = Go::call("w.run.Pause", vec![ctx(), key.clone(), ended, duration]);
    Some(Stmt::when(test, vec![Stmt::checked(pause)]))
}
