//! When what happened in a run, as bars: attempts, waits for a retry, and the gap of a crash.
//!
//! It knows a run as the API tells it, not where the picture goes. Times are milliseconds since the Unix epoch.

use std::fmt::Write as _;

use crate::output::{self, DIM, GREEN, RED, RESET, YELLOW};
use crate::view::{Moment, Owner, Run, Step};

/// What fills a stretch of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Attempt,
    /// An attempt that failed, or was cut off by a crash.
    Lost,
    /// Between an attempt and the next.
    Wait,
    /// Nobody owned the run.
    Gap,
}

#[derive(Debug)]
struct Bar {
    from: i64,
    to: i64,
    stretch: Stretch,
}

#[derive(Debug)]
struct Row {
    name: String,
    bars: Vec<Bar>,
}

/// The end of one ownership and the beginning of the next.
#[derive(Debug)]
struct Takeover {
    /// The ownership that ended.
    epoch: u64,
    last_sign: i64,
    resumed: i64,
    /// The new owner's process.
    pid: u32,
}

#[derive(Debug)]
pub struct Timeline {
    start: i64,
    end: i64,
    rows: Vec<Row>,
    takeovers: Vec<Takeover>,
}

impl Timeline {
    /// The line of a run up to its end, or to `now`.
    #[must_use]
    pub fn new(run: &Run, now: i64) -> Timeline {
        let start = run.started_at.milliseconds();
        let end = run.finished_at.as_ref().map_or(now, Moment::milliseconds).max(start);
        let takeovers = run.owners.windows(2).map(|pair| takeover(run, &pair[0], &pair[1])).collect();
        let mut timeline = Timeline { start, end, rows: Vec::new(), takeovers };
        timeline.rows = run.steps.iter().map(|step| timeline.row(step)).collect();
        timeline
    }

    fn row(&self, step: &Step) -> Row {
        let mut bars = Vec::new();
        for attempt in &step.history {
            let Some(from) = attempt.started_at.as_ref().map(Moment::milliseconds) else { continue };
            let finished = attempt.finished_at.as_ref().map(Moment::milliseconds);
            let lost = self.takeovers.iter().find(|takeover| takeover.epoch == attempt.epoch);
            let (to, stretch) = match (attempt.outcome.as_str(), lost) {
                ("succeeded" | "running", _) => (finished.unwrap_or(self.end), Stretch::Attempt),
                ("interrupted", Some(lost)) => {
                    bars.push(Bar { from: lost.last_sign, to: lost.resumed, stretch: Stretch::Gap });
                    (lost.last_sign, Stretch::Lost)
                }
                _ => (finished.unwrap_or(self.end), Stretch::Lost),
            };
            let to = to.max(from);
            bars.push(Bar { from, to, stretch });
            if let Some(retry_at) = &attempt.retry_at {
                bars.push(Bar { from: to, to: retry_at.milliseconds(), stretch: Stretch::Wait });
            }
        }
        Row { name: step.key.clone(), bars }
    }

    /// The picture, `width` columns wide.
    #[must_use]
    pub fn draw(&self, width: usize, coloured: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let longest = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let names = longest.clamp(5, 32);
        let columns = width.saturating_sub(names + 4).clamp(20, 200);
        let mut text = String::from("\n");
        for row in &self.rows {
            let name = output::inert_line(&row.name, names);
            let _infallible = writeln!(text, "  {name:<names$}  {}", self.cells(row, columns, coloured));
        }
        let total = output::duration(self.end - self.start);
        let rule = "─".repeat(columns.saturating_sub(total.chars().count() + 4));
        let _infallible = writeln!(text, "  {:<names$}  0 {rule} {total}", "");
        for Takeover { last_sign, resumed, pid, .. } in &self.takeovers {
            let lost = output::duration(last_sign - self.start);
            let resumed = output::duration(resumed - self.start);
            let _infallible =
                writeln!(text, "  owner last heard of at {lost}, resumed by process {pid} at {resumed}");
        }
        let _infallible =
            writeln!(text, "  █ attempt  ▒ failed or cut off  · waiting to retry  ╌ no sign until resumed");
        text
    }

