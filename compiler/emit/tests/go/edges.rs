//! Names that mean something to Go, width and depth, types of the user's own, and workflows without a journal that are run.

use conductor_protocol::expr::{BinaryOp, Node};
use conductor_protocol::plan::{Effect, Plan, Step, StepKind};
use conductor_protocol::types::{Type, TypeName};

use crate::blocks::{TASKS_GO, everything};
use crate::build::*;
use crate::project::Project;

/// A user's package whose types are not those that values have between steps.
const SHOP_GO: &str = r#"// Package store is in a folder of another name.
package store

import "errors"

type Cents int32
type Item struct {
	Name  string
	Price Cents
	Parts []*Item
}

func Price(name string, count uint8) (Cents, error) {
	if name == "" {
		return 0, errors.New("no name")
	}
	return Cents(count) * 100, nil
}

func Pay(price Cents) Item { return Item{Name: "paid", Price: price} }

func Name(item Item) (name string, size int) { return item.Name, int(item.Price) }
"#;

const MAIN_GO: &str = r#"package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"example.com/app/conductorgen"
	"example.com/app/othergen"
	"example.com/app/tasks"
)

func main() {
	ctx := context.Background()
	output, err := conductorgen.Everything(ctx, conductorgen.EverythingInput{Text: "hello"})
	text, _ := json.Marshal(output)
	fmt.Println(string(text), err)
	price, err := conductorgen.Types(ctx, conductorgen.TypesInput{Count: 3})
	fmt.Println(price, err)
	_, err = conductorgen.Types(ctx, conductorgen.TypesInput{Count: 300})
	fmt.Println(err)
	other, err := othergen.Types(ctx, othergen.TypesInput{Count: 4})
	fmt.Println(other, err)
	_, err = conductorgen.Func(ctx, conductorgen.FuncInput{Type: "x", Type2: "y"})
	var declined *tasks.Declined
	var failure *conductorgen.WorkflowError
	fmt.Println(errors.As(err, &declined), errors.As(err, &failure) && failure.Step == "select", err)
}
"#;

fn store(name: &str, returns: Type) -> conductor_protocol::plan::Function {
    conductor_protocol::plan::Function {
        module: "example.com/app/internal/store-v2".to_owned(),
        package: Some("store".to_owned()),
        is_async: false,
        ..function(name, returns)
    }
}

fn types() -> Plan {
    let module = "example.com/app/internal/store-v2".to_owned();
    let item = TypeName { module, name: "Item".to_owned() };
    let cents = "example.com/app/internal/store-v2.Cents=int32";
    let spelled = |mut argument: conductor_protocol::plan::Argument, native: &str| {
        argument.native = Some(native.to_owned());
        argument
    };
    let mut price = call(
        "price",
        store("Price", Type::Int),
        vec![arg("name", string("a")), spelled(arg("count", input("count", Type::Int)), "uint8")],
        Effect::Read,
    );
    let mut pay = call(
        "pay",
        store("Pay", Type::Named(item.clone())),
        vec![spelled(arg("price", result("price", Type::Int)), cents)],
        Effect::Read,
    );
    let named = record(&[("name", Type::String), ("size", Type::Int)]);
    let mut name = call(
        "name",
        store("Name", named.clone()),
        vec![arg("item", result("pay", Type::Named(item.clone())))],
        Effect::Read,
    );
    for (call, native, errors) in [
        (&mut price, Some(cents), true),
        (&mut pay, None, false),
        (&mut name, Some("(name string, size int)"), false),
    ] {
        call.args.remove(0);
        let conductor_protocol::plan::Callable::Function(function) = &mut call.callable else {
            unreachable!()
        };
        function.native_returns = native.map(str::to_owned);
        function.returns_error = errors;
    }
    let output = get(result("name", named), "size", Type::Int);
    let output = binary(Type::Int, BinaryOp::Add, output, int(1));
    let mut plan = plan(
        "types",
        false,
        vec![given("count", Type::Int)],
        vec![task("price", price), task("pay", pay), task("name", name)],
        output,
    );
    let field = |name: &str, ty: Type, native: Option<&str>| conductor_protocol::types::Field {
        name: name.to_owned(),
        attribute: None,
        keyword: None,
        ty,
        required: true,
        init: true,
        native: native.map(str::to_owned),
    };
    let parts = Type::List(Box::new(Type::optional(Type::Named(item.clone()))));
    let fields = vec![
        field("Name", Type::String, None),
        field("Price", Type::Int, Some(cents)),
        field("Parts", parts, None),
    ];
    plan.types.insert(item, conductor_protocol::types::TypeDef::Class { fields });
    plan
}

