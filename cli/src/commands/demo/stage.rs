//! The folder in which the demo plays: a temporary one that is removed, or one that is kept.
//!
//! It does not know what stands in it.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::exit::Failure;
use crate::project;

pub struct Stage {
    pub folder: PathBuf,
    pub kept: bool,
}

impl Stage {
    pub fn new(dir: Option<PathBuf>) -> Result<Stage, Failure> {
        match dir {
            Some(dir) => Stage::kept(project::working_folder()?.join(dir)),
            None => Stage::temporary(),
        }
    }

    fn kept(folder: PathBuf) -> Result<Stage, Failure> {
        std::fs::create_dir_all(&folder).map_err(|error| Failure::io("create", &folder, &error))?;
        let mut entries = std::fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
        if entries.next().is_some() {
            return Err(Failure::usage(format!("{} is not empty", folder.display()))
                .help("the demo writes a project of its own: name a new folder"));
        }
        let folder = std::fs::canonicalize(&folder).map_err(|error| Failure::io("find", &folder, &error))?;
        Ok(Stage { folder, kept: true })
    }

    fn temporary() -> Result<Stage, Failure> {
        let parent = std::env::temp_dir();
        for number in 0..100 {
            let folder = parent.join(format!("conductor-demo-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Stage { folder, kept: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::io("create", &folder, &error)),
            }
        }
        Err(Failure::environment(format!("found no free name for a folder in {}", parent.display())))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.kept {
            let _best_effort = std::fs::remove_dir_all(&self.folder);
        }
    }
}
