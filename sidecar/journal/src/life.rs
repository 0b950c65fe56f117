//! The transition table of a run's life: which event may follow which state, and where it leads.
//!
//! It knows neither who caused an event nor how it is stored; journal, replay and API all ask it.

use conductor_protocol::entry::Entry;
use conductor_protocol::state::RunState;

/// What can happen to a run: every entry of the journal, and what the sidecar itself does to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    RunStarted,
    RunResumed,
    RunReopened,
    RunRestarted,
    StepReopened,
    StepStarted,
    AttemptFailed,
    StepSucceeded,
    StepFailed,
    StepSkipped,
    StepCancelled,
    StepInDoubt,
    Chosen,
    RunSucceeded,
    RunFailed,
    RunCancelled,
    RunPaused,
    /// Somebody asked for the run to be cancelled.
    CancelAsked,
    /// The owner gave the run back.
    Released,
}

/// Why an event was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the run has not started")]
    NotStarted,
    #[error("the run has started already")]
    AlreadyStarted,
    #[error("the run is paused until a person resumes it")]
    Paused,
    #[error("the run is not paused")]
    NotPaused,
    #[error("the run has neither ended nor paused: cancel it first")]
    NotStopped,
    #[error("the run has ended")]
    Ended,
}

use Refused::{AlreadyStarted, Ended, NotPaused, NotStarted, NotStopped, Paused};
use RunState as S;

type Cell = Result<RunState, Refused>;

/// Columns: absent, then [`RunState::ALL`] in its order.
type Row = [Cell; 7];

const OVER: Cell = Err(Ended);

/// An entry of an executing owner: it also wakes a waiting run.
const WORK: Row = [Err(NotStarted), Ok(S::Running), Ok(S::Running), Err(Paused), OVER, OVER, OVER];

/// An entry of the owner that stops the run with `state`.
const fn stop(state: RunState) -> Row {
    [Err(NotStarted), Ok(state), Ok(state), Err(Paused), OVER, OVER, OVER]
}

/// The table, one row an event.
pub const TABLE: [(Event, Row); 19] = [
    (
        Event::RunStarted,
        [
            Ok(S::Running),
            Err(AlreadyStarted),
            Err(AlreadyStarted),
            Err(AlreadyStarted),
            Err(AlreadyStarted),
            Err(AlreadyStarted),
            Err(AlreadyStarted),
        ],
    ),
    // Who takes a waiting run waits on: the next entry of work wakes it.
    (Event::RunResumed, [Err(NotStarted), Ok(S::Running), Ok(S::Waiting), Ok(S::Running), OVER, OVER, OVER]),
    (Event::RunReopened, [Err(NotStarted), Err(NotPaused), Err(NotPaused), Ok(S::Waiting), OVER, OVER, OVER]),
    // The one way back from an end.
    (
        Event::RunRestarted,
        [
            Err(NotStarted),
            Err(NotStopped),
            Err(NotStopped),
            Ok(S::Waiting),
            Ok(S::Waiting),
            Ok(S::Waiting),
            Ok(S::Waiting),
        ],
    ),
    (Event::StepReopened, WORK),
    (Event::StepStarted, WORK),
    (Event::AttemptFailed, WORK),
    (Event::StepSucceeded, WORK),
    (Event::StepFailed, WORK),
    (Event::StepSkipped, WORK),
    (Event::StepCancelled, WORK),
    (Event::StepInDoubt, WORK),
    (Event::Chosen, WORK),
    (Event::RunSucceeded, stop(S::Succeeded)),
    (Event::RunFailed, stop(S::Failed)),
    (
        Event::RunCancelled,
        [Err(NotStarted), Ok(S::Cancelled), Ok(S::Cancelled), Ok(S::Cancelled), OVER, OVER, OVER],
    ),
    (Event::RunPaused, stop(S::Paused)),
    (Event::CancelAsked, [Err(NotStarted), Ok(S::Running), Ok(S::Waiting), Ok(S::Paused), OVER, OVER, OVER]),
    (Event::Released, [Err(NotStarted), Ok(S::Running), Ok(S::Waiting), Ok(S::Paused), OVER, OVER, OVER]),
];

/// The state after `event`, or why it may not happen. `None` is a run that does not exist yet.
///
/// # Errors
/// When the table refuses the pair.
pub fn next(state: Option<RunState>, event: Event) -> Result<RunState, Refused> {
    let column = state.map_or(0, |state| state as usize + 1);
    // Rows stand in the order of `Event`, which a test holds.
    TABLE[event as usize].1[column]
}

