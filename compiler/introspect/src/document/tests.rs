use serde_json::{Value, json};

use super::{Node, Problem, read};

fn parsed(text: &str) -> Node {
    read(text.as_bytes().to_vec()).1.unwrap_or_else(|problem| panic!("{}", problem.message))
}

fn refused(text: impl Into<Vec<u8>>) -> String {
    let Err(Problem { message, .. }) = read(text.into()).1 else { panic!("it was read") };
    message
}

#[test]
fn json_and_yaml_are_one_tree() {
    let json = parsed(r#"{"a": [1, -2.5e3, "x\u00e9\n\"", true, null, {}], "b/c": {"~d": "e"}, "200": {}}"#);
    let yaml = parsed("a: [1, -2.5e3, \"x\u{e9}\\n\\\"\", true, null, {}]\nb/c:\n  ~d: e\n200: {}\n");
    let wanted = json!({"a": [1, -2500.0, "xé\n\"", true, null, {}], "b/c": {"~d": "e"}, "200": {}});
    assert_eq!(json.json(), wanted);
    assert_eq!(yaml.json(), wanted);
    assert_eq!(json.pointer("/b~1c/~0d").and_then(Node::text), Some("e"));
    assert_eq!(json.pointer("/a/1").and_then(Node::spelling), Some("-2.5e3"));
    assert!(json.pointer("/a/9").is_none() && json.pointer("a").is_none());
}

#[test]
fn values_know_where_they_stand() {
    let text = "{\"a\": {\"b\": \"cd\"}, \"e\":[1]}";
    let node = parsed(text);
    let slice = |pointer: &str| {
        let place = node.pointer(pointer).expect(pointer).place;
        &text[place.start as usize..place.end as usize]
    };
    assert_eq!((slice("/a"), slice("/a/b"), slice("/e/0")), ("{\"b\": \"cd\"}", "\"cd\"", "1"));
    let text = "a:\n  b: cd\n  # remark\nc: d\n";
    let node = parsed(text);
    let place = node.pointer("/a").expect("a").place;
    assert_eq!(&text[place.start as usize..place.end as usize], "b: cd");
}

#[test]
fn the_order_of_the_text_is_kept() {
    let node = parsed("{\"z\": 1, \"a\": 2, \"m\": 3}");
    let keys: Vec<&str> =
        node.map().expect("a map").entries().iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["z", "a", "m"]);
    assert_eq!(node.get("m").and_then(Node::spelling), Some("3"));
}

#[test]
fn merge_keys_aliases_and_tags_of_yaml() {
    let node = parsed(
        "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\none:\n  <<: *x\n  a: 5\ntwo: {<<: [*y, *x]}\nthree: !!str 7\nfour: !reset x\n",
    );
    assert_eq!(node.get("one").map(Node::json), Some(json!({"a": 5, "b": 2})));
    assert_eq!(node.get("two").map(Node::json), Some(json!({"a": 1, "b": 3, "c": 4})));
    assert_eq!(node.get("three").map(Node::json), Some(json!("7")));
    assert_eq!(node.get("four").map(Node::json), Some(json!("x")));
}

#[test]
fn scalars_follow_the_core_schema() {
    let node = parsed("[yes, 0755, 1_000, 0x1F, ~, .inf, 1.0, \"1\", +1, NULL, True]");
    let wanted: Value = json!(["yes", "0755", "1_000", "0x1F", null, ".inf", 1.0, "1", "+1", null, true]);
    assert_eq!(node.json(), wanted);
}

#[test]
fn what_is_no_document_says_why() {
    assert_eq!(refused(""), "it is empty");
    assert_eq!(refused(" \n\t"), "it is empty");
    assert_eq!(refused(b"\xff\xfe\x00".to_vec()), "it is not UTF-8");
    assert_eq!(refused("<!doctype html><html></html>"), "it is HTML or XML");
    assert!(refused("{\"a\": ").starts_with("it is no JSON: "), "{}", refused("{\"a\": "));
    assert!(refused("a: [1\nb: 2").starts_with("it is no YAML: "));
    assert_eq!(refused("{\"a\": 1, \"a\": 2}"), "the key `a` stands twice");
    assert_eq!(refused("a: 1\na: 2\n"), "the key `a` stands twice");
    assert_eq!(refused("a: *b"), "no value above is named `&b`");
    assert_eq!(refused("a: &a [*a]"), "an alias stands inside the value that it names");
    assert_eq!(refused("? [1]\n: 2\n"), "a key must be a text");
    assert_eq!(refused("<<: 1\n"), "`<<` merges mappings only");
}

#[test]
fn hostile_documents_are_refused_in_bounded_time() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    for text in [deep("[", "]"), deep("{\"a\":", "}"), "- ".repeat(100_000), "[".repeat(1_000_000)] {
        let why = refused(text);
        assert!(why.contains("nested deeper") || why.contains("it is no"), "{why}");
    }
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, other) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
        let aliases = format!("*{other}, ").repeat(10);
        bomb += &format!("{name}: &{name} [{}]\n", aliases.trim_end_matches(", "));
    }
    assert!(refused(bomb).starts_with("it has more than"));
    let merges: String =
        (1..20).map(|n| format!("k{n}: &k{n} {{<<: [*k{m}, *k{m}], a{n}: 1}}\n", m = n - 1)).collect();
    let (_, root) = read(format!("k0: &k0 {{}}\n{merges}").into_bytes());
    assert!(root.is_ok(), "{root:?}");
}
