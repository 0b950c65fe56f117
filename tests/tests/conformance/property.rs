//! Random workflows in every language: drawn from a seed, compared, and made smaller where they differ.
//!
//! It knows neither what a shape may be nor how a language runs it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use conductor_driver::{Answer, DirEntry, Need, compile};
use conductor_protocol::plan::{Language, Plan};
use conductor_simulate::{Scenario, Start};
use conductor_tests::random::{Random, fixed_seed};
use serde_json::json;

use crate::case::{CALL_MS, Job};
use crate::execute::{self, How, Target, Verdict};
use crate::random::{Profile, Shape, shapes, smaller};
use crate::reference::{at_any_pace, expected, in_other_orders};
use crate::{alone, manifest, retarget, targets};

/// A workflow with all that is needed to show it.
#[derive(Debug, Clone)]
struct Drawn {
    shapes: Vec<Shape>,
    text: String,
    job: Job,
}

/// Longer runs cost more than they find.
const LONGEST_MS: u64 = 4_000;
/// So many workflows share a package.
const BATCH: usize = 100;
/// In each of three tests, where nobody asks for more.
const FEW: usize = 40;
/// What is tried at a time when a workflow is made smaller, and how often.
const CANDIDATES: usize = 30;
const ROUNDS: usize = 6;
const MADE_SMALLER: usize = 3;

#[test]
fn random_workflows_mean_the_same_in_every_language() -> Result<()> {
    compared("CONFORMANCE_SEED", Profile::default())
}

#[test]
fn random_workflows_without_a_journal_mean_the_same_in_every_language() -> Result<()> {
    compared("CONFORMANCE_DIRECT_SEED", Profile { direct: true, ..Profile::default() })
}

#[test]
fn random_workflows_come_to_the_same_end_however_often_the_process_dies() -> Result<()> {
    compared("CONFORMANCE_DEATH_SEED", Profile { dies: true, ..Profile::default() })
}

fn count() -> usize {
    std::env::var("CONFORMANCE_COUNT").ok().and_then(|text| text.parse().ok()).unwrap_or(FEW)
}

