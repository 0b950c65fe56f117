//! The compiler, given a disk: reads the manifest, the lock and what introspection asks for, and shows what came out.
//!
//! It knows neither rules nor languages, and writes nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use conductor_driver::{
    Answer, DirEntry, LOCK_FILE, Measured, Need, Outcome, REFRESHED, Schemas, Selection, Server, Wanted,
};
use conductor_source::{Severity, render};
use serde_json::Map;

use crate::disk;
use crate::exit::Failure;
use crate::fetch;
use crate::findings::Document;
use crate::project::Project;
use crate::reflection;

/// The compiler refuses a manifest this large by itself, with a finding; no more of one is read.
pub const MANIFEST_PREFIX: u64 = 32 << 20;
/// A folder with more entries is no folder of sources.
const MOST_ENTRIES: usize = 100_000;

/// Texts that stand for files of the disk, by path relative to the manifest's folder.
pub type Overlay = BTreeMap<String, String>;

/// Which findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    Errors,
}

pub struct Compilation {
    pub outcome: Outcome,
    /// Every file that was asked for, there or not.
    pub read: Vec<PathBuf>,
}

/// Compiles the project's manifest to code, with `overlay` in front of the disk.
pub fn compile(project: &Project, overlay: &Overlay) -> Result<Compilation, Failure> {
    compile_for(Wanted::Code, Schemas::Pinned, project, overlay)
}

/// As [`compile`], with what servers tell now instead of what the lock pins.
pub fn compile_anew(project: &Project) -> Result<Compilation, Failure> {
    compile_for(Wanted::Code, Schemas::Renewed, project, &Overlay::new())
}

/// Looks for findings only, with `overlay` in front of the disk.
pub fn judge(project: &Project, overlay: &Overlay) -> Result<Compilation, Failure> {
    compile_for(Wanted::Findings, Schemas::Pinned, project, overlay)
}

/// As [`judge`]; what servers tell otherwise than the lock pins is among the findings.
pub fn judge_anew(project: &Project) -> Result<Compilation, Failure> {
    compile_for(Wanted::Findings, Schemas::Compared, project, &Overlay::new())
}

/// Looks for findings and gives advice, with `overlay` in front of the disk.
pub fn advise(
    project: &Project,
    overlay: &Overlay,
    selection: &Selection,
    measured: Option<&Measured>,
) -> Result<Compilation, Failure> {
    with_disk(project, overlay, |path, manifest, lock, fetch| {
        conductor_driver::advise(selection, measured, path, manifest, lock, fetch)
    })
}

fn compile_for(
    wanted: Wanted,
    schemas: Schemas,
    project: &Project,
    overlay: &Overlay,
) -> Result<Compilation, Failure> {
    with_disk(project, overlay, |path, manifest, lock, fetch| {
        conductor_driver::compile_for(wanted, schemas, path, manifest, lock, fetch)
    })
}

pub type Fetch<'a> = &'a mut dyn FnMut(&Need) -> Answer;

