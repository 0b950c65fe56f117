//! gRPC services as the commands see them: real servers, asked by reflection.

mod pins;
mod servers;

use std::fs;
use std::io::Write;
use std::process::Command;

use serde_json::Value;

use self::servers::{Server, listening, python, repository, silent};
use super::support::{Finished, Project, finish};

const MANIFEST: &str = r#"resources:
  - id: auth
    kind: grpc
    address: ${env.AUTH_ADDRESS}

tasks:
  - id: check_permissions
    ref: auth.check_permissions
  - id: fail
    ref: auth.rich.v1.RichService/Fail
    with: {fail_code: UNAVAILABLE, fail_times: 1}

workflows:
  - id: order
    steps:
      - task: check_permissions
        with: {user_id: u1}
      - task: fail
        with: {user_id: u1}
"#;

/// The manifest beside the schemas of the servers.
fn project() -> Project {
    let project = Project::empty();
    for name in ["rich.proto", "rich_common.proto"] {
        project.write(name, fs::read_to_string(repository("tests/servers").join(name)).unwrap());
    }
    project.write("concurrency.yaml", MANIFEST);
    project
}

fn at(project: &Project, address: &str, arguments: &[&str]) -> Finished {
    let mut command = project.command(arguments);
    command.env("AUTH_ADDRESS", address).env("CONDUCTOR_REFLECTION_TIMEOUT", "10");
    let piped = std::process::Stdio::piped;
    finish(command.stdout(piped()).stderr(piped()).spawn().unwrap())
}

/// The digest of the descriptors that the Plan has of the resource.
fn descriptors(project: &Project, address: &str) -> String {
    let planned = at(project, address, &["plan", "--format", "json"]);
    assert_eq!(planned.code, Some(0), "{planned:?}");
    let document: Value = serde_json::from_str(&planned.stdout).unwrap();
    let fields = document["workflows"][0]["fields"].as_array().unwrap();
    let schema = fields.iter().find(|field| field["field"] == "resource.auth.schema");
    schema.unwrap_or_else(|| panic!("no schema: {document}"))["after"].as_str().unwrap().to_owned()
}

