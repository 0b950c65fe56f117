//! The one statement that carries a batch, and what else is written.
//!
//! It knows no reason for a change: it checks the fence and writes.

mod one;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, GenericClient, Row, Statement};

use super::feed;
use super::link::Wire;
use crate::store::{Change, NewRun, PlanRow, ScheduleRow, Verdict};

/// Bytes of values after which a batch is cut into several statements of one transaction: the server takes a parameter of
/// at most 1 GiB, and holds all of them in its memory.
const SLICE: usize = 64 << 20;

/// A change is written where the run still has the epoch and the sequence number that it builds on, and this sidecar has the
/// run, or it has ended: a restart makes it this one's. Of a batch that was written before, nothing is written again.
/// `keys` stands where a join would: what the parameters are is not known when the statement is planned ([`super::link::Link::by_index`]).
const COMMIT: &str = "
WITH fresh AS (
    INSERT INTO runs (id, workflow, plan, language, state, epoch, next_seq, owner_session, owner_pid,
        owner_process_start, input_digest, parent_run, parent_key, cancel_reason, started_at, finished_at, input,
        output, error, sidecar, batch)
    SELECT n.*, $1::text, $2::bigint FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::bigint[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::text[],
        $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[]) AS n
    ON CONFLICT (id) DO NOTHING
    RETURNING key, id
), moved AS (
    UPDATE runs SET plan = c.plan, language = c.language, state = c.state, epoch = c.epoch, next_seq = c.next_seq,
        owner_session = c.owner_session, owner_pid = c.owner_pid, owner_process_start = c.owner_process_start,
        cancel_reason = c.cancel_reason, finished_at = c.finished_at, output = c.output, error = c.error,
        input = coalesce(c.input, runs.input), input_digest = coalesce(c.input_digest, runs.input_digest),
        sidecar = $1::text, batch = $2::bigint
    FROM unnest($22::bigint[], $23::bigint[], $24::bigint[], $25::text[], $26::text[], $27::text[], $28::bigint[],
        $29::bigint[], $30::text[], $31::bigint[], $32::bigint[], $33::text[], $34::bigint[], $35::text[],
        $36::text[], $46::text[], $47::text[]) AS c (key, expect_epoch, expect_seq, plan, language, state, epoch, next_seq, owner_session,
        owner_pid, owner_process_start, cancel_reason, finished_at, output, error, input, input_digest)
    WHERE runs.key = c.key AND runs.epoch = c.expect_epoch AND runs.next_seq = c.expect_seq
        AND (runs.sidecar = $1::text OR runs.finished_at IS NOT NULL) AND runs.batch <> $2::bigint
    RETURNING runs.key, runs.id
), done AS (
    SELECT key, id FROM fresh UNION ALL SELECT key, id FROM moved
), keys AS (
    SELECT jsonb_object_agg(id, key) AS by_id FROM done
), written AS (
    INSERT INTO records (run, seq, epoch, body)
    SELECT (keys.by_id ->> r.id)::bigint, r.seq, r.epoch, r.body
    FROM keys, unnest($37::text[], $38::bigint[], $39::bigint[], $40::text[]) AS r (id, seq, epoch, body)
    WHERE keys.by_id ? r.id
), told AS (
    INSERT INTO signals (run, ordinal, signal, id, data)
    SELECT (keys.by_id ->> s.id)::bigint, s.ordinal, s.signal, s.name, s.data
    FROM keys, unnest($41::text[], $42::bigint[], $43::text[], $44::text[], $45::text[])
        AS s (id, ordinal, signal, name, data)
    WHERE keys.by_id ? s.id
)";

/// Keys of the runs that were written, by id.
pub(super) type Written = BTreeMap<String, i64>;

