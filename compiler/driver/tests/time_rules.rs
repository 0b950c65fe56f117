//! Rules of time and retries over small manifests: what they find, and what they leave alone.

use crate::support::Project;

const CODE: &str = "
async def fetch(name: str) -> str: ...
async def poll() -> str: ...
async def charge(amount: int) -> str: ...
async def charge_once(amount: int, idempotency_key: str) -> str: ...
async def charge_elsewhere(amount: int) -> str: ...
async def refund(amount: int, result: str) -> None: ...
def block(name: str) -> str: ...
";

const TASKS: &str = "
tasks:
  - {id: fetch, ref: app.fetch, effect: read, policy: p}
  - {id: poll, ref: app.poll, effect: read, policy: p}
  - {id: charge, ref: app.charge, in_doubt: fail, policy: p}
  - {id: charge_once, ref: app.charge_once, policy: p}
  - {id: block, ref: app.block, effect: read}
";

/// Codes of the findings about time, with the text that each points at.
fn found(policy: &str, workflow: &str) -> Vec<String> {
    let manifest = format!(
        "{TASKS}policies: [{{id: p, {policy}}}]\nworkflows:\n  - id: w\n    input: {{name: string, amount: int, names: list<string>}}\n{workflow}"
    );
    shown(&manifest)
}

fn shown(manifest: &str) -> Vec<String> {
    let outcome = Project::new([("concurrency.yaml", manifest), ("app.py", CODE)]).compile();
    let about_time =
        |code: &str| code.starts_with("E3") || code.starts_with("W3") || matches!(code, "W101" | "W102");
    let unused = |code: &str| matches!(code, "W104" | "W105");
    for finding in &outcome.diagnostics {
        assert!(about_time(finding.code.0) || unused(finding.code.0), "{finding:?}\n{manifest}");
    }
    outcome
        .diagnostics
        .iter()
        .filter(|finding| about_time(finding.code.0))
        .map(|finding| format!("{} {}", finding.code, outcome.sources.slice(finding.span())))
        .collect()
}

fn steps(steps: &str) -> String {
    format!("    steps: {steps}\n")
}

#[test]
fn a_deadline_under_written_pauses_can_never_be_kept() {
    let table = [
        ("    deadline: 1m\n    steps: [{sleep: 5m}]\n", vec!["E310 1m"]),
        ("    deadline: 5m\n    steps: [{sleep: 5m}]\n", vec![]),
        (
            "    deadline: 1m\n    steps: [{sleep: 40s}, {task: fetch}, {sleep: 40s, id: again}]\n",
            vec!["E310 1m"],
        ),
        ("    deadline: 1m\n    steps: [{parallel: [{sleep: 40s, id: a}, {sleep: 50s, id: b}]}]\n", vec![]),
        (
            "    deadline: 1m\n    steps: [{sequence: [{sleep: 2m}], deadline: 90s}]\n",
            vec!["E310 1m", "E310 90s"],
        ),
        // In a branch it fails whenever that is taken.
        ("    deadline: 1m\n    steps: [{sleep: 5m, when: \"${input.amount > 5}\"}]\n", vec!["E310 1m"]),
        (
            "    deadline: 1m\n    steps: [{switch: [{when: \"${input.amount > 5}\", steps: [{sleep: 5m}]}]}]\n",
            vec!["E310 1m"],
        ),
        // A branch of a race may be there to lose; a return comes before the pause.
        ("    deadline: 1m\n    steps: [{race: [{task: fetch}, {sleep: 5m, id: b}]}]\n", vec![]),
        ("    deadline: 1m\n    steps: [{task: fetch}, {sleep: \"${duration('300s')}\"}]\n", vec![]),
    ];
    for (workflow, wanted) in table {
        assert_eq!(found("timeout: 5s", workflow), wanted, "{workflow}");
    }
}

#[test]
fn a_pause_behind_a_return_is_not_on_every_way() {
    let early = "    deadline: 1m\n    steps:\n      - switch: [{when: \"${input.amount > 5}\", steps: [{return: 1}]}]\n      - sleep: 5m\n";
    // Whoever does not return fails, so that it is said of the step.
    assert_eq!(found("timeout: 5s", early), vec!["E310 1m"]);
}

