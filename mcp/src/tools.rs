//! The tools: a table of commands with the arguments that each takes.

use serde_json::{Map, Value, json};

/// A command as a tool.
pub(crate) struct Tool {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub arguments: &'static [Argument],
    /// Whether it may change a file.
    pub writes: bool,
}

pub(crate) struct Argument {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: Kind,
    pub required: bool,
}

/// How an argument is written on the command line.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// In its place, as text.
    Place,
    /// `--flag=TEXT`.
    Option(&'static str),
    /// `--flag=NUMBER`.
    Number(&'static str),
    /// `--flag` where it is true.
    Flag(&'static str),
    /// `--flag=TEXT` for each.
    List(&'static str),
    /// `--flag=JSON`.
    Json(&'static str),
}

const FILE: Argument = Argument {
    name: "path",
    about: "the manifest, or its folder; by default the one of the server's folder or above it",
    kind: Kind::Option("--file"),
    required: false,
};
const SOCKET: Argument = Argument {
    name: "socket",
    about: "the socket of the sidecar, or tls://HOST:PORT; by default that of the project",
    kind: Kind::Option("--socket"),
    required: false,
};

const fn optional(name: &'static str, about: &'static str, kind: Kind) -> Argument {
    Argument { name, about, kind, required: false }
}

const fn required(name: &'static str, about: &'static str, kind: Kind) -> Argument {
    Argument { name, about, kind, required: true }
}

pub(crate) const TOOLS: &[Tool] = &[
    Tool {
        name: "check",
        title: "Check a manifest",
        about: "Checks concurrency.yaml or concurrency.hcl against the code it names: types, bindings, deadlocks, time budgets. \
                Gives diagnostics with places and fixes.",
        arguments: &[FILE],
        writes: false,
    },
    Tool {
        name: "lint",
        title: "Advice on a manifest",
        about: "Advice on a manifest that is right: risks, time that could be saved, data, security, clarity; with edits where there are some.",
        arguments: &[
            FILE,
            optional("select", "only these rules: codes or their beginnings", Kind::List("--select")),
            optional("ignore", "not these rules", Kind::List("--ignore")),
            optional(
                "from",
                "measured times: the URL or socket of a sidecar, or a profile in a file",
                Kind::Option("--from"),
            ),
        ],
        writes: false,
    },
    Tool {
        name: "plan",
        title: "What a build would change",
        about: "Shows what a build would change, worst cases before and after, and what becomes of running workflows.",
        arguments: &[FILE],
        writes: false,
    },
    Tool {
        name: "draft",
        title: "Draft a workflow from plain words",
        about: "Writes a workflow, or a change of one, from an instruction in English or Russian such as \
                \"fetch the user, then process the payment and send the receipt in parallel\". Gives steps or a question. \
                Changes the manifest only with write.",
        arguments: &[
            required("instruction", "what should run", Kind::Place),
            optional("workflow", "the workflow that is written or changed", Kind::Option("--workflow")),
            optional("write", "write the manifest", Kind::Flag("--write")),
            FILE,
        ],
        writes: true,
    },
    Tool {
        name: "simulate",
        title: "Simulate many runs",
        about: "Simulates many runs of a workflow in virtual time: durations, success, calls, queues; what a change would do to them.",
        arguments: &[
            optional("workflow", "by default the only entrypoint", Kind::Place),
            optional("runs", "how many, by default 10000", Kind::Number("--runs")),
            optional("seed", "the same seed gives the same answer", Kind::Number("--seed")),
            optional(
                "set",
                "changes, NAME.KEY=VALUE: charge.failure_rate=0.2, charge.p50=100ms",
                Kind::List("--set"),
            ),
            optional("compare", "further changes, in a second scenario", Kind::List("--compare")),
            optional("input", "inputs of every run", Kind::Json("--input")),
            FILE,
        ],
        writes: false,
    },
    Tool {
        name: "explain",
        title: "Explain a code",
        about: "The page of a diagnostic or of a rule: why, an example, how to mend it. Without a code, all codes with their titles.",
        arguments: &[optional("code", "such as E101 or R001", Kind::Place)],
        writes: false,
    },
    Tool {
        name: "runs",
        title: "List runs",
        about: "Runs that a sidecar knows, newest first.",
        arguments: &[
            optional("workflow", "only runs of this workflow", Kind::Option("--workflow")),
            optional(
                "state",
                "running, waiting, paused, succeeded, failed or cancelled",
                Kind::Option("--state"),
            ),
            optional("limit", "at most this many, by default 50", Kind::Number("--limit")),
            SOCKET,
        ],
        writes: false,
    },
    Tool {
        name: "show",
        title: "Show a run",
        about: "A run: its steps with attempts, times, outcomes and errors, and why it waits.",
        arguments: &[required("run", "the run's id", Kind::Place), SOCKET],
        writes: false,
    },
];

impl Tool {
    /// The JSON Schema of its arguments.
    pub fn schema(&self) -> Map<String, Value> {
        let property = |argument: &Argument| {
            let mut schema = match argument.kind {
                Kind::Place | Kind::Option(_) => json!({"type": "string"}),
                Kind::Number(_) => json!({"type": "integer", "minimum": 0}),
                Kind::Flag(_) => json!({"type": "boolean"}),
                Kind::List(_) => json!({"type": "array", "items": {"type": "string"}}),
                Kind::Json(_) => json!({"type": "object"}),
            };
            schema["description"] = json!(argument.about);
            (argument.name.to_owned(), schema)
        };
        let required: Vec<&str> = self
            .arguments
            .iter()
            .filter(|argument| argument.required)
            .map(|argument| argument.name)
            .collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(self.arguments.iter().map(property).collect()));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema
    }

    /// The command line for a call; the error says which argument is wrong.
    pub fn command_line(&self, given: &Map<String, Value>) -> Result<Vec<String>, String> {
        if let Some(unknown) =
            given.keys().find(|name| self.arguments.iter().all(|argument| argument.name != name.as_str()))
        {
            return Err(format!("`{}` takes no `{unknown}`", self.name));
        }
        let mut line = vec![self.name.to_owned(), "--format=json".to_owned()];
        let mut places = Vec::new();
        for argument in self.arguments {
            match given.get(argument.name) {
                None | Some(Value::Null) if argument.required => {
                    return Err(format!("`{}` is missing", argument.name));
                }
                None | Some(Value::Null) => {}
                Some(value) => argument.write(value, &mut line, &mut places)?,
            }
        }
        // What stands in its place may begin with a dash.
        line.push("--".to_owned());
        line.extend(places);
        Ok(line)
    }
}

impl Argument {
    fn write(&self, value: &Value, line: &mut Vec<String>, places: &mut Vec<String>) -> Result<(), String> {
        let wrong = |wanted: &str| format!("`{}` must be {wanted}", self.name);
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| wrong("a text"));
        match self.kind {
            Kind::Place => places.push(text(value)?),
            Kind::Option(flag) => line.push(format!("{flag}={}", text(value)?)),
            Kind::Number(flag) => {
                let number = value.as_u64().ok_or_else(|| wrong("a whole number"))?;
                line.push(format!("{flag}={number}"));
            }
            Kind::Flag(flag) => {
                if value.as_bool().ok_or_else(|| wrong("true or false"))? {
                    line.push(flag.to_owned());
                }
            }
            Kind::List(flag) => {
                for item in value.as_array().ok_or_else(|| wrong("a list of texts"))? {
                    line.push(format!("{flag}={}", text(item)?));
                }
            }
            Kind::Json(flag) => {
                let object = value.as_object().ok_or_else(|| wrong("an object"))?;
                line.push(format!("{flag}={}", Value::Object(object.clone())));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::TOOLS;
    use serde_json::json;

    fn line(name: &str, arguments: serde_json::Value) -> Result<String, String> {
        let tool = TOOLS.iter().find(|tool| tool.name == name).ok_or("no such tool")?;
        let arguments = arguments.as_object().cloned().ok_or("no object")?;
        tool.command_line(&arguments).map(|line| line.join(" "))
    }

    #[test]
    fn arguments_become_those_of_the_command() {
        for (name, arguments, wanted) in [
            ("check", json!({"path": "-x"}), "check --format=json --file=-x --"),
            ("draft", json!({"instruction": "--write", "write": false}), "draft --format=json -- --write"),
            (
                "simulate",
                json!({"set": ["a.p50=1s"], "runs": 5, "input": {"b": 1}}),
                "simulate --format=json --runs=5 --set=a.p50=1s --input={\"b\":1} --",
            ),
            ("explain", json!({}), "explain --format=json --"),
        ] {
            assert_eq!(line(name, arguments).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn what_is_missing_unknown_or_of_another_kind_is_refused() {
        for (name, arguments, wanted) in [
            ("show", json!({}), "`run` is missing"),
            ("show", json!({"run": "a", "rum": 1}), "`show` takes no `rum`"),
            ("runs", json!({"limit": -1}), "`limit` must be a whole number"),
            ("lint", json!({"select": "P"}), "`select` must be a list of texts"),
        ] {
            assert_eq!(line(name, arguments), Err(wanted.to_owned()));
        }
    }
}
