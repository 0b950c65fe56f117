//! `graph`: each form, a file, and what it says to mistakes.

use crate::support::Project;

#[test]
fn the_shop_is_drawn_in_each_form() {
    let project = Project::shop();
    let svg = project.conductor(&["graph"]);
    svg.says(0, &["<svg ", "payment_provider.charge", "3 retries · timeout 30 s", "not critical"]);
    project.conductor(&["graph", "--format", "mermaid"]).says(0, &["flowchart TD", "subgraph"]);
    project.conductor(&["graph", "--format", "dot"]).says(0, &["digraph", "cluster_0_0"]);
    let (code, drawings) = project.json(&["graph", "process_order_workflow"]);
    assert_eq!(code, Some(0), "{drawings}");
    let boxes = drawings[0]["boxes"].as_array().unwrap();
    let keys: Vec<&str> = boxes.iter().filter_map(|shape| shape["key"].as_str()).collect();
    assert_eq!(keys, ["fetch_user", "check_permissions", "process_payment", "send_receipt"]);
}

#[test]
fn a_drawing_goes_into_a_file_as_a_whole() {
    let project = Project::shop();
    project.conductor(&["graph", "-o", "shop.svg"]).says(0, &[]);
    assert_eq!(project.read("shop.svg"), project.conductor(&["graph"]).stdout);
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let project = Project::shop();
    let unknown = project.conductor(&["graph", "nobody"]);
    unknown.says(2, &["there is no workflow `nobody`", "there are: process_order_workflow"]);
    project.write("concurrency.yaml", "workflows:\n  - id: w\n    steps:\n      - task: missing\n");
    project.conductor(&["graph"]).says(1, &["missing"]);
}
