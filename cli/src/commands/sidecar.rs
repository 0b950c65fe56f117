//! `conductor sidecar`: keeps the journal, until it is stopped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use conductor_daemon::{
    Encryption, KEY_VARIABLE, Keys, Options, PlaceError, Retention, Settings, StoreUrl, TlsFiles,
};

use crate::address::Address;
use crate::background;
use crate::durations;
use crate::exit::{Exit, Failure};
use crate::footprint;
use crate::output;
use crate::project::{self, Project};
use crate::signals::{Interrupts, Stop};

/// Run the sidecar: the journal, the runs' owners, and the HTTP API
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the state [default: .conductor beside the manifest]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Socket for applications and commands [default: sidecar.sock in the folder of the state]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Where the HTTP API listens beside the socket; 127.0.0.1:0 chooses a port
    #[arg(long, default_value = "off", value_parser = parse_http, value_name = "ADDR:PORT|off")]
    http: Http,
    /// Where sessions and the HTTP API listen for other machines: with --tokens, and but for loopback with TLS
    #[arg(long, value_name = "ADDR:PORT", requires = "tokens")]
    listen: Option<SocketAddr>,
    /// Who may come in over TCP, each by the digest of a token or the name in a certificate; `conductor token` makes lines
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// The sidecar's certificate, in PEM, with those between it and the root
    #[arg(long, value_name = "FILE", requires_all = ["listen", "tls_key"])]
    tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Who signs clients' certificates, in PEM: with it every client needs one (mutual TLS)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Lists of clients' certificates that were revoked, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_client_ca")]
    tls_crl: Option<PathBuf>,
    /// The journal [default: sqlite:journal.db in the folder of the state]
    #[arg(long, value_name = "sqlite:PATH|postgres://...")]
    store: Option<StoreUrl>,
    /// After so long without an answer an application begins no attempt; after twice that others take its runs
    #[arg(long, default_value = "10s", value_parser = parse_lease, value_name = "TIME")]
    lease: Duration,
    /// Opens a journal of which something is missing that was there when its sidecar ended
    #[arg(long)]
    accept_loss: bool,
    /// Whose values are encrypted with CONDUCTOR_KEY: runs with secret inputs, or all
    #[arg(long, value_enum, default_value_t, value_name = "secret|all", hide_possible_values = true)]
    encrypt: Encrypt,
    /// How long runs are kept after their end (30d, 12h, forever)
    #[arg(long, default_value = "forever", value_parser = parse_kept, value_name = "TIME|forever")]
    retention: Kept,
    /// How long the id of a purged run stays taken
    #[arg(long, default_value = "365d", value_parser = durations::parse, value_name = "TIME")]
    tombstones: Duration,
    /// Ends by itself when nobody has been connected for so long
    #[arg(long, value_parser = durations::parse, value_name = "TIME")]
    idle: Option<Duration>,
    /// Starts one that goes on by itself, and returns when it answers; one that runs already is fine
    #[arg(long)]
    background: bool,
    /// What `--background` starts
    #[arg(long, hide = true)]
    detached: bool,
}

fn parse_lease(given: &str) -> Result<Duration, String> {
    let lease = durations::parse(given)?;
    let fits = (Duration::from_millis(100)..=Duration::from_secs(3600)).contains(&lease);
    if fits { Ok(lease) } else { Err("a lease is between 100ms and 1h".to_owned()) }
}

/// How long runs are kept; `None` for ever. A type of its own: clap takes an `Option` for an argument that may be missing.
#[derive(Debug, Clone, Copy)]
struct Kept(Option<Duration>);

