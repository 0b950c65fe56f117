//! Hostile texts: nothing panics, overflows the stack or hangs, whatever is given.

use std::collections::BTreeMap;

use conductor_cel::ast::{Ast, BinaryOp, Kind, Node, UnaryOp};
use conductor_cel::plan::{self, Bindings};
use conductor_cel::typing::Declarations;
use conductor_cel::{MAX_LENGTH, Scope, Value, check_template, evaluate, manifest, parse, template, typing};
use proptest::prelude::*;

/// Everything that can be done with a text.
fn exercise(text: &str) {
    let (ast, errors) = parse(text);
    for error in &errors {
        assert!(text.get(error.range.clone()).is_some(), "{error:?} lies outside {text:?}");
    }
    let _ = ast.references();
    let _ = typing::check(&ast, &Declarations::default());
    let _ = evaluate(&ast, &BTreeMap::new());
    let types = BTreeMap::new();
    let scope = Scope::new(&types);
    if let Ok(expr) = manifest::check(&ast, &scope, None) {
        let _ = plan::evaluate(&expr, &Bindings::default());
    }
    let (template, errors) = template::parse(text);
    assert!(errors.len() <= 40, "{} errors", errors.len());
    for error in &errors {
        assert!(text.get(error.range.clone()).is_some(), "{error:?} lies outside {text:?}");
    }
    let _ = check_template(&template, &scope, None);
}

#[test]
fn deep_and_long_texts_end_soon() {
    let count = MAX_LENGTH / 4;
    for piece in [
        "(",
        "[",
        "{",
        "{1:",
        "!",
        "-",
        "a.",
        "a[",
        "f(",
        "1+",
        "a&&",
        "a||",
        "a?b:",
        "${",
        "$${",
        "a.f(",
        "[].all(x,",
        "\"",
        "'''",
    ] {
        exercise(&piece.repeat(count.min(MAX_LENGTH / piece.len())));
        exercise(&format!("${{{}", piece.repeat(1000)));
    }
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{1:", "}"), ("f(", ")"), ("[1].map(x,", ")"), ("cel.bind(a,[1],", ")")]
    {
        for depth in [100, 249, 250, 5000] {
            exercise(&format!("{}1{}", open.repeat(depth), close.repeat(depth)));
        }
    }
    for tail in ["+1", "&&true", ".a", "[0]", ".size()", "?1:1", " in [1]", "==1"] {
        for length in [200, 5000] {
            exercise(&format!("1{}", tail.repeat(length)));
        }
    }
    exercise(&"9".repeat(MAX_LENGTH));
    exercise(&format!("1e{}", "9".repeat(1000)));
    exercise(&format!("'{}'", "\\u0041".repeat(10_000)));
    exercise(&"a".repeat(10 * MAX_LENGTH));
    exercise(&"${'}".repeat(MAX_LENGTH));
    exercise(&"${}".repeat(MAX_LENGTH));
}

#[test]
fn evaluations_that_would_never_end_are_stopped() {
    let nested = |open: &str, inner: &str| format!("{}{inner}{}", open.repeat(60), ")".repeat(60));
    for text in [
        nested("cel.bind(a, a + a, ", "a").replacen("a + a", "'xxxxxxxx'", 1),
        nested("cel.bind(a, [a, a], ", "a == a").replacen("[a, a]", "[1]", 1),
        nested("cel.bind(a, [a, a], ", "'%s'.format([a])").replacen("[a, a]", "[1]", 1),
        nested("cel.bind(a, [a, a], ", "a").replacen("[a, a]", "[1]", 1),
        "[1,2,3,4,5,6,7,8,9].map(x, [1,2,3,4,5,6,7,8,9].map(y, [1,2,3,4,5,6,7,8,9].map(z, 'a'.matches('a{99}' + string([x,y,z].map(i, string(i)).join())))))".to_owned(),
        format!("{}1{}", "[1,2,3,4,5,6,7,8,9].map(x,".repeat(30), ")".repeat(30)),
        "'a'.matches('(((a{1000}){1000}){1000}){1000}')".to_owned(),
        "cel.bind(a, 'x'.replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'), a)".to_owned()
            + &".replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy')".repeat(20),
    ] {
        let (ast, errors) = parse(&text);
        assert_eq!(errors, [], "{text}");
        let error = evaluate(&ast, &BTreeMap::new()).expect_err(&text);
        assert!(error.message.contains("too"), "{}", error.message);
    }
}

/// The same of what a manifest takes, which is not nested as deep.
#[test]
fn plans_that_would_never_end_are_stopped() {
    let nested =
        |open: &str, inner: &str, depth: usize| format!("{}{inner}{}", open.repeat(depth), ")".repeat(depth));
    for text in [
        nested("[1,2,3,4,5,6,7,8,9].map(x,", "1", 11),
        nested("[1,2,3,4,5,6,7,8,9].all(x,", "true", 11),
        nested("cel.bind(a, a + a,", "a.size()", 10).replacen("a + a", "'xxxxxxxxxxxxxxxx'.replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy').replace('', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz').replace('', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz')", 1),
    ] {
        let (ast, errors) = parse(&text);
        assert_eq!(errors, [], "{text}");
        let types = BTreeMap::new();
        let expr = manifest::check(&ast, &Scope::new(&types), None).expect(&text);
        let error = plan::evaluate(&expr, &Bindings::default()).expect_err(&text);
        assert!(error.message.contains("too"), "{}", error.message);
    }
}

