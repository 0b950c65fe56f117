//! `conductor sidecar`: keeps the journal, until it is stopped.

use std::path::PathBuf;

use crate::exit::{Exit, Failure};
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
    /// Where the HTTP API listens too
    #[arg(long, default_value = "off", value_name = "ADDR|off")]
    http: String,
    /// The journal [default: sqlite:journal.db in the folder of the state]
    #[arg(long, value_name = "sqlite:PATH")]
    store: Option<String>,
}