#[test]
fn retries_that_no_deadline_leaves_time_for() {
    let call = steps("[{task: fetch}]");
    let table = [
        ("retries: 5, initial: 2s, jitter: none, timeout: 1s, deadline: 15s", vec!["W310 5"]),
        ("retries: 3, initial: 2s, jitter: none, timeout: 1s, deadline: 15s", vec![]),
        // With full jitter each pause may be nothing.
        ("retries: 5, initial: 2s, timeout: 1s, deadline: 15s", vec![]),
        ("retries: 5, initial: 4s, jitter: equal, timeout: 1s, deadline: 15s", vec!["W310 5"]),
        ("retries: 5, timeout: 3s, deadline: 10s, retry_on: [TimeoutError]", vec!["W310 5"]),
        ("retries: 3, timeout: 3s, deadline: 10s, retry_on: [TimeoutError]", vec![]),
        ("retries: 5, timeout: 3s, deadline: 10s, retry_on: [OSError]", vec![]),
        ("retries: 2, rate_limit: 1/m, timeout: 3s, deadline: 30s", vec!["W310 2"]),
        ("retries: 2, rate_limit: 100/s, timeout: 3s, deadline: 30s", vec![]),
        ("retries: 2, timeout: 30s, deadline: 30s", vec!["W310 30s"]),
        ("retries: 2, timeout: 30s, deadline: 30s, abort_on: [TimeoutError]", vec![]),
        ("timeout: 30s, deadline: 30s", vec![]),
        ("retries: 3, timeout: 10s, deadline: 15s", vec![]),
        ("retries: forever, initial: 2s, jitter: none, timeout: 1s, deadline: 15s", vec![]),
        ("retries: 100000, timeout: 1s, deadline: 15s", vec![]),
        (
            "retries: 100000, strategy: constant, initial: 1s, jitter: none, timeout: 1s, deadline: 15s",
            vec!["W310 100000"],
        ),
    ];
    for (policy, wanted) in table {
        assert_eq!(found(policy, &call), wanted, "{policy}");
    }
}

#[test]
fn the_fix_of_too_many_retries_keeps_what_can_happen() {
    let manifest = |retries| {
        format!(
            "{TASKS}policies: [{{id: p, retries: {retries}, initial: 2s, jitter: none, timeout: 1s, deadline: 15s}}]\nworkflows: [{{id: w, steps: [{{task: fetch}}]}}]"
        )
    };
    let outcome = Project::new([("concurrency.yaml", manifest(5).as_str()), ("app.py", CODE)]).compile();
    let fix = outcome.diagnostics.iter().find_map(|finding| finding.fixes.first()).expect("a fix");
    let fixed = conductor_source::fix::apply(&outcome.sources, [fix]);
    assert_eq!(fixed.files.into_values().collect::<Vec<_>>(), [manifest(3)]);
}

#[test]
fn a_timeout_that_the_deadline_around_it_cuts_off() {
    let call = "    deadline: 10s\n    steps: [{task: fetch}]\n";
    let table = [
        ("retries: 3, timeout: 30s", call, vec!["W311 10s"]),
        ("retries: 0, timeout: 30s", call, vec!["W311 10s"]),
        ("retries: 3, timeout: 10s", call, vec![]),
        ("retries: 3, timeout: 4s", call, vec![]),
        // The policy's own deadline is shorter.
        ("retries: 3, timeout: 8s, deadline: 9s", call, vec![]),
        (
            "retries: 3, timeout: 30s",
            "    steps: [{sequence: [{task: fetch}], deadline: 10s}]\n",
            vec!["W311 10s"],
        ),
        ("retries: 3, timeout: 30s", "    deadline: 1h\n    steps: [{task: fetch}]\n", vec![]),
    ];
    for (policy, workflow, wanted) in table {
        assert_eq!(found(policy, workflow), wanted, "{policy}");
    }
}

