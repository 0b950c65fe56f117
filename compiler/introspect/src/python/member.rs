//! What a name of a class leads to: through its bases in the order in which Python searches them.
//!
//! It knows neither types nor signatures. What a class outside the roots has is not known.

use std::collections::BTreeMap;

use super::names::{Entity, Home, Trail};
use super::store::Store;
use super::syntax::{Binding, Class, Expr, ExprKind, Function};

/// Deeper inheritance is not followed; a cycle ends here.
const MAX_BASES: usize = 100;

/// A class of the user's code.
#[derive(Clone)]
pub struct Owner<'a> {
    pub home: Home<'a>,
    /// Inside the module, dotted for a nested class.
    pub name: String,
    pub class: &'a Class,
}

/// A class that another inherits from.
#[derive(Clone)]
pub enum Ancestor<'a> {
    Inside(Owner<'a>),
    /// In full: `threading.Thread`; empty where nobody knows.
    Outside(String),
}

pub enum Member<'a> {
    /// A function of the class's body, or one of the module that the body gives a name.
    Function {
        owner: Owner<'a>,
        home: Home<'a>,
        function: &'a Function,
        wrapper: Option<Wrapper>,
    },
    Class(Owner<'a>),
    /// Bound to something else.
    Value(Owner<'a>, &'a Binding),
    /// Not in the user's code; perhaps in the class named.
    Outside(String),
    Missing,
}

/// What a decorator makes of a function in a class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wrapper {
    Static,
    Class,
}

type Key = (String, usize);

impl<'a> Owner<'a> {
    fn key(&self) -> Key {
        (self.home.path.to_owned(), self.class.name.start)
    }
}

impl<'a> Ancestor<'a> {
    fn key(&self) -> Key {
        match self {
            Ancestor::Inside(owner) => owner.key(),
            Ancestor::Outside(full) => (full.clone(), usize::MAX),
        }
    }
}

impl Store {
    /// The class and its ancestors as Python linearises them (C3); where that fails, in the order of the source.
    pub fn ancestors<'a>(&'a self, owner: &Owner<'a>) -> Vec<Ancestor<'a>> {
        self.linear(owner, &mut BTreeMap::new(), 0)
    }

