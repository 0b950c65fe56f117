//! The schedules of the workflows that sessions serve: which is valid, when it fires next, and what of it is due.
//!
//! It knows no run and no store: rows and instants come out, and whoever acts on them says how far that is done.

use std::collections::{BTreeMap, BTreeSet};

use conductor_journal::ScheduleRow;
use conductor_policy::schedule::{self, Calendar, Due};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::PlanRef;
use conductor_protocol::plan::{Missed, Schedule};
use jiff::tz::TimeZone;

/// How many runs of one schedule may be open before further missed ones wait.
const OPEN: usize = 100;

/// Who says that a workflow has a schedule, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sayer {
    /// The boot of the machine; start times count from it.
    pub(crate) boot: String,
    pub(crate) process_start: u64,
}

#[derive(Default)]
pub(crate) struct Timetable {
    entries: BTreeMap<String, Entry>,
    /// When to look at which workflow; those that nobody serves are not in it.
    next: BTreeSet<(UnixMillis, String)>,
    /// The clock when it was last looked at.
    looked: UnixMillis,
}

struct Entry {
    row: ScheduleRow,
    /// `None` where there is no schedule any more.
    calendar: Option<Result<Calendar, String>>,
    next: Option<UnixMillis>,
    /// Runs that it has begun and that may still be open.
    begun: Vec<String>,
}

/// Something to begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Firing {
    pub(crate) workflow: String,
    pub(crate) due: Due,
}

/// A schedule as people see it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) workflow: String,
    pub(crate) schedule: Schedule,
    pub(crate) next: Option<UnixMillis>,
    /// The first time that has passed and is not dealt with.
    pub(crate) missed_since: Option<UnixMillis>,
    pub(crate) problem: Option<String>,
}

impl Timetable {
    pub(crate) fn new(rows: Vec<ScheduleRow>, now: UnixMillis) -> Timetable {
        let mut table = Timetable { looked: now, ..Timetable::default() };
        for row in rows {
            let done = row.done.min(now);
            table.put(ScheduleRow { done, ..row });
        }
        table
    }

    /// What the schedules become when a process has said what it serves. The rows are to be kept, then [`Self::put`].
    pub(crate) fn said(&self, plans: &[PlanRef], sayer: &Sayer, now: UnixMillis) -> Vec<ScheduleRow> {
        plans.iter().filter_map(|plan| self.changed(plan, sayer, now)).collect()
    }

    fn changed(&self, plan: &PlanRef, sayer: &Sayer, now: UnixMillis) -> Option<ScheduleRow> {
        let known = self.entries.get(&plan.workflow).map(|entry| &entry.row);
        let new = |done| ScheduleRow {
            workflow: plan.workflow.clone(),
            schedule: plan.schedule.clone(),
            done,
            boot: sayer.boot.clone(),
            process_start: sayer.process_start,
        };
        let Some(known) = known else { return plan.schedule.is_some().then(|| new(now)) };
        let same_boot = known.boot == sayer.boot;
        if same_boot && known.process_start > sayer.process_start {
            // A process of the build before, which has reconnected.
            return None;
        }
        let times = |schedule: &Option<Schedule>| {
            schedule.as_ref().map(|schedule| (schedule.cron.clone(), schedule.time_zone.clone()))
        };
        // Times of another schedule were never due.
        let done = if times(&known.schedule) == times(&plan.schedule) { known.done } else { now };
        let row = new(done);
        (row != *known).then_some(row)
    }

    /// Takes up a schedule in place of the one that the workflow had.
    pub(crate) fn put(&mut self, row: ScheduleRow) {
        let calendar = row.schedule.as_ref().map(calendar);
        if let (Some(Err(problem)), Some(schedule)) = (&calendar, &row.schedule) {
            let (workflow, cron) = (&row.workflow, &schedule.cron);
            eprintln!("conductor sidecar: schedule {cron} of {workflow} never fires: {problem}");
        }
        let workflow = row.workflow.clone();
        let begun = self.forget(&workflow).map(|entry| entry.begun).unwrap_or_default();
        self.entries.insert(workflow.clone(), Entry { row, calendar, next: None, begun });
        self.plan(&workflow, None);
    }

    fn forget(&mut self, workflow: &str) -> Option<Entry> {
        let entry = self.entries.remove(workflow)?;
        if let Some(next) = entry.next {
            self.next.remove(&(next, workflow.to_owned()));
        }
        Some(entry)
    }

