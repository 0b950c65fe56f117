//! A workflow from plain words, English or Russian: what they say in the manifest's own steps, or a question.
//!
//! It knows names and types of tasks as text, and the steps of a workflow as data; neither files, nor the checker, nor any
//! language model. Where a word that could change the steps is not understood, or two readings differ, it asks.

mod data;
mod edits;
mod flow;
mod items;
mod names;
mod policies;
mod reading;
mod vocabulary;
mod wording;
mod words;

pub use data::Data;
pub use vocabulary::{Field, Task, Vocabulary, Workflow};

pub use edits::calls;
use items::{Item, Reader};
use names::{Meant, Names};
use policies::Drafted;
use reading::{Context, Question, Read, Reading};
use words::{Mark, WORDS};

/// Longer texts are refused: an instruction is a few sentences.
pub const LONGEST: usize = 8 * 1024;

/// What is to be drafted.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub text: &'a str,
    pub vocabulary: &'a Vocabulary,
    /// The workflow that is meant, there or not.
    pub workflow: Option<&'a str>,
}

/// What an instruction comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The workflow that is written or changed.
    pub workflow: String,
    /// All steps of the workflow; `None` where there is a question.
    pub steps: Option<Vec<Data>>,
    /// Policies that the steps name and that are not there yet.
    pub policies: Vec<Data>,
    /// Keys of tasks that change: the task's id, the key and its value.
    pub tasks: Vec<(String, String, Data)>,
    /// Other workflows that the steps start and that are not there yet.
    pub workflows: Vec<Data>,
    /// Keys of the workflow that are said besides its steps: `deadline`.
    pub options: Vec<(String, Data)>,
    pub question: Option<String>,
    /// Parts of the text, each with what it was taken for.
    pub understood: Vec<(String, String)>,
}

/// Reads an instruction.
#[must_use]
pub fn draft(request: &Request<'_>) -> Draft {
    let wanted = request.workflow.unwrap_or_default().to_owned();
    let mut draft = Draft {
        workflow: wanted,
        steps: None,
        policies: Vec::new(),
        tasks: Vec::new(),
        workflows: Vec::new(),
        options: Vec::new(),
        question: None,
        understood: Vec::new(),
    };
    if let Err(Question(question)) = drafted(request, &mut draft) {
        draft.steps = None;
        draft.question = Some(question);
    }
    draft
}

fn drafted(request: &Request<'_>, draft: &mut Draft) -> Read<()> {
    let ask = |question: &str| Err(Question(question.to_owned()));
    if request.text.len() > LONGEST {
        return ask("the text is too long for an instruction: what should run, in a few sentences?");
    }
    let vocabulary = request.vocabulary;
    if vocabulary.tasks.is_empty() {
        return ask("the manifest has no tasks yet: which functions should run? `conductor init` finds them");
    }
    let names = Names::new(vocabulary, &WORDS.stems, &WORDS.concepts);
    let reader = Reader { stems: &WORDS.stems, lexicon: &WORDS.lexicon, names: &names };
    let items = reader.items(request.text);
    if items.is_empty() {
        return ask("what should run?");
    }
    let base = if is_of_its_own(request) { None } else { base(request, &names, &items)? };
    let items = wording::with_verbs(items, &names, request.text, base.is_none());
    let mentioned = items.iter().filter_map(|item| match item {
        Item::Phrase(phrase) => match names.meant_by(phrase, &[]) {
            Meant::Task(task) => Some(task),
            _ => None,
        },
        _ => None,
    });
    let context = Context {
        text: request.text,
        names: &names,
        vocabulary,
        mentioned: mentioned.collect(),
        present: base.map(|workflow| edits::calls(&workflow.steps)).unwrap_or_default(),
        others: base.map(|workflow| edits::others(&workflow.steps)).unwrap_or_default(),
        at_once: base.map(|workflow| edits::at_once(&workflow.steps)).unwrap_or_default(),
        inputs: base.map(|workflow| workflow.inputs.clone()).unwrap_or_default(),
        bound: base.map(|workflow| edits::bound(&workflow.steps)).unwrap_or_default(),
    };
    let mut reading = reading::read(&context, &items)?;
    // What is asked about is a step of a workflow that is there, though none of its tasks is named.
    let mut base = base;
    if let (None, None, Some(asked)) = (base, request.workflow, asked_about(request, &reading)) {
        let context = Context {
            present: edits::calls(&asked.steps),
            others: edits::others(&asked.steps),
            at_once: edits::at_once(&asked.steps),
            inputs: asked.inputs.clone(),
            bound: edits::bound(&asked.steps),
            ..context
        };
        reading = reading::read(&context, &items)?;
        base = Some(asked);
    }
    draft.understood =
        reading.understood.iter().map(|part| (part.text.clone(), part.read_as.clone())).collect();
    finish(request, &names, base, reading, draft)
}

