//! What runs are searched for: texts in their errors and inputs, values of input fields, and what stands at their heads.
//!
//! It knows no store and no page. A look at the stored texts leaves out most runs before anything is parsed; what may be shown
//! of a run decides.

mod blocks;
mod signature;

use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use serde_json::Value;

pub(crate) use blocks::{BLOCK, Block, Builder, LONGEST, Member, block_of, first_of};
pub(crate) use signature::{Probe, Probes};

use crate::keys::is_keyed;
use crate::store::{RunFilter, RunRow, StoreError, Times};

/// What is looked for in each run.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub workflow: Option<String>,
    pub state: Option<RunState>,
    /// Text in a message, a code, a type or a step of the error, in any case.
    pub error: Option<Sought>,
    pub input: Option<Wanted>,
}

/// A text in lower case.
#[derive(Debug, Clone)]
pub struct Sought(String);

impl Sought {
    #[must_use]
    pub fn new(text: &str) -> Sought {
        Sought(text.to_lowercase())
    }
}

/// What is looked for in inputs.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A text anywhere in them, as they are written.
    Text(String),
    /// The field of that name, a dot leading into it, is the value: a text, or what is written so in JSON.
    Field { name: String, value: String },
}

impl Wanted {
    /// Reads `NAME=VALUE`, or a text without an equals sign.
    #[must_use]
    pub fn parse(text: &str) -> Wanted {
        match text.split_once('=') {
            None => Wanted::Text(text.to_owned()),
            Some((name, value)) => {
                Wanted::Field { name: name.trim().to_owned(), value: value.trim().to_owned() }
            }
        }
    }
}

/// What a store reads of a run before it knows whether the run is wanted.
#[derive(Debug)]
pub(crate) struct Glimpse<'a> {
    pub(crate) workflow: &'a str,
    pub(crate) state: &'a str,
    pub(crate) started_at: UnixMillis,
    pub(crate) input_digest: &'a str,
    pub(crate) input: &'a str,
    pub(crate) error: Option<&'a str>,
}

impl Search {
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.workflow.is_some() || self.state.is_some() || self.is_text()
    }

    /// Whether it looks into errors or inputs.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.error.is_some() || self.input.is_some()
    }

    /// False where the run cannot be one of those.
    pub(crate) fn may_fit(&self, run: &Glimpse<'_>) -> bool {
        self.workflow.as_deref().is_none_or(|workflow| workflow == run.workflow)
            && self.state.is_none_or(|state| state.as_str() == run.state)
            && (self.error.is_none() || run.error.is_some())
            && (is_keyed(run.input_digest) || self.texts_may_fit(run))
    }

    fn texts_may_fit(&self, run: &Glimpse<'_>) -> bool {
        let error = match (&self.error, run.error) {
            (Some(Sought(wanted)), Some(error)) => {
                // What is written with escapes, or becomes longer or shorter in lower case, is parsed.
                !error.is_ascii() || error.contains('\\') || error.to_ascii_lowercase().contains(wanted)
            }
            _ => true,
        };
        error
            && match &self.input {
                None => true,
                Some(Wanted::Text(text)) => run.input.contains(text),
                Some(Wanted::Field { value, .. }) => {
                    !is_verbatim(value) || run.input.contains(value) || run.input.contains('\\')
                }
            }
    }

    /// Whether what is shown of a run is what is looked for, its head apart.
    pub fn fits(
        &self,
        error: impl FnOnce() -> Option<Value>,
        input: impl FnOnce() -> Option<Value>,
        input_text: Option<&str>,
    ) -> bool {
        if let Some(Sought(wanted)) = &self.error
            && !error().is_some_and(|error| texts(&error).any(|text| text.to_lowercase().contains(wanted)))
        {
            return false;
        }
        match &self.input {
            None => true,
            Some(Wanted::Text(text)) => input_text.is_some_and(|input| input.contains(text)),
            Some(Wanted::Field { name, value }) => input().is_some_and(|input| has(&input, name, value)),
        }
    }
}

/// Whether an input that has the value has it letter by letter, where nothing is escaped: a fraction and a list may be written
/// in several ways.
fn is_verbatim(value: &str) -> bool {
    !value.starts_with(['{', '[']) && !value.parse::<serde_json::Number>().is_ok_and(|number| number.is_f64())
}

/// Texts of an error that are looked through.
fn texts(error: &Value) -> impl Iterator<Item = &str> {
    let types = error["types"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = ["message", "code", "step"].into_iter().filter_map(|name| error[name].as_str());
    named.chain(types.iter().filter_map(Value::as_str))
}

/// How a field is written that is neither a list nor an object.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        other => serde_json::to_string(other).ok(),
    }
}

fn has(input: &Value, name: &str, value: &str) -> bool {
    let Some(found) = name.split('.').try_fold(input, |at, name| at.get(name)) else { return false };
    match written(found) {
        Some(written) => written == value,
        None => serde_json::to_string(found).is_ok_and(|written| written == value),
    }
}

/// Runs of consecutive keys that may be among those that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub first: i64,
    pub last: i64,
    /// No run of it started before or after these.
    pub earliest: UnixMillis,
    pub latest: UnixMillis,
}

impl Stretch {
    /// A block of which it is noted when its runs started.
    pub(crate) fn of(block: i64, earliest: UnixMillis, latest: UnixMillis) -> Stretch {
        Stretch { first: first_of(block), last: first_of(block) + BLOCK - 1, earliest, latest }
    }

