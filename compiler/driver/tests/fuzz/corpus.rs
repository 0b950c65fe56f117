//! The manifests of the repository, and edits that bytes ask for.
//!
//! It knows text, not what a manifest means.

use std::path::{Path, PathBuf};

use crate::support::Project;

/// Words and values that mean something somewhere.
const WORDS: &[&str] = &[
    "task",
    "workflow",
    "sequence",
    "parallel",
    "graph",
    "race",
    "map",
    "switch",
    "loop",
    "try",
    "catch",
    "finally",
    "sleep",
    "wait_for",
    "emit",
    "hold",
    "set",
    "return",
    "fail",
    "steps",
    "when",
    "with",
    "needs",
    "policy",
    "id",
    "critical",
    "deadline",
    "over",
    "as",
    "until",
    "while",
    "max_iterations",
    "every",
    "signal",
    "type",
    "data",
    "run",
    "resource",
    "atomic",
    "default",
    "detach",
    "retries",
    "forever",
    "timeout",
    "circuit_breaker",
    "hedge",
    "fallback",
    "rate_limit",
    "bulkhead",
    "uses",
    "cache",
    "compensate",
    "concurrency",
    "schedule",
    "input",
    "output",
    "true",
    "false",
    "null",
    "0",
    "-1",
    "1",
    "9223372036854775807",
    "1e400",
    "5m",
    "500ms",
    "100/s",
    "\"0 3 * * *\"",
    "{}",
    "[]",
    "${",
    "}",
    "${input.n}",
    "${run.id}",
    "${a}",
    "${a.b[0]}",
    "\"${x == null ? 1 : x}\"",
    "list<int>?",
    "{a: int}",
    "&a",
    "*a",
    "!!str",
    "|",
    ">",
    "-",
    "- ",
    ": ",
    "#",
    "'",
    "\"",
    "{",
    "[",
    ",",
    "<<EOT",
    "EOT",
    "\\",
    "\u{202e}",
    "é",
    "\u{0}",
    "\t",
];

/// Pieces of expressions.
const TERMS: &[&str] = &[
    "a",
    "input.n",
    "run.id",
    "env.X",
    "1",
    "1.5",
    "'t'",
    "\"t\"",
    "b'x'",
    "null",
    "true",
    "[1, 2]",
    "{'k': 1}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    " + ",
    " - ",
    " * ",
    " / ",
    " % ",
    " == ",
    " != ",
    " < ",
    " && ",
    " || ",
    " in ",
    "!",
    "-",
    " ? ",
    " : ",
    ".size()",
    ".map(x, x)",
    ".filter(x, x > 1)",
    ".exists(x, x == a)",
    ".all(x, ",
    "size(",
    "has(a.b)",
    "has(",
    "duration('1h')",
    "timestamp('2020-01-01T00:00:00Z')",
    ".getFullYear()",
    "int(",
    "string(",
    "cel.bind(x, 1, x)",
    ".matches('a+')",
    "9223372036854775807",
    "0x10",
    "1u",
    "1e308",
    ".?b",
    "'\\u0041'",
    ",",
    ".",
    "x",
];

/// Reads an input as small numbers; when it ends, they are all nought.
pub struct Script<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Script<'a> {
    pub fn new(bytes: &'a [u8]) -> Script<'a> {
        Script { bytes: bytes.iter() }
    }

    fn is_done(&self) -> bool {
        self.bytes.len() == 0
    }

    /// A number below `bound`, which is not nought.
    fn below(&mut self, bound: usize) -> usize {
        let mut next = || usize::from(self.bytes.next().copied().unwrap_or(0));
        let number = if bound > 256 { next() * 256 + next() } else { next() };
        number % bound.max(1)
    }

    fn one<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }
}

/// Files of a project: its manifest and its code.
type Files = Vec<(String, String)>;

pub struct Corpus {
    projects: Vec<Files>,
    /// Every line of every manifest.
    lines: Vec<String>,
    expressions: Vec<String>,
}

