//! Talking to a sidecar: HTTP over its Unix socket, or over TLS.
//!
//! It does not know what the answers mean to a command.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::address::{Address, Stream, TOKEN, token};
use crate::events::Events;
use crate::exit::Failure;
use crate::project;

/// An answer larger than this is not the sidecar's.
const ANSWER_LIMIT: usize = 256 << 20;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How a sidecar is named on the command line.
#[derive(Debug, clap::Args)]
pub struct SidecarArgs {
    /// The sidecar's socket, or where it listens for other machines
    #[arg(long, value_name = "PATH|tls://HOST:PORT", global = true)]
    socket: Option<PathBuf>,
}

impl SidecarArgs {
    pub fn client(&self) -> Result<Client, Failure> {
        project::find_socket(self.socket.as_deref()).map(Client::new)
    }
}

pub struct Client {
    socket: PathBuf,
    address: Address,
}

/// The answer to a request: the status and the JSON body.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Client {
    #[must_use]
    pub fn new(socket: PathBuf) -> Client {
        Client { address: Address::of(&socket), socket }
    }

    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Failure> {
        self.address.connect().await.map_err(|error| {
            let failure = format!("no sidecar answers at {}: {error}", self.socket.display());
            Failure::environment(failure).help(if self.address.is_remote() {
                "see that CONDUCTOR_SOCKET is right, and CONDUCTOR_CA, CONDUCTOR_CERT and CONDUCTOR_CERT_KEY where its certificates need them"
            } else {
                "start one: `conductor sidecar`, or `conductor dev -- CMD`"
            })
        })
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.request("GET", path, String::new(), None).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.request("DELETE", path, String::new(), None).await
    }

    pub async fn delete_with(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.request("DELETE", path, body.to_string(), None).await
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

    /// Asks for a stream of events. What is not one is an answer like any other.
    pub async fn listen(&self, path: &str) -> Result<Result<Events, Answer>, Failure> {
        let asked = async {
            let (response, driver) = self.open("GET", path, String::new(), None).await?;
            if response.status().is_success() {
                return Ok(Ok(Events::new(response.into_body(), driver)));
            }
            self.read(response, &driver).await.map(Err)
        };
        self.in_time(asked).await
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        body: String,
        header: Option<(&str, &str)>,
    ) -> Result<Answer, Failure> {
        let asked = async {
            let (response, driver) = self.open(method, path, body, header).await?;
            self.read(response, &driver).await
        };
        self.in_time(asked).await
    }

    /// A request over a fresh connection, with the head of its answer.
    async fn open(
        &self,
        method: &str,
        path: &str,
        body: String,
        header: Option<(&str, &str)>,
    ) -> Result<(hyper::Response<Incoming>, Driver), Failure> {
        let headers = self.headers(header)?;
        let stream = self.connect().await?;
        send(stream, method, path, body, headers).await.map_err(|problem| self.trouble(&problem))
    }

    /// The rest of the answer, unless it is that the caller may not ask.
    async fn read(&self, response: hyper::Response<Incoming>, driven: &Driver) -> Result<Answer, Failure> {
        self.admitted(answer(response, driven).await.map_err(|problem| self.trouble(&problem))?)
    }

    fn headers<'a>(&self, more: Option<(&'a str, &str)>) -> Result<Vec<(&'a str, String)>, Failure> {
        let mut headers: Vec<(&str, String)> = vec![("host", self.address.host().to_owned())];
        headers.extend(more.map(|(name, value)| (name, value.to_owned())));
        let token = if self.address.is_remote() { token().map_err(Failure::environment)? } else { None };
        headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
        Ok(headers)
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, asked).await;
        answered.map_err(|_| self.trouble("it did not answer in time"))?
    }

    fn admitted(&self, answer: Answer) -> Result<Answer, Failure> {
        if matches!(answer.status, 401 | 403) {
            let said = answer.body["error"]["message"].as_str().unwrap_or("it does not say why");
            let refused = format!("the sidecar at {} refuses: {said}", self.socket.display());
            return Err(Failure::environment(refused).help(format!(
                "set {TOKEN} to a token that may do this, or {TOKEN}_FILE to a file with one"
            )));
        }
        Ok(answer)
    }

    fn trouble(&self, problem: &str) -> Failure {
        Failure::environment(format!("the sidecar at {} failed: {problem}", self.socket.display()))
    }
}

/// A request, the head of its answer, and what drives the connection until the body is read.
async fn send(
    stream: Box<dyn Stream>,
    method: &str,
    path: &str,
    body: String,
    headers: Vec<(&str, String)>,
) -> Result<(hyper::Response<Incoming>, Driver), String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = Driver(tokio::spawn(async {
        // What breaks off is seen by whoever reads the answer.
        let _ended = connection.await;
    }));
    let mut request =
        hyper::Request::builder().method(method).uri(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(body).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    Ok((response, driver))
}

/// The connection is closed with it.
pub struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The rest of the answer, while its connection is driven.
async fn answer(response: hyper::Response<Incoming>, _driven: &Driver) -> Result<Answer, String> {
    let status = response.status().as_u16();
    let bytes = collect(response.into_body()).await?;
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
