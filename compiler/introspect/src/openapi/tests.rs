use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use conductor_model::{Callee, Lookup, Signature};
use conductor_protocol::types::TypeDef;
use conductor_source::Sources;
use expect_test::{Expect, expect};

use super::{OpenApi, Opening, Unusable};
use crate::service::Service;
use crate::{Answer, Need};

const PAGE: &str = include_str!("tests/fastapi.json");
const SHOP: &str = include_str!("tests/shop.yaml");

fn opened(main: &str, files: &[(&str, &str)]) -> Result<OpenApi, Unusable> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut opening = Opening::new(main);
    let mut asked = BTreeSet::new();
    loop {
        let needs = opening.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            assert!(asked.insert(need.clone()), "{need:?} was asked for twice");
            let (Need::File(place) | Need::Url(place)) = &need else { unreachable!("a folder") };
            let answer = files.get(place.as_str());
            opening
                .supply(&need, answer.map_or(Answer::Missing, |text| Answer::File(text.as_bytes().to_vec())));
        }
    }
    opening.finish("api", BTreeSet::from(["authorization".to_owned()]), &mut Sources::default())
}

fn api(text: &str) -> OpenApi {
    opened("api.yaml", &[("api.yaml", text)]).unwrap_or_else(|why| panic!("{}", why.message))
}

fn why(text: &str) -> String {
    opened("api.yaml", &[("api.yaml", text)]).map(|_| String::new()).unwrap_or_else(|why| why.message)
}

/// The signatures of some operations, and the types that they use.
fn shown(mut api: OpenApi, operations: &[&str]) -> String {
    let mut text = String::new();
    for operation in operations {
        let lookup = api.lookup(operation);
        text += &format!("{operation}: {}\n", described(&lookup));
    }
    let learned = Box::new(api).finish();
    for (name, def) in &learned.types {
        let _ = match def {
            TypeDef::TypedDict { fields } => {
                let field = |field: &conductor_protocol::types::Field| {
                    format!("{}{}: {}", field.name, if field.required { "" } else { "?" }, field.ty)
                };
                let fields: Vec<String> = fields.iter().map(field).collect();
                writeln!(text, "type {} {{{}}}", name.name, fields.join(", "))
            }
            TypeDef::Enum { members, .. } => {
                let members: Vec<String> =
                    members.iter().map(|member| format!("{}={}", member.name, member.value)).collect();
                writeln!(text, "enum {} {}", name.name, members.join(" "))
            }
            other => writeln!(text, "{} {other:?}", name.name),
        };
    }
    text
}

fn described(lookup: &Lookup) -> String {
    match lookup {
        Lookup::Found(signature) => signature_text(signature),
        Lookup::NotFound { similar, .. } => format!("not found; similar: {}", similar.join(", ")),
        Lookup::NotCallable { what, .. } => what.clone(),
        Lookup::Ambiguous(places) => {
            let names: Vec<&str> = places.iter().map(|(name, _)| name.as_str()).collect();
            format!("ambiguous: {}", names.join(", "))
        }
        Lookup::Unreadable { problem, span } => {
            format!("{problem}{}", if span.is_some() { "" } else { " (nowhere)" })
        }
        Lookup::Reported => "reported".to_owned(),
    }
}

