use std::collections::BTreeMap;

use conductor_protocol::plan::Health;
use conductor_source::Sources;

use super::{Container, Opening, Wanted};
use crate::{Answer, Need};

const FILE: &str = r#"
x-common: &common
  restart: always
  healthcheck:
    test: [CMD, curl, -f, "http://localhost:8000/health"]
    interval: 2s
    retries: 5
    start_period: 1s
services:
  users:
    <<: *common
    image: users
    ports: ["${USERS_PORT:-8000}:8000"]
    environment: {SECRET: "${NOBODY_SETS_THIS}"}
  auth:
    image: auth
    profiles: [auth]
    ports:
      - "127.0.0.1:50051:50051"
      - target: 9090
        published: "${METRICS_PORT:?which port shows metrics}"
  quiet: {image: x, expose: [80]}
  any: {image: x, ports: ["80"]}
  host: {image: x, network_mode: host}
  child: {extends: {service: users}}
  broken: {image: x, ports: ["eighty:80"]}
"#;

type Environment<'a> = &'a [(&'a str, &'a str)];

/// The answer for a service of a compose file; `files` are those beside it.
fn asked(wanted: Wanted, files: &[(&str, &str)], environment: Environment<'_>) -> String {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut opening = Opening::new(wanted);
    for _ in 0..10 {
        for need in opening.needs() {
            let found = match &need {
                Need::File(path) => {
                    files.get(path.as_str()).map(|text| Answer::File(text.as_bytes().to_vec()))
                }
                Need::Variable(name) => {
                    let set = environment.iter().find(|(known, _)| known == name);
                    set.map(|(_, value)| Answer::Variable((*value).to_owned()))
                }
                _ => None,
            };
            opening.supply(&need, found.unwrap_or(Answer::Missing));
        }
    }
    assert_eq!(opening.needs(), [], "it never has enough");
    let mut sources = Sources::default();
    match opening.finish(&mut sources) {
        Ok(Container { address, health, within_ms }) => {
            let health = match health {
                Health::Http(path) => format!("GET {path}"),
                other => format!("{other:?}"),
            };
            format!("{} {health} {within_ms:?}", address.unwrap_or_default())
        }
        Err(mistake) => {
            let place = mistake.span.map(|span| format!(" at `{}`", sources.slice(span))).unwrap_or_default();
            format!("{}{place}; {}", mistake.message, mistake.help.unwrap_or_default())
        }
    }
}

fn wanted(service: &str, port: Option<u32>) -> Wanted {
    Wanted { service: service.to_owned(), file: None, port, has_address: false }
}

fn of(service: &str, port: Option<u32>, environment: Environment<'_>) -> String {
    asked(wanted(service, port), &[("compose.yaml", FILE)], environment)
}

#[test]
fn where_a_service_is_and_how_it_is_well() {
    assert_eq!(of("users", None, &[]), "127.0.0.1:8000 GET /health Some(11000)");
    assert_eq!(of("users", None, &[("USERS_PORT", "18000")]), "127.0.0.1:18000 GET /health Some(11000)");
    assert_eq!(of("auth", Some(50051), &[("METRICS_PORT", "1")]), "127.0.0.1:50051 Tcp None");
    assert_eq!(of("auth", Some(9090), &[("METRICS_PORT", "9")]), "127.0.0.1:9 Tcp None");
    assert_eq!(of("host", Some(80), &[]), "127.0.0.1:80 Tcp None");
}

#[test]
fn variables_come_from_the_environment_then_from_the_file_beside() {
    let files = [("deploy/c.yaml", FILE), ("deploy/.env", "BASE=19\nUSERS_PORT=${BASE}000\n")];
    let wanted = Wanted { file: Some("./deploy/c.yaml".to_owned()), ..wanted("users", None) };
    assert_eq!(asked(wanted.clone(), &files, &[]), "127.0.0.1:19000 GET /health Some(11000)");
    assert_eq!(asked(wanted.clone(), &files, &[("BASE", "20")]), "127.0.0.1:20000 GET /health Some(11000)");
    assert_eq!(asked(wanted, &files, &[("USERS_PORT", "7")]), "127.0.0.1:7 GET /health Some(11000)");
}

#[test]
fn an_address_in_the_manifest_needs_no_port() {
    let given = Wanted { has_address: true, ..wanted("quiet", None) };
    assert_eq!(asked(given.clone(), &[("compose.yml", FILE)], &[]), " Tcp None");
    assert_eq!(asked(given, &[], &[]), " Tcp None");
}

#[test]
fn mistakes_say_where_and_how_to_mend_them() {
    let metrics = "the variable `METRICS_PORT` is not set, neither in the environment nor in `.env`: which port shows metrics";
    for (service, port, wanted) in [
        ("usres", None, "the compose file has no service `usres`; did you mean `users`?"),
        (
            "quiet",
            None,
            "the service `quiet` publishes no port at `{image: x, expose: [80]}`; publish it under `ports`, or give its address under `url`",
        ),
        (
            "users",
            Some(1),
            "the service `users` does not publish port 1 at `[\"${USERS_PORT:-8000}:8000\"]`; it publishes `8000`",
        ),
        (
            "any",
            None,
            "port 80 of `any` is published on any free port at `\"80\"`; say which: `\"80:80\"`; or give its address under `url`",
        ),
        (
            "host",
            None,
            "the service `host` is in the host's network at `host`; say under `port` which port it listens on",
        ),
        (
            "child",
            None,
            "the service `child` extends another, which is not followed at `extends`; write its ports and health check out, or give the address under `url`",
        ),
        (
            "broken",
            None,
            "`eighty:80` is no port: write `PUBLISHED:TARGET`, such as `8000:80` at `\"eighty:80\"`; ",
        ),
    ] {
        assert_eq!(of(service, port, &[]), wanted, "{service}");
    }
    let got = of("auth", Some(50051), &[]);
    assert!(got.starts_with(metrics) && got.contains("target: 9090"), "{got}");
    let several = of("auth", None, &[("METRICS_PORT", "1")]);
    assert!(several.ends_with("say under `port` which is meant: `9090` and `50051`"), "{several}");
    let include = asked(wanted("x", None), &[("compose.yaml", "include: [other.yaml]\nservices: {}\n")], &[]);
    assert_eq!(
        include,
        "the compose file has no service `x`, and what it includes is not read at `[other.yaml]`; it has no services"
    );
    assert!(
        asked(wanted("x", None), &[], &[]).starts_with("there is no compose file: searched `compose.yaml`, ")
    );
    assert!(asked(wanted("x", None), &[("compose.yaml", "a: [")], &[]).starts_with("it is no YAML: "));
}
