//! Protocol buffers, as texts and as descriptors.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use conductor_introspect::grpc::{GrpcService, Problem, ProtoFiles, Schema, files_of_set};
use conductor_introspect::{Answer, Learned, Need, Service};
use conductor_model::{Lookup, Signature};
use conductor_protocol::plan::Effect;
use conductor_protocol::types::{Type, TypeDef};
use conductor_source::Sources;

type Files<'a> = &'a [(&'a str, &'a str)];

/// The schema of the first file.
fn schema(files: Files<'_>) -> (Result<Schema, Problem>, Sources) {
    let known: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut protos = ProtoFiles::new([files[0].0]);
    let mut asked = 0;
    while let Some(need) = protos.need() {
        asked += 1;
        assert!(asked < 10_000, "asks without end");
        let Need::File(path) = &need else { panic!("asks for {need:?}") };
        let answer = match known.get(path.as_str()) {
            Some(text) => Answer::File(text.as_bytes().to_vec()),
            None => Answer::Missing,
        };
        protos.supply(&need, answer);
    }
    let mut sources = Sources::default();
    (protos.finish(&mut sources), sources)
}

fn service(files: Files<'_>) -> (GrpcService, Sources) {
    let (schema, sources) = schema(files);
    let schema = schema.unwrap_or_else(|problem| panic!("{problem:?}"));
    (GrpcService::new("auth", schema), sources)
}

fn found(lookup: Lookup) -> Signature {
    match lookup {
        Lookup::Found(signature) => *signature,
        other => panic!("not found: {other:?}"),
    }
}

fn learned(service: GrpcService) -> Learned {
    Box::new(service).finish()
}

/// Parameters as `name: type = default`.
fn parameters(signature: &Signature) -> Vec<String> {
    let written = |parameter: &conductor_model::Parameter| {
        let default = parameter.default.as_ref().map_or(String::new(), |default| format!(" = {default}"));
        format!("{}: {}{default}", parameter.name, parameter.ty)
    };
    signature.parameters.iter().map(written).collect()
}

const AUTH: &str = r#"syntax = "proto3";
package shop.auth.v1;
import "shop/common/money.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "google/api/annotations.proto";

service AuthService {
  // Says what a user may do.
  // It asks nobody else.
  rpc CheckPermissions(CheckRequest) returns (CheckResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/v1/{user_id}" additional_bindings {get: "/x"}};
  }
  rpc Forget(google.protobuf.StringValue) returns (google.protobuf.Empty) {
    option idempotency_level = IDEMPOTENT;
  }
  rpc Watch(CheckRequest) returns (stream CheckResponse);
  rpc Upload(stream CheckRequest) returns (CheckResponse);
  rpc Talk(stream CheckRequest) returns (stream CheckResponse);
  rpc Keyed(KeyedRequest) returns (google.protobuf.Int64Value);
}
message CheckRequest {
  string user_id = 1;
  optional int32 level = 2;
  repeated Role roles = 3;
  map<string, shop.common.Money> limits = 4;
  shop.common.Money amount = 5;
  oneof subject { string email = 6; Tree tree = 7; }
  google.protobuf.Timestamp at = 8;
  google.protobuf.Duration within = 9;
  google.protobuf.StringValue note = 10;
  google.protobuf.Struct extra = 11;
  google.protobuf.Value any_value = 12;
  google.protobuf.ListValue list = 13;
  google.protobuf.Any packed = 14;
  google.protobuf.FieldMask mask = 15;
  bytes token = 16;
  uint64 big = 17;
  double ratio = 18;
  bool strict = 19;
  Role role = 20;
  google.protobuf.NullValue nothing = 21;
  google.protobuf.Empty empty = 22;
}
enum Role { ROLE_UNSPECIFIED = 0; ADMIN = 1; }
message Tree { string name = 1; repeated Tree children = 2; Inner inner = 3; message Inner { Tree up = 1; } }
message CheckResponse { bool allowed = 1; optional string reason = 2; Tree.Inner inner = 3; }
message KeyedRequest { map<int32, string> names = 1; }
message Unrelated { string a = 1; }
"#;

const MONEY: &str = "syntax = \"proto3\"; package shop.common;\nmessage Money { string currency = 1; int64 units = 2; }\nmessage Other {}";

const SHOP: Files<'static> =
    &[("protos/shop/auth/auth.proto", AUTH), ("protos/shop/common/money.proto", MONEY)];

