//! Settings of steps as policies: what a policy had before stays, and one that says the same is used again.

use crate::data::Data;
use crate::edits;
use crate::flow::{duration, set_option, whole};
use crate::reading::{Change, Question, Read, Setting, Target};
use crate::vocabulary::Vocabulary;

/// The parts of a draft that settings change.
pub(crate) struct Drafted {
    pub steps: Vec<Data>,
    /// Policies that are new.
    pub policies: Vec<Data>,
    /// Keys of tasks that are new.
    pub tasks: Vec<(String, String, Data)>,
    /// Workflows that are new.
    pub workflows: Vec<Data>,
    /// Keys of the workflow that are new.
    pub options: Vec<(String, Data)>,
}

impl Drafted {
    pub fn settle(&mut self, vocabulary: &Vocabulary, settings: &[Setting]) -> Read<()> {
        let all = edits::calls(&self.steps);
        for task in &all {
            let own: Vec<&Change> = settings
                .iter()
                .filter(|setting| {
                    setting.target == Target::All || setting.target == Target::Task(task.clone())
                })
                .map(|setting| &setting.change)
                .collect();
            if !own.is_empty() {
                self.settle_one(vocabulary, task, &own)?;
            }
        }
        for setting in settings {
            if let (Target::Workflow, Change::Deadline(ms)) = (&setting.target, &setting.change) {
                self.options.push(("deadline".to_owned(), Data::text(duration(*ms))));
            }
            if let Target::Task(task) = &setting.target
                && !all.contains(task)
            {
                return Err(Question(format!("`{task}` is no step here: where should it run?")));
            }
        }
        Ok(())
    }

    fn settle_one(&mut self, vocabulary: &Vocabulary, task: &str, changes: &[&Change]) -> Read<()> {
        for (index, change) in changes.iter().enumerate() {
            let kind = std::mem::discriminant(*change);
            if changes[..index].iter().any(|other| std::mem::discriminant(*other) == kind && other != change)
            {
                return Err(Question(format!("two different settings for `{task}`: which one counts?")));
            }
        }
        let numbers: Vec<(&str, Data)> = changes.iter().filter_map(|change| number(change)).collect();
        if !numbers.is_empty() {
            let id = self.policy(vocabulary, task, &numbers);
            edits::change(&mut self.steps, task, &|step| {
                set_option(step, "policy", Data::text(&id));
                None
            })?;
        }
        for (at, change) in changes.iter().enumerate() {
            match change {
                same if changes[..at].contains(same) => {}
                Change::Tolerated | Change::Critical => {
                    let is_critical = **change == Change::Critical;
                    edits::change(&mut self.steps, task, &|step| {
                        set_option(step, "critical", Data::Bool(is_critical));
                        None
                    })?;
                }
                Change::Detached => self.detach(vocabulary, task)?,
                Change::Undo(by) => {
                    self.tasks.push((task.to_owned(), "compensate".to_owned(), Data::text(by)))
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The id of a policy with the numbers over those that the step has now.
    fn policy(&mut self, vocabulary: &Vocabulary, task: &str, numbers: &[(&str, Data)]) -> String {
        let own = step_policy(&self.steps, task);
        let named = match &own {
            Some(Data::Text(id)) => Some(id.clone()),
            Some(_) => None,
            None => vocabulary.task(task).and_then(|task| task.policy.clone()),
        };
        let before = match (&own, &named) {
            (Some(inline @ Data::Map(_)), _) => inline.clone(),
            (_, Some(id)) => vocabulary.policy(id).cloned().unwrap_or_else(|| Data::Map(Vec::new())),
            _ => Data::Map(Vec::new()),
        };
        let mut wanted = before;
        for (key, value) in numbers {
            if let Data::Map(pairs) = &mut wanted {
                pairs.retain(|(name, _)| name != &format!("{key}_ms"));
            }
            wanted.set(key, value.clone());
        }
        if let Some((id, _)) = vocabulary.policies.iter().find(|(_, settings)| same(settings, &wanted)) {
            return id.clone();
        }
        let taken = |id: &str| vocabulary.policy(id).is_some();
        let id = crate::free(&format!("{task}_policy"), taken);
        let mut policy = Data::map([("id", Data::text(&id))]);
        if let Data::Map(pairs) = &wanted {
            pairs
                .iter()
                .filter(|(key, _)| key != "id")
                .for_each(|(key, value)| policy.set(key, value.clone()));
        }
        self.policies.push(policy);
        id
    }

    /// A workflow of its own for the task, which is started and not awaited.
    fn detach(&mut self, vocabulary: &Vocabulary, task: &str) -> Read<()> {
        let taken = |id: &str| vocabulary.workflows.iter().any(|workflow| workflow.id == id);
        let id = crate::free(&format!("{task}_detached"), taken);
        let moved = std::cell::RefCell::new(None);
        edits::change(&mut self.steps, task, &|step| {
            *moved.borrow_mut() = Some(step.clone());
            Some(Data::map([("workflow", Data::text(&id)), ("detach", Data::Bool(true))]))
        })?;
        let steps = moved.into_inner().into_iter().collect();
        self.workflows.push(Data::map([("id", Data::text(&id)), ("steps", Data::List(steps))]));
        Ok(())
    }
}

fn step_policy(steps: &[Data], task: &str) -> Option<Data> {
    let found = std::cell::RefCell::new(None);
    let mut copy = steps.to_vec();
    let _ = edits::change(&mut copy, task, &|step| {
        *found.borrow_mut() = step.get("policy").cloned();
        None
    });
    found.into_inner()
}

fn number(change: &Change) -> Option<(&'static str, Data)> {
    Some(match change {
        Change::Retries(retries) => ("retries", whole(*retries)),
        Change::Strategy(strategy) => ("strategy", Data::text(*strategy)),
        Change::Initial(ms) => ("initial", Data::text(duration(*ms))),
        Change::Timeout(ms) => ("timeout", Data::text(duration(*ms))),
        Change::Deadline(_) | Change::Tolerated | Change::Critical | Change::Detached | Change::Undo(_) => {
            return None;
        }
    })
}

/// Whether two policies have the same settings, whatever their ids and order.
fn same(one: &Data, other: &Data) -> bool {
    let (Data::Map(one), Data::Map(other)) = (one, other) else { return false };
    let settings =
        |pairs: &[(String, Data)]| pairs.iter().filter(|(key, _)| key != "id").cloned().collect::<Vec<_>>();
    let (one, other) = (settings(one), settings(other));
    one.len() == other.len() && one.iter().all(|pair| other.contains(pair))
}
