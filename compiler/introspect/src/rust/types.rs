//! Types of Rust to types of the manifest.
//!
//! It does not know what is inside a struct or an enumeration (see `definition`), and gives `any` for what no rule covers.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};
use conductor_source::{Diagnostic, FileId, Span};

use super::external::{Known, known, primitive};
use super::names::{Entity, Wanted};
use super::store::{Home, Store};
use super::syntax::{Body, TypeDecl, TypeExpr, TypeKind, TypeParam};

/// Types nested deeper are `any`.
const MAX_DEPTH: usize = 40;
/// What one type may read: definitions of definitions can double at every level.
const MAX_NODES: usize = 20_000;
/// More definitions than this are not read in one compilation.
const MAX_TYPES: usize = 20_000;
/// Type arguments can double in length at every level; longer names are `any`.
const MAX_NAME: usize = 200;
/// The module that types stand under which have no name of their own, as `(A, B)`.
const BUILTIN: &str = "core";

/// Reads types, and keeps the definitions of the structs that it meets.
pub struct Reader<'w> {
    pub store: &'w Store,
    pub files: &'w BTreeMap<String, FileId>,
    pub types: TypeTable,
    pub spans: BTreeMap<TypeName, Span>,
    /// What annotations say that is not understood.
    pub warnings: Vec<Diagnostic>,
    depth: usize,
    budget: usize,
    /// Definitions being read, so that a recursive one ends.
    open: Vec<TypeName>,
    /// Structs that were met and not read yet.
    unread: VecDeque<(TypeName, Scope<'w>, &'w TypeDecl)>,
}

/// Where a type is written: what its names mean depends on it.
#[derive(Clone)]
pub struct Scope<'w> {
    pub home: Home<'w>,
    /// What type parameters and `Self` stand for here.
    pub env: Rc<BTreeMap<String, Argument>>,
}

#[derive(Clone, Debug)]
pub struct Argument {
    pub ty: Type,
    /// As Rust writes it, with full paths.
    pub text: String,
}

impl<'w> Scope<'w> {
    pub fn new(home: &Home<'w>) -> Scope<'w> {
        Scope { home: home.clone(), env: Rc::default() }
    }

    pub fn with(&self, env: BTreeMap<String, Argument>) -> Scope<'w> {
        Scope { home: self.home.clone(), env: Rc::new(env) }
    }
}

