//! The ids of traces and spans: they follow from what a run, a step or an attempt is called, so that whoever makes a span, or
//! makes it again, gives it the same one.
//!
//! It knows no span.

use sha2::{Digest, Sha256};

use crate::entry::RunStarted;

pub type TraceId = [u8; 16];
pub type SpanId = [u8; 8];

/// Where a run stands among the traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub trace: TraceId,
    /// The run's own span.
    pub span: SpanId,
    /// The caller's span, where the run was started with one.
    pub parent: Option<SpanId>,
    /// Whether the caller records its trace; a run without a caller is recorded.
    pub sampled: bool,
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn part<const N: usize>(of: &[u8], from: usize) -> [u8; N] {
    let mut id = [0; N];
    id.copy_from_slice(&of[from..from + N]);
    id
}

impl Place {
    /// The place of a run, whose caller may have given its own.
    #[must_use]
    pub fn of_run(run: &str, traceparent: Option<&str>) -> Place {
        let digest = digest(run);
        let own = part(&digest, 16);
        match traceparent.and_then(parse) {
            Some((trace, parent, flags)) => {
                Place { trace, span: own, parent: Some(parent), sampled: flags & 1 == 1 }
            }
            None => Place { trace: part(&digest, 0), span: own, parent: None, sampled: true },
        }
    }

    #[must_use]
    pub fn of_started(run: &str, started: &RunStarted) -> Place {
        Place::of_run(run, started.traceparent.as_deref())
    }
}

/// The span of an attempt, by the step's idempotency key.
#[must_use]
pub fn of_attempt(key: &str, attempt: u32) -> SpanId {
    part(&digest(&format!("{key}/{attempt}")), 0)
}

/// The span of a step, by its idempotency key.
#[must_use]
pub fn of_step(key: &str) -> SpanId {
    part(&digest(key), 0)
}

/// An id as the W3C writes it.
#[must_use]
pub fn hex(id: &[u8]) -> String {
    use std::fmt::Write;
    id.iter().fold(String::with_capacity(id.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut id = [0; N];
    if text.len() != N * 2 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (index, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(id)
}

/// Trace, span and flags of a `traceparent` of version 00.
fn parse(text: &str) -> Option<(TraceId, SpanId, u8)> {
    let parts: Vec<&str> = text.split('-').collect();
    let ["00", trace, span, flags] = parts[..] else { return None };
    let [flags] = bytes::<1>(flags)?;
    Some((bytes(trace)?, bytes(span)?, flags))
}

#[cfg(test)]
mod tests {
    use super::{Place, hex, of_attempt};

    /// The same as the runtimes' own: see their tests of `traceparent`.
    #[test]
    fn a_run_without_a_caller_has_a_trace_of_its_own() {
        let place = Place::of_run("order-1", None);
        let again = Place::of_run("order-1", Some("nonsense"));
        assert_eq!(place, again);
        assert_eq!(hex(&place.trace).len(), 32);
        assert!(place.sampled);
        assert_ne!(of_attempt("order-1/charge", 1), of_attempt("order-1/charge", 2));
    }

    #[test]
    fn a_caller_s_place_is_taken_up() {
        let place = Place::of_run("order-1", Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
        assert_eq!(hex(&place.trace), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(place.parent.map(|id| hex(&id)).as_deref(), Some("b7ad6b7169203331"));
        assert!(!place.sampled);
        assert_eq!(place.span, Place::of_run("order-1", None).span);
    }
}
