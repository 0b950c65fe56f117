//! `.proto` files and what they import, parsed and put together.
//!
//! It opens no files: it says which paths it needs and is given their content.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use conductor_source::{Sources, Span};
use prost_reflect::prost_types::FileDescriptorProto;

use super::places::FilePlaces;
use super::schema::{MAX_BYTES, MAX_FILES, Problem, Schema, is_well_known};
use crate::files::{bounded, utf8};
use crate::{Answer, Need};

/// Deeper nesting of brackets is no schema. The parser bounds messages in messages by itself, not everything else.
const MAX_DEPTH: usize = 100;

/// The conversation about the files of one resource.
#[derive(Debug, Default)]
pub struct ProtoFiles {
    /// Paths relative to the manifest's folder, to be read or tried.
    queue: VecDeque<Wanted>,
    /// What each path turned out to be; `None` where there is no such file.
    known: BTreeMap<String, Option<File>>,
    /// By the path of a file and the import as it is written, the path that was found.
    imports: BTreeMap<(String, String), String>,
    size: usize,
    problem: Option<Problem>,
}

#[derive(Debug)]
struct File {
    text: String,
    parsed: Result<FileDescriptorProto, (String, Option<(usize, usize)>)>,
}

#[derive(Debug)]
struct Wanted {
    path: String,
    /// Who imports it, and by which name; `None` for what the manifest names.
    import: Option<(String, String)>,
    /// Where else the import may be.
    others: VecDeque<String>,
}

impl ProtoFiles {
    /// `paths` are relative to the manifest's folder, as are all paths that are asked for.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> ProtoFiles {
        let wanted = |path: &str| Wanted { path: normal(path), import: None, others: VecDeque::new() };
        ProtoFiles { queue: paths.into_iter().map(wanted).collect(), ..ProtoFiles::default() }
    }

    /// The file that is needed next; `None` when all is known.
    pub fn need(&mut self) -> Option<Need> {
        while self.problem.is_none() {
            let wanted = self.queue.front()?;
            match self.known.get(&wanted.path) {
                None => return Some(Need::File(wanted.path.clone())),
                Some(found) => {
                    let found = found.is_some();
                    self.settle(found);
                }
            }
        }
        None
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        let Need::File(path) = need else { return };
        let file = match answer {
            Answer::File(bytes) => self.read(path, bytes),
            Answer::Refused(why) => {
                self.problem = Some(Problem::new(format!("`{path}` cannot be read: {why}")));
                None
            }
            _ => None,
        };
        if let Some(parsed) = file.as_ref().and_then(|file| file.parsed.as_ref().ok()) {
            let imports = parsed.dependency.iter().filter(|name| !is_well_known(name));
            let found: Vec<Wanted> = imports.map(|import| wanted_by(path, import)).collect();
            self.queue.extend(found);
        }
        self.known.insert(path.clone(), file);
        let files = self.known.values().flatten().count();
        if files > MAX_FILES || self.size > MAX_BYTES {
            let text = format!("they import more than {MAX_FILES} files or {} MiB", MAX_BYTES >> 20);
            self.problem = Some(Problem::new(text));
        }
    }

    fn read(&mut self, path: &str, bytes: Vec<u8>) -> Option<File> {
        let refused = |problem: String| Problem::new(format!("`{path}` cannot be read: {problem}"));
        let text = bounded(bytes)
            .and_then(|bytes| utf8(bytes).map_err(|line| format!("it is not UTF-8 in line {line}")));
        match text {
            Ok(text) => {
                self.size += text.len();
                let parsed = parsed(path, &text);
                Some(File { text, parsed })
            }
            Err(problem) => {
                self.problem = Some(refused(problem));
                None
            }
        }
    }

    /// Takes the first wish off the queue; where it was not fulfilled, the next place is tried.
    fn settle(&mut self, found: bool) {
        let Some(mut wanted) = self.queue.pop_front() else { return };
        match (found, wanted.others.pop_front(), wanted.import.take()) {
            (true, _, Some(import)) => {
                self.imports.insert(import, wanted.path);
            }
            (true, _, None) => {}
            (false, Some(path), import) => {
                self.queue.push_front(Wanted { path, import, others: wanted.others });
            }
            // Whether an import that is not there is missed, names will show.
            (false, None, Some(_)) => {}
            (false, None, None) => {
                let text = format!("there is no file `{}`", wanted.path);
                self.problem = Some(Problem::new(text).help("name it relative to the manifest's folder"));
            }
        }
    }

    /// The schema of all files. Their texts are added to `sources`.
    ///
    /// # Errors
    /// What is missing or wrong in them, the first by path.
    pub fn finish(self, sources: &mut Sources) -> Result<Schema, Problem> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let mut places = BTreeMap::new();
        let mut files = Vec::new();
        let mut imported = BTreeMap::new();
        for ((from, import), path) in self.imports {
            imported.entry(from).or_insert_with(BTreeMap::new).insert(import, path);
        }
        for (path, file) in self.known {
            let Some(File { text, parsed }) = file else { continue };
            let id = sources.add(path.clone(), text.clone());
            let mut file = parsed.map_err(|(problem, at)| {
                let (start, end) = at.unwrap_or_default();
                let span = Some(Span::new(id, start.min(text.len()), end.min(text.len())));
                Problem { text: format!("`{path}` is no valid protocol buffer: {problem}"), span, help: None }
            })?;
            if let Some(info) = &file.source_code_info {
                places.insert(path.clone(), FilePlaces::of_source(id, &text, info));
            }
            let paths = imported.get(&path);
            for import in &mut file.dependency {
                if let Some(path) = paths.and_then(|paths| paths.get(import)) {
                    import.clone_from(path);
                }
            }
            file.name = Some(path);
            files.push(file);
        }
        Schema::built(files, places, None, sources)
    }
}

