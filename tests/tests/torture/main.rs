//! Storms: applications in three languages and their sidecars, on whom falls what can fall on machines; then a judge looks.
//!
//! `cargo xtask torture` runs them for minutes. `TORTURE_SEED` repeats the choices of one: its workflows and its faults; the
//! processes keep a timing of their own. What is not in one storm is in the next.

mod crowd;
mod guilty;
mod host;
mod machines;
mod network;
mod program;
mod proxy;
mod report;
mod shim;
mod storm;
mod verdict;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conductor_protocol::entry::Entry;
use conductor_tests::journal::Journal;
use conductor_tests::random::{Random, seed};

use crate::crowd::Crowd;
use crate::host::Host;
use crate::machines::Machines;
use crate::report::Report;
use crate::storm::Site;
use crate::verdict::{Case, Ledger, judge};

/// What CI has time for.
const SHORT: Duration = Duration::from_secs(25);

/// Of one storm, before the next begins with other workflows.
const STORM: Duration = Duration::from_secs(150);
const RUNS: usize = 4000;

/// The time given with `TORTURE_MINUTES`.
fn time() -> Result<Option<Duration>> {
    let Ok(given) = std::env::var("TORTURE_MINUTES") else { return Ok(None) };
    let minutes: u64 = given.parse().context("TORTURE_MINUTES is a whole number")?;
    Ok(Some(Duration::from_secs(minutes * 60)))
}

/// One storm after the other while there is time, each of a seed of its own, until one of them broke something.
fn storms(time: Duration, mut storm: impl FnMut(Instant, u64, &mut Report) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    let first = seed("TORTURE_SEED");
    let mut report = Report::default();
    while start.elapsed() < time && report.violations.is_empty() {
        let seed = first + report.episodes as u64;
        report.episodes += 1;
        let until = (start + time).min(Instant::now() + STORM);
        storm(until, seed, &mut report).with_context(|| format!("TORTURE_SEED={seed}"))?;
        println!(
            "storm {} (TORTURE_SEED={seed}), {:.0} s in all",
            report.episodes,
            start.elapsed().as_secs_f64()
        );
    }
    println!("{report}");
    let small = report.all_runs() < 60 || report.owners < 10 || report.returned < 10;
    ensure!(!small, "the storm was too small to prove anything");
    let found = &report.violations;
    ensure!(found.is_empty(), "{} broken promises:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// Storms over sites of one kind.
fn over<S: Site>(time: Duration) -> Result<()> {
    storms(time, |until, seed, report| {
        let mut random = Random::new(seed);
        let mut site = S::begin(&mut random)?;
        let stormed = storm::pass(&mut site, until, RUNS, &mut random, report);
        if let (Err(_), Some(folder), Ok(journal)) = (&stormed, evidence(), site.journal()) {
            keep(&folder, site.crowd(), &journal, seed)?;
        }
        let journal = stormed.with_context(|| site.said())?;
        take(report, site.crowd(), &journal, seed)
    })
}

#[test]
fn nothing_is_lost_on_one_machine() -> Result<()> {
    over::<Host>(time()?.unwrap_or(SHORT))
}

#[test]
#[ignore = "it needs root, for network namespaces, and minutes: `cargo xtask torture`"]
fn nothing_is_lost_between_two_machines() -> Result<()> {
    over::<Machines>(time()?.unwrap_or(STORM))
}

#[test]
#[ignore = "it needs root, for network namespaces: `cargo xtask torture`"]
fn runs_of_a_killed_machine_end_on_the_other() -> Result<()> {
    let mut random = Random::new(seed("TORTURE_SEED"));
    let mut machines = Machines::begin(&mut random)?;
    let taken_over = machines.take_over(&mut random);
    let (runs, time) = taken_over.with_context(|| machines.said())?;
    println!("{runs} runs of a machine whose processes were killed ended on the other within {time:?}");
    Ok(())
}

/// Counts what a storm came to, and judges it.
fn take(report: &mut Report, crowd: &Crowd, journal: &Journal, seed: u64) -> Result<()> {
    let ledger = Ledger::read(&fs::read(crowd.ledger())?)?;
    for run in journal.values() {
        *report.runs.entry(run.state.clone()).or_default() += 1;
        for (_, entry) in run.entries() {
            match entry {
                Entry::StepSucceeded { .. } | Entry::StepFailed { .. } | Entry::StepCancelled { .. } => {
                    report.steps += 1;
                }
                Entry::RunResumed { .. } => report.owners += 1,
                _ => {}
            }
        }
    }
    report.executions += ledger.executions.iter().filter(|execution| execution.begin).count();
    report.returned += ledger.returned.len();
    let mut accepted = crowd.accepted.clone();
    accepted.extend(ledger.returned.iter().map(|(run, _)| run.clone()));
    let found = judge(&Case {
        programs: &crowd.programs,
        journal,
        ledger: &ledger,
        snapshots: &crowd.snapshots,
        accepted: &accepted,
        cancelled: &crowd.cancelled,
    });
    if let Some(folder) = evidence().filter(|_| !found.is_empty()) {
        keep(&folder, crowd, journal, seed)?;
    }
    report.violations.extend(found.into_iter().map(|promise| format!("TORTURE_SEED={seed}: {promise}")));
    Ok(())
}

/// Where the evidence of a broken promise is kept, if it is.
fn evidence() -> Option<PathBuf> {
    std::env::var_os("TORTURE_KEEP").map(PathBuf::from)
}

/// The evidence, for whoever looks into a broken promise.
fn keep(folder: &Path, crowd: &Crowd, journal: &Journal, seed: u64) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::copy(crowd.ledger(), folder.join(format!("{seed}.ledger")))?;
    let lines = journal.iter().flat_map(|(id, run)| {
        let records = run.records.iter();
        records.map(move |record| format!("{id} {} {} {}\n", record.epoch, record.seq, record.body))
    });
    fs::write(folder.join(format!("{seed}.journal")), lines.collect::<String>())?;
    let manifests = crowd.programs.iter().map(program::Program::manifest);
    Ok(fs::write(folder.join(format!("{seed}.manifests")), manifests.collect::<String>())?)
}
