//! Runs of jobs in one language: a package of all of them, a worker that serves it, the real sidecar.
//!
//! It knows how runs are started and awaited; what a language's files look like is a [`Target`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conductor_emit::{Header, Target as EmitTarget, emit, unsupported};
use conductor_protocol::plan::{Language, Plan};
use conductor_tests::http;
use conductor_tests::journal::Follower;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::random::Random;
use conductor_tests::sidecar::Sidecar;
use serde_json::{Value, json};

use crate::arguments::{self, Arguments};
use crate::case::Job;
use crate::direct::{self, Call};
use crate::meaning::{self, Meaning};
use crate::reference::{Expected, expected, starts};
use crate::{retarget, values};

/// What a language needs to run jobs.
pub trait Target: Sync {
    fn language(&self) -> Language;
    /// Where generated code goes.
    fn out(&self) -> &'static str;
    /// Go: the import path of it.
    fn package(&self) -> Option<&'static str> {
        None
    }
    /// Writes stubs and a program that serves.
    fn write(&self, project: &Project, all: &[&Expected]) -> Result<()>;
    fn build(&self, project: &Project) -> Result<()>;
    fn serve(&self, project: &Project) -> Result<Process>;
    /// The name of the function that runs a workflow.
    fn exported(&self, workflow: &str, files: &BTreeMap<String, String>) -> Option<String>;
    /// Writes a program that makes the calls and writes down what comes of them.
    fn write_calls(&self, project: &Project, calls: &[Call]) -> Result<()>;
    fn call(&self, project: &Project) -> Result<Process>;
}

/// What became of a job in a language.
#[derive(Debug, Clone)]
pub enum Verdict {
    Equal,
    /// What differs.
    Differs(Vec<String>),
    /// What the language's generator does not write yet.
    Missing(String),
}

/// What else happens while jobs run.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// The seed by which the process dies now and then; only ends are compared then.
    pub dies: Option<u64>,
}

/// How many jobs run at a time.
const AT_A_TIME: usize = 6;
/// How much longer than in the simulation a run may take.
const SLACK: Duration = Duration::from_secs(20);
pub const HEADER: Header<'_> = Header { manifest: "concurrency.yaml", version: "0.1.0" };

/// The verdict of each job.
pub fn judged(target: &dyn Target, jobs: &[Job], how: How) -> Result<Vec<Verdict>> {
    let mut verdicts: BTreeMap<usize, Verdict> = BTreeMap::new();
    let mut runnable: Vec<(usize, Expected)> = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let job = retarget::job(job, target.language())?;
        match missing(target, &job) {
            Some(reason) => {
                verdicts.insert(index, Verdict::Missing(reason));
            }
            None => runnable.push((index, expected(&job).with_context(|| job.name.clone())?)),
        }
    }
    // A busy machine makes one or the other come late: what differs is asked again, one at a time. A mistake stays one.
    for at_a_time in [AT_A_TIME, 1, 1, 1] {
        let left = runnable.iter().filter(|(index, _)| !matches!(verdicts.get(index), Some(Verdict::Equal)));
        let (plain, left): (Vec<_>, Vec<_>) =
            left.partition(|(_, expected)| retarget::is_direct(&expected.job));
        if !plain.is_empty() {
            let expected: Vec<&Expected> = plain.iter().map(|(_, expected)| expected).collect();
            for ((index, _), verdict) in plain.iter().zip(direct::judged(target, &expected, at_a_time)?) {
                verdicts.insert(*index, verdict);
            }
        }
        if left.is_empty() {
            continue;
        }
        let expected: Vec<&Expected> = left.iter().map(|(_, expected)| expected).collect();
        let (found, called) = run_all(target, &expected, at_a_time, how)?;
        for ((index, expected), found) in left.iter().zip(found) {
            verdicts.insert(*index, verdict(expected, &found, &called, how));
        }
    }
    Ok(verdicts.into_values().collect())
}

fn verdict(expected: &Expected, found: &Meaning, called: &Arguments, how: How) -> Verdict {
    if how.dies.is_some() {
        return verdict_of_ends(expected, found);
    }
    let otherwise = arguments::difference(called, &expected.arguments);
    if !otherwise.is_empty() {
        return Verdict::Differs(otherwise);
    }
    if expected.meanings.contains(found) {
        return Verdict::Equal;
    }
    let wanted = expected.meanings.iter().map(|wanted| wanted.unless_overtaken(&expected.overtaken, found));
    let differences = wanted.map(|wanted| found.difference(&wanted));
    match differences.min_by_key(Vec::len) {
        Some(least) if !least.is_empty() => Verdict::Differs(least),
        _ => Verdict::Equal,
    }
}

