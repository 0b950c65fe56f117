//! Two machines on one PostgreSQL: each a sidecar and its applications. One is killed whole, a sidecar is stopped past its
//! lease and continued, the server is killed; then the judge looks at what is left, and a collector has the spans of all runs.
//!
//! `CONDUCTOR_FLEET_SEED` repeats the choices of a run and `CONDUCTOR_FLEET_ROUNDS` changes their number; the processes keep
//! a timing of their own.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use conductor_protocol::entry::Entry;
use conductor_protocol::trace::{Place, hex};
use conductor_tests::checker::{Evidence, Snapshot, judge};
use conductor_tests::journal::Journal;
use conductor_tests::observability::Collector;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::random::{Random, seed};
use conductor_tests::servers::{Postgres, Version};
use conductor_tests::shared::Follower;
use conductor_tests::sidecar::{Around, Sidecar};
use conductor_tests::storm::{Log, expected, is_write, read_log};
use rustix::process::Signal;
use serde_json::json;

/// Times that everything is done to everybody.
const ROUNDS: u64 = 1;
const APPLICATIONS: usize = 2;
const MACHINES: usize = 2;
/// Of a session; that of a sidecar is twice as long.
const LEASE: Duration = Duration::from_secs(2);

#[test]
fn nothing_is_lost_and_nothing_stale_is_accepted_on_the_oldest() -> Result<()> {
    nothing_is_lost_and_nothing_stale_is_accepted(Version::Oldest)
}

#[test]
fn nothing_is_lost_and_nothing_stale_is_accepted_on_the_newest() -> Result<()> {
    nothing_is_lost_and_nothing_stale_is_accepted(Version::Newest)
}

fn nothing_is_lost_and_nothing_stale_is_accepted(version: Version) -> Result<()> {
    let mut fleet = Fleet::begin(version)?;
    let stormed = fleet.storm();
    stormed.with_context(|| fleet.said())?;
    let found = fleet.verdict()?;
    ensure!(
        found.is_empty(),
        "{} broken promises:\n{}\n{}",
        found.len(),
        found.join("\n"),
        fleet.history(&found)?
    );
    Ok(())
}

/// A sidecar and applications that die together.
struct Machine {
    sidecar: Sidecar,
    applications: Vec<Process>,
}

struct Fleet {
    /// Before the server, which they need.
    machines: Vec<Option<Machine>>,
    server: Postgres,
    collector: Collector,
    project: Project,
    follower: Follower,
    snapshots: Vec<Snapshot>,
    journal: Journal,
    accepted: BTreeSet<String>,
    limit: u64,
    /// The longest that a run waited for another machine.
    longest: Duration,
    /// Machines that were killed, and sidecars that were stopped.
    deaths: usize,
}

impl Fleet {
    fn begin(version: Version) -> Result<Fleet> {
        let project = Project::built("storm")?;
        let mut fleet = Fleet {
            machines: Vec::new(),
            server: Postgres::of(version)?,
            collector: Collector::start()?,
            project,
            follower: Follower::default(),
            snapshots: Vec::new(),
            journal: Journal::new(),
            accepted: BTreeSet::new(),
            limit: 0,
            longest: Duration::ZERO,
            deaths: 0,
        };
        fs::write(fleet.log(), "")?;
        fleet.raise(16)?;
        for number in 0..MACHINES {
            let machine = fleet.machine(number)?;
            fleet.machines.push(Some(machine));
        }
        Ok(fleet)
    }

    fn storm(&mut self) -> Result<()> {
        let mut random = Random::new(seed("CONDUCTOR_FLEET_SEED"));
        let wanted = std::env::var("CONDUCTOR_FLEET_ROUNDS").ok().and_then(|text| text.parse().ok());
        for _ in 0..wanted.unwrap_or(ROUNDS) {
            for machine in 0..MACHINES {
                self.work(300 + random.below(500))?;
                self.kill_machine(machine)?;
                self.work(200 + random.below(500))?;
                self.stop_sidecar(machine)?;
                self.work(200 + random.below(500))?;
                self.kill_server(random.below(1500))?;
            }
        }
        self.settle()
    }

    /// What the processes have printed.
    fn said(&mut self) -> String {
        let mut said = String::new();
        for machine in self.machines.iter_mut().flatten() {
            said.extend(machine.sidecar.process().map(|process| process.stderr()).ok());
            said.extend(machine.applications.iter().map(Process::stderr));
        }
        said
    }