    /// That block and all after it, of which nothing is noted.
    pub(crate) fn all_from(block: i64) -> Stretch {
        Stretch { first: first_of(block), last: i64::MAX, earliest: UnixMillis::MIN, latest: UnixMillis::MAX }
    }
}

/// Runs that are looked at, one after the other.
#[derive(Debug)]
pub struct Scan<'a> {
    /// Its limit is how many are looked at.
    pub filter: &'a RunFilter,
    pub search: &'a Search,
    /// First and last key; they come in the order of their keys then, and those outside of the filter's times are left out.
    pub within: Option<(i64, i64)>,
}

impl Scan<'_> {
    pub(crate) fn may_fit(&self, run: &Glimpse<'_>) -> bool {
        let is_in = |times: Times| times.since <= run.started_at && run.started_at <= times.until;
        self.filter.times.is_none_or(is_in) && self.search.may_fit(run)
    }
}

/// What came of a [`Scan`].
#[derive(Debug, Default)]
pub struct Scanned {
    /// Those that may be wanted.
    pub runs: Vec<RunRow>,
    /// The start and the key of the last one that was looked at.
    pub last: Option<(UnixMillis, i64)>,
    /// Whether there are more.
    pub more: bool,
}

/// Looks for runs of which nothing but their texts tells, with what is noted of blocks of runs behind the commits.
pub trait Searching {
    /// Stretches outside of which no run is wanted, the newest keys first; `None` where nothing is noted of what is looked for.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn stretches(&self, search: &Search) -> Result<Option<Vec<Stretch>>, StoreError>;
    /// The first and the last key that a run of those times may have.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn keys_of(&self, times: Times) -> Result<(i64, i64), StoreError>;
    /// Looks at runs, the newest first, and reads those that may be wanted.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn scan(&self, scan: &Scan<'_>) -> Result<Scanned, StoreError>;
    /// The starts and the keys of the runs of a workflow or in a state within these keys, the newest keys first. One more than the
    /// filter's limit says that there are more.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn places(&self, filter: &RunFilter, within: (i64, i64)) -> Result<Vec<(UnixMillis, i64)>, StoreError>;
    /// The runs with these keys that are still there, in this order.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn runs_of(&self, keys: &[i64]) -> Result<Vec<RunRow>, StoreError>;
    /// One slice of noting what blocks of runs hold. Returns whether there is more.
    ///
    /// # Errors
    /// When the store cannot be written; nothing depends on it.
    fn note_blocks(&self) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Glimpse, Search, Sought, Wanted};

    fn finds(search: &Search, error: Option<&str>, input: &str) -> bool {
        let parse = |text: &str| serde_json::from_str(text).ok();
        let is_found = search.fits(|| error.and_then(parse), || parse(input), Some(input));
        let seen =
            Glimpse { workflow: "w", state: "failed", started_at: 1, input_digest: "blake3:0", input, error };
        assert!(
            search.may_fit(&seen) || !is_found,
            "left out before it was parsed: {search:?} in {input} {error:?}"
        );
        is_found
    }

    fn field(input: &str, wanted: &str) -> bool {
        let search = Search { input: Some(Wanted::parse(wanted)), ..Search::default() };
        finds(&search, None, input)
    }

    #[test]
    fn inputs_are_found_by_name_and_value() {
        let input =
            json!({"user": {"id": "u1"}, "amount": 5, "note": "5", "gone": null, "list": [1]}).to_string();
        for wanted in ["user.id=u1", " amount = 5", "note=5", "user={\"id\":\"u1\"}", "gone=null", "list=[1]"]
        {
            assert!(field(&input, wanted), "{wanted}");
        }
        for wanted in ["user.id=u", "amount=50", "id=u1", "=", "user.id.x=u1", "list.0=1"] {
            assert!(!field(&input, wanted), "{wanted}");
        }
    }

    #[test]
    fn a_value_is_found_however_its_writer_wrote_it() {
        for (input, wanted) in [
            (r#"{"a": "\u0075\u0031"}"#, "a=u1"),
            (r#"{"a": 1.50e1}"#, "a=15.0"),
            (r#"{"a": [1, 2]}"#, "a=[1,2]"),
            (r#"{"a": "x=y"}"#, "a=x=y"),
            (r#"{"a": "\"q\""}"#, "a=\"q\""),
            (r#"{"a": "é"}"#, "a=é"),
            (r#"{"a": 18446744073709551615}"#, "a=18446744073709551615"),
        ] {
            assert!(field(input, wanted), "{wanted} in {input}");
        }
    }

    #[test]
    fn errors_are_found_by_what_they_say() {
        let error = r#"{"types":["shop.CardDeclined"],"message":"No FUNDS\u0021 \u212a","code":"402","step":"charge"}"#;
        let says = |wanted: &str| {
            finds(&Search { error: Some(Sought::new(wanted)), ..Search::default() }, Some(error), "{}")
        };
        for wanted in ["carddeclined", "no funds", "402", "charge", "funds!", "k"] {
            assert!(says(wanted), "{wanted}");
        }
        assert!(!says("types"));
        let kelvin = "{\"message\":\"\u{212a}elvin\"}";
        assert!(finds(
            &Search { error: Some(Sought::new("Kelvin")), ..Search::default() },
            Some(kelvin),
            "{}"
        ));
    }
}
