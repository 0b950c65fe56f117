//! A workflow for each construct, with what it gives.

use conductor_protocol::expr::{BinaryOp, Comprehension, Expr, Literal, Node};
use conductor_protocol::plan::{
    Case as Branch, Catch, Delay, Emit, Hold, Loop, LoopTest, Map, OnExhausted, OnFailure, OnTimeout, Step,
    StepKind, Try, WaitFor,
};
use conductor_protocol::types::{Type, TypeTable};

use crate::kit::*;

pub const TASKS: &str = r#"export interface Order {
  id: string;
  items: string[];
}
export class Declined extends Error {
  readonly code = "402";
}
let polls = 0;
const calls = new Map<string, number>();

export async function word(of: string): Promise<string> {
  await Promise.resolve();
  return of;
}
export function size(of: string): Promise<number> {
  return Promise.resolve(of.length);
}
export async function order(id: string): Promise<Order> {
  await Promise.resolve();
  return { id, items: [`${id}1`, `${id}22`] };
}
export async function fails(why: string): Promise<string> {
  await Promise.resolve();
  throw why === "declined" ? new Declined("no") : new Error(why);
}
/** Fails the first `times`. */
export async function sometimes(name: string, times: number): Promise<string> {
  await Promise.resolve();
  const count = (calls.get(name) ?? 0) + 1;
  calls.set(name, count);
  if (count <= times) {
    throw new Error(`try ${String(count)}`);
  }
  return `${name} ${String(count)}`;
}
export function poll(): Promise<number> {
  polls += 1;
  return Promise.resolve(polls);
}
export async function slow(of: string, signal: AbortSignal): Promise<string> {
  await new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 10_000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
  return of;
}
export function picky(
  tier: "ada" | "eve",
  note?: string,
  more?: string,
): Promise<string> {
  return Promise.resolve(`${tier} ${String(note)} ${String(more)}`);
}
export function bigger(of: bigint): Promise<bigint> {
  return Promise.resolve(of + 1n);
}
export function sync(of: string): string {
  return of.toUpperCase();
}
export async function undo(what: string): Promise<void> {
  await Promise.resolve();
  console.log(`undone ${what}`);
}
export function maybe(of: string): Promise<string | undefined> {
  return Promise.resolve(of === "" ? undefined : of);
}
"#;

/// A workflow's name, its steps, its output, and what it gives for `ada`.
pub type Case = (&'static str, Vec<Step>, Expr, &'static str);

pub fn order() -> Type {
    named("src/tasks", "Order")
}

pub fn types() -> TypeTable {
    let fields = vec![field("id", Type::String, true), field("items", list(Type::String), true)];
    TypeTable::from([interface("src/tasks", "Order", fields)])
}

pub fn word(id: &str, of: Expr) -> Step {
    read(id, "word", Type::String, vec![arg("of", of)])
}

pub fn fetched(id: &str) -> Step {
    read(id, "order", order(), vec![arg("id", input("name", Type::String))])
}

pub fn failing(id: &str, why: &str) -> Step {
    read(id, "fails", Type::String, vec![arg("why", text(why))])
}

fn slow(id: &str) -> Step {
    let signal = special("signal", Type::Any, conductor_protocol::plan::ArgumentValue::Cancellation);
    read(id, "slow", Type::String, vec![arg("of", text(id)), signal])
}

pub fn named_input() -> Expr {
    input("name", Type::String)
}

fn is_empty() -> Expr {
    binary(Type::Bool, BinaryOp::Equal, named_input(), text(""))
}

fn when(mut step: Step, when: Expr) -> Step {
    step.when = Some(when);
    step.ty = optional(step.ty);
    step
}

fn tolerated(mut step: Step) -> Step {
    step.critical = false;
    step.ty = optional(step.ty);
    step
}

fn switch(id: &str, ty: Type, cases: Vec<(Option<Expr>, Vec<Step>)>) -> Step {
    let cases = cases.into_iter().map(|(when, steps)| Branch { when, steps }).collect();
    step(id, ty, StepKind::Switch { cases })
}

fn attempt(id: &str, ty: Type, block: Try) -> Step {
    step(id, ty, StepKind::Try(Box::new(block)))
}

fn repeat(id: &str, ty: Type, block: Loop) -> Step {
    step(id, ty, StepKind::Loop(Box::new(block)))
}

fn list_of(values: Vec<Expr>) -> Expr {
    expr(list(values[0].ty.clone()), Node::List(values))
}

/// One workflow for each construct: its name, its steps, and what it gives for `ada`.
pub fn constructs() -> Vec<Case> {
    let mut all = blocks();
    all.extend(choices());
    all.extend(handled());
    all.extend(values());
    all.extend(exits());
    all.extend(waits());
    all.extend(crate::policies::attempts());
    all.extend(crate::policies::limits());
    all.extend(crate::policies::natives());
    all
}

