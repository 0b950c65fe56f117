//! `conductor policy`: the numbers of named policies while processes run, and a person's changes to them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::{Answer, Client, SidecarArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, YELLOW};
use crate::view::{self, Moment};

/// Show the numbers of named policies, change them while processes run, or take the manifest's again
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
    /// List the named policies of the processes that are connected, and those that people have changed
    List,
    /// Show one, with what people have changed on it
    Show {
        /// The policy's id in the manifest
        id: String,
    },
    /// Change numbers: retries=5 timeout=2s rate_limit=10/s; `timeout=` takes the manifest's again
    Set {
        /// The policy's id in the manifest
        id: String,
        /// retries, initial, max_delay, multiplier, timeout, deadline, rate_limit or bulkhead
        #[arg(required = true, value_name = "NUMBER=VALUE")]
        numbers: Vec<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Take all numbers of the manifest again
    Reset {
        /// The policy's id in the manifest
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Debug, clap::Args)]
struct Why {
    /// Said in the audit trail
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Who decides, said in the audit trail [default: $USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

type Numbers = Map<String, Value>;

#[derive(Debug, Deserialize)]
struct Policies {
    policies: Vec<Policy>,
}

#[derive(Debug, Deserialize)]
struct Policy {
    id: String,
    live: Numbers,
    built: Vec<Built>,
    since: Option<Moment>,
    reason: Option<String>,
    by: Option<String>,
    #[serde(default)]
    history: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Built {
    numbers: Numbers,
    processes: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct Change {
    from: Numbers,
    to: Numbers,
    reason: String,
    by: String,
    at: Option<Moment>,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let client = args.sidecar.client()?;
    let is_list = matches!(args.what, What::List);
    let answer = match args.what {
        What::List => client.get("/v1/policies").await?,
        What::Show { id } => client.get(&path(&id)).await?,
        What::Set { id, numbers, why } => set(&client, &id, &numbers, why).await?,
        What::Reset { id, why } => client.delete_with(&path(&id), &why.body(Map::new())).await?,
    };
    let body = view::expect_ok(&client, answer)?;
    if args.format == Format::Json {
        output::print_json(&body);
    } else if is_list {
        let found: Policies = view::parse(&client, body)?;
        output::print(&table(&found.policies));
    } else {
        output::print(&one(&view::parse(&client, body)?));
    }
    Ok(Exit::Fine)
}

impl Why {
    fn body(self, mut body: Numbers) -> Value {
        let by = self.by.or_else(|| std::env::var("USER").ok()).unwrap_or_default();
        body.extend([("reason".to_owned(), json!(self.reason)), ("by".to_owned(), json!(by))]);
        Value::Object(body)
    }
}

fn path(id: &str) -> String {
    format!("/v1/policies/{}", view::url_encoded(id))
}

async fn set(client: &Client, id: &str, written: &[String], why: Why) -> Result<Answer, Failure> {
    let mut numbers = Map::new();
    for one in written {
        let Some((number, value)) = one.split_once('=') else {
            return Err(Failure::usage(format!("`{one}` is no number and its value"))
                .help("write them as retries=5 timeout=2s"));
        };
        if numbers.insert(number.to_owned(), read(value)).is_some() {
            return Err(Failure::usage(format!("`{number}` is given twice")));
        }
    }
    client.put(&path(id), &why.body(Map::from_iter([("numbers".to_owned(), Value::Object(numbers))]))).await
}

/// A number as it is, nothing as the manifest's, else text.
fn read(value: &str) -> Value {
    match serde_json::from_str::<serde_json::Number>(value) {
        Ok(number) => Value::Number(number),
        Err(_) if value.is_empty() => Value::Null,
        Err(_) => Value::from(value),
    }
}

fn table(policies: &[Policy]) -> String {
    if policies.is_empty() {
        return "no policies: there is one once a process with a named policy is connected\n".to_owned();
    }
    let rows: Vec<[Cell; 4]> = policies
        .iter()
        .map(|one| {
            let is_live = !one.live.is_empty();
            let processes = one.built.iter().map(|built| built.processes.len()).sum::<usize>();
            [
                (output::inert_line(&one.id, 60), ""),
                (output::inert_line(&written(&one.live), 100), if is_live { YELLOW } else { "" }),
                (processes.to_string(), ""),
                (output::inert_line(&remark(one), 80), ""),
            ]
        })
        .collect();
    output::table(["POLICY", "LIVE", "PROCESSES", ""], &rows)
}

/// `retries=5 timeout=2s`.
fn written(numbers: &Numbers) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    numbers.iter().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(" ")
}

fn remark(one: &Policy) -> String {
    if one.live.is_empty() {
        return String::new();
    }
    let since = one.since.as_ref().map_or_else(String::new, view::moment);
    format!(
        "{since} {}",
        said(one.by.as_deref().unwrap_or_default(), one.reason.as_deref().unwrap_or_default())
    )
}

fn said(by: &str, reason: &str) -> String {
    let by = if by.is_empty() { "somebody" } else { by };
    if reason.is_empty() { format!("by {by}") } else { format!("by {by}: {reason}") }
}

fn one(found: &Policy) -> String {
    let mut text = format!("{}\n", output::inert_line(&found.id, 200));
    let live = if found.live.is_empty() { "nothing is changed".to_owned() } else { written(&found.live) };
    text.push_str(&format!("  live      {}\n", output::inert_line(&live, 2000)));
    for built in &found.built {
        let processes = match built.processes.len() {
            1 => "1 process".to_owned(),
            count => format!("{count} processes"),
        };
        text.push_str(&format!(
            "  manifest  {}  ({processes})\n",
            output::inert_line(&written(&built.numbers), 2000)
        ));
    }
    if found.built.is_empty() {
        text.push_str("  no process that is connected has it\n");
    }
    for change in &found.history {
        let at = change.at.as_ref().map_or_else(String::new, view::moment);
        let to = if change.to.is_empty() { "the manifest's".to_owned() } else { written(&change.to) };
        let from = if change.from.is_empty() { "the manifest's".to_owned() } else { written(&change.from) };
        let line = format!("{from} -> {to}  {}", said(&change.by, &change.reason));
        text.push_str(&format!("  {at}  {}\n", output::inert_line(&line, 2000)));
    }
    text
}
