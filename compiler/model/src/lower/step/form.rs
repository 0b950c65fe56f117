//! The kinds of steps: which word says each, which keys it takes, and whether they stand beside that word or inside.
//!
//! It knows keys, not their values.

/// Where the options of a step stand: beside its word, or in the mapping under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Options {
    Beside,
    Inside,
}

pub(crate) struct Form {
    pub word: &'static str,
    pub options: Options,
    /// With the word itself where they stand beside it.
    pub keys: &'static [&'static str],
    /// With its article, for messages.
    pub noun: &'static str,
}

macro_rules! form {
    (beside $word:literal $($key:literal)*) => {
        Form { word: $word, options: Options::Beside, keys: &[$word, "id", "when", "needs", $($key),*],
               noun: concat!("a `", $word, "` step") }
    };
    (inside $word:literal $($key:literal)*) => {
        Form { word: $word, options: Options::Inside, keys: &["id", "when", "needs", $($key),*],
               noun: concat!("a `", $word, "` step") }
    };
}

pub(crate) const FORMS: &[Form] = &[
    form!(beside "task" "with" "policy" "critical"),
    form!(beside "workflow" "with" "policy" "critical" "detach"),
    form!(beside "sequence" "critical" "deadline" "deadline_ms"),
    form!(beside "parallel" "critical" "deadline" "deadline_ms" "max_concurrency" "on_failure"),
    form!(beside "graph" "critical" "deadline" "deadline_ms"),
    form!(beside "race" "critical" "deadline" "deadline_ms"),
    form!(inside "map" "critical" "deadline" "deadline_ms" "over" "as" "max_concurrency" "steps"),
    form!(beside "switch" "critical" "deadline" "deadline_ms"),
    form!(inside "loop" "critical" "deadline" "deadline_ms" "while" "until" "max_iterations" "every" "every_ms"
        "on_exhausted" "steps"),
    form!(beside "try" "critical" "deadline" "deadline_ms" "catch" "finally"),
    form!(beside "sleep"),
    form!(inside "wait_for" "critical" "signal" "type" "timeout" "timeout_ms" "on_timeout"),
    form!(inside "emit" "critical" "signal" "data" "run"),
    form!(inside "hold" "critical" "deadline" "deadline_ms" "resource" "atomic" "steps"),
    form!(beside "set"),
    form!(beside "return"),
    form!(inside "fail" "type" "message"),
];

pub(super) fn find(word: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.word == word)
}

/// The option that is most likely meant by a value that stands alone, where options stand inside.
pub(super) fn main_key(word: &str) -> Option<&'static str> {
    Some(match word {
        "map" => "over",
        "loop" => "while",
        "wait_for" | "emit" => "signal",
        "hold" => "resource",
        _ => return None,
    })
}

/// Whether some kind of step takes the key.
pub(super) fn is_known(key: &str) -> bool {
    FORMS.iter().any(|form| form.keys.contains(&key))
}

/// Why a step of this kind does not take a key of another kind.
pub(super) fn reason(form: &Form, key: &str) -> String {
    let call = matches!(form.word, "task" | "workflow");
    let block = form.keys.contains(&"deadline");
    match key {
        "deadline" | "deadline_ms" if call => {
            "the deadline of a call belongs in its policy, the deadline of a workflow to the workflow"
                .to_owned()
        }
        "deadline" | "deadline_ms" => "put the step into a `sequence` that has one".to_owned(),
        "max_concurrency" => {
            "it says how many branches of a `parallel` block, or items of a `map`, run at a time".to_owned()
        }
        "on_failure" => "it says what a failing branch does to a `parallel` block".to_owned(),
        "with" if block => "arguments belong to the calls inside the block".to_owned(),
        "policy" if block => {
            "blocks take only `deadline` and `critical`; policies belong to the calls inside".to_owned()
        }
        "critical" => "there is nothing in it whose failure could be tolerated".to_owned(),
        _ => format!("it belongs to {}", owners(key)),
    }
}

/// "`task` and `workflow`".
fn owners(key: &str) -> String {
    let words: Vec<String> =
        FORMS.iter().filter(|form| form.keys.contains(&key)).map(|form| format!("`{}`", form.word)).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
