//! Reads the committed journal of several sidecars from PostgreSQL, as any client would.
//!
//! It trusts nothing: the checker judges what it reads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use conductor_journal::{Keys, open_record};
use tokio_postgres::NoTls;

use crate::journal::{Journal, KEY, Record, Run};

/// Every run, in one snapshot.
const RUNS: &str = "SELECT r.id, r.workflow, r.state, r.output, c.seq, c.epoch, c.body
    FROM conductor.runs r LEFT JOIN conductor.records c ON c.run = r.key
    WHERE r.id <> ALL ($1) ORDER BY r.key, c.seq";

/// Every run, with all of its records.
///
/// # Errors
/// When the server does not answer or an entry is not of the protocol's form.
pub fn read(url: &str) -> Result<Journal> {
    read_but(url, &[])
}

/// The runs that are not `known`.
fn read_but(url: &str, known: &[&str]) -> Result<Journal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let connection = tokio::spawn(connection);
        let rows = client.query(RUNS, &[&known]).await?;
        drop(client);
        connection.await??;
        anyhow::Ok(rows)
    })?;
    let keys = Keys::parse(KEY)?;
    let mut journal = Journal::new();
    for row in rows {
        let run = journal.entry(row.try_get(0)?).or_insert(Run {
            workflow: row.try_get(1)?,
            state: row.try_get(2)?,
            output: row.try_get(3)?,
            records: Vec::new(),
        });
        let Some(stored) = row.try_get::<_, Option<String>>(6)? else { continue };
        let seq = u64::try_from(row.try_get::<_, i64>(4)?)?;
        let epoch = u64::try_from(row.try_get::<_, i64>(5)?)?;
        let body = open_record(Some(&keys), seq, &stored)?.to_string();
        let entries =
            serde_json::from_str(&body).with_context(|| format!("not a list of entries: {body}"))?;
        run.records.push(Record { seq, epoch, body, entries });
    }
    Ok(journal)
}

/// Follows the store and gives each committed record once.
#[derive(Debug, Default)]
pub struct Follower {
    seen: BTreeMap<String, usize>,
    ended: BTreeSet<String>,
}

impl Follower {
    /// Records committed since the last call, with their runs, and the journal as it was read.
    ///
    /// # Errors
    /// When the server does not answer or an entry is not of the protocol's form.
    pub fn news(&mut self, url: &str) -> Result<(Vec<(String, Record)>, Journal)> {
        let journal = read(url)?;
        Ok((self.unseen(&journal), journal))
    }

    /// The same where no run goes on once it has ended: those are not read again.
    ///
    /// # Errors
    /// When the server does not answer or an entry is not of the protocol's form.
    pub fn news_of_open(&mut self, url: &str) -> Result<Vec<(String, Record)>> {
        let ended: Vec<&str> = self.ended.iter().map(String::as_str).collect();
        let journal = read_but(url, &ended)?;
        let has_ended = |run: &Run| run.entries().last().is_some_and(|(_, entry)| entry.ends_run());
        self.ended.extend(journal.iter().filter(|(_, run)| has_ended(run)).map(|(id, _)| id.clone()));
        Ok(self.unseen(&journal))
    }

    fn unseen(&mut self, journal: &Journal) -> Vec<(String, Record)> {
        let mut news = Vec::new();
        for (id, run) in journal {
            let seen = self.seen.entry(id.clone()).or_default();
            news.extend(run.records.iter().skip(*seen).map(|record| (id.clone(), record.clone())));
            *seen = run.records.len().max(*seen);
        }
        news
    }
}
