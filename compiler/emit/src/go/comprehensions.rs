//! Comprehensions and binds of a Plan as calls of the runtime's generic functions.
//!
//! It knows that CEL's `all` and `exists` look past errors; the functions see to that.

use conductor_protocol::expr::{Comprehension as Kind, Expr};
use conductor_protocol::types::Type;

use super::expr::{Result, Translator};
use super::tree::Go;

/// What is gone through.
struct Over {
    source: Go,
    /// Of the one variable, or of both.
    types: Vec<Type>,
}

impl Translator<'_, '_> {
    pub fn bind(&mut self, name: &str, value: &Expr, body: &Expr) -> Result<Go> {
        let bound = self.expr(value)?;
        let given = self.file.ty(&value.ty);
        let param = self.enter(name, value.ty.clone());
        let inner = self.expr(body);
        self.leave();
        let result = self.file.ty(&body.ty);
        let lambda = Go::lambda(&[(&param, &given)], &result, inner?);
        Ok(self.file.call_cel("Bind", vec![bound, lambda]))
    }

    pub fn comprehension(
        &mut self,
        kind: Kind,
        over: &Expr,
        variables: &[String],
        filter: Option<&Expr>,
        body: &Expr,
        ty: &Type,
    ) -> Result<Go> {
        let over = self.over(over, variables.len() == 2)?;
        let names: Vec<String> =
            variables.iter().zip(&over.types).map(|(name, ty)| self.enter(name, ty.clone())).collect();
        let made = self.made(kind, &over, &names, filter, body, ty);
        names.iter().for_each(|_| self.leave());
        let (value, gives) = made?;
        self.coerce(value, &gives, ty)
    }

    fn made(
        &mut self,
        kind: Kind,
        over: &Over,
        names: &[String],
        filter: Option<&Expr>,
        body: &Expr,
        ty: &Type,
    ) -> Result<(Go, Type)> {
        let pairs = names.len() == 2;
        let mut source = over.source.clone();
        if let Some(filter) = filter {
            let test = self.condition(filter)?;
            let test = self.lambda(over, names, "bool", test);
            source = self.file.call_cel(if pairs { "FilterPairs" } else { "Filter" }, vec![source, test]);
        }
        if matches!(kind, Kind::All | Kind::Exists | Kind::ExistsOne | Kind::Filter) {
            let test = self.condition(body)?;
            let test = self.lambda(over, names, "bool", test);
            let name = match (kind, pairs) {
                (Kind::All, false) => "All",
                (Kind::All, true) => "AllPairs",
                (Kind::Exists, false) => "Exists",
                (Kind::Exists, true) => "ExistsPair",
                (Kind::ExistsOne, false) => "ExistsOne",
                (Kind::ExistsOne, true) => "ExistsOnePair",
                (_, false) => "Filter",
                (_, true) => "FilterPairs",
            };
            let found = self.file.call_cel(name, vec![source, test]);
            if kind != Kind::Filter {
                return Ok((found, Type::Bool));
            }
            let item = over.types.last().cloned().unwrap_or(Type::Any);
            let found = if pairs { self.values(over, found) } else { found };
            return Ok((found, Type::List(Box::new(item))));
        }
        let item = match ty {
            Type::List(item) | Type::Map(item) => (**item).clone(),
            _ => body.ty.clone(),
        };
        match kind {
            Kind::Map => {
                let value = self.as_type(body, &item)?;
                let result = self.file.ty(&item);
                let lambda = self.lambda(over, names, &result, value);
                let name = if pairs { "MapPairs" } else { "MapList" };
                Ok((self.file.call_cel(name, vec![source, lambda]), Type::List(Box::new(item))))
            }
            Kind::TransformMap => {
                let value = self.as_type(body, &item)?;
                let result = self.file.ty(&item);
                let lambda = self.lambda(over, names, &result, value);
                self.fails |= over.types.first() != Some(&Type::String);
                let name =
                    if over.types.first() == Some(&Type::String) { "TransformMap" } else { "TransformAny" };
                Ok((self.file.call_cel(name, vec![source, lambda]), Type::Map(Box::new(item))))
            }
            _ => {
                let map = Type::Map(Box::new(item));
                let value = self.as_type(body, &map)?;
                let result = self.file.ty(&map);
                let lambda = self.lambda(over, names, &result, value);
                let name = if pairs { "MapPairs" } else { "MapList" };
                let maps = self.file.call_cel(name, vec![source, lambda]);
                Ok((self.failing("Merged", vec![maps]), map))
            }
        }
    }

    /// `func(index int64, item T) R { return value }`.
    fn lambda(&mut self, over: &Over, names: &[String], result: &str, value: Go) -> Go {
        let types: Vec<String> = over.types.iter().map(|ty| self.file.ty(ty)).collect();
        let params: Vec<(&str, &str)> =
            names.iter().map(String::as_str).zip(types.iter().map(String::as_str)).collect();
        Go::lambda(&params, result, value)
    }

    /// The second ones of pairs.
    fn values(&mut self, over: &Over, pairs: Go) -> Go {
        let result = over.types.last().map_or_else(|| "any".to_owned(), |ty| self.file.ty(ty));
        let names = ["_".to_owned(), "v".to_owned()];
        let lambda = self.lambda(over, &names, &result, Go::atom("v"));
        self.file.call_cel("MapPairs", vec![pairs, lambda])
    }

    /// Elements or keys; with two variables pairs of index or key and element.
    fn over(&mut self, over: &Expr, pairs: bool) -> Result<Over> {
        let inner = over.ty.non_null().clone();
        Ok(match (&inner, pairs) {
            (Type::List(item), false) => {
                Over { source: self.as_type(over, &inner)?, types: vec![(**item).clone()] }
            }
            (Type::List(item), true) => {
                let value = self.as_type(over, &inner)?;
                let source = self.file.call_cel("Indexed", vec![value]);
                Over { source, types: vec![Type::Int, (**item).clone()] }
            }
            (Type::Map(item), _) => {
                let value = self.as_type(over, &inner)?;
                self.over_map(value, item, pairs)
            }
            (Type::Record(fields), _) => {
                let item = Type::union(fields.values().cloned());
                let value = self.as_type(over, &Type::Map(Box::new(item.clone())))?;
                self.over_map(value, &item, pairs)
            }
            (_, false) => {
                let value = self.boxed(over)?;
                Over { source: self.failing("Elements", vec![value]), types: vec![Type::Any] }
            }
            (_, true) => {
                let value = self.boxed(over)?;
                let source = self.failing("PairsOf", vec![value]);
                Over { source, types: vec![Type::Any, Type::Any] }
            }
        })
    }

    fn over_map(&mut self, value: Go, item: &Type, pairs: bool) -> Over {
        if pairs {
            let source = self.file.call_cel("Entries", vec![value]);
            return Over { source, types: vec![Type::String, item.clone()] };
        }
        Over { source: self.file.call_cel("Keys", vec![value]), types: vec![Type::String] }
    }
}
