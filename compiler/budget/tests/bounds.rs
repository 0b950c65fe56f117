//! Tables of bounds: a tree of work, and the longest and least time that it can take.

use conductor_budget::{
    Call, Cause, Flow, Kind, Layer, Least, Timing, Why, Work, Worst, amplified, duration, longest_pauses,
    shortest_pause, timings,
};
use conductor_protocol::plan::{Hedge, Jitter, Policy, Strategy};

fn work<'a>(id: &'a str, kind: Kind<'a>) -> Work<'a> {
    Work { id, conditional: false, critical: true, deadline_ms: None, needs: &[], kind }
}

fn call<'a>(id: &'a str, policy: &'a Policy) -> Work<'a> {
    let call = Call { task: id, policy, has_fallback: false, fallback: None, compensate: None };
    work(id, Kind::Call(Box::new(call)))
}

fn sleep(ms: u64) -> Work<'static> {
    work("pause", Kind::Sleep(Some(ms)))
}

/// One attempt of `timeout_ms`.
fn once(timeout_ms: u64) -> Policy {
    Policy { timeout_ms: Some(timeout_ms), ..Policy::default() }
}

fn of(steps: Vec<Work<'_>>) -> Timing<'_> {
    timings(&[Flow { id: "flow", deadline_ms: None, steps }])[0].whole
}

fn within(steps: Vec<Work<'_>>) -> Option<u64> {
    of(steps).worst().milliseconds()
}

fn why(steps: Vec<Work<'_>>) -> Option<(&str, Why)> {
    match of(steps).worst() {
        Worst::Unbounded(Cause { step, why, .. }) => Some((step, why)),
        Worst::Within(_) => None,
    }
}

fn least(steps: Vec<Work<'_>>) -> Option<u64> {
    of(steps).least.success()
}

#[test]
fn attempts_and_pauses_add_up() {
    let exponential = |retries, initial_ms, max_delay_ms, multiplier| Policy {
        retries,
        initial_ms,
        max_delay_ms,
        multiplier,
        ..once(500)
    };
    let table = [
        // 4 attempts of 500 ms; pauses of 100, 200, 400.
        (exponential(Some(3), 100, 30_000, 2.0), Some(4 * 500 + 700)),
        // The third pause would be 400, but 250 is the longest.
        (exponential(Some(5), 100, 250, 2.0), Some(6 * 500 + 100 + 200 + 3 * 250)),
        (exponential(Some(0), 100, 30_000, 2.0), Some(500)),
        (exponential(Some(3), 100, 30_000, 1.0), Some(4 * 500 + 300)),
        (exponential(Some(2), 0, 30_000, 2.0), Some(3 * 500)),
        (exponential(None, 100, 30_000, 2.0), None),
        (Policy { strategy: Strategy::Constant, retries: Some(3), ..once(500) }, Some(2000 + 300)),
        (Policy { strategy: Strategy::Linear, retries: Some(3), ..once(500) }, Some(2000 + 100 + 200 + 300)),
        (
            Policy { strategy: Strategy::Linear, retries: Some(4), max_delay_ms: 250, ..once(500) },
            Some(2500 + 100 + 200 + 250 + 250),
        ),
        // A deadline cuts off, also what is not bounded otherwise.
        (Policy { deadline_ms: Some(900), ..exponential(Some(3), 100, 30_000, 2.0) }, Some(900)),
        (Policy { deadline_ms: Some(900), timeout_ms: None, ..Policy::default() }, Some(900)),
        (Policy { deadline_ms: Some(900), ..exponential(None, 100, 30_000, 2.0) }, Some(900)),
        // A second call after 200 ms may take its 500, too; one after 500 is never made.
        (Policy { hedge: Some(Hedge { after_ms: 200, max: 2 }), ..once(500) }, Some(900)),
        (Policy { hedge: Some(Hedge { after_ms: 500, max: 2 }), ..once(500) }, Some(500)),
    ];
    for (policy, wanted) in table {
        assert_eq!(within(vec![call("a", &policy)]), wanted, "{policy:?}");
    }
}

#[test]
fn numbers_of_any_size_are_bounded_at_once() {
    let forever = Policy {
        retries: Some(u32::MAX),
        timeout_ms: Some(u64::MAX),
        initial_ms: 1,
        max_delay_ms: u64::MAX,
        multiplier: 1.000_000_1,
        ..Policy::default()
    };
    assert_eq!(within(vec![call("a", &forever), call("b", &forever)]), Some(u64::MAX));
    let retries = u64::from(u32::MAX);
    let linear = Policy { strategy: Strategy::Linear, max_delay_ms: u64::MAX, ..forever.clone() };
    assert_eq!(longest_pauses(&linear, retries), retries * (retries + 1) / 2);
    let huge = Policy { initial_ms: u64::MAX, max_delay_ms: u64::MAX, multiplier: 1e300, ..forever };
    assert_eq!(longest_pauses(&huge, retries), u64::MAX);
    assert_eq!(longest_pauses(&Policy { initial_ms: 0, max_delay_ms: 0, ..linear }, retries), 0);
}

#[test]
fn jitter_shortens_a_pause_to_its_least() {
    let policy = |jitter| Policy { jitter, ..Policy::default() };
    assert_eq!(shortest_pause(&policy(Jitter::None), 3), 400);
    assert_eq!(shortest_pause(&policy(Jitter::Equal), 3), 200);
    assert_eq!(shortest_pause(&policy(Jitter::Full), 3), 0);
}

#[test]
fn blocks_combine_what_is_inside() {
    let (one, two, three) = (once(1000), once(2000), once(3000));
    let all = || vec![call("a", &one), call("b", &two), call("c", &three)];
    let parallel = |width| vec![work("p", Kind::Parallel { branches: all(), width })];
    assert_eq!(within(all()), Some(6000));
    assert_eq!(within(vec![work("s", Kind::Sequence(all()))]), Some(6000));
    assert_eq!(within(parallel(None)), Some(3000));
    // Two at a time: c begins when a has ended.
    assert_eq!(within(parallel(Some(2))), Some(4000));
    assert_eq!(within(parallel(Some(1))), Some(6000));
    assert_eq!(within(vec![work("r", Kind::Race(all()))]), Some(3000));
    let cases = vec![vec![call("a", &one)], vec![call("b", &two), call("c", &three)]];
    assert_eq!(within(vec![work("w", Kind::Switch { cases, exhaustive: true })]), Some(5000));
    let repeat = |iterations| Kind::Loop { iterations, every_ms: 500, at_least_once: true, steps: all() };
    // A pause after each iteration but the last.
    assert_eq!(within(vec![work("l", repeat(3))]), Some(3 * 6000 + 2 * 500));
    assert_eq!(within(vec![work("l", repeat(1))]), Some(6000));
    let block = Kind::Try {
        steps: vec![call("a", &one)],
        catches: vec![vec![call("b", &two)], vec![call("c", &three)]],
        finally: vec![call("d", &one)],
    };
    assert_eq!(within(vec![work("t", block)]), Some(1000 + 3000 + 1000));
    let capped = Work { deadline_ms: Some(2500), ..work("s", Kind::Sequence(all())) };
    assert_eq!(within(vec![capped, call("d", &one)]), Some(3500));
}

#[test]
fn a_graph_takes_its_longest_path() {
    let (one, two, five) = (once(1000), once(2000), once(5000));
    let (b, d) = (["b".to_owned()], ["a".to_owned(), "b".to_owned()]);
    let steps = vec![
        Work { needs: &d, ..call("d", &one) },
        Work { needs: &b, ..call("a", &two) },
        call("b", &one),
        call("c", &five),
    ];
    // b, a, d: 4 s; c beside it: 5 s.
    assert_eq!(within(vec![work("g", Kind::Graph(steps.clone()))]), Some(5000));
    let longer = once(4000);
    let steps = vec![steps[0].clone(), Work { needs: &b, ..call("a", &longer) }, steps[2].clone()];
    assert_eq!(within(vec![work("g", Kind::Graph(steps))]), Some(6000));
}

#[test]
fn what_has_no_bound_says_why() {
    let (open, one) = (Policy::default(), once(1000));
    let forever = Policy { retries: None, ..once(1000) };
    assert_eq!(why(vec![call("a", &one), call("b", &open)]), Some(("b", Why::NoTimeout)));
    assert_eq!(why(vec![call("b", &forever)]), Some(("b", Why::RetriesForever)));
    assert_eq!(why(vec![work("n", Kind::Sleep(None))]), Some(("n", Why::ComputedSleep)));
    let wait = |timeout_ms| work("w", Kind::Wait { timeout_ms, fails: true });
    assert_eq!(why(vec![wait(None)]), Some(("w", Why::WaitsForever)));
    assert_eq!(within(vec![wait(Some(70))]), Some(70));
    let map = |length, width| work("m", Kind::Map { length, width, steps: vec![call("a", &one)] });
    assert_eq!(why(vec![map(None, Some(4))]), Some(("m", Why::Items { each_ms: 1000, width: Some(4) })));
    // All items at once take as long as one.
    assert_eq!(within(vec![map(None, None)]), Some(1000));
    assert_eq!(within(vec![map(Some(9), Some(4))]), Some(3000));
    assert_eq!(within(vec![map(Some(0), Some(4))]), Some(0));
    let capped = Work { deadline_ms: Some(40), ..work("s", Kind::Sequence(vec![call("b", &open)])) };
    assert_eq!(within(vec![capped]), Some(40));
}

#[test]
fn a_race_against_a_pause_is_bounded_by_it() {
    let open = Policy::default();
    let timer = || work("timer", Kind::Sequence(vec![sleep(3000), work("out", Kind::Return)]));
    assert_eq!(within(vec![work("r", Kind::Race(vec![call("a", &open), timer()]))]), Some(3000));
    // A pause that ends in a failure does not win.
    let failing = work("timer", Kind::Sequence(vec![sleep(3000), work("no", Kind::Fail)]));
    assert_eq!(
        why(vec![work("r", Kind::Race(vec![call("a", &open), failing]))]),
        Some(("a", Why::NoTimeout))
    );
    let maybe = Work { conditional: true, ..timer() };
    assert_eq!(why(vec![work("r", Kind::Race(vec![call("a", &open), maybe]))]), Some(("a", Why::NoTimeout)));
}

#[test]
fn a_fallback_comes_on_top_of_the_deadline() {
    let (first, second) = (Policy { deadline_ms: Some(700), ..once(500) }, once(300));
    let fallback = Call { task: "f", policy: &second, has_fallback: false, fallback: None, compensate: None };
    let step = Call {
        task: "a",
        policy: &first,
        has_fallback: true,
        fallback: Some(Box::new(fallback.clone())),
        compensate: Some(Box::new(fallback)),
    };
    let timing = of(vec![work("a", Kind::Call(Box::new(step)))]);
    assert_eq!(timing.worst(), Worst::Within(500 + 300));
    assert_eq!(timing.compensation, Worst::Within(300));
}

#[test]
fn a_child_counts_with_its_deadline_and_what_undoes_it() {
    let (one, open) = (once(1000), Policy::default());
    let undone = Call { task: "u", policy: &one, has_fallback: false, fallback: None, compensate: None };
    let open = Call {
        task: "a",
        policy: &open,
        has_fallback: false,
        fallback: None,
        compensate: Some(Box::new(undone)),
    };
    let child = |flow, detach| work("child", Kind::Flow { flow: Some(flow), detach });
    let flows = [
        Flow { id: "outer", deadline_ms: None, steps: vec![child(1, false), call("b", &one)] },
        Flow { id: "inner", deadline_ms: Some(4000), steps: vec![work("a", Kind::Call(Box::new(open)))] },
        Flow { id: "away", deadline_ms: None, steps: vec![child(1, true)] },
        Flow { id: "round", deadline_ms: None, steps: vec![child(3, false)] },
    ];
    let bounds: Vec<Worst<'_>> = timings(&flows).iter().map(|flow| flow.whole.worst()).collect();
    let cause = Cause { workflow: "round", step: "child", why: Why::CallsItself };
    let wanted =
        [Worst::Within(4000 + 1000 + 1000), Worst::Within(4000), Worst::ZERO, Worst::Unbounded(cause)];
    assert_eq!(bounds, wanted);
}

#[test]
fn chains_of_a_hundred_thousand_workflows_do_not_end_the_stack() {
    let count = 100_000;
    let steps = |next| vec![sleep(1), work("next", Kind::Flow { flow: Some(next), detach: false })];
    let flows: Vec<Flow<'_>> = (0..count)
        .map(|index| Flow {
            id: "f",
            deadline_ms: None,
            steps: if index + 1 < count { steps(index + 1) } else { vec![] },
        })
        .collect();
    assert_eq!(timings(&flows)[0].whole.worst(), Worst::Within(99_999));
}

#[test]
fn the_least_time_is_that_of_pauses_nobody_can_avoid() {
    let open = Policy::default();
    let any = || call("a", &open);
    assert_eq!(least(vec![any(), sleep(50), sleep(20)]), Some(70));
    assert_eq!(least(vec![Work { conditional: true, ..sleep(50) }]), Some(0));
    assert_eq!(
        least(vec![work("p", Kind::Parallel { branches: vec![sleep(5), sleep(7)], width: None })]),
        Some(7)
    );
    assert_eq!(least(vec![work("r", Kind::Race(vec![sleep(5), sleep(7)]))]), Some(5));
    let switch = |exhaustive| {
        let cases = vec![vec![sleep(30)], vec![sleep(40)]];
        vec![work("w", Kind::Switch { cases, exhaustive })]
    };
    assert_eq!((least(switch(true)), least(switch(false))), (Some(30), Some(0)));
    let repeat =
        |at_least_once| Kind::Loop { iterations: 9, every_ms: 90, at_least_once, steps: vec![sleep(8)] };
    assert_eq!(least(vec![work("l", repeat(true))]), Some(8));
    assert_eq!(least(vec![work("l", repeat(false))]), Some(0));
    // A return before the pause ends the run without it.
    let early = vec![vec![work("out", Kind::Return)]];
    let early = work("w", Kind::Switch { cases: early, exhaustive: false });
    assert_eq!(least(vec![early, sleep(50)]), Some(0));
    assert_eq!(least(vec![sleep(50), work("no", Kind::Fail)]), None);
    // What is tolerated may fail at once; a pause cannot fail.
    let tolerated = |steps| vec![Work { critical: false, ..work("s", Kind::Sequence(steps)) }];
    assert_eq!(least(tolerated(vec![any(), sleep(50)])), Some(0));
    assert_eq!(least(tolerated(vec![sleep(50)])), Some(50));
    let caught =
        |steps| vec![work("t", Kind::Try { steps, catches: vec![vec![sleep(10)]], finally: vec![sleep(1)] })];
    assert_eq!(least(caught(vec![any(), sleep(50)])), Some(11));
    assert_eq!(least(caught(vec![sleep(50)])), Some(51));
    let short = Work { deadline_ms: Some(20), ..work("s", Kind::Sequence(vec![sleep(30)])) };
    let bounds = timings(&[Flow { id: "flow", deadline_ms: None, steps: vec![short] }]);
    assert_eq!(bounds[0].steps[0].least, Least { complete: Some(30), exit: None });
    assert_eq!(bounds[0].whole.least.success(), None);
}

#[test]
fn bounds_stand_in_the_order_of_the_steps() {
    let inner = work("s", Kind::Sequence(vec![sleep(1), sleep(2)]));
    let bounds = timings(&[Flow { id: "flow", deadline_ms: None, steps: vec![sleep(4), inner, sleep(8)] }]);
    let times: Vec<Option<u64>> = bounds[0].steps.iter().map(|step| step.worst().milliseconds()).collect();
    assert_eq!(times, [4, 3, 1, 2, 8].map(Some));
}

/// Steps and calls of those whose attempts are multiplied in the first flow.
fn multiplied(flows: &[Flow<'_>]) -> Vec<(String, u64, usize, bool)> {
    let found = amplified(flows);
    found[0].iter().map(|call| (call.step.to_owned(), call.calls, call.layers.len(), call.here)).collect()
}

#[test]
fn only_what_goes_on_after_a_failure_multiplies_attempts() {
    let three = Policy { retries: Some(3), ..Policy::default() };
    let flow = |steps| [Flow { id: "flow", deadline_ms: None, steps }];
    let repeat = |steps| work("again", Kind::Loop { iterations: 5, every_ms: 0, at_least_once: true, steps });
    // A failure ends the loop, so that the dependency sees four calls.
    assert_eq!(multiplied(&flow(vec![repeat(vec![call("charge", &three)])])), vec![]);
    let tolerated = || Work { critical: false, ..call("charge", &three) };
    let wanted = vec![("charge".to_owned(), 20, 2, true)];
    assert_eq!(multiplied(&flow(vec![repeat(vec![tolerated()])])), wanted);
    let catches = vec![vec![sleep(1)]];
    let caught = work("t", Kind::Try { steps: vec![call("charge", &three)], catches, finally: vec![] });
    assert_eq!(multiplied(&flow(vec![repeat(vec![caught])])), wanted);
    // What is tolerated lets both loops go on.
    let outer = work(
        "outer",
        Kind::Loop {
            iterations: 7,
            every_ms: 0,
            at_least_once: true,
            steps: vec![repeat(vec![tolerated()])],
        },
    );
    assert_eq!(multiplied(&flow(vec![outer])), vec![("charge".to_owned(), 140, 3, true)]);
    // The tolerance stands around the loop, not in it.
    let around = Work { critical: false, ..repeat(vec![call("charge", &three)]) };
    assert_eq!(multiplied(&flow(vec![around])), vec![]);
    // A minute apart they are no retries, and each item of a list is work of its own.
    let patient = work(
        "again",
        Kind::Loop { iterations: 5, every_ms: 60_000, at_least_once: true, steps: vec![tolerated()] },
    );
    assert_eq!(multiplied(&flow(vec![patient])), vec![]);
    let reminders =
        vec![tolerated(), work("answer", Kind::Wait { timeout_ms: Some(86_400_000), fails: false })];
    assert_eq!(multiplied(&flow(vec![repeat(reminders)])), vec![]);
    let each = work("each", Kind::Map { length: None, width: None, steps: vec![tolerated()] });
    assert_eq!(multiplied(&flow(vec![repeat(vec![each])])), vec![]);
    let hedged = Policy { hedge: Some(Hedge { after_ms: 1, max: 2 }), ..three.clone() };
    assert_eq!(multiplied(&flow(vec![call("charge", &hedged)])), vec![("charge".to_owned(), 12, 2, true)]);
    let forever = Policy { retries: None, ..three.clone() };
    assert_eq!(
        multiplied(&flow(vec![repeat(vec![Work { critical: false, ..call("c", &forever) }])])),
        vec![]
    );
}

#[test]
fn layers_of_a_called_workflow_count() {
    let three = Policy { retries: Some(3), ..Policy::default() };
    let child = Work { critical: false, ..work("child", Kind::Flow { flow: Some(1), detach: false }) };
    let repeat = work(
        "again",
        Kind::Loop { iterations: 5, every_ms: 0, at_least_once: true, steps: vec![child.clone()] },
    );
    let inner = Flow { id: "inner", deadline_ms: None, steps: vec![call("charge", &three)] };
    let outer = |steps| Flow { id: "outer", deadline_ms: None, steps };
    let flows = [outer(vec![repeat]), inner.clone()];
    assert_eq!(multiplied(&flows), vec![("child".to_owned(), 20, 2, true)]);
    assert_eq!(amplified(&flows)[0][0].layers[1], Layer::Loop { step: "again", count: 5 });
    assert_eq!(multiplied(&[outer(vec![child]), inner]), vec![]);
}

#[test]
fn times_are_written_as_in_a_manifest() {
    let table = [(0, "0s"), (500, "500ms"), (1500, "1s 500ms"), (60_000, "1m"), (3_723_004, "1h 2m 3s 4ms")];
    for (milliseconds, wanted) in table {
        assert_eq!(duration(milliseconds), wanted);
    }
}
