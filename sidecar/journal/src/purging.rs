//! Runs that are not kept any more: how one is purged, and what is said of it from then on.
//!
//! It does not know when: that is for its callers.

use conductor_protocol::entry::UnixMillis;

use crate::check::same;
use crate::journal::{Journal, StartRequest, stored};
use crate::keys::digest_like;
use crate::refusal::Refusal;
use crate::store::Tombstone;

/// Children that are asked for at a time.
const CHILDREN: u32 = 256;

impl Journal {
    /// What is left of a run that was purged.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tombstone(&self, run: &str) -> Result<Option<Tombstone>, Refusal> {
        self.store.tombstone(run).map_err(stored)
    }

    /// Why there is no such run: there never was, or it was purged.
    #[must_use]
    pub fn absent(&self, run: &str) -> Refusal {
        match self.tombstone(run) {
            Ok(stone) => absent(run, stone.as_ref()),
            Err(refusal) => refusal,
        }
    }

    /// Why there is no start under the id of a purged run: as it would be if the run were still there.
    pub(crate) fn buried(&self, request: &StartRequest, input: &str, stone: &Tombstone) -> Refusal {
        // Without the key nobody can say whether the input is the same.
        if let Ok(digest) = digest_like(self.encryption.keys.as_ref(), &stone.input_digest, input)
            && let Err(refusal) = same(request, &digest, &stone.workflow, &stone.input_digest)
        {
            return refusal;
        }
        purged(stone)
    }

    /// Purges a run that has ended, and the runs that it started and awaited. Returns how many.
    ///
    /// # Errors
    /// When there is no such run, it has not ended, or one above it has not.
    pub fn purge(&self, run: &str, at: UnixMillis) -> Result<u64, Refusal> {
        let row = self.store.find(run).map_err(stored)?.ok_or_else(|| self.absent(run))?;
        let needed = |why: String| Refusal::Needed { run: run.to_owned(), why };
        if !row.head.state.is_terminal() {
            return Err(needed(format!("it has not ended ({})", row.head.state.as_str())));
        }
        let parent = row.parent.iter().map(|parent| parent.run.as_str());
        let above = run.match_indices('/').map(|(end, _)| &run[..end]).chain(parent);
        for above in above {
            if self.store.find(above).map_err(stored)?.is_some_and(|row| !row.head.state.is_terminal()) {
                return Err(needed(format!("{above}, to which it belongs, has not ended")));
            }
        }
        let mut count = 0;
        let mut waiting = vec![run.to_owned()];
        while let Some(run) = waiting.pop() {
            if !self.store.purge_run(&run, at).map_err(stored)? {
                continue;
            }
            count += 1;
            let mut after = String::new();
            loop {
                let page = self.store.children(&run, &after, CHILDREN).map_err(stored)?;
                let Some(last) = page.last() else { break };
                after.clone_from(last);
                waiting.extend(page);
            }
        }
        Ok(count)
    }
}

/// Why there is no such run: there never was, or this is what is left of it.
pub(crate) fn absent(run: &str, stone: Option<&Tombstone>) -> Refusal {
    stone.map_or_else(|| Refusal::Unknown { run: run.to_owned() }, purged)
}

fn purged(stone: &Tombstone) -> Refusal {
    Refusal::Purged { run: stone.id.clone(), state: stone.state, purged_at: stone.purged_at }
}
