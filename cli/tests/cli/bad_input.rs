//! Manifests and code that are not what they should be: refused quickly, with a code and a place.

use std::time::{Duration, Instant};

use crate::support::{CODE, MANIFEST, Project};

/// Checks `manifest`: exit 1 within seconds, and the codes of its errors.
fn errors(manifest: &[u8]) -> Vec<String> {
    let project = Project::hello();
    project.write("concurrency.yaml", manifest);
    let begun = Instant::now();
    let (code, document) = project.json(&["check"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "took {:?}", begun.elapsed());
    assert_eq!(code, Some(1), "{document:#}");
    let findings = document["diagnostics"].as_array().unwrap();
    let errors = findings.iter().filter(|finding| finding["severity"] == "error");
    let codes: Vec<String> = errors.map(|error| error["code"].as_str().unwrap().to_owned()).collect();
    assert!(!codes.is_empty() && codes.len() < 20, "{codes:?}");
    codes
}

#[test]
fn an_empty_file() {
    assert_eq!(errors(b"").len(), 1);
    assert_eq!(errors(b"# nothing\n").len(), 1);
}

#[test]
fn not_utf8() {
    assert_eq!(errors(b"tasks:\n  - id: \xff\xfe\n").len(), 1);
}

#[test]
fn fifty_megabytes() {
    assert_eq!(errors(&vec![b'#'; 50 << 20]).len(), 1);
}

#[test]
fn ten_thousand_levels() {
    let flow = format!("tasks: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(errors(flow.as_bytes()).len(), 1);
    let block: String = (0..10_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(!errors(block.as_bytes()).is_empty());
}

#[test]
fn an_alias_bomb() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(!errors(bomb.as_bytes()).is_empty());
}

#[test]
fn duplicate_keys() {
    assert_eq!(errors(format!("{MANIFEST}tasks: []\n").as_bytes()).len(), 1);
}

#[test]
fn tabs() {
    assert!(!errors(MANIFEST.replace("    ref", "\tref").as_bytes()).is_empty());
}

#[test]
fn python_that_does_not_parse() {
    let project = Project::hello();
    project.write("greetings.py", "def greet(:\n");
    let (code, document) = project.json(&["check"]);
    assert_eq!(code, Some(1), "{document:#}");
    assert!(document.to_string().contains("greetings.py"), "{document:#}");
}

#[test]
fn a_ref_to_a_class() {
    let project = Project::hello();
    project.write("greetings.py", "class greet:\n    pass\n");
    project.conductor(&["check"]).says(1, &["class", "greetings.py"]);
}

#[test]
fn code_behind_links_that_loop_or_lead_out() {
    let project = Project::hello();
    let outside = Project::empty();
    outside.write("greetings.py", CODE);
    let module = project.path().join("greetings.py");
    std::fs::remove_file(&module).unwrap();
    std::os::unix::fs::symlink("greetings.py", &module).unwrap();
    project.conductor(&["check"]).says(1, &["greetings"]);
    std::fs::remove_file(&module).unwrap();
    std::os::unix::fs::symlink(outside.path().join("greetings.py"), &module).unwrap();
    project.conductor(&["check"]).says(1, &["leads out of the project"]);
}

#[test]
fn foreign_text_does_not_reach_the_terminal_s_controls() {
    let project = Project::hello();
    project
        .write("concurrency.yaml", MANIFEST.replace("greetings.greet", "\"greetings.gr\\e[31m\\u202eeet\""));
    let finished = project.conductor(&["check"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(!finished.stdout.contains(['\x1b', '\u{202e}']), "{finished:?}");
    let (_, document) = project.json(&["check"]);
    assert!(document["diagnostics"][0]["message"].is_string());
}
