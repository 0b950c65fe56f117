//! The journal over a real PostgreSQL: what holds over every store, and what many sidecars need of one.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conductor_journal::{Encryption, Journal, Member, Note, PostgresStore, PostgresUrl, Store, StoreError};
use conductor_protocol::message::Limits;
use conductor_tests::servers::Postgres;

use crate::same;
use crate::support::{At, STARTED, commit, record, start};

/// A schema of a server.
struct Schema {
    url: String,
    last: Mutex<Option<String>>,
}

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

impl Schema {
    fn new(server: &Postgres) -> Schema {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        Schema { url: format!("{}?schema=s{number}", server.url()), last: Mutex::default() }
    }

    fn url(&self) -> PostgresUrl {
        self.url.parse().unwrap()
    }

    /// As a sidecar of that name, whose lease is long.
    fn member(&self, id: &str, previous: Option<String>) -> PostgresStore {
        let lease = Duration::from_secs(60);
        let member = Member { id: id.to_owned(), host: "here".to_owned(), pid: 1, previous, lease };
        PostgresStore::open(&self.url(), member).unwrap()
    }
}

impl At for Schema {
    /// Each one is the sidecar that comes after the one before.
    fn store(&self) -> Box<dyn Store> {
        let mut last = self.last.lock().unwrap();
        let id = format!("m{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
        let previous = last.replace(id.clone());
        Box::new(self.member(&id, previous))
    }

    fn sql(&self, text: &str) {
        sql(&self.url, text);
    }
}

fn sql(url: &str, text: &str) {
    let (base, schema) = url.split_once("?schema=").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(base, tokio_postgres::NoTls).await.unwrap();
        let driven = tokio::spawn(connection);
        client.batch_execute(&format!("SET search_path TO {schema}; {text}")).await.unwrap();
        drop(client);
        driven.await.unwrap().unwrap();
    });
}

/// One server for all of them: to make one takes a second.
#[test]
fn what_holds_over_every_store() {
    let server = Postgres::start().unwrap();
    macro_rules! over_postgres {
        ($($name:ident)*) => {
            $(println!(stringify!($name));
            same::$name(&Schema::new(&server));)*
        };
    }
    crate::of_every_store!(over_postgres);
    a_newer_format_and_a_foreign_schema_are_refused_by_name(&server);
}

fn a_newer_format_and_a_foreign_schema_are_refused_by_name(server: &Postgres) {
    let open = |at: &Schema| {
        let member = Member {
            id: "m".to_owned(),
            host: "here".to_owned(),
            pid: 1,
            previous: None,
            lease: Duration::from_secs(60),
        };
        PostgresStore::open(&at.url(), member).map(drop)
    };
    let newer = Schema::new(server);
    drop(newer.store());
    newer.sql("UPDATE meta SET value = '9' WHERE name = 'format'");
    let refused = open(&newer).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 9, supported: 2, .. }), "{refused}");
    assert!(!refused.to_string().contains("battery"), "{refused}");
    let foreign = Schema { url: newer.url.replace("schema=", "schema=f"), last: Mutex::default() };
    let name = foreign.url.split_once("schema=").unwrap().1;
    newer.sql(&format!("CREATE SCHEMA {name}; CREATE TABLE {name}.t (x int)"));
    assert!(matches!(open(&foreign), Err(StoreError::Foreign { .. })));
    newer.sql(&format!("CREATE TABLE {name}.meta (y int)"));
    assert!(matches!(open(&foreign), Err(StoreError::Foreign { .. })));
}

/// `cargo test --release --workspace --test journal -- --ignored --nocapture figures`
#[test]
#[ignore = "it measures, on a machine that does nothing else"]
fn figures() {
    let server = Postgres::synced().unwrap();
    let schema = Schema::new(&server);
    let journal = schema.journal();
    start(&journal, "one", "s");
    commit(&journal);
    let mut times: Vec<Duration> = (1..=500)
        .map(|seq| {
            let began = Instant::now();
            record(&journal, "one", 1, seq, STARTED, "s").unwrap();
            commit(&journal);
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("one record a commit: median {:?}, 99 of 100 within {:?}", times[250], times[495]);
    drop(journal);
    for sidecars in [1, 2, 4] {
        let members: Vec<Journal> = (0..sidecars)
            .map(|number| {
                let store = Box::new(schema.member(&format!("f{sidecars}-{number}"), None));
                Journal::open(store, Limits::default(), Encryption::default()).unwrap()
            })
            .collect();
        let (threads, records) = (64_u32, 100_u32);
        let began = Instant::now();
        std::thread::scope(|scope| {
            for (number, journal) in members.iter().enumerate() {
                let acked: Arc<Vec<AtomicU64>> = Arc::new((0..threads).map(|_| AtomicU64::new(0)).collect());
                for thread in 0..threads {
                    let acked = Arc::clone(&acked);
                    scope.spawn(move || {
                        works(journal, &format!("{sidecars}-{number}-"), thread, records, &acked)
                    });
                }
            }
        });
        let all = f64::from(sidecars * threads * records);
        println!(
            "{sidecars} sidecars, {threads} runs each: {:.0} records/s",
            all / began.elapsed().as_secs_f64()
        );
    }
}

/// One run of one thread, a record after the other, each when the one before is on disk.
fn works(journal: &Journal, prefix: &str, thread: u32, records: u32, acked: &[AtomicU64]) {
    let run = format!("{prefix}{thread}");
    start(journal, &run, "s");
    let told = |notes: Vec<Note>| {
        for note in notes {
            if let Note::Acked { run, seq, .. } = note {
                let of: usize = run.rsplit_once('-').unwrap().1.parse().unwrap();
                acked[of].fetch_max(seq, Ordering::SeqCst);
            }
        }
    };
    for seq in 1..=u64::from(records) {
        record(journal, &run, 1, seq, STARTED, "s").unwrap();
        while acked[thread as usize].load(Ordering::SeqCst) < seq {
            if journal.commit(told).is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }
}
