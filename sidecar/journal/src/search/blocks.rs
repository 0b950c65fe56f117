//! Blocks of consecutive runs, and what is noted of each.
//!
//! It knows no store. Nothing is noted of encrypted runs, and a run leaves only bits of hashes.

use conductor_protocol::entry::UnixMillis;
use serde_json::Value;

use super::signature::{DEEP, LONG, Terms};
use super::{texts, written};
use crate::keys::is_keyed;
use crate::store::Change;

/// Keys of one block.
pub(crate) const BLOCK: i64 = 128;

/// Inputs and errors of more bytes are not read for it: their block may hold anything.
pub(crate) const LONGEST: i64 = 16 << 10;

/// Fields of one run; of one with more, its block may hold anything.
const FIELDS: usize = 32;

pub(crate) fn block_of(key: i64) -> i64 {
    key.div_euclid(BLOCK)
}

pub(crate) fn first_of(block: i64) -> i64 {
    block * BLOCK
}

/// What is noted of a block; `None` where it may hold anything.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) earliest: UnixMillis,
    pub(crate) latest: UnixMillis,
    pub(crate) fields: Option<Vec<u8>>,
    pub(crate) errors: Option<Vec<u8>>,
    pub(crate) texts: Option<Vec<u8>>,
}

/// A run of a block. Its input and its error are missing where they are longer than [`LONGEST`].
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) started_at: UnixMillis,
    pub(crate) input_digest: &'a str,
    pub(crate) input: Option<&'a str>,
    pub(crate) has_error: bool,
    pub(crate) error: Option<&'a str>,
}

/// Gathers the runs of one block.
#[derive(Debug)]
pub(crate) struct Builder {
    times: Option<(UnixMillis, UnixMillis)>,
    fields: Terms,
    errors: Terms,
    texts: Terms,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder { times: None, fields: Terms::new(), errors: Terms::new(), texts: Terms::new() }
    }

    pub(crate) fn add(&mut self, run: &Member<'_>) {
        let (earliest, latest) = self.times.unwrap_or((run.started_at, run.started_at));
        self.times = Some((earliest.min(run.started_at), latest.max(run.started_at)));
        let is_open = !is_keyed(run.input_digest);
        match run.input.filter(|_| is_open) {
            Some(input) => {
                self.texts.add_text(input);
                self.add_fields(input);
            }
            None => {
                self.texts.give_up();
                self.fields.give_up();
            }
        }
        match run.error.filter(|_| is_open) {
            Some(error) => {
                let error: Value = serde_json::from_str(error).unwrap_or_default();
                for text in texts(&error) {
                    self.errors.add_text(&text.to_lowercase());
                }
            }
            None if run.has_error => self.errors.give_up(),
            None => {}
        }
    }

    fn add_fields(&mut self, input: &str) {
        // What is no JSON has no field.
        let input: Value = serde_json::from_str(input).unwrap_or_default();
        let (mut open, mut count) = (vec![(String::new(), 0, &input)], 0);
        while let Some((name, depth, value)) = open.pop() {
            if let Value::Object(fields) = value {
                let inside = |(inner, value): (&String, _)| {
                    let name = if depth == 0 { inner.clone() } else { format!("{name}.{inner}") };
                    (name, depth + 1, value)
                };
                if depth < DEEP {
                    open.extend(fields.iter().map(inside));
                }
            } else if let Some(written) = written(value).filter(|written| written.len() < LONG) {
                count += 1;
                self.fields.add_field(&name, &written);
            }
            if count > FIELDS {
                return self.fields.give_up();
            }
        }
    }

    /// `None` where it has no run.
    pub(crate) fn build(self) -> Option<Block> {
        let (earliest, latest) = self.times?;
        Some(Block {
            earliest,
            latest,
            fields: self.fields.bits(),
            errors: self.errors.bits(),
            texts: self.texts.bits(),
        })
    }
}

impl Change {
    /// Whether the run may hold something after it that it did not hold before.
    pub(crate) fn tells_more(&self) -> bool {
        self.new.is_none() && (self.input.is_some() || !self.advances && self.head.error.is_some())
    }
}
