//! Annotations to types.
//!
//! It does not know what is inside a class (see `class`), and gives `any` for what no rule covers.

use std::collections::BTreeMap;
use std::ops::Range;

use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};
use conductor_source::{Diagnostic, FileId, Span};

use super::names::{Entity, Home};
use super::parse;
use super::store::Store;
use super::syntax::{Call, Class, Expr, ExprKind, TypeParam, Value};

/// Aliases and string annotations nested deeper than this are `any`.
const MAX_DEPTH: usize = 40;
/// What one annotation may read.
const MAX_NODES: usize = 20_000;

/// Reads types, and keeps the definitions of the classes that it meets.
pub struct Reader<'w> {
    pub store: &'w Store,
    pub files: &'w BTreeMap<String, FileId>,
    pub types: TypeTable,
    pub spans: BTreeMap<TypeName, Span>,
    /// What is odd about the code that was read.
    pub warnings: Vec<Diagnostic>,
    depth: usize,
    /// Nodes still to be read for this annotation: aliases of aliases can double at every level.
    budget: usize,
    /// The aliases being read, so that a recursive one ends.
    aliases: Vec<(String, Range<usize>)>,
    /// Classes that were met and not read yet: a queue, so that a long chain of classes is not a deep one.
    unread: Vec<(Home<'w>, String, &'w Class)>,
}

/// Where an annotation stands: what its names mean depends on it.
#[derive(Clone)]
pub struct Scope<'w> {
    pub home: Home<'w>,
    /// The class whose body it stands in.
    pub class: Option<String>,
    pub type_params: Vec<&'w TypeParam>,
}

impl<'w> Scope<'w> {
    pub fn module(home: Home<'w>, type_params: &'w [TypeParam]) -> Scope<'w> {
        Scope { home, class: None, type_params: type_params.iter().collect() }
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
            aliases: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Reads every class that was met, and those that they lead to.
    pub fn read_classes(&mut self) {
        while let Some((home, name, class)) = self.unread.pop() {
            let definition = self.class_definition(&home, &name, class);
            self.types.insert(TypeName { module: home.module, name }, definition);
        }
    }

    pub fn span(&self, path: &str, range: &Range<usize>) -> Span {
        Span::new(self.files.get(path).copied().unwrap_or(FileId(u32::MAX)), range.start, range.end)
    }

    pub fn annotation(&mut self, scope: &Scope<'w>, expr: &Expr) -> Type {
        if self.depth == 0 {
            self.budget = MAX_NODES;
        }
        if self.depth >= MAX_DEPTH || self.budget == 0 {
            return Type::Any;
        }
        self.depth += 1;
        self.budget -= 1;
        let found = match &expr.kind {
            ExprKind::Name(path) => self.named(scope, path, None),
            ExprKind::Subscript(base, arguments) => match base.dotted() {
                Some(path) => self.named(scope, path, Some(arguments)),
                None => Type::Any,
            },
            ExprKind::Union(members) => self.union(scope, members),
            ExprKind::Str(text) => {
                parse::annotation(text).map_or(Type::Any, |parsed| self.annotation(scope, &parsed))
            }
            ExprKind::None => Type::Null,
            _ => Type::Any,
        };
        self.depth -= 1;
        found
    }

    fn union(&mut self, scope: &Scope<'w>, members: &[Expr]) -> Type {
        let members: Vec<Type> = members.iter().map(|member| self.annotation(scope, member)).collect();
        Type::union(members)
    }

    fn named(&mut self, scope: &Scope<'w>, path: &[String], arguments: Option<&[Expr]>) -> Type {
        if let [only] = path
            && let Some(found) = scope.type_params.iter().rev().find(|param| param.name == *only)
        {
            let outer = Scope { type_params: Vec::new(), ..scope.clone() };
            return found.bound.as_ref().map_or(Type::Any, |bound| self.annotation(&outer, bound));
        }
        match self.store.resolve(&scope.home, scope.class.as_deref(), path) {
            Entity::External(full) => self.external(scope, &full, arguments),
            Entity::Class(home, name, class) => self.class_type(&home, &name, class),
            Entity::Value(home, value) => self.value_type(&home, value, path),
            Entity::Function(..) | Entity::Module(_) | Entity::Unknown | Entity::Pending => Type::Any,
        }
    }

