//! `conductor.lock`: the inputs that workflows got by inference, and what servers told, pinned, so that a change of
//! them is seen.
//!
//! It knows no disk: the old text is given to it, the new one is returned.

pub(crate) mod documents;
pub(crate) mod services;

use std::collections::BTreeMap;

use conductor_introspect::grpc::Schema;
use conductor_resolve::{Graph, Workflow};
use conductor_source::{Code, Diagnostic, Edit, FileId, Safety, Sources, Span};
use serde::{Deserialize, Serialize};

use self::documents::Documents;
use self::services::{Service, Services};

pub const FILE: &str = "conductor.lock";
pub const DRIFT: Code = Code("E170");
pub const UNREADABLE: Code = Code("E171");
pub const DAMAGED_PIN: Code = Code("E173");

const VERSION: u32 = 1;
/// Written only where a server was asked: a compiler that knows no such pins must not take the file for its own.
const WITH_SERVICES: u32 = 2;
const ABOUT: &str =
    "Inputs that Conductor inferred for each workflow. Written by `conductor build`; commit this file.";
const ABOUT_SERVICES: &str = "Inputs that Conductor inferred for each workflow, and what servers told of the methods that are called. Written by `conductor build`; commit this file.";

/// The file. Fields stand in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lock {
    about: String,
    version: u32,
    workflows: BTreeMap<String, Pins>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    services: Services,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    documents: Documents,
}

/// What servers told, by the id of the resource.
#[derive(Default)]
pub(crate) struct Told {
    pub services: Services,
    pub documents: Documents,
}

/// A lock that was read.
pub(crate) struct Opened {
    lock: Lock,
    file: FileId,
}

/// Inferred inputs of a workflow, by name.
type Pins = BTreeMap<String, Pin>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pin {
    #[serde(rename = "type")]
    ty: String,
    /// The step and parameter that ask for it: `fetch_user.user_id`.
    asked_by: String,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// The text of the lock for this graph.
#[must_use]
pub(crate) fn text(graph: &Graph, told: Told) -> String {
    let workflows =
        graph.workflows.iter().map(|workflow| (workflow.id.value.clone(), pins(workflow))).collect();
    let Told { services, documents } = told;
    let is_plain = services.is_empty() && documents.is_empty();
    let (version, about) = if is_plain { (VERSION, ABOUT) } else { (WITH_SERVICES, ABOUT_SERVICES) };
    let lock = Lock { about: about.to_owned(), version, workflows, services, documents };
    // Text keys and text values only: writing them cannot fail.
    serde_json::to_string_pretty(&lock).map(|text| text + "\n").unwrap_or_default()
}

/// Reads an earlier lock.
pub(crate) fn open(bytes: &[u8], sources: &mut Sources) -> Result<Opened, Box<Diagnostic>> {
    let file = sources.add(FILE, String::from_utf8_lossy(bytes));
    Ok(Opened { lock: read(bytes, file, sources)?, file })
}

impl Opened {
    /// What is pinned of the document at `source`, as a text.
    pub(crate) fn document(&self, id: &str, source: &str) -> Option<Vec<u8>> {
        let pinned = self.lock.documents.get(id).filter(|pinned| pinned.source == source)?;
        Some(pinned.document.to_string().into_bytes())
    }

    /// What is pinned of the server behind a resource.
    ///
    /// # Errors
    /// Its words and its descriptors say different things, or it has none.
    pub(crate) fn service(
        &self,
        id: &str,
        sources: &mut Sources,
    ) -> Result<Option<(&Service, Schema)>, Box<Diagnostic>> {
        let Some(service) = self.lock.services.get(id) else { return Ok(None) };
        let opened = service.schema(&format!("grpc:{id}"), sources);
        let schema = opened.and_then(|schema| match service.is_true() {
            true => Ok(schema),
            false => Err("its words say something else than its descriptors".to_owned()),
        });
        schema.map(|schema| Some((service, schema))).map_err(|problem| {
            let message = format!("what `{FILE}` pins of `{id}` cannot be read: {problem}");
            let at = sources.text(self.file).find(&format!("\n    \"{id}\": {{\n      \"operations\""));
            let start = at.map_or(0, |at| at + "\n    ".len());
            let span = Span::new(self.file, start, start + at.map_or(0, |_| id.len() + 2));
            let finding = Diagnostic::error(DAMAGED_PIN, message, span, "pinned here");
            Box::new(
                finding.help(
                    "restore it from version control; or `conductor build --refresh` asks the server anew",
                ),
            )
        })
    }
}

/// What the graph's inferred inputs differ in from an earlier lock. A workflow that the lock does not know is new.
pub(crate) fn drift(graph: &Graph, opened: &Opened, sources: &Sources) -> Vec<Diagnostic> {
    let Opened { lock, file } = opened;
    let file = *file;
    let changed = graph.workflows.iter().filter_map(|workflow| {
        let old = lock.workflows.get(&workflow.id.value)?;
        let new = pins(workflow);
        let differences = differences(old, &new);
        (!differences.is_empty()).then(|| finding(workflow, &new, &differences, file, sources))
    });
    changed.collect()
}

fn pins(workflow: &Workflow) -> Pins {
    let inferred = workflow.inputs.iter().filter_map(|input| {
        let asker = workflow.inferred.get(&input.name)?;
        let asked_by = format!("{}.{}", asker.step, asker.parameter);
        Some((input.name.clone(), Pin { ty: input.ty.to_string(), asked_by }))
    });
    inferred.collect()
}

fn read(bytes: &[u8], file: FileId, sources: &Sources) -> Result<Lock, Box<Diagnostic>> {
    if let Ok(VersionOnly { version }) = serde_json::from_slice(bytes)
        && !(VERSION..=WITH_SERVICES).contains(&version)
    {
        let message =
            format!("`{FILE}` has version {version}, but this compiler reads version {WITH_SERVICES}");
        let finding = Diagnostic::error(UNREADABLE, message, Span::new(file, 0, 0), "");
        return Err(Box::new(finding.help("use the version of `conductor` that wrote it, or a newer one")));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let text = sources.text(file);
        let line_start: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = (line_start + error.column().saturating_sub(1)).min(text.len());
        let finding = Diagnostic::error(
            UNREADABLE,
            format!("`{FILE}` cannot be read"),
            Span::new(file, at, at),
            error.to_string(),
        );
        let help =
            "restore it from version control; or delete it, and `conductor build` pins what is inferred now";
        Box::new(finding.help(help))
    })
}

