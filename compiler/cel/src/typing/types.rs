//! Types of plain CEL and their notation: `list(map(string, dyn))`.
//!
//! It does not compare types; that is [`super::unify`].

use std::collections::BTreeMap;
use std::fmt;

/// A type of plain CEL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CelType {
    /// Any value; looked at when it is evaluated.
    Dyn,
    /// Not known yet; the number is its name.
    Var(usize),
    /// `int`, `list(T)`, `google.protobuf.Timestamp`, an abstract type of the caller.
    Named(String, Vec<CelType>),
}

/// The deepest notation that is read.
const MAX_NESTING: usize = 50;

impl CelType {
    #[must_use]
    pub fn simple(name: &str) -> CelType {
        CelType::Named(name.to_owned(), Vec::new())
    }

    #[must_use]
    pub(super) fn of(name: &str, params: impl Into<Vec<CelType>>) -> CelType {
        CelType::Named(name.to_owned(), params.into())
    }

    /// Whether it is the type `name`, whatever its parameters.
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self, CelType::Named(own, _) if own == name)
    }

    /// The parameters, if it is the type `name`.
    pub(super) fn params_of(&self, name: &str) -> Option<&[CelType]> {
        match self {
            CelType::Named(own, params) if own == name => Some(params),
            _ => None,
        }
    }

    /// Reads the notation; `$T` is the variable that `variables` has for `T`, or a new one from `fresh`.
    #[must_use]
    pub(super) fn parse(
        text: &str,
        variables: &mut BTreeMap<String, usize>,
        fresh: &mut dyn FnMut() -> usize,
    ) -> Option<CelType> {
        let mut reader = Reader { rest: text.trim(), variables, fresh };
        let ty = reader.read(MAX_NESTING)?;
        reader.rest.is_empty().then_some(ty)
    }
}

struct Reader<'r> {
    rest: &'r str,
    variables: &'r mut BTreeMap<String, usize>,
    fresh: &'r mut dyn FnMut() -> usize,
}

impl Reader<'_> {
    fn read(&mut self, nesting: usize) -> Option<CelType> {
        let end = self.rest.find(['(', ')', ',']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = name.trim();
        self.rest = rest;
        if let Some(variable) = name.strip_prefix('$') {
            let fresh = &mut *self.fresh;
            return Some(CelType::Var(*self.variables.entry(variable.to_owned()).or_insert_with(fresh)));
        }
        if name == "dyn" {
            return Some(CelType::Dyn);
        }
        let mut params = Vec::new();
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest.trim_start();
            loop {
                params.push(self.read(nesting.checked_sub(1)?)?);
                self.rest = self.rest.trim_start();
                if let Some(rest) = self.rest.strip_prefix(',') {
                    self.rest = rest.trim_start();
                } else {
                    self.rest = self.rest.strip_prefix(')')?;
                    break;
                }
            }
        }
        (!name.is_empty()).then(|| CelType::Named(name.to_owned(), params))
    }
}

impl fmt::Display for CelType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CelType::Dyn | CelType::Var(_) => f.write_str("dyn"),
            CelType::Named(name, params) => {
                f.write_str(name)?;
                for (index, param) in params.iter().enumerate() {
                    write!(f, "{}{param}", if index == 0 { "(" } else { ", " })?;
                }
                f.write_str(if params.is_empty() { "" } else { ")" })
            }
        }
    }
}
