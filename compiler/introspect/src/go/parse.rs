//! Text of Go to what is kept of it.
//!
//! It survives broken files: each declaration that begins at the left margin is then read by itself.

mod constant;
mod literal;
mod types;

use std::ops::Range;

use tree_sitter::{Language, Node};

use super::syntax::{File, Function, Import, Receiver, TypeDecl, TypeParam, Value, Variable};
use crate::annotation;
use crate::tree::{self, TooHard, children, first_problem, text};

pub use literal::unquoted;

/// Of a file with more errors the others are not told.
const MAX_PROBLEMS: usize = 20;

pub fn file(source: &str) -> Result<File, TooHard> {
    let language = Language::new(tree_sitter_go::LANGUAGE);
    let whole = tree::parse(&language, source, &[])?;
    let mut file = File::default();
    if annotation::may_hold(source.as_bytes()) {
        let comments =
            tree::every_child(whole.root_node()).into_iter().filter(|node| node.kind() == "comment");
        file.comments = comments.map(|comment| comment.byte_range()).collect();
    }
    if !whole.root_node().has_error() {
        Reader { source, file: &mut file }.declarations(whole.root_node());
        return Ok(file);
    }
    for part in parts(source) {
        let tree = tree::parse(&language, source, std::slice::from_ref(&part))?;
        let root = tree.root_node();
        Reader { source, file: &mut file }.declarations(root);
        if file.problems.len() < MAX_PROBLEMS {
            file.problems.extend(first_problem(root, source));
        }
    }
    // What is only wrong between the parts.
    if file.problems.is_empty() {
        file.problems.extend(first_problem(whole.root_node(), source));
    }
    Ok(file)
}

/// The text cut before each line that begins a declaration, its comments with it.
fn parts(source: &str) -> Vec<Range<usize>> {
    const WORDS: [&str; 6] = ["package", "import", "func", "type", "const", "var"];
    let mut cuts = vec![0];
    let mut offset = 0;
    // Where the comment above the current line begins.
    let mut comment = None;
    for line in source.split_inclusive('\n') {
        if line.starts_with("//") {
            comment.get_or_insert(offset);
        } else {
            let word = line.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or("");
            if WORDS.contains(&word) {
                cuts.push(comment.unwrap_or(offset));
            }
            comment = None;
        }
        offset += line.len();
    }
    cuts.push(source.len());
    cuts.dedup();
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

struct Reader<'s> {
    source: &'s str,
    file: &'s mut File,
}

