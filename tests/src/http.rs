//! HTTP/1.1 over a Unix socket or a port of this host, one request a connection.
//!
//! It knows as much of HTTP as the sidecar's API needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::PATIENCE;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Sends one request and reads the whole answer.
///
/// # Errors
/// When nobody listens, or the answer is not HTTP or does not end in time.
pub fn request(socket: &Path, method: &str, path: &str, body: Option<&Value>) -> Result<Response> {
    let stream =
        UnixStream::connect(socket).with_context(|| format!("nobody listens on {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, method, path, "", body)
}

/// Posts with one header more, such as `traceparent: ...`.
///
/// # Errors
/// When nobody listens, or the answer is not HTTP or does not end in time.
pub fn post_with(socket: &Path, path: &str, header: &str, body: &Value) -> Result<Response> {
    let stream =
        UnixStream::connect(socket).with_context(|| format!("nobody listens on {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, "POST", path, &format!("{header}\r\n"), Some(body))
}

/// Sends one request to a port of this host and reads the whole answer.
///
/// # Errors
/// When nobody listens, or the answer is not HTTP or does not end in time.
pub fn request_at(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Response> {
    let stream =
        TcpStream::connect(("127.0.0.1", port)).with_context(|| format!("nobody listens on {port}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, method, path, "", body)
}

fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    headers: &str,
    body: Option<&Value>,
) -> Result<Response> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}");
    let entity = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(entity.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes))
}

fn parse(text: &str) -> Result<Response> {
    let (head, rest) = text.split_once("\r\n\r\n").with_context(|| format!("not HTTP: {text:?}"))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(rest)? } else { rest.to_owned() };
    Ok(Response { status, head: head.to_owned(), body })
}

fn unchunk(mut rest: &str) -> Result<String> {
    let mut body = String::new();
    loop {
        let (size, tail) = rest.split_once("\r\n").context("a chunk without a size")?;
        let size = usize::from_str_radix(size.trim(), 16).context("a size that is no number")?;
        if size == 0 {
            return Ok(body);
        }
        body.push_str(tail.get(..size).context("a short chunk")?);
        rest = tail.get(size + 2..).context("a chunk without an end")?;
    }
}

impl Response {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {self:?}"))
    }
}
