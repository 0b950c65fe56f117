//! What introspection keeps of a TypeScript or JavaScript module: what it binds and exports, with their types.
//!
//! It knows nothing of files or other modules; a type or value that no rule looks at is `Other`.

use std::collections::BTreeMap;
use std::ops::Range;

/// The declarations of one scope. A name may stand for a value and for a type, and be declared several times.
pub type Names = BTreeMap<String, Vec<Decl>>;

#[derive(Debug, Default)]
pub struct Module {
    pub scope: Scope,
    pub errors: Vec<SyntaxError>,
    /// Every comment, in order, where one of them may be an annotation.
    pub comments: Vec<Range<usize>>,
    /// Whether types are read from JSDoc comments.
    pub is_javascript: bool,
}

/// A module or namespace.
#[derive(Debug, Default)]
pub struct Scope {
    pub names: Names,
    /// By exported name; `default` and `export =` (as `default`) too.
    pub exports: BTreeMap<String, Vec<Export>>,
    /// The modules of `export * from`, in order.
    pub stars: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Export {
    /// A name of the same scope.
    Local(String),
    /// `export { name } from "module"`; without a name, `export * as x from "module"`.
    From { module: String, name: Option<String>, range: Range<usize> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: String,
    pub range: Range<usize>,
}

#[derive(Debug)]
pub enum Decl {
    Function(Box<Function>),
    Class(Box<Class>),
    /// An interface, or `type X = { ... }`.
    Interface(Box<Interface>),
    Alias(Box<Alias>),
    Enum(Box<Enum>),
    Value(Box<Value>),
    Import(Import),
    Namespace(Box<Scope>, Range<usize>),
    /// A definition that could not be read.
    Broken(SyntaxError),
}

/// `import { name } from "module"`; without a name, the module itself.
#[derive(Debug, Clone)]
pub struct Import {
    pub module: String,
    pub name: Option<String>,
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub struct Function {
    /// The name, or the whole where there is none.
    pub name: Range<usize>,
    /// From the first keyword or decorator to the end of the body.
    pub range: Range<usize>,
    pub is_async: bool,
    pub is_generator: bool,
    /// False for a signature of an overload, in an interface or in a declaration.
    pub has_body: bool,
    pub type_params: Vec<TypeParam>,
    pub params: Vec<Param>,
    pub returns: Option<TypeExpr>,
    pub doc: Option<Doc>,
}

/// The comment before a declaration: its text without stars, tags included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    pub text: String,
    /// Where the comment stands.
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub struct TypeParam {
    pub name: String,
    pub constraint: Option<TypeExpr>,
    pub default: Option<TypeExpr>,
}

#[derive(Debug, Clone)]
pub struct Param {
    pub pattern: Pattern,
    pub is_rest: bool,
    pub is_optional: bool,
    pub annotation: Option<TypeExpr>,
    /// The default as the source writes it.
    pub default: Option<String>,
    /// `constructor(private readonly x: string)`; whether it is public.
    pub property: Option<bool>,
    /// The name or pattern with its type.
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub enum Pattern {
    Name(String),
    /// `{ a, b = 2, ...c }`: each property with its default, and where it stands.
    Object(Vec<(String, Option<String>, Range<usize>)>),
    Array,
}

#[derive(Debug)]
pub struct Class {
    pub name: Range<usize>,
    pub is_abstract: bool,
    pub type_params: Vec<TypeParam>,
    pub extends: Option<TypeExpr>,
    pub members: Vec<Member>,
}

#[derive(Debug)]
pub struct Member {
    pub name: String,
    pub is_static: bool,
    /// `private`, `protected` or `#name`.
    pub is_hidden: bool,
    pub is_abstract: bool,
    pub kind: MemberKind,
    pub range: Range<usize>,
}

#[derive(Debug)]
pub enum MemberKind {
    /// A method or the constructor.
    Method(Box<Function>),
    Accessor,
    Broken(SyntaxError),
    Field {
        annotation: Option<TypeExpr>,
        is_optional: bool,
        init: Option<Init>,
    },
}

#[derive(Debug, Clone)]
pub struct Interface {
    pub name: Range<usize>,
    pub type_params: Vec<TypeParam>,
    pub extends: Vec<TypeExpr>,
    pub body: ObjectType,
}

#[derive(Debug)]
pub struct Alias {
    pub name: Range<usize>,
    pub type_params: Vec<TypeParam>,
    pub value: TypeExpr,
}

#[derive(Debug)]
pub struct Enum {
    pub name: Range<usize>,
    pub members: Vec<(String, EnumValue)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EnumValue {
    /// One more than the one before.
    Next,
    String(String),
    Int(i64),
    /// Another member of the same enumeration.
    Same(String),
    Computed,
}

/// `const x = ...`, or the value of `export default`.
#[derive(Debug)]
pub struct Value {
    pub name: Range<usize>,
    pub annotation: Option<TypeExpr>,
    pub init: Init,
    pub doc: Option<Doc>,
}

#[derive(Debug)]
pub enum Init {
    Function(Box<Function>),
    Class(Box<Class>),
    /// Properties that are named: `{ a, b() {}, c: x }`.
    Object(BTreeMap<String, Init>),
    /// `a.b.c`
    Name(Vec<String>),
    /// `x as T`, where the type says more than the value.
    Cast(TypeExpr),
    /// `require("module")`
    Require(String),
    Call,
    Nothing,
    Other,
}

#[derive(Debug, Clone)]
pub struct TypeExpr {
    pub kind: TypeKind,
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub enum TypeKind {
    /// `a.b.C<args>`, or `import("module").C`.
    Name {
        path: Vec<String>,
        args: Vec<TypeExpr>,
        module: Option<String>,
    },
    Union(Vec<TypeExpr>),
    Intersection(Vec<TypeExpr>),
    Array(Box<TypeExpr>),
    Tuple(Vec<TypeExpr>),
    Object(Box<ObjectType>),
    /// Where several, they are overloads.
    Function(Box<Function>),
    /// `T["name"]`
    Field(Box<TypeExpr>, String),
    String,
    /// `number` and literals with a fraction.
    Number,
    /// A whole number written as a literal type.
    Integer,
    BigInt,
    /// Literal strings of `Pick<T, "a" | "b">` keep their text.
    Literal(String),
    Bool,
    Null,
    /// `undefined` and `void`, which are null to a manifest.
    Undefined,
    Other,
}

#[derive(Debug, Clone, Default)]
pub struct ObjectType {
    pub fields: Vec<FieldType>,
    /// The values of `[key: string]: T`.
    pub index: Option<Box<TypeExpr>>,
    /// Call signatures: a value of the type is a function.
    pub calls: Vec<Function>,
    /// It has methods or can be constructed.
    pub has_methods: bool,
}

#[derive(Debug, Clone)]
pub struct FieldType {
    pub name: String,
    pub is_optional: bool,
    pub ty: Option<TypeExpr>,
}

impl Module {
    pub fn new(is_javascript: bool) -> Module {
        Module { is_javascript, ..Module::default() }
    }
}

impl Scope {
    pub fn declare(&mut self, name: String, decl: Decl) {
        self.names.entry(name).or_default().push(decl);
    }

    pub fn export(&mut self, name: String, export: Export) {
        let known = self.exports.entry(name).or_default();
        // Overloads are exported one by one.
        if !known.contains(&export) {
            known.push(export);
        }
    }
}

impl Decl {
    pub fn is_value(&self) -> bool {
        !matches!(self, Decl::Interface(_) | Decl::Alias(_))
    }

    pub fn is_type(&self) -> bool {
        matches!(
            self,
            Decl::Interface(_)
                | Decl::Alias(_)
                | Decl::Class(_)
                | Decl::Enum(_)
                | Decl::Import(_)
                | Decl::Namespace(..)
        )
    }

    /// Where the name stands.
    pub fn place(&self) -> Range<usize> {
        match self {
            Decl::Function(found) => found.name.clone(),
            Decl::Class(found) => found.name.clone(),
            Decl::Interface(found) => found.name.clone(),
            Decl::Alias(found) => found.name.clone(),
            Decl::Enum(found) => found.name.clone(),
            Decl::Value(found) => found.name.clone(),
            Decl::Import(found) => found.range.clone(),
            Decl::Namespace(_, name) => name.clone(),
            Decl::Broken(error) => error.range.clone(),
        }
    }
}
