//! One storm over a site, whatever it is made of: work and faults, and then the calm in which everything must end.
//!
//! It knows neither a fault nor a process: the site does.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use conductor_tests::journal::Journal;
use conductor_tests::process::Process;
use conductor_tests::random::Random;
use conductor_tests::sidecar::Sidecar;
use rustix::process::Signal;

use crate::crowd::Crowd;
use crate::report::Report;

/// How long everything may take to end once nothing befalls it any more.
const CALM: Duration = Duration::from_secs(120);

/// Looks in a row that find everything ended: a call that has waited for somebody may begin its run only now.
const QUIET: u32 = 10;

/// Applications and sidecars, and what can befall them.
pub trait Site: Sized {
    fn begin(random: &mut Random) -> Result<Self>;

    fn crowd(&mut self) -> &mut Crowd;

    /// Lets more begin, and does what people do.
    fn tend(&mut self, random: &mut Random) -> Result<()>;

    /// Takes note of what has been committed.
    fn look(&mut self) -> Result<()>;

    fn fault(&mut self, random: &mut Random, report: &mut Report) -> Result<()>;

    /// Ends the faults that have not ended by themselves.
    fn calm(&mut self, report: &mut Report) -> Result<()>;

    /// Does all that people still have to do.
    fn finish(&mut self, random: &mut Random) -> Result<()>;

    /// Stops everything in good order, and gives the journal.
    fn stop(&mut self) -> Result<Journal>;

    /// What the store holds now.
    fn journal(&mut self) -> Result<Journal>;

    /// What the processes have printed.
    fn said(&mut self) -> String;
}

/// Faults until `until`, or until `runs` have begun; then everything ends, and this is what the store holds.
pub fn pass(
    site: &mut impl Site,
    until: Instant,
    runs: usize,
    random: &mut Random,
    report: &mut Report,
) -> Result<Journal> {
    while Instant::now() < until && site.crowd().begun.len() < runs {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(30 + random.below(200)));
            site.tend(random)?;
            site.look()?;
        }
        site.fault(random, report)?;
        site.look()?;
    }
    site.calm(report)?;
    site.crowd().call_no_more()?;
    let start = Instant::now();
    let mut quiet = 0;
    while quiet < QUIET {
        site.look()?;
        site.finish(random)?;
        let open = site.crowd().open();
        quiet = if open.is_empty() { quiet + 1 } else { 0 };
        if start.elapsed() > CALM {
            bail!("{} runs never ended: {open:?}", open.len());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    site.stop()
}

/// An application that is interrupted, as by a person.
pub fn interrupt(mut application: Process) -> Result<()> {
    application.wait_for_line("up")?;
    ensure!(application.is_alive()?, "an application ended by itself:\n{}", application.stderr());
    application.signal(Signal::INT)?;
    application.wait()?.expect_code(130).map(drop)
}

/// A sidecar that is asked to end.
pub fn terminate(sidecar: &mut Sidecar) -> Result<()> {
    let sidecar = sidecar.take()?;
    sidecar.signal(Signal::TERM)?;
    sidecar.wait()?.expect_code(0).map(drop)
}
