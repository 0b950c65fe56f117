//! Blocks in blocks, a hundred deep, go the whole way to a Plan, to its file and back, and through the interpreter.

use std::thread;

use conductor_plan::{read_plans, saved_plans};
use conductor_simulate::{Scenario, Start, Stopped, run};

use crate::support::Project;

/// What the command line gives the compiler.
const STACK: usize = 64 << 20;

const KINDS: [&str; 8] = ["sequence", "loop", "switch", "try", "map", "parallel", "race", "graph"];

/// The head of a block, with `#` for its number, and how far its steps stand in.
fn head(kind: &str) -> (&'static [&'static str], usize) {
    match kind {
        "loop" => (
            &[
                "- loop:",
                "    id: l#",
                "    while: ${input.n > 0}",
                "    max_iterations: 1",
                "    on_exhausted: continue",
                "    steps:",
            ],
            6,
        ),
        "switch" => (&["- id: s#", "  switch:", "    - when: ${input.n > 0}", "      steps:"], 8),
        "try" => (
            &[
                "- id: y#",
                "  try:",
                "    - {task: t, id: t#}",
                "  catch:",
                "    - as: error#",
                "      steps:",
            ],
            8,
        ),
        "map" => (&["- map:", "    id: m#", "    over: '${[1]}'", "    as: item#", "    steps:"], 6),
        "parallel" => (&["- parallel:", "    - {task: t, id: p#}"], 4),
        "race" => (&["- race:"], 4),
        "graph" => (&["- graph:"], 4),
        _ => (&["- sequence:"], 4),
    }
}

/// `depth` blocks, each in the one before, whose kinds come from `kinds` in turn, round a task.
fn manifest(kinds: &[&str], depth: usize) -> String {
    let mut text = "tasks: [{id: t, ref: app.t, effect: read}]\nworkflows:\n  - id: main\n    input: {n: int}\n    steps:\n".to_owned();
    let mut indent = 6;
    for level in 0..depth {
        let (lines, further) = head(kinds[level % kinds.len()]);
        for line in lines {
            text.push_str(&" ".repeat(indent));
            text.push_str(&line.replace('#', &level.to_string()));
            text.push('\n');
        }
        indent += further;
    }
    text.push_str(&format!("{}- task: t\n", " ".repeat(indent)));
    text
}

fn project(text: &str) -> Project {
    Project::new([("concurrency.yaml", text), ("app.py", "async def t() -> int:\n    return 1\n")])
}

/// As the command line does it: on a thread with a larger stack.
fn deep(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread").join().expect("no panic");
}

#[test]
fn blocks_may_be_nested_a_hundred_deep() {
    deep(|| {
        for kinds in KINDS.chunks(1).chain([&KINDS[..]]) {
            let project = project(&manifest(kinds, 100));
            let outcome = project.compile();
            let plans = outcome.compiled.as_ref().map(|compiled| compiled.plans.clone());
            let plans = plans.unwrap_or_else(|| panic!("{kinds:?}: {}", project.shown(&outcome)));
            assert!(plans[0].all_steps().count() > 100);
            let text = saved_plans("generated", &plans).expect("a text");
            assert_eq!(read_plans(text.as_bytes()), Ok(plans.clone()), "{kinds:?}");
            let start = Start { workflow: "main".to_owned(), run: "r".to_owned(), ..Start::default() };
            let trace = run(&plans, &Scenario { starts: vec![start], ..Scenario::default() });
            assert_eq!(trace.stopped, Stopped::Ended, "{kinds:?}");
        }
    });
}

#[test]
fn what_is_deeper_is_told_where() {
    deep(|| {
        assert!(project(&manifest(&KINDS, 128)).compile().diagnostics.is_empty());
        for kinds in KINDS.chunks(1).chain([&KINDS[..]]) {
            let found = project(&manifest(kinds, 129)).compile().diagnostics;
            assert!(
                !found.is_empty() && found.iter().all(|found| found.code.0 == "E004"),
                "{kinds:?}: {found:?}"
            );
        }
        let shown = project(&manifest(&["sequence"], 130)).check();
        assert!(shown.starts_with("error[E004]: blocks are nested deeper than 128 levels"), "{shown}");
        assert_eq!(shown.matches("E004").count(), 1, "{shown}");
    });
}

/// The limits come before anything that goes down with the blocks: a small stack is enough.
#[test]
fn hostile_depth_takes_no_stack() {
    for text in [
        manifest(&["sequence"], 3000),
        "workflows: [{id: w, steps: [".to_owned() + &"{sequence: [".repeat(50_000),
    ] {
        let shown = project(&text).check();
        assert!(shown.starts_with("error[E004]"), "{shown}");
    }
}
