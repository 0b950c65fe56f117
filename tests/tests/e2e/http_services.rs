//! Operations of real HTTP services: from a server's own document, from a file, from a compose file.

use anyhow::{Context, Result};
use conductor_tests::project::Project;
use conductor_tests::servers::free_port;
use conductor_tests::service::Service;
use serde_json::Value;

fn users_manifest(url: &str) -> String {
    format!(
        "\
resources:
  - id: users_api
    kind: http
    openapi: {url}/openapi.json
tasks:
  - {{id: create_user, ref: users_api.create_user}}
  - {{id: find_users, ref: users_api.GET /users}}
workflows:
  - id: join
    input: {{name: string}}
    steps:
      - task: create_user
        with: {{name: '${{input.name}}', address: {{city: Bonn}}}}
      - task: find_users
        with: {{plan: [free]}}
    output: '${{create_user.name}}'
"
    )
}

/// The messages of the findings.
fn messages(document: &Value) -> Vec<String> {
    let findings = document["diagnostics"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| finding["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_fastapi_application_is_asked_for_its_own_document() -> Result<()> {
    let service = Service::fastapi("users", free_port()?)?;
    let project = Project::empty()?;
    project.write("concurrency.yaml", &users_manifest(&service.url()))?;
    let (code, document) = project.conductor_json(&["check"])?;
    assert_eq!((code, messages(&document)), (Some(0), Vec::new()), "{document}");
    project
        .write("concurrency.yaml", &users_manifest(&service.url()).replace("create_user}", "create_usr}"))?;
    let (code, document) = project.conductor_json(&["check"])?;
    assert_eq!(code, Some(1));
    let finding = &document["diagnostics"][0];
    assert!(finding["help"].as_str().context("help")?.contains("users_api.create_user"), "{document}");
    Ok(())
}

#[test]
fn a_document_of_version_3_0_in_the_project_and_a_service_that_is_down() -> Result<()> {
    let project = Project::empty()?;
    let document = conductor_tests::root().join("tests/services/shop/openapi.yaml");
    project.write("api/openapi.yaml", &std::fs::read_to_string(document)?)?;
    project.write(
        "concurrency.yaml",
        "\
resources:
  - {id: shop, kind: http, url: '${env.SHOP_URL}', openapi: api/openapi.yaml, headers: {X-Tenant: t1}}
tasks:
  - {id: place, ref: shop.place_order}
  - {id: label, ref: shop.label}
workflows:
  - id: order
    input: {sku: string, amount: int}
    steps:
      - task: place
      - task: label
        with: {order_id: '${place.id}', lines: [a, b]}
",
    )?;
    let (code, found) = project.conductor_json(&["check"])?;
    assert_eq!((code, messages(&found)), (Some(0), Vec::new()), "{found}");
    let port = free_port()?;
    project.write("concurrency.yaml", &users_manifest(&format!("http://127.0.0.1:{port}")))?;
    let (code, found) = project.conductor_json(&["check"])?;
    assert_eq!(code, Some(1));
    let message = messages(&found).join("\n");
    assert!(message.starts_with("the operations of `users_api` are not known: "), "{message}");
    Ok(())
}

#[test]
fn a_service_of_a_compose_file_is_where_its_variables_say() -> Result<()> {
    let project = Project::empty()?;
    let document = conductor_tests::root().join("tests/services/shop/openapi.yaml");
    project.write("openapi.yaml", &std::fs::read_to_string(document)?)?;
    project.write(
        "compose.yaml",
        "\
services:
  shop:
    image: shop
    ports: [\"${SHOP_PORT:?where the shop listens}:8000\"]
    healthcheck: {test: [CMD, curl, -f, \"http://localhost:8000/api/v1/health\"], interval: 1s}
",
    )?;
    project.write(
        "concurrency.yaml",
        "\
resources:
  - {id: shop, kind: container, openapi: openapi.yaml, headers: {X-Tenant: t1}}
tasks:
  - {id: place, ref: 'container:shop.placeOrder'}
  - {id: read, ref: 'shop.GET /orders/{id}'}
workflows:
  - id: order
    durable: false
    input: {sku: string, amount: int}
    steps:
      - task: place
      - task: read
        with: {order_id: '${place.id}'}
    output: '${read.sku}'
",
    )?;
    let (code, found) = project.conductor_json(&["check"])?;
    assert_eq!(code, Some(1));
    assert!(messages(&found).join("\n").contains("`SHOP_PORT` is not set"), "{found}");
    project.write(".env", "SHOP_PORT=18000\n")?;
    let (code, found) = project.conductor_json(&["check"])?;
    assert_eq!((code, messages(&found)), (Some(0), Vec::new()), "{found}");
    Ok(())
}
