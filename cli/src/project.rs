//! Where a project stands: its manifest, and the folder with its state.
//!
//! It does not read the manifest.

use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::exit::Failure;

/// Names under which a manifest is looked for, in each folder.
pub const MANIFESTS: [&str; 2] = ["concurrency.yaml", "concurrency.hcl"];

/// The longest path the kernel takes for a Unix socket.
const SOCKET_PATH_LIMIT: usize = 107;

/// A manifest and the folder it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Absolute.
    pub root: PathBuf,
    /// File name in `root`.
    pub manifest: String,
}

/// How a manifest is named on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ManifestArgs {
    /// The manifest, or its folder [default: sought in this folder and upward]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The manifest
    #[arg(short = 'f', long = "file", value_name = "PATH", conflicts_with = "path")]
    pub file: Option<PathBuf>,
}

impl ManifestArgs {
    pub fn find(&self) -> Result<Project, Failure> {
        Project::find(self.path.as_deref().or(self.file.as_deref()))
    }
}

impl Project {
    /// The manifest at `path` (a file, or a folder that holds one), or the nearest one upward from here.
    pub fn find(path: Option<&Path>) -> Result<Project, Failure> {
        let here = working_folder()?;
        let Some(path) = path else {
            return Project::upward(&here)?.ok_or_else(|| {
                Failure::environment(format!(
                    "found no concurrency.yaml or concurrency.hcl in {} or above it",
                    here.display()
                ))
                .help("name the manifest: `-f PATH`")
            });
        };
        let path = here.join(path);
        let kind = std::fs::metadata(&path).map_err(|error| Failure::io("read", &path, &error))?;
        if kind.is_dir() {
            return Project::inside(&path)?.ok_or_else(|| {
                Failure::environment(format!(
                    "{} is a directory without a concurrency.yaml or concurrency.hcl",
                    path.display()
                ))
            });
        }
        let name = path.file_name().and_then(|name| name.to_str());
        match (path.parent(), name) {
            (Some(root), Some(name)) => Ok(Project { root: root.to_path_buf(), manifest: name.to_owned() }),
            _ => Err(Failure::environment(format!("{} has no usable file name", path.display()))),
        }
    }

    /// The nearest manifest in `folder` or above it.
    pub fn upward(folder: &Path) -> Result<Option<Project>, Failure> {
        for folder in folder.ancestors() {
            if let Some(project) = Project::inside(folder)? {
                return Ok(Some(project));
            }
        }
        Ok(None)
    }

    fn inside(folder: &Path) -> Result<Option<Project>, Failure> {
        let found: Vec<&str> = MANIFESTS.into_iter().filter(|name| folder.join(name).exists()).collect();
        match found[..] {
            [] => Ok(None),
            [name] => Ok(Some(Project { root: folder.to_path_buf(), manifest: name.to_owned() })),
            _ => Err(Failure::usage(format!(
                "{} holds two manifests: {}",
                folder.display(),
                found.join(" and ")
            ))
            .help("name one of them: `-f PATH`")),
        }
    }

    #[must_use]
    pub fn manifest_path(&self) -> PathBuf {
        self.root.join(&self.manifest)
    }

    /// The folder with socket and journal; it may not exist yet.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join(".conductor")
    }

    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.state().join("sidecar.sock")
    }
}

/// The socket of the sidecar that commands talk to: `given`, else `CONDUCTOR_SOCKET`, else the nearest upward.
pub fn find_socket(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return check_socket_path(path.to_path_buf());
    }
    if let Some(path) = std::env::var_os("CONDUCTOR_SOCKET").filter(|path| !path.is_empty()) {
        return check_socket_path(PathBuf::from(path));
    }
    let here = working_folder()?;
    let nearest =
        here.ancestors().map(|folder| folder.join(".conductor/sidecar.sock")).find(|path| path.exists());
    nearest.map_or_else(|| Err(no_sidecar(&here)), check_socket_path)
}

/// The socket that is named, else that of the environment, else the project's own if it is there.
pub fn socket_of(project: &Project, given: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let named = std::env::var_os("CONDUCTOR_SOCKET").is_some_and(|path| !path.is_empty());
    if given.is_some() || named {
        return find_socket(given).map(Some);
    }
    let own = project.socket();
    if own.exists() { check_socket_path(own).map(Some) } else { Ok(None) }
}

/// `path`, unless it is one that is longer than a socket's path can be.
pub fn check_socket_path(path: PathBuf) -> Result<PathBuf, Failure> {
    let length = path.as_os_str().len();
    if length <= SOCKET_PATH_LIMIT || Address::of(&path).is_remote() {
        return Ok(path);
    }
    let message = format!("the socket's path has {length} bytes, the system allows {SOCKET_PATH_LIMIT}: ");
    Err(Failure::environment(message + &path.display().to_string()).help(
        "choose a shorter one with `--socket PATH`, and set CONDUCTOR_SOCKET to it for the application",
    ))
}

fn no_sidecar(folder: &Path) -> Failure {
    Failure::environment(format!("found no sidecar for {}", folder.display()))
        .help("start one in the project's folder: `conductor sidecar`, or `conductor dev -- CMD`")
}

pub fn working_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::environment(format!("failed to find the working folder: {error}")))
}
