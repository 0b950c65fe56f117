//! The other rules of flow: what they find, and what they leave alone.

use crate::support::Project;

const CODE: &str = "
async def work() -> str: ...
async def take(name: str) -> str: ...
";

/// The codes of what is said of a workflow with these steps.
fn codes(steps: &str) -> String {
    let tasks =
        "- {id: work, ref: app.work, effect: write, uses: [pool]}\n- {id: take, ref: app.take, effect: read}";
    let resources = "- {id: pool, kind: postgres, url: 'postgres://h/d', pool: {max: 10}}\n- {id: lock, kind: semaphore, max_concurrency: 1}";
    let manifest = format!(
        "tasks:\n{tasks}\nresources:\n{resources}\nworkflows:\n- {{id: w, input: {{go: bool, xs: list<int>}}, steps: [{steps}]}}\n"
    );
    let found =
        Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]).compile().diagnostics;
    // What is not used is not what this is about.
    let codes: Vec<&str> =
        found.iter().map(|found| found.code.0).filter(|code| !code.starts_with("W10")).collect();
    codes.join(" ")
}

#[test]
fn signals_that_cannot_come_are_found() {
    let late = "{wait_for: {signal: s}}, {emit: {signal: s}}";
    assert_eq!(codes(late), "E212");
    assert_eq!(codes(&format!("{{sequence: [{late}]}}")), "E212");
    assert_eq!(codes("{wait_for: {signal: s, when: '${input.go}'}}, {emit: {signal: s}}"), "E212");
    let graph = "{graph: [{wait_for: {id: a, signal: s}}, {task: work, needs: [a]}, {emit: {id: c, needs: [work], signal: s}}]}";
    assert_eq!(codes(graph), "E212");
    assert_eq!(
        codes("{parallel: [{wait_for: {signal: s}}, {emit: {signal: s}}], max_concurrency: 1}"),
        "E212"
    );
    let three = "{parallel: [{sequence: [{wait_for: {signal: a}}, {emit: {signal: b}}]}, {sequence: [{wait_for: {signal: b}}, {emit: {signal: c}}]}, {sequence: [{wait_for: {signal: c}}, {emit: {signal: a}}]}]}";
    assert_eq!(codes(three), "E212");
    assert_eq!(codes("{try: [{wait_for: {signal: s}}], finally: [{emit: {signal: s}}]}"), "E212");
}

#[test]
fn signals_that_may_come_are_left_alone() {
    for steps in [
        "{wait_for: {signal: approved}}",
        "{emit: {signal: s}}, {wait_for: {signal: s}}",
        "{wait_for: {signal: s, timeout: 5s}}, {emit: {signal: s}}, {wait_for: {signal: s}}",
        "{parallel: [{wait_for: {signal: s}}, {emit: {signal: s}}]}",
        "{parallel: [{wait_for: {signal: s}}, {sequence: [{task: work}, {emit: {signal: s}}]}]}",
        "{parallel: [{wait_for: {signal: s}}, {emit: {signal: s, when: '${input.go}'}}]}",
        "{parallel: [{emit: {signal: s}}, {wait_for: {signal: s}}], max_concurrency: 1}",
        "{race: [{wait_for: {id: a, signal: s}}, {sleep: 5s}]}, {emit: {signal: s}}, {wait_for: {id: b, signal: s}}",
        "{map: {over: '${input.xs}', as: x, steps: [{emit: {signal: s}}]}}, {wait_for: {signal: s}}",
        "{race: [{sequence: [{wait_for: {signal: s}}, {emit: {signal: s}}]}, {sleep: 5s}]}",
        "{parallel: [{sequence: [{wait_for: {signal: s}}, {emit: {signal: s}}]}, {return: done, when: '${input.go}'}]}",
        "{wait_for: {signal: s}}, {emit: {signal: s, run: 'other'}}",
        "{parallel: [{sequence: [{wait_for: {id: a, signal: s}}, {emit: {signal: t}}]}, {sequence: [{emit: {signal: s}}, {wait_for: {signal: t}}]}]}",
    ] {
        assert_eq!(codes(steps), "", "{steps}");
    }
}

