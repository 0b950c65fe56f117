//! Plans: barriers, policies with their defaults, types, and digests that depend on the program only.

use std::fmt::Write as _;

use conductor_protocol::plan::{Plan, Step, StepKind};
use expect_test::expect;

use crate::support::Project;

const CODE: &str = "
from dataclasses import dataclass

@dataclass
class Address:
    city: str

@dataclass
class User:
    id: str
    address: Address

@dataclass
class Unrelated:
    id: str

async def fetch(user_id: str) -> User: ...
async def mail(user: User) -> None: ...
def charge(amount: int, /, *, idempotency_key: str) -> str: ...
async def other() -> Unrelated: ...
";
const MANIFEST: &str = "
tasks:
  - {id: fetch, ref: app.fetch, effect: read}
  - {id: mail, ref: app.mail, policy: soft}
  - {id: charge, ref: app.charge, in_doubt: fail, policy: {retries: forever, timeout: 2s}}
  - {id: other, ref: app.other}
policies:
  - {id: soft, retries: 2, critical: false}
workflows:
  - id: main
    deadline: 1m
    steps:
      - task: fetch
      - parallel:
          - task: mail
            critical: true
          - task: mail
            id: again
            policy: {retries: 1, deadline: 5s}
          - sequence: [{workflow: pay}]
            deadline: 3s
        on_failure: wait
        max_concurrency: 2
  - id: pay
    durable: false
    steps: [{task: charge}]
  - id: unrelated
    steps: [{task: other}]
";

fn plans(manifest: &str) -> Vec<Plan> {
    let project = Project::new([("concurrency.yaml", manifest), ("app.py", CODE)]);
    project.compile().compiled.unwrap_or_else(|| panic!("{}", project.check())).plans
}

fn summary(plans: &[Plan]) -> String {
    let mut shown = String::new();
    for plan in plans {
        let types: Vec<&str> = plan.types.keys().map(|name| name.name.as_str()).collect();
        let _ = writeln!(shown, "{} deadline={:?} types={types:?}", plan.workflow, plan.deadline_ms);
        plan.steps.iter().for_each(|step| show(step, 1, &mut shown));
    }
    shown
}

fn show(step: &Step, depth: usize, shown: &mut String) {
    let what = match &step.kind {
        StepKind::Task(call) => {
            let policy = &call.policy;
            let args: Vec<String> =
                call.args.iter().map(|arg| format!("{}:{:?}", arg.parameter, arg.passing)).collect();
            format!(
                "{}({}) barrier={} retries={:?} timeout={:?} deadline={:?} {:?}",
                call.callable.function().map(|function| function.name.as_str()).unwrap_or_default(),
                args.join(", "),
                call.barrier,
                policy.retries,
                policy.timeout_ms,
                policy.deadline_ms,
                call.in_doubt
            )
        }
        StepKind::Workflow(call) => format!("workflow {} barrier={}", call.workflow, call.barrier),
        StepKind::Sequence { .. } => format!("sequence deadline={:?}", step.deadline_ms),
        StepKind::Parallel { max_concurrency, on_failure, .. } => {
            format!("parallel {max_concurrency:?} {on_failure:?}")
        }
        other => other.keyword().to_owned(),
    };
    let critical = if step.critical { "" } else { " tolerated" };
    let _ = writeln!(shown, "{}{}: {}{critical} = {what}", "  ".repeat(depth), step.id, step.ty);
    step.children().for_each(|child| show(child, depth + 1, shown));
}

#[test]
fn a_plan_holds_everything_that_the_manifest_leaves_out() {
    expect![[r#"
        main deadline=Some(60000) types=["Address", "User"]
          fetch: User = fetch(user_id:Keyword) barrier=false retries=Some(0) timeout=None deadline=None Retry
          parallel_1: {again: null, mail: null} = parallel Some(2) Wait
            mail: null = mail(user:Keyword) barrier=true retries=Some(2) timeout=None deadline=None Retry
            again: null = mail(user:Keyword) barrier=true retries=Some(1) timeout=None deadline=Some(5000) Retry
            sequence_1: string = sequence deadline=Some(3000)
              pay: string = workflow pay barrier=true
        pay deadline=None types=[]
          charge: string = charge(amount:Positional, idempotency_key:Keyword) barrier=false retries=None timeout=Some(2000) deadline=None Fail
        unrelated deadline=None types=["Unrelated"]
          other: Unrelated = other() barrier=true retries=Some(0) timeout=None deadline=None Retry
    "#]].assert_eq(&summary(&plans(MANIFEST)));
}

#[test]
fn the_digest_depends_on_the_program_not_on_its_text() {
    let digests = |manifest: &str| -> Vec<String> {
        plans(manifest).iter().map(|plan| plan.digest().expect("a Plan is JSON")).collect()
    };
    let first = digests(MANIFEST);
    assert_eq!(digests(&format!("# a comment\n{}", MANIFEST.replace("2s", "2000ms"))), first);
    let changed = digests(&MANIFEST.replace("on_failure: wait", "on_failure: cancel"));
    assert_ne!(changed[0], first[0]);
    assert_eq!(changed[1..], first[1..]);
}
