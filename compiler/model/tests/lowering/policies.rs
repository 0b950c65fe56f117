//! Durations and numbers.

use conductor_model::Retries;
use expect_test::expect;

use crate::{check, findings};

#[test]
fn durations() {
    check(
        "policies:\n- id: p\n  timeout: 500\n  deadline_ms: 2s\n  initial: 5 parsecs\n  max_delay: -1\n- id: q\n  timeout: 1s\n  timeout_ms: 1000\n  deadline: 0s\n  initial_ms: -5\n  max_delay: 9999999h\n- id: r\n  timeout: []\n  deadline_ms: soon\n",
        expect![[r#"
            error[E057]: a duration needs a unit
             --> concurrency.yaml:3:12
              |
            3 |   timeout: 500
              |            ^^^ milliseconds? seconds?
              |
            help: milliseconds: `500ms`
              |
            3 |   timeout: 500ms
              |               ++
            help: seconds: `500s`
              |
            3 |   timeout: 500s
              |               +
            error[E057]: `deadline_ms` takes a number of milliseconds, without a unit
             --> concurrency.yaml:4:16
              |
            4 |   deadline_ms: 2s
              |                ^^ this has a unit
              |
            help: use `deadline`, which takes a unit
              |
            4 -   deadline_ms: 2s
            4 +   deadline: 2s
              |
            error[E057]: `5 parsecs` is no duration
             --> concurrency.yaml:5:12
              |
            5 |   initial: 5 parsecs
              |            ^^^^^^^^^
              |
              = help: a duration is a number with a unit: 500ms, 2s, 5m or 1h
            error[E059]: `max_delay` cannot be negative
             --> concurrency.yaml:6:14
              |
            6 |   max_delay: -1
              |              ^^
            error[E058]: `timeout` and `timeout_ms` say the same thing twice
             --> concurrency.yaml:9:3
              |
            8 |   timeout: 1s
              |   ------- first here
            9 |   timeout_ms: 1000
              |   ^^^^^^^^^^ here again
              |
              = help: keep one of the two
            error[E059]: `deadline` must be longer than nothing
              --> concurrency.yaml:10:13
               |
            10 |   deadline: 0s
               |             ^^
            error[E059]: `initial_ms` cannot be negative
              --> concurrency.yaml:11:15
               |
            11 |   initial_ms: -5
               |               ^^
            error[E059]: `max_delay` is longer than a hundred years
              --> concurrency.yaml:12:14
               |
            12 |   max_delay: 9999999h
               |              ^^^^^^^^
            error[E052]: expected a duration, such as 500ms, 2s, 5m or 1h, found a list
              --> concurrency.yaml:14:3
               |
            14 |   timeout: []
               |   ^^^^^^^ this is a list
            error[E052]: expected a whole number of milliseconds, found a string
              --> concurrency.yaml:15:16
               |
            15 |   deadline_ms: soon
               |                ^^^^ this is a string
            --- fixed
            policies:
            - id: p
              timeout: 500ms
              deadline: 2s
              initial: 5 parsecs
              max_delay: -1
            - id: q
              timeout: 1s
              timeout_ms: 1000
              deadline: 0s
              initial_ms: -5
              max_delay: 9999999h
            - id: r
              timeout: []
              deadline_ms: soon
        "#]],
    );
    let (manifest, text) =
        findings("policies:\n- {id: p, timeout: 1.5s, deadline: 5m, initial_ms: 0, max_delay: 1h}\n");
    assert_eq!(text, "");
    let fields = &manifest.policies[0].fields;
    let read = [&fields.timeout, &fields.deadline, &fields.initial, &fields.max_delay];
    let read = read.map(|duration| duration.as_ref().map(|duration| duration.value));
    assert_eq!(read, [Some(1_500), Some(300_000), Some(0), Some(3_600_000)]);
}

#[test]
fn numbers() {
    check(
        "policies:\n- id: p\n  retries: -1\n  multiplier: 0.5\n- id: q\n  retries: 99999999999\n  multiplier: big\n- id: r\n  retries: '3'\n- id: s\n  retries: for ever\n- id: t\n  retries: 1.5\n",
        expect![[r#"
            error[E059]: `retries` must be between 0 and 100000
             --> concurrency.yaml:3:12
              |
            3 |   retries: -1
              |            ^^
            error[E059]: `multiplier` must be between 1 and 1000
             --> concurrency.yaml:4:15
              |
            4 |   multiplier: 0.5
              |               ^^^
            error[E059]: `retries` must be between 0 and 100000
             --> concurrency.yaml:6:12
              |
            6 |   retries: 99999999999
              |            ^^^^^^^^^^^
              |
              = help: retrying without end is written `retries: forever`
            error[E052]: expected a number, found a string
             --> concurrency.yaml:7:15
              |
            7 |   multiplier: big
              |               ^^^ this is a string
            error[E052]: expected a number of retries, found a string
             --> concurrency.yaml:9:12
              |
            9 |   retries: '3'
              |            ^^^ this is a string
              |
            help: remove the quotes
              |
            9 -   retries: '3'
            9 +   retries: 3
              |
            error[E056]: `for ever` is no value of `retries`
              --> concurrency.yaml:11:12
               |
            11 |   retries: for ever
               |            ^^^^^^^^
               |
               = note: allowed: `forever`
            help: did you mean `forever`?
               |
            11 -   retries: for ever
            11 +   retries: forever
               |
            error[E052]: expected a number of retries, or `forever`, found a number
              --> concurrency.yaml:13:12
               |
            13 |   retries: 1.5
               |            ^^^ this is a number
            --- fixed
            policies:
            - id: p
              retries: -1
              multiplier: 0.5
            - id: q
              retries: 99999999999
              multiplier: big
            - id: r
              retries: 3
            - id: s
              retries: forever
            - id: t
              retries: 1.5
        "#]],
    );
    let (manifest, text) = findings(
        "policies:\n- {id: p, retries: forever, multiplier: 2}\n- {id: q, retries: 3, retry_on: [503, E], abort_on: X}\n",
    );
    assert_eq!(text, "");
    let retries: Vec<_> =
        manifest.policies.iter().filter_map(|policy| policy.fields.retries.as_ref()).collect();
    assert_eq!((retries[0].value, retries[1].value), (Retries::Forever, Retries::Times(3)));
    assert_eq!(manifest.policies[1].fields.retry_on[0].value, "503");
}

#[test]
fn an_abbreviation_of_two_keys_means_neither() {
    for policy in ["{id: p, retry: 3}", "{id: p, retries: 3, retry: [E]}", "{id: p, retry_on: [E], retry: 3}"]
    {
        let (_, text) = findings(&format!("policies:\n- {policy}\n"));
        assert!(text.starts_with("error[E050]: a policy has no key `retry`\n"), "{text}");
        assert!(text.contains("allowed here: id, retries,"), "{text}");
        assert!(!text.contains("did you mean") && !text.contains("--- fixed"), "{text}");
    }
}
