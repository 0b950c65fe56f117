//! Shapes as a manifest, with the outcomes of their calls.
//!
//! It knows which ids a step can see, so that values flow from step to step.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conductor_protocol::error::ErrorForm;
use conductor_simulate::Scripted;
use serde_json::json;

use crate::random::{ALL_ATTEMPTS, Call, Effect, Profile, Shape};

/// The functions that tasks call.
pub const CODE: &str = "\
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
async def text(x: str | None) -> str: ...
async def raw(x: bytes | None) -> bytes: ...
async def amount(x: Decimal | None) -> Decimal: ...
async def day(x: date | None) -> date: ...
async def moment(x: datetime | None) -> datetime: ...
async def span(x: timedelta | None) -> timedelta: ...
async def unique(x: UUID | None) -> UUID: ...
async def ratio(x: float | None) -> float: ...
async def one(x: int) -> int: ...
async def keyed(x: int, idempotency_key: str) -> int: ...
async def keyed_undo(x: int, result: int | None, idempotency_key: str) -> None: ...
async def keyed_other(x: int, idempotency_key: str) -> int: ...
async def undo(x: int, result: int | None) -> None: ...
async def other(x: int) -> int: ...
";

/// A manifest, and how its calls end.
pub struct Written {
    pub text: String,
    pub calls: BTreeMap<String, Vec<Scripted>>,
}

pub fn written(shapes: &[Shape], profile: Profile) -> Written {
    let mut writer = Writer { direct: profile.direct, ..Writer::default() };
    let mut scope = Scope::default();
    let steps = writer.steps(shapes, 6, &mut scope);
    let mut text = "resources:\n  - {id: gate, kind: semaphore, max_concurrency: 1}\ntasks:\n".to_owned();
    let (keyed, durable) = if profile.direct { ("keyed_", "    durable: false\n") } else { ("", "") };
    let _ = write!(
        text,
        "  - {{id: undo, ref: app.{keyed}undo, idempotent: true}}\n  - {{id: other, ref: app.{keyed}other, effect: read}}\n",
    );
    if writer.tasks.is_empty() {
        text = text.replace("resources:\n  - {id: gate, kind: semaphore, max_concurrency: 1}\n", "");
    }
    text.push_str(&writer.tasks);
    let _ = write!(
        text,
        "workflows:\n  - id: main\n    entrypoint: true\n{durable}    input: {{n: int}}\n    steps:\n{steps}"
    );
    text.push_str(&writer.workflows);
    Written { text, calls: writer.calls }
}

/// Whole numbers that a step can see; those that may be null.
#[derive(Debug, Clone, Default)]
struct Scope {
    ids: Vec<(String, bool)>,
}

#[derive(Default)]
struct Writer {
    tasks: String,
    workflows: String,
    calls: BTreeMap<String, Vec<Scripted>>,
    next: usize,
    /// Nothing tells a function of such a workflow which step it is in, but its idempotency key.
    direct: bool,
}

impl Scope {
    /// An expression of a whole number.
    fn number(&self) -> String {
        match self.ids.last() {
            None => "input.n".to_owned(),
            Some((id, false)) => format!("{id} % 1000 + 1"),
            Some((id, true)) => format!("({id} == null ? 7 : {id}) % 1000 + 1"),
        }
    }

    /// What is seen after a block in which `inner` was.
    fn leave(&mut self, inner: Scope, sees: bool, may_be_null: bool) {
        if sees {
            let new = inner.ids.into_iter().skip(self.ids.len());
            self.ids.extend(new.map(|(id, nullable)| (id, nullable || may_be_null)).collect::<Vec<_>>());
        }
    }
}

