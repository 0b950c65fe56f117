//! What is kept of a Go file: its declarations, and types as they are written.
//!
//! It knows no names of other files and no meaning.

use std::ops::Range;

use crate::tree::Problem;

#[derive(Debug, Default)]
pub struct File {
    pub package: Option<(String, Range<usize>)>,
    pub imports: Vec<Import>,
    /// Methods too.
    pub functions: Vec<Function>,
    pub types: Vec<TypeDecl>,
    pub constants: Vec<Constant>,
    pub variables: Vec<Variable>,
    pub problems: Vec<Problem>,
    /// Those outside declarations, in order; only of files that may hold an annotation.
    pub comments: Vec<Range<usize>>,
}

#[derive(Debug)]
pub struct Import {
    /// `.` and `_` as well.
    pub name: Option<String>,
    pub path: String,
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub name_at: Range<usize>,
    /// Where the declaration begins.
    pub start: usize,
    pub receiver: Option<Receiver>,
    pub type_params: Vec<TypeParam>,
    pub signature: Func,
    pub doc: Option<String>,
    /// What is wrong with its head; its body is not looked at.
    pub broken: Option<Problem>,
}

/// The type whose method it is, and how the method calls the type's parameters.
#[derive(Debug)]
pub struct Receiver {
    pub type_name: String,
    pub type_params: Vec<String>,
}

#[derive(Debug)]
pub struct TypeParam {
    pub name: String,
    pub constraint: TypeExpr,
}

#[derive(Debug, Clone, Default)]
pub struct Func {
    pub parameters: Vec<Param>,
    pub results: Vec<Param>,
    /// All that is written of the results.
    pub results_at: Option<Range<usize>>,
}

#[derive(Debug, Clone)]
pub struct Param {
    /// `None` where it has no name, or `_`.
    pub name: Option<String>,
    pub ty: TypeExpr,
    pub variadic: bool,
    /// Its name with its type; of several names with one type, the name.
    pub range: Range<usize>,
}

#[derive(Debug)]
pub struct TypeDecl {
    pub name: String,
    pub name_at: Range<usize>,
    pub type_params: Vec<TypeParam>,
    pub ty: TypeExpr,
    /// `type A = B`.
    pub is_alias: bool,
}

#[derive(Debug)]
pub struct Constant {
    pub name: String,
    pub name_at: Range<usize>,
    pub ty: Option<TypeExpr>,
    pub value: Option<ConstExpr>,
    /// What `iota` is there.
    pub iota: i64,
}

#[derive(Debug)]
pub struct Variable {
    pub name: String,
    pub name_at: Range<usize>,
    pub ty: Option<TypeExpr>,
    /// The head of a function literal that is its value.
    pub literal: Option<Func>,
    pub value: Option<Value>,
}

/// As much of a variable's value as tells whether it is an error.
#[derive(Debug)]
pub enum Value {
    /// `errors.New(...)`: the package and the function.
    Call(Option<String>, String),
    /// Another variable.
    Name(Option<String>, String),
    /// `T{...}` or `&T{...}`.
    Struct(TypeExpr),
}

/// As much of constant expressions as enumerations are written with.
#[derive(Debug, Clone)]
pub enum ConstExpr {
    Str(String),
    Int(i64),
    Iota,
    Name(String),
    /// `http.StatusOK`.
    Qualified(String, String),
    Unary(char, Box<ConstExpr>),
    Binary(Box<ConstExpr>, String, Box<ConstExpr>),
    /// `State("open")`.
    Convert(String, Box<ConstExpr>),
    Unknown,
}

#[derive(Debug, Clone)]
pub struct TypeExpr {
    pub kind: TypeKind,
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub enum TypeKind {
    /// `User`, `models.User`.
    Name {
        package: Option<String>,
        name: String,
    },
    Generic {
        package: Option<String>,
        name: String,
        arguments: Vec<TypeExpr>,
    },
    Pointer(Box<TypeExpr>),
    Slice(Box<TypeExpr>),
    /// With its length as written, `...` too.
    Array(String, Box<TypeExpr>),
    Map(Box<TypeExpr>, Box<TypeExpr>),
    /// With `chan`, `<-chan` or `chan<-`.
    Chan(&'static str, Box<TypeExpr>),
    Func(Box<Func>),
    Struct(Vec<Field>),
    Interface(Vec<Element>),
    /// `A | ~B`, in constraints only; whether each stands for all types it underlies.
    Union(Vec<(bool, TypeExpr)>),
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Field {
    /// `None` for an embedded one.
    pub name: Option<(String, Range<usize>)>,
    pub ty: TypeExpr,
    /// The text of its tag, unquoted.
    pub tag: Option<String>,
}

#[derive(Debug, Clone)]
pub enum Element {
    /// With the place of its name.
    Method(String, Range<usize>, Func),
    /// An interface, a type or a union of types.
    Type(TypeExpr),
}
