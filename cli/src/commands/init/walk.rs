//! Walking a tree: its sources and the files that describe services, in bounded time and memory.
//!
//! It does not know what is made of them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use conductor_driver::init::{
    Other, OtherKind, Row, Surveyed, Tree, WantedFunctions, language_of, promising, survey,
};
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::disk;

/// Larger files are not read.
const MOST_BYTES: u64 = 4 << 20;
/// A tree with more entries is not walked to its end.
const MOST_ENTRIES: usize = 1_000_000;
/// Of so many source files the paths are kept.
const MOST_PATHS: usize = 200_000;
/// Files that describe services, and things that are told of.
const MOST_OTHERS: usize = 100;
const MOST_TROUBLES: usize = 50;

/// Folders that hold nothing of the user's.
const PASSED_OVER: [&str; 9] = [
    "target",
    "node_modules",
    "vendor",
    "venv",
    "site-packages",
    "__pycache__",
    "conductor_gen",
    "conductorgen",
    "__generated__",
];
/// Files that mark such folders.
const MARKERS: [&str; 2] = ["CACHEDIR.TAG", "pyvenv.cfg"];

#[derive(Default)]
pub struct Walked {
    pub tree: Tree,
    /// What could not be looked into.
    pub rows: Vec<Row>,
    /// How many source files there are.
    pub sources: usize,
}

#[derive(Default)]
struct Gathered {
    walked: Walked,
    paths: Vec<String>,
    others: Vec<(String, OtherKind)>,
    unnamed: usize,
}

/// Everything below `root` that no `.gitignore` keeps out. Where nothing is annotated, the functions of the files that
/// are worth it.
pub fn walk(root: &Path) -> Walked {
    let gathered = Mutex::new(Gathered::default());
    let seen = AtomicUsize::new(0);
    let mut builder = WalkBuilder::new(root);
    builder.hidden(false).require_git(false).follow_links(false).filter_entry(|entry| !is_passed_over(entry));
    builder.threads(threads()).build_parallel().run(|| {
        Box::new(|entry| {
            if seen.fetch_add(1, Ordering::Relaxed) >= MOST_ENTRIES {
                return WalkState::Quit;
            }
            match entry {
                Ok(entry) => visit(root, &entry, &gathered),
                Err(error) => {
                    let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                    gathered.trouble(root, &error);
                }
            }
            WalkState::Continue
        })
    });
    let mut gathered = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    gathered.finish(root, seen.into_inner() >= MOST_ENTRIES);
    if !gathered.walked.tree.is_annotated() {
        gathered.walked.tree.sources = likely(root, &gathered.paths);
    }
    gathered.walked
}

/// The text of every source file below `root` that [`walk`] would look into, by path.
pub fn texts(root: &Path) -> Vec<(String, String)> {
    let mut builder = WalkBuilder::new(root);
    builder.hidden(false).require_git(false).follow_links(false).filter_entry(|entry| !is_passed_over(entry));
    let files = builder.build().take(MOST_ENTRIES).filter_map(Result::ok).filter_map(|entry| {
        let path = entry.path().strip_prefix(root).ok()?.to_str()?.to_owned();
        language_of(&path)?;
        let bytes = disk::read_bounded(entry.path(), MOST_BYTES).ok()?;
        Some((path, String::from_utf8_lossy(&bytes).into_owned()))
    });
    let mut texts: Vec<(String, String)> = files.collect();
    texts.sort();
    texts
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(16)
}

fn is_passed_over(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return false;
    }
    let name = entry.file_name().to_string_lossy();
    let is_output = || matches!(&*name, "build" | "dist") && !entry.path().join("__init__.py").exists();
    name.starts_with('.')
        || PASSED_OVER.contains(&&*name)
        || is_output()
        || MARKERS.iter().any(|marker| entry.path().join(marker).exists())
}

