//! Advice: what each rule says, where it is silent, and what its fixes do.

mod pages;
mod samples;
