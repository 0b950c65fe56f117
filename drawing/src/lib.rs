//! A Plan as a drawing: which boxes and arrows there are, where they stand, and the forms in which others read them.
//!
//! It knows no run: whoever shows one finds a step's box by its key.

mod dot;
mod label;
mod layers;
mod layout;
mod mermaid;
mod piece;
mod svg;

use serde::Serialize;

pub use dot::dot;
pub use layout::draw;
pub use mermaid::mermaid;
pub use svg::svg;

/// Boxes and arrows of a workflow; lengths are in pixels, from the upper left corner.
#[derive(Debug, Serialize)]
pub struct Drawing {
    pub workflow: String,
    pub width: f64,
    pub height: f64,
    /// A block stands before what is in it.
    pub boxes: Vec<Shape>,
    pub arrows: Vec<Arrow>,
}

/// A step, a block, or a part of a block such as the case of a `switch`.
#[derive(Debug, Serialize)]
pub struct Shape {
    /// As in the journal, with `[*]` for the iterations of a `map` or `loop`; absent for what is not recorded.
    pub key: Option<String>,
    /// `task`, `map`, `start`, ...; `part` for a part of a block.
    pub kind: &'static str,
    pub title: String,
    /// What stands below the title, a line each.
    pub lines: Vec<String>,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// How many blocks it stands in.
    pub depth: usize,
    pub is_block: bool,
    /// Whether it changes something.
    pub is_write: bool,
    /// Whether the workflow goes on when it fails.
    pub is_tolerated: bool,
    /// The whole of what had to be cut to fit in.
    pub tip: String,
}

/// What comes after what.
#[derive(Debug, Serialize)]
pub struct Arrow {
    /// Places in [`Drawing::boxes`].
    pub from: usize,
    pub to: usize,
    /// Corners of a line, from the one box to the other.
    pub points: Vec<(f64, f64)>,
}
