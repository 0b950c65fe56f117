//! The user's own manifest beside the shop's code: found wanting, mended, built.

use anyhow::{Context, Result};
use conductor_tests::project::Project;
use conductor_tests::root;
use serde_json::Value;

fn shop_with_seed() -> Result<Project> {
    let project = Project::copy_of(&root().join("examples/shop"))?;
    let seed = project.read("concurrency.seed.yaml")?;
    project.write("concurrency.yaml", &seed)?;
    Ok(project)
}

fn errors(document: &Value) -> Result<Vec<&Value>> {
    let diagnostics = document["diagnostics"].as_array().context("no diagnostics")?;
    Ok(diagnostics.iter().filter(|diagnostic| diagnostic["severity"] == "error").collect())
}

fn comments(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once('#').map(|(_, comment)| comment.trim().to_owned()))
        .collect()
}

#[test]
fn two_errors_with_safe_fixes_then_none() -> Result<()> {
    let project = shop_with_seed()?;
    let (code, document) = project.conductor_json(&["check"])?;
    assert_eq!(code, Some(1));
    let found = errors(&document)?;
    assert_eq!(found.len(), 2, "{document:#}");
    for error in found {
        let fixes = error["fixes"].as_array().context("no fixes")?;
        assert!(fixes.iter().any(|fix| fix["safety"] == "safe"), "no safe fix: {error:#}");
        for field in ["code", "message", "file"] {
            assert!(error[field].is_string(), "no {field}: {error:#}");
        }
        for end in ["start", "end"] {
            for unit in ["line", "column", "byte"] {
                assert!(error["span"][end][unit].is_u64(), "no {unit} of the {end}: {error:#}");
            }
        }
    }
    let before = project.read("concurrency.yaml")?;
    project.conductor(&["fix"])?.expect_code(0)?;
    let after = project.read("concurrency.yaml")?;
    assert_ne!(before, after);
    assert_eq!(comments(&before), comments(&after));
    let (code, document) = project.conductor_json(&["check"])?;
    assert_eq!((code, errors(&document)?.len()), (Some(0), 0), "{document:#}");
    project.conductor(&["build"])?.expect_code(0)?;
    assert!(project.path().join("conductor_gen/__init__.py").exists());
    Ok(())
}

#[test]
fn the_bytes_of_a_span_are_those_of_the_file() -> Result<()> {
    let project = shop_with_seed()?;
    let text = project.read("concurrency.yaml")?;
    let (_, document) = project.conductor_json(&["check"])?;
    for error in errors(&document)? {
        assert_eq!(error["file"], "concurrency.yaml");
        let start = &error["span"]["start"];
        let byte = usize::try_from(start["byte"].as_u64().context("no byte")?)?;
        let before = &text[..byte];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        assert_eq!(
            (start["line"].as_u64(), start["column"].as_u64()),
            (Some(line as u64), Some(column as u64))
        );
    }
    Ok(())
}

#[test]
fn the_words_of_the_text_form_underline_the_place() -> Result<()> {
    let finished = shop_with_seed()?.conductor(&["check"])?.expect_code(1)?;
    let text = finished.stdout + &finished.stderr;
    assert!(text.contains("retry_idempotent") && text.contains("^^^"), "{text}");
    assert!(!text.contains('\u{1b}'), "colour where there is no terminal: {text}");
    Ok(())
}
