//! `conductor runs`: the runs that a sidecar knows, newest first.

use conductor_protocol::state::RunState;

use crate::client::{Client, SidecarArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format};
use crate::view::{self, Run, Runs};

/// List runs, newest first
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only runs of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Only runs in this state
    #[arg(long, value_parser = parse_state, value_name = "STATE")]
    state: Option<RunState>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

fn parse_state(name: &str) -> Result<RunState, String> {
    RunState::parse(name).ok_or_else(|| {
        let known: Vec<&str> = RunState::ALL.iter().map(|state| state.as_str()).collect();
        format!("the states are {}", known.join(", "))
    })
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let mut path = format!("/v1/runs?limit={}", args.limit);
    if let Some(workflow) = &args.workflow {
        path.push_str(&format!("&workflow={}", view::url_encoded(workflow)));
    }
    if let Some(state) = args.state {
        path.push_str(&format!("&state={}", state.as_str()));
    }
    let answer = client.get(&path).await?;
    let body = view::expect_ok(&client, answer)?;
    if args.format == Format::Json {
        output::print_json(&body);
        return Ok(Exit::Fine);
    }
    let mut runs: Runs = view::parse(&client, body)?;
    for run in &mut runs.runs {
        look_into(&client, run).await?;
    }
    output::print(&table(&runs.runs));
    Ok(Exit::Fine)
}

/// The list does not say at which step somebody works.
async fn look_into(client: &Client, run: &mut Run) -> Result<(), Failure> {
    if run.is_over() || run.waiting_for.is_some() {
        return Ok(());
    }
    let answer = client.get(&format!("/v1/runs/{}", view::url_encoded(&run.id))).await?;
    *run = view::parse(client, view::expect_ok(client, answer)?)?;
    Ok(())
}

fn table(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let rows: Vec<[Cell; 6]> = runs
        .iter()
        .map(|run| {
            [
                (output::inert_line(&run.id, 48), ""),
                (output::inert_line(&run.workflow, 40), ""),
                view::state_cell(&run.state),
                (view::moment(&run.started_at), ""),
                (view::elapsed(&run.started_at, run.finished_at.as_ref()), ""),
                (output::inert_line(&run.waits_for(), 60), ""),
            ]
        })
        .collect();
    output::table(["RUN", "WORKFLOW", "STATE", "STARTED", "DURATION", "WAITS FOR"], &rows)
}
