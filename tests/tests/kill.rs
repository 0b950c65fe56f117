//! Applications and sidecar are killed at random moments, at least two hundred times; then the judge looks at what is left.
//!
//! `CONDUCTOR_KILL_SEED` repeats the choices of a run and `CONDUCTOR_KILLS` changes their number; the processes keep a
//! timing of their own.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use conductor_protocol::entry::Entry;
use conductor_tests::checker::{Evidence, Snapshot, judge};
use conductor_tests::journal::{Follower, starts_in_logs};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::random::{Random, seed};
use conductor_tests::sidecar::Sidecar;
use conductor_tests::storm::{Log, expected, is_write, read_log};
use rustix::process::Signal;
use serde_json::json;

const APPLICATIONS: usize = 3;
const KILLS: usize = 210;

#[test]
fn nothing_acknowledged_runs_twice_and_nothing_accepted_is_lost() -> Result<()> {
    let mut storm = Storm::begin()?;
    let mut random = Random::new(seed("CONDUCTOR_KILL_SEED"));
    let wanted = std::env::var("CONDUCTOR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let start = Instant::now();
    while storm.kills < wanted {
        std::thread::sleep(Duration::from_millis(30 + random.below(600)));
        storm.raise(1 + random.below(3))?;
        match random.below(10) {
            0..6 => {
                let index = usize::try_from(random.below(APPLICATIONS as u64))?;
                storm.kill_application(index)?;
            }
            6..9 => storm.kill_sidecar()?,
            _ => storm.kill_everything()?,
        }
        storm.start_over_http()?;
    }
    println!("{} kills in {:.1} s", storm.kills, start.elapsed().as_secs_f64());
    storm.settle()?;
    println!("settled after {:.1} s", start.elapsed().as_secs_f64());
    let found = storm.verdict()?;
    ensure!(found.is_empty(), "{} broken promises:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// Everything that is running, and the evidence so far.
struct Storm {
    project: Project,
    sidecar: Sidecar,
    applications: Vec<Option<Process>>,
    follower: Follower,
    snapshots: Vec<Snapshot>,
    accepted: BTreeSet<String>,
    limit: u64,
    kills: usize,
}

impl Storm {
    fn begin() -> Result<Storm> {
        let project = Project::built("storm")?;
        let sidecar = Sidecar::without_key(&project)?;
        let mut storm = Storm {
            project,
            sidecar,
            applications: Vec::new(),
            follower: Follower::default(),
            snapshots: Vec::new(),
            accepted: BTreeSet::new(),
            limit: 0,
            kills: 0,
        };
        fs::write(storm.log(), "")?;
        storm.raise(16)?;
        for _ in 0..APPLICATIONS {
            let application = storm.application()?;
            storm.applications.push(Some(application));
        }
        Ok(storm)
    }

    fn log(&self) -> PathBuf {
        self.project.path().join("storm.log")
    }

    fn application(&self) -> Result<Process> {
        let log = self.log();
        self.project.python(&["app.py", "."], &[("STORM_LOG", log.as_os_str())])
    }

    /// Lets the applications call `by` more runs. Renamed into place, because an application may read at any moment.
    fn raise(&mut self, by: u64) -> Result<()> {
        self.limit += by;
        let folder = self.project.path();
        fs::write(folder.join("limit.new"), self.limit.to_string())?;
        Ok(fs::rename(folder.join("limit.new"), folder.join("limit"))?)
    }

    fn kill_application(&mut self, index: usize) -> Result<()> {
        let mut application = self.applications[index].take().context("no application")?;
        ensure!(application.is_alive()?, "an application ended by itself:\n{}", application.stderr());
        application.kill()?;
        self.kills += 1;
        self.look()?;
        self.applications[index] = Some(self.application()?);
        Ok(())
    }

    fn kill_sidecar(&mut self) -> Result<()> {
        ensure!(self.sidecar.process()?.is_alive()?, "the sidecar ended by itself");
        self.sidecar.kill()?;
        self.kills += 1;
        self.look()?;
        self.sidecar.restart(&self.project)
    }

    /// The sidecar first, so that the applications work on for a moment with nobody to record it.
    fn kill_everything(&mut self) -> Result<()> {
        self.sidecar.kill()?;
        self.kills += 1;
        for application in &mut self.applications {
            application.take().context("no application")?.kill()?;
            self.kills += 1;
        }
        self.look()?;
        self.sidecar.restart(&self.project)?;
        for index in 0..APPLICATIONS {
            self.applications[index] = Some(self.application()?);
        }
        Ok(())
    }

    /// Reads what has been committed since the last look.
    fn look(&mut self) -> Result<()> {
        let log_before = fs::metadata(self.log())?.len();
        // First the logs: what is gone from one is in the store.
        let logged = starts_in_logs(&self.sidecar.store())?;
        let news = self.follower.news(&self.sidecar.store())?;
        let log_after = fs::metadata(self.log())?.len();
        self.snapshots.push(Snapshot { log_before, log_after, news, logged });
        Ok(())
    }

    fn start_over_http(&mut self) -> Result<()> {
        let run = format!("http-{}", self.kills);
        if self.sidecar.start_run("order", &run, &json!({"n": self.kills}))? {
            self.accepted.insert(run);
        }
        Ok(())
    }

    /// Stops the calls, lets every run end, and stops everything in good order.
    fn settle(&mut self) -> Result<()> {
        fs::remove_file(self.project.path().join("limit"))?;
        let start = Instant::now();
        loop {
            self.look()?;
            let journal = self.sidecar.journal()?;
            let open: Vec<&String> =
                journal.iter().filter(|(_, run)| run.state == "running").map(|(id, _)| id).collect();
            if open.is_empty() {
                break;
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!("{} runs never ended: {open:?}", open.len());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        for application in &mut self.applications {
            let mut application = application.take().context("no application")?;
            application.wait_for_line("up")?;
            application.signal(Signal::INT)?;
            application.wait()?.expect_code(130)?;
        }
        let sidecar = self.sidecar.take()?;
        sidecar.signal(Signal::TERM)?;
        sidecar.wait()?.expect_code(0)?;
        Ok(())
    }

    fn verdict(&self) -> Result<Vec<String>> {
        let Log { executions, returned } = read_log(&fs::read(self.log())?)?;
        let journal = self.sidecar.journal()?;
        let mut accepted = self.accepted.clone();
        accepted.extend(returned.iter().map(|(run, _)| run.clone()));
        let entries = journal.values().flat_map(|run| run.entries());
        let resumed = entries.filter(|(_, entry)| matches!(entry, Entry::RunResumed { .. })).count();
        let begun = executions.iter().filter(|execution| execution.begin).count();
        let over_http = self.accepted.len();
        println!(
            "{} runs, of which {over_http} over HTTP, {begun} executions, {resumed} changes of owner, {} results seen by callers",
            journal.len(),
            returned.len()
        );
        let small = journal.len() < self.kills || resumed < self.kills / 2 || returned.len() < self.kills / 2;
        ensure!(!small, "the storm was too small to prove anything");
        Ok(judge(&Evidence {
            executions: &executions,
            snapshots: &self.snapshots,
            journal: &journal,
            accepted: &accepted,
            returned: &returned,
            expected: &expected,
            is_write: &is_write,
        }))
    }
}
