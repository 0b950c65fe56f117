//! What is inside a user's class: dataclasses, attrs, pydantic models, typed dicts, named tuples, enumerations.
//!
//! It does not know how values are encoded; a class that cannot be rebuilt from its fields is opaque. How the
//! fields of each kind are written is in `fields`.

use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef};
use conductor_source::Span;

use super::annotation::{Reader, Scope};
use super::names::{Entity, Home};
use super::syntax::{Class, ClassField, Expr, ExprKind};

/// Deeper inheritance is not followed; a cycle ends here.
const MAX_BASES: usize = 30;

/// A class with what it inherits.
pub struct Shape {
    pub kind: Kind,
    pub slots: Vec<Slot>,
}

/// A field, or a value that the constructor takes and does not keep.
#[derive(Clone)]
pub struct Slot {
    pub field: Field,
    /// The default as the source writes it.
    pub default: Option<String>,
    pub stored: bool,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// No fields that we know; a dataclass may build on it.
    Plain,
    Dataclass,
    Attrs,
    Pydantic,
    TypedDict,
    NamedTuple,
    Enum(EnumKind),
    /// `str` or `int`, which an enumeration may mix in.
    Mixin(EnumKind),
    /// Built in a way that we cannot repeat.
    Foreign,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EnumKind {
    Any,
    /// `StrEnum`, whose `auto()` is the name in lower case.
    Named,
    /// `str, Enum`.
    String,
    Int,
}

impl<'w> Reader<'w> {
    pub fn class_definition(&mut self, home: &Home<'w>, name: &str, class: &'w Class) -> TypeDef {
        let shape = self.shape(home, name, class, 0);
        // A value that is asked for and not kept cannot be given again.
        let is_lost = shape.slots.iter().any(|slot| !slot.stored && slot.field.required);
        let stored = shape.slots.into_iter().filter(|slot| slot.stored);
        let fields: Vec<Field> = stored.map(|slot| slot.field).collect();
        match shape.kind {
            Kind::Dataclass | Kind::Attrs | Kind::Pydantic | Kind::NamedTuple if !is_lost => {
                TypeDef::Class { fields }
            }
            Kind::TypedDict => TypeDef::TypedDict { fields },
            Kind::Enum(kind) => enumeration(class, kind, &|expr| self.is_auto(home, expr)),
            _ => TypeDef::Opaque,
        }
    }

    pub fn shape(&mut self, home: &Home<'w>, name: &str, class: &'w Class, depth: usize) -> Shape {
        if depth > MAX_BASES {
            return Shape { kind: Kind::Foreign, slots: Vec::new() };
        }
        let scope = Scope { class: Some(name.to_owned()), ..Scope::module(home.clone(), &class.type_params) };
        let mut shape = self.inherited(home, name, class, depth);
        match shape.kind {
            Kind::Plain | Kind::Dataclass | Kind::Attrs => self.decorated(&scope, class, &mut shape),
            Kind::Pydantic => self.model(&scope, class, &mut shape),
            Kind::TypedDict => {
                let total =
                    !matches!(class.keyword("total").map(|value| &value.kind), Some(ExprKind::Bool(false)));
                for (field, annotation) in annotated(class) {
                    let key = self.key(&scope, &field.name, annotation, total);
                    put(&mut shape.slots, self.slot(&scope, field, key));
                }
            }
            // A subclass of a named tuple adds no fields.
            Kind::NamedTuple if shape.slots.is_empty() => {
                for (field, annotation) in annotated(class) {
                    let ty = self.annotation(&scope, annotation);
                    let found = plain(&field.name, ty, field.value.is_none());
                    put(&mut shape.slots, self.slot(&scope, field, found));
                }
            }
            Kind::NamedTuple | Kind::Enum(_) | Kind::Mixin(_) | Kind::Foreign => {}
        }
        shape
    }

    /// A stored field with its default.
    pub fn slot(&self, scope: &Scope<'w>, written: &ClassField, field: Field) -> Slot {
        let text = &scope.home.source.text;
        let default = written.value.as_ref().filter(|_| !field.required);
        let default = default.and_then(|value| text.get(value.range.clone())).map(str::to_owned);
        let default = default.or_else(|| (!field.required).then(|| "...".to_owned()));
        Slot { field, default, stored: true, span: self.span(scope.home.path, &written.range) }
    }

    /// What the bases give, the last base first, as Python collects fields.
    fn inherited(&mut self, home: &Home<'w>, name: &str, class: &'w Class, depth: usize) -> Shape {
        // Bases are evaluated outside the class's own body.
        let outer = name.rsplit_once('.').map(|(outer, _)| outer.to_owned());
        let scope = Scope { class: outer, ..Scope::module(home.clone(), &class.type_params) };
        let mut kinds = Vec::new();
        let mut slots = Vec::new();
        for base in class.bases.iter().rev() {
            let shape = self.base(&scope, base, depth);
            kinds.push(shape.kind);
            for slot in shape.slots {
                put(&mut slots, slot);
            }
        }
        kinds.reverse();
        Shape { kind: joined(&kinds), slots }
    }