/// Writes what can be written of the batch: one statement, which is one transaction and one round trip. `is_fed`: somebody
/// reads the records.
pub(super) async fn commit(
    wire: &mut Wire,
    batch: &[Arc<Change>],
    me: &str,
    token: i64,
    is_fed: bool,
) -> Result<Written, Error> {
    if let [change] = batch {
        return one::write(wire, change, me, token, is_fed).await;
    }
    let marks = [(feed::MARK_NEW, "fresh"), (feed::MARK_MOVED, "moved")];
    let marked = if is_fed { feed::marked(&marks) } else { String::new() };
    let statement = wire.prepared(&format!("{COMMIT}{marked} SELECT key, id FROM done")).await?;
    let slices = slices(batch);
    let done = match slices.as_slice() {
        [only] => write(&wire.client, &statement, only, me, token).await,
        slices => {
            let transaction = wire.client.transaction().await?;
            let mut written = Written::new();
            let mut failed = None;
            for slice in slices {
                match write(&transaction, &statement, slice, me, token).await {
                    Ok(done) => written.extend(done),
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            match failed {
                Some(error) => {
                    transaction.rollback().await?;
                    Err(error)
                }
                None => transaction.commit().await.map(|()| written),
            }
        }
    };
    match done {
        // A record that is there already breaks a constraint in the middle of the batch.
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            one_by_one(wire, &statement, batch, me, token).await
        }
        done => done,
    }
}

/// Leaves out each change that breaks a constraint, in one transaction still.
async fn one_by_one(
    wire: &mut Wire,
    statement: &Statement,
    batch: &[Arc<Change>],
    me: &str,
    token: i64,
) -> Result<Written, Error> {
    let mut transaction = wire.client.transaction().await?;
    let mut written = Written::new();
    for change in batch {
        let attempt = transaction.savepoint("change").await?;
        match write(&attempt, statement, std::slice::from_ref(change), me, token).await {
            Ok(done) => {
                attempt.commit().await?;
                written.extend(done);
            }
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => attempt.rollback().await?,
            Err(error) => return Err(error),
        }
    }
    transaction.commit().await?;
    Ok(written)
}

/// Which of the changes a batch has written whose end was not heard of.
pub(super) async fn written(
    wire: &mut Wire,
    missing: &[&str],
    me: &str,
    token: i64,
) -> Result<Written, Error> {
    let sql = "SELECT id, key FROM runs WHERE id = ANY($1) AND batch = $2 AND sidecar = $3";
    let statement = wire.prepared(sql).await?;
    let rows = wire.client.query(&statement, &[&missing, &token, &me]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

pub(super) fn verdicts(batch: &[Arc<Change>], written: &Written) -> Vec<Verdict> {
    let verdict = |change: &Arc<Change>| {
        written.get(&*text(&change.id)).map_or(Verdict::Fenced, |key| Verdict::Done { key: *key })
    };
    batch.iter().map(verdict).collect()
}

fn slices(batch: &[Arc<Change>]) -> Vec<&[Arc<Change>]> {
    let (mut slices, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (index, change) in batch.iter().enumerate() {
        let size = size(change);
        if bytes > 0 && bytes + size > SLICE {
            slices.push(&batch[from..index]);
            (from, bytes) = (index, 0);
        }
        bytes += size;
    }
    slices.push(&batch[from..]);
    slices
}

fn size(change: &Change) -> usize {
    let records: usize = change.records.iter().map(|record| record.body.len()).sum();
    let signals: usize = change.signals.iter().map(|signal| signal.data.len()).sum();
    let input = change.new.as_ref().map_or(0, |new| new.input.len());
    records + signals + input + change.head.output.as_ref().map_or(0, |output| output.len())
}

/// PostgreSQL's text holds every character but this one, which a client may well put into a name or a reason.
pub(super) fn text(value: &str) -> Cow<'_, str> {
    if value.contains('\0') { Cow::Owned(value.replace('\0', "\u{2400}")) } else { Cow::Borrowed(value) }
}

fn maybe(value: Option<&str>) -> Option<Cow<'_, str>> {
    value.map(text)
}

type Texts<'a> = Vec<Cow<'a, str>>;
type Maybes<'a> = Vec<Option<Cow<'a, str>>>;

fn column<T, V>(items: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}

fn new(batch: &[Arc<Change>]) -> Vec<(&Arc<Change>, &NewRun)> {
    batch.iter().filter_map(|change| Some((change, change.new.as_ref()?))).collect()
}

/// The changes of runs that are there, with their keys.
fn old(batch: &[Arc<Change>]) -> Vec<(&Arc<Change>, i64)> {
    batch
        .iter()
        .filter(|change| change.new.is_none())
        .filter_map(|change| Some((change, change.key?)))
        .collect()
}

async fn write(
    client: &impl GenericClient,
    statement: &Statement,
    batch: &[Arc<Change>],
    me: &str,
    token: i64,
) -> Result<Written, Error> {
    let (new, old) = (new(batch), old(batch));
    let records: Vec<_> =
        batch.iter().flat_map(|change| change.records.iter().map(|record| (&change.id, record))).collect();
    let signals: Vec<_> =
        batch.iter().flat_map(|change| change.signals.iter().map(|signal| (&change.id, signal))).collect();
    let head = Heads::of(new.iter().map(|(change, _)| &***change));
    let moved = Heads::of(old.iter().map(|(change, _)| &***change));
    let rows = client
        .query(
            statement,
            &[
                &me,
                &token,
                &column(&new, |(change, _)| text(&change.id)),
                &column(&new, |(_, new)| text(&new.workflow)),
                &head.plan,
                &head.language,
                &head.state,
                &head.epoch,
                &head.next_seq,
                &head.owner_session,
                &head.owner_pid,
                &head.owner_process_start,
                &column(&new, |(_, new)| &*new.input_digest),
                &column(&new, |(_, new)| maybe(new.parent.as_ref().map(|parent| &*parent.run))),
                &column(&new, |(_, new)| maybe(new.parent.as_ref().map(|parent| &*parent.key))),
                &head.cancel,
                &column(&new, |(_, new)| new.started_at),
                &head.finished_at,
                &column(&new, |(_, new)| &*new.input),
                &head.output,
                &head.error,
                &column(&old, |(_, key)| *key),
                &column(&old, |(change, _)| signed(change.expect.0)),
                &column(&old, |(change, _)| signed(change.expect.1)),
                &moved.plan,
                &moved.language,
                &moved.state,
                &moved.epoch,
                &moved.next_seq,
                &moved.owner_session,
                &moved.owner_pid,
                &moved.owner_process_start,
                &moved.cancel,
                &moved.finished_at,
                &moved.output,
                &moved.error,
                &column(&records, |(run, _)| text(run)),
                &column(&records, |(_, record)| signed(record.seq)),
                &column(&records, |(_, record)| signed(record.epoch)),
                &column(&records, |(_, record)| &*record.body),
                &column(&signals, |(run, _)| text(run)),
                &column(&signals, |(_, signal)| signed(signal.ordinal)),
                &column(&signals, |(_, signal)| text(&signal.signal)),
                &column(&signals, |(_, signal)| text(&signal.id)),
                &column(&signals, |(_, signal)| &*signal.data),
                &column(&old, |(change, _)| change.input.as_ref().map(|input| &*input.input)),
                &column(&old, |(change, _)| change.input.as_ref().map(|input| &*input.digest)),
            ],
        )
        .await?;
    keys(&rows)
}

fn keys(rows: &[Row]) -> Result<Written, Error> {
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("key")?))).collect()
}

