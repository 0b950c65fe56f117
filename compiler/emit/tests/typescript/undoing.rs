//! Writes without a journal that are cut off, and what undoes them.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Effect, InDoubt, Plan, Policy, TaskCall};
use conductor_protocol::types::Type;

use crate::kit::*;
use crate::project::Project;

const TASKS: &str = r#"const wait = (time: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });

export const log: string[] = [];
/** Does not hear when nobody waits any more. */
export async function book(seat: number): Promise<string> {
  await wait(150);
  return `seat ${seat}`;
}
export async function heeds(seat: number, signal: AbortSignal): Promise<string> {
  await wait(seat < 0 ? 5_000 : 1, signal);
  if (seat > 100) throw new Error("no such seat");
  return `seat ${seat}`;
}
export async function unbook(seat: number, result: string | null): Promise<void> {
  log.push(`undo ${seat} ${result}`);
}
export async function stop(): Promise<never> {
  throw new Error("stop");
}
"#;

const SCRIPT: &str = r#"import { awaited, cutOff, doubted, heeded, needy } from "./conductor_gen/index.js";
import { log } from "./src/tasks.js";

const run = async (name: string, call: (input: { seat: number }, options: { signal?: AbortSignal }) => Promise<unknown>, seat: number, after?: number) => {
  const options = after === undefined ? {} : { signal: AbortSignal.timeout(after) };
  const said = await call({ seat }, options).catch((error: unknown) => String(error).slice(0, 70));
  console.log(name, said, log.splice(0));
};
process.env["CONDUCTOR_LOG"] = "off";
await run("doubted", doubted, 1);
await run("cut off", cutOff, -2);
await run("completed", heeded, 3);
await run("refused", heeded, 101);
await run("cancelled", heeded, -4, 50);
await run("late", awaited, 5, 50);
await run("needy", needy, -6);
"#;

fn seat() -> Expr {
    input("seat", Type::Int)
}

/// `NAME(seat)` with a time limit, undone by `unbook(seat, result)`, and a failure after it.
fn workflow(name: &str, callee: &str, timeout_ms: Option<u64>, with: impl Fn(&mut TaskCall)) -> Plan {
    let mut args = vec![arg("seat", seat())];
    if callee == "heeds" {
        let value = conductor_protocol::plan::ArgumentValue::Cancellation;
        args.push(special("signal", Type::Any, value));
    }
    let result_ty = optional(Type::String);
    let undo = vec![arg("seat", seat()), arg("result", variable("result", result_ty))];
    let mut booked =
        call("book", function(&format!("src/tasks.{callee}"), true, Type::String), args, Effect::Write);
    booked.policy = Policy { timeout_ms, ..retries(0) };
    booked.compensate =
        Some(Box::new(call("unbook", function("src/tasks.unbook", true, Type::Null), undo, Effect::Write)));
    with(&mut booked);
    let stop =
        task("stop", call("stop", function("src/tasks.stop", true, Type::Null), vec![], Effect::Write));
    plan(name, false, vec![given("seat", Type::Int)], vec![task("book", booked), stop], null())
}

#[test]
fn what_was_cut_off_is_undone_with_null_for_its_result() {
    let interpolated = || {
        let shown =
            expr(Type::String, Node::Interpolate(vec![text("of "), variable("result", Type::String)]));
        expr(optional(Type::String), Node::Convert(Box::new(shown)))
    };
    let plans = [
        // Its real end is awaited, and counts.
        workflow("doubted", "book", Some(50), |call| call.in_doubt = InDoubt::Fail),
        workflow("cut_off", "heeds", Some(50), |call| {
            call.idempotent = true;
            call.policy.retries = Some(1);
        }),
        workflow("heeded", "heeds", None, |_| ()),
        workflow("awaited", "book", Some(5_000), |_| ()),
        workflow("needy", "heeds", Some(50), |call| {
            let undo = call.compensate.as_mut().unwrap();
            undo.args[1] = arg("result", interpolated());
        }),
    ];
    let project = Project::new(&[("src/tasks.ts", TASKS)], &plans);
    project.check();
    expect_test::expect![[r#"
        doubted WorkflowError: workflow doubted failed at step stop after 1 attempt: E [ 'undo 1 seat 1' ]
        cut off WorkflowError: workflow cut_off failed at step book after 2 attempts:  [ 'undo -2 null' ]
        completed WorkflowError: workflow heeded failed at step stop after 1 attempt: Er [ 'undo 3 seat 3' ]
        refused WorkflowError: workflow heeded failed at step book after 1 attempt: Er []
        cancelled TimeoutError: The operation was aborted due to timeout [ 'undo -4 null' ]
        late TimeoutError: The operation was aborted due to timeout [ 'undo 5 seat 5' ]
        needy WorkflowError: workflow needy failed at step book after 1 attempt: Tim []
    "#]]
    .assert_eq(&project.node(SCRIPT));
}