impl Corpus {
    pub fn read() -> Corpus {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut projects = Vec::new();
        for page in files_below(&root.join("docs"), "md") {
            let blocks: Files = crate::support::blocks(&text(&page))
                .map(|(path, text)| (path.to_owned(), text.to_owned()))
                .collect();
            projects.push(blocks);
        }
        for extension in ["yaml", "hcl"] {
            for folder in ["examples", "tests"] {
                projects
                    .extend(files_below(&root.join(folder), extension).iter().map(|path| project_of(path)));
            }
        }
        let is_manifest = |path: &str| matches!(path, "concurrency.yaml" | "concurrency.hcl");
        projects.retain(|files| files.iter().any(|(path, _)| is_manifest(path)));
        assert!(projects.len() > 50, "the corpus has only {} projects", projects.len());
        let manifests = projects.iter().flatten().filter(|(path, _)| is_manifest(path));
        let lines: Vec<String> =
            manifests.flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let inside = |line: &String| {
            let (_, rest) = line.split_once("${")?;
            Some(rest.rsplit_once('}')?.0.to_owned())
        };
        let expressions = lines.iter().filter_map(inside).collect();
        Corpus { projects, lines, expressions }
    }

    /// Every project of the repository without one line of its manifest, for each of them.
    pub fn without_one_line(&self) -> impl Iterator<Item = Project> {
        let lines = |files: &Files| files[0].1.split('\n').count();
        self.projects.iter().flat_map(move |files| {
            (0..lines(files)).map(|at| {
                let mut files = files.clone();
                let mut left: Vec<&str> = files[0].1.split('\n').collect();
                left.remove(at);
                files[0].1 = left.join("\n");
                Project::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
            })
        })
    }

    /// A project of the repository after the edits of the script.
    pub fn edited(&self, script: &mut Script) -> Project {
        let mut files = self.projects[script.below(self.projects.len())].clone();
        while !script.is_done() {
            let at = if script.below(8) == 0 { script.below(files.len()) } else { 0 };
            let edited = self.edit(&files[at].1, script);
            files[at].1 = edited;
        }
        Project::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }

    fn edit(&self, text: &str, script: &mut Script) -> String {
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let at = script.below(lines.len());
        match script.below(8) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let other = script.below(lines.len());
                lines.swap(at, other);
            }
            3 => lines.insert(at, self.lines[script.below(self.lines.len())].clone()),
            4 => lines[at] = format!("{}{}", " ".repeat(script.below(12)), lines[at].trim_start()),
            5 => lines.truncate(at + 1),
            _ => lines[at] = replaced(&lines[at], script),
        }
        lines.join("\n")
    }

    pub fn expression(&self, script: &mut Script) -> String {
        let mut text = self.expressions[script.below(self.expressions.len())].clone();
        while !script.is_done() && text.len() < 2_000 {
            let places: Vec<usize> =
                text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len())).collect();
            let at = places[script.below(places.len())];
            match script.below(4) {
                0 => text.truncate(at),
                1 => text = text[at..].to_owned(),
                _ => text.insert_str(at, script.one(TERMS)),
            }
        }
        text
    }
}

/// A word of the line replaced, or another put before it.
fn replaced(line: &str, script: &mut Script) -> String {
    let mut words: Vec<&str> = line.split_inclusive([' ', ':', ',', '{', '}', '[', ']', '"']).collect();
    let word = script.one(WORDS);
    if words.is_empty() {
        return word.to_owned();
    }
    let at = script.below(words.len());
    match script.below(3) {
        0 => words[at] = word,
        1 => words.insert(at, word),
        _ => drop(words.remove(at)),
    }
    words.concat()
}

#[expect(clippy::disallowed_methods, reason = "the corpus is files; only the crate itself is pure")]
fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The manifest with the Python files beside it.
fn project_of(manifest: &Path) -> Files {
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = manifest.parent().unwrap_or(manifest);
    let mut files = vec![(name(manifest), text(manifest))];
    files.extend(files_below(folder, "py").iter().filter_map(|path| {
        let relative = path.strip_prefix(folder).ok()?;
        Some((relative.to_string_lossy().into_owned(), text(path)))
    }));
    files
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found
}
