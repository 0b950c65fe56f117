//! What `GET /v1/overview` tells of a sidecar, how fast it grows, and how both are written for people.
//!
//! It does not know how the sidecar is asked, or how often.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::output::{self, BOLD, Cell, DIM, RED, RESET, inert_line};
use crate::view::{self, Moment};

/// Rows of one table at most.
const LONGEST: usize = 10;

/// Rows above the first of the tables that may be left out.
const HEAD: usize = 6;

/// The sidecar at one moment; what is counted is counted from `since`.
#[derive(Debug, Deserialize)]
pub struct Look {
    at: Moment,
    since: Moment,
    open_runs: Open,
    dispatchable_runs: u64,
    sessions: u64,
    calls_waiting: u64,
    runs: Runs,
    tasks: Vec<Task>,
    resources: Vec<Resource>,
    breakers: Vec<Breaker>,
}

#[derive(Debug, Deserialize)]
struct Open {
    running: u64,
    waiting: u64,
    paused: u64,
}

#[derive(Debug, Deserialize)]
struct Runs {
    started: u64,
    succeeded: u64,
    failed: u64,
    paused: u64,
    cancelled: u64,
}

#[derive(Debug, Deserialize)]
struct Task {
    workflow: String,
    task: String,
    ended: u64,
    failed: u64,
    attempts_failed: u64,
    p50_ms: Option<i64>,
    p95_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    resource: String,
    in_use: u64,
    limit: Option<u64>,
    waiting: u64,
}

#[derive(Debug, Deserialize)]
struct Breaker {
    id: String,
    state: String,
    mode: String,
    #[serde(default)]
    reason: Option<String>,
}

/// A count of the runs, and how it is called.
type Count = (&'static str, fn(&Look) -> u64);

const COUNTS: [Count; 5] = [
    ("started", |look| look.runs.started),
    ("succeeded", |look| look.runs.succeeded),
    ("failed", |look| look.runs.failed),
    ("paused", |look| look.runs.paused),
    ("cancelled", |look| look.runs.cancelled),
];

/// From one look to the next. A sidecar that began in between has counted from its beginning.
pub struct Pace<'a> {
    before: Option<&'a Look>,
    now: &'a Look,
    milliseconds: i64,
}

impl<'a> Pace<'a> {
    #[must_use]
    pub fn new(before: &'a Look, now: &'a Look) -> Pace<'a> {
        let is_same = before.since.milliseconds() == now.since.milliseconds();
        let from = if is_same { &before.at } else { &now.since };
        let milliseconds = now.at.milliseconds() - from.milliseconds();
        Pace { before: is_same.then_some(before), now, milliseconds }
    }

    /// How much a count grows in a second; 0 where the sidecar's clock went back.
    fn of(&self, count: impl Fn(&Look) -> u64) -> f64 {
        let grown = count(self.now).saturating_sub(self.before.map_or(0, &count));
        #[expect(clippy::cast_precision_loss, reason = "counts and times far below 2^52")]
        let (grown, milliseconds) = (grown as f64, self.milliseconds as f64);
        if self.milliseconds > 0 { (grown * 1e6 / milliseconds).round() / 1000.0 } else { 0.0 }
    }

    fn of_task(&self, task: &Task, count: impl Fn(&Task) -> u64) -> f64 {
        let is_it = |one: &&Task| (&one.workflow, &one.task) == (&task.workflow, &task.task);
        self.of(|look| look.tasks.iter().find(is_it).map_or(0, &count))
    }

    /// Adds `per_second` to the document, and to each of its tasks.
    pub fn write_to(&self, body: &mut Value) {
        body["per_second"] = COUNTS.map(|(name, count)| (name, self.of(count))).into_iter().collect();
        let written = body["tasks"].as_array_mut().into_iter().flatten();
        for (written, task) in written.zip(&self.now.tasks) {
            written["per_second"] = json!({
                "ended": self.of_task(task, |one| one.ended),
                "attempts_failed": self.of_task(task, |one| one.attempts_failed),
            });
        }
    }
}

