//! Bad manifests and bad code: each is a finding with a place, in bounded time, and never a crash.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conductor_tests::project::Project;

/// Checks a manifest given as bytes and returns the messages of its errors.
fn errors_of(manifest: &[u8]) -> Result<Vec<String>> {
    let project = Project::named("lab")?;
    fs::write(project.path().join("concurrency.yaml"), manifest)?;
    errors_in(&project)
}

fn errors_in(project: &Project) -> Result<Vec<String>> {
    let start = Instant::now();
    let (code, document) = project.conductor_json(&["check"])?;
    ensure!(start.elapsed() < Duration::from_secs(10), "it took {:?}", start.elapsed());
    let diagnostics = document["diagnostics"].as_array().context("no diagnostics")?;
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic["severity"] == "error");
    let found: Vec<String> = errors.map(|error| error["message"].to_string()).collect();
    ensure!(code == Some(1) && !found.is_empty(), "exit {code:?}, errors {found:?}");
    Ok(found)
}

/// A manifest of one task and one workflow, with places for bad parts.
fn manifest(reference: &str, more: &str) -> String {
    format!(
        "tasks:\n  - id: t\n    ref: {reference}\n{more}workflows:\n  - id: w\n    steps:\n      - task: t\n"
    )
}

#[test]
fn an_empty_file() -> Result<()> {
    errors_of(b"")?;
    errors_of(b"# only a comment\n")?;
    Ok(())
}

#[test]
fn not_utf_8() -> Result<()> {
    let found = errors_of(b"tasks:\n  - id: \xff\xfe\n")?;
    assert!(found[0].contains("UTF-8"), "{found:?}");
    Ok(())
}

#[test]
fn a_folder_in_place_of_the_file() -> Result<()> {
    let project = Project::named("lab")?;
    fs::remove_file(project.path().join("concurrency.yaml"))?;
    fs::create_dir(project.path().join("concurrency.yaml"))?;
    let finished = project.conductor(&["check", "-f", "concurrency.yaml"])?;
    assert!(matches!(finished.code, Some(1 | 3)), "{finished:?}");
    assert!((finished.stdout + &finished.stderr).contains("concurrency.yaml"));
    Ok(())
}

#[test]
fn no_file() -> Result<()> {
    let finished = Project::empty()?.conductor(&["check"])?.expect_code(3)?;
    assert!(finished.stderr.contains("concurrency.yaml"), "{finished:?}");
    Ok(())
}

#[test]
fn fifty_megabytes() -> Result<()> {
    let mut text = manifest("lab.touch", "");
    text.push_str(&"# a comment that is as long as a line may be\n".repeat(1_200_000));
    errors_of(text.as_bytes())?;
    Ok(())
}

#[test]
fn ten_thousand_levels() -> Result<()> {
    errors_of(format!("tasks: {}{}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes())?;
    let block: String = (0..10_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    errors_of(block.as_bytes())?;
    let deep = format!("${{{}1{}}}", "(".repeat(10_000), ")".repeat(10_000));
    let with = format!("    with: {{n: \"{deep}\"}}\n");
    errors_of(manifest("lab.look", &with).as_bytes())?;
    Ok(())
}

#[test]
fn a_bomb_of_aliases() -> Result<()> {
    let mut text = String::from("x0: &x0 [a, a, a, a, a, a, a, a, a]\n");
    for level in 1..12 {
        let aliases = vec![format!("*x{}", level - 1); 9].join(", ");
        text.push_str(&format!("x{level}: &x{level} [{aliases}]\n"));
    }
    errors_of(text.as_bytes())?;
    Ok(())
}

#[test]
fn a_key_that_stands_twice() -> Result<()> {
    let found = errors_of(manifest("lab.touch", "    ref: lab.peek\n").as_bytes())?;
    assert!(found.iter().any(|message| message.contains("ref")), "{found:?}");
    Ok(())
}

#[test]
fn tabs() -> Result<()> {
    let found = errors_of(b"tasks:\n\t- id: t\n")?;
    assert!(found[0].to_lowercase().contains("tab"), "{found:?}");
    Ok(())
}

#[test]
fn a_python_file_that_does_not_parse() -> Result<()> {
    let project = Project::named("lab")?;
    project.write("broken.py", "def fine() -> int:\n    return 1\n\ndef broken(:\n")?;
    project.write("concurrency.yaml", &manifest("broken.broken", ""))?;
    let found = errors_in(&project)?;
    assert!(found.iter().any(|message| message.contains("broken")), "{found:?}");
    Ok(())
}

#[test]
fn a_reference_to_a_class() -> Result<()> {
    let found = errors_of(manifest("lab.Flaky", "").as_bytes())?;
    assert!(found.iter().any(|message| message.contains("class")), "{found:?}");
    Ok(())
}
