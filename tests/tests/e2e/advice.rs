//! Advice on what real runs took: `lint` and `review` of a project whose sidecar has run it.

use anyhow::{Context, Result};
use conductor_tests::process::Finished;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use serde_json::json;

const MANIFEST: &str = "\
tasks:
  - {id: fetch_user, ref: shop.fetch_user, effect: read}
  - {id: fetch_product_info, ref: shop.fetch_product_info, effect: read}

workflows:
  - id: page
    entrypoint: true
    steps:
      - task: fetch_user
      - task: fetch_product_info
    output: {user: \"${fetch_user}\", product: \"${fetch_product_info}\"}
";
const CODE: &str = "
import asyncio


async def fetch_user(user_id: str) -> str:
    await asyncio.sleep(0.2)
    return user_id


async def fetch_product_info(product_id: str) -> str:
    await asyncio.sleep(0.2)
    return product_id
";
const RUNS: usize = 8;

/// The whole milliseconds that stand between two texts.
fn milliseconds(text: &str, before: &str, after: &str) -> Result<u64> {
    let rest = text.split_once(before).with_context(|| format!("no `{before}` in {text}"))?.1;
    let number =
        rest.split_once(after).with_context(|| format!("no `{after}` behind `{before}` in {text}"))?.0;
    number.trim().parse().with_context(|| format!("`{number}` is no number, in {text}"))
}

fn advised(project: &Project, sidecar: &Sidecar, what: &str) -> Result<Finished> {
    let socket = sidecar.socket();
    project.conductor(&[what, "--from", socket.to_str().context("a path in UTF-8")?])
}

#[test]
fn what_is_saved_is_told_by_real_runs() -> Result<()> {
    let project = Project::empty()?;
    project.write("concurrency.yaml", MANIFEST)?;
    project.write("shop.py", CODE)?;
    project.write(
        "worker.py",
        "import asyncio\n\nimport conductor_gen\n\nasyncio.run(conductor_gen.serve())\n",
    )?;
    project.conductor(&["build"])?.expect_code(0)?;
    let sidecar = Sidecar::start(&project)?;

    // Nothing has run: the advice has no figure.
    let told = advised(&project, &sidecar, "lint")?.expect_code(1)?.stdout;
    assert!(told.contains("advice[P001]") && !told.contains("cuts the latency"), "{told}");

    let _worker = project.python(&["worker.py"], &[])?;
    for number in 0..RUNS {
        let run = format!("r{number}");
        sidecar.accepts("page", &run, &json!({"user_id": "ada", "product_id": "cup"}))?;
        sidecar.run_in(&run, &["succeeded"])?;
    }

    let told = advised(&project, &sidecar, "lint")?.expect_code(1)?.stdout;
    assert!(told.contains("advice[P001]"), "{told}");
    // Each sleeps for 200 ms, and one of the two is saved: a busy machine may add to it, not double it.
    let usual = 195..400;
    let saved = milliseconds(&told, "which cuts the latency by about ", " ms")?;
    assert!(usual.contains(&saved), "{told}");
    assert!(told.contains(&format!(", {RUNS} calls")), "{told}");
    assert!(told.contains("simulated, 1000 runs of `page`"), "{told}");

    let told = advised(&project, &sidecar, "review")?.expect_code(0)?.stdout;
    let saved = milliseconds(&told, "which cuts the latency by about ", " ms")?;
    assert!(usual.contains(&saved), "{told}");
    let row = told.lines().find(|line| line.starts_with("| `page` |")).context("no row of the workflow")?;
    let took = milliseconds(row, "| `page` | ", " ms")?;
    assert!((395..800).contains(&took), "{row}");
    Ok(())
}
