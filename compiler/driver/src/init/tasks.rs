//! Annotated functions as tasks: which of them can be, under which ids, with which keys.
//!
//! It does not know the workflow that will call them.

use std::collections::{BTreeMap, BTreeSet};

use conductor_introspect::survey::{Declared, reference};
use conductor_model::names::snake_case;
use conductor_model::{Annotation, PolicyUse, Retries, Signature, is_id};
use conductor_protocol::plan::Language;
use conductor_protocol::types::Type;
use serde::Serialize;

use super::entry::{Entry, duration, list, scalar};
use super::lookup::{Located, Place, locate};
use super::{Row, Tree};
use crate::{Answer, Need};

/// A function that becomes a task.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub id: String,
    pub reference: String,
    pub place: Place,
    /// As its file names it.
    pub name: String,
    pub signature: Signature,
    pub annotation: Option<Annotation>,
    /// Parameters that clients of resources are handed to, with the kind of the resource.
    pub handed: BTreeMap<String, &'static str>,
    /// Why it stands commented out after all.
    pub left_out: Option<String>,
    /// Why no step calls it.
    pub uncalled: Option<String>,
    /// Whether what undoes it could not be bound.
    pub not_undone: bool,
}

/// A function of the tree that a ref may lead to.
pub(super) struct Wish<'t> {
    pub path: &'t str,
    pub language: Language,
    pub declared: &'t Declared,
}

/// Every annotated function, in the order of files.
pub(super) fn annotated(tree: &Tree) -> Vec<Wish<'_>> {
    let mut wishes: Vec<Wish<'_>> = Vec::new();
    for source in &tree.sources {
        let functions = source.survey.functions.iter();
        wishes.extend(functions.filter(|declared| declared.annotation.is_some()).map(|declared| Wish {
            path: &source.path,
            language: source.language,
            declared,
        }));
    }
    wishes
}

