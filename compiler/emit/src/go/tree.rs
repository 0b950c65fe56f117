//! Go as a tree, decided before any text is written.
//!
//! It knows the parts of Go that generated code is made of, and neither their layout nor any Plan.

/// An operator between two operands; the number is its precedence in Go.
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
    Add,
    Multiply,
}

impl Operator {
    pub fn text(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Add => "+",
            Operator::Multiply => "*",
        }
    }

    pub fn precedence(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Add => 4,
            Operator::Multiply => 5,
            _ => 3,
        }
    }
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Go {
    /// A name, a literal or a type: written as it is, and a unit in any surroundings.
    Atom(String),
    /// `!x`, `-x`, `*x`, `&x`.
    Unary(char, Box<Go>),
    Binary {
        op: Operator,
        left: Box<Go>,
        right: Box<Go>,
    },
    Call {
        callee: Box<Go>,
        args: Vec<Go>,
    },
    Field {
        of: Box<Go>,
        name: String,
    },
    Index {
        of: Box<Go>,
        index: Box<Go>,
    },
    /// `x.(T)`.
    Assert {
        of: Box<Go>,
        ty: String,
    },
    Func {
        params: Vec<(String, String)>,
        results: String,
        body: Vec<Stmt>,
    },
    /// `T{a: b}`; keys are text already. On one line where `spread` is false.
    Struct {
        ty: String,
        fields: Vec<(String, Go)>,
        spread: bool,
    },
    /// `[]T{a, b}`.
    List {
        ty: String,
        items: Vec<Go>,
    },
}

impl Go {
    pub fn atom(text: impl Into<String>) -> Go {
        Go::Atom(text.into())
    }

    pub fn call(callee: impl Into<String>, args: Vec<Go>) -> Go {
        Go::Call { callee: Box::new(Go::atom(callee)), args }
    }

    pub fn called(self, args: Vec<Go>) -> Go {
        Go::Call { callee: Box::new(self), args }
    }

    pub fn field(self, name: impl Into<String>) -> Go {
        Go::Field { of: Box::new(self), name: name.into() }
    }

    pub fn method(self, name: &str, args: Vec<Go>) -> Go {
        self.field(name).called(args)
    }

    pub fn index(self, index: Go) -> Go {
        Go::Index { of: Box::new(self), index: Box::new(index) }
    }

    pub fn binary(op: Operator, left: Go, right: Go) -> Go {
        Go::Binary { op, left: Box::new(left), right: Box::new(right) }
    }

    pub fn unary(op: char, of: Go) -> Go {
        Go::Unary(op, Box::new(of))
    }

    pub fn string(text: &str) -> Go {
        Go::Atom(super::literal::string(text))
    }

    pub fn assert(self, ty: &str) -> Go {
        Go::Assert { of: Box::new(self), ty: ty.to_owned() }
    }

    /// `func(params) result { return value }`.
    pub fn lambda(params: &[(&str, &str)], result: &str, value: Go) -> Go {
        let params = params.iter().map(|(name, ty)| ((*name).to_owned(), (*ty).to_owned())).collect();
        Go::Func { params, results: result.to_owned(), body: vec![Stmt::Return(vec![value])] }
    }

    /// The expression with another variable in the place of `from`.
    pub fn renamed(self, from: &str, to: &str) -> Go {
        let again = |value: Go| value.renamed(from, to);
        let boxed = |value: Box<Go>| Box::new(value.renamed(from, to));
        match self {
            Go::Atom(text) if text == from => Go::atom(to),
            Go::Atom(text) => match text.strip_prefix(from).filter(|rest| rest.starts_with('.')) {
                Some(rest) => Go::atom(format!("{to}{rest}")),
                None => Go::Atom(text),
            },
            Go::Unary(op, of) => Go::Unary(op, boxed(of)),
            Go::Field { of, name } => Go::Field { of: boxed(of), name },
            Go::Assert { of, ty } => Go::Assert { of: boxed(of), ty },
            Go::Index { of, index } => Go::Index { of: boxed(of), index: boxed(index) },
            Go::Binary { op, left, right } => Go::Binary { op, left: boxed(left), right: boxed(right) },
            Go::Call { callee, args } => {
                Go::Call { callee: boxed(callee), args: args.into_iter().map(again).collect() }
            }
            Go::List { ty, items } => Go::List { ty, items: items.into_iter().map(again).collect() },
            Go::Struct { ty, fields, spread } => {
                let fields = fields.into_iter().map(|(name, value)| (name, again(value))).collect();
                Go::Struct { ty, fields, spread }
            }
            Go::Func { params, results, body } => {
                let body = body.into_iter().map(|stmt| stmt.renamed(from, to)).collect();
                Go::Func { params, results, body }
            }
        }
    }

