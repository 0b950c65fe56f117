//! The codes of what can be wrong with names, types and the flow between workflows.
//!
//! It knows no texts: those stand where the finding is made, and in `docs/codes/`.

use conductor_source::Code;

pub const UNKNOWN_TASK: Code = Code("E101");
pub const UNKNOWN_WORKFLOW: Code = Code("E102");
pub const DUPLICATE_ID: Code = Code("E103");
pub const DUPLICATE_STEP: Code = Code("E104");
pub const UNKNOWN_RESOURCE: Code = Code("E105");
pub const NAME_HIDDEN: Code = Code("E106");
pub const NEEDS: Code = Code("E107");
pub const UNDEFINED_POLICY: Code = Code("E110");
pub const POLICY_ON_WORKFLOW: Code = Code("E111");
pub const REF_NOT_FOUND: Code = Code("E120");
pub const REF_NOT_CALLABLE: Code = Code("E121");
pub const REF_AMBIGUOUS: Code = Code("E122");
pub const REF_UNREADABLE: Code = Code("E123");
pub const NO_SERVICE: Code = Code("E124");
pub const SEVERAL_LANGUAGES: Code = Code("E128");
pub const OTHER_LANGUAGE: Code = Code("E129");
pub const UNKNOWN_ARGUMENT: Code = Code("E130");
pub const ARGUMENT_TYPE: Code = Code("E131");
pub const NEAR_MISS: Code = Code("E132");
pub const TWO_VALUES: Code = Code("E133");
pub const INPUT_TWO_TYPES: Code = Code("E134");
pub const POSITIONAL_GAP: Code = Code("E135");
pub const DUPLICATE_ARGUMENT: Code = Code("E136");
pub const NO_VALUE: Code = Code("E137");
pub const UNKNOWN_NAME: Code = Code("E140");
pub const NOT_RUN_YET: Code = Code("E141");
pub const SIBLING_BRANCH: Code = Code("E142");
pub const BAD_EXPRESSION: Code = Code("E143");
pub const NOT_A_LIST: Code = Code("E144");
pub const UNKNOWN_TYPE: Code = Code("E150");
pub const INPUT_DEFAULT: Code = Code("E151");
pub const SCHEDULED_INPUT: Code = Code("E152");
pub const SCHEDULED_NOT_DURABLE: Code = Code("E153");
pub const WORKFLOW_CYCLE: Code = Code("E201");
pub const GRAPH_CYCLE: Code = Code("E202");
pub const FALLBACK_CYCLE: Code = Code("E203");

/// Every code this crate reports.
pub const CODES: &[Code] = &[
    UNKNOWN_TASK,
    UNKNOWN_WORKFLOW,
    DUPLICATE_ID,
    DUPLICATE_STEP,
    UNKNOWN_RESOURCE,
    NAME_HIDDEN,
    NEEDS,
    UNDEFINED_POLICY,
    POLICY_ON_WORKFLOW,
    REF_NOT_FOUND,
    REF_NOT_CALLABLE,
    REF_AMBIGUOUS,
    REF_UNREADABLE,
    NO_SERVICE,
    SEVERAL_LANGUAGES,
    OTHER_LANGUAGE,
    UNKNOWN_ARGUMENT,
    ARGUMENT_TYPE,
    NEAR_MISS,
    TWO_VALUES,
    INPUT_TWO_TYPES,
    POSITIONAL_GAP,
    DUPLICATE_ARGUMENT,
    NO_VALUE,
    UNKNOWN_NAME,
    NOT_RUN_YET,
    SIBLING_BRANCH,
    BAD_EXPRESSION,
    NOT_A_LIST,
    UNKNOWN_TYPE,
    INPUT_DEFAULT,
    SCHEDULED_INPUT,
    SCHEDULED_NOT_DURABLE,
    WORKFLOW_CYCLE,
    GRAPH_CYCLE,
    FALLBACK_CYCLE,
];

/// What is found wherever the code itself was not.
pub const NOT_IN_CODE: &[Code] = &[REF_NOT_FOUND, UNKNOWN_TYPE];