#[test]
fn every_kind_of_field_has_a_type() {
    let (mut service, _) = service(SHOP);
    let signature = found(service.lookup("CheckPermissions"));
    let expected = [
        "user_id: string",
        "level: int? = null",
        "roles: list<Role> = []",
        "limits: map<string, Money> = {}",
        "amount: Money? = null",
        "email: string? = null",
        "tree: Tree? = null",
        "at: timestamp? = null",
        "within: duration? = null",
        "note: string? = null",
        "extra: map<string, any>? = null",
        "any_value: any = null",
        "list: list<any>? = null",
        "packed: Any? = null",
        "mask: FieldMask? = null",
        "token: bytes",
        "big: int",
        "ratio: float",
        "strict: bool",
        "role: Role",
        "nothing: null",
        "empty: null = null",
    ];
    assert_eq!(parameters(&signature), expected);
    assert_eq!(signature.returns.to_string(), "CheckResponse");
    assert_eq!(signature.effect, Some(Effect::Read));
    assert_eq!(signature.doc.as_deref(), Some("Says what a user may do.\nIt asks nobody else."));

    let types = learned(service).types;
    let of = |name: &str| types.iter().find(|(found, _)| found.name == name).map(|(_, def)| def.clone());
    let Some(TypeDef::TypedDict { fields }) = of("CheckResponse") else { panic!("no response: {types:?}") };
    let written: Vec<String> =
        fields.iter().map(|field| format!("{}: {} {}", field.name, field.ty, field.required)).collect();
    assert_eq!(written, ["allowed: bool true", "reason: string? false", "inner: Tree.Inner? false"]);
    let Some(TypeDef::Enum { members, .. }) = of("Role") else { panic!("no enum") };
    assert_eq!(members[1].value, "ADMIN");
    let Some(TypeDef::TypedDict { fields }) = of("Tree") else { panic!("no recursive message") };
    assert_eq!(fields[1].ty.to_string(), "list<Tree>");
    assert!(of("Unrelated").is_none());
    assert!(types.keys().all(|name| name.module.starts_with("grpc:")), "{types:?}");
}

#[test]
fn what_wraps_one_value_is_that_value() {
    let (mut service, _) = service(SHOP);
    let forget = found(service.lookup("forget"));
    assert_eq!(parameters(&forget), ["value: string"]);
    assert_eq!(forget.returns, Type::Null);
    assert_eq!((forget.effect, forget.idempotent), (Some(Effect::Write), Some(true)));
}

#[test]
fn a_method_has_several_names() {
    let (mut service, sources) = service(SHOP);
    for name in [
        "CheckPermissions",
        "check_permissions",
        "AuthService.CheckPermissions",
        "AuthService.check_permissions",
        "shop.auth.v1.AuthService/CheckPermissions",
        "v1.AuthService/CheckPermissions",
    ] {
        let signature = found(service.lookup(name));
        assert_eq!(signature.explicit_ref(), "grpc:auth.shop.auth.v1.AuthService/CheckPermissions");
        assert_eq!(sources.slice(signature.span), "CheckPermissions");
        assert_eq!(sources.slice(signature.parameters[0].span), "user_id");
    }
    let Lookup::NotFound { searched, similar } = service.lookup("check_permission") else { panic!("found") };
    assert_eq!(searched, ["shop.auth.v1.AuthService"]);
    assert_eq!(similar[0], "auth.CheckPermissions");
    assert!(matches!(service.lookup("uthService.CheckPermissions"), Lookup::NotFound { .. }));
}

#[test]
fn a_name_of_two_methods_lists_them() {
    let proto = "syntax = \"proto3\"; package p;
        message M { int32 x = 1; }
        service A { rpc Get(M) returns (M); rpc get(M) returns (M); }
        service B { rpc Get(M) returns (M); rpc Other(M) returns (M); }";
    let (mut service, _) = service(&[("a.proto", proto)]);
    let Lookup::Ambiguous(places) = service.lookup("Get") else { panic!("one of two was taken") };
    assert_eq!(
        places.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(),
        ["auth.p.A/Get", "auth.p.B/Get"]
    );
    assert_eq!(found(service.lookup("A.Get")).name(), "Get");
    assert_eq!(found(service.lookup("get")).name(), "get");
    let Lookup::NotFound { similar, .. } = service.lookup("Gett") else { panic!("found") };
    assert!(
        similar.contains(&"auth.A.Get".to_owned()) && similar.contains(&"auth.Other".to_owned()),
        "{similar:?}"
    );
}

