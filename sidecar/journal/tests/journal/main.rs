//! The journal over real stores: what is admitted, refused, committed and recovered.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail by panicking")]

mod audit;
mod dial;
mod feed;
mod log;
mod postgres;
mod purge;
mod restart;
mod same;
mod search;
mod shelf;
mod sqlite;
mod support;
mod tls;

/// Calls a macro with the names of the tests in [`same`].
#[macro_export]
macro_rules! of_every_store {
    ($each:ident) => {
        $each! {
            records_are_dense_and_resends_are_known
            nothing_is_shown_before_it_is_on_disk
            a_run_whose_start_is_not_on_disk_has_no_signals_yet
            a_takeover_makes_the_old_epoch_stale
            another_input_workflow_or_plan_is_refused
            a_restart_finds_open_runs_and_their_owners
            cancelling_ends_a_free_run_only_before_it_has_begun
            a_paused_run_waits_for_a_person_or_a_cancellation
            large_values_and_entries_of_the_sidecar_are_refused
            another_writer_is_seen_inside_the_transaction
            sixty_four_threads_share_commits
            old_runs_go_and_leave_their_ids
            what_an_unfinished_run_may_ask_for_stays
            filters_by_workflow_and_state
            no_key_is_given_twice
            what_had_begun_and_ended_well_counts_and_what_had_not_begins_anew
            a_block_is_a_place_too_and_other_inputs_take_the_place_of_the_runs
            what_was_undone_may_not_count
            a_restart_that_the_store_refuses_leaves_the_run_ended
            decisions_are_kept_and_the_last_one_stands
            documents_are_kept_with_their_last_use
            a_zero_character_hurts_nobody
            lists_are_paged_from_the_newest_and_filtered
            each_record_is_fed_from_when_it_is_wanted_until_it_is_dealt_with
            a_run_that_goes_on_after_its_end_is_fed_from_there
            a_search_finds_what_is_there_whatever_is_noted
            what_changes_after_it_was_noted_is_found
            what_changes_while_it_is_noted_is_found
            what_is_noted_goes_with_the_runs
        }
    };
}
