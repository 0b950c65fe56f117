//! What each key is for, in one sentence, with the form of its value, its default and examples.
//!
//! It does not say where a key may stand: that is in the shapes which lowering reads by.

use super::form::Form;
use crate::lower::words;

/// A key of one kind of mapping.
pub(super) struct Key {
    pub name: &'static str,
    pub form: Form,
    pub says: &'static str,
    /// JSON; empty where there is none.
    pub default: &'static str,
    /// JSON.
    pub examples: &'static [&'static str],
}

const fn key(name: &'static str, form: Form, says: &'static str) -> Key {
    Key { name, form, says, default: "", examples: &[] }
}

impl Key {
    const fn by_default(self, default: &'static str) -> Key {
        Key { default, ..self }
    }

    const fn such_as(self, examples: &'static [&'static str]) -> Key {
        Key { examples, ..self }
    }
}

macro_rules! words {
    ($table:ident) => {
        Form::Words(|| words::names(words::$table))
    };
}

/// Keys by the noun of the mapping that they stand in.
pub(super) const TABLE: &[(&str, &[Key])] = &[
    ("the manifest", MANIFEST),
    ("a target", TARGET),
    ("a task", TASK),
    ("a `compensate`", COMPENSATE),
    ("a `cache`", CACHE),
    ("a policy", POLICY),
    ("a `circuit_breaker`", BREAKER),
    ("a `hedge`", HEDGE),
    ("a `fallback`", FALLBACK),
    ("a resource", RESOURCE),
    ("an operation", OPERATION),
    ("a `pool`", POOL),
    ("a workflow", WORKFLOW),
    ("a `concurrency`", CONCURRENCY),
    ("a `schedule`", SCHEDULE),
    ("an input", INPUT),
    ("a case", CASE),
    ("the default of a `switch`", DEFAULT),
    ("a `catch`", CATCH),
];

const MANIFEST: &[Key] = &[
    key("version", Form::Version, "The version of the manifest's language."),
    key(
        "targets",
        Form::Targets,
        "The languages that code is generated for, and where it goes; by default one for each language that refs lead to.",
    ),
    key("tasks", Form::Tasks, "Functions of your code, and how they may be called."),
    key(
        "policies",
        Form::Policies,
        "Reusable rules of fault tolerance: retries, timeouts, breakers, limits.",
    ),
    key(
        "resources",
        Form::Resources,
        "External dependencies and limited resources that tasks use: connections, permits.",
    ),
    key(
        "workflows",
        Form::Workflows,
        "What runs in which order, what at the same time, and under which conditions.",
    ),
];

const TARGET: &[Key] = &[
    key("language", words!(LANGUAGES), "The language of the generated code."),
    key("root", Form::Text, "The folder where imports begin, relative to the manifest's.")
        .by_default("\".\""),
    key(
        "out",
        Form::Text,
        "The folder for the generated code, relative to the manifest's; each build replaces it as a whole; by default `conductor_gen` below the root.",
    ),
];

const TASK: &[Key] = &[
    key("id", Form::Id, "The task's name, by which steps call it."),
    key("ref", Form::Name, "The function, as `module.function` is imported from the target's root.")
        .such_as(&["\"payments.charge\""]),
    key("policy", Form::Policy, "How it is retried and limited: the id of a policy, or a policy written in place; by default one attempt without a limit."),
    key("with", Form::Arguments, "Arguments by parameter: literals and expressions.").such_as(&["{\"amount\": \"${input.amount}\"}"]),
    key("uses", Form::Names, "The resources that it uses: one id, or a list."),
    key("effect", words!(EFFECTS), "What the function does to the world outside: nothing, reading, or writing.").by_default("\"write\""),
    key("idempotent", Form::Bool, "Whether doing it twice is as good as once.").by_default("false"),
    key("in_doubt", words!(IN_DOUBT), "What follows an attempt whose outcome is unknown: try again, fail, or stop the run until a person decides.").by_default("\"retry\""),
    key("compensate", Form::Compensate, "The task that undoes this one when the workflow fails later: its id, or a mapping with arguments."),
    key("cache", Form::Cache, "How long a result is good for equal arguments."),
    key("critical", Form::Bool, "Whether its failure is the workflow's; `false` records and tolerates it, and the result is null; by default as the policy says, else true."),
    key("description", Form::Text, "A text for people."),
];

