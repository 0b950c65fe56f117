//! The ids of tasks, policies and workflows: which exist, which stand twice.
//!
//! It knows no steps: those have a name space in each workflow.

use std::collections::btree_map::{BTreeMap, Entry};

use conductor_model::{Id, Manifest};
use conductor_source::{Code, Diagnostic, Edit, Safety};
use conductor_syntax::Syntax;

use crate::codes;
use conductor_model::names::nearest;

/// Positions in the manifest's sections, by id. Of an id that stands twice the first counts.
pub(crate) struct Sections<'a> {
    pub tasks: BTreeMap<&'a str, usize>,
    pub policies: BTreeMap<&'a str, usize>,
    pub resources: BTreeMap<&'a str, usize>,
    pub workflows: BTreeMap<&'a str, usize>,
}

impl<'a> Sections<'a> {
    pub(crate) fn new(manifest: &'a Manifest, diagnostics: &mut Vec<Diagnostic>) -> Sections<'a> {
        Sections {
            tasks: positions("task", &manifest.tasks, |task| &task.id, diagnostics),
            policies: positions("policy", &manifest.policies, |policy| &policy.id, diagnostics),
            resources: positions("resource", &manifest.resources, |resource| &resource.id, diagnostics),
            workflows: positions("workflow", &manifest.workflows, |workflow| &workflow.id, diagnostics),
        }
    }
}

fn positions<'a, T>(
    what: &str,
    items: &'a [T],
    id_of: impl Fn(&'a T) -> &'a Id,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<&'a str, usize> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, id) in items.iter().map(&id_of).enumerate() {
        match first.entry(&id.value) {
            Entry::Vacant(free) => {
                free.insert(position);
            }
            Entry::Occupied(earlier) => diagnostics.push(
                Diagnostic::error(
                    codes::DUPLICATE_ID,
                    format!("the {what} `{}` is defined twice", id.value),
                    id.span,
                    "defined again here",
                )
                .label(id_of(&items[*earlier.get()]).span, "first defined here")
                .help("rename or remove one of them"),
            ),
        }
    }
    first
}

/// The finding for a name that no entry of its section has.
pub(crate) fn unknown(
    code: Code,
    what: &str,
    id: &Id,
    known: &BTreeMap<&str, usize>,
    syntax: Syntax,
) -> Diagnostic {
    let finding = Diagnostic::error(
        code,
        format!("there is no {what} `{}`", id.value),
        id.span,
        format!("no {what} has this id"),
    );
    match nearest(&id.value, known.keys().copied()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")).fix(
            format!("replace it by `{near}`"),
            Safety::Unsafe,
            vec![Edit { span: id.span, text: syntax.word(near) }],
        ),
        None => finding.help(match known.len() {
            0 => format!("no {what} is defined"),
            1..=8 => format!("the {what}s are {}", all(known)),
            more => format!("{more} {what}s are defined, none with a similar id"),
        }),
    }
}

fn all(known: &BTreeMap<&str, usize>) -> String {
    conductor_model::names::listed(&known.keys().map(|id| (*id).to_owned()).collect::<Vec<_>>())
}
