//! What can be read of a module that does not parse: each of its definitions by itself.
//!
//! A definition is taken to begin where a line begins with one of its keywords, as formatters leave it.

use std::ops::Range;

use tree_sitter::Node;

use super::super::syntax::{Decl, Export, Module, SyntaxError};
use super::{Budget, Source, TooIrregular, children, error, named, statement};

/// A module in more pieces than this is read in larger ones.
const MAX_PARTS: usize = 5000;

pub fn module(
    source: &Source<'_>,
    root: Node<'_>,
    budget: &mut Budget,
    module: &mut Module,
) -> Result<(), TooIrregular> {
    let mut broken: Vec<Range<usize>> = Vec::new();
    if root.kind() == "program" {
        for child in named(root) {
            if !child.has_error() {
                statement::one(source, child, &mut module.scope);
            } else {
                match broken.last_mut() {
                    // What stands between two broken statements rarely stands by itself.
                    Some(last)
                        if source
                            .text
                            .get(last.end..child.start_byte())
                            .is_some_and(|gap| gap.trim().is_empty()) =>
                    {
                        last.end = child.end_byte();
                    }
                    _ => broken.push(child.byte_range()),
                }
            }
        }
    }
    if broken.is_empty() {
        broken.push(0..source.text.len());
    }
    for region in broken {
        for part in parts(source.text, region) {
            let tree = budget.parse(source, Some(part.clone()))?;
            one(source, tree.root_node(), part, module);
        }
    }
    Ok(())
}

/// The region cut where a line begins with a keyword.
fn parts(text: &str, region: Range<usize>) -> Vec<Range<usize>> {
    const KEYWORDS: [&str; 17] = [
        "@",
        "abstract",
        "async",
        "class",
        "const",
        "declare",
        "enum",
        "export",
        "function",
        "import",
        "interface",
        "let",
        "module",
        "namespace",
        "type",
        "var",
        "exports",
    ];
    let mut cuts = vec![region.start];
    let mut at = region.start;
    for line in text.get(region.clone()).unwrap_or("").split_inclusive('\n') {
        let word: &str =
            line.split(|letter: char| !letter.is_alphanumeric() && letter != '@').next().unwrap_or("");
        let begins = KEYWORDS.contains(&word) || line.starts_with('@');
        // A decorator and what it stands before belong together.
        let decorated =
            cuts.last().is_some_and(|&last| last != region.start && text[last..at].starts_with('@'))
                && !text[cuts[cuts.len() - 1]..at].contains('{');
        if at > region.start && begins && !decorated && cuts.len() < MAX_PARTS {
            cuts.push(at);
        }
        at += line.len();
    }
    cuts.push(region.end);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).filter(|part| !part.is_empty()).collect()
}

fn one(source: &Source<'_>, root: Node<'_>, part: Range<usize>, module: &mut Module) {
    if !root.has_error() {
        return statement::scope(source, root, &mut module.scope);
    }
    let found = error(source, root);
    let mut read_any = false;
    let statements: Vec<Node<'_>> = if is_statement(root) { vec![root] } else { named(root).collect() };
    for node in statements {
        if is_statement(node) && !has_broken_header(node) {
            read_any = true;
            statement::one(source, node, &mut module.scope);
        }
    }
    if !read_any && let Some((name, exported)) = name(source.text, &part) {
        let problem = SyntaxError { message: found.message.clone(), range: found.range.clone() };
        if !module.scope.names.contains_key(&name) {
            module.scope.declare(name.clone(), Decl::Broken(problem));
        }
        if exported {
            module.scope.export(name.clone(), Export::Local(name));
        }
    }
    module.errors.push(found);
}

fn is_statement(node: Node<'_>) -> bool {
    node.kind().ends_with("_declaration")
        || node.kind().ends_with("_statement")
        || node.kind() == "function_signature"
}

/// Whether anything but a body is broken.
pub fn has_broken_header(node: Node<'_>) -> bool {
    let mut unread = vec![node];
    while let Some(node) = unread.pop() {
        if node.is_error() {
            return true;
        }
        for child in children(node) {
            match child.kind() {
                "statement_block" | "class_body" => {}
                "export_statement" | "variable_declarator" | "arrow_function" | "function_expression" => {
                    unread.push(child);
                }
                kind if kind.ends_with("_declaration") => unread.push(child),
                _ if child.has_error() || child.is_missing() => return true,
                _ => {}
            }
        }
    }
    false
}

/// The name that a definition gives, read from its first words only, and whether it is exported.
fn name(text: &str, part: &Range<usize>) -> Option<(String, bool)> {
    let mut rest = text.get(part.clone())?;
    let mut exported = false;
    let mut defines = false;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '*');
        let length = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$')
            .unwrap_or(rest.len());
        let word = rest.get(..length).filter(|word| !word.is_empty())?;
        match word {
            "export" => exported = true,
            "default" | "declare" | "abstract" | "async" => {}
            "function" | "class" | "const" | "let" | "var" | "interface" | "type" | "enum" | "namespace" => {
                defines = true;
            }
            name => return defines.then(|| (name.to_owned(), exported)),
        }
        rest = &rest[length..];
    }
}