fn signature_text(signature: &Signature) -> String {
    let Callee::Http(http) = &signature.callee else { unreachable!("not HTTP") };
    let parameters: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| {
            let sent =
                http.parameters.iter().find(|sent| sent.argument == parameter.name).expect("it is sent");
            let default = parameter.default.as_ref().map_or(String::new(), |default| format!(" = {default}"));
            let flags = [(sent.explode, "*"), (sent.omit_null, "?")];
            let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
            let renamed =
                if sent.name == parameter.name { String::new() } else { format!(" as {}", sent.name) };
            format!("{}: {}{default} [{:?}{flags}{renamed}]", parameter.name, parameter.ty, sent.place)
        })
        .collect();
    let errors: Vec<String> =
        http.errors.iter().map(|error| format!("{} {}", error.status, error.name)).collect();
    let effect = signature.effect.map_or(String::new(), |effect| format!("{effect:?}").to_lowercase());
    format!(
        "{} {}({}) -> {}; {effect}{}{}{}",
        http.method,
        http.path,
        parameters.join(", "),
        signature.returns,
        if signature.idempotent == Some(true) { ", idempotent" } else { "" },
        http.body.map_or(String::new(), |body| format!(", {body:?}")),
        if errors.is_empty() { String::new() } else { format!("; fails with {}", errors.join(", ")) },
    )
}

fn check(text: &str, operations: &[&str], expected: Expect) {
    expected.assert_eq(&shown(api(text), operations));
}

