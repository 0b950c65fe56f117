//! One trace for each construct.

use conductor_protocol::plan::*;
use expect_test::{Expect, expect};

use crate::kit::*;

pub fn check(steps: Vec<Step>, calls: &[(&str, Vec<conductor_simulate::Scripted>)], expected: Expect) {
    expected.assert_eq(&shown(&play(plan("w", steps), &scenario(calls))));
}

#[test]
fn steps_in_order_and_the_last_result_is_the_output() {
    check(
        vec![read("a"), task("b")],
        &[("a", vec![returns(5.0, 1)]), ("b", vec![returns(7.0, 2)])],
        expect![[r#"
            0     a #1 begins
            5     a = 1
            5     b #1 begins
            12    b = 2
            12    succeeded 2
        "#]],
    );
}

#[test]
fn a_step_whose_condition_does_not_hold_is_skipped_and_null() {
    let skipped = Step { when: Some(boolean(false)), ..task("a") };
    check(
        vec![skipped, sequence(vec![read("b")])],
        &[],
        expect![[r#"
            0     a skipped
            0     b #1 begins
            10    b = null
            10    succeeded null
        "#]],
    );
}

#[test]
fn retries_pause_longer_and_longer() {
    let patient = with_policy(task("a"), |policy| policy.retries = Some(2));
    check(
        vec![patient],
        &[("a", vec![fails(10.0, "x.Flaky")])],
        expect![[r#"
            0     a #1 begins
            10    a #1 fails: x.Flaky, again at 110
            110   a #2 begins
            120   a #2 fails: x.Flaky, again at 320
            320   a #3 begins
            330   a failed: x.Flaky
            330   failed x.Flaky at a
        "#]],
    );
}

#[test]
fn parallel_cancels_the_others_when_one_fails() {
    let block = parallel("p", vec![task("a"), read("b"), task("c")], OnFailure::Cancel);
    check(
        vec![block],
        &[("a", vec![fails(10.0, "x.Bad")]), ("b", vec![returns(50.0, 1)]), ("c", vec![returns(5.0, 3)])],
        expect![[r#"
            0     b #1 begins
            0     a #1 begins
            0     c #1 begins
            5     c = 3
            10    a failed: x.Bad
            10    p decided: "a"
            10    b cancelled
            10    failed x.Bad at a
        "#]],
    );
}

#[test]
fn parallel_that_waits_lets_the_others_end() {
    let block = parallel("p", vec![task("a"), read("b")], OnFailure::Wait);
    check(
        vec![block],
        &[("a", vec![fails(10.0, "x.Bad")]), ("b", vec![returns(50.0, 1)])],
        expect![[r#"
            0     b #1 begins
            0     a #1 begins
            10    a failed: x.Bad
            10    p decided: "a"
            50    b = 1
            50    failed x.Bad at a
        "#]],
    );
}

#[test]
fn parallel_is_a_record_of_the_branches_with_an_id() {
    let branches = vec![read("a"), sequence(vec![read("b"), read("c")])];
    let block =
        step("p", StepKind::Parallel { branches, max_concurrency: Some(1), on_failure: OnFailure::Cancel });
    check(
        vec![block],
        &[("a", vec![returns(5.0, 1)]), ("c", vec![returns(5.0, 2)])],
        expect![[r#"
            0     a #1 begins
            5     a = 1
            5     b #1 begins
            15    b = null
            15    c #1 begins
            20    c = 2
            20    succeeded {"a":1}
        "#]],
    );
}

#[test]
fn a_graph_is_as_wide_as_its_needs_allow() {
    let needing = |id: &str, needs: &[&str]| Step {
        needs: needs.iter().map(|id| (*id).to_owned()).collect(),
        ..read(id)
    };
    let steps = vec![needing("a", &[]), needing("b", &[]), needing("c", &["a"]), needing("d", &["b", "c"])];
    check(
        vec![step("g", StepKind::Graph { steps })],
        &[("a", vec![returns(5.0, 1)]), ("b", vec![returns(30.0, 2)])],
        expect![[r#"
            0     a #1 begins
            0     b #1 begins
            5     a = 1
            5     c #1 begins
            15    c = null
            30    b = 2
            30    d #1 begins
            40    d = null
            40    succeeded {"a":1,"b":2,"c":null,"d":null}
        "#]],
    );
}

#[test]
fn the_first_success_wins_a_race() {
    let skipped = Step { when: Some(boolean(false)), ..read("skipped") };
    let tolerated = Step { critical: false, ..with_call(read("t"), |_| {}) };
    check(
        vec![race("who", vec![skipped, tolerated, read("a"), read("b")])],
        &[("t", vec![fails(1.0, "x.Bad")]), ("a", vec![returns(20.0, 1)]), ("b", vec![returns(5.0, 2)])],
        expect![[r#"
            0     skipped skipped
            0     t #1 begins
            0     a #1 begins
            0     b #1 begins
            1     t tolerated: x.Bad
            5     b = 2
            5     who decided: "b"
            5     a cancelled
            5     succeeded 2
        "#]],
    );
}

#[test]
fn a_race_without_a_winner_fails_with_the_first_failure_in_source_order() {
    check(
        vec![race("who", vec![read("a"), read("b")])],
        &[("a", vec![fails(20.0, "x.Slow")]), ("b", vec![fails(5.0, "x.Fast")])],
        expect![[r#"
            0     a #1 begins
            0     b #1 begins
            5     b failed: x.Fast
            20    a failed: x.Slow
            20    failed x.Slow at a
        "#]],
    );
}

#[test]
fn a_map_keeps_the_order_of_its_items() {
    let resize = with_call(read("resize"), |call| call.args = vec![argument("n", variable("item"))]);
    check(
        vec![map("each", list(vec![int(7), int(8), int(9)]), Some(2), vec![resize])],
        &[
            ("each[0].resize", vec![returns(30.0, 70)]),
            ("each[1].resize", vec![returns(10.0, 80)]),
            ("each[2].resize", vec![returns(10.0, 90)]),
        ],
        expect![[r#"
            0     each[0].resize #1 begins
            0     each[1].resize #1 begins
            10    each[1].resize = 80
            10    each[2].resize #1 begins
            20    each[2].resize = 90
            30    each[0].resize = 70
            30    succeeded [70,80,90]
        "#]],
    );
}

#[test]
fn the_first_case_that_holds_is_taken() {
    let case = |when: Option<bool>, id: &str| Case { when: when.map(boolean), steps: vec![read(id)] };
    let cases = vec![case(Some(false), "a"), case(Some(true), "b"), case(None, "c")];
    check(
        vec![step("s", StepKind::Switch { cases })],
        &[],
        expect![[r#"
            0     b #1 begins
            10    b = null
            10    succeeded null
        "#]],
    );
}

#[test]
fn a_loop_until_sees_its_steps_and_pauses_between() {
    let mut poll = repeat("poll", LoopTest::Until, equal(of("ask"), int(2)), 5, vec![read("ask")]);
    if let StepKind::Loop(repeat) = &mut poll.kind {
        repeat.every_ms = Some(100);
    }
    check(
        vec![poll],
        &[("ask", vec![returns(5.0, 1)]), ("poll[2].ask", vec![returns(5.0, 2)])],
        expect![[r#"
            0     poll[0].ask #1 begins
            5     poll[0].ask = 1
            105   poll[0] = null
            105   poll[1].ask #1 begins
            110   poll[1].ask = 1
            210   poll[1] = null
            210   poll[2].ask #1 begins
            215   poll[2].ask = 2
            215   succeeded 2
        "#]],
    );
}

#[test]
fn a_loop_while_sees_the_iteration_before_under_its_own_id() {
    let more = equal(of("page"), null());
    let ask = with_call(read("ask"), |call| call.args = vec![argument("after", of("page"))]);
    check(
        vec![repeat("page", LoopTest::While, more, 5, vec![ask])],
        &[("page[1].ask", vec![returns(5.0, "end")])],
        expect![[r#"
            0     page[0].ask #1 begins
            10    page[0].ask = null
            10    page[1].ask #1 begins
            15    page[1].ask = "end"
            15    succeeded "end"
        "#]],
    );
}

#[test]
fn a_loop_that_is_never_done_fails_or_goes_on() {
    let endless = || repeat("l", LoopTest::While, boolean(true), 2, vec![read("a")]);
    check(
        vec![endless()],
        &[],
        expect![[r#"
            0     l[0].a #1 begins
            10    l[0].a = null
            10    l[1].a #1 begins
            20    l[1].a = null
            20    failed conductor.LoopExhausted at l
        "#]],
    );
    let mut goes_on = endless();
    if let StepKind::Loop(repeat) = &mut goes_on.kind {
        repeat.on_exhausted = OnExhausted::Continue;
    }
    check(
        vec![goes_on],
        &[],
        expect![[r#"
            0     l[0].a #1 begins
            10    l[0].a = null
            10    l[1].a #1 begins
            20    l[1].a = null
            20    succeeded null
        "#]],
    );
}
