//! The statement that carries one change alone, as most do where a run is by itself.
//!
//! It does what [`super::COMMIT`] does, without lists: to set those up takes the server longer than to write the rows.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::super::feed;
use super::super::link::Wire;
use super::{Written, maybe, signed, text};
use crate::store::{Change, NewRun};

type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// A statement that is put together, and its values.
struct Draft<'a> {
    sql: String,
    values: Vec<Value<'a>>,
}

impl<'a> Draft<'a> {
    fn add(&mut self, text: &str, value: impl ToSql + Sync + Send + 'a) {
        self.values.push(Box::new(value));
        self.sql.push_str(&format!("{text}${}", self.values.len()));
    }

    /// The values with commas between them, each as `put` says of its name and its place.
    fn add_all(&mut self, values: Vec<(&str, Value<'a>)>, put: impl Fn(&str, usize) -> String) {
        for (number, (name, value)) in values.into_iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            self.values.push(value);
            self.sql.push_str(comma);
            self.sql.push_str(&put(name, self.values.len()));
        }
    }

    /// Rows of another table, with the run's key before the values of `lists`, each with its type.
    fn add_rows(&mut self, name: &str, target: &str, lists: Vec<(&str, Value<'a>)>) {
        self.sql
            .push_str(&format!(", {name} AS (INSERT INTO {target} SELECT done.key, r.* FROM done, unnest("));
        self.add_all(lists, |kind, place| format!("${place}::{kind}[]"));
        self.sql.push_str(") AS r)");
    }
}

/// The columns of a run's head.
fn head(change: &Change) -> Vec<(&'static str, Value<'_>)> {
    let head = &change.head;
    let owner = head.owner.as_ref();
    vec![
        ("plan", Box::new(maybe(head.plan.as_deref()))),
        ("language", Box::new(maybe(head.language.as_deref()))),
        ("state", Box::new(head.state.as_str())),
        ("epoch", Box::new(signed(head.epoch))),
        ("next_seq", Box::new(signed(head.next_seq))),
        ("owner_session", Box::new(maybe(owner.map(|owner| &*owner.session)))),
        ("owner_pid", Box::new(owner.map(|owner| i64::from(owner.pid)))),
        ("owner_process_start", Box::new(owner.map(|owner| signed(owner.process_start)))),
        ("cancel_reason", Box::new(maybe(head.cancel.as_deref()))),
        ("finished_at", Box::new(head.finished_at)),
        ("output", Box::new(head.output.as_deref())),
        ("error", Box::new(head.error.as_deref())),
    ]
}

fn insert<'a>(draft: &mut Draft<'a>, change: &'a Change, new: &'a NewRun) {
    let parent = new.parent.as_ref();
    let mut columns = head(change);
    columns.extend([
        ("id", Box::new(text(&change.id)) as Value<'a>),
        ("workflow", Box::new(text(&new.workflow))),
        ("input_digest", Box::new(&*new.input_digest)),
        ("parent_run", Box::new(maybe(parent.map(|parent| &*parent.run)))),
        ("parent_key", Box::new(maybe(parent.map(|parent| &*parent.key)))),
        ("started_at", Box::new(new.started_at)),
        ("input", Box::new(&*new.input)),
    ]);
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    draft.sql.push_str(&format!("INSERT INTO runs (sidecar, batch, {}) VALUES ($1, $2, ", names.join(", ")));
    draft.add_all(columns, |_, place| format!("${place}"));
    draft.sql.push_str(") ON CONFLICT (id) DO NOTHING");
}

fn update<'a>(draft: &mut Draft<'a>, change: &'a Change, key: i64) {
    let mut columns = if change.advances {
        vec![("next_seq", Box::new(signed(change.head.next_seq)) as Value<'a>)]
    } else {
        head(change)
    };
    if let Some(input) = &change.input {
        columns.push(("input", Box::new(&*input.input)));
        columns.push(("input_digest", Box::new(&*input.digest)));
    }
    draft.sql.push_str("UPDATE runs SET sidecar = $1, batch = $2, ");
    draft.add_all(columns, |name, place| format!("{name} = ${place}"));
    draft.add(" WHERE key = ", key);
    draft.add(" AND epoch = ", signed(change.expect.0));
    draft.add(" AND next_seq = ", signed(change.expect.1));
    draft.sql.push_str(" AND (sidecar = $1 OR finished_at IS NOT NULL) AND batch <> $2");
}

fn records<'a>(draft: &mut Draft<'a>, change: &'a Change) {
    let records = || change.records.iter();
    let lists: Vec<(&str, Value<'a>)> = vec![
        ("bigint", Box::new(records().map(|record| signed(record.seq)).collect::<Vec<_>>())),
        ("bigint", Box::new(records().map(|record| signed(record.epoch)).collect::<Vec<_>>())),
        ("text", Box::new(records().map(|record| &*record.body).collect::<Vec<_>>())),
    ];
    draft.add_rows("written", "records (run, seq, epoch, body)", lists);
}

fn signals<'a>(draft: &mut Draft<'a>, change: &'a Change) {
    let signals = || change.signals.iter();
    let lists: Vec<(&str, Value<'a>)> = vec![
        ("bigint", Box::new(signals().map(|signal| signed(signal.ordinal)).collect::<Vec<_>>())),
        ("text", Box::new(signals().map(|signal| text(&signal.signal)).collect::<Vec<_>>())),
        ("text", Box::new(signals().map(|signal| text(&signal.id)).collect::<Vec<_>>())),
        ("text", Box::new(signals().map(|signal| &*signal.data).collect::<Vec<_>>())),
    ];
    draft.add_rows("told", "signals (run, ordinal, signal, id, data)", lists);
}

/// Writes the change where the fence lets it.
pub(super) async fn write(
    wire: &Wire,
    change: &Change,
    me: &str,
    token: i64,
    is_fed: bool,
) -> Result<Written, Error> {
    let mut draft = Draft { sql: "WITH done AS (".to_owned(), values: vec![Box::new(me), Box::new(token)] };
    let mark = match (&change.new, change.key) {
        (Some(new), _) => {
            insert(&mut draft, change, new);
            feed::MARK_NEW
        }
        (None, Some(key)) => {
            update(&mut draft, change, key);
            // What has ended goes on in another state.
            if change.advances { "" } else { feed::MARK_MOVED }
        }
        (None, None) => return Ok(Written::new()),
    };
    draft.sql.push_str(" RETURNING key, id)");
    if !change.records.is_empty() {
        records(&mut draft, change);
    }
    if !change.signals.is_empty() {
        signals(&mut draft, change);
    }
    if is_fed && !mark.is_empty() {
        draft.sql.push_str(&feed::marked(&[(mark, "done")]));
    }
    draft.sql.push_str(" SELECT key, id FROM done");
    let statement = wire.prepared(&draft.sql).await?;
    let values: Vec<&(dyn ToSql + Sync)> = draft.values.iter().map(|value| &**value as _).collect();
    match wire.client.query(&statement, &values).await {
        Ok(rows) => super::keys(&rows),
        // A record is there already.
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Ok(Written::new()),
        Err(error) => Err(error),
    }
}
