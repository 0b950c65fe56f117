//! The inputs that a workflow gets because its steps ask for them, and the expressions that name one.
//!
//! It knows neither declared inputs nor why a parameter found no value.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::Syntax;

use crate::codes;
use crate::graph::Asker;
use conductor_model::names::nearest;

/// An input that the workflow needs because a parameter found no value.
#[derive(Debug, Clone)]
pub(crate) struct Inferred {
    pub ty: Type,
    pub asker: Asker,
    /// Whether another step asks for it with another type; that is reported.
    pub disputed: bool,
}

/// What the steps of a workflow ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub inputs: BTreeMap<String, Inferred>,
    /// Names of parameters that got nothing because of a mistake.
    pub unsure: BTreeSet<String>,
    /// Whether the parameters of a step are not known, because of a mistake that is reported: it may ask for anything.
    pub open: bool,
}

/// What `input.NAME` means where no input of that name is declared.
///
/// What the steps ask for depends on the expressions a little (a `when` narrows what binds by type), and what the
/// expressions may name depends on what the steps ask for. So a workflow that names an undeclared input is bound in
/// two rounds: in the first one every such name passes as `any`, in the second one only what was asked for does.
#[derive(Debug, Default)]
pub(crate) struct Naming {
    /// What the first round found.
    asked: Option<Asked>,
    /// Where undeclared inputs are named, each place once.
    uses: RefCell<BTreeMap<Span, String>>,
    missed: Cell<bool>,
}

impl Naming {
    /// For the second round.
    pub(crate) fn of(asked: Asked) -> Naming {
        Naming { asked: Some(asked), ..Naming::default() }
    }

    /// The type of an input that is named at `span` and not declared. `None` where there is no such input or its type
    /// is disputed; [`Naming::unknown`] says so at the end.
    pub(crate) fn use_at(&self, name: &str, span: Span) -> Option<Type> {
        self.uses.borrow_mut().insert(span, name.to_owned());
        let Some(asked) = &self.asked else {
            self.missed.set(true);
            return Some(Type::Any);
        };
        let input = asked.inputs.get(name)?;
        (!input.disputed).then(|| input.ty.clone())
    }

    /// Whether a step asks for an input of this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        match &self.asked {
            Some(asked) => asked.inputs.contains_key(name),
            None => {
                self.missed.set(true);
                false
            }
        }
    }

    /// Whether something was asked of the first round that only a second one can answer.
    pub(crate) fn missed(&self) -> bool {
        self.missed.get()
    }

    /// A finding for each use of an input that the second round, which ended with `asked`, does not have. Where there
    /// are other errors the input may be missing because of them.
    pub(crate) fn unknown<'n>(
        &self,
        asked: &'n Asked,
        declared: impl Iterator<Item = &'n str>,
        other_errors: bool,
        syntax: Syntax,
    ) -> Vec<Diagnostic> {
        // Both rounds must agree: what the first one found gave the expressions their types.
        let has = |name: &str| self.knows(name) && asked.inputs.contains_key(name);
        // In the second round a step may be unreadable because of the very name that is unknown.
        let open = self.asked.as_ref().is_some_and(|first| first.open);
        let excused = |name: &str| open || (other_errors && asked.unsure.contains(name));
        let known: BTreeSet<&str> = declared.chain(asked.inputs.keys().map(String::as_str)).collect();
        let uses = self.uses.borrow();
        let unknown = uses.iter().filter(|(_, name)| !has(name) && !excused(name));
        unknown.map(|(span, name)| finding(name, *span, &known, syntax)).collect()
    }
}

fn finding(name: &str, span: Span, known: &BTreeSet<&str>, syntax: Syntax) -> Diagnostic {
    let finding = Diagnostic::error(
        codes::UNKNOWN_NAME,
        format!("the workflow has no input `{name}`"),
        span,
        "neither declared nor asked for by a step",
    );
    match nearest(name, known.iter().copied().filter(|known| *known != name)) {
        Some(near) => finding.help(format!("did you mean `input.{near}`?")).fix(
            format!("replace it by `{near}`"),
            Safety::Unsafe,
            vec![Edit { span, text: near.to_owned() }],
        ),
        None => {
            finding.help(format!("declare it in the workflow: `{}`", syntax.mapping("input", name, "string")))
        }
    }
}
