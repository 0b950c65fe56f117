//! What the demo shows, chapter by chapter.
//!
//! It does not know how processes are started and killed, nor what makes a verdict.

use std::fmt::Write as _;

use super::crash::{self, Crash, ORDERS};
use super::shop::Shop;
use super::stage::Stage;
use super::verdict::{Evidence, Fate, Verdict};
use crate::commands::{build, check, fix, show};
use crate::compile::{Overlay, Which, compile};
use crate::exit::{Exit, Failure};
use crate::output::{self, BOLD, DIM, GREEN, RED, RESET};
use crate::project::Project;
use crate::view::Run;

/// Why the seed's manifest does not check.
const ERRORS_OF_THE_SEED: usize = 2;

pub struct Story<'stage> {
    stage: &'stage Stage,
    shop: Shop,
    crash: Crash,
}

impl<'stage> Story<'stage> {
    pub fn new(stage: &'stage Stage, serves: bool) -> Result<Story<'stage>, Failure> {
        check_python()?;
        let shop = Shop::unpack(stage.folder.clone())?;
        Ok(Story { stage, shop, crash: Crash::new(&stage.folder, serves) })
    }

    pub async fn tell(&mut self) -> Result<Exit, Failure> {
        let project = Project::find(Some(&self.stage.folder))?;
        let told = tokio::task::spawn_blocking(move || mend_and_compile(&project)).await;
        told.map_err(|error| Failure::environment(format!("the compiler broke off: {error}")))??;
        let evidence = self.crash_and_resume().await?;
        let verdict = Verdict::new(&evidence, ORDERS);
        conclude(&verdict, &evidence.runs, self.stage);
        Ok(if verdict.faults.is_empty() { Exit::Fine } else { Exit::Finding })
    }

    async fn crash_and_resume(&mut self) -> Result<Evidence, Failure> {
        chapter(4, &format!("{ORDERS} orders, and a crash"));
        let sidecar = self.crash.start_sidecar().await?;
        let killed = self.crash.start_application(&self.shop)?;
        tell(&format!("sidecar is process {sidecar}, application (python3 app.py) is process {killed}"));
        let moment = self.crash.strike(&self.shop).await?;
        clear();
        tell(&format!("{} orders done, {} payments in flight", moment.done, moment.charging));
        command(&format!("kill -9 {killed}    # the application"));
        command(&format!("kill -9 {sidecar}    # the sidecar"));
        let cut_off = self.shop.progress().map_or(0, |progress| progress.charging);
        let taken = self.shop.taken_in_flight();
        tell(&format!(
            "the shop's own log of calls has {cut_off} payments that began and never came back; \
             {taken} of them had taken the money"
        ));
        if cut_off == 0 {
            return Err(Failure::environment("no payment was in flight at the kill"));
        }
        chapter(5, "Both are started again");
        let sidecar = self.crash.start_sidecar().await?;
        let journaled = crash::finished_steps(&self.crash.runs().await?);
        tell(&format!("sidecar is process {sidecar}; its journal holds {} finished steps", journaled.len()));
        let application = self.crash.start_application(&self.shop)?;
        tell(&format!("application is process {application}"));
        self.crash.finish(&self.shop).await?;
        clear();
        Ok(Evidence { orders: self.shop.orders()?, runs: self.crash.runs().await?, journaled, killed })
    }

    /// Says where the runs can be looked at as long as this goes on.
    pub fn invite(&self) -> Result<(), Failure> {
        let address = self.crash.address()?;
        tell(&format!("\nThe sidecar goes on, with its web UI at {address} (Ctrl-C ends it)"));
        Ok(())
    }

    pub async fn stop(&mut self) {
        clear();
        self.crash.stop().await;
    }

    /// What the processes wrote.
    #[must_use]
    pub fn logs(&self) -> String {
        self.crash.last_words()
    }
}

fn mend_and_compile(project: &Project) -> Result<(), Failure> {
    chapter(1, "The manifest, as its author wrote it");
    command("conductor check");
    let checked = compile(project, &Overlay::new())?;
    output::print(&check::report(project, &checked, Which::All));
    let errors = checked.errors();
    if errors != ERRORS_OF_THE_SEED {
        return Err(Failure::environment(format!(
            "the manifest has {errors} errors, not {ERRORS_OF_THE_SEED}"
        )));
    }
    chapter(2, "Both errors come with a fix");
    command("conductor fix");
    let fixed = fix::fix(project, fix::Which::Safe)?;
    output::print(&fixed.report());
    output::print(&check::report(project, &fixed.left, Which::Errors));
    chapter(3, "It compiles, to Python that needs nothing but the standard library");
    command("conductor build");
    let built = build::build(project)?;
    output::print(&built.summary);
    if built.succeeded { Ok(()) } else { Err(Failure::environment("the mended manifest does not compile")) }
}

fn conclude(verdict: &Verdict, runs: &std::collections::BTreeMap<String, Run>, stage: &Stage) {
    if let Some(run) = verdict.most_telling().and_then(|id| runs.get(id)) {
        chapter(6, "One of the orders whose payment was cut off");
        command(&format!("conductor show {}", run.id));
        output::print(&show::describe(run));
    }
    chapter(7, "All of them: the journal, compared with the shop's database");
    output::print(&verdict.table());
    output::print(&legend(verdict));
    let (green, red, bold, reset) = colours();
    for fault in &verdict.faults {
        output::print(&format!("{red}WRONG{reset}: {}\n", output::inert(fault)));
    }
    if verdict.faults.is_empty() {
        output::print(&format!(
            "{green}{bold}{ORDERS} of {ORDERS} orders finished, each charged once; \
             no step that was in the journal ran again.{reset}\n"
        ));
    }
    output::print(&further(stage));
}

fn legend(verdict: &Verdict) -> String {
    let count = |fate: Fate| verdict.counts.get(&fate).copied().unwrap_or(0);
    let mut text = format!(
        "\nkept   {:>4}  finished before the crash, not run again\n\
         again  {:>4}  cut off by the crash, run again; {} of them payments, each with its first idempotency key\n\
         after  {:>4}  not begun at the crash\n",
        count(Fate::Kept),
        count(Fate::Again),
        verdict.payments_again(),
        count(Fate::After),
    );
    if verdict.letters_twice > 0 {
        let _infallible = writeln!(
            text,
            "{} customers got their receipt twice: send_email takes no idempotency key, charge does",
            verdict.letters_twice
        );
    }
    text.push('\n');
    text
}

fn further(stage: &Stage) -> String {
    if !stage.kept {
        return "\nTo look further: `conductor demo --dir shop` keeps the project and its journal.\n"
            .to_owned();
    }
    let folder = stage.folder.display();
    format!(
        "\nTo look further:\n  cd {folder}\n  conductor sidecar &\n  conductor runs\n  conductor show order-001\n  \
         less conductor_gen/process_order_workflow.py\n"
    )
}

fn check_python() -> Result<(), Failure> {
    let program = "import sys; sys.exit(sys.version_info < (3, 11))";
    let tried = std::process::Command::new("python3").args(["-c", program]).output();
    let wanted = "the demo runs a Python application: install Python 3.11 or newer as `python3`";
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(_) => Err(Failure::environment("python3 is older than 3.11").help(wanted)),
        Err(error) => Err(Failure::environment(format!("failed to run python3: {error}")).help(wanted)),
    }
}

fn chapter(number: u32, title: &str) {
    let (_, _, bold, reset) = colours();
    output::print(&format!("\n{bold}{number}. {title}{reset}\n\n"));
}

fn command(line: &str) {
    let dim = if output::coloured() { DIM } else { "" };
    let (_, _, bold, reset) = colours();
    output::print(&format!("{dim}${reset} {bold}{line}{reset}\n"));
}

fn tell(line: &str) {
    output::print(&format!("{line}\n"));
}

fn clear() {
    if output::watched() {
        output::redraw("");
    }
}

fn colours() -> (&'static str, &'static str, &'static str, &'static str) {
    if output::coloured() { (GREEN, RED, BOLD, RESET) } else { ("", "", "", "") }
}
