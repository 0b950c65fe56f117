//! Records that somebody reads as they come, and how far that is done: by run, since commits of many sidecars have no order.
//!
//! It knows nobody who reads. A run that is read has a mark, which is one sidecar's: made with the run, taken over when that
//! sidecar is gone, and taken away when all of an ended run is read. So each record is read once over all sidecars.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio_postgres::Error;

use super::PostgresStore;
use super::link::{Wire, hold};
use crate::store::{Fed, Feed, StoreError};

/// Runs in one page, and records of one of them, at most.
const RUNS: i64 = 64;
const RECORDS: i64 = 256;

/// Runs that are known to have something new; where there are more, all marks are looked through.
const KNOWN: usize = 10_000;

/// Between two looks through all marks: for what this sidecar has not written itself, and for marks of others that are gone.
const LOOK: Duration = Duration::from_secs(5);

/// Marks of the gone that are taken over at once.
const INHERITED: i64 = 10_000;

/// What this sidecar knows of what is to be read, while somebody wants it.
#[derive(Default)]
pub(super) struct Feeding {
    /// Runs that it has written to since.
    written: BTreeSet<i64>,
    /// Whether more of these were known than are looked for now.
    has_more: bool,
    /// After which run a look through all marks goes on.
    look: Option<i64>,
    looked: Option<Instant>,
    /// What was read last, and is not dealt with yet.
    page: Vec<Part>,
}

/// Records of one run, dealt with together.
struct Part {
    run: i64,
    from: i64,
    /// The first that is not among them.
    to: i64,
}

/// A mark behind which there is something.
struct Behind {
    run: i64,
    from: i64,
    /// The first record that is not there yet; nothing where the run was purged.
    end: Option<i64>,
}

/// Where a page is looked for.
enum Where {
    /// Among all marks after that run.
    After(i64),
    Among(Vec<i64>),
}

impl Feeding {
    pub(super) fn written(&mut self, runs: impl Iterator<Item = i64>) {
        self.written.extend(runs);
        if self.written.len() > KNOWN {
            self.written.clear();
            self.look = Some(i64::MIN);
        }
    }

    /// What was read and not dealt with is to be read again.
    fn again(&mut self) {
        self.written.extend(self.page.drain(..).map(|part| part.run));
    }

    /// Nothing where there is nothing to be read; true where a look through all marks begins.
    fn next(&mut self) -> Option<(Where, bool)> {
        let is_due = self.look.is_none() && self.looked.is_none_or(|at| at.elapsed() > LOOK);
        if is_due {
            self.look = Some(i64::MIN);
        }
        if let Some(after) = self.look {
            return Some((Where::After(after), is_due));
        }
        let runs: Vec<i64> = std::iter::from_fn(|| self.written.pop_first())
            .take(usize::try_from(RUNS).unwrap_or(1))
            .collect();
        self.has_more = !self.written.is_empty();
        (!runs.is_empty()).then_some((Where::Among(runs), false))
    }

    fn found(&mut self, place: &Where, behind: &[Behind], records: Vec<(i64, i64, String)>) -> Feed {
        if let Where::After(_) = place {
            let is_last = i64::try_from(behind.len()).unwrap_or(RUNS) < RUNS;
            self.look = behind.last().map(|last| last.run).filter(|_| !is_last);
            if is_last {
                self.looked = Some(Instant::now());
            }
        }
        let more = self.look.is_some() || self.has_more;
        let mut feed = Feed { more, ..Feed::default() };
        let mut put = |run: i64, seq: i64, body: Option<String>| {
            let place = i64::try_from(feed.records.len()).unwrap_or(i64::MAX).saturating_add(1);
            feed.records.push(Fed { place, run, seq: seq.cast_unsigned(), body: body.map(Into::into) });
        };
        self.page = Vec::new();
        let mut cut = Vec::new();
        let mut records = records.into_iter().peekable();
        for Behind { run, from, end } in behind {
            let mut part = Part { run: *run, from: *from, to: *from };
            while let Some((_, seq, body)) = records.next_if(|(of, ..)| of == run) {
                part.to = seq + 1;
                put(*run, seq, Some(body));
            }
            match end {
                // Its records go away: what has not been read is lost.
                None => put(*run, *from, None),
                Some(end) if part.to < *end => cut.push(*run),
                Some(_) => {}
            }
            self.page.push(part);
        }
        // Where nothing at all could be read, there is no more for now, whatever a damaged store says.
        if !feed.records.is_empty() {
            feed.more |= !cut.is_empty();
            self.written.extend(cut);
        }
        feed
    }
}