    fn log(&self) -> PathBuf {
        self.project.path().join("storm.log")
    }

    fn machine(&self, number: usize) -> Result<Machine> {
        let (url, lease) = (self.server.url(), format!("{}ms", LEASE.as_millis()));
        let arguments = ["--store", &url, "--lease", &lease];
        let variables = self.collector.over_http().into_iter().map(|(name, value)| (name, value.into()));
        let around = Around { variables: variables.collect(), ..Around::default() };
        let sidecar = Sidecar::within(around, &self.project, &format!("m{number}"), &arguments)?;
        let application = || {
            let (log, socket) = (self.log(), sidecar.socket());
            let variables: [(&str, &OsStr); 2] =
                [("STORM_LOG", log.as_os_str()), ("CONDUCTOR_SOCKET", socket.as_os_str())];
            self.project.python(&["app.py", "."], &variables)
        };
        let applications = (0..APPLICATIONS).map(|_| application()).collect::<Result<_>>()?;
        Ok(Machine { sidecar, applications })
    }

    fn up(&self, number: usize) -> Result<&Machine> {
        self.machines[number].as_ref().context("the machine is down")
    }

    /// Lets the applications call `by` more runs. Renamed into place, because an application may read at any moment.
    fn raise(&mut self, by: u64) -> Result<()> {
        self.limit += by;
        let folder = self.project.path();
        fs::write(folder.join("limit.new"), self.limit.to_string())?;
        Ok(fs::rename(folder.join("limit.new"), folder.join("limit"))?)
    }

    /// Lets everybody work for a while, with runs from outside on either machine.
    fn work(&mut self, millis: u64) -> Result<()> {
        let until = Instant::now() + Duration::from_millis(millis);
        while Instant::now() < until {
            self.raise(1)?;
            for number in 0..MACHINES {
                self.start_over_http(number)?;
            }
            std::thread::sleep(Duration::from_millis(60));
        }
        self.look()
    }

    /// The run, where it was accepted.
    fn start_over_http(&mut self, number: usize) -> Result<Option<String>> {
        let n = self.accepted.len();
        let run = format!("http-{n}");
        let is_accepted = self.up(number)?.sidecar.start_run("order", &run, &json!({"n": n}))?;
        if is_accepted {
            self.accepted.insert(run.clone());
        }
        Ok(is_accepted.then_some(run))
    }

    /// Kills all of a machine at once; what was started on it ends on the other. Then it comes back.
    fn kill_machine(&mut self, number: usize) -> Result<()> {
        let mut last = Vec::new();
        for _ in 0..4 {
            last.extend(self.start_over_http(number)?);
        }
        let Machine { mut sidecar, applications } =
            self.machines[number].take().context("the machine is down")?;
        sidecar.kill()?;
        self.deaths += 1;
        let began = Instant::now();
        applications.into_iter().try_for_each(Process::kill)?;
        self.look()?;
        let other = (number + 1) % MACHINES;
        for run in last {
            self.up(other)?.sidecar.run_in(&run, &["succeeded"])?;
        }
        self.longest = self.longest.max(began.elapsed());
        self.machines[number] = Some(self.machine(number)?);
        Ok(())
    }

    /// Stops a sidecar until its lease is over and the other machine has what it had; its applications live on.
    fn stop_sidecar(&mut self, number: usize) -> Result<()> {
        let mut last = Vec::new();
        for _ in 0..4 {
            last.extend(self.start_over_http(number)?);
        }
        let machine = self.machines[number].as_mut().context("the machine is down")?;
        machine.sidecar.process()?.stop()?;
        self.deaths += 1;
        let other = (number + 1) % MACHINES;
        for run in last {
            self.up(other)?.sidecar.run_in(&run, &["succeeded"])?;
        }
        self.look()?;
        let machine = self.machines[number].as_mut().context("the machine is down")?;
        machine.sidecar.process()?.signal(Signal::CONT)?;
        Ok(())
    }

    fn kill_server(&mut self, away: u64) -> Result<()> {
        self.server.kill()?;
        std::thread::sleep(Duration::from_millis(away));
        self.server.recover()?;
        self.look()
    }

    /// Reads what has been committed since the last look.
    fn look(&mut self) -> Result<()> {
        let log_before = fs::metadata(self.log())?.len();
        let (news, journal) = self.follower.news(&self.server.url())?;
        let log_after = fs::metadata(self.log())?.len();
        self.journal = journal;
        self.snapshots.push(Snapshot { log_before, log_after, news, logged: Vec::new() });
        Ok(())
    }

