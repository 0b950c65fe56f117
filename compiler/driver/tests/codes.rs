//! The pages of `docs/codes`: each code has one, and what a page shows is what the compiler says.
//!
//! `UPDATE_EXPECT=1` writes the renderings and the fixed manifests anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::support::{Project, blocks};
use conductor_driver::Outcome;
use conductor_source::{Code, Fix, Safety, Severity};

const FIX_HEADING: &str = "\n## After the fix\n";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/codes")
}

#[expect(clippy::disallowed_methods, reason = "the pages are files; only the crate itself is pure")]
fn pages() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder()).expect("docs/codes can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let code = path.file_stem().expect("a page has a name").to_string_lossy().into_owned();
            (code, std::fs::read_to_string(&path).expect("a page can be read"))
        })
        .collect()
}

/// The manifests of all pages, as they are and after their fix.
pub fn examples() -> Vec<(String, Project)> {
    let mut all = Vec::new();
    for (code, page) in pages() {
        let (head, fixed) = page.split_once(FIX_HEADING).unwrap_or((&page, ""));
        let project = Project::new(blocks(head));
        let mut mended = project.clone();
        blocks(fixed).for_each(|(path, text)| mended.set(path, text));
        all.extend([(code.clone(), project), (format!("{code}, fixed"), mended)]);
    }
    all
}

fn codes() -> BTreeSet<&'static str> {
    let crates: [&[Code]; 6] = [
        conductor_syntax::CODES,
        conductor_model::CODES,
        conductor_introspect::CODES,
        conductor_resolve::CODES,
        conductor_check::CODES,
        conductor_driver::CODES,
    ];
    let mut codes = BTreeSet::new();
    for code in crates.into_iter().flatten() {
        assert!(codes.insert(code.0), "two findings have the code {code}");
    }
    codes
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let pages = pages();
    let pages: BTreeSet<&str> = pages.keys().map(String::as_str).collect();
    let codes = codes();
    let missing: Vec<_> = codes.difference(&pages).collect();
    let stale: Vec<_> = pages.difference(&codes).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "codes without a page: {missing:?}; pages without a code: {stale:?}"
    );
}

#[test]
fn every_page_shows_what_the_compiler_says() {
    let mut wrong = Vec::new();
    for (code, page) in pages() {
        match shown(&code, &page) {
            Ok(current) if current == page => {}
            Ok(current) if updating() => write(&code, &current),
            Ok(current) => wrong.push(format!("{code}: the page should read:\n{current}")),
            Err(problem) => wrong.push(format!("{code}: {problem}")),
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECT=1 rewrites the pages", wrong.join("\n"));
}

#[expect(clippy::disallowed_methods, reason = "how expect-test is told to rewrite, and so this test, too")]
pub fn updating() -> bool {
    std::env::var("UPDATE_EXPECT").is_ok()
}

#[expect(clippy::disallowed_methods, reason = "the pages are files; only the crate itself is pure")]
fn write(code: &str, text: &str) {
    std::fs::write(folder().join(format!("{code}.md")), text).expect("a page can be written");
}

/// The page as it should be: its own text and files, with the compiler's rendering and the fixed manifest.
fn shown(code: &str, page: &str) -> Result<String, String> {
    if !page.starts_with(&format!("# {code}: ")) {
        return Err("the first line is not `# CODE: title`".to_owned());
    }
    let (head, _) = page.split_once(FIX_HEADING).unwrap_or((page, ""));
    let project = Project::new(blocks(head));
    if project.get(project.manifest()).is_empty() {
        // What no page can hold, such as bytes that are no UTF-8: tests of its own crate show it.
        return if head.contains("\n## Example\n") {
            Ok(page.to_owned())
        } else {
            Err("no example".to_owned())
        };
    }
    let outcome = outcome(code, &project);
    judge(code, &outcome.diagnostics.iter().map(|found| (found.code.0, found.severity)).collect::<Vec<_>>())?;
    let (before, rest) = head.split_once("\n```text\n").ok_or("there is no block `text`")?;
    let (_, after) = rest.split_once("```\n").ok_or("the block `text` does not end")?;
    let mut current =
        format!("{before}\n```text\n{}```\n{after}", project.shown(&outcome).trim_end().to_owned() + "\n");
    if let Some((path, fixed)) = fixed(&project) {
        let language = match path.rsplit_once('.') {
            Some((_, "lock")) | None => "json",
            Some((_, known)) => known,
        };
        let mut mended = project.clone();
        mended.set(&path, &fixed);
        if mended.compile().diagnostics.iter().any(|found| found.code.0 == code) {
            return Err("the fix does not mend it".to_owned());
        }
        current = format!(
            "{}\n{FIX_HEADING}\n```{language} {path}\n{}\n```\n",
            current.trim_end(),
            fixed.trim_end()
        );
    }
    Ok(current)
}

/// What keeps code from being written is found by who builds, everything else by who checks.
fn outcome(code: &str, project: &Project) -> Outcome {
    let outcome = project.compile();
    if ["E162", "E163"].contains(&code) { outcome.for_build() } else { outcome }
}

/// One mistake, one finding: nothing may follow from it.
fn judge(code: &str, found: &[(&str, Severity)]) -> Result<(), String> {
    let errors = found.iter().filter(|(_, severity)| *severity == Severity::Error).count();
    let allowed = usize::from(code.starts_with('E'));
    if !found.iter().any(|(each, _)| *each == code) {
        return Err(format!("the example does not show it: {found:?}"));
    }
    if errors != allowed { Err(format!("{errors} errors, not {allowed}: {found:?}")) } else { Ok(()) }
}

/// The file that the fixes change, with the first fix of each finding made, safe ones first.
fn fixed(project: &Project) -> Option<(String, String)> {
    let outcome = project.compile();
    let fixes = outcome.diagnostics.iter().filter_map(|found| {
        found.fixes.iter().find(|fix: &&Fix| fix.safety == Safety::Safe).or(found.fixes.first())
    });
    let applied = conductor_source::fix::apply(&outcome.sources, fixes);
    let (file, text) = applied.files.into_iter().next()?;
    Some((outcome.sources.path(file).to_owned(), text))
}