#[test]
fn streams_and_keys_that_json_has_not_are_refused_with_the_reason() {
    let (mut service, sources) = service(SHOP);
    for (name, reason) in [
        ("Watch", "server-streaming"),
        ("Upload", "client-streaming"),
        ("Talk", "bidirectional"),
        ("Keyed", "`shop.auth.v1.KeyedRequest.names` is a map with keys of type int32"),
    ] {
        let Lookup::NotCallable { what, span } = service.lookup(name) else { panic!("{name} is callable") };
        assert!(what.contains(reason), "{what}");
        assert_eq!(sources.slice(span), name);
    }
    assert_eq!(learned(service).facts.descriptors, None);
}

const PROTO2: &str = r#"package old;
service S { rpc Do(Request) returns (Response); }
message Request {
  required string name = 1;
  optional int32 count = 2 [default = 5];
  optional int32 level = 3;
  repeated int64 ids = 4 [packed = true];
  optional group Extra = 5 { optional string text = 6; }
  extensions 100 to 200;
}
message Response { required bool ok = 1; }
extend Request { optional string more = 100; }
"#;

#[test]
fn proto2_says_what_is_required_and_what_stands_for_absence() {
    let (mut service, _) = service(&[("old.proto", PROTO2)]);
    let signature = found(service.lookup("do"));
    let expected = [
        "name: string",
        "count: int = 5",
        "level: int? = null",
        "ids: list<int> = []",
        "extra: Request.Extra? = null",
    ];
    assert_eq!(parameters(&signature), expected);
    assert!(learned(service).facts.descriptors.is_some());
}

/// The pruned descriptors of the first file's methods.
fn pruned(files: Files<'_>, operations: &[&str]) -> Vec<u8> {
    let (mut service, _) = service(files);
    operations.iter().for_each(|operation| drop(found(service.lookup(operation))));
    STANDARD.decode(learned(service).facts.descriptors.unwrap_or_default()).unwrap()
}

#[test]
fn descriptors_hold_what_is_called_and_nothing_else() {
    let before = pruned(SHOP, &["check_permissions"]);
    let text = String::from_utf8_lossy(&before);
    for there in ["CheckRequest", "Money", "google/protobuf/timestamp.proto", "Role", "Tree"] {
        assert!(text.contains(there), "{there} is missing");
    }
    for gone in ["Unrelated", "Other", "Forget", "KeyedRequest", "Says what", "annotations", "wrong"] {
        assert!(!text.contains(gone), "{gone} is there");
    }
    // Whatever else changes, or in which order it is asked for, the bytes stay.
    let more = AUTH
        .replace("message Unrelated { string a = 1; }", "message Unrelated { int32 b = 1; } message New {}")
        .replace("// Says what a user may do.", "// Something else.")
        .replace("rpc Watch(CheckRequest) returns (stream CheckResponse);", "rpc New2(New) returns (New);");
    let changed = [("protos/shop/auth/auth.proto", more.as_str()), SHOP[1]];
    assert_eq!(pruned(&changed, &["CheckPermissions", "AuthService.check_permissions"]), before);
    assert_ne!(pruned(SHOP, &["check_permissions", "forget"]), before);
    assert_eq!(
        pruned(SHOP, &["check_permissions", "forget"]),
        pruned(SHOP, &["forget", "check_permissions"])
    );
}

#[test]
fn pruned_descriptors_answer_as_the_whole_did() {
    let files = files_of_set(&pruned(SHOP, &["check_permissions", "forget"])).unwrap();
    let mut sources = Sources::default();
    let schema = Schema::of_descriptors("grpc:auth", &files, None, &mut sources).unwrap();
    let mut again = GrpcService::of_server("auth", schema);
    let (mut whole, _) = service(SHOP);
    for operation in ["check_permissions", "Forget"] {
        let (one, other) = (found(again.lookup(operation)), found(whole.lookup(operation)));
        assert_eq!(parameters(&one), parameters(&other));
        assert_eq!(
            (one.returns, one.effect, one.idempotent),
            (other.returns, other.effect, other.idempotent)
        );
        // What is well known has no text.
        let at = sources.slice(one.parameters[0].span);
        assert_eq!(at, if operation == "Forget" { "" } else { "user_id" });
    }
    let learned = learned(again);
    assert_eq!(
        learned.facts.descriptors,
        Some(STANDARD.encode(pruned(SHOP, &["check_permissions", "forget"])))
    );
    assert_eq!(learned.facts.operations["Forget"], "shop.auth.v1.AuthService/Forget");
    let text = sources.text(learned.type_spans.values().next().unwrap().file);
    assert!(text.contains("syntax = \"proto3\";\npackage "), "{text}");
}