fn blocks() -> Vec<Case> {
    let mut wide = parallel(
        "wide",
        vec![word("a", named_input()), sequence("b", vec![fetched("c"), word("d", text("d"))])],
    );
    if let StepKind::Parallel { max_concurrency, on_failure, .. } = &mut wide.kind {
        (*max_concurrency, *on_failure) = (Some(1), OnFailure::Wait);
    }
    let wide_ty = wide.ty.clone();
    let mut second = word("second", result("first", Type::String));
    second.needs = vec!["first".to_owned()];
    let graph_ty = record(&[("first", Type::String), ("second", Type::String)]);
    let graph =
        step("net", graph_ty.clone(), StepKind::Graph { steps: vec![second, word("first", named_input())] });
    let race_ty = optional(Type::union([Type::String, order()]));
    let race = step(
        "fastest",
        race_ty.clone(),
        StepKind::Race { branches: vec![slow("late"), tolerated(failing("bad", "x")), fetched("quick")] },
    );
    let items = get(result("fetched", order()), "items", list(Type::String));
    let map = Map {
        over: items,
        variable: "item".to_owned(),
        item: Type::String,
        max_concurrency: Some(2),
        steps: vec![read("measure", "size", Type::Float, vec![arg("of", variable("item", Type::String))])],
    };
    let map = step("each", list(Type::Float), StepKind::Map(Box::new(map)));
    let orders = Map {
        over: list_of(vec![result("fetched", order()), result("fetched", order())]),
        variable: "one".to_owned(),
        item: order(),
        max_concurrency: None,
        steps: vec![word("id_of", get(variable("one", order()), "id", Type::String)), fetched("again")],
    };
    let orders = step("orders", list(order()), StepKind::Map(Box::new(orders)));
    let hold = step(
        "held",
        Type::String,
        StepKind::Hold(Hold {
            resource: "slots".to_owned(),
            atomic: false,
            steps: vec![word("inside", named_input())],
        }),
    );
    vec![
        ("wide", vec![wide], result("wide", wide_ty), r#"{"a":"ada","b":"d"}"#),
        ("graph", vec![graph], result("net", graph_ty), r#"{"second":"ada","first":"ada"}"#),
        ("race", vec![race], result("fastest", race_ty), r#"{"id":"ada","items":["ada1","ada22"]}"#),
        ("map", vec![fetched("fetched"), map], result("each", list(Type::Float)), "[4,5]"),
        (
            "map_orders",
            vec![fetched("fetched"), orders],
            result("orders", list(order())),
            r#"[{"id":"ada","items":["ada1","ada22"]},{"id":"ada","items":["ada1","ada22"]}]"#,
        ),
        ("hold", vec![hold], result("inside", Type::String), r#""ada""#),
    ]
}

fn choices() -> Vec<Case> {
    let both = Type::union([Type::String, order()]);
    let choice = switch(
        "choice",
        both.clone(),
        vec![(Some(is_empty()), vec![word("empty", text("none"))]), (None, vec![fetched("full")])],
    );
    let open =
        switch("open", optional(Type::String), vec![(Some(is_empty()), vec![word("never", text("none"))])]);
    let until = Loop {
        test: LoopTest::Until,
        condition: binary(
            Type::Bool,
            BinaryOp::GreaterOrEqual,
            result("asked", Type::Float),
            expr(Type::Float, Node::Literal(Literal::Float(2.0))),
        ),
        max_iterations: 100,
        every_ms: Some(1),
        on_exhausted: OnExhausted::Fail,
        steps: vec![read("asked", "poll", Type::Float, vec![])],
    };
    let last = result("growing", optional(Type::String));
    let size = |of: Expr| call_of(Type::Int, "size", vec![of]);
    let text_so_far = expr(
        Type::String,
        Node::Conditional {
            test: Box::new(binary(Type::Bool, BinaryOp::Equal, last.clone(), null())),
            then: Box::new(text("")),
            otherwise: Box::new(expr(Type::String, Node::Convert(Box::new(last.clone())))),
        },
    );
    let while_ = Loop {
        test: LoopTest::While,
        condition: binary(Type::Bool, BinaryOp::Less, size(text_so_far.clone()), int(5)),
        max_iterations: 3,
        every_ms: Some(1),
        on_exhausted: OnExhausted::Continue,
        steps: vec![word("grown", binary(Type::String, BinaryOp::Add, text_so_far, named_input()))],
    };
    let union_out = result("choice", both);
    vec![
        ("switch", vec![choice], union_out, r#"{"id":"ada","items":["ada1","ada22"]}"#),
        ("switch_open", vec![open], result("open", optional(Type::String)), "null"),
        ("until", vec![repeat("asking", Type::Float, until)], result("asking", Type::Float), "2"),
        (
            "while",
            vec![repeat("growing", optional(Type::String), while_)],
            result("growing", optional(Type::String)),
            r#""adaada""#,
        ),
    ]
}

fn handled() -> Vec<Case> {
    let error = |name: &str| get(variable("problem", conductor_caught()), name, Type::String);
    let caught = Try {
        steps: vec![fetched("tried"), failing("bad", "declined")],
        catches: vec![
            Catch {
                errors: vec!["Nothing".to_owned()],
                variable: "other".to_owned(),
                steps: vec![word("unseen", text("?"))],
            },
            Catch {
                errors: vec!["Declined".to_owned()],
                variable: "problem".to_owned(),
                steps: vec![word(
                    "told",
                    expr(
                        Type::String,
                        Node::Interpolate(vec![
                            error("type"),
                            text(" "),
                            error("step"),
                            text(" "),
                            error("message"),
                        ]),
                    ),
                )],
            },
        ],
        finally: vec![word("cleaned", text("clean"))],
    };
    let caught = attempt("guarded", Type::String, caught);
    let refuse = step(
        "refuse",
        Type::Null,
        StepKind::Fail { error: "OutOfStock".to_owned(), message: text("none left") },
    );
    let refused = attempt(
        "refused",
        Type::String,
        Try {
            steps: vec![refuse],
            catches: vec![Catch {
                errors: vec![],
                variable: "problem".to_owned(),
                steps: vec![word("why", error("message"))],
            }],
            finally: vec![],
        },
    );
    vec![
        ("try", vec![caught], result("guarded", Type::String), r#""Declined bad no""#),
        ("fail", vec![refused], result("refused", Type::String), r#""none left""#),
    ]
}

fn values() -> Vec<Case> {
    let size = |of: Expr| call_of(Type::Int, "size", vec![of]);
    let set = step(
        "set_1",
        record(&[("total", Type::Int), ("names", list(Type::String))]),
        StepKind::Set {
            values: vec![
                ("total".to_owned(), binary(Type::Int, BinaryOp::Add, int(1), size(named_input()))),
                ("names".to_owned(), list_of(vec![named_input(), text("b")])),
            ],
        },
    );
    vec![(
        "set",
        vec![set],
        expr(
            list(Type::String),
            Node::Comprehension {
                kind: Comprehension::Map,
                over: Box::new(result("names", list(Type::String))),
                variables: vec!["n".to_owned()],
                filter: None,
                body: Box::new(binary(
                    Type::String,
                    BinaryOp::Add,
                    variable("n", Type::String),
                    call_of(Type::String, "string", vec![result("total", Type::Int)]),
                )),
            },
        ),
        r#"["ada4","b4"]"#,
    )]
}

fn exits() -> Vec<Case> {
    let out = |value: Expr| step("out", Type::Null, StepKind::Return { value });
    let mut early = out(text("early"));
    early.when = Some(binary(Type::Bool, BinaryOp::Equal, named_input(), text("ada")));
    let mut inner = out(text("inner"));
    inner.id = "inner".to_owned();
    let inner = sequence("inner_block", vec![when(word("skipped", text("x")), is_empty()), inner]);
    let nested = parallel("nested", vec![inner, slow("dragging")]);
    vec![
        ("early", vec![early, slow("unreached")], result("unreached", Type::String), r#""early""#),
        ("nested_return", vec![nested], result("dragging", Type::String), r#""inner""#),
    ]
}

fn waits() -> Vec<Case> {
    let nap = step("nap", Type::Null, StepKind::Sleep(Delay::Fixed { ms: 1 }));
    let naps = step(
        "naps",
        Type::Null,
        StepKind::Sleep(Delay::Computed(call_of(Type::Duration, "duration", vec![text("1ms")]))),
    );
    let tell = step(
        "tell",
        Type::Null,
        StepKind::Emit(Box::new(Emit {
            signal: "go".to_owned(),
            data: Some(result("fetched", order())),
            run: None,
            barrier: true,
        })),
    );
    let wait = step(
        "wait",
        optional(order()),
        StepKind::WaitFor(WaitFor {
            signal: "go".to_owned(),
            data: order(),
            timeout_ms: Some(5_000),
            on_timeout: OnTimeout::Null,
        }),
    );
    let mut limited = sequence("limited", vec![slow("drag")]);
    limited.deadline_ms = Some(20);
    let limited = tolerated(limited);
    let skipped = when(sequence("skipped", vec![fetched("not_done")]), is_empty());
    let kept = when(
        parallel("kept", vec![fetched("one"), word("two", text("2"))]),
        binary(Type::Bool, BinaryOp::NotEqual, named_input(), text("")),
    );
    let kept_ty = kept.ty.clone();
    vec![
        (
            "waits",
            vec![nap, naps, fetched("fetched"), tell, wait],
            result("wait", optional(order())),
            r#"{"id":"ada","items":["ada1","ada22"]}"#,
        ),
        ("limited", vec![limited], result("limited", optional(Type::String)), "null"),
        (
            "skipped",
            vec![skipped, kept],
            expr(
                list(Type::Any),
                Node::List(vec![result("not_done", optional(order())), result("kept", kept_ty)]),
            ),
            r#"[null,{"one":{"id":"ada","items":["ada1","ada22"]},"two":"2"}]"#,
        ),
    ]
}

fn conductor_caught() -> Type {
    record(&[
        ("type", Type::String),
        ("message", Type::String),
        ("step", Type::String),
        ("attempts", Type::Int),
        ("status", optional(Type::Int)),
    ])
}
