//! The runtime's files, embedded so that they can never differ in version from the code that is written beside them.
//!
//! It knows their names only.

/// The one file that says the version of the compiler that wrote it.
const VERSION: &str = "version";

macro_rules! runtime {
    ($($name:literal),* $(,)?) => {
        [$((
            $name,
            include_str!(concat!("../../../../runtimes/typescript/_conductor/", $name, ".ts")),
            include_str!(concat!("../../../../runtimes/typescript/js/_conductor/", $name, ".js")),
            include_str!(concat!("../../../../runtimes/typescript/js/_conductor/", $name, ".d.ts")),
        )),*]
    };
}

/// Name of each module of `_conductor/`, and its text as TypeScript, as JavaScript, and its declarations.
const FILES: [(&str, &str, &str, &str); 99] = runtime![
    "address",
    "ahead",
    "attempt",
    "block",
    "branches",
    "breaker",
    "breakerCall",
    "cache",
    "cel",
    "celCompare",
    "celConvert",
    "celDynamic",
    "celFormat",
    "celLists",
    "celMath",
    "celText",
    "celTime",
    "child",
    "compensate",
    "config",
    "connection",
    "control",
    "crc32",
    "current",
    "decimal",
    "definition",
    "durations",
    "endpoint",
    "errors",
    "execute",
    "execution",
    "few",
    "form",
    "graph",
    "grpcCalls",
    "grpcClient",
    "grpcMessages",
    "grpcSchema",
    "health",
    "hedge",
    "history",
    "host",
    "httpCalls",
    "httpClient",
    "httpValues",
    "hurry",
    "ids",
    "invoke",
    "journal",
    "json",
    "lease",
    "leases",
    "limits",
    "livePolicy",
    "local",
    "localCalls",
    "localSignals",
    "log",
    "mailbox",
    "messages",
    "mismatch",
    "moment",
    "pattern",
    "permits",
    "place",
    "plainChild",
    "policy",
    "postgres",
    "process",
    "recorded",
    "redis",
    "remote",
    "requests",
    "resources",
    "run",
    "saturation",
    "scalars",
    "scope",
    "secrets",
    "serve",
    "session",
    "sessions",
    "sharedBreakers",
    "standing",
    "starting",
    "step",
    "stepLog",
    "stepOptions",
    "task",
    "timer",
    "trace",
    "turns",
    "undoable",
    "values",
    "version",
    "waits",
    "work",
    "workflow",
    "zones",
];

/// Name and text of each file of `_conductor/`.
pub fn files(javascript: bool) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (name, typescript, script, declarations) in FILES {
        let versioned = |text: &str| {
            let version = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");
            if name == VERSION { text.replace("\"0\"", version) } else { text.to_owned() }
        };
        if javascript {
            files.push((format!("{name}.js"), versioned(script)));
            files.push((format!("{name}.d.ts"), declarations.to_owned()));
        } else {
            files.push((format!("{name}.ts"), versioned(typescript)));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::FILES;

    /// A module that is not embedded is missing beside the generated code.
    #[test]
    fn every_module_of_the_runtime_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtimes/typescript/_conductor");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".ts").to_owned())
            .collect();
        let embedded: BTreeSet<String> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(embedded, there);
    }
}
