//! `docs/patterns.md`: the table is whole, and every manifest that it names compiles.

use std::collections::BTreeSet;

use super::judge;
use crate::support::{Project, entries, repository, text};

#[test]
fn every_pattern_has_a_manifest_or_a_reason() {
    let page = text(&repository("docs/patterns.md"));
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells[0].parse::<usize>().is_ok())
        .collect();
    let numbers: Vec<String> = rows.iter().map(|cells| cells[0].to_owned()).collect();
    assert_eq!(numbers, (1..=43).map(|number| number.to_string()).collect::<Vec<_>>());
    let mut shown = BTreeSet::new();
    for cells in &rows {
        assert_eq!(cells.len(), 3, "{cells:?}");
        match cells[2].split_once("](../tests/patterns/") {
            Some((_, rest)) => drop(shown.insert(rest.split(')').next().unwrap_or_default().to_owned())),
            None => assert!(cells[2].starts_with("no: ") && cells[2].len() > 40, "{cells:?}"),
        }
    }
    let files: BTreeSet<String> = manifests().into_iter().map(|(name, _)| name).collect();
    assert_eq!(shown, files);
}

#[test]
fn every_pattern_compiles_without_a_finding() {
    judge(manifests().into_iter().map(|(name, project)| {
        let shown = project.check();
        if shown.is_empty() { Ok(()) } else { Err(format!("{name}:\n{shown}")) }
    }));
}

/// Each file of the folder as a project, with the code that all of them call.
pub fn manifests() -> Vec<(String, Project)> {
    let folder = repository("tests/patterns");
    let code = text(&folder.join("app.py"));
    let is_manifest =
        |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    let project = |path: std::path::PathBuf| {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        (name, Project::new([("concurrency.yaml", text(&path).as_str()), ("app.py", code.as_str())]))
    };
    entries(&folder).into_iter().filter(is_manifest).map(project).collect()
}