fn parsed(path: &str, text: &str) -> Result<FileDescriptorProto, (String, Option<(usize, usize)>)> {
    if let Some(at) = edition(text) {
        let problem = "editions are not read from texts by this version; \
                       compile it to a descriptor set (`buf build -o`, or `protoc --descriptor_set_out`) and name that as `descriptors`";
        return Err((problem.to_owned(), Some(at)));
    }
    if let Some(at) = too_deep(text) {
        return Err((format!("brackets nest deeper than {MAX_DEPTH}"), Some((at, at + 1))));
    }
    protox_parse::parse(path, text)
        .map_err(|error| (error.to_string(), error.span().map(|span| (span.start, span.end))))
}

/// Where a file says that it is of an edition, which only its first statement may.
fn edition(text: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let skipped = rest.trim_start();
        at += rest.len() - skipped.len();
        if skipped.starts_with("//") {
            at += skipped.find('\n').unwrap_or(skipped.len());
        } else if skipped.starts_with("/*") {
            at += skipped.find("*/").map_or(skipped.len(), |end| end + 2);
        } else {
            let after = skipped.strip_prefix("edition")?.trim_start();
            let end = at + skipped.find(';').unwrap_or("edition".len());
            return after.starts_with('=').then_some((at, end));
        }
    }
}

/// Where brackets nest too deep. Those in texts and comments count too: nobody writes a hundred of them.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' | b'[' | b'<' => depth += 1,
            b'}' | b']' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

/// An import is tried below every folder above the file that says it, the nearest first: one of them is the folder
/// that a compiler would be given as `-I`.
fn wanted_by(from: &str, import: &str) -> Wanted {
    let mut places: VecDeque<String> = VecDeque::new();
    let mut folder = from;
    while let Some((above, _)) = folder.rsplit_once('/') {
        places.push_back(normal(&format!("{above}/{import}")));
        folder = above;
    }
    places.push_back(normal(import));
    let mut seen = BTreeSet::new();
    places.retain(|path| seen.insert(path.clone()));
    let path = places.pop_front().unwrap_or_default();
    Wanted { path, import: Some((from.to_owned(), import.to_owned())), others: places }
}

/// `./a//b` as `a/b`. What leads upward is left as it is, for whoever reads files to refuse.
fn normal(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{edition, too_deep, wanted_by};

    #[test]
    fn only_the_first_statement_is_an_edition() {
        assert_eq!(edition("// edition = \"x\"\n/* */ edition = \"2023\";"), Some((23, 39)));
        assert_eq!(edition("syntax = \"proto3\"; edition = \"2023\";"), None);
        assert_eq!(edition("editions e;"), None);
        assert_eq!(edition("/* never closed"), None);
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(too_deep(&"{".repeat(100)), None);
        assert_eq!(too_deep(&"[".repeat(101)), Some(100));
    }

    #[test]
    fn imports_are_tried_from_the_nearest_folder_upward() {
        let wanted = wanted_by("protos/shop/a.proto", "shop/b.proto");
        assert_eq!(wanted.path, "protos/shop/shop/b.proto");
        assert_eq!(wanted.others, ["protos/shop/b.proto", "shop/b.proto"]);
    }
}
