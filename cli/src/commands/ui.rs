//! `conductor ui`: a link that lets a browser in as whoever asks for it.
//!
//! It does not know the pages, nor how a browser stays in.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::address::Address;
use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::view;

/// Print a link to the web UI that lets one browser in, within two minutes, as you
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Open it in this machine's browser, too
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let body = view::expect_ok(&client, client.post("/v1/ui/codes", &json!({})).await?)?;
    let code = body["code"].as_str().unwrap_or_default();
    let place = match (Address::of(client.socket()), body["http"].as_str()) {
        (Address::Tls(place), _) => format!("https://{place}"),
        (Address::Tcp(place), _) => format!("http://{place}"),
        (Address::Unix(_), Some(address)) => format!("http://{address}"),
        (Address::Unix(_), None) => {
            let failure = Failure::environment("the sidecar serves no pages: it has no port for HTTP");
            return Err(failure.help("start it with `--http 127.0.0.1:7878`, or name its port for other machines: `--socket tls://HOST:PORT`"));
        }
    };
    // What stands behind the number sign goes to no server, and into no server's log.
    let link = format!("{place}/#login={code}");
    match args.format {
        Format::Json => output::print_json(&json!({ "link": link })),
        Format::Text => output::print(&format!("{link}\n")),
    }
    if args.open {
        open(&link)?;
    }
    Ok(Exit::Fine)
}

fn open(link: &str) -> Result<(), Failure> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::environment(format!("{program} ended with {status}"))),
        Err(error) => Err(Failure::environment(format!("failed to start {program}: {error}"))),
    }
}
