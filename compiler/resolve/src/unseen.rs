//! Findings for names in expressions that no visible step has.
//!
//! It knows how steps stand to each other, not what the name was wanted for.

use std::collections::{BTreeMap, BTreeSet};

use conductor_source::{Diagnostic, Edit, Label, Safety, Span};

use crate::codes;
use crate::ids::Standing;
use crate::value::{Place, Stand};
use conductor_model::names::{listed, nearest};

/// Places of one unknown name that are shown; its fix changes all.
const MOST_PLACES: usize = 5;

/// `steps.ID.output`, a habit from other tools.
pub(crate) fn steps(id: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::UNKNOWN_NAME, "`steps` is not known here", span, "no step has this id")
        .help(format!("the id alone is the result of a step: write `${{{id}}}`"))
}

/// A name of the workflow where only the arguments of a call can be seen.
pub(crate) fn beside(name: &str, span: Span, place: Place<'_>) -> Diagnostic {
    let seen: Vec<String> = place.scope.variables().map(str::to_owned).collect();
    let finding = Diagnostic::error(codes::NOT_RUN_YET, format!("`{name}` cannot be seen here"), span, "");
    let what = "what undoes or replaces a call sees the arguments of that call";
    match seen.len() {
        0 => finding.help(format!("{what}, and it has none")),
        _ => finding.help(format!("{what} by their names: {}", listed(&seen))),
    }
}

/// A value of a `set` that names itself or one after it.
fn not_set(name: &str, span: Span, there: Span) -> Diagnostic {
    Diagnostic::error(codes::NOT_RUN_YET, format!("`{name}` has not been set yet"), span, "no value yet")
        .label(there, "it gets its value here")
        .help("each value of a `set` sees those before it; what counts up is the result of a `loop`")
}

/// A variable outside of its block.
fn outside(name: &str, span: Span, there: Span) -> Diagnostic {
    Diagnostic::error(codes::UNKNOWN_NAME, format!("`{name}` is not known here"), span, "")
        .label(there, "it is known inside this block only")
        .help("use it there, or the result of the block after it")
}

/// A name that no visible step has. `None` where the step could not be read, which was reported.
pub(crate) fn step(name: &str, span: Span, place: Place<'_>) -> Option<Diagnostic> {
    if let Some(target) = place.ids.find(name) {
        let there = place.ids.span(name, target);
        if place.here == Stand::Beside {
            return Some(beside(name, span, place).label(there, "a step of the workflow"));
        }
        let standing = place.ids.standing(place.here, target);
        if standing == Standing::Itself && place.ids.place(target).id != name {
            return Some(not_set(name, span, there));
        }
        return Some(not_visible(name, span, there, standing));
    }
    if place.here == Stand::Beside {
        return Some(beside(name, span, place));
    }
    if let Some(there) = place.ids.variable(name) {
        return Some(outside(name, span, there));
    }
    if place.ids.has_broken() {
        return None;
    }
    let finding = Diagnostic::error(
        codes::UNKNOWN_NAME,
        format!("`{name}` is not known here"),
        span,
        "no step has this id",
    );
    if place.scope.input(name).is_some() || place.naming.knows(name) {
        let edit = Edit { span, text: format!("input.{name}") };
        let help = format!("inputs are named `input.{name}`");
        return Some(finding.help(help).fix("name the input", Safety::Unsafe, vec![edit]));
    }
    Some(match nearest(name, place.ids.all()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")).fix(
            format!("replace it by `{near}`"),
            Safety::Unsafe,
            vec![Edit { span, text: near.to_owned() }],
        ),
        None => finding.help("name a step that ran before, or `input.NAME`"),
    })
}

/// Makes one finding of those from `first` on that say of several places that the same name is not known.
pub(crate) fn once(diagnostics: &mut Vec<Diagnostic>, first: usize) {
    let mut kept: Vec<Diagnostic> = Vec::new();
    let mut seen: BTreeMap<String, (usize, BTreeSet<Span>)> = BTreeMap::new();
    for finding in diagnostics.split_off(first.min(diagnostics.len())) {
        if finding.code != codes::UNKNOWN_NAME {
            kept.push(finding);
            continue;
        }
        let span = finding.span();
        let Some((at, places)) = seen.get_mut(&finding.message) else {
            seen.insert(finding.message.clone(), (kept.len(), BTreeSet::from([span])));
            kept.push(finding);
            continue;
        };
        if places.insert(span) {
            let earlier = &mut kept[*at];
            if earlier.labels.len() < MOST_PLACES {
                earlier.labels.push(Label { span, message: "and here".to_owned(), primary: false });
            }
            let edits = finding.fixes.into_iter().next().map(|fix| fix.edits);
            if let (Some(fix), Some(edits)) = (earlier.fixes.first_mut(), edits) {
                fix.edits.extend(edits);
            }
        }
    }
    diagnostics.append(&mut kept);
}

fn not_visible(name: &str, span: Span, there: Span, standing: Standing) -> Diagnostic {
    let (code, message, label, help) = match standing {
        Standing::Itself => (
            codes::NOT_RUN_YET,
            format!("the step `{name}` uses its own result"),
            "it has no result before it ran",
            "name a step that ran before",
        ),
        Standing::Encloses => (
            codes::NOT_RUN_YET,
            format!("`{name}` has not ended yet: this step is inside it"),
            "the block has a result when all of its steps ended",
            "name a step that ran before",
        ),
        Standing::Inside => (
            codes::NOT_RUN_YET,
            format!("`{name}` is inside this step, and has not run yet"),
            "it runs only here",
            "name a step that ran before; of a `loop`, `until` sees the steps inside, and its own id is what came before",
        ),
        Standing::Sibling => (
            codes::SIBLING_BRANCH,
            format!("`{name}` runs at the same time in another branch"),
            "the other branch",
            "put the two into a `sequence`, or use the result after the parallel block",
        ),
        Standing::NeedsThis => (
            codes::NOT_RUN_YET,
            format!("`{name}` waits for this step, so this one cannot wait for it"),
            "it needs this step, directly or through others",
            "remove one of the two dependencies",
        ),
        Standing::Exclusive => (
            codes::SIBLING_BRANCH,
            format!("`{name}` does not run where this step does"),
            "the other branch",
            "use the result after the block, where it may be null",
        ),
        Standing::Hidden => (
            codes::NOT_RUN_YET,
            format!("`{name}` cannot be seen from outside of its block"),
            "it may run many times, or be cancelled, in there",
            "use the result of the block: give the block an `id`",
        ),
        Standing::Gone => (
            codes::NOT_RUN_YET,
            format!("where `{name}` has run, this is never reached"),
            "the steps here end the run, or fail",
            "let them go on, or use another value",
        ),
        Standing::Later => (
            codes::NOT_RUN_YET,
            format!("`{name}` has not run yet"),
            "it runs only here",
            "move one of the two steps",
        ),
    };
    Diagnostic::error(code, message, span, "no result yet").label(there, label).help(help)
}
