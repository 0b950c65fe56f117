//! Collectors that take what they get and say nothing, or say that they are full: runs go on, and nothing is lost.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use conductor_tests::eventually;
use conductor_tests::observability::Collector;

use crate::shop::Shop;
use crate::traces::{ended, is_one_tree};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Reads, and never answers.
    Silent,
    /// Reads, and answers 503.
    Full,
    /// Hands over to the collector, and its answer back.
    Willing,
}

/// Stands before a collector.
struct Before {
    port: u16,
    mood: Arc<Mutex<Mood>>,
    /// Requests that began.
    asked: Arc<AtomicUsize>,
}

impl Before {
    fn of(collector: &Collector, mood: Mood) -> Result<Before> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let before = Before { port, mood: Arc::new(Mutex::new(mood)), asked: Arc::default() };
        let (mood, asked) = (Arc::clone(&before.mood), Arc::clone(&before.asked));
        let variables = collector.over_http();
        let (_, url) = variables.first().context("no address")?;
        let target = url.trim_start_matches("http://").to_owned();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (mood, asked, target) = (Arc::clone(&mood), Arc::clone(&asked), target.clone());
                // A client that is not served fails its own test.
                std::thread::spawn(move || serve(client, &mood, &asked, &target).ok());
            }
        });
        Ok(before)
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "300".to_owned()),
        ]
    }

    fn is_now(&self, mood: Mood) -> Result<()> {
        *self.mood.lock().ok().context("a server panicked")? = mood;
        Ok(())
    }
}

/// One connection: request after request, each in the mood of the moment.
fn serve(mut client: TcpStream, mood: &Mutex<Mood>, asked: &AtomicUsize, target: &str) -> Result<()> {
    loop {
        let request = message(&mut client)?;
        asked.fetch_add(1, Ordering::SeqCst);
        let mood = *mood.lock().ok().context("a server panicked")?;
        match mood {
            Mood::Silent => {}
            Mood::Full => {
                client.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")?
            }
            Mood::Willing => {
                let mut collector = TcpStream::connect(target)?;
                collector.write_all(&request)?;
                let answer = message(&mut collector)?;
                client.write_all(&answer)?;
            }
        }
    }
}

/// A message of HTTP with its body, whose length it says.
fn message(from: &mut TcpStream) -> Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
            if bytes.len() >= head + 4 + length {
                return Ok(bytes);
            }
        }
        let count = from.read(&mut buffer)?;
        ensure!(count > 0, "it has gone");
        bytes.extend_from_slice(&buffer[..count]);
    }
}

fn runs_go_on_and_nothing_is_lost(mood: Mood, reason: &str) -> Result<()> {
    let collector = Collector::start()?;
    let before = Before::of(&collector, mood)?;
    let shop = Shop::open(before.variables())?;
    shop.serve(&["ada-0"])?;
    eventually("a request", || Ok((before.asked.load(Ordering::SeqCst) > 0).then_some(())))?;
    // It hangs in the first request, or comes again with it, while all of these run to their ends.
    let users: Vec<String> = (1..=40).map(|number| format!("ada-{number}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    shop.serve(&users)?;
    let failed = format!("conductor_export_failures_total{{reason=\"{reason}\"}}");
    eventually("a failure that is counted", || Ok(shop.metrics()?.contains(&failed).then_some(())))?;
    ensure!(collector.spans()?.is_empty() && collector.logs()?.is_empty());
    ensure!(!shop.metrics()?.contains("conductor_exported_total{"));
    before.is_now(Mood::Willing)?;
    for run in users.iter().chain(&["ada-0"]) {
        is_one_tree(&ended(&collector, run)?)?;
    }
    let counted = shop.metrics()?;
    ensure!(!counted.contains("conductor_export_lost_total{"), "{counted}");
    Ok(())
}

#[test]
fn runs_go_on_beside_a_collector_that_never_answers() -> Result<()> {
    runs_go_on_and_nothing_is_lost(Mood::Silent, "timeout")
}

#[test]
fn runs_go_on_beside_a_collector_that_is_full() -> Result<()> {
    runs_go_on_and_nothing_is_lost(Mood::Full, "full")
}
