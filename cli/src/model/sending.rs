//! One request to an endpoint, within bounds of time and size.
//!
//! It does not know what is asked.

use std::time::Duration;

use serde_json::Value;
use ureq::http::StatusCode;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

use super::{Model, wire};
use crate::exit::Failure;

const CONNECT: Duration = Duration::from_secs(10);
const LARGEST: u64 = 1 << 20;
/// Of what an endpoint says of an error, in characters.
const BRIEF: usize = 200;

/// The body of a good response.
pub(super) fn post(model: &Model, body: &str) -> Result<String, Failure> {
    let roots = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    // A redirect would take the project's words to somewhere else.
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(model.timeout))
        .timeout_connect(Some(CONNECT.min(model.timeout)))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("conductor/", env!("CARGO_PKG_VERSION")))
        .tls_config(roots)
        .build()
        .into();
    let mut request = agent.post(&model.endpoint.url);
    for (name, value) in wire::headers(&model.endpoint) {
        request = match (value, &model.endpoint.key) {
            (wire::Header::Text(value), _) => request.header(name, value),
            (wire::Header::Key(before), Some(key)) => request.header(name, format!("{before}{}", key.secret)),
            (wire::Header::Key(_), None) => request,
        };
    }
    let mut response = request.send(body).map_err(|error| unsent(model, &error))?;
    let status = response.status();
    let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let read = response.body_mut().with_config().limit(LARGEST).read_to_vec();
    if status.is_success() {
        let bytes = read.map_err(|error| unsent(model, &error))?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let said = read.map(|bytes| said(model, &bytes)).unwrap_or_default();
    Err(refused(model, status, wait.as_deref(), &said))
}

fn unsent(model: &Model, error: &Error) -> Failure {
    let why = match error {
        Error::Timeout(_) => format!("did not answer within {} s", model.timeout.as_secs_f64()),
        Error::HostNotFound => "cannot be reached: there is no host of that name".to_owned(),
        Error::ConnectionFailed => "cannot be reached: nothing listens there".to_owned(),
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "cannot be reached: nothing listens there".to_owned()
        }
        Error::BodyExceedsLimit(_) => format!("gave an answer larger than {} MiB", LARGEST >> 20),
        Error::Http(_) => "cannot be asked: its key is no text that a header can have".to_owned(),
        other => format!("cannot be asked: {other}"),
    };
    Failure::environment(format!("the model at {} {why}", model.endpoint.url))
}

fn refused(model: &Model, status: StatusCode, wait: Option<&str>, said: &str) -> Failure {
    let (what, help) = match status.as_u16() {
        401 | 403 => {
            let help = match &model.endpoint.key {
                Some(key) => format!("the key is that of `{}`", key.variable),
                None => "set `CONDUCTOR_MODEL_KEY` to the key of this endpoint".to_owned(),
            };
            ("does not accept the key", Some(help))
        }
        404 => ("is not there, or has no such model", Some(format!("the model is `{}`", model.name))),
        429 => {
            let help = wait.map_or_else(
                || "wait a while, or look at the limits of the key".to_owned(),
                |wait| format!("it says to wait: {}", brief(wait)),
            );
            ("takes no more requests for now", Some(help))
        }
        300..=399 => ("leads to somewhere else", Some("say the address itself with `--endpoint`".to_owned())),
        500.. => ("has failed", None),
        _ => ("does not take the question", None),
    };
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let failure = Failure::environment(format!(
        "the model at {} {what} ({}){said}",
        model.endpoint.url,
        status.as_u16()
    ));
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// What an endpoint says of an error, in either format, without the key.
fn said(model: &Model, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    let error = &document["error"];
    let message = error["message"].as_str().or(error.as_str()).map(str::to_owned).unwrap_or_default();
    match &model.endpoint.key {
        Some(key) => brief(&message.replace(&key.secret, "(the key)")),
        None => brief(&message),
    }
}

/// The beginning of a text, on one line.
pub(super) fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(BRIEF).collect()
}
