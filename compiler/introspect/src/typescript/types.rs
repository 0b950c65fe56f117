//! Types as the source writes them to types of the manifest.
//!
//! It does not know what is inside a class or interface (see `shape`), and gives `any` for what no rule covers.

use std::collections::BTreeMap;
use std::ops::Range;

use conductor_model::ParameterKind;
use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};
use conductor_source::{Diagnostic, FileId, Span};

use super::names::{Entity, Home, Space};
use super::store::Store;
use super::syntax::{Alias, Class, Enum, Interface, TypeExpr, TypeKind, TypeParam};
use super::unsaid::Unsaid;

/// Aliases nested deeper than this are `any`.
const MAX_DEPTH: usize = 50;
/// What one type may read.
const MAX_NODES: usize = 20_000;

/// Reads types, and keeps the definitions of the classes, interfaces and enumerations that it meets.
pub struct Reader<'w> {
    pub store: &'w Store,
    pub files: &'w BTreeMap<String, FileId>,
    pub types: TypeTable,
    pub spans: BTreeMap<TypeName, Span>,
    /// Of annotations in comments.
    pub warnings: Vec<Diagnostic>,
    depth: usize,
    /// Nodes still to be read for this type: aliases of aliases can double at every level.
    budget: usize,
    /// The generic definitions being read, so that a recursive one ends.
    open: Vec<(String, usize)>,
    /// What of the type being read a manifest cannot say.
    unsaid: Unsaid,
    /// What was met and not read yet: a queue, so that a long chain of types is not a deep one.
    unread: Vec<(TypeName, Home<'w>, Met<'w>)>,
}

