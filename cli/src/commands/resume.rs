//! `conductor resume RUN`: lets a paused run go on, with a decision on the step at which it stopped.

use serde_json::{Map, Value};

use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::{disk, view};

/// Let a paused run go on, and decide on the step at which it stopped
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's id
    run: String,
    /// The step begins anew, with all attempts of its policy
    #[arg(long, conflicts_with_all = ["result", "failed"])]
    retry: bool,
    /// The step has happened, with this result as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "failed")]
    result: Option<String>,
    /// The step has not happened and is not to: its fallback or its failure is next
    #[arg(long, value_name = "MESSAGE")]
    failed: Option<String>,
    /// The inputs from here on, a JSON object; `@FILE` reads them from a file. What is recorded stays as it is
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// Said in the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who decides, said in the journal [default: $USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let result = args.result.as_deref().map(serde_json::from_str::<Box<serde_json::value::RawValue>>);
    let result = result.transpose().map_err(|error| {
        Failure::usage(format!("--result is not JSON: {error}"))
            .help("text stands in quotes inside quotes: --result '\"yes\"'")
    })?;
    let mut fields = Map::new();
    let mut say = |name: &str, value: &str| fields.insert(name.to_owned(), Value::from(value));
    match (&result, &args.failed) {
        (Some(_), _) => say("decision", "happened"),
        (None, Some(message)) => {
            say("message", message);
            say("decision", "failed")
        }
        (None, None) if args.retry => say("decision", "retry"),
        (None, None) => None,
    };
    if let Some(reason) = &args.reason {
        say("reason", reason);
    }
    if let Some(by) = args.by.or_else(|| std::env::var("USER").ok()) {
        say("by", &by);
    }
    let mut body = serde_json::to_string(&fields).unwrap_or_default();
    if let Some(result) = result {
        // As it was written: a number is not read here.
        body.pop();
        body.push_str(&format!(",\"result\":{}}}", result.get()));
    }
    if let Some(input) = &args.input {
        body.pop();
        let comma = if body.len() > 1 { "," } else { "" };
        body.push_str(&format!("{comma}\"input\":{}}}", disk::read_input(input)?.get()));
    }
    let client = args.sidecar.client()?;
    let path = format!("/v1/runs/{}/resume", view::url_encoded(&args.run));
    let answer = client.post_text(&path, body, None).await?;
    let is_form = answer.status == 400;
    let body = view::expect_ok(&client, answer).map_err(|failure| {
        if is_form { failure.help("`conductor show RUN` says where it stopped; decide with --retry, --result JSON or --failed MESSAGE") } else { failure }
    })?;
    match args.format {
        Format::Json => output::print_json(&body),
        Format::Text => output::print(&told(&body)),
    }
    Ok(Exit::Fine)
}

fn told(body: &Value) -> String {
    let runs = body["resumed"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let runs: Vec<String> = runs.map(|run| output::inert_line(run, 200)).collect();
    format!("resumed {}\n", runs.join(", "))
}
