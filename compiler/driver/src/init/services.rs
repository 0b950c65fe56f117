//! Services that files of the tree describe: compose files, `.proto` files, OpenAPI documents, examples of `.env`.
//!
//! It reads no more of them than names: whether a service answers is not known here.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::names::snake_case;
use serde_json::Value as Json;

use super::entry::{Entry, scalar};
use super::tasks::{Task, id_of};
use super::{Other, OtherKind, Row, Tree};
use crate::data::read_data;

/// More than so many suggestions help nobody.
const MOST_SERVICES: usize = 20;
const MOST_OPERATIONS: usize = 8;
/// What a resource allows at once where nobody has said it.
const PERMITS: u32 = 10;
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// Variables that the examples of `.env` set.
#[derive(Default)]
pub(super) struct Variables(BTreeSet<String>);

impl Variables {
    pub(super) fn of(tree: &Tree) -> Variables {
        let examples = tree.others.iter().filter(|other| other.kind == OtherKind::Environment);
        let lines = examples.flat_map(|other| text(other).lines().map(str::to_owned).collect::<Vec<_>>());
        let name = |line: String| {
            let line = line.trim().strip_prefix("export ").map_or(line.trim().to_owned(), str::to_owned);
            let (name, _) = line.split_once('=')?;
            let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            (is_name && !name.is_empty()).then(|| name.to_owned())
        };
        Variables(lines.filter_map(name).collect())
    }

    /// The variable that holds the address of that kind of resource: one of the tree, else the usual one.
    fn address(&self, kind: &str) -> String {
        let (usual, like): (&str, &[&str]) = match kind {
            "redis" => ("REDIS_URL", &["REDIS", "CACHE"]),
            _ => ("DATABASE_URL", &["DATABASE", "POSTGRES", "PG", "DB"]),
        };
        let is_like = |name: &&String| {
            (name.ends_with("_URL") || name.ends_with("_DSN"))
                && like.iter().any(|word| name.starts_with(word))
        };
        let found = self.0.get(usual).or_else(|| self.0.iter().find(is_like));
        format!("${{env.{}}}", found.map_or(usual, String::as_str))
    }
}

