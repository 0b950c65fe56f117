//! The comparison for people, in the manner of Terraform.
//!
//! It knows how a change is written and coloured, not how it was found.

use std::fmt::Write as _;

use conductor_budget::{Timing, Worst, duration};
use conductor_driver::Compiled;
use conductor_plan::{Action, FieldChange, Place, StepChange, Waits, WorkflowChange, counts};

use super::runs::{Fit, Touched, TouchedRun, Verdict};
use super::{Comparison, Side, bindings, sides};
use crate::output::{self, BOLD, DIM, GREEN, RED, RESET, YELLOW, inert_line};
use crate::project::Project;

/// Runs that are shown; all are in the JSON.
const RUNS_SHOWN: usize = 50;
const WIDTH: usize = 400;

pub(super) fn report(
    project: &Project,
    comparison: &Comparison,
    compiled: &Compiled,
    runs: &Touched,
) -> String {
    let mut page = Page { text: String::new(), coloured: output::coloured() };
    page.heading(project, comparison);
    let (before, after) = (sides(&comparison.before), sides(&comparison.after));
    let of_one = |change: &WorkflowChange| {
        let mut page = Page { text: String::new(), coloured: page.coloured };
        page.workflow(change, before.get(change.workflow.as_str()), after.get(change.workflow.as_str()));
        page.text
    };
    let written = conductor_parallel::map(comparison.changes.len(), &comparison.changes, of_one);
    page.text.extend(written);
    page.bindings(compiled);
    page.runs(comparison, runs);
    if !compiled.ungenerated.is_empty() {
        page.line("`conductor build` cannot write code for all of this yet; it says for what.\n");
    }
    let [add, change, remove] = counts(&comparison.changes);
    let (bold, reset) = page.style(BOLD);
    page.line(&format!("{bold}Plan: {add} to add, {change} to change, {remove} to remove.{reset}"));
    page.text
}

struct Page {
    text: String,
    coloured: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn style(&self, style: &'static str) -> (&'static str, &'static str) {
        if self.coloured { (style, RESET) } else { ("", "") }
    }

    /// `+`, `~` or `-` in its colour.
    fn sign(&self, action: Action) -> String {
        let (sign, colour) = match action {
            Action::Add => ("+", GREEN),
            Action::Change => ("~", YELLOW),
            Action::Remove => ("-", RED),
            Action::Keep => (" ", DIM),
        };
        let (colour, reset) = self.style(colour);
        format!("{colour}{sign}{reset}")
    }

    fn heading(&mut self, project: &Project, comparison: &Comparison) {
        let manifest = inert_line(&project.manifest, WIDTH);
        let line = match &comparison.against {
            Some(origin) => format!("{manifest}, compared with {}:\n", inert_line(origin, WIDTH)),
            None => format!("{manifest}: nothing was built before.\n"),
        };
        self.line(&line);
    }

    fn workflow(&mut self, change: &WorkflowChange, before: Option<&Side<'_>>, after: Option<&Side<'_>>) {
        if change.action == Action::Keep {
            return;
        }
        let (sign, (bold, reset)) = (self.sign(change.action), self.style(BOLD));
        self.line(&format!("{sign} {bold}workflow {}{reset}", inert_line(&change.workflow, 80)));
        if change.action == Action::Change {
            self.fields("    ", &change.fields);
        }
        for step in &change.steps {
            self.step(step);
        }
        let text = |side: &Side<'_>| (time(&side.timing.whole), waits(&side.waits, side.plan.durable));
        let (old, new) = (before.map(text), after.map(text));
        let both = [
            ("worst case", old.as_ref().map(|old| &old.0), new.as_ref().map(|new| &new.0)),
            ("waits for the disk", old.as_ref().map(|old| &old.1), new.as_ref().map(|new| &new.1)),
        ];
        for (name, old, new) in both {
            let text = match (old, new) {
                (Some(old), Some(new)) if old != new => format!("{old} -> {new}"),
                (_, Some(new)) => new.clone(),
                (Some(old), None) => old.clone(),
                (None, None) => continue,
            };
            let (dim, reset) = self.style(DIM);
            self.line(&format!("    {dim}{name}:{reset} {}", inert_line(&text, WIDTH)));
        }
        self.text.push('\n');
    }

    fn step(&mut self, step: &StepChange) {
        let sign = self.sign(step.action);
        let name = if step.anonymous { String::new() } else { format!("{}: ", inert_line(&step.id, 80)) };
        let calls =
            step.calls.as_ref().map_or_else(String::new, |calls| format!(" {}", inert_line(calls, 120)));
        self.line(&format!("  {sign} {name}{}{calls}", step.kind));
        if let Some(moved) = &step.moved {
            let (from, to) = (place(&moved.from), place(&moved.to));
            self.line(&format!("      moved: {} -> {}", inert_line(&from, WIDTH), inert_line(&to, WIDTH)));
        }
        if step.action == Action::Change {
            self.fields("      ", &step.fields);
        }
    }

    fn fields(&mut self, indent: &str, fields: &[FieldChange]) {
        for change in fields {
            let field = inert_line(&change.field, 120);
            let text = |text: &str| inert_line(text, 160);
            let (sign, said) = match (&change.before, &change.after) {
                (Some(before), Some(after)) => {
                    (Action::Change, format!("{} -> {}", text(before), text(after)))
                }
                (None, Some(after)) => (Action::Add, text(after)),
                (Some(before), None) => (Action::Remove, text(before)),
                (None, None) => continue,
            };
            let sign = self.sign(sign);
            self.line(&format!("{indent}{sign} {field}: {said}"));
        }
    }