fn visit(root: &Path, entry: &DirEntry, gathered: &Mutex<Gathered>) {
    if !entry.file_type().is_some_and(|kind| kind.is_file()) {
        return;
    }
    let lock = || gathered.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(path) = entry.path().strip_prefix(root).ok().and_then(Path::to_str) else {
        lock().unnamed += 1;
        return;
    };
    let (language, kind) = (language_of(path), OtherKind::of(path));
    if language.is_none() && kind.is_none() {
        lock().walked.tree.marks.note(path);
        return;
    }
    if let Some(kind) = kind {
        lock().others.push((path.to_owned(), kind));
        return;
    }
    let Some(language) = language else { return };
    let bytes = match disk::read_bounded(entry.path(), MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => return lock().row(path, &error.to_string()),
    };
    let survey = survey(language, path, bytes, WantedFunctions::Annotated);
    let is_bare = survey.functions.is_empty() && survey.strays.is_empty() && survey.problem.is_none();
    let mut gathered = lock();
    gathered.walked.sources += 1;
    gathered.walked.tree.marks.note(path);
    if gathered.paths.len() < MOST_PATHS {
        gathered.paths.push(path.to_owned());
    }
    if !is_bare {
        gathered.walked.tree.sources.push(Surveyed { path: path.to_owned(), language, survey });
    }
}

/// Every function of the files that are worth looking into.
fn likely(root: &Path, paths: &[String]) -> Vec<Surveyed> {
    let promising = promising(paths);
    let look = |path: &String| {
        let bytes = disk::read_bounded(&root.join(path), MOST_BYTES).ok()?;
        if is_generated(&bytes) {
            return None;
        }
        let language = language_of(path)?;
        let survey = survey(language, path, bytes, WantedFunctions::All);
        Some(Surveyed { path: path.clone(), language, survey })
    };
    let share = promising.len().div_ceil(threads()).max(1);
    let mut found: Vec<Surveyed> = std::thread::scope(|scope| {
        let parts =
            promising.chunks(share).map(|part| scope.spawn(move || part.iter().filter_map(look).collect()));
        let parts: Vec<std::thread::ScopedJoinHandle<'_, Vec<Surveyed>>> = parts.collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    });
    for source in &mut found {
        // What is wrong with a file that nothing is wanted of is not told.
        source.survey.problem = None;
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// What tools write says so in its first lines.
fn is_generated(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).into_owned();
    ["DO NOT EDIT", "@generated", "Generated by "].iter().any(|mark| head.contains(mark))
}

impl Gathered {
    fn row(&mut self, path: &str, reason: &str) {
        self.walked.rows.push(Row {
            file: path.to_owned(),
            line: None,
            found: "file or folder".to_owned(),
            became: None,
            reason: Some(reason.to_owned()),
        });
    }

    fn trouble(&mut self, root: &Path, error: &ignore::Error) {
        let path = path_of(error).and_then(|path| path.strip_prefix(root).ok()).and_then(Path::to_str);
        let reason = error.io_error().map_or_else(|| error.to_string(), std::string::ToString::to_string);
        self.row(path.unwrap_or("."), &reason);
    }

    fn finish(&mut self, root: &Path, cut: bool) {
        self.paths.sort();
        self.others.sort_by(|one, other| one.0.cmp(&other.0));
        for (path, kind) in self.others.drain(..).take(MOST_OTHERS).collect::<Vec<_>>() {
            match disk::read_bounded(&root.join(&path), MOST_BYTES) {
                Ok(bytes) => self.walked.tree.others.push(Other { path, bytes, kind }),
                Err(error) => self.row(&path, &error.to_string()),
            }
        }
        let walked = &mut self.walked;
        walked.tree.sources.sort_by(|one, other| one.path.cmp(&other.path));
        walked.rows.sort_by(|one, other| one.file.cmp(&other.file));
        let troubles = walked.rows.len();
        walked.rows.truncate(MOST_TROUBLES);
        let mut tell = |found: String, reason: &str| {
            walked.rows.push(Row {
                file: ".".to_owned(),
                line: None,
                found,
                became: None,
                reason: Some(reason.to_owned()),
            });
        };
        if troubles > MOST_TROUBLES {
            tell(
                format!("{} more files and folders", troubles - MOST_TROUBLES),
                "they cannot be read either",
            );
        }
        if self.unnamed > 0 {
            tell(format!("{} names", self.unnamed), "they are not UTF-8: no ref can lead there");
        }
        if cut {
            tell(
                format!("more than {MOST_ENTRIES} entries"),
                "the rest was not looked at: name a smaller folder",
            );
        }
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
