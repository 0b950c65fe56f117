//! Profiles: durations and failures of tasks, from a file or from a sidecar that has seen runs.
//!
//! It knows where they come from, not what they mean.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use conductor_driver::{Answer, Measured};
use conductor_simulate::study::Profile;
use conductor_source::render;
use serde_json::Value;

use crate::client::Client;
use crate::disk;
use crate::exit::Failure;
use crate::fetch;

/// Where a sidecar tells what its journal shows.
const PATH: &str = "/v1/profile";

/// The profile that a file holds, in YAML or JSON.
pub fn of_file(path: &Path) -> Result<Profile, Failure> {
    let shown = path.display().to_string();
    let (data, findings, sources) = conductor_driver::read_data(&shown, &disk::read(path)?);
    if let Some(finding) = findings.first() {
        let text = render::text(finding, &sources, false);
        return Err(Failure::usage(format!("{shown} cannot be read:\n{text}")));
    }
    of_value(&shown, data)
}

fn of_value(shown: &str, data: Value) -> Result<Profile, Failure> {
    let wrong = |message: String| {
        Failure::usage(format!("{shown} is no profile: {message}"))
            .help("its form stands in docs/simulate.md")
    };
    if data.is_null() {
        return Ok(Profile::default());
    }
    let profile: Profile = serde_json::from_value(data).map_err(|error| wrong(error.to_string()))?;
    profile.check().map_err(wrong)?;
    Ok(profile)
}

/// As a sidecar tells it. `from` is the URL of its HTTP port, its socket, or a file that was exported.
pub async fn told(from: &str) -> Result<Value, Failure> {
    if from.starts_with("http://") || from.starts_with("https://") {
        let url = format!("{}{PATH}", from.trim_end_matches('/').trim_end_matches(PATH));
        let asked = url.clone();
        let answered =
            tokio::task::spawn_blocking(move || fetch::get(&asked, &|name| std::env::var(name).ok()));
        return match answered.await {
            Ok(Answer::File(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|error| Failure::environment(format!("{url} answered no profile: {error}"))),
            Ok(Answer::Refused(why)) => Err(Failure::environment(format!("{url} gave no profile: {why}"))),
            _ => Err(Failure::environment(format!("{url} gave no answer"))),
        };
    }
    let path = Path::new(from);
    let kind = std::fs::metadata(path).map_err(|error| Failure::io("read", path, &error))?;
    if !kind.file_type().is_socket() {
        let (data, findings, _) = conductor_driver::read_data(from, &disk::read(path)?);
        return match findings.first() {
            Some(finding) => Err(Failure::usage(format!("{from} cannot be read: {}", finding.message))),
            None => Ok(data),
        };
    }
    let answer = Client::new(path.to_owned()).get(PATH).await?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let why = answer.body["error"]["message"].as_str().unwrap_or("it knows no profiles").to_owned();
    Err(Failure::environment(format!("the sidecar at {from} gave no profile: {why}")))
}

/// What advice can rest on.
pub async fn measured(from: Option<&str>) -> Result<Option<Measured>, Failure> {
    let Some(from) = from else { return Ok(None) };
    let profile = of_value(from, told(from).await?)?;
    let measured = Measured::new(profile);
    measured.map(Some).map_err(|problem| Failure::usage(format!("{from} is no profile: {problem}")))
}