fn compared(variable: &str, profile: Profile) -> Result<()> {
    let _alone = alone();
    let seed = fixed_seed(variable);
    let (mut done, mut equal, mut differs, mut missing, mut wrong) = (0, 0, 0, 0, Vec::new());
    while done < count() {
        let size = BATCH.min(count() - done);
        let drawn = draw(seed.wrapping_add(done as u64), size, profile)?;
        let jobs: Vec<Job> = drawn.iter().map(|one| one.job.clone()).collect();
        for target in targets() {
            let how = How { dies: profile.dies.then_some(seed) };
            for (one, verdict) in drawn.iter().zip(execute::judged(target, &jobs, how)?) {
                match verdict {
                    Verdict::Equal => equal += 1,
                    Verdict::Missing(_) => missing += 1,
                    Verdict::Differs(lines) => {
                        differs += 1;
                        // Making one smaller takes a minute.
                        let found = if differs <= MADE_SMALLER {
                            let smaller = least(target, one.clone(), lines.clone(), profile, how);
                            // What is too broken to be made smaller is told as it is.
                            smaller.unwrap_or_else(|_| (one.clone(), lines))
                        } else {
                            (one.clone(), lines)
                        };
                        wrong.push(told(target.language(), &found));
                    }
                }
            }
        }
        done += size;
        println!("{done} workflows: {equal} equal, {differs} differ");
    }
    ensure!(missing == 0, "{missing} workflows cannot be written");
    ensure!(wrong.is_empty(), "{variable}={seed}: {} of {done} differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn told(language: Language, (drawn, lines): &(Drawn, Vec<String>)) -> String {
    let mut text = format!("── {}\n{}", language.as_str(), drawn.text);
    for (name, outcomes) in &drawn.job.scenario.calls {
        let _ = writeln!(text, "# {name}: {}", serde_json::to_string(outcomes).unwrap_or_default());
    }
    let _ = write!(text, "    {}", lines.join("\n    "));
    text
}

/// The workflow made smaller as long as it still differs.
fn least(
    target: &dyn Target,
    mut drawn: Drawn,
    mut lines: Vec<String>,
    profile: Profile,
    how: How,
) -> Result<(Drawn, Vec<String>)> {
    for _ in 0..ROUNDS {
        let mut all = Vec::new();
        for (index, shapes) in smaller(&drawn.shapes).into_iter().take(CANDIDATES).enumerate() {
            all.extend(made(&format!("s{index}"), &shapes, profile)?);
        }
        let jobs: Vec<Job> = all.iter().map(|one| one.job.clone()).collect();
        let verdicts = execute::judged(target, &jobs, how)?;
        let found = all.into_iter().zip(verdicts).find_map(|(one, verdict)| match verdict {
            Verdict::Differs(lines) => Some((one, lines)),
            _ => None,
        });
        let Some((smaller, less)) = found else { break };
        (drawn, lines) = (smaller, less);
    }
    Ok((drawn, lines))
}

/// Random workflows as jobs, for whoever only looks at their code.
pub fn jobs(seed: u64, count: usize, profile: Profile) -> Result<Vec<Job>> {
    Ok(draw(seed, count, profile)?.into_iter().map(|one| one.job).collect())
}

/// So many workflows that mean one thing whatever a busy machine does.
fn draw(seed: u64, count: usize, profile: Profile) -> Result<Vec<Drawn>> {
    let mut random = Random::new(seed);
    let mut all = Vec::new();
    let mut tries = 0;
    while all.len() < count {
        tries += 1;
        ensure!(tries < 20 * count + 100, "only {} of {tries} shapes are of use", all.len());
        all.extend(made(&format!("p{}", all.len()), &shapes(&mut random, profile), profile)?);
    }
    println!("{} workflows out of {tries} shapes", all.len());
    Ok(all)
}

/// The shapes as a job; nothing where they do not compile, take too long, or where the moment decides what comes of them.
fn made(name: &str, shapes: &[Shape], profile: Profile) -> Result<Option<Drawn>> {
    let written = manifest::written(shapes, profile);
    let Some(plans) = compiled(&written.text) else { return Ok(None) };
    let start = Start {
        workflow: "main".to_owned(),
        run: "r".to_owned(),
        input: json!({"n": 5}).as_object().cloned().unwrap_or_default(),
        ..Start::default()
    };
    let scenario =
        Scenario { starts: vec![start], calls: written.calls, call_ms: CALL_MS, ..Scenario::default() };
    let job = Job { name: name.to_owned(), plans, scenario };
    let expected = expected(&retarget::job(&job, Language::Python)?).with_context(|| written.text.clone())?;
    let mut meanings = expected.meanings;
    meanings.extend(in_other_orders(&expected.job));
    if profile.dies {
        meanings.extend(at_any_pace(&expected.job)?);
    }
    let decided = profile.dies || meanings.len() == 1;
    let ends: BTreeSet<_> = meanings.iter().map(|meaning| meaning.ends.get(name)).collect();
    // A hedge that fails beside a call that hangs is waited for without end; without a journal nothing can be paused.
    let is_shown =
        |end: &Option<&String>| end.is_some_and(|end| !profile.direct || !end.starts_with("paused"));
    let of_use = decided && ends.len() == 1 && ends.iter().all(is_shown) && expected.lasts_ms < LONGEST_MS;
    Ok(of_use.then(|| Drawn { shapes: shapes.to_vec(), text: written.text, job }))
}

pub fn compiled(text: &str) -> Option<Vec<Plan>> {
    let mut answer = |need: &Need| match need {
        Need::File(path) if path == "app.py" => Answer::File(manifest::CODE.as_bytes().to_vec()),
        Need::Directory(path) if path == "." => {
            Answer::Directory(vec![DirEntry { name: "app.py".to_owned(), is_dir: false }])
        }
        _ => Answer::Missing,
    };
    let outcome = compile("concurrency.yaml", text.as_bytes(), None, &mut answer);
    if outcome.compiled.is_none() && std::env::var_os("CONFORMANCE_SHOW").is_some() {
        let told: Vec<String> =
            outcome.diagnostics.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
        println!("{text}{}", told.join("\n"));
    }
    outcome.compiled.map(|compiled| compiled.plans)
}
