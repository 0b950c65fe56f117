//! Values of attrs and pydantic through a journal, with the real libraries.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{Effect, Plan};
use conductor_protocol::types::{Field, Type, TypeDef, TypeName};

use crate::support::*;

const MODELS: &str = r#"
import attrs
from pydantic import BaseModel, ConfigDict, Field


@attrs.define
class Address:
    street: str
    _zip: str = "0"
    lines: list[str] = attrs.field(factory=list)


class User(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = Field(alias="fullName")
    age: int = Field(default=3, ge=0)
    home: Address | None = None
    tag: str = Field(alias="user-tag")


def echo(value: User) -> User:
    return value
"#;

fn model(name: &str) -> Type {
    named("models", name)
}

fn echo() -> Plan {
    let ty = model("User");
    let echo = function("models.echo", false, ty.clone());
    let step = task("echo", call("echo", echo, vec![arg("value", input("value", ty.clone()))], Effect::Read));
    let output = expr(ty.clone(), Node::Step("echo".to_owned()));
    let mut plan = plan("echoing", true, vec![given("value", ty)], vec![step], output);
    let name = |name: &str| TypeName { module: "models".to_owned(), name: name.to_owned() };
    let renamed = |of: Field, attribute: &str, keyword: &str| Field {
        attribute: (attribute != of.name).then(|| attribute.to_owned()),
        keyword: Some(keyword.to_owned()),
        ..of
    };
    plan.types.insert(
        name("Address"),
        TypeDef::Class {
            fields: vec![
                field("street", Type::String, true),
                renamed(field("_zip", Type::String, false), "_zip", "zip"),
                field("lines", Type::List(Box::new(Type::String)), false),
            ],
        },
    );
    plan.types.insert(
        name("User"),
        TypeDef::Class {
            fields: vec![
                renamed(field("fullName", Type::String, true), "name", "fullName"),
                field("age", Type::Int, false),
                field("home", Type::optional(model("Address")), false),
                renamed(field("user-tag", Type::String, true), "tag", "user-tag"),
            ],
        },
    );
    plan
}

#[test]
fn aliases_and_private_names_come_back() {
    let project = Project::new(&[("models.py", MODELS)], &[echo()]);
    project.check();
    let printed = project.python_with_peer(
        r"
import asyncio
import json

from conductor_gen import echoing
from models import Address, User
from peer import Peer

peer = Peer()
value = User(**{'fullName': 'Ada', 'user-tag': 'x', 'home': Address('Lane', zip='9', lines=['a'])})
result = asyncio.run(echoing(value=value, run_id='r'))
assert result == value, result
assert result is not value
recorded = [entry for kind, entry in peer.entries('r') if kind == 'step_succeeded']
print(json.dumps(recorded[0]['output']))
",
    );
    assert_eq!(
        printed.trim(),
        r#"{"fullName": "Ada", "age": 3, "home": {"street": "Lane", "_zip": "9", "lines": ["a"]}, "user-tag": "x"}"#
    );
}
