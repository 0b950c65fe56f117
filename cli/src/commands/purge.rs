//! `conductor purge`: takes runs that have ended out of the journal.
//!
//! It does not know what the sidecar keeps of them.

use std::time::Duration;

use conductor_protocol::state::RunState;
use serde_json::{Value, json};

use crate::client::{Client, SidecarArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::{durations, view};

/// Take runs that have ended out of the journal; what is left of each is its id, its state and a digest of its input
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["runs", "older_than"])))]
pub struct Args {
    /// The ids of the runs; those that they started and awaited go with them
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// All that ended longer ago than this (30d, 12h)
    #[arg(long, value_parser = durations::parse, value_name = "TIME")]
    older_than: Option<Duration>,
    /// Only runs of this workflow
    #[arg(long, value_name = "ID", requires = "older_than")]
    workflow: Option<String>,
    /// Only runs that ended so: succeeded, failed or cancelled
    #[arg(long, value_parser = parse_end, value_name = "STATE", requires = "older_than")]
    state: Option<RunState>,
    /// Said in the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who decides, said in the audit trail [default: $USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

fn parse_end(name: &str) -> Result<RunState, String> {
    RunState::parse(name)
        .filter(|state| state.is_terminal())
        .ok_or_else(|| "only runs that succeeded, failed or cancelled are purged".to_owned())
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let by = args.by.clone().or_else(|| std::env::var("USER").ok());
    let said = query([("reason", args.reason.as_deref()), ("by", by.as_deref())]);
    let count = match args.older_than {
        Some(age) => older(&client, age, &args, &said).await?,
        None => named(&client, &args.runs, &said).await?,
    };
    match args.format {
        Format::Json => output::print_json(&json!({ "purged": count })),
        Format::Text if count == 1 => output::print("purged 1 run\n"),
        Format::Text => output::print(&format!("purged {count} runs\n")),
    }
    Ok(Exit::Fine)
}

fn count(body: &Value) -> u64 {
    body["purged"].as_u64().unwrap_or(0)
}

/// What is said, each part with an ampersand before it.
fn query<const N: usize>(parts: [(&str, Option<&str>); N]) -> String {
    let said = parts.into_iter().filter_map(|(name, text)| Some((name, view::url_encoded(text?))));
    said.map(|(name, text)| format!("&{name}={text}")).collect()
}

async fn named(client: &Client, runs: &[String], said: &str) -> Result<u64, Failure> {
    let mut sum = 0;
    for run in runs {
        let answer = client
            .delete(&format!("/v1/runs/{}?{}", view::url_encoded(run), said.trim_start_matches('&')))
            .await?;
        let body = view::expect_ok(client, answer).map_err(|failure| match sum {
            0 => failure,
            sum => Failure { message: format!("{} (purged {sum} before)", failure.message), ..failure },
        })?;
        sum += count(&body);
    }
    Ok(sum)
}

async fn older(client: &Client, age: Duration, args: &Args, said: &str) -> Result<u64, Failure> {
    let before = jiff::Timestamp::now()
        .checked_sub(age)
        .map_err(|_| Failure::usage("--older-than goes back further than there are dates"))?;
    let which = query([("workflow", args.workflow.as_deref()), ("state", args.state.map(RunState::as_str))]);
    let before = view::url_encoded(&before.to_string());
    let path = format!("/v1/runs?ended_before={before}{which}{said}");
    let mut sum = 0;
    // One request purges for a few seconds at most.
    loop {
        let body = view::expect_ok(client, client.delete(&path).await?)?;
        sum += count(&body);
        if body["more"] != true {
            return Ok(sum);
        }
    }
}
