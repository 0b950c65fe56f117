//! A process that executes one run at a time keeps a log of its own. It, the sidecar, or both are killed: no step happens again
//! after another one has followed it, nor of a run that has returned, whichever of the two had it on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::application::Language;
use conductor_tests::eventually;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::random::{Random, seed};
use conductor_tests::sidecar::{Around, Sidecar};
use serde_json::Value;

/// Writes of a run.
const STEPS: usize = 60;
const KILLS: usize = 12;
/// After so many looks for a log another run may begin.
const LOOKS: u32 = 100;

#[test]
fn what_python_has_on_the_disk_is_not_done_again() -> Result<()> {
    killed(Language::Python)
}

#[test]
fn what_typescript_has_on_the_disk_is_not_done_again() -> Result<()> {
    killed(Language::Typescript)
}

#[test]
fn what_go_has_on_the_disk_is_not_done_again() -> Result<()> {
    killed(Language::Go)
}

fn manifest(language: Language) -> String {
    let name = language.name();
    let mut text = format!(
        "tasks:\n  - {{id: put, ref: \"{}\", in_doubt: retry}}\nworkflows:\n  - id: main_{name}\n    entrypoint: true\n    target: {name}\n    input: {{n: int}}\n    steps:\n",
        language.reference("put")
    );
    for step in 0..STEPS {
        let _ = writeln!(text, "      - {{task: put, id: s{step}, with: {{n: {step}}}}}");
    }
    text
}

/// Other tests share the disk, and a process does not use its log where flushes are slow.
fn use_the_log_on_a_slow_disk(project: &Project, language: Language) -> Result<()> {
    let (file, bound, none) = match language {
        Language::Python => {
            ("conductor_gen/_conductor/ahead.py", "SLOW_SECONDS = 0.0005", "SLOW_SECONDS = 600")
        }
        Language::Typescript => ("conductor_gen/_conductor/ahead.js", "SLOW_MS = 0.5", "SLOW_MS = 600_000"),
        Language::Go => ("conductorgen/internal/runtime/ahead.go", "500 * time.Microsecond", "time.Hour"),
    };
    let text = project.read(file)?;
    ensure!(text.contains(bound), "{file} has no bound");
    project.write(file, &text.replace(bound, none))?;
    if language == Language::Go { project.go(&["build", "-o", "app", "."]) } else { Ok(()) }
}

struct Lone {
    project: Project,
    language: Language,
    sidecar: Sidecar,
    application: Option<Process>,
}

/// What the application has written down.
#[derive(Default)]
struct Noted {
    /// The steps of each run, in the order in which they began.
    begun: BTreeMap<String, Vec<usize>>,
    returned: BTreeSet<String>,
}

impl Lone {
    fn begin(language: Language) -> Result<Lone> {
        let project = Project::named(&format!("torture/{}", language.name()))?;
        language.build(&project, &manifest(language))?;
        use_the_log_on_a_slow_disk(&project, language)?;
        let sidecar = Sidecar::without_key(&project)?;
        project.write("limit", "1")?;
        project.write("ledger", "")?;
        Ok(Lone { project, language, sidecar, application: None })
    }

    fn serve(&mut self) -> Result<()> {
        let around = Around { variables: vec![("TORTURE_AT_A_TIME", "1".into())], ..Around::default() };
        let (place, ledger) = (self.project.path(), self.project.path().join("ledger"));
        let application =
            self.language.serve(&self.project, place, &ledger, &self.sidecar.socket(), &around)?;
        self.application = Some(application);
        Ok(())
    }

    fn kill_application(&mut self) -> Result<()> {
        self.application.take().context("no application")?.kill()
    }

    /// Whether the process has written anything into a log.
    fn is_logged(&self) -> Result<bool> {
        let mut folder = self.sidecar.store().into_os_string();
        folder.push("-logs");
        let Ok(entries) = fs::read_dir(PathBuf::from(folder)) else { return Ok(false) };
        for entry in entries {
            let bytes = fs::read(entry?.path())?;
            if bytes.get(4096).is_some_and(|byte| *byte != 0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn noted(&self) -> Result<Noted> {
        let Noted { mut begun, mut returned } = Noted::default();
        for line in self.project.read("ledger")?.lines() {
            // A kill may tear a line.
            let Ok(note) = serde_json::from_str::<Value>(line) else { continue };
            if note["event"] == "begin" {
                let key = note["key"].as_str().context("no key")?;
                let (run, step) = key.split_once("/s").context("no step")?;
                ensure!(!returned.contains(run), "{key} began after the run had returned");
                begun.entry(run.to_owned()).or_default().push(step.parse()?);
            } else if note["event"] == "returned" {
                returned.insert(note["run"].as_str().context("no run")?.to_owned());
            }
        }
        Ok(Noted { begun, returned })
    }

    /// The steps of all runs, once each of them has left something and has ended.
    fn ended(&self) -> Result<Option<BTreeMap<String, Vec<usize>>>> {
        let journal = self.sidecar.journal()?;
        let has_ended = journal.values().all(|run| run.state == "succeeded");
        let begun = self.noted()?.begun;
        Ok((has_ended && begun.keys().eq(journal.keys())).then_some(begun))
    }

    /// Whoever asks sees the end of a run that has returned.
    fn shows_what_has_returned(&self) -> Result<()> {
        for run in self.noted()?.returned {
            let state = &self.sidecar.run(&run)?["state"];
            ensure!(state == "succeeded", "{run} has returned, and is {state}");
        }
        Ok(())
    }
}

fn killed(language: Language) -> Result<()> {
    let mut lone = Lone::begin(language)?;
    let mut random = Random::new(seed("CONDUCTOR_KILL_SEED"));
    let mut logged = 0;
    let mut limit = 1;
    lone.serve()?;
    for _ in 0..KILLS {
        // A log comes after some lone waits of a process, and may come when all its runs have ended.
        let mut looks = 0;
        eventually("a log that is written", || {
            looks += 1;
            if looks % LOOKS == 0 {
                limit += 1;
                lone.project.write("limit", &limit.to_string())?;
            }
            Ok(lone.is_logged()?.then_some(()))
        })?;
        std::thread::sleep(Duration::from_millis(random.below(150)));
        logged += usize::from(lone.is_logged()?);
        lone.shows_what_has_returned()?;
        let kind = random.below(3);
        if kind != 0 {
            lone.sidecar.kill()?;
        }
        if kind != 1 {
            lone.kill_application()?;
        }
        limit += 3;
        lone.project.write("limit", &limit.to_string())?;
        if kind != 0 {
            lone.sidecar.restart(&lone.project)?;
        }
        if kind != 1 {
            lone.serve()?;
        }
    }
    eventually("a run that returns", || Ok(lone.noted()?.returned.pop_first()))?;
    lone.shows_what_has_returned()?;
    fs::remove_file(lone.project.path().join("limit"))?;
    let begun = eventually("the end of every run", || lone.ended())?;
    ensure!(logged > KILLS / 2, "only {logged} of {KILLS} kills met a log");
    for (run, steps) in &begun {
        let again = steps.windows(2).find(|pair| pair[1] < pair[0] || pair[1] > pair[0] + 1);
        ensure!(
            again.is_none(),
            "{run}: s{} began after s{}: {steps:?}",
            again.map_or(0, |pair| pair[1]),
            again.map_or(0, |pair| pair[0])
        );
        ensure!(steps.first() == Some(&0) && steps.last() == Some(&(STEPS - 1)), "{run}: {steps:?}");
    }
    Ok(())
}
