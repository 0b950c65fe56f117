//! The pipeline as its callers see it: one binary, so that it is linked once.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod advice;
mod annotated;
mod binding;
mod blocks;
mod codes;
mod deadlocks;
mod deep;
mod defaults;
mod drafting;
mod hcl;
mod http;
mod implied;
mod inputs;
mod keyed;
mod large;
mod lock;
mod manual;
mod meaning;
mod model_answers;
mod mutants;
mod mutations;
mod objects;
mod plan;
mod plan_diff;
mod policies;
mod properties;
mod robust;
mod rules;
mod samples;
mod schema;
mod seed;
mod support;
mod targets;
mod time_rules;
mod twins;
