//! Numbers of named policies: those that processes were built with, and those that people have set in their place.
//!
//! Here is what is in force and who is told; how people set them stands in `tuning`, what the numbers mean in the runtimes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conductor_journal::AuditRow;
use conductor_protocol::live::{PolicyNumbers, PolicyReport};
use conductor_protocol::message::{code, method};
use conductor_protocol::numbers::Numbers;
use serde_json::{Map, Value};

use crate::handlers::{Call, Client, Empty};
use crate::rpc::{self, Fault};
use crate::sidecar::Sidecar;

/// The kind of the decisions on policies in the audit trail.
pub(crate) const POLICY: &str = "policy";

/// Bytes of a policy's id.
const ID: usize = 255;

/// Policies that one session has, and that people have set.
const KEPT: usize = 1000;

#[derive(Default)]
pub(crate) struct Policies {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    set: BTreeMap<String, Set>,
    /// By policy and session.
    built: BTreeMap<String, BTreeMap<Arc<str>, Built>>,
}

/// What people have decided on a policy last.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub(crate) numbers: Numbers,
    pub(crate) row: AuditRow,
}

#[derive(Clone)]
struct Built {
    pid: u32,
    language: String,
    numbers: Numbers,
}

/// Processes that were built with the same numbers.
pub(crate) struct Group {
    pub(crate) numbers: Numbers,
    pub(crate) processes: Vec<u32>,
    pub(crate) languages: Vec<String>,
}

/// A policy as it is shown.
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) set: Option<Set>,
    pub(crate) built: Vec<Group>,
}

/// What stands in the audit trail: all numbers that were set before, and all that are from then on.
pub(crate) fn decision(from: &Numbers, to: &Numbers) -> String {
    Value::Object(Map::from_iter([
        ("from".to_owned(), Value::Object(from.spelled())),
        ("to".to_owned(), Value::Object(to.spelled())),
    ]))
    .to_string()
}

/// What a row says is in force; `None` where a newer build has written what this one cannot read.
pub(crate) fn decided(row: &AuditRow) -> Option<Numbers> {
    let decision: Value = serde_json::from_str(&row.decision).ok()?;
    Numbers::default().with(decision["to"].as_object()?).ok()
}

impl Policies {
    /// With what people had decided before the start.
    pub(crate) fn new(standing: Vec<AuditRow>) -> Policies {
        let policies = Policies::default();
        policies.follow(standing);
        policies
    }

