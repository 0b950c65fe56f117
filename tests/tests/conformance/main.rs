//! One meaning in every language: Plans are executed by the reference interpreter and by generated code against the real
//! sidecar, and their traces are compared.
//!
//! It knows what a trace says; how code comes to be and how a step works is the emitters' and the runtimes'.

mod arguments;
mod case;
mod direct;
mod execute;
mod expressions;
mod go;
mod hostile;
mod manifest;
mod meaning;
mod property;
mod python;
mod random;
mod reference;
mod retarget;
mod strict;
mod table;
mod typescript;
mod values;

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};

use case::Job;
use execute::Target;

/// What is measured in milliseconds wants the machine for itself: each test holds this.
fn alone() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::new(());
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `CONFORMANCE_ONLY=map_,policy_timeout` and `CONFORMANCE_LANGUAGES=python` look at a part.
fn chosen(variable: &str, name: &str) -> bool {
    let Ok(wanted) = std::env::var(variable) else { return true };
    wanted.split(',').any(|part| name.starts_with(part))
}

fn targets() -> Vec<&'static dyn Target> {
    let all: [&'static dyn Target; 3] = [&python::Python, &typescript::Typescript, &go::Go];
    all.into_iter().filter(|target| chosen("CONFORMANCE_LANGUAGES", target.language().as_str())).collect()
}

#[test]
fn every_case_means_the_same_in_every_language() -> Result<()> {
    let _alone = alone();
    let jobs: Vec<Job> =
        case::all()?.into_iter().filter(|job| chosen("CONFORMANCE_ONLY", &job.name)).collect();
    let mut table = table::Table::new(&jobs);
    for target in targets() {
        table.add(target.language(), execute::judged(target, &jobs, execute::How::default())?);
    }
    println!("{}", table.shown());
    let wrong = table.wrong();
    ensure!(
        wrong.is_empty(),
        "{} differ from what docs/semantics.md says:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}
