//! Files in memory, compiled: what the tests of the pipeline share.
//!
//! It knows the driver's public interface only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use conductor_driver::{Measured, Outcome, Schemas, Selection, Wanted, compile_for};
use conductor_introspect::{Answer, DirEntry, Need, Reflection, Server};
use prost::Message;

/// A folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}

#[expect(clippy::disallowed_methods, reason = "the samples are files; only the crate itself is pure")]
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_asked_for(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["yaml", "hcl", "py", "lock", "proto"].iter().any(|asked| extension.eq_ignore_ascii_case(asked))
    })
}

/// Whether `UPDATE_EXPECT` asks for what is expected to be written anew.
#[expect(clippy::disallowed_methods, reason = "how expect-test is told to rewrite, and so these tests, too")]
pub fn updating() -> bool {
    std::env::var("UPDATE_EXPECT").is_ok()
}

/// What stands in a file is what it should be; `None` where there is no file. Otherwise it is written, or told.
#[expect(clippy::disallowed_methods, reason = "the samples are files; only the crate itself is pure")]
pub fn expect_file(path: &Path, current: Option<&str>) -> Result<(), String> {
    let expected = path.exists().then(|| text(path));
    if expected.as_deref() == current {
        return Ok(());
    }
    if !updating() {
        let told = current.unwrap_or("(nothing)");
        return Err(format!("{} should hold\n{told}\nUPDATE_EXPECT=1 rewrites it", path.display()));
    }
    match current {
        Some(current) => std::fs::write(path, current),
        None => std::fs::remove_file(path),
    }
    .map_err(|error| format!("{}: {error}", path.display()))
}

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

    /// The files of a folder that the compiler may ask for: manifests, code and the lock.
    pub fn read(folder: &Path) -> Project {
        let mut files = BTreeMap::new();
        let mut pending = vec![folder.to_owned()];
        while let Some(inner) = pending.pop() {
            for path in entries(&inner) {
                let name = path.strip_prefix(folder).expect("it is inside").to_string_lossy().into_owned();
                if path.is_dir() {
                    pending.push(path);
                } else if is_asked_for(&path) {
                    files.insert(name, text(&path));
                }
            }
        }
        Project { files }
    }

    /// With one manifest only, where there are twins.
    pub fn only(&self, manifest: &str) -> Project {
        let is_other = |path: &str| path.starts_with("concurrency.") && path != manifest;
        let files = self.files.iter().filter(|(path, _)| !is_other(path));
        Project { files: files.map(|(path, text)| (path.clone(), text.clone())).collect() }
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
        let server = self.files.contains_key("server.proto");
        self.compile_with(if server { Schemas::Compared } else { Schemas::Pinned })
    }

    /// With the advice of the rules that are selected, by what `profile.json` holds where it is there.
    pub fn advise(&self, selection: &Selection) -> Outcome {
        let path = self.manifest();
        let measured = self.files.get("profile.json").map(|text| {
            let profile = serde_json::from_str(text).expect("the profile can be read");
            Measured::new(profile).expect("what was counted can be read")
        });
        let lock = self.files.get("conductor.lock").map(String::as_bytes);
        let mut answer = |need: &Need| self.answer(need);
        let manifest = self.get(path).as_bytes();
        conductor_driver::advise(selection, measured.as_ref(), path, manifest, lock, &mut answer)
    }

    pub fn compile_with(&self, schemas: Schemas) -> Outcome {
        let path = self.manifest();
        let manifest = self.get(path);
        let lock = self.files.get("conductor.lock").cloned().or_else(|| self.pinned());
        let lock = lock.as_ref().map(String::as_bytes);
        let mut answer = |need: &Need| self.answer(need);
        compile_for(Wanted::Code, schemas, path, manifest.as_bytes(), lock, &mut answer)
    }

    /// The lock as a build would have left it when the server's schema was `pinned.proto`; none where it compiles with
    /// neither.
    fn pinned(&self) -> Option<String> {
        let mut before = self.clone();
        let pinned = before.files.remove("pinned.proto")?;
        before.set("server.proto", &pinned);
        Some(before.compile().compiled?.lock)
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

    /// What a server tells whose schema is the file `server.proto`; nobody listens where there is none, or where it
    /// is not one that a server could have been built from.
    fn reflection(&self, server: &Server) -> Answer {
        let parsed = |text: &String| protox_parse::parse("server.proto", text).ok();
        let Some(file) = self.files.get("server.proto").and_then(parsed) else {
            return Answer::Failed {
                problem: format!("nobody listens at {}", server.address),
                help: "start the server".to_owned(),
            };
        };
        let full = |name: &str| format!("{}.{name}", file.package());
        let services = file.service.iter().map(|service| full(service.name())).collect();
        Answer::Reflection(Reflection { services, files: vec![file.encode_to_vec()] })
    }

    pub fn answer(&self, need: &Need) -> Answer {
        match need {
            Need::File(path) | Need::Url(path) => match self.files.get(path) {
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
            Need::Variable(_) => Answer::Missing,
            Need::Reflection(server) => self.reflection(server),
        }
    }
}

/// The files of a page: blocks whose first line names a path.
pub fn blocks(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("\n```").filter_map(|block| {
        let (info, text) = block.split_once('\n')?;
        let (_, path) =
            info.split_once(' ').filter(|(language, _)| !language.is_empty() && !language.contains(' '))?;
        (!path.contains(' ')).then_some((path, text))
    })
}
