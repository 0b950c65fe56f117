//! Comprehensions and binds of a Plan as Python's own where those mean the same, else as calls of the runtime.
//!
//! It knows that CEL's `all` and `exists` look past errors, which Python's do not.

use conductor_protocol::expr::{Comprehension as Kind, Expr};
use conductor_protocol::types::Type;

use super::expr::{Translator, unsupported};
use super::names::snake;
use super::tree::{Comprehension, Operator, Py};
use crate::EmitError;
use crate::flow::may_fail;

type Result<T> = std::result::Result<T, EmitError>;

impl Translator<'_, '_> {
    /// A variable of the expression itself, or of a block around it.
    pub fn variable(&mut self, name: &str, ty: &Type) -> Result<Py> {
        if let Some((_, name)) = self.locals.iter().rev().find(|(known, _)| known == name) {
            return Ok(Py::atom(name));
        }
        match self.scope.flow.variable(name, self.at) {
            Some(var) => Ok(self.read(&var, ty)),
            None => Err(unsupported(&format!("the variable `{name}`"))),
        }
    }

    /// Gives a variable a name in Python, until [`Translator::leave`].
    fn enter(&mut self, name: &str) -> String {
        let wanted = snake(name);
        let wanted = match wanted.trim_matches('_') {
            // What the checker names has a name that nobody can write.
            "" => "value",
            digit if digit.starts_with(|first: char| first.is_ascii_digit()) => "value",
            // Linters take it for a one.
            "l" => "l_",
            wanted => wanted,
        };
        let chosen = self.file.names.fresh(wanted);
        self.locals.push((name.to_owned(), chosen.clone()));
        chosen
    }

    fn leave(&mut self) {
        if let Some((_, name)) = self.locals.pop() {
            self.file.names.release(&name);
        }
    }

    pub fn bind(&mut self, name: &str, value: &Expr, body: &Expr) -> Result<Py> {
        let value = self.expr(value)?;
        let param = self.enter(name);
        let body = self.expr(body);
        self.leave();
        Ok(self.cel_of("lists", "bind", vec![value, Py::function(vec![param], body?)]))
    }

    pub fn entries(&mut self, entries: &[(Expr, Expr)]) -> Result<Py> {
        let pairs = entries
            .iter()
            .map(|(key, value)| Ok(Py::Tuple(vec![self.expr(key)?, self.expr(value)?])))
            .collect::<Result<Vec<Py>>>()?;
        Ok(self.cel_of("lists", "mapping", vec![Py::List(pairs)]))
    }

    pub fn comprehension(
        &mut self,
        kind: Kind,
        over: &Expr,
        variables: &[String],
        filter: Option<&Expr>,
        body: &Expr,
    ) -> Result<Py> {
        let source = self.source(over, variables.len() == 2)?;
        let names: Vec<String> = variables.iter().map(|name| self.enter(name)).collect();
        let parts = self.parts(kind, filter, body);
        names.iter().for_each(|_| self.leave());
        let (filter, value) = parts?;
        let made = |key: Option<&String>, item: Py, filter: Option<Py>, bare: bool| {
            Py::Comprehension(Comprehension {
                key: key.map(|key| Box::new(Py::atom(key))),
                item: Box::new(item),
                names: names.join(", "),
                source: Box::new(source.clone()),
                filter: filter.map(Box::new),
                bare,
            })
        };
        let last = names.last().map_or_else(|| Py::atom("None"), Py::atom);
        Ok(match kind {
            Kind::All | Kind::Exists
                if may_fail(&self.file.package.types.table, body) || body.ty != Type::Bool =>
            {
                let name = match (kind, names.len()) {
                    (Kind::All, 2) => "every_pair",
                    (Kind::All, _) => "every",
                    (_, 2) => "some_pair",
                    _ => "some",
                };
                let test = Py::function(names.clone(), value);
                self.cel_of("lists", name, vec![source, test])
            }
            Kind::All => Py::call("all", vec![made(None, value, filter, true)]),
            Kind::Exists => Py::call("any", vec![made(None, value, filter, true)]),
            Kind::ExistsOne => {
                let count = Py::call("sum", vec![made(None, Py::atom("1"), Some(value), true)]);
                Py::binary(Operator::Equal, count, Py::atom("1"))
            }
            Kind::Filter => made(None, last, Some(value), false),
            Kind::Map => made(None, value, filter, false),
            Kind::TransformMap => made(names.first(), value, filter, false),
            Kind::TransformEntries => self.cel_of("lists", "merged", vec![made(None, value, filter, true)]),
        })
    }

    /// Filter and body where the variables have names.
    fn parts(&mut self, kind: Kind, filter: Option<&Expr>, body: &Expr) -> Result<(Option<Py>, Py)> {
        let filter = filter.map(|filter| self.condition(filter)).transpose()?;
        let value = match kind {
            Kind::ExistsOne | Kind::Filter => self.condition(body)?,
            _ => self.expr(body)?,
        };
        Ok((filter, value))
    }

    /// A condition, which is looked at where its type is not known: Python takes anything for one.
    pub fn condition(&mut self, test: &Expr) -> Result<Py> {
        let value = self.expr(test)?;
        Ok(if test.ty == Type::Bool { value } else { self.cel_of("lists", "condition", vec![value]) })
    }

    /// What is gone through: elements or keys; with two variables pairs of index or key and element.
    fn source(&mut self, over: &Expr, pairs: bool) -> Result<Py> {
        let value = self.expr(over)?;
        Ok(match (&over.ty, pairs) {
            (Type::List(_), false) => value,
            (Type::List(_), true) => Py::call("enumerate", vec![value]),
            (Type::Map(_) | Type::Record(_), false) => Py::call("sorted", vec![value]),
            (Type::Map(_), true) => self.cel_of("lists", "entries", vec![value]),
            (Type::Record(fields), true) => {
                let item = Type::union(fields.values().cloned());
                let annotation = self.file.annotation(&Type::Map(Box::new(item)));
                self.file.import_as("typing", "cast", "_cast");
                let value = Py::call("_cast", vec![Py::string(&annotation), value]);
                self.cel_of("lists", "entries", vec![value])
            }
            (_, false) => self.cel_of("lists", "elements", vec![value]),
            (_, true) => self.cel_of("lists", "pairs", vec![value]),
        })
    }
}