/// From where the process before this one was, and from now on where a run has no mark.
pub(super) fn begin(store: &PostgresStore) -> Result<(), StoreError> {
    store.engine.read(&store.reader, async |wire| {
        if let Some(previous) = &store.member.previous {
            inherit(wire, store.me(), Some(previous)).await?;
        }
        mark(wire, store.me()).await
    })
}

/// The next records that this sidecar is to deal with, until `max_bytes` are passed.
pub(super) fn page(store: &PostgresStore, max_bytes: usize) -> Result<Feed, StoreError> {
    if let Some(feeding) = hold(&store.feeding).as_mut() {
        feeding.again();
    }
    loop {
        let next = hold(&store.feeding).as_mut().and_then(Feeding::next);
        let Some((place, is_first)) = next else { return Ok(Feed::default()) };
        let (me, may_inherit) = (store.me(), store.may_inherit());
        let found = store.engine.read(&store.reader, async |wire| {
            if is_first && may_inherit {
                inherit(wire, me, None).await?;
            }
            if is_first {
                mark(wire, me).await?;
            }
            let behind = behind(wire, me, &place).await?;
            let records = records(wire, &behind, max_bytes).await?;
            Ok((behind, records))
        });
        let mut feeding = hold(&store.feeding);
        let Some(feeding) = feeding.as_mut() else { return Ok(Feed::default()) };
        match found {
            Ok((behind, records)) => {
                let feed = feeding.found(&place, &behind, records);
                if !feed.records.is_empty() {
                    return Ok(feed);
                }
            }
            Err(error) => {
                feeding.look = Some(i64::MIN);
                return Err(error);
            }
        }
    }
}

/// Takes over the marks of sidecars that are gone, or of that one if it is.
async fn inherit(wire: &mut Wire, me: &str, of: Option<&str>) -> Result<(), Error> {
    let sql = "UPDATE exported SET sidecar = $1 WHERE run IN (
        SELECT e.run FROM exported e WHERE e.sidecar <> $1 AND ($2::text IS NULL OR e.sidecar = $2) AND NOT EXISTS (
            SELECT 1 FROM sidecars s WHERE s.id = e.sidecar AND s.expires_at > clock_timestamp())
        ORDER BY e.run LIMIT $3 FOR UPDATE SKIP LOCKED)";
    let statement = wire.prepared(sql).await?;
    wire.client.execute(&statement, &[&me, &of, &INHERITED]).await.map(drop)
}

/// Marks those of its open runs that have no mark, from now on.
async fn mark(wire: &mut Wire, me: &str) -> Result<(), Error> {
    let sql = "INSERT INTO exported (run, seq, sidecar)
        SELECT r.key, r.next_seq, $1 FROM runs r WHERE r.sidecar = $1 AND r.finished_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM exported e WHERE e.run = r.key)
        ON CONFLICT (run) DO NOTHING";
    let statement = wire.prepared(sql).await?;
    wire.client.execute(&statement, &[&me]).await.map(drop)
}

async fn behind(wire: &mut Wire, me: &str, place: &Where) -> Result<Vec<Behind>, Error> {
    let which = match place {
        Where::After(_) => "e.run > $2",
        Where::Among(_) => "e.run = ANY ($2)",
    };
    let sql = format!(
        "SELECT e.run, e.seq, r.next_seq FROM exported e LEFT JOIN runs r ON r.key = e.run
         WHERE e.sidecar = $1 AND {which} AND (r.key IS NULL OR e.seq < r.next_seq) ORDER BY e.run LIMIT $3"
    );
    let statement = wire.prepared(&sql).await?;
    let rows = match place {
        Where::After(run) => wire.client.query(&statement, &[&me, run, &RUNS]).await?,
        Where::Among(runs) => wire.client.query(&statement, &[&me, runs, &RUNS]).await?,
    };
    let behind = |row: &tokio_postgres::Row| {
        Ok(Behind { run: row.try_get(0)?, from: row.try_get(1)?, end: row.try_get(2)? })
    };
    rows.iter().map(behind).collect()
}

