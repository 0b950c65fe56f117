//! What holds over every store.
//!
//! It knows none of them.

use conductor_journal::{Recorded, Refusal, RunFilter, StartRequest, Started};
use conductor_protocol::message::{Owned, code};
use conductor_protocol::state::RunState;

pub use crate::audit::decisions_are_kept_and_the_last_one_stands;
pub use crate::feed::{
    a_run_that_goes_on_after_its_end_is_fed_from_there,
    each_record_is_fed_from_when_it_is_wanted_until_it_is_dealt_with,
};
pub use crate::purge::{
    filters_by_workflow_and_state, no_key_is_given_twice, old_runs_go_and_leave_their_ids,
    what_an_unfinished_run_may_ask_for_stays,
};
pub use crate::restart::{
    a_block_is_a_place_too_and_other_inputs_take_the_place_of_the_runs,
    a_restart_that_the_store_refuses_leaves_the_run_ended,
    what_had_begun_and_ended_well_counts_and_what_had_not_begins_anew, what_was_undone_may_not_count,
};
pub use crate::search::{
    a_search_finds_what_is_there_whatever_is_noted, what_changes_after_it_was_noted_is_found,
    what_changes_while_it_is_noted_is_found, what_is_noted_goes_with_the_runs,
};
pub use crate::shelf::documents_are_kept_with_their_last_use;
use crate::support::{At, FINISHED, STARTED, commit, never, owner, record, request, said, start};