/// Keywords, builtins, names of the runtime and two that differ by case only.
fn hostile(durable: bool) -> Plan {
    let names = [
        "range", "nil", "err", "ctx", "step", "runtime", "cel", "w", "run", "key", "error", "time", "tasks",
        "string",
    ];
    let mut steps: Vec<Step> = names.iter().map(|name| say(name, input("type", Type::String))).collect();
    steps.push(say("seen", result("err", Type::String)));
    steps.push(parallel(
        "both",
        vec![say("user_id", result("ctx", Type::String)), say("userId", result("w", Type::String))],
    ));
    steps.push(fail("select", "no"));
    let inputs = vec![given("type", Type::String), given("Type", Type::String)];
    plan(if durable { "go" } else { "func" }, durable, inputs, steps, input("Type", Type::String))
}

fn deep(kind: &str, durable: bool) -> Plan {
    let mut step = say("core", string("x"));
    for level in 0..100 {
        let id = format!("level_{level}");
        let kind = match kind {
            "parallel" => parallel(&id, vec![step]).kind,
            _ => StepKind::Sequence { steps: vec![step] },
        };
        step = Step { deadline_ms: Some(60_000), ..self::step(&id, Type::Any, kind) };
    }
    let name = format!("deep_{kind}_{durable}");
    plan(&name, durable, Vec::new(), vec![step], string("done"))
}

fn wide(durable: bool) -> Plan {
    let branches = (0..500).map(|at| say(&format!("branch_{at}"), string("x"))).collect();
    let output =
        expr(Type::String, Node::Literal(conductor_protocol::expr::Literal::String("done".to_owned())));
    plan(&format!("wide_{durable}"), durable, Vec::new(), vec![parallel("all", branches)], output)
}

#[test]
fn edges_are_written_as_gofmt_does_and_compile() {
    // A plan as deep as syntax lets one be is written on the stack that the command has.
    let work = || {
        let mut plans = vec![
            types(),
            hostile(false),
            hostile(true),
            wide(true),
            wide(false),
            everything("everything", false),
        ];
        for durable in [true, false] {
            plans.extend([deep("parallel", durable), deep("sequence", durable)]);
        }
        let files =
            [("tasks/tasks.go", TASKS_GO), ("internal/store-v2/store.go", SHOP_GO), ("main.go", MAIN_GO)];
        let project = Project::new(&files, &plans);
        // A workflow of the same name in another package of the program.
        project.also("othergen", &[types()]);
        project.check();
        expect_test::expect![[r#"
            {"block":"hello","both":{"left":"l","number":5,"right":"r"},"choice":"hello","dag":{"one":"1","two":"1"},"each":["a","b","hello"],"fastest":"hare","first":"hello","go_on":"hello","guard":"no","guarded":"hello","maybe":"maybe","poll":"hello","replaced":"instead","tolerated":null,"word":"hello!"} <nil>
            301 <nil>
            workflow types failed at step price after 0 attempts: 300 does not fit uint8
            401 <nil>
            true true workflow func failed at step select after 1 attempt: no
        "#]].assert_eq(&project.go());
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(work).unwrap().join().unwrap();
}
