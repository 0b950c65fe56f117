//! Advice: what each rule says, and where it is silent.

pub mod pages;
mod samples;
