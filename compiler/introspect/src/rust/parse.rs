//! Text of Rust to what is kept of it.
//!
//! It expands no macros. In a broken file the items are kept that stand whole in its tree.

mod attribute;
mod types;

use std::ops::Range;

use tree_sitter::{Language, Node};

use super::syntax::{
    Body, Field, File, Function, Impl, Items, Mod, Param, Serde, TypeDecl, TypeExpr, TypeKind, Use, Variant,
};
use crate::annotation;
use crate::tree::{self, Problem, TooHard, children, every_child, first_problem, text};
use attribute::Attributes;

/// Modules nested deeper in one file are not read.
const MAX_DEPTH: usize = 30;
/// Of a file with more errors the others are not told.
const MAX_PROBLEMS: usize = 20;
/// More names in one file's `use` items are not read.
const MAX_USES: usize = 20_000;

pub fn file(source: &str) -> Result<File, TooHard> {
    let language = Language::new(tree_sitter_rust::LANGUAGE);
    let tree = tree::parse(&language, source, &[])?;
    let root = tree.root_node();
    let reader = Reader { source };
    let mut problems = Vec::new();
    let mut items = Items::default();
    if root.has_error() {
        // What disturbs one item is kept from the others: each that begins at the left margin is read by itself.
        for part in parts(source) {
            problems.extend(add_part(&reader, &language, &part, &mut items)?);
        }
        if problems.is_empty() {
            problems.extend(first_problem(root, source));
        }
        problems.truncate(MAX_PROBLEMS);
    } else {
        reader.add(&mut items, root, 0);
    }
    let mut comments = Vec::new();
    if annotation::may_hold(source.as_bytes()) {
        comments = all_comments(root);
    }
    Ok(File { items, problems, comments })
}

/// Reads one item; of a function that is broken inside, the head.
fn add_part(
    reader: &Reader<'_>,
    language: &Language,
    part: &Range<usize>,
    items: &mut Items,
) -> Result<Option<Problem>, TooHard> {
    let tree = tree::parse(language, reader.source, std::slice::from_ref(part))?;
    let root = tree.root_node();
    let problem = first_problem(root, reader.source);
    if root.has_error()
        && let Some(head) = without_body(reader.source, part)
    {
        let tree = tree::parse(language, reader.source, &head)?;
        let is_function = children(tree.root_node()).iter().any(|item| item.kind() == "function_item");
        if is_function && !tree.root_node().has_error() {
            reader.add(items, tree.root_node(), 0);
            return Ok(problem);
        }
    }
    reader.add(items, root, 0);
    Ok(problem)
}

/// A part but for what stands between its first and its last brace.
fn without_body(source: &str, part: &Range<usize>) -> Option<[Range<usize>; 2]> {
    let text = source.get(part.clone())?;
    let (open, close) = (part.start + text.find('{')?, part.start + text.rfind('}')?);
    (open < close).then(|| [part.start..open + 1, close..part.end])
}

