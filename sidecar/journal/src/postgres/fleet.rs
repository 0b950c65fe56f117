//! The sidecars of one journal: each has a lease by the server's clock, and each open run is one sidecar's or nobody's.
//!
//! It knows no session. Fencing is the commit's: who lost a run writes nothing to it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_postgres::Error;

use super::PostgresStore;
use super::link::{Wire, hold};
use super::read::{self, HEAD};
use super::url::PostgresUrl;
use super::write::text;
use crate::store::{RunRow, Shared, SharedAsk, StoreError, Wanted};

/// Runs that one look takes up at most.
const ASKS: i64 = 200;

/// A sidecar among others.
#[derive(Debug, Clone)]
pub struct Member {
    /// A new one for each process.
    pub id: String,
    pub host: String,
    pub pid: u32,
    /// The id of the process before, which is dead: what it had is this one's.
    pub previous: Option<String>,
    /// How long its runs are its own after it was last heard of.
    pub lease: Duration,
}

/// What this process knows of its own lease, by its monotonic clock.
pub(super) struct Lease {
    /// Before the last renewal was sent.
    renewed: Instant,
    /// Since when it has been renewed in time.
    since: Instant,
    /// It was over, and what others took meanwhile is not known yet.
    is_adrift: bool,
}

impl Lease {
    pub(super) fn new() -> Lease {
        let now = Instant::now();
        Lease { renewed: now, since: now, is_adrift: false }
    }
}

/// What sidecars tell each other that there is something to look at.
pub(super) fn channel(url: &PostgresUrl) -> String {
    format!("conductor_{}", url.schema)
}

impl PostgresStore {
    /// Enters this process among the sidecars, in the place of the one before it.
    pub(super) fn enter(&self) -> Result<(), StoreError> {
        let before = Instant::now();
        self.engine.read(&self.keeper, async |wire| {
            renew(wire, self).await?;
            let Some(previous) = &self.member.previous else { return Ok(()) };
            // A copied folder must not take what the sidecar of another machine has.
            let mine = "EXISTS (SELECT 1 FROM sidecars WHERE id = $1 AND host = $2)";
            let sql =
                format!("UPDATE runs SET sidecar = $3 WHERE sidecar = $1 AND finished_at IS NULL AND {mine}");
            let (host, me) = (&text(&self.member.host), self.me());
            wire.client.execute(&sql, &[previous, host, &me]).await?;
            wire.client
                .execute("DELETE FROM sidecars WHERE id = $1 AND host = $2", &[previous, host])
                .await?;
            Ok(())
        })?;
        *hold(&self.lease) = Lease { renewed: before, since: before, is_adrift: false };
        Ok(())
    }

    /// Whether what dead sidecars had may be taken. Who could not reach the server does not know whether others could:
    /// after an outage everybody's lease is over at once.
    pub(super) fn may_inherit(&self) -> bool {
        let lease = hold(&self.lease);
        lease.renewed.elapsed() < self.member.lease && lease.since.elapsed() >= self.member.lease / 2
    }

    pub(super) fn notify(&self) -> String {
        format!("NOTIFY \"{}\"", channel(&self.engine.url))
    }
}

async fn renew(wire: &mut Wire, store: &PostgresStore) -> Result<(), Error> {
    let sql = "INSERT INTO sidecars (id, host, pid, started_at, expires_at)
        VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp() + make_interval(secs => $4))
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";
    let statement = wire.prepared(sql).await?;
    let member = &store.member;
    let (pid, seconds) = (i64::from(member.pid), member.lease.as_secs_f64());
    wire.client.execute(&statement, &[&member.id, &text(&member.host), &pid, &seconds]).await?;
    Ok(())
}

pub(super) async fn forget_the_gone(wire: &mut Wire) -> Result<(), Error> {
    wire.client
        .execute(
            "DELETE FROM sidecars s WHERE s.expires_at < clock_timestamp() - interval '1 hour'
                AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.sidecar = s.id AND r.finished_at IS NULL)",
            &[],
        )
        .await?;
    Ok(())
}

/// Runs that nobody has, oldest first; those of a living parent are reached by its owner.
fn claim() -> String {
    format!(
        "WITH gone AS MATERIALIZED (
            SELECT id FROM sidecars WHERE $5 AND expires_at < clock_timestamp()
        ), taken AS (
            UPDATE runs SET sidecar = $1 WHERE key IN (
                SELECT o.key FROM runs o JOIN unnest($2::text[], $3::text[]) AS w (workflow, plan)
                    ON o.workflow = w.workflow AND (o.plan IS NULL OR o.plan = w.plan)
                WHERE o.finished_at IS NULL AND (o.state <> 'paused' OR o.cancel_reason IS NOT NULL)
                    AND (o.sidecar IS NULL OR o.sidecar = ANY (ARRAY(SELECT id FROM gone)))
                    AND NOT EXISTS (SELECT 1 FROM runs p WHERE p.id = o.parent_run AND p.finished_at IS NULL)
                ORDER BY o.key LIMIT $4 FOR UPDATE OF o SKIP LOCKED)
            RETURNING *)
        SELECT {HEAD} FROM taken r ORDER BY r.key"
    )
}

