//! Messages between a runtime and the sidecar: the bodies of JSON-RPC 2.0 requests, results and notifications.
//!
//! `docs/protocol.md` specifies each with an example that is a test. Nothing here reads or writes a socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::breaker::BreakerChanged;
use crate::entry::{Entry, Json, Parent, Record, UnixMillis};
use crate::error::ErrorForm;
use crate::live::PolicyNumbers;
use crate::permit::PermitClaim;
use crate::plan::Schedule;
use crate::state::RunState;

/// Method names, as they stand on the wire.
pub mod method {
    pub const AUTHENTICATE: &str = "authenticate";
    pub const HELLO: &str = "hello";
    pub const PING: &str = "ping";
    pub const LOG_OPEN: &str = "log.open";
    pub const RUN_START: &str = "run.start";
    pub const RUN_READ: &str = "run.read";
    pub const RUN_AWAIT: &str = "run.await";
    pub const RUN_CANCEL: &str = "run.cancel";
    pub const RUN_RELEASE: &str = "run.release";
    pub const STEP_RECORD: &str = "step.record";
    pub const RUN_ACK: &str = "run.ack";
    pub const RUN_REFUSED: &str = "run.refused";
    pub const RUN_DISPATCH: &str = "run.dispatch";
    pub const RUN_CANCELLING: &str = "run.cancelling";
    pub const PERMIT_ACQUIRE: &str = "permit.acquire";
    pub const PERMIT_RELEASE: &str = "permit.release";
    pub const PERMIT_RECALL: &str = "permit.recall";
    pub const RESOURCE_REPORT: &str = "resource.report";
    pub const BREAKER_REPORT: &str = "breaker.report";
    pub const BREAKER_PROBE: &str = "breaker.probe";
    pub const BREAKER_CHANGED: &str = "breaker.changed";
    pub const POLICY_REPORT: &str = "policy.report";
    pub const POLICY_CHANGED: &str = "policy.changed";
    pub const PLAN_DEFINE: &str = "plan.define";
    pub const SIGNAL_SEND: &str = "signal.send";
    pub const SIGNAL_LIST: &str = "signal.list";
    pub const RUN_SIGNAL: &str = "run.signal";
    pub const TASK_INVOKE: &str = "task.invoke";
    pub const TASK_CANCEL: &str = "task.cancel";
}

/// Error codes of JSON-RPC responses and of [`RunRefused`].
pub mod code {
    pub const PARSE_ERROR: i32 = -32700;
    pub const INVALID_REQUEST: i32 = -32600;
    pub const METHOD_NOT_FOUND: i32 = -32601;
    pub const INVALID_PARAMS: i32 = -32602;
    /// The two sides share no protocol version; `data` names both ranges.
    pub const VERSION: i32 = -32001;
    /// A message before `hello`, or a second `hello`.
    pub const NOT_GREETED: i32 = -32002;
    /// No token or certificate that is valid, or none at all.
    pub const UNAUTHENTICATED: i32 = -32003;
    /// The client's roles do not allow it.
    pub const FORBIDDEN: i32 = -32004;
    /// The run exists with another input or workflow.
    pub const RUN_MISMATCH: i32 = -32010;
    pub const RUN_UNKNOWN: i32 = -32011;
    /// The run is pinned to another Plan than the caller's.
    pub const PLAN_MISMATCH: i32 = -32012;
    /// The epoch is not the current one: another session owns the run.
    pub const STALE_EPOCH: i32 = -32013;
    /// The sequence number leaves a gap, or repeats one with other content.
    pub const SEQUENCE: i32 = -32014;
    /// The entry may not follow the run's state.
    pub const TRANSITION: i32 = -32015;
    /// A value or message over its limit; `data` has both sizes.
    pub const TOO_LARGE: i32 = -32016;
    /// The store refused: full, read-only, locked. Nothing was lost; resend later.
    pub const STORE: i32 = -32017;
    /// The sidecar is draining.
    pub const CLOSING: i32 = -32018;
    /// The workflow has secret inputs, and the sidecar no key to keep them with.
    pub const NO_KEY: i32 = -32019;
    /// The run has ended and was purged: its id is taken, and nothing else of it is left.
    pub const RUN_PURGED: i32 = -32020;
}

/// First message of a connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: ProtocolRange,
    /// UUID of the session; the same after a reconnect.
    pub session: String,
    pub client: ClientInfo,
    pub pid: u32,
    /// Start time of the process as the kernel counts it (field 22 of `/proc/PID/stat`), so that a reused pid is seen.
    pub process_start: u64,
    /// How many dispatched runs the session will hold at a time; 0 for a session that serves nothing.
    pub serve: u32,
    pub plans: Vec<PlanRef>,
    /// Runs that the session owned before it lost the connection.
    #[serde(default)]
    pub owned: Vec<Owned>,
    /// Permits of the host that the session holds or waits for; others of it are free.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permits: Vec<PermitClaim>,
    /// Functions that workflows of other languages may call in this process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<ServedTask>,
}

