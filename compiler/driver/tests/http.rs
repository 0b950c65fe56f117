//! Refs that lead to HTTP services and containers: what the Plan says of the call, what the lock keeps, what is refused.

use conductor_driver::{Compiled, Schemas};
use conductor_protocol::plan::{Health, Plan};
use serde_json::{Value, json};

use crate::support::Project;

const URL: &str = "http://localhost:9/openapi.json";
const DOCUMENT: &str = r##"{
  "openapi": "3.1.0",
  "paths": {
    "/users/{user_id}": {
      "get": {
        "operationId": "get_user_users__user_id__get",
        "parameters": [{"name": "user_id", "in": "path", "required": true, "schema": {"type": "integer"}}],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}}
      }
    },
    "/other": {"get": {"operationId": "other", "responses": {"204": {}}}}
  },
  "components": {"schemas": {
    "User": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}},
    "Unused": {"type": "object", "properties": {"x": {"type": "string"}}}
  }}
}"##;

fn manifest(resource: &str, reference: &str) -> String {
    format!(
        "
resources:
  - {resource}
tasks:
  - {{id: get_user, ref: '{reference}'}}
workflows:
  - id: greet
    input: {{user_id: int}}
    steps: [{{task: get_user}}]
"
    )
}

fn by_url(document: &str) -> Project {
    let text = manifest(&format!("{{id: users, kind: http, openapi: {URL}}}"), "users.get_user");
    Project::new([("concurrency.yaml", text.as_str()), (URL, document)])
}

fn compiled(project: &Project) -> Compiled {
    let outcome = project.compile();
    let shown = project.shown(&outcome);
    outcome.compiled.unwrap_or_else(|| panic!("{shown}"))
}

fn plan(project: &Project) -> Plan {
    compiled(project).plans.remove(0)
}

#[test]
fn the_plan_says_how_an_operation_is_called() {
    let plan = plan(&by_url(DOCUMENT));
    let text = serde_json::to_value(&plan).expect("a Plan is JSON");
    let call = find(&text, "http").expect("a call");
    assert_eq!(call["method"], "GET");
    assert_eq!(call["path"], "/users/{user_id}");
    assert_eq!(call["parameters"], json!([{"argument": "user_id", "name": "user_id", "place": "path"}]));
    assert_eq!(text["resources"][0]["id"], "users");
    assert!(text["resources"][0]["address"].to_string().contains("http://localhost:9"), "{text}");
}

/// The first value under a key, anywhere.
fn find<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => {
            members.get(key).or_else(|| members.values().find_map(|inner| find(inner, key)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, key)),
        _ => None,
    }
}

#[test]
fn a_document_of_a_server_is_pinned_and_the_server_is_not_asked_again() {
    let first = compiled(&by_url(DOCUMENT));
    assert!(first.lock.contains("\"User\"") && !first.lock.contains("Unused"), "{}", first.lock);
    let mut alone = by_url("the server is down");
    alone.set("conductor.lock", &first.lock);
    let second = compiled(&alone);
    assert_eq!((&second.lock, &second.plans), (&first.lock, &first.plans));
    // What is new must be asked for.
    let more =
        alone.get("concurrency.yaml").replace("users.get_user", "users.other").replace("user_id: int", "");
    alone.set("concurrency.yaml", &more);
    assert!(alone.check().contains("the document of `users` cannot be read"), "{}", alone.check());
}