/// Whether the text asks for another workflow than those that are there.
fn is_of_its_own(request: &Request<'_>) -> bool {
    const NEW: [&str; 8] = [
        "new workflow",
        "new flow",
        "new pipeline",
        "separate workflow",
        "another workflow",
        "новый процесс",
        "новый сценарий",
        "новый воркфлоу",
    ];
    let said = request.text.to_lowercase();
    request.workflow.is_none() && NEW.iter().any(|new| said.contains(new))
}

/// The workflow that the text may be about: the one that is named, else the only one that has the tasks of the text.
fn base<'a>(request: &Request<'a>, names: &Names<'_>, items: &[Item]) -> Read<Option<&'a Workflow>> {
    let workflows = &request.vocabulary.workflows;
    if let Some(id) = request.workflow {
        return Ok(workflows.iter().find(|workflow| workflow.id == id));
    }
    let mentioned: Vec<String> = items
        .iter()
        .filter_map(|item| match item {
            Item::Phrase(phrase) => match names.meant_by(phrase, &[]) {
                Meant::Task(task) => Some(task),
                _ => None,
            },
            _ => None,
        })
        .collect();
    // `the payment` is the workflow's own, whatever other task is called so.
    let is_shared = |calls: &[String], item: &Item| match item {
        Item::Phrase(phrase) => match names.meant_by(phrase, &[]) {
            Meant::Task(task) if calls.contains(&task) => true,
            Meant::Nothing if phrase.words.len() <= names::LONGEST / 2 => (0..phrase.words.len()).any(|at| {
                let (one, other) = phrase.split(at);
                let has = |part: &items::Phrase| names.meant_among(calls, &part.words).is_some();
                has(&other) && (at == 0 || !matches!(names.meant(&one.words, &[]), Meant::Nothing))
                    || has(&one) && !matches!(names.meant(&other.words, &[]), Meant::Nothing)
            }),
            _ => names.meant_among(calls, &phrase.words).is_some(),
        },
        _ => false,
    };
    let shared = |workflow: &&Workflow| {
        let calls = edits::calls(&workflow.steps);
        items.iter().filter(|item| is_shared(&calls, item)).count()
    };
    let most = workflows.iter().map(|workflow| shared(&workflow)).max().unwrap_or_default();
    let changes = [Mark::Add, Mark::Remove, Mark::Move, Mark::Replace];
    if let ([only], true) = (workflows.as_slice(), items.first().is_some_and(|item| item.is_any(&changes))) {
        return Ok(Some(only));
    }
    let is_end = is_placed(items, &mentioned);
    if let ([only], true) = (workflows.as_slice(), is_end) {
        return Ok(Some(only));
    }
    if most == 0 && !mentioned.is_empty() {
        return Ok(None);
    }
    let best: Vec<&Workflow> = workflows.iter().filter(|workflow| shared(workflow) == most).collect();
    match best.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let is_all = |workflow: &&&Workflow| edits::calls(&workflow.steps) == mentioned;
            if let Some(same) = several.iter().find(is_all) {
                return Ok(Some(same));
            }
            // Where no step is named, what another starts is not meant.
            let started: Vec<String> = workflows.iter().flat_map(|flow| edits::starts(&flow.steps)).collect();
            let mut own = several.iter().filter(|workflow| most == 0 && !started.contains(&workflow.id));
            if let (Some(only), None) = (own.next(), own.next()) {
                return Ok(Some(only));
            }
            let all: Vec<String> = several.iter().map(|workflow| format!("`{}`", workflow.id)).collect();
            Err(Question(format!("which workflow is meant: {}? `--workflow` says it", all.join(" or "))))
        }
    }
}

/// `B at the end`, `B at the beginning`: of what is there.
fn is_placed(items: &[Item], mentioned: &[String]) -> bool {
    let ends = |item: Option<&Item>, marks: &[Mark]| item.is_some_and(|item| item.is_any(marks));
    let is_placed = ends(items.first(), &[Mark::Then, Mark::Always])
        || ends(items.last(), &[Mark::Then, Mark::First, Mark::Always]);
    let is_clause_end = |two: &[Item]| {
        two[0].is_any(&[Mark::Then, Mark::First])
            && (matches!(two[1], Item::Comma(_))
                || two[1].is_any(&[Mark::And, Mark::If, Mark::Unless, Mark::When, Mark::OnlyIf]))
    };
    let is_placed = is_placed || items.windows(2).any(is_clause_end);
    // `A first thing, and B last`
    let is_place = |item: &&Item| item.is_any(&[Mark::Then, Mark::First, Mark::Always]);
    let named = mentioned.iter().collect::<std::collections::BTreeSet<_>>().len();
    is_placed
        && named <= items.iter().filter(is_place).count().max(1)
        && named <= 2
        && !matches!(items.first(), Some(item) if item.is(Mark::First))
}

