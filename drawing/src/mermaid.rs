//! Drawings as a Mermaid flowchart, which code hosts show in Markdown.
//!
//! It knows boxes and arrows; Mermaid finds places of its own.

use std::fmt::Write;

use crate::{Drawing, Shape};

/// All in one chart.
#[must_use]
pub fn mermaid(drawings: &[Drawing]) -> String {
    let mut out = "flowchart TD\n".to_owned();
    for (number, drawing) in drawings.iter().enumerate() {
        nested(&mut out, drawing, number);
        for arrow in &drawing.arrows {
            let _ = writeln!(out, "  {} --> {}", id(number, arrow.from), id(number, arrow.to));
        }
    }
    out
}

fn nested(out: &mut String, drawing: &Drawing, number: usize) {
    let mut open: Vec<usize> = Vec::new();
    for (place, shape) in drawing.boxes.iter().enumerate() {
        while open.last().is_some_and(|depth| *depth >= shape.depth) {
            open.pop();
            let _ = writeln!(out, "{}end", indent(open.len()));
        }
        let (own, margin) = (id(number, place), indent(open.len()));
        if shape.is_block {
            let _ = writeln!(out, "{margin}subgraph {own}[\"{}\"]", words(shape));
            let _ = writeln!(out, "{margin}  direction TB");
            open.push(shape.depth);
        } else if matches!(shape.kind, "start" | "end") {
            let _ = writeln!(out, "{margin}{own}((\" \"))");
        } else {
            let _ = writeln!(out, "{margin}{own}[\"{}\"]", words(shape));
        }
    }
    for left in (0..open.len()).rev() {
        let _ = writeln!(out, "{}end", indent(left));
    }
}

fn id(drawing: usize, place: usize) -> String {
    format!("n{drawing}_{place}")
}

fn indent(open: usize) -> String {
    "  ".repeat(open + 1)
}

/// Markup is spelled out: Mermaid would take it for its own.
fn words(shape: &Shape) -> String {
    let lines = std::iter::once(&shape.title).chain(&shape.lines).map(|line| {
        let mut text = String::new();
        for char in line.chars() {
            match char {
                '"' | '<' | '>' | '&' | '#' | '`' | '\\' | '[' | ']' => {
                    let _ = write!(text, "#{};", u32::from(char));
                }
                char if char.is_control() => text.push(' '),
                char => text.push(char),
            }
        }
        text
    });
    lines.collect::<Vec<_>>().join("<br/>")
}