/// A function that a session serves to workflows of other languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedTask {
    /// As `go:example.com/shop.Charge`.
    pub function: String,
    /// Of its parameters and result; both sides take it from the same build.
    pub signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRange {
    pub min: u32,
    pub max: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientInfo {
    pub name: String,
    pub version: String,
    pub language: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRef {
    pub workflow: String,
    pub digest: String,
    /// When the sidecar begins runs of it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Names of its secret inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    pub run: String,
    pub epoch: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HelloResult {
    pub protocol: u32,
    pub sidecar: SidecarInfo,
    /// How long after the sending of its last answered message a session may begin attempts.
    pub lease_ms: u64,
    pub limits: Limits,
    /// For each of the claimed runs that is still the session's: the next sequence number the journal wants.
    pub owned: Vec<Resumable>,
    /// Circuit breakers that are not closed, or that a person decides on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<BreakerChanged>,
    /// Numbers of policies that people have set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyNumbers>,
    /// Digests of Plans that the greeting names and the sidecar does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<String>,
}

/// Asks for a log that the session's process writes by itself, ahead of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogOpen {}

/// The log that was made; nothing where there is none to be had.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogOpenResult {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFile>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogFile {
    pub path: String,
    /// Its length, which does not change.
    pub bytes: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SidecarInfo {
    pub version: String,
    pub pid: u32,
    /// It ends by itself when nobody uses it, and whoever needs one starts another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub value_bytes: u64,
    pub message_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { value_bytes: 4 << 20, message_bytes: 16 << 20 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumable {
    pub run: String,
    pub epoch: u64,
    pub next_seq: u64,
    pub cancelling: bool,
}

/// Starts a run, or attaches to it, or continues it where nobody owns it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunStart {
    pub run: String,
    pub workflow: String,
    pub plan: String,
    pub input: Json,
    /// Names of the inputs that are secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Of the W3C's trace context: the trace to which the run belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The caller's clock.
    pub at: UnixMillis,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RunStartResult {
    /// The caller owns the run. With `next_seq` over 1 there is a history to read first. Not yet on disk: wait for the
    /// acknowledgement of sequence number 0 (it rides with the first barrier).
    Owned {
        epoch: u64,
        next_seq: u64,
        started_at: UnixMillis,
        cancelling: bool,
        /// The sidecar does not have the Plan.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        wanted: bool,
    },
    /// Another session owns it, or it is paused: wait with `run.await`.
    Attached { state: RunState },
    /// It has ended; `run.await` answers at once.
    Finished { state: RunState },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRead {
    pub run: String,
    /// First sequence number wanted.
    pub from: u64,
}

/// A page of a run's committed records; pages end near a mebibyte.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReadResult {
    pub records: Vec<Record>,
    pub more: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunAwait {
    pub run: String,
}

/// The committed end of a run, or its pause.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunAwaitResult {
    pub state: RunState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    #[serde(flatten)]
    pub error: ErrorForm,
    /// Key of the step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(default)]
    pub attempts: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunCancel {
    pub run: String,
    pub reason: String,
}

/// Gives an unfinished run back, so that another session may take it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRelease {
    pub run: String,
    pub epoch: u64,
}

/// Appends a record. Answered by [`RunAck`] or [`RunRefused`].
///
/// The fields of [`Record`] stand here themselves: a flattened struct cannot hold raw values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepRecord {
    pub run: String,
    pub epoch: u64,
    pub seq: u64,
    /// It stands in the log of the session's process: the acknowledgement may take a while.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logged: bool,
    pub entries: Vec<Entry>,
}

/// Every record of the run up to and including `seq` is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAck {
    pub run: String,
    pub seq: u64,
}

/// The record with `seq`, and all after it, were not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRefused {
    pub run: String,
    pub epoch: u64,
    pub seq: u64,
    pub code: i32,
    pub message: String,
}

/// From the sidecar: the session owns this run from now on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunDispatch {
    pub run: String,
    pub workflow: String,
    pub plan: String,
    pub epoch: u64,
    pub next_seq: u64,
    pub started_at: UnixMillis,
    pub cancelling: bool,
    /// What `run.read` would answer from 0, where that is at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Json>,
}

/// From the sidecar to the owner: somebody asked for the run to be cancelled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunCancelling {
    pub run: String,
    pub epoch: u64,
    pub reason: String,
}

/// Sends a signal to a run. Answered with `{}` when it is on disk; one with an `id` that the run has is ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignalSend {
    pub run: String,
    pub signal: String,
    pub id: String,
    pub data: Json,
}

/// Asks for every signal that a run has got, taken or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalList {
    pub run: String,
    /// First ordinal wanted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub from: u64,
}

/// A page of signals; pages end near four mebibytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignalListResult {
    pub signals: Vec<Signal>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A signal that is on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signal {
    /// From 0, dense over the signals of the run, in the order in which they came.
    pub ordinal: u64,
    pub signal: String,
    pub id: String,
    pub data: Json,
}

/// From the sidecar to the owner of a run: a signal has come, and is on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSignal {
    pub run: String,
    pub epoch: u64,
    pub ordinal: u64,
    pub signal: String,
    pub id: String,
    pub data: Json,
}

/// Calls a function in a process that serves it: from the owner of a run to the sidecar, and from there to the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskInvoke {
    /// A number that the asking side has not used before on this session.
    pub call: u64,
    /// As `go:example.com/shop.Charge`.
    pub function: String,
    /// As the caller's build knows it.
    pub signature: String,
    /// By the parameters' names, as `docs/types.md` writes values.
    pub args: BTreeMap<String, Json>,
    /// The idempotency key: `<run>/<step key>`.
    pub key: String,
    pub run: String,
    pub workflow: String,
    pub step: String,
    pub attempt: u32,
    /// How long the caller waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Of the W3C's trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// What a call of a served function came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskOutcome {
    Output(Json),
    Error(ErrorForm),
    /// Always true: the process died in the call, and nobody knows how far it came.
    Lost(bool),
}

/// Asks for a call to be stopped. Its [`TaskInvoke`] is answered all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCancel {
    pub call: u64,
}
