//! What `conductor.lock` pins of gRPC servers, and what has changed since.

use serde_json::Value;

use super::servers::Server;
use super::{MANIFEST, at, project};

#[test]
fn a_build_needs_no_server_once_the_lock_pins_it() {
    let project = project();
    let server = Server::go(&project, "rich.proto", &[]);
    let checked = at(&project, &server.address, &["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(!project.path().join("conductor.lock").exists(), "a check writes nothing");
    let built = at(&project, &server.address, &["build"]);
    assert_eq!(built.code, Some(0), "{built:?}");
    let lock: Value = serde_json::from_str(&project.read("conductor.lock")).unwrap();
    let auth = &lock["services"]["auth"];
    assert_eq!(lock["version"], 2);
    assert_eq!(auth["operations"]["check_permissions"], "rich.v1.AuthService/CheckPermissions");
    let request = &auth["methods"]["rich.v1.AuthService/CheckPermissions"]["request"];
    assert_eq!(request["fields"]["user_id"], "string = 1");
    assert!(auth["methods"].get("rich.v1.RichService/Wait").is_none(), "only what is called is pinned");
    drop(server);

    let before = project.files();
    for arguments in [&["build"][..], &["build", "--check"], &["check"]] {
        let again = at(&project, "nowhere:1", arguments);
        assert_eq!(again.code, Some(0), "{again:?}");
    }
    assert_eq!(project.files(), before);
}

#[test]
fn refresh_names_step_field_and_both_types() {
    let project = project();
    let server = Server::go(&project, "rich.proto", &[]);
    assert_eq!(at(&project, &server.address, &["build"]).code, Some(0));
    let same = at(&project, &server.address, &["check", "--refresh"]);
    assert_eq!(same.code, Some(0), "{same:?}");
    drop(server);
    let before = project.files();

    let proto = project.read("rich.proto");
    let changed = proto
        .replace(
            "message CheckRequest {\n  string user_id = 1;",
            "message CheckRequest {\n  int64 user_id = 1;",
        )
        .replace("bool allowed = 1;\n  string user_id = 2;", "bool allowed = 1;\n  string reason = 3;")
        .replace("int64 fail_times = 3;", "int64 fail_times = 3;\n  optional string why = 4;");
    project.write("rich.proto", changed);
    let server = Server::go(&project, "rich.proto", &[]);
    let checked = at(&project, &server.address, &["check", "--refresh"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    for words in [
        "error[E172]: `auth` is no longer what is pinned: the type of `CheckRequest.user_id` is int64, was string",
        "the step `check_permissions` of `order` rests on it",
        "the field `CheckResponse.user_id` (string) is gone",
        "warning[W172]: `auth` is no longer what is pinned: the field `CheckResponse.reason` (string) is new",
        "the field `FailRequest.why` (optional string) is new",
        "the step `fail` of `order` rests on it",
    ] {
        assert!(checked.stdout.contains(words), "no {words:?} in {}", checked.stdout);
    }

    // Without `--refresh` nothing changes, whether the server is there or not.
    project.write("rich.proto", &proto);
    for address in [server.address.as_str(), "nowhere:1"] {
        let built = at(&project, address, &["build"]);
        assert_eq!(built.code, Some(0), "{built:?}");
        assert_eq!(project.files(), before);
    }

    // The manifest gives a text, so what the server tells now does not fit it.
    let renewed = at(&project, &server.address, &["build", "--refresh"]);
    assert_eq!(renewed.code, Some(1), "{renewed:?}");
    assert!(renewed.stdout.contains("E131"), "{}", renewed.stdout);
    project.write("concurrency.yaml", MANIFEST.replacen("with: {user_id: u1}", "with: {user_id: 1}", 1));
    let renewed = at(&project, &server.address, &["build", "--refresh"]);
    assert_eq!(renewed.code, Some(0), "{renewed:?}");
    assert!(project.read("conductor.lock").contains("\"user_id\": \"int64 = 1\""));
    assert_eq!(at(&project, &server.address, &["check", "--refresh"]).code, Some(0));
}

#[test]
fn a_pin_whose_words_are_not_its_descriptors_is_refused() {
    let project = project();
    let server = Server::go(&project, "rich.proto", &[]);
    assert_eq!(at(&project, &server.address, &["build"]).code, Some(0));
    let lock = project.read("conductor.lock");
    project
        .write("conductor.lock", lock.replace("\"user_id\": \"string = 1\"", "\"user_id\": \"bytes = 1\""));
    let checked = at(&project, &server.address, &["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stdout.contains("E173"), "{}", checked.stdout);
    assert_eq!(at(&project, &server.address, &["build", "--refresh"]).code, Some(0));
    assert_eq!(project.read("conductor.lock"), lock);
}