    /// The negation, as people write it.
    pub fn negated(self) -> Go {
        match self {
            Go::Unary('!', inner) => *inner,
            Go::Binary { op: Operator::Equal, left, right } => {
                Go::Binary { op: Operator::NotEqual, left, right }
            }
            Go::Binary { op: Operator::NotEqual, left, right } => {
                Go::Binary { op: Operator::Equal, left, right }
            }
            other => Go::unary('!', other),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stmt {
    Expr(Go),
    /// `a, b := value`.
    Define(Vec<String>, Go),
    /// `a, b = value`.
    Assign(Vec<Go>, Go),
    /// `var name T`.
    Var(String, String),
    If {
        init: Option<Box<Stmt>>,
        test: Go,
        body: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// `for test { }`; without a test for ever.
    While {
        test: Option<Go>,
        body: Vec<Stmt>,
    },
    /// `for name := start; test; name++ { }`.
    Count {
        name: String,
        start: String,
        test: Option<Go>,
        body: Vec<Stmt>,
    },
    /// `switch { case test: }`; a case without a test is the default. The head may name what is switched over.
    Switch {
        head: String,
        cases: Vec<(Vec<Go>, Vec<Stmt>)>,
    },
    Return(Vec<Go>),
    Defer(Go),
}

impl Stmt {
    /// The statement of an expression's function with another variable in the place of `from`.
    fn renamed(self, from: &str, to: &str) -> Stmt {
        match self {
            Stmt::Defer(value) => Stmt::Defer(value.renamed(from, to)),
            Stmt::Return(values) => {
                Stmt::Return(values.into_iter().map(|value| value.renamed(from, to)).collect())
            }
            Stmt::If { init, test, body, otherwise } => Stmt::If {
                init: init.map(|init| Box::new(init.renamed(from, to))),
                test: test.renamed(from, to),
                body: body.into_iter().map(|stmt| stmt.renamed(from, to)).collect(),
                otherwise: otherwise.into_iter().map(|stmt| stmt.renamed(from, to)).collect(),
            },
            Stmt::Define(names, value) => Stmt::Define(names, value.renamed(from, to)),
            other => other,
        }
    }

    /// `if err != nil { return values..., err }`.
    pub fn unless_ok(values: Vec<Go>) -> Stmt {
        let mut all = values;
        all.push(Go::atom("err"));
        Stmt::if_err(vec![Stmt::Return(all)])
    }

    pub fn if_err(body: Vec<Stmt>) -> Stmt {
        Stmt::if_err_else(body, Vec::new())
    }

    pub fn if_err_else(body: Vec<Stmt>, otherwise: Vec<Stmt>) -> Stmt {
        let test = Go::binary(Operator::NotEqual, Go::atom("err"), Go::atom("nil"));
        Stmt::If { init: None, test, body, otherwise }
    }

    /// `if err := value; err != nil { return err }`.
    pub fn checked(value: Go) -> Stmt {
        let test = Go::binary(Operator::NotEqual, Go::atom("err"), Go::atom("nil"));
        let init = Some(Box::new(Stmt::Define(vec!["err".to_owned()], value)));
        Stmt::If { init, test, body: vec![Stmt::Return(vec![Go::atom("err")])], otherwise: Vec::new() }
    }

    pub fn when(test: Go, body: Vec<Stmt>) -> Stmt {
        Stmt::If { init: None, test, body, otherwise: Vec::new() }
    }

    pub fn define(name: &str, value: Go) -> Stmt {
        Stmt::Define(vec![name.to_owned()], value)
    }

    pub fn assign(target: Go, value: Go) -> Stmt {
        Stmt::Assign(vec![target], value)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub doc: Vec<String>,
    /// Name and type.
    pub receiver: Option<(String, String)>,
    pub name: String,
    pub params: Vec<(String, String)>,
    /// As written: empty, `error`, `(int64, error)`.
    pub results: String,
    pub body: Vec<Stmt>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Struct {
    pub doc: Vec<String>,
    pub name: String,
    /// Name and type; an embedded field has no name.
    pub fields: Vec<(String, String)>,
    /// What `encoding/json` calls each field; empty where nobody hands the struct to it.
    pub wire: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Decl {
    Function(Function),
    Struct(Struct),
    /// `var name = value`, with a type where one is given.
    Var {
        doc: Vec<String>,
        name: String,
        ty: String,
        value: Go,
    },
    /// `type name = of`.
    Alias {
        doc: Vec<String>,
        name: String,
        of: String,
    },
    /// `type name of`.
    Defined {
        doc: Vec<String>,
        name: String,
        of: String,
    },
    /// `const name ty = value`, one under the other.
    Constants {
        doc: Vec<String>,
        ty: String,
        values: Vec<(String, String)>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// Whether it is of the standard library: those stand first.
    pub is_foreign: bool,
    pub path: String,
    /// The name it goes by here, where that has to be said.
    pub alias: Option<String>,
}

pub struct Source {
    pub header: String,
    /// Of the package.
    pub doc: Vec<String>,
    pub package: String,
    pub imports: Vec<Import>,
    pub decls: Vec<Decl>,
}