impl Look {
    /// For people; `size`: rows and columns of the terminal that it must do with.
    #[must_use]
    pub fn report(&self, pace: Option<&Pace<'_>>, size: Option<(usize, usize)>) -> String {
        let widest = size.map_or(48, |(_, columns)| (columns / 3).clamp(12, 48));
        let tables = [
            self.breakers(widest),
            self.waited_for(widest),
            self.failing(pace, widest),
            self.slowest(widest),
        ];
        let tables: Vec<Vec<&str>> =
            tables.iter().filter(|table| !table.is_empty()).map(|table| table.lines().collect()).collect();
        // Each has a blank row and a title.
        let room = size.map_or(LONGEST, |(rows, _)| {
            (rows.saturating_sub(HEAD) / tables.len().max(1)).saturating_sub(2).clamp(1, LONGEST)
        });
        let mut text = self.head(pace);
        for table in tables {
            let hidden = table.len() - 1 - room.min(table.len() - 1);
            // What says that there is more is a row, too, where there is room for it.
            let (shown, hidden) = if hidden > 0 && room > 1 { (room - 1, hidden + 1) } else { (room, 0) };
            for line in std::iter::once("").chain(table.into_iter().take(shown + 1)) {
                text.push_str(line);
                text.push('\n');
            }
            if hidden > 0 {
                text.push_str(&format!("… {hidden} more\n"));
            }
        }
        text
    }

    fn head(&self, pace: Option<&Pace<'_>>) -> String {
        let (bold, dim, reset) = if output::coloured() { (BOLD, DIM, RESET) } else { ("", "", "") };
        let Open { running, waiting, paused } = self.open_runs;
        let (at, since) = (view::moment(&self.at), view::moment(&self.since));
        let mut text = format!("{bold}running {running}, waiting {waiting}, paused {paused}{reset}  ");
        text.push_str(&format!("{dim}{at}, counted since {since}{reset}\n"));
        text.push_str(&format!(
            "processes {}, runs without one {}, calls without one {}\n\n",
            self.sessions, self.dispatchable_runs, self.calls_waiting
        ));
        let [started, succeeded, failed, paused, cancelled] = COUNTS;
        let row = |title: &str, cell: &dyn Fn(Count) -> Cell| -> [Cell; 6] {
            [
                (title.to_owned(), ""),
                cell(started),
                cell(succeeded),
                cell(failed),
                cell(paused),
                cell(cancelled),
            ]
        };
        let rate = |(_, count): Count| -> Cell {
            (pace.map_or_else(|| "-".to_owned(), |pace| format!("{:.1}", pace.of(count))), "")
        };
        let all = |(name, count): Count| -> Cell {
            let count = count(self);
            (count.to_string(), if count > 0 && matches!(name, "failed" | "paused") { RED } else { "" })
        };
        let rows = [row("a second", &rate), row("in all", &all)];
        text + &output::table(["RUNS", "STARTED", "SUCCEEDED", "FAILED", "PAUSED", "CANCELLED"], &rows)
    }

    /// Those that are not left to themselves, closed.
    fn breakers(&self, widest: usize) -> String {
        let open = self.breakers.iter().filter(|one| one.state != "closed" || one.mode == "forced");
        let row = |one: &Breaker| -> [Cell; 4] {
            [
                (inert_line(&one.id, widest), ""),
                (inert_line(&one.state, 20), RED),
                (inert_line(&one.mode, 20), ""),
                (inert_line(one.reason.as_deref().unwrap_or_default(), 60), ""),
            ]
        };
        table(["BREAKER", "STATE", "MODE", "REASON"], open.map(row).collect())
    }

