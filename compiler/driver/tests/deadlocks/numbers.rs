//! Permits counted: the same shape with a permit more or a run fewer is fine or is not.

use crate::support::Project;

const CODE: &str = "
async def work() -> str: ...
async def also() -> str: ...
async def third() -> str: ...
";

/// The codes of the findings of resources and workflows, with tasks `w_a`, `w_b`, `w_ab`... that use the resources of
/// their names.
fn codes(resources: &str, workflows: &str) -> String {
    let mut tasks = String::new();
    for names in ["", "a", "b", "c", "g", "ab", "ba", "bc", "ca", "db"] {
        let used: Vec<String> = match names {
            "db" => vec!["db".to_owned()],
            _ => names.chars().map(String::from).collect(),
        };
        let known = used.iter().all(|name| resources.contains(&format!("id: {name},")));
        if known && workflows.contains(&format!("w_{names}}}")) {
            tasks += &format!("- {{id: w_{names}, ref: app.work, uses: [{}]}}\n", used.join(", "));
        }
    }
    let manifest = format!("tasks:\n{tasks}\nresources: [{resources}]\nworkflows:\n{workflows}\n");
    let project = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]);
    let found = project.compile().diagnostics;
    let codes: Vec<&str> = found.iter().map(|found| found.code.0).collect();
    codes.join(" ")
}

fn semaphores(names: &str, permits: u32) -> String {
    let each =
        names.chars().map(|name| format!("{{id: {name}, kind: semaphore, max_concurrency: {permits}}}"));
    each.collect::<Vec<_>>().join(", ")
}

#[test]
fn steps_that_queue_for_one_permit_each_are_fine() {
    let branches = (0..20).map(|at| format!("{{id: s{at}, task: w_db}}")).collect::<Vec<_>>();
    let wide = format!("- {{id: w, steps: [{{parallel: [{}]}}]}}", branches.join(", "));
    let pool = "{id: db, kind: postgres, url: 'postgres://h/d', pool: {max: 10}}";
    assert_eq!(codes(pool, &wide), "");
    let mapped = "- {id: w, input: {xs: list<int>}, steps: [{map: {over: '${input.xs}', as: x, steps: [{task: w_a}]}}]}";
    assert_eq!(codes(&semaphores("a", 1), mapped), "");
}

#[test]
fn a_connection_goes_to_the_inner_steps_of_this_workflow_only() {
    let pool = "{id: db, kind: postgres, url: 'postgres://h/d', pool: {max: 1}}";
    let inside = "- {id: w, steps: [{hold: {resource: db, steps: [{task: w_db}]}}]}";
    assert_eq!(codes(pool, inside), "");
    let child = "- {id: w, steps: [{hold: {resource: db, steps: [{workflow: v}]}}]}\n- {id: v, steps: [{task: w_db}]}";
    assert_eq!(codes(pool, child), "E211");
    let semaphore = "- {id: w, steps: [{hold: {resource: a, steps: [{task: w_a}]}}]}";
    assert_eq!(codes(&semaphores("a", 1), semaphore), "E211");
}

#[test]
fn runs_that_hold_one_and_want_another_are_counted() {
    let flow = |limit: &str| {
        format!("- {{id: w{limit}, steps: [{{hold: {{resource: a, steps: [{{task: w_a}}]}}}}]}}")
    };
    let ten = semaphores("a", 10);
    assert_eq!(codes(&ten, &flow("")), "E210");
    assert_eq!(codes(&ten, &flow(", concurrency: {limit: 10}")), "E210");
    assert_eq!(codes(&ten, &flow(", concurrency: {limit: 9}")), "");
    let keyed = ", input: {k: string}, concurrency: {limit: 9, key: '${input.k}'}";
    assert_eq!(codes(&ten, &flow(keyed)), "E210", "runs with other keys are not bounded");
    let constant = ", concurrency: {limit: 9, key: '${\"k\"}'}";
    assert_eq!(codes(&ten, &flow(constant)), "", "one key bounds them");
    assert_eq!(codes(&semaphores("a", 1_000_000), &flow("")), "E210", "in bounded time and memory");
}

