//! `conductor breaker`: the circuit breakers of the host, and a person's decisions on them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, SidecarArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, RED, YELLOW};
use crate::view::{self, Moment};

/// Show circuit breakers, keep one open or closed, or leave it to itself again
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "text or json",
        global = true
    )]
    pub format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the circuit breakers that processes have used or people have decided on
    List,
    /// Show one, with what people have decided on it
    Show {
        /// The task's id, or TASK:KEY
        id: String,
    },
    /// Keep it open: no process calls the task
    Open(Decision),
    /// Keep it closed: every process calls the task, however often that fails
    Close(Decision),
    /// Leave it to itself again
    Auto(Decision),
}

#[derive(Debug, clap::Args)]
struct Decision {
    /// The task's id, or TASK:KEY
    id: String,
    /// Said in the audit trail
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Who decides, said in the audit trail [default: $USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Breakers {
    breakers: Vec<Breaker>,
}

#[derive(Debug, Deserialize)]
struct Breaker {
    id: String,
    state: String,
    mode: String,
    since: Option<Moment>,
    reason: String,
    by: Option<String>,
    suspect: Option<u32>,
    alone: Vec<u32>,
    #[serde(default)]
    history: Vec<Decided>,
}

#[derive(Debug, Deserialize)]
struct Decided {
    state: String,
    reason: String,
    by: String,
    at: Option<Moment>,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let is_list = matches!(args.what, What::List);
    let answer = match args.what {
        What::List => client.get("/v1/breakers").await?,
        What::Show { id } => client.get(&path(&id)).await?,
        What::Open(decision) => decide(&client, "open", decision).await?,
        What::Close(decision) => decide(&client, "closed", decision).await?,
        What::Auto(decision) => decide(&client, "auto", decision).await?,
    };
    let body = view::expect_ok(&client, answer)?;
    if args.format == Format::Json {
        output::print_json(&body);
    } else if is_list {
        let found: Breakers = view::parse(&client, body)?;
        output::print(&table(&found.breakers));
    } else {
        output::print(&one(&view::parse(&client, body)?));
    }
    Ok(Exit::Fine)
}

fn path(id: &str) -> String {
    format!("/v1/breakers/{}", view::url_encoded(id))
}

async fn decide(client: &Client, state: &str, decision: Decision) -> Result<crate::client::Answer, Failure> {
    let by = decision.by.or_else(|| std::env::var("USER").ok()).unwrap_or_default();
    let body: Value = json!({"state": state, "reason": decision.reason, "by": by});
    client.put(&path(&decision.id), &body).await
}

fn table(breakers: &[Breaker]) -> String {
    if breakers.is_empty() {
        return "no breakers: there is one once a process with a task that has one is connected\n".to_owned();
    }
    let rows: Vec<[Cell; 5]> = breakers
        .iter()
        .map(|one| {
            [
                (output::inert_line(&one.id, 60), ""),
                (one.state.clone(), colour(&one.state)),
                (one.mode.clone(), if one.mode == "forced" { YELLOW } else { "" }),
                (one.since.as_ref().map_or_else(String::new, view::moment), ""),
                (output::inert_line(&remark(one), 80), ""),
            ]
        })
        .collect();
    output::table(["BREAKER", "STATE", "MODE", "SINCE", ""], &rows)
}

fn colour(state: &str) -> &'static str {
    match state {
        "open" => RED,
        "closed" => "",
        _ => YELLOW,
    }
}

fn remark(one: &Breaker) -> String {
    if one.mode == "forced" {
        return said(one.by.as_deref().unwrap_or_default(), &one.reason);
    }
    match (one.suspect, one.alone.as_slice()) {
        (Some(pid), _) => format!("that of process {pid} is open"),
        (None, []) => String::new(),
        (None, alone) => {
            let pids: Vec<String> = alone.iter().map(u32::to_string).collect();
            format!("open in process {} alone", pids.join(", "))
        }
    }
}

fn said(by: &str, reason: &str) -> String {
    let by = if by.is_empty() { "somebody" } else { by };
    if reason.is_empty() { format!("by {by}") } else { format!("by {by}: {reason}") }
}

fn one(found: &Breaker) -> String {
    let mut text = format!("{}: {}, {}", output::inert_line(&found.id, 200), found.state, found.mode);
    let remark = remark(found);
    if !remark.is_empty() {
        text.push_str(&format!(", {}", output::inert_line(&remark, 2000)));
    }
    text.push('\n');
    for decided in &found.history {
        let at = decided.at.as_ref().map_or_else(String::new, view::moment);
        let said = output::inert_line(&said(&decided.by, &decided.reason), 2000);
        text.push_str(&format!("  {at}  {}  {said}\n", decided.state));
    }
    text
}
