//! What is done where a file of an open store was taken away, and how a store is closed.
//!
//! It knows that the open handles still have what the names have lost.

use std::path::PathBuf;
use std::time::SystemTime;

use rusqlite::Connection;
use rusqlite::backup::Progress;

use super::watch::{Files, Watch};
use super::{SqliteStore, beside, connect, hold, log};
use crate::store::StoreError;

impl SqliteStore {
    /// Looks whether both files are still there, and saves what was committed where one is not.
    pub(super) fn look_after_files(&self) -> Result<(), StoreError> {
        let look = hold(&self.watch).as_ref().map(Watch::look);
        match look.unwrap_or(Ok(Files::There)) {
            Ok(Files::There) => hold(&self.lost).clone().map_or(Ok(()), Err),
            Ok(Files::NoLog) => self.open_anew(),
            Ok(Files::NoStore) => Err(self.save()),
            Err(error) => Err(StoreError::Failed(format!("{}: {error}", self.path.display()))),
        }
    }

    /// Copies the whole log back through the open handles, and opens the files anew, while nobody reads or commits.
    fn open_anew(&self) -> Result<(), StoreError> {
        let mut keeper = hold(&self.keeper);
        let mut writer = self.writer()?;
        let (mut finder, mut reader) = (hold(&self.finder), hold(&self.reader));
        let name = self.path.display();
        match log::copy_all(&writer) {
            Ok(true) => {}
            Ok(false) => {
                return Err(StoreError::Failed(format!(
                    "{name}-wal was taken away, and another program that reads {name} keeps what is in it from being saved: let it finish"
                )));
            }
            Err(error) => {
                let _stays = hold(&self.watch).as_ref().map(Watch::mark_cut);
                return Err(self.lose(format!(
                    "{name}-wal was cut off while it was open ({error}), and nothing more is committed: what was committed last may be gone; put back a copy, or go on without with --accept-loss"
                )));
            }
        }
        let aside = hold(&self.watch).as_ref().map_or(Ok(()), Watch::put_aside);
        aside.map_err(|error| StoreError::Failed(format!("{name}-wal: {error}")))?;
        for connection in [&mut keeper, &mut writer, &mut finder, &mut reader] {
            // The last handle has to be closed before a new log can be made.
            **connection = Connection::open_in_memory().map_err(|error| self.fault(&error))?;
        }
        let opened = connect(&self.path).and_then(|writer| Ok((writer, beside(&self.path)?)));
        let (new, beside) = opened.map_err(|error| self.lose(error.to_string()))?;
        *writer = new;
        [*finder, *reader, *keeper] = beside;
        let _no_space = log::extend(&self.path);
        *hold(&self.watch) = Watch::begin(&self.path).ok();
        eprintln!(
            "conductor sidecar: {name}-wal was taken away while it was open: all that was committed has been put into {name}, and nothing is lost"
        );
        Ok(())
    }

    /// Commits nothing more, and writes what was committed to another file.
    fn save(&self) -> StoreError {
        const GONE: &str = "it was taken away while it was open, and nothing more is committed";
        let keeper = hold(&self.keeper);
        if hold(&self.lost).is_none() {
            self.lose(GONE.to_owned());
        }
        // Who commits has not seen it yet.
        drop(hold(&self.writer));
        let saved = self.saved();
        match keeper.backup("main", &saved, None::<fn(Progress)>) {
            Ok(()) => {
                *hold(&self.watch) = None;
                self.lose(format!("{GONE}; all that was committed is in {}", saved.display()))
            }
            // As long as somebody has it open it is there: the next look tries again.
            Err(error) => StoreError::Failed(format!(
                "{}: {GONE}; it could not be saved as {} ({error})",
                self.path.display(),
                saved.display()
            )),
        }
    }

    fn lose(&self, what: String) -> StoreError {
        let lost = StoreError::Lost { path: self.path.display().to_string(), what };
        hold(&self.lost).insert(lost).clone()
    }

    fn saved(&self) -> PathBuf {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".saved-{}", now.as_secs()));
        path.into()
    }
}

/// Where everything is in the one file nothing has to be there but that.
impl Drop for SqliteStore {
    fn drop(&mut self) {
        let watch = hold(&self.watch).take();
        if let Some(watch) = watch
            && hold(&self.lost).is_none()
            && log::copy_all(&hold(&self.writer)).unwrap_or(false)
        {
            // One that stays says what is so.
            let _stays = watch.end();
        }
    }
}