    fn waited_for(&self, widest: usize) -> String {
        let waited = self.resources.iter().filter(|one| one.waiting > 0);
        let row = |one: &Resource| -> [Cell; 3] {
            let limit = one.limit.map_or_else(String::new, |limit| format!(" of {limit}"));
            [
                (inert_line(&one.resource, widest), ""),
                (one.waiting.to_string(), RED),
                (format!("{}{limit}", one.in_use), ""),
            ]
        };
        table(["WAITED FOR", "BY", "IN USE"], waited.map(row).collect())
    }

    fn failing(&self, pace: Option<&Pace<'_>>, widest: usize) -> String {
        let failing = self.tasks.iter().filter(|one| one.failed + one.attempts_failed > 0);
        let row = |one: &Task| -> [Cell; 6] {
            let rate = pace.map(|pace| pace.of_task(one, |one| one.attempts_failed));
            [
                (inert_line(&one.task, widest), ""),
                (one.failed.to_string(), RED),
                (one.attempts_failed.to_string(), ""),
                (rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}")), ""),
                (one.ended.to_string(), ""),
                (inert_line(&one.workflow, widest), ""),
            ]
        };
        let header = ["FAILS MOST", "STEPS", "ATTEMPTS", "A SECOND", "OF STEPS", "WORKFLOW"];
        table(header, failing.map(row).collect())
    }

    fn slowest(&self, widest: usize) -> String {
        let mut timed: Vec<&Task> = self.tasks.iter().filter(|one| one.p95_ms.is_some()).collect();
        timed.sort_by_key(|one| std::cmp::Reverse(one.p95_ms));
        let time = |millis: Option<i64>| millis.map_or_else(|| "-".to_owned(), output::duration);
        let row = |one: &Task| -> [Cell; 5] {
            [
                (inert_line(&one.task, widest), ""),
                (time(one.p95_ms), ""),
                (time(one.p50_ms), ""),
                (one.ended.to_string(), ""),
                (inert_line(&one.workflow, widest), ""),
            ]
        };
        let rows = timed.into_iter().map(row).collect();
        table(["SLOWEST", "95 OF 100", "MEDIAN", "STEPS", "WORKFLOW"], rows)
    }
}

/// Nothing where it has no row.
fn table<const N: usize>(header: [&str; N], rows: Vec<[Cell; N]>) -> String {
    if rows.is_empty() { String::new() } else { output::table(header, &rows) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Look, Pace};

    fn document(since: &str, at: &str, failed: u64) -> Value {
        json!({
            "since": since, "at": at,
            "open_runs": {"running": 0, "waiting": 0, "paused": 0},
            "dispatchable_runs": 0, "sessions": 0, "calls_waiting": 0,
            "runs": {"started": 0, "succeeded": 0, "failed": failed, "paused": 0, "cancelled": 0},
            "tasks": [{"workflow": "w", "task": "t", "ended": failed, "failed": 0, "attempts_failed": 0, "p50_ms": null, "p95_ms": null}],
            "resources": [],
            "breakers": [],
        })
    }

    /// Failures a second from one look to the next.
    fn rate(before: (&str, &str, u64), now: (&str, &str, u64)) -> Value {
        let look =
            |(since, at, failed)| -> Look { serde_json::from_value(document(since, at, failed)).unwrap() };
        let (before, mut body) = (look(before), document(now.0, now.1, now.2));
        let now = look(now);
        Pace::new(&before, &now).write_to(&mut body);
        assert_eq!(body["per_second"]["failed"], body["tasks"][0]["per_second"]["ended"]);
        body["per_second"]["failed"].clone()
    }

    #[test]
    fn a_rate_is_of_the_time_between_and_of_one_sidecar() {
        let before = ("2026-11-27T20:00:00Z", "2026-11-27T20:00:10Z", 5);
        let later = "2026-11-27T20:00:12Z";
        assert_eq!(rate(before, (before.0, later, 8)), 1.5);
        // Another one has counted since its own beginning.
        assert_eq!(rate(before, ("2026-11-27T20:00:11Z", later, 8)), 8.0);
        // Its clock went back.
        assert_eq!(rate(before, (before.0, "2026-11-27T20:00:09Z", 8)), 0.0);
    }
}