pub fn records_are_dense_and_resends_are_known(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    assert_eq!(record(&journal, "r", 1, 1, STARTED, "s"), Ok(Recorded::Queued));
    let gap = record(&journal, "r", 1, 3, STARTED, "s").unwrap_err();
    assert_eq!(gap, Refusal::Gap { run: "r".into(), given: 3, expected: 2 });
    // Before and after the commit, the same content is known, in whatever order its keys stand; other is refused.
    let reordered = r#"[{"step_started":{"at":1,"attempt":1,"task":"a","key":"a"}}]"#;
    let other = STARTED.replace("\"at\":1", "\"at\":9");
    assert_eq!(record(&journal, "r", 1, 1, reordered, "s"), Ok(Recorded::Queued));
    assert_eq!(record(&journal, "r", 1, 1, &other, "s").unwrap_err().code(), code::SEQUENCE);
    assert_eq!(said(&commit(&journal)), ["r s ack 1"]);
    assert_eq!(record(&journal, "r", 1, 1, STARTED, "s"), Ok(Recorded::Known { acked: 1 }));
    assert_eq!(record(&journal, "r", 1, 1, reordered, "s"), Ok(Recorded::Known { acked: 1 }));
    assert_eq!(record(&journal, "r", 1, 1, &other, "s").unwrap_err().code(), code::SEQUENCE);
    assert_eq!(record(&journal, "r", 1, 2, FINISHED, "s"), Ok(Recorded::Queued));
    assert_eq!(record(&journal, "r", 1, 3, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert_eq!(said(&commit(&journal)), ["r s ack 2", "r succeeded"]);
    assert_eq!(record(&journal, "r", 1, 2, FINISHED, "s"), Ok(Recorded::Known { acked: 2 }));
    assert_eq!(record(&journal, "r", 1, 3, STARTED, "s").unwrap_err().code(), code::TRANSITION);
}

pub fn nothing_is_shown_before_it_is_on_disk(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    assert!(journal.store().find("r").unwrap().is_none());
    let attached = journal.start(request("r", "{}"), Some(&owner("t")), &never).unwrap();
    let Started::Attached { settled: Some(mut settled), .. } = attached else { panic!("{attached:?}") };
    assert!(settled.try_recv().is_err(), "told before the commit");
    commit(&journal);
    assert_eq!(settled.try_recv(), Ok(Ok(())));
    // The end is admitted, but others still see the run as it is on disk.
    record(&journal, "r", 1, 1, FINISHED, "s").unwrap();
    let attached = journal.start(request("r", "{}"), Some(&owner("t")), &never).unwrap();
    assert!(matches!(attached, Started::Attached { state: RunState::Running, .. }), "{attached:?}");
    commit(&journal);
    let finished = journal.start(request("r", "{}"), Some(&owner("t")), &never).unwrap();
    assert!(matches!(finished, Started::Finished { state: RunState::Succeeded }), "{finished:?}");
}

pub fn a_run_whose_start_is_not_on_disk_has_no_signals_yet(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    assert!(journal.signals("r", 0, usize::MAX).unwrap().signals.is_empty());
    assert!(matches!(journal.signals("other", 0, usize::MAX), Err(Refusal::Unknown { .. })));
}

pub fn a_takeover_makes_the_old_epoch_stale(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    record(&journal, "r", 1, 1, STARTED, "s").unwrap();
    let taken = journal.start(request("r", "{}"), Some(&owner("t")), &|_| true).unwrap();
    let Started::Taken(taken) = taken else { panic!("{taken:?}") };
    assert_eq!((taken.info.epoch, taken.next_seq), (2, 3));
    assert_eq!(record(&journal, "r", 1, 2, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert_eq!(record(&journal, "r", 2, 3, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert_eq!(record(&journal, "r", 2, 3, STARTED, "t"), Ok(Recorded::Queued));
    assert_eq!(said(&commit(&journal)), ["r s ack 1", "r t ack 3"]);
}

pub fn another_input_workflow_or_plan_is_refused(at: &dyn At) {
    let journal = at.journal();
    let input = |text| journal.start(request("r", text), Some(&owner("s")), &|_| true);
    input(r#"{"a":1,"b":2}"#).unwrap();
    assert!(matches!(input(r#"{ "b":2, "a":1 }"#), Ok(Started::Taken(_))));
    assert_eq!(input(r#"{"a":1}"#).unwrap_err().code(), code::RUN_MISMATCH);
    let other = StartRequest { workflow: "v".into(), ..request("r", r#"{"a":1,"b":2}"#) };
    let other = journal.start(other, Some(&owner("s")), &never).unwrap_err();
    assert_eq!(other.code(), code::RUN_MISMATCH);
    let plan = StartRequest { plan: Some("q".into()), ..request("r", r#"{"a":1,"b":2}"#) };
    let plan = journal.start(plan, Some(&owner("s")), &|_| true).unwrap_err();
    assert_eq!(plan.code(), code::PLAN_MISMATCH);
}

pub fn a_restart_finds_open_runs_and_their_owners(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "open", "s");
    start(&journal, "done", "s");
    start(&journal, "lost", "s");
    record(&journal, "open", 1, 1, STARTED, "s").unwrap();
    record(&journal, "done", 1, 1, FINISHED, "s").unwrap();
    commit(&journal);
    record(&journal, "open", 1, 2, STARTED, "s").unwrap();
    drop(journal);
    let journal = at.journal();
    let runs: Vec<_> = journal.open_runs().into_iter().map(|info| info.run.to_string()).collect();
    assert_eq!(runs, ["lost", "open"]);
    let claims = ["open", "done"].map(|run| Owned { run: run.into(), epoch: 1 });
    let (kept, given_back) = journal.reclaim(&owner("s"), &claims).unwrap();
    let kept: Vec<_> = kept.into_iter().map(|kept| (kept.run, kept.next_seq)).collect();
    assert_eq!(kept, [("open".to_owned(), 2), ("done".to_owned(), 2)]);
    assert_eq!(given_back.len(), 1);
    assert_eq!(record(&journal, "open", 1, 2, STARTED, "s"), Ok(Recorded::Queued));
    let taken = journal.take("lost", &owner("t"), "p", "python", &never).unwrap();
    assert!(taken.is_some(), "what was not claimed is free");
    assert!(journal.take("open", &owner("t"), "p", "python", &never).unwrap().is_none());
    assert_eq!(said(&commit(&journal)), ["lost t ack 1", "open s ack 2"]);
}

pub fn cancelling_ends_a_free_run_only_before_it_has_begun(at: &dyn At) {
    let journal = at.journal();
    let outside = |run| StartRequest { plan: None, ..request(run, "{}") };
    journal.start(outside("fresh"), None, &never).unwrap();
    start(&journal, "begun", "s");
    record(&journal, "begun", 1, 1, STARTED, "s").unwrap();
    commit(&journal);
    journal.release("begun", 1, "s").unwrap().unwrap();
    journal.cancel("fresh", "why", 3, &never).unwrap();
    journal.cancel("begun", "why", 3, &never).unwrap();
    assert_eq!(said(&commit(&journal)), ["fresh cancelled"]);
    let begun = journal.take("begun", &owner("t"), "p", "python", &never).unwrap().unwrap();
    assert_eq!(begun.info.cancel.as_deref(), Some("why"));
    assert!(journal.cancel("fresh", "again", 4, &never).unwrap().settled.is_none());
    start(&journal, "done", "s");
    record(&journal, "done", 1, 1, FINISHED, "s").unwrap();
    commit(&journal);
    let late = journal.cancel("done", "late", 4, &never).unwrap_err();
    assert_eq!(late.code(), code::TRANSITION);
    assert_eq!(late.to_string(), "run done has ended already (succeeded)");
    assert_eq!(journal.cancel("none", "late", 4, &never).unwrap_err().code(), code::RUN_UNKNOWN);
}

pub fn a_paused_run_waits_for_a_person_or_a_cancellation(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    record(&journal, "r", 1, 1, r#"[{"run_paused":{"reason":"?","step":"a","at":2}}]"#, "s").unwrap();
    assert_eq!(said(&commit(&journal)), ["r s ack 1", "r paused"]);
    assert!(journal.take("r", &owner("t"), "p", "python", &never).unwrap().is_none());
    let attached = journal.start(request("r", "{}"), Some(&owner("t")), &|_| true).unwrap();
    assert!(matches!(attached, Started::Attached { state: RunState::Paused, .. }), "{attached:?}");
    assert_eq!(record(&journal, "r", 1, 2, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    journal.cancel("r", "why", 3, &never).unwrap();
    assert_eq!(said(&commit(&journal)), ["r cancelled"; 0].to_vec());
    assert!(journal.take("r", &owner("t"), "p", "python", &never).unwrap().is_some());
}

pub fn large_values_and_entries_of_the_sidecar_are_refused(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    let large = format!("\"{}\"", "x".repeat(4 << 20));
    let body = format!(r#"[{{"step_succeeded":{{"key":"a","attempt":1,"output":{large},"at":1}}}}]"#);
    assert_eq!(record(&journal, "r", 1, 1, &body, "s").unwrap_err().code(), code::TOO_LARGE);
    let error = format!(
        r#"[{{"run_failed":{{"error":{{"types":[],"message":{large}}},"step":null,"attempts":1,"at":1}}}}]"#
    );
    assert_eq!(record(&journal, "r", 1, 1, &error, "s").unwrap_err().code(), code::TOO_LARGE);
    let own = r#"[{"run_resumed":{"epoch":9,"session":"s","pid":1,"at":1}}]"#;
    assert_eq!(record(&journal, "r", 1, 1, own, "s").unwrap_err().code(), code::INVALID_PARAMS);
    assert_eq!(record(&journal, "r", 1, 1, "[]", "s").unwrap_err().code(), code::INVALID_PARAMS);
    let after_end = r#"[{"run_succeeded":{"output":1,"at":1}},{"step_skipped":{"key":"a","at":1}}]"#;
    assert_eq!(record(&journal, "r", 1, 1, after_end, "s").unwrap_err().code(), code::TRANSITION);
    // None of it left a trace.
    assert_eq!(record(&journal, "r", 1, 1, STARTED, "s"), Ok(Recorded::Queued));
    let input = journal.start(request("big", &large), Some(&owner("s")), &never).unwrap_err();
    assert_eq!(input.code(), code::TOO_LARGE);
}

pub fn another_writer_is_seen_inside_the_transaction(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "r", "s");
    start(&journal, "q", "s");
    commit(&journal);
    at.sql("UPDATE runs SET epoch = 7 WHERE id = 'r'");
    record(&journal, "r", 1, 1, STARTED, "s").unwrap();
    record(&journal, "q", 1, 1, STARTED, "s").unwrap();
    // Its neighbour in the batch is not hurt.
    assert_eq!(said(&commit(&journal)), ["q s ack 1", "r s refused 1 stale_epoch"]);
    assert_eq!(journal.info("r").unwrap().epoch, 7);
    // A record that is there already breaks a constraint in the middle of the batch.
    at.sql("INSERT INTO records (run, seq, epoch, body) VALUES (2, 2, 1, '[]')");
    record(&journal, "q", 1, 2, STARTED, "s").unwrap();
    start(&journal, "p", "s");
    assert_eq!(said(&commit(&journal)), ["p s ack 0", "q s refused 2 stale_epoch"]);
}

pub fn sixty_four_threads_share_commits(at: &dyn At) {
    let journal = at.journal();
    let (threads, records) = (64, 20);
    for thread in 0..threads {
        start(&journal, &format!("r{thread:02}"), "s");
    }
    commit(&journal);
    let commits = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (journal, commits) = (&journal, &commits);
            scope.spawn(move || {
                for seq in 1..=records {
                    record(journal, &format!("r{thread:02}"), 1, seq, STARTED, "s").unwrap();
                    while journal.commit(drop).is_some_and(|done| {
                        commits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        done.more
                    }) {}
                }
            });
        }
    });
    let commits = commits.into_inner();
    assert!(
        commits < threads * usize::try_from(records).unwrap(),
        "no commit carried two records: {commits}"
    );
    drop(journal);
    let store = at.store();
    for row in store.open_runs().unwrap() {
        let page = store.records(row.key, 0, usize::MAX).unwrap();
        let dense: Vec<u64> = page.records.iter().map(|record| record.seq).collect();
        assert_eq!(dense, (0..=records).collect::<Vec<u64>>(), "{}", row.id);
        assert_eq!(row.head.next_seq, records + 1);
    }
}

pub fn lists_are_paged_from_the_newest_and_filtered(at: &dyn At) {
    let journal = at.journal();
    for index in 0..5 {
        start(&journal, &format!("r{index}"), "s");
    }
    record(&journal, "r3", 1, 1, FINISHED, "s").unwrap();
    commit(&journal);
    let store = journal.store();
    let ids = |filter: &RunFilter| {
        let page = store.list(filter).unwrap();
        (page.runs.into_iter().map(|row| row.id).collect::<Vec<_>>(), page.next)
    };
    let (first, next) = ids(&RunFilter { limit: 3, ..RunFilter::default() });
    assert_eq!(first, ["r4", "r3", "r2"]);
    let (second, end) = ids(&RunFilter { limit: 3, before: next, ..RunFilter::default() });
    assert_eq!((second, end), (vec!["r1".to_owned(), "r0".to_owned()], None));
    let (done, _) = ids(&RunFilter { limit: 9, state: Some(RunState::Succeeded), ..RunFilter::default() });
    assert_eq!(done, ["r3"]);
    let (none, _) = ids(&RunFilter { limit: 9, workflow: Some("v".into()), ..RunFilter::default() });
    assert!(none.is_empty());
}

/// JSON allows it in any text, and not every store does.
pub fn a_zero_character_hurts_nobody(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "q", "s");
    let odd = StartRequest { workflow: "w\0".to_owned(), ..request("r", r#"{"a":"\u0000"}"#) };
    journal.start(odd, Some(&owner("s\0")), &never).unwrap();
    assert_eq!(said(&commit(&journal)), ["q s ack 0", "r s\0 ack 0"]);
    journal.cancel("r", "why\0", 1, &never).unwrap();
    record(&journal, "q", 1, 1, FINISHED, "s").unwrap();
    assert_eq!(said(&commit(&journal)), ["q s ack 1", "q succeeded"]);
    let row = journal.store().find("r").unwrap().unwrap();
    assert_eq!(row.input.as_deref(), Some(r#"{"a":"\u0000"}"#));
    assert!(row.head.cancel.unwrap().starts_with("why"));
}