    /// Stops the calls, lets every run end, and stops everything in good order.
    fn settle(&mut self) -> Result<()> {
        fs::remove_file(self.project.path().join("limit"))?;
        let start = Instant::now();
        let mut quiet = 0;
        loop {
            self.look()?;
            let is_open = |state: &str| matches!(state, "running" | "waiting");
            let open: Vec<&String> =
                self.journal.iter().filter(|(_, run)| is_open(&run.state)).map(|(id, _)| id).collect();
            // A call that has waited for the server may begin its run only now.
            quiet = if open.is_empty() { quiet + 1 } else { 0 };
            if quiet > 10 {
                break;
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!("{} runs never ended: {open:?}", open.len());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.traced()?;
        for machine in &mut self.machines {
            let Machine { mut sidecar, applications } = machine.take().context("the machine is down")?;
            for application in applications {
                application.signal(Signal::INT)?;
                application.wait()?.expect_code(130)?;
            }
            let sidecar = sidecar.take()?;
            sidecar.signal(Signal::TERM)?;
            sidecar.wait()?.expect_code(0)?;
        }
        Ok(())
    }

    /// Waits until the collector has the span of every run. Twice comes the request that a machine had sent when it was killed or
    /// stopped, and not noted yet.
    fn traced(&self) -> Result<()> {
        let roots: BTreeSet<String> =
            self.journal.keys().map(|run| hex(&Place::of_run(run, None).span)).collect();
        let began = Instant::now();
        loop {
            let (mut seen, mut again, mut repeated) = (BTreeSet::new(), 0, 0);
            for request in self.collector.requests()? {
                let ids = request.iter().filter_map(|span| span["spanId"].as_str().map(str::to_owned));
                let known = ids.filter(|id| !seen.insert(id.clone())).count();
                again += known;
                repeated += usize::from(known > 0);
            }
            let missing = roots.difference(&seen).count();
            if missing == 0 {
                let (spans, taken) = (seen.len(), began.elapsed());
                println!("{spans} spans {taken:?} after the end; {again} in {repeated} requests came again");
                let deaths = self.deaths;
                ensure!(repeated <= deaths, "{repeated} requests came again, of {deaths} deaths");
                return Ok(());
            }
            ensure!(
                began.elapsed() < Duration::from_secs(60),
                "{missing} of {} runs have no span",
                roots.len()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What is known of the runs whose promises were broken.
    fn history(&self, found: &[String]) -> Result<String> {
        let mut told = String::new();
        let log = fs::read_to_string(self.log())?;
        for run in found.iter().filter_map(|promise| promise.split(' ').next()).collect::<BTreeSet<_>>() {
            for line in log
                .lines()
                .filter(|line| line.contains(&format!("\"{run}/")) || line.contains(&format!("\"{run}\"")))
            {
                told.push_str(&format!("{line}\n"));
            }
            for record in self.journal.get(run).iter().flat_map(|run| &run.records) {
                told.push_str(&format!("{} {} {}\n", record.epoch, record.seq, record.body));
            }
        }
        Ok(told)
    }

    fn verdict(&mut self) -> Result<Vec<String>> {
        self.look()?;
        let Log { executions, returned } = read_log(&fs::read(self.log())?)?;
        let mut accepted = self.accepted.clone();
        accepted.extend(returned.iter().map(|(run, _)| run.clone()));
        let entries = self.journal.values().flat_map(|run| run.entries());
        let resumed = entries.filter(|(_, entry)| matches!(entry, Entry::RunResumed { .. })).count();
        println!(
            "{} runs, of which {} over HTTP, {resumed} changes of owner, {} results seen by callers, other machine after {:?}",
            self.journal.len(),
            self.accepted.len(),
            returned.len(),
            self.longest,
        );
        let small = self.journal.len() < 80 || resumed < 15 || returned.len() < 50;
        ensure!(!small, "the storm was too small to prove anything");
        // The lease of a sidecar is four seconds; the rest is what the runs themselves take on a busy machine.
        ensure!(self.longest < Duration::from_secs(20), "it took {:?}", self.longest);
        Ok(judge(&Evidence {
            executions: &executions,
            snapshots: &self.snapshots,
            journal: &self.journal,
            accepted: &accepted,
            returned: &returned,
            expected: &expected,
            is_write: &is_write,
        }))
    }
}
