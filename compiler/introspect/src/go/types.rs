//! Types of Go to types of the manifest.
//!
//! It does not know what is inside a struct (see `structs`), and gives `any` for what no rule covers.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};
use conductor_source::{Diagnostic, FileId, Span};

use super::external::{basic_below, well_known};
use super::names::{Argument, Entity, Scope, Under};
use super::package::{Decl, Package};
use super::store::Store;
use super::syntax::{TypeDecl, TypeExpr, TypeKind, TypeParam};

/// Types nested deeper are `any`.
const MAX_DEPTH: usize = 40;
/// What one type may read: definitions of definitions can double at every level.
const MAX_NODES: usize = 20_000;
/// More definitions than this are not read in one compilation.
const MAX_TYPES: usize = 20_000;
/// Type arguments can double in length at every level; longer names are `any`.
const MAX_NAME: usize = 200;
/// The module that types stand under which have no name of their own, as `chan int`.
const BUILTIN: &str = "builtin";

/// Reads types, and keeps the definitions of the structs that it meets.
pub struct Reader<'w> {
    pub store: &'w Store,
    pub files: &'w BTreeMap<String, FileId>,
    pub types: TypeTable,
    pub spans: BTreeMap<TypeName, Span>,
    depth: usize,
    budget: usize,
    /// Definitions being read, so that a recursive one ends.
    open: Vec<TypeName>,
    /// What annotations say that is not understood.
    pub warnings: Vec<Diagnostic>,
    /// Structs that were met and not read yet: a queue, so that a long chain of them is not a deep one.
    unread: VecDeque<(TypeName, Scope<'w>, &'w TypeExpr)>,
}

