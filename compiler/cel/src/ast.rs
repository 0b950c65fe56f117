//! The syntax tree of an expression, every node with its place.
//!
//! It knows no types and expands no macros: `has(x.f)` and `list.all(e, e > 0)` are calls here.

use std::ops::Range;

pub use conductor_protocol::expr::{BinaryOp, UnaryOp};

use crate::eval::NAMESPACES;
use crate::manifest::FUNCTIONS;

/// A parsed expression. Ranges are bytes of the text that was given to the parser.
#[derive(Debug, Clone, PartialEq)]
pub struct Ast {
    pub root: Node,
}

/// A node; deeper trees than [`crate::MAX_DEPTH`] are never built.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub range: Range<usize>,
    pub kind: Kind,
    depth: usize,
}

/// A name and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// What could not be read; an error was reported.
    Error,
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// The value and how it was spelled, sign included, for exact decimals.
    Double(f64, String),
    String(String),
    Bytes(Vec<u8>),
    Ident {
        name: String,
        /// `.name`: looked up outside every container.
        absolute: bool,
    },
    Select {
        of: Box<Node>,
        field: Name,
        /// `.?name`
        optional: bool,
    },
    Index {
        of: Box<Node>,
        index: Box<Node>,
        /// `[?index]`
        optional: bool,
    },
    List(Vec<Item>),
    Map(Vec<Entry>),
    /// `pkg.Type{field: value}`
    Message {
        name: String,
        fields: Vec<Entry>,
    },
    Unary {
        op: UnaryOp,
        operand: Box<Node>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Node>,
        right: Box<Node>,
    },
    Conditional {
        test: Box<Node>,
        then: Box<Node>,
        otherwise: Box<Node>,
    },
    Call {
        receiver: Option<Box<Node>>,
        function: Name,
        args: Vec<Node>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub value: Node,
    /// `?value`: left out where the optional is empty.
    pub optional: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: Node,
    pub value: Node,
    pub optional: bool,
}

/// A name that an expression takes from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The root: a step's id, `input`, `run`, `env` or a variable.
    pub root: Name,
    /// The first field after it, if one is selected: `amount` in `input.amount`.
    pub field: Option<Name>,
}

impl Node {
    #[must_use]
    pub fn new(range: Range<usize>, kind: Kind) -> Node {
        let mut depth = 0;
        kind.for_each_child(|child| depth = depth.max(child.depth));
        Node { range, kind, depth: depth + 1 }
    }

    /// The height of the tree below and including this node.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The namespace that the receiver of a call is, such as `math` in `math.abs(x)`. A method of that name goes before.
    #[must_use]
    pub(crate) fn namespace(&self, function: &str) -> Option<&str> {
        let names = self.dotted()?;
        let [name] = names.as_slice() else { return None };
        let method = FUNCTIONS.iter().any(|known| known.member && known.name == function)
            || MACROS.iter().any(|(known, _)| *known == function);
        (NAMESPACES.contains(name) && !method).then_some(*name)
    }

    /// `a.b.c` as `["a", "b", "c"]`, where the node is a chain of plain names.
    #[must_use]
    pub fn dotted(&self) -> Option<Vec<&str>> {
        match &self.kind {
            Kind::Ident { name, .. } => Some(vec![name]),
            Kind::Select { of, field, optional: false } => {
                let mut names = of.dotted()?;
                names.push(&field.text);
                Some(names)
            }
            _ => None,
        }
    }
}

