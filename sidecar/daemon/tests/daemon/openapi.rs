//! The document of the HTTP API, held to the routes; and one run as events.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::support::Daemon;

/// Paths with their methods, from the router's own text.
fn routes() -> Vec<(String, Vec<String>)> {
    let text = include_str!("../../src/http.rs");
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(".route(\""));
    let route = |line: &str| {
        let (path, methods) = line.split_once("\", ").unwrap();
        let has = |method: &&str| methods.contains(&format!("{method}("));
        let methods = ["get", "post", "put", "delete"].iter().filter(|method| has(method));
        (path.to_owned(), methods.map(|method| (*method).to_owned()).collect())
    };
    lines.map(route).filter(|(path, _): &(String, _)| path != "/" && !path.starts_with("/ui/")).collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let daemon = Daemon::new();
    let (status, document) = daemon.http("GET", "/openapi.json", "");
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
    let mut described: Vec<(String, Vec<String>)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, item)| (path.clone(), item.as_object().unwrap().keys().cloned().collect()))
        .collect();
    let mut routes = routes();
    for all in [&mut described, &mut routes] {
        all.iter_mut().for_each(|(_, methods)| methods.sort());
        all.sort();
    }
    assert!(routes.len() > 20, "{routes:?}");
    assert_eq!(described, routes);
    let mut ids = Vec::new();
    for (path, methods) in &described {
        for method in methods {
            let operation = &document["paths"][path][method];
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
            for name in names {
                let is_it = |given: &&Value| given["name"] == name && given["in"] == "path";
                let given = operation["parameters"].as_array().unwrap().iter().find(is_it);
                assert!(given.is_some(), "{method} {path}: {name}");
            }
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "each operation has an id of its own");
}

/// The next event: its name and its data.
fn event(reader: &mut impl BufRead) -> (String, Value) {
    let mut name = String::new();
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream has ended");
        if let Some(given) = line.strip_prefix("event: ") {
            given.trim().clone_into(&mut name);
        } else if let Some(data) = line.strip_prefix("data: ") {
            return (name, serde_json::from_str(data).unwrap());
        }
    }
}

#[test]
fn a_run_is_followed_to_its_end() {
    let daemon = Daemon::new();
    daemon.client("a").hello(0);
    assert_eq!(daemon.http("GET", "/v1/runs/nobody/events", "").0, 404);
    assert_eq!(daemon.http("POST", "/v1/workflows/w/runs", r#"{"run_id": "r"}"#).0, 202);
    let mut stream = UnixStream::connect(daemon.socket()).unwrap();
    stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    write!(stream, "GET /v1/runs/r/events HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let (name, view) = event(&mut reader);
    assert_eq!((name.as_str(), &view["id"], &view["state"]), ("run", &json!("r"), &json!("running")));
    // Nobody owns it: it ends at once.
    assert_eq!(daemon.http("POST", "/v1/runs/r/cancel", "").0, 202);
    let (name, view) = event(&mut reader);
    assert_eq!((name.as_str(), &view["state"]), ("run", &json!("cancelled")), "{view}");
    assert_eq!(event(&mut reader).0, "end");
}
