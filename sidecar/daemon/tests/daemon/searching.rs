//! Searches over HTTP, page by page: each run that is looked for once, in its order, whatever is noted of the runs.

use std::time::Instant;

use serde_json::Value;

use crate::support::{Daemon, PATIENCE};

const RUNS: i64 = 2600;
const BEGIN: i64 = 1_750_000_000_000;

/// Starts go up and down, within a block and from block to block, and some are the same.
fn start_of(key: i64) -> i64 {
    BEGIN + (key * 37 % 500 + key / 100) * 60_000
}

fn workflow_of(key: i64) -> &'static str {
    if key % 7 == 0 { "rare" } else { "often" }
}

fn is_failed(key: i64) -> bool {
    key % 20 == 0
}

/// Runs that have ended, as another build may have left them.
fn fill(daemon: &Daemon) -> rusqlite::Connection {
    let mut file = rusqlite::Connection::open(daemon.folder.join("journal.db")).unwrap();
    let change = file.transaction().unwrap();
    for key in 1..=RUNS {
        let error = is_failed(key).then(|| format!(r#"{{"types":["shop.E{}"],"message":"no"}}"#, key % 100));
        let input = format!(r#"{{"user":{{"id":"u{}"}}}}"#, key % 1000);
        let state = if is_failed(key) { "failed" } else { "succeeded" };
        change
            .execute(
                "INSERT INTO runs (key, id, workflow, state, epoch, next_seq, input_digest, started_at, finished_at,
                     input, error)
                 VALUES (?1, 'r' || ?1, ?2, ?3, 1, 2, 'd', ?4, ?4, ?5, ?6)",
                rusqlite::params![key, workflow_of(key), state, start_of(key), input, error],
            )
            .unwrap();
    }
    change.commit().unwrap();
    file
}

/// All pages of a query, and how many there were.
fn all(daemon: &Daemon, query: &str) -> (Vec<i64>, usize) {
    let (mut keys, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let (status, page) = daemon.http("GET", &format!("/v1/runs?{query}{cursor}"), "");
        assert_eq!(status, 200, "{page}");
        let id = |run: &Value| run["id"].as_str().unwrap()[1..].parse::<i64>().unwrap();
        keys.extend(page["runs"].as_array().unwrap().iter().map(id));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (keys, pages),
        }
    }
}

fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap().to_string()
}

fn check(daemon: &Daemon) {
    let (since, until) = (BEGIN + 50 * 60_000, BEGIN + 420 * 60_000);
    let times = format!("since={}&until={}", rfc3339(since), rfc3339(until));
    let is_in = |key: i64| (since..until).contains(&start_of(key));
    type Fits = Box<dyn Fn(i64) -> bool>;
    let queries: [(&str, Fits); 6] = [
        ("input=user.id=u77", Box::new(|key| key % 1000 == 77)),
        ("input=%22u77%22&workflow=rare", Box::new(|key| key % 1000 == 77 && key % 7 == 0)),
        ("error=E40", Box::new(|key| key % 100 == 40)),
        ("error=shop&state=failed", Box::new(is_failed)),
        ("workflow=rare&state=failed", Box::new(|key| key % 7 == 0 && is_failed(key))),
        ("workflow=often", Box::new(|key| key % 7 != 0)),
    ];
    for (query, fits) in &queries {
        let wanted: Vec<i64> = (1..=RUNS).rev().filter(|key| fits(*key)).collect();
        let mut in_time: Vec<i64> = wanted.iter().copied().filter(|key| is_in(*key)).collect();
        in_time.sort_by_key(|key| std::cmp::Reverse((start_of(*key), *key)));
        for limit in [40, 1000] {
            let (keys, pages) = all(daemon, &format!("{query}&limit={limit}"));
            assert_eq!(keys, wanted, "{query}");
            assert!(pages <= wanted.len() / limit + 3, "{query}: {pages} pages of {limit}");
            assert_eq!(all(daemon, &format!("{query}&{times}&limit={limit}")).0, in_time, "{query}&{times}");
        }
    }
}

#[test]
fn each_run_is_found_once_and_in_order_before_and_after_it_is_noted() {
    let daemon = Daemon::new();
    let file = fill(&daemon);
    check(&daemon);
    let noted = || -> Option<i64> {
        file.query_row("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'noted'", [], |row| row.get(0))
            .ok()
    };
    let began = Instant::now();
    while noted().is_none_or(|noted| noted < (RUNS - 1024) / 128) {
        assert!(began.elapsed() < PATIENCE, "{:?}", noted());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    check(&daemon);
}
