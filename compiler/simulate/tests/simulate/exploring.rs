//! Exhaustive search: what it finds, and that it does not find what is not there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conductor_protocol::plan::*;
use conductor_simulate::{Exploration, Limits, Start, explore};
use expect_test::{Expect, expect};

use crate::kit::*;

fn using(id: &str, resources: &[&str]) -> Step {
    with_call(task(id), |call| call.uses = resources.iter().map(|id| (*id).to_owned()).collect())
}

fn with_resources(mut plan: Plan, resources: Vec<Resource>) -> Plan {
    plan.resources = resources;
    plan
}

fn check(plans: &[Plan], starts: &[Start], limits: &Limits, expected: Expect) -> Exploration {
    let found = explore(plans, starts, limits);
    let mut text = format!("{} outcomes, {} states\n", found.outcomes.len(), found.states);
    for deadlock in &found.deadlocks {
        text.push_str("deadlock:\n");
        deadlock.interleaving.iter().for_each(|moved| {
            let _ = writeln!(text, "  {moved}");
        });
        deadlock.stuck.iter().for_each(|stuck| {
            let _ = writeln!(text, "  => {stuck}");
        });
    }
    expected.assert_eq(&text);
    assert_eq!(found.cut_short, None);
    found
}

#[test]
fn two_runs_that_hold_one_resource_and_want_the_other() {
    let locks = || vec![semaphore("a", 1), semaphore("b", 1)];
    let one = with_resources(plan("one", vec![hold("a", vec![using("x", &["b"])])]), locks());
    let other = with_resources(plan("other", vec![hold("b", vec![using("y", &["a"])])]), locks());
    let starts = [Start::new("one", "1"), Start::new("other", "2")];
    check(
        &[one, other],
        &starts,
        &Limits::default(),
        expect![[r#"
        1 outcomes, 29 states
        deadlock:
          run `1` starts
          run `2` starts
          run `1`, step `hold_a` asks for a permit of resource `a` and gets it
          run `2`, step `hold_b` asks for a permit of resource `b` and gets it
          run `1`, step `x` asks for a permit of resource `b` and waits
          run `2`, step `y` asks for a permit of resource `a` and waits
          => run `2`, step `y` waits for a permit of resource `a`, held by run `1`, step `hold_a`
          => run `1`, step `x` waits for a permit of resource `b`, held by run `2`, step `hold_b`
    "#]],
    );
}

#[test]
fn one_order_for_all_leads_to_no_deadlock() {
    let locks = || vec![semaphore("a", 1), semaphore("b", 1)];
    let both = |name: &str| with_resources(plan(name, vec![using("x", &["a", "b"])]), locks());
    let starts = [Start::new("one", "1"), Start::new("other", "2")];
    check(
        &[both("one"), both("other")],
        &starts,
        &Limits::default(),
        expect![[r#"
        1 outcomes, 28 states
    "#]],
    );
}

#[test]
fn a_held_semaphore_is_not_reentrant() {
    let inner = with_resources(plan("w", vec![hold("a", vec![using("x", &["a"])])]), vec![semaphore("a", 1)]);
    check(
        &[inner],
        &[Start::new("w", "r")],
        &Limits::default(),
        expect![[r#"
        0 outcomes, 3 states
        deadlock:
          run `r` starts
          run `r`, step `hold_a` asks for a permit of resource `a` and gets it
          run `r`, step `x` asks for a permit of resource `a` and waits
          => run `r`, step `x` waits for a permit of resource `a`, held by run `r`, step `hold_a`
    "#]],
    );
}

#[test]
fn a_run_that_waits_for_one_that_its_own_limit_keeps_out() {
    let first = Step {
        when: Some(equal(input("first"), boolean(true))),
        ..wait_for("wait", "go", None, OnTimeout::Fail)
    };
    let second = Step {
        when: Some(equal(input("first"), boolean(false))),
        ..emit("tell", "go", None, Some(text("1")))
    };
    let mut limited = plan("w", vec![first, second]);
    limited.concurrency = Some(Concurrency { limit: 1, key: None });
    let start = |run: &str, first: bool| {
        let input = [("first".to_owned(), serde_json::Value::from(first))].into_iter().collect();
        Start { input, ..Start::new("w", run) }
    };
    let of_bool = |name: &str| Input {
        name: name.to_owned(),
        ty: conductor_protocol::types::Type::Bool,
        default: None,
        secret: false,
    };
    limited.inputs = vec![of_bool("first")];
    check(
        &[limited],
        &[start("1", true), start("2", false)],
        &Limits::default(),
        expect![[r#"
        1 outcomes, 18 states
        deadlock:
          run `2` starts
          run `2` asks to be admitted to `w` and gets it
          run `2`, step `tell` sends the signal `go` to run `1`
          run `1` starts
          run `1` asks to be admitted to `w` and gets it
          run `1`, step `wait` waits for the signal `go`
          => run `1`, step `wait` waits for the signal `go`
        deadlock:
          run `1` starts
          run `2` starts
          run `1` asks to be admitted to `w` and gets it
          run `2` asks to be admitted to `w` and waits
          run `1`, step `wait` waits for the signal `go`
          => run `2` waits for a permit of workflow `w`, held by run `1`
          => run `1`, step `wait` waits for the signal `go`
    "#]],
    );
}

#[test]
fn children_behind_a_limit_take_turns() {
    let parent = plan("w", vec![child("c", "child", false)]);
    let mut inner = plan("child", vec![read("x")]);
    inner.concurrency = Some(Concurrency { limit: 1, key: None });
    let starts = [Start::new("w", "1"), Start::new("w", "2")];
    check(
        &[parent, inner],
        &starts,
        &Limits::default(),
        expect![[r#"
        1 outcomes, 18 states
    "#]],
    );
}

#[test]
fn a_signal_that_nobody_sends() {
    let waits = plan("w", vec![wait_for("wait", "go", None, OnTimeout::Fail)]);
    check(
        std::slice::from_ref(&waits),
        &[Start::new("w", "r")],
        &Limits::default(),
        expect![[r#"
        0 outcomes, 2 states
        deadlock:
          run `r` starts
          run `r`, step `wait` waits for the signal `go`
          => run `r`, step `wait` waits for the signal `go`
    "#]],
    );
    let told = Start { signals: vec!["go".to_owned()], ..Start::new("w", "r") };
    check(
        &[waits],
        &[told],
        &Limits::default(),
        expect![[r#"
            1 outcomes, 4 states
        "#]],
    );
}

#[test]
fn a_wait_that_only_its_timeout_ends_is_a_deadlock_where_time_does_not_pass() {
    let waits = plan("w", vec![wait_for("wait", "go", Some(1000), OnTimeout::Null)]);
    let limits = Limits { deadlines_pass: false, ..Limits::default() };
    check(
        std::slice::from_ref(&waits),
        &[Start::new("w", "r")],
        &limits,
        expect![[r#"
        0 outcomes, 2 states
        deadlock:
          run `r` starts
          run `r`, step `wait` waits for the signal `go`
          => run `r`, step `wait` waits for the signal `go`
    "#]],
    );
    check(
        &[waits],
        &[Start::new("w", "r")],
        &Limits::default(),
        expect![[r#"
        1 outcomes, 3 states
    "#]],
    );
}

#[test]
fn every_winner_of_a_race_is_found() {
    let of_int =
        |id: &str| with_call(read(id), |call| called(call).returns = conductor_protocol::types::Type::Int);
    let racing = plan("w", vec![race("who", vec![of_int("a"), of_int("b"), fail("c", "x.Bad")])]);
    let found = check(
        &[racing],
        &[Start::new("w", "r")],
        &Limits::default(),
        expect![[r#"
            2 outcomes, 2 states
        "#]],
    );
    let outputs: BTreeSet<_> =
        found.outcomes.iter().map(|runs| runs["r"].output.clone().unwrap_or_default()).collect();
    assert_eq!(outputs.len(), 2, "{outputs:?}");
}

#[test]
fn conditions_go_both_ways_where_asked_for() {
    let maybe = Step { when: Some(boolean(false)), ..fail("a", "x.Bad") };
    let one = plan("w", vec![maybe]);
    check(
        std::slice::from_ref(&one),
        &[Start::new("w", "r")],
        &Limits::default(),
        expect![[r#"
        1 outcomes, 1 states
    "#]],
    );
    let limits = Limits { conditions_both_ways: true, ..Limits::default() };
    check(
        &[one],
        &[Start::new("w", "r")],
        &limits,
        expect![[r#"
        2 outcomes, 1 states
    "#]],
    );
}

#[test]
fn failures_are_tried_as_far_as_allowed() {
    let patient = with_policy(read("a"), |policy| policy.retries = Some(1));
    let one = plan("w", vec![patient]);
    let limits = |failures| Limits { failures, ..Limits::default() };
    check(
        std::slice::from_ref(&one),
        &[Start::new("w", "r")],
        &limits(1),
        expect![[r#"
        1 outcomes, 5 states
    "#]],
    );
    check(
        &[one],
        &[Start::new("w", "r")],
        &limits(2),
        expect![[r#"
        2 outcomes, 6 states
    "#]],
    );
}

#[test]
fn independent_steps_do_not_multiply_without_bound() {
    let branches = (0..6).map(|index| read(&format!("s{index}"))).collect();
    let wide = plan("w", vec![parallel("p", branches, OnFailure::Cancel)]);
    let found = explore(&[wide], &[Start::new("w", "r")], &Limits::default());
    assert!(found.states <= 3 + (1 << 6), "{} states", found.states);
    assert_eq!(found.outcomes.len(), 1);
}

#[test]
fn a_bound_that_cuts_the_search_short_is_named() {
    let branches = (0..8).map(|index| read(&format!("s{index}"))).collect();
    let wide = plan("w", vec![parallel("p", branches, OnFailure::Cancel)]);
    let limits = Limits { states: 50, ..Limits::default() };
    let found = explore(&[wide], &[Start::new("w", "r")], &limits);
    assert_eq!(found.cut_short.as_deref(), Some("50 states"));
}
