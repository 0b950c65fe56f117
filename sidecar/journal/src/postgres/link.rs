//! Connections to PostgreSQL that synchronous code works with: made when needed, given up when they fail, made again.
//!
//! It knows no table. The driver's tasks run on a thread of their own, so that the caller may block any thread.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::{PostgresUrl, Tls};
use crate::store::StoreError;

/// How long one exchange with the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// After a connection that could not be made, others are not tried for so long: their callers hold locks.
const PAUSE: Duration = Duration::from_millis(200);

/// What went wrong with an exchange.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No connection could be made: nothing was sent.
    Unreachable(StoreError),
    /// The connection ended or went silent: what was sent may have been done or not.
    Lost(String),
    /// The server said no.
    Refused(Error),
}

impl Trouble {
    /// Whether the same may go well a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Trouble::Unreachable(_) | Trouble::Lost(_) => true,
            Trouble::Refused(error) => matches!(
                error.code(),
                Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
            ),
        }
    }
}

/// The driver's runtime and the way to the server.
pub(super) struct Engine {
    /// Always there but while it is dropped.
    runtime: Option<Runtime>,
    pub(super) url: PostgresUrl,
    tls: Option<MakeRustlsConnect>,
    unreachable: Mutex<Option<(Instant, StoreError)>>,
}

/// One connection, used by one caller at a time.
#[derive(Default)]
pub(super) struct Link {
    wire: Mutex<Option<Wire>>,
    /// Statements that set what this connection needs beyond what all need.
    settings: &'static str,
}

impl Link {
    /// For statements that find rows by their keys alone: each is planned once, for any table. The server would plan anew
    /// whenever that seems cheaper to it, which takes as long as the commit of a record, and a plan that was made while the
    /// tables were empty would go through the whole of them ever after. Nor does it sort what an index has in order.
    pub(super) fn by_index() -> Link {
        let settings = "SET plan_cache_mode TO 'force_generic_plan'; SET enable_seqscan TO off; \
                        SET enable_hashjoin TO off; SET enable_mergejoin TO off; \
                        SET enable_sort TO off; SET enable_incremental_sort TO off;";
        Link { settings, ..Link::default() }
    }
}

pub(super) struct Wire {
    pub(super) client: Client,
    statements: Mutex<BTreeMap<String, Statement>>,
}

impl Wire {
    /// The statement, prepared once a connection.
    pub(super) async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = hold(&self.statements).get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        hold(&self.statements).insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Engine {
    pub(super) fn new(url: PostgresUrl) -> Result<Engine, StoreError> {
        let open = |cause: String| StoreError::Open { path: url.to_string(), cause };
        let tls = connector(&url.tls).map_err(open)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| open(error.to_string()))?;
        Ok(Engine { runtime: Some(runtime), url, tls, unreachable: Mutex::default() })
    }