enum Met<'w> {
    Class(&'w Class),
    Interface(Vec<&'w Interface>),
    Alias(&'w Alias),
    Enum(&'w Enum),
}

/// Where a type stands: what its names mean depends on it.
#[derive(Clone)]
pub struct Scope<'w> {
    pub home: Home<'w>,
    /// Type parameters and what they stand for.
    pub bound: BTreeMap<String, Type>,
    /// Whether a value is given to it: a `number` that is asked for takes whole numbers too.
    pub is_input: bool,
}

impl<'w> Scope<'w> {
    pub fn new(home: Home<'w>) -> Scope<'w> {
        Scope { home, bound: BTreeMap::new(), is_input: false }
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
            unsaid: Unsaid::default(),
            unread: Vec::new(),
        }
    }

    /// Reads every definition that was met, and those that they lead to.
    pub fn read_definitions(&mut self) {
        while let Some((name, home, met)) = self.unread.pop() {
            let scope = Scope::new(home);
            let definition = match met {
                Met::Class(class) => self.class_definition(&scope, class),
                Met::Interface(interfaces) => self.interface_definition(&scope, &interfaces),
                Met::Alias(alias) => self.alias_definition(&scope, alias),
                Met::Enum(found) => super::shape::enumeration(found),
            };
            self.types.insert(name, definition);
        }
    }

    pub fn span(&self, path: &str, range: &Range<usize>) -> Span {
        Span::new(self.files.get(path).copied().unwrap_or(FileId(u32::MAX)), range.start, range.end)
    }

    /// Binds type parameters: to what is given, else to their default or what they extend, else to `any`.
    pub fn bind(&mut self, scope: &mut Scope<'w>, params: &[TypeParam], given: &[Type]) {
        for (index, param) in params.iter().enumerate() {
            let bound = match given.get(index) {
                Some(ty) => ty.clone(),
                None => {
                    let says = match given.is_empty() {
                        true => param.constraint.as_ref(),
                        false => param.default.as_ref().or(param.constraint.as_ref()),
                    };
                    says.map_or(Type::Any, |says| self.read(scope, says))
                }
            };
            scope.bound.insert(param.name.clone(), bound);
        }
    }

    /// Runs `read` one level deeper, or gives nothing where that is too deep or too much.
    pub fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == 0 {
            self.budget = MAX_NODES;
        }
        if self.depth >= MAX_DEPTH || self.budget == 0 {
            return None;
        }
        self.depth += 1;
        self.budget -= 1;
        let found = read(self);
        self.depth -= 1;
        Some(found)
    }

    pub fn read(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> Type {
        self.deeper(|reader| reader.kind(scope, expr)).unwrap_or(Type::Any)
    }

    /// The type, and what of it a manifest cannot say.
    pub fn read_natively(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> (Type, Option<String>) {
        let outer = std::mem::take(&mut self.unsaid);
        let ty = self.read(scope, expr);
        let unsaid = std::mem::replace(&mut self.unsaid, outer);
        (ty, unsaid.text())
    }

    fn kind(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> Type {
        self.unsaid.meets(&expr.kind);
        match &expr.kind {
            TypeKind::String | TypeKind::Literal(_) => Type::String,
            TypeKind::Number => number(scope),
            TypeKind::Integer | TypeKind::BigInt => Type::Int,
            TypeKind::Bool => Type::Bool,
            TypeKind::Null | TypeKind::Undefined => Type::Null,
            TypeKind::Union(members) => {
                let members: Vec<Type> = members.iter().map(|member| self.read(scope, member)).collect();
                Type::union(members)
            }
            TypeKind::Array(item) => Type::List(Box::new(self.read(scope, item))),
            TypeKind::Tuple(items) => {
                let items: Vec<Type> = items.iter().map(|item| self.read(scope, item)).collect();
                Type::List(Box::new(if items.is_empty() { Type::Any } else { Type::union(items) }))
            }
            TypeKind::Object(body) => match (&body.index, body.fields.is_empty() && !body.has_methods) {
                (Some(value), true) => Type::Map(Box::new(self.read(scope, value))),
                _ if !body.calls.is_empty() => self.outside("", "Function"),
                _ => self.record(scope, expr),
            },
            TypeKind::Intersection(members) => match self.fields(scope, expr) {
                Some(fields) => super::shape::record(fields),
                // `string & { readonly brand: "UserId" }` is a string that only the compiler tells from others.
                None => {
                    let plain = |ty: &Type| {
                        matches!(ty, Type::String | Type::Int | Type::Float | Type::Bool)
                            || *ty == number(scope)
                    };
                    let mut members = members.iter().map(|member| self.read(scope, member));
                    members.find(plain).unwrap_or(Type::Any)
                }
            },
            TypeKind::Function(_) => self.outside("", "Function"),
            TypeKind::Field(..) => self.field_type(scope, expr),
            TypeKind::Name { path, args, module } => self.named(scope, expr, path, args, module.as_deref()),
            TypeKind::Other => Type::Any,
        }
    }

    /// A type by its fields; `any` where they are not known.
    fn record(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> Type {
        match self.fields(scope, expr) {
            Some(fields) => super::shape::record(fields),
            None => Type::Any,
        }
    }

    /// `T["name"]`
    fn field_type(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> Type {
        let TypeKind::Field(base, name) = &expr.kind else { return Type::Any };
        let fields = self.fields(scope, base).unwrap_or_default();
        let found = fields.into_iter().find(|field| field.name == *name);
        found.map_or(Type::Any, |field| if field.required { field.ty } else { Type::optional(field.ty) })
    }

    pub fn entity(&self, scope: &Scope<'w>, path: &[String], module: Option<&str>) -> Entity<'w> {
        match module {
            Some(module) => self.store.resolve_in(&scope.home, module, path, Space::Type),
            None => self.store.resolve(&scope.home, path, Space::Type),
        }
    }

    fn named(
        &mut self,
        scope: &Scope<'w>,
        expr: &TypeExpr,
        path: &[String],
        args: &[TypeExpr],
        module: Option<&str>,
    ) -> Type {
        if let ([only], None) = (path, module)
            && let Some(bound) = scope.bound.get(only)
        {
            return bound.clone();
        }
        match self.entity(scope, path, module) {
            Entity::Interface(home, _, found) if !found[0].type_params.is_empty() => {
                self.instance(scope, expr, &home, found[0].name.start)
            }
            Entity::Alias(home, name, alias) => self.alias(scope, args, &home, name, alias),
            Entity::Unknown => self.builtin(scope, expr, path, args),
            other => self.of_entity(scope, other),
        }
    }

    /// The type that a name stands for without arguments.
    pub fn of_entity(&mut self, scope: &Scope<'w>, entity: Entity<'w>) -> Type {
        match entity {
            // What is inside a generic class may differ with its arguments; only its name is told.
            Entity::Class(home, name, class) => self.met(home, name, class.name.clone(), Met::Class(class)),
            Entity::Interface(home, name, found) => {
                let bare = found.iter().all(|one| one.body.fields.is_empty() && one.extends.is_empty());
                match found.iter().find_map(|one| one.body.index.as_ref()).filter(|_| bare) {
                    Some(value) => {
                        let scope = Scope { is_input: scope.is_input, ..Scope::new(home) };
                        Type::Map(Box::new(self.read(&scope, value)))
                    }
                    None => self.met(home, name, found[0].name.clone(), Met::Interface(found)),
                }
            }
            Entity::Alias(home, name, alias) => self.alias(scope, &[], &home, name, alias),
            Entity::Enum(home, name, found) => self.met(home, name, found.name.clone(), Met::Enum(found)),
            Entity::External(module, name) => self.outside(&module, &name),
            _ => Type::Any,
        }
    }

    /// What a generic interface is with its arguments: its fields, without its name.
    fn instance(&mut self, scope: &Scope<'w>, expr: &TypeExpr, home: &Home<'w>, at: usize) -> Type {
        let key = (home.path.to_owned(), at);
        if self.open.contains(&key) {
            return Type::Any;
        }
        self.open.push(key);
        let found = self.record(scope, expr);
        self.open.pop();
        found
    }

    fn alias(
        &mut self,
        scope: &Scope<'w>,
        args: &[TypeExpr],
        home: &Home<'w>,
        name: String,
        alias: &'w Alias,
    ) -> Type {
        let key = (home.path.to_owned(), alias.name.start);
        if self.open.contains(&key) {
            return Type::Any;
        }
        self.open.push(key);
        let given: Vec<Type> = args.iter().map(|arg| self.read(scope, arg)).collect();
        let mut inner = Scope { is_input: scope.is_input, ..Scope::new(home.clone()) };
        self.bind(&mut inner, &alias.type_params, &given);
        let found = self.read(&inner, &alias.value);
        self.open.pop();
        match found {
            // An object type that has a name keeps it.
            Type::Record(_) if alias.type_params.is_empty() => {
                self.met(home.clone(), name, alias.name.clone(), Met::Alias(alias))
            }
            found => found,
        }
    }

    fn met(&mut self, home: Home<'w>, name: String, place: Range<usize>, met: Met<'w>) -> Type {
        let full = TypeName { module: self.store.module_name(home.path), name };
        if !self.types.contains_key(&full) {
            self.types.insert(full.clone(), TypeDef::Opaque);
            self.spans.insert(full.clone(), self.span(home.path, &place));
            self.unread.push((full.clone(), home, met));
        }
        Type::Named(full)
    }

    /// Something that is not of the user's code.
    pub fn outside(&mut self, module: &str, name: &str) -> Type {
        let full = TypeName { module: module.to_owned(), name: name.to_owned() };
        self.types.entry(full.clone()).or_insert(TypeDef::Opaque);
        Type::Named(full)
    }

    /// What the language and its standard library provide.
    fn builtin(&mut self, scope: &Scope<'w>, expr: &TypeExpr, path: &[String], args: &[TypeExpr]) -> Type {
        let [name] = path else { return self.outside("", &path.join(".")) };
        let mut argument = || args.first().map_or(Type::Any, |arg| self.read(scope, arg));
        match name.as_str() {
            "String" | "string" => Type::String,
            "Number" | "number" => number(scope),
            "Boolean" | "boolean" => Type::Bool,
            "BigInt" => Type::Int,
            "Date" => Type::Timestamp,
            "Uint8Array" | "Buffer" => Type::Bytes,
            "Array" | "ReadonlyArray" | "Iterable" | "ArrayLike" => Type::List(Box::new(argument())),
            "Promise" | "PromiseLike" | "Awaited" | "NoInfer" | "Readonly" => argument(),
            "NonNullable" => argument().non_null().clone(),
            "Record" => self.map(scope, args),
            "Partial" | "Required" | "Pick" | "Omit" => self.record(scope, expr),
            "Exclude" | "Extract" if argument() == Type::String => Type::String,
            "Uppercase" | "Lowercase" | "Capitalize" | "Uncapitalize" => Type::String,
            "Object" | "Exclude" | "Extract" | "ReturnType" | "Parameters" | "InstanceType" | "ThisType"
            | "this" | "globalThis" | "any" | "array" => Type::Any,
            name => self.outside("", name),
        }
    }

    /// `Record<string, T>`, and with literal keys a record of them.
    fn map(&mut self, scope: &Scope<'w>, args: &[TypeExpr]) -> Type {
        let [key, value] = args else { return Type::Map(Box::new(Type::Any)) };
        let ty = self.read(scope, value);
        match super::shape::literals(key) {
            Some(names) => Type::Record(names.into_iter().map(|name| (name, ty.clone())).collect()),
            None => match self.read(scope, key) {
                Type::String | Type::Any => Type::Map(Box::new(ty)),
                // The keys of an enumeration are strings too, and so is what a number is as a key.
                Type::Named(_) | Type::Int | Type::Float | Type::Union(_) => Type::Map(Box::new(ty)),
                _ => Type::Any,
            },
        }
    }

    /// Whether a parameter is given by the runtime, to be told of cancellation.
    pub fn kind_of(&self, scope: &Scope<'w>, expr: &TypeExpr) -> ParameterKind {
        match &expr.kind {
            TypeKind::Union(members) => {
                let mut rest = members
                    .iter()
                    .filter(|member| !matches!(member.kind, TypeKind::Null | TypeKind::Undefined));
                match (rest.next(), rest.next()) {
                    (Some(only), None) => self.kind_of(scope, only),
                    _ => ParameterKind::PositionalOnly,
                }
            }
            TypeKind::Name { path, .. }
                if path[..] == ["AbortSignal"]
                    && matches!(self.entity(scope, path, None), Entity::Unknown) =>
            {
                ParameterKind::Cancellation
            }
            _ => ParameterKind::PositionalOnly,
        }
    }
}

/// A `number` may be whole or not: where one is asked for both will do, and one that is given may have a fraction.
fn number(scope: &Scope<'_>) -> Type {
    if scope.is_input { Type::union([Type::Int, Type::Float]) } else { Type::Float }
}
