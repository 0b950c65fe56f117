//! What `init` says it did: a table for people, one document for programs.
//!
//! It does not know how anything was found.

use conductor_driver::init::Row;
use serde_json::{Value, json};

use crate::output::{Cell, DIM, GREEN, YELLOW, inert_line, table};

/// Rows beyond these are counted only; programs get all.
const MOST_ROWS: usize = 100;

/// Where, what, and what became of it.
pub fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let cells: Vec<[Cell; 3]> = rows.iter().take(MOST_ROWS).map(cells).collect();
    let mut text = table(["WHERE", "FOUND", "BECAME"], &cells);
    if rows.len() > MOST_ROWS {
        text.push_str(&format!("... and {} more: `--format json` has all\n", rows.len() - MOST_ROWS));
    }
    text.push('\n');
    text
}

fn cells(row: &Row) -> [Cell; 3] {
    let place = row.line.map_or_else(|| row.file.clone(), |line| format!("{}:{line}", row.file));
    let reason = row.reason.as_deref().unwrap_or_default();
    let (became, colour) = match &row.became {
        Some(became) if reason.is_empty() => (became.clone(), GREEN),
        Some(became) => (format!("{became}: {reason}"), DIM),
        None => (format!("left out: {reason}"), YELLOW),
    };
    [(inert_line(&place, 60), ""), (inert_line(&row.found, 60), ""), (inert_line(&became, 200), colour)]
}

pub fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "file": row.file,
            "line": row.line,
            "found": row.found,
            "became": row.became,
            "reason": row.reason,
        })
    };
    rows.iter().map(row).collect()
}