#[test]
fn two_orders_are_found_and_one_order_is_fine() {
    let two = "- {id: v, steps: [{hold: {resource: a, steps: [{task: w_b}]}}]}\n";
    let other = "- {id: w, steps: [{hold: {resource: b, steps: [{task: w_a}]}}]}";
    let same = "- {id: w, steps: [{hold: {resource: a, steps: [{sequence: [{task: w_b}]}]}}]}";
    assert_eq!(codes(&semaphores("ab", 1), &format!("{two}{other}")), "E210");
    assert_eq!(codes(&semaphores("ab", 3), &format!("{two}{other}")), "E210");
    assert_eq!(codes(&semaphores("ab", 1), &format!("{two}{same}")), "");
    let tasks = "- {id: v, steps: [{task: w_ab}]}\n- {id: w, steps: [{task: w_ba}]}";
    assert_eq!(codes(&semaphores("ab", 1), tasks), "", "the permits of one step are taken in one order");
    let three = "- {id: u, steps: [{hold: {resource: a, steps: [{task: w_b}]}}]}
- {id: v, steps: [{hold: {resource: b, steps: [{task: w_c}]}}]}
- {id: w, steps: [{hold: {resource: c, steps: [{task: w_a}]}}]}";
    assert_eq!(codes(&semaphores("abc", 1), three), "E210");
}

#[test]
fn limits_bound_who_can_meet() {
    let meet = |limits: [&str; 2]| {
        format!(
            "- {{id: v{}, steps: [{{hold: {{resource: a, steps: [{{task: w_b}}]}}}}]}}\n- {{id: w{}, steps: [{{hold: {{resource: b, steps: [{{task: w_a}}]}}}}]}}",
            limits[0], limits[1]
        )
    };
    let one = ", concurrency: {limit: 1}";
    // One run of each holds one of two permits.
    assert_eq!(codes(&semaphores("ab", 2), &meet([one, one])), "");
    assert_eq!(codes(&semaphores("ab", 2), &meet([one, ""])), "");
    assert_eq!(codes(&semaphores("ab", 2), &meet(["", ""])), "E210");
    assert_eq!(codes(&semaphores("ab", 1), &meet([one, one])), "E210");
}

#[test]
fn a_gate_around_both_orders_keeps_them_apart() {
    let gated = |permits: u32| {
        let gate = format!("{{id: g, kind: semaphore, max_concurrency: {permits}}}");
        let flow = |id: &str, outer: &str, inner: &str| {
            format!(
                "- {{id: {id}, steps: [{{hold: {{resource: g, steps: [{{hold: {{resource: {outer}, steps: [{{task: w_{inner}}}]}}}}]}}}}]}}\n"
            )
        };
        let flows = flow("v", "a", "b") + &flow("w", "b", "a");
        codes(&format!("{}, {gate}", semaphores("ab", 1)), &flows)
    };
    assert_eq!(gated(1), "");
    assert_eq!(gated(2), "E210");
}

#[test]
fn branches_of_one_run_are_counted_too() {
    let block = |steps: &str| format!("- {{id: w, concurrency: {{limit: 1}}, steps: [{steps}]}}");
    let crossed = "{hold: {resource: a, steps: [{task: w_b}]}}, {hold: {resource: b, steps: [{task: w_a}]}}";
    let ab = semaphores("ab", 1);
    assert_eq!(codes(&ab, &block(&format!("{{parallel: [{crossed}]}}"))), "E211");
    assert_eq!(codes(&ab, &block(&format!("{{sequence: [{crossed}]}}"))), "", "one after the other");
    assert_eq!(codes(&ab, &block(&format!("{{parallel: [{crossed}], max_concurrency: 1}}"))), "");
    let graph = "{graph: [{hold: {id: x, resource: a, steps: [{task: w_b}]}}, {hold: {id: y, resource: b, steps: [{task: w_a}] NEEDS}}]}";
    assert_eq!(codes(&ab, &block(&graph.replace(" NEEDS", ""))), "E211");
    assert_eq!(codes(&ab, &block(&graph.replace(" NEEDS", ", needs: [x]"))), "");
}