#[test]
fn iterations_beyond_a_deadline() {
    let repeat = |deadline, iterations, rest: &str| {
        format!(
            "    deadline: {deadline}\n    steps: [{{loop: {{until: \"${{poll == 'done'}}\", max_iterations: {iterations}, every: 10s{rest}, steps: [{{task: poll}}]}}}}]\n"
        )
    };
    let table = [
        (repeat("1m", 20, ", on_exhausted: continue"), vec!["W312 loop"]),
        (repeat("1m", 20, ""), vec!["W312 loop"]),
        // Six begin at 0, 10, ... 50 seconds.
        (repeat("1m", 6, ""), vec![]),
        (repeat("1h", 20, ""), vec![]),
        (repeat("1h", 20, ", deadline: 1m"), vec!["W312 loop"]),
    ];
    for (workflow, wanted) in table {
        assert_eq!(found("timeout: 5s", &workflow), wanted, "{workflow}");
    }
}

#[test]
fn attempts_multiply_only_where_a_failure_is_survived() {
    let repeat = |step: &str| {
        steps(&format!(
            "[{{loop: {{until: \"${{poll == 'done'}}\", max_iterations: 10, every: 10s, steps: [{step}]}}}}]"
        ))
    };
    let retries = "retries: 3, timeout: 5s";
    assert_eq!(found(retries, &repeat("{task: poll, critical: false}")), vec!["W313 task"]);
    // The usual loop that polls: a failure ends it.
    assert_eq!(found(retries, &repeat("{task: poll}")), Vec::<String>::new());
    assert_eq!(found("timeout: 5s", &repeat("{task: poll, critical: false}")), Vec::<String>::new());
    assert_eq!(
        found("retries: 3, timeout: 5s, hedge: {after: 1s, max: 3}", &steps("[{task: fetch}]")),
        vec!["W313 task"]
    );
    assert_eq!(
        found("retries: 3, timeout: 5s, hedge: {after: 1s}", &steps("[{task: fetch}]")),
        Vec::<String>::new()
    );
}

#[test]
fn writes_that_must_not_happen_twice() {
    let hedge = "timeout: 5s, hedge: {after: 1s}";
    assert_eq!(found(hedge, &steps("[{task: charge}]")), vec!["E311 charge"]);
    assert_eq!(found(hedge, &steps("[{task: charge_once}]")), Vec::<String>::new());
    assert_eq!(found(hedge, &steps("[{task: fetch}]")), Vec::<String>::new());
    let race = |step: &str| steps(&format!("[{{race: [{{task: fetch}}, {step}]}}]"));
    assert_eq!(found("timeout: 5s", &race("{task: charge}")), vec!["E312 task"]);
    assert_eq!(found("timeout: 5s", &race("{sequence: [{task: poll}, {task: charge}]}")), vec!["E312 task"]);
    assert_eq!(found("timeout: 5s", &race("{task: charge_once}")), Vec::<String>::new());
    let cached = |effect: &str| {
        shown(&format!(
            "tasks: [{{id: c, ref: app.fetch, {effect}, cache: {{ttl: 1m}}}}]\nworkflows: [{{id: w, steps: [{{task: c}}]}}]"
        ))
    };
    assert_eq!(cached("idempotent: true"), vec!["E313 {ttl: 1m}"]);
    assert_eq!(cached("effect: read"), Vec::<String>::new());
}

#[test]
fn numbers_that_have_no_effect() {
    let call = steps("[{task: fetch}]");
    let table = [
        (
            "rate_limit: 2/m, circuit_breaker: {failures: 5, window: 30s}",
            vec!["W314 {failures: 5, window: 30s}"],
        ),
        ("rate_limit: 100/s, circuit_breaker: {failures: 5, window: 30s}", vec![]),
        ("circuit_breaker: {failures: 5, window: 30s}", vec![]),
        (
            "rate_limit: 1/m, circuit_breaker: {failure_rate: 0.5, min_calls: 10, window: 1m}",
            vec!["W314 {failure_rate: 0.5, min_calls: 10, window: 1m}"],
        ),
        ("circuit_breaker: {failures: 5, min_calls: 10}", vec!["W314 10"]),
        ("circuit_breaker: {failure_rate: 0.5, min_calls: 10}", vec![]),
        ("timeout: 500ms, hedge: {after: 1s}", vec!["W315 1s"]),
        ("timeout: 2s, hedge: {after: 1s}", vec![]),
    ];
    for (policy, wanted) in table {
        assert_eq!(found(policy, &call), wanted, "{policy}");
    }
}