/// Which steps ran again, and which were cut off, is not defined after a death; how the run ends is, and that no step
/// succeeds twice.
fn verdict_of_ends(expected: &Expected, found: &Meaning) -> Verdict {
    let run = &expected.job.name;
    let mut wrong = Vec::new();
    if !expected.meanings.iter().any(|wanted| wanted.ends.get(run) == found.ends.get(run)) {
        let wanted: Vec<_> = expected.meanings.iter().map(|wanted| wanted.ends.get(run)).collect();
        wrong.push(format!("{run} ends {:?} and not one of {wanted:?}", found.ends.get(run)));
    }
    for ((run, key), lines) in &found.steps {
        if lines.iter().filter(|line| line.starts_with("succeeded")).count() > 1 {
            wrong.push(format!("{run}/{key} succeeds twice: {lines:?}"));
        }
    }
    if wrong.is_empty() { Verdict::Equal } else { Verdict::Differs(wrong) }
}

pub fn emit_target(target: &dyn Target) -> EmitTarget<'static> {
    EmitTarget { go_package: target.package(), ..EmitTarget::new(target.language(), target.out()) }
}

/// Why the job cannot be run in the language.
pub fn missing(target: &dyn Target, job: &Job) -> Option<String> {
    let plans = &job.plans;
    let lacking: BTreeSet<String> = plans.iter().flat_map(unsupported).map(|found| found.what).collect();
    if !lacking.is_empty() {
        return Some(lacking.into_iter().collect::<Vec<_>>().join(", "));
    }
    if plans.iter().any(|plan| !plan.durable) && !retarget::is_direct(job) {
        return Some("some of its runs have a journal, and some have none".to_owned());
    }
    emit(plans, &emit_target(target), &HEADER).err().map(|error| error.to_string())
}

/// Builds one package of all jobs and runs them; what each came to.
fn run_all(
    target: &dyn Target,
    all: &[&Expected],
    at_a_time: usize,
    how: How,
) -> Result<(Vec<Meaning>, Arguments)> {
    let project = Project::empty()?;
    if let Some(kept) = std::env::var_os("CONFORMANCE_KEEP") {
        // To look at what was generated.
        write_package(target, &Project::at(kept.as_ref()), all)?;
    }
    write_package(target, &project, all)?;
    if let Err(error) = target.build(&project) {
        return without_the_broken(target, all, at_a_time, how, &format!("{error:#}"));
    }
    let sidecar = Sidecar::start(&project)?;
    let mut worker = target.serve(&project)?;
    if let Err(error) = worker.wait_for_line("serving") {
        return without_the_broken(target, all, at_a_time, how, &format!("{error:#}"));
    }
    let worker = Mutex::new(Some(worker));
    let waiting = Mutex::new(all.iter());
    let trouble: Mutex<Vec<String>> = Mutex::default();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let players: Vec<_> = (0..at_a_time)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let next = waiting.lock().map(|mut waiting| waiting.next());
                        let Ok(Some(expected)) = next else { return };
                        if let Err(error) = play(&sidecar, expected)
                            && let Ok(mut trouble) = trouble.lock()
                        {
                            trouble.push(format!("{}: {error:#}", expected.job.name));
                        }
                    }
                })
            })
            .collect();
        if let Some(seed) = how.dies {
            let (project, sidecar, worker, over) = (&project, &sidecar, &worker, &over);
            scope.spawn(move || deaths(target, project, sidecar, worker, over, Random::new(seed)));
        }
        for player in players {
            let _ = player.join();
        }
        over.store(true, Ordering::Relaxed);
    });
    let worker = worker.into_inner().unwrap_or_default();
    let journal = sidecar.journal()?;
    let trouble = trouble.into_inner().unwrap_or_default();
    if !trouble.is_empty() {
        println!(
            "{}:\n{}\n{}",
            target.language().as_str(),
            trouble.join("\n"),
            tail(&worker.as_ref().map(Process::stderr).unwrap_or_default())
        );
    }
    drop(worker);
    let meanings = all
        .iter()
        .map(|expected| meaning::of_journal(&journal, &expected.job.name).with_atomic(&expected.job.plans));
    Ok((meanings.collect(), arguments::written(&project)?))
}

/// What the compiler complains of is broken; its complaints name files and types, which are named after the jobs.
fn without_the_broken(
    target: &dyn Target,
    all: &[&Expected],
    at_a_time: usize,
    how: How,
    complaints: &str,
) -> Result<(Vec<Meaning>, Arguments)> {
    let line = |name: &str| {
        complaints.lines().find(|line| {
            let mut ends = line.match_indices(name).map(|(at, found)| &line[at + found.len()..]);
            ends.any(|rest| {
                rest.starts_with("__")
                    || !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
            })
        })
    };
    let broken: Vec<Option<&str>> = all.iter().map(|expected| line(&expected.job.name)).collect();
    let left: Vec<&Expected> =
        all.iter().zip(&broken).filter(|(_, line)| line.is_none()).map(|(expected, _)| *expected).collect();
    ensure!(left.len() < all.len(), "the generated package does not build: {complaints}");
    let (found, called) = run_all(target, &left, at_a_time, how)?;
    let mut found = found.into_iter();
    let meanings = all.iter().zip(broken).map(|(expected, line)| match line {
        None => found.next().unwrap_or_default(),
        Some(line) => {
            let end = (expected.job.name.clone(), format!("does not build: {}", line.trim()));
            Meaning { ends: BTreeMap::from([end]), ..Meaning::default() }
        }
    });
    Ok((meanings.collect(), called))
}

