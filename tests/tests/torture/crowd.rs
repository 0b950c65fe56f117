//! The applications of a storm, the runs that they and the outside begin, and what people do to these runs.
//!
//! It knows how to start everything and what has been seen; it knows no fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use conductor_protocol::entry::Entry;
use conductor_tests::application::Language;
use conductor_tests::checker::Snapshot;
use conductor_tests::http::{self, Response};
use conductor_tests::journal::Record;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::random::Random;
use conductor_tests::root;
use conductor_tests::sidecar::{Around, Sidecar};
use serde_json::json;

use crate::program::{Block, PART, Program, SAID, draw};

/// Runs that may be open at a time; a storm is to find work, not a queue.
const OPEN: usize = 60;

pub struct Crowd {
    folder: PathBuf,
    pub programs: Vec<Program>,
    projects: Vec<Project>,
    limit: u64,
    over_http: u64,
    parts: u64,
    pub snapshots: Vec<Snapshot>,
    /// Everything that was ever begun.
    pub begun: BTreeSet<String>,
    pub ended: BTreeSet<String>,
    /// Runs whose start somebody was told of.
    pub accepted: BTreeSet<String>,
    /// Runs that somebody asked to be cancelled.
    pub cancelled: BTreeSet<String>,
    /// Records of the journal that were seen.
    pub records: usize,
    signals: Vec<String>,
    cancels: Vec<String>,
    paused: BTreeMap<String, String>,
}

impl Crowd {
    /// Generates the programs of `random`, builds them in `folder`, and compiles what has to be.
    pub fn built(folder: &Path, random: &mut Random) -> Result<Crowd> {
        let programs = draw(random);
        let mut projects = Vec::new();
        for program in &programs {
            let name = program.language.name();
            let project =
                Project::at(&folder.join(name)).with(&root().join("tests/projects/torture").join(name))?;
            program.language.build(&project, &program.manifest())?;
            projects.push(project);
        }
        let crowd = Crowd {
            folder: folder.to_path_buf(),
            programs,
            projects,
            limit: 0,
            over_http: 0,
            parts: 0,
            snapshots: Vec::new(),
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
            accepted: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            records: 0,
            signals: Vec::new(),
            cancels: Vec::new(),
            paused: BTreeMap::new(),
        };
        File::create(crowd.ledger())?;
        fs::write(crowd.folder.join("limit"), "1")?;
        Ok(crowd)
    }

