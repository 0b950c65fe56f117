//! The pages of `docs/rules`: each rule has one, with an example that it finds and one that it does not.
//!
//! `UPDATE_EXPECT=1` writes the renderings and the fixed manifests anew.

use std::collections::{BTreeMap, BTreeSet};

use conductor_driver::{Outcome, RULES, Rule, Selection, described_rule};
use conductor_source::{Fix, Safety, Severity};

use crate::support::{Project, blocks, entries, repository, text, updating};

const FIX_HEADING: &str = "\n## After the fix\n";
const FINE_HEADING: &str = "\n## Fine\n";

fn pages() -> BTreeMap<String, String> {
    let pages = entries(&repository("docs/rules")).into_iter().filter_map(|path| {
        let code = path.file_name()?.to_str()?.strip_suffix(".md")?.to_owned();
        Some((code, text(&path)))
    });
    pages.collect()
}

pub fn only(code: &str) -> Selection {
    if code == "N001" {
        // What others find decides whether a comment is of use.
        return Selection::default();
    }
    Selection::new(&[code.to_owned()], &[]).expect("the rule is known")
}

/// The manifests of all pages, those that are fine too.
pub fn examples() -> Vec<(String, Project)> {
    let mut all = Vec::new();
    for (code, page) in pages() {
        let (head, fine) = page.split_once(FINE_HEADING).unwrap_or((&page, ""));
        let (head, _) = head.split_once(FIX_HEADING).unwrap_or((head, ""));
        let project = Project::new(blocks(head));
        let mut other = project.clone();
        blocks(fine).for_each(|(path, text)| other.set(path, text));
        all.extend([(code.clone(), project), (format!("{code}, fine"), other)]);
    }
    all
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let pages = pages();
    let pages: BTreeSet<&str> = pages.keys().map(String::as_str).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.code.0).collect();
    assert_eq!(rules.len(), RULES.len(), "two rules have one code");
    assert!(RULES.is_sorted_by_key(|rule| rule.code), "the rules stand by code");
    assert_eq!(pages, rules);
}

#[test]
fn every_page_shows_what_its_rule_says() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let page = pages().remove(rule.code.0).unwrap_or_default();
        match shown(rule, &page) {
            Ok(current) if current == page => {}
            Ok(current) if updating() => write(rule.code.0, &current),
            Ok(current) => wrong.push(format!("{}: the page should read:\n{current}", rule.code)),
            Err(problem) => wrong.push(format!("{}: {problem}", rule.code)),
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECT=1 rewrites the pages", wrong.join("\n"));
}

#[expect(clippy::disallowed_methods, reason = "the pages are files; only the crate itself is pure")]
fn write(code: &str, page: &str) {
    std::fs::write(repository("docs/rules").join(format!("{code}.md")), page).expect("a page can be written");
}

/// The page as it should be: its own text and files, with what the rule says and the fixed manifest.
fn shown(rule: &Rule, page: &str) -> Result<String, String> {
    let code = rule.code.0;
    let (title, rest) = page.split_once('\n').ok_or("it is empty")?;
    if !title.starts_with(&format!("# {code}: ")) {
        return Err("the first line is not `# CODE: title`".to_owned());
    }
    let (_, text) =
        rest.split_once("Confidence:").and_then(|(_, rest)| rest.split_once('\n')).unwrap_or(("", rest));
    let page = format!("{title}\n\n{}\n{text}", described_rule(rule));
    let (page, fine) = page.split_once(FINE_HEADING).ok_or("there is no `## Fine`")?;
    let (head, _) = page.split_once(FIX_HEADING).unwrap_or((page, ""));
    let project = Project::new(blocks(head));
    let outcome = project.advise(&only(code));
    let found = judge(code, &outcome)?;
    if found != 1 {
        return Err(format!("the example is found {found} times:\n{}", project.shown(&outcome)));
    }
    let (before, rest) = head.split_once("\n```text\n").ok_or("there is no block `text`")?;
    let (_, after) = rest.split_once("```\n").ok_or("the block `text` does not end")?;
    let said = advice(&project, code, &outcome);
    let mut current = format!("{before}\n```text\n{}\n```\n{after}", said.trim_end());
    if let Some(fixed) = fixed(code, &project)? {
        let language = project.manifest().rsplit_once('.').map_or("", |(_, language)| language);
        let path = project.manifest();
        current = format!(
            "{}\n{FIX_HEADING}\n```{language} {path}\n{}\n```\n",
            current.trim_end(),
            fixed.trim_end()
        );
    }
    let mut other = project.clone();
    blocks(fine).for_each(|(path, text)| other.set(path, text));
    let outcome = other.advise(&only(code));
    if blocks(fine).next().is_none() || judge(code, &outcome)? != 0 {
        return Err(format!("what is fine is found:\n{}", other.shown(&outcome)));
    }
    Ok(format!("{}\n{FINE_HEADING}{fine}", current.trim_end()))
}

/// How often the rule speaks.
fn judge(code: &str, outcome: &Outcome) -> Result<usize, String> {
    let wrong = outcome.diagnostics.iter().find(|found| found.severity == Severity::Error);
    match wrong {
        Some(wrong) => Err(format!("the example is wrong: {}: {}", wrong.code, wrong.message)),
        None => Ok(outcome.diagnostics.iter().filter(|found| found.code.0 == code).count()),
    }
}

fn advice(project: &Project, code: &str, outcome: &Outcome) -> String {
    let only = outcome.diagnostics.iter().filter(|found| found.code.0 == code);
    let _ = project;
    only.map(|found| conductor_source::render::text(found, &outcome.sources, false) + "\n").collect()
}

/// The manifest with the rule's fix made; it must be right, and the rule silent.
fn fixed(code: &str, project: &Project) -> Result<Option<String>, String> {
    let outcome = project.advise(&only(code));
    let fixes = outcome.diagnostics.iter().filter(|found| found.code.0 == code).filter_map(|found| {
        found.fixes.iter().find(|fix: &&Fix| fix.safety == Safety::Safe).or(found.fixes.first())
    });
    let applied = conductor_source::fix::apply(&outcome.sources, fixes);
    let Some((file, text)) = applied.files.into_iter().next() else { return Ok(None) };
    let mut mended = project.clone();
    mended.set(outcome.sources.path(file), &text);
    let after = mended.advise(&only(code));
    match judge(code, &after) {
        Ok(0) => Ok(Some(text)),
        Ok(_) => Err(format!("the fix does not mend it:\n{text}")),
        Err(problem) => Err(format!("the fix breaks the manifest: {problem}\n{text}")),
    }
}
