//! The runtime's files, embedded so that they can never differ in version from the code that is written beside them.
//!
//! It knows their names only.

use conductor_protocol::plan::Callable;

use super::package::Package;
use super::tree::Module;

/// The one file that is written here, so that a client says the version of the compiler that made it.
const VERSION: &str = concat!(
    "\"\"\"The version of the compiler that wrote these files.\"\"\"\n\nVERSION = \"",
    env!("CARGO_PKG_VERSION"),
    "\"\n"
);

/// Name and text of each file of `_conductor/`.
pub const FILES: [(&str, &str); 73] = [
    ("__init__.py", include_str!("../../../../runtimes/python/_conductor/__init__.py")),
    ("address.py", include_str!("../../../../runtimes/python/_conductor/address.py")),
    ("ahead.py", include_str!("../../../../runtimes/python/_conductor/ahead.py")),
    ("atomic.py", include_str!("../../../../runtimes/python/_conductor/atomic.py")),
    ("background.py", include_str!("../../../../runtimes/python/_conductor/background.py")),
    ("breaker.py", include_str!("../../../../runtimes/python/_conductor/breaker.py")),
    ("cache.py", include_str!("../../../../runtimes/python/_conductor/cache.py")),
    ("cel.py", include_str!("../../../../runtimes/python/_conductor/cel.py")),
    ("cel_dynamic.py", include_str!("../../../../runtimes/python/_conductor/cel_dynamic.py")),
    ("cel_lists.py", include_str!("../../../../runtimes/python/_conductor/cel_lists.py")),
    ("cel_math.py", include_str!("../../../../runtimes/python/_conductor/cel_math.py")),
    ("cel_text.py", include_str!("../../../../runtimes/python/_conductor/cel_text.py")),
    ("cel_time.py", include_str!("../../../../runtimes/python/_conductor/cel_time.py")),
    ("childstep.py", include_str!("../../../../runtimes/python/_conductor/childstep.py")),
    ("compensate.py", include_str!("../../../../runtimes/python/_conductor/compensate.py")),
    ("config.py", include_str!("../../../../runtimes/python/_conductor/config.py")),
    ("connection.py", include_str!("../../../../runtimes/python/_conductor/connection.py")),
    ("contained.py", include_str!("../../../../runtimes/python/_conductor/contained.py")),
    ("current.py", include_str!("../../../../runtimes/python/_conductor/current.py")),
    ("deadline.py", include_str!("../../../../runtimes/python/_conductor/deadline.py")),
    ("detach.py", include_str!("../../../../runtimes/python/_conductor/detach.py")),
    ("endpoint.py", include_str!("../../../../runtimes/python/_conductor/endpoint.py")),
    ("errors.py", include_str!("../../../../runtimes/python/_conductor/errors.py")),
    ("execute.py", include_str!("../../../../runtimes/python/_conductor/execute.py")),
    ("exits.py", include_str!("../../../../runtimes/python/_conductor/exits.py")),
    ("fallback.py", include_str!("../../../../runtimes/python/_conductor/fallback.py")),
    ("form.py", include_str!("../../../../runtimes/python/_conductor/form.py")),
    ("gone.py", include_str!("../../../../runtimes/python/_conductor/gone.py")),
    ("hedge.py", include_str!("../../../../runtimes/python/_conductor/hedge.py")),
    ("held.py", include_str!("../../../../runtimes/python/_conductor/held.py")),
    ("history.py", include_str!("../../../../runtimes/python/_conductor/history.py")),
    ("host.py", include_str!("../../../../runtimes/python/_conductor/host.py")),
    ("ids.py", include_str!("../../../../runtimes/python/_conductor/ids.py")),
    ("invoke.py", include_str!("../../../../runtimes/python/_conductor/invoke.py")),
    ("journal.py", include_str!("../../../../runtimes/python/_conductor/journal.py")),
    ("jsontext.py", include_str!("../../../../runtimes/python/_conductor/jsontext.py")),
    ("lease.py", include_str!("../../../../runtimes/python/_conductor/lease.py")),
    ("leases.py", include_str!("../../../../runtimes/python/_conductor/leases.py")),
    ("left.py", include_str!("../../../../runtimes/python/_conductor/left.py")),
    ("limits.py", include_str!("../../../../runtimes/python/_conductor/limits.py")),
    ("lines.py", include_str!("../../../../runtimes/python/_conductor/lines.py")),
    ("live.py", include_str!("../../../../runtimes/python/_conductor/live.py")),
    ("logs.py", include_str!("../../../../runtimes/python/_conductor/logs.py")),
    ("parallel.py", include_str!("../../../../runtimes/python/_conductor/parallel.py")),
    ("permits.py", include_str!("../../../../runtimes/python/_conductor/permits.py")),
    ("plans.py", include_str!("../../../../runtimes/python/_conductor/plans.py")),
    ("policy.py", include_str!("../../../../runtimes/python/_conductor/policy.py")),
    ("process.py", include_str!("../../../../runtimes/python/_conductor/process.py")),
    ("rates.py", include_str!("../../../../runtimes/python/_conductor/rates.py")),
    ("recorded.py", include_str!("../../../../runtimes/python/_conductor/recorded.py")),
    ("recording.py", include_str!("../../../../runtimes/python/_conductor/recording.py")),
    ("remote.py", include_str!("../../../../runtimes/python/_conductor/remote.py")),
    ("resources.py", include_str!("../../../../runtimes/python/_conductor/resources.py")),
    ("run.py", include_str!("../../../../runtimes/python/_conductor/run.py")),
    ("saturation.py", include_str!("../../../../runtimes/python/_conductor/saturation.py")),
    ("scalars.py", include_str!("../../../../runtimes/python/_conductor/scalars.py")),
    ("secrets.py", include_str!("../../../../runtimes/python/_conductor/secrets.py")),
    ("serve.py", include_str!("../../../../runtimes/python/_conductor/serve.py")),
    ("session.py", include_str!("../../../../runtimes/python/_conductor/session.py")),
    ("sessions.py", include_str!("../../../../runtimes/python/_conductor/sessions.py")),
    ("settle.py", include_str!("../../../../runtimes/python/_conductor/settle.py")),
    ("shared.py", include_str!("../../../../runtimes/python/_conductor/shared.py")),
    ("signals.py", include_str!("../../../../runtimes/python/_conductor/signals.py")),
    ("starting.py", include_str!("../../../../runtimes/python/_conductor/starting.py")),
    ("step.py", include_str!("../../../../runtimes/python/_conductor/step.py")),
    ("threads.py", include_str!("../../../../runtimes/python/_conductor/threads.py")),
    ("trace.py", include_str!("../../../../runtimes/python/_conductor/trace.py")),
    ("turns.py", include_str!("../../../../runtimes/python/_conductor/turns.py")),
    ("untyped.py", include_str!("../../../../runtimes/python/_conductor/untyped.py")),
    ("version.py", VERSION),
    ("waits.py", include_str!("../../../../runtimes/python/_conductor/waits.py")),
    ("worker.py", include_str!("../../../../runtimes/python/_conductor/worker.py")),
    ("workflow.py", include_str!("../../../../runtimes/python/_conductor/workflow.py")),
];

