//! Values of every type through a journal, and defaults of inputs.

use conductor_emit::EmitError;
use conductor_protocol::expr::Node;
use conductor_protocol::plan::{Effect, Input, Plan};
use conductor_protocol::types::{Type, TypeDef, TypeName};
use serde_json::json;

use crate::support::*;

const MODELS: &str = r#"
import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum
from typing import NotRequired, TypedDict
from uuid import UUID


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(TypedDict):
    x: int
    label: NotRequired[str]


@dataclass
class Circle:
    radius: float


@dataclass
class Square:
    side: float
    name: str = "square"


@dataclass(frozen=True)
class Everything:
    flag: bool
    whole: int
    real: float
    money: Decimal
    text: str
    raw: bytes
    at: dt.datetime
    day: dt.date
    span: dt.timedelta
    key: UUID
    color: Color
    level: Level
    point: Point
    shapes: list[Circle | Square]
    scores: dict[str, list[int] | None]
    mixed: int | str | bool | None
    extra: list[str] = field(default_factory=list)
    computed: int = field(init=False, default=0)

    class Inner:
        pass


def echo(value: Everything) -> Everything:
    return value


def lie(n: int) -> int:
    return "no int"  # type: ignore[return-value]


def sets(n: int):
    return {n}
"#;

fn model(name: &str) -> Type {
    named("models", name)
}

fn with_types(mut plan: Plan) -> Plan {
    let name = |name: &str| TypeName { module: "models".to_owned(), name: name.to_owned() };
    plan.types.extend([
        enumeration("models", "Color", &[("RED", "red"), ("BLUE", "blue")]),
        (name("Level"), TypeDef::Enum { base: conductor_protocol::types::EnumBase::Int, members: vec![] }),
        (
            name("Point"),
            TypeDef::TypedDict {
                fields: vec![field("x", Type::Int, true), field("label", Type::String, false)],
            },
        ),
        class("models", "Circle", &[("radius", Type::Float)]),
        (
            name("Square"),
            TypeDef::Class {
                fields: vec![field("side", Type::Float, true), field("name", Type::String, false)],
            },
        ),
    ]);
    let mut fields: Vec<_> = [
        ("flag", Type::Bool),
        ("whole", Type::Int),
        ("real", Type::Float),
        ("money", Type::Decimal),
        ("text", Type::String),
        ("raw", Type::Bytes),
        ("at", Type::Timestamp),
        ("day", Type::Date),
        ("span", Type::Duration),
        ("key", Type::Uuid),
        ("color", model("Color")),
        ("level", model("Level")),
        ("point", model("Point")),
        ("shapes", Type::List(Box::new(Type::union([model("Circle"), model("Square")])))),
        ("scores", Type::Map(Box::new(Type::optional(Type::List(Box::new(Type::Int)))))),
        ("mixed", Type::union([Type::Int, Type::String, Type::Bool, Type::Null])),
    ]
    .into_iter()
    .map(|(name, ty)| field(name, ty, true))
    .collect();
    fields.push(field("extra", Type::List(Box::new(Type::String)), false));
    fields.push(conductor_protocol::types::Field { init: false, ..field("computed", Type::Int, false) });
    plan.types.insert(name("Everything"), TypeDef::Class { fields });
    plan
}

fn echo() -> Plan {
    let ty = model("Everything");
    let echo = function("models.echo", false, ty.clone());
    let step = task("echo", call("echo", echo, vec![arg("value", input("value", ty.clone()))], Effect::Read));
    let output = expr(
        record(&[("value", ty.clone()), ("class", Type::List(Box::new(Type::Int)))]),
        Node::Record(vec![
            ("value".to_owned(), result("echo", ty.clone())),
            ("class".to_owned(), expr(Type::List(Box::new(Type::Int)), Node::List(vec![int(1)]))),
        ]),
    );
    with_types(plan("echoing", true, vec![given("value", ty)], vec![step], output))
}

