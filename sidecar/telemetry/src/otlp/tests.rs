//! What the variables say.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Protocol, Settings, Signal};

fn given(variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
    let all: BTreeMap<&str, &str> = variables.iter().copied().collect();
    Settings::from_variables(&|name| all.get(name).map(ToString::to_string))
        .map_err(|error| error.to_string())
}

#[test]
fn without_a_collector_nothing_is_exported() {
    assert_eq!(given(&[]), Ok(None));
    let url = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    assert_eq!(given(&[url, ("OTEL_SDK_DISABLED", "true")]), Ok(None));
    assert_eq!(given(&[url, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "none")]), Ok(None));
}

#[test]
fn a_signal_s_own_variable_comes_first_and_is_taken_as_it_is() {
    let settings = given(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318/"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs:4317"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20a%2Cb, x = 1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.name=shop"),
    ]);
    let settings = settings.unwrap().unwrap();
    let spans = settings.target(Signal::Spans).unwrap();
    assert_eq!(spans.url, "http://all:4318/v1/traces");
    assert_eq!(spans.protocol, Protocol::Http);
    assert_eq!(spans.headers[0], ("authorization".to_owned(), "Bearer a,b".to_owned()));
    assert_eq!(spans.headers[1], ("x".to_owned(), "1".to_owned()));
    assert_eq!(spans.timeout, Duration::from_millis(250));
    let logs = settings.target(Signal::Logs).unwrap();
    assert_eq!((logs.url.as_str(), logs.protocol), ("http://logs:4317", Protocol::Grpc));
    assert!(settings.resource.contains(&("service.name".to_owned(), "shop".to_owned())));
}

#[test]
fn what_cannot_be_followed_is_named() {
    let url = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ] {
        let error = given(&[url, (variable, value)]).unwrap_err();
        assert!(error.contains(variable), "{error}");
    }
}

#[test]
fn a_secret_header_is_not_in_the_error() {
    let error = given(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
    ]);
    assert!(!error.unwrap_err().contains("hunter2"));
}
