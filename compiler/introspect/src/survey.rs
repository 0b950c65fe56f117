//! What one source file declares, read from its bytes alone: functions with annotations, or those that may be tasks.
//!
//! It knows neither other files nor the manifest: whether a ref leads to what was found is the introspector's to say.

use std::ops::Range;

use conductor_model::Annotation;
use conductor_protocol::plan::Language;

use crate::{annotation, go, python, rust, typescript};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Functions with an annotation; a file that holds none is not parsed.
    Annotated,
    /// Every function and method that can be named from outside.
    All,
}

/// What a file declares.
#[derive(Debug, Default)]
pub struct Survey {
    /// In the order of the text.
    pub functions: Vec<Declared>,
    /// The lines of annotations that stand above nothing that can be a task.
    pub strays: Vec<usize>,
    /// Why nothing of the file could be read, or not all: "line 3 is not UTF-8".
    pub problem: Option<String>,
}

/// A function or method.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Inside its module: `get_user`, `Users.get`.
    pub name: String,
    /// From 1.
    pub line: usize,
    /// Its places are offsets into this file.
    pub annotation: Option<Annotation>,
    /// Whether its name says that others may call it.
    pub is_public: bool,
    pub is_method: bool,
    pub is_async: bool,
    /// Without the object that a method is called on.
    pub parameters: usize,
    /// How many of them say their type.
    pub typed: usize,
    pub says_result: bool,
    /// Decorators, as they are written.
    pub decorators: Vec<String>,
    /// What the file calls its module, where its path does not say it: the package of Go.
    pub module: Option<String>,
}

/// The language that a file's name says it is written in; `None` for other files and for those that hold no functions.
#[must_use]
pub fn language_of(path: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, ending) = name.rsplit_once('.')?;
    match ending {
        "py" => Some(Language::Python),
        "ts" | "mts" | "cts" | "tsx" | "js" | "mjs" | "cjs" | "jsx" => {
            (!stem.ends_with(".d")).then_some(Language::Typescript)
        }
        "go" => (!stem.ends_with("_test")).then_some(Language::Go),
        "rs" => Some(Language::Rust),
        _ => None,
    }
}

/// Reads one file. `path` says which form of its language it is written in.
#[must_use]
pub fn survey(language: Language, path: &str, bytes: Vec<u8>, wanted: Wanted) -> Survey {
    if wanted == Wanted::Annotated && !annotation::may_hold(&bytes) {
        return Survey::default();
    }
    match language {
        Language::Python => python::survey(bytes, wanted),
        Language::Typescript => typescript::survey(path, bytes, wanted),
        Language::Go => go::survey(bytes, wanted),
        Language::Rust => rust::survey(bytes, wanted),
    }
}

/// The ref that leads to a function of the file at `path`, where `root` is the folder of the sources; else why there is
/// none.
pub fn reference(language: Language, root: &str, path: &str, function: &Declared) -> Result<String, String> {
    let inside =
        if root == "." { Some(path) } else { path.strip_prefix(root).and_then(|p| p.strip_prefix('/')) };
    let Some(inside) = inside else {
        return Err(format!("it stands outside of the sources' folder `{root}`"));
    };
    let name = &function.name;
    match language {
        Language::Python => python::module_of(inside).map(|module| format!("{module}.{name}")),
        Language::Typescript => {
            let stem = inside.rsplit_once('.').map_or(inside, |(stem, _)| stem);
            Ok(format!("{stem}.{name}"))
        }
        Language::Go => {
            let folder = inside.rsplit_once('/').map(|(folder, _)| folder);
            let package = folder.or(function.module.as_deref()).ok_or("its package has no name")?;
            Ok(format!("{package}.{name}"))
        }
        Language::Rust => rust::module_of(inside).map(|module| match module.as_str() {
            "" => name.clone(),
            module => format!("{module}::{name}"),
        }),
    }
}

/// The line of an offset, from 1.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    text.as_bytes().get(..offset).map_or(1, |before| memchr::memchr_iter(b'\n', before).count() + 1)
}

/// The lines of the annotations that none of `functions` has.
pub(crate) fn strays(text: &str, comments: &[Range<usize>], functions: &[Declared]) -> Vec<usize> {
    let taken: Vec<usize> = functions
        .iter()
        .filter_map(|found| found.annotation.as_ref())
        .map(|found| found.span.start())
        .collect();
    let stray = |comment: &Range<usize>| {
        let found =
            annotation::in_comments(text, conductor_source::FileId(0), std::slice::from_ref(comment))?;
        let start = found.annotation.span.start();
        (!taken.contains(&start)).then(|| line(text, start))
    };
    comments.iter().filter_map(stray).collect()
}
