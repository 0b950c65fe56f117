//! The time of day, which tests can set.
//!
//! It knows nobody who asks for it. What is measured rather than dated takes the monotonic clock instead.

use std::sync::Arc;

use conductor_protocol::entry::UnixMillis;

/// Gives the milliseconds since the Unix epoch. It may go back.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(|| jiff::Timestamp::now().as_millisecond())
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Clock")
    }
}