const COMPENSATE: &[Key] = &[
    key("task", Form::Name, "The id of the task that undoes this one."),
    key("with", Form::Arguments, "Its arguments by parameter; `result` is what is undone."),
];

const CACHE: &[Key] = &[
    key("ttl", Form::Duration, "How long a result is good.").such_as(&["\"5m\""]),
    key("key", Form::Any, "What tells results apart; by default all arguments."),
];

const POLICY: &[Key] = &[
    key("id", Form::Id, "The policy's name, by which tasks and steps take it."),
    key("retries", Form::Retries, "How many attempts follow the first, or `forever`.")
        .by_default("0")
        .such_as(&["3", "\"forever\""]),
    key("strategy", words!(STRATEGIES), "How the pause between attempts grows.")
        .by_default("\"exponential_backoff\""),
    key("initial", Form::Duration, "The pause before the first retry.").by_default("\"100ms\""),
    key("max_delay", Form::Duration, "The longest pause between attempts.").by_default("\"30s\""),
    key("multiplier", Form::Multiplier, "By what the pause is multiplied with `exponential_backoff`.")
        .by_default("2"),
    key(
        "jitter",
        words!(JITTERS),
        "How the pause is spread at random: not at all, over all of it, or over half of it.",
    )
    .by_default("\"full\""),
    key(
        "retry_on",
        Form::Strings,
        "The errors that are retried, by type or code; by default all but programming errors.",
    )
    .such_as(&["[\"payments.Unavailable\", 503]"]),
    key("abort_on", Form::Strings, "The errors that end the step at once, by type or code.")
        .such_as(&["\"payments.CardDeclined\""]),
    key("timeout", Form::Duration, "The longest time of one attempt; by default no limit.")
        .such_as(&["\"2s\""]),
    key(
        "deadline",
        Form::Duration,
        "The longest time of all attempts and the pauses between them; by default no limit.",
    )
    .such_as(&["\"1m\""]),
    key("circuit_breaker", Form::Breaker, "Stops calls for a while after too many have failed."),
    key("rate_limit", Form::Rate, "The most attempts in a time.").such_as(&["\"100/s\""]),
    key("bulkhead", Form::Count, "The most attempts at a time.").such_as(&["10"]),
    key("hedge", Form::Hedge, "Makes a further call where one takes long, and takes the first answer."),
    key(
        "fallback",
        Form::Fallback,
        "What takes the result's place when all attempts have failed: another task, or a value.",
    ),
    key("critical", Form::Bool, "Whether a failure is the workflow's; `false` records and tolerates it.")
        .by_default("true"),
];

const BREAKER: &[Key] = &[
    key("failures", Form::Count, "How many failures open the breaker.").by_default("5"),
    key(
        "failure_rate",
        Form::Share,
        "Which share of failures opens the breaker, above 0 and at most 1, in place of `failures`.",
    )
    .such_as(&["0.5"]),
    key("window", Form::Duration, "Over which time failures are counted.").by_default("\"30s\""),
    key("min_calls", Form::Count, "How many calls there must be before the breaker may open.")
        .by_default("10"),
    key("open_for", Form::Duration, "How long it stays open.").by_default("\"30s\""),
    key("half_open_calls", Form::Count, "How many calls try whether it may close again.").by_default("1"),
    key("key", Form::Any, "What each value of which has a breaker of its own.")
        .such_as(&["\"${input.region}\""]),
];

const HEDGE: &[Key] = &[
    key("after", Form::Duration, "How long a call may take before the next is made.").such_as(&["\"200ms\""]),
    key("max", Form::Count, "How many further calls are made at most.").by_default("1"),
];

const FALLBACK: &[Key] = &[
    key("task", Form::Name, "The id of a task that takes the same arguments."),
    key("value", Form::Any, "A value: a literal or an expression."),
];

