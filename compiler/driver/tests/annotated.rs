//! Annotations in the code fill in what the manifest leaves open.

use conductor_protocol::plan::{Effect, InDoubt, StepKind, TaskCall};

use crate::support::Project;

const CODE: &str = "
# conductor: task find effect=read policy=careful critical=false
async def find(name: str) -> str: ...

# conductor: task charge idempotent in_doubt=pause compensate=refund uses=desk
async def charge(name: str) -> str: ...

# conductor: task refund retries=7 timeout=3s
async def refund(name: str) -> None: ...
";

/// The calls of the workflow, and the findings as code, text of the primary label and its file.
fn compiled(find: &str) -> (Vec<TaskCall>, Vec<String>) {
    let manifest = format!(
        "tasks: [{{id: find, ref: app.find, {find}}}, {{id: charge, ref: app.charge}}, {{id: refund, ref: app.refund}}]
policies: [{{id: careful, retries: 2}}, {{id: other, retries: 1}}]
resources: [{{id: desk, kind: semaphore, max_concurrency: 1}}]
workflows: [{{id: w, input: {{name: string}}, steps: [{{task: find}}, {{task: charge}}]}}]"
    );
    let code = if find.contains("wrong") { CODE.replace("careful", "carefull") } else { CODE.to_owned() };
    let find = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", code.as_str())]).compile();
    let told = find.diagnostics.iter().map(|finding| {
        let span = finding.span();
        format!("{} `{}` in {}", finding.code, find.sources.slice(span), find.sources.path(span.file))
    });
    let told = told.collect();
    let plans = find.compiled.map(|compiled| compiled.plans).unwrap_or_default();
    let steps = plans.into_iter().flat_map(|plan| plan.steps);
    let call = |step: conductor_protocol::plan::Step| match step.kind {
        StepKind::Task(call) => Some(*call),
        _ => None,
    };
    (steps.filter_map(call).collect(), told)
}

#[test]
fn the_code_says_what_the_manifest_leaves_open() {
    let (calls, told) = compiled("description: x");
    assert_eq!(told, ["W101 `refund` in concurrency.yaml", "W105 `other` in concurrency.yaml"]);
    let [find, charge] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((find.effect, charge.effect), (Effect::Read, Effect::Write));
    assert!(format!("{:?}", find.policy).contains("retries: Some(2)"), "{:?}", find.policy);
    assert_eq!((find.idempotent, charge.idempotent, charge.in_doubt), (false, true, InDoubt::Pause));
    assert_eq!(charge.uses, ["desk"]);
    let refund = charge.compensate.as_ref().map(|call| (call.task.as_str(), format!("{:?}", call.policy)));
    assert!(refund.is_some_and(|(task, policy)| task == "refund" && policy.contains("retries: Some(7)")));
}

#[test]
fn the_manifest_has_the_last_word() {
    let (calls, told) = compiled("effect: none, policy: other");
    assert_eq!(calls[0].effect, Effect::None);
    assert!(format!("{:?}", calls[0].policy).contains("retries: Some(1)"), "{:?}", calls[0].policy);
    let differs: Vec<&String> = told.iter().filter(|one| one.starts_with("W122")).collect();
    assert_eq!(differs, ["W122 `none` in concurrency.yaml", "W122 `other` in concurrency.yaml"]);
}

#[test]
fn the_same_twice_is_no_difference() {
    let (_, told) = compiled("effect: read, policy: careful");
    assert!(!told.iter().any(|one| one.starts_with("W122")), "{told:?}");
}

#[test]
fn a_name_that_is_not_there_is_told_in_the_code() {
    let (_, told) = compiled("description: wrong");
    assert!(told.contains(&"E110 `carefull` in app.py".to_owned()), "{told:?}");
}
