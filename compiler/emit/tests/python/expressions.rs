//! Every node of an expression, with CEL's rules, as native Python.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node, UnaryOp};
use conductor_protocol::plan::Plan;
use conductor_protocol::types::{EnumBase, Type, TypeDef, TypeName};

use crate::support::*;

const MODELS: &str = r#"
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NotRequired, TypedDict


class Point(TypedDict):
    x: int
    y: NotRequired[int]


@dataclass
class Box:
    class_: int
    note: str | None = None


class Tier(Enum):
    GOLD = "gold"
    SILVER = "silver"


class Level(IntEnum):
    LOW = 1
    HIGH = 2
"#;

fn literal(ty: Type, value: Literal) -> Expr {
    expr(ty, Node::Literal(value))
}

fn boolean(value: bool) -> Expr {
    literal(Type::Bool, Literal::Bool(value))
}

fn float(value: f64) -> Expr {
    literal(Type::Float, Literal::Float(value))
}

fn decimal(value: &str) -> Expr {
    literal(Type::Decimal, Literal::Decimal(value.to_owned()))
}

fn list(item: Type, items: Vec<Expr>) -> Expr {
    expr(Type::List(Box::new(item)), Node::List(items))
}

fn at(of: Expr, index: Expr, ty: Type) -> Expr {
    expr(ty, Node::Index { of: Box::new(of), index: Box::new(index) })
}

fn calc(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    binary(left.ty.clone(), op, left, right)
}

fn test(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    binary(Type::Bool, op, left, right)
}

fn unary(op: UnaryOp, operand: Expr) -> Expr {
    expr(operand.ty.clone(), Node::Unary { op, operand: Box::new(operand) })
}

fn has(of: Expr, name: &str) -> Expr {
    expr(Type::Bool, Node::Has { of: Box::new(of), name: name.to_owned() })
}

fn function_call(ty: Type, function: &str, args: Vec<Expr>) -> Expr {
    expr(ty, Node::Call { function: function.to_owned(), args })
}

fn convert(ty: Type, inner: Expr) -> Expr {
    expr(ty, Node::Convert(Box::new(inner)))
}

fn either(test: Expr, then: Expr, otherwise: Expr) -> Expr {
    let ty = then.ty.clone();
    let (test, then, otherwise) = (Box::new(test), Box::new(then), Box::new(otherwise));
    expr(ty, Node::Conditional { test, then, otherwise })
}

fn n() -> Expr {
    input("n", Type::Int)
}

fn point() -> Expr {
    input("point", named("models", "Point"))
}

fn a_box() -> Expr {
    input("a_box", named("models", "Box"))
}

fn anything() -> Expr {
    input("anything", Type::Any)
}

fn table() -> Expr {
    input("table", Type::Map(Box::new(Type::Int)))
}

fn maybe() -> Expr {
    input("maybe", Type::optional(Type::Int))
}

/// An index that is out of its list.
fn failing() -> Expr {
    let item = at(list(Type::Int, vec![int(1)]), n(), Type::Int);
    test(BinaryOp::Equal, item, int(1))
}

const INT_MAX: i64 = i64::MAX;

/// Each expression with the output it has for `n=7`; `!` is an error.
fn cases() -> Vec<(Expr, &'static str)> {
    [values(), enums(), arithmetic(), comparisons(), logic(), functions()].into_iter().flatten().collect()
}

fn any_item(name: &str) -> Expr {
    get(anything(), name, Type::Any)
}

fn values() -> Vec<(Expr, &'static str)> {
    vec![
        (expr(Type::String, Node::RunId), "'r'"),
        (literal(Type::Bytes, Literal::Bytes(vec![0, 34, 255])), "b'\\x00\"\\xff'"),
        (decimal("1.50"), "Decimal('1.50')"),
        (convert(Type::Decimal, int(3)), "Decimal('3')"),
        (convert(Type::Float, n()), "7.0"),
        (convert(Type::Int, maybe()), "!"),
        (get(point(), "x", Type::Int), "3"),
        (get(point(), "y", Type::Int), "!"),
        (get(a_box(), "class", Type::Int), "4"),
        (any_item("name"), "'ann'"),
        (any_item("nobody"), "!"),
        (has(point(), "y"), "False"),
        (has(a_box(), "note"), "False"),
        (has(anything(), "name"), "True"),
        (at(table(), string("a"), Type::Int), "1"),
        (at(table(), string("b"), Type::Int), "!"),
        (at(any_item("list"), int(1), Type::Any), "2"),
        (list(Type::Int, vec![n(), int(-1)]), "[7, -1]"),
    ]
}