impl<'w> Reader<'w> {
    pub fn new(store: &'w Store, files: &'w BTreeMap<String, FileId>) -> Reader<'w> {
        Reader {
            store,
            files,
            types: TypeTable::new(),
            spans: BTreeMap::new(),
            depth: 0,
            budget: 0,
            open: Vec::new(),
            warnings: Vec::new(),
            unread: VecDeque::new(),
        }
    }

    /// Reads every struct that was met, and those that they lead to.
    pub fn read_structs(&mut self) {
        while let Some((name, scope, expr)) = self.unread.pop_front() {
            let definition = self.struct_definition(&scope, expr);
            self.types.insert(name, definition);
        }
    }

    pub fn span(&self, path: &str, range: &Range<usize>) -> Span {
        Span::new(self.files.get(path).copied().unwrap_or(FileId(u32::MAX)), range.start, range.end)
    }

    pub fn ty(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Type {
        if self.depth == 0 {
            self.budget = MAX_NODES;
        }
        if self.depth >= MAX_DEPTH || self.budget == 0 {
            return Type::Any;
        }
        self.depth += 1;
        self.budget -= 1;
        let found = self.read(scope, expr);
        self.depth -= 1;
        found
    }

    fn read(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Type {
        match &expr.kind {
            TypeKind::Name { package, name } => self.named(scope, package.as_deref(), name, &[]),
            TypeKind::Generic { package, name, arguments } => {
                self.named(scope, package.as_deref(), name, arguments)
            }
            TypeKind::Pointer(inner) => Type::optional(self.ty(scope, inner)),
            TypeKind::Slice(inner) if self.basic(scope, inner) == Some("byte") => Type::Bytes,
            TypeKind::Slice(inner) | TypeKind::Array(_, inner) => Type::List(Box::new(self.ty(scope, inner))),
            TypeKind::Map(key, value) if self.is_key(scope, key) => {
                Type::Map(Box::new(self.ty(scope, value)))
            }
            TypeKind::Struct(_) => self.anonymous(scope, expr),
            TypeKind::Interface(elements) if elements.is_empty() => Type::Any,
            TypeKind::Map(..) | TypeKind::Interface(_) | TypeKind::Chan(..) | TypeKind::Func(_) => {
                let text = self.text(scope, expr, 0);
                self.opaque(BUILTIN, &text)
            }
            TypeKind::Union(members) => self.union(scope, members),
            TypeKind::Unknown => Type::Any,
        }
    }

    /// Of a constraint: the one type that all its members are, or `any`.
    fn union(&mut self, scope: &Scope<'w>, members: &'w [(bool, TypeExpr)]) -> Type {
        let mut found: Option<Type> = None;
        for (_, member) in members {
            let ty = self.ty(scope, member);
            match &found {
                None => found = Some(ty),
                Some(known) if *known == ty => {}
                Some(Type::Int | Type::Float) if matches!(ty, Type::Int | Type::Float) => {
                    found = Some(Type::Float);
                }
                Some(_) => return Type::Any,
            }
        }
        found.unwrap_or(Type::Any)
    }

    fn named(
        &mut self,
        scope: &Scope<'w>,
        package: Option<&str>,
        name: &str,
        arguments: &'w [TypeExpr],
    ) -> Type {
        match self.store.type_entity(scope, package, name) {
            Entity::Param(argument) => argument.ty,
            Entity::Basic(basic) => self.predeclared(basic),
            Entity::External(path, name) => match well_known(&path, &name) {
                Some(known) => known,
                None => {
                    let texts: Vec<String> =
                        arguments.iter().map(|argument| self.text(scope, argument, 0)).collect();
                    self.opaque(&path, &instance(&name, &texts))
                }
            },
            Entity::Type(package, decl, found) => {
                let arguments = arguments.iter().map(|argument| self.argument(scope, argument)).collect();
                self.declared(&package, decl, found, arguments)
            }
            Entity::Unknown | Entity::Pending => Type::Any,
        }
    }

    fn predeclared(&mut self, basic: &str) -> Type {
        match basic {
            "bool" => Type::Bool,
            "string" => Type::String,
            "float32" | "float64" => Type::Float,
            "any" | "comparable" => Type::Any,
            "error" | "complex64" | "complex128" => self.opaque(BUILTIN, basic),
            _ => Type::Int,
        }
    }

    pub fn declared(
        &mut self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
        arguments: Vec<Argument>,
    ) -> Type {
        if let Some(known) = well_known(&package.path, &found.name) {
            return known;
        }
        let texts: Vec<String> = arguments.iter().map(|argument| argument.text.clone()).collect();
        let name = instance(&found.name, &texts);
        if name.len() > MAX_NAME {
            return Type::Any;
        }
        let env = bound(&found.type_params, arguments);
        let scope = Scope::new(package, decl).with(env);
        if found.is_alias {
            return self.ty(&scope, &found.ty);
        }
        let known = TypeName { module: package.path.clone(), name };
        if self.types.contains_key(&known) {
            return Type::Named(known);
        }
        if self.open.contains(&known) {
            return Type::Any;
        }
        self.spans.insert(known.clone(), self.span(decl.path, &found.name_at));
        self.open.push(known.clone());
        let ty = match self.custom_json(package, decl, found) {
            Some(ty) => ty.unwrap_or_else(|| self.define(&known, TypeDef::Opaque)),
            None => self.defined(&scope, package, found, &known),
        };
        self.open.pop();
        if !self.types.contains_key(&known) {
            self.spans.remove(&known);
        }
        ty
    }

    /// A definition without methods of its own for JSON.
    fn defined(
        &mut self,
        scope: &Scope<'w>,
        package: &Rc<Package>,
        found: &'w TypeDecl,
        known: &TypeName,
    ) -> Type {
        match self.store.underlying(scope, &found.ty) {
            Under::Basic(basic) => match self.enumeration(package, &found.name, basic) {
                Some(definition) => self.define(known, definition),
                None => self.predeclared(basic),
            },
            Under::Literal(inner, expr) => match &expr.kind {
                TypeKind::Struct(_) if self.types.len() < MAX_TYPES => {
                    self.unread.push_back((known.clone(), inner_scope(scope, &found.ty, inner), expr));
                    self.define(known, TypeDef::Opaque)
                }
                TypeKind::Interface(elements) if elements.is_empty() => Type::Any,
                TypeKind::Interface(_) | TypeKind::Func(_) | TypeKind::Chan(..) | TypeKind::Struct(_) => {
                    self.define(known, TypeDef::Opaque)
                }
                _ => self.ty(scope, &found.ty),
            },
            // Methods, with them those that make JSON, stay behind.
            Under::External(path, name) => match basic_below(&path, &name) {
                Some(basic) => self.predeclared(basic),
                None => self.define(known, TypeDef::Opaque),
            },
            Under::Given(_) | Under::Unknown => Type::Any,
        }
    }

    fn define(&mut self, name: &TypeName, definition: TypeDef) -> Type {
        self.types.insert(name.clone(), definition);
        Type::Named(name.clone())
    }

    pub fn opaque(&mut self, module: &str, name: &str) -> Type {
        let name = TypeName { module: module.to_owned(), name: name.to_owned() };
        self.types.entry(name.clone()).or_insert(TypeDef::Opaque);
        Type::Named(name)
    }

    pub fn argument(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Argument {
        let basic = self.basic(scope, expr);
        Argument { ty: self.ty(scope, expr), text: self.text(scope, expr, 0), basic }
    }

    /// The predeclared type below a type, with `byte` for `uint8`.
    pub fn basic(&self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Option<&'static str> {
        let basic = match self.store.underlying(scope, expr) {
            Under::Basic(basic) => Some(basic),
            Under::External(path, name) => basic_below(&path, &name),
            Under::Given(argument) => argument.basic,
            Under::Literal(..) | Under::Unknown => None,
        };
        if basic == Some("uint8") { Some("byte") } else { basic }
    }

    /// Whether `encoding/json` writes such keys as names.
    fn is_key(&mut self, scope: &Scope<'w>, key: &'w TypeExpr) -> bool {
        match self.basic(scope, key) {
            Some(basic) => {
                !matches!(basic, "bool" | "float32" | "float64" | "complex64" | "complex128" | "error")
            }
            None => match &key.kind {
                TypeKind::Name { package, name } | TypeKind::Generic { package, name, .. } => {
                    match self.store.type_entity(scope, package.as_deref(), name) {
                        Entity::Type(package, decl, found) => self.writes_text(&package, decl, found),
                        Entity::External(path, name) => well_known(&path, &name).is_some(),
                        // What a type parameter without a known type is written as depends on the call.
                        Entity::Param(argument) => argument.ty == Type::Any,
                        Entity::Basic(_) => false,
                        Entity::Unknown | Entity::Pending => true,
                    }
                }
                _ => false,
            },
        }
    }

    /// A type as Go writes it, with import paths.
    pub fn text(&self, scope: &Scope<'w>, expr: &'w TypeExpr, depth: usize) -> String {
        if depth > MAX_DEPTH {
            return "...".to_owned();
        }
        let inner = |expr: &'w TypeExpr| self.text(scope, expr, depth + 1);
        let list = |params: &'w [super::syntax::Param]| {
            let one = |param: &'w super::syntax::Param| {
                format!("{}{}", if param.variadic { "..." } else { "" }, inner(&param.ty))
            };
            params.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        match &expr.kind {
            TypeKind::Name { package, name } => self.name_text(scope, package.as_deref(), name, depth),
            TypeKind::Generic { package, name, arguments } => {
                let arguments: Vec<String> = arguments.iter().map(inner).collect();
                format!("{}[{}]", self.name_text(scope, package.as_deref(), name, depth), arguments.join(","))
            }
            TypeKind::Pointer(to) => format!("*{}", inner(to)),
            TypeKind::Slice(of) => format!("[]{}", inner(of)),
            TypeKind::Array(length, of) => format!("[{length}]{}", inner(of)),
            TypeKind::Map(key, value) => format!("map[{}]{}", inner(key), inner(value)),
            TypeKind::Chan(direction, of) => format!("{direction} {}", inner(of)),
            TypeKind::Func(func) => {
                let results = list(&func.results);
                let results = match func.results.len() {
                    0 => String::new(),
                    1 => format!(" {results}"),
                    _ => format!(" ({results})"),
                };
                format!("func({}){results}", list(&func.parameters))
            }
            TypeKind::Struct(fields) if fields.is_empty() => "struct{}".to_owned(),
            TypeKind::Struct(_) => "struct{...}".to_owned(),
            TypeKind::Interface(elements) if elements.is_empty() => "interface{}".to_owned(),
            TypeKind::Interface(_) => "interface{...}".to_owned(),
            TypeKind::Union(_) | TypeKind::Unknown => "...".to_owned(),
        }
    }

    fn name_text(&self, scope: &Scope<'w>, package: Option<&str>, name: &str, depth: usize) -> String {
        match self.store.type_entity(scope, package, name) {
            Entity::Param(argument) => argument.text,
            Entity::Type(package, decl, found) if found.is_alias && found.type_params.is_empty() => {
                self.text(&Scope::new(&package, decl), &found.ty, depth + 1)
            }
            Entity::Type(package, _, found) => format!("{}.{}", package.path, found.name),
            Entity::External(path, name) => format!("{path}.{name}"),
            Entity::Basic(basic) => basic.to_owned(),
            Entity::Unknown | Entity::Pending => name.to_owned(),
        }
    }
}

/// Type parameters with what they are given.
pub fn bound(params: &[TypeParam], arguments: Vec<Argument>) -> BTreeMap<String, Argument> {
    let any = || Argument { ty: Type::Any, text: "any".to_owned(), basic: None };
    let mut arguments = arguments.into_iter();
    params.iter().map(|param| (param.name.clone(), arguments.next().unwrap_or_else(any))).collect()
}

fn instance(name: &str, arguments: &[String]) -> String {
    if arguments.is_empty() { name.to_owned() } else { format!("{name}[{}]", arguments.join(",")) }
}

/// A struct that is written in the declaration itself knows the declaration's type parameters.
fn inner_scope<'w>(outer: &Scope<'w>, written: &TypeExpr, found: Scope<'w>) -> Scope<'w> {
    if matches!(written.kind, TypeKind::Struct(_)) { outer.clone() } else { found }
}
