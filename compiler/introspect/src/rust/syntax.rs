//! What is kept of a Rust file: its items, and types as they are written.
//!
//! It knows no names of other modules and no meaning.

use std::ops::Range;

use crate::tree::Problem;

#[derive(Debug, Default)]
pub struct File {
    /// The module that the file is, with those written inside it.
    pub items: Items,
    pub problems: Vec<Problem>,
    /// Only of files that may hold an annotation.
    pub comments: Vec<Range<usize>>,
}

/// What a module declares.
#[derive(Debug, Default)]
pub struct Items {
    pub functions: Vec<Function>,
    pub types: Vec<TypeDecl>,
    pub uses: Vec<Use>,
    pub modules: Vec<Mod>,
    pub impls: Vec<Impl>,
    /// Constants and statics.
    pub values: Vec<(String, Range<usize>)>,
    pub traits: Vec<(String, Range<usize>)>,
}

#[derive(Debug)]
pub struct Mod {
    pub name: String,
    /// `None` for one in a file of its own.
    pub items: Option<Items>,
    /// Of `#[path = "..."]`.
    pub path: Option<String>,
}

/// One name that a `use` brings.
#[derive(Debug)]
pub struct Use {
    pub path: Vec<String>,
    /// `None` for `*`.
    pub name: Option<String>,
}

#[derive(Debug)]
pub struct Impl {
    pub ty: TypeExpr,
    pub type_params: Vec<TypeParam>,
    /// The last name of the trait.
    pub of_trait: Option<String>,
    pub functions: Vec<Function>,
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub name_at: Range<usize>,
    /// Where its first attribute or itself begins.
    pub start: usize,
    pub is_public: bool,
    pub is_async: bool,
    /// Whether its first parameter is `self` in any form.
    pub takes_self: bool,
    pub type_params: Vec<TypeParam>,
    pub parameters: Vec<Param>,
    pub returns: Option<TypeExpr>,
    pub doc: Option<String>,
    pub broken: Option<Problem>,
}

#[derive(Debug)]
pub struct Param {
    /// `None` for a pattern without one name.
    pub name: Option<String>,
    pub ty: TypeExpr,
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub struct TypeParam {
    pub name: String,
    pub bounds: Vec<TypeExpr>,
}

#[derive(Debug)]
pub struct TypeDecl {
    pub name: String,
    pub name_at: Range<usize>,
    pub type_params: Vec<TypeParam>,
    pub serde: Serde,
    pub body: Body,
}

#[derive(Debug)]
pub enum Body {
    Alias(TypeExpr),
    Struct(Vec<Field>),
    Tuple(Vec<TypeExpr>),
    Enum(Vec<Variant>),
    /// A union.
    Other,
}

#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub name_at: Range<usize>,
    pub is_public: bool,
    pub ty: TypeExpr,
    pub serde: Serde,
}

#[derive(Debug)]
pub struct Variant {
    pub name: String,
    pub is_unit: bool,
    /// As written.
    pub value: Option<String>,
    pub serde: Serde,
}

/// What derives and `#[serde(...)]` say of an item.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Serde {
    /// `Serialize` or `Deserialize` is derived.
    pub is_derived: bool,
    /// `Serialize_repr` or `Deserialize_repr` is derived.
    pub is_repr: bool,
    pub derives_default: bool,
    pub rename: Option<String>,
    pub rename_all: Option<String>,
    pub is_default: bool,
    pub is_skipped: bool,
    /// Written under a condition only.
    pub may_be_absent: bool,
    /// `flatten`, `tag`, `untagged`, `into` and the like: the form is another.
    pub is_reshaped: bool,
    pub is_transparent: bool,
    /// `with`, `serialize_with`, `deserialize_with`: the field's form is another.
    pub is_custom: bool,
}

#[derive(Debug, Clone)]
pub struct TypeExpr {
    pub kind: TypeKind,
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub enum TypeKind {
    /// `models::User<T>`, with the type arguments of its last name.
    Path(Vec<String>, Vec<TypeExpr>),
    Reference(Box<TypeExpr>),
    Slice(Box<TypeExpr>),
    Array(Box<TypeExpr>),
    Tuple(Vec<TypeExpr>),
    /// `impl A + B`, its bounds.
    Impl(Vec<TypeExpr>),
    /// `dyn A + B`.
    Dyn(Vec<TypeExpr>),
    /// `Future<Output = T>` has the binding in its arguments.
    Binding(String, Box<TypeExpr>),
    Never,
    /// Functions, raw pointers, macros.
    Other,
}
