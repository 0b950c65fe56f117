//! The tree of a TypeScript module: everything about it is decided before any text is written.
//!
//! It knows TypeScript's grammar as far as generated code uses it, and nothing of Plans or of layout.

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ts {
    /// An identifier.
    Name(String),
    /// A number, `null`, `true` or `false`.
    Literal(String),
    String(String),
    Member(Box<Ts>, String),
    /// `of?.member`.
    MemberIfAny(Box<Ts>, String),
    Index(Box<Ts>, Box<Ts>),
    Call {
        callee: Box<Ts>,
        types: Vec<Ty>,
        args: Vec<Ts>,
        is_new: bool,
    },
    Array(Vec<Ts>),
    Object(Vec<Property>),
    Arrow(Box<Arrow>),
    Await(Box<Ts>),
    Not(Box<Ts>),
    Negate(Box<Ts>),
    Binary {
        op: Operator,
        left: Box<Ts>,
        right: Box<Ts>,
    },
    Conditional {
        test: Box<Ts>,
        then: Box<Ts>,
        otherwise: Box<Ts>,
    },
    /// `value as Type`.
    As(Box<Ts>, Ty),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    Value(String, Ts),
    Spread(Ts),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    pub is_async: bool,
    pub params: Vec<Param>,
    pub returns: Option<Ty>,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Value(Ts),
    Block(Vec<Stmt>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    /// `??`.
    Else,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    InstanceOf,
    In,
}

impl Operator {
    pub fn text(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Else => "??",
            Operator::Equal => "===",
            Operator::NotEqual => "!==",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::InstanceOf => "instanceof",
            Operator::In => "in",
        }
    }

    pub fn is_logical(self) -> bool {
        matches!(self, Operator::Or | Operator::And | Operator::Else)
    }

    /// Whether `a op b other c` is one chain to a formatter.
    pub fn joins(self, other: Operator) -> bool {
        self.binding() == other.binding() && self.binding() != 4
    }

    /// How tightly it binds.
    pub fn binding(self) -> u8 {
        match self {
            Operator::Else => 1,
            Operator::Or => 2,
            Operator::And => 3,
            Operator::Equal | Operator::NotEqual => 4,
            Operator::Add | Operator::Subtract => 6,
            _ => 5,
        }
    }
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ty {
    /// A name, a dotted name, a literal.
    Name(String),
    Generic(String, Vec<Ty>),
    Array(Box<Ty>),
    Union(Vec<Ty>),
    /// `{ name: T; other?: U }`.
    Object(Vec<Member>),
    /// `[A, B]`.
    Tuple(Vec<Ty>),
}

/// A field of an interface or of an object's type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    pub name: String,
    pub optional: bool,
    pub ty: Ty,
    pub doc: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub name: String,
    pub ty: Option<Ty>,
    pub default: Option<Ts>,
}