    /// A class of the user's code; what is inside is read once.
    pub fn class_type(&mut self, home: &Home<'w>, name: &str, class: &'w Class) -> Type {
        let full = TypeName { module: home.module.clone(), name: name.to_owned() };
        if !self.types.contains_key(&full) {
            self.types.insert(full.clone(), TypeDef::Opaque);
            self.spans.insert(full.clone(), self.span(home.path, &class.name));
            self.unread.push((home.clone(), name.to_owned(), class));
        }
        Type::Named(full)
    }

    fn opaque(&mut self, module: &str, name: &str) -> Type {
        let full = TypeName { module: module.to_owned(), name: name.to_owned() };
        self.types.entry(full.clone()).or_insert(TypeDef::Opaque);
        Type::Named(full)
    }

    /// `X = list[int]`, `X: TypeAlias = ...`, `type X = ...`, `X = NewType("X", int)`.
    fn value_type(&mut self, home: &Home<'w>, value: &'w Value, path: &[String]) -> Type {
        let scope = Scope::module(home.clone(), &value.type_params);
        if let Some(annotation) = &value.annotation
            && !self.is_external(&scope, annotation, "typing.TypeAlias")
        {
            return Type::Any;
        }
        let key = (home.module.clone(), value.name.clone());
        if self.aliases.contains(&key) {
            return Type::Any;
        }
        self.aliases.push(key);
        let found = match value.value.as_ref().map(|value| (&value.kind, value)) {
            Some((ExprKind::Call(call), _)) => self.called(&scope, call, path),
            Some((_, value)) => self.annotation(&scope, value),
            None => Type::Any,
        };
        self.aliases.pop();
        found
    }

    fn called(&mut self, scope: &Scope<'w>, call: &Call, path: &[String]) -> Type {
        let full = self.external_name(scope, &call.function).unwrap_or_default();
        match (full.as_str(), &call.arguments[..]) {
            ("typing.TypeVar", [_]) => {
                call.keyword("bound").map_or(Type::Any, |bound| self.annotation(scope, bound))
            }
            ("typing.TypeVar", [_, constraints @ ..]) => self.union(scope, constraints),
            ("typing.NewType", [_, base, ..]) => self.annotation(scope, base),
            ("typing.TypedDict", [_, Expr { kind: ExprKind::Dict(fields), .. }, ..]) => {
                let total =
                    !matches!(call.keyword("total").map(|value| &value.kind), Some(ExprKind::Bool(false)));
                let name = path.last().map_or("", String::as_str);
                let full = TypeName { module: scope.home.module.clone(), name: name.to_owned() };
                if !self.types.contains_key(&full) {
                    self.types.insert(full.clone(), TypeDef::Opaque);
                    let span = self.span(scope.home.path, &call.function.range);
                    self.spans.insert(full.clone(), span);
                    let fields = fields.iter().map(|(name, ty)| self.key(scope, name, ty, total)).collect();
                    self.types.insert(full.clone(), TypeDef::TypedDict { fields });
                }
                Type::Named(full)
            }
            (
                "typing.NamedTuple"
                | "collections.namedtuple"
                | "enum.Enum"
                | "enum.IntEnum"
                | "enum.StrEnum",
                _,
            ) => self.opaque(&scope.home.module, path.last().map_or("", String::as_str)),
            _ => Type::Any,
        }
    }

    /// The full name of what leads out of the user's code, with `typing_extensions` as `typing`.
    pub fn external_name(&self, scope: &Scope<'w>, expr: &Expr) -> Option<String> {
        let path = match &expr.kind {
            ExprKind::Name(path) => path,
            ExprKind::Subscript(base, _) => base.dotted()?,
            ExprKind::Call(call) => call.function.dotted()?,
            _ => return None,
        };
        match self.store.resolve(&scope.home, scope.class.as_deref(), path) {
            Entity::External(full) => Some(canonical(&full)),
            _ => None,
        }
    }