    /// Looks at the workflow at that time, or else when its schedule fires next.
    fn plan(&mut self, workflow: &str, at: Option<UnixMillis>) {
        let Some(entry) = self.entries.get_mut(workflow) else { return };
        if let Some(next) = entry.next.take() {
            self.next.remove(&(next, workflow.to_owned()));
        }
        let Some(Ok(calendar)) = &entry.calendar else { return };
        entry.next = at.or_else(|| calendar.after(entry.row.done));
        self.next.extend(entry.next.map(|next| (next, workflow.to_owned())));
    }

    /// Somebody serves these workflows: what is due is not left waiting any more.
    pub(crate) fn served(&mut self, plans: &[PlanRef]) {
        for plan in plans {
            self.plan(&plan.workflow, None);
        }
    }

    /// When there is something to do next.
    pub(crate) fn next(&self) -> Option<UnixMillis> {
        self.next.first().map(|(at, _)| *at)
    }

    /// What is to be begun now of the workflows that somebody serves.
    pub(crate) fn due(
        &mut self,
        now: UnixMillis,
        serves: impl Fn(&str) -> bool,
        is_open: impl Fn(&str) -> bool,
    ) -> Vec<Firing> {
        let set_back = now < self.looked;
        self.looked = now;
        if set_back {
            let all: Vec<String> = self.entries.keys().cloned().collect();
            for workflow in all {
                // What lies ahead now comes again: who begins it finds those of its runs that there are.
                if let Some(entry) = self.entries.get_mut(&workflow) {
                    entry.row.done = entry.row.done.min(now);
                }
                self.plan(&workflow, None);
            }
        }
        let mut firings = Vec::new();
        while let Some((at, workflow)) = self.next.pop_first() {
            if at > now {
                self.next.insert((at, workflow));
                break;
            }
            let Some(entry) = self.entries.get_mut(&workflow) else { continue };
            entry.next = None;
            let (Some(Ok(calendar)), Some(schedule)) = (&entry.calendar, &entry.row.schedule) else {
                continue;
            };
            // Whoever comes to serve it has it looked at again.
            if serves(&workflow) {
                entry.begun.retain(|run| is_open(run));
                let room = OPEN.saturating_sub(entry.begun.len());
                let due = schedule::due(calendar, missed(schedule), entry.row.done, now, room);
                firings.push(Firing { workflow, due });
            }
        }
        firings
    }

    /// The runs of a firing have begun, so far as `done`: the row that is to be kept, where it says anything new.
    pub(crate) fn begun(&mut self, firing: &Firing, runs: Vec<String>) -> Option<ScheduleRow> {
        let entry = self.entries.get_mut(&firing.workflow)?;
        entry.row.done = firing.due.done;
        let news = !runs.is_empty() || firing.due.more;
        entry.begun.extend(runs);
        let row = entry.row.clone();
        self.plan(&firing.workflow, firing.due.more.then(|| self.looked.saturating_add(1000)));
        news.then_some(row)
    }

    /// The runs of a firing could not be begun: they are tried again.
    pub(crate) fn failed(&mut self, firing: &Firing) {
        self.plan(&firing.workflow, Some(self.looked.saturating_add(1000)));
    }

    pub(crate) fn shown(&self, now: UnixMillis) -> Vec<Shown> {
        self.entries.values().filter_map(|entry| shown(entry, now)).collect()
    }
}

fn shown(entry: &Entry, now: UnixMillis) -> Option<Shown> {
    let schedule = entry.row.schedule.clone()?;
    let (calendar, problem) = match entry.calendar.as_ref()? {
        Ok(calendar) => (Some(calendar), None),
        Err(problem) => (None, Some(problem.clone())),
    };
    let first = calendar.and_then(|calendar| calendar.after(entry.row.done));
    Some(Shown {
        workflow: entry.row.workflow.clone(),
        next: calendar.and_then(|calendar| calendar.after(now)),
        missed_since: first.filter(|first| *first <= now),
        problem: problem
            .or_else(|| first.is_none().then(|| "no day of any year is one of its days".to_owned())),
        schedule,
    })
}

fn calendar(schedule: &Schedule) -> Result<Calendar, String> {
    let zone = TimeZone::get(&schedule.time_zone).map_err(|error| error.to_string())?;
    Calendar::new(&schedule.cron, zone).map_err(|error| error.to_string())
}

fn missed(schedule: &Schedule) -> schedule::Missed {
    match schedule.missed {
        Missed::Skip => schedule::Missed::Skip,
        Missed::Once => schedule::Missed::Once,
        Missed::All => schedule::Missed::All,
    }
}
