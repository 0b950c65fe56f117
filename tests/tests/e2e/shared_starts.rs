//! A rate of the host over processes of three languages: starts are leased ahead to who makes many.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use conductor_tests::application::Language;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use serde_json::json;

use crate::applications::{built, serve};

const MANIFEST: &str = r#"version: "1.0"

resources:
  - {id: gate, kind: semaphore, max_concurrency: 100, rate_limit: RATE}

tasks:
  - {id: look, ref: "@look", effect: read, uses: [gate]}

workflows:
  - id: main_LANGUAGE
    target: LANGUAGE
    input: {n: int}
    steps:
      - {task: look, with: {n: "${input.n}"}}
    output: ${look}

  - id: many_LANGUAGE
    target: LANGUAGE
    input: {items: list<int>}
    steps:
      - map: {id: all, over: "${input.items}", as: n, max_concurrency: AT_A_TIME, steps: [{task: look, with: {n: "${n}"}}]}
"#;

/// A process of each language.
struct Crowd {
    sidecar: Sidecar,
    asked: Arc<AtomicUsize>,
    processes: Vec<Process>,
    /// Gone when the processes are.
    _folders: Vec<Project>,
}

impl Crowd {
    fn new(rate: &str, at_a_time: usize) -> Result<Crowd> {
        let place = Project::empty()?;
        let sidecar = Sidecar::start(&place)?;
        let (socket, asked) = (place.path().join("counted.sock"), Arc::new(AtomicUsize::default()));
        count(&socket, &sidecar.socket(), &asked)?;
        let manifest = MANIFEST.replace("RATE", rate).replace("AT_A_TIME", &at_a_time.to_string());
        let mut crowd = Crowd { sidecar, asked, processes: Vec::new(), _folders: vec![place] };
        for language in Language::ALL {
            let project = built(language, &manifest)?;
            let mut process = serve(&project, language, &socket)?;
            process.wait_for_line("up")?;
            crowd.processes.push(process);
            crowd._folders.push(project);
        }
        Ok(crowd)
    }

    /// How often the processes asked for a start, and how long it took until each had made so many.
    fn start(&self, each: usize) -> Result<(usize, Duration)> {
        let input = json!({"items": (0..each).collect::<Vec<_>>()});
        for language in Language::ALL {
            self.sidecar.accepts(
                &format!("main_{language}"),
                &format!("warm-{language}"),
                &json!({"n": 1}),
            )?;
            self.sidecar.run_in(&format!("warm-{language}"), &["succeeded"])?;
        }
        let (before, began) = (self.asked.load(Ordering::SeqCst), Instant::now());
        for language in Language::ALL {
            self.sidecar.accepts(&format!("many_{language}"), language.name(), &input)?;
        }
        for language in Language::ALL {
            self.sidecar.run_in(language.name(), &["succeeded"]).context(language)?;
        }
        Ok((self.asked.load(Ordering::SeqCst) - before, began.elapsed()))
    }
}

/// Stands before the sidecar and counts who asks for a permit after a rate.
fn count(socket: &Path, target: &Path, asked: &Arc<AtomicUsize>) -> Result<()> {
    let (listener, target, asked) = (UnixListener::bind(socket)?, target.to_owned(), Arc::clone(asked));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A client that is not served fails its own test.
            let _ = forward(client, &target, Arc::clone(&asked));
        }
    });
    Ok(())
}

fn forward(client: UnixStream, target: &Path, asked: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut sidecar = UnixStream::connect(target)?;
    let (mut back, mut from) = (client.try_clone()?, sidecar.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut back));
    std::thread::spawn(move || {
        for line in BufReader::new(client).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line);
            asked.fetch_add(
                usize::from(text.contains("permit.acquire") && text.contains("per_ms")),
                Ordering::SeqCst,
            );
            if sidecar.write_all(&[&line[..], b"\n"].concat()).is_err() {
                return;
            }
        }
    });
    Ok(())
}

#[test]
fn most_starts_need_no_word_where_there_are_enough() -> Result<()> {
    let (asked, _) = Crowd::new("5000/s", 4)?.start(400)?;
    println!("{asked} of 1200 starts were asked for");
    assert!((3..800).contains(&asked), "{asked} of 1200 starts were asked for");
    Ok(())
}

#[test]
fn where_all_want_more_than_there_are_the_rate_holds_over_all_of_them() -> Result<()> {
    let (_, time) = Crowd::new("100/s", 20)?.start(120)?;
    assert!(time > Duration::from_millis(2600), "360 starts at 100 a second took {time:?}");
    Ok(())
}
