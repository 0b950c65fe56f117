//! The sidecar inside of a Rust program: the same daemon as `conductor sidecar`, without a process of its own.
//!
//! It has no code of its own: it says which names of the daemon others may rely on.
//!
//! ```
//! use conductor_sidecar::{Options, start};
//!
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # let project = tempfile::tempdir()?;
//! # let folder = project.path().join(".conductor");
//! # runtime.block_on(async {
//! // Everything in one folder: the socket, the journal, the lock.
//! let options = Options { http: Some("127.0.0.1:0".parse()?), ..Options::in_folder(&folder) };
//! // When this returns, applications can connect.
//! let sidecar = start(options).await?;
//! assert!(sidecar.socket().exists() && sidecar.http().is_some());
//! // A second one is refused: the folder has one owner.
//! assert!(start(Options::in_folder(&folder)).await.is_err());
//! // Commits what was admitted, lets clients have their answers, and removes the socket.
//! sidecar.stop().await;
//! assert!(!folder.join("sidecar.sock").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It needs a multi-threaded Tokio runtime, because commits keep their thread for as long as the disk takes. Of what it has to say beside
//! answers it writes lines to standard error. It listens to no signals: [`run`] does.

pub use conductor_daemon::{
    Clock, Encryption, Error, Handle, KEY_VARIABLE, KeyError, Keys, Options, PlaceError, PostgresUrl,
    PostgresUrlError, Retention, StoreUrl, StoreUrlError, run, start,
};
