//! Functions that look like tasks, where nobody has annotated any: the likeliest first, with the reasons.
//!
//! It knows names and types only, and decides nothing: what it finds is written as comments.

use conductor_introspect::survey::{Declared, language_of};

use super::Tree;
use super::tasks::Wish;

/// So many files are looked into, and so many functions shown.
pub(super) const MOST_FILES: usize = 1_000;
pub(super) const MOST_CANDIDATES: usize = 20;
/// What a function must reach to be shown.
const ENOUGH: i32 = 4;

/// Words in the name of a module whose functions do work for others.
const PLACES: [&str; 22] = [
    "service",
    "services",
    "task",
    "tasks",
    "job",
    "jobs",
    "worker",
    "workers",
    "client",
    "clients",
    "gateway",
    "provider",
    "repository",
    "usecase",
    "usecases",
    "activities",
    "actions",
    "payments",
    "payment",
    "billing",
    "notifications",
    "orders",
];
/// First words of functions that do one thing.
const VERBS: [&str; 26] = [
    "get", "fetch", "find", "load", "list", "check", "validate", "verify", "create", "send", "charge",
    "process", "save", "store", "update", "delete", "publish", "notify", "reserve", "cancel", "refund",
    "upload", "download", "sync", "import", "export",
];
/// Parts of paths that hold no tasks.
const NOT: [&str; 15] = [
    "test",
    "tests",
    "testing",
    "conftest",
    "setup",
    "docs",
    "doc",
    "examples",
    "example",
    "migrations",
    "scripts",
    "bench",
    "benchmarks",
    "settings",
    "fixtures",
];

/// The files that are worth looking into, the likeliest first.
#[must_use]
pub fn promising(paths: &[String]) -> Vec<String> {
    let mut ranked: Vec<(i32, &String)> = paths
        .iter()
        .filter(|path| language_of(path).is_some())
        .map(|path| (-of_path(path).0, path))
        .collect();
    ranked.sort();
    ranked.into_iter().take(MOST_FILES).map(|(_, path)| path.clone()).collect()
}

/// The functions that may be tasks, the likeliest first, each with what speaks for it.
pub(super) fn candidates(tree: &Tree) -> Vec<(Wish<'_>, String)> {
    let mut found: Vec<(i32, Wish<'_>, String)> = Vec::new();
    for source in &tree.sources {
        let (place, why) = of_path(&source.path);
        for declared in &source.survey.functions {
            let Some((score, mut reasons)) = of_function(declared) else { continue };
            if place + score >= ENOUGH {
                reasons.extend(why.map(|word| format!("in a module of {word}")));
                let wish = Wish { path: &source.path, language: source.language, declared };
                found.push((place + score, wish, reasons.join(", ")));
            }
        }
    }
    found.sort_by(|(one, first, _), (other, second, _)| {
        (other, first.path, first.declared.line).cmp(&(one, second.path, second.declared.line))
    });
    found.into_iter().map(|(_, wish, reasons)| (wish, reasons)).collect()
}

fn of_path(path: &str) -> (i32, Option<&'static str>) {
    let lower = path.to_ascii_lowercase();
    let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem);
    let words = || stem.split(['/', '_', '-', '.']);
    if words().any(|word| NOT.contains(&word)) {
        return (-10, None);
    }
    let place = PLACES.into_iter().find(|place| words().any(|word| word == *place));
    // A file deep down is rarely where an application's work is named.
    let depth = i32::try_from(path.matches('/').count()).unwrap_or(i32::MAX).min(4);
    (if place.is_some() { 4 } else { 0 } - depth / 2, place)
}

/// `None` where it cannot be a task, or would be a strange one.
fn of_function(declared: &Declared) -> Option<(i32, Vec<String>)> {
    let last = declared.name.rsplit(['.', ':']).next().unwrap_or_default();
    let is_used_otherwise = |decorator: &String| {
        ["property", "fixture", "overload", "abstract", "contextmanager", "setter", "command", "route"]
            .iter()
            .any(|word| decorator.contains(word))
            || [".get(", ".post(", ".put(", ".delete(", ".patch("].iter().any(|call| decorator.contains(call))
    };
    if !declared.is_public || last == "main" || declared.decorators.iter().any(is_used_otherwise) {
        return None;
    }
    let is_typed = declared.typed == declared.parameters && declared.says_result;
    let mut reasons = vec!["public".to_owned()];
    let mut score = 0;
    if is_typed {
        score += 3;
        reasons.push("typed".to_owned());
    }
    if declared.is_async {
        score += 1;
        reasons.push("async".to_owned());
    }
    let verb = conductor_model::names::snake_case(last);
    let verb = verb.split('_').next().unwrap_or_default();
    if VERBS.contains(&verb) {
        score += 2;
        reasons.push(format!("named after what it does ({verb})"));
    }
    if declared.is_method {
        score -= 1;
    }
    if declared.parameters == 0 {
        score -= 2;
    }
    Some((score, reasons))
}

#[cfg(test)]
mod tests {
    use super::{of_path, promising};

    #[test]
    fn services_come_before_tests() {
        let paths =
            ["tests/test_users.py", "a/b/c/util.py", "shop/user_service.py", "README.md"].map(str::to_owned);
        assert_eq!(promising(&paths), ["shop/user_service.py", "a/b/c/util.py", "tests/test_users.py"]);
        assert_eq!(of_path("latest/contest.py").1, None);
        assert!(of_path("latest/contest.py").0 > -10);
    }
}
