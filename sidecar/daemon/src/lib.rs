//! The sidecar as a library: sockets, sessions, dispatch and the HTTP API over one journal.
//!
//! It deliberately knows neither the command line nor any manifest: it is started with [`Options`].

mod again;
mod ahead;
mod arguments;
mod arrival;
mod backlog;
mod breakers;
mod broker;
mod browser;
mod circuit;
mod clock;
mod connection;
mod counting;
mod exporting;
mod fleet;
mod following;
mod gate;
mod guard;
mod handlers;
mod hosts;
mod http;
mod idle;
mod invocations;
mod limits;
mod listen;
mod manifests;
mod masking;
mod news;
mod noting;
mod operating;
mod outbox;
mod paces;
mod pages;
mod permits;
mod place;
mod plans;
mod policies;
mod process;
mod profile;
mod reading;
mod recording;
mod remote;
mod restarting;
mod resuming;
mod retention;
mod rpc;
mod salvage;
mod schedule;
mod scheduled;
mod searching;
mod session;
mod sidecar;
mod signals;
mod timetable;
mod tuning;
mod wire;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The HTTP API as an OpenAPI 3.1 document.
pub const OPENAPI: &str = include_str!("openapi.json");

pub use conductor_journal::{
    Encryption, KeyError, Keys, PostgresUrl, PostgresUrlError, VARIABLE as KEY_VARIABLE,
};
use conductor_journal::{Journal, Member, PostgresStore, SqliteStore, Store, StoreError};
use conductor_protocol::message::Limits;
use tokio::task::JoinSet;

pub use clock::Clock;
pub use conductor_telemetry::otlp::{Settings, SettingsError};
pub use gate::{GateError, Role, TlsFiles, TokenError, token_digest};
pub use place::PlaceError;
pub use retention::Retention;

use crate::ahead::Logs;
use crate::exporting::Exporter;
use crate::gate::{Gate, Sources};
use crate::idle::Usage;
use crate::listen::Port;
use crate::permits::HostPermits;
use crate::retention::Keeping;
use crate::session::Session;
use crate::sidecar::Sidecar;

/// How long a graceful end waits for what still goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where runs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    Sqlite(PathBuf),
    /// Of many sidecars.
    Postgres(PostgresUrl),
}

/// A `--store` that names no store of this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    #[error("{given} is not a store: write sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Unknown { given: String },
    #[error(transparent)]
    Postgres(#[from] PostgresUrlError),
}