/// The resources that tasks use or are handed, and do not yet stand in `known`.
pub(super) fn used(
    tasks: &[&Task],
    known: &BTreeSet<String>,
    tree: &Tree,
    rows: &mut Vec<Row>,
) -> Vec<Entry> {
    let variables = Variables::of(tree);
    let images: BTreeMap<String, &'static str> = tree
        .others
        .iter()
        .flat_map(composed)
        .filter_map(|service| Some((service.id?, service.store?)))
        .collect();
    let mut wanted: BTreeMap<String, (Option<&'static str>, &Task, &str)> = BTreeMap::new();
    for task in tasks {
        for (id, kind) in &task.handed {
            wanted.entry(id.clone()).or_insert((Some(*kind), task, "its parameter"));
        }
    }
    for task in tasks {
        for id in task.annotation.iter().flat_map(|annotation| &annotation.uses) {
            let kind = images.get(&id.value).copied();
            wanted.entry(id.value.clone()).or_insert((kind, task, "its annotation"));
        }
    }
    wanted.retain(|id, _| !known.contains(id));
    let entry = |(id, (kind, task, by)): (String, (Option<&'static str>, &Task, &str))| {
        rows.push(Row {
            file: task.place.path.clone(),
            line: Some(task.place.line),
            found: format!("{by} `{id}`"),
            became: Some(format!("resource {id} ({})", kind.unwrap_or("semaphore"))),
            reason: None,
        });
        match kind {
            Some(kind) => store(&id, kind, &variables),
            None => {
                let fields =
                    [("id", id), ("kind", "semaphore".to_owned()), ("max_concurrency", PERMITS.to_string())];
                Entry::new("resources", &fields).note("How many calls at once does it stand?")
            }
        }
    };
    wanted.into_iter().map(entry).collect()
}

fn store(id: &str, kind: &str, variables: &Variables) -> Entry {
    let fields = [
        ("id", id.to_owned()),
        ("kind", kind.to_owned()),
        ("url", variables.address(kind)),
        ("pool", "{min: 1, max: 10}".to_owned()),
    ];
    Entry::new("resources", &fields)
}

/// Everything else that is there, commented out: nothing of the code uses it yet. `tasks` and `taken` are ids of tasks
/// and of resources.
pub(super) fn suggested(
    tree: &Tree,
    tasks: &BTreeSet<String>,
    taken: &mut BTreeSet<String>,
    rows: &mut Vec<Row>,
) -> Vec<Entry> {
    let variables = Variables::of(tree);
    let mut entries = Vec::new();
    let found: Vec<Service> = tree.others.iter().flat_map(services).collect();
    for (index, service) in found.into_iter().enumerate() {
        let mut row = Row {
            file: service.path.clone(),
            line: service.line,
            found: service.what.clone(),
            became: None,
            reason: service.problem.clone(),
        };
        if row.reason.is_none() && index >= MOST_SERVICES {
            row.reason = Some(format!("more than {MOST_SERVICES} services are there"));
        }
        let id = service.id.clone().map(|id| if taken.contains(&id) { format!("{id}_service") } else { id });
        match id.filter(|_| row.reason.is_none()).filter(|id| taken.insert(id.clone())) {
            Some(id) => {
                row.became = Some(format!("resource {id}, commented out"));
                entries.extend(service.entries(&id, tasks, &variables));
            }
            None if row.reason.is_none() => {
                row.reason = Some("its name stands twice, or makes no id".to_owned())
            }
            None => {}
        }
        rows.push(row);
    }
    entries
}

#[derive(Default)]
struct Service {
    path: String,
    line: Option<usize>,
    what: String,
    id: Option<String>,
    /// Of PostgreSQL or Redis.
    store: Option<&'static str>,
    fields: Vec<(&'static str, String)>,
    /// Names that a ref may have after the resource's.
    operations: Vec<String>,
    problem: Option<String>,
}

impl Service {
    fn entries(&self, id: &str, tasks: &BTreeSet<String>, variables: &Variables) -> Vec<Entry> {
        if let Some(kind) = self.store {
            return vec![store(id, kind, variables).suggested()];
        }
        let mut fields = vec![("id", id.to_owned())];
        for (key, value) in &self.fields {
            // A name that was taken is another one now.
            fields.push((key, value.replace("{ID}", &id.to_uppercase())));
        }
        let mut entries = vec![Entry::new("resources", &fields).suggested()];
        for operation in self.operations.iter().take(MOST_OPERATIONS) {
            let task = id_of(operation.rsplit(['.', '/']).next().unwrap_or(operation))
                .map(|task| if tasks.contains(&task) { format!("{id}_{task}") } else { task });
            let reference = scalar(&format!("{id}.{operation}"));
            entries.extend(task.map(|task| {
                Entry::new("tasks", &[("id", task), ("ref", reference)])
                    .note(format!("Of the resource `{id}` below."))
                    .suggested()
            }));
        }
        entries
    }
}

fn services(other: &Other) -> Vec<Service> {
    match other.kind {
        OtherKind::Compose => composed(other),
        OtherKind::Proto => proto(other),
        OtherKind::OpenApi => vec![open_api(other)],
        OtherKind::Environment => Vec::new(),
    }
}

fn text(other: &Other) -> String {
    String::from_utf8_lossy(&other.bytes).into_owned()
}

/// The line of the first line that begins with the name.
fn line_of(text: &str, starts: &str) -> Option<usize> {
    text.lines().position(|line| line.trim_start().starts_with(starts)).map(|index| index + 1)
}

fn composed(other: &Other) -> Vec<Service> {
    if other.kind != OtherKind::Compose {
        return Vec::new();
    }
    let (data, findings, _) = read_data(&other.path, &other.bytes);
    if let Some(finding) = findings.first() {
        let problem = Some(format!("it could not be read: {}", finding.message));
        return vec![Service {
            path: other.path.clone(),
            what: "compose file".to_owned(),
            problem,
            ..Service::default()
        }];
    }
    let text = text(other);
    let services = data.get("services").and_then(Json::as_object).cloned().unwrap_or_default();
    services.iter().map(|(name, service)| of_compose(other, &text, name, service)).collect()
}

fn of_compose(other: &Other, text: &str, name: &str, service: &Json) -> Service {
    let image = service.get("image").and_then(Json::as_str).unwrap_or_default();
    let base = image.split(['@', ':']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let store = match base {
        "postgres" | "postgresql" | "postgis" | "timescaledb" => Some("postgres"),
        "redis" | "valkey" | "redis-stack-server" => Some("redis"),
        _ => None,
    };
    let ports = service.get("ports").and_then(Json::as_array).cloned().unwrap_or_default();
    let mut fields = vec![("kind", "container".to_owned())];
    if id_of(name).as_deref() != Some(name) {
        fields.push(("service", scalar(name)));
    }
    if other.path.contains('/') {
        fields.push(("compose", scalar(&other.path)));
    }
    fields.extend(ports.first().and_then(container_port).map(|port| ("port", port)));
    fields.push(("ready", "30s".to_owned()));
    fields.push(("protocol", "http # or grpc; or name its `openapi` document, or its `proto`".to_owned()));
    let problem = (store.is_none() && ports.is_empty()).then(|| "it publishes no port".to_owned());
    Service {
        path: other.path.clone(),
        line: line_of(text, &format!("{name}:")),
        what: format!("compose service {name}"),
        id: id_of(name),
        store,
        fields,
        operations: Vec::new(),
        problem,
    }
}

/// `8080`, `"80:8080"`, `"127.0.0.1:80:8080/tcp"`, `{target: 8080}`.
fn container_port(port: &Json) -> Option<String> {
    let written = match port {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.split('/').next()?.rsplit(':').next()?.to_owned(),
        Json::Object(fields) => fields.get("target")?.to_string().trim_matches('"').to_owned(),
        _ => return None,
    };
    written.parse::<u16>().ok().map(|port| port.to_string())
}

/// The services of a `.proto` file with the methods that are not streams, by a scan of its words.
fn proto(other: &Other) -> Vec<Service> {
    let text = text(other);
    let mut found: Vec<Service> = Vec::new();
    let lines =
        text.lines().enumerate().map(|(index, line)| (index, line.split("//").next().unwrap_or("").trim()));
    for (index, line) in lines {
        let mut words = line.split(|letter: char| letter.is_whitespace() || "({;".contains(letter));
        let (first, name) = (words.next(), words.find(|word| !word.is_empty()));
        match (first, name) {
            (Some("service"), Some(name)) => found.push(Service {
                path: other.path.clone(),
                line: Some(index + 1),
                what: format!("gRPC service {name}"),
                id: id_of(name),
                fields: vec![
                    ("kind", "grpc".to_owned()),
                    ("address", "${env.{ID}_ADDRESS}".to_owned()),
                    ("proto", scalar(&other.path)),
                ],
                ..Service::default()
            }),
            (Some("rpc"), Some(method)) if !line.contains("stream ") => {
                if let Some(service) = found.last_mut() {
                    service.operations.push(method.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

fn open_api(other: &Other) -> Service {
    let mut service =
        Service { path: other.path.clone(), what: "OpenAPI document".to_owned(), ..Service::default() };
    let (data, findings, _) = read_data(&other.path, &other.bytes);
    let version = data.get("openapi").and_then(Json::as_str).unwrap_or_default();
    if !findings.is_empty() || !version.starts_with("3.") {
        service.problem = Some("it is no OpenAPI 3 document that can be read".to_owned());
        return service;
    }
    let stem = other.path.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
    let title = data.pointer("/info/title").and_then(Json::as_str).and_then(id_of);
    service.id = title.or_else(|| id_of(stem));
    service.fields = vec![
        ("kind", "http".to_owned()),
        ("url", "${env.{ID}_URL}".to_owned()),
        ("openapi", scalar(&other.path)),
    ];
    let paths = data.get("paths").and_then(Json::as_object).cloned().unwrap_or_default();
    for methods in paths.values().filter_map(Json::as_object) {
        let named = methods.iter().filter(|(method, _)| METHODS.contains(&method.as_str()));
        let id = |(_, operation): (&String, &Json)| operation.get("operationId")?.as_str().map(str::to_owned);
        let ids = named.filter_map(id).filter(|id| !snake_case(id).is_empty());
        service.operations.extend(ids);
    }
    service
}

#[cfg(test)]
mod tests {
    use super::{container_port, services};
    use crate::init::{Other, OtherKind};
    use serde_json::json;

    #[test]
    fn ports_of_the_container() {
        for (written, port) in [
            (json!(8080), Some("8080")),
            (json!("80:8080"), Some("8080")),
            (json!("127.0.0.1:80:8080/tcp"), Some("8080")),
            (json!({"target": 53}), Some("53")),
            (json!("${PORT}:${PORT}"), None),
        ] {
            assert_eq!(container_port(&written).as_deref(), port, "{written}");
        }
    }

    #[test]
    fn services_of_a_proto_file() {
        let text = "syntax = \"proto3\";\n// service Not {\nservice Auth {\n  rpc Check(Q) returns (A);\n  \
                    rpc Watch(Q) returns (stream A);\n}\nservice Users{ rpc Get(Q) returns (A) {} }\n";
        let other =
            Other { path: "a.proto".to_owned(), bytes: text.as_bytes().to_vec(), kind: OtherKind::Proto };
        let found: Vec<(Option<usize>, String, Vec<String>)> =
            services(&other).into_iter().map(|found| (found.line, found.what, found.operations)).collect();
        assert_eq!(
            found,
            [
                (Some(3), "gRPC service Auth".to_owned(), vec!["Check".to_owned()]),
                (Some(7), "gRPC service Users".to_owned(), vec![])
            ]
        );
    }
}
