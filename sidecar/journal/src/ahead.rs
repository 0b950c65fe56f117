//! A log ahead of the store: what one process has put on the disk itself, and the store will take over.
//!
//! It knows frames and no record. The process writes them, under `docs/protocol.md`; here a log is made, closed and read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::Owner;

/// The first page is the head: whether it is open, and whose it is. Frames begin behind it.
const HEAD: u64 = 4096;

/// Written with zeros when it is made, so that a frame changes nothing but its own bytes.
const BYTES: u64 = 256 << 10;

const OPEN: &[u8] = b"open   ";
const CLOSED: &[u8] = b"closed ";
const FORMAT: &str = "conductor-log 1";

/// A checksum and a generation of eight digits each, with a space behind.
const PREFIX: usize = 18;
const GENERATION: Range<usize> = 9..17;

#[derive(Debug)]
pub struct Ahead {
    path: PathBuf,
    /// Kept open: where somebody takes the name away, what is in it stays.
    file: File,
    writer: Writer,
}

/// How far a log was read: in which generation, and to where behind the head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    generation: [u8; 8],
    at: u64,
}

/// Whose a log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    pub owner: Owner,
    pub language: String,
}

impl Writer {
    fn line(&self) -> String {
        let Owner { session, pid, process_start } = &self.owner;
        format!("{FORMAT} {session} {pid} {process_start} {}\n", self.language)
    }

    fn parse(line: &str) -> Option<Writer> {
        let mut words = line.strip_prefix(FORMAT)?.split(' ').skip(1);
        let mut word = || words.next();
        let session = word()?.into();
        let (pid, process_start) = (word()?.parse().ok()?, word()?.parse().ok()?);
        Some(Writer { owner: Owner { session, pid, process_start }, language: word()?.to_owned() })
    }
}

impl Ahead {
    /// Makes one. It is whole on the disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be made: nothing of it stays then.
    pub fn create(folder: &Path, writer: Writer) -> io::Result<Ahead> {
        fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
        let (path, file) = new_file(folder)?;
        let mut bytes = vec![0; usize::try_from(BYTES).map_err(io::Error::other)?];
        let head = [OPEN, writer.line().as_bytes()].concat();
        bytes[..head.len()].copy_from_slice(&head);
        let written = file.write_all_at(&bytes, 0).and_then(|()| file.sync_all());
        let named = written.and_then(|()| File::open(folder)?.sync_all());
        match named.and_then(|()| folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())) {
            Ok(()) => Ok(Ahead { path, file, writer }),
            Err(error) => {
                let _gone = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Those that an earlier sidecar has left.
    ///
    /// # Errors
    /// When the folder or one of them cannot be read.
    pub fn left_in(folder: &Path) -> io::Result<Vec<Ahead>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let file = OpenOptions::new().read(true).write(true).open(&path)?;
                match writer_of(&file)? {
                    Some(writer) => found.push(Ahead { path, file, writer }),
                    None => unowned(&path, &file)?,
                }
            }
        }
        Ok(found)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    #[must_use]
    pub fn session(&self) -> &Arc<str> {
        &self.writer.owner.session
    }

    #[must_use]
    pub fn bytes(&self) -> u64 {
        BYTES
    }

    /// Closes it for its process: what it finds to be open after a flush was there before this.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn close(&self) -> io::Result<()> {
        self.file.write_all_at(CLOSED, 0)
    }

    /// The lines that stand in it, in their order. One that was cut off, and what is left of an earlier generation, is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lines(&self) -> io::Result<Vec<Vec<u8>>> {
        self.lines_behind(&Mark::default()).map(|(lines, _)| lines)
    }

    /// The lines that came after an earlier look, and how far this one came. Its process may be at work on it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lines_behind(&self, mark: &Mark) -> io::Result<(Vec<Vec<u8>>, Mark)> {
        let first = self.read(0, PREFIX)?;
        let generation = first.get(GENERATION).and_then(|digits| digits.try_into().ok()).unwrap_or_default();
        let from = if mark.generation == generation { mark.at } else { 0 };
        let bytes = self.read(from, usize::try_from(BYTES - HEAD - from).map_err(io::Error::other)?)?;
        let (lines, length) = frames(&bytes, generation);
        Ok((lines, Mark { generation, at: from + length as u64 }))
    }

    /// So many bytes behind the head, or fewer where there are no more.
    fn read(&self, from: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut length = 0;
        while length < bytes.len() {
            match self.file.read_at(&mut bytes[length..], HEAD + from + length as u64) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Takes it away: the store has all that is in it.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Puts it aside for a person: the store does not know what to do with something in it. Says where it is.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn put_aside(&self) -> io::Result<PathBuf> {
        let aside = self.path.with_extension("refused");
        fs::rename(&self.path, &aside)?;
        Ok(aside)
    }
}

/// A file under a name that nothing has, nor had in this process: whoever is late to remove one must not meet another.
fn new_file(folder: &Path) -> io::Result<(PathBuf, File)> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    loop {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}.log", std::process::id()));
        match options.open(&path) {
            // An earlier process had this pid.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => return Ok((path, file)),
        }
    }
}