impl Event {
    /// The event that an entry is.
    #[must_use]
    pub fn of(entry: &Entry) -> Event {
        match entry {
            Entry::RunStarted(_) => Event::RunStarted,
            Entry::RunResumed { .. } => Event::RunResumed,
            Entry::RunReopened { .. } => Event::RunReopened,
            Entry::RunRestarted(_) => Event::RunRestarted,
            Entry::StepReopened { .. } => Event::StepReopened,
            Entry::StepStarted { .. } => Event::StepStarted,
            Entry::AttemptFailed { .. } => Event::AttemptFailed,
            Entry::StepSucceeded { .. } => Event::StepSucceeded,
            Entry::StepFailed { .. } => Event::StepFailed,
            Entry::StepSkipped { .. } => Event::StepSkipped,
            Entry::StepCancelled { .. } => Event::StepCancelled,
            Entry::StepInDoubt { .. } => Event::StepInDoubt,
            Entry::Chosen { .. } => Event::Chosen,
            Entry::RunSucceeded { .. } => Event::RunSucceeded,
            Entry::RunFailed { .. } => Event::RunFailed,
            Entry::RunCancelled { .. } => Event::RunCancelled,
            Entry::RunPaused { .. } => Event::RunPaused,
        }
    }

    /// Whether only the sidecar may write it.
    #[must_use]
    pub fn is_sidecars_own(self) -> bool {
        matches!(
            self,
            Event::RunStarted
                | Event::RunResumed
                | Event::RunReopened
                | Event::RunRestarted
                | Event::StepReopened
                | Event::CancelAsked
                | Event::Released
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use conductor_protocol::state::RunState;
    use expect_test::expect;

    use super::{Event, TABLE, next};

    #[test]
    fn rows_and_columns_stand_in_the_order_of_their_enums() {
        for (index, (event, _)) in TABLE.iter().enumerate() {
            assert_eq!(*event as usize, index);
        }
        for (index, state) in RunState::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, index);
        }
    }

    #[test]
    fn only_a_restart_follows_an_end_and_nothing_precedes_a_start() {
        for (event, _) in TABLE {
            for state in RunState::ALL.into_iter().filter(|state| state.is_terminal()) {
                let is_restart = event == Event::RunRestarted;
                assert_eq!(next(Some(state), event).is_ok(), is_restart, "{event:?} after {state:?}");
            }
            assert_eq!(next(None, event).is_ok(), event == Event::RunStarted, "{event:?} before the start");
        }
    }

    #[test]
    fn every_pair_is_allowed_or_refused_by_name() {
        let mut text = String::new();
        for (event, _) in TABLE {
            write!(text, "{event:?}:").unwrap();
            for state in std::iter::once(None).chain(RunState::ALL.into_iter().map(Some)) {
                let cell = match next(state, event) {
                    Ok(to) => to.as_str().to_owned(),
                    Err(refused) => format!("{refused:?}!"),
                };
                write!(text, " {cell}").unwrap();
            }
            text.push('\n');
        }
        expect![[r#"
            RunStarted: running AlreadyStarted! AlreadyStarted! AlreadyStarted! AlreadyStarted! AlreadyStarted! AlreadyStarted!
            RunResumed: NotStarted! running waiting running Ended! Ended! Ended!
            RunReopened: NotStarted! NotPaused! NotPaused! waiting Ended! Ended! Ended!
            RunRestarted: NotStarted! NotStopped! NotStopped! waiting waiting waiting waiting
            StepReopened: NotStarted! running running Paused! Ended! Ended! Ended!
            StepStarted: NotStarted! running running Paused! Ended! Ended! Ended!
            AttemptFailed: NotStarted! running running Paused! Ended! Ended! Ended!
            StepSucceeded: NotStarted! running running Paused! Ended! Ended! Ended!
            StepFailed: NotStarted! running running Paused! Ended! Ended! Ended!
            StepSkipped: NotStarted! running running Paused! Ended! Ended! Ended!
            StepCancelled: NotStarted! running running Paused! Ended! Ended! Ended!
            StepInDoubt: NotStarted! running running Paused! Ended! Ended! Ended!
            Chosen: NotStarted! running running Paused! Ended! Ended! Ended!
            RunSucceeded: NotStarted! succeeded succeeded Paused! Ended! Ended! Ended!
            RunFailed: NotStarted! failed failed Paused! Ended! Ended! Ended!
            RunCancelled: NotStarted! cancelled cancelled cancelled Ended! Ended! Ended!
            RunPaused: NotStarted! paused paused Paused! Ended! Ended! Ended!
            CancelAsked: NotStarted! running waiting paused Ended! Ended! Ended!
            Released: NotStarted! running waiting paused Ended! Ended! Ended!
        "#]]
        .assert_eq(&text);
    }
}