    pub fn is_external(&self, scope: &Scope<'w>, expr: &Expr, wanted: &str) -> bool {
        self.external_name(scope, expr).is_some_and(|full| full == wanted)
    }

    fn external(&mut self, scope: &Scope<'w>, full: &str, arguments: Option<&[Expr]>) -> Type {
        let full = canonical(full);
        let arguments = arguments.unwrap_or_default();
        if let Some(simple) = simple(&full) {
            return simple;
        }
        let (module, name) = full.rsplit_once('.').unwrap_or(("", &full));
        match (module, name) {
            ("typing" | "collections.abc" | "builtins", name) if is_list(name) => self.list(scope, arguments),
            ("typing" | "collections.abc" | "builtins" | "collections", name) if is_map(name) => {
                self.map(scope, arguments)
            }
            ("typing", "Optional") => {
                Type::optional(arguments.first().map_or(Type::Any, |inner| self.annotation(scope, inner)))
            }
            ("typing", "Union") => self.union(scope, arguments),
            ("typing", "Literal") => self.literal(scope, arguments),
            ("typing", "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly")
            | ("dataclasses", "InitVar") => {
                arguments.first().map_or(Type::Any, |inner| self.annotation(scope, inner))
            }
            _ => self.opaque(module, name),
        }
    }

    /// A tuple is none: what is decoded from an array is a list.
    fn list(&mut self, scope: &Scope<'w>, arguments: &[Expr]) -> Type {
        let item = arguments.first().map_or(Type::Any, |item| self.annotation(scope, item));
        Type::List(Box::new(item))
    }

    /// Only string keys survive JSON as they are.
    fn map(&mut self, scope: &Scope<'w>, arguments: &[Expr]) -> Type {
        let [key, value] = arguments else { return Type::Map(Box::new(Type::Any)) };
        let value = self.annotation(scope, value);
        match self.annotation(scope, key) {
            Type::String | Type::Any => Type::Map(Box::new(value)),
            _ => Type::Any,
        }
    }

    fn literal(&mut self, scope: &Scope<'w>, arguments: &[Expr]) -> Type {
        let of = |reader: &mut Self, argument: &Expr| match &argument.kind {
            ExprKind::Str(_) => Type::String,
            ExprKind::Int(_) => Type::Int,
            ExprKind::Bool(_) => Type::Bool,
            ExprKind::Bytes => Type::Bytes,
            ExprKind::None => Type::Null,
            // `Literal[Color.RED]`
            ExprKind::Name(path) if path.len() > 1 => reader.named(scope, &path[..path.len() - 1], None),
            ExprKind::Name(path) => reader.named(scope, path, None),
            _ => Type::Any,
        };
        let members: Vec<Type> = arguments.iter().map(|argument| of(self, argument)).collect();
        Type::union(members)
    }
}

fn canonical(full: &str) -> String {
    match full.strip_prefix("typing_extensions.") {
        Some(name) => format!("typing.{name}"),
        None => full.to_owned(),
    }
}

fn simple(full: &str) -> Option<Type> {
    Some(match full {
        "builtins.str" | "typing.Text" | "typing.LiteralString" => Type::String,
        "builtins.int" => Type::Int,
        "builtins.float" => Type::Float,
        "builtins.bool" => Type::Bool,
        "builtins.bytes" => Type::Bytes,
        "decimal.Decimal" => Type::Decimal,
        "datetime.datetime" => Type::Timestamp,
        "datetime.date" => Type::Date,
        "datetime.timedelta" => Type::Duration,
        "uuid.UUID" => Type::Uuid,
        "types.NoneType" | "typing.NoReturn" | "typing.Never" => Type::Null,
        "builtins.object" | "typing.Any" | "typing.AnyStr" | "typing.Self" => Type::Any,
        _ => return None,
    })
}

fn is_list(name: &str) -> bool {
    matches!(name, "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection")
}

fn is_map(name: &str) -> bool {
    matches!(
        name,
        "dict" | "Dict" | "Mapping" | "MutableMapping" | "OrderedDict" | "DefaultDict" | "defaultdict"
    )
}