/// Kills the worker whenever the journal has got so many records more, and starts another one.
fn deaths(
    target: &dyn Target,
    project: &Project,
    sidecar: &Sidecar,
    worker: &Mutex<Option<Process>>,
    over: &AtomicBool,
    mut random: Random,
) {
    let (mut follower, mut records, mut next) = (Follower::default(), 0, 5);
    while !over.load(Ordering::Relaxed) {
        records += follower.news(&sidecar.store()).map_or(0, |news| news.len());
        if records >= next {
            next = records + 10 + usize::try_from(random.below(60)).unwrap_or(0);
            if let Ok(mut worker) = worker.lock() {
                // One that is gone already is dead enough.
                let _ = worker.take().map(Process::kill);
                *worker = target.serve(project).ok();
            }
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

pub fn write_package(target: &dyn Target, project: &Project, all: &[&Expected]) -> Result<()> {
    let plans: Vec<Plan> = all.iter().flat_map(|expected| expected.job.plans.clone()).collect();
    let files = emit(&plans, &emit_target(target), &HEADER)?;
    for (path, text) in files {
        project.write(&format!("{}/{path}", target.out()), &text)?;
    }
    project.write("script.json", &values::script(all).to_string())?;
    target.write(project, all)
}

/// Starts the job's runs, does what its scenario does from outside, and waits for the end of every run.
fn play(sidecar: &Sidecar, expected: &Expected) -> Result<()> {
    enum What {
        Start(String, Value),
        Signal(String, Value, Option<String>),
        Cancel,
    }
    let scenario = &expected.job.scenario;
    let mut deeds: Vec<(u64, String, What)> = Vec::new();
    for (workflow, run, input, at) in starts(expected) {
        deeds.push((at, run, What::Start(workflow, input.into())));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    let whole = |ms: f64| ms as u64;
    for sent in &scenario.signals {
        let what = What::Signal(sent.signal.clone(), sent.data.clone(), sent.id.clone());
        deeds.push((whole(sent.at_ms), sent.run.clone(), what));
    }
    for cancel in &scenario.cancels {
        deeds.push((whole(cancel.at_ms), cancel.run.clone(), What::Cancel));
    }
    deeds.sort_by_key(|(at, ..)| *at);
    let mut begin = None;
    for (at, run, what) in deeds {
        if let Some(begin) = begin {
            let due: Instant = begin + Duration::from_millis(at);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        match what {
            What::Start(workflow, input) => sidecar.accepts(&workflow, &run, &input)?,
            What::Signal(signal, data, id) => {
                let path = format!("/v1/runs/{run}/signals/{signal}");
                let _ = id;
                let answer = sidecar.post(&path, &data)?;
                anyhow::ensure!(answer.status < 300, "the signal was not taken: {answer:?}");
            }
            What::Cancel => {
                sidecar.post(&format!("/v1/runs/{run}/cancel"), &json!({}))?;
            }
        }
        begin.get_or_insert_with(Instant::now);
    }
    let until = Instant::now() + Duration::from_millis(expected.lasts_ms) + SLACK;
    let ends = |meaning: &Meaning| meaning.ends.keys().cloned().collect::<BTreeSet<String>>();
    let all: BTreeSet<String> = expected.meanings.iter().flat_map(ends).collect();
    // A child that some orders never start is awaited where this one has; by the end of the others it has begun.
    let (certain, possible): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|run| expected.meanings.iter().all(|meaning| meaning.ends.contains_key(run)));
    for run in &certain {
        wait_for_end(sidecar, run, until)?;
    }
    for run in &possible {
        if state(sidecar, run)?.is_some() {
            wait_for_end(sidecar, run, until)?;
        }
    }
    Ok(())
}

fn wait_for_end(sidecar: &Sidecar, run: &str, until: Instant) -> Result<()> {
    let over = ["succeeded", "failed", "cancelled", "paused"];
    while !state(sidecar, run)?.is_some_and(|state| over.contains(&state.as_str())) {
        anyhow::ensure!(Instant::now() < until, "run {run} does not end");
        thread::sleep(Duration::from_millis(15));
    }
    Ok(())
}

/// The state of a run; nothing where there is none of that id.
fn state(sidecar: &Sidecar, run: &str) -> Result<Option<String>> {
    let path = format!("/v1/runs/{}", run.replace('/', "%2F"));
    let response = http::request(&sidecar.socket(), "GET", &path, None)?;
    if response.status != 200 {
        return Ok(None);
    }
    Ok(response.json()?["state"].as_str().map(str::to_owned))
}
