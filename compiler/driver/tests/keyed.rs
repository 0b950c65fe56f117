//! Mappings of the manifest where a type with known keys is asked for.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{ArgumentValue, StepKind};
use conductor_protocol::types::Type;

use crate::support::Project;

const CODE: &str = r#"
from typing import NotRequired, TypedDict

class Money(TypedDict):
    currency: str
    units: int
    note: NotRequired[str]

class Order(TypedDict):
    total: Money
    lines: list[Money]
    by_name: dict[str, Money]

async def pay(money: Money) -> None: ...
async def order(order: Order | None) -> None: ...
"#;

fn project(task: &str, with: &str) -> Project {
    let manifest = format!(
        "tasks:\n  - id: run_it\n    ref: app.{task}\n    with: {with}\nworkflows:\n  - id: w\n    steps:\n      - task: run_it\n"
    );
    Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)])
}

#[test]
fn a_mapping_is_of_the_type_that_is_asked_for() {
    let inner = "{currency: EUR, units: 5}";
    let with = format!("{{order: {{total: {inner}, lines: [{inner}], by_name: {{a: {inner}}}}}}}");
    for project in [project("pay", "{money: {currency: EUR, units: 5, note: x}}"), project("order", &with)] {
        let outcome = project.compile();
        let Some(compiled) = &outcome.compiled else { panic!("{}", project.shown(&outcome)) };
        let StepKind::Task(call) = &compiled.plans[0].steps[0].kind else { panic!("no task") };
        let argument = call.arguments().next().expect("it has one");
        let ArgumentValue::Expr(given) = &argument.value else { panic!("{argument:?}") };
        assert!(matches!((&given.ty, &given.node), (Type::Named(_), Node::Record(_))), "{given:?}");
        assert!(!compiled.outputs.is_empty());
    }
}

#[test]
fn keys_that_are_wrong_or_missing_are_named() {
    for (task, with, words) in [
        ("pay", "{money: {currency: EUR}}", "`Money` needs `units`"),
        ("pay", "{money: {currency: EUR, unit: 5}}", "`Money` has no field `unit`"),
        ("pay", "{money: {currency: EUR, unit: 5}}", "did you mean `units`?"),
        ("pay", "{money: {currency: EUR, units: five}}", "expected `int`, but this is `string`"),
        ("order", "{order: {total: {}, lines: [], by_name: {}}}", "`Money` needs `currency` and `units`"),
    ] {
        let shown = project(task, with).check();
        assert!(shown.contains("E131") && shown.contains(words), "no {words:?} in {shown}");
        assert_eq!(shown.matches("error[").count(), 1, "{shown}");
    }
}
