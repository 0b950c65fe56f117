//! The generated folder in projects of every kind of module: CommonJS and ES modules, compiled and plain.

use conductor_emit::emit;
use conductor_protocol::plan::Plan;
use conductor_protocol::types::Type;

use crate::kit::*;
use crate::project::{HEADER, Project, target};

fn greeting() -> Plan {
    let word = read("word", "word", Type::String, vec![arg("of", input("name", Type::String))]);
    let inputs = vec![given("name", Type::String)];
    plan("greeting", false, inputs, vec![word], result("word", Type::String))
}

const WORD: &str = "export async function word(of: string): Promise<string> {\n  return `hello ${of}`;\n}\n";
const MAIN: &str = "import { greeting } from \"./conductor_gen/index.js\";\n\nvoid greeting({ name: \"Ada\" }).then(console.log);\n";
const FAILS: &str = "import { greeting, WorkflowError } from \"./conductor_gen/index.js\";\n\nvoid greeting({ name: 5 as unknown as string }).catch((error: unknown) => console.log(error instanceof WorkflowError));\n";

#[test]
fn typescript_becomes_commonjs_where_the_project_says_so() {
    let project =
        Project::new(&[("src/tasks.ts", WORD), ("main.ts", MAIN), ("fails.ts", FAILS)], &[greeting()]);
    project.write("package.json", "{ \"private\": true }\n");
    std::fs::remove_file(project.dir.path().join("eslint.config.mjs")).unwrap();
    for (module, resolution) in [("commonjs", "node10"), ("node16", "node16"), ("nodenext", "nodenext")] {
        let config = format!(
            "{{ \"compilerOptions\": {{ \"strict\": true, \"target\": \"es2022\", \"module\": \"{module}\", \"moduleResolution\": \"{resolution}\", \"types\": [\"node\"], \"outDir\": \"{module}\" }}, \"include\": [\"src\", \"conductor_gen\", \"*.ts\"] }}\n"
        );
        project.write("tsconfig.json", &config);
        project.run("tsc", &["--project", "."]);
        assert_eq!(project.run("node", &[&format!("{module}/main.js")]), "hello Ada\n", "{module}");
    }
}

#[test]
fn javascript_is_modules_whatever_the_project_says() {
    let files = emit(&[greeting()], &target(true), &HEADER).unwrap();
    let commonjs = "exports.word = async (of) => `hello ${of}`;\n";
    let esm = "export const word = async (of) => `hello ${of}`;\n";
    for (package, tasks) in
        [("{}", commonjs), ("{ \"type\": \"commonjs\" }", commonjs), ("{ \"type\": \"module\" }", esm)]
    {
        let project = Project::new(&[("src/tasks.js", tasks)], &[]);
        project.write("package.json", package);
        for (name, text) in &files {
            project.write(&format!("conductor_gen/{name}"), text);
        }
        project.write("main.mjs", MAIN);
        let later = "import(\"./conductor_gen/index.js\").then(({ greeting }) => greeting({ name: \"Ada\" })).then(console.log);\n";
        project.write("main.cjs", later);
        for main in ["main.mjs", "main.cjs"] {
            // Node warns of modules whose kind it has to guess.
            assert_eq!(
                project.run("node", &["--throw-deprecation", "--trace-warnings", main]),
                "hello Ada\n",
                "{package}"
            );
        }
        let required = "const { greeting } = require(\"./conductor_gen/index.js\");\ngreeting({ name: \"Ada\" }).then(console.log);\n";
        project.write("required.cjs", required);
        let can = project.run("node", &["--print", "process.features.require_module === true"]);
        if can == "true\n" {
            assert_eq!(project.run("node", &["required.cjs"]), "hello Ada\n", "{package}");
        }
    }
}
