//! Where a model is served, which format is spoken there, and the key for it.
//!
//! A vendor's key goes to the vendor only.

use ureq::http::Uri;

use crate::exit::Failure;

const ANTHROPIC: &str = "api.anthropic.com";
const OPENAI: &str = "api.openai.com";
const OWN_KEY: &str = "CONDUCTOR_MODEL_KEY";

/// The format of questions and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `/v1/chat/completions`, with `response_format`.
    OpenAi,
    /// `/v1/messages`, with one tool that must be used.
    Anthropic,
}

pub(super) struct Key {
    pub variable: &'static str,
    pub secret: String,
}

pub(super) struct Endpoint {
    pub url: String,
    pub format: Format,
    /// Whether the vendor of the format serves there, whose models choose some settings by themselves.
    pub is_vendor: bool,
    pub key: Option<Key>,
}

impl Endpoint {
    pub fn of(
        model: &str,
        url: Option<&str>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Endpoint, Failure> {
        let url = url.map(str::to_owned).or_else(|| vendor(model)).ok_or_else(|| {
            Failure::usage(format!("it is not known where the model `{model}` is served"))
                .help("say it with `--endpoint URL` or `CONDUCTOR_MODEL_URL`")
        })?;
        let wrong = |why: &str| Failure::usage(format!("`{url}` is no endpoint: {why}"));
        let uri: Uri = url.parse().map_err(|_| wrong("it is no URL"))?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("it begins with neither `http://` nor `https://`"));
        };
        if authority.as_str().contains('@') {
            return Err(Failure::usage("an endpoint has no password in it")
                .help("the key is taken from `CONDUCTOR_MODEL_KEY`"));
        }
        let host = authority.host();
        let (format, path) = path(host, uri.path());
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let (vendor, variable) = match format {
            Format::OpenAi => (OPENAI, "OPENAI_API_KEY"),
            Format::Anthropic => (ANTHROPIC, "ANTHROPIC_API_KEY"),
        };
        let is_vendor = host == vendor;
        let variables = [OWN_KEY, variable].into_iter().take(if is_vendor { 2 } else { 1 });
        let key = variables.into_iter().find_map(|variable| Some(Key { variable, secret: env(variable)? }));
        Ok(Endpoint { url: format!("{scheme}://{authority}{path}{query}"), format, is_vendor, key })
    }
}

/// Where models of that name are served by who makes them.
fn vendor(model: &str) -> Option<String> {
    if model.starts_with("claude-") {
        Some(format!("https://{ANTHROPIC}"))
    } else if model.starts_with("gpt-") {
        Some(format!("https://{OPENAI}"))
    } else {
        None
    }
}

/// The format, and the whole path of an endpoint that may be said by its beginning.
fn path(host: &str, path: &str) -> (Format, String) {
    let path = path.trim_end_matches('/');
    let base = if path.is_empty() { "/v1" } else { path };
    if path.ends_with("/messages") {
        (Format::Anthropic, path.to_owned())
    } else if path.ends_with("/chat/completions") {
        (Format::OpenAi, path.to_owned())
    } else if host == ANTHROPIC {
        (Format::Anthropic, format!("{base}/messages"))
    } else {
        (Format::OpenAi, format!("{base}/chat/completions"))
    }
}
