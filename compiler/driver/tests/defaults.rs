//! The defaults that the schema tells are the compiler's: to write one changes no Plan.

use conductor_protocol::plan::Plan;
use serde_json::{Value, json};

use crate::support::Project;

const CODE: &str = "async def a(idempotency_key: str) -> int:\n    return 1\n\n\nasync def b() -> int:\n    return 1\n\n\nasync def open_it() -> int:\n    return 1\n";

/// A manifest in which every mapping stands that has defaults.
fn manifest() -> Value {
    json!({
        "targets": [{"language": "python"}],
        "tasks": [
            {"id": "a", "ref": "m.a", "policy": "p"},
            {"id": "b", "ref": "m.b", "uses": "r", "policy": {"timeout": "1s"}},
        ],
        "policies": [{"id": "p", "circuit_breaker": {}, "hedge": {"after": "1s"}}],
        "resources": [{"id": "r", "kind": "custom", "open": "m.open_it", "pool": {"max": 3}}],
        "workflows": [
            {"id": "w", "input": {"n": {"type": "int"}}, "steps": [
                {"parallel": [{"task": "a"}, {"task": "b"}], "id": "both"},
                {"loop": {"id": "l", "until": true, "max_iterations": 2, "steps": [{"task": "a", "id": "c"}]}},
                {"wait_for": {"id": "s", "signal": "go", "timeout": "1h"}},
                {"hold": {"id": "h", "resource": "r", "steps": [{"task": "b", "id": "d"}]}},
                {"workflow": "v", "id": "e"},
            ]},
            {"id": "v", "steps": [{"return": 1}]},
        ],
    })
}

/// Mappings of the manifest, and where the schema describes them.
const PLACES: [(&str, &str); 14] = [
    ("/targets/0", "/definitions/target"),
    ("/tasks/0", "/definitions/task"),
    ("/tasks/1/policy", "/definitions/policy"),
    ("/policies/0", "/definitions/defined_policy"),
    ("/policies/0/circuit_breaker", "/definitions/defined_policy/properties/circuit_breaker"),
    ("/policies/0/hedge", "/definitions/defined_policy/properties/hedge"),
    ("/resources/0/pool", "/definitions/resource/properties/pool"),
    ("/workflows/0", "/definitions/workflow"),
    ("/workflows/0/input/n", "/definitions/workflow/properties/input/additionalProperties/then"),
    ("/workflows/0/steps/0", "/definitions/parallel_step"),
    ("/workflows/0/steps/1/loop", "/definitions/loop_step/properties/loop"),
    ("/workflows/0/steps/2/wait_for", "/definitions/wait_for_step/properties/wait_for"),
    ("/workflows/0/steps/3/hold", "/definitions/hold_step/properties/hold"),
    ("/workflows/0/steps/4", "/definitions/workflow_step"),
];

fn plans(manifest: &Value) -> Vec<Plan> {
    let text = manifest.to_string();
    let project = Project::new([("concurrency.yaml", text.as_str()), ("m.py", CODE)]);
    let outcome = project.compile();
    let shown = project.shown(&outcome);
    outcome.compiled.unwrap_or_else(|| panic!("{text}\n{shown}")).plans
}

#[test]
fn a_default_that_is_written_changes_nothing() {
    let schema = conductor_model::schema();
    let without = plans(&manifest());
    let mut seen = 0;
    for (place, described) in PLACES {
        let properties = schema.pointer(described).and_then(|mapping| mapping["properties"].as_object());
        for (key, property) in properties.expect(described) {
            let Some(default) = property.get("default") else { continue };
            let mut manifest = manifest();
            let mapping = manifest.pointer_mut(place).and_then(Value::as_object_mut).expect(place);
            mapping.insert(key.clone(), default.clone());
            assert_eq!(plans(&manifest), without, "{place}: {key}: {default}");
            seen += 1;
        }
    }
    let all = schema.to_string().matches("\"default\":").count();
    assert!(seen > 25 && seen <= all, "{seen} of {all} defaults were written");
}
