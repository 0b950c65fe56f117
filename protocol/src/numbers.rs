//! The numbers of a policy that people may change while processes run: as messages have them, and as a manifest writes them.
//!
//! It knows bounds and spellings, not who changes what.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plan::{Policy, Rate, Strategy};

/// A hundred years, as in a manifest.
const LONGEST_MS: u64 = 100 * 365 * 24 * 3_600_000;
const MOST_RETRIES: u32 = 100_000;
const MOST_PERMITS: u32 = 1_000_000;
const LARGEST_MULTIPLIER: f64 = 1000.0;
const TIMES: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Those that are there: all that a policy of a manifest has, or those that somebody has set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<Rate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulkhead: Option<u32>,
}

/// `3`, or `forever`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Retries {
    Times(u32),
    Forever(Forever),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forever {
    Forever,
}

impl From<&Policy> for Numbers {
    fn from(policy: &Policy) -> Numbers {
        let retries = policy.retries.map_or(Retries::Forever(Forever::Forever), Retries::Times);
        Numbers {
            retries: Some(retries),
            initial_ms: Some(policy.initial_ms),
            max_delay_ms: Some(policy.max_delay_ms),
            multiplier: (policy.strategy == Strategy::ExponentialBackoff).then_some(policy.multiplier),
            timeout_ms: policy.timeout_ms,
            deadline_ms: policy.deadline_ms,
            rate_limit: policy.rate_limit,
            bulkhead: policy.bulkhead,
        }
    }
}

