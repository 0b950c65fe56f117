//! Where the sources of a target stand, and where its generated code goes.
//!
//! It knows no language: a folder is a folder.

use std::collections::BTreeMap;

use conductor_model::{Manifest, Target};
use conductor_protocol::plan::Language;
use conductor_source::{Code, Diagnostic, Span};
use conductor_syntax::Syntax;

use crate::{Answer, Need};

pub const TWO_TARGETS: Code = Code("E125");
pub const BAD_FOLDER: Code = Code("E126");
pub const NO_ROOT: Code = Code("E127");

/// With `/`, relative to the manifest's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub root: String,
    pub out: String,
}

/// The folders of each target that the manifest writes.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    written: BTreeMap<Language, Folder>,
    spans: BTreeMap<Language, Span>,
    first: Option<Language>,
}

impl Folders {
    /// The language of the first target.
    pub(crate) fn first(&self) -> Option<Language> {
        self.first
    }

    /// Where a target is written.
    pub(crate) fn written_at(&self, language: Language) -> Option<Span> {
        self.spans.get(&language).copied()
    }

    /// With the defaults filled in.
    pub(crate) fn of(&self, language: Language) -> Folder {
        self.written.get(&language).cloned().unwrap_or_else(|| folder(language, None))
    }
}

/// The folders of every target; two of one language are reported.
pub(crate) fn folders(manifest: &Manifest, diagnostics: &mut Vec<Diagnostic>) -> Folders {
    let mut folders =
        Folders { first: manifest.targets.first().map(|target| target.language.value), ..Folders::default() };
    for target in &manifest.targets {
        let language = target.language.value;
        if let Some(first) = folders.spans.get(&language) {
            let finding = Diagnostic::error(
                TWO_TARGETS,
                format!("there are two targets for {}", language.as_str()),
                target.language.span,
                "the second one",
            );
            diagnostics.push(finding.label(*first, "the first one").help("remove one of them"));
            continue;
        }
        folders.spans.insert(language, target.language.span);
        let found = folder(language, Some(target));
        diagnostics.extend(refused(target, &found.root, &found.out, manifest.syntax));
        folders.written.insert(language, found);
    }
    folders
}

fn folder(language: Language, target: Option<&Target>) -> Folder {
    let root = target.and_then(|target| target.root.as_ref()).map_or(".", |root| root.value.as_str());
    let root = tidy(root);
    let name = if language == Language::Go { "conductorgen" } else { "conductor_gen" };
    let out = match target.and_then(|target| target.out.as_ref()) {
        Some(out) => tidy(&out.value),
        None if root == "." => name.to_owned(),
        None => format!("{root}/{name}"),
    };
    Folder { root, out }
}

/// The findings where a target's root names no folder.
pub(crate) fn missing_roots(
    manifest: &Manifest,
    folders: &Folders,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Vec<Diagnostic> {
    let mut missing = Vec::new();
    for target in &manifest.targets {
        let Some(written) = &target.root else { continue };
        let root = folders.of(target.language.value).root;
        if fetch(&Need::Directory(root.clone())) == Answer::Missing {
            let message = format!("there is no folder `{root}`");
            missing.push(
                Diagnostic::error(NO_ROOT, message, written.span, "the sources should stand there")
                    .help("name the folder where imports begin, relative to the manifest's"),
            );
        }
    }
    missing
}

/// `./a//b/` as `a/b`; the folder itself is `.`.
fn tidy(path: &str) -> String {
    let absolute = path.starts_with('/');
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// A build replaces its output as a whole, so that must be a folder of its own below the manifest's.
fn refused(target: &Target, root: &str, out: &str, syntax: Syntax) -> Option<Diagnostic> {
    let outside = |path: &str| path.starts_with('/') || path.split('/').any(|part| part == "..");
    let at = |span, message: &str, help: &str| {
        Some(Diagnostic::error(BAD_FOLDER, message, span, "not possible").help(help))
    };
    // The sources must not stand in what is replaced.
    let holds_sources = out == "." || root == out || root.starts_with(&format!("{out}/"));
    if let Some(written) = target.out.as_ref().filter(|_| outside(out) || holds_sources) {
        let message = "generated code needs a folder of its own below the manifest's";
        let written_out = syntax.pair("out", "conductor_gen");
        return at(written.span, message, &format!("name a folder that holds nothing else: `{written_out}`"));
    }
    if let Some(written) = target.root.as_ref().filter(|_| outside(root)) {
        let message = "the sources of a target stand below the manifest's folder";
        return at(written.span, message, "move the manifest up, to the folder that holds both");
    }
    None
}

#[cfg(test)]
mod tests {
    use conductor_model::{Spanned, Target};
    use conductor_protocol::plan::Language;
    use conductor_source::{FileId, Span};
    use conductor_syntax::Syntax;

    use super::{refused, tidy};

    #[test]
    fn output_never_holds_sources() {
        let span = Span::new(FileId(0), 0, 1);
        let target = |root: &str, out: &str| Target {
            language: Spanned::new(Language::Python, span),
            root: Some(Spanned::new(root.to_owned(), span)),
            out: Some(Spanned::new(out.to_owned(), span)),
        };
        let is_refused =
            |root: &str, out: &str| refused(&target(root, out), root, out, Syntax::Yaml).is_some();
        for (root, out) in
            [(".", "."), ("app", "app"), ("app/src", "app"), (".", "../x"), (".", "/x"), ("..", "x")]
        {
            assert!(is_refused(root, out), "{root} {out}");
        }
        for (root, out) in [(".", "gen"), ("app", "app/gen"), ("app", "apple"), ("app/src", "gen")] {
            assert!(!is_refused(root, out), "{root} {out}");
        }
    }

    #[test]
    fn paths_are_tidied() {
        for (given, wanted) in [("./a//b/", "a/b"), ("", "."), (".", "."), ("/x/", "/x"), ("../a", "../a")] {
            assert_eq!(tidy(given), wanted);
        }
    }
}