fn parse_kept(given: &str) -> Result<Kept, String> {
    durations::parse_or_forever(given).map(Kept)
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Encrypt {
    #[default]
    Secret,
    All,
}

/// What was only needed to start is not touched any more.
const SETTLED: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
struct Http(Option<SocketAddr>);

fn parse_http(given: &str) -> Result<Http, String> {
    if given == "off" {
        return Ok(Http(None));
    }
    given.parse().map(|address| Http(Some(address))).map_err(|_| "write ADDR:PORT, or off".to_owned())
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    if args.background {
        let options = options(args)?;
        return background::start(&options.data_dir, &options.socket).await;
    }
    let is_detached = args.detached;
    if is_detached {
        background::detach();
    }
    allow_connections();
    // Listened for before the socket exists: a signal in between must not leave it behind.
    let mut interrupts = Interrupts::listen()?;
    let options = options(args)?;
    let (has_tls, has_tokens) = (options.tls.is_some(), options.tokens.is_some());
    let started = conductor_daemon::start(options).await;
    if is_detached && matches!(started, Err(conductor_daemon::Error::Place(PlaceError::Taken { .. }))) {
        output::print(&format!("{}\n", background::TAKEN));
    }
    let sidecar = started.map_err(|error| Failure::environment(error.to_string()))?;
    output::note(&format!("conductor sidecar: listens on {}", sidecar.socket().display()));
    if let Some(address) = sidecar.http() {
        output::note(&format!("conductor sidecar: listens on http://{address}"));
    }
    if let Some(address) = sidecar.listen() {
        let scheme = if has_tls { "tls" } else { "tcp" };
        output::note(&format!("conductor sidecar: listens on {scheme}://{address}"));
    }
    output::print(&format!("{}\n", background::READY));
    let settled = tokio::time::sleep(SETTLED);
    tokio::pin!(settled);
    let stop = loop {
        tokio::select! {
            () = &mut settled, if !settled.is_elapsed() => footprint::forget_the_start(),
            stop = interrupts.next() => match stop {
                // Where there are files to read again, it is not about the terminal.
                Stop::Hangup if has_tokens => sidecar.look_at_files(),
                stop => break stop,
            },
            () = sidecar.ended() => break Stop::Terminate,
        }
    };
    let failure = sidecar.failure().map(|error| Failure::environment(error.to_string()));
    sidecar.stop().await;
    if let Some(failure) = failure {
        return Err(failure);
    }
    Ok(match stop {
        Stop::Interrupt => Exit::Interrupted,
        Stop::Terminate | Stop::Hangup => Exit::Fine,
    })
}

/// As many as the machine lets this user have: each is a descriptor, and the usual thousand is soon held by somebody who
/// does nothing with them.
fn allow_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Without it fewer are served: no reason not to start.
    let _as_before = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// What the environment holds; an empty variable is none.
fn keys() -> Result<Option<Keys>, Failure> {
    let Some(text) = std::env::var_os(KEY_VARIABLE).filter(|text| !text.is_empty()) else { return Ok(None) };
    let keys = Keys::parse(&text.to_string_lossy());
    keys.map(Some).map_err(|error| Failure::environment(error.to_string()))
}

fn options(args: Args) -> Result<Options, Failure> {
    let here = project::working_folder()?;
    let data = match args.data {
        Some(data) => here.join(data),
        None => Project::upward(&here)?.map_or_else(|| here.join(".conductor"), |project| project.state()),
    };
    let mut options = Options::in_folder(&data);
    if let Some(socket) = args.socket {
        if Address::of(&socket).is_remote() {
            let help = "--socket is a path; --listen is for other machines";
            return Err(
                Failure::usage(format!("{} is not the path of a socket", socket.display())).help(help)
            );
        }
        options.socket = here.join(socket);
    }
    options.socket = project::check_socket_path(options.socket)?;
    options.idle = args.idle;
    options.http = args.http.0;
    options.listen = args.listen;
    options.tokens = args.tokens.map(|path| here.join(path));
    options.tls = match (args.tls_cert, args.tls_key) {
        (Some(cert), Some(key)) => Some(TlsFiles {
            cert: here.join(cert),
            key: here.join(key),
            client_ca: args.tls_client_ca.map(|path| here.join(path)),
            crl: args.tls_crl.map(|path| here.join(path)),
        }),
        _ => None,
    };
    options.lease = args.lease;
    options.accept_loss = args.accept_loss;
    options.retention = Retention { runs: args.retention.0, tombstones: args.tombstones };
    let variable = |name: &str| std::env::var(name).ok();
    options.otlp =
        Settings::from_variables(&variable).map_err(|error| Failure::environment(error.to_string()))?;
    options.log_lines = variable("CONDUCTOR_LOG").is_some_and(|value| value == "json");
    options.encryption = Encryption { keys: keys()?, all: args.encrypt == Encrypt::All };
    match args.store {
        Some(StoreUrl::Sqlite(path)) => options.store = StoreUrl::Sqlite(here.join(path)),
        Some(shared) => options.store = shared,
        None => {}
    }
    Ok(options)
}
