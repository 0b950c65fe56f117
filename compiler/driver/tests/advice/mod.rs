//! Advice: what each rule says, where it is silent, and what its fixes do.

mod fixes;
mod pages;
mod samples;