#[test]
fn a_signal_of_the_next_round_leaves_the_first_to_somebody_outside() {
    let rounds = "{loop: {while: '${input.go}', max_iterations: 3, on_exhausted: continue, steps: [{wait_for: {signal: s}}, {emit: {signal: s}}]}}";
    assert_eq!(codes(rounds), "W212");
    assert_eq!(
        codes("{wait_for: {id: a, signal: s}}, {emit: {signal: s}}, {wait_for: {id: b, signal: s}}"),
        "W212"
    );
    assert_eq!(codes("{emit: {signal: s}}"), "W213");
}

#[test]
fn a_signal_and_a_lock_wait_for_each_other() {
    let held = |first: &str, second: &str| {
        format!(
            "{{parallel: [{{hold: {{id: x, resource: lock, steps: [{first}]}}}}, {{hold: {{id: y, resource: lock, steps: [{second}]}}}}]}}"
        )
    };
    let found = codes(&held("{wait_for: {signal: s}}", "{emit: {signal: s}}"));
    assert!(found.contains("E211"), "{found}");
    let outside = "{parallel: [{hold: {id: x, resource: lock, steps: [{wait_for: {signal: s}}]}}, {emit: {signal: s}}]}";
    assert!(!codes(outside).contains("E2"), "it is emitted without the lock");
}

#[test]
fn permits_that_are_kept_for_long_are_found() {
    let hold = |steps: &str| format!("{{hold: {{resource: pool, steps: [{steps}]}}}}");
    assert_eq!(codes(&hold("{task: work}, {wait_for: {signal: s}}")), "W214");
    assert_eq!(
        codes(&hold("{task: work}, {wait_for: {signal: s, timeout: 1d}}").replace("1d", "24h")),
        "W214"
    );
    assert_eq!(codes(&hold("{task: work}, {sleep: 2m}")), "W214");
    assert_eq!(
        codes(&hold("{loop: {until: '${input.go}', max_iterations: 9, every: 5m, steps: [{task: work}]}}")),
        "W214"
    );
    assert_eq!(codes(&hold("{task: work}, {sleep: 2s}, {wait_for: {signal: s, timeout: 10s}}")), "");
}

#[test]
fn writes_at_the_same_time_are_told_where_both_say_that_they_write() {
    let two = "[{task: work, id: a}, {task: work, id: b}]";
    assert_eq!(codes(&format!("{{parallel: {two}}}")), "W215");
    assert_eq!(codes(&format!("{{graph: {two}}}")), "W215");
    assert_eq!(codes(&format!("{{sequence: {two}}}")), "");
    assert_eq!(codes(&format!("{{parallel: {two}, max_concurrency: 1}}")), "");
    assert_eq!(codes("{graph: [{task: work, id: a}, {task: work, id: b, needs: [a]}]}"), "");
    assert_eq!(codes("{parallel: [{task: work}, {task: take, with: {name: x}}]}"), "");
    let locked = "{hold: {id: H, resource: lock, steps: [{task: work, id: T}]}}";
    let both = format!(
        "{}, {}",
        locked.replace('H', "h").replace('T', "a"),
        locked.replace('H', "i").replace('T', "b")
    );
    assert_eq!(codes(&format!("{{parallel: [{both}]}}")), "");
}

#[test]
fn what_never_runs_is_found() {
    let end = "{return: done}";
    assert_eq!(codes(&format!("{end}, {{task: work}}")), "W220");
    assert_eq!(codes(&format!("{{sequence: [{end}]}}, {{task: work}}, {{task: work, id: b}}")), "W220");
    assert_eq!(codes("{task: work, when: false}"), "W220");
    assert_eq!(codes("{graph: [{fail: {id: f, type: Bad, message: no}}, {task: work, needs: [f]}]}"), "W220");
    assert_eq!(
        codes(&format!("{{switch: [{{when: '${{input.go}}', steps: [{end}]}}]}}, {{task: work}}")),
        ""
    );
    assert_eq!(codes("{fail: {type: Bad, message: no, when: '${input.go}'}}, {task: work}"), "");
    let case = |when: &str, id: &str| format!("{{when: {when}, steps: [{{task: work, id: {id}}}]}}");
    let go = "'${input.go}'";
    assert_eq!(codes(&format!("{{switch: [{}, {}]}}", case(go, "a"), case(go, "b"))), "W221");
    assert_eq!(codes(&format!("{{switch: [{}, {}]}}", case("true", "a"), case(go, "b"))), "W221");
    assert_eq!(
        codes(&format!("{{switch: [{}, {}]}}", case(go, "a"), case("'${size(input.xs) > 1}'", "b"))),
        ""
    );
    let handler = |errors: &str, id: &str| format!("{{{errors}steps: [{{task: work, id: {id}}}]}}");
    let tried = |first: &str, second: &str| {
        format!("{{try: [{{task: work}}], catch: [{}, {}]}}", handler(first, "a"), handler(second, "b"))
    };
    assert_eq!(codes(&tried("", "errors: [A], ")), "W221");
    assert_eq!(codes(&tried("errors: [A, B], ", "errors: [B], ")), "W221");
    assert_eq!(codes(&tried("errors: [A], ", "errors: [A, B], ")), "");
    assert_eq!(codes(&tried("errors: [A], ", "")), "");
}