impl Numbers {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Numbers::default()
    }

    /// As a manifest writes them: `{"retries": 3, "timeout": "2s", "rate_limit": "50/s"}`.
    #[must_use]
    pub fn spelled(&self) -> Map<String, Value> {
        let retries = self.retries.map(|retries| match retries {
            Retries::Times(times) => Value::from(times),
            Retries::Forever(_) => Value::from("forever"),
        });
        let time = |ms: Option<u64>| ms.map(|ms| Value::from(time(ms)));
        let all = [
            ("retries", retries),
            ("initial", time(self.initial_ms)),
            ("max_delay", time(self.max_delay_ms)),
            ("multiplier", self.multiplier.map(Value::from)),
            ("timeout", time(self.timeout_ms)),
            ("deadline", time(self.deadline_ms)),
            ("rate_limit", self.rate_limit.map(|rate| Value::from(spelled_rate(rate)))),
            ("bulkhead", self.bulkhead.map(Value::from)),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// These with what is written, as [`Numbers::spelled`] writes it; `null` takes a number out.
    ///
    /// # Errors
    /// What is wrong with which of them, for people.
    pub fn with(&self, written: &Map<String, Value>) -> Result<Numbers, String> {
        let mut numbers = self.clone();
        for (key, value) in written {
            numbers.set(key, value)?;
        }
        Ok(numbers)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let given = (!value.is_null()).then_some(value);
        match key {
            "retries" => self.retries = given.map(retries).transpose()?,
            "initial" => self.initial_ms = given.map(|value| milliseconds(key, value, 0)).transpose()?,
            "max_delay" => self.max_delay_ms = given.map(|value| milliseconds(key, value, 0)).transpose()?,
            "multiplier" => self.multiplier = given.map(multiplier).transpose()?,
            "timeout" => self.timeout_ms = given.map(|value| milliseconds(key, value, 1)).transpose()?,
            "deadline" => self.deadline_ms = given.map(|value| milliseconds(key, value, 1)).transpose()?,
            "rate_limit" => self.rate_limit = given.map(rate).transpose()?,
            "bulkhead" => self.bulkhead = given.map(|value| count(key, value)).transpose()?,
            other => {
                let known =
                    "retries, initial, max_delay, multiplier, timeout, deadline, rate_limit and bulkhead";
                return Err(format!(
                    "a policy has no number `{other}` that can be changed: there are {known}"
                ));
            }
        }
        Ok(())
    }

    /// These where they are set, else those of `base`.
    #[must_use]
    pub fn over(&self, base: &Numbers) -> Numbers {
        Numbers {
            retries: self.retries.or(base.retries),
            initial_ms: self.initial_ms.or(base.initial_ms),
            max_delay_ms: self.max_delay_ms.or(base.max_delay_ms),
            multiplier: self.multiplier.or(base.multiplier),
            timeout_ms: self.timeout_ms.or(base.timeout_ms),
            deadline_ms: self.deadline_ms.or(base.deadline_ms),
            rate_limit: self.rate_limit.or(base.rate_limit),
            bulkhead: self.bulkhead.or(base.bulkhead),
        }
    }

    /// Whether they can be set over those of a policy that was built.
    ///
    /// # Errors
    /// Which number the policy does not have, or which two contradict each other, for people.
    pub fn fit(&self, built: &Numbers) -> Result<(), String> {
        let has = built.spelled();
        if let Some((key, _)) = self.spelled().into_iter().find(|(key, _)| !has.contains_key(key)) {
            return Err(format!(
                "the policy has no `{key}` in the manifest: only a number that is there can be changed live"
            ));
        }
        let all = self.over(built);
        for ((less, one), (more, other)) in [
            (("initial", all.initial_ms), ("max_delay", all.max_delay_ms)),
            (("timeout", all.timeout_ms), ("deadline", all.deadline_ms)),
        ] {
            if let (Some(one), Some(other)) = (one, other)
                && one > other
            {
                return Err(format!("`{less}` ({}) must not exceed `{more}` ({})", time(one), time(other)));
            }
        }
        Ok(())
    }
}

/// `90s`, `1500ms`: in the largest unit of which it is a whole number.
fn time(milliseconds: u64) -> String {
    let whole = |(_, unit): &&(&str, u64)| milliseconds.is_multiple_of(*unit);
    match TIMES.iter().find(whole) {
        Some((name, unit)) if milliseconds > 0 => format!("{}{name}", milliseconds / unit),
        _ => format!("{milliseconds}ms"),
    }
}

fn spelled_rate(rate: Rate) -> String {
    match TIMES.iter().find(|(_, unit)| *unit == rate.per_ms) {
        Some((name, _)) => format!("{}/{name}", rate.permits),
        None => format!("{}/{}ms", rate.permits, rate.per_ms),
    }
}

fn retries(value: &Value) -> Result<Retries, String> {
    if value == "forever" {
        return Ok(Retries::Forever(Forever::Forever));
    }
    let times =
        value.as_u64().and_then(|times| u32::try_from(times).ok()).filter(|times| *times <= MOST_RETRIES);
    times.map(Retries::Times).ok_or_else(|| {
        format!("`retries` is a whole number from 0 to {MOST_RETRIES}, or \"forever\", and not {value}")
    })
}

fn milliseconds(key: &str, value: &Value, least: u64) -> Result<u64, String> {
    let wrong = || format!("`{key}` is a time such as \"500ms\", \"2s\", \"1m\" or \"1h\", and not {value}");
    let text = value.as_str().ok_or_else(wrong)?.trim();
    let digits =
        text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.').len();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = TIMES.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
    let number: f64 = number.parse().map_err(|_| wrong())?;
    #[expect(clippy::cast_precision_loss, reason = "a factor is small")]
    let exact = number * *factor as f64;
    #[expect(clippy::cast_precision_loss, reason = "bounds need no last millisecond")]
    let (least_ms, longest_ms) = (least as f64, LONGEST_MS as f64);
    if !(least_ms..=longest_ms).contains(&exact) {
        let bounds = if least > 0 { "longer than nothing and at most" } else { "at most" };
        return Err(format!("`{key}` is {bounds} a hundred years, and not {value}"));
    }
    if exact.fract() != 0.0 {
        return Err(format!("`{key}` is a whole number of milliseconds, and not {value}"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and between the bounds"
    )]
    Ok(exact as u64)
}

fn multiplier(value: &Value) -> Result<f64, String> {
    let number = value.as_f64().filter(|number| (1.0..=LARGEST_MULTIPLIER).contains(number));
    number.ok_or_else(|| format!("`multiplier` is a number from 1 to {LARGEST_MULTIPLIER}, and not {value}"))
}

fn count(key: &str, value: &Value) -> Result<u32, String> {
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count
        .filter(|count| (1..=MOST_PERMITS).contains(count))
        .ok_or_else(|| format!("`{key}` is a whole number from 1 to {MOST_PERMITS}, and not {value}"))
}

fn rate(value: &Value) -> Result<Rate, String> {
    let wrong = || {
        format!(
            "`rate_limit` is a whole number above 0 and a time: \"100/s\", \"20/m\" or \"500/h\", and not {value}"
        )
    };
    let (number, unit) = value.as_str().and_then(|text| text.split_once('/')).ok_or_else(wrong)?;
    let (_, per_ms) = TIMES[..3].iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
    let permits: u32 = number.trim().parse().map_err(|_| wrong())?;
    if permits == 0 || permits > MOST_PERMITS {
        return Err(format!("`rate_limit` allows 1 to {MOST_PERMITS} attempts in its time, and not {value}"));
    }
    Ok(Rate { permits, per_ms: *per_ms })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Numbers;

    fn read(written: Value) -> Result<Numbers, String> {
        let Value::Object(written) = written else { panic!("an object") };
        Numbers::default().with(&written)
    }

    #[test]
    fn what_is_spelled_is_read_again() {
        for written in [
            json!({}),
            json!({"retries": 0, "initial": "0ms", "timeout": "1ms", "bulkhead": 1}),
            json!({"retries": "forever", "initial": "1500ms", "max_delay": "90s", "multiplier": 1.5}),
            json!({"timeout": "2m", "deadline": "1h", "rate_limit": "20/m", "bulkhead": 1_000_000}),
        ] {
            let numbers = read(written.clone()).unwrap();
            assert_eq!(Value::Object(numbers.spelled()), written);
            let again: Numbers = serde_json::from_str(&serde_json::to_string(&numbers).unwrap()).unwrap();
            assert_eq!(again, numbers);
        }
        assert_eq!(read(json!({"timeout": "1.5 s"})).unwrap().timeout_ms, Some(1500));
        let taken_back = read(json!({"retries": 3, "timeout": "1s"})).unwrap();
        let Value::Object(written) = json!({"retries": null}) else { panic!("an object") };
        assert_eq!(Value::Object(taken_back.with(&written).unwrap().spelled()), json!({"timeout": "1s"}));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (written, says) in [
            (json!({"retry": 1}), "`retry`"),
            (json!({"retries": -1}), "from 0 to 100000"),
            (json!({"retries": 1.5}), "whole number"),
            (json!({"retries": 100_001}), "100000"),
            (json!({"retries": "for ever"}), "forever"),
            (json!({"timeout": "0s"}), "longer than nothing"),
            (json!({"timeout": 500}), "a time such as"),
            (json!({"timeout": "-1s"}), "a time such as"),
            (json!({"timeout": "1"}), "a time such as"),
            (json!({"timeout": "1.0005s"}), "whole number of milliseconds"),
            (json!({"timeout": "99999999999999999999h"}), "a hundred years"),
            (json!({"timeout": "1..5s"}), "a time such as"),
            (json!({"deadline": "0ms"}), "longer than nothing"),
            (json!({"multiplier": 0.5}), "from 1 to 1000"),
            (json!({"bulkhead": 0}), "from 1 to"),
            (json!({"bulkhead": "8"}), "from 1 to"),
            (json!({"rate_limit": "0/s"}), "1 to 1000000"),
            (json!({"rate_limit": "5/ms"}), "100/s"),
            (json!({"rate_limit": 5}), "100/s"),
        ] {
            let why = read(written.clone()).unwrap_err();
            assert!(why.contains(says), "{written}: {why}");
        }
    }

    #[test]
    fn live_numbers_fit_what_was_built() {
        let built =
            read(json!({"retries": 3, "initial": "100ms", "max_delay": "30s", "timeout": "2s"})).unwrap();
        assert_eq!(read(json!({"retries": 9, "timeout": "1h"})).unwrap().fit(&built), Ok(()));
        let why = read(json!({"bulkhead": 9})).unwrap().fit(&built).unwrap_err();
        assert!(why.contains("no `bulkhead` in the manifest"), "{why}");
        let why = read(json!({"initial": "31s"})).unwrap().fit(&built).unwrap_err();
        assert_eq!(why, "`initial` (31s) must not exceed `max_delay` (30s)");
    }
}