    fn cells(&self, row: &Row, columns: usize, coloured: bool) -> String {
        let mut cells = vec![None; columns];
        let mut bars: Vec<&Bar> = row.bars.iter().collect();
        // Attempts are painted last: a short one shows even where a gap or wait would round over it.
        bars.sort_by_key(|bar| matches!(bar.stretch, Stretch::Attempt | Stretch::Lost));
        for bar in bars {
            let from = self.column(bar.from, columns).min(columns - 1);
            let to = self.column(bar.to, columns).clamp(from + 1, columns);
            cells[from..to].fill(Some(bar.stretch));
        }
        let mut text = String::new();
        for cell in cells {
            let (colour, glyph) = match cell {
                None => ("", ' '),
                Some(Stretch::Attempt) => (GREEN, '█'),
                Some(Stretch::Lost) => (RED, '▒'),
                Some(Stretch::Wait) => (YELLOW, '·'),
                Some(Stretch::Gap) => (DIM, '╌'),
            };
            if coloured && !colour.is_empty() {
                let _infallible = write!(text, "{colour}{glyph}{RESET}");
            } else {
                text.push(glyph);
            }
        }
        text.trim_end().to_owned()
    }

    fn column(&self, at: i64, columns: usize) -> usize {
        let span = u128::try_from(self.end - self.start).unwrap_or(0).max(1);
        let offset = u128::try_from(at - self.start).unwrap_or(0).min(span);
        usize::try_from(offset * columns as u128 / span).unwrap_or(columns)
    }
}

/// When `before`, who is lost, was last heard of, and when `after` took over.
fn takeover(run: &Run, before: &Owner, after: &Owner) -> Takeover {
    let resumed = after.at.milliseconds();
    let attempts = run.steps.iter().flat_map(|step| &step.history);
    let attempts = attempts.filter(|attempt| attempt.epoch <= before.epoch);
    let signs = attempts.flat_map(|attempt| [&attempt.started_at, &attempt.finished_at]).flatten();
    let last_sign = signs.map(Moment::milliseconds).filter(|at| *at <= resumed).max();
    let last_sign = last_sign.unwrap_or(resumed).max(before.at.milliseconds()).min(resumed);
    Takeover { epoch: before.epoch, last_sign, resumed, pid: after.pid }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Timeline;
    use crate::view::Run;

    fn draw(run: serde_json::Value, width: usize) -> String {
        let run: Run = serde_json::from_value(run).unwrap();
        Timeline::new(&run, 5000).draw(width, false)
    }

    #[test]
    fn a_crash_shows_as_a_gap_and_a_change_of_owner() {
        let t = |ms: u32| format!("1970-01-01T00:00:0{}.{:03}Z", ms / 1000, ms % 1000);
        let run = json!({
            "id": "r", "workflow": "w", "state": "succeeded", "started_at": t(0), "finished_at": t(1000),
            "owners": [{"epoch": 1, "pid": 6, "at": t(0)}, {"epoch": 2, "pid": 7, "at": t(800)}],
            "steps": [
                {"key": "a", "state": "succeeded", "attempts": 2, "history": [
                    {"outcome": "failed", "epoch": 1, "started_at": t(0), "finished_at": t(100), "retry_at": t(200)},
                    {"outcome": "succeeded", "epoch": 1, "started_at": t(200), "finished_at": t(320)}]},
                {"key": "b\u{1b}", "state": "succeeded", "attempts": 1, "history": [
                    {"outcome": "interrupted", "epoch": 1, "started_at": t(300), "finished_at": null},
                    {"outcome": "succeeded", "epoch": 2, "started_at": t(800), "finished_at": t(1000)}]}
            ]
        });
        let lines = [
            "",
            "  a      ▒▒▒▒····████",
            "  b\\e                ▒╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌████████",
            "         0 ────────────────────────────── 1.00 s",
            "  owner last heard of at 320 ms, resumed by process 7 at 800 ms",
            "  █ attempt  ▒ failed or cut off  · waiting to retry  ╌ no sign until resumed",
            "",
        ];
        assert_eq!(draw(run, 49), lines.join("\n"));
    }

    #[test]
    fn clocks_that_jump_back_do_no_harm() {
        let drawn = draw(
            json!({
                "id": "r", "workflow": "w", "state": "succeeded",
                "started_at": "2026-01-01T00:00:01Z", "finished_at": "2026-01-01T00:00:00Z",
                "steps": [{"key": "a", "state": "succeeded", "attempts": 1, "history": [
                    {"outcome": "succeeded", "epoch": 1,
                     "started_at": "2026-01-01T00:00:00Z", "finished_at": "2025-01-01T00:00:00Z"}]}]
            }),
            10,
        );
        assert!(drawn.contains('█'));
    }
}
