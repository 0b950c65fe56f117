//! Requests that a shared store refused for the moment: they are made once more when it may be back, instead of failing their callers.
//!
//! It knows no method. A store of this machine's own is not waited for: what ails it needs a person.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conductor_protocol::message::code;
use tokio::sync::Notify;

use crate::rpc::Fault;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// The lines of one connection that are to be handled once more.
#[derive(Default)]
pub(crate) struct Again {
    lines: Mutex<Vec<Box<[u8]>>>,
    pushed: Notify,
}

impl Again {
    pub(crate) fn push(&self, line: Box<[u8]>) {
        self.hold().push(line);
        self.pushed.notify_one();
    }

    pub(crate) fn take(&self) -> Vec<Box<[u8]>> {
        std::mem::take(&mut *self.hold())
    }

    /// Returns when there may be something to do again.
    pub(crate) async fn due(&self) {
        while self.hold().is_empty() {
            self.pushed.notified().await;
        }
        tokio::time::sleep(PAUSE).await;
    }

    fn hold(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the store may take it a little later.
pub(crate) fn may_pass(fault: &Fault) -> bool {
    fault.code == code::STORE && fault.data.is_none()
}

/// Of what the store holds and nobody can read; it does not pass.
pub(crate) fn damaged(error: &serde_json::Error) -> Fault {
    let message = format!("the store is damaged: {error}");
    Fault { code: code::STORE, message, data: Some(serde_json::json!({"damaged": true})) }
}
