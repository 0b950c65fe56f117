//! Talking to a sidecar: HTTP over its Unix socket.
//!
//! It does not know what the answers mean to a command.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::exit::Failure;

/// An answer larger than this is not the sidecar's.
const ANSWER_LIMIT: usize = 256 << 20;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Client {
    socket: PathBuf,
}

/// The answer to a request: the status and the JSON body.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Client {
    #[must_use]
    pub fn new(socket: PathBuf) -> Client {
        Client { socket }
    }

    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    async fn connect(&self) -> Result<UnixStream, Failure> {
        UnixStream::connect(&self.socket).await.map_err(|error| {
            Failure::environment(format!("no sidecar answers at {}: {error}", self.socket.display()))
                .help("start one: `conductor sidecar`, or `conductor dev -- CMD`")
        })
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.request("GET", path, String::new(), None).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.request("DELETE", path, String::new(), None).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.request("PUT", path, body.to_string(), None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.request("POST", path, body.to_string(), None).await
    }

    /// `body` is JSON and goes as it is; no number in it is rounded.
    pub async fn post_text(
        &self,
        path: &str,
        body: String,
        header: Option<(&str, &str)>,
    ) -> Result<Answer, Failure> {
        self.request("POST", path, body, header).await
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        body: String,
        header: Option<(&str, &str)>,
    ) -> Result<Answer, Failure> {
        let stream = self.connect().await?;
        tokio::time::timeout(ANSWER_TIMEOUT, exchange(stream, method, path, body, header))
            .await
            .map_err(|_| self.trouble("it did not answer in time"))?
            .map_err(|problem| self.trouble(&problem))
    }

    fn trouble(&self, problem: &str) -> Failure {
        Failure::environment(format!("the sidecar at {} failed: {problem}", self.socket.display()))
    }
}

/// One request and its answer over a fresh connection.
async fn exchange(
    stream: UnixStream,
    method: &str,
    path: &str,
    body: String,
    header: Option<(&str, &str)>,
) -> Result<Answer, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let request = request.body(body).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let bytes = collect(response.into_body()).await?;
    driver.abort();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Answer { status, body })
}

async fn collect(mut body: Incoming) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > ANSWER_LIMIT {
            return Err("its answer has no end".to_owned());
        }
    }
    Ok(bytes)
}
