//! The shop: a durable workflow, and the same without durability.

use conductor_protocol::plan::{ArgumentValue, Effect, Plan, Policy, Strategy};
use conductor_protocol::types::{Type, TypeTable};
use expect_test::expect_file;

use crate::kit::*;
use crate::project::{Project, emitted};

pub const MODULES: [(&str, &str); 4] = [
    (
        "src/user_service.ts",
        r#"export enum Tier {
  Free = "free",
  Gold = "gold",
}
export interface User {
  id: string;
  name: string;
  email?: string;
  tier: Tier;
}
export async function getUserById(userId: string, signal: AbortSignal): Promise<User> {
  await Promise.resolve();
  signal.throwIfAborted();
  return { id: userId, name: "Ada", tier: Tier.Gold };
}
"#,
    ),
    (
        "src/auth_service.ts",
        r#"import type { User } from "./user_service.js";

export interface Permissions {
  mayOrder: boolean;
}
export function checkPermissions(user: User): Promise<Permissions> {
  return Promise.resolve({ mayOrder: user.name !== "" });
}
"#,
    ),
    (
        "src/payment_provider.ts",
        r#"import type { User } from "./user_service.js";

export class Charge {
  constructor(
    readonly id: number,
    readonly userId: string,
    readonly amount: string,
    readonly at: Date,
  ) {}
}
export class CardDeclined extends Error {}
export function charge(user: User, amount: string, idempotencyKey: string): Promise<Charge> {
  if (amount === "13") {
    return Promise.reject(new CardDeclined(`not ${amount} (${idempotencyKey})`));
  }
  return Promise.resolve(new Charge(1, user.id, amount, new Date(0)));
}
"#,
    ),
    (
        "src/notification_service.ts",
        r#"import type { User } from "./user_service.js";

export interface Receipt {
  recipient: string;
}
export async function sendEmail(user: User, amount: string): Promise<Receipt> {
  await Promise.resolve();
  if (amount === "7") {
    throw new Error("no mail today");
  }
  return { recipient: user.name };
}
"#,
    ),
];

fn types() -> TypeTable {
    let user = named("src/user_service", "Tier");
    let fields = vec![
        field("id", Type::String, true),
        field("name", Type::String, true),
        field("email", optional(Type::String), false),
        field("tier", user, true),
    ];
    let charge = vec![
        field("id", Type::Float, true),
        field("userId", Type::String, true),
        field("amount", Type::String, true),
        field("at", Type::Timestamp, true),
    ];
    TypeTable::from([
        enumeration("src/user_service", "Tier", &[("Free", "free"), ("Gold", "gold")]),
        interface("src/user_service", "User", fields),
        interface("src/auth_service", "Permissions", vec![field("mayOrder", Type::Bool, true)]),
        class("src/payment_provider", "Charge", charge),
        interface("src/notification_service", "Receipt", vec![field("recipient", Type::String, true)]),
    ])
}

pub fn shop(workflow: &str, durable: bool) -> Plan {
    let user = || named("src/user_service", "User");
    let fetched = || arg("user", result("fetch_user", user()));
    let amount = || arg("amount", input("amount", Type::Decimal));
    let mut fetch = call(
        "fetch_user",
        function("src/user_service.getUserById", true, user()),
        vec![
            arg("userId", input("user_id", Type::String)),
            special("signal", Type::Any, ArgumentValue::Cancellation),
        ],
        Effect::Read,
    );
    fetch.policy = Policy { timeout_ms: Some(500), ..retries(3) };
    let mut check = call(
        "check_permissions",
        function("src/auth_service.checkPermissions", true, named("src/auth_service", "Permissions")),
        vec![fetched()],
        Effect::Read,
    );
    check.policy.timeout_ms = Some(100);
    let key = special("idempotencyKey", Type::String, ArgumentValue::IdempotencyKey);
    let charge = named("src/payment_provider", "Charge");
    let mut pay = call(
        "process_payment",
        function("src/payment_provider.charge", true, charge.clone()),
        vec![fetched(), amount(), key],
        Effect::Write,
    );
    pay.policy = Policy { abort_on: vec!["CardDeclined".to_owned()], ..retries(3) };
    let receipt = named("src/notification_service", "Receipt");
    let mut mail = call(
        "send_receipt",
        function("src/notification_service.sendEmail", true, receipt.clone()),
        vec![fetched(), amount()],
        Effect::Write,
    );
    mail.policy = Policy { strategy: Strategy::Linear, ..retries(2) };
    let mut mail = task("send_receipt", mail);
    mail.critical = false;
    mail.ty = optional(receipt.clone());
    let mut both = parallel("parallel_3", vec![task("process_payment", pay), mail]);
    both.anonymous = true;
    let output = both.ty.clone();
    let inputs = vec![given("user_id", Type::String), given("amount", Type::Decimal)];
    let steps = vec![task("fetch_user", fetch), task("check_permissions", check), both];
    Plan { types: types(), ..plan(workflow, durable, inputs, steps, result("parallel_3", output)) }
}

#[test]
fn the_shop_is_as_it_would_be_written_by_hand() {
    let plans = [shop("process_order_workflow", true), shop("quick_order", false)];
    for (name, text) in emitted(&plans) {
        if !name.starts_with("_conductor/") {
            let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/typescript/golden/shop");
            expect_file![format!("{golden}/{name}")].assert_eq(&text);
        }
    }
    let project = Project::new(&MODULES, &plans);
    project.check();
    let printed = project.node(
        r#"import { quickOrder, WorkflowError } from "./conductor_gen/index.js";

const { process_payment: paid, send_receipt: sent } = await quickOrder({ userId: "u1", amount: "5" });
console.log(paid.constructor.name, paid.amount, sent?.recipient);
const { send_receipt: none } = await quickOrder({ userId: "u1", amount: "7" });
console.log(none);
try {
  await quickOrder({ userId: "u1", amount: "13" }, { runId: "r" });
} catch (error) {
  if (error instanceof WorkflowError) {
    console.log(error.workflow, error.step, error.attempts, String(error.cause));
  }
}
"#,
    );
    assert_eq!(
        printed,
        "Charge 5 Ada\nnull\nquick_order process_payment 1 Error: not 13 (r/process_payment)\n"
    );
}
