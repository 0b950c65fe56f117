//! The Plans to compare with: of the last build, of another manifest, or of a file.
//!
//! It does not know what they are compared for.

use std::path::Path;

use conductor_plan::{SAVED_PLANS, read_plans};
use conductor_protocol::plan::Plan;

use crate::compile::{Overlay, Which, compile};
use crate::disk;
use crate::exit::Failure;
use crate::output;
use crate::project::{MANIFESTS, Project, working_folder};

pub(super) struct Previous {
    /// Where they come from; `None` where nothing was built before.
    pub origin: Option<String>,
    pub plans: Vec<Plan>,
}

pub(super) fn plans(project: &Project, outs: &[String], against: Option<&Path>) -> Result<Previous, Failure> {
    let Some(against) = against else {
        let mut all = Previous { origin: None, plans: Vec::new() };
        for out in outs {
            let path = project.root.join(out).join(SAVED_PLANS);
            if path.exists() {
                let found = saved(&path, format!("{out}/{SAVED_PLANS}"))?;
                all.plans.extend(found.plans);
                all.origin =
                    all.origin.map(|origin| format!("{origin}, {out}/{SAVED_PLANS}")).or(found.origin);
            }
        }
        return Ok(all);
    };
    let path = working_folder()?.join(against);
    let origin = against.display().to_string();
    let kind = std::fs::metadata(&path).map_err(|error| Failure::io("read", &path, &error))?;
    if kind.is_dir() && !MANIFESTS.iter().any(|name| path.join(name).exists()) {
        let inside = path.join(SAVED_PLANS);
        return if inside.exists() {
            saved(&inside, format!("{origin}/{SAVED_PLANS}"))
        } else {
            let message = format!("{origin} holds neither a manifest nor a {SAVED_PLANS}");
            Err(Failure::environment(message)
                .help("name a manifest, or the generated folder of another build"))
        };
    }
    if path.extension().is_some_and(|extension| extension == "json") {
        return saved(&path, origin);
    }
    compiled(&path, origin)
}

fn saved(path: &Path, origin: String) -> Result<Previous, Failure> {
    let bytes =
        disk::read_bounded(path, disk::GENERATED_LIMIT).map_err(|error| Failure::io("read", path, &error))?;
    let plans = read_plans(&bytes).map_err(|error| {
        Failure::environment(format!("cannot compare with {}: {error}", path.display())).help(
            "build again with this version of `conductor`, or compare with a manifest: `--against PATH`",
        )
    })?;
    Ok(Previous { origin: Some(origin), plans })
}

fn compiled(path: &Path, origin: String) -> Result<Previous, Failure> {
    let other = Project::find(Some(path))?;
    let compilation = compile(&other, &Overlay::new())?;
    match compilation.outcome.compiled {
        Some(compiled) => Ok(Previous { origin: Some(origin), plans: compiled.plans }),
        None => {
            output::note(&compilation.findings(Which::Errors, false));
            let message = format!("cannot compare with {origin}: it has errors");
            Err(Failure::environment(message).help("`conductor check` shows them"))
        }
    }
}
