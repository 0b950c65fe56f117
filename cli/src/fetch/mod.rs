//! Documents of servers, fetched within bounds of time, size and redirects.
//!
//! It does not know what they are about.

use std::time::Duration;

use conductor_driver::Answer;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

/// From the look-up of the name to the last byte.
const LONGEST: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);
const LARGEST: u64 = 32 << 20;
const REDIRECTS: u32 = 3;

/// What the server at `url`, in which `${env.NAME}` stands for a variable, answers to `GET`.
pub fn get(url: &str, env: &dyn Fn(&str) -> Option<String>) -> Answer {
    match filled(url, env).and_then(|url| fetched(&url)) {
        Ok(bytes) => Answer::File(bytes),
        Err(why) => Answer::Refused(why),
    }
}

fn filled(url: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = url;
    while let Some((before, after)) = rest.split_once("${env.") {
        let (name, after) = after.split_once('}').ok_or("its `${` has no `}`")?;
        let value = env(name.trim()).ok_or_else(|| format!("the variable `{}` is not set", name.trim()))?;
        text.push_str(before);
        text.push_str(&value);
        rest = after;
    }
    Ok(text + rest)
}

fn fetched(url: &str) -> Result<Vec<u8>, String> {
    let roots = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(LONGEST))
        .timeout_connect(Some(CONNECT))
        .max_redirects(REDIRECTS)
        .http_status_as_error(false)
        .user_agent(concat!("conductor/", env!("CARGO_PKG_VERSION")))
        .tls_config(roots)
        .build()
        .into();
    let asked = agent.get(url).header("accept", "application/json, application/yaml;q=0.9, */*;q=0.5").call();
    let mut response = asked.map_err(|error| said(&error))?;
    if !response.status().is_success() {
        return Err(format!("it answered {}", response.status()));
    }
    response.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|error| said(&error))
}

fn said(error: &Error) -> String {
    match error {
        Error::Timeout(_) => format!("it did not answer within {} s", LONGEST.as_secs()),
        Error::HostNotFound => "there is no host of that name".to_owned(),
        Error::ConnectionFailed => "nothing listens there".to_owned(),
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "the connection was refused: nothing listens there".to_owned()
        }
        Error::TooManyRedirects => format!("it redirects more than {REDIRECTS} times"),
        Error::BodyExceedsLimit(_) => format!("its answer is larger than {} MiB", LARGEST >> 20),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