fn all_comments(root: Node<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    loop {
        if matches!(cursor.node().kind(), "line_comment" | "block_comment") {
            found.push(cursor.node().byte_range());
        } else if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// The text cut before each line at the left margin that begins an item, its comments and attributes with it.
fn parts(source: &str) -> Vec<Range<usize>> {
    const WORDS: [&str; 16] = [
        "pub",
        "fn",
        "async",
        "struct",
        "enum",
        "impl",
        "mod",
        "use",
        "type",
        "trait",
        "const",
        "static",
        "unsafe",
        "extern",
        "union",
        "macro_rules",
    ];
    let mut cuts = vec![0];
    let mut offset = 0;
    let mut above = None;
    for line in source.split_inclusive('\n') {
        if line.starts_with("//") || line.starts_with("#[") {
            above.get_or_insert(offset);
        } else {
            let word = line
                .split(|letter: char| !(letter == '_' || letter.is_ascii_lowercase()))
                .next()
                .unwrap_or("");
            if WORDS.contains(&word) {
                cuts.push(above.unwrap_or(offset));
            }
            above = None;
        }
        offset += line.len();
    }
    cuts.push(source.len());
    cuts.dedup();
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

struct Reader<'s> {
    source: &'s str,
}

/// What stands before an item.
#[derive(Default)]
struct Before<'t> {
    attributes: Attributes,
    docs: Vec<String>,
    first: Option<Node<'t>>,
}

impl<'s> Reader<'s> {
    fn text(&self, node: Node<'_>) -> &'s str {
        text(node, self.source)
    }

    fn owned(&self, node: Node<'_>) -> String {
        // `r#type` is the name `type`.
        let name = self.text(node);
        name.strip_prefix("r#").unwrap_or(name).to_owned()
    }

    /// Where a name begins, without the mark of a raw one.
    fn begin(&self, name: Node<'_>) -> usize {
        name.start_byte() + if self.text(name).starts_with("r#") { 2 } else { 0 }
    }

    fn items(&self, list: Node<'_>, depth: usize) -> Items {
        let mut found = Items::default();
        self.add(&mut found, list, depth);
        found
    }

    fn add(&self, found: &mut Items, list: Node<'_>, depth: usize) {
        let mut before = Before::default();
        for node in every_child(list) {
            match node.kind() {
                "line_comment" | "block_comment" => self.comment(node, &mut before),
                "attribute_item" => {
                    before.first.get_or_insert(node);
                    before.attributes.read(self.text(node));
                }
                "inner_attribute_item" => {}
                "ERROR" => self.add_from_error(found, node, depth),
                _ => {
                    let before = std::mem::take(&mut before);
                    if before.attributes.is_built() {
                        self.item(found, node, before, depth);
                    }
                }
            }
        }
    }

    fn add_from_error(&self, found: &mut Items, error: Node<'_>, depth: usize) {
        if depth < MAX_DEPTH {
            for node in every_child(error).into_iter().filter(|node| node.kind().ends_with("_item")) {
                self.item(found, node, Before::default(), depth + 1);
            }
        }
    }

    fn comment<'t>(&self, node: Node<'t>, before: &mut Before<'t>) {
        let is_outer = node.child_by_field_name("outer").is_some();
        if let Some(doc) = node.child_by_field_name("doc").filter(|_| is_outer) {
            before.docs.push(self.text(doc).trim_end().to_owned());
        }
    }

    fn item(&self, found: &mut Items, node: Node<'_>, before: Before<'_>, depth: usize) {
        let name = || {
            let name = node.child_by_field_name("name").filter(|name| !name.is_missing())?;
            Some((self.owned(name), name.byte_range()))
        };
        match node.kind() {
            "function_item" | "function_signature_item" => {
                found.functions.extend(self.function(node, before))
            }
            "struct_item" | "enum_item" | "type_item" | "union_item" => {
                found.types.extend(self.type_decl(node, before.attributes.serde));
            }
            "trait_item" => found.traits.extend(name()),
            "const_item" | "static_item" => found.values.extend(name()),
            "impl_item" => found.impls.extend(self.implementation(node)),
            "use_declaration" => {
                if let Some(argument) = node.child_by_field_name("argument") {
                    self.uses(argument, &[], &mut found.uses, 0);
                }
            }
            "mod_item" if depth < MAX_DEPTH => {
                let Some((name, _)) = name() else { return };
                let body = node.child_by_field_name("body");
                let items = body.map(|body| self.items(body, depth + 1));
                found.modules.push(Mod { name, items, path: before.attributes.path });
            }
            _ => {}
        }
    }

    fn uses(&self, node: Node<'_>, prefix: &[String], found: &mut Vec<Use>, depth: usize) {
        if depth > MAX_DEPTH || found.len() > MAX_USES {
            return;
        }
        let joined = |node: Option<Node<'_>>| {
            let mut path = prefix.to_vec();
            path.extend(node.map_or(Vec::new(), |node| self.path(node)));
            // `models::{self as m}` is `models`.
            if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            path
        };
        match node.kind() {
            "use_list" => {
                children(node).into_iter().for_each(|child| self.uses(child, prefix, found, depth + 1))
            }
            "scoped_use_list" => {
                let path = joined(node.child_by_field_name("path"));
                if let Some(list) = node.child_by_field_name("list") {
                    self.uses(list, &path, found, depth + 1);
                }
            }
            "use_as_clause" => {
                let path = joined(node.child_by_field_name("path"));
                let alias = node.child_by_field_name("alias").map(|alias| self.owned(alias));
                found.extend(alias.map(|alias| Use { path, name: Some(alias) }));
            }
            "use_wildcard" => {
                found.push(Use { path: joined(children(node).into_iter().next()), name: None });
            }
            // `use models::{self, User}`.
            "self" if !prefix.is_empty() => {
                found.push(Use { path: prefix.to_vec(), name: prefix.last().cloned() });
            }
            _ => {
                let path = joined(Some(node));
                let name = path.last().cloned();
                found.push(Use { path, name });
            }
        }
    }

    /// The names of a path.
    fn path(&self, node: Node<'_>) -> Vec<String> {
        let mut names = Vec::new();
        let mut here = Some(node);
        while let Some(node) = here {
            here = None;
            match node.kind() {
                "scoped_identifier" | "scoped_type_identifier" => {
                    names.extend(node.child_by_field_name("name").map(|name| self.owned(name)));
                    here = node.child_by_field_name("path");
                }
                "generic_type" => here = node.child_by_field_name("type"),
                _ => names.push(self.owned(node)),
            }
            if names.len() > 100 {
                break;
            }
        }
        names.reverse();
        names
    }

    fn implementation(&self, node: Node<'_>) -> Option<Impl> {
        let of_trait = node.child_by_field_name("trait").and_then(|of| self.path(of).pop());
        let body = node.child_by_field_name("body")?;
        Some(Impl {
            ty: self.ty(node.child_by_field_name("type")?, 0),
            type_params: self.type_params(node),
            of_trait,
            functions: self.items(body, MAX_DEPTH).functions,
        })
    }

    fn function(&self, node: Node<'_>, before: Before<'_>) -> Option<Function> {
        let name = node.child_by_field_name("name").filter(|name| !name.is_missing())?;
        let mut parameters = Vec::new();
        let mut takes_self = false;
        let list = node.child_by_field_name("parameters");
        for child in list.map_or(Vec::new(), children) {
            match child.kind() {
                "self_parameter" => takes_self = true,
                "parameter" => match self.param(child) {
                    Some(param) if param.name.as_deref() == Some("self") => takes_self = true,
                    param => parameters.extend(param),
                },
                _ => {}
            }
        }
        let modifiers = every_child(node).into_iter().filter(|child| child.kind() == "function_modifiers");
        let is_async = modifiers.flat_map(every_child).any(|word| word.kind() == "async");
        let returns = node.child_by_field_name("return_type");
        let parts = [node.child_by_field_name("type_parameters"), list, returns];
        let broken = parts.iter().flatten().find_map(|part| first_problem(*part, self.source));
        let docs = before.docs.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>();
        let doc = docs.join("\n").trim().to_owned();
        Some(Function {
            name: self.owned(name),
            name_at: name.byte_range(),
            start: before.first.unwrap_or(node).start_byte(),
            is_public: is_public(node),
            is_async,
            takes_self,
            type_params: self.type_params(node),
            parameters,
            returns: returns.map(|returns| self.ty(returns, 0)),
            doc: (!doc.is_empty()).then_some(doc),
            broken,
        })
    }

    fn param(&self, node: Node<'_>) -> Option<Param> {
        let pattern = node.child_by_field_name("pattern")?;
        let plain = match pattern.kind() {
            "identifier" | "self" => Some(pattern),
            "mut_pattern" | "ref_pattern" => {
                children(pattern).into_iter().find(|child| child.kind() == "identifier")
            }
            _ => None,
        };
        Some(Param {
            name: plain.map(|name| self.owned(name)),
            ty: self.ty(node.child_by_field_name("type")?, 0),
            range: plain.map_or(node.start_byte(), |name| self.begin(name))..node.end_byte(),
        })
    }

    fn type_decl(&self, node: Node<'_>, serde: Serde) -> Option<TypeDecl> {
        let name = node.child_by_field_name("name").filter(|name| !name.is_missing())?;
        let body = node.child_by_field_name("body");
        let body = match (node.kind(), body) {
            ("type_item", _) => Body::Alias(self.ty(node.child_by_field_name("type")?, 0)),
            ("struct_item", None) => Body::Tuple(Vec::new()),
            ("struct_item", Some(list)) if list.kind() == "ordered_field_declaration_list" => {
                let mut cursor = list.walk();
                let types: Vec<Node<'_>> = list.children_by_field_name("type", &mut cursor).collect();
                Body::Tuple(types.into_iter().map(|ty| self.ty(ty, 0)).collect())
            }
            ("struct_item", Some(list)) => Body::Struct(self.fields(list)),
            ("enum_item", Some(list)) => Body::Enum(self.variants(list)),
            _ => Body::Other,
        };
        Some(TypeDecl {
            name: self.owned(name),
            name_at: name.byte_range(),
            type_params: self.type_params(node),
            serde,
            body,
        })
    }

    /// The children of a list with the attributes before each.
    fn attributed<'t>(&self, list: Node<'t>) -> Vec<(Node<'t>, Attributes)> {
        let mut found = Vec::new();
        let mut attributes = Attributes::default();
        for node in children(list) {
            if node.kind() == "attribute_item" {
                attributes.read(self.text(node));
            } else {
                found.push((node, std::mem::take(&mut attributes)));
            }
        }
        found.retain(|(_, attributes)| attributes.is_built());
        found
    }

    fn fields(&self, list: Node<'_>) -> Vec<Field> {
        let field = |(node, attributes): (Node<'_>, Attributes)| {
            let name = node.child_by_field_name("name")?;
            let ty = self.ty(node.child_by_field_name("type")?, 0);
            let (name, name_at) = (self.owned(name), name.byte_range());
            Some(Field { name, name_at, is_public: is_public(node), ty, serde: attributes.serde })
        };
        self.attributed(list).into_iter().filter_map(field).collect()
    }

    fn variants(&self, list: Node<'_>) -> Vec<Variant> {
        let variant = |(node, attributes): (Node<'_>, Attributes)| {
            let name = self.owned(node.child_by_field_name("name")?);
            let value = node.child_by_field_name("value").map(|value| self.text(value).to_owned());
            let is_unit = node.child_by_field_name("body").is_none();
            Some(Variant { name, is_unit, value, serde: attributes.serde })
        };
        self.attributed(list).into_iter().filter_map(variant).collect()
    }
}

fn is_public(node: Node<'_>) -> bool {
    every_child(node).iter().any(|child| child.kind() == "visibility_modifier")
}

/// A type that could not be read.
fn unknown(range: Range<usize>) -> TypeExpr {
    TypeExpr { kind: TypeKind::Other, range }
}
