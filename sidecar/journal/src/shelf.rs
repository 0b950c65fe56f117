//! Documents of builds, kept beside the runs so that these can be shown: Plans by their digests, manifests by their names.
//!
//! It knows a name and a text, and nothing of what either says.

use conductor_protocol::entry::UnixMillis;

use crate::store::StoreError;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Plan,
    Manifest,
}

impl Kept {
    /// The name of its row in `meta`. The value is the time of the last use in milliseconds, a space, and the text.
    pub(crate) fn row(self, name: &str) -> String {
        format!("{} {name}", self.word())
    }

    /// After all rows of the kind: `!` is the character after the space.
    pub(crate) fn end(self) -> String {
        format!("{}!", self.word())
    }

    fn word(self) -> &'static str {
        match self {
            Kept::Plan => "plan",
            Kept::Manifest => "manifest",
        }
    }
}

/// A document that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    pub name: String,
    pub bytes: u64,
    /// As its writer noted it last.
    pub used_at: UnixMillis,
}

/// Where documents are kept. Nothing depends on them but what is shown.
pub trait Shelf {
    /// # Errors
    /// When the store cannot be written.
    fn shelve(&self, kind: Kept, name: &str, text: &str, at: UnixMillis) -> Result<(), StoreError>;
    /// Its text.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn shelved(&self, kind: Kept, name: &str) -> Result<Option<String>, StoreError>;
    /// All of a kind, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn all_shelved(&self, kind: Kept) -> Result<Vec<Shelved>, StoreError>;
    /// They are in use at that time.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn touch_shelved(&self, kind: Kept, names: &[&str], at: UnixMillis) -> Result<(), StoreError>;
    /// # Errors
    /// When the store cannot be written.
    fn unshelve(&self, kind: Kept, names: &[&str]) -> Result<(), StoreError>;
    /// When the run began that began first of all that are there.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn first_start(&self) -> Result<Option<UnixMillis>, StoreError>;
}
