//! Looks for runs of which no index tells, in bounded time: the page ends, and its `next` goes on from there.
//!
//! It knows stretches of runs that the store names, and not how it knows them.

use std::time::{Duration, Instant};

use conductor_journal::{RunFilter, RunRow, Scan, Scanned, Search, StoreError, Stretch, Times, summary};
use conductor_protocol::entry::UnixMillis;
use serde_json::Value;

use super::{RunsPage, cursor};
use crate::http::{Shown, shown};
use crate::sidecar::Sidecar;

/// How long one page may be looked for.
const PATIENCE: Duration = Duration::from_millis(30);

/// Runs that are looked at between two glances at the clock.
const SLICE: u32 = 1024;

/// Runs of a workflow or in a state that are put in order in memory.
const FEW: u32 = 4096;

/// Runs of one stretch that are put in order in memory.
const SORTED: i64 = 16_384;

/// The start and the key of a run.
pub(super) type Place = (UnixMillis, i64);

/// One search for one page.
pub(super) struct Hunt<'a> {
    sidecar: &'a Sidecar,
    filter: RunFilter,
    search: Search,
    limit: usize,
    began: Instant,
    runs: Vec<Shown>,
}

impl<'a> Hunt<'a> {
    pub(super) fn new(sidecar: &'a Sidecar, filter: RunFilter, search: Search, limit: usize) -> Hunt<'a> {
        let filter = RunFilter { limit: SLICE, ..filter };
        Hunt { sidecar, filter, search, limit, began: Instant::now(), runs: Vec::new() }
    }

    pub(super) fn page(self) -> Result<RunsPage, StoreError> {
        if !self.search.is_text() {
            return match self.filter.times {
                None => self.through_all(),
                Some(times) => self.by_head(times),
            };
        }
        match (self.sidecar.journal.store().stretches(&self.search)?, self.filter.times) {
            (None, _) => self.through_all(),
            (Some(stretches), None) => self.by_key(&stretches),
            (Some(stretches), Some(times)) => self.by_start(stretches, times),
        }
    }

    fn scan(&self, within: Option<(i64, i64)>) -> Result<Scanned, StoreError> {
        let scan = Scan { filter: &self.filter, search: &self.search, within };
        self.sidecar.journal.store().scan(&scan)
    }

    /// Looks at one run after the other, in the order of the page.
    fn through_all(mut self) -> Result<RunsPage, StoreError> {
        loop {
            let scanned = self.scan(None)?;
            if let Some(full) = self.take(scanned.runs) {
                let is_all = !scanned.more && scanned.last == Some(full);
                return Ok(if is_all { self.whole() } else { self.until(full, false) });
            }
            let (Some(last), true) = (scanned.last, scanned.more) else { return Ok(self.whole()) };
            if self.began.elapsed() > PATIENCE {
                return Ok(self.until(last, true));
            }
            self.filter.before = Some(last.1);
            if let Some(times) = &mut self.filter.times {
                times.until = last.0;
            }
        }
    }

    /// Puts the few runs of a workflow or in a state in order; where they are many, they are soon found one after the other.
    fn by_head(mut self, times: Times) -> Result<RunsPage, StoreError> {
        let store = self.sidecar.journal.store();
        let filter = RunFilter {
            workflow: self.search.workflow.clone(),
            state: self.search.state,
            limit: FEW,
            ..self.filter.clone()
        };
        let mut places = store.places(&filter, store.keys_of(times)?)?;
        if places.len() > FEW as usize {
            return self.through_all();
        }
        let before = (times.until, self.filter.before.unwrap_or(0));
        places.retain(|place| times.since <= place.0 && *place < before);
        places.sort_unstable_by_key(|place| std::cmp::Reverse(*place));
        let is_all = places.len() <= self.limit;
        places.truncate(self.limit);
        let keys: Vec<i64> = places.iter().map(|(_, key)| *key).collect();
        self.take(store.runs_of(&keys)?);
        match places.last() {
            Some(last) if !is_all => Ok(self.until(*last, false)),
            _ => Ok(self.whole()),
        }
    }

    /// Looks through stretches, the newest keys first.
    fn by_key(mut self, stretches: &[Stretch]) -> Result<RunsPage, StoreError> {
        let before = self.filter.before.unwrap_or(i64::MAX);
        for stretch in stretches.iter().filter(|stretch| stretch.first < before) {
            let (mut last, mut at) = (stretch.last.min(before - 1), stretch.earliest);
            while last >= stretch.first {
                let scanned = self.scan(Some((stretch.first, last)))?;
                if let Some(full) = self.take(scanned.runs) {
                    return Ok(self.until(full, false));
                }
                last = stretch.first - 1;
                if let Some((start, key)) = scanned.last {
                    at = start;
                    if scanned.more {
                        last = key - 1;
                    }
                }
                if self.began.elapsed() > PATIENCE {
                    return Ok(self.until((at, last + 1), true));
                }
            }
        }
        Ok(self.whole())
    }

    /// Looks through stretches, those with the latest starts first. A run is told of when no later stretch may have one that
    /// started after it.
    fn by_start(mut self, mut stretches: Vec<Stretch>, times: Times) -> Result<RunsPage, StoreError> {
        let place = (times.until, self.filter.before.unwrap_or(0));
        stretches.retain(|stretch| stretch.latest >= times.since && stretch.earliest <= times.until);
        stretches.sort_by_key(|stretch| std::cmp::Reverse(stretch.latest));
        let mut waiting: Vec<RunRow> = Vec::new();
        for (number, stretch) in stretches.iter().enumerate() {
            let scanned = self.whole_stretch(stretch, place)?;
            let Some(found) = scanned else { return self.through_all() };
            waiting.extend(found);
            let bound = stretches.get(number + 1).map_or(UnixMillis::MIN, |next| next.latest);
            waiting.sort_by_key(|row| (row.started_at, row.key));
            let ready = waiting.split_off(waiting.partition_point(|row| row.started_at <= bound));
            if let Some(full) = self.take(ready.into_iter().rev().collect()) {
                return Ok(self.until(full, false));
            }
            let is_further = (times.since..times.until).contains(&bound);
            let elapsed = self.began.elapsed();
            if elapsed > PATIENCE && is_further {
                return Ok(self.until((bound, i64::MAX), true));
            }
            if elapsed > PATIENCE * 4 && self.runs.is_empty() {
                // The stretches lie over each other, as starts that are far from the order of the keys make them.
                return self.through_all();
            }
        }
        Ok(self.whole())
    }

    /// The runs of a stretch that stand before the place; `None` where it has too many to put them in order.
    fn whole_stretch(&self, stretch: &Stretch, place: Place) -> Result<Option<Vec<RunRow>>, StoreError> {
        let (mut runs, mut last) = (Vec::new(), stretch.last);
        for _ in 0..SORTED / i64::from(SLICE) {
            let scanned = self.scan(Some((stretch.first, last)))?;
            runs.extend(scanned.runs.into_iter().filter(|row| (row.started_at, row.key) < place));
            let (Some((_, key)), true) = (scanned.last, scanned.more) else { return Ok(Some(runs)) };
            last = key - 1;
        }
        Ok(None)
    }

    /// Takes those that are wanted; the place of the one with which the page is full.
    fn take(&mut self, rows: Vec<RunRow>) -> Option<Place> {
        for row in rows {
            let place = (row.started_at, row.key);
            self.runs.extend(self.matched(row));
            if self.runs.len() == self.limit {
                return Some(place);
            }
        }
        None
    }

    /// The run as it is shown, where it is one of those. What may not be seen of it is not found either.
    fn matched(&self, row: RunRow) -> Option<Shown> {
        if !self.search.is_text() {
            return Some(shown(self.sidecar, row, summary));
        }
        let parse = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if !row.is_sealed() {
            let error = || parse(row.head.error.as_deref());
            let input = || parse(row.input.as_deref());
            if !self.search.fits(error, input, row.input.as_deref()) {
                return None;
            }
            return Some(shown(self.sidecar, row, summary));
        }
        let run = shown(self.sidecar, row, summary);
        let view = serde_json::to_value(&run).ok()?;
        let text = view["input"].to_string();
        self.search
            .fits(|| view.get("error").cloned(), || view.get("input").cloned(), Some(&text))
            .then_some(run)
    }

    fn whole(self) -> RunsPage {
        RunsPage { runs: self.runs, next: None, searched_to: None }
    }

    /// The page ends before it is known whether there is more: because it is full, or for the sake of time.
    fn until(self, place: Place, is_late: bool) -> RunsPage {
        let next = Some(cursor(&self.filter, place));
        let searched_to = jiff::Timestamp::from_millisecond(place.0).ok().filter(|_| is_late);
        RunsPage { runs: self.runs, next, searched_to: searched_to.map(|at| at.to_string()) }
    }
}
