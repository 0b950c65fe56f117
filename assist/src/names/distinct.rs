//! Whether the words that mean the same leave every task of the corpus its own name.

use serde_json::Value;

use super::{Meant, Names};
use crate::items::PhraseWord;
use crate::vocabulary::{Task, Vocabulary};
use crate::words::{WORDS, words_of};

const WORLDS: &str = include_str!("../../tests/corpus/worlds.json");

fn tasks(world: &Value) -> Vec<Task> {
    let text = |task: &Value, key: &str| task[key].as_str().unwrap_or_default().to_owned();
    let task = |task: &Value| Task {
        id: text(task, "id"),
        function: text(task, "function"),
        about: text(task, "about"),
        ..Task::default()
    };
    world["tasks"].as_array().into_iter().flatten().map(task).collect()
}

/// The words as somebody would say them.
fn phrase(words: &[String]) -> Vec<PhraseWord> {
    let word = |word: &String| PhraseWord::new(word.clone(), WORDS.stems.of(word), 0..0);
    words.iter().map(word).collect()
}

#[test]
fn a_task_is_meant_by_the_words_of_its_id() {
    let worlds: Value = serde_json::from_str(WORLDS).unwrap();
    let mut lost = Vec::new();
    for (name, world) in worlds.as_object().unwrap() {
        let vocabulary = Vocabulary { tasks: tasks(world), ..Vocabulary::default() };
        let names = Names::new(&vocabulary, &WORDS.stems, &WORDS.concepts);
        for task in &vocabulary.tasks {
            let meant = names.meant(&phrase(&words_of(&task.id)), &[]);
            if meant != Meant::Task(task.id.clone()) {
                lost.push(format!("{name}: {} {meant:?}", task.id));
            }
        }
    }
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn no_two_tasks_have_ids_that_mean_the_same() {
    let worlds: Value = serde_json::from_str(WORLDS).unwrap();
    let mut alike = Vec::new();
    for (name, world) in worlds.as_object().unwrap() {
        let ids: Vec<Vec<String>> = tasks(world)
            .iter()
            .map(|task| words_of(&task.id).iter().map(|word| WORDS.stems.of(word)).collect())
            .collect();
        let same = |one: &Vec<String>, other: &Vec<String>| {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| WORDS.concepts.are_same(one, other))
        };
        for (at, one) in ids.iter().enumerate() {
            let others = ids[at + 1..].iter().filter(|other| same(one, other));
            alike.extend(others.map(|other| format!("{name}: {one:?} {other:?}")));
        }
    }
    assert_eq!(alike, Vec::<String>::new());
}
