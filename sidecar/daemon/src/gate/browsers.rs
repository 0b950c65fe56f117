//! Browsers: codes that let one in once, and what keeps it in for some hours.
//!
//! It does not know what a browser asks for, nor who may have a code.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Shown;
use super::roles::Access;
use super::tokens::Digest;

/// A code is used at once, by whoever asked for it.
const CODE_LIFE: Duration = Duration::from_secs(120);

/// A day's work; then somebody has to ask for a code again.
pub(crate) const LOGIN_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// So many are kept of each; the oldest goes first.
const KEPT: usize = 1024;

/// Somebody who has proved who he is, and how.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) access: Access,
    /// Nothing for the sidecar's own user on its own machine.
    pub(crate) shown: Option<Shown>,
    /// A browser's cookie: it opens no further browser.
    pub(crate) by_cookie: bool,
}

/// Whose connection a browser's is on this machine; `None` over a network, where nobody knows.
pub(crate) type Seen = Option<u32>;

struct Kept {
    secret: Digest,
    caller: Caller,
    until: Instant,
    seen: Seen,
}

#[derive(Default)]
struct Inner {
    codes: VecDeque<Kept>,
    logins: VecDeque<Kept>,
}

#[derive(Default)]
pub(crate) struct Browsers(Mutex<Inner>);

impl Browsers {
    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A code for a browser of that caller's; `None` where the system has no random numbers.
    pub(crate) fn code(&self, caller: Caller) -> Option<String> {
        let code = secret()?;
        keep(&mut self.hold().codes, &code, caller, CODE_LIFE, None);
        Some(code)
    }

    /// Exchanges a code, which opens nothing any more then, for what a browser shows from now on.
    pub(crate) fn enter(&self, code: &str, seen: Seen) -> Option<String> {
        let given = Digest::of(code);
        let mut inner = self.hold();
        let at = inner.codes.iter().position(|kept| kept.secret.is(&given))?;
        let kept = inner.codes.remove(at).filter(|kept| Instant::now() < kept.until)?;
        let login = secret()?;
        keep(&mut inner.logins, &login, Caller { by_cookie: true, ..kept.caller }, LOGIN_LIFE, seen);
        Some(login)
    }

    /// Whose browser that is. One that was let in on this machine is its user's alone: a cookie goes to all ports of a host.
    pub(crate) fn of(&self, login: &str, seen: Seen) -> Option<Caller> {
        let given = Digest::of(login);
        let inner = self.hold();
        let found = inner.logins.iter().find(|kept| kept.secret.is(&given))?;
        (Instant::now() < found.until && found.seen == seen).then(|| found.caller.clone())
    }

    /// The browser is let in no longer.
    pub(crate) fn leave(&self, login: &str) {
        let given = Digest::of(login);
        self.hold().logins.retain(|kept| !kept.secret.is(&given));
    }
}

fn keep(all: &mut VecDeque<Kept>, text: &str, caller: Caller, life: Duration, seen: Seen) {
    let now = Instant::now();
    all.retain(|kept| now < kept.until);
    if all.len() >= KEPT {
        all.pop_front();
    }
    all.push_back(Kept { secret: Digest::of(text), caller, until: now + life, seen });
}

/// 256 bits that nobody can guess.
fn secret() -> Option<String> {
    let mut bytes = [0; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _always = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::{Browsers, Caller, KEPT};
    use crate::gate::Access;

    fn caller() -> Caller {
        Caller { access: Access::of_user(7), shown: None, by_cookie: false }
    }

    #[test]
    fn a_code_opens_once_and_the_login_is_its_users() {
        let browsers = Browsers::default();
        let code = browsers.code(caller()).unwrap();
        assert!(browsers.enter("", Some(7)).is_none());
        let login = browsers.enter(&code, Some(7)).unwrap();
        assert!(browsers.enter(&code, Some(7)).is_none(), "twice");
        assert!(browsers.of(&code, Some(7)).is_none(), "a code is no login");
        assert!(browsers.of(&login, Some(7)).is_some_and(|caller| caller.by_cookie));
        assert!(browsers.of(&login, Some(8)).is_none() && browsers.of(&login, None).is_none());
        browsers.leave(&login);
        assert!(browsers.of(&login, Some(7)).is_none());
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let browsers = Browsers::default();
        let first = browsers.code(caller()).unwrap();
        (0..KEPT).for_each(|_| drop(browsers.code(caller())));
        assert!(browsers.enter(&first, None).is_none());
        assert_eq!(browsers.hold().codes.len(), KEPT);
    }
}