/// An enum's wire value and back, as the checker converts it.
fn enums() -> Vec<(Expr, &'static str)> {
    use BinaryOp::{And, Equal, In, NotEqual};
    let tier = || convert(Type::String, input("tier", named("models", "Tier")));
    let level = || convert(Type::Int, input("level", named("models", "Level")));
    let maybe = || input("maybe_tier", Type::optional(named("models", "Tier")));
    let maybe_wire = || convert(Type::optional(Type::String), maybe());
    let present = || convert(Type::String, convert(named("models", "Tier"), maybe()));
    let gold = || convert(named("models", "Tier"), string("gold"));
    let words = vec![tier(), string(" "), level(), string(" "), maybe_wire()];
    vec![
        (tier(), "'gold'"),
        (level(), "2"),
        (maybe_wire(), "None"),
        (present(), "!"),
        (gold(), "<Tier.GOLD: 'gold'>"),
        (convert(named("models", "Level"), int(1)), "<Level.LOW: 1>"),
        (test(Equal, tier(), string("gold")), "True"),
        (test(NotEqual, tier(), string("gold")), "False"),
        (test(Equal, level(), int(2)), "True"),
        (test(Equal, maybe_wire(), string("gold")), "False"),
        (test(Equal, maybe(), gold()), "False"),
        (test(In, tier(), list(Type::String, vec![string("silver"), string("gold")])), "True"),
        (test(And, test(Equal, tier(), string("gold")), test(Equal, level(), int(2))), "True"),
        (expr(Type::String, Node::Interpolate(words)), "'gold 2 null'"),
        (function_call(Type::String, "string", vec![level()]), "'2'"),
        (function_call(Type::String, "string", vec![get(anything(), "tier", Type::Any)]), "'silver'"),
        (test(Equal, get(anything(), "tier", Type::Any), string("silver")), "True"),
    ]
}

fn arithmetic() -> Vec<(Expr, &'static str)> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    vec![
        (unary(UnaryOp::Negate, n()), "-7"),
        (unary(UnaryOp::Negate, int(i64::MIN)), "!"),
        (unary(UnaryOp::Negate, float(1.5)), "-1.5"),
        (calc(Add, n(), int(1)), "8"),
        (calc(Add, int(INT_MAX), n()), "!"),
        (calc(Subtract, int(-INT_MAX), n()), "!"),
        (calc(Multiply, calc(Add, n(), int(1)), int(2)), "16"),
        (calc(Divide, unary(UnaryOp::Negate, n()), int(2)), "-3"),
        (calc(Modulo, unary(UnaryOp::Negate, n()), int(2)), "-1"),
        (calc(Divide, n(), int(0)), "!"),
        (calc(Divide, int(i64::MIN), int(-1)), "!"),
        (calc(Divide, float(1.0), float(0.0)), "inf"),
        (calc(Multiply, calc(Add, float(0.5), float(1.0)), float(2.0)), "3.0"),
        (calc(Add, decimal("0.1"), decimal("0.2")), "Decimal('0.3')"),
        (calc(Divide, decimal("1"), decimal("0")), "!"),
        (calc(Add, string("a"), string("b")), "'ab'"),
        (calc(Add, list(Type::Int, vec![n()]), list(Type::Int, vec![int(2)])), "[7, 2]"),
        (calc(Add, any_item("list"), any_item("list")), "[1, 2, 1, 2]"),
        (calc(Add, any_item("name"), any_item("list")), "!"),
    ]
}

