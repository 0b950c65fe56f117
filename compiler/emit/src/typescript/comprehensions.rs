//! Comprehensions and binds of a Plan as TypeScript's own where those mean the same, else as calls of the runtime.
//!
//! It knows that CEL's `all` and `exists` look past errors, which TypeScript's do not.

use conductor_protocol::expr::{Comprehension as Kind, Expr};
use conductor_protocol::types::Type;

use super::expr::{Translator, unsupported};
use super::names::camel;
use super::tree::Ts;
use crate::EmitError;
use crate::flow::may_fail;

type Result<T> = std::result::Result<T, EmitError>;

impl Translator<'_, '_> {
    /// A variable of the expression itself, or what a block around it binds.
    pub fn variable(&mut self, name: &str) -> Result<Ts> {
        if let Some((_, value)) = self.locals.iter().rev().find(|(known, _)| known == name) {
            return Ok(value.clone());
        }
        match self.scope.flow.variable(name, self.at) {
            Some(var) => Ok(self.scope.read(&var)),
            None => Err(unsupported(&format!("the variable `{name}`"))),
        }
    }

    /// Gives a variable a name, until [`Translator::leave`].
    fn enter(&mut self, name: &str) -> String {
        let wanted = camel(name);
        let wanted = match wanted.trim_matches('_') {
            // What the checker names has a name that nobody can write.
            "" => "value",
            digit if digit.starts_with(|first: char| first.is_ascii_digit()) => "value",
            wanted => wanted,
        };
        let chosen = self.file.names.fresh(wanted);
        self.locals.push((name.to_owned(), Ts::name(chosen.clone())));
        chosen
    }

    fn leave(&mut self) {
        if let Some((_, Ts::Name(name))) = self.locals.pop() {
            self.file.names.release(&name);
        }
    }

    pub fn bind(&mut self, name: &str, value: &Expr, body: &Expr) -> Result<Ts> {
        let is_wide = self.is_wide(value);
        let value = self.expr(value)?;
        let param = self.enter(name);
        if is_wide {
            self.wide.push(param.clone());
        }
        let body = self.expr(body);
        if is_wide {
            self.wide.pop();
        }
        self.leave();
        Ok(self.cel_of("Lists", "bind", vec![value, Ts::arrow(&[&param], body?)]))
    }

    pub fn entries(&mut self, entries: &[(Expr, Expr)]) -> Result<Ts> {
        let pairs = entries
            .iter()
            .map(|(key, value)| Ok(Ts::Array(vec![self.expr(key)?, self.value(value)?])))
            .collect::<Result<Vec<Ts>>>()?;
        Ok(self.cel_of("Lists", "mapping", vec![Ts::Array(pairs)]))
    }

    pub fn comprehension(
        &mut self,
        kind: Kind,
        over: &Expr,
        variables: &[String],
        filter: Option<&Expr>,
        body: &Expr,
    ) -> Result<Ts> {
        let is_pair = variables.len() == 2;
        let source = self.source(over, is_pair)?;
        let names: Vec<String> = variables.iter().map(|name| self.enter(name)).collect();
        let parts = self.parts(kind, filter, body);
        names.iter().for_each(|_| self.leave());
        let (filter, value) = parts?;
        let params: Vec<&str> = names.iter().map(String::as_str).collect();
        let test = Ts::arrow(&params, value);
        let fallible = may_fail(&self.file.package.types.table, body) || body.ty != Type::Bool;
        let name = match (kind, is_pair) {
            (Kind::All, false) if !fallible => return Ok(source.member("every").called(vec![test])),
            (Kind::Exists, false) if !fallible => return Ok(source.member("some").called(vec![test])),
            (Kind::All, false) => "every",
            (Kind::All, true) => "everyPair",
            (Kind::Exists, false) => "some",
            (Kind::Exists, true) => "somePair",
            (Kind::ExistsOne, false) => "existsOne",
            (Kind::ExistsOne, true) => "existsOnePair",
            (Kind::Filter, false) => return Ok(source.member("filter").called(vec![test])),
            (Kind::Filter, true) => "filterPairs",
            (Kind::Map, false) => {
                let kept = match filter {
                    Some(filter) => source.member("filter").called(vec![Ts::arrow(&params, filter)]),
                    None => source,
                };
                return Ok(kept.member("map").called(vec![test]));
            }
            (Kind::Map, true) => "mapPairs",
            (Kind::TransformMap, _) => "transformMap",
            (Kind::TransformEntries, false) => "mergedMap",
            (Kind::TransformEntries, true) => "mergedPairs",
        };
        let mut args = vec![source, test];
        args.extend(filter.map(|filter| Ts::arrow(&params, filter)));
        Ok(self.cel_of("Lists", name, args))
    }

    /// Filter and body where the variables have names.
    fn parts(&mut self, kind: Kind, filter: Option<&Expr>, body: &Expr) -> Result<(Option<Ts>, Ts)> {
        let filter = filter.map(|filter| self.condition(filter)).transpose()?;
        let value = match kind {
            Kind::ExistsOne | Kind::Filter => self.condition(body)?,
            _ => self.value(body)?,
        };
        Ok((filter, value))
    }

    /// A condition, which is looked at where its type is not known.
    pub fn condition(&mut self, test: &Expr) -> Result<Ts> {
        let value = self.expr(test)?;
        Ok(if test.ty == Type::Bool { value } else { self.cel_of("Lists", "condition", vec![value]) })
    }

    /// What is gone through: elements or keys; with two variables pairs of index or key and element.
    fn source(&mut self, over: &Expr, pairs: bool) -> Result<Ts> {
        let value = self.expr(over)?;
        let name = match (&over.ty, pairs) {
            (Type::List(_), false) => return Ok(value),
            (Type::List(_), true) => "indexed",
            (Type::Map(_) | Type::Record(_), false) => "keys",
            (Type::Map(_) | Type::Record(_), true) => "entries",
            (_, false) => "elements",
            (_, true) => "pairs",
        };
        Ok(self.cel_of("Lists", name, vec![value]))
    }
}