impl std::str::FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(given: &str) -> Result<StoreUrl, StoreUrlError> {
        match given.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(StoreUrl::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(StoreUrl::Postgres(given.parse()?)),
            _ => Err(StoreUrlError::Unknown { given: given.to_owned() }),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Options {
    /// Made with mode 0700 where it is missing; holds the lock.
    pub data_dir: PathBuf,
    pub socket: PathBuf,
    /// TCP address of the HTTP API; the Unix socket serves it in any case.
    pub http: Option<SocketAddr>,
    /// TCP address for sessions and the HTTP API from other machines: it needs `tokens`, and but for loopback `tls`.
    pub listen: Option<SocketAddr>,
    /// Who may come in over TCP: each line has a name, roles, and a token's digest or a certificate's name.
    pub tokens: Option<PathBuf>,
    pub tls: Option<TlsFiles>,
    pub store: StoreUrl,
    /// How long a session may begin attempts after its last answered message.
    pub lease: Duration,
    /// With what values are encrypted, and whose.
    pub encryption: Encryption,
    /// Whether a store is opened of which something is missing that had been there when its sidecar ended.
    pub accept_loss: bool,
    /// The time of day, by which schedules fire and runs are purged.
    pub clock: Clock,
    pub retention: Retention,
    /// The collectors of spans and log records, if there are any.
    pub otlp: Option<Settings>,
    /// Whether what happens to runs is written to standard error, as lines of JSON.
    pub log_lines: bool,
    /// After how long without a connection it ends by itself; `None` for never.
    pub idle: Option<Duration>,
}

impl Options {
    /// The layout of a project: everything in `data_dir`, no TCP, a lease of ten seconds, runs kept for ever.
    #[must_use]
    pub fn in_folder(data_dir: &Path) -> Options {
        Options {
            data_dir: data_dir.to_owned(),
            socket: data_dir.join("sidecar.sock"),
            http: None,
            listen: None,
            tokens: None,
            tls: None,
            store: StoreUrl::Sqlite(data_dir.join("journal.db")),
            lease: Duration::from_secs(10),
            encryption: Encryption::default(),
            accept_loss: false,
            clock: Clock::default(),
            retention: Retention::default(),
            otlp: None,
            log_lines: false,
            idle: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("spans and logs cannot be exported: {0}")]
    Export(String),
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the logs beside {path} cannot be read: {cause}")]
    Logs { path: PathBuf, cause: std::io::Error },
}

/// A sidecar at work.
pub struct Handle {
    sidecar: Arc<Sidecar>,
    tasks: JoinSet<()>,
    socket: PathBuf,
    http: Option<SocketAddr>,
    listen: Option<SocketAddr>,
    /// Held open for its lock.
    _lock: File,
}

/// Opens the store and listens; when this returns, the sidecar is ready.
///
/// Needs a multi-threaded Tokio runtime: commits block their thread for as long as the disk takes.
///
/// # Errors
/// When the folder, the lock, the store or a socket cannot be had; nothing is left behind then.
pub async fn start(options: Options) -> Result<Handle, Error> {
    let gate = Gate::new(Sources { tokens: options.tokens.clone(), tls: options.tls.clone() })?;
    place::make_folder(&options.data_dir)?;
    let lock = place::lock(&options.data_dir)?;
    let store = opened(&options)?;
    let exporter = Exporter::new(&*store, options.otlp.as_ref(), options.log_lines)?;
    let are_sealed = options.encryption.keys.is_some();
    let journal = Journal::open(store, Limits::default(), options.encryption)?;
    let logs = match &options.store {
        StoreUrl::Sqlite(path) => {
            Logs::beside(path, !are_sealed).map_err(|cause| Error::Logs { path: path.clone(), cause })?
        }
        StoreUrl::Postgres(_) => Logs::default(),
    };
    let tcp = match options.http {
        Some(address) => Some(place::listen_http(address).await?),
        None => None,
    };
    let remote = match options.listen {
        Some(address) => Some(place::listen_remote(address, options.tls.is_some(), gate.has_tokens()).await?),
        None => None,
    };
    let unix = place::listen(&options.socket)?;
    let permits = HostPermits::new(&options.data_dir);
    let keeping = Keeping::new(options.retention);
    let usage = Usage::new(options.idle);
    let http = tcp.as_ref().and_then(|tcp| tcp.local_addr().ok());
    let mut sidecar = Sidecar::new(journal, permits, options.lease, options.clock, keeping, usage, gate)?;
    sidecar.http = http;
    sidecar.ahead = logs;
    let sidecar = Arc::new(sidecar);
    remember_owners(&sidecar);
    ahead::settle_left(&sidecar);
    let listen = remote.as_ref().and_then(|remote| remote.local_addr().ok());
    let mut tasks = JoinSet::new();
    tasks.spawn(schedule::run(Arc::clone(&sidecar)));
    tasks.spawn(scheduled::run(Arc::clone(&sidecar)));
    tasks.spawn(idle::run(Arc::clone(&sidecar)));
    tasks.spawn(retention::run(Arc::clone(&sidecar)));
    tasks.spawn(fleet::run(Arc::clone(&sidecar)));
    tasks.spawn(hosts::run(Arc::clone(&sidecar)));
    tasks.spawn(noting::run(Arc::clone(&sidecar)));
    tasks.spawn(tidy(Arc::clone(&sidecar)));
    let (this, main) = (Arc::clone(&sidecar), tokio::runtime::Handle::current());
    tasks.spawn_blocking(move || exporter.aside(this, &main));
    if let Some(grace) = sidecar.permits.grace(options.lease) {
        tasks.spawn(settle(Arc::clone(&sidecar), grace));
    }
    tasks.spawn(listen::unix(Arc::clone(&sidecar), unix));
    if let Some(tcp) = tcp {
        tasks.spawn(listen::tcp(Arc::clone(&sidecar), tcp, Port::Local));
    }
    if let Some(remote) = remote {
        tasks.spawn(listen::tcp(Arc::clone(&sidecar), remote, Port::Remote));
    }
    if sidecar.gate.has_tokens() {
        tasks.spawn(follow(Arc::clone(&sidecar)));
    }
    Ok(Handle { sidecar, tasks, socket: options.socket, http, listen, _lock: lock })
}

fn opened(options: &Options) -> Result<Box<dyn Store>, Error> {
    match &options.store {
        StoreUrl::Sqlite(path) if options.accept_loss => {
            Ok(Box::new(SqliteStore::open_without_what_is_lost(path)?))
        }
        StoreUrl::Sqlite(path) => Ok(Box::new(SqliteStore::open(path)?)),
        StoreUrl::Postgres(url) => {
            let name = place::Name::in_folder(&options.data_dir)?;
            let member = Member {
                id: name.id.clone(),
                host: process::host(),
                pid: std::process::id(),
                previous: name.previous.clone(),
                lease: options.lease * fleet::LEASES,
            };
            let store = sidecar::blocking(|| PostgresStore::open(url, member))?;
            name.keep()?;
            Ok(Box::new(store))
        }
    }
}

/// Serves until SIGTERM or SIGINT, then ends gracefully. `ready` is called once it listens and the store is open.
///
/// # Errors
/// As [`start`], and where the store was lost meanwhile.
pub async fn run(options: Options, ready: impl FnOnce(&Handle)) -> Result<(), Error> {
    use tokio::signal::unix::{SignalKind, signal};
    // Listened for before the socket exists: a signal in between must not leave it behind.
    let fail = |cause| PlaceError::Folder { path: PathBuf::from("signals"), cause };
    let mut terminate = signal(SignalKind::terminate()).map_err(fail)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fail)?;
    let handle = start(options).await?;
    ready(&handle);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = handle.ended() => {}
    }
    let failure = handle.failure().cloned();
    handle.stop().await;
    failure.map_or(Ok(()), |error| Err(error.into()))
}

impl Handle {
    /// The address of the HTTP API, with the port that the system chose for port 0.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The address for sessions from other machines, with the port that the system chose for port 0.
    #[must_use]
    pub fn listen(&self) -> Option<SocketAddr> {
        self.listen
    }

    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns when it ends by itself, because nobody uses it or its store is lost; [`Handle::stop`] is to be called then, too.
    pub async fn ended(&self) {
        self.sidecar.closed().await;
    }

