//! Notes what runs hold, behind the commits, so that a search need not look at all of them.
//!
//! It knows when, not what: the store works in slices.

use std::sync::Arc;
use std::time::Duration;

use conductor_journal::StoreError;

use crate::sidecar::Sidecar;

/// Between two looks for new runs.
const EVERY: Duration = Duration::from_secs(1);

/// Between two slices: commits come first.
const PAUSE: Duration = Duration::from_millis(5);

pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = sidecar.closed() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = catch_up(&sidecar).await {
            eprintln!(
                "conductor sidecar: what runs hold could not be noted, and searches take longer: {error}"
            );
        }
    }
}

async fn catch_up(sidecar: &Arc<Sidecar>) -> Result<(), StoreError> {
    loop {
        let this = Arc::clone(sidecar);
        let slice = tokio::task::spawn_blocking(move || this.journal.store().note_blocks()).await;
        let more = slice.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))?;
        if !more || sidecar.is_closing() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}