/// What a value is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Name(String),
    /// `{ key: name }`.
    Object(Vec<(String, String)>),
    /// `[one, other]`; `None` is passed over.
    Array(Vec<Option<String>>),
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stmt {
    Expr(Ts),
    Const {
        pattern: Pattern,
        ty: Option<Ty>,
        value: Ts,
    },
    Let {
        name: String,
        ty: Option<Ty>,
        value: Option<Ts>,
    },
    Assign {
        target: Ts,
        value: Ts,
    },
    Return(Option<Ts>),
    Throw(Ts),
    If {
        test: Ts,
        body: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    While {
        test: Ts,
        body: Vec<Stmt>,
    },
    /// `for (let name = from; test; name += 1)`.
    Count {
        name: String,
        from: u32,
        test: Option<Ts>,
        body: Vec<Stmt>,
    },
    Try {
        body: Vec<Stmt>,
        /// The name of what is caught and what is done then.
        handler: Option<(String, Vec<Stmt>)>,
        finally: Vec<Stmt>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub exported: bool,
    pub is_async: bool,
    pub name: String,
    pub params: Vec<Param>,
    pub returns: Ty,
    pub doc: String,
    pub body: Vec<Stmt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Function(Function),
    Const {
        exported: bool,
        name: String,
        ty: Option<Ty>,
        value: Ts,
        doc: String,
    },
    Interface {
        name: String,
        doc: String,
        members: Vec<Member>,
    },
    Alias {
        name: String,
        doc: String,
        ty: Ty,
    },
    /// `export { name as other } from "module"`.
    Export {
        types: bool,
        names: Vec<(String, String)>,
        module: String,
    },
}

/// What is taken from a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub module: String,
    /// Only types are used of it.
    pub types: bool,
    /// `* as name`, or one name and what it is called here.
    pub what: Imported,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Imported {
    All(String),
    One { name: String, alias: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The first line, a comment.
    pub header: String,
    pub imports: Vec<Import>,
    pub items: Vec<Item>,
}

impl Ts {
    pub fn name(name: impl Into<String>) -> Ts {
        Ts::Name(name.into())
    }

    pub fn string(text: impl Into<String>) -> Ts {
        Ts::String(text.into())
    }

    pub fn null() -> Ts {
        Ts::Literal("null".to_owned())
    }

    pub fn bool(value: bool) -> Ts {
        Ts::Literal(if value { "true" } else { "false" }.to_owned())
    }

    pub fn number(value: impl ToString) -> Ts {
        Ts::Literal(value.to_string())
    }

    /// A dotted name: `codecs.encodeUser`.
    pub fn path(path: &str) -> Ts {
        let mut parts = path.split('.');
        let first = Ts::name(parts.next().unwrap_or_default());
        parts.fold(first, |of, part| of.member(part))
    }

    pub fn call(path: &str, args: Vec<Ts>) -> Ts {
        Ts::path(path).called(args)
    }

    pub fn called(self, args: Vec<Ts>) -> Ts {
        Ts::Call { callee: Box::new(self), types: Vec::new(), args, is_new: false }
    }

    pub fn called_with(self, types: Vec<Ty>, args: Vec<Ts>) -> Ts {
        Ts::Call { callee: Box::new(self), types, args, is_new: false }
    }

    pub fn made(path: &str, args: Vec<Ts>) -> Ts {
        Ts::Call { callee: Box::new(Ts::path(path)), types: Vec::new(), args, is_new: true }
    }

    pub fn member(self, name: impl Into<String>) -> Ts {
        Ts::Member(Box::new(self), name.into())
    }

    pub fn awaited(self) -> Ts {
        Ts::Await(Box::new(self))
    }

    /// The negation; of a comparison the one that says the contrary.
    pub fn negated(self) -> Ts {
        match self {
            Ts::Not(inner) => *inner,
            Ts::Binary { op: Operator::Equal, left, right } => {
                Ts::Binary { op: Operator::NotEqual, left, right }
            }
            Ts::Binary { op: Operator::NotEqual, left, right } => {
                Ts::Binary { op: Operator::Equal, left, right }
            }
            other => Ts::Not(Box::new(other)),
        }
    }

    pub fn arrow(params: &[&str], body: Ts) -> Ts {
        Ts::Arrow(Box::new(Arrow {
            is_async: false,
            params: params.iter().map(|name| Param::named(*name)).collect(),
            returns: None,
            body: Body::Value(body),
        }))
    }

    /// `async (params) => { body }`.
    pub fn function(params: &[&str], body: Vec<Stmt>) -> Ts {
        Ts::Arrow(Box::new(Arrow {
            is_async: true,
            params: params.iter().map(|name| Param::named(*name)).collect(),
            returns: None,
            body: Body::Block(body),
        }))
    }

    /// Formatters join equal logical operators into one chain, which means the same.
    pub fn binary(op: Operator, left: Ts, right: Ts) -> Ts {
        match right {
            Ts::Binary { op: inner, left: middle, right } if op == inner && op.is_logical() => {
                Ts::Binary { op, left: Box::new(Ts::binary(op, left, *middle)), right }
            }
            right => Ts::Binary { op, left: Box::new(left), right: Box::new(right) },
        }
    }

    pub fn conditional(test: Ts, then: Ts, otherwise: Ts) -> Ts {
        Ts::Conditional { test: Box::new(test), then: Box::new(then), otherwise: Box::new(otherwise) }
    }

    pub fn object(pairs: Vec<(&str, Ts)>) -> Ts {
        Ts::Object(pairs.into_iter().map(|(name, value)| Property::Value(name.to_owned(), value)).collect())
    }

    pub fn or_else(self, other: Ts) -> Ts {
        Ts::binary(Operator::Else, self, other)
    }
}

impl Param {
    pub fn named(name: impl Into<String>) -> Param {
        Param { name: name.into(), ty: None, default: None }
    }

    pub fn typed(name: impl Into<String>, ty: Ty) -> Param {
        Param { name: name.into(), ty: Some(ty), default: None }
    }
}

impl Ty {
    pub fn name(name: impl Into<String>) -> Ty {
        Ty::Name(name.into())
    }

    pub fn promise(of: Ty) -> Ty {
        Ty::Generic("Promise".to_owned(), vec![of])
    }

    /// What a function gives in the end: `Awaited<ReturnType<typeof open>>`.
    pub fn given_by(function: Ts) -> Ty {
        fn dotted(of: &Ts) -> String {
            match of {
                Ts::Member(of, name) => format!("{}.{name}", dotted(of)),
                Ts::Name(name) => name.clone(),
                _ => String::new(),
            }
        }
        let returned = Ty::Name(format!("typeof {}", dotted(&function)));
        Ty::Generic("Awaited".to_owned(), vec![Ty::Generic("ReturnType".to_owned(), vec![returned])])
    }

    /// The union of the types, each once, `null` last.
    pub fn union(members: impl IntoIterator<Item = Ty>) -> Ty {
        let mut flat: Vec<Ty> = Vec::new();
        for member in members {
            match member {
                Ty::Union(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        let mut known: Vec<Ty> = Vec::new();
        for member in flat {
            if !known.contains(&member) {
                known.push(member);
            }
        }
        let null = Ty::name("null");
        if known.contains(&null) {
            known.retain(|member| *member != null);
            known.push(null);
        }
        if known.contains(&Ty::name("unknown")) {
            return Ty::name("unknown");
        }
        if known.len() == 1 { known.remove(0) } else { Ty::Union(known) }
    }

    pub fn nullable(self) -> Ty {
        Ty::union([self, Ty::name("null")])
    }
}

impl Stmt {
    pub fn constant(name: impl Into<String>, value: Ts) -> Stmt {
        Stmt::Const { pattern: Pattern::Name(name.into()), ty: None, value }
    }
}