/// The only workflow with the step whose result alone the text is about.
fn asked_about<'a>(request: &Request<'a>, reading: &Reading) -> Option<&'a Workflow> {
    let Some(flow::Flow::When { condition, .. }) = &reading.flow else { return None };
    let task = condition.trim_start_matches('!').split('.').next()?;
    let has = |workflow: &&Workflow| edits::calls(&workflow.steps).iter().any(|call| call == task);
    let mut found = request.vocabulary.workflows.iter().filter(has);
    found.next().filter(|_| found.next().is_none())
}

fn finish(
    request: &Request<'_>,
    names: &Names<'_>,
    base: Option<&Workflow>,
    reading: Reading,
    draft: &mut Draft,
) -> Read<()> {
    let (mut steps, workflow) = match (&reading.flow, base) {
        (Some(flow), base) => {
            let same = base.filter(|workflow| request.workflow.is_some() || has_same_calls(workflow, flow));
            is_apart(base, same, flow)?;
            let mut steps = flow.steps();
            edits::keep(&mut steps, same.map(|workflow| workflow.steps.as_slice()).unwrap_or_default());
            (steps, same.map(|workflow| workflow.id.clone()))
        }
        (None, Some(base)) => (base.steps.clone(), Some(base.id.clone())),
        (None, None) => {
            return Err(Question(
                "which workflow should change? The manifest has none with these steps".to_owned(),
            ));
        }
    };
    for edit in &reading.edits {
        edits::apply(&mut steps, edit)?;
    }
    let mut drafted = Drafted {
        steps,
        policies: Vec::new(),
        tasks: Vec::new(),
        workflows: Vec::new(),
        options: Vec::new(),
    };
    drafted.settle(request.vocabulary, &reading.settings)?;
    if let (Some(_), Some(base)) = (&workflow, base) {
        forgets_nothing(base, &drafted.steps)?;
    }
    if reading.flow.is_some() {
        let tasks = &request.vocabulary.tasks;
        for task in edits::completed(&mut drafted.steps, tasks, |task| names.reads(task))? {
            draft
                .understood
                .push((format!("`{task}` first"), "what is asked about is its result".to_owned()));
        }
    }
    if let Some(task) = edits::asked_too_early(&drafted.steps)
        && base.is_none_or(|base| edits::asked_too_early(&base.steps).is_none())
    {
        return Err(Question(format!(
            "the result of `{task}` is asked about before it runs: what comes first?"
        )));
    }
    let taken = |id: &str| request.vocabulary.workflows.iter().any(|workflow| workflow.id == id);
    let calls = edits::calls(&drafted.steps);
    draft.workflow = match (request.workflow, workflow) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, Some(workflow)) => workflow,
        (None, None) => free(&format!("{}_workflow", calls.first().map_or("new", String::as_str)), taken),
    };
    draft.policies = drafted.policies;
    draft.tasks = drafted.tasks;
    draft.workflows = drafted.workflows;
    draft.options = drafted.options;
    draft.steps = Some(drafted.steps);
    Ok(())
}

/// A question where a flow has some of the steps of a workflow, and does not say anew what that does.
fn is_apart(base: Option<&Workflow>, same: Option<&Workflow>, flow: &flow::Flow) -> Read<()> {
    let (Some(base), None) = (base, same) else { return Ok(()) };
    let there = edits::calls(&base.steps);
    if !flow.calls().iter().any(|task| there.iter().any(|there| there == task)) {
        return Ok(());
    }
    Err(Question(format!(
        "is this a new workflow, or what should change in `{}`? `--workflow` says it",
        base.id
    )))
}

/// Steps that are no calls, and that the text does not speak of, are not left out unasked.
fn forgets_nothing(base: &Workflow, steps: &[Data]) -> Read<()> {
    let (before, mut after) = (edits::others(&base.steps), edits::others(steps));
    for word in before {
        let Some(at) = after.iter().position(|other| *other == word) else {
            return Err(Question(format!(
                "`{}` has a `{word}`, too, of which this says nothing: where does it go?",
                base.id
            )));
        };
        after.swap_remove(at);
    }
    Ok(())
}

/// Whether a flow says anew what a workflow does.
fn has_same_calls(workflow: &Workflow, flow: &flow::Flow) -> bool {
    let mut there = edits::calls(&workflow.steps);
    let mut said: Vec<String> = flow.calls().into_iter().map(str::to_owned).collect();
    there.sort();
    said.sort();
    there.iter().all(|task| said.contains(task))
}

/// The name, or the name with a number where it is taken.
fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{wanted}_{number}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
}
