//! `conductor schedules`: which workflows begin by themselves, and when next.

use serde::Deserialize;

use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, RED, YELLOW};
use crate::view::{self, Moment};

/// List workflows that begin by themselves, and when they do next
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

#[derive(Debug, Deserialize)]
struct Schedules {
    schedules: Vec<Schedule>,
}

#[derive(Debug, Deserialize)]
struct Schedule {
    workflow: String,
    cron: String,
    time_zone: String,
    missed: String,
    next: Option<Moment>,
    missed_since: Option<Moment>,
    served: bool,
    problem: Option<String>,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let answer = client.get("/v1/schedules").await?;
    let body = view::expect_ok(&client, answer)?;
    if args.format == Format::Json {
        output::print_json(&body);
        return Ok(Exit::Fine);
    }
    let found: Schedules = view::parse(&client, body)?;
    output::print(&table(&found.schedules));
    Ok(Exit::Fine)
}

fn table(schedules: &[Schedule]) -> String {
    if schedules.is_empty() {
        return "no schedules: a workflow has one once a process has served it\n".to_owned();
    }
    let rows: Vec<[Cell; 6]> = schedules
        .iter()
        .map(|one| {
            [
                (output::inert_line(&one.workflow, 40), ""),
                (output::inert_line(&one.cron, 30), ""),
                (output::inert_line(&one.time_zone, 30), ""),
                (output::inert_line(&one.missed, 5), ""),
                (one.next.as_ref().map_or_else(|| "never".to_owned(), view::moment), ""),
                remark(one),
            ]
        })
        .collect();
    output::table(["WORKFLOW", "SCHEDULE", "TIME ZONE", "MISSED", "NEXT", ""], &rows)
}

fn remark(one: &Schedule) -> Cell {
    if let Some(problem) = &one.problem {
        return (output::inert_line(problem, 80), RED);
    }
    match (&one.missed_since, one.served) {
        (Some(since), false) => (format!("nobody serves it; missed since {}", view::moment(since)), YELLOW),
        (None, false) => ("nobody serves it".to_owned(), YELLOW),
        (_, true) => (String::new(), ""),
    }
}
