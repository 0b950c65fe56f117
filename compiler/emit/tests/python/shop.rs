//! The shop's workflow, durable and not: judged by the Python tools, and run.

use conductor_protocol::plan::{Effect, Plan, Strategy};
use conductor_protocol::types::{Type, TypeDef, TypeName};

use crate::support::*;

const USER: &str = include_str!("../../../../examples/shop/user_service.py");
const AUTH: &str = include_str!("../../../../examples/shop/auth_service.py");
const PAYMENT: &str = include_str!("../../../../examples/shop/payment_provider.py");
const NOTIFICATION: &str = include_str!("../../../../examples/shop/notification_service.py");
const DATABASE: &str = include_str!("../../../../examples/shop/database.py");

fn modules() -> Vec<(&'static str, &'static str)> {
    vec![
        ("user_service.py", USER),
        ("auth_service.py", AUTH),
        ("payment_provider.py", PAYMENT),
        ("notification_service.py", NOTIFICATION),
        ("database.py", DATABASE),
    ]
}

fn types() -> Vec<(TypeName, TypeDef)> {
    vec![
        class(
            "user_service",
            "User",
            &[
                ("id", Type::String),
                ("name", Type::String),
                ("email", Type::String),
                ("tier", named("user_service", "Tier")),
                ("blocked", Type::Bool),
            ],
        ),
        class("auth_service", "Permissions", &[("may_order", Type::Bool), ("limit", Type::Decimal)]),
        class(
            "payment_provider",
            "Charge",
            &[
                ("id", Type::Int),
                ("user_id", Type::String),
                ("amount", Type::Decimal),
                ("status", named("payment_provider", "PaymentStatus")),
            ],
        ),
        class("notification_service", "Receipt", &[("id", Type::Int), ("recipient", Type::String)]),
        enumeration("user_service", "Tier", &[("BASIC", "basic"), ("GOLD", "gold")]),
        enumeration(
            "payment_provider",
            "PaymentStatus",
            &[("CAPTURED", "captured"), ("CAPTURED_BEFORE", "captured_before")],
        ),
    ]
}

fn shop(durable: bool) -> Plan {
    let user = named("user_service", "User");
    let permissions = named("auth_service", "Permissions");
    let charge = named("payment_provider", "Charge");
    let receipt = named("notification_service", "Receipt");
    let mut fetch = call(
        "fetch_user",
        function("user_service.get_user_by_id", false, user.clone()),
        vec![arg("user_id", input("user_id", Type::String))],
        Effect::Read,
    );
    fetch.policy = retries(3);
    fetch.policy.timeout_ms = Some(500);
    let mut check = call(
        "check_permissions",
        function("auth_service.check_permissions", true, permissions),
        vec![arg("user", result("fetch_user", user.clone()))],
        Effect::Read,
    );
    check.policy.timeout_ms = Some(100);
    let mut pay = call(
        "process_payment",
        function("payment_provider.charge", true, charge.clone()),
        vec![
            arg("user", result("fetch_user", user.clone())),
            arg("amount", input("amount", Type::Decimal)),
            key(),
        ],
        Effect::Write,
    );
    pay.idempotent = true;
    pay.policy = retries(3);
    pay.policy.abort_on = vec!["CardDeclined".to_owned()];
    let mut send = call(
        "send_receipt",
        function("notification_service.send_email", false, receipt.clone()),
        vec![arg("user", result("fetch_user", user)), arg("amount", input("amount", Type::Decimal))],
        Effect::Write,
    );
    send.policy = retries(2);
    send.policy.strategy = Strategy::Linear;
    let mut receipt_step = task("send_receipt", send);
    receipt_step.critical = false;
    receipt_step.ty = Type::optional(receipt);
    let block = parallel("parallel_3", vec![task("process_payment", pay), receipt_step]);
    let output = result("parallel_3", block.ty.clone());
    let steps = vec![task("fetch_user", fetch), task("check_permissions", check), block];
    let inputs = vec![given("user_id", Type::String), given("amount", Type::Decimal)];
    let mut plan = plan("process_order_workflow", durable, inputs, steps, output);
    plan.types.extend(types());
    plan
}

#[test]
fn without_durability_it_runs_alone() {
    let project = Project::new(&modules(), &[shop(false)]);
    project.check();
    let printed = project.python(
        r#"
import asyncio
from decimal import Decimal

import database
import conductor_gen
from conductor_gen import WorkflowError, process_order_workflow
from payment_provider import CardDeclined


async def main() -> None:
    database.create()
    database.connect().execute(
        "INSERT INTO users (id, name, email, tier) VALUES ('u1', 'Ann', 'ann@example.com', 'gold')"
    )
    order = await process_order_workflow(user_id="u1", amount=Decimal("5"), run_id="order-1")
    print(order["process_payment"].status, order["send_receipt"])
    try:
        await process_order_workflow(user_id="u1", amount=Decimal("-5"), run_id="order-2")
    except WorkflowError as error:
        print(error, error.step, error.attempts, isinstance(error.__cause__, CardDeclined))


asyncio.run(main())
order = conductor_gen.blocking.process_order_workflow(user_id="u1", amount=Decimal("7"))
print(order["process_payment"].amount)
"#,
    );
    expect_test::expect![[r#"
        PaymentStatus.CAPTURED Receipt(id=1, recipient='ann@example.com')
        workflow process_order_workflow failed at step process_payment after 1 attempt (run order-2): CardDeclined: -5 cannot be charged process_payment 1 True
        7
    "#]]
    .assert_eq(&printed);
}

#[test]
fn durable() {
    let project = Project::new(&modules(), &[shop(true)]);
    project.check();
    for name in ["process_order_workflow.py", "_codecs.py", "_types.py", "__init__.py", "blocking.py"] {
        let text = std::fs::read_to_string(project.dir.path().join("conductor_gen").join(name)).unwrap();
        expect_test::expect_file![format!("golden/shop/{name}")].assert_eq(&text);
    }
}