#[test]
fn a_refresh_names_the_step_the_field_and_both_types() {
    let lock = compiled(&by_url(DOCUMENT)).lock;
    let changed = DOCUMENT
        .replace(r#""age": {"type": "integer"}"#, r#""age": {"type": "string"}, "city": {"type": "string"}"#)
        .replace(r#"{"type": "integer"}}]"#, r#"{"type": "string"}}]"#);
    let mut project = by_url(&changed);
    project.set("conductor.lock", &lock);
    assert_eq!(compiled(&project).lock, lock, "without a refresh nothing changes");
    let outcome = project.compile_with(Schemas::Compared);
    let shown = project.shown(&outcome);
    for part in [
        "`users` is no longer what is pinned: `user_id` of `get_user` is `string`, was `int`",
        "`User.age` is `string`, was `int`",
        "warning[W172]: `users` is no longer what is pinned: `User.city` is new, of type `string`",
        "the step `get_user` of `greet` rests on it",
    ] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
}

#[test]
fn documents_that_cannot_be_used() {
    for (document, wanted) in [
        ("<html>busy</html>", "error[E181]: the document of `users` cannot be read: it is HTML or XML"),
        (
            "{\"swagger\": \"2.0\"}",
            "error[E181]: the document of `users` cannot be read: it is a document of Swagger 2.0",
        ),
        ("{\"openapi\": \"3.0.0\"", "error[E181]: the document of `users` cannot be read: it is no JSON"),
    ] {
        let shown = by_url(document).check();
        assert!(shown.contains(wanted), "{wanted} is missing in\n{shown}");
    }
    let file = manifest("{id: users, kind: http, openapi: gone.yaml}", "users.get_user");
    let shown = Project::new([("concurrency.yaml", file.as_str())]).check();
    assert!(shown.contains("cannot be read: there is no such file"), "{shown}");
    let nowhere = manifest("{id: users, kind: http, openapi: o.json}", "users.get_user");
    let shown = Project::new([("concurrency.yaml", nowhere.as_str()), ("o.json", DOCUMENT)]).check();
    assert!(shown.contains("error[E181]: nothing says where `users` is"), "{shown}");
    let gone = by_url(DOCUMENT).get("concurrency.yaml").replace("users.get_user", "users.get_usr");
    let shown = Project::new([("concurrency.yaml", gone.as_str()), (URL, DOCUMENT)]).check();
    assert!(shown.contains("did you mean `users.get_user`?"), "{shown}");
}

const COMPOSE: &str = r#"
services:
  users:
    ports: ["${PORT:-8000}:80"]
    healthcheck: {test: "curl -f http://localhost/up", interval: 1s, retries: 3}
"#;

#[test]
fn a_container_has_its_address_and_health_from_the_compose_file() {
    let inline = "{id: users, kind: container, operations: [{id: get_user, request: 'GET /users/{user_id}', path: {user_id: int}, response: {name: string}}]}";
    let text = manifest(inline, "container:users.get_user");
    let project = Project::new([("concurrency.yaml", text.as_str()), ("compose.yml", COMPOSE)]);
    let resource = plan(&project).resources.remove(0);
    let address = serde_json::to_string(&resource.address).expect("JSON");
    assert!(address.contains("http://127.0.0.1:8000"), "{address}");
    assert_eq!(resource.health, Some(Health::Http("/up".to_owned())));
    assert_eq!(resource.ready_ms, Some(3000));
    let given = text.replace("kind: container,", "kind: container, url: '${env.USERS}', ready: 5s,");
    let project = Project::new([("concurrency.yaml", given.as_str()), ("compose.yml", COMPOSE)]);
    let resource = plan(&project).resources.remove(0);
    assert!(serde_json::to_string(&resource.address).expect("JSON").contains("USERS"));
    assert_eq!(resource.ready_ms, Some(5000));
    let silent = text.replace("operations: [{id: get_user, request: 'GET /users/{user_id}', path: {user_id: int}, response: {name: string}}]", "port: 80");
    let shown = Project::new([("concurrency.yaml", silent.as_str()), ("compose.yml", COMPOSE)]).check();
    assert!(shown.contains("error[E182]: nothing says which operations `users` has"), "{shown}");
}

#[test]
fn operations_in_the_manifest_may_name_classes_of_the_code() {
    let inline = "{id: users, kind: http, url: http://localhost, operations: [{id: get_user, request: 'GET /users/{user_id}', path: {user_id: int}, query: {limit: int?}, response: User}]}";
    let text = manifest(inline, "users.get_user")
        .replace("steps: [{task: get_user}]", "steps: [{task: get_user}]\n    output: ${get_user.name}");
    let code = "from dataclasses import dataclass\n\n@dataclass\nclass User:\n    name: str\n";
    let named = text.replace("response: User", "response: models.User");
    let named = Project::new([("concurrency.yaml", named.as_str()), ("models.py", code)]);
    assert_eq!(named.check(), "");
    let unknown = Project::new([("concurrency.yaml", text.as_str())]);
    assert!(unknown.check().contains("there is no type `User`"), "{}", unknown.check());
}