const RESOURCE: &[Key] = &[
    key("id", Form::Id, "The resource's name, by which tasks use it."),
    key("kind", words!(RESOURCE_KINDS), "What it is."),
    key("url", Form::Text, "Where it is, or from which variable that is read when the process starts.")
        .such_as(&["\"${env.DATABASE_URL}\""]),
    key("address", Form::Text, "The same as `url`."),
    key("pool", Form::Pool, "How many connections are kept."),
    key("max_concurrency", Form::Count, "How many steps use it at a time."),
    key("rate_limit", Form::Rate, "The most uses in a time.").such_as(&["\"100/s\""]),
    key("scope", words!(SCOPES), "Whether its limits count in one process or on the whole host."),
    key("open", Form::Name, "The function that makes the client of a `custom` resource.")
        .such_as(&["\"clients.open_ledger\""]),
    key("close", Form::Name, "The function that closes the client of a `custom` resource."),
    key(
        "openapi",
        Form::Name,
        "The OpenAPI document of an HTTP service: a path relative to the manifest's folder, or a URL.",
    )
    .such_as(&["\"openapi.yaml\"", "\"http://localhost:8000/openapi.json\""]),
    key("operations", Form::Operations, "The operations of an HTTP service that has no document."),
    key("headers", Form::Arguments, "Headers that each request to an HTTP service carries.")
        .such_as(&["{\"Authorization\": \"Bearer ${env.TOKEN}\"}"]),
    key(
        "proto",
        Form::Names,
        "The `.proto` file of a gRPC service, or a list of them; by default the server is asked.",
    )
    .such_as(&["\"protos/users.proto\""]),
    key("descriptors", Form::Name, "A file with a serialized `FileDescriptorSet` of a gRPC service."),
    key(
        "ca",
        Form::Name,
        "The file of the certificates that a gRPC service's is signed by; by default the system's.",
    ),
    key("service", Form::Name, "The service of the compose file that a container is; by default its id."),
    key(
        "compose",
        Form::Name,
        "The compose file, relative to the manifest's folder; by default the one beside the manifest.",
    ),
    key(
        "port",
        Form::Port,
        "The port that a container's service listens on, inside; by default the only one that it publishes.",
    ),
    key(
        "protocol",
        words!(PROTOCOLS),
        "What a container speaks; needed only where neither a document nor operations say so.",
    ),
    key("ready", Form::Duration, "How long it is waited for before the first call.").such_as(&["\"30s\""]),
];

const OPERATION: &[Key] = &[
    key("id", Form::Id, "The operation's name, by which a `ref` leads to it."),
    key("request", Form::Request, "Its method and its path, with the names of parameters in braces.")
        .such_as(&["\"GET /users/{user_id}\""]),
    key("path", Form::Types, "Types of parameters in the path; those that are not named here are strings."),
    key("query", Form::Types, "Parameters of the query, with their types.")
        .such_as(&["{\"limit\": \"int?\"}"]),
    key("headers", Form::Types, "Parameters that are headers, with their types."),
    key(
        "body",
        Form::Type,
        "The JSON body: a mapping makes each field a parameter, a type makes the whole one parameter `body`.",
    ),
    key("response", Form::Type, "The type of the JSON that a success answers with; by default nothing."),
    key("errors", Form::Statuses, "Names of errors, with the status of each.")
        .such_as(&["{\"UserNotFound\": 404}"]),
    key("description", Form::Text, "A text for people."),
];

const POOL: &[Key] = &[
    key("min", Form::CountFromZero, "How many connections stay open.").by_default("0"),
    key("max", Form::Count, "How many connections there are at most.").such_as(&["10"]),
];

