//! A bare client of the sidecar's protocol: lines of JSON in and out.
//!
//! It keeps no session for its caller; each test says what it sends.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::PATIENCE;

/// One connection.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<UnixStream>,
}

impl Client {
    /// Connects without greeting.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(socket: &Path) -> Result<Client> {
        let stream =
            UnixStream::connect(socket).with_context(|| format!("nobody listens on {}", socket.display()))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client { reader: BufReader::new(stream) })
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the other side is gone.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.reader.get_mut().write_all(bytes)?)
    }

    /// Sends a request or notification on a line.
    ///
    /// # Errors
    /// When the other side is gone.
    pub fn send(&mut self, message: &Value) -> Result<()> {
        self.send_bytes(format!("{message}\n").as_bytes())
    }

    /// The next line.
    ///
    /// # Errors
    /// When the connection ends, or nothing comes in time.
    pub fn receive(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            bail!("the sidecar ended the connection");
        }
        serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))
    }

    /// Sends a request and returns the answer with its id, skipping notifications.
    ///
    /// # Errors
    /// When the connection ends before.
    pub fn call(&mut self, id: u64, method: &str, params: &Value) -> Result<Value> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        loop {
            let answer = self.receive()?;
            if answer["id"] == id {
                return Ok(answer);
            }
        }
    }
}

/// A greeting of a client that speaks the versions `min` to `max` and registers `plans`.
#[must_use]
pub fn hello(session: &str, min: u32, max: u32, plans: &Value) -> Value {
    json!({
        "protocol": {"min": min, "max": max},
        "session": session,
        "client": {"name": "conductor-tests", "version": "0", "language": "python"},
        "pid": std::process::id(),
        "process_start": process_start().unwrap_or(0),
        "serve": 0,
        "plans": plans,
    })
}

/// Field 22 of `/proc/self/stat`.
fn process_start() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold spaces; the fields after it are numbered from 3.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}