impl<'w> Reader<'w> {
    pub fn new(store: &'w Store, files: &'w BTreeMap<String, FileId>) -> Reader<'w> {
        Reader {
            store,
            files,
            types: TypeTable::new(),
            spans: BTreeMap::new(),
            warnings: Vec::new(),
            depth: 0,
            budget: 0,
            open: Vec::new(),
            unread: VecDeque::new(),
        }
    }

    /// Reads every struct that was met, and those that they lead to.
    pub fn read_structs(&mut self) {
        while let Some((name, scope, decl)) = self.unread.pop_front() {
            let definition = self.struct_definition(&scope, decl);
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
            TypeKind::Path(names, arguments) => self.path(scope, names, arguments),
            TypeKind::Reference(inner) => self.ty(scope, inner),
            TypeKind::Slice(inner) if is_byte(inner) => Type::Bytes,
            TypeKind::Slice(inner) | TypeKind::Array(inner) => Type::List(Box::new(self.ty(scope, inner))),
            TypeKind::Tuple(members) if members.is_empty() => Type::Null,
            TypeKind::Never => Type::Null,
            TypeKind::Impl(bounds) => self.bounded(scope, bounds),
            TypeKind::Tuple(_) | TypeKind::Dyn(_) => {
                let text = self.text(scope, expr, 0);
                self.opaque(BUILTIN, &text)
            }
            TypeKind::Binding(..) | TypeKind::Other => Type::Any,
        }
    }

    fn path(&mut self, scope: &Scope<'w>, names: &[String], arguments: &'w [TypeExpr]) -> Type {
        if let Some(given) = names.first().and_then(|first| scope.env.get(first)) {
            // What is behind `T::Item` is not looked for.
            return if names.len() == 1 { given.ty.clone() } else { Type::Any };
        }
        // `<T as Trait>::Item`.
        if names.first().is_some_and(|first| first.starts_with('<')) {
            return Type::Any;
        }
        match self.store.resolve(&scope.home, names, Wanted::Type) {
            Entity::Type(home, decl) => {
                let arguments = arguments.iter().map(|argument| self.argument(scope, argument)).collect();
                self.declared(&home, decl, arguments)
            }
            Entity::External(path) => match primitive(&path[0]).filter(|_| path.len() == 1) {
                Some(primitive) => primitive,
                None => self.external(scope, &path, arguments),
            },
            _ => Type::Any,
        }
    }

    fn external(&mut self, scope: &Scope<'w>, path: &[String], arguments: &'w [TypeExpr]) -> Type {
        let first = arguments.first();
        let inner = |reader: &mut Self| first.map_or(Type::Any, |inner| reader.ty(scope, inner));
        match known(path) {
            Known::Plain(ty) => ty,
            Known::Inner => inner(self),
            Known::Optional => Type::optional(inner(self)),
            Known::Vec if first.is_some_and(is_byte) => Type::Bytes,
            Known::Vec | Known::List => Type::List(Box::new(inner(self))),
            Known::Map => match (first.is_none_or(|key| self.is_key(scope, key)), arguments.get(1)) {
                (true, Some(value)) => Type::Map(Box::new(self.ty(scope, value))),
                (true, None) => Type::Map(Box::new(Type::Any)),
                (false, _) => self.opaque(BUILTIN, path.last().map_or("", String::as_str)),
            },
            // A name without a path that nothing declares: a macro or a glob of another crate may bring it.
            Known::Unknown if path.len() == 1 => Type::Any,
            Known::Unknown => {
                let (name, module) = path
                    .split_last()
                    .map_or(("", String::new()), |(name, module)| (name.as_str(), module.join("::")));
                self.opaque(&module, name)
            }
        }
    }

    /// Whether serde writes such keys as names of a JSON object.
    fn is_key(&mut self, scope: &Scope<'w>, key: &'w TypeExpr) -> bool {
        match self.ty(scope, key) {
            Type::String | Type::Int | Type::Uuid | Type::Any | Type::Bool => true,
            Type::Named(name) => matches!(self.types.get(&name), Some(TypeDef::Enum { .. })),
            _ => false,
        }
    }

    /// What `impl Into<String>` and the like take.
    pub fn bounded(&mut self, scope: &Scope<'w>, bounds: &'w [TypeExpr]) -> Type {
        for bound in bounds {
            let TypeKind::Path(names, arguments) = &bound.kind else { continue };
            let name = names.last().map_or("", String::as_str);
            match (name, &arguments[..]) {
                ("Into" | "AsRef" | "Borrow" | "Deref", [inner]) => {
                    let inner = match &inner.kind {
                        TypeKind::Binding(_, inner) => inner,
                        _ => inner,
                    };
                    return self.ty(scope, inner);
                }
                ("IntoIterator", [TypeExpr { kind: TypeKind::Binding(_, item), .. }]) => {
                    return Type::List(Box::new(self.ty(scope, item)));
                }
                ("ToString" | "Display", _) => return Type::String,
                ("Iterator" | "Stream" | "Read" | "Write" | "AsyncRead" | "AsyncWrite", _) => {
                    return self.opaque(BUILTIN, &format!("impl {name}"));
                }
                _ => {}
            }
        }
        let has_function = bounds.iter().any(|bound| matches!(bound.kind, TypeKind::Other));
        if has_function { self.opaque(BUILTIN, "impl Fn") } else { Type::Any }
    }

    pub fn declared(&mut self, home: &Home<'w>, decl: &'w TypeDecl, arguments: Vec<Argument>) -> Type {
        let texts: Vec<&str> = arguments.iter().map(|argument| argument.text.as_str()).collect();
        let name =
            if texts.is_empty() { decl.name.clone() } else { format!("{}<{}>", decl.name, texts.join(", ")) };
        if name.len() > MAX_NAME {
            return Type::Any;
        }
        let scope = Scope::new(home).with(bound(&decl.type_params, arguments));
        let known = TypeName { module: home.full(), name };
        if self.types.contains_key(&known) {
            return Type::Named(known);
        }
        if self.open.contains(&known) {
            return Type::Any;
        }
        if let Body::Alias(of) = &decl.body {
            self.open.push(known);
            let ty = self.ty(&scope, of);
            self.open.pop();
            return ty;
        }
        self.spans.insert(known.clone(), self.span(home.path, &decl.name_at));
        self.open.push(known.clone());
        let ty = self.defined(&scope, decl, &known);
        self.open.pop();
        if !self.types.contains_key(&known) {
            self.spans.remove(&known);
        }
        ty
    }

    fn defined(&mut self, scope: &Scope<'w>, decl: &'w TypeDecl, known: &TypeName) -> Type {
        let serde = &decl.serde;
        if !serde.is_derived && !serde.is_repr {
            let by_hand = super::definition::implements(&scope.home, &decl.name, "Serialize");
            return if by_hand { Type::Any } else { self.define(known, TypeDef::Opaque) };
        }
        if serde.is_reshaped || self.types.len() >= MAX_TYPES {
            return self.define(known, TypeDef::Opaque);
        }
        match &decl.body {
            Body::Struct(fields) if serde.is_transparent && fields.len() == 1 => {
                self.ty(scope, &fields[0].ty)
            }
            Body::Tuple(types) => match &types[..] {
                [] => Type::Null,
                [only] => self.ty(scope, only),
                _ => self.define(known, TypeDef::Opaque),
            },
            Body::Struct(_) => {
                self.unread.push_back((known.clone(), scope.clone(), decl));
                self.define(known, TypeDef::Opaque)
            }
            Body::Enum(variants) => {
                let definition = super::definition::enumeration(serde, variants);
                self.define(known, definition.unwrap_or(TypeDef::Opaque))
            }
            Body::Alias(_) | Body::Other => self.define(known, TypeDef::Opaque),
        }
    }

    fn define(&mut self, name: &TypeName, definition: TypeDef) -> Type {
        self.types.insert(name.clone(), definition);
        Type::Named(name.clone())
    }

    fn opaque(&mut self, module: &str, name: &str) -> Type {
        let name = TypeName { module: module.to_owned(), name: name.to_owned() };
        self.types.entry(name.clone()).or_insert(TypeDef::Opaque);
        Type::Named(name)
    }

    pub fn argument(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Argument {
        Argument { ty: self.ty(scope, expr), text: self.text(scope, expr, 0) }
    }

    /// A type as Rust writes it, with full paths.
    pub fn text(&self, scope: &Scope<'w>, expr: &'w TypeExpr, depth: usize) -> String {
        if depth > MAX_DEPTH {
            return "...".to_owned();
        }
        let inner = |expr: &'w TypeExpr| self.text(scope, expr, depth + 1);
        let list = |types: &'w [TypeExpr], by: &str| types.iter().map(inner).collect::<Vec<_>>().join(by);
        match &expr.kind {
            TypeKind::Path(names, arguments) => {
                if let [only] = &names[..]
                    && let Some(given) = scope.env.get(only)
                {
                    return given.text.clone();
                }
                let base = match self.store.resolve(&scope.home, names, Wanted::Type) {
                    Entity::Type(home, decl) => format!("{}::{}", home.full(), decl.name),
                    Entity::External(path) => path.join("::"),
                    _ => names.join("::"),
                };
                if arguments.is_empty() { base } else { format!("{base}<{}>", list(arguments, ", ")) }
            }
            TypeKind::Reference(to) => format!("&{}", inner(to)),
            TypeKind::Slice(of) | TypeKind::Array(of) => format!("[{}]", inner(of)),
            TypeKind::Tuple(members) => format!("({})", list(members, ", ")),
            TypeKind::Impl(bounds) => format!("impl {}", list(bounds, " + ")),
            TypeKind::Dyn(bounds) => format!("dyn {}", list(bounds, " + ")),
            TypeKind::Binding(name, ty) => format!("{name} = {}", inner(ty)),
            TypeKind::Never => "!".to_owned(),
            TypeKind::Other => "...".to_owned(),
        }
    }
}

fn is_byte(expr: &TypeExpr) -> bool {
    matches!(&expr.kind, TypeKind::Path(names, _) if matches!(&names[..], [only] if only == "u8"))
}

/// Type parameters with what they are given.
fn bound(params: &[TypeParam], arguments: Vec<Argument>) -> BTreeMap<String, Argument> {
    let any = || Argument { ty: Type::Any, text: "_".to_owned() };
    let mut arguments = arguments.into_iter();
    params.iter().map(|param| (param.name.clone(), arguments.next().unwrap_or_else(any))).collect()
}