    pub fn ledger(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    /// Where a sidecar of this storm may be started.
    pub fn project(&self) -> Project {
        Project::at(&self.folder)
    }

    /// Starts an application that talks to the sidecar on `socket`.
    pub fn application(&self, language: Language, socket: &Path, around: &Around) -> Result<Process> {
        language.serve(&self.projects[language as usize], &self.folder, &self.ledger(), socket, around)
    }

    /// Lets applications and the outside begin more, where there is room, and does what people do.
    pub fn tend(&mut self, sidecar: &Sidecar, random: &mut Random) -> Result<()> {
        if self.begun.len().saturating_sub(self.ended.len()) < OPEN {
            self.limit += 2;
            // Renamed into place, because an application may read at any moment.
            fs::write(self.folder.join("limit.new"), self.limit.to_string())?;
            fs::rename(self.folder.join("limit.new"), self.folder.join("limit"))?;
            self.start_over_http(sidecar, random)?;
            self.start_parts(sidecar)?;
        }
        self.signal(sidecar, random, false)?;
        self.cancel(sidecar, random)?;
        self.decide(sidecar, random)
    }

    /// A run from outside, which is named to be cancelled now and then.
    fn start_over_http(&mut self, sidecar: &Sidecar, random: &mut Random) -> Result<()> {
        let program = &self.programs[usize::try_from(random.below(3))?];
        let (n, workflow, language) = (self.over_http, program.workflow(), program.language.name());
        let is_cut = random.below(6) == 0;
        let run = format!("{}-{language}-{n}", if is_cut { "cut" } else { "http" });
        if sidecar.start_run(&workflow, &run, &json!({"n": n}))? {
            self.over_http += 1;
            self.accepted.insert(run.clone());
            if is_cut {
                self.cancels.push(run);
            }
        }
        Ok(())
    }

    /// Short runs from outside, one of each language.
    fn start_parts(&mut self, sidecar: &Sidecar) -> Result<()> {
        let n = self.parts;
        self.parts += 1;
        for program in &self.programs {
            let run = format!("{PART}{}-{n}", program.language.name());
            if sidecar.start_run(&program.part(), &run, &json!({"n": n}))? {
                self.accepted.insert(run);
            }
        }
        Ok(())
    }

    /// Begins runs over HTTP as soon as their workflows are known.
    pub fn start_all(&mut self, sidecar: &Sidecar, count: u64) -> Result<BTreeSet<String>> {
        let mut begun = BTreeSet::new();
        for n in 0..count {
            for program in &self.programs {
                let run = format!("http-{}-{n}", program.language.name());
                sidecar.accepts(&program.workflow(), &run, &json!({"n": n}))?;
                begun.insert(run);
            }
        }
        Ok(begun)
    }

    /// Before somebody waits, while he does, and again.
    fn signal(&mut self, sidecar: &Sidecar, random: &mut Random, at_once: bool) -> Result<()> {
        let mut later = Vec::new();
        for run in std::mem::take(&mut self.signals) {
            if !at_once && random.below(2) == 0 {
                later.push(run);
                continue;
            }
            let path = format!("/v1/runs/{run}/signals/go");
            let answer = http::post_with(&sidecar.socket(), &path, "Idempotency-Key: go", &json!(SAID))?;
            if !is_final(&answer) || random.below(8) == 0 {
                later.push(run);
            }
        }
        self.signals = later;
        Ok(())
    }

    fn cancel(&mut self, sidecar: &Sidecar, random: &mut Random) -> Result<()> {
        let mut later = Vec::new();
        for run in std::mem::take(&mut self.cancels) {
            if random.below(2) == 0 {
                later.push(run);
                continue;
            }
            // Asked for, whatever becomes of the answer.
            self.cancelled.insert(run.clone());
            let answer = sidecar.post(&format!("/v1/runs/{run}/cancel"), &json!({"reason": "a whim"}))?;
            if !is_final(&answer) {
                later.push(run);
            }
        }
        self.cancels = later;
        Ok(())
    }

    /// A write whose outcome nobody knows: it is called again, or a person says that it has happened.
    fn decide(&mut self, sidecar: &Sidecar, random: &mut Random) -> Result<()> {
        for (run, step) in std::mem::take(&mut self.paused) {
            let n: i64 = run.rsplit('-').next().context("a run without a number")?.parse()?;
            let decision = if random.below(2) == 0 {
                json!({"decision": "retry", "by": "storm"})
            } else {
                json!({"decision": "happened", "result": n + 1, "by": "storm"})
            };
            let answer = sidecar.post(&format!("/v1/runs/{run}/resume"), &decision)?;
            if !is_final(&answer) {
                self.paused.insert(run, step);
            }
        }
        Ok(())
    }

    /// Does all that people still have to do.
    pub fn finish(&mut self, sidecar: &Sidecar, random: &mut Random) -> Result<()> {
        self.signal(sidecar, random, true)?;
        self.cancel(sidecar, random)?;
        self.decide(sidecar, random)
    }

    /// Nothing more is called; what was begun goes on.
    pub fn call_no_more(&self) -> Result<()> {
        Ok(fs::remove_file(self.folder.join("limit"))?)
    }

    pub fn open(&self) -> Vec<&str> {
        self.begun.difference(&self.ended).map(String::as_str).collect()
    }

    /// Takes note of what has been committed since the last look, which `read` reads.
    pub fn look(&mut self, read: impl FnOnce() -> Result<Vec<(String, Record)>>) -> Result<()> {
        let log_before = fs::metadata(self.ledger())?.len();
        let news = read()?;
        let log_after = fs::metadata(self.ledger())?.len();
        for (run, record) in &news {
            self.records += 1;
            for entry in &record.entries {
                self.see(run, entry);
            }
        }
        self.snapshots.push(Snapshot { log_before, log_after, news, logged: Vec::new() });
        Ok(())
    }

    fn see(&mut self, run: &str, entry: &Entry) {
        match entry {
            Entry::RunStarted(started) => {
                self.begun.insert(run.to_owned());
                let program = self.programs.iter().find(|program| program.workflow() == started.workflow);
                if program.is_some_and(|program| program.has(Block::Signal)) {
                    self.signals.push(run.to_owned());
                }
            }
            Entry::RunPaused { step, .. } => {
                self.paused.insert(run.to_owned(), step.clone().unwrap_or_default());
            }
            entry if entry.ends_run() => {
                self.ended.insert(run.to_owned());
            }
            _ => {}
        }
    }
}

/// Whether asking again would say nothing else: done, or refused for good. A sidecar that is in trouble says 5xx.
fn is_final(answer: &Response) -> bool {
    answer.status < 500
}
