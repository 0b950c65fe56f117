//! From pieces to a drawing: absolute places and the ends of arrows.
//!
//! It knows nothing of what stands in a box.

use conductor_protocol::plan::{Plan, StepKind};

use crate::piece::{self, Line, Piece};
use crate::{Arrow, Drawing, Shape};

/// Lays a Plan out.
#[must_use]
pub fn draw(plan: &Plan) -> Drawing {
    let all = piece::workflow(&plan.workflow, &plan.steps);
    let mut drawing = Drawing {
        workflow: plan.workflow.clone(),
        width: all.width,
        height: all.height,
        boxes: Vec::new(),
        arrows: Vec::new(),
    };
    drawing.place(all, (0.0, 0.0), 0, "");
    drawing
}

impl Drawing {
    /// Adds a piece with what is in it, and gives its place among the boxes.
    fn place(&mut self, piece: Piece<'_>, (x, y): (f64, f64), depth: usize, prefix: &str) -> usize {
        let own = self.boxes.len();
        let step = piece.step;
        let named = step.map(|step| format!("{prefix}{}", step.id));
        let within = match (step.map(|step| &step.kind), &named) {
            (Some(StepKind::Map(_) | StepKind::Loop(_)), Some(named)) => format!("{named}[*]."),
            _ => prefix.to_owned(),
        };
        // A block without an id of its own is not in the journal.
        let is_recorded = step.is_some_and(|step| !step.anonymous || step.kind.bodies().is_empty());
        let key = named.filter(|_| is_recorded);
        let is_write = piece.is_write();
        let Piece { kind, label, width, height, inside, arrows, .. } = piece;
        let is_block = !inside.is_empty();
        let is_tolerated = step.is_some_and(|step| !step.critical);
        self.boxes.push(Shape {
            key,
            kind,
            title: label.title,
            lines: label.lines,
            x,
            y,
            width,
            height,
            depth,
            is_block,
            is_write,
            is_tolerated,
            tip: label.tip,
        });
        let places: Vec<usize> = inside
            .into_iter()
            .map(|each| self.place(each.piece, (x + each.x, y + each.y), depth + 1, &within))
            .collect();
        for line in arrows {
            self.connect(&places, line, (x, y));
        }
        own
    }

    fn connect(&mut self, places: &[usize], line: Line, (x, y): (f64, f64)) {
        let (from, to) = (places[line.from], places[line.to]);
        let start = self.boxes[from].below();
        let end = self.boxes[to].above();
        let over = line.over.into_iter().map(|point| (point.0 + x, point.1 + y));
        let points = std::iter::once(start).chain(over).chain([end]).collect();
        self.arrows.push(Arrow { from, to, points });
    }
}

impl Shape {
    fn above(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y)
    }

    fn below(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height)
    }
}