    fn linear<'a>(
        &'a self,
        owner: &Owner<'a>,
        known: &mut BTreeMap<Key, Vec<Ancestor<'a>>>,
        depth: usize,
    ) -> Vec<Ancestor<'a>> {
        let key = owner.key();
        if let Some(found) = known.get(&key) {
            return found.clone();
        }
        // A class that inherits from itself has no order; it ends here.
        known.insert(key.clone(), Vec::new());
        let bases: Vec<Ancestor<'a>> = self.bases(owner);
        let mut lists: Vec<Vec<Ancestor<'a>>> = Vec::new();
        for base in &bases {
            lists.push(match base {
                Ancestor::Inside(base) if depth < MAX_BASES => self.linear(base, known, depth + 1),
                other => vec![other.clone()],
            });
        }
        lists.push(bases);
        let mut order = vec![Ancestor::Inside(owner.clone())];
        order.extend(merged(lists));
        known.insert(key, order.clone());
        order
    }

    fn bases<'a>(&'a self, owner: &Owner<'a>) -> Vec<Ancestor<'a>> {
        // Bases are evaluated outside the class's own body.
        let outer = owner.name.rsplit_once('.').map(|(outer, _)| outer);
        let base = |base: &Expr| {
            let path = match &base.kind {
                ExprKind::Name(path) => Some(&path[..]),
                ExprKind::Subscript(base, _) => base.dotted(),
                _ => None,
            };
            match path.map(|path| self.resolve(&owner.home, outer, path)) {
                Some(Entity::Class(home, name, class)) => Ancestor::Inside(Owner { home, name, class }),
                Some(Entity::External(full)) => Ancestor::Outside(full),
                _ => Ancestor::Outside(String::new()),
            }
        };
        owner.class.bases.iter().map(base).collect()
    }

    /// `name` of a class or of the first of its ancestors that has it.
    pub fn class_attribute<'a>(&'a self, owner: &Owner<'a>, name: &str) -> Member<'a> {
        let mut outside = None;
        for ancestor in self.ancestors(owner) {
            match ancestor {
                Ancestor::Outside(full) => {
                    if !is_empty_base(&full) {
                        outside = outside.or(Some(full));
                    }
                }
                Ancestor::Inside(owner) => {
                    if let Some(found) = self.own_member(&owner, name, 0) {
                        return found;
                    }
                }
            }
        }
        outside.map_or(Member::Missing, Member::Outside)
    }

    fn own_member<'a>(&'a self, owner: &Owner<'a>, name: &str, hops: usize) -> Option<Member<'a>> {
        let binding = owner.class.names.get(name)?.first()?;
        Some(match binding {
            Binding::Function(function) => Member::Function {
                owner: owner.clone(),
                home: owner.home.clone(),
                function,
                wrapper: self.wrapper(owner, function),
            },
            Binding::Class(class) => {
                let name = format!("{}.{name}", owner.name);
                Member::Class(Owner { home: owner.home.clone(), name, class })
            }
            Binding::Value(value) => {
                let aliased = value.value.as_ref().filter(|_| hops < 10);
                let aliased = aliased.and_then(|value| self.aliased_member(owner, value, hops));
                aliased.unwrap_or_else(|| Member::Value(owner.clone(), binding))
            }
            Binding::Import(_) => Member::Value(owner.clone(), binding),
        })
    }

    /// `g = f` and `g = staticmethod(f)`, where `f` is a function of the class or of its module.
    fn aliased_member<'a>(&'a self, owner: &Owner<'a>, value: &'a Expr, hops: usize) -> Option<Member<'a>> {
        let (path, wrapper) = match &value.kind {
            ExprKind::Name(path) => (&path[..], None),
            ExprKind::Call(call) => match (&call.arguments[..], self.builtin(owner, &call.function)?) {
                ([only], "staticmethod") => (only.dotted()?, Some(Wrapper::Static)),
                ([only], "classmethod") => (only.dotted()?, Some(Wrapper::Class)),
                _ => return None,
            },
            _ => return None,
        };
        let found = match path {
            [name] => self.own_member(owner, name, hops + 1),
            // `g = Base.f`: a function of another class.
            [class @ .., name] if !class.is_empty() => match self.resolve(&owner.home, None, class) {
                Entity::Class(home, class_name, class) => {
                    self.own_member(&Owner { home, name: class_name, class }, name, hops + 1)
                }
                _ => None,
            },
            _ => None,
        };
        match found {
            Some(Member::Function { owner, home, function, wrapper: own }) => {
                Some(Member::Function { owner, home, function, wrapper: wrapper.or(own) })
            }
            Some(other) => Some(other),
            None => match self.resolve_at_run_time(&owner.home, path) {
                Entity::Function(home, function) => {
                    Some(Member::Function { owner: owner.clone(), home, function, wrapper })
                }
                _ => None,
            },
        }
    }

    fn resolve_at_run_time<'a>(&'a self, home: &Home<'a>, path: &[String]) -> Entity<'a> {
        match path {
            [name] => self.in_module(home, name, &mut Trail::at_run_time()),
            _ => self.resolve(home, None, path),
        }
    }

    /// What the decorators of a method make of it. `__new__` and its like are so without a decorator.
    fn wrapper(&self, owner: &Owner<'_>, function: &Function) -> Option<Wrapper> {
        let name = owner.home.source.text.get(function.name.clone()).unwrap_or_default();
        match name {
            "__init_subclass__" | "__class_getitem__" => return Some(Wrapper::Class),
            _ => {}
        }
        function.decorators.iter().find_map(|decorator| match self.builtin(owner, decorator)? {
            "staticmethod" => Some(Wrapper::Static),
            "classmethod" => Some(Wrapper::Class),
            _ => None,
        })
    }

    /// The name of a built-in decorator, if it is one and not hidden by a name of the module.
    fn builtin<'e>(&self, owner: &Owner<'_>, expr: &'e Expr) -> Option<&'e str> {
        let [name] = expr.dotted()? else { return None };
        let is_hidden = owner.home.source.module.names.contains_key(name);
        (!is_hidden).then_some(name.as_str())
    }
}

/// C3: always the first head that no other list has in its tail.
fn merged(mut lists: Vec<Vec<Ancestor<'_>>>) -> Vec<Ancestor<'_>> {
    let mut order: Vec<Ancestor<'_>> = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        let Some(first) = lists.first() else { return order };
        let in_a_tail =
            |key: &Key| lists.iter().any(|list| list[1..].iter().any(|other| other.key() == *key));
        let head = lists.iter().map(|list| &list[0]).find(|head| !in_a_tail(&head.key()));
        // Python refuses such a class; the order of the source is as good as any.
        let head = head.unwrap_or(&first[0]).clone();
        let key = head.key();
        for list in &mut lists {
            list.retain(|other| other.key() != key);
        }
        order.push(head);
    }
}

/// Bases that bring neither methods nor a constructor of their own.
pub fn is_empty_base(full: &str) -> bool {
    matches!(
        full,
        "builtins.object"
            | "abc.ABC"
            | "typing.Generic"
            | "typing.Protocol"
            | "typing_extensions.Generic"
            | "typing_extensions.Protocol"
    )
}