#[test]
fn what_is_wrong_in_a_file_has_its_place() {
    let wrong = |files: Files<'_>| {
        let (schema, sources) = schema(files);
        let problem = schema.err().unwrap_or_else(|| panic!("nothing is wrong"));
        let at = problem.span.map(|span| sources.slice(span).to_owned());
        (problem.text, at.unwrap_or_default(), problem.help.unwrap_or_default())
    };
    let (text, at, _) = wrong(&[("a.proto", "syntax = \"proto3\";\nmessage M { string = 1; }")]);
    assert!(text.starts_with("`a.proto` is no valid protocol buffer: expected"), "{text}");
    assert_eq!(at, "=");
    let (text, at, help) =
        wrong(&[("a.proto", "syntax = \"proto3\"; import \"b.proto\"; message M { Nope n = 1; }")]);
    assert!(text.contains("Nope"), "{text}");
    assert_eq!(at, "Nope");
    assert!(help.contains("b.proto"), "{help}");
    let (text, _, help) = wrong(&[
        ("a.proto", "syntax = \"proto3\"; import \"b.proto\";"),
        ("b.proto", "syntax = \"proto3\"; import \"a.proto\";"),
    ]);
    assert_eq!(text, "its files import each other in a circle: a.proto -> b.proto -> a.proto");
    assert_eq!(help, "");
    let (text, at, _) = wrong(&[("a.proto", "edition = \"2023\"; message M {}")]);
    assert!(text.contains("editions are not read from texts"), "{text}");
    assert_eq!(at, "edition = \"2023\"");
    let mut protos = ProtoFiles::new(["gone.proto"]);
    let need = protos.need().unwrap();
    protos.supply(&need, Answer::Missing);
    assert_eq!(protos.need(), None);
    assert_eq!(protos.finish(&mut Sources::default()).unwrap_err().text, "there is no file `gone.proto`");
}

#[test]
fn hostile_files_are_refused_or_read_in_bounded_time() {
    let deep = format!("syntax = \"proto3\"; {}{}", "message A {".repeat(100_000), "}".repeat(100_000));
    assert!(schema(&[("a.proto", &deep)]).0.is_err());
    let option =
        format!("syntax = \"proto3\"; option (x) = {}{};", "{a ".repeat(100_000), "}".repeat(100_000));
    assert!(schema(&[("a.proto", &option)]).0.is_err());
    let comment = format!("syntax = \"proto3\"; {}", "/*".repeat(500_000));
    assert!(schema(&[("a.proto", &comment)]).0.is_err());
    // A chain of imports, longer than any stack would like.
    let names: Vec<String> = (0..1500).map(|at| format!("f{at}.proto")).collect();
    let texts: Vec<String> = (0..1500)
        .map(|at| {
            format!(
                "syntax = \"proto3\"; import public \"f{}.proto\"; message M{at} {{ M{} m = 1; }}",
                at + 1,
                at + 1
            )
        })
        .collect();
    let mut chain: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    chain.push((
        "f1500.proto",
        "syntax = \"proto3\"; message M1500 {} service S { rpc Do(M1500) returns (M1500); }",
    ));
    assert!(schema(&chain).0.is_ok());
}

/// Damaged descriptors are refused or read; nothing stops the compiler.
#[test]
fn damaged_descriptors_are_survived() {
    let whole = pruned(SHOP, &["check_permissions", "forget"]);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let mut read = 0;
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len().max(1));
            match random(3) {
                _ if bytes.len() < 2 => {}
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let Ok(files) = files_of_set(&bytes) else { continue };
        let Ok(schema) = Schema::of_descriptors("x", &files, None, &mut Sources::default()) else { continue };
        read += 1;
        let names: Vec<String> = schema
            .services()
            .flat_map(|service| service.methods().map(|method| method.name().to_owned()).collect::<Vec<_>>())
            .collect();
        let mut service = GrpcService::new("auth", schema);
        names.iter().for_each(|name| drop(service.lookup(name)));
        drop(learned(service));
    }
    assert!(read > 100, "{read} of them could be read");
}