impl Shared for PostgresStore {
    fn renew(&self) -> Result<bool, StoreError> {
        let before = Instant::now();
        self.engine.read(&self.keeper, async |wire| renew(wire, self).await)?;
        let mut lease = hold(&self.lease);
        let lapsed = lease.renewed + self.member.lease < Instant::now();
        let is_adrift = lapsed || lease.is_adrift;
        *lease = Lease { renewed: before, since: if lapsed { before } else { lease.since }, is_adrift };
        Ok(is_adrift)
    }

    fn recounted(&self) {
        hold(&self.lease).is_adrift = false;
    }

    fn remaining(&self) -> Duration {
        let lease = hold(&self.lease);
        if lease.is_adrift {
            return Duration::ZERO;
        }
        self.member.lease.saturating_sub(lease.renewed.elapsed())
    }

    fn adopt(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        let inherits = self.may_inherit();
        self.rows(&self.finder, async |wire| {
            let sql = format!(
                "WITH taken AS (
                    UPDATE runs o SET sidecar = $1 WHERE o.id = $2 AND o.finished_at IS NULL AND (
                        o.sidecar IS NULL OR o.sidecar = $1 OR o.owner_session IS NULL OR ($3 AND NOT EXISTS (
                            SELECT 1 FROM sidecars s WHERE s.id = o.sidecar AND s.expires_at > clock_timestamp())))
                    RETURNING *)
                 SELECT {HEAD} FROM taken r"
            );
            let statement = wire.prepared(&sql).await?;
            let found = wire.client.query_opt(&statement, &[&self.me(), &text(run), &inherits]).await?;
            found.map(|row| read::run(&row, false)).transpose().map(Option::transpose)
        })
    }

    fn claim(&self, wanted: &[Wanted], limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let inherits = self.may_inherit();
        self.rows(&self.keeper, async |wire| {
            let statement = wire.prepared(&claim()).await?;
            let workflows: Vec<_> = wanted.iter().map(|wanted| text(&wanted.workflow)).collect();
            let plans: Vec<_> = wanted.iter().map(|wanted| text(&wanted.plan)).collect();
            let limit = i64::from(limit);
            let rows =
                wire.client.query(&statement, &[&self.me(), &workflows, &plans, &limit, &inherits]).await?;
            read::runs(&rows, false)
        })
    }

    fn let_go(&self, keys: &[i64]) -> Result<(), StoreError> {
        self.engine.read(&self.finder, async |wire| {
            let sql = "UPDATE runs SET sidecar = NULL WHERE key = ANY($1) AND sidecar = $2";
            let statement = wire.prepared(sql).await?;
            wire.client.execute(&statement, &[&keys, &self.me()]).await?;
            wire.client.batch_execute(&self.notify()).await
        })
    }

    fn here(&self) -> Result<BTreeSet<i64>, StoreError> {
        self.engine.read(&self.keeper, async |wire| {
            let sql = "SELECT key FROM runs WHERE sidecar = $1 AND finished_at IS NULL";
            let statement = wire.prepared(sql).await?;
            let rows = wire.client.query(&statement, &[&self.me()]).await?;
            rows.iter().map(|row| row.try_get(0)).collect()
        })
    }

    fn ask(&self, run: &RunRow, body: &str) -> Result<(), StoreError> {
        // One whose end was not heard of may stand there twice: what is asked is the same the second time.
        self.engine.read(&self.finder, async |wire| {
            let statement = wire.prepared("INSERT INTO asks (run, body) VALUES ($1, $2)").await?;
            wire.client.execute(&statement, &[&run.key, &body]).await?;
            wire.client.batch_execute(&self.notify()).await
        })
    }

    fn asks(&self) -> Result<Vec<SharedAsk>, StoreError> {
        self.engine.read(&self.keeper, async |wire| {
            let sql = "SELECT a.id, r.id, a.body FROM asks a JOIN runs r ON r.key = a.run
                WHERE r.sidecar = $1 OR r.sidecar IS NULL OR r.finished_at IS NOT NULL OR NOT EXISTS (
                    SELECT 1 FROM sidecars s WHERE s.id = r.sidecar AND s.expires_at > clock_timestamp())
                ORDER BY a.id LIMIT $2";
            let statement = wire.prepared(sql).await?;
            let rows = wire.client.query(&statement, &[&self.me(), &ASKS]).await?;
            let ask = |row: &tokio_postgres::Row| {
                Ok(SharedAsk { id: row.try_get(0)?, run: row.try_get(1)?, body: row.try_get(2)? })
            };
            rows.iter().map(ask).collect()
        })
    }

    fn answered(&self, asks: &[i64]) -> Result<(), StoreError> {
        self.engine.read(&self.keeper, async |wire| {
            wire.client.execute("DELETE FROM asks WHERE id = ANY($1)", &[&asks]).await?;
            Ok(())
        })
    }

    fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }
}
