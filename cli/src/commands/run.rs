//! `conductor run WORKFLOW`: starts a run in a serving application, and waits for its end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, SidecarArgs};
use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert_line};
use crate::view::{self, Run};

const POLL: Duration = Duration::from_millis(100);

/// Start a run in a serving application, and wait for its end
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workflow's id
    workflow: String,
    /// The inputs, a JSON object; `@FILE` reads them from a file
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE")]
    input: String,
    /// The run's id; the same id never runs twice [default: a new one]
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// Who starts it, said in the journal [default: $USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Do not wait for the end
    #[arg(long)]
    detach: bool,
    /// Wait at most this long; then exit with 5
    #[arg(long, value_name = "SECONDS", conflicts_with = "detach")]
    timeout: Option<u64>,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let input = disk::read_input(&args.input)?;
    let client = args.sidecar.client()?;
    need_a_server(&client, &args.workflow).await?;
    // The input goes as it was written: a number is not read here.
    let by = args.by.clone().or_else(|| std::env::var("USER").ok());
    let said = [("run_id", &args.run_id), ("by", &by)];
    let said =
        said.into_iter().filter_map(|(name, text)| Some(format!(",\"{name}\":{}", json!(text.as_ref()?))));
    let request = format!("{{\"input\":{}{}}}", input.get(), said.collect::<String>());
    let path = format!("/v1/workflows/{}/runs", view::url_encoded(&args.workflow));
    let answer = client.post_text(&path, request, None).await?;
    let body = view::expect_ok(&client, answer)?;
    let id = body["id"].as_str().unwrap_or_default().to_owned();
    if args.detach {
        match args.format {
            Format::Json => output::print_json(&body),
            Format::Text => output::print(&format!("{}\n", inert_line(&id, 200))),
        }
        return Ok(Exit::Fine);
    }
    wait(&client, &id, &args).await
}

/// Somebody must be there to execute the run.
async fn need_a_server(client: &Client, workflow: &str) -> Result<(), Failure> {
    let body = view::expect_ok(client, client.get("/v1/sessions").await?)?;
    let sessions = body["sessions"].as_array().map_or(&[][..], Vec::as_slice);
    let serving = sessions.iter().filter(|session| {
        session["connected"] == json!(true) && session["serve"].as_u64().is_some_and(|serve| serve > 0)
    });
    let mut served: Vec<&str> = serving
        .flat_map(|session| session["plans"].as_array().map_or(&[][..], Vec::as_slice))
        .filter_map(|plan| plan["workflow"].as_str())
        .collect();
    if served.contains(&workflow) {
        return Ok(());
    }
    served.sort_unstable();
    served.dedup();
    let help = if served.is_empty() {
        "start the application; it serves with `await conductor_gen.serve()`".to_owned()
    } else {
        format!("served are: {}", served.join(", "))
    };
    Err(Failure::environment(format!("no application serves the workflow {workflow}")).help(help))
}

async fn wait(client: &Client, id: &str, args: &Args) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let path = format!("/v1/runs/{}", view::url_encoded(id));
    loop {
        let answer = client.get(&path).await?;
        let body = view::expect_ok(client, answer)?;
        let exit = view::exit_of(body["state"].as_str().unwrap_or_default());
        let late = args.timeout.is_some_and(|seconds| begun.elapsed() >= Duration::from_secs(seconds));
        if exit != Exit::Waiting || late {
            tell(client, body, args.format)?;
            return Ok(exit);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn tell(client: &Client, body: Value, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        output::print_json(&body);
        return Ok(());
    }
    let run: Run = view::parse(client, body)?;
    let what = match (&run.output, &run.error) {
        (_, Some(error)) => inert_line(&error.form.message, 1000),
        (Some(output), None) => inert_line(&output.to_string(), 10_000),
        (None, None) => String::new(),
    };
    output::print(&format!("{}  {}  {what}\n", inert_line(&run.id, 200), view::state_text(&run.state)));
    Ok(())
}
