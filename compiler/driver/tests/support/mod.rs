//! Files in memory, compiled: what the tests of the pipeline share.
//!
//! It knows the driver's public interface only.

use std::collections::{BTreeMap, BTreeSet};

use conductor_driver::{Outcome, compile};
use conductor_introspect::{Answer, DirEntry, Need};

/// The files of a project by path; the manifest is `concurrency.yaml` or `concurrency.hcl`.
#[derive(Debug, Clone, Default)]
pub struct Project {
    files: BTreeMap<String, String>,
}

impl Project {
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Project {
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        Project { files }
    }

    pub fn set(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    pub fn get(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// The path of the manifest.
    pub fn manifest(&self) -> &'static str {
        if self.files.contains_key("concurrency.hcl") { "concurrency.hcl" } else { "concurrency.yaml" }
    }

    pub fn compile(&self) -> Outcome {
        let path = self.manifest();
        let manifest = self.get(path);
        let lock = self.files.get("conductor.lock").map(String::as_bytes);
        compile(path, manifest.as_bytes(), lock, &mut |need| self.answer(need))
    }

    /// What `conductor check` would print.
    pub fn check(&self) -> String {
        self.shown(&self.compile())
    }

    /// The findings as people see them.
    pub fn shown(&self, outcome: &Outcome) -> String {
        let render = |finding| conductor_source::render::text(finding, &outcome.sources, false) + "\n";
        outcome.diagnostics.iter().map(render).collect()
    }

    fn answer(&self, need: &Need) -> Answer {
        match need {
            Need::File(path) => match self.files.get(path) {
                Some(text) => Answer::File(text.clone().into_bytes()),
                None => Answer::Missing,
            },
            Need::Directory(path) => {
                let prefix = if path == "." { String::new() } else { format!("{path}/") };
                let mut entries = BTreeSet::new();
                for inner in self.files.keys().filter_map(|file| file.strip_prefix(&prefix)) {
                    entries.insert(match inner.split_once('/') {
                        Some((folder, _)) => (folder.to_owned(), true),
                        None => (inner.to_owned(), false),
                    });
                }
                if entries.is_empty() && path != "." {
                    return Answer::Missing;
                }
                let entries = entries.into_iter().map(|(name, is_dir)| DirEntry { name, is_dir });
                Answer::Directory(entries.collect())
            }
        }
    }
}