    fn base(&mut self, scope: &Scope<'w>, base: &Expr, depth: usize) -> Shape {
        let bare = |kind| Shape { kind, slots: Vec::new() };
        // `class Url(NamedTuple("Url", ...))` inherits from a class that only exists at run time.
        if matches!(base.kind, ExprKind::Call(_)) {
            return bare(Kind::Foreign);
        }
        if let Some(full) = self.external_name(scope, base) {
            return bare(match full.as_str() {
                "typing.TypedDict" => Kind::TypedDict,
                "typing.NamedTuple" => Kind::NamedTuple,
                "pydantic.BaseModel" | "pydantic.main.BaseModel" => Kind::Pydantic,
                "enum.Enum" => Kind::Enum(EnumKind::Any),
                "enum.StrEnum" => Kind::Enum(EnumKind::Named),
                "enum.IntEnum" => Kind::Enum(EnumKind::Int),
                "builtins.str" => Kind::Mixin(EnumKind::String),
                "builtins.int" => Kind::Mixin(EnumKind::Int),
                "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol" => Kind::Plain,
                _ => Kind::Foreign,
            });
        }
        let path = match &base.kind {
            ExprKind::Name(path) => Some(&path[..]),
            ExprKind::Subscript(base, _) => base.dotted(),
            _ => None,
        };
        match path.map(|path| self.store.resolve(&scope.home, scope.class.as_deref(), path)) {
            // Where the roots hold the installed packages, too.
            Some(Entity::Class(home, name, _)) if home.module == "pydantic.main" && name == "BaseModel" => {
                bare(Kind::Pydantic)
            }
            Some(Entity::Class(home, name, class)) => self.shape(&home, &name, class, depth + 1),
            _ => bare(Kind::Foreign),
        }
    }

    /// A key of a typed dict; `Required` and `NotRequired` may stand below `Annotated` and `ReadOnly`.
    pub fn key(&mut self, scope: &Scope<'w>, name: &str, annotation: &Expr, total: bool) -> Field {
        let ty = self.annotation(scope, annotation);
        let mut required = total;
        let mut inner = unquoted(annotation);
        loop {
            match self.external_name(scope, &inner).as_deref() {
                Some("typing.Required") => required = true,
                Some("typing.NotRequired") => required = false,
                Some("typing.Annotated" | "typing.ReadOnly") => {}
                _ => break,
            }
            match inner.kind {
                ExprKind::Subscript(_, arguments) if !arguments.is_empty() => {
                    inner = unquoted(&arguments[0]);
                }
                _ => break,
            }
        }
        plain(name, ty, required)
    }

    fn is_auto(&self, home: &Home<'w>, expr: &Expr) -> bool {
        let scope = Scope::module(home.clone(), &[]);
        matches!(expr.kind, ExprKind::Call(_)) && self.is_external(&scope, expr, "enum.auto")
    }
}

/// The kind that several bases make together: `str, Enum` is an enumeration of strings.
fn joined(kinds: &[Kind]) -> Kind {
    let kinds: Vec<Kind> = kinds.iter().copied().filter(|kind| *kind != Kind::Plain).collect();
    match kinds[..] {
        [] => Kind::Plain,
        [Kind::Mixin(_)] => Kind::Foreign,
        [Kind::Mixin(mixin), Kind::Enum(_)] => Kind::Enum(mixin),
        [first, ref rest @ ..] if rest.iter().all(|kind| *kind == first) => first,
        _ => Kind::Foreign,
    }
}

pub fn annotated(class: &Class) -> impl Iterator<Item = (&ClassField, &Expr)> {
    class.fields.iter().filter_map(|field| Some((field, field.annotation.as_ref()?)))
}

/// A string annotation's expression, else a copy.
pub fn unquoted(annotation: &Expr) -> Expr {
    match &annotation.kind {
        ExprKind::Str(text) => super::parse::annotation(text).unwrap_or_else(|| annotation.clone()),
        _ => annotation.clone(),
    }
}

pub fn plain(name: &str, ty: Type, required: bool) -> Field {
    Field { name: name.to_owned(), attribute: None, keyword: None, ty, required, init: true, native: None }
}

/// A field that is declared again keeps its place.
pub fn put(slots: &mut Vec<Slot>, slot: Slot) {
    let source = |slot: &Slot| slot.field.attribute.clone().unwrap_or_else(|| slot.field.name.clone());
    match slots.iter_mut().find(|known| source(known) == source(&slot)) {
        Some(known) => *known = slot,
        None => slots.push(slot),
    }
}

/// Members with string or integer values, all of one kind; anything else is opaque.
fn enumeration(class: &Class, kind: EnumKind, is_auto: &dyn Fn(&Expr) -> bool) -> TypeDef {
    if ["__new__", "__init__", "_generate_next_value_"].into_iter().any(|method| class.defines(method)) {
        return TypeDef::Opaque;
    }
    let mut members: Vec<EnumMember> = Vec::new();
    let mut highest: Option<i64> = None;
    for field in class.fields.iter().filter(|field| !field.name.starts_with('_')) {
        let Some(value) = &field.value else { continue };
        let value = match &value.kind {
            ExprKind::Str(text) => serde_json::Value::from(text.as_str()),
            ExprKind::Int(number) => serde_json::Value::from(*number),
            _ if is_auto(value) && kind == EnumKind::Named => {
                serde_json::Value::from(field.name.to_lowercase())
            }
            _ if is_auto(value) && kind != EnumKind::String => {
                serde_json::Value::from(highest.map_or(1, |highest| highest.saturating_add(1)))
            }
            // `RED = "red"` then `CRIMSON = RED` is a second name, not a member.
            ExprKind::Name(path) if members.iter().any(|known| path[..] == [known.name.as_str()]) => continue,
            _ => return TypeDef::Opaque,
        };
        highest = highest.max(value.as_i64());
        if !members.iter().any(|known| known.value == value) {
            members.push(EnumMember { name: field.name.clone(), value });
        }
    }
    let strings = members.iter().filter(|member| member.value.is_string()).count();
    let base = match strings {
        0 if matches!(kind, EnumKind::Any | EnumKind::Int) => EnumBase::Int,
        all if all == members.len() && kind != EnumKind::Int => EnumBase::String,
        _ => return TypeDef::Opaque,
    };
    if members.is_empty() { TypeDef::Opaque } else { TypeDef::Enum { base, members } }
}