/// The folder of the sources of each language.
pub(super) fn roots(tree: &Tree, wishes: &[Wish<'_>]) -> BTreeMap<Language, String> {
    let mut roots = BTreeMap::new();
    for wish in wishes {
        roots.entry(wish.language).or_insert_with(|| match wish.language {
            Language::Python => {
                let python = wishes.iter().filter(|wish| wish.language == Language::Python);
                tree.marks.common_root(python.map(|wish| wish.path))
            }
            _ => ".".to_owned(),
        });
    }
    roots
}

/// What the introspection says of each wish, in their order.
pub(super) fn located(
    tree: &Tree,
    roots: &BTreeMap<Language, String>,
    wishes: &[Wish<'_>],
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Vec<Result<(Place, Located), String>> {
    let placed: Vec<Result<Place, String>> = wishes.iter().map(|wish| place(tree, roots, wish)).collect();
    let places: Vec<Place> = placed.iter().flatten().cloned().collect();
    let mut answers = locate(roots, &places, fetch).into_iter();
    let answered = |place: Result<Place, String>| {
        let place = place?;
        let located = answers.next().unwrap_or_else(|| Err("nothing answers".to_owned()))?;
        Ok((place, located))
    };
    placed.into_iter().map(answered).collect()
}

fn place(tree: &Tree, roots: &BTreeMap<Language, String>, wish: &Wish<'_>) -> Result<Place, String> {
    let root = roots.get(&wish.language).map_or(".", String::as_str);
    if wish.language == Language::Python {
        let own = tree.marks.python_root(wish.path);
        if own != root {
            return Err(format!("its imports begin in `{own}`, those of most others in `{root}`"));
        }
    }
    let reference = reference(wish.language, root, wish.path, wish.declared)?;
    Ok(Place { path: wish.path.to_owned(), line: wish.declared.line, language: wish.language, reference })
}

/// Ids that are taken, by what has them.
pub(super) type Taken = BTreeMap<String, String>;

/// The tasks among `wishes`; what is left out is told in `rows`.
pub(super) fn tasks(
    wishes: &[Wish<'_>],
    located: Vec<Result<(Place, Located), String>>,
    taken: &mut Taken,
    rows: &mut Vec<Row>,
) -> Vec<Task> {
    for wish in wishes {
        // Ids that were chosen go first.
        if let Some(id) = explicit(wish.declared) {
            taken.entry(id).or_insert_with(|| format!("{}:{}", wish.path, wish.declared.line));
        }
    }
    let mut tasks = Vec::new();
    for (wish, located) in wishes.iter().zip(located) {
        let named = located.and_then(|(place, located)| Ok((id(wish, taken)?, place, located)));
        match named {
            Ok((id, place, located)) => tasks.push(Task {
                id,
                reference: located.reference,
                place,
                name: wish.declared.name.clone(),
                handed: handed(&located.signature),
                signature: located.signature,
                annotation: wish.declared.annotation.clone(),
                left_out: None,
                uncalled: None,
                not_undone: false,
            }),
            Err(reason) => rows.push(left_out(wish, reason)),
        }
    }
    tasks
}

pub(super) fn left_out(wish: &Wish<'_>, reason: String) -> Row {
    Row {
        file: wish.path.to_owned(),
        line: Some(wish.declared.line),
        found: format!("function {}", wish.declared.name),
        became: None,
        reason: Some(reason),
    }
}

fn explicit(declared: &Declared) -> Option<String> {
    Some(declared.annotation.as_ref()?.name.as_ref()?.value.clone())
}

/// The annotation's id, else one made of the function's name, with its class and module where it is taken.
fn id(wish: &Wish<'_>, taken: &mut Taken) -> Result<String, String> {
    let here = format!("{}:{}", wish.path, wish.declared.line);
    if let Some(id) = explicit(wish.declared) {
        return match taken.get(&id) {
            Some(other) if *other != here => {
                Err(format!("{other} has the id `{id}`: name another in the annotation"))
            }
            _ => Ok(id),
        };
    }
    let stem = wish.path.rsplit_once('.').map_or(wish.path, |(stem, _)| stem);
    let parts: Vec<&str> = stem.split('/').chain(wish.declared.name.split(['.', ':'])).collect();
    let longer = (1..=parts.len()).filter_map(|count| id_of(&parts[parts.len() - count..].join("_")));
    let first = id_of(parts.last().copied().unwrap_or_default());
    let numbered = (2..100).filter_map(|number| Some(format!("{}_{number}", first.clone()?)));
    let free = longer.chain(numbered).find(|id| !taken.contains_key(id));
    match free {
        Some(id) => {
            taken.insert(id.clone(), here);
            Ok(id)
        }
        None => Err("no id can be made of its name: name one in the annotation".to_owned()),
    }
}

/// A name as an id, if there is one that is near to it.
pub(super) fn id_of(name: &str) -> Option<String> {
    let snake: String = snake_case(name)
        .chars()
        .map(|letter| if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '_' })
        .collect();
    let parts: Vec<&str> = snake.split('_').filter(|part| !part.is_empty()).collect();
    let id = parts.join("_");
    let id = id.trim_start_matches(|first: char| !first.is_ascii_lowercase()).to_owned();
    if is_id(&id) { Some(id) } else { Some(format!("{id}_task")).filter(|longer| is_id(longer)) }
}

/// The parameters whose types are connections, with the kind of resource that has such.
fn handed(signature: &Signature) -> BTreeMap<String, &'static str> {
    let kind = |ty: &Type| match ty {
        Type::Named(class) => match class.module.split('.').next().unwrap_or_default() {
            "psycopg" | "psycopg_pool" | "asyncpg" => Some("postgres"),
            "redis" => Some("redis"),
            _ => None,
        },
        _ => None,
    };
    signature
        .all_parameters()
        .filter_map(|parameter| Some((snake_case(&parameter.name), kind(&parameter.ty)?)))
        .filter(|(id, _)| is_id(id))
        .collect()
}

impl Task {
    /// Its entry in the manifest. `known` are the tasks that can undo it.
    pub(super) fn entry(&self, known: &BTreeSet<&str>) -> Entry {
        let mut fields = vec![("id", self.id.clone()), ("ref", scalar(&self.reference))];
        let mut notes = Vec::new();
        if let Some(annotation) = &self.annotation {
            self.keys(annotation, known, &mut fields, &mut notes);
        }
        let mut entry = Entry::new("tasks", &fields);
        entry.notes = notes;
        match &self.left_out {
            Some(reason) => entry.note(format!("Left out: {reason}.")).suggested(),
            None => entry,
        }
    }

    fn keys(
        &self,
        annotation: &Annotation,
        known: &BTreeSet<&str>,
        fields: &mut Vec<(&str, String)>,
        notes: &mut Vec<String>,
    ) {
        if let Some(description) = &annotation.description {
            fields.push(("description", serde_json::Value::from(description.value.as_str()).to_string()));
        }
        if let Some(effect) = &annotation.effect {
            fields.push(("effect", word(effect.value)));
        }
        if let Some(idempotent) = &annotation.idempotent {
            fields.push(("idempotent", idempotent.value.to_string()));
        }
        if let Some(in_doubt) = &annotation.in_doubt {
            fields.push(("in_doubt", word(in_doubt.value)));
        }
        fields.extend(annotation.policy.as_ref().map(|policy| ("policy", policy_text(policy))));
        if !annotation.uses.is_empty() {
            let ids: Vec<String> = annotation.uses.iter().map(|id| id.value.clone()).collect();
            fields.push(("uses", list(&ids)));
        }
        if let Some(undo) = &annotation.compensate {
            if known.contains(undo.value.as_str()) && !self.not_undone {
                fields.push(("compensate", undo.value.clone()));
            } else if self.not_undone {
                notes.push(format!(
                    "`compensate: {}` needs a `with`: not every argument has a value.",
                    undo.value
                ));
            } else {
                notes.push(format!("`compensate: {}` is left out: no task has this id.", undo.value));
            }
        }
        if let Some(critical) = &annotation.critical {
            fields.push(("critical", critical.value.to_string()));
        }
    }

    pub(super) fn named_policy(&self) -> Option<&str> {
        match self.annotation.as_ref()?.policy.as_ref()? {
            PolicyUse::Named(id) => Some(&id.value),
            PolicyUse::Inline(..) => None,
        }
    }

    pub(super) fn undo(&self) -> Option<&str> {
        Some(self.annotation.as_ref()?.compensate.as_ref()?.value.as_str())
    }
}

fn policy_text(policy: &PolicyUse) -> String {
    let fields = match policy {
        PolicyUse::Named(id) => return id.value.clone(),
        PolicyUse::Inline(fields, _) => fields,
    };
    let retries = fields.retries.as_ref().map(|retries| match retries.value {
        Retries::Times(times) => format!("retries: {times}"),
        Retries::Forever => "retries: forever".to_owned(),
    });
    let timeout = fields.timeout.as_ref().map(|timeout| format!("timeout: {}", duration(timeout.value)));
    let written: Vec<String> = retries.into_iter().chain(timeout).collect();
    format!("{{{}}}", written.join(", "))
}

/// A word of the manifest's grammar.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::id_of;

    #[test]
    fn ids_are_near_the_names() {
        for (name, id) in [
            ("getUser", Some("get_user")),
            ("Users.get", Some("users_get")),
            ("loop", Some("loop_task")),
            ("auth-service", Some("auth_service")),
            ("2fast", Some("fast")),
            ("__init__", Some("init")),
            ("Ärger", Some("rger")),
            ("日本", None),
        ] {
            assert_eq!(id_of(name).as_deref(), id, "{name}");
        }
    }
}
