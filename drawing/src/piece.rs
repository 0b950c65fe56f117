//! Boxes before they have a place: how large each is, and where in the one around it.
//!
//! It knows the order of steps, not how a drawing is written.

use conductor_protocol::plan::{Effect, Step, StepKind};

use crate::label::{self, Label};
use crate::layers;

/// Pixels.
const COLUMN: f64 = 7.6;
const LINE: f64 = 17.0;
const MARGIN: f64 = 12.0;
pub(crate) const GAP: f64 = 26.0;
const DOT: f64 = 14.0;
/// Branches side by side; further ones stand below.
const ABREAST: usize = 6;

/// A box that knows its size and what is in it.
pub(crate) struct Piece<'a> {
    pub(crate) step: Option<&'a Step>,
    pub(crate) kind: &'static str,
    pub(crate) label: Label,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) inside: Vec<Placed<'a>>,
    pub(crate) arrows: Vec<Line>,
}

pub(crate) struct Placed<'a> {
    pub(crate) piece: Piece<'a>,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// An arrow between two of the pieces inside, with the points between its ends.
pub(crate) struct Line {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) over: Vec<(f64, f64)>,
}

/// What is arranged, before the box around it is known.
#[derive(Default)]
pub(crate) struct Area<'a> {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) inside: Vec<Placed<'a>>,
    pub(crate) arrows: Vec<Line>,
}

/// All of a workflow.
pub(crate) fn workflow<'a>(name: &str, steps: &'a [Step]) -> Piece<'a> {
    let dot = |kind| Piece {
        step: None,
        kind,
        label: Label::default(),
        width: DOT,
        height: DOT,
        inside: Vec::new(),
        arrows: Vec::new(),
    };
    let pieces = std::iter::once(dot("start")).chain(steps.iter().map(of)).chain([dot("end")]);
    around(None, "workflow", Label::new(name.to_owned(), Vec::new()), column(pieces.collect()))
}

fn of(step: &Step) -> Piece<'_> {
    let label = label::of(step);
    let area = match &step.kind {
        StepKind::Sequence { steps } => sequence(steps),
        StepKind::Parallel { branches, .. } | StepKind::Race { branches } => {
            rows(branches.iter().map(of).collect())
        }
        StepKind::Graph { steps } => layers::area(steps.iter().map(of).collect(), &needs(steps)),
        StepKind::Map(map) => sequence(&map.steps),
        StepKind::Loop(repeat) => sequence(&repeat.steps),
        StepKind::Hold(hold) => sequence(&hold.steps),
        StepKind::Switch { cases } => {
            rows(cases.iter().map(|case| part(label::case(case), &case.steps)).collect())
        }
        StepKind::Try(block) => {
            let caught = block.catches.iter().map(|catch| part(label::catch(catch), &catch.steps));
            let tried = part(Label::new("steps".to_owned(), Vec::new()), &block.steps);
            let mut area = vec![across(std::iter::once(tried).chain(caught).collect())];
            if !block.finally.is_empty() {
                let last = part(Label::new("finally".to_owned(), Vec::new()), &block.finally);
                area.push(across(vec![last]));
            }
            stacked(area)
        }
        _ => Area::default(),
    };
    around(Some(step), step.kind.keyword(), label, area)
}

/// Which steps of a `graph` each one needs.
fn needs(steps: &[Step]) -> Vec<Vec<usize>> {
    let at = |id: &String| steps.iter().position(|step| step.id == *id);
    steps.iter().map(|step| step.needs.iter().filter_map(at).collect()).collect()
}

fn part(label: Label, steps: &[Step]) -> Piece<'_> {
    around(None, "part", label, sequence(steps))
}

/// A box with its words above what is in it.
fn around<'a>(step: Option<&'a Step>, kind: &'static str, label: Label, area: Area<'a>) -> Piece<'a> {
    #[expect(clippy::cast_precision_loss, reason = "a label has a few dozen columns and a few lines")]
    let (words, text) = (label.columns() as f64 * COLUMN, (label.lines.len() + 1) as f64 * LINE);
    let is_empty = area.inside.is_empty();
    let width = f64::max(words, area.width) + 2.0 * MARGIN;
    let top = text + if is_empty { MARGIN } else { MARGIN * 1.5 };
    let height = top + if is_empty { 0.0 } else { area.height + MARGIN };
    let shift = (width - area.width) / 2.0;
    let inside = area
        .inside
        .into_iter()
        .map(|placed| Placed { x: placed.x + shift, y: placed.y + top, ..placed })
        .collect();
    let arrows = area.arrows.into_iter().map(|line| line.moved(shift, top)).collect();
    Piece { step, kind, label, width, height, inside, arrows }
}

impl Line {
    fn moved(self, x: f64, y: f64) -> Line {
        let over = self.over.into_iter().map(|point| (point.0 + x, point.1 + y)).collect();
        Line { over, ..self }
    }
}

impl Piece<'_> {
    pub(crate) fn is_write(&self) -> bool {
        match self.step.map(|step| &step.kind) {
            Some(StepKind::Task(call)) => call.effect == Effect::Write,
            Some(StepKind::Emit(_) | StepKind::Workflow(_)) => true,
            _ => false,
        }
    }
}

fn sequence(steps: &[Step]) -> Area<'_> {
    column(steps.iter().map(of).collect())
}

/// One below the other, with arrows between them.
fn column(pieces: Vec<Piece<'_>>) -> Area<'_> {
    let width = pieces.iter().map(|piece| piece.width).fold(0.0, f64::max);
    let mut area = Area { width, ..Area::default() };
    for (at, piece) in pieces.into_iter().enumerate() {
        if at > 0 {
            area.height += GAP;
            area.arrows.push(Line { from: at - 1, to: at, over: Vec::new() });
        }
        let (x, y) = ((width - piece.width) / 2.0, area.height);
        area.height += piece.height;
        area.inside.push(Placed { piece, x, y });
    }
    area
}

/// Side by side, so many in a row.
pub(crate) fn rows(pieces: Vec<Piece<'_>>) -> Area<'_> {
    let mut pieces = pieces.into_iter().peekable();
    let mut areas = Vec::new();
    while pieces.peek().is_some() {
        areas.push(across(pieces.by_ref().take(ABREAST).collect()));
    }
    stacked(areas)
}

fn across(pieces: Vec<Piece<'_>>) -> Area<'_> {
    let mut area = Area::default();
    for piece in pieces {
        if !area.inside.is_empty() {
            area.width += MARGIN;
        }
        let x = area.width;
        area.width += piece.width;
        area.height = f64::max(area.height, piece.height);
        area.inside.push(Placed { piece, x, y: 0.0 });
    }
    area
}

/// Areas without arrows, one below the other.
fn stacked(areas: Vec<Area<'_>>) -> Area<'_> {
    let width = areas.iter().map(|area| area.width).fold(0.0, f64::max);
    let mut all = Area { width, ..Area::default() };
    for area in areas {
        if !all.inside.is_empty() {
            all.height += MARGIN;
        }
        let (shift, top) = ((width - area.width) / 2.0, all.height);
        all.inside.extend(area.inside.into_iter().map(|each| Placed {
            x: each.x + shift,
            y: each.y + top,
            ..each
        }));
        all.height += area.height;
    }
    all
}
