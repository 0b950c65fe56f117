//! Two machines on a network of their own with one PostgreSQL, their sidecars and applications, and their faults.
//!
//! It knows which faults there are; what a run must come to, `program` and `verdict` know.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conductor_tests::application::Language;
use conductor_tests::journal::Journal;
use conductor_tests::process::Process;
use conductor_tests::random::Random;
use conductor_tests::servers::Postgres;
use conductor_tests::shared::{self, Follower};
use conductor_tests::sidecar::{Around, Sidecar};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::crowd::Crowd;
use crate::network::{Network, SERVER};
use crate::report::Report;
use crate::storm::{Site, interrupt, terminate};

const MACHINES: usize = 2;

/// Of a session; that of a sidecar is twice as long.
const LEASE: Duration = Duration::from_secs(2);

/// How long PostgreSQL lives.
const SERVER_LIVES: (u64, u64) = (5, 40);

/// A sidecar and applications that die together.
struct Machine {
    sidecar: Sidecar,
    applications: Vec<Process>,
}

pub struct Machines {
    crowd: Crowd,
    /// Before the server, which they need, and the network, on which they are.
    machines: Vec<Option<Machine>>,
    server: Postgres,
    network: Network,
    follower: Follower,
    /// When the server is killed next.
    doom: Instant,
    _folder: TempDir,
}

impl Site for Machines {
    fn begin(random: &mut Random) -> Result<Machines> {
        let folder = tempfile::Builder::new().prefix("cdstorm").tempdir()?;
        let crowd = Crowd::built(folder.path(), random)?;
        let network = Network::new(MACHINES)?;
        let mut all = Machines {
            crowd,
            machines: Vec::new(),
            server: Postgres::reachable(SERVER)?,
            network,
            follower: Follower::default(),
            doom: Instant::now() + life(random),
            _folder: folder,
        };
        for number in 0..MACHINES {
            let machine = all.machine(number)?;
            all.machines.push(Some(machine));
        }
        Ok(all)
    }

    fn crowd(&mut self) -> &mut Crowd {
        &mut self.crowd
    }

    fn tend(&mut self, random: &mut Random) -> Result<()> {
        self.tend_at(usize::try_from(random.below(MACHINES as u64))?, random)
    }

    fn look(&mut self) -> Result<()> {
        let (follower, url) = (&mut self.follower, self.server.url());
        self.crowd.look(|| follower.news_of_open(&url))
    }

    fn fault(&mut self, random: &mut Random, report: &mut Report) -> Result<()> {
        let number = usize::try_from(random.below(MACHINES as u64))?;
        match random.below(10) {
            0..2 => {
                self.kill_machine(number)?;
                report.fault("machine killed");
            }
            2..5 => {
                let index = usize::try_from(random.below(Language::ALL.len() as u64))?;
                self.kill_application(number, index)?;
                report.fault("application killed");
            }
            5..7 => {
                let project = self.crowd.project();
                let sidecar = &mut self.up(number)?.sidecar;
                sidecar.kill()?;
                sidecar.restart(&project)?;
                report.fault("sidecar killed");
            }
            7 => {
                self.up(number)?.sidecar.process()?.stop()?;
                self.meanwhile(number, LEASE * 3, random)?;
                self.up(number)?.sidecar.process()?.signal(Signal::CONT)?;
                report.fault("sidecar stopped past its lease");
            }
            _ => {
                self.network.cut(number)?;
                let time = Duration::from_millis(500 + random.below(8000));
                self.meanwhile(number, time, random)?;
                self.network.join(number)?;
                report.fault("machine cut off from the network, and joined");
            }
        }
        if Instant::now() >= self.doom {
            self.server.kill()?;
            std::thread::sleep(Duration::from_millis(random.below(2500)));
            self.server.recover()?;
            self.doom = Instant::now() + life(random);
            report.fault("PostgreSQL killed");
        }
        Ok(())
    }

