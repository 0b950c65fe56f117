//! Whether a type may stand where another is asked for, and what that says about types not known yet.
//!
//! The rules are those of the CEL specification's gradual type checking: `dyn` goes with everything, a variable takes the
//! most general of the types it meets. It knows no expressions.

use std::collections::BTreeMap;

use super::types::CelType;

/// What is known of variables, with a log to take back a trial.
#[derive(Debug, Default)]
pub(super) struct Substitution {
    known: BTreeMap<usize, CelType>,
    log: Vec<(usize, Option<CelType>)>,
    next: usize,
}

impl Substitution {
    pub fn fresh(&mut self) -> CelType {
        self.next += 1;
        CelType::Var(self.next)
    }

    /// The names of variables to come: a type is read with them and [`Substitution::reserve`] keeps them.
    pub fn next(&self) -> usize {
        self.next
    }

    pub fn reserve(&mut self, next: usize) {
        self.next = self.next.max(next);
    }

    /// A point to come back to.
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    pub fn take_back(&mut self, mark: usize) {
        while self.log.len() > mark {
            match self.log.pop() {
                Some((variable, Some(old))) => self.known.insert(variable, old),
                Some((variable, None)) => self.known.remove(&variable),
                None => return,
            };
        }
    }

    fn set(&mut self, variable: usize, ty: CelType) {
        let old = self.known.insert(variable, ty);
        self.log.push((variable, old));
    }

    /// The type with its outermost variable replaced.
    pub fn shallow(&self, ty: &CelType) -> CelType {
        let mut ty = ty;
        while let CelType::Var(variable) = ty {
            match self.known.get(variable) {
                Some(known) => ty = known,
                None => break,
            }
        }
        ty.clone()
    }

    /// The type with all variables replaced; those not known become `dyn` if `close`.
    pub fn deep(&self, ty: &CelType, close: bool) -> CelType {
        match self.shallow(ty) {
            CelType::Var(_) if close => CelType::Dyn,
            CelType::Named(name, params) => {
                CelType::Named(name, params.iter().map(|param| self.deep(param, close)).collect())
            }
            other => other,
        }
    }

    fn mentions(&self, ty: &CelType, variable: usize) -> bool {
        match self.shallow(ty) {
            CelType::Var(other) => other == variable,
            CelType::Named(_, params) => params.iter().any(|param| self.mentions(param, variable)),
            CelType::Dyn => false,
        }
    }

    /// Whether a value of `given` may stand where `wanted` is asked for. A failed trial is to be taken back by the caller.
    pub fn assignable(&mut self, given: &CelType, wanted: &CelType) -> bool {
        if let CelType::Var(variable) = wanted {
            let (fits, known) = self.substitutes(given, *variable);
            if fits || known {
                return fits;
            }
        }
        if let CelType::Var(variable) = given {
            return self.substitutes(wanted, *variable).0;
        }
        match (given, wanted) {
            (CelType::Dyn, _) | (_, CelType::Dyn) => true,
            (CelType::Named(given, given_params), CelType::Named(wanted, wanted_params)) => {
                if given == "type" && wanted == "type" {
                    // Types are values of one kind: they can be compared whatever they denote.
                    return true;
                }
                if given == wanted && given_params.len() == wanted_params.len() {
                    return given_params
                        .iter()
                        .zip(wanted_params)
                        .all(|(given, wanted)| self.assignable(given, wanted));
                }
                match (given.as_str(), wanted.as_str()) {
                    ("wrapper", _) => given_params.iter().all(|inner| {
                        self.assignable(inner, &CelType::Named(wanted.clone(), wanted_params.clone()))
                    }),
                    (_, "wrapper") if given != "null_type" => wanted_params.iter().all(|inner| {
                        self.assignable(&CelType::Named(given.clone(), given_params.clone()), inner)
                    }),
                    ("null_type", other) | (other, "null_type") => is_nullable(other),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether `ty` can be what the variable stands for, and whether the variable stood for something before.
    fn substitutes(&mut self, ty: &CelType, variable: usize) -> (bool, bool) {
        if *ty == CelType::Var(variable) {
            return (true, true);
        }
        if let Some(known) = self.known.get(&variable).cloned() {
            if *ty == known {
                return (true, true);
            }
            if !self.assignable(ty, &known) {
                return (false, true);
            }
            let general = self.more_general(ty, &known);
            if !self.mentions(&general, variable) {
                self.set(variable, general);
            }
            return (true, true);
        }
        if self.mentions(ty, variable) {
            return (false, false);
        }
        self.set(variable, ty.clone());
        (true, false)
    }

    pub fn more_general(&self, left: &CelType, right: &CelType) -> CelType {
        if self.is_as_general(left, right) { left.clone() } else { right.clone() }
    }

    fn is_as_general(&self, left: &CelType, right: &CelType) -> bool {
        match (self.shallow(left), self.shallow(right)) {
            (CelType::Dyn | CelType::Var(_), _) => true,
            (_, CelType::Dyn | CelType::Var(_)) => false,
            (CelType::Named(left, left_params), CelType::Named(right, right_params)) => {
                (left == right || (left != "null_type" && right == "null_type"))
                    && left_params
                        .iter()
                        .zip(&right_params)
                        .all(|(left, right)| self.is_as_general(left, right))
            }
        }
    }
}

/// Types whose values may be null: messages, times, wrappers and abstract types.
fn is_nullable(name: &str) -> bool {
    !matches!(name, "bool" | "int" | "uint" | "double" | "string" | "bytes" | "list" | "map" | "type")
}