/// One line for each input that came, went or changed its type.
fn differences(old: &Pins, new: &Pins) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, pin) in old {
        match new.get(name) {
            None => lines.push(format!("- {name}: {}, for {}", pin.ty, pin.asked_by)),
            Some(now) if now.ty != pin.ty => lines.push(format!(
                "~ {name}: {}, for {}; was {}, for {}",
                now.ty, now.asked_by, pin.ty, pin.asked_by
            )),
            Some(_) => {}
        }
    }
    let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
    lines.extend(added.map(|(name, pin)| format!("+ {name}: {}, for {}", pin.ty, pin.asked_by)));
    lines
}

fn finding(
    workflow: &Workflow,
    new: &Pins,
    differences: &[String],
    file: FileId,
    sources: &Sources,
) -> Diagnostic {
    let id = &workflow.id.value;
    let entry = entry(id, sources.text(file));
    let mut finding = Diagnostic::error(
        DRIFT,
        format!("the inferred inputs of `{id}` are not those that `{FILE}` pins"),
        workflow.id.span,
        "whoever calls this workflow must change, too",
    );
    if let Some((start, end)) = entry {
        finding = finding.label(Span::new(file, start, end.min(start + id.len() + 2)), "pinned here");
    }
    for difference in differences {
        finding = finding.note(difference.clone());
    }
    finding =
        finding.help("declare the inputs under `input`, so that nothing is inferred; or accept the change");
    match entry {
        Some((start, end)) => {
            let text = serde_json::to_string_pretty(new).unwrap_or_default().replace('\n', "\n    ");
            let edit = Edit { span: Span::new(file, start, end), text: format!("\"{id}\": {text}") };
            finding.fix("pin what is inferred now", Safety::Unsafe, vec![edit])
        }
        None => finding,
    }
}

/// The bytes of a workflow's entry, key and value, in a lock as [`text`] lays it out.
fn entry(id: &str, text: &str) -> Option<(usize, usize)> {
    let line = format!("\n    \"{id}\": {{");
    let start = text.find(&line)? + "\n    ".len();
    let open = start + line.len() - "\n    ".len();
    if text.get(open..)?.starts_with('}') {
        return Some((start, open + 1));
    }
    let close = "\n    }";
    let end = open + text.get(open..)?.find(close)? + close.len();
    Some((start, end))
}