/// Run, number and body, in the order of the runs.
async fn records(
    wire: &mut Wire,
    behind: &[Behind],
    max_bytes: usize,
) -> Result<Vec<(i64, i64, String)>, Error> {
    let there: Vec<&Behind> = behind.iter().filter(|one| one.end.is_some()).collect();
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT run, seq, body FROM (
            SELECT m.run, c.seq, c.body,
                sum(octet_length(c.body)) OVER (ORDER BY m.run, c.seq) - octet_length(c.body) AS before
            FROM unnest($1::bigint[], $2::bigint[]) AS m (run, since) CROSS JOIN LATERAL (
                SELECT seq, body FROM records WHERE records.run = m.run AND seq >= m.since ORDER BY seq LIMIT $3) c
        ) page WHERE before < $4 ORDER BY run, seq";
    let statement = wire.prepared(sql).await?;
    let runs: Vec<i64> = there.iter().map(|one| one.run).collect();
    let since: Vec<i64> = there.iter().map(|one| one.from).collect();
    let most = i64::try_from(max_bytes).unwrap_or(i64::MAX);
    let rows = wire.client.query(&statement, &[&runs, &since, &RECORDS, &most]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// What was read last is dealt with. Nothing is done to a mark that is another's by now. Where it fails it may be asked for again.
pub(super) fn done(store: &PostgresStore) -> Result<(), StoreError> {
    let page = hold(&store.feeding).as_mut().map(|feeding| std::mem::take(&mut feeding.page));
    let page = page.unwrap_or_default();
    let column = |of: fn(&Part) -> i64| page.iter().map(of).collect::<Vec<i64>>();
    let (runs, from, to) = (column(|part| part.run), column(|part| part.from), column(|part| part.to));
    let done = store.engine.read(&store.reader, async |wire| {
        let sql = "WITH part AS (
                SELECT e.run, p.upto FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS p (run, since, upto)
                JOIN exported e ON e.run = p.run AND e.seq = p.since AND e.sidecar = $1
            ), over AS (
                DELETE FROM exported e USING part LEFT JOIN runs r ON r.key = part.run
                WHERE e.run = part.run AND (r.key IS NULL OR (r.finished_at IS NOT NULL AND part.upto >= r.next_seq))
                RETURNING e.run
            )
            UPDATE exported e SET seq = part.upto FROM part
            WHERE e.run = part.run AND NOT EXISTS (SELECT 1 FROM over WHERE over.run = e.run)";
        let statement = wire.prepared(sql).await?;
        wire.client.execute(&statement, &[&store.me(), &runs, &from, &to]).await.map(drop)
    });
    if let (Err(_), Some(feeding)) = (&done, hold(&store.feeding).as_mut()) {
        feeding.page = page;
    }
    done
}

/// Marks of runs that are new, and of those that had ended and go on; `CHANGED` is what was written of them.
pub(super) const MARK_NEW: &str = "SELECT key, 0, $1::text FROM CHANGED";
pub(super) const MARK_MOVED: &str = "SELECT CHANGED.key, old.next_seq, $1::text
    FROM CHANGED JOIN runs old ON old.key = CHANGED.key WHERE old.finished_at IS NOT NULL";

/// What [`super::write`] adds to its statement where somebody reads: such marks, each of what stands beside it.
pub(super) fn marked(marks: &[(&str, &str)]) -> String {
    let marks: Vec<String> = marks.iter().map(|(mark, changed)| mark.replace("CHANGED", changed)).collect();
    let marks = marks.join(" UNION ALL ");
    format!(", marked AS (INSERT INTO exported (run, seq, sidecar) {marks} ON CONFLICT (run) DO NOTHING)")
}
