//! Where spans and log records go: collectors of the OpenTelemetry protocol, by the variables that its specification names.
//!
//! It knows no journal, and tries nothing twice: its caller hears what became of a request.

mod send;
#[cfg(test)]
mod tests;

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::spans::{pair, text};

pub use send::{Otlp, Payload, Sent};

/// What a collector gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Spans,
    Logs,
}

impl Signal {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Spans => "spans",
            Signal::Logs => "logs",
        }
    }

    /// As the specification names it, in variables and paths.
    fn name(self) -> &'static str {
        match self {
            Signal::Spans => "traces",
            Signal::Logs => "logs",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Grpc,
    Http,
}

/// One collector, for one signal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    url: String,
    protocol: Protocol,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

/// What the environment says of collectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    spans: Option<Target>,
    logs: Option<Target>,
    resource: Vec<(String, String)>,
}

/// A variable that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    variable: String,
    given: String,
    wanted: &'static str,
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SettingsError { variable, given, wanted } = self;
        write!(out, "{variable} is {given:?}: write {wanted}")
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// `None` where no collector is named, or telemetry is switched off. `get` gives the value of a variable.
    ///
    /// # Errors
    /// When a variable says something that cannot be followed.
    pub fn from_variables(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Settings>, SettingsError> {
        let get =
            |name: &str| get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let spans = target(Signal::Spans, &get)?;
        let logs = target(Signal::Logs, &get)?;
        if spans.is_none() && logs.is_none() {
            return Ok(None);
        }
        let variable = "OTEL_RESOURCE_ATTRIBUTES";
        let mut resource = pairs(variable, get(variable).as_deref().unwrap_or_default())?;
        let named = get("OTEL_SERVICE_NAME");
        if named.is_some() || !resource.iter().any(|(key, _)| key == "service.name") {
            resource.retain(|(key, _)| key != "service.name");
            resource.push(("service.name".to_owned(), named.unwrap_or_else(|| "conductor".to_owned())));
        }
        Ok(Some(Settings { spans, logs, resource }))
    }

    fn target(&self, signal: Signal) -> Option<&Target> {
        match signal {
            Signal::Spans => self.spans.as_ref(),
            Signal::Logs => self.logs.as_ref(),
        }
    }

    fn resource(&self, version: &str) -> Resource {
        let mut attributes: Vec<KeyValue> =
            self.resource.iter().map(|(key, value)| pair(key, text(value))).collect();
        if !self.resource.iter().any(|(key, _)| key == "service.version") {
            attributes.push(pair("service.version", text(version)));
        }
        Resource { attributes, ..Resource::default() }
    }
}

fn scope(version: &str) -> InstrumentationScope {
    InstrumentationScope {
        name: "conductor".to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    }
}

/// The variable of the signal where it is there, else that of all.
fn found(signal: Signal, what: &str, get: &dyn Fn(&str) -> Option<String>) -> Option<(String, String, bool)> {
    let own = format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name().to_uppercase());
    let all = format!("OTEL_EXPORTER_OTLP_{what}");
    get(&own).map(|value| (own, value, true)).or_else(|| get(&all).map(|value| (all, value, false)))
}

fn target(signal: Signal, get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Target>, SettingsError> {
    let chosen = format!("OTEL_{}_EXPORTER", signal.name().to_uppercase());
    match get(&chosen).as_deref() {
        Some("none") => return Ok(None),
        Some("otlp") | None => {}
        Some(given) => {
            let wanted = "otlp or none";
            return Err(SettingsError { variable: chosen, given: given.to_owned(), wanted });
        }
    }
    let Some((variable, url, is_own)) = found(signal, "ENDPOINT", get) else { return Ok(None) };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        let wanted = "a URL that begins with http:// or https://";
        return Err(SettingsError { variable, given: url, wanted });
    }
    let protocol = match found(signal, "PROTOCOL", get) {
        None => Protocol::Http,
        Some((variable, given, _)) => match given.as_str() {
            "grpc" => Protocol::Grpc,
            "http/protobuf" => Protocol::Http,
            _ => return Err(SettingsError { variable, given, wanted: "grpc or http/protobuf" }),
        },
    };
    let url = match protocol {
        Protocol::Http if !is_own => format!("{}/v1/{}", url.trim_end_matches('/'), signal.name()),
        _ => url,
    };
    let headers = match found(signal, "HEADERS", get) {
        None => Vec::new(),
        Some((variable, given, _)) => pairs(&variable, &given)?,
    };
    let timeout = match found(signal, "TIMEOUT", get) {
        None => Duration::from_secs(10),
        Some((variable, given, _)) => match given.parse() {
            Ok(millis) if millis > 0 => Duration::from_millis(millis),
            _ => return Err(SettingsError { variable, given, wanted: "milliseconds" }),
        },
    };
    Ok(Some(Target { url, protocol, headers, timeout }))
}

/// `key=value,key=value`, each value as in a URL. A header's value may be a secret: an error does not show it.
fn pairs(variable: &str, given: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let parts = given.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let split = part.split_once('=').map(|(key, value)| (key.trim(), unescaped(value.trim())));
            match split {
                Some((key, Some(value))) if !key.is_empty() => Ok((key.to_owned(), value)),
                _ => Err(SettingsError {
                    variable: variable.to_owned(),
                    given: "...".to_owned(),
                    wanted: "key=value pairs with commas between them, and %XX for special characters",
                }),
            }
        })
        .collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte != b'%' {
            bytes.push(*byte);
            rest = after;
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}
