//! HCL: the tree is the one of YAML, the findings are those of a good compiler, and nothing makes the parser fall.

#![expect(clippy::expect_used, clippy::panic, reason = "a failing helper is a failing test")]
#![expect(clippy::too_many_lines, reason = "tables of findings")]

mod blocks;
mod bounds;
mod expressions;
mod mistakes;
mod never_panics;
mod strings;
mod twins;

use conductor_source::{FileId, Sources, fix, render};
use conductor_syntax::{Kind, Node, hcl, yaml};
use expect_test::Expect;

/// The findings as text, and below them what the fixes make of the text.
pub fn check(text: &str, expected: Expect) {
    let mut sources = Sources::default();
    let (file, _, diagnostics) = hcl::read(&mut sources, "concurrency.hcl", text.as_bytes());
    let mut shown: String = diagnostics.iter().map(|found| render::text(found, &sources, false)).collect();
    let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
    if let Some(mended) = applied.files.get(&file) {
        shown.push_str("--- fixed\n");
        shown.push_str(mended);
        for found in hcl::parse(file, mended).1 {
            shown.push_str(&format!("--- still: {} {}\n", found.code, found.message));
        }
    }
    expected.assert_eq(&shown);
}

/// The tree without places, as YAML in braces.
pub fn plain(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Float { text, .. } => text.clone(),
        Kind::String(scalar) => format!("{:?}", scalar.text),
        Kind::List(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let pair =
                |entry: &conductor_syntax::Entry| format!("{}: {}", entry.key.text, plain(&entry.value));
            format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Kind::Broken => "BROKEN".to_owned(),
    }
}

/// The tree of HCL that has no mistakes.
pub fn tree(text: &str) -> Node {
    let (node, diagnostics) = hcl::parse(FileId(0), text);
    assert_eq!(diagnostics, vec![], "{text}");
    node
}

/// Both texts give one tree.
pub fn twins(hcl: &str, yaml: &str) {
    let (node, diagnostics) = yaml::parse(FileId(0), yaml);
    assert_eq!(diagnostics, vec![], "{yaml}");
    assert_eq!(plain(&tree(hcl)), plain(&node), "{hcl}");
}