const WORKFLOW: &[Key] = &[
    key("id", Form::Id, "The workflow's name."),
    key("entrypoint", Form::Bool, "Whether it is meant to be started from outside.").by_default("false"),
    key("input", Form::Inputs, "Declared inputs with their types.").such_as(&["{\"amount\": \"decimal\"}"]),
    key("steps", Form::Steps, "What it does, in order."),
    key(
        "output",
        Form::Any,
        "A value or a record of values, with expressions; by default the last step's result.",
    ),
    key("durable", Form::Bool, "Whether a run survives a crash.").by_default("true"),
    key("deadline", Form::Duration, "The longest time of a run; by default no limit.").such_as(&["\"10m\""]),
    key(
        "concurrency",
        Form::Concurrency,
        "How many runs there are at a time: a number, or a mapping with `limit` and `key`.",
    ),
    key("schedule", Form::Schedule, "When runs start by themselves: five fields of cron, or a mapping."),
    key("target", words!(LANGUAGES), "The language that runs it; needed where refs lead to several."),
];

const CONCURRENCY: &[Key] = &[
    key("limit", Form::Count, "How many runs there are at a time."),
    key("key", Form::Any, "What each value of which has a limit of its own.")
        .such_as(&["\"${input.customer}\""]),
];

const SCHEDULE: &[Key] = &[
    key("cron", Form::Cron, "Minute, hour, day of the month, month, day of the week.")
        .such_as(&["\"0 3 * * *\"", "\"@daily\""]),
    key("time_zone", Form::Zone, "The time zone, as the IANA database names it.")
        .such_as(&["\"Europe/Berlin\""]),
    key("missed", words!(MISSED), "What becomes of times that passed while nobody served."),
];

const INPUT: &[Key] = &[
    key("type", Form::Type, "The type of the input."),
    key("default", Form::Any, "What it is where it is not given."),
    key("secret", Form::Bool, "Whether it is kept out of journal and logs.").by_default("false"),
];

const CASE: &[Key] = &[
    key("when", Form::Condition, "The condition of this case; the first case that holds is taken."),
    key("steps", Form::Steps, "What is done where it holds."),
];

const DEFAULT: &[Key] = &[key("default", Form::Steps, "What is done where no case holds; it stands last.")];

const CATCH: &[Key] = &[
    key("errors", Form::Strings, "The errors that are caught, by type or code; by default all."),
    key("as", Form::Variable, "The name of the error in expressions; by default `error`."),
    key("steps", Form::Steps, "What is done after such an error."),
];

/// Keys of every kind of step that has them, unless [`OF_STEP`] says more.
pub(super) const STEP: &[Key] = &[
    key("task", Form::Name, "Calls a task, by its id; the result is what the function returns."),
    key("workflow", Form::Name, "Runs another workflow, by its id; the result is its output."),
    key("sequence", Form::Steps, "Runs steps in order; the result is the last one's."),
    key("parallel", Form::Steps, "Runs all branches at once; the result is a record of those with an id."),
    key(
        "graph",
        Form::Steps,
        "Runs each step as soon as what it needs is there; the result is a record of the steps with an id.",
    ),
    key(
        "race",
        Form::Steps,
        "Runs all branches at once; the first success is the result, the others are cancelled.",
    ),
    key(
        "map",
        Form::Inside,
        "Runs steps for each item of a list; the result is the list of last results, in the order of the items.",
    ),
    key("switch", Form::Cases, "Runs the steps of the first case that holds; the result is theirs."),
    key(
        "loop",
        Form::Inside,
        "Runs steps again and again, while or until a condition holds, a bounded number of times.",
    ),
    key("try", Form::Steps, "Runs steps whose errors are caught below."),
    key(
        "catch",
        Form::Catches,
        "What is done after an error of the steps under `try`: one clause, or a list of which the first that fits is taken.",
    ),
    key("finally", Form::Steps, "What is done at the end, whether the steps failed or not."),
    key("sleep", Form::Sleep, "Waits; the timer survives a crash.").such_as(&["\"5m\""]),
    key("wait_for", Form::Inside, "Waits for a signal; the result is the signal's data."),
    key("emit", Form::Inside, "Sends a signal."),
    key("hold", Form::Inside, "Keeps a permit or connection of a resource over several steps."),
    key("set", Form::Set, "Gives names to values."),
    key("return", Form::Any, "Ends the workflow with a value."),
    key("fail", Form::Inside, "Ends the workflow with an error."),
    key("id", Form::Id, "The step's name in expressions; by default the task's or workflow's."),
    key("when", Form::Condition, "Where it does not hold the step is skipped, and its result is null.")
        .such_as(&["\"${input.amount > 0}\""]),
    key(
        "needs",
        Form::Names,
        "The steps of the same `graph` that must have ended before: one id, or a list.",
    ),
    key("with", Form::Arguments, "Arguments by parameter, before those of the task.")
        .such_as(&["{\"amount\": \"${input.amount}\"}"]),
    key(
        "policy",
        Form::Policy,
        "How it is retried and limited, in place of the task's: the id of a policy, or a policy written in place.",
    ),
    key(
        "critical",
        Form::Bool,
        "Whether its failure is the workflow's; `false` records and tolerates it, and the result is null.",
    ),
    key("deadline", Form::Duration, "The longest time of the block; by default no limit.")
        .such_as(&["\"30s\""]),
    key("steps", Form::Steps, "The steps inside."),
];