#[test]
fn widths_are_compared_with_permits() {
    let map = |width: &str, permits: u32| {
        shown(&format!(
            "resources: [{{id: db, kind: semaphore, max_concurrency: {permits}}}]\ntasks: [{{id: fetch, ref: app.fetch, effect: read, uses: [db]}}]\nworkflows: [{{id: w, input: {{names: list<string>}}, steps: [{{map: {{over: '${{input.names}}', as: name, {width}steps: [{{task: fetch}}]}}}}]}}]"
        ))
    };
    assert_eq!(map("max_concurrency: 20, ", 5), vec!["W316 map"]);
    assert_eq!(map("max_concurrency: 5, ", 5), Vec::<String>::new());
    // As wide as possible is what the permits allow.
    assert_eq!(map("", 5), Vec::<String>::new());
}

#[test]
fn a_fallback_may_double_a_write() {
    let manifest = |first: &str, policy: &str| {
        shown(&format!(
            "tasks:\n  - {{id: charge, ref: app.charge, {first}policy: {{{policy}, fallback: {{task: other}}}}}}\n  - {{id: other, ref: app.charge_elsewhere}}\nworkflows: [{{id: w, steps: [{{task: charge}}]}}]"
        ))
    };
    assert_eq!(manifest("", "timeout: 2s"), vec!["W317 charge"]);
    assert_eq!(manifest("in_doubt: fail, ", "timeout: 2s"), Vec::<String>::new());
    assert_eq!(manifest("idempotent: true, ", "timeout: 2s"), Vec::<String>::new());
    assert_eq!(manifest("effect: read, ", "timeout: 2s"), Vec::<String>::new());
    // Nothing cuts it off, so its failure is known.
    assert_eq!(manifest("", "retries: 1"), Vec::<String>::new());
}

#[test]
fn what_undoes_a_write_may_not_happen_twice_either() {
    let undone = shown(
        "tasks:\n  - {id: charge, ref: app.charge, compensate: {task: refund}}\n  - {id: refund, ref: app.refund, policy: {retries: 3, timeout: 2s}}\nworkflows: [{id: w, steps: [{task: charge}]}]",
    );
    assert_eq!(undone, vec!["W101 refund"]);
}

#[test]
fn a_wait_without_an_end_needs_a_durable_run() {
    let wait = |options: &str, timeout: &str| {
        found("timeout: 5s", &format!("{options}    steps: [{{wait_for: {{signal: go{timeout}}}}}]\n"))
    };
    assert_eq!(wait("    durable: false\n", ""), vec!["W318 wait_for"]);
    assert_eq!(wait("    durable: false\n", ", timeout: 1h"), Vec::<String>::new());
    assert_eq!(wait("    durable: false\n    deadline: 1h\n", ""), Vec::<String>::new());
    assert_eq!(wait("", ""), Vec::<String>::new());
    assert_eq!(wait("    deadline: 1h\n", ""), Vec::<String>::new());
}

#[test]
fn nothing_interrupts_a_blocking_function() {
    assert_eq!(found("timeout: 5s", &steps("[{task: block}]")), Vec::<String>::new());
    assert_eq!(found("timeout: 5s", &steps("[{task: block, policy: {timeout: 1s}}]")), vec!["W102 block"]);
    assert_eq!(found("timeout: 5s", &steps("[{race: [{task: fetch}, {task: block}]}]")), vec!["W102 block"]);
    assert_eq!(found("timeout: 5s", "    deadline: 1m\n    steps: [{task: block}]\n"), vec!["W102 block"]);
}
