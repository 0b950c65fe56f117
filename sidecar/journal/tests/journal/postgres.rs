//! The journal over a real PostgreSQL: what holds over every store, and what many sidecars need of one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conductor_journal::{
    Encryption, Journal, Member, Note, PostgresStore, PostgresUrl, Recorded, Started, Store, StoreError,
    Wanted,
};
use conductor_protocol::message::{Limits, code};
use conductor_tests::servers::{Postgres, Version};

use crate::support::{At, STARTED, commit, never, owner, record, request, said, start};
use crate::{feed, same, search};

/// A schema of a server.
pub struct Schema {
    url: String,
    last: Mutex<Option<String>>,
}

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

impl Schema {
    pub fn new(server: &Postgres) -> Schema {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        Schema { url: format!("{}?schema=s{number}", server.url()), last: Mutex::default() }
    }

    pub fn url(&self) -> PostgresUrl {
        self.url.parse().unwrap()
    }

    /// A sidecar whose lease is long.
    fn named(&self, id: &str, previous: Option<String>) -> Member {
        let lease = Duration::from_secs(60);
        Member { id: id.to_owned(), host: "here".to_owned(), pid: 1, previous, lease }
    }

    fn member(&self, id: &str, previous: Option<String>) -> PostgresStore {
        PostgresStore::open(&self.url(), self.named(id, previous)).unwrap()
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

#[test]
fn what_holds_over_every_store_holds_over_the_oldest() {
    what_holds_over_every_store(Version::Oldest);
}

#[test]
fn what_holds_over_every_store_holds_over_the_newest() {
    what_holds_over_every_store(Version::Newest);
}

/// One server for all of them: to make one takes a second.
fn what_holds_over_every_store(version: Version) {
    let server = Postgres::of(version).unwrap();
    macro_rules! over_postgres {
        ($($name:ident)*) => {
            $(println!(stringify!($name));
            same::$name(&Schema::new(&server));)*
        };
    }
    crate::of_every_store!(over_postgres);
    a_newer_format_and_a_foreign_schema_are_refused_by_name(&server);
    a_commit_whose_end_is_not_heard_of_is_done_once(&server);
    who_comes_back_too_late_writes_nothing(&server);
    who_had_a_run_that_comes_back_from_another_is_told(&server);
    feed::each_record_is_fed_to_one_sidecar_and_what_the_gone_have_left_to_another(&server);
    feed::what_is_purged_before_it_was_read_is_told_of(&server);
    search::who_began_before_is_waited_for(&Schema::new(&server));
}

fn a_newer_format_and_a_foreign_schema_are_refused_by_name(server: &Postgres) {
    let open = |at: &Schema| PostgresStore::open(&at.url(), at.named("m", None)).map(drop);
    let newer = Schema::new(server);
    drop(newer.store());
    newer.sql("UPDATE meta SET value = '9' WHERE name = 'format'");
    let refused = open(&newer).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 9, supported: 6, .. }), "{refused}");
    assert!(!refused.to_string().contains("battery"), "{refused}");
    let foreign = Schema { url: newer.url.replace("schema=", "schema=f"), last: Mutex::default() };
    let name = foreign.url.split_once("schema=").unwrap().1;
    newer.sql(&format!("CREATE SCHEMA {name}; CREATE TABLE {name}.t (x int)"));
    assert!(matches!(open(&foreign), Err(StoreError::Foreign { .. })));
    newer.sql(&format!("CREATE TABLE {name}.meta (y int)"));
    assert!(matches!(open(&foreign), Err(StoreError::Foreign { .. })));
}

/// Between a store and its server: it can keep answers back.
struct Between {
    port: u16,
    is_deaf: Arc<AtomicBool>,
}

impl Between {
    fn new(server: &Postgres) -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = server.url().rsplit_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let between = Between { port, is_deaf: Arc::default() };
        let is_deaf = Arc::clone(&between.is_deaf);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&to).unwrap();
                let (asks, answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(asks, server, &AtomicBool::new(false)));
                let is_deaf = Arc::clone(&is_deaf);
                std::thread::spawn(move || pass(answers, client, &is_deaf));
            }
        });
        between
    }

    fn url(&self, schema: &Schema) -> PostgresUrl {
        let (user, rest) = schema.url.rsplit_once('@').unwrap();
        let database = rest.split_once('/').unwrap().1;
        format!("{user}@127.0.0.1:{}/{database}", self.port).parse().unwrap()
    }
}