/// What `run` makes of the manifest, its lock and what the disk answers.
pub fn with_sources<T>(
    project: &Project,
    overlay: &Overlay,
    run: impl FnOnce(&[u8], Option<&[u8]>, Fetch<'_>) -> T,
) -> Result<T, Failure> {
    let (made, _) = read_and(project, overlay, run)?;
    Ok(made)
}

fn with_disk(
    project: &Project,
    overlay: &Overlay,
    run: impl FnOnce(&str, &[u8], Option<&[u8]>, Fetch<'_>) -> Outcome,
) -> Result<Compilation, Failure> {
    let compile = |manifest: &[u8], lock: Option<&[u8]>, fetch: Fetch<'_>| {
        run(&project.manifest, manifest, lock, fetch)
    };
    let (outcome, read) = read_and(project, overlay, compile)?;
    Ok(Compilation { outcome, read })
}

/// What `run` makes, with every file that was asked for.
fn read_and<T>(
    project: &Project,
    overlay: &Overlay,
    run: impl FnOnce(&[u8], Option<&[u8]>, Fetch<'_>) -> T,
) -> Result<(T, Vec<PathBuf>), Failure> {
    let path = project.manifest_path();
    let manifest = match overlay.get(&project.manifest) {
        Some(text) => text.clone().into_bytes(),
        None => {
            disk::read_prefix(&path, MANIFEST_PREFIX).map_err(|error| Failure::io("read", &path, &error))?
        }
    };
    let lock_path = project.root.join(LOCK_FILE);
    let lock = match overlay.get(LOCK_FILE) {
        Some(text) => Some(text.clone().into_bytes()),
        None => disk::read_if_there(&lock_path)?,
    };
    let root =
        std::fs::canonicalize(&project.root).map_err(|error| Failure::io("find", &project.root, &error))?;
    let asked = RefCell::new(BTreeSet::from([path, lock_path]));
    let mut fetch = |need: &Need| {
        if let Need::File(path) = need {
            asked.borrow_mut().insert(project.root.join(path));
            if let Some(text) = overlay.get(path) {
                return Answer::File(text.clone().into_bytes());
            }
        }
        answer(&root, need)
    };
    let made = run(&manifest, lock.as_deref(), &mut fetch);
    Ok((made, asked.into_inner().into_iter().collect()))
}

/// What the disk has below `root`, which is canonical. Links that lead out of it are not followed.
pub fn answer(root: &Path, need: &Need) -> Answer {
    let path = match need {
        Need::File(path) | Need::Directory(path) => path,
        Need::Url(url) => return fetch::get(url, &|name| std::env::var(name).ok()),
        Need::Variable(name) => return std::env::var(name).map_or(Answer::Missing, Answer::Variable),
        Need::Reflection(server) => return reflection(root, server),
    };
    if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Answer::Refused("it leads out of the project's folder".to_owned());
    }
    let found = match std::fs::canonicalize(root.join(path)) {
        Ok(found) if found.starts_with(root) => found,
        Ok(found) => {
            return Answer::Refused(format!("it leads out of the project's folder, to {}", found.display()));
        }
        Err(error) => return unanswered(&error),
    };
    let answered = match need {
        Need::File(_) => disk::read_bounded(&found, disk::READ_LIMIT).map(Answer::File),
        _ => entries(&found).map(Answer::Directory),
    };
    answered.unwrap_or_else(|error| unanswered(&error))
}

/// What a server tells; the certificates that it is trusted by are a file of the project.
fn reflection(root: &Path, server: &Server) -> Answer {
    let ca = match &server.ca {
        None => None,
        Some(path) => match answer(root, &Need::File(path.clone())) {
            Answer::File(bytes) => Some(bytes),
            other => {
                let why =
                    if let Answer::Refused(why) = other { why } else { "there is no such file".to_owned() };
                let problem = format!("the certificates in `{path}` cannot be read: {why}");
                return Answer::Failed {
                    problem,
                    help: "name the file relative to the manifest's folder".to_owned(),
                };
            }
        },
    };
    reflection::ask(&server.address, ca.as_deref())
}

fn unanswered(error: &std::io::Error) -> Answer {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Answer::Missing,
        ErrorKind::PermissionDenied => Answer::Refused("permission denied".to_owned()),
        _ => Answer::Refused(error.to_string()),
    }
}

fn entries(folder: &Path) -> std::io::Result<Vec<DirEntry>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(MOST_ENTRIES) {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            let is_dir = std::fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
            found.push(DirEntry { name, is_dir });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

impl Compilation {
    /// The compilation for who needs the generated code.
    #[must_use]
    pub fn for_build(self) -> Compilation {
        Compilation { outcome: self.outcome.for_build(), ..self }
    }

    /// Whether a server tells something else than the lock pins.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.outcome.diagnostics.iter().any(|finding| REFRESHED.contains(&finding.code))
    }

    /// How many findings are of that severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.outcome.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }

    #[must_use]
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// The findings for people, or only the errors among them.
    #[must_use]
    pub fn findings(&self, which: Which, coloured: bool) -> String {
        let Outcome { sources, diagnostics, .. } = &self.outcome;
        let mut text = String::new();
        for finding in diagnostics {
            if which == Which::All || finding.severity == Severity::Error {
                text.push_str(&render::text(finding, sources, coloured));
                text.push('\n');
            }
        }
        text
    }

    /// The findings for programs.
    #[must_use]
    pub fn document<'a>(&'a self, project: &'a Project) -> Document<'a> {
        let Outcome { sources, diagnostics, .. } = &self.outcome;
        Document { project, diagnostics, sources, more: Map::new(), problems: Vec::new() }
    }

    /// `2 errors, 1 warning`, or `no findings`.
    #[must_use]
    pub fn tally(&self) -> String {
        tally(|severity| self.count(severity))
    }
}

/// `2 errors, 1 warning`, or `no findings`, by how many there are of each severity.
pub fn tally(count: impl Fn(Severity) -> usize) -> String {
    let named =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Advice, "piece of advice")];
    let counted = named.map(|(severity, name)| match (count(severity), name) {
        (0, _) => String::new(),
        (1, _) => format!("1 {name}"),
        (count, "piece of advice") => format!("{count} pieces of advice"),
        (count, _) => format!("{count} {name}s"),
    });
    let present: Vec<&str> = counted.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if present.is_empty() { "no findings".to_owned() } else { present.join(", ") }
}
