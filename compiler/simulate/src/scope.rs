//! Names in a workflow: results of steps, values that were set, items of maps, caught errors.
//!
//! It knows values and their types, not who may see them: the checker has seen to that.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::types::Type;
use serde_json::Value as Json;

/// A value as it is recorded, and the type by which it is read.
#[derive(Debug, Clone)]
pub(crate) struct Named<'p> {
    pub json: Arc<Json>,
    pub ty: &'p Type,
}

type Names<'p> = BTreeMap<&'p str, Named<'p>>;

/// What a step can see: frames, the innermost first.
#[derive(Clone)]
pub(crate) struct Scope<'p> {
    results: Rc<Frame<'p>>,
    variables: Option<Rc<Variables<'p>>>,
}

struct Frame<'p> {
    names: RefCell<Names<'p>>,
    outer: Option<Rc<Frame<'p>>>,
}

struct Variables<'p> {
    names: BTreeMap<Cow<'p, str>, Named<'p>>,
    outer: Option<Rc<Variables<'p>>>,
}

impl<'p> Scope<'p> {
    pub fn new() -> Scope<'p> {
        Scope { results: Rc::new(Frame { names: RefCell::default(), outer: None }), variables: None }
    }

    /// A scope whose results are not seen outside.
    pub fn inner(&self) -> Scope<'p> {
        let frame = Frame { names: RefCell::default(), outer: Some(self.results.clone()) };
        Scope { results: Rc::new(frame), variables: self.variables.clone() }
    }

    /// A scope with further variables; results go where they went before.
    pub fn with<N: Into<Cow<'p, str>>>(&self, names: impl IntoIterator<Item = (N, Named<'p>)>) -> Scope<'p> {
        let names = names.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let variables = Variables { names, outer: self.variables.clone() };
        Scope { results: self.results.clone(), variables: Some(Rc::new(variables)) }
    }

    /// Later steps see the result under the name.
    pub fn put(&self, name: &'p str, json: Arc<Json>, ty: &'p Type) {
        self.results.names.borrow_mut().insert(name, Named { json, ty });
    }

    pub fn result(&self, name: &str) -> Option<Named<'p>> {
        let mut frame = Some(&self.results);
        while let Some(known) = frame {
            if let Some(found) = known.names.borrow().get(name) {
                return Some(found.clone());
            }
            frame = known.outer.as_ref();
        }
        None
    }

    pub fn variable(&self, name: &str) -> Option<Named<'p>> {
        let mut frame = self.variables.as_ref();
        while let Some(known) = frame {
            if let Some(found) = known.names.get(name) {
                return Some(found.clone());
            }
            frame = known.outer.as_ref();
        }
        None
    }

    /// Results of this frame alone, as an atomic step records them.
    pub fn own_results(&self) -> BTreeMap<String, Json> {
        let names = self.results.names.borrow();
        names.iter().map(|(name, value)| ((*name).to_owned(), (*value.json).clone())).collect()
    }
}
