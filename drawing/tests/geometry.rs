//! Every Plan of the cases, drawn: nothing is missing, nothing overlaps, and every form can be read.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use conductor_drawing::{Drawing, Shape, dot, draw, mermaid, svg};
use conductor_protocol::plan::{Plan, Step, StepKind};
use serde_json::{Value, json};

/// Pixels of rounding.
const SLACK: f64 = 0.01;

fn plans() -> Vec<Plan> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let mut plans = Vec::new();
    for folder in std::fs::read_dir(cases).unwrap() {
        let Ok(text) = std::fs::read_to_string(folder.unwrap().path().join("plan.json")) else { continue };
        plans.extend(serde_json::from_str::<Vec<Plan>>(&text).unwrap());
    }
    plans
}

#[test]
fn boxes_stand_inside_of_their_blocks_and_beside_each_other() {
    let plans = plans();
    assert!(plans.len() > 100, "only {} Plans", plans.len());
    for plan in &plans {
        let drawing = draw(plan);
        let mut open: Vec<usize> = Vec::new();
        let mut siblings: Vec<Vec<usize>> = vec![Vec::new()];
        for (place, own) in drawing.boxes.iter().enumerate() {
            open.truncate(own.depth);
            siblings.resize_with(own.depth + 1, Vec::new);
            if let Some(around) = open.last() {
                assert!(contains(&drawing.boxes[*around], own), "{}: {:?}", plan.workflow, own.title);
            }
            for other in &siblings[own.depth] {
                let other = &drawing.boxes[*other];
                assert!(apart(own, other), "{}: {} and {}", plan.workflow, own.title, other.title);
            }
            siblings[own.depth].push(place);
            open.push(place);
        }
        ends_touch(&drawing);
    }
}

fn contains(around: &Shape, own: &Shape) -> bool {
    own.x >= around.x - SLACK
        && own.y >= around.y - SLACK
        && own.x + own.width <= around.x + around.width + SLACK
        && own.y + own.height <= around.y + around.height + SLACK
}

fn apart(one: &Shape, other: &Shape) -> bool {
    one.x + one.width <= other.x + SLACK
        || other.x + other.width <= one.x + SLACK
        || one.y + one.height <= other.y + SLACK
        || other.y + other.height <= one.y + SLACK
}

/// Arrows go down, from one box to another.
fn ends_touch(drawing: &Drawing) {
    for arrow in &drawing.arrows {
        let (first, last) = (arrow.points.first().unwrap(), arrow.points.last().unwrap());
        let (from, to) = (&drawing.boxes[arrow.from], &drawing.boxes[arrow.to]);
        assert!((first.1 - from.y - from.height).abs() < SLACK && (last.1 - to.y).abs() < SLACK);
        assert!(arrow.points.is_sorted_by(|above, below| above.1 <= below.1), "{:?}", arrow.points);
    }
}

#[test]
fn every_recorded_step_has_a_box_with_its_key() {
    for plan in plans() {
        let drawn: Vec<Shape> = draw(&plan).boxes;
        let keys: BTreeSet<&str> = drawn.iter().filter_map(|shape| shape.key.as_deref()).collect();
        let mut wanted = Vec::new();
        keyed(&plan.steps, "", &mut wanted);
        for key in wanted {
            assert!(keys.contains(key.as_str()), "{}: no box for {key}", plan.workflow);
        }
    }
}

fn keyed(steps: &[Step], prefix: &str, keys: &mut Vec<String>) {
    for step in steps {
        let key = format!("{prefix}{}", step.id);
        let repeats = matches!(step.kind, StepKind::Map(_) | StepKind::Loop(_));
        let within = if repeats { format!("{key}[*].") } else { prefix.to_owned() };
        keyed(&step.children().cloned().collect::<Vec<_>>(), &within, keys);
        keys.extend((!step.anonymous || step.children().next().is_none()).then_some(key));
    }
}

/// A Plan that is written by hand, around its steps.
fn plan(steps: &Value) -> Plan {
    let text = json!({
        "format": 1, "workflow": "w", "language": "python", "entrypoint": true, "durable": true,
        "deadline_ms": null, "inputs": [], "steps": steps, "types": [],
        "output": {"node": {"literal": "null"}, "ty": "null"},
    });
    serde_json::from_value(text).unwrap()
}

fn step(id: &str, needs: &[String], kind: &Value) -> Value {
    json!({"id": id, "anonymous": false, "when": null, "critical": true, "deadline_ms": null,
           "needs": needs, "ty": "null", "kind": kind})
}

#[test]
fn large_graphs_and_deep_blocks_are_drawn() {
    let sleep = json!({"sleep": {"fixed": {"ms": 90_000}}});
    let wide: Vec<Value> = (0..2000_usize)
        .map(|at| {
            let needs: Vec<String> =
                [1, 7, 40].iter().filter(|back| **back <= at).map(|back| format!("s{}", at - back)).collect();
            step(&format!("s{at}"), &needs, &sleep)
        })
        .collect();
    let graph = draw(&plan(&json!([step("g", &[], &json!({"graph": {"steps": wide}}))])));
    assert_eq!(graph.boxes.len(), 2000 + 4);
    // Needs that follow from others are not drawn: what is left is the chain.
    assert_eq!(graph.arrows.len(), 1999 + 2);
    let deep = (0..100).fold(step("leaf", &[], &sleep), |inside, at| {
        step(&format!("b{at}"), &[], &json!({"sequence": {"steps": [inside]}}))
    });
    let drawing = draw(&plan(&json!([deep])));
    assert_eq!(drawing.boxes.iter().map(|shape| shape.depth).max(), Some(101));
    assert_eq!(drawing.boxes.iter().find(|shape| shape.title == "leaf").unwrap().lines, ["sleeps 90 s"]);
}

#[test]
fn hostile_names_stay_text() {
    let name = "<script>alert(1)</script> \"]; \u{1b}[31m & \u{ffff} `${x}`\nend";
    let steps = json!([step(
        name,
        &[],
        &json!({"fail": {"error": name, "message": {"node": {"literal": "null"}, "ty": "null"}}})
    )]);
    let drawings = [draw(&plan(&steps))];
    let picture = svg(&drawings);
    assert!(!picture.contains("<script>") && picture.contains("&lt;script&gt;"), "{picture}");
    assert!(!picture.contains('\u{1b}') && !picture.contains('\u{ffff}'));
    let chart = mermaid(&drawings);
    assert!(
        !chart.contains("<script>") && chart.lines().filter(|line| line.trim() == "end").count() == 1,
        "{chart}"
    );
    assert!(!dot(&drawings).contains("\"];\n  ]"), "{}", dot(&drawings));
}
