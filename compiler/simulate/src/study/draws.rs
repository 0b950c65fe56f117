//! Random answers to the interpreter's questions, from a profile.
//!
//! It knows distributions, not what they mean for a run.

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;

use super::Study;
use super::profile::{Profile, SignalProfile};
use crate::clock::Micros;
use crate::executor::{digest_of, mix};
use crate::oracle::{Answered, Attempt, Attempted, Oracle, Waited};
use crate::random::Random;
use crate::scenario::micros;
use crate::values::synthesise;

pub(super) struct Draws<'a> {
    profile: &'a Profile,
    seed: u64,
}

impl<'a> Draws<'a> {
    pub fn new(study: &'a Study) -> Draws<'a> {
        Draws { profile: &study.profile, seed: study.seed }
    }

    /// A source for one question: whatever else was asked before, it gives the same.
    fn source(&self, run: &str, key: &str, number: u64) -> Random {
        Random::new(mix(mix(mix(self.seed, digest_of(run)), digest_of(key)), number))
    }
}

impl Oracle for Draws<'_> {
    fn attempt(&mut self, attempt: &Attempt<'_>) -> Attempted {
        let number = u64::from(attempt.attempt) << 32 | u64::from(attempt.hedge);
        let mut random = self.source(attempt.run, attempt.key, number);
        let profile = self.profile.task(&attempt.call.task);
        let (fails, hangs) = (random.unit() < profile.failure_rate, random.unit() < profile.hang_rate);
        let after: Micros = micros(self.profile.duration(&attempt.call.task, &mut random));
        let result = if fails {
            Err(ErrorForm {
                types: vec![profile.error.clone()],
                message: "a drawn failure".to_owned(),
                ..ErrorForm::default()
            })
        } else {
            Ok(match &profile.returns {
                Some(value) => Arc::new(value.clone()),
                None => {
                    let returns = attempt.call.callable.returns();
                    Arc::new(synthesise(returns, attempt.types, self.profile.lengths(), &mut random))
                }
            })
        };
        Attempted { after: (!hangs).then_some(after), result }
    }

    fn jitter(&mut self, run: &str, key: &str, failures: u32) -> f64 {
        self.source(run, key, u64::from(failures) | 1 << 63).unit()
    }

    fn signal(&mut self, waited: &Waited<'_>) -> Option<Answered> {
        let mut random = self.source(waited.run, waited.key, 1 << 62);
        let made_up = SignalProfile::default();
        let profile = self.profile.signals.get(waited.signal).unwrap_or(&made_up);
        if random.unit() < profile.missing_rate {
            return None;
        }
        let after = micros(profile.after.draw(&mut random));
        let data = match &profile.data {
            Some(data) => data.clone(),
            None => synthesise(waited.ty, waited.types, self.profile.lengths(), &mut random),
        };
        Some(Answered { after, data: Arc::new(data) })
    }
}