#[test]
fn a_long_chain_of_conditions_is_flat() {
    let (ast, errors) = parse(&format!("true{}", " && true".repeat(5000)));
    assert_eq!(errors, []);
    assert!(matches!(evaluate(&ast, &BTreeMap::new()), Ok(Value::Bool(true))));
}

/// Prints a tree with every parenthesis that it could need.
fn print(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Uint(value) => format!("{value}u"),
        Kind::Double(_, text) => text.clone(),
        Kind::String(value) => {
            format!(
                "'{}'",
                value.chars().map(|letter| format!("\\U{:08x}", letter as u32)).collect::<String>()
            )
        }
        Kind::Bytes(value) => {
            format!("b\"{}\"", value.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>())
        }
        Kind::Ident { name, .. } => name.clone(),
        Kind::Select { of, field, .. } => format!("({}).{}", print(of), field.text),
        Kind::Index { of, index, .. } => format!("({})[{}]", print(of), print(index)),
        Kind::List(items) => {
            format!("[{}]", items.iter().map(|item| print(&item.value)).collect::<Vec<_>>().join(", "))
        }
        Kind::Unary { op, operand } => {
            format!("{}({})", if *op == UnaryOp::Not { "!" } else { "-" }, print(operand))
        }
        Kind::Binary { op, left, right } => {
            let sign = match op {
                BinaryOp::And => "&&",
                BinaryOp::Or => "||",
                BinaryOp::Equal => "==",
                BinaryOp::In => "in",
                _ => "-",
            };
            format!("({}) {sign} ({})", print(left), print(right))
        }
        Kind::Conditional { test, then, otherwise } => {
            format!("({}) ? ({}) : ({})", print(test), print(then), print(otherwise))
        }
        Kind::Call { receiver: Some(receiver), function, args } => {
            format!(
                "({}).{}({})",
                print(receiver),
                function.text,
                args.iter().map(print).collect::<Vec<_>>().join(",")
            )
        }
        other => unreachable!("not made here: {other:?}"),
    }
}

fn tree() -> impl Strategy<Value = Node> {
    let node = |kind| Node::new(0..0, kind);
    let leaf = prop_oneof![
        Just(node(Kind::Null)),
        any::<bool>().prop_map(move |value| node(Kind::Bool(value))),
        any::<i64>().prop_map(move |value| node(Kind::Int(value))),
        any::<u64>().prop_map(move |value| node(Kind::Uint(value))),
        any::<String>().prop_map(move |value| node(Kind::String(value))),
        any::<Vec<u8>>().prop_map(move |value| node(Kind::Bytes(value))),
        "[a-z]{1,2}x".prop_map(move |name| node(Kind::Ident { name, absolute: false })),
    ];
    leaf.prop_recursive(6, 40, 3, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let name = || "[a-z]{1,3}x".prop_map(|text| conductor_cel::ast::Name { text, range: 0..0 });
        let op = prop_oneof![
            Just(BinaryOp::And),
            Just(BinaryOp::Or),
            Just(BinaryOp::Equal),
            Just(BinaryOp::In),
            Just(BinaryOp::Subtract)
        ];
        prop_oneof![
            (boxed.clone(), name()).prop_map(move |(of, field)| node(Kind::Select {
                of,
                field,
                optional: false
            })),
            (boxed.clone(), boxed.clone()).prop_map(move |(of, index)| node(Kind::Index {
                of,
                index,
                optional: false
            })),
            (op, boxed.clone(), boxed.clone()).prop_map(move |(op, left, right)| node(Kind::Binary {
                op,
                left,
                right
            })),
            boxed.clone().prop_map(move |operand| node(Kind::Unary { op: UnaryOp::Not, operand })),
            (boxed.clone(), boxed.clone(), boxed.clone())
                .prop_map(move |(test, then, otherwise)| node(Kind::Conditional { test, then, otherwise })),
            (boxed, name(), prop::collection::vec(inner.clone(), 0..3)).prop_map(
                move |(receiver, function, args)| {
                    node(Kind::Call { receiver: Some(receiver), function, args })
                }
            ),
            prop::collection::vec(inner, 0..4).prop_map(move |values| {
                let item = |value| conductor_cel::ast::Item { value, optional: false };
                node(Kind::List(values.into_iter().map(item).collect()))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        exercise(&text);
        exercise(&format!("a ${{{text}}} b"));
    }

    #[test]
    fn any_tokens_are_read_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "a", "input", "x.y", "1", "2.5", "1u", "'s'", "b'b'", "\"", "'''", "`q`", "(", ")", "[", "]", "{", "}",
                "${", "$${", ".", ".?", ",", ":", "?", "&&", "||", "!", "-", "+", "==", "<", "in", "has(", "size(",
                ".all(e,", ".map(e,", "cel.bind(v,", "null", "true", "for", "é", "\\", "\n", "//", "=",
            ]),
            0..40,
        ),
    ) {
        exercise(&words.concat());
        exercise(&words.join(" "));
    }

    #[test]
    fn a_printed_tree_reads_back(tree in tree()) {
        let text = print(&tree);
        let (read, errors) = parse(&text);
        prop_assert_eq!(&errors, &[], "{}", text);
        prop_assert_eq!(print(&read.root), text);
    }

    #[test]
    fn numbers_compare_by_value(left in any::<i64>(), right in any::<u64>()) {
        let ast: Ast = parse(&format!("{left} < {right}u")).0;
        let less = i128::from(left) < i128::from(right);
        prop_assert!(matches!(evaluate(&ast, &BTreeMap::new()), Ok(Value::Bool(found)) if found == less));
    }
}
