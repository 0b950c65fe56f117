//! The one transaction that carries a batch.
//!
//! It knows no reason for a change: it checks the fence and writes.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use super::blocks;
use crate::store::{Change, PlanRow, Verdict};

type Sql<T> = Result<T, rusqlite::Error>;

/// Writes what can be written of the batch; a change that breaks a constraint is left out and fenced. Of runs with keys
/// below `noted` it is known what they hold, so that a change of that is to be told.
pub(super) fn commit(connection: &mut Connection, batch: &[Arc<Change>], noted: i64) -> Sql<Vec<Verdict>> {
    let mut excluded = vec![false; batch.len()];
    loop {
        match attempt(connection, batch, &mut excluded, noted)? {
            Some(verdicts) => return Ok(verdicts),
            // A constraint broke in the middle of one change: once more without it. Each round excludes one.
            None => continue,
        }
    }
}

fn attempt(
    connection: &mut Connection,
    batch: &[Arc<Change>],
    excluded: &mut [bool],
    noted: i64,
) -> Sql<Option<Vec<Verdict>>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut verdicts = Vec::with_capacity(batch.len());
    for (index, change) in batch.iter().enumerate() {
        if excluded[index] {
            verdicts.push(Verdict::Fenced);
            continue;
        }
        match apply(&transaction, change, noted) {
            Ok(verdict) => verdicts.push(verdict),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                excluded[index] = true;
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
    transaction.commit()?;
    Ok(Some(verdicts))
}

fn apply(transaction: &Transaction<'_>, change: &Change, noted: i64) -> Sql<Verdict> {
    let key = match (&change.new, change.key) {
        (Some(_), _) => insert(transaction, change)?,
        (None, Some(key)) if update(transaction, key, change)? => key,
        _ => return Ok(Verdict::Fenced),
    };
    if let Some(input) = &change.input {
        transaction
            .prepare_cached("UPDATE runs SET input = ?2, input_digest = ?3 WHERE key = ?1")?
            .execute(params![key, &*input.input, &*input.digest])?;
    }
    if key < noted && change.tells_more() {
        blocks::mark(transaction, key)?;
    }
    let mut statement =
        transaction.prepare_cached("INSERT INTO records (run, seq, epoch, body) VALUES (?1, ?2, ?3, ?4)")?;
    for record in &change.records {
        statement.execute(params![key, signed(record.seq), signed(record.epoch), &*record.body])?;
    }
    for signal in &change.signals {
        transaction
            .prepare_cached(
                "INSERT INTO signals (run, ordinal, signal, id, data) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![key, signed(signal.ordinal), &*signal.signal, &*signal.id, &*signal.data])?;
    }
    Ok(Verdict::Done { key })
}

fn insert(transaction: &Transaction<'_>, change: &Change) -> Sql<i64> {
    let Some(new) = &change.new else { return Ok(0) };
    let head = &change.head;
    let owner = head.owner.as_ref();
    let parent = new.parent.as_ref();
    let mut statement = transaction.prepare_cached(
        "INSERT INTO runs (key, id, workflow, plan, language, state, epoch, next_seq, owner_session, owner_pid,
             owner_process_start, input_digest, parent_run, parent_key, cancel_reason, started_at, finished_at,
             input, output, error)
         VALUES (1 + max((SELECT coalesce(max(key), 0) FROM runs), (SELECT coalesce(max(run), 0) FROM purging)),
             ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    )?;
    statement.insert(params![
        &*change.id,
        &*new.workflow,
        head.plan.as_deref(),
        head.language.as_deref(),
        head.state.as_str(),
        signed(head.epoch),
        signed(head.next_seq),
        owner.map(|owner| &*owner.session),
        owner.map(|owner| owner.pid),
        owner.map(|owner| signed(owner.process_start)),
        &*new.input_digest,
        parent.map(|parent| &parent.run),
        parent.map(|parent| &parent.key),
        head.cancel.as_deref(),
        new.started_at,
        head.finished_at,
        &*new.input,
        head.output.as_deref(),
        head.error.as_deref(),
    ])
}

/// Whether the store still had the epoch and the sequence number that the change builds on.
fn update(transaction: &Transaction<'_>, key: i64, change: &Change) -> Sql<bool> {
    let head = &change.head;
    if change.advances {
        // No index has the sequence number, so that none is written.
        let mut statement = transaction.prepare_cached(
            "UPDATE runs SET next_seq = ?4 WHERE key = ?1 AND epoch = ?2 AND next_seq = ?3",
        )?;
        let (epoch, next_seq) = change.expect;
        return Ok(statement.execute([key, signed(epoch), signed(next_seq), signed(head.next_seq)])? == 1);
    }
    let owner = head.owner.as_ref();
    let mut statement = transaction.prepare_cached(
        "UPDATE runs SET plan = ?4, language = ?5, state = ?6, epoch = ?7, next_seq = ?8, owner_session = ?9,
             owner_pid = ?10, owner_process_start = ?11, cancel_reason = ?12, finished_at = ?13, output = ?14,
             error = ?15
         WHERE key = ?1 AND epoch = ?2 AND next_seq = ?3",
    )?;
    let changed = statement.execute(params![
        key,
        signed(change.expect.0),
        signed(change.expect.1),
        head.plan.as_deref(),
        head.language.as_deref(),
        head.state.as_str(),
        signed(head.epoch),
        signed(head.next_seq),
        owner.map(|owner| &*owner.session),
        owner.map(|owner| owner.pid),
        owner.map(|owner| signed(owner.process_start)),
        head.cancel.as_deref(),
        head.finished_at,
        head.output.as_deref(),
        head.error.as_deref(),
    ])?;
    Ok(changed == 1)
}

pub(super) fn register(connection: &mut Connection, plans: &[PlanRow]) -> Sql<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for plan in plans {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO plans (workflow, digest, language, secret) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                plan.workflow,
                plan.digest,
                plan.language,
                serde_json::Value::from(plan.secret.clone()).to_string()
            ])?;
    }
    transaction.commit()
}

/// SQLite's integers are signed; the bits are kept, and `read` turns them back.
fn signed(value: u64) -> i64 {
    value.cast_signed()
}