fn comparisons() -> Vec<(Expr, &'static str)> {
    use BinaryOp::{Divide, Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual};
    vec![
        (test(Equal, n(), int(7)), "True"),
        (test(Equal, boolean(true), convert(Type::Any, int(1))), "False"),
        (test(NotEqual, maybe(), null()), "False"),
        (test(Equal, list(Type::Int, vec![int(1)]), any_item("list")), "False"),
        (test(Equal, int(2), float(2.0)), "True"),
        (test(Less, n(), float(7.5)), "True"),
        (test(LessOrEqual, string("a"), string("B")), "False"),
        (test(Greater, any_item("name"), int(1)), "!"),
        (test(GreaterOrEqual, calc(Divide, float(0.0), float(0.0)), n()), "False"),
        (test(In, n(), list(Type::Int, vec![int(7)])), "True"),
        (test(In, string("a"), table()), "True"),
        (test(In, boolean(true), any_item("list")), "False"),
        (test(Equal, test(Equal, n(), int(7)), test(Less, n(), int(3))), "False"),
    ]
}

fn logic() -> Vec<(Expr, &'static str)> {
    use BinaryOp::{And, Equal, In, Less, NotEqual, Or};
    vec![
        (unary(UnaryOp::Not, boolean(true)), "False"),
        (test(And, boolean(false), failing()), "False"),
        (test(And, failing(), boolean(false)), "False"),
        (test(Or, failing(), test(Equal, n(), int(7))), "True"),
        (test(Or, failing(), boolean(false)), "!"),
        (
            test(And, test(Or, boolean(false), boolean(true)), unary(UnaryOp::Not, test(Less, n(), int(3)))),
            "True",
        ),
        (either(test(Less, n(), int(3)), string("few"), string("many")), "'many'"),
        (unary(UnaryOp::Not, test(Equal, n(), int(3))), "True"),
        (unary(UnaryOp::Not, test(In, n(), list(Type::Int, vec![int(7)]))), "False"),
        (unary(UnaryOp::Not, unary(UnaryOp::Not, test(Less, n(), int(3)))), "False"),
        (test(Equal, test(Less, n(), int(3)), boolean(true)), "False"),
        (test(Equal, n(), n()), "True"),
        (test(Or, test(Equal, n(), int(7)), test(Equal, n(), int(8))), "True"),
        (test(Or, test(Less, n(), int(7)), boolean(true)), "True"),
        (test(And, test(Less, n(), int(7)), unary(UnaryOp::Not, test(Less, n(), int(7)))), "False"),
        (either(test(Less, n(), int(3)), boolean(true), boolean(false)), "False"),
        (either(test(NotEqual, maybe(), null()), convert(Type::Int, maybe()), int(5)), "5"),
    ]
}

fn functions() -> Vec<(Expr, &'static str)> {
    vec![
        (function_call(Type::Int, "size", vec![string("añ😀")]), "3"),
        (function_call(Type::Bool, "startsWith", vec![string("abc"), string("ab")]), "True"),
        (function_call(Type::Bool, "endsWith", vec![string("abc"), string("ab")]), "False"),
        (function_call(Type::Bool, "contains", vec![string("abc"), string("b")]), "True"),
        (function_call(Type::Bool, "matches", vec![string("abc"), string("^a.c$")]), "True"),
        (function_call(Type::String, "string", vec![float(2.5)]), "'2.5'"),
        (function_call(Type::Int, "int", vec![string("12")]), "12"),
        (function_call(Type::Int, "int", vec![string("1_2")]), "!"),
        (function_call(Type::Float, "double", vec![string("1e3")]), "1000.0"),
        (function_call(Type::Bool, "bool", vec![string("true")]), "True"),
        (interpolate(), "'n is 7, true: 1.50 \"null\"'"),
        (long(), "True"),
    ]
}

fn interpolate() -> Expr {
    let parts = vec![
        string("n is "),
        n(),
        string(", "),
        boolean(true),
        string(": "),
        decimal("1.50"),
        string(" \""),
        maybe(),
        string("\""),
    ];
    expr(Type::String, Node::Interpolate(parts))
}

/// Too long for a line, in every position that breaks differently.
fn long() -> Expr {
    let name = "a rather long piece of text that fills a line";
    let pair = |other: &str| test(BinaryOp::Equal, input("text", Type::String), string(other));
    let either_way = test(BinaryOp::Or, pair("x"), pair(name));
    let both =
        test(BinaryOp::And, either_way, test(BinaryOp::Less, calc(BinaryOp::Add, n(), int(1)), int(1000)));
    let inside =
        unary(UnaryOp::Not, test(BinaryOp::Or, pair("y"), pair("z, which is a longer piece of text")));
    test(BinaryOp::And, both, either(inside, pair(name), pair("not this one at all, whatever happens")))
}

