//! Success rates, held to arithmetic: what retries, branches, tolerance and fallbacks must give.

use std::collections::BTreeMap;

use conductor_protocol::plan::*;
use conductor_simulate::study::{Arrivals, Change, Distribution, Profile, Report, Study, apply, study};

use crate::kit::*;

const RUNS: u32 = 10_000;

fn simulated(plans: &[Plan], changes: &[&str]) -> Report {
    let (mut plans, mut profile) = (plans.to_vec(), Profile::default());
    for change in changes {
        let change = Change::parse(change);
        let applied = change.and_then(|change| apply(&mut plans, &mut profile, &BTreeMap::new(), &change));
        assert_eq!(applied, Ok(()));
    }
    study(&plans, &of(profile, RUNS, Arrivals::Alone))
}

fn of(profile: Profile, runs: u32, arrivals: Arrivals) -> Study {
    let workflow = "w".to_owned();
    Study { workflow, runs, seed: 7, arrivals, input: serde_json::Map::new(), profile }
}

/// Within four standard deviations of a share of so many runs.
fn assert_share(got: f64, expected: f64) {
    let deviation = (expected * (1.0 - expected) / f64::from(RUNS)).sqrt();
    assert!((got - expected).abs() <= 4.0 * deviation + 1e-12, "{got} is not {expected} +- {deviation}");
}

fn retried(id: &str, retries: u32) -> Step {
    with_policy(read(id), |policy| policy.retries = Some(retries))
}

#[test]
fn a_step_fails_when_all_its_attempts_do() {
    for (failure, retries) in [(0.0, 0), (0.2, 0), (0.2, 1), (0.5, 3), (1.0, 2)] {
        let report =
            simulated(&[plan("w", vec![retried("a", retries)])], &[&format!("a.failure_rate={failure}")]);
        let exponent = i32::try_from(retries).unwrap() + 1;
        assert_share(report.success_rate, 1.0 - f64::powi(failure, exponent));
        let calls: f64 = (0..exponent).map(|attempt| f64::powi(failure, attempt)).sum();
        assert!(
            (report.calls[0].per_run - calls).abs() < 0.03,
            "{} calls, not {calls}",
            report.calls[0].per_run
        );
    }
}

#[test]
fn branches_must_all_succeed() {
    let block = parallel("p", vec![retried("a", 0), retried("b", 1), retried("c", 0)], OnFailure::Cancel);
    let report = simulated(
        &[plan("w", vec![block])],
        &["a.failure_rate=0.1", "b.failure_rate=0.3", "c.failure_rate=0.05"],
    );
    assert_share(report.success_rate, 0.9 * (1.0 - 0.09) * 0.95);
}

#[test]
fn a_tolerated_failure_costs_no_run() {
    let tolerated = Step { critical: false, ..retried("a", 0) };
    let report = simulated(
        &[plan("w", vec![tolerated, retried("b", 0)])],
        &["a.failure_rate=0.4", "b.failure_rate=0.1"],
    );
    assert_share(report.success_rate, 0.9);
    let failing = report.failures.iter().find(|failing| failing.step == "a").unwrap();
    assert_eq!(failing.failed, 0);
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let share = failing.tolerated as f64 / f64::from(RUNS);
    assert_share(share, 0.4);
}

#[test]
fn a_fallback_stands_in() {
    let with_fallback = with_call(retried("a", 1), |made| {
        let instead = TaskCall { effect: Effect::Read, barrier: false, ..call("b") };
        made.fallback = Some(Fallback::Task(Box::new(instead)));
    });
    let report = simulated(&[plan("w", vec![with_fallback])], &["a.failure_rate=0.5", "b.failure_rate=0.2"]);
    assert_share(report.success_rate, 1.0 - 0.25 * 0.2);
}

#[test]
fn a_race_needs_one_winner_and_a_map_all_of_its_items() {
    let racing = race("who", vec![retried("a", 0), retried("b", 0)]);
    let report = simulated(&[plan("w", vec![racing])], &["a.failure_rate=0.3", "b.failure_rate=0.4"]);
    assert_share(report.success_rate, 1.0 - 0.12);
    let mapping = map("each", list((0..4).map(int).collect()), None, vec![retried("a", 0)]);
    let report = simulated(&[plan("w", vec![mapping])], &["a.failure_rate=0.1"]);
    assert_share(report.success_rate, 0.9_f64.powi(4));
    assert_eq!(report.failures[0].step, "each[*].a");
}

#[test]
fn a_timeout_cuts_off_the_tail() {
    let timed = with_policy(read("a"), |policy| policy.timeout_ms = Some(100));
    let report = simulated(&[plan("w", vec![timed])], &["a.exponential=50ms"]);
    assert_share(report.success_rate, 1.0 - (-2.0_f64).exp());
}

#[test]
fn a_duration_that_is_made_up_stays_below_the_limit_that_was_written() {
    let timed = with_policy(read("a"), |policy| policy.timeout_ms = Some(60));
    let mut plans = [plan("w", vec![timed])];
    let mut profile = Profile::default();
    profile.fit(&plans);
    let rate = |plans: &[Plan], profile: &Profile| {
        study(plans, &of(profile.clone(), 2000, Arrivals::Alone)).success_rate
    };
    assert!((rate(&plans, &profile) - 1.0).abs() < f64::EPSILON);
    let tighter = Change::parse("a.timeout=50ms").unwrap();
    apply(&mut plans, &mut profile, &BTreeMap::new(), &tighter).unwrap();
    assert!(rate(&plans, &profile) < 0.6, "what the limit was changed to is met by the same durations");
}