#[test]
fn a_document_that_fastapi_made() {
    check(
        PAGE,
        &["get_user", "get_user_users__user_id__get", "GET /users/{id}", "create_user", "getUsr"],
        expect![[r#"
        get_user: GET /users/{user_id}(user_id: int [Path], verbose: bool? = false [Query]) -> User; read; fails with 404 NotFound, 422 HTTPValidationError
        get_user_users__user_id__get: GET /users/{user_id}(user_id: int [Path], verbose: bool? = false [Query]) -> User; read; fails with 404 NotFound, 422 HTTPValidationError
        GET /users/{id}: GET /users/{user_id}(user_id: int [Path], verbose: bool? = false [Query]) -> User; read; fails with 404 NotFound, 422 HTTPValidationError
        create_user: POST /users(name: string [Field], plan: Plan? = "free" [Field?], address: Address? = null [Field?], tags: list<string>? = [] [Field?]) -> User; write, idempotent, Json; fails with 422 HTTPValidationError
        getUsr: not found; similar: api.get_user, api.delete_user, api.create_user, api.calls, api.find_users
        type Address {city: string, zip?: string?}
        enum Plan FREE="free" PRO_PLUS="pro-plus"
        type User {name: string, plan?: Plan, address?: Address?, tags?: list<string>, id: int, created_at: timestamp, manager?: User?}
    "#]],
    );
}

#[test]
fn a_document_of_version_3_0() {
    check(
        SHOP,
        &[
            "listOrders",
            "list_orders",
            "placeOrder",
            "POST /orders",
            "cancel",
            "upload",
            "report",
            "search",
            "login",
            "get",
        ],
        expect![[r#"
            listOrders: GET /orders(customerId: int [Query], x_tenant: string [Header as X-Tenant], status: list<Status>? = null [Query*], ids: list<string>? = null [Query], filter_name: string? = "any" [Query as filter[name]], limit: int? = 20 [Query], session: string? = null [Cookie]) -> list<Order>; read; fails with 4xx Problem
            list_orders: GET /orders(customerId: int [Query], x_tenant: string [Header as X-Tenant], status: list<Status>? = null [Query*], ids: list<string>? = null [Query], filter_name: string? = "any" [Query as filter[name]], limit: int? = 20 [Query], session: string? = null [Cookie]) -> list<Order>; read; fails with 4xx Problem
            placeOrder: POST /orders(x_tenant: string [Header as X-Tenant], note: string? [Field], items: list<Item> [Field], coupon: string? = null [Field?], ship_by: date? = null [Field?]) -> Order?; write, idempotent, Json; fails with 409 OrderConflict
            POST /orders: POST /orders(x_tenant: string [Header as X-Tenant], note: string? [Field], items: list<Item> [Field], coupon: string? = null [Field?], ship_by: date? = null [Field?]) -> Order?; write, idempotent, Json; fails with 409 OrderConflict
            cancel: DELETE /orders/{order-id}(order_id: uuid [Path as order-id]) -> null; write, idempotent
            upload: an operation whose body is `multipart/form-data`, and JSON and forms are all that is sent
            report: GET /orders/{id}/file(id: string [Path]) -> string; read
            search: POST /search(query: string [Query], body: SearchBody [Body]) -> bytes; write, Json
            login: POST /login(username: string [Field], password: string [Field], scope: string? = "" [Field?], roles: list<string>? = null [Field*?]) -> map<string, any>; write, Form
            get: ambiguous: api.GET /a, api.GET /b
            type Item {sku: string, count?: int}
            type Order {id: uuid, status: Status, items: list<Item>, total?: decimal, labels?: map<string, string>, parent?: Order}
            type SearchBody {query?: string}
            enum Status OPEN="open" IN_TRANSIT="in-transit" DONE="done"
        "#]],
    );
}

fn operation(schema: &str) -> String {
    format!(
        "openapi: 3.1.0\npaths:\n  /x:\n    get:\n      operationId: x\n      responses:\n        '200': {{content: {{application/json: {{schema: {schema}}}}}}}\n"
    )
}

/// The type of a response with that schema.
fn returned(schema: &str, components: &str) -> String {
    let text = format!("{}components: {{schemas: {{{components}}}}}\n", operation(schema));
    let shown = shown(api(&text), &["x"]);
    shown.replacen("x: GET /x() -> ", "", 1).replacen("; read", "", 1).trim_end().replace('\n', " | ")
}

#[test]
fn schemas_become_types() {
    for (schema, components, wanted) in [
        ("{type: string, format: date-time}", "", "timestamp"),
        ("{type: string, format: uuid, nullable: true}", "", "uuid?"),
        ("{type: [integer, 'null']}", "", "int?"),
        ("{type: [integer, string]}", "", "int | string"),
        ("{anyOf: [{type: string}, {type: 'null'}]}", "", "string?"),
        ("{oneOf: [{type: string, format: date}, {type: string}]}", "", "string"),
        ("{oneOf: [{type: integer}, {type: number}]}", "", "float"),
        ("{type: array, items: {type: string, format: byte}}", "", "list<bytes>"),
        ("{type: array}", "", "list<any>"),
        ("{type: array, prefixItems: [{type: string}, {type: integer}]}", "", "list<int | string>"),
        ("{type: object}", "", "map<string, any>"),
        ("{type: object, additionalProperties: {type: number}}", "", "map<string, float>"),
        ("{additionalProperties: false}", "", "map<string, any>"),
        ("{}", "", "any"),
        ("true", "", "any"),
        ("{const: 5}", "", "int"),
        ("{enum: [a]}", "", "string"),
        ("{enum: [1, a, null]}", "", "(int | string)?"),
        (
            "{type: string, enum: [in-stock, '', null]}",
            "",
            "XResult? | enum XResult IN_STOCK=\"in-stock\" _=\"\"",
        ),
        ("{type: integer, enum: [1, 2]}", "", "XResult | enum XResult _1=1 _2=2"),
        ("{allOf: [{$ref: '#/components/schemas/A'}], nullable: true}", "A: {type: integer}", "int?"),
        (
            "{allOf: [{$ref: '#/components/schemas/A'}, {properties: {b: {type: string}}, required: [a]}]}",
            "A: {properties: {a: {type: integer}}, required: []}",
            "XResult | type XResult {a: int, b?: string}",
        ),
        (
            "{oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]}",
            "A: {properties: {a: {}}, required: [a]}, B: {properties: {b: {}}}",
            "A | B | type A {a: any} | type B {b?: any}",
        ),
        (
            "{oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]}",
            "A: {properties: {a: {}}}, B: {properties: {b: {}}}",
            "any | type A {a?: any} | type B {b?: any}",
        ),
        (
            "{properties: {inner: {type: object, properties: {x: {type: boolean}}}, secret: {type: string, writeOnly: true}}, required: [secret]}",
            "",
            "XResult | type XResult {inner?: XResultInner, secret?: string} | type XResultInner {x?: bool}",
        ),
        (
            "{$ref: '#/components/schemas/Page[User]'}",
            "'Page[User]': {properties: {n: {type: integer}}}",
            "Page_User | type Page_User {n?: int}",
        ),
    ] {
        assert_eq!(returned(schema, components), wanted, "{schema}");
    }
}

#[test]
fn schemas_that_refer_to_themselves() {
    for (schema, components, wanted) in [
        (
            "{$ref: '#/components/schemas/Tree'}",
            "Tree: {properties: {left: {$ref: '#/components/schemas/Tree'}, all: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}",
            "Tree | type Tree {left?: Tree, all?: list<Tree>}",
        ),
        (
            "{$ref: '#/components/schemas/A'}",
            "A: {properties: {b: {$ref: '#/components/schemas/B'}}}, B: {properties: {a: {$ref: '#/components/schemas/A'}}}",
            "A | type A {b?: B} | type B {a?: A}",
        ),
        (
            "{$ref: '#/components/schemas/L'}",
            "L: {type: array, items: {$ref: '#/components/schemas/L'}}",
            "list<any>",
        ),
        (
            "{$ref: '#/components/schemas/U'}",
            "U: {oneOf: [{type: string}, {$ref: '#/components/schemas/U'}]}",
            "any",
        ),
        ("{$ref: '#/components/schemas/A'}", "A: {$ref: '#/components/schemas/A'}", "any"),
        (
            "{$ref: '#/components/schemas/A'}",
            "A: {allOf: [{$ref: '#/components/schemas/A'}, {properties: {x: {}}}]}",
            "its `allOf`s lead in a circle, or nest too deep, in `api.yaml`",
        ),
    ] {
        let got = returned(schema, components);
        assert_eq!(got.trim_start_matches("x: "), wanted, "{schema}");
    }
}

#[test]
fn references_to_other_files_and_servers() {
    let main = operation("{$ref: 'schemas/user.yaml#/User'}");
    let user = "User: {properties: {address: {$ref: '../address.json'}, other: {$ref: '#/Other'}}}\nOther: {type: integer}\n";
    let files = [
        ("docs/api.yaml", main.as_str()),
        ("docs/schemas/user.yaml", user),
        ("docs/address.json", "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}}"),
    ];
    let found = opened("./docs/api.yaml", &files).expect("opened");
    expect![[r#"
        x: GET /x() -> User; read
        type User {address?: UserAddress, other?: int}
        type UserAddress {city?: string}
    "#]]
    .assert_eq(&shown(found, &["x"]));
    let missing = opened("docs/api.yaml", &files[..1]).expect("opened");
    expect![[r#"
        x: there is no such file, in `docs/schemas/user.yaml` (nowhere)
    "#]]
    .assert_eq(&shown(missing, &["x"]));
    let remote = operation("{$ref: 'https://example.com/user.yaml#/User'}");
    expect![[r#"
        x: `https://example.com/user.yaml#/User` leads to another server, which is not asked: save that document in the project, and refer to it by its path, in `api.yaml`
    "#]].assert_eq(&shown(api(&remote), &["x"]));
    let url = "http://localhost/openapi.json";
    expect![[r#"
        x: `schemas/user.yaml#/User` leads to another document, and of a server only one is read: save the documents in the project, and name the path under `openapi`, in `http://localhost/openapi.json`
    "#]].assert_eq(&shown(opened(url, &[(url, &main)]).expect("opened"), &["x"]));
    expect![[r#"
        x: `#/components/schemas/Nothing` leads to nothing, in `api.yaml`
    "#]]
    .assert_eq(&shown(api(&operation("{$ref: '#/components/schemas/Nothing'}")), &["x"]));
}

#[test]
fn what_is_no_openapi_document() {
    for (text, wanted) in [
        ("", "it is empty"),
        ("swagger: '2.0'\npaths: {}\n", "it is a document of Swagger 2.0"),
        ("openapi: 4.0.0\n", "it is of OpenAPI 4.0.0"),
        ("openapi: 3.1\n", ""),
        ("name: x\n", "it is no OpenAPI document"),
        ("just text", "it is no OpenAPI document"),
        ("<html>", "it is HTML or XML"),
    ] {
        let got = why(text);
        assert!(got.starts_with(wanted) && got.is_empty() == wanted.is_empty(), "{text}: {got}");
    }
    assert_eq!(opened("gone.yaml", &[]).expect_err("missing").message, "there is no such file");
}

#[test]
fn the_address_that_the_document_says() {
    let of = |main: &str, servers: &str| {
        let text = format!("openapi: 3.0.0\npaths: {{}}\n{servers}");
        let api = opened(main, &[(main, &text)]).expect("opened");
        Box::new(api).finish().facts.address
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of("a.yaml", ""), None);
    assert_eq!(of("a.yaml", "servers: [{url: /api/v3/}]"), some("/api/v3"));
    assert_eq!(
        of("a.yaml", "servers: [{url: 'https://x.org/{v}', variables: {v: {default: v2}}}]"),
        some("https://x.org/v2")
    );
    assert_eq!(of("http://h:1/d/openapi.json", ""), some("http://h:1"));
    assert_eq!(of("http://h:1/d/openapi.json", "servers: [{url: /api}]"), some("http://h:1/api"));
    assert_eq!(of("http://h:1/d/openapi.json", "servers: [{url: ./v1}]"), some("http://h:1/d/v1"));
}

#[test]
fn a_pruned_document_answers_the_same() {
    let mut api = opened("http://h/o.json", &[("http://h/o.json", PAGE)]).expect("opened");
    let before = described(&api.lookup("create_user"));
    let pruned = api.pruned().to_string();
    assert!(pruned.len() < PAGE.len() && !pruned.contains("delete"), "{pruned}");
    let mut again = opened("http://h/o.json", &[("http://h/o.json", &pruned)]).expect("opened");
    assert!(again.has("create_user") && !again.has("get_user"));
    assert_eq!(described(&again.lookup("create_user")), before);
    assert_eq!(again.pruned().to_string(), pruned);
}

#[test]
fn hostile_documents_take_bounded_time() {
    let chain: String = (0..2000)
        .map(|n| format!("S{n}: {{type: array, items: {{$ref: '#/components/schemas/S{}'}}}}, ", n + 1))
        .collect();
    let got = returned("{$ref: '#/components/schemas/S0'}", &format!("{chain}S2000: {{}}"));
    assert!(got.contains("stand in each other more than"), "{got}");
    let objects: String = (0..3000)
        .map(|n| format!("O{n}: {{properties: {{o: {{$ref: '#/components/schemas/O{}'}}}}}}, ", n + 1))
        .collect();
    let got = returned("{$ref: '#/components/schemas/O0'}", &format!("{objects}O3000: {{}}"));
    assert!(got.contains("it needs more than 2000 types"), "{got}");
    let doubling: String = (0..60)
        .map(|n| format!("D{n}: {{oneOf: [{{$ref: '#/components/schemas/D{0}'}}, {{type: array, items: {{$ref: '#/components/schemas/D{0}'}}}}]}}, ", n + 1))
        .collect();
    returned("{$ref: '#/components/schemas/D0'}", &format!("{doubling}D60: {{type: string}}"));
    let wide: String =
        (0..300).map(|n| format!("{{$ref: '#/components/schemas/W{}'}}, ", (n + 1) % 300)).collect();
    let all: String = (0..300).map(|n| format!("W{n}: {{allOf: [{wide}]}}, ")).collect();
    let got = returned("{$ref: '#/components/schemas/W0'}", &all);
    assert!(got.contains("circle"), "{got}");
}