/// The columns of a run that change, one list each.
#[derive(Default)]
struct Heads<'a> {
    plan: Maybes<'a>,
    language: Maybes<'a>,
    state: Vec<&'static str>,
    epoch: Vec<i64>,
    next_seq: Vec<i64>,
    owner_session: Maybes<'a>,
    owner_pid: Vec<Option<i64>>,
    owner_process_start: Vec<Option<i64>>,
    cancel: Maybes<'a>,
    finished_at: Vec<Option<i64>>,
    output: Vec<Option<&'a str>>,
    error: Vec<Option<&'a str>>,
}

impl<'a> Heads<'a> {
    fn of(changes: impl Iterator<Item = &'a Change>) -> Heads<'a> {
        let mut heads = Heads::default();
        for Change { head, .. } in changes {
            let owner = head.owner.as_ref();
            heads.plan.push(maybe(head.plan.as_deref()));
            heads.language.push(maybe(head.language.as_deref()));
            heads.state.push(head.state.as_str());
            heads.epoch.push(signed(head.epoch));
            heads.next_seq.push(signed(head.next_seq));
            heads.owner_session.push(maybe(owner.map(|owner| &*owner.session)));
            heads.owner_pid.push(owner.map(|owner| i64::from(owner.pid)));
            heads.owner_process_start.push(owner.map(|owner| signed(owner.process_start)));
            heads.cancel.push(maybe(head.cancel.as_deref()));
            heads.finished_at.push(head.finished_at);
            heads.output.push(head.output.as_deref());
            heads.error.push(head.error.as_deref());
        }
        heads
    }
}

pub(super) async fn register(wire: &mut Wire, plans: &[PlanRow]) -> Result<(), Error> {
    // No row may stand twice in one statement, and those who come together must not wait for each other crosswise.
    let plans: BTreeMap<_, _> =
        plans.iter().map(|plan| ((text(&plan.workflow), text(&plan.digest)), plan)).collect();
    let sql = "INSERT INTO plans (workflow, digest, language, secret)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        ON CONFLICT (workflow, digest) DO UPDATE SET language = excluded.language, secret = excluded.secret";
    let statement = wire.prepared(sql).await?;
    let secret = |plan: &&PlanRow| serde_json::Value::from(plan.secret.clone()).to_string();
    wire.client
        .execute(
            &statement,
            &[
                &plans.keys().map(|(workflow, _)| &**workflow).collect::<Vec<_>>(),
                &plans.keys().map(|(_, digest)| &**digest).collect::<Vec<_>>(),
                &plans.values().map(|plan| text(&plan.language)).collect::<Texts<'_>>(),
                &plans.values().map(secret).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

/// What another sidecar has dealt with of the same schedule stays dealt with.
pub(super) async fn keep_schedules(wire: &mut Wire, rows: &[ScheduleRow]) -> Result<(), Error> {
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (text(&row.workflow), row)).collect();
    let sql = "INSERT INTO schedules AS old (workflow, cron, time_zone, missed, done, boot, process_start)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
        ON CONFLICT (workflow) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone,
            missed = excluded.missed, boot = excluded.boot, process_start = excluded.process_start,
            done = CASE WHEN old.cron = excluded.cron AND old.time_zone = excluded.time_zone
                THEN greatest(old.done, excluded.done) ELSE excluded.done END";
    let statement = wire.prepared(sql).await?;
    let schedules: Vec<_> = rows.values().map(|row| row.schedule.as_ref()).collect();
    let or_empty = |word: Option<&str>| text(word.unwrap_or_default()).into_owned();
    wire.client
        .execute(
            &statement,
            &[
                &rows.keys().map(|workflow| &**workflow).collect::<Vec<_>>(),
                &schedules.iter().map(|one| maybe(one.map(|one| &*one.cron))).collect::<Maybes<'_>>(),
                &schedules.iter().map(|one| or_empty(one.map(|one| &*one.time_zone))).collect::<Vec<_>>(),
                &schedules.iter().map(|one| or_empty(one.map(|one| one.missed.as_str()))).collect::<Vec<_>>(),
                &rows.values().map(|row| row.done).collect::<Vec<_>>(),
                &rows.values().map(|row| &*row.boot).collect::<Vec<_>>(),
                &rows.values().map(|row| signed(row.process_start)).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

/// PostgreSQL's integers are signed; the bits are kept, and `read` turns them back.
pub(super) fn signed(value: u64) -> i64 {
    value.cast_signed()
}
