//! Drafts: instructions about what a workflow has, and what becomes of everything that they do not name.

use std::sync::atomic::{AtomicUsize, Ordering};

use conductor_driver::Compiled;
use conductor_driver::drafting::{Ground, rebound};
use conductor_protocol::plan::Plan;
use conductor_simulate::CanonicalRun;

use super::runs::{Fate, Runs, calls, of_others, played, stories, tasks};
use super::{CORPUS, error_of, judged, lost};
use crate::support::Project;

/// An instruction, the tasks that it names, and what it may change.
struct Asked {
    text: String,
    named: Vec<String>,
    touches: Touches,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Touches {
    /// Runs in which nothing befalls the tasks that are named are as they were.
    Failures,
    /// Steps of other tasks do what they did where all goes well.
    Steps,
    /// Steps may be gone, with what was said of them.
    Removes,
}

/// Instructions about the steps of a workflow. `fresh` is a task that it does not call.
fn instructions(tasks: &[String], fresh: Option<&String>) -> Vec<Asked> {
    let mut all = Vec::new();
    let mut ask = |touches: Touches, named: &[&String], text: String| {
        all.push(Asked { text, named: named.iter().map(|task| (*task).clone()).collect(), touches });
    };
    let [first, rest @ ..] = tasks else { return all };
    ask(Touches::Failures, &[first], format!("retry {first} 4 times with backoff"));
    ask(Touches::Failures, &[first], format!("give {first} 70 seconds"));
    ask(Touches::Failures, &[first], format!("ignore failures of {first}"));
    ask(Touches::Failures, &[first], format!("повтори {first} 3 раза с паузой 2 секунды"));
    ask(Touches::Steps, &[], "the whole workflow must finish within 9000 hours".to_owned());
    ask(Touches::Steps, &[first], "ask for approval first".to_owned());
    ask(Touches::Steps, &[first], format!("ask for approval before {first}"));
    ask(Touches::Steps, &[first], format!("{first} in the background"));
    ask(Touches::Removes, &[first], format!("remove {first}"));
    if let Some(second) = rest.first() {
        ask(Touches::Steps, &[first, second], format!("move {second} before {first}"));
        ask(Touches::Steps, &[first, second], format!("run {first} and {second} in parallel"));
        ask(Touches::Steps, &[first, second], format!("{second} only when {first} succeeded"));
        ask(Touches::Removes, &[second], format!("убери {second}"));
    }
    if let Some(fresh) = fresh {
        ask(Touches::Steps, &[fresh], format!("add {fresh} after {first}"));
        ask(Touches::Failures, &[first, fresh], format!("if {first} fails, {fresh}"));
        ask(Touches::Steps, &[first, fresh], format!("undo {first} with {fresh}"));
        ask(Touches::Removes, &[first, fresh], format!("replace {first} with {fresh}"));
    }
    all
}

#[derive(Default)]
struct Count {
    written: AtomicUsize,
    /// The checker will not have it: `conductor draft` refuses it.
    refused: AtomicUsize,
    asked: AtomicUsize,
}

/// The first thing that a draft does to what it was not asked about.
fn differs(asked: &Asked, workflow: &str, before: &[Plan], after: &[Plan]) -> Option<String> {
    for plan in before {
        let tasks = tasks(plan);
        let is_named = |task: &str| asked.named.iter().any(|named| named == task);
        let is_own = plan.workflow == workflow;
        let is_exact = asked.touches == Touches::Failures || !is_own && !names(plan, "workflow", workflow);
        if !is_exact && (!is_own || is_open(plan, after)) {
            continue;
        }
        // What undoes a task undoes it in every workflow.
        let is_undone = asked.text.starts_with("undo");
        for story in stories(&tasks) {
            let is_told = story
                .is_none_or(|(task, fate)| is_exact && !is_undone && fate != Fate::Hangs && !is_named(task));
            if !is_told {
                continue;
            }
            let runs = [before, after].map(|plans| played(plans, &plan.workflow, story, 1));
            let is_same = if is_exact {
                runs[0] == runs[1]
            } else {
                let others = runs.each_ref().map(|runs| of_others(runs, &asked.named));
                others[0].iter().all(|(key, events)| others[1].get(key) == Some(events))
            };
            if !is_same {
                return Some(format!("`{}`, {story:?}: {}", plan.workflow, first_difference(&runs)));
            }
        }
    }
    None
}

/// Whether another order gives other steps: branches race, a run can be left early or goes on for ever, somebody is waited
/// for, or steps took the result of one that is gone, and the workflow asks for it now.
fn is_open(plan: &Plan, after: &[Plan]) -> bool {
    let inputs = |plan: &Plan| plan.inputs.iter().map(|input| input.name.clone()).collect::<Vec<_>>();
    let asks = after.iter().find(|other| other.workflow == plan.workflow).map(inputs);
    let text = serde_json::to_string(plan).expect("a Plan is JSON");
    let is_early = ["\"race\"", "\"return\"", "\"fail\"", "\"loop\"", "\"wait_for\"", "\"signal\""];
    asks != Some(inputs(plan)) || is_early.iter().any(|word| text.contains(word))
}

fn names(plan: &Plan, what: &str, id: &str) -> bool {
    serde_json::to_string(plan).expect("a Plan is JSON").contains(&format!("\"{what}\":\"{id}\""))
}

fn ground_of(project: &Project) -> Result<Ground, impl std::fmt::Debug> {
    let path = project.manifest();
    Ground::read((path, project.get(path).as_bytes(), None), &mut |need| project.answer(need))
}

fn first_difference(runs: &[Runs; 2]) -> String {
    let events = |runs: &Runs| -> Vec<String> {
        let of_run = |(id, run): (&_, &CanonicalRun)| {
            let steps = run.steps.iter().map(move |(key, events)| format!("{id} {key}: {events:?}"));
            steps.chain([format!("{id}: {:?}", run.end)]).collect::<Vec<_>>()
        };
        runs.iter().flat_map(of_run).collect()
    };
    let [before, after] = runs.each_ref().map(events);
    let only = |one: &[String], other: &[String]| one.iter().find(|event| !other.contains(event)).cloned();
    format!("{:?} became {:?}", only(&before, &after), only(&after, &before))
}

fn broken(
    (project, ground, before): (&Project, &Ground, &Compiled),
    workflow: &str,
    asked: &Asked,
    count: &Count,
) -> Option<String> {
    let draft = ground.draft(&asked.text, Some(workflow));
    let Some(text) = ground.written(&draft) else {
        count.asked.fetch_add(1, Ordering::Relaxed);
        return draft.steps.map(|_| "it is drafted, and cannot be written".to_owned());
    };
    let lost = lost(project.get(project.manifest()), &text);
    if asked.touches != Touches::Removes && !lost.is_empty() {
        return Some(format!("{lost:?} is gone:\n{text}"));
    }
    let mut changed = project.clone();
    changed.set(project.manifest(), &text);
    let Some(after) = changed.compile().compiled else {
        count.refused.fetch_add(1, Ordering::Relaxed);
        let why = error_of(&changed).unwrap_or_default();
        // What all attempts together may take can be less than 70 seconds.
        let is_bounded = asked.text.ends_with("seconds") && why.starts_with("E301");
        let may_never = asked.text.starts_with("retry") || asked.text.ends_with("seconds") && !is_bounded;
        return may_never.then(|| format!("it is wrong: {why}\n{text}"));
    };
    if rebound::question(before, &after).is_some() {
        count.asked.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    count.written.fetch_add(1, Ordering::Relaxed);
    if asked.touches == Touches::Failures && !asked.text.starts_with("if") {
        let again = ground_of(&changed).ok()?;
        let again = again.written(&again.draft(&asked.text, Some(workflow)));
        if again.as_ref() != Some(&text) {
            return Some(format!("again it is another:\n{text}\n{}", again.unwrap_or_default()));
        }
    }
    let why = differs(asked, workflow, &before.plans, &after.plans)?;
    Some(format!("{why}\n{text}"))
}

#[test]
fn drafts_leave_alone_what_they_were_not_asked_about() {
    let count = Count::default();
    let wrong = judged(&CORPUS, |at, name, project| {
        let Some(compiled) = project.compile().compiled else { return Vec::new() };
        let Ok(ground) = ground_of(project) else { return vec![format!("{name}: it cannot be read")] };
        // Cases are small and many: each takes its turn.
        let is_whole =
            name.starts_with("world") || name.contains("tests/manifests") && name.contains("remarked");
        let mut wrong = Vec::new();
        for plan in &compiled.plans {
            let called = calls(plan);
            let once: Vec<String> = tasks(plan)
                .into_iter()
                .filter(|task| called.iter().filter(|other| *other == task).count() == 1)
                .collect();
            let every = compiled.plans.iter().flat_map(tasks).find(|task| !called.contains(task));
            for (number, asked) in instructions(&once, every.as_ref()).iter().enumerate() {
                if is_whole || (number + at) % 6 == 0 {
                    let why = broken((project, &ground, &compiled), &plan.workflow, asked, &count);
                    wrong.extend(why.map(|why| format!("{name}: {}: {}: {why}", plan.workflow, asked.text)));
                }
            }
        }
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let [written, refused, asked] = [count.written, count.refused, count.asked].map(AtomicUsize::into_inner);
    println!("{written} written, {refused} refused, {asked} asked");
    assert!(
        written > 500 && written > 2 * (refused + asked),
        "{written} written, {refused} refused, {asked} asked"
    );
}
