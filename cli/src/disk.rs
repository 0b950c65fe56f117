//! Reading and replacing files: bounded, whole or not at all, and never over what somebody else wrote.
//!
//! It does not know what is in them.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use crate::exit::Failure;

/// No manifest, source file or input is larger; what is, is a mistake or an attack.
pub const READ_LIMIT: u64 = 32 << 20;

/// Generated files are longer than what they are generated from.
pub const GENERATED_LIMIT: u64 = 1 << 30;

/// The bytes of a regular file of at most `limit` bytes.
pub fn read_bounded(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let bytes = read_prefix(path, limit + 1)?;
    if bytes.len() as u64 > limit {
        let message = format!("it is larger than {} MiB", limit >> 20);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The first `limit` bytes of a regular file.
pub fn read_prefix(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let kind = file.metadata()?;
    if kind.is_dir() {
        return Err(std::io::Error::new(ErrorKind::IsADirectory, "it is a directory, not a file"));
    }
    if !kind.is_file() {
        return Err(std::io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(kind.len().min(limit)).unwrap_or(0));
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bounded(path, READ_LIMIT).map_err(|error| Failure::io("read", path, &error))
}

pub fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?)
        .map_err(|error| Failure::environment(format!("{} is not UTF-8: {error}", path.display())))
}

/// The bytes of a file that may be missing.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match read_bounded(path, READ_LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

/// Replaces a file as a whole: written beside, flushed, then renamed. Keeps its permissions, and a link to it.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::io("write", path, &error);
    let resolved = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let path = resolved.as_path();
    let beside = Beside::of(path);
    let mut file = File::create(&beside.path).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fail)?;
    if let Ok(before) = fs::metadata(path) {
        fs::set_permissions(&beside.path, before.permissions()).map_err(fail)?;
    }
    fs::rename(&beside.path, path).map_err(fail)
}

/// Names, relative to a folder, and what the files hold.
pub type Files = Vec<(String, Vec<u8>)>;

/// Replaces each folder as a whole. All are written before the first is exchanged, in one step, for the old one.
pub fn replace_folders(folders: &[(PathBuf, Files)]) -> Result<(), Failure> {
    let mut made = Vec::new();
    for (folder, files) in folders {
        let fail = |error: std::io::Error| Failure::io("write", folder, &error);
        let beside = Beside::of(folder);
        fs::create_dir_all(&beside.path).map_err(fail)?;
        for (path, bytes) in files {
            let path = beside.path.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&beside.path)).map_err(fail)?;
            let mut file = File::create(&path).map_err(fail)?;
            file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fail)?;
        }
        made.push((folder, beside));
    }
    made.iter().try_for_each(|(folder, beside)| exchange(folder, beside))
}

fn exchange(folder: &Path, beside: &Beside) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::io("write", folder, &error);
    if folder.exists() {
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        let here = rustix::fs::CWD;
        rustix::fs::renameat_with(here, &beside.path, here, folder, flags).map_err(|error| fail(error.into()))
    } else {
        fs::create_dir_all(folder.parent().unwrap_or(folder)).map_err(fail)?;
        fs::rename(&beside.path, folder).map_err(fail)
    }
}

/// Every file under `folder`, relative to it, sorted; nothing where there is no such folder. Links are not followed.
pub fn list(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(relative) = pending.pop() {
        let entries = match fs::read_dir(folder.join(&relative)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound && relative.as_os_str().is_empty() => break,
            Err(error) => return Err(Failure::io("read", &folder.join(&relative), &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Failure::io("read", folder, &error))?;
            let path = relative.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => pending.push(path),
                _ => found.push(path.to_string_lossy().into_owned()),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A name beside the target, on the same file system; what is left under it is removed when dropped.
struct Beside {
    path: PathBuf,
}

impl Beside {
    fn of(target: &Path) -> Beside {
        sweep(target);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Beside { path: target.with_file_name(format!(".{name}.{}.tmp", std::process::id())) }
    }
}

/// Removes what a killed process has left beside `target`.
pub fn sweep(target: &Path) {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let Some(Ok(entries)) = target.parent().map(fs::read_dir) else { return };
    for entry in entries.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let pid = file.strip_prefix(&format!(".{name}.")).and_then(|rest| rest.strip_suffix(".tmp"));
        let Some(Ok(pid)) = pid.map(str::parse::<i32>) else { continue };
        let lives = rustix::process::Pid::from_raw(pid)
            .is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
        if !lives {
            remove(&entry.path());
        }
    }
}

fn remove(path: &Path) {
    let _absent = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After an exchange the old folder stands here.
        remove(&self.path);
    }
}

/// The inputs of a run as an argument gives them: a JSON object, or with `@` the file that holds it.
pub fn read_input(given: &str) -> Result<Box<RawValue>, Failure> {
    let text = match given.strip_prefix('@') {
        Some(path) => read_text(Path::new(path))?,
        None => given.to_owned(),
    };
    let value: Box<RawValue> = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("the input is not JSON: {error}")))?;
    if value.get().starts_with('{') {
        return Ok(value);
    }
    Err(Failure::usage("the input is not a JSON object").help("as in `--input '{\"user_id\": \"u1\"}'`"))
}