fn inputs() -> Vec<conductor_protocol::plan::Input> {
    vec![
        given("n", Type::Int),
        given("text", Type::String),
        given("point", named("models", "Point")),
        given("a_box", named("models", "Box")),
        given("anything", Type::Any),
        given("table", Type::Map(Box::new(Type::Int))),
        given("maybe", Type::optional(Type::Int)),
        given("tier", named("models", "Tier")),
        given("level", named("models", "Level")),
        given("maybe_tier", Type::optional(named("models", "Tier"))),
    ]
}

fn with_types(mut plan: Plan) -> Plan {
    let name = |name: &str| TypeName { module: "models".to_owned(), name: name.to_owned() };
    let fields = vec![field("x", Type::Int, true), field("y", Type::Int, false)];
    plan.types.insert(name("Point"), TypeDef::TypedDict { fields });
    let mut class = field("class", Type::Int, true);
    class.attribute = Some("class_".to_owned());
    let fields = vec![class, field("note", Type::optional(Type::String), false)];
    plan.types.insert(name("Box"), TypeDef::Class { fields });
    plan.types.extend([enumeration("models", "Tier", &[("GOLD", "gold"), ("SILVER", "silver")])]);
    plan.types.insert(name("Level"), TypeDef::Enum { base: EnumBase::Int, members: vec![] });
    plan
}

#[test]
fn every_node_keeps_the_rules_of_cel() {
    let cases = cases();
    let plans: Vec<Plan> = cases
        .iter()
        .enumerate()
        .map(|(at, (output, _))| {
            with_types(plan(&format!("case_{at:02}"), false, inputs(), vec![], output.clone()))
        })
        .collect();
    let project = Project::new(&[("models.py", MODELS)], &plans);
    project.check();
    let printed = project.python(
        r"
import asyncio
import conductor_gen
from models import Box, Level, Tier


async def main() -> None:
    for name in sorted(name for name in conductor_gen.__all__ if name.startswith('case_')):
        try:
            print(
                repr(
                    await getattr(conductor_gen, name)(
                        n=7,
                        text='a rather long piece of text that fills a line',
                        point={'x': 3},
                        a_box=Box(4),
                        anything={'name': 'ann', 'list': [1, 2], 'tier': Tier.SILVER},
                        table={'a': 1},
                        maybe=None,
                        tier=Tier.GOLD,
                        level=Level.HIGH,
                        maybe_tier=None,
                        run_id='r',
                    )
                )
            )
        except ArithmeticError:
            print('!')


asyncio.run(main())
",
    );
    let wanted: Vec<&str> = cases.iter().map(|(_, wanted)| *wanted).collect();
    let got: Vec<&str> = printed.lines().collect();
    for (at, (wanted, got)) in wanted.iter().zip(&got).enumerate() {
        assert_eq!(wanted, got, "case {at}: {:?}", cases[at].0);
    }
    assert_eq!(wanted.len(), got.len());
}

#[test]
fn conditions_of_steps_are_laid_out_as_the_formatter_leaves_them() {
    let mut skipped = task(
        "peek",
        call(
            "peek",
            function("models.peek", true, Type::Int),
            vec![],
            conductor_protocol::plan::Effect::Read,
        ),
    );
    skipped.when = Some(long());
    skipped.ty = Type::optional(Type::Int);
    let mut risky = skipped.clone();
    risky.id = "risky".to_owned();
    risky.when = Some(failing());
    let steps = vec![skipped, risky];
    let inputs = vec![given("n", Type::Int), given("text", Type::String)];
    let plan =
        with_types(plan("conditional", false, inputs, steps, result("risky", Type::optional(Type::Int))));
    let modules = format!("{MODELS}\n\nasync def peek() -> int:\n    return 1\n");
    let project = Project::new(&[("models.py", &modules)], &[plan]);
    project.check();
    let printed = project.python(
        "import asyncio\nfrom conductor_gen import WorkflowError, conditional\n\ntry:\n    \
         asyncio.run(conditional(n=7, text=''))\nexcept WorkflowError as error:\n    print(error.step, error.__cause__)\n",
    );
    assert_eq!(printed, "risky index 7 is out of a list of 1\n");
}
