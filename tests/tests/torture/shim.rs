//! What is loaded into processes of a storm (`shim.c`): their clock, their disk, and what a loss of power would take.
//!
//! It knows the form of the two files that are shared with it, and no store.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::random::Random;
use conductor_tests::root;

/// As in `shim.c`.
const NOTES: usize = 65536;
const CONTROL: u64 = 24;
const NOTE: usize = 32;
const HEAD: usize = 24;

/// What a disk writes at once or not at all.
const SECTOR: u64 = 512;

/// The shim, compiled, and its files.
pub struct Shim {
    library: PathBuf,
    control: PathBuf,
    writes: PathBuf,
}

impl Shim {
    pub fn compiled(folder: &Path) -> Result<Shim> {
        let shim = Shim {
            library: folder.join("shim.so"),
            control: folder.join("control"),
            writes: folder.join("writes"),
        };
        let source = root().join("tests/tests/torture/shim.c");
        let mut compile = Command::new("cc");
        compile.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&shim.library).arg(source).arg("-ldl");
        let output = compile.output().context("a C compiler is needed")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        File::create(&shim.control)?.set_len(CONTROL)?;
        File::create(&shim.writes)?.set_len((HEAD + NOTES * NOTE) as u64)?;
        Ok(shim)
    }

    /// For a process whose clock can be set.
    pub fn clock(&self) -> Vec<(&'static str, OsString)> {
        vec![("LD_PRELOAD", self.library.clone().into()), ("STORM_CONTROL", self.control.clone().into())]
    }

    /// For the process whose disk it is, too.
    pub fn disk(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = self.clock();
        variables.push(("STORM_WRITES", self.writes.clone().into()));
        variables
    }

    pub fn set_clock(&self, seconds: i64) -> Result<()> {
        self.say(0, seconds * 1_000_000)
    }

    /// How much longer a flush takes.
    pub fn set_flush(&self, longer: Duration) -> Result<()> {
        self.say(8, i64::try_from(longer.as_micros())?)
    }

    pub fn set_full(&self, full: bool) -> Result<()> {
        self.say(16, i64::from(full))
    }

    fn say(&self, offset: u64, value: i64) -> Result<()> {
        let control = OpenOptions::new().write(true).open(&self.control)?;
        Ok(control.write_all_at(&value.to_ne_bytes(), offset)?)
    }

    /// After a kill: what was not on disk is torn. Of the end of a file a part may be missing, elsewhere any sector may be
    /// what it should be or not. How many writes that were.
    pub fn tear(&self, folder: &Path, random: &mut Random) -> Result<usize> {
        let notes = fs::read(&self.writes)?;
        let number = |at: usize| -> Result<u64> { Ok(u64::from_ne_bytes(notes[at..at + 8].try_into()?)) };
        ensure!(number(8)? == 0, "more was written between two flushes than the shim can note");
        let count = usize::try_from(number(0)?)?;
        let mut torn = 0;
        for index in (0..count).map(|index| HEAD + index * NOTE) {
            let (inode, offset, length) = (number(index)?, number(index + 8)?, number(index + 16)?);
            let files = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
            // The index of a WAL is not kept over a loss of power.
            let is_kept = |path: &Path| !path.to_string_lossy().ends_with("-shm");
            let found = files.iter().find(|file| file.metadata().is_ok_and(|about| about.ino() == inode));
            let Some(path) = found.map(|file| file.path()).filter(|path| is_kept(path)) else { continue };
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            torn += usize::from(tear(&file, offset, length, random)?);
        }
        let writes = OpenOptions::new().write(true).open(&self.writes)?;
        writes.write_all_at(&[0; HEAD], 0)?;
        Ok(torn)
    }
}

fn tear(file: &File, offset: u64, length: u64, random: &mut Random) -> Result<bool> {
    let size = file.metadata()?.len();
    let end = (offset + length).min(size);
    if end <= offset || random.below(4) == 0 {
        return Ok(false);
    }
    if end == size && random.below(2) == 0 {
        file.set_len(offset + random.below(end - offset))?;
        return Ok(true);
    }
    let mut at = offset;
    while at < end {
        let next = ((at / SECTOR + 1) * SECTOR).min(end);
        if random.below(2) == 0 {
            let rubbish: Vec<u8> = (at..next).map(|_| random.below(256).to_le_bytes()[0]).collect();
            file.write_all_at(&rubbish, at)?;
        }
        at = next;
    }
    Ok(true)
}
