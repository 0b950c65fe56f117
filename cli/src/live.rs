//! Where the numbers of policies that people have set on a sidecar differ from those of the manifest.
//!
//! It knows which sidecar to ask and how differences are told, not how numbers are set.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use conductor_protocol::numbers::Numbers;
use conductor_protocol::plan::Plan;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::exit::Failure;
use crate::output::inert_line;
use crate::project::{self, Project};
use crate::view::{self, Moment};

/// How long a sidecar is waited for that nobody named.
const PATIENCE: Duration = Duration::from_secs(2);
const WIDTH: usize = 400;

/// What is set on a policy and not what its manifest says.
#[derive(Debug)]
pub struct Difference {
    policy: String,
    /// By number: what is set, and what the manifest says.
    numbers: Vec<(String, Value, Option<Value>)>,
    /// Whether the manifest's workflows use a policy of that id.
    is_known: bool,
    said: String,
    since: Option<Moment>,
    reason: String,
    by: String,
}

#[derive(Deserialize)]
struct Policies {
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    id: String,
    live: Map<String, Value>,
    since: Option<Moment>,
    reason: Option<String>,
    by: Option<String>,
}

/// What differs on the sidecar that is named, else on that of the environment or of the project, where one answers.
pub async fn differences(
    project: &Project,
    given: Option<&Path>,
    plans: &[Plan],
) -> Result<Vec<Difference>, Failure> {
    let Some(socket) = project::socket_of(project, given)? else { return Ok(Vec::new()) };
    let client = Client::new(socket);
    let asked = async {
        let answer = client.get("/v1/policies").await?;
        view::parse::<Policies>(&client, view::expect_ok(&client, answer)?)
    };
    let found = if given.is_some() {
        asked.await?
    } else {
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(found)) => found,
            // Nobody asked for it: a socket that a killed sidecar left behind, or one of an older version.
            Ok(Err(_)) | Err(_) => return Ok(Vec::new()),
        }
    };
    let manifest = named(plans);
    Ok(found.policies.into_iter().filter_map(|policy| difference(policy, &manifest)).collect())
}

/// The named policies of the Plans with their numbers.
fn named(plans: &[Plan]) -> BTreeMap<&str, Map<String, Value>> {
    let calls = plans.iter().flat_map(Plan::all_calls);
    calls
        .filter_map(|call| Some((call.policy.id.as_deref()?, Numbers::from(&call.policy).spelled())))
        .collect()
}

fn difference(policy: Policy, manifest: &BTreeMap<&str, Map<String, Value>>) -> Option<Difference> {
    let here = manifest.get(policy.id.as_str());
    let of = |key: &String| here.and_then(|numbers| numbers.get(key)).cloned();
    let set = policy.live.into_iter().map(|(key, live)| (key.clone(), live, of(&key)));
    let numbers: Vec<_> = set.filter(|(_, live, here)| here.as_ref() != Some(live)).collect();
    if numbers.is_empty() {
        return None;
    }
    Some(Difference {
        policy: policy.id,
        numbers,
        is_known: here.is_some(),
        said: policy.since.as_ref().map_or_else(String::new, view::moment),
        since: policy.since,
        reason: policy.reason.unwrap_or_default(),
        by: policy.by.unwrap_or_default(),
    })
}

/// For people: nothing where nothing differs.
pub fn report(differences: &[Difference]) -> String {
    let mut text = String::new();
    for one in differences {
        let numbers = one.numbers.iter().map(|(number, live, here)| match here {
            Some(here) => format!("{number} is {}, the manifest says {}", plain(live), plain(here)),
            None => format!("{number} is {}", plain(live)),
        });
        let numbers = numbers.collect::<Vec<_>>().join("; ");
        let unknown = if one.is_known { "" } else { ", which no workflow of the manifest uses" };
        let reason = if one.reason.is_empty() { String::new() } else { format!(": {}", one.reason) };
        let by = if one.by.is_empty() { "somebody" } else { &one.by };
        let line = format!("live: policy {}{unknown}: {numbers} ({by}, {}{reason})", one.policy, one.said);
        text.push_str(&inert_line(&line, WIDTH));
        text.push('\n');
    }
    if !differences.is_empty() {
        text.push_str("`conductor policy reset ID` takes the manifest's numbers again\n");
    }
    text
}

/// For programs, under the key that a document has where something differs.
pub fn keys(differences: &[Difference]) -> Option<(String, Value)> {
    (!differences.is_empty()).then(|| ("live".to_owned(), document(differences)))
}

fn document(differences: &[Difference]) -> Value {
    let all = differences.iter().flat_map(|one| {
        one.numbers.iter().map(|(number, live, here)| {
            json!({
                "policy": one.policy,
                "number": number,
                "live": live,
                "manifest": here,
                "since": one.since.as_ref().map(Moment::milliseconds),
                "reason": one.reason,
                "by": one.by,
            })
        })
    });
    all.collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