/// Hands bytes on. Where it is deaf it drops what comes, and the connection with it.
fn pass(mut from: TcpStream, mut to: TcpStream, is_deaf: &AtomicBool) {
    let mut chunk = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        if is_deaf.load(Ordering::SeqCst) || to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// The server has done it, and its word was lost.
fn a_commit_whose_end_is_not_heard_of_is_done_once(server: &Postgres) {
    let (schema, between) = (Schema::new(server), Between::new(server));
    let member = schema.named("m", None);
    let store = PostgresStore::open(&between.url(&schema), member).unwrap();
    let journal = Journal::open(Box::new(store), Limits::default(), Encryption::default()).unwrap();
    start(&journal, "r", "s");
    record(&journal, "r", 1, 1, STARTED, "s").unwrap();
    commit(&journal);
    let hears_again = |after: Duration| {
        between.is_deaf.store(true, Ordering::SeqCst);
        let is_deaf = Arc::clone(&between.is_deaf);
        std::thread::spawn(move || {
            std::thread::sleep(after);
            is_deaf.store(false, Ordering::SeqCst);
        })
    };
    let other = schema.member("other", None);
    let records = || {
        let key = other.find("r").unwrap().unwrap().key;
        other.records(key, 0, usize::MAX).unwrap().records.len()
    };
    // Its number is found when the server is heard again; of a run that has begun in it, too.
    record(&journal, "r", 1, 2, STARTED, "s").unwrap();
    start(&journal, "q", "s");
    let later = hears_again(Duration::from_millis(700));
    assert_eq!(said(&commit(&journal)), ["r s ack 2", "q s ack 0"]);
    later.join().unwrap();
    assert_eq!(records(), 3);
    // For so long that it is given up: who sends the record again is told that it is there, and can go on.
    record(&journal, "r", 1, 3, STARTED, "s").unwrap();
    start(&journal, "p", "s");
    let later = hears_again(Duration::from_secs(4));
    assert_eq!(said(&commit(&journal)), ["r s refused 3 store", "p s refused 0 store"]);
    later.join().unwrap();
    assert_eq!(records(), 4, "the server has done it");
    assert_eq!(record(&journal, "r", 1, 3, STARTED, "s"), Ok(Recorded::Known { acked: 3 }));
    assert_eq!(record(&journal, "r", 1, 4, STARTED, "s"), Ok(Recorded::Queued));
    // Whoever begins the run that nobody was told of takes it up, in an epoch of its own.
    let taken = journal.start(request("p", "{}"), Some(&owner("s")), &never).unwrap();
    assert!(matches!(&taken, Started::Taken(taken) if taken.info.epoch == 2), "{taken:?}");
    assert_eq!(said(&commit(&journal)), ["r s ack 4", "p s ack 1"]);
    assert_eq!(records(), 5);
}

/// A sidecar that was stopped, and whose lease is over: its word counts for nothing any more.
fn who_comes_back_too_late_writes_nothing(server: &Postgres) {
    let schema = Schema::new(server);
    let short = |id: &str| Member { lease: Duration::from_millis(300), ..schema.named(id, None) };
    let open = |member| {
        let store = PostgresStore::open(&schema.url(), member).unwrap();
        Journal::open(Box::new(store), Limits::default(), Encryption::default()).unwrap()
    };
    let late = open(short("late"));
    for run in ["r", "q"] {
        start(&late, run, "s");
    }
    commit(&late);
    let heir = open(schema.named("heir", None));
    let wanted = [Wanted { workflow: "w".to_owned(), plan: "p".to_owned() }];
    assert!(heir.claim(&wanted, 10).unwrap().is_empty(), "its lease is not over");
    heir.shared().unwrap().renew().unwrap();
    let brief = open(short("brief"));
    std::thread::sleep(Duration::from_millis(320));
    brief.shared().unwrap().renew().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let claimed = brief.claim(&wanted, 1).unwrap();
    assert_eq!(claimed.iter().map(|info| &*info.run).collect::<Vec<_>>(), ["r"]);
    // Both were in memory here as its own. One is another's now, though in no other epoch yet; the other still is not.
    record(&late, "r", 1, 1, STARTED, "s").unwrap();
    record(&late, "q", 1, 1, STARTED, "s").unwrap();
    assert_eq!(said(&commit(&late)), ["q s ack 1", "r s refused 1 stale_epoch", "r s gone"]);
    let taken = brief.take("r", &owner("t"), "p", "python", &|_| true).unwrap().unwrap();
    assert_eq!((taken.info.epoch, taken.next_seq), (2, 2));
    assert_eq!(said(&commit(&brief)), ["r t ack 1"]);
    assert_eq!(record(&late, "r", 1, 1, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert!(late.shared().unwrap().renew().unwrap(), "it was over");
    assert_eq!(late.shared().unwrap().remaining(), Duration::ZERO, "nobody has counted what is left");
    assert!(late.recount().unwrap());
    late.shared().unwrap().recounted();
    assert!(late.shared().unwrap().remaining() > Duration::ZERO);
}

/// A sidecar whose lease was over takes a run up again before it has counted what is left: another had it meanwhile.
fn who_had_a_run_that_comes_back_from_another_is_told(server: &Postgres) {
    let schema = Schema::new(server);
    let open = |id: &str| {
        let member = Member { lease: Duration::from_millis(300), ..schema.named(id, None) };
        let store = PostgresStore::open(&schema.url(), member).unwrap();
        Journal::open(Box::new(store), Limits::default(), Encryption::default()).unwrap()
    };
    let late = open("late");
    start(&late, "r", "s");
    commit(&late);
    let heir = open("heir");
    std::thread::sleep(Duration::from_millis(320));
    heir.shared().unwrap().renew().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let wanted = [Wanted { workflow: "w".to_owned(), plan: "p".to_owned() }];
    assert_eq!(heir.claim(&wanted, 1).unwrap().len(), 1);
    heir.take("r", &owner("t"), "p", "python", &|_| true).unwrap().unwrap();
    assert_eq!(said(&commit(&heir)), ["r t ack 1"]);
    heir.release("r", 2, "t").unwrap();
    commit(&heir);
    heir.let_go(&["r".into()], &|_| true).unwrap();
    let claimed = late.claim(&wanted, 1).unwrap();
    assert_eq!(
        claimed.iter().map(|info| (info.epoch, info.owner.is_some())).collect::<Vec<_>>(),
        [(2, false)]
    );
    assert_eq!(said(&late.late()), ["r s refused 1 stale_epoch", "r s gone"]);
    assert!(late.shared().unwrap().renew().unwrap(), "it was over");
    assert!(late.recount().unwrap());
    assert_eq!(said(&late.late()), [""; 0], "it is here");
    assert_eq!(record(&late, "r", 1, 1, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
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