fn failed(address: &str, words: &[&str]) {
    let project = project();
    let checked = at(&project, address, &["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    for word in ["E180", "`auth`", address].iter().chain(words) {
        assert!(checked.stdout.contains(word), "no {word:?} in {}", checked.stdout);
    }
}

#[test]
fn every_way_to_the_schema_leads_to_the_same_descriptors() {
    let project = project();
    let go = Server::go(&project, "rich.proto", &[]);
    let old = Server::go(&project, "rich.proto", &["-reflection", "v1alpha"]);
    let snake = Server::python(&project, "rich.proto", &[]);
    let of_go = descriptors(&project, &go.address);
    assert_eq!(descriptors(&project, &old.address), of_go);
    assert_eq!(descriptors(&project, &snake.address), of_go);
    drop((go, old, snake));

    project.write("concurrency.yaml", MANIFEST.replace("kind: grpc", "kind: grpc\n    proto: rich.proto"));
    assert_eq!(descriptors(&project, "nowhere:1"), of_go);

    let compiled = Command::new(python())
        .args([
            "-m",
            "grpc_tools.protoc",
            "-I.",
            "--descriptor_set_out=rich.binpb",
            "--include_imports",
            "rich.proto",
        ])
        .current_dir(project.path())
        .status();
    assert!(compiled.unwrap().success());
    project
        .write("concurrency.yaml", MANIFEST.replace("kind: grpc", "kind: grpc\n    descriptors: rich.binpb"));
    assert_eq!(descriptors(&project, "nowhere:1"), of_go);
}

#[test]
fn an_edition_is_read_from_descriptors() {
    let project = project();
    let proto = fs::read_to_string(repository("tests/servers/rich.proto")).unwrap();
    let proto = proto
        .replace("syntax = \"proto3\";", "edition = \"2023\";")
        .replace("optional int32 maybe", "int32 maybe")
        .replace("string user_id = 1;\n}", "string user_id = 1 [features.field_presence = IMPLICIT];\n}");
    project.write("rich.proto", proto);
    let compiled = Command::new(python())
        .args([
            "-m",
            "grpc_tools.protoc",
            "-I.",
            "--descriptor_set_out=rich.binpb",
            "--include_imports",
            "rich.proto",
        ])
        .current_dir(project.path())
        .status();
    assert!(compiled.unwrap().success());
    let manifest = MANIFEST.replace("kind: grpc", "kind: grpc\n    descriptors: rich.binpb");
    project.write(
        "concurrency.yaml",
        manifest.replace("\n    with: {fail_code: UNAVAILABLE, fail_times: 1}", ""),
    );
    let checked = at(&project, "nowhere:1", &["plan", "--format", "json"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    // What has presence is optional, so nothing of it becomes an input.
    assert!(!checked.stdout.contains("\"fail_times\""), "{}", checked.stdout);
}

#[test]
fn streams_are_refused_with_the_reason() {
    let project = project();
    let server = Server::python(&project, "rich.proto", &[]);
    project.write("concurrency.yaml", MANIFEST.replace("auth.check_permissions", "auth.watch"));
    let checked = at(&project, &server.address, &["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    for words in
        ["E121", "server-streaming", "rpc Watch(rich.v1.WaitRequest) returns (stream rich.v1.Everything);"]
    {
        assert!(checked.stdout.contains(words), "no {words:?} in {}", checked.stdout);
    }
}

#[test]
fn a_server_without_reflection_is_told_from_one_that_is_not_there() {
    let project = project();
    let go = Server::go(&project, "rich.proto", &["-reflection", "none"]);
    failed(&go.address, &["does not offer reflection", "reflection.Register(server)", "proto:"]);
    let snake = Server::python(&project, "rich.proto", &["--no-reflection"]);
    failed(&snake.address, &["does not offer reflection"]);
    let gone = snake.address.clone();
    drop(snake);
    failed(&gone, &["nothing listens at", "connection refused"]);
    failed("no-such-host.invalid:1", &["there is no host of the name"]);
    let checked = at(&project, "unix:///run/auth.sock", &["check"]);
    assert!(checked.stdout.contains("servers cannot be asked over `unix:`"), "{checked:?}");
}

#[test]
fn a_server_that_hangs_is_given_up_in_time() {
    let address = silent();
    let project = project();
    let mut command = project.command(&["check"]);
    command.env("AUTH_ADDRESS", &address).env("CONDUCTOR_REFLECTION_TIMEOUT", "1s");
    let checked = finish(command.stdout(std::process::Stdio::piped()).spawn().unwrap());
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stdout.contains("has not answered within 1 s"), "{}", checked.stdout);
    assert!(checked.stdout.contains("CONDUCTOR_REFLECTION_TIMEOUT=20s"), "{}", checked.stdout);
}

#[test]
fn what_speaks_another_protocol_is_said() {
    let address = listening(|mut connection| {
        let _sent = connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    failed(&address, &["does not speak gRPC"]);
}

#[test]
fn tls_says_what_is_wrong_with_the_certificate() {
    let project = project();
    let pem = project.path().join("ca.pem");
    let with = |name: &str| Server::go(&project, "rich.proto", &["-tls", name, "-ca", pem.to_str().unwrap()]);
    let tell = |address: &str| {
        project.write("concurrency.yaml", MANIFEST.replace("kind: grpc", "kind: grpc\n    ca: ca.pem"));
        at(&project, address, &["check"])
    };
    let right = with("127.0.0.1");
    let checked = tell(&right.address);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    failed(&format!("https://{}", right.address), &["is not trusted", "ca: FILE.pem"]);
    drop(right);
    let wrong = with("payments.example");
    let checked = tell(&wrong.address);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    for words in ["E180", "is for another name", "payments.example"] {
        assert!(checked.stdout.contains(words), "no {words:?} in {}", checked.stdout);
    }
    failed(&wrong.address, &["does not speak gRPC", "https://"]);
    let plain = Server::go(&project, "rich.proto", &[]);
    failed(&format!("https://{}", plain.address), &["does not speak TLS"]);
}