#[test]
fn the_width_of_a_map_is_counted() {
    let mapped = |over: &str, width: &str, limit: &str| {
        format!(
            "- {{id: w, input: {{xs: list<int>}}{limit}, steps: [{{map: {{over: '{over}', as: x{width}, steps: [{{hold: {{resource: a, steps: [{{task: w_a}}]}}}}]}}}}]}}"
        )
    };
    let one = ", concurrency: {limit: 1}";
    let four = semaphores("a", 4);
    assert_eq!(codes(&four, &mapped("${input.xs}", "", one)), "E211");
    assert_eq!(codes(&four, &mapped("${input.xs}", ", max_concurrency: 4", one)), "E211");
    assert_eq!(codes(&four, &mapped("${input.xs}", ", max_concurrency: 3", one)), "");
    assert_eq!(codes(&four, &mapped("${input.xs}", ", max_concurrency: 3", "")), "E210");
    assert_eq!(codes(&four, &mapped("${[1, 2, 3]}", "", one)), "");
    assert_eq!(codes(&four, &mapped("${[1, 2, 3, 4]}", "", one)), "E211");
}

#[test]
fn a_limit_of_a_child_is_a_permit_too() {
    let flows = |inner: &str, detach: &str| {
        format!(
            "- {{id: w, steps: [{{hold: {{resource: a, steps: [{{workflow: v{detach}}}]}}}}]}}\n- {{id: v, entrypoint: true, concurrency: {{limit: 1}}, steps: [{{task: {inner}}}]}}"
        )
    };
    let entry = |text: String| text.replace("{id: w,", "{id: w, entrypoint: true,");
    assert_eq!(codes(&semaphores("a", 2), &entry(flows("w_a", ""))), "E210");
    assert_eq!(codes(&semaphores("a", 2), &entry(flows("w_}", "").replace("w_}", "w_"))), "");
    assert_eq!(codes(&semaphores("a", 1), &entry(flows("w_a", ", detach: true"))), "", "not waited for");
}

#[test]
fn what_ends_by_itself_is_no_deadlock() {
    let race = "- {id: w, steps: [{race: [{hold: {resource: a, steps: [{task: w_a}]}}, {sleep: 5s}]}]}";
    assert_eq!(codes(&semaphores("a", 1), race), "E312", "no deadlock, though the write may lose");
    let never = "- {id: w, steps: [{hold: {resource: a, steps: [{task: w_a, when: false}, {task: w_}]}}]}";
    assert!(!codes(&semaphores("a", 1), never).contains("E21"), "a step that never runs");
    let deadline = "- {id: w, deadline: 5s, steps: [{hold: {resource: a, steps: [{task: w_a}]}}]}";
    assert_eq!(codes(&semaphores("a", 1), deadline), "W210");
}

#[test]
fn hostile_shapes_are_answered_in_bounded_time() {
    let many = 100;
    let names: Vec<String> = (0..many).map(|at| format!("r{at}")).collect();
    let resources: Vec<String> =
        names.iter().map(|name| format!("{{id: {name}, kind: semaphore, max_concurrency: 7}}")).collect();
    let branches: Vec<String> = (0..many)
        .map(|at| {
            let next = (at + 1) % many;
            format!("    - {{hold: {{resource: r{at}, steps: [{{hold: {{resource: r{next}, steps: [{{sleep: 1s}}]}}}}]}}}}\n")
        })
        .collect();
    let manifest = format!(
        "resources: [{}]\nworkflows:\n- id: w\n  steps:\n  - parallel:\n{}",
        resources.join(", "),
        branches.concat()
    );
    let outcome = Project::new([("concurrency.yaml", manifest.as_str())]).compile();
    let messages: Vec<String> =
        outcome.diagnostics.iter().map(|found| format!("[{}] {}", found.code, found.message)).collect();
    assert_eq!(
        messages,
        ["[W211] runs may wait for each other for ever: over `r0`, `r1`, `r2`, `r3`, `r4`, `r5` and 94 more"]
    );
}

#[test]
fn long_chains_of_calls_are_answered_without_a_stack_for_each() {
    let length = 3_000;
    let mut flows = String::new();
    for at in 0..length {
        let steps = match at {
            0 => "{hold: {resource: a, steps: [{workflow: w1}]}}".to_owned(),
            _ if at + 1 < length => format!("{{workflow: w{}}}", at + 1),
            _ => "{hold: {resource: a, steps: [{sleep: 1s}]}}".to_owned(),
        };
        flows += &format!("- {{id: w{at}, steps: [{steps}]}}\n");
    }
    assert_eq!(codes(&semaphores("a", 1), &flows), "W211");
}
