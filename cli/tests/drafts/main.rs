//! The corpus of instructions through the binary, over manifests and code: offline, and with each model of `DRAFTS_MODELS`.
//!
//! Figures of models are told, not asserted: they are the models'.

#[cfg(test)]
mod worlds;

#[cfg(test)]
#[path = "../../../assist/tests/corpus/notation.rs"]
mod notation;

#[cfg(test)]
mod figures;
