//! What names, docstrings, schemas and bodies say of a task, each with the evidence for it.
//!
//! It concludes nothing for the manifest: rules do.

mod body;
mod words;

use conductor_model::Callee;
use conductor_protocol::plan::Effect;
use conductor_resolve::Task;
use conductor_source::Sources;

pub(crate) use words::words;

/// What a task seems to do, and why it seems so; the first evidence found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// It moves money.
    pub money: Option<String>,
    /// It tells somebody something: a mail, a message, a log of analytics.
    pub notice: Option<String>,
    /// It only reads.
    pub read: Option<String>,
    /// It changes something.
    pub write: Option<String>,
    /// Its code or its schema says that it changes something.
    pub writes_in_code: Option<String>,
    /// It decides whether others may go on.
    pub guard: Option<String>,
    /// Each call is billed.
    pub billed: Option<String>,
    /// Its result goes stale quickly.
    pub volatile: Option<String>,
    /// It blocks the thread of an asynchronous function.
    pub blocks: Option<String>,
    /// It waits for the network.
    pub network: Option<String>,
}

impl Facts {
    pub fn of(task: &Task, written: Option<&conductor_model::Task>, sources: &Sources) -> Facts {
        let mut facts = Facts::default();
        words::named(&mut facts, &format!("its id is `{}`", task.id.value), &task.id.value);
        if let Some(written) = written {
            let name = written.reference.value.rsplit(['.', '/', ':', ' ']).next().unwrap_or_default();
            words::named(&mut facts, &format!("its ref is `{}`", written.reference.value), name);
            words::placed(&mut facts, &written.reference.value);
        }
        if let Some(signature) = &task.signature {
            match &signature.callee {
                Callee::Http(http) => by_verb(&mut facts, &http.method),
                Callee::Grpc(grpc) => {
                    set(&mut facts.network, || format!("it calls `{}` by gRPC", grpc.method));
                }
                Callee::Function(function) => body::read(&mut facts, function, signature.span, sources),
            }
            if let Some(doc) = &signature.doc {
                words::told(&mut facts, doc);
            }
            match signature.effect {
                Some(Effect::Read | Effect::None) => {
                    set(&mut facts.read, || "its schema says that it changes nothing".to_owned());
                }
                Some(Effect::Write) => {
                    facts.writes_in_code = Some("its schema says that it writes".to_owned())
                }
                None => {}
            }
        }
        if facts.write.is_none() {
            facts.write.clone_from(&facts.writes_in_code);
        }
        if task.effect != Effect::Write {
            // Who asks about payments moves no money.
            facts.money = None;
        }
        let takes_key = |signature: &conductor_model::Signature| {
            signature.all_parameters().any(|parameter| words(&parameter.name).concat() == "idempotencykey")
        };
        if task.signature.as_ref().is_some_and(takes_key) {
            // Who needs to know one call for another changes something.
            facts.read = None;
        }
        if facts.write.is_some() && facts.guard.is_none() {
            facts.read = None;
        }
        facts
    }
}

fn by_verb(facts: &mut Facts, method: &str) {
    set(&mut facts.network, || format!("it is a `{method}` request"));
    match method {
        "GET" | "HEAD" | "OPTIONS" => set(&mut facts.read, || format!("it is a `{method}` request")),
        _ => set(&mut facts.writes_in_code, || format!("it is a `{method}` request")),
    }
}

/// The first evidence stands.
fn set(fact: &mut Option<String>, evidence: impl FnOnce() -> String) {
    if fact.is_none() {
        *fact = Some(evidence());
    }
}