/// One without a head was never given to anybody, since that is on the disk before: where frames stand in it something else is wrong.
fn unowned(path: &Path, file: &File) -> io::Result<()> {
    let mut first = [0];
    if file.read_at(&mut first, HEAD)? == 1 && first != [0] {
        return fs::rename(path, path.with_extension("refused"));
    }
    fs::remove_file(path)
}

/// Whose it is, as its head says.
fn writer_of(file: &File) -> io::Result<Option<Writer>> {
    let mut head = [0; 512];
    let length = file.read_at(&mut head, 0)?;
    let line = head[..length].get(OPEN.len()..).and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    let text = line.and_then(|line| std::str::from_utf8(line).ok());
    Ok(text.and_then(Writer::parse))
}

/// The lines of that generation, and how many bytes they take with their frames.
fn frames(bytes: &[u8], generation: [u8; 8]) -> (Vec<Vec<u8>>, usize) {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some((frame, behind)) = frame(rest) {
        if frame[GENERATION] != generation {
            break;
        }
        lines.push(frame[PREFIX..].to_vec());
        rest = behind;
    }
    (lines, bytes.len() - rest.len())
}

/// The first frame with its line's end, if it is whole, and what stands behind it.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    let (frame, behind) = bytes.split_at(end);
    let told = std::str::from_utf8(frame.get(..8)?).ok()?;
    let is_whole = frame.len() > PREFIX
        && u32::from_str_radix(told, 16).is_ok_and(|sum| sum == crc32fast::hash(&frame[9..]));
    is_whole.then_some((frame, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(generation: u32, line: &str) -> Vec<u8> {
        let body = format!("{generation:08x} {line}\n");
        format!("{:08x} {body}", crc32fast::hash(body.as_bytes())).into_bytes()
    }

    fn written(frames: &[Vec<u8>]) -> (tempfile::TempDir, Ahead) {
        let folder = tempfile::tempdir().expect("a folder");
        let owner = Owner { session: "s".into(), pid: 7, process_start: 8 };
        let writer = Writer { owner, language: "go".to_owned() };
        let log = Ahead::create(&folder.path().join("logs"), writer).expect("a log");
        log.file.write_all_at(&frames.concat(), HEAD).expect("writes");
        (folder, log)
    }

    fn read(log: &Ahead) -> Vec<String> {
        let lines = log.lines().expect("reads").into_iter();
        lines.map(|line| String::from_utf8(line).expect("text").trim_end().to_owned()).collect()
    }

    #[test]
    fn what_was_written_is_read_in_its_order() {
        let (_folder, log) = written(&[framed(1, "a"), framed(1, "b")]);
        assert_eq!(read(&log), ["a", "b"]);
    }

    #[test]
    fn a_frame_that_was_cut_off_is_none() {
        let (_folder, log) = written(&[framed(1, "a"), framed(1, "bcd")[..20].to_vec()]);
        assert_eq!(read(&log), ["a"]);
    }

    #[test]
    fn a_frame_of_other_bytes_is_none() {
        let mut wrong = framed(1, "bcd");
        wrong[19] = b'x';
        let (_folder, log) = written(&[framed(1, "a"), wrong, framed(1, "e")]);
        assert_eq!(read(&log), ["a"]);
    }

    #[test]
    fn what_an_earlier_generation_left_behind_is_not_read() {
        let (_folder, log) = written(&[framed(2, "a"), framed(1, "b")]);
        assert_eq!(read(&log), ["a"]);
    }

    #[test]
    fn a_later_look_finds_what_came_since() {
        let (_folder, log) = written(&[framed(1, "a"), framed(1, "b")]);
        let (lines, mark) = log.lines_behind(&Mark::default()).expect("reads");
        assert_eq!(lines, [b"a\n", b"b\n"]);
        assert_eq!(log.lines_behind(&mark).expect("reads"), (Vec::new(), mark.clone()));
        log.file.write_all_at(&framed(1, "c"), HEAD + mark.at).expect("writes");
        let (lines, mark) = log.lines_behind(&mark).expect("reads");
        assert_eq!(lines, [b"c\n"]);
        log.file.write_all_at(&framed(2, "d"), HEAD).expect("writes");
        let (lines, _) = log.lines_behind(&mark).expect("reads");
        assert_eq!(lines, [b"d\n"]);
    }

    #[test]
    fn an_earlier_sidecar_s_are_found_with_their_writers() {
        let (folder, log) = written(&[framed(1, "a")]);
        log.close().expect("closes");
        let found = Ahead::left_in(&folder.path().join("logs")).expect("reads");
        assert_eq!(found.iter().map(Ahead::writer).collect::<Vec<_>>(), [log.writer()]);
        assert_eq!(read(&found[0]), ["a"]);
        found[0].remove().expect("removes");
        assert!(Ahead::left_in(&folder.path().join("logs")).expect("reads").is_empty());
    }

    #[test]
    fn one_without_a_head_is_taken_away_where_it_holds_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        fs::write(file("1.log"), b"op").expect("writes");
        fs::write(file("2.log"), [vec![0; 4096], framed(1, "a")].concat()).expect("writes");
        assert!(Ahead::left_in(folder.path()).expect("reads").is_empty());
        assert!(!file("1.log").exists());
        assert!(file("2.refused").exists());
    }

    #[test]
    fn a_folder_that_is_not_there_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Ahead::left_in(&folder.path().join("logs")).expect("reads").is_empty());
    }
}