#[test]
fn a_loop_that_can_only_fail_is_found() {
    let round = |head: &str, step: &str| format!("{{loop: {{{head}, max_iterations: 3, steps: [{step}]}}}}");
    assert_eq!(codes(&round("while: true", "{task: work}")), "W222");
    assert_eq!(codes(&round("until: false", "{task: work}")), "W222");
    assert_eq!(codes(&round("while: true", "{return: x, when: '${input.go}'}")), "");
    assert_eq!(codes(&round("while: true, on_exhausted: continue", "{task: work}")), "");
    assert_eq!(codes(&round("until: '${input.go}'", "{task: work}")), "");
}

/// What is said of workflows with these steps, by code.
fn of_flows(flows: &str, permits: u32) -> String {
    let manifest = format!(
        "tasks: [{{id: work, ref: app.work, uses: [lock]}}]\nresources: [{{id: lock, kind: semaphore, max_concurrency: {permits}}}]\nworkflows:\n{flows}"
    );
    let found =
        Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]).compile().diagnostics;
    let codes: Vec<&str> =
        found.iter().map(|found| found.code.0).filter(|code| code.starts_with('E')).collect();
    codes.join(" ")
}

#[test]
fn a_wait_that_keeps_out_who_would_end_it_is_found() {
    let waiter = "- {id: w, concurrency: {limit: 2}, steps: [{hold: {resource: lock, steps: [{wait_for: {signal: s}}]}}]}\n";
    let teller = |steps: &str| format!("- {{id: t, input: {{to: string}}, steps: [{steps}]}}\n");
    let tell = "{emit: {signal: s, run: '${input.to}'}}";
    let inside = teller(&format!("{{task: work}}, {tell}"));
    assert_eq!(of_flows(&format!("{waiter}{inside}"), 1), "E213");
    assert_eq!(of_flows(&format!("{waiter}{inside}"), 2), "E213");
    assert_eq!(of_flows(&format!("{waiter}{inside}"), 3), "", "one permit is left");
    let after = teller(&format!("{tell}, {{task: work}}"));
    assert_eq!(of_flows(&format!("{waiter}{after}"), 1), "");
    let maybe = teller(&format!("{{task: work, when: '${{size(input.to) > 3}}'}}, {tell}"));
    assert_eq!(of_flows(&format!("{waiter}{maybe}"), 1), "");
    let other = "- {id: u, input: {to: string}, steps: [{emit: {signal: s, run: '${input.to}'}}]}";
    assert_eq!(of_flows(&format!("{waiter}{inside}{other}"), 1), "", "another one may come");
    let ended = waiter.replace("signal: s", "signal: s, timeout: 5s");
    assert_eq!(of_flows(&format!("{ended}{inside}"), 1), "");
    let own = |limit: &str| {
        format!(
            "- {{id: w, input: {{to: string}}{limit}, steps: [{{wait_for: {{signal: s}}}}, {{task: work}}, {tell}]}}\n"
        )
    };
    assert_eq!(of_flows(&own(", concurrency: {limit: 1}"), 1), "E213");
    assert_eq!(of_flows(&own(", concurrency: {limit: 1, key: '${input.to}'}"), 1), "");
    assert_eq!(of_flows(&own(""), 1), "");
}
