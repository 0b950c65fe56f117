//! The death of the process at chosen moments: what is taken up again, and what is not decided twice.

use conductor_protocol::plan::*;
use conductor_simulate::Scenario;
use expect_test::expect;

use crate::kit::*;
use crate::rules::check;

/// On replay both failures are there at once, in source order; only the record says which came first.
#[test]
fn what_failed_first_is_not_decided_again() {
    let both = parallel("p", vec![read("b"), read("a")], OnFailure::Wait);
    let seen = step("seen", StepKind::Set { values: vec![("first".to_owned(), variable("error"))] });
    let mut plan = plan("w", vec![attempt(vec![both], vec![(&[], vec![seen, sleep("s", 100)])], vec![])]);
    plan.output = field(of("first"), "type");
    let calls = [("a", vec![fails(10.0, "x.A")]), ("b", vec![fails(20.0, "x.B")])];
    let mut scenario = Scenario { commit_ms: 1.0, ..scenario(&calls) };
    scenario.crashes = vec![conductor_simulate::Crash { at_entry: 7, keep: 1 }];
    check(
        plan,
        &scenario,
        expect![[r#"
            0     b #1 begins
            0     a #1 begins
            10    a failed: x.A
            10    p decided: "a"
            20    b failed: x.B
            20    crash, 6 entries left
            1020  resumed in epoch 2
            1120  s = null
            1121  succeeded "A"
        "#]],
    );
}

#[test]
fn a_death_cuts_off_a_write_and_resets_neither_retries_nor_sleeps() {
    let patient = with_policy(task("a"), |policy| policy.retries = Some(1));
    let calls = [("a", vec![fails(10.0, "x.A"), returns(30.0, 2), returns(30.0, 3)])];
    let mut scenario = Scenario { commit_ms: 1.0, ..scenario(&calls) };
    scenario.crashes = vec![conductor_simulate::Crash { at_entry: 6, keep: 2 }];
    check(
        plan("w", vec![patient, sleep("s", 2000)]),
        &scenario,
        expect![[r#"
            1     a #1 begins
            11    a #1 fails: x.A, again at 111
            112   a #2 begins
            142   a = 2
            142   crash, 6 entries left
            1142  resumed in epoch 2
            2142  s = null
            2143  succeeded null
        "#]],
    );
}

#[test]
fn a_write_that_a_death_cut_off_is_in_doubt() {
    for (in_doubt, expected) in [
        (
            InDoubt::Fail,
            expect![[r#"
            2     a #1 begins
            20    s = null
            20    crash, 3 entries left
            1020  resumed in epoch 2
            1020  a failed: conductor.OutcomeUnknown
            1020  p decided: "a"
            1020  s cancelled
            1022  a.compensate #1 begins
            1032  a.compensate = null
            1032  a undone
            1033  failed conductor.OutcomeUnknown at a
        "#]],
        ),
        (
            InDoubt::Pause,
            expect![[r#"
                2     a #1 begins
                20    s = null
                20    crash, 3 entries left
                1020  resumed in epoch 2
                1020  a in doubt
                1021  paused conductor.Paused at a
            "#]],
        ),
    ] {
        let doubtful = with_call(undoable("a"), |call| call.in_doubt = in_doubt);
        let beside = parallel("p", vec![doubtful, sleep("s", 20)], OnFailure::Cancel);
        let mut scenario = Scenario { commit_ms: 1.0, ..scenario(&[("a", vec![returns(100.0, 1)])]) };
        scenario.crashes = vec![conductor_simulate::Crash { at_entry: 4, keep: 0 }];
        check(plan("w", vec![beside]), &scenario, expected);
    }
}

#[test]
fn an_atomic_block_runs_again_as_a_whole() {
    let mut block = hold("db", vec![task("a"), task("b")]);
    if let StepKind::Hold(hold) = &mut block.kind {
        hold.atomic = true;
    }
    let mut plan = plan("w", vec![block, read("after")]);
    plan.resources = vec![semaphore("db", 1)];
    plan.output = record(vec![("a", of("a")), ("held", of("hold_db"))]);
    let calls = [("a", vec![returns(10.0, 1)]), ("b", vec![returns(10.0, 2)])];
    let mut scenario = Scenario { commit_ms: 1.0, ..scenario(&calls) };
    let trace = check(
        plan.clone(),
        &scenario,
        expect![[r#"
        0     hold_db has resource `db`
        1     a #1 begins
        11    a = 1
        11    b #1 begins
        21    b = 2
        21    hold_db = 2
        21    after #1 begins
        31    after = null
        32    succeeded {"a":1,"held":2}
    "#]],
    );
    assert_eq!(trace.durable_waits("r"), 2, "one before the block, one before the end");
    scenario.crashes = vec![conductor_simulate::Crash { at_entry: 3, keep: 0 }];
    check(
        plan.clone(),
        &scenario,
        expect![[r#"
        0     hold_db has resource `db`
        1     a #1 begins
        11    a = 1
        11    b #1 begins
        21    b = 2
        21    hold_db = 2
        21    crash, 2 entries left
        1021  resumed in epoch 2
        1021  hold_db has resource `db`
        1022  a #1 begins
        1032  a = 1
        1032  b #1 begins
        1042  b = 2
        1042  hold_db = 2
        1042  after #1 begins
        1052  after = null
        1053  succeeded {"a":1,"held":2}
    "#]],
    );
    scenario.crashes = vec![conductor_simulate::Crash { at_entry: 4, keep: 1 }];
    check(
        plan,
        &scenario,
        expect![[r#"
        0     hold_db has resource `db`
        1     a #1 begins
        11    a = 1
        11    b #1 begins
        21    b = 2
        21    hold_db = 2
        21    crash, 3 entries left
        1021  resumed in epoch 2
        1021  after #1 begins
        1031  after = null
        1032  succeeded {"a":1,"held":2}
    "#]],
    );
}
