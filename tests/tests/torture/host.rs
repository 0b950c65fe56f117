//! One machine: a sidecar on a small disk of its own, applications of three languages behind a proxy, and their faults.
//!
//! It knows which faults there are; what a run must come to, `program` and `verdict` know.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::application::Language;
use conductor_tests::journal::{Follower, Journal};
use conductor_tests::process::Process;
use conductor_tests::random::Random;
use conductor_tests::sidecar::{Around, Sidecar};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::crowd::Crowd;
use crate::proxy::Proxy;
use crate::report::Report;
use crate::shim::Shim;
use crate::storm::{Site, interrupt, terminate};

/// Of a session. A run is given to another half of it later.
const LEASE: Duration = Duration::from_secs(2);

/// The size of the disk, which a fault fills to its end.
const DISK: &str = "512m";

/// How much longer flushes take before the power is lost: it is lost in the middle of one then.
const SLOW_FLUSH: Duration = Duration::from_millis(100);

/// How far the clock is set forward and back.
const SECONDS: u64 = 10;

pub struct Host {
    crowd: Crowd,
    applications: Vec<Option<Process>>,
    sidecar: Sidecar,
    proxy: Proxy,
    shim: Shim,
    disk: Disk,
    follower: Follower,
    socket: PathBuf,
    /// After everything that uses it.
    _folder: TempDir,
}

/// A file system of its own where this user may mount one. Elsewhere the shim says that it is full.
struct Disk {
    at: PathBuf,
    is_mounted: bool,
}

impl Disk {
    fn new(at: PathBuf) -> Result<Disk> {
        fs::create_dir(&at)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={DISK}"), "tmpfs"]).arg(&at);
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        Ok(Disk { at, is_mounted })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_mounted {
            // A destructor cannot report. What is still open there keeps it until it is closed.
            let _ = Command::new("umount").arg("-l").arg(&self.at).status();
        }
    }
}

impl Site for Host {
    fn begin(random: &mut Random) -> Result<Host> {
        let folder = tempfile::Builder::new().prefix("cdstorm").tempdir()?;
        let crowd = Crowd::built(folder.path(), random)?;
        let shim = Shim::compiled(folder.path())?;
        let disk = Disk::new(folder.path().join("disk"))?;
        let around = Around { command: Vec::new(), variables: shim.disk() };
        let lease = format!("{}ms", LEASE.as_millis());
        let sidecar = Sidecar::within(around, &crowd.project(), "disk/data", &["--lease", &lease])?;
        let socket = folder.path().join("p.sock");
        let proxy = Proxy::listen(&socket, &sidecar.socket())?;
        let mut host = Host {
            crowd,
            applications: Vec::new(),
            sidecar,
            proxy,
            shim,
            disk,
            follower: Follower::default(),
            socket,
            _folder: folder,
        };
        for language in Language::ALL {
            let application = host.application(language)?;
            host.applications.push(Some(application));
        }
        Ok(host)
    }

    fn crowd(&mut self) -> &mut Crowd {
        &mut self.crowd
    }

    fn tend(&mut self, random: &mut Random) -> Result<()> {
        self.crowd.tend(&self.sidecar, random)
    }

    fn look(&mut self) -> Result<()> {
        let store = self.sidecar.store();
        self.crowd.look(|| self.follower.news(&store))
    }

    fn fault(&mut self, random: &mut Random, report: &mut Report) -> Result<()> {
        let millis = |random: &mut Random, from, below| Duration::from_millis(from + random.below(below));
        match random.below(20) {
            0..5 => {
                let index = usize::try_from(random.below(Language::ALL.len() as u64))?;
                self.kill_application(index)?;
                report.fault("application killed");
            }
            5..8 => {
                self.sidecar_ends(report, "sidecar killed", |_| Ok(0))?;
            }
            8..11 => {
                self.shim.set_flush(SLOW_FLUSH)?;
                std::thread::sleep(millis(random, 50, 200));
                let data = self.data();
                let torn = self.sidecar_ends(report, "power of the sidecar lost", |shim| {
                    shim.set_flush(Duration::ZERO)?;
                    shim.tear(&data, random)
                })?;
                report.count("writes torn or cut off", torn);
            }
            11 => self.kill_everything(report)?,
            12 => {
                self.sidecar.process()?.stop()?;
                std::thread::sleep(LEASE * 2);
                self.sidecar.process()?.signal(Signal::CONT)?;
                report.fault("sidecar stopped past its lease");
            }
            13..15 => {
                let is_real = self.disk.is_mounted;
                self.fill_disk(millis(random, 300, 1500))?;
                report.fault(if is_real { "disk full, then freed" } else { "disk full, by the shim" });
            }
            15..17 => {
                let seconds = i64::try_from(random.below(2 * SECONDS + 1))? - i64::try_from(SECONDS)?;
                self.shim.set_clock(seconds)?;
                report.fault(if seconds < 0 { "clock set back" } else { "clock set forward" });
            }
            17 => {
                self.proxy.cut();
                report.fault("connections cut");
            }
            18 => {
                self.proxy.stall(true);
                std::thread::sleep(millis(random, 200, 3500));
                self.proxy.stall(false);
                report.fault("connections stalled");
            }
            _ => {
                self.proxy.reorder(true);
                std::thread::sleep(millis(random, 500, 1000));
                self.proxy.reorder(false);
                report.fault("answers reordered");
            }
        }
        Ok(())
    }