#[test]
fn nothing_is_lost_on_the_way_through_the_journal() {
    let project = Project::new(&[("models.py", MODELS)], &[echo()]);
    project.check();
    let printed = project.python_with_peer(
        r"
import asyncio
import datetime as dt
import json
from decimal import Decimal
from uuid import UUID

from conductor_gen import echoing
from models import Circle, Color, Everything, Level, Square
from peer import Peer

peer = Peer()
value = Everything(
    flag=True,
    whole=-(2**63),
    real=float('-inf'),
    money=Decimal('0.10'),
    text='añ\U0001f600\n',
    raw=b'\x00\xff',
    at=dt.datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=dt.timezone.utc),
    day=dt.date(1, 1, 1),
    span=dt.timedelta(days=-1, microseconds=1),
    key=UUID(int=5),
    color=Color.BLUE,
    level=Level.HIGH,
    point={'x': 1},
    shapes=[Circle(1.5), Square(2.0)],
    scores={'a': [1], 'b': None},
    mixed='text',
)
result = asyncio.run(echoing(value=value, run_id='r'))
assert result['value'] == value, result
assert result['value'] is not value
recorded = [entry for kind, entry in peer.entries('r') if kind == 'step_succeeded']
print(json.dumps(recorded[0]['output']))
",
    );
    expect_test::expect![[r#"
        {"flag": true, "whole": -9223372036854775808, "real": "-Infinity", "money": "0.10", "text": "a\u00f1\ud83d\ude00\n", "raw": "AP8=", "at": "1969-12-31T23:59:59.000001+00:00", "day": "0001-01-01", "span": "-86399.999999s", "key": "00000000-0000-0000-0000-000000000005", "color": "blue", "level": 2, "point": {"x": 1}, "shapes": [{"radius": 1.5}, {"side": 2.0, "name": "square"}], "scores": {"a": [1], "b": null}, "mixed": "text", "extra": [], "computed": 0}
    "#]]
    .assert_eq(&printed);
}

fn one_step(name: &str, callee: &str, returns: Type) -> Plan {
    let mut callable = function(&format!("models.{callee}"), false, returns.clone());
    if returns == Type::Any {
        callable = unannotated(callable);
    }
    let mut call = call(callee, callable, vec![arg("n", input("n", Type::Int))], Effect::Read);
    call.policy = retries(5);
    let steps = vec![task(callee, call)];
    with_types(plan(name, true, vec![given("n", Type::Int)], steps, result(callee, returns)))
}

#[test]
fn a_value_that_is_not_what_it_says_fails_its_step_at_once() {
    let plans = [one_step("lying", "lie", Type::Int), one_step("unsaid", "sets", Type::Any)];
    let project = Project::new(&[("models.py", MODELS)], &plans);
    project.check();
    let printed = project.python_with_peer(
        "import asyncio\nfrom conductor_gen import WorkflowError, lying, unsaid\nfrom peer import Peer\n\npeer = Peer()\n\
         for workflow in (lying, unsaid):\n    try:\n        asyncio.run(workflow(n=1, run_id='r'))\n    \
         except WorkflowError as error:\n        print(error)\n    peer.records.clear()\n",
    );
    expect_test::expect![[r#"
        workflow lying failed at step lie after 1 attempt (run r): ResultError: expected int, got str 'no int'
        workflow unsaid failed at step sets after 1 attempt (run r): ResultError: the result of models.sets cannot be journaled: expected plain JSON (None, bool, int, float, str, list, dict), got set {1}. Annotate what models.sets returns, or return plain JSON
    "#]]
    .assert_eq(&printed);
}

fn defaulted(name: &str, ty: Type, default: serde_json::Value) -> Input {
    Input { name: name.to_owned(), ty, default: Some(default), secret: false }
}

fn defaults(durable: bool) -> Plan {
    let inputs = vec![
        defaulted("whole", Type::Int, json!(5)),
        defaulted("real", Type::Float, json!(1)),
        defaulted("money", Type::Decimal, json!("1.50")),
        defaulted("text", Type::String, json!("it's \"so\"")),
        defaulted("nothing", Type::optional(Type::Int), json!(null)),
        defaulted("names", Type::List(Box::new(Type::String)), json!(["a"])),
        defaulted("color", model("Color"), json!("red")),
        defaulted("circle", model("Circle"), json!({"radius": 2.5})),
        defaulted("day", Type::Date, json!("2026-01-02")),
    ];
    let fields: Vec<(&str, Type)> =
        inputs.iter().map(|input| (input.name.as_str(), input.ty.clone())).collect();
    let nodes = fields.iter().map(|(name, ty)| ((*name).to_owned(), input(name, ty.clone()))).collect();
    let output = expr(record(&fields), Node::Record(nodes));
    with_types(plan("defaults", durable, inputs, vec![], output))
}

#[test]
fn inputs_have_their_defaults() {
    for durable in [true, false] {
        let project = Project::new(&[("models.py", MODELS)], &[defaults(durable)]);
        project.check();
        let printed = project.python_with_peer(
            "from conductor_gen import blocking\nfrom peer import Peer\n\npeer = Peer()\n\
             one = blocking.defaults()\none['names'].append('b')\nprint(dict(sorted(blocking.defaults().items())))\n",
        );
        assert_eq!(
            printed,
            "{'circle': Circle(radius=2.5), 'color': <Color.RED: 'red'>, 'day': datetime.date(2026, 1, 2), \
             'money': Decimal('1.50'), 'names': ['a'], 'nothing': None, 'real': 1.0, 'text': 'it\\'s \"so\"', \
             'whole': 5}\n"
        );
    }
}

/// The elements of a set or tuple are not known, and a bare `tuple` is refused by a strict type checker.
#[test]
fn without_a_journal_sets_and_tuples_pass_untyped() {
    let tuple = named("builtins", "tuple");
    let mut plan = one_step("pairs", "pair", tuple);
    plan.durable = false;
    let models = "def pair(n: int) -> tuple[int, str]:\n    return (n, 'x')\n";
    let project = Project::new(&[("models.py", models)], &[plan]);
    project.check();
    let printed = project.python("from conductor_gen import blocking\nprint(blocking.pairs(n=1))\n");
    assert_eq!(printed, "(1, 'x')\n");
}

#[test]
fn types_that_json_cannot_tell_apart_are_refused() {
    let refused = |ty: Type| {
        let plan = with_types(plan("w", true, vec![given("x", ty.clone())], vec![], input("x", ty)));
        emit(&[plan]).unwrap_err()
    };
    let union = Type::union([Type::String, Type::Decimal]);
    assert_eq!(refused(union), EmitError::Union { one: "decimal".to_owned(), other: "string".to_owned() });
    let maps = Type::union([model("Circle"), Type::Map(Box::new(Type::Int))]);
    assert!(matches!(refused(maps), EmitError::Union { .. }));
    assert_eq!(refused(model("Unknown")), EmitError::Opaque { class: "models.Unknown".to_owned() });
}
