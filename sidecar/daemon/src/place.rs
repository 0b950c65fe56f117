//! The folder, the lock and the sockets: one sidecar a data folder, and nobody else's way in.
//!
//! It knows no message and no journal.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use tokio::net::{TcpListener, UnixListener};

/// Bytes of a socket's path: `sun_path` has 108 with its closing zero.
const PATH_LIMIT: usize = 107;

#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("failed to make the folder {path}: {cause}")]
    Folder { path: PathBuf, cause: std::io::Error },
    #[error(
        "{path} can be entered by others (mode {mode:o}): the socket needs a folder of its owner's alone; run `chmod 700 {path}`"
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("{path} belongs to another user (uid {uid}): give another --data or --socket")]
    Foreign { path: PathBuf, uid: u32 },
    #[error("a sidecar is at work on {path} already (pid {pid}): use it, or stop it with `kill {pid}`")]
    Taken { path: PathBuf, pid: String },
    #[error("failed to keep the sidecar's name in {path}: {cause}")]
    Name { path: PathBuf, cause: std::io::Error },
    #[error("failed to lock {path}: {cause}")]
    Lock { path: PathBuf, cause: std::io::Error },
    #[error(
        "the socket's path has {length} bytes and the system's limit is {PATH_LIMIT}: {path}; give a shorter one with --socket and set CONDUCTOR_SOCKET to it"
    )]
    TooLong { path: PathBuf, length: usize },
    #[error("{path} exists and is not a socket: remove it, or give another --socket")]
    NotASocket { path: PathBuf },
    #[error("process {pid} listens on {path} already: use it, stop it, or give another --socket")]
    SocketInUse { path: PathBuf, pid: String },
    #[error("failed to listen on {path}: {cause}")]
    Socket { path: PathBuf, cause: std::io::Error },
    #[error("{address} is in use: give another port with --http or --listen, or `--http off`")]
    PortInUse { address: SocketAddr },
    #[error(
        "{address} is not a loopback address: --http is for this machine only; use --listen with TLS and tokens"
    )]
    NotLoopback { address: SocketAddr },
    #[error(
        "{address} is not a loopback address: without TLS tokens and values could be read on the way; give --tls-cert and --tls-key"
    )]
    NoTls { address: SocketAddr },
    #[error(
        "--listen {address} needs --tokens FILE, which says who may come in: `conductor token` makes them"
    )]
    NoTokens { address: SocketAddr },
    #[error("failed to listen on {address}: {cause}")]
    Port { address: SocketAddr, cause: std::io::Error },
}

/// Makes a folder for its owner alone.
pub(crate) fn make_folder(path: &Path) -> Result<(), PlaceError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|cause| PlaceError::Folder { path: path.to_owned(), cause })
}

/// Refuses a folder that others may enter: who can, could reach the socket in it.
fn check_private(path: &Path) -> Result<(), PlaceError> {
    let meta = fs::metadata(path).map_err(|cause| PlaceError::Folder { path: path.to_owned(), cause })?;
    let uid = rustix::process::geteuid().as_raw();
    if meta.uid() != uid {
        return Err(PlaceError::Foreign { path: path.to_owned(), uid: meta.uid() });
    }
    let mode = meta.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PlaceError::Open { path: path.to_owned(), mode });
    }
    Ok(())
}

/// The name of this process among sidecars, and that of the one before it in the folder, which is dead: the folder is locked.
pub(crate) struct Name {
    pub(crate) id: String,
    pub(crate) previous: Option<String>,
    path: PathBuf,
}