impl Kind {
    /// Calls `visit` for each direct child, in the order of the text.
    pub fn for_each_child<'a>(&'a self, mut visit: impl FnMut(&'a Node)) {
        match self {
            Kind::Select { of, .. } | Kind::Unary { operand: of, .. } => visit(of),
            Kind::Index { of, index, .. } => {
                visit(of);
                visit(index);
            }
            Kind::List(items) => items.iter().for_each(|item| visit(&item.value)),
            Kind::Map(entries) | Kind::Message { fields: entries, .. } => entries.iter().for_each(|entry| {
                visit(&entry.key);
                visit(&entry.value);
            }),
            Kind::Binary { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Kind::Conditional { test, then, otherwise } => {
                visit(test);
                visit(then);
                visit(otherwise);
            }
            Kind::Call { receiver, args, .. } => {
                receiver.iter().for_each(|receiver| visit(receiver));
                args.iter().for_each(visit);
            }
            _ => {}
        }
    }
}

/// The names that a macro call binds in its later arguments, and how many leading arguments name them.
pub(crate) fn bound_names<'a>(function: &str, args: &'a [Node]) -> Vec<&'a str> {
    let names = match (function, args.len()) {
        ("all" | "exists" | "exists_one" | "existsOne" | "filter", 2) | ("map", 2 | 3) => 1,
        ("all" | "exists" | "existsOne" | "exists_one", 3)
        | ("transformList" | "transformMap" | "transformMapEntry", 3 | 4) => 2,
        _ => return Vec::new(),
    };
    let bound: Vec<&str> = args[..names]
        .iter()
        .filter_map(|arg| match &arg.kind {
            Kind::Ident { name, absolute: false } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if bound.len() == names { bound } else { Vec::new() }
}

/// Macros by name, and how they are written.
pub(crate) const MACROS: [(&str, &str); 12] = [
    ("has", "has(value.field)"),
    ("all", "list.all(x, test)"),
    ("exists", "list.exists(x, test)"),
    ("exists_one", "list.exists_one(x, test)"),
    ("filter", "list.filter(x, test)"),
    ("map", "list.map(x, value)"),
    ("transformList", "list.transformList(i, x, value)"),
    ("transformMap", "map.transformMap(k, v, value)"),
    ("transformMapEntry", "list.transformMapEntry(i, x, {key: value})"),
    ("cel.bind", "cel.bind(x, value, result)"),
    ("optMap", "value.optMap(x, result)"),
    ("optFlatMap", "value.optFlatMap(x, result)"),
];

/// A macro that names variables.
pub(crate) struct Binding<'a> {
    pub variables: Vec<Name>,
    /// Arguments that do not see the variables.
    pub values: &'a [Node],
    /// Arguments that do.
    pub bodies: &'a [Node],
}

/// The variables of a call, where it is a macro that has some.
pub(crate) fn binding<'a>(receiver: Option<&Node>, function: &str, args: &'a [Node]) -> Option<Binding<'a>> {
    let receiver = receiver?;
    let (names, values) = match (function, args.len()) {
        ("bind", 3) if receiver.dotted().as_deref() == Some(&["cel"]) => (1, 1),
        ("optMap" | "optFlatMap", 2) => (1, 0),
        _ => (bound_names(function, args).len(), 0),
    };
    let variables: Vec<Name> = args[..names]
        .iter()
        .filter_map(|arg| match &arg.kind {
            Kind::Ident { name, absolute: false } => {
                Some(Name { text: name.clone(), range: arg.range.clone() })
            }
            _ => None,
        })
        .collect();
    let whole = names > 0 && variables.len() == names;
    let (values, bodies) = args[names..].split_at(values);
    whole.then_some(Binding { variables, values, bodies })
}

impl Ast {
    /// Every use of a name from outside the expression, in the order of the text; variables of macros are left out.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut found);
        found
    }
}

fn collect(node: &Node, bound: &mut Vec<String>, found: &mut Vec<Reference>) {
    match &node.kind {
        Kind::Ident { name, .. } if !bound.contains(name) => {
            let root = Name { text: name.clone(), range: node.range.clone() };
            found.push(Reference { root, field: None });
        }
        Kind::Select { of, field, .. } => {
            let before = found.len();
            collect(of, bound, found);
            if let (Kind::Ident { .. }, Some(last)) = (&of.kind, found.get_mut(before)) {
                last.field = Some(field.clone());
            }
        }
        Kind::Call { receiver: Some(receiver), function, args } => {
            if receiver.namespace(&function.text).is_none() {
                collect(receiver, bound, found);
            }
            let Some(binding) = binding(Some(receiver), &function.text, args) else {
                args.iter().for_each(|arg| collect(arg, bound, found));
                return;
            };
            binding.values.iter().for_each(|value| collect(value, bound, found));
            let outer = bound.len();
            bound.extend(binding.variables.iter().map(|name| name.text.clone()));
            binding.bodies.iter().for_each(|body| collect(body, bound, found));
            bound.truncate(outer);
        }
        // Keys of a message are names of fields, not of values.
        Kind::Message { fields, .. } => fields.iter().for_each(|field| collect(&field.value, bound, found)),
        kind => kind.for_each_child(|child| collect(child, bound, found)),
    }
}