impl Writer {
    fn id(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}{}", self.next)
    }

    fn steps(&mut self, shapes: &[Shape], indent: usize, scope: &mut Scope) -> String {
        shapes.iter().map(|shape| self.step(shape, indent, scope)).collect()
    }

    /// Branches do not see each other.
    fn branches(&mut self, shapes: &[Shape], indent: usize, scope: &Scope) -> (String, Scope) {
        let mut after = scope.clone();
        let mut text = String::new();
        for shape in shapes {
            let mut own = scope.clone();
            text.push_str(&self.step(shape, indent, &mut own));
            after.ids.extend(own.ids.into_iter().skip(scope.ids.len()));
        }
        (text, after)
    }

    fn step(&mut self, shape: &Shape, indent: usize, scope: &mut Scope) -> String {
        let pad = " ".repeat(indent);
        match shape {
            Shape::Task(call) => self.task(call, &pad, scope),
            Shape::Sleep(ms) => format!("{pad}- {{id: {}, sleep: {ms}ms}}\n", self.id("z")),
            Shape::Set => {
                let id = self.id("v");
                let line = format!("{pad}- set: {{{id}: \"${{{}}}\"}}\n", scope.number());
                scope.ids.push((id, false));
                line
            }
            Shape::Fail => {
                format!("{pad}- fail: {{type: Bad, message: \"no ${{string({})}}\"}}\n", scope.number())
            }
            Shape::Return => {
                format!("{pad}- return: \"${{{}}}\"\n{pad}  when: \"${{input.n > 3}}\"\n", scope.number())
            }
            Shape::Signal(after) => self.signal(*after, &pad, scope),
            Shape::Child(inner) => self.child(inner, &pad),
            Shape::Switch { first, yes, no } => self.switch(*first, yes, no, indent, scope),
            Shape::Try { steps, catches, finally } => self.attempt(steps, catches, finally, indent, scope),
            Shape::Map { .. } | Shape::Loop { .. } | Shape::Hold { .. } => self.inside(shape, indent, scope),
            _ => self.beside(shape, indent, scope),
        }
    }

    /// Blocks whose options stand beside their steps.
    fn beside(&mut self, shape: &Shape, indent: usize, scope: &mut Scope) -> String {
        let pad = " ".repeat(indent);
        let id = self.id("b");
        let (options, word, inner, sees, nullable) = match shape {
            Shape::Tolerated(inner) => ("critical: false".to_owned(), "sequence", inner, true, true),
            Shape::When(holds, inner) => {
                let test = if *holds { "input.n > 1" } else { "input.n > 100" };
                (format!("when: \"${{{test}}}\""), "sequence", inner, true, true)
            }
            Shape::Deadline(ms, inner) => (format!("deadline: {ms}ms"), "sequence", inner, true, false),
            Shape::Parallel { branches, waits, width } => {
                let on_failure = if *waits { "wait" } else { "cancel" };
                let width =
                    width.map(|width| format!("\n{pad}  max_concurrency: {width}")).unwrap_or_default();
                (format!("on_failure: {on_failure}{width}"), "parallel", branches, true, false)
            }
            Shape::Graph(inner) => (String::new(), "graph", inner, true, false),
            Shape::Race(inner) => (String::new(), "race", inner, false, false),
            Shape::Sequence(inner) => (String::new(), "sequence", inner, true, false),
            _ => return String::new(),
        };
        let (text, after) = if word == "sequence" {
            let mut own = scope.clone();
            (self.steps(inner, indent + 4, &mut own), own)
        } else {
            self.branches(inner, indent + 4, scope)
        };
        let options = if options.is_empty() { options } else { format!("{pad}  {options}\n") };
        scope.leave(after, sees, nullable);
        format!("{pad}- id: {id}\n{options}{pad}  {word}:\n{text}")
    }

    /// Blocks whose options stand in a mapping.
    fn inside(&mut self, shape: &Shape, indent: usize, scope: &mut Scope) -> String {
        let pad = " ".repeat(indent);
        let id = self.id("b");
        let mut own = scope.clone();
        let (word, options, inner, sees) = match shape {
            Shape::Map { steps, items, width } => {
                let item = self.id("i");
                let list: Vec<String> = (0..*items).map(|item| item.to_string()).collect();
                own.ids.push((item.clone(), false));
                let width =
                    width.map(|width| format!("\n{pad}    max_concurrency: {width}")).unwrap_or_default();
                let over = if list.is_empty() {
                    "[1].filter(x, x > 1)".to_owned()
                } else {
                    format!("[{}]", list.join(", "))
                };
                ("map", format!("over: \"${{{over}}}\"\n{pad}    as: {item}{width}"), steps, false)
            }
            Shape::Loop { steps, times, every } => {
                let every = every.map(|ms| format!("\n{pad}    every: {ms}ms")).unwrap_or_default();
                let options = format!(
                    "until: \"${{input.n > 100}}\"\n{pad}    max_iterations: {times}\n{pad}    on_exhausted: continue{every}"
                );
                ("loop", options, steps, false)
            }
            Shape::Hold { steps, atomic } => {
                let atomic = if *atomic { format!("\n{pad}    atomic: true") } else { String::new() };
                ("hold", format!("resource: gate{atomic}"), steps, true)
            }
            _ => return String::new(),
        };
        let text = self.steps(inner, indent + 6, &mut own);
        scope.leave(own, sees, false);
        format!("{pad}- {word}:\n{pad}    id: {id}\n{pad}    {options}\n{pad}    steps:\n{text}")
    }

    fn switch(&mut self, first: bool, yes: &[Shape], no: &[Shape], indent: usize, scope: &Scope) -> String {
        let pad = " ".repeat(indent);
        let id = self.id("b");
        let test = if first { "input.n > 1" } else { "input.n > 100" };
        let yes = self.steps(yes, indent + 8, &mut scope.clone());
        let no = self.steps(no, indent + 8, &mut scope.clone());
        format!(
            "{pad}- id: {id}\n{pad}  switch:\n{pad}    - when: \"${{{test}}}\"\n{pad}      steps:\n{yes}{pad}    - default:\n{no}"
        )
    }

    fn attempt(
        &mut self,
        steps: &[Shape],
        catches: &[Shape],
        finally: &[Shape],
        indent: usize,
        scope: &Scope,
    ) -> String {
        let pad = " ".repeat(indent);
        let id = self.id("b");
        let mut text =
            format!("{pad}- id: {id}\n{pad}  try:\n{}", self.steps(steps, indent + 4, &mut scope.clone()));
        if !catches.is_empty() {
            let error = self.id("e");
            let mut own = scope.clone();
            let inner = self.steps(catches, indent + 8, &mut own);
            let _ = write!(
                text,
                "{pad}  catch:\n{pad}    - as: {error}\n{pad}      errors: [Bad, Worse, TimeoutError]\n{pad}      steps:\n{inner}"
            );
        }
        if !finally.is_empty() || catches.is_empty() {
            let inner = if finally.is_empty() {
                format!("{pad}    - {{id: {}, sleep: 5ms}}\n", self.id("z"))
            } else {
                self.steps(finally, indent + 4, &mut scope.clone())
            };
            let _ = write!(text, "{pad}  finally:\n{inner}");
        }
        text
    }

    fn child(&mut self, inner: &[Shape], pad: &str) -> String {
        let name = self.id("w");
        let steps = self.steps(inner, 6, &mut Scope::default());
        let durable = if self.direct { "    durable: false\n" } else { "" };
        let _ = write!(self.workflows, "  - id: {name}\n{durable}    input: {{n: int}}\n    steps:\n{steps}");
        format!("{pad}- {{workflow: {name}, with: {{n: \"${{input.n}}\"}}}}\n")
    }

    fn signal(&mut self, after: u64, pad: &str, scope: &mut Scope) -> String {
        let (block, wait, sleep, signal) = (self.id("b"), self.id("s"), self.id("z"), self.id("go"));
        let number = scope.number();
        scope.ids.push((wait.clone(), false));
        format!(
            "{pad}- id: {block}\n{pad}  parallel:\n{pad}    - wait_for: {{id: {wait}, signal: {signal}, type: int, timeout: 20s}}\n\
             {pad}    - sequence:\n{pad}        - {{id: {sleep}, sleep: {after}ms}}\n\
             {pad}        - emit: {{signal: {signal}, data: \"${{{number}}}\"}}\n"
        )
    }

    fn task(&mut self, call: &Call, pad: &str, scope: &mut Scope) -> String {
        let id = self.id("t");
        let effect = match call.effect {
            Effect::Read => "effect: read",
            Effect::Idempotent => "idempotent: true",
            Effect::Write => "in_doubt: retry",
            Effect::Undoable => "in_doubt: retry, compensate: undo",
        };
        let function = if self.direct { "keyed" } else { "one" };
        let mut policy =
            format!("retries: {}, strategy: constant, initial: 20ms, jitter: none", call.retries);
        if call.late {
            policy.push_str(", timeout: 300ms");
        }
        if call.hedged {
            policy.push_str(", hedge: {after: 400ms, max: 1}");
        }
        match call.fallback {
            Some(true) => policy.push_str(", fallback: {task: other}"),
            Some(false) => policy.push_str(", fallback: {value: 77}"),
            None => {}
        }
        let _ = writeln!(self.tasks, "  - {{id: {id}, ref: app.{function}, {effect}, policy: {{{policy}}}}}");
        self.calls.insert(id.clone(), outcomes(call, self.next));
        let critical = if call.is_critical { "" } else { ", critical: false" };
        let line = format!("{pad}- {{task: {id}, with: {{x: \"${{{}}}\"}}{critical}}}\n", scope.number());
        scope.ids.push((id, !call.is_critical));
        line
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn outcomes(call: &Call, number: usize) -> Vec<Scripted> {
    let after_ms = Some(call.after as f64);
    let mut all = Vec::new();
    if call.late || call.hedged {
        all.push(Scripted { hangs: true, ..Scripted::default() });
    }
    for failure in 0..call.failures {
        let name = if failure % 2 == 0 || call.failures == ALL_ATTEMPTS { "Bad" } else { "Worse" };
        let form = ErrorForm {
            types: vec![name.to_owned()],
            message: format!("no {number}"),
            ..ErrorForm::default()
        };
        all.push(Scripted { after_ms, fails: Some(form), ..Scripted::default() });
    }
    all.push(Scripted { after_ms, returns: Some(json!(number * 10)), ..Scripted::default() });
    all
}
