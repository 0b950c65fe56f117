//! What introspection keeps of a Python module: the names it binds, with functions, classes and annotations.
//!
//! It knows nothing of files or other modules; an expression that no rule looks at is [`ExprKind::Other`].

use std::collections::BTreeMap;
use std::ops::Range;

use conductor_model::ParameterKind;

/// The bindings of one scope. Several for a name are alternatives (`try`/`except`, `if`/`else`), the
/// likeliest first.
pub type Names = BTreeMap<String, Vec<Binding>>;

#[derive(Debug, Default)]
pub struct Module {
    pub names: Names,
    /// Bound below `if TYPE_CHECKING:` only: annotations may use them, a run cannot.
    pub typing_names: Names,
    /// The modules of `from x import *`, in order.
    pub stars: Vec<Origin>,
    pub errors: Vec<SyntaxError>,
    /// Every comment, where one of them may be an annotation.
    pub comments: Vec<Range<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: String,
    pub range: Range<usize>,
}

#[derive(Debug)]
pub enum Binding {
    Function(Box<Function>),
    Class(Box<Class>),
    Import(Import),
    Value(Box<Value>),
}

/// `import a.b`, `from ..a import b as c`.
#[derive(Debug, Clone)]
pub struct Import {
    pub origin: Origin,
    /// The imported name; `None` binds the module itself.
    pub name: Option<String>,
    pub range: Range<usize>,
}

/// A module as an import statement names it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The number of leading dots.
    pub level: u32,
    pub module: String,
}

/// `T`, `T: bound` or `T: (one, other)`, whose constraints are a union.
#[derive(Debug)]
pub struct TypeParam {
    pub name: String,
    pub bound: Option<Expr>,
}

/// `x = ...`, `x: T = ...`, `type x = ...`, or anything else that binds a name.
#[derive(Debug)]
pub struct Value {
    pub name: Range<usize>,
    pub annotation: Option<Expr>,
    pub value: Option<Expr>,
    pub type_params: Vec<TypeParam>,
}

#[derive(Debug)]
pub struct Function {
    pub name: Range<usize>,
    pub is_async: bool,
    pub is_generator: bool,
    /// Decorated with `overload`: it says how the function after it may be called.
    pub is_overload: bool,
    pub parameters: Vec<Param>,
    pub returns: Option<Expr>,
    pub doc: Option<String>,
    pub decorators: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
    /// From the first decorator to the end of the body.
    pub range: Range<usize>,
}

#[derive(Debug)]
pub struct Param {
    pub name: String,
    pub kind: ParameterKind,
    pub annotation: Option<Expr>,
    /// Where the default stands.
    pub default: Option<Range<usize>>,
    /// The name with its annotation.
    pub range: Range<usize>,
}

#[derive(Debug)]
pub struct Class {
    pub name: Range<usize>,
    pub bases: Vec<Expr>,
    pub keywords: Vec<(String, Expr)>,
    pub decorators: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
    /// Fields and assignments in order; an un-annotated one is an enum's member or a class variable.
    pub fields: Vec<ClassField>,
    pub names: Names,
}

#[derive(Debug)]
pub struct ClassField {
    pub name: String,
    /// The name where it is bound.
    pub range: Range<usize>,
    pub annotation: Option<Expr>,
    pub value: Option<Expr>,
}

#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: ExprKind,
    pub range: Range<usize>,
}

#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `a.b.c`
    Name(Vec<String>),
    Subscript(Box<Expr>, Vec<Expr>),
    /// `a | b | c`
    Union(Vec<Expr>),
    Dict(Vec<(String, Expr)>),
    Call(Box<Call>),
    Lambda(LambdaParams),
    Str(String),
    Int(i64),
    Bool(bool),
    Bytes,
    None,
    Ellipsis,
    Other,
}

/// Shared behind a reference count because expressions are cloned and parameters are not.
pub type LambdaParams = std::sync::Arc<Vec<Param>>;

#[derive(Debug, Clone)]
pub struct Call {
    pub function: Expr,
    pub arguments: Vec<Expr>,
    pub keywords: Vec<(String, Expr)>,
}

impl Call {
    pub fn keyword(&self, name: &str) -> Option<&Expr> {
        self.keywords.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Class {
    pub fn keyword(&self, name: &str) -> Option<&Expr> {
        self.keywords.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether the class's own body defines the method.
    pub fn defines(&self, method: &str) -> bool {
        matches!(self.names.get(method).and_then(|found| found.first()), Some(Binding::Function(_)))
    }
}

impl Expr {
    pub fn dotted(&self) -> Option<&[String]> {
        match &self.kind {
            ExprKind::Name(path) => Some(path),
            _ => None,
        }
    }
}
