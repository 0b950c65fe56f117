//! A Go module in a folder of its own: the user's packages, the emitted one, and the tools that judge it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conductor_emit::{Header, Target, emit};
use conductor_protocol::plan::{Language, Plan};

pub const HEADER: Header<'_> = Header { manifest: "concurrency.yaml", version: "0.1.0" };

pub struct Project {
    pub dir: tempfile::TempDir,
}

pub fn target() -> Target<'static> {
    Target { go_package: Some("example.com/app/conductorgen"), ..Target::new(Language::Go, "conductorgen") }
}

impl Project {
    pub fn new(files: &[(&str, &str)], plans: &[Plan]) -> Project {
        let project = Project { dir: tempfile::tempdir().unwrap() };
        project.write("go.mod", "module example.com/app\n\ngo 1.24\n");
        for (name, text) in files {
            project.write(name, text);
        }
        for (name, text) in emit(plans, &target(), &HEADER).unwrap() {
            project.write(&format!("conductorgen/{name}"), &text);
        }
        if let Ok(copy) = std::env::var("KEEP_GO_PROJECT") {
            Command::new("cp").args(["-rT", project.dir.path().to_str().unwrap(), &copy]).status().unwrap();
        }
        project
    }

    /// A further generated package beside the first.
    pub fn also(&self, out: &str, plans: &[Plan]) {
        let path = format!("example.com/app/{out}");
        let target = Target { go_package: Some(&path), ..Target::new(Language::Go, out) };
        for (name, text) in emit(plans, &target, &HEADER).unwrap() {
            self.write(&format!("{out}/{name}"), &text);
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The module with the libraries of gRPC, as those who call its services have.
    pub fn with_grpc(files: &[(&str, &str)], plans: &[Plan]) -> Project {
        let module = grpc_module();
        let sums = include_str!("../../../../tests/servers/go-grpc/go.sum");
        let files: Vec<_> =
            [("go.mod", module.as_str()), ("go.sum", sums)].iter().chain(files).copied().collect();
        let project = Project::new(&files, plans);
        let output =
            Command::new("go").args(["mod", "download"]).current_dir(project.dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
        project
    }

    /// What Go's tools have to say about the package; nothing is what they should say.
    pub fn check(&self) {
        let unformatted = self.run(Command::new("gofmt").args(["-l", "-d", "conductorgen"]));
        assert!(unformatted.is_empty(), "{unformatted}");
        self.run(Command::new("go").args(["vet", "./..."]));
        let staticcheck = root().join("target/go-tools/staticcheck");
        assert!(staticcheck.exists(), "{} is missing: run `cargo xtask setup`", staticcheck.display());
        self.run(Command::new(staticcheck).args(["-checks", "all,-ST1000", "./conductorgen/"]));
    }

    /// Runs the program in the module's `main.go`, and gives back what it printed.
    pub fn go(&self) -> String {
        self.run(Command::new("go").args(["run", "."]).env("CONDUCTOR_SIDECAR", "off"))
    }

    pub fn run(&self, command: &mut Command) -> String {
        let command = command.current_dir(self.dir.path()).env("GOFLAGS", "-mod=mod").env("GOPROXY", "off");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}\n{}", text_of(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The module file of those who call services of gRPC.
pub fn grpc_module() -> String {
    let module = include_str!("../../../../tests/servers/go-grpc/go.mod");
    module.replace("conductor.example/tests/servers/go-grpc", "example.com/app")
}

fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
