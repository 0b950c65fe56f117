//! Drawings in the language of Graphviz.
//!
//! It knows boxes and arrows; Graphviz finds places of its own.

use std::fmt::Write;

use crate::{Drawing, Shape};

/// All in one graph.
#[must_use]
pub fn dot(drawings: &[Drawing]) -> String {
    let mut out = "digraph conductor {\n  compound=true; rankdir=TB;\n  node [shape=box, style=rounded, fontname=\"monospace\"];\n".to_owned();
    for (number, drawing) in drawings.iter().enumerate() {
        clusters(&mut out, drawing, number);
        for arrow in &drawing.arrows {
            edge(&mut out, drawing, number, (arrow.from, arrow.to));
        }
    }
    out.push_str("}\n");
    out
}

fn clusters(out: &mut String, drawing: &Drawing, number: usize) {
    let mut open: Vec<usize> = Vec::new();
    for (place, shape) in drawing.boxes.iter().enumerate() {
        while open.last().is_some_and(|depth| *depth >= shape.depth) {
            open.pop();
            let _ = writeln!(out, "{}}}", indent(open.len()));
        }
        let margin = indent(open.len());
        if shape.is_block {
            let _ = writeln!(out, "{margin}subgraph cluster_{number}_{place} {{");
            let _ = writeln!(out, "{margin}  label=\"{}\";", words(shape));
            open.push(shape.depth);
        } else if matches!(shape.kind, "start" | "end") {
            let _ = writeln!(out, "{margin}n{number}_{place} [shape=circle, label=\"\", width=0.15];");
        } else {
            let _ = writeln!(out, "{margin}n{number}_{place} [label=\"{}\"];", words(shape));
        }
    }
    for left in (0..open.len()).rev() {
        let _ = writeln!(out, "{}}}", indent(left));
    }
}

/// Graphviz connects nodes: an arrow at a block is one at a node in it, cut off at the block's border.
fn edge(out: &mut String, drawing: &Drawing, number: usize, (from, to): (usize, usize)) {
    let mut options = Vec::new();
    for (side, place) in [("ltail", from), ("lhead", to)] {
        if drawing.boxes[place].is_block {
            options.push(format!("{side}=cluster_{number}_{place}"));
        }
    }
    let (tail, head) = (leaf(drawing, from), leaf(drawing, to));
    let options = if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) };
    let _ = writeln!(out, "  n{number}_{tail} -> n{number}_{head}{options};");
}

/// The first box at or in this one that has nothing in it: what is in a block stands behind it.
fn leaf(drawing: &Drawing, place: usize) -> usize {
    (place..drawing.boxes.len()).find(|at| !drawing.boxes[*at].is_block).unwrap_or(place)
}

fn indent(open: usize) -> String {
    "  ".repeat(open + 1)
}

fn words(shape: &Shape) -> String {
    let lines = std::iter::once(&shape.title).chain(&shape.lines);
    let escaped = lines.map(|line| line.replace('\\', "\\\\").replace('"', "\\\""));
    escaped.collect::<Vec<_>>().join("\\n")
}
