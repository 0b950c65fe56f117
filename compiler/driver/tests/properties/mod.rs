//! What fixes and drafts do to every manifest that the repository shows: it stays right, keeps its comments, and nothing
//! but what was meant runs differently.

mod drafts;
mod fixes;
mod runs;
#[path = "../../../../cli/tests/drafts/worlds.rs"]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod worlds;

use std::fmt::Write as _;
use std::sync::LazyLock;

use conductor_source::Severity;

use crate::advice::pages;
use crate::codes;
use crate::samples::{patterns, samples};
use crate::support::Project;

/// Sensible manifests, cases of the language in both syntaxes, patterns, pages of codes and rules, and what instructions of
/// the corpus are about. Each once more with a comment in every line where that changes nothing.
static CORPUS: LazyLock<Vec<(String, Project)>> = LazyLock::new(|| {
    let mut all = pages::examples();
    all.extend(codes::examples());
    all.extend(patterns::manifests());
    for folder in ["tests/manifests", "tests/cases", "tests/projects", "examples"] {
        for (path, project) in samples(folder) {
            let syntaxes = ["concurrency.yaml", "concurrency.hcl"].into_iter();
            let written = syntaxes.filter(|manifest| !project.get(manifest).is_empty());
            all.extend(
                written.map(|manifest| (format!("{}/{manifest}", path.display()), project.only(manifest))),
            );
        }
    }
    for (name, (manifest, code)) in worlds::texts() {
        let files = [("concurrency.yaml", manifest.as_str()), ("app.py", code.as_str())];
        all.push((format!("world {name}"), Project::new(files)));
    }
    let remarked: Vec<_> = all
        .iter()
        .filter_map(|(name, project)| Some((format!("{name}, remarked"), remarked(project)?)))
        .collect();
    all.extend(remarked);
    all
});

/// With a comment above each line and one in it; `None` where it then says something else, as in a text of several lines.
fn remarked(project: &Project) -> Option<Project> {
    let manifest = project.manifest();
    let mut text = String::new();
    for (number, line) in project.get(manifest).lines().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let _infallible = match line.trim() {
            "" => writeln!(text),
            _ => writeln!(text, "{indent}# above {number}.\n{line} # beside {number}."),
        };
    }
    let mut other = project.clone();
    other.set(manifest, &text);
    let plans = |project: &Project| project.compile().compiled.map(|compiled| compiled.plans);
    let before = plans(project)?;
    (plans(&other)? == before).then_some(other)
}

/// The comments of a manifest that are not in it any more.
fn lost<'a>(before: &'a str, after: &str) -> Vec<&'a str> {
    let comment = |line: &'a str| {
        let at = line.find(" #").map(|at| at + 1).or_else(|| line.starts_with('#').then_some(0))?;
        Some(line[at..].trim()).filter(|text| !text.contains('"') && text.len() > 1)
    };
    before.lines().filter_map(comment).filter(|comment| !after.contains(comment)).collect()
}

fn error_of(project: &Project) -> Option<String> {
    let outcome = project.compile();
    let wrong = outcome.diagnostics.iter().find(|found| found.severity == Severity::Error)?;
    Some(format!("{}: {}", wrong.code, wrong.message))
}

/// What is wrong with some of the samples; all processors look.
fn judged(
    samples: &[(String, Project)],
    judge: impl Fn(usize, &str, &Project) -> Vec<String> + Sync,
) -> Vec<String> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let judge = &judge;
        let work = |worker: usize| {
            move || -> Vec<String> {
                let own = samples.iter().enumerate().skip(worker).step_by(workers);
                own.flat_map(|(at, (name, project))| judge(at, name, project)).collect()
            }
        };
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(work(worker))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it does not panic")).collect()
    })
}
