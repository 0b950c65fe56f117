//! `conductor signal RUN NAME`: sends a signal to a run.

use serde_json::Value;

use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::view;

/// Send a signal to a run, which a `wait_for` of that name takes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's id
    run: String,
    /// The signal's name
    name: String,
    /// What comes with it, as JSON
    #[arg(long, default_value = "null", value_name = "JSON")]
    data: String,
    /// Names the signal: sent again with the same id, it counts once [default: a new one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    if let Err(error) = serde_json::from_str::<Value>(&args.data) {
        return Err(Failure::usage(format!("--data is not JSON: {error}"))
            .help("text stands in quotes inside quotes: --data '\"yes\"'"));
    }
    let client = args.sidecar.client()?;
    let (run, name) = (view::url_encoded(&args.run), view::url_encoded(&args.name));
    let path = format!("/v1/runs/{run}/signals/{name}");
    let header = args.id.as_deref().map(|id| ("idempotency-key", id));
    let answer = client.post_text(&path, args.data, header).await?;
    let body = view::expect_ok(&client, answer)?;
    match args.format {
        Format::Json => output::print_json(&body),
        Format::Text => {
            let (name, run) = (output::inert_line(&args.name, 200), output::inert_line(&args.run, 200));
            output::print(&format!("sent {name} to {run}\n"));
        }
    }
    Ok(Exit::Fine)
}
