//! Drawings as one SVG, light or dark as its reader is.
//!
//! It knows colours and text, not Plans.

use std::fmt::Write;

use crate::{Arrow, Drawing, Shape};

/// Around everything.
const EDGE: f64 = 16.0;
const LINE: f64 = 17.0;

const STYLE: &str = "
  svg { font: 13px ui-monospace, Menlo, Consolas, monospace; color-scheme: light dark; }
  rect { fill: #fff; stroke: #8c95a3; rx: 6px; }
  .block { fill: #6b7a9912; stroke: #b3bbc7; }
  .workflow { fill: none; }
  .part { stroke-dasharray: 2 3; }
  .write { stroke: #b4540a; stroke-width: 1.6; }
  .tolerated { stroke-dasharray: 6 3; }
  .dot { fill: #5b6675; stroke: none; }
  text { fill: #1c2430; white-space: pre; }
  .line { fill: #5b6675; font-size: 11.5px; }
  path { fill: none; stroke: #5b6675; }
  marker path { fill: #5b6675; stroke: none; }
  @media (prefers-color-scheme: dark) {
    rect { fill: #1d232d; stroke: #66738a; }
    .block { fill: #a9b9d910; stroke: #465063; }
    .workflow { fill: none; }
    .write { stroke: #e8944a; }
    .dot, marker path { fill: #99a5b8; }
    text { fill: #e6eaf0; }
    .line { fill: #99a5b8; }
    path { stroke: #99a5b8; }
  }
";

/// One below the other.
#[must_use]
pub fn svg(drawings: &[Drawing]) -> String {
    let width = drawings.iter().map(|drawing| drawing.width).fold(0.0, f64::max) + 2.0 * EDGE;
    let height = drawings.iter().map(|drawing| drawing.height + EDGE).sum::<f64>() + EDGE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n"
    );
    let names: Vec<&str> = drawings.iter().map(|drawing| drawing.workflow.as_str()).collect();
    write(&mut out, format_args!("<title>{}</title>\n<style>{STYLE}</style>\n", escaped(&names.join(", "))));
    out.push_str("<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\"/></marker></defs>\n");
    let mut top = EDGE;
    for drawing in drawings {
        write(&mut out, format_args!("<g transform=\"translate({EDGE} {top:.1})\">\n"));
        drawing.boxes.iter().for_each(|shape| shaped(&mut out, shape));
        drawing.arrows.iter().for_each(|arrow| arrowed(&mut out, arrow));
        out.push_str("</g>\n");
        top += drawing.height + EDGE;
    }
    out.push_str("</svg>\n");
    out
}

fn shaped(out: &mut String, shape: &Shape) {
    let Shape { x, y, width, height, .. } = *shape;
    if matches!(shape.kind, "start" | "end") {
        let radius = width / 2.0;
        let (x, y) = (x + radius, y + radius);
        return write(
            out,
            format_args!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>\n"),
        );
    }
    let mut classes = vec![shape.kind];
    classes.extend(shape.is_block.then_some("block"));
    classes.extend(shape.is_write.then_some("write"));
    classes.extend(shape.is_tolerated.then_some("tolerated"));
    write(out, format_args!("<g><title>{}</title>", escaped(&shape.tip)));
    let class = classes.join(" ");
    write(
        out,
        format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ),
    );
    let mut base = y + LINE + 2.0;
    for (class, text) in
        std::iter::once(("title", &shape.title)).chain(shape.lines.iter().map(|line| ("line", line)))
    {
        let left = x + 12.0;
        write(
            out,
            format_args!("<text class=\"{class}\" x=\"{left:.1}\" y=\"{base:.1}\">{}</text>", escaped(text)),
        );
        base += LINE;
    }
    out.push_str("</g>\n");
}

fn arrowed(out: &mut String, arrow: &Arrow) {
    let mut path = String::new();
    let mut last: Option<(f64, f64)> = None;
    for &(x, y) in &arrow.points {
        match last {
            None => write(&mut path, format_args!("M{x:.1} {y:.1}")),
            Some((before, _)) if (before - x).abs() < 0.1 => write(&mut path, format_args!("V{y:.1}")),
            Some((before, above)) => {
                let middle = f64::midpoint(above, y);
                write(&mut path, format_args!("C{before:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}"));
            }
        }
        last = Some((x, y));
    }
    write(out, format_args!("<path d=\"{path}\" marker-end=\"url(#head)\"/>\n"));
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A string takes everything.
    let _ = out.write_fmt(text);
}

/// As XML may have it: without the characters that it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
