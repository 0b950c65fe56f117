//! `docs/expressions.md` is true: its table of functions is the checker's, its examples have the values beside them.
#![expect(clippy::unwrap_used, reason = "a test fails where the document is not as it should be")]
#![expect(clippy::disallowed_methods, reason = "the table in the document is written on request")]

use std::collections::BTreeSet;
use std::fmt::Write;

use conductor_cel::console::Console;
use conductor_cel::manifest::FUNCTIONS;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../docs/expressions.md");

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// A row for each function, in the order of the table.
fn functions() -> String {
    let mut rows = "| forms | value |\n| --- | --- |\n".to_owned();
    let mut seen = BTreeSet::new();
    for function in FUNCTIONS.iter().filter(|function| seen.insert(function.name)) {
        let forms: Vec<_> = FUNCTIONS.iter().filter(|form| form.name == function.name).collect();
        let usages: Vec<String> = forms.iter().map(|form| format!("`{}`", form.usage())).collect();
        let mut results: Vec<&str> = forms.iter().map(|form| form.result).collect();
        results.dedup();
        let known: BTreeSet<&str> = results.iter().copied().collect();
        let results = if known.len() < results.len() { known.into_iter().collect() } else { results };
        writeln!(rows, "| {} | {} |", usages.join(", "), results.join(", ")).unwrap();
    }
    rows
}

#[test]
fn the_functions_are_those_of_the_checker() {
    let documented = between(DOCUMENT, "<!-- functions -->\n", "<!-- end of functions -->");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/expressions.md");
        let marked = |rows: &str| format!("<!-- functions -->\n{rows}<!-- end of functions -->");
        return std::fs::write(path, DOCUMENT.replace(&marked(documented), &marked(&functions()))).unwrap();
    }
    assert_eq!(documented, functions(), "UPDATE_EXPECT=1 writes the table");
}

#[test]
fn the_examples_have_the_values_beside_them() {
    let examples = between(DOCUMENT, "## Examples", "\n## ");
    let bindings = serde_json::from_str(between(examples, "```json\n", "```")).unwrap();
    let console = Console::new(bindings).unwrap();
    let rows: Vec<&str> = examples.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() > 12);
    for row in rows {
        let cells: Vec<&str> = row.split('`').collect();
        let answer = console.evaluate(cells[1]).map_err(|errors| format!("{row}: {errors:?}")).unwrap();
        assert_eq!(answer.value, serde_json::from_str::<Value>(cells[3]).unwrap(), "{row}");
    }
}
