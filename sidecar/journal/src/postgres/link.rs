//! Connections to PostgreSQL that synchronous code works with: made when needed, given up when they fail, made again.
//!
//! It knows no table. What is asked for is asked and waited for by the caller's thread, which it may block.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Error, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::dial;
use super::line::Line;
use super::trouble::{Trouble, explained, is_lost, told};
use super::url::{PostgresUrl, Tls};
use crate::store::StoreError;

/// How long one exchange with the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// After a connection that could not be made, others are not tried for so long: their callers hold locks.
const PAUSE: Duration = Duration::from_millis(200);

/// The way to the server.
pub(super) struct Engine {
    /// Notifications come when they come. Always there but while it is dropped.
    listening: Option<Runtime>,
    pub(super) url: PostgresUrl,
    tls: Option<MakeRustlsConnect>,
    unreachable: Mutex<Option<(Instant, StoreError)>>,
}

/// One connection, used by one caller at a time.
#[derive(Default)]
pub(super) struct Link {
    wire: Mutex<Option<(Wire, Line)>>,
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
        let listening = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| open(error.to_string()))?;
        Ok(Engine { listening: Some(listening), url, tls, unreachable: Mutex::default() })
    }

    /// One exchange over a connection, which is made first if need be.
    pub(super) fn run<T>(
        &self,
        link: &Link,
        work: impl AsyncFn(&mut Wire) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        let mut slot = hold(&link.wire);
        let (mut wire, mut line) = match slot.take().and_then(still_open) {
            Some(open) => open,
            None => self.connected(link.settings)?,
        };
        // Where it fails the connection is dropped with whatever is still on its way.
        match line.drive(work(&mut wire), Instant::now() + PATIENCE) {
            Some(Ok(done)) => {
                *slot = Some((wire, line));
                Ok(done)
            }
            Some(Err(error)) if is_lost(&error) => Err(Trouble::Lost(told(&error))),
            Some(Err(error)) => {
                *slot = Some((wire, line));
                Err(Trouble::Refused(error))
            }
            None => Err(Trouble::Lost(format!("no answer within {} s", PATIENCE.as_secs()))),
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

    fn connected(&self, settings: &str) -> Result<(Wire, Line), Trouble> {
        if let Some((at, error)) = &*hold(&self.unreachable)
            && at.elapsed() < PAUSE
        {
            return Err(Trouble::Unreachable(error.clone()));
        }
        let made = self.connect(settings);
        let made = made.map_err(|cause| StoreError::Open { path: self.url.to_string(), cause });
        *hold(&self.unreachable) = made.as_ref().err().map(|error| (Instant::now(), error.clone()));
        made.map_err(Trouble::Unreachable)
    }

    fn connect(&self, settings: &str) -> Result<(Wire, Line), String> {
        let until = Instant::now() + PATIENCE;
        let (client, mut line) = dial::connect(&self.url.config, self.tls.as_ref(), until)?;
        let settings = self.settings() + settings;
        line.asked(client.batch_execute(&settings), until)?;
        Ok((Wire { client, statements: Mutex::default() }, line))
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
        let Some(listening) = &self.listening else { return };
        let (config, tls) = (self.url.config.clone(), self.tls.clone());
        listening.spawn(async move {
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
        if let Some(listening) = self.listening.take() {
            listening.shutdown_background();
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

/// A server that was started anew has hung up.
fn still_open((wire, mut line): (Wire, Line)) -> Option<(Wire, Line)> {
    line.is_open().then_some((wire, line))
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