    fn hold(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up decisions that are on disk and not in force, and gives what all are to be told.
    fn follow(&self, standing: Vec<AuditRow>) -> Vec<PolicyNumbers> {
        standing.into_iter().filter_map(|row| self.decide(row)).collect()
    }

    /// A person's decision, which is on disk. `None` where it is in force already.
    pub(crate) fn decide(&self, row: AuditRow) -> Option<PolicyNumbers> {
        let numbers = decided(&row)?;
        let mut table = self.hold();
        let known = table.set.get(&row.id);
        if known.is_some_and(|known| known.row == row) {
            return None;
        }
        let before = known.map(|known| known.numbers.clone()).unwrap_or_default();
        let told = PolicyNumbers { policy: row.id.clone(), numbers: numbers.clone() };
        table.set.insert(row.id.clone(), Set { numbers, row });
        (before != told.numbers).then_some(told)
    }

    /// Whether one more policy can be set.
    pub(crate) fn has_room(&self, id: &str) -> bool {
        let table = self.hold();
        table.set.contains_key(id) || table.set.len() < KEPT
    }

    /// Those that are set: for a session that has just come.
    pub(crate) fn standing(&self) -> Vec<PolicyNumbers> {
        let table = self.hold();
        let set = table.set.iter().filter(|(_, set)| !set.numbers.is_empty());
        set.map(|(id, set)| PolicyNumbers { policy: id.clone(), numbers: set.numbers.clone() }).collect()
    }

    fn report(
        &self,
        session: &Arc<str>,
        pid: u32,
        language: &str,
        report: PolicyReport,
    ) -> Result<(), Fault> {
        let mut table = self.hold();
        let has = |id: &String| table.built.get(id).is_some_and(|sessions| sessions.contains_key(session));
        let known = table.built.keys().filter(|id| has(id)).count();
        if known + report.policies.iter().filter(|told| !has(&told.policy)).count() > KEPT {
            return Err(wrong(format!("a session has at most {KEPT} policies")));
        }
        for PolicyNumbers { policy, numbers } in report.policies {
            let built = Built { pid, language: language.to_owned(), numbers };
            table.built.entry(policy).or_default().insert(Arc::clone(session), built);
        }
        Ok(())
    }

    /// The session is no more.
    pub(crate) fn forget(&self, session: &Arc<str>) {
        self.hold().built.retain(|_, sessions| {
            sessions.remove(session);
            !sessions.is_empty()
        });
    }

    pub(crate) fn shown(&self) -> Vec<Shown> {
        let table = self.hold();
        let mut ids: Vec<&String> = table.built.keys().chain(table.set.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let shown = ids.into_iter().map(|id| Shown {
            id: id.clone(),
            set: table.set.get(id).cloned(),
            built: table.built.get(id).map(grouped).unwrap_or_default(),
        });
        shown.collect()
    }

    pub(crate) fn one(&self, id: &str) -> Option<Shown> {
        self.shown().into_iter().find(|shown| shown.id == id)
    }
}

fn grouped(sessions: &BTreeMap<Arc<str>, Built>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for built in sessions.values() {
        let at = groups.iter().position(|group| group.numbers == built.numbers).unwrap_or(groups.len());
        if at == groups.len() {
            let numbers = built.numbers.clone();
            groups.push(Group { numbers, processes: Vec::new(), languages: Vec::new() });
        }
        groups[at].processes.push(built.pid);
        groups[at].languages.push(built.language.clone());
    }
    for group in &mut groups {
        group.languages.sort_unstable();
        group.languages.dedup();
        group.processes.sort_unstable();
        group.processes.dedup();
    }
    groups
}

pub(crate) fn report(call: &mut Call<'_>, client: &Client, report: PolicyReport) -> Result<(), Fault> {
    for policy in &report.policies {
        check(&policy.policy).map_err(wrong)?;
    }
    let owner = &client.owner;
    call.sidecar.policies.report(&owner.session, owner.pid, &client.language, report)?;
    call.answer(Empty {});
    Ok(())
}

/// People may have decided at another sidecar of the same store.
pub(crate) async fn follow(sidecar: &Arc<Sidecar>) {
    if sidecar.journal.store().shared().is_none() {
        return;
    }
    let _turn = sidecar.deciding.lock().await;
    let this = Arc::clone(sidecar);
    let read = tokio::task::spawn_blocking(move || this.journal.store().standing(POLICY)).await;
    // What cannot be read now is read at the next look.
    if let Ok(Ok(standing)) = read {
        push(sidecar, sidecar.policies.follow(standing));
    }
}

/// Tells every session.
pub(crate) fn push(sidecar: &Sidecar, changes: impl IntoIterator<Item = PolicyNumbers>) {
    let mut lines = Vec::new();
    for change in changes {
        rpc::notice(&mut lines, method::POLICY_CHANGED, change);
    }
    if !lines.is_empty() {
        for outbox in sidecar.sessions.outboxes() {
            outbox.send(&lines);
        }
    }
}

/// # Errors
/// Where it is no id, for people.
pub(crate) fn check(id: &str) -> Result<(), String> {
    if id.is_empty() || id.len() > ID || id.chars().any(char::is_control) {
        return Err(format!("a policy has an id of 1 to {ID} bytes without control characters"));
    }
    Ok(())
}

fn wrong(message: String) -> Fault {
    Fault::new(code::INVALID_PARAMS, message)
}