    fn calm(&mut self, _: &mut Report) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, random: &mut Random) -> Result<()> {
        let machine = self.machines[0].as_ref().context("the machine is down")?;
        self.crowd.finish(&machine.sidecar, random)
    }

    fn stop(&mut self) -> Result<Journal> {
        for machine in &mut self.machines {
            let Machine { mut sidecar, applications } = machine.take().context("the machine is down")?;
            applications.into_iter().try_for_each(interrupt)?;
            terminate(&mut sidecar)?;
        }
        self.journal()
    }

    fn journal(&mut self) -> Result<Journal> {
        shared::read(&self.server.url())
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        for machine in self.machines.iter_mut().flatten() {
            said.extend(machine.sidecar.process().map(|process| process.stderr()).ok());
            said.extend(machine.applications.iter().map(Process::stderr));
        }
        said
    }
}

impl Machines {
    fn machine(&self, number: usize) -> Result<Machine> {
        let around = Around { command: self.network.command(number), variables: Vec::new() };
        let (url, lease) = (self.server.url_from_outside(), format!("{}ms", LEASE.as_millis()));
        let arguments = ["--store", &url, "--lease", &lease];
        let sidecar =
            Sidecar::within(around.clone(), &self.crowd.project(), &format!("m{number}"), &arguments)?;
        let application = |language| self.crowd.application(language, &sidecar.socket(), &around);
        let applications = Language::ALL.into_iter().map(application).collect::<Result<_>>()?;
        Ok(Machine { sidecar, applications })
    }

    fn up(&mut self, number: usize) -> Result<&mut Machine> {
        self.machines[number].as_mut().context("the machine is down")
    }

    fn tend_at(&mut self, number: usize, random: &mut Random) -> Result<()> {
        let machine = self.machines[number].as_ref().context("the machine is down")?;
        self.crowd.tend(&machine.sidecar, random)
    }

    /// The other machine works on.
    fn meanwhile(&mut self, number: usize, time: Duration, random: &mut Random) -> Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.tend_at((number + 1) % MACHINES, random)?;
            self.look()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn kill_application(&mut self, number: usize, index: usize) -> Result<()> {
        let around = Around { command: self.network.command(number), variables: Vec::new() };
        let socket = self.up(number)?.sidecar.socket();
        let mut old = self.up(number)?.applications.remove(index);
        ensure!(old.is_alive()?, "an application ended by itself:\n{}", old.stderr());
        old.kill()?;
        let new = self.crowd.application(Language::ALL[index], &socket, &around)?;
        self.up(number)?.applications.insert(index, new);
        Ok(())
    }

    /// All of it at once. What it had to do is done by the other; then it comes back.
    fn kill_machine(&mut self, number: usize) -> Result<()> {
        let Machine { mut sidecar, applications } =
            self.machines[number].take().context("the machine is down")?;
        sidecar.kill()?;
        applications.into_iter().try_for_each(Process::kill)?;
        self.look()?;
        self.machines[number] = Some(self.machine(number)?);
        Ok(())
    }

    /// Begins runs on the first machine, kills all of its processes, and waits until the runs have ended on the second.
    pub fn take_over(&mut self, random: &mut Random) -> Result<(usize, Duration)> {
        self.crowd.call_no_more()?;
        let first = &self.machines[0].as_ref().context("the machine is down")?.sidecar;
        let wanted = self.crowd.start_all(first, 20)?;
        let Machine { mut sidecar, applications } = self.machines[0].take().context("the machine is down")?;
        sidecar.kill()?;
        applications.into_iter().try_for_each(Process::kill)?;
        let killed = Instant::now();
        self.look()?;
        let left = wanted.iter().filter(|run| !self.crowd.ended.contains(*run)).count();
        while !wanted.is_subset(&self.crowd.ended) {
            ensure!(killed.elapsed() < Duration::from_secs(60), "{:?} never ended", self.crowd.open());
            let second = &self.machines[1].as_ref().context("the machine is down")?.sidecar;
            self.crowd.finish(second, random)?;
            std::thread::sleep(Duration::from_millis(50));
            self.look()?;
        }
        ensure!(left > 0, "all had ended before");
        Ok((left, killed.elapsed()))
    }
}

fn life(random: &mut Random) -> Duration {
    let (least, most) = SERVER_LIVES;
    Duration::from_millis(least * 1000 + random.below((most - least) * 1000))
}
