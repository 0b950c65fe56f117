//! `conductor show RUN`: one run with its steps, and when what happened.

use std::fmt::Write as _;

use conductor_protocol::error::ErrorForm;

use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::following;
use crate::output::{self, BOLD, Cell, DIM, Format, RED, RESET, inert, inert_line};
use crate::timeline::Timeline;
use crate::view::{self, Reopened, Restarted, Run, Step};

/// Show a run: its steps with attempts, times, outcomes and errors, and a time line
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's id
    run: String,
    /// Show it live, until it has ended or is paused; that is the exit code
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    if args.follow {
        return following::follow(&client, &args.run, args.format).await;
    }
    let answer = client.get(&format!("/v1/runs/{}", view::url_encoded(&args.run))).await?;
    let body = view::expect_ok(&client, answer)?;
    if args.format == Format::Json {
        output::print_json(&body);
        return Ok(Exit::Fine);
    }
    let run: Run = view::parse(&client, body)?;
    output::print(&describe(&run));
    Ok(Exit::Fine)
}

/// The run for people: header, steps, errors, time line.
#[must_use]
pub fn describe(run: &Run) -> String {
    let timeline = Timeline::new(run, jiff::Timestamp::now().as_millisecond());
    let steps = format!("\n{}{}", table(&run.steps), errors(&run.steps));
    header(run) + &steps + &timeline.draw(output::width(), output::coloured())
}

/// The run in so many rows at most: without errors and time line where they do not fit, and then with the last of its steps.
#[must_use]
pub fn fitted(run: &Run, rows: usize) -> String {
    let whole = describe(run);
    if whole.lines().count() <= rows {
        return whole;
    }
    let (header, table) = (header(run), table(&run.steps));
    let room = rows.saturating_sub(header.lines().count() + 2);
    let mut lines = table.lines();
    let title = lines.next().unwrap_or_default();
    let steps: Vec<&str> = lines.collect();
    let hidden = if steps.len() > room { steps.len() + 1 - room.max(1) } else { 0 };
    let mut text = format!("{header}\n{title}\n");
    if hidden > 0 {
        let _infallible = writeln!(text, "… {hidden} before");
    }
    for step in &steps[hidden..] {
        let _infallible = writeln!(text, "{step}");
    }
    text
}

fn header(run: &Run) -> String {
    let (bold, dim, reset) = if output::coloured() { (BOLD, DIM, RESET) } else { ("", "", "") };
    let mut text = format!("{bold}{}{reset}  {}\n", inert_line(&run.id, 200), view::state_text(&run.state));
    let mut line = |name: &str, value: String| {
        let _infallible = writeln!(text, "  {dim}{name:<11}{reset}{value}");
    };
    line("workflow", inert_line(&run.workflow, 200));
    let end = run.finished_at.as_ref();
    let ended = end.map_or_else(|| "not ended".to_owned(), view::moment);
    line("started", view::moment(&run.started_at) + &said(" by ", &run.started_by));
    line("ended", format!("{ended} ({})", view::elapsed(&run.started_at, end)));
    line("input", inert_line(&run.input.to_string(), 300));
    if let Some(output) = &run.output {
        line("output", inert_line(&output.to_string(), 300));
    }
    if let Some(plan) = &run.plan {
        line("plan", inert_line(plan, 80));
    }
    for reopened in &run.reopened {
        line("resumed", resumed(reopened));
    }
    for again in &run.restarted {
        line("restarted", restarted(again));
    }
    let waits_for = run.waits_for();
    if !waits_for.is_empty() {
        line("waits for", inert_line(&waits_for, 200));
    }
    if let Some(error) = &run.error {
        let at = error.step.as_ref().map_or_else(String::new, |step| format!(" in {}", inert_line(step, 80)));
        line("error", format!("{}{at}", error_line(&error.form)));
    }
    text
}

/// When and by whom the run was let go on, which step was decided on, and why.
fn resumed(reopened: &Reopened) -> String {
    let (by, step) = (said(" by ", &reopened.by), said(" at ", &reopened.step));
    let input = if reopened.changed_input { " with other inputs" } else { "" };
    format!("{}{by}{step}{input}{}", view::moment(&reopened.at), said(": ", &reopened.reason))
}

/// When and by whom the run was let go on from a step before.
fn restarted(again: &Restarted) -> String {
    let by = said(" by ", &again.by);
    let from = again
        .from
        .as_ref()
        .map_or_else(|| " from its beginning".to_owned(), |from| format!(" from {}", inert_line(from, 80)));
    let input = if again.changed_input { " with other inputs" } else { "" };
    let (at, reason) = (view::moment(&again.at), said(": ", &again.reason));
    format!("{at}{by}{from}{input}, generation {}{reason}", again.generation)
}

fn said(before: &str, what: &Option<String>) -> String {
    what.as_ref().map_or_else(String::new, |what| format!("{before}{}", inert_line(what, 80)))
}

/// The kind of an error, its code and its message.
#[must_use]
pub fn error_line(form: &ErrorForm) -> String {
    let kind = form.types.first().map_or("error", String::as_str);
    let kind = kind.strip_prefix("builtins.").unwrap_or(kind);
    let code = form.code.as_ref().map_or_else(String::new, |code| format!(" {code}"));
    inert_line(&format!("{kind}{code}: {}", form.message), 200)
}

fn table(steps: &[Step]) -> String {
    let rows: Vec<[Cell; 6]> = steps
        .iter()
        .map(|step| {
            let start = step.started_at.as_ref();
            let took =
                start.map_or_else(String::new, |start| view::elapsed(start, step.finished_at.as_ref()));
            [
                (inert_line(&step.key, 48), ""),
                (inert_line(&step.work(), 40), ""),
                view::state_cell(&step.state),
                (step.attempts.to_string(), ""),
                (start.map_or_else(String::new, view::moment), ""),
                (took, ""),
            ]
        })
        .collect();
    let header = ["STEP", "TASK", "STATE", "ATTEMPTS", "STARTED", "DURATION"];
    output::table(header, &rows)
}

fn errors(steps: &[Step]) -> String {
    let mut text = String::new();
    let (red, reset) = if output::coloured() { (RED, RESET) } else { ("", "") };
    for step in steps {
        if let Some(error) = &step.fell_back {
            let key = inert_line(&step.key, 80);
            let _infallible = writeln!(text, "\n{key}: fell back after {}", error_line(&error.form));
        }
        if let Some(error) = &step.error {
            let _infallible =
                writeln!(text, "\n{red}{}{reset}: {}", inert_line(&step.key, 80), error_line(&error.form));
            if let Some(stack) = &error.form.stack {
                for line in inert(stack).lines().take(40) {
                    let _infallible = writeln!(text, "  {line}");
                }
            }
        }
    }
    text
}
