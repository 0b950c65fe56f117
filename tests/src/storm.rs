//! What the applications of `tests/projects/storm` do and write down.
//!
//! It knows no store and no process.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::checker::Execution;

/// Steps of the storm's manifest that are writes.
const WRITES: [&str; 6] = ["charge", "ship", "mail", "book", "close", "settle"];

/// Whether the step with this key is a write.
#[must_use]
pub fn is_write(_run: &str, key: &str) -> bool {
    key.rsplit('.').next().is_some_and(|last| WRITES.contains(&last))
}

/// What `order` and its child `settle` must give.
#[must_use]
pub fn expected(run: &str) -> Option<Value> {
    let (own, child) = run.split_once('/').map_or((run, false), |(own, _)| (own, true));
    let n: i64 = own.rsplit('-').next()?.parse().ok()?;
    let settle = (n + 1) * 5;
    let charge = (n * 3 + n % 7) * 2;
    Some(if child { json!(settle) } else { json!({"customer": format!("c{n}"), "total": charge + settle}) })
}

/// What the storm's Python code wrote down.
#[derive(Debug, Default)]
pub struct Log {
    pub executions: Vec<Execution>,
    /// Results that callers saw, by run.
    pub returned: Vec<(String, Value)>,
}

/// A line that a kill has torn is no line.
///
/// # Errors
/// When a line that is whole says what no line says.
pub fn read_log(bytes: &[u8]) -> Result<Log> {
    let mut log = Log::default();
    let mut position = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let here = position;
        position += line.len() as u64;
        let Ok(entry) = serde_json::from_slice::<Value>(line) else { continue };
        let event = entry["event"].as_str().context("a line without an event")?;
        if event == "returned" {
            let run = entry["run"].as_str().context("a result without its run")?;
            log.returned.push((run.to_owned(), entry["output"].clone()));
            continue;
        }
        let (run, key) =
            entry["key"].as_str().and_then(|key| key.rsplit_once('/')).context("a line without a key")?;
        let pid = u32::try_from(entry["pid"].as_u64().context("a line without a process")?)?;
        log.executions.push(Execution {
            position: here,
            pid,
            run: run.to_owned(),
            key: key.to_owned(),
            begin: event == "begin",
        });
    }
    Ok(log)
}
