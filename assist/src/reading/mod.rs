//! A text to a flow: statements, their settings, and how they fit what is there.
//!
//! It asks where it does not understand a word that could change the steps, and where two readings differ.

mod attributes;
mod changes;
mod commands;
mod conditional;
mod conditions;
mod counts;
mod cursor;
mod dependence;
mod failures;
mod followups;
mod groups;
mod iteration;
mod joining;
mod operands;
mod properties;
mod relations;
mod relaxed;
mod remarks;
mod repeating;
mod retries;
mod sentences;
mod settings;
mod statements;
mod targets;
mod timeouts;
mod undoing;
mod verbs;

use crate::flow::Flow;
use crate::items::{Item, Phrase, PhraseWord};
use crate::names::{Meant, Names};
use crate::vocabulary::Vocabulary;

pub(crate) use settings::{Change, Setting, Target};
pub(crate) use statements::read;

/// What must be answered before the text can be written as steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question(pub String);

pub(crate) type Read<T> = Result<T, Question>;

/// A part of the text and what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Understood {
    pub text: String,
    pub read_as: String,
}

/// What an instruction comes to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reading {
    /// Steps in the order of the text; empty where only something that is there is changed.
    pub flow: Option<Flow>,
    pub settings: Vec<Setting>,
    pub edits: Vec<Edit>,
    pub understood: Vec<Understood>,
}

impl Reading {
    /// Whether both set the same of the same steps, however it was said.
    fn is_set_alike(&self, other: &Reading) -> bool {
        let set = |reading: &Reading| {
            let all = reading.settings.iter().map(|setting| (setting.target.clone(), setting.change.clone()));
            all.collect::<Vec<_>>()
        };
        set(self) == set(other)
    }
}

/// A change of steps that are there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edit {
    Remove(String),
    /// Something new beside a task.
    Add {
        flow: Flow,
        place: Place,
    },
    /// A task to another place.
    Move {
        task: String,
        place: Place,
    },
    Replace {
        old: String,
        new: String,
    },
    /// Two tasks that are there, each in the other's place.
    Swap(String, String),
    /// Something new at the same time as a task that is there.
    Beside {
        flow: Flow,
        task: String,
    },
    /// Something that runs after all steps, whatever becomes of them.
    Always(Flow),
    /// Tasks that are there, at the same time or one after another.
    Together(Vec<String>, Option<u64>),
    Apart(Vec<String>),
    /// A task again and again, as a loop around it says.
    Repeat {
        task: String,
        flow: Flow,
    },
    /// A task only under a condition.
    Guard {
        task: String,
        condition: String,
    },
    /// A task only where another has succeeded.
    OnSuccess {
        task: String,
        of: String,
    },
    OnFailure {
        of: String,
        handler: Flow,
    },
    /// A task that is there only where another one, which is there, too, has failed.
    OnlyOnFailure {
        of: String,
        task: String,
    },
    /// Of two tasks that are there one or the other.
    Either {
        condition: String,
        then: String,
        otherwise: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    Before(String),
    After(String),
    /// Before or behind all of them.
    BeforeAll(Vec<String>),
    AfterAll(Vec<String>),
    First,
    Last,
}

/// What all of the reading looks at.
pub(crate) struct Context<'a> {
    pub text: &'a str,
    pub names: &'a Names<'a>,
    pub vocabulary: &'a Vocabulary,
    /// Tasks of the workflow that the text may change.
    pub present: Vec<String>,
    /// The words of its steps that call no task.
    pub others: Vec<&'static str>,
    /// Tasks of each of its blocks whose steps run at the same time.
    pub at_once: Vec<Vec<String>>,
    /// Tasks that the text names.
    pub mentioned: Vec<String>,
    /// Inputs of that workflow.
    pub inputs: Vec<crate::vocabulary::Field>,
    /// Parameters that its steps bind, each with its task and its value: none of them is an input.
    pub bound: Vec<(String, String, crate::data::Data)>,
}

impl Context<'_> {
    pub fn ask<T>(&self, question: impl Into<String>) -> Read<T> {
        Err(Question(question.into()))
    }

    /// The text of some items.
    pub fn said(&self, items: &[Item]) -> &str {
        match (items.first(), items.last()) {
            (Some(first), Some(last)) => {
                self.text.get(first.at().start..last.at().end).unwrap_or_default().trim()
            }
            _ => "",
        }
    }

    /// The task that a phrase names; a question where there is none, or more than one.
    pub fn task(&self, phrase: &Phrase, verbs: &[PhraseWord]) -> Read<String> {
        match self.meant(phrase, verbs) {
            Meant::Task(task) => Ok(task),
            _ => self.words(&phrase.words, verbs),
        }
    }

    /// What a phrase means: of several tasks the one that is there, else the one that the text names surely.
    pub fn meant(&self, phrase: &Phrase, verbs: &[PhraseWord]) -> Meant {
        let meant = self.names.meant_by(phrase, verbs);
        let Meant::Several(tasks) = &meant else { return meant };
        let only =
            |known: &[String]| match tasks.iter().filter(|task| known.contains(task)).collect::<Vec<_>>()[..]
            {
                [only] => Some(Meant::Task(only.clone())),
                _ => None,
            };
        only(&self.present).or_else(|| only(&self.mentioned)).unwrap_or(meant)
    }

    /// The task of a phrase that is about what is there, where the workflow has the only one that fits.
    pub fn present_task(&self, phrase: &Phrase) -> Read<String> {
        match self.names.meant_among(&self.present, &phrase.words) {
            Some(task) => Ok(task),
            None => self.task(phrase, &[]),
        }
    }

    pub fn words(&self, words: &[PhraseWord], verbs: &[PhraseWord]) -> Read<String> {
        let said = match (words.first(), words.last()) {
            (Some(first), Some(last)) => self.text.get(first.at.start..last.at.end).unwrap_or_default(),
            _ => "",
        };
        match self.names.meant(words, verbs) {
            Meant::Task(task) => Ok(task),
            Meant::Several(tasks) => {
                let tasks: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
                self.ask(format!("\"{said}\" may be {}: which one is meant?", tasks.join(" or ")))
            }
            Meant::Nothing => {
                let all: Vec<String> =
                    self.vocabulary.tasks.iter().take(12).map(|task| format!("`{}`", task.id)).collect();
                let hint = if all.is_empty() {
                    "the manifest has no tasks yet".to_owned()
                } else {
                    format!("the tasks are {}", all.join(", "))
                };
                self.ask(format!("which task is \"{said}\"? {hint}"))
            }
        }
    }

    /// The task, where the phrase surely names one.
    pub fn maybe(&self, phrase: &Phrase) -> Option<String> {
        self.task(phrase, &[]).ok()
    }
}