impl<'s> Reader<'s> {
    fn text(&self, node: Node<'_>) -> &'s str {
        text(node, self.source)
    }

    fn owned(&self, node: Node<'_>) -> String {
        self.text(node).to_owned()
    }

    fn declarations(&mut self, root: Node<'_>) {
        let mut comments: Vec<Node<'_>> = Vec::new();
        for node in tree::every_child(root) {
            match node.kind() {
                "comment" => {
                    comments.push(node);
                    continue;
                }
                "package_clause" => self.package(node),
                "import_declaration" => self.imports(node, 0),
                "function_declaration" | "method_declaration" => {
                    let doc = literal::doc(self.source, &comments, node);
                    self.function(node, doc);
                }
                "type_declaration" => children(node).into_iter().for_each(|spec| self.type_decl(spec)),
                "const_declaration" => self.constants(node),
                "var_declaration" => self.variables(node, 0),
                // A declaration may stand in an error with what disturbs it.
                "ERROR" => self.declarations_in_error(node),
                _ => {}
            }
            if node.is_named() {
                comments.clear();
            }
        }
    }

    fn declarations_in_error(&mut self, error: Node<'_>) {
        for node in tree::every_child(error) {
            match node.kind() {
                "package_clause" => self.package(node),
                "import_declaration" => self.imports(node, 0),
                "function_declaration" | "method_declaration" => self.function(node, None),
                "type_declaration" => children(node).into_iter().for_each(|spec| self.type_decl(spec)),
                _ => {}
            }
        }
    }

    fn package(&mut self, node: Node<'_>) {
        if let Some(name) = children(node).first()
            && self.file.package.is_none()
        {
            self.file.package = Some((self.owned(*name), name.byte_range()));
        }
    }

    fn imports(&mut self, node: Node<'_>, depth: usize) {
        for spec in children(node) {
            if spec.kind() != "import_spec" {
                if depth < 2 {
                    self.imports(spec, depth + 1);
                }
                continue;
            }
            let Some(path) = spec.child_by_field_name("path") else { continue };
            let name = spec.child_by_field_name("name").map(|name| self.owned(name));
            self.file.imports.push(Import { name, path: unquoted(self.text(path)) });
        }
    }

    fn function(&mut self, node: Node<'_>, doc: Option<String>) {
        let Some(name) = node.child_by_field_name("name").filter(|name| !name.is_missing()) else { return };
        let head = |field| node.child_by_field_name(field);
        let parts = ["receiver", "type_parameters", "parameters", "result"].map(head);
        let broken = parts.iter().flatten().find_map(|part| first_problem(*part, self.source));
        let receiver = match head("receiver") {
            Some(receiver) => match self.receiver(receiver) {
                Some(receiver) => Some(receiver),
                None => return,
            },
            None => None,
        };
        let type_params = head("type_parameters").map_or(Vec::new(), |list| self.type_params(list));
        let function = Function {
            name: self.owned(name),
            name_at: name.byte_range(),
            start: node.start_byte(),
            receiver,
            type_params,
            signature: self.func(node, 0),
            doc,
            broken: broken.or_else(|| self.gap_in_head(node)),
        };
        self.file.functions.push(function);
    }

    /// An error between the parts of a function's head.
    fn gap_in_head(&self, node: Node<'_>) -> Option<tree::Problem> {
        let body = node.child_by_field_name("body").map_or(node.end_byte(), |body| body.start_byte());
        let nodes = tree::every_child(node);
        let before = nodes.into_iter().take_while(|child| child.start_byte() < body);
        before
            .filter(|child| child.is_error() || child.is_missing())
            .find_map(|child| first_problem(child, self.source))
    }

    fn receiver(&self, list: Node<'_>) -> Option<Receiver> {
        let declaration = children(list).into_iter().next()?;
        let mut ty = declaration.child_by_field_name("type")?;
        for _ in 0..4 {
            match ty.kind() {
                "pointer_type" | "parenthesized_type" => ty = children(ty).into_iter().next()?,
                _ => break,
            }
        }
        let (name, arguments) = match ty.kind() {
            "generic_type" => (ty.child_by_field_name("type")?, ty.child_by_field_name("type_arguments")),
            _ => (ty, None),
        };
        let type_params = arguments.map_or(Vec::new(), |list| {
            children(list).into_iter().map(|argument| self.owned(argument)).collect()
        });
        Some(Receiver { type_name: self.owned(name), type_params })
    }

    fn type_params(&self, list: Node<'_>) -> Vec<TypeParam> {
        let mut found = Vec::new();
        for declaration in children(list) {
            let Some(constraint) = declaration.child_by_field_name("type") else { continue };
            let constraint = self.constraint(constraint, 0);
            let mut cursor = declaration.walk();
            for name in declaration.children_by_field_name("name", &mut cursor) {
                if name.is_named() {
                    found.push(TypeParam { name: self.owned(name), constraint: constraint.clone() });
                }
            }
        }
        found
    }

    fn type_decl(&mut self, spec: Node<'_>) {
        let is_alias = match spec.kind() {
            "type_alias" => true,
            "type_spec" => false,
            _ => return,
        };
        let Some(name) = spec.child_by_field_name("name") else { return };
        let Some(ty) = spec.child_by_field_name("type") else { return };
        let type_params = spec.child_by_field_name("type_parameters");
        self.file.types.push(TypeDecl {
            name: self.owned(name),
            name_at: name.byte_range(),
            type_params: type_params.map_or(Vec::new(), |list| self.type_params(list)),
            ty: self.ty(ty, 0),
            is_alias,
        });
    }

    fn variables(&mut self, node: Node<'_>, depth: usize) {
        for spec in children(node) {
            if spec.kind() != "var_spec" {
                if depth < 2 {
                    self.variables(spec, depth + 1);
                }
                continue;
            }
            let ty = spec.child_by_field_name("type").map(|ty| self.ty(ty, 0));
            let values = spec.child_by_field_name("value").map_or(Vec::new(), children);
            let mut cursor = spec.walk();
            let names: Vec<Node<'_>> = spec.children_by_field_name("name", &mut cursor).collect();
            for (index, name) in names.into_iter().filter(|name| name.is_named()).enumerate() {
                let literal = values.get(index).filter(|value| value.kind() == "func_literal");
                self.file.variables.push(Variable {
                    name: self.owned(name),
                    name_at: name.byte_range(),
                    ty: ty.clone(),
                    literal: literal.map(|literal| self.func(*literal, 0)),
                    value: values.get(index).and_then(|value| self.value(*value)),
                });
            }
        }
    }

    fn value(&self, node: Node<'_>) -> Option<Value> {
        match node.kind() {
            "call_expression" => {
                let (package, name) = self.named_of(node.child_by_field_name("function")?)?;
                Some(Value::Call(package, name))
            }
            "unary_expression" => {
                let is_address = node.child_by_field_name("operator").is_some_and(|sign| sign.kind() == "&");
                let operand = node.child_by_field_name("operand").filter(|_| is_address)?;
                self.value(operand).filter(|value| matches!(value, Value::Struct(_)))
            }
            "composite_literal" => Some(Value::Struct(self.ty(node.child_by_field_name("type")?, 0))),
            _ => self.named_of(node).map(|(package, name)| Value::Name(package, name)),
        }
    }

    /// `name` or `package.name`.
    fn named_of(&self, node: Node<'_>) -> Option<(Option<String>, String)> {
        match node.kind() {
            "identifier" => Some((None, self.owned(node))),
            "selector_expression" => {
                let package = node.child_by_field_name("operand").filter(|of| of.kind() == "identifier")?;
                Some((Some(self.owned(package)), self.owned(node.child_by_field_name("field")?)))
            }
            _ => None,
        }
    }
}
