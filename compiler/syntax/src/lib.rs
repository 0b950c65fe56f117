//! Manifest text to one span tree, and edits of the text that keep everything else in its place.
//!
//! It knows YAML, not what a key means.

pub mod tree;

pub use tree::{Entry, Key, Kind, Node, Scalar};
