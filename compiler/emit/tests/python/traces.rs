//! What generated code records of a fallback is what the reference interpreter's trace says.

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::Plan;
use conductor_simulate::{Scenario, Scripted, Start, Trace, What};
use serde_json::{Map, Value, json};

use crate::callables::{TASKS, falling, run};
use crate::support::*;

fn failing(name: &str) -> Vec<Scripted> {
    let types = vec![name.to_owned()];
    let error = ErrorForm { types, code: None, message: String::new(), fields: Map::new(), stack: None };
    vec![Scripted { fails: Some(error), ..Scripted::default() }]
}

fn returning(value: Value) -> Vec<Scripted> {
    vec![Scripted { returns: Some(value), ..Scripted::default() }]
}

/// The run of the Plan where each task does what `tasks.py` does.
fn interpreted(plan: &Plan, why: &str) -> Trace {
    let later = if why == "broken" { failing("builtins.ValueError") } else { returning(json!("later [6]")) };
    let calls = [
        ("charge", failing("tasks.Broken")),
        ("pay_later", later),
        ("ask_a_person", returning(json!("asked"))),
    ];
    let mut start = Start::new(&plan.workflow, "r");
    start.input.insert("order".to_owned(), json!([1]));
    let scenario = Scenario {
        starts: vec![start],
        calls: calls.map(|(task, scripted)| (task.to_owned(), scripted)).into(),
        ..Scenario::default()
    };
    conductor_simulate::run(std::slice::from_ref(plan), &scenario)
}

fn lines(trace: &Trace) -> String {
    let line = |what: &What| match what {
        What::AttemptStarted { key, task, attempt, .. } => {
            Some(format!("step_started {key} {task} {attempt}"))
        }
        What::AttemptFailed { key, attempt, error, retry_at_us } => {
            let again = if retry_at_us.is_some() { "again" } else { "over" };
            Some(format!("attempt_failed {key} {attempt} {} {again}", error.types[0]))
        }
        What::StepSucceeded { key, attempt, output } => {
            Some(format!("step_succeeded {key} {attempt} {output}"))
        }
        What::StepFailed { key, attempt, error, .. } => {
            Some(format!("step_failed {key} {attempt} {}", error.types[0]))
        }
        What::RunEnded(end) => Some(format!("run_{} {:?}", end.state.as_str(), end.step)),
        _ => None,
    };
    trace.events.iter().filter_map(|event| line(&event.what)).map(|line| line + "\n").collect()
}

const RECORDED: &str = r#"
    try:
        await falling(order=[1], run_id='r')
    except WorkflowError:
        pass
    import json
    for kind, entry in peer.entries('r'):
        types = entry.get('error', {}).get('types', [None])[0]
        match kind:
            case 'step_started':
                print(kind, entry['key'], entry['task'], entry['attempt'])
            case 'attempt_failed':
                print(kind, entry['key'], entry['attempt'], types, 'again' if entry.get('retry_at') else 'over')
            case 'step_succeeded':
                print(kind, entry['key'], entry['attempt'], json.dumps(entry['output']))
            case 'step_failed':
                print(kind, entry['key'], entry['attempt'], types)
            case 'run_succeeded':
                print(kind, 'None')
            case 'run_failed':
                print(kind, f'Some("{entry["step"]}")')"#;

#[test]
fn what_is_recorded_of_a_fallback_is_the_trace_of_the_interpreter() {
    for (why, last) in [("late", false), ("broken", false), ("broken", true), ("late", true)] {
        let plan = falling(true, why, last, false);
        let trace = interpreted(&plan, why);
        let project = Project::new(&[("tasks.py", TASKS)], std::slice::from_ref(&plan));
        assert_eq!(run(&project, "falling", RECORDED), lines(&trace), "{why} {last}");
    }
}
