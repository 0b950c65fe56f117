//! The tree of a Python module: everything about it is decided before any text is written.
//!
//! It knows Python's grammar as far as generated code uses it, and nothing of Plans or of layout.

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Py {
    /// A name, a dotted name, a literal: never broken over lines.
    Atom(String),
    Attr(Box<Py>, String),
    Index(Box<Py>, Box<Py>),
    Call {
        callee: Box<Py>,
        args: Vec<Arg>,
    },
    List(Vec<Py>),
    Tuple(Vec<Py>),
    Dict(Vec<(Py, Py)>),
    Comprehension(Comprehension),
    Await(Box<Py>),
    Lambda {
        params: Vec<String>,
        body: Box<Py>,
    },
    Unary(Unary, Box<Py>),
    Binary {
        op: Operator,
        left: Box<Py>,
        right: Box<Py>,
    },
    Conditional {
        test: Box<Py>,
        then: Box<Py>,
        otherwise: Box<Py>,
    },
}

/// `[item for names in source if filter]`, or with a key `{key: item for ...}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comprehension {
    pub key: Option<Box<Py>>,
    pub item: Box<Py>,
    pub names: String,
    pub source: Box<Py>,
    pub filter: Option<Box<Py>>,
    /// A generator without brackets, which is the only argument of a call.
    pub bare: bool,
}

impl Comprehension {
    /// The brackets around it.
    pub fn brackets(&self) -> (&'static str, &'static str) {
        match &self.key {
            _ if self.bare => ("", ""),
            Some(_) => ("{", "}"),
            None => ("[", "]"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// Of a keyword argument; `**` for an unpacked mapping.
    pub name: Option<String>,
    pub value: Py,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    Not,
    Negate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Is,
    IsNot,
    Add,
    Subtract,
    Multiply,
}

impl Operator {
    pub fn text(self) -> &'static str {
        match self {
            Operator::Or => "or",
            Operator::And => "and",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::NotIn => "not in",
            Operator::Is => "is",
            Operator::IsNot => "is not",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
        }
    }

    /// How tightly it binds; see [`Py::binding`].
    pub fn binding(self) -> u8 {
        match self {
            Operator::Or => 2,
            Operator::And => 3,
            Operator::Add | Operator::Subtract => 7,
            Operator::Multiply => 8,
            _ => 5,
        }
    }

    /// `a == b == c` is a chain in Python: neither side may be a bare comparison.
    pub fn is_comparison(self) -> bool {
        self.binding() == 5
    }
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stmt {
    Expr(Py),
    Assign {
        target: String,
        annotation: Option<String>,
        value: Py,
    },
    Add {
        target: String,
        value: Py,
    },
    /// `target: annotation`, which is assigned later.
    Declare {
        target: String,
        annotation: String,
    },
    Return(Option<Py>),
    Break,
    Pass,
    /// Raises the error again that is being handled.
    Reraise,
    /// What is done after `body`, however that ends.
    Finally {
        body: Vec<Stmt>,
        last: Vec<Stmt>,
    },
    Raise {
        error: Py,
        cause: Option<String>,
    },
    If {
        test: Py,
        body: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    While {
        test: Py,
        body: Vec<Stmt>,
    },
    /// Without a `name` the handler does not look at the error.
    Try {
        body: Vec<Stmt>,
        errors: String,
        name: String,
        handler: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// `async with`.
    With {
        context: Py,
        name: Option<String>,
        body: Vec<Stmt>,
    },
    /// `with`.
    BlockingWith {
        context: Py,
        name: Option<String>,
        body: Vec<Stmt>,
    },
    /// A function inside another; other statements stand before it.
    Function(Function),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub is_async: bool,
    pub name: String,
    pub params: Vec<Param>,
    /// Whether all parameters must be given by name.
    pub keyword_only: bool,
    pub returns: String,
    pub doc: Vec<String>,
    pub body: Vec<Stmt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub name: String,
    pub annotation: String,
    pub default: Option<String>,
}

/// A `TypedDict`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub name: String,
    pub doc: String,
    pub fields: Vec<(String, String)>,
}

/// An enumeration by its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enumeration {
    pub name: String,
    pub base: String,
    pub doc: String,
    pub members: Vec<(String, Py)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Function(Function),
    Record(Record),
    Enumeration(Enumeration),
    /// A module-level statement.
    Statement(Stmt),
}

/// `from module import name as alias`; without a name `import module as alias`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub module: String,
    pub name: Option<String>,
    pub alias: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The first line, a comment.
    pub header: String,
    pub doc: Vec<String>,
    pub imports: Vec<Import>,
    pub items: Vec<Item>,
    /// Empty: none is written.
    pub all: Vec<String>,
}

impl Py {
    pub fn atom(text: impl Into<String>) -> Py {
        Py::Atom(text.into())
    }

    pub fn string(text: &str) -> Py {
        Py::Atom(super::literal::string(text))
    }

    pub fn call(callee: impl Into<String>, args: Vec<Py>) -> Py {
        Py::atom(callee).called(args)
    }

    /// `self(args)`.
    pub fn called(self, args: Vec<Py>) -> Py {
        let args = args.into_iter().map(|value| Arg { name: None, value }).collect();
        Py::Call { callee: Box::new(self), args }
    }

    pub fn attr(self, name: impl Into<String>) -> Py {
        Py::Attr(Box::new(self), name.into())
    }

    pub fn index(self, index: Py) -> Py {
        Py::Index(Box::new(self), Box::new(index))
    }

    /// The call with a further keyword argument.
    pub fn with(self, name: &str, value: Py) -> Py {
        match self {
            Py::Call { callee, mut args } => {
                args.push(Arg { name: Some(name.to_owned()), value });
                Py::Call { callee, args }
            }
            other => other.called(Vec::new()).with(name, value),
        }
    }

    /// `target = self`.
    pub fn assigned(self, target: &str) -> Stmt {
        Stmt::Assign { target: target.to_owned(), annotation: None, value: self }
    }

    pub fn awaited(self) -> Py {
        Py::Await(Box::new(self))
    }

    pub fn not(self) -> Py {
        Py::Unary(Unary::Not, Box::new(self))
    }

    pub fn binary(op: Operator, left: Py, right: Py) -> Py {
        Py::Binary { op, left: Box::new(left), right: Box::new(right) }
    }

    pub fn lambda(body: Py) -> Py {
        Py::function(Vec::new(), body)
    }

    pub fn function(params: Vec<String>, body: Py) -> Py {
        Py::Lambda { params, body: Box::new(body) }
    }

    /// How tightly the expression binds: an operand needs parentheses where its operator binds more tightly.
    pub fn binding(&self) -> u8 {
        match self {
            Py::Lambda { .. } => 0,
            Py::Conditional { .. } => 1,
            Py::Binary { op, .. } => op.binding(),
            Py::Unary(Unary::Not, _) => 4,
            Py::Unary(Unary::Negate, _) => 9,
            Py::Await(_) => 10,
            Py::Atom(text) if text.starts_with('-') => 9,
            _ => 11,
        }
    }
}

impl Import {
    pub fn from(module: impl Into<String>, name: &str) -> Import {
        Import { module: module.into(), name: Some(name.to_owned()), alias: None }
    }
}
