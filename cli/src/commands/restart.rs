//! `conductor restart RUN`: lets a run that has stopped go on from a step before, as a new generation.

use serde_json::{Map, Value};

use crate::client::SidecarArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert_line};
use crate::{disk, view};

/// Let a run that has ended or paused go on from a step before; what came after it is forgotten, and may happen again
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("where").required(true).args(["from", "from_beginning"])))]
pub struct Args {
    /// The run's id
    run: String,
    /// The step (a key as `conductor show` has it), or a block with steps in it
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Nothing that is recorded counts
    #[arg(long)]
    from_beginning: bool,
    /// The inputs from here on, a JSON object; `@FILE` reads them from a file
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// An application with another build of the workflow may take it, although records of the old one count
    #[arg(long)]
    any_plan: bool,
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
    let mut fields = Map::new();
    fields.insert("from".to_owned(), args.from.clone().map_or(Value::Null, Value::from));
    if args.any_plan {
        fields.insert("any_plan".to_owned(), Value::from(true));
    }
    let by = args.by.or_else(|| std::env::var("USER").ok());
    for (name, text) in [("reason", args.reason), ("by", by)] {
        if let Some(text) = text {
            fields.insert(name.to_owned(), Value::from(text));
        }
    }
    let mut body = serde_json::to_string(&fields).unwrap_or_default();
    if let Some(input) = &args.input {
        // As it was written: a number is not read here.
        body.pop();
        body.push_str(&format!(",\"input\":{}}}", disk::read_input(input)?.get()));
    }
    let client = args.sidecar.client()?;
    let path = format!("/v1/runs/{}/restart", view::url_encoded(&args.run));
    let answer = client.post_text(&path, body, None).await?;
    let body = view::expect_ok(&client, answer)?;
    match args.format {
        Format::Json => output::print_json(&body),
        Format::Text => output::print(&told(&args.run, &body)),
    }
    Ok(Exit::Fine)
}

fn told(run: &str, body: &Value) -> String {
    let from = body["from"].as_str().map_or_else(|| "its beginning".to_owned(), |from| inert_line(from, 80));
    let mut text =
        format!("restarted {} from {from}, as generation {}\n", inert_line(run, 200), body["generation"]);
    let repeated = body["repeated"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let repeated: Vec<String> = repeated.map(|key| inert_line(key, 80)).collect();
    if !repeated.is_empty() {
        text.push_str(&format!(
            "outside of what is guaranteed, these may happen again: {}\n",
            repeated.join(", ")
        ));
    }
    text
}
