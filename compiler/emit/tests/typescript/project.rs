//! A project of the user's modules and the emitted folder, and the tools that judge it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conductor_emit::{Header, Target, emit};
use conductor_protocol::plan::{Language, Plan};

pub const HEADER: Header<'_> = Header { manifest: "concurrency.yaml", version: "0.1.0" };

/// Strict, and with what careful users add to it.
const TSCONFIG: &str = r#"{
  "compilerOptions": {
    "target": "es2022", "module": "nodenext", "lib": ["es2023"], "types": ["node"],
    "strict": true, "noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true,
    "noUnusedLocals": true, "noUnusedParameters": true, "noImplicitOverride": true, "noImplicitReturns": true,
    "noPropertyAccessFromIndexSignature": true, "noFallthroughCasesInSwitch": true,
    "verbatimModuleSyntax": true, "isolatedModules": true, "skipLibCheck": true, "outDir": "built", "rootDir": "."
  },
  "include": ["src", "conductor_gen", "*.ts"]
}
"#;

const ESLINT: &str = r#"import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true },
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
  },
);
"#;

pub struct Project {
    pub dir: tempfile::TempDir,
}

pub fn target(javascript: bool) -> Target<'static> {
    Target { javascript, ..Target::new(Language::Typescript, "conductor_gen") }
}

pub fn emitted(plans: &[Plan]) -> BTreeMap<String, String> {
    emit(plans, &target(false), &HEADER).unwrap()
}

impl Project {
    pub fn new(modules: &[(&str, &str)], plans: &[Plan]) -> Project {
        let project = Project { dir: tempfile::tempdir().unwrap() };
        for (name, text) in modules {
            project.write(name, text);
        }
        for (name, text) in emitted(plans) {
            project.write(&format!("conductor_gen/{name}"), &text);
        }
        project.write("tsconfig.json", TSCONFIG);
        project.write("eslint.config.mjs", ESLINT);
        project.write("package.json", "{ \"type\": \"module\" }\n");
        std::os::unix::fs::symlink(tools().join("node_modules"), project.dir.path().join("node_modules"))
            .unwrap();
        project
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What prettier, tsc and eslint have to say about the folder; nothing is what they should say.
    pub fn check(&self) {
        // A prettier that changes nothing; what it would change is shown.
        let ours = self.texts();
        self.quiet("prettier", &["--no-config", "--log-level", "warn", "--write", "conductor_gen/*.ts"]);
        for (name, text) in self.texts() {
            assert!(ours[&name] == text, "{name}\n{}", difference(&ours[&name], &text));
        }
        self.quiet("tsc", &["--project", ".", "--noEmit"]);
        self.quiet("eslint", &["--max-warnings", "0", "conductor_gen/*.ts"]);
    }

    fn texts(&self) -> BTreeMap<String, String> {
        let folder = self.dir.path().join("conductor_gen");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.is_file());
        files
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect()
    }

    fn quiet(&self, name: &str, args: &[&str]) {
        self.run(name, args);
    }

    /// Runs a tool in the project; gives back what it printed.
    pub fn run(&self, name: &str, args: &[&str]) -> String {
        let tool =
            if name == "node" { PathBuf::from(name) } else { tools().join("node_modules/.bin").join(name) };
        let output = Command::new(tool).args(args).current_dir(self.dir.path()).output().unwrap();
        assert!(output.status.success(), "{name} {args:?}\n{}", text_of(&output));
        let warning = String::from_utf8_lossy(&output.stderr);
        assert!(!warning.contains("MODULE_TYPELESS"), "{name} {args:?}\n{warning}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Compiles everything and runs `script`, a module of TypeScript beside the folder; gives back what it printed.
    pub fn node(&self, script: &str) -> String {
        self.write("script.ts", script);
        self.quiet("tsc", &["--project", "."]);
        self.write("built/package.json", "{ \"type\": \"module\" }\n");
        let output = Command::new("node")
            .args(["--unhandled-rejections=strict", "built/script.js"])
            .current_dir(self.dir.path())
            .env_remove("CONDUCTOR_SOCKET")
            .env("CONDUCTOR_LOG", "error")
            .env("PYTHON", python())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
        assert!(output.stderr.is_empty(), "{}", text_of(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The first lines that differ.
fn difference(ours: &str, theirs: &str) -> String {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let at = ours.iter().zip(&theirs).take_while(|(one, other)| one == other).count();
    let part = |lines: &[&str]| lines[at.saturating_sub(3)..lines.len().min(at + 8)].join("\n");
    format!("--- ours\n{}\n--- as prettier has it\n{}", part(&ours), part(&theirs))
}

fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The Python that has grpcio.
fn python() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    assert!(path.exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}

fn tools() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node");
    assert!(path.join("node_modules").exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}