impl Name {
    pub(crate) fn in_folder(data_dir: &Path) -> Result<Name, PlaceError> {
        let path = data_dir.join("sidecar.id");
        let previous = match fs::read_to_string(&path) {
            Ok(text) => Some(text.trim().to_owned()).filter(|id| !id.is_empty()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(cause) => return Err(PlaceError::Name { path, cause }),
        };
        Ok(Name { id: uuid::Uuid::now_v7().to_string(), previous, path })
    }

    /// Writes the name down for the process after this one.
    pub(crate) fn keep(&self) -> Result<(), PlaceError> {
        let fail = |cause| PlaceError::Name { path: self.path.clone(), cause };
        let new = self.path.with_extension("new");
        fs::write(&new, &self.id).map_err(fail)?;
        fs::rename(&new, &self.path).map_err(fail)
    }
}

/// A process that was forked off the one that held the lock holds it too, until it executes its own program.
const STRAY: Duration = Duration::from_secs(1);

/// Locks the data folder for as long as the file is open: the kernel lets go when the process dies.
pub(crate) fn lock(data_dir: &Path) -> Result<File, PlaceError> {
    let path = data_dir.join("sidecar.lock");
    let fail = |cause: std::io::Error| PlaceError::Lock { path: path.clone(), cause };
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(fail)?;
    let patience = Instant::now() + STRAY;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut pid = String::new();
                file.rewind().and_then(|()| file.read_to_string(&mut pid)).map_err(fail)?;
                let pid = pid.trim().to_owned();
                let is_at_work =
                    pid != std::process::id().to_string() && Path::new("/proc").join(&pid).exists();
                if is_at_work || Instant::now() > patience {
                    return Err(PlaceError::Taken { path: data_dir.to_owned(), pid });
                }
                std::thread::sleep(STRAY / 50);
            }
            Err(error) => return Err(fail(error.into())),
        }
    }
    file.set_len(0).map_err(fail)?;
    file.rewind().map_err(fail)?;
    writeln!(file, "{}", std::process::id()).map_err(fail)?;
    Ok(file)
}

/// Binds the Unix socket inside a private folder; the socket of a dead sidecar is replaced.
pub(crate) fn listen(path: &Path) -> Result<UnixListener, PlaceError> {
    let length = path.as_os_str().as_bytes().len();
    if length > PATH_LIMIT {
        return Err(PlaceError::TooLong { path: path.to_owned(), length });
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder)?;
    check_private(folder)?;
    let fail = |cause: std::io::Error| PlaceError::Socket { path: path.to_owned(), cause };
    if let Ok(meta) = fs::symlink_metadata(path) {
        if !meta.file_type().is_socket() {
            return Err(PlaceError::NotASocket { path: path.to_owned() });
        }
        if let Ok(living) = std::os::unix::net::UnixStream::connect(path) {
            let peer = rustix::net::sockopt::socket_peercred(&living);
            let pid = peer.map_or_else(|_| "?".to_owned(), |peer| peer.pid.to_string());
            return Err(PlaceError::SocketInUse { path: path.to_owned(), pid });
        }
        fs::remove_file(path).map_err(fail)?;
    }
    UnixListener::bind(path).map_err(fail)
}

/// Binds the port of the API, on this machine's own addresses only.
pub(crate) async fn listen_http(address: SocketAddr) -> Result<TcpListener, PlaceError> {
    if !address.ip().is_loopback() {
        return Err(PlaceError::NotLoopback { address });
    }
    bind(address).await
}

/// Binds the port for other machines. Nobody is let in without a token, and none goes over a network unencrypted.
pub(crate) async fn listen_remote(
    address: SocketAddr,
    has_tls: bool,
    has_tokens: bool,
) -> Result<TcpListener, PlaceError> {
    if !has_tokens {
        return Err(PlaceError::NoTokens { address });
    }
    if !has_tls && !address.ip().is_loopback() {
        return Err(PlaceError::NoTls { address });
    }
    bind(address).await
}

async fn bind(address: SocketAddr) -> Result<TcpListener, PlaceError> {
    TcpListener::bind(address).await.map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AddrInUse => PlaceError::PortInUse { address },
        _ => PlaceError::Port { address, cause },
    })
}
