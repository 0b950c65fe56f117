//! Type expressions of the manifest, names unresolved: `list<User>?`, `{id: int}`, `int | string`.

use conductor_protocol::types::Type;
use conductor_source::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct TypeExpr {
    pub kind: TypeExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeExprKind {
    /// One of the built-in types without parameters.
    Builtin(Type),
    /// A class of the code, perhaps with its module: `User`, `shop.models.User`.
    Name(String),
    List(Box<TypeExpr>),
    Map(Box<TypeExpr>),
    Record(Vec<(String, TypeExpr)>),
    Optional(Box<TypeExpr>),
    Union(Vec<TypeExpr>),
    /// Reported already.
    Broken,
}
