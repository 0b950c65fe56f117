//! Schedules: when one fires next, and what is begun of the times that have passed.
//!
//! It knows no run and no store: instants and what was done before go in, instants to begin come out. Instants are
//! milliseconds since the Unix epoch.

use std::str::FromStr as _;

use croner::{Cron, Direction};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// What is begun later than this after its time was missed: whoever should have begun it was not there.
pub const ON_TIME_MS: i64 = 5_000;

/// What becomes of times that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Nothing is begun for them.
    Skip,
    /// The last of them is begun, however many there were.
    Once,
    /// Each is begun, oldest first.
    All,
}

/// The times of a schedule.
///
/// A time of day that a change of the clock leaves out fires at the first instant after the gap; one that it repeats fires
/// once. What fires every so many minutes or hours does so in both halves of a repeated hour. (Vixie cron's rules.)
#[derive(Debug, Clone)]
pub struct Calendar {
    cron: Cron,
    zone: TimeZone,
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSchedule {
    pub cron: String,
    pub reason: String,
}

impl std::fmt::Display for NoSchedule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` is no schedule: {}", self.cron, self.reason)
    }
}

impl std::error::Error for NoSchedule {}

impl Calendar {
    /// # Errors
    /// When `cron` is not five fields, or a word for them.
    pub fn new(cron: &str, zone: TimeZone) -> Result<Calendar, NoSchedule> {
        let fail = |reason: String| NoSchedule { cron: cron.to_owned(), reason };
        if !cron.starts_with('@') && cron.split_whitespace().count() != 5 {
            return Err(fail("it needs five fields".to_owned()));
        }
        let known = if cron == "@midnight" { "@daily" } else { cron };
        let parsed = Cron::from_str(known).map_err(|error| fail(error.to_string()))?;
        Ok(Calendar { cron: parsed, zone })
    }

    /// The first time after that instant; `None` where there is none in any year that is known.
    #[must_use]
    pub fn after(&self, at: i64) -> Option<i64> {
        self.search(at, false, Direction::Forward).filter(|found| *found > at)
    }

    /// The last time up to that instant.
    #[must_use]
    pub fn up_to(&self, at: i64) -> Option<i64> {
        self.search(at, true, Direction::Backward).filter(|found| *found <= at)
    }

    fn search(&self, at: i64, inclusive: bool, direction: Direction) -> Option<i64> {
        let from = Zoned::new(Timestamp::from_millisecond(at).ok()?, self.zone.clone());
        let found = match direction {
            Direction::Forward => self.cron.find_next_occurrence(&from, inclusive),
            Direction::Backward => self.cron.find_previous_occurrence(&from, inclusive),
        };
        found.ok().map(|found| found.timestamp().as_millisecond())
    }
}

/// What is to be begun now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Oldest first.
    pub begin: Vec<i64>,
    /// Up to where all times are dealt with when those have begun.
    pub done: i64,
    /// Whether `room` was too small for all of them.
    pub more: bool,
}

/// What is to be begun of the times after `done`, which was given by the call before, up to `now`; `room` at most.
///
/// After a clock that was set back `done` may not lie ahead of `now`: what lies between comes a second time then, and whoever
/// begins it must know the instants that he has begun.
#[must_use]
pub fn due(calendar: &Calendar, missed: Missed, done: i64, now: i64, room: usize) -> Due {
    let late = now.saturating_sub(ON_TIME_MS);
    let mut begin = Vec::new();
    let mut from = done;
    if missed != Missed::All && done < late {
        begin.extend(calendar.up_to(late).filter(|last| *last > done && missed == Missed::Once));
        from = late;
    }
    while let Some(next) = calendar.after(from).filter(|next| *next <= now) {
        if begin.len() >= room {
            return Due { done: from, begin, more: true };
        }
        begin.push(next);
        from = next;
    }
    Due { begin, done: now, more: false }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    use super::{Calendar, Due, Missed, ON_TIME_MS, due};

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn calendar(cron: &str, zone: &str) -> Calendar {
        Calendar::new(cron, TimeZone::get(zone).unwrap()).unwrap()
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn shown(at: i64) -> String {
        Timestamp::from_millisecond(at).unwrap().to_string()
    }

    /// The next `count` times after `from`.
    fn times(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let calendar = calendar(cron, zone);
        let mut all = Vec::new();
        let mut now = at(from);
        while let Some(next) = calendar.after(now).filter(|_| all.len() < count) {
            all.push(shown(next));
            now = next;
        }
        all
    }

    #[test]
    fn a_time_of_day_follows_the_clock_of_its_zone() {
        let berlin = times("30 3 * * mon-fri", "Europe/Berlin", "2026-03-26T12:00:00Z", 3);
        assert_eq!(berlin, ["2026-03-27T02:30:00Z", "2026-03-30T01:30:00Z", "2026-03-31T01:30:00Z"]);
        let kolkata = times("0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", 1);
        assert_eq!(kolkata, ["2026-01-01T03:30:00Z"]);
    }

    #[test]
    fn a_time_that_the_clock_leaves_out_fires_after_the_gap_and_one_that_it_repeats_once() {
        // In Berlin 2026-03-29 has no 02:30, and 2026-10-25 has two.
        let gap = times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(gap, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let fold = times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(fold, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        let hourly = times("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3);
        assert_eq!(hourly, ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]);
        let quarters = times("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3);
        assert_eq!(quarters, ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
    }

    #[test]
    fn days_of_the_month_and_of_the_week_are_alternatives() {
        let either = times("0 0 13 * fri", "UTC", "2026-11-01T00:00:00Z", 3);
        assert_eq!(either, ["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"]);
        assert_eq!(times("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
        assert_eq!(times("0 0 1 1 7", "UTC", "2026-12-30T00:00:00Z", 1), ["2027-01-01T00:00:00Z"]);
    }

    #[test]
    fn what_never_comes_has_no_next_time() {
        assert_eq!(calendar("0 0 30 2 *", "UTC").after(at("2026-01-01T00:00:00Z")), None);
        assert_eq!(calendar("0 0 30 2 *", "UTC").up_to(at("2026-01-01T00:00:00Z")), None);
        assert_eq!(calendar("* * * * *", "UTC").after(i64::MAX), None);
    }

    #[test]
    fn every_form_that_the_manifest_takes_is_a_schedule() {
        for cron in [
            "* * * * *",
            "*/15 9-17 * * mon-fri",
            "0,30 0 1 jan,JUL 7",
            "10-40/10 * * * *",
            "0 0 * * sun-tue",
            "@yearly",
            "@annually",
            "@monthly",
            "@weekly",
            "@daily",
            "@midnight",
            "@hourly",
        ] {
            assert!(calendar(cron, "UTC").after(0).is_some(), "{cron}");
        }
        assert!(Calendar::new("0 0 0 * * *", TimeZone::UTC).is_err());
        assert!(Calendar::new("61 * * * *", TimeZone::UTC).is_err());
    }

    #[test]
    fn missed_times_are_skipped_begun_once_or_all_begun() {
        let daily = calendar("0 3 * * *", "UTC");
        let (done, now) = (at("2026-11-01T12:00:00Z"), at("2026-11-05T12:00:00Z"));
        let missed = |missed| due(&daily, missed, done, now, 10);
        assert_eq!(missed(Missed::Skip), Due { begin: vec![], done: now, more: false });
        let last = vec![at("2026-11-05T03:00:00Z")];
        assert_eq!(missed(Missed::Once), Due { begin: last, done: now, more: false });
        let all: Vec<i64> = (2..6).map(|day| at(&format!("2026-11-0{day}T03:00:00Z"))).collect();
        assert_eq!(missed(Missed::All), Due { begin: all.clone(), done: now, more: false });
        let few = due(&daily, Missed::All, done, now, 3);
        assert_eq!(few, Due { begin: all[..3].to_vec(), done: all[2], more: true });
        let rest = due(&daily, Missed::All, few.done, now, 3);
        assert_eq!(rest, Due { begin: all[3..].to_vec(), done: now, more: false });
    }

    #[test]
    fn what_comes_a_little_late_was_not_missed() {
        let daily = calendar("0 3 * * *", "UTC");
        let (done, time) = (at("2026-11-01T12:00:00Z"), at("2026-11-02T03:00:00Z"));
        for missed in [Missed::Skip, Missed::Once, Missed::All] {
            assert_eq!(due(&daily, missed, done, time + ON_TIME_MS - 1, 10).begin, [time]);
            assert_eq!(due(&daily, missed, time, time + MINUTE, 10).begin, [0; 0]);
            assert_eq!(due(&daily, missed, done, time - 1, 10).begin, [0; 0]);
        }
        assert_eq!(due(&daily, Missed::Skip, done, time + ON_TIME_MS, 10).begin, [0; 0]);
    }

    #[test]
    fn years_of_missed_minutes_cost_no_more_than_their_room() {
        let minutes = calendar("* * * * *", "UTC");
        let now = at("2026-11-01T12:00:30Z");
        let began = std::time::Instant::now();
        assert_eq!(due(&minutes, Missed::Once, 0, now, 10).begin, [now - MINUTE / 2]);
        assert_eq!(due(&minutes, Missed::All, 0, now, 10).begin.len(), 10);
        assert!(began.elapsed().as_secs() < 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However often it is looked, and wherever it starts: with `all` each time is begun exactly once.
        #[test]
        fn every_time_is_begun_once(
            start in 0_i64..60 * 365 * DAY,
            pauses in proptest::collection::vec(1_i64..3 * 60 * MINUTE, 1..20),
            room in 1_usize..5,
        ) {
            let calendar = calendar("*/20 * * * *", "America/New_York");
            let (mut done, mut now, mut begun) = (start, start, Vec::new());
            for pause in pauses {
                now += pause;
                loop {
                    let found = due(&calendar, Missed::All, done, now, room);
                    prop_assert!(found.begin.len() <= room);
                    begun.extend(found.begin);
                    done = found.done;
                    if !found.more {
                        break;
                    }
                }
            }
            let mut wanted = Vec::new();
            let mut at = start;
            while let Some(next) = calendar.after(at).filter(|next| *next <= now) {
                wanted.push(next);
                at = next;
            }
            prop_assert_eq!(begun, wanted);
        }
    }
}