    /// Why it has ended by itself, where it could not go on.
    #[must_use]
    pub fn failure(&self) -> Option<&StoreError> {
        self.sidecar.lost.get()
    }

    /// Takes up what has become of tokens and certificates, at once.
    pub fn look_at_files(&self) {
        self.sidecar.gate.look();
    }

    /// Stops accepting, commits what was admitted, lets clients have their answers, and removes the socket.
    pub async fn stop(mut self) {
        self.sidecar.closing.send_replace(true);
        let _ = std::fs::remove_file(&self.socket);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(PATIENCE, all).await;
        self.sidecar.flush();
        ahead::settle_all(&self.sidecar);
    }
}

impl Drop for Handle {
    /// Its tasks end with it; the thread of the export ends when it is told.
    fn drop(&mut self) {
        self.sidecar.closing.send_replace(true);
    }
}

/// After a restart: the owners in the journal have their lease to come back, unless they are dead.
fn remember_owners(sidecar: &Sidecar) {
    for info in sidecar.journal.open_runs() {
        let Some(owner) = info.owner else { continue };
        // One of another machine has its lease.
        if process::is_elsewhere(owner.pid) || process::lives(owner.pid, owner.process_start) {
            let mut table = sidecar.sessions.hold();
            table.entry(Arc::clone(&owner.session)).or_insert_with(|| Session::new(owner));
        }
    }
}

/// Takes up what becomes of tokens and certificates.
async fn follow(sidecar: Arc<Sidecar>) {
    tokio::select! {
        () = sidecar.closed() => {}
        () = sidecar.gate.follow() => {}
    }
}

/// Gives holders of permits from before a restart the time to come back.
async fn settle(sidecar: Arc<Sidecar>, grace: Duration) {
    tokio::select! {
        () = sidecar.closed() => {}
        () = tokio::time::sleep(grace) => sidecar.permits.settle(),
    }
}

/// Looks after the store's files, beside the commits; ends the sidecar where nothing more can be committed.
async fn tidy(sidecar: Arc<Sidecar>) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = sidecar.closed() => return,
            _ = tick.tick() => {}
        }
        let this = Arc::clone(&sidecar);
        let tidied = tokio::task::spawn_blocking(move || this.journal.store().tidy()).await;
        match tidied {
            Ok(Err(error @ StoreError::Lost { .. })) => {
                let _is_first = sidecar.lost.set(error);
                sidecar.closing.send_replace(true);
                return;
            }
            Ok(Err(error)) => eprintln!("conductor sidecar: the store could not be looked after: {error}"),
            _ => {}
        }
        breakers::follow(&sidecar).await;
        policies::follow(&sidecar).await;
    }
}
