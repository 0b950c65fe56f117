//! Refs that name a server by its address.

use crate::support::Project;

const SERVER: &str = "syntax = \"proto3\";\npackage shop.v1;\nservice Auth { rpc Check(CheckRequest) returns (CheckResponse); }\nmessage CheckRequest { string user_id = 1; }\nmessage CheckResponse { bool allowed = 1; }\n";

const MANIFEST: &str = "tasks:
  - id: check
    ref: grpc://auth.example:50051/shop.v1.Auth/Check
  - id: check_again
    ref: grpc://auth.example:50051/shop.v1.Auth/check
workflows:
  - id: order
    steps:
      - task: check
      - task: check_again
";

#[test]
fn an_address_in_a_ref_needs_no_resource() {
    let project = Project::new([("concurrency.yaml", MANIFEST), ("server.proto", SERVER)]);
    let outcome = project.compile();
    let Some(compiled) = &outcome.compiled else { panic!("{}", project.shown(&outcome)) };
    let resources = &compiled.plans[0].resources;
    assert_eq!(resources.len(), 1, "{resources:?}");
    assert_eq!(resources[0].id, "grpc_auth_example_50051");
    assert!(resources[0].descriptors.is_some() && resources[0].address.is_some());
    assert!(compiled.lock.contains("\"shop.v1.Auth/Check\""), "{}", compiled.lock);
}

#[test]
fn a_server_that_is_not_there_is_reported_at_the_ref() {
    let shown = Project::new([("concurrency.yaml", MANIFEST)]).check();
    assert!(shown.contains("E180") && shown.contains("concurrency.yaml:3:10"), "{shown}");
    assert_eq!(shown.matches("error[").count(), 1, "{shown}");
}