    /// One exchange over a connection, which is made first if need be.
    pub(super) fn run<T>(
        &self,
        link: &Link,
        work: impl AsyncFn(&mut Wire) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        let mut slot = hold(&link.wire);
        let _inside = self.runtime.as_ref().map(Runtime::enter);
        let mut wire = match slot.take().filter(|wire| !wire.client.is_closed()) {
            Some(wire) => wire,
            None => self.connected(link.settings)?,
        };
        // Where it fails the connection is dropped with whatever is still on its way.
        match wait(tokio::time::timeout(PATIENCE, work(&mut wire))) {
            Ok(Ok(done)) => {
                *slot = Some(wire);
                Ok(done)
            }
            Ok(Err(error)) if is_lost(&error) => Err(Trouble::Lost(told(&error))),
            Ok(Err(error)) => {
                *slot = Some(wire);
                Err(Trouble::Refused(error))
            }
            Err(_) => Err(Trouble::Lost(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    /// As [`Self::run`] for what may be done twice: tried again once where the connection was lost.
    pub(super) fn read<T>(
        &self,
        link: &Link,
        work: impl AsyncFn(&mut Wire) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let done = match self.run(link, &work) {
            Err(trouble) if !matches!(trouble, Trouble::Unreachable(_)) && trouble.may_pass() => {
                self.run(link, &work)
            }
            done => done,
        };
        done.map_err(|trouble| self.fault(trouble))
    }

    fn connected(&self, settings: &str) -> Result<Wire, Trouble> {
        if let Some((at, error)) = &*hold(&self.unreachable)
            && at.elapsed() < PAUSE
        {
            return Err(Trouble::Unreachable(error.clone()));
        }
        let made = wait(async {
            let wire = tokio::time::timeout(PATIENCE, self.connect(settings)).await;
            wire.unwrap_or_else(|_| Err(format!("no connection within {} s", PATIENCE.as_secs())))
        });
        let made = made.map_err(|cause| StoreError::Open { path: self.url.to_string(), cause });
        *hold(&self.unreachable) = made.as_ref().err().map(|error| (Instant::now(), error.clone()));
        made.map_err(Trouble::Unreachable)
    }

    async fn connect(&self, settings: &str) -> Result<Wire, String> {
        let explained = |error: Error| explained(&error);
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.url.config.connect(tls.clone()).await.map_err(explained)?;
                tokio::spawn(connection);
                client
            }
            None => {
                let plain = tokio_postgres::NoTls;
                let (client, connection) = self.url.config.connect(plain).await.map_err(explained)?;
                tokio::spawn(connection);
                client
            }
        };
        client.batch_execute(&(self.settings() + settings)).await.map_err(explained)?;
        Ok(Wire { client, statements: Mutex::default() })
    }

    /// What every connection needs, whatever the server's defaults are. A commit that is told of is on disk, and where there
    /// is a synchronous standby, on its disk as well.
    fn settings(&self) -> String {
        format!(
            "SET search_path TO \"{}\"; \
             SET default_transaction_isolation TO 'read committed'; \
             SET statement_timeout TO '20s'; \
             SET idle_in_transaction_session_timeout TO '20s'; \
             SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') IN ('off', 'local');",
            self.url.schema
        )
    }

    /// Keeps a connection of its own that hears notifications on the channel; `heard` is called for each, and after each
    /// time that some may have been missed.
    pub(super) fn listen(&self, channel: String, heard: impl Fn() + Send + Sync + 'static) {
        let Some(runtime) = &self.runtime else { return };
        let (config, tls) = (self.url.config.clone(), self.tls.clone());
        runtime.spawn(async move {
            let heard = Arc::new(heard);
            loop {
                match &tls {
                    Some(tls) => listened(&config, tls.clone(), &channel, &heard).await,
                    None => listened(&config, tokio_postgres::NoTls, &channel, &heard).await,
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }

    pub(super) fn fault(&self, trouble: Trouble) -> StoreError {
        match trouble {
            Trouble::Unreachable(error) => error,
            Trouble::Lost(cause) => {
                StoreError::Failed(format!("{}: the connection was lost ({cause})", self.url))
            }
            Trouble::Refused(error) => StoreError::Failed(format!("{}: {}", self.url, explained(&error))),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime that is dropped inside another one panics.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listened<T>(
    config: &tokio_postgres::Config,
    tls: T,
    channel: &str,
    heard: &Arc<impl Fn() + Send + Sync + 'static>,
) where
    T: tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>,
    T::Stream: Send + 'static,
{
    let Ok((client, mut connection)) = config.connect(tls).await else { return };
    let told = Arc::clone(heard);
    let connection = tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if matches!(message, tokio_postgres::AsyncMessage::Notification(_)) {
                told();
            }
        }
    });
    if client.batch_execute(&format!("LISTEN \"{channel}\"")).await.is_ok() {
        heard();
        // An error is a panic of the connection's task: it has ended, too.
        let _ = connection.await;
    }
}

/// A thread that died while it held the lock left a connection that the next one finds closed, or takes up.
pub(super) fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks this thread until the future is done, on a thread of another runtime too, where Tokio's own way panics.
fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Whether the connection is of no more use. A server that shuts down, or that has become a standby, is another's turn.
fn is_lost(error: &Error) -> bool {
    match error.code() {
        None => true,
        Some(code) => {
            code.code().starts_with("08")
                || [
                    SqlState::ADMIN_SHUTDOWN,
                    SqlState::CRASH_SHUTDOWN,
                    SqlState::CANNOT_CONNECT_NOW,
                    SqlState::READ_ONLY_SQL_TRANSACTION,
                ]
                .contains(code)
        }
    }
}

/// The error with its cause, and what to do about it.
fn explained(error: &Error) -> String {
    let hint = match error.code() {
        Some(&SqlState::DISK_FULL) => "the server's disk is full: free some space",
        Some(&SqlState::TOO_MANY_CONNECTIONS) => {
            "the server has no connection left: raise its max_connections (a sidecar takes five)"
        }
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "give the user and password that the server knows"
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => "make the database first, with `createdb`",
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            "grant the user CREATE on the database, or make the schema and grant it to the user"
        }
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => "the server is a standby: give the primary's address",
        Some(&SqlState::QUERY_CANCELED) => "it took too long: see what holds the server up",
        Some(_) => "see the message of PostgreSQL",
        None => "see that the server runs and that its address is right",
    };
    format!("{hint} ({})", told(error))
}

fn told(error: &Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn connector(tls: &Tls) -> Result<Option<MakeRustlsConnect>, String> {
    let mut roots = RootCertStore::empty();
    match tls {
        Tls::Off => return Ok(None),
        Tls::System => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Tls::File(path) => {
            let fail = |error: String| format!("sslrootcert {}: {error}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fail(error.to_string()))? {
                let certificate = certificate.map_err(|error| fail(error.to_string()))?;
                roots.add(certificate).map_err(|error| fail(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(fail("it holds no certificate".to_owned()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(config)))
}
