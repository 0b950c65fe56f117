//! Whether files have changed since they were last looked at.
//!
//! It does not know what they are for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What tells one version of a file from another; nothing for one that is not there.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Debug, Default)]
pub struct Watch {
    files: BTreeMap<PathBuf, Stamp>,
}

impl Watch {
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Watch {
        let stamped = files.into_iter().map(|file| {
            let stamp = stamp(&file);
            (file, stamp)
        });
        Watch { files: stamped.collect() }
    }

    /// A file that differs from when it was last looked at. Seen once, a change is forgotten.
    pub fn changed(&mut self) -> Option<PathBuf> {
        let mut found = None;
        for (file, known) in &mut self.files {
            let now = stamp(file);
            if now != *known {
                *known = now;
                found = Some(file.clone());
            }
        }
        found
    }
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::Watch;

    #[test]
    fn a_change_an_appearance_and_a_removal_are_each_seen_once() {
        let folder = std::env::temp_dir().join(format!("conductor-watch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.py");
        let mut watch = Watch::new([file.clone()]);
        assert_eq!(watch.changed(), None);
        std::fs::write(&file, "a").unwrap();
        assert_eq!(watch.changed(), Some(file.clone()));
        assert_eq!(watch.changed(), None);
        std::fs::write(&file, "longer").unwrap();
        assert_eq!(watch.changed(), Some(file.clone()));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(watch.changed(), Some(file));
        assert_eq!(watch.changed(), None);
    }
}
