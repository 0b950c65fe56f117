//! The codes of the rules.
//!
//! It knows no texts: those stand in each rule, and in `docs/codes/`.

use conductor_source::Code;

pub const OPAQUE_VALUE: Code = Code("E160");
pub const DEADLOCK: Code = Code("E210");
pub const SELF_DEADLOCK: Code = Code("E211");
pub const SIGNAL_TOO_LATE: Code = Code("E212");
pub const KEPT_OUT: Code = Code("E213");
pub const ATOMIC_WAIT: Code = Code("E214");
pub const TIMEOUT_OVER_DEADLINE: Code = Code("E301");
pub const DELAY_ORDER: Code = Code("E302");
pub const RETRY_AND_ABORT: Code = Code("E303");
pub const DEADLINE_TOO_SHORT: Code = Code("E310");
pub const HEDGED_WRITE: Code = Code("E311");
pub const RACED_WRITE: Code = Code("E312");
pub const CACHED_WRITE: Code = Code("E313");
pub const IN_DOUBT_UNSAID: Code = Code("W101");
pub const BLOCKING_TIMEOUT: Code = Code("W102");
pub const UNANNOTATED: Code = Code("W103");
pub const UNUSED_TASK: Code = Code("W104");
pub const UNUSED_POLICY: Code = Code("W105");
pub const UNUSED_WORKFLOW: Code = Code("W106");
pub const UNUSED_RESOURCE: Code = Code("W107");
pub const DEADLOCK_UNTIL_DEADLINE: Code = Code("W210");
pub const DEADLOCK_NOT_COUNTED: Code = Code("W211");
pub const SIGNAL_FROM_OUTSIDE: Code = Code("W212");
pub const SIGNAL_UNHEARD: Code = Code("W213");
pub const KEPT_WAITING: Code = Code("W214");
pub const PARALLEL_WRITES: Code = Code("W215");
pub const UNREACHABLE: Code = Code("W220");
pub const SHADOWED: Code = Code("W221");
pub const NEVER_ENDS_WELL: Code = Code("W222");
pub const RETRIES_NEVER: Code = Code("W310");
pub const TIMEOUT_CUT_OFF: Code = Code("W311");
pub const LOOP_CUT_OFF: Code = Code("W312");
pub const AMPLIFIED: Code = Code("W313");
pub const IDLE_BREAKER: Code = Code("W314");
pub const IDLE_HEDGE: Code = Code("W315");
pub const TOO_WIDE: Code = Code("W316");
pub const FALLBACK_AFTER_WRITE: Code = Code("W317");
pub const UNDURABLE_WAIT: Code = Code("W318");
pub const MISSPELT_STATUS: Code = Code("W319");

/// Every code this crate reports.
pub const CODES: &[Code] = &[
    OPAQUE_VALUE,
    DEADLOCK,
    SELF_DEADLOCK,
    SIGNAL_TOO_LATE,
    KEPT_OUT,
    ATOMIC_WAIT,
    TIMEOUT_OVER_DEADLINE,
    DELAY_ORDER,
    RETRY_AND_ABORT,
    DEADLINE_TOO_SHORT,
    HEDGED_WRITE,
    RACED_WRITE,
    CACHED_WRITE,
    IN_DOUBT_UNSAID,
    BLOCKING_TIMEOUT,
    UNANNOTATED,
    UNUSED_TASK,
    UNUSED_POLICY,
    UNUSED_WORKFLOW,
    UNUSED_RESOURCE,
    DEADLOCK_UNTIL_DEADLINE,
    DEADLOCK_NOT_COUNTED,
    SIGNAL_FROM_OUTSIDE,
    SIGNAL_UNHEARD,
    KEPT_WAITING,
    PARALLEL_WRITES,
    UNREACHABLE,
    SHADOWED,
    NEVER_ENDS_WELL,
    RETRIES_NEVER,
    TIMEOUT_CUT_OFF,
    LOOP_CUT_OFF,
    AMPLIFIED,
    IDLE_BREAKER,
    IDLE_HEDGE,
    TOO_WIDE,
    FALLBACK_AFTER_WRITE,
    UNDURABLE_WAIT,
    MISSPELT_STATUS,
];
