//! `conductor cancel RUN`: asks for a run to be cancelled.

use serde_json::json;

use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::view;

/// Ask for a run to be cancelled; its owner settles what it started, then ends it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's id
    run: String,
    /// Said in the journal
    #[arg(long, default_value = "cancelled by operator", value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let path = format!("/v1/runs/{}/cancel", view::url_encoded(&args.run));
    let answer = client.post(&path, &json!({"reason": args.reason})).await?;
    let body = view::expect_ok(&client, answer)?;
    match args.format {
        Format::Json => output::print_json(&body),
        Format::Text => {
            output::print(&format!("asked for {} to be cancelled\n", output::inert_line(&args.run, 200)))
        }
    }
    Ok(Exit::Fine)
}