    fn bindings(&mut self, compiled: &Compiled) {
        let bindings = bindings(compiled);
        if bindings.is_empty() {
            return;
        }
        let (bold, reset) = self.style(BOLD);
        self.line(&format!(
            "{bold}Bound without being written{reset} (`conductor fix --pin-bindings` writes it out):"
        ));
        for binding in bindings {
            self.line(&format!("    {}", inert_line(&binding.to_string(), WIDTH)));
        }
        self.text.push('\n');
    }

    fn runs(&mut self, comparison: &Comparison, touched: &Touched) {
        let changes = comparison
            .changes
            .iter()
            .filter(|change| matches!(change.action, Action::Change | Action::Remove))
            .count();
        if changes == 0 {
            return;
        }
        let (bold, reset) = self.style(BOLD);
        let (runs, more) = match touched {
            Touched::Unknown(why) => {
                let why = inert_line(why, WIDTH);
                return self.line(&format!("{bold}Runs{reset} were not looked at: {why}.\n"));
            }
            Touched::Known { runs, .. } if runs.is_empty() => {
                return self
                    .line(&format!("{bold}Runs{reset}: none of these workflows has an unfinished one.\n"));
            }
            Touched::Known { runs, more, .. } => (runs, *more),
        };
        self.line(&format!(
            "{bold}Unfinished runs{reset} (each stays with the Plan that it is pinned to; this version of the sidecar \
             never hands one to another):"
        ));
        for run in runs.iter().take(RUNS_SHOWN) {
            self.run(run);
        }
        let hidden = runs.len().saturating_sub(RUNS_SHOWN);
        if hidden > 0 {
            self.line(&format!("    and {hidden} more: `--format json` shows them"));
        }
        if more > 0 {
            self.line("    and more than can be looked into");
        }
        self.text.push('\n');
    }

    fn run(&mut self, run: &TouchedRun) {
        let (id, workflow) = (inert_line(&run.id, 60), inert_line(&run.workflow, 60));
        self.line(&format!("    {id}  {workflow}  {}", inert_line(&run.state, 20)));
        self.line(&format!("      {}", inert_line(&verdict(run), WIDTH)));
        if let Some(fit) = &run.fit {
            for line in fits(fit).lines() {
                self.line(&format!("      {}", inert_line(line, WIDTH)));
            }
        }
    }
}

fn verdict(run: &TouchedRun) -> String {
    match &run.verdict {
        Verdict::Continues => "goes on: it is pinned to the new Plan already".to_owned(),
        Verdict::Unpinned => {
            "not begun: the application that takes it first pins it to the Plan that it serves".to_owned()
        }
        Verdict::Pinned { sessions: 0 } => {
            "waits for an application of the build that it began under: none is connected".to_owned()
        }
        Verdict::Pinned { sessions } => {
            let serve = if *sessions == 1 { "application serves" } else { "applications serve" };
            format!("goes on while an application of its build is there: {sessions} {serve} it now")
        }
    }
}

fn fits(fit: &Fit) -> String {
    let compared = if fit.whole {
        ""
    } else {
        " (only keys and inputs were compared: the Plan it began under is not at hand)"
    };
    if fit.obstacles.is_empty() {
        return format!("its journal fits the new Plan{compared}");
    }
    let mut text = format!("its journal does not fit the new Plan{compared}:");
    for obstacle in fit.obstacles.iter().take(5) {
        let _infallible = write!(text, "\n  {obstacle}");
    }
    if fit.obstacles.len() > 5 {
        let _infallible = write!(text, "\n  and {} more", fit.obstacles.len() - 5);
    }
    text
}

fn place(place: &Place) -> String {
    let inside = place.inside.as_ref().map(|block| format!("in {block}"));
    let after = place.after.as_ref().map_or_else(|| "first".to_owned(), |step| format!("after {step}"));
    inside.into_iter().chain([after]).collect::<Vec<_>>().join(", ")
}

/// `2m 3s`, `1m, cut off by the deadline; 2m 3s without it`, or why there is no bound.
fn time(timing: &Timing<'_>) -> String {
    let text = |worst: Worst<'_>| match worst {
        Worst::Within(milliseconds) => duration(milliseconds),
        Worst::Unbounded(cause) => format!("no bound, {cause}"),
    };
    let work = text(timing.work);
    let mut said = match timing.deadline_ms {
        Some(deadline) if timing.work.milliseconds().is_none_or(|work| work > deadline) => {
            format!("{}, cut off by the deadline (without it {work})", duration(deadline))
        }
        _ => work,
    };
    if timing.compensation != Worst::ZERO {
        let _infallible = write!(said, ", then to undo it {}", text(timing.compensation));
    }
    said
}

fn waits(waits: &Waits, durable: bool) -> String {
    if !durable {
        return "none, it is not durable".to_owned();
    }
    let items = waits.per_item.iter().map(|(step, count)| format!("{count} for each item of {step}"));
    std::iter::once(waits.most.to_string()).chain(items).collect::<Vec<_>>().join(", and ")
}
