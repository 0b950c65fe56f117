//! `tests/manifests` with its bindings written out: in both syntaxes and every shape, each means what it meant.

use conductor_driver::{Binding, BindingSource, pin};

use super::{judge, samples};
use crate::support::Project;

#[test]
fn written_out_bindings_mean_the_same() {
    let samples = samples("tests/manifests");
    judge(
        samples
            .iter()
            .map(|(path, project)| same(project).map_err(|why| format!("{}: {why}", path.display()))),
    );
}

fn same(project: &Project) -> Result<(), String> {
    let before = project.compile().compiled.ok_or("it does not compile")?;
    let name = project.manifest();
    let pinned = pin(name, project.get(name).as_bytes(), &before.bindings);
    let mut written = project.clone();
    written.set(name, &pinned.text);
    let outcome = written.compile();
    let found = written.shown(&outcome);
    let after = outcome.compiled.ok_or_else(|| format!("{found}\n{}", pinned.text))?;
    if after.plans != before.plans {
        return Err(format!("it means something else:\n{}", pinned.text));
    }
    let client = |binding: &&Binding| !matches!(binding.source, BindingSource::Resource(_));
    let left: Vec<String> = after.bindings.iter().filter(client).map(ToString::to_string).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("not written: {left:#?}\n{}", pinned.text)) }
}