/// What calls of services need: those of gRPC and of HTTP import a library.
const GRPC: [(&str, &str); 2] = [
    ("grpc_calls.py", include_str!("../../../../runtimes/python/_conductor/grpc_calls.py")),
    ("grpc_messages.py", include_str!("../../../../runtimes/python/_conductor/grpc_messages.py")),
];
const HTTP: [(&str, &str); 2] = [
    ("http_calls.py", include_str!("../../../../runtimes/python/_conductor/http_calls.py")),
    ("http_values.py", include_str!("../../../../runtimes/python/_conductor/http_values.py")),
];

/// The files beside [`FILES`] that the package needs.
pub fn needed(package: &Package) -> Vec<(&'static str, &'static str)> {
    let mut files = Vec::new();
    let is_called = |wanted: fn(&Callable) -> bool| package.operations.all().any(|one| wanted(&one.callable));
    let grpc = is_called(|callable| matches!(callable, Callable::Grpc { .. }));
    let http = is_called(|callable| matches!(callable, Callable::Http { .. }));
    if grpc {
        files.extend(GRPC);
    }
    if http {
        files.extend(HTTP);
    }
    files
}

/// Those that `_resources.py` may import: all but one need a library.
const RESOURCES: [(&str, &str); 6] = [
    ("health.py", include_str!("../../../../runtimes/python/_conductor/health.py")),
    ("resources_asyncpg.py", include_str!("../../../../runtimes/python/_conductor/resources_asyncpg.py")),
    ("resources_grpc.py", include_str!("../../../../runtimes/python/_conductor/resources_grpc.py")),
    ("resources_httpx.py", include_str!("../../../../runtimes/python/_conductor/resources_httpx.py")),
    ("resources_psycopg.py", include_str!("../../../../runtimes/python/_conductor/resources_psycopg.py")),
    ("resources_redis.py", include_str!("../../../../runtimes/python/_conductor/resources_redis.py")),
];

/// The files that the module of the resources imports.
pub fn imported(module: &Module) -> Vec<(&'static str, &'static str)> {
    let imports = |name: &str| {
        let wanted = format!("._conductor.{}", name.trim_end_matches(".py"));
        module.imports.iter().any(|import| import.module == wanted)
    };
    // A channel's module takes addresses apart as the checks of health do.
    let needs_health = imports("resources_grpc.py");
    RESOURCES
        .into_iter()
        .filter(|(name, _)| imports(name) || (needs_health && *name == "health.py"))
        .collect()
}
