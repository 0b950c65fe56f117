//! The fixes of advice: applied, and offered only where the manifest that they give is right.
//!
//! It does not know what a fix is about.

use std::collections::BTreeSet;

use conductor_source::{Diagnostic, Fix, Safety, fix as splice};

use super::Asked;
use crate::compile::{Compilation, Overlay};
use crate::exit::Failure;
use crate::output::{self, GREEN, RESET};
use crate::{disk, signals};

/// A fix may bring new findings to light, with fixes of their own; so many times they are followed.
const MOST_ROUNDS: usize = 50;
/// Bytes that are compiled at most to see whether the fixes that are shown are right.
const MOST_TRIED: usize = 1 << 20;

/// Which fixes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Safe,
    All,
}

/// What was done.
pub struct Mended {
    /// Titles, in the order of application.
    pub titles: Vec<String>,
}

impl Mended {
    /// One line for each fix.
    pub fn report(&self) -> String {
        let (green, reset) = if output::coloured() { (GREEN, RESET) } else { ("", "") };
        self.titles.iter().map(|title| format!("{green}fixed{reset}: {}\n", output::inert(title))).collect()
    }
}

/// The first fix of each finding that may be applied.
fn fixes(judged: &Compilation, which: Which) -> impl Iterator<Item = &Fix> {
    let wanted = move |fix: &&Fix| which == Which::All || fix.safety == Safety::Safe;
    judged.outcome.diagnostics.iter().filter_map(move |finding| finding.fixes.iter().find(wanted))
}

/// How many findings a safe fix mends, and how many only another.
pub fn counts(judged: &Compilation) -> (usize, usize) {
    let (safe, all) = (fixes(judged, Which::Safe).count(), fixes(judged, Which::All).count());
    (safe, all - safe)
}

/// Applies fixes one after the other, each only where the manifest stays right, and writes the manifest.
pub fn mend(asked: &Asked<'_>, which: Which) -> Result<Mended, Failure> {
    let mut overlay = Overlay::new();
    let mut titles = Vec::new();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    let mut judged = asked.judge(&overlay)?;
    for _ in 0..MOST_ROUNDS {
        if judged.errors() > 0 {
            break;
        }
        let wanted: Vec<&Fix> = fixes(&judged, which).filter(|fix| !refused.contains(&fix.title)).collect();
        let together = with(&judged, &overlay, &wanted);
        let all = asked.judge(&together)?;
        if together == overlay {
            break;
        }
        if all.errors() == 0 {
            let left = splice::apply(&judged.outcome.sources, wanted.iter().copied()).left;
            titles
                .extend(wanted.iter().filter(|fix| !left.contains(&fix.title)).map(|fix| fix.title.clone()));
            (overlay, judged) = (together, all);
            continue;
        }
        // One of them does not fit: each by itself.
        let mut next = None;
        for fix in wanted {
            let alone = with(&judged, &overlay, &[fix]);
            let tried = asked.judge(&alone)?;
            if tried.errors() == 0 && alone != overlay {
                titles.push(fix.title.clone());
                next = Some((alone, tried));
                break;
            }
            refused.insert(fix.title.clone());
        }
        match next {
            Some(done) => (overlay, judged) = done,
            None => break,
        }
    }
    let _whole = signals::writing();
    disk::sweep(&asked.project.manifest_path());
    for (path, text) in &overlay {
        disk::replace_file(&asked.project.root.join(path), text.as_bytes())?;
    }
    Ok(Mended { titles })
}

/// The overlay with the fixes made.
pub fn with(judged: &Compilation, overlay: &Overlay, fixes: &[&Fix]) -> Overlay {
    let applied = splice::apply(&judged.outcome.sources, fixes.iter().copied());
    let changed =
        applied.files.into_iter().map(|(file, text)| (judged.outcome.sources.path(file).to_owned(), text));
    overlay.clone().into_iter().chain(changed).collect()
}

/// Takes out the fixes that would break the manifest. Of a large manifest they are tried only when they are applied.
pub fn keep_sound_fixes(asked: &Asked<'_>, judged: &mut Compilation) -> Result<(), Failure> {
    let size = std::fs::metadata(asked.project.manifest_path()).map_or(0, |data| data.len());
    let mut left = MOST_TRIED;
    let mut broken: Vec<Fix> = Vec::new();
    for fix in judged.outcome.diagnostics.iter().flat_map(|finding| &finding.fixes) {
        left = left.saturating_sub(usize::try_from(size).unwrap_or(usize::MAX));
        if left == 0 {
            break;
        }
        let overlay = with(judged, &Overlay::new(), &[fix]);
        if asked.judge(&overlay)?.errors() > 0 {
            broken.push(fix.clone());
        }
    }
    let drop = |finding: &mut Diagnostic| finding.fixes.retain(|fix| !broken.contains(fix));
    judged.outcome.diagnostics.iter_mut().for_each(drop);
    Ok(())
}
