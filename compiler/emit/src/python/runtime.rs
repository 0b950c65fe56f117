//! The runtime's files, embedded so that they can never differ in version from the code that is written beside them.
//!
//! It knows their names only.

/// The one file that is written here, so that a client says the version of the compiler that made it.
const VERSION: &str = concat!(
    "\"\"\"The version of the compiler that wrote these files.\"\"\"\n\nVERSION = \"",
    env!("CARGO_PKG_VERSION"),
    "\"\n"
);

/// Name and text of each file of `_conductor/`.
pub const FILES: [(&str, &str); 38] = [
    ("__init__.py", include_str!("../../../../runtimes/python/_conductor/__init__.py")),
    ("address.py", include_str!("../../../../runtimes/python/_conductor/address.py")),
    ("background.py", include_str!("../../../../runtimes/python/_conductor/background.py")),
    ("cel.py", include_str!("../../../../runtimes/python/_conductor/cel.py")),
    ("cel_dynamic.py", include_str!("../../../../runtimes/python/_conductor/cel_dynamic.py")),
    ("cel_lists.py", include_str!("../../../../runtimes/python/_conductor/cel_lists.py")),
    ("cel_math.py", include_str!("../../../../runtimes/python/_conductor/cel_math.py")),
    ("cel_text.py", include_str!("../../../../runtimes/python/_conductor/cel_text.py")),
    ("cel_time.py", include_str!("../../../../runtimes/python/_conductor/cel_time.py")),
    ("config.py", include_str!("../../../../runtimes/python/_conductor/config.py")),
    ("connection.py", include_str!("../../../../runtimes/python/_conductor/connection.py")),
    ("deadline.py", include_str!("../../../../runtimes/python/_conductor/deadline.py")),
    ("errors.py", include_str!("../../../../runtimes/python/_conductor/errors.py")),
    ("execute.py", include_str!("../../../../runtimes/python/_conductor/execute.py")),
    ("fallback.py", include_str!("../../../../runtimes/python/_conductor/fallback.py")),
    ("form.py", include_str!("../../../../runtimes/python/_conductor/form.py")),
    ("history.py", include_str!("../../../../runtimes/python/_conductor/history.py")),
    ("host.py", include_str!("../../../../runtimes/python/_conductor/host.py")),
    ("ids.py", include_str!("../../../../runtimes/python/_conductor/ids.py")),
    ("journal.py", include_str!("../../../../runtimes/python/_conductor/journal.py")),
    ("parallel.py", include_str!("../../../../runtimes/python/_conductor/parallel.py")),
    ("permits.py", include_str!("../../../../runtimes/python/_conductor/permits.py")),
    ("policy.py", include_str!("../../../../runtimes/python/_conductor/policy.py")),
    ("process.py", include_str!("../../../../runtimes/python/_conductor/process.py")),
    ("recorded.py", include_str!("../../../../runtimes/python/_conductor/recorded.py")),
    ("resources.py", include_str!("../../../../runtimes/python/_conductor/resources.py")),
    ("run.py", include_str!("../../../../runtimes/python/_conductor/run.py")),
    ("saturation.py", include_str!("../../../../runtimes/python/_conductor/saturation.py")),
    ("scalars.py", include_str!("../../../../runtimes/python/_conductor/scalars.py")),
    ("serve.py", include_str!("../../../../runtimes/python/_conductor/serve.py")),
    ("session.py", include_str!("../../../../runtimes/python/_conductor/session.py")),
    ("sessions.py", include_str!("../../../../runtimes/python/_conductor/sessions.py")),
    ("settle.py", include_str!("../../../../runtimes/python/_conductor/settle.py")),
    ("step.py", include_str!("../../../../runtimes/python/_conductor/step.py")),
    ("threads.py", include_str!("../../../../runtimes/python/_conductor/threads.py")),
    ("untyped.py", include_str!("../../../../runtimes/python/_conductor/untyped.py")),
    ("version.py", VERSION),
    ("workflow.py", include_str!("../../../../runtimes/python/_conductor/workflow.py")),
];
