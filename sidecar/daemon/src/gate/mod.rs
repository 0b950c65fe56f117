//! The gate for those who come over TCP: what proves who somebody is, and until when it does.
//!
//! It knows no message and no run: others ask it who is there and what he may do.

mod browsers;
mod files;
mod peer;
mod roles;
mod tokens;
mod waiting;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, UnixTime};
use tokio::sync::watch;

pub use files::{GateError, TlsFiles};
pub use roles::Role;
pub use tokens::{TokenError, token_digest};

pub(crate) use browsers::{Browsers, Caller, LOGIN_LIFE, Seen};
pub(crate) use files::Sources;
pub(crate) use peer::uid_of;
pub(crate) use roles::{Access, Act};
pub(crate) use tokens::Digest;
pub(crate) use waiting::{Seat, Waiting};

use files::Loaded;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A file that changed so short a time ago may have changed again in the same moment of its clock.
const FRESH: Duration = Duration::from_secs(3);

/// How long a certificate that is over is believed in at most.
const AGAIN: Duration = Duration::from_secs(15);

/// Certificates, the client's own first.
pub(crate) type Chain = Arc<[CertificateDer<'static>]>;

/// What somebody has shown. The certificate stands beside the token where the gate wants both.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub(crate) token: Option<Digest>,
    pub(crate) chain: Option<Chain>,
}

/// Somebody on a connection.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) access: Access,
    /// Nothing for the sidecar's own user on its own machine.
    pub(crate) shown: Option<Shown>,
    /// Where he is; `None` for this machine.
    pub(crate) from: Option<IpAddr>,
}

impl Guest {
    /// The user whose socket it is.
    pub(crate) fn of_user(uid: u32) -> Guest {
        Guest { access: Access::of_user(uid), shown: None, from: None }
    }
}

pub(crate) struct Gate {
    sources: Sources,
    loaded: Mutex<Arc<Loaded>>,
    changed: watch::Sender<()>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) browsers: Browsers,
    uid: u32,
    /// When somebody who was sent away was last spoken of.
    told: Mutex<Option<Instant>>,
}

impl Gate {
    /// # Errors
    /// When a file cannot be read, says nothing, or is open to others.
    pub(crate) fn new(sources: Sources) -> Result<Gate, GateError> {
        let loaded = sources.load()?;
        Ok(Gate {
            sources,
            loaded: Mutex::new(Arc::new(loaded)),
            changed: watch::Sender::new(()),
            waiting: Arc::default(),
            browsers: Browsers::default(),
            uid: rustix::process::geteuid().as_raw(),
            told: Mutex::default(),
        })
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&hold(&self.loaded))
    }

    pub(crate) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.loaded().tls.clone()
    }

    pub(crate) fn has_tokens(&self) -> bool {
        self.sources.tokens.is_some()
    }

    /// Who that is, as of now.
    pub(crate) fn admit(&self, shown: &Shown) -> Option<Access> {
        let (loaded, now) = (self.loaded(), Timestamp::now());
        let leaf = match (&loaded.clients, &shown.chain) {
            (None, _) => None,
            (Some(_), None) => return None,
            (Some(clients), Some(chain)) => {
                let (leaf, between) = chain.split_first()?;
                clients.verify_client_cert(leaf, between, UnixTime::now()).ok()?;
                Some(leaf)
            }
        };
        match (&shown.token, leaf) {
            (Some(token), _) => loaded.tokens.of_token(token, now),
            (None, Some(leaf)) => loaded.tokens.of_certificate(leaf, now),
            (None, None) => None,
        }
    }

    /// Whose browser shows that login, as of now.
    pub(crate) fn browser(&self, login: &str, seen: Seen) -> Option<Caller> {
        let caller = self.browsers.of(login, seen)?;
        match &caller.shown {
            Some(shown) => Some(Caller { access: self.admit(shown)?, ..caller }),
            None => Some(caller),
        }
    }

    /// What the user at the other end of a connection within this machine may, where that is the sidecar's own, or root.
    pub(crate) fn neighbour(&self, uid: u32) -> Option<Access> {
        (uid == self.uid || uid == 0).then(|| Access::of_user(uid))
    }

    /// Returns when what was shown opens no session any more.
    pub(crate) async fn closed_to(&self, guest: &Guest) {
        let Some(shown) = &guest.shown else { return std::future::pending().await };
        let mut changed = self.changed.subscribe();
        loop {
            let Some(access) = self.admit(shown).filter(|access| access.may(Act::Greet)) else { return };
            let left = access.until.map(|until| Timestamp::now().duration_until(until).unsigned_abs());
            let pause = left.map_or(AGAIN, |left| left.min(AGAIN)).max(Duration::from_millis(10));
            tokio::select! {
                // The sender lives as long as this.
                _ = changed.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Says that somebody was sent away, now and then: who knocks often must not fill the disk.
    pub(crate) fn sent_away(&self, from: IpAddr, why: &str) {
        let mut told = hold(&self.told);
        if told.is_none_or(|at| at.elapsed() > LOOK) {
            *told = Some(Instant::now());
            eprintln!("conductor sidecar: sent {from} away: {why}");
        }
    }

    /// Takes up changes of the files until the sidecar closes. What says nothing changes nothing.
    pub(crate) async fn follow(&self) {
        let (mut seen, mut at) = (self.sources.stamps(), Instant::now());
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut trouble = String::new();
        loop {
            tick.tick().await;
            let stamps = self.sources.stamps();
            if stamps != seen {
                (seen, at) = (stamps, Instant::now());
            } else if at.elapsed() > FRESH {
                continue;
            }
            let said = self.reload().err().map(|error| error.to_string()).unwrap_or_default();
            if said != trouble && !said.is_empty() {
                eprintln!("conductor sidecar: what was in force stays so: {said}");
            }
            trouble = said;
        }
    }

    /// Looks at the files now, whatever their times say.
    pub(crate) fn look(&self) {
        if let Err(error) = self.reload() {
            eprintln!("conductor sidecar: what was in force stays so: {error}");
        }
    }

    fn reload(&self) -> Result<(), GateError> {
        let new = self.sources.load()?;
        if new.differs(&self.loaded()) {
            *hold(&self.loaded) = Arc::new(new);
            self.changed.send_replace(());
            eprintln!("conductor sidecar: tokens and certificates were read anew");
        }
        Ok(())
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
