//! Whether anybody uses the sidecar: one that applications started ends by itself when nobody has for a while.
//!
//! It knows connections by their number, and not what is said on them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::sidecar::Sidecar;

/// Who is connected, and since when nobody is.
pub(crate) struct Usage {
    inner: Mutex<Inner>,
    /// How long it waits for somebody; `None` for ever.
    pub(crate) patience: Option<Duration>,
}

struct Inner {
    open: usize,
    last: Instant,
}

/// A connection, until it is dropped.
pub(crate) struct Use(Arc<Sidecar>);

impl Usage {
    pub(crate) fn new(patience: Option<Duration>) -> Usage {
        Usage { inner: Mutex::new(Inner { open: 0, last: Instant::now() }), patience }
    }

    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long nobody has been there.
    fn idle(&self) -> Duration {
        let inner = self.hold();
        if inner.open > 0 { Duration::ZERO } else { inner.last.elapsed() }
    }
}

impl Use {
    pub(crate) fn begin(sidecar: &Arc<Sidecar>) -> Use {
        sidecar.usage.hold().open += 1;
        Use(Arc::clone(sidecar))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut inner = self.0.usage.hold();
        inner.open = inner.open.saturating_sub(1);
        inner.last = Instant::now();
    }
}

/// Closes the sidecar once nobody has been there for as long as it waits.
pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    let Some(patience) = sidecar.usage.patience else { return };
    loop {
        let left = patience.saturating_sub(sidecar.usage.idle());
        if left.is_zero() {
            sidecar.closing.send_replace(true);
            return;
        }
        tokio::select! {
            () = sidecar.closed() => return,
            () = tokio::time::sleep(left.max(Duration::from_millis(20))) => {}
        }
    }
}