    fn calm(&mut self, report: &mut Report) -> Result<()> {
        report.count("answers that overtook others", usize::try_from(self.proxy.overtaken())?);
        self.shim.set_clock(0)
    }

    fn finish(&mut self, random: &mut Random) -> Result<()> {
        self.crowd.finish(&self.sidecar, random)
    }

    fn stop(&mut self) -> Result<Journal> {
        for application in &mut self.applications {
            interrupt(application.take().context("no application")?)?;
        }
        terminate(&mut self.sidecar)?;
        self.journal()
    }

    fn journal(&mut self) -> Result<Journal> {
        self.sidecar.journal()
    }

    fn said(&mut self) -> String {
        let sidecar = self.sidecar.process().map(|process| process.stderr()).unwrap_or_default();
        // Python and Go say where they stand when they are asked; Go ends with it.
        for (index, signal) in [(0, Signal::USR1), (2, Signal::QUIT)] {
            let asked = self.applications[index].as_ref().map(|process| process.signal(signal));
            asked.into_iter().for_each(drop);
        }
        std::thread::sleep(Duration::from_secs(1));
        let applications = self.applications.iter().flatten().map(Process::stderr);
        std::iter::once(sidecar).chain(applications).collect::<Vec<_>>().join("\n")
    }
}

impl Host {
    /// Go asks the kernel for the time without the C library: its clock cannot be set.
    fn application(&self, language: Language) -> Result<Process> {
        let variables = if language == Language::Go { Vec::new() } else { self.shim.clock() };
        self.crowd.application(language, &self.socket, &Around { command: Vec::new(), variables })
    }

    fn data(&self) -> PathBuf {
        self.disk.at.join("data")
    }

    fn kill_application(&mut self, index: usize) -> Result<()> {
        let mut application = self.applications[index].take().context("no application")?;
        ensure!(application.is_alive()?, "an application ended by itself:\n{}", application.stderr());
        application.kill()?;
        self.look()?;
        self.applications[index] = Some(self.application(Language::ALL[index])?);
        Ok(())
    }

    /// Kills the sidecar, does something to what it leaves before anybody looks, and starts it again.
    fn sidecar_ends(
        &mut self,
        report: &mut Report,
        kind: &'static str,
        meanwhile: impl FnOnce(&Shim) -> Result<usize>,
    ) -> Result<usize> {
        ensure!(self.sidecar.process()?.is_alive()?, "the sidecar ended by itself");
        self.sidecar.kill()?;
        let done = meanwhile(&self.shim)?;
        report.fault(kind);
        self.look()?;
        self.sidecar.restart(&self.crowd.project())?;
        Ok(done)
    }

    /// The sidecar first, so that the applications work on for a moment with nobody to record it.
    fn kill_everything(&mut self, report: &mut Report) -> Result<()> {
        self.sidecar.kill()?;
        for application in &mut self.applications {
            application.take().context("no application")?.kill()?;
        }
        self.look()?;
        self.sidecar.restart(&self.crowd.project())?;
        for (index, language) in Language::ALL.into_iter().enumerate() {
            self.applications[index] = Some(self.application(language)?);
        }
        report.fault("everything killed");
        Ok(())
    }

    fn fill_disk(&mut self, time: Duration) -> Result<()> {
        if !self.disk.is_mounted {
            self.shim.set_full(true)?;
            std::thread::sleep(time);
            return self.shim.set_full(false);
        }
        let ballast = self.disk.at.join("ballast");
        fill(&ballast)?;
        std::thread::sleep(time);
        Ok(fs::remove_file(ballast)?)
    }
}

/// Writes until there is no room.
fn fill(ballast: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::create(ballast)?;
    for size in [1 << 20, 4 << 10, 1] {
        let zeros = vec![0; size];
        while file.write_all(&zeros).is_ok() {}
    }
    Ok(())
}
