//! Services that workflows call: real servers of `tests/services`, each on a port of its own.
//!
//! It knows how they are started, not what they offer.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::Process;
use crate::{eventually, root};

/// A server that is stopped when this is dropped.
#[derive(Debug)]
pub struct Service {
    process: Process,
    pub port: u16,
}

impl Service {
    /// The FastAPI application of `tests/services/<name>/app.py`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn fastapi(name: &str, port: u16) -> Result<Service> {
        let port_text = port.to_string();
        Service::python(name, port, &["-m", "uvicorn", "app:app", "--port", &port_text])
    }

    fn python(name: &str, port: u16, arguments: &[&str]) -> Result<Service> {
        let mut command = Command::new(root().join("target/venv/bin/python"));
        command.args(arguments).current_dir(root().join("tests/services").join(name));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let mut process = Process::spawn(name, command)?;
        eventually(&format!("{name} listens"), || {
            if !process.is_alive()? {
                bail!("{name} ended: {}", process.stderr());
            }
            Ok(TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).ok())
        })?;
        Ok(Service { process, port })
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.stderr()
    }
}
