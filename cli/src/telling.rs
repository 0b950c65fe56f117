//! Tells the sidecar the manifest of a project and what is advised on it, to be shown beside the runs.
//!
//! It knows what nobody may see of a manifest, not how it is shown. Nobody depends on it: what fails is left out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use conductor_driver::Selection;
use conductor_protocol::plan::Plan;
use conductor_source::{Diagnostic, Sources};
use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::blocking;
use crate::compile::{self, Overlay};
use crate::disk;
use crate::exit::Failure;
use crate::project::{self, Project};
use crate::view::url_encoded;

/// How long the sidecar is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// What stands in the place of a secret.
const HIDDEN: &str = "\u{2022}\u{2022}\u{2022}";
/// Pieces of advice, and characters of each text.
const ADVICE: usize = 200;
const WORDS: usize = 600;

/// Tells the sidecar that is named, else that of the environment or of the project, where one answers.
pub async fn tell(project: &Project, given: Option<&Path>) {
    if let Ok(Some(socket)) = project::socket_of(project, given) {
        // It has been built: who waits for the build does not wait for this to go well.
        let _nobody_asked = told(project, socket).await;
    }
}

async fn told(project: &Project, socket: PathBuf) -> Result<(), Failure> {
    let here = project.clone();
    let document = blocking(move || document(&here)).await?;
    let folder = project.root.file_name().map(|name| name.to_string_lossy() + "/").unwrap_or_default();
    let name = format!("{folder}{}", project.manifest);
    let path = format!("/v1/manifests/{}", url_encoded(&name));
    let client = Client::new(socket);
    match tokio::time::timeout(PATIENCE, client.put(&path, &document)).await {
        Ok(answer) => answer.map(drop),
        Err(_) => Ok(()),
    }
}

fn document(project: &Project) -> Result<Value, Failure> {
    let judged = compile::advise(project, &Overlay::new(), &Selection::default(), None)?;
    let (sources, found) = (&judged.outcome.sources, &judged.outcome.diagnostics);
    let plans = judged.outcome.compiled.as_ref().map_or(&[][..], |compiled| &compiled.plans);
    let text = disk::read_text(&project.root.join(&project.manifest))?;
    let workflows: Vec<&str> = plans.iter().map(|plan| plan.workflow.as_str()).collect();
    let advice = found.iter().take(ADVICE).map(|finding| advice(project, sources, finding));
    Ok(json!({
        "text": shown(text, project, sources, found, plans),
        "workflows": workflows,
        "advice": advice.collect::<Value>(),
    }))
}

fn advice(project: &Project, sources: &Sources, finding: &Diagnostic) -> Value {
    let cut = |text: &String| text.chars().take(WORDS).collect::<String>();
    let place = finding.labels.first().map(|label| label.span);
    let file = place.map(|span| sources.path(span.file)).filter(|file| *file != project.manifest);
    json!({
        "code": finding.code.0,
        "severity": finding.severity.as_str(),
        "message": cut(&finding.message),
        "help": finding.help.as_ref().map(cut),
        "file": file,
        "line": place.map(|span| sources.position(span.file, span.start()).0),
    })
}

/// The manifest without what rule S002 finds, and without defaults of secret inputs.
fn shown(text: String, project: &Project, sources: &Sources, found: &[Diagnostic], plans: &[Plan]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for finding in found.iter().filter(|finding| finding.code.0 == "S002") {
        let here = finding.labels.iter().filter(|label| sources.path(label.span.file) == project.manifest);
        spans.extend(here.map(|label| (label.span.start(), label.span.end())));
    }
    let defaults = plans.iter().flat_map(|plan| &plan.inputs).filter(|input| input.secret);
    for default in defaults.filter_map(|input| input.default.as_ref()) {
        let written = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let places = text.match_indices(&written).map(|(at, found)| (at, at + found.len()));
        let before = spans.len();
        spans.extend(places.filter(|(start, end)| end > start));
        if spans.len() == before && !matches!(default, Value::Null) && !written.is_empty() {
            return "# This manifest is not shown: a secret input has a default that is not written in it as it is.\n"
                .to_owned();
        }
    }
    spans.sort_unstable();
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (start, end) in spans {
        if let Some(before) = text.get(from..start.max(from)) {
            out.push_str(before);
            out.push_str(HIDDEN);
        }
        from = from.max(end);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
