//! A build gives the same bytes anywhere, writes nothing when it fails, and replaces its output as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use conductor_tests::project::Project;

/// Every file below `folder`, with its content.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.to_path_buf(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_folder() -> Result<()> {
    let (one, other) = (Project::built("lab")?, Project::built("lab")?);
    let first = files(&one.path().join("conductor_gen"))?;
    assert!(first.len() > 5);
    assert_eq!(first, files(&other.path().join("conductor_gen"))?);
    one.conductor(&["build"])?.expect_code(0)?;
    assert_eq!(first, files(&one.path().join("conductor_gen"))?);
    one.conductor(&["build", "--check"])?.expect_code(0)?;
    Ok(())
}

#[test]
fn a_failing_build_writes_nothing() -> Result<()> {
    let project = Project::built("lab")?;
    let before = files(project.path())?;
    let manifest = project.read("concurrency.yaml")?;
    project.write("concurrency.yaml", &manifest.replace("lab.seal", "lab.gone"))?;
    project.conductor(&["build"])?.expect_code(1)?;
    project.write("concurrency.yaml", &manifest)?;
    assert_eq!(before, files(project.path())?);
    Ok(())
}

#[test]
fn a_stale_build_is_found_and_a_new_one_leaves_no_old_file() -> Result<()> {
    let project = Project::built("lab")?;
    let manifest = project.read("concurrency.yaml")?;
    let (without, _) = manifest.split_once("\n  - id: nine_reads").unwrap_or((&manifest, ""));
    project.write("concurrency.yaml", &format!("{without}\n"))?;
    project.conductor(&["build", "--check"])?.expect_code(1)?;
    assert!(files(&project.path().join("conductor_gen"))?.keys().any(|path| path.ends_with("nine_reads.py")));
    project.conductor(&["build"])?.expect_code(0)?;
    let names = files(&project.path().join("conductor_gen"))?;
    assert!(!names.keys().any(|path| path.to_string_lossy().contains("nine_reads")), "{:?}", names.keys());
    project.conductor(&["build", "--check"])?.expect_code(0)?;
    Ok(())
}