/// Keys of one kind of step, by its word.
pub(super) const OF_STEP: &[(&str, &[Key])] = &[
    ("workflow", &[key("detach", Form::Bool, "Whether nobody waits for its end.").by_default("false")]),
    (
        "parallel",
        &[
            key("max_concurrency", Form::Count, "How many branches run at a time; by default all."),
            key(
                "on_failure",
                words!(ON_FAILURE),
                "Whether a failing branch cancels the others or lets them end.",
            )
            .by_default("\"cancel\""),
        ],
    ),
    (
        "map",
        &[
            key("over", Form::ListOrExpression, "The list.").such_as(&["\"${input.orders}\""]),
            key("as", Form::Id, "The name of the item in expressions."),
            key("max_concurrency", Form::Count, "How many items are worked on at a time; by default all."),
        ],
    ),
    (
        "loop",
        &[
            key("while", Form::Condition, "Tested before each iteration: it must hold for one more."),
            key(
                "until",
                Form::Condition,
                "Tested after each iteration, whose steps it sees: where it holds the loop ends.",
            ),
            key("max_iterations", Form::Count, "How often it runs at most."),
            key("every", Form::Duration, "The pause after each iteration.").such_as(&["\"10s\""]),
            key(
                "on_exhausted",
                words!(ON_EXHAUSTED),
                "What follows when the bound is reached: the step fails, or the workflow goes on.",
            )
            .by_default("\"fail\""),
        ],
    ),
    (
        "wait_for",
        &[
            key("signal", Form::Id, "The name of the signal."),
            key("type", Form::Type, "The type of the signal's data."),
            key("timeout", Form::Duration, "How long it waits; by default without end.")
                .such_as(&["\"24h\""]),
            key(
                "on_timeout",
                words!(ON_TIMEOUT),
                "What follows when the time is over: the step fails, or its result is null.",
            )
            .by_default("\"fail\""),
        ],
    ),
    (
        "emit",
        &[
            key("signal", Form::Id, "The name of the signal."),
            key("data", Form::Any, "What it carries: a literal or an expression."),
            key("run", Form::Any, "The id of the run that gets it; by default this one."),
        ],
    ),
    (
        "hold",
        &[
            key("resource", Form::Name, "The id of the resource."),
            key("atomic", Form::Bool, "Whether the block is one step to the journal.").by_default("false"),
        ],
    ),
    (
        "fail",
        &[
            key("type", Form::Name, "The type of the error.").such_as(&["\"OrderRefused\""]),
            key("message", Form::Any, "What is said about it: a text or an expression."),
        ],
    ),
];

/// The key of that name in a mapping of that noun.
pub(super) fn find(noun: &str, name: &str) -> Option<&'static Key> {
    let (_, keys) = TABLE.iter().find(|(known, _)| *known == noun)?;
    keys.iter().find(|key| key.name == name)
}

/// The key of that name in a step of that kind.
pub(super) fn of_step(word: &str, name: &str) -> Option<&'static Key> {
    let own = OF_STEP.iter().find(|(known, _)| *known == word).map_or(&[][..], |(_, keys)| *keys);
    own.iter().chain(STEP).find(|key| key.name == name)
}