#[test]
fn quantiles_are_those_of_the_distribution() {
    let report = simulated(&[plan("w", vec![read("a")])], &["a.p50=100ms", "a.p95=400ms"]);
    assert!((report.duration.p50 - 100.0).abs() < 5.0, "{:?}", report.duration);
    assert!((report.duration.p95 - 400.0).abs() < 20.0, "{:?}", report.duration);
    assert!((report.critical_path[0].share - 1.0).abs() < 0.03);
}

/// One server, arrivals at random, exponential service: M/M/1 (Erlang): the mean wait is rho / (mu - lambda).
#[test]
fn a_queue_waits_as_theory_says() {
    let using = with_call(read("a"), |call| call.uses = vec!["db".to_owned()]);
    let mut plan = plan("w", vec![using]);
    plan.resources = vec![semaphore("db", 1)];
    let mut profile = Profile::default();
    profile.commit_ms = 0.0;
    profile.default.duration = Some(Distribution::Exponential { mean: 10.0 });
    let report = study(&[plan], &of(profile, 40_000, Arrivals::PerSecond(60.0)));
    let pool = &report.pools[0];
    let wait = 0.6 / (0.1 - 0.06);
    assert!((pool.wait.mean - wait).abs() < 0.12 * wait, "{} ms, not {wait}", pool.wait.mean);
    assert!((pool.utilisation.unwrap() - 0.6).abs() < 0.02, "{pool:?}");
}

#[test]
fn so_many_at_a_time_and_no_more() {
    let using = with_call(read("a"), |call| call.uses = vec!["db".to_owned()]);
    let mut plan = plan("w", vec![using]);
    plan.resources = vec![semaphore("db", 4)];
    let report = study(&[plan], &of(Profile::default(), 1000, Arrivals::Concurrent(4)));
    assert_eq!(report.runs.succeeded, 1000);
    assert!(report.pools[0].queued < 0.01, "four permits for four runs: {:?}", report.pools[0]);
}

#[test]
fn an_open_breaker_saves_calls() {
    let plans = |breaker: bool| {
        let step = with_policy(read("a"), |policy| {
            policy.circuit_breaker = breaker.then_some(CircuitBreaker {
                trip: Trip::Failures(5),
                window_ms: 30_000,
                min_calls: 10,
                open_for_ms: 30_000,
                half_open_calls: 1,
                key: None,
            });
        });
        [plan("w", vec![step])]
    };
    let calls = |breaker: bool| {
        let mut profile = Profile::default();
        profile.default.failure_rate = 0.5;
        study(&plans(breaker), &of(profile, 2000, Arrivals::PerSecond(10.0))).calls[0].per_run
    };
    assert!((calls(false) - 1.0).abs() < f64::EPSILON);
    assert!(calls(true) < 0.2, "{}", calls(true));
}

#[test]
fn a_seed_means_the_same_report() {
    let plans = [plan("w", vec![parallel("p", vec![retried("a", 2), retried("b", 1)], OnFailure::Wait)])];
    let report = |seed| {
        let mut profile = Profile::default();
        profile.default.failure_rate = 0.3;
        study(&plans, &Study { seed, ..of(profile, 500, Arrivals::PerSecond(20.0)) })
    };
    assert_eq!(report(1), report(1));
    assert_ne!(report(1), report(2));
}

#[test]
fn endless_retries_stop_the_study_and_not_the_machine() {
    let forever = with_policy(read("a"), |policy| policy.retries = None);
    let mut profile = Profile::default();
    profile.default.failure_rate = 1.0;
    let report = study(&[plan("w", vec![forever])], &of(profile, 3, Arrivals::Alone));
    assert_eq!(report.runs.unfinished, 3);
}

#[test]
fn a_change_that_cannot_be_says_what_can() {
    let plans = [plan("w", vec![read("a")])];
    let refused = |text: &str| {
        let change = Change::parse(text);
        change
            .and_then(|change| apply(&mut plans.to_vec(), &mut Profile::default(), &BTreeMap::new(), &change))
            .unwrap_err()
    };
    expect_test::expect![[r#"
        `a` is no change; write NAME.KEY=VALUE, as `charge.failure_rate=0.2`
        there is no task, policy, resource or workflow `b`; there are: a, w
        `a` cannot be changed by `colour`; what can be is: failure_rate, hang_rate, error, p50, p95, constant, exponential, timeout, deadline, retries, initial, max_delay, bulkhead, breaker (off)
        `2` is no share between 0 and 1
        `soon` is no duration; write 500ms, 2s, 5m or 1h
        `w` cannot be changed by `limit`; what can be is: deadline, concurrency"#]].assert_eq(
        &["a", "b.timeout=1s", "a.colour=red", "a.failure_rate=2", "a.timeout=soon", "w.limit=3"]
            .map(refused)
            .join("\n"),
    );
}
