//! Where the steps of a `graph` stand: in layers, each below all that it needs.
//!
//! It knows sizes and needs, not what a step is.

use std::collections::BTreeSet;

use crate::piece::{Area, GAP, Line, Piece, Placed, rows};

/// Between two boxes of a layer.
const APART: f64 = 18.0;
/// How wide the passage of an arrow through a layer is.
const PASSAGE: f64 = 10.0;
/// How often layers are put into the order of their neighbours.
const SWEEPS: usize = 4;
/// Of steps, beyond which needs that follow from others are drawn as well.
const MANY: usize = 2000;

/// What stands in a layer.
#[derive(Debug, Clone, Copy)]
enum Item {
    Step(usize),
    /// Where an arrow passes, by its number.
    Passage(usize),
}

struct Edge {
    from: usize,
    to: usize,
    over: Vec<(f64, f64)>,
}

struct Grid {
    layers: Vec<Vec<Item>>,
    /// The layer of each step.
    of: Vec<usize>,
    edges: Vec<Edge>,
}

/// Arranges steps, of which each has the places of those that it needs.
pub(crate) fn area<'a>(pieces: Vec<Piece<'a>>, needs: &[Vec<usize>]) -> Area<'a> {
    if needs.iter().all(Vec::is_empty) {
        return rows(pieces);
    }
    let mut grid = Grid::of(needs);
    for sweep in 0..SWEEPS {
        grid.sweep(sweep % 2 == 0);
    }
    grid.placed(pieces)
}

/// Steps in an order in which each stands behind all that it needs.
fn in_order(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (step, all) in needs.iter().enumerate() {
        all.iter().for_each(|need| needed_by[*need].push(step));
    }
    let mut order: Vec<usize> = (0..needs.len()).filter(|step| open[*step] == 0).collect();
    let mut next = 0;
    while let Some(step) = order.get(next).copied() {
        for later in &needed_by[step] {
            open[*later] -= 1;
            if open[*later] == 0 {
                order.push(*later);
            }
        }
        next += 1;
    }
    order
}

/// Needs without those that follow from the others.
fn direct(needs: &[Vec<usize>], order: &[usize]) -> Vec<Vec<usize>> {
    if needs.len() > MANY {
        return needs.to_vec();
    }
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); needs.len()];
    let mut kept = vec![Vec::new(); needs.len()];
    for step in order {
        let all = &needs[*step];
        let follows = |need: &usize| all.iter().any(|other| before[*other].contains(need));
        kept[*step] = all.iter().copied().filter(|need| !follows(need)).collect();
        let mut reached: BTreeSet<usize> = all.iter().copied().collect();
        all.iter().for_each(|need| reached.extend(&before[*need]));
        before[*step] = reached;
    }
    kept
}

impl Grid {
    fn of(needs: &[Vec<usize>]) -> Grid {
        let order = in_order(needs);
        let mut of = vec![0; needs.len()];
        for step in &order {
            of[*step] = needs[*step].iter().map(|need| of[*need] + 1).max().unwrap_or(0);
        }
        let mut layers = vec![Vec::new(); of.iter().max().map_or(0, |last| last + 1)];
        for (step, layer) in of.iter().enumerate() {
            layers[*layer].push(Item::Step(step));
        }
        let mut edges = Vec::new();
        for (to, all) in direct(needs, &order).into_iter().enumerate() {
            for from in all {
                for layer in &mut layers[of[from] + 1..of[to]] {
                    layer.push(Item::Passage(edges.len()));
                }
                edges.push(Edge { from, to, over: Vec::new() });
            }
        }
        Grid { layers, of, edges }
    }

    /// Puts each layer into the order of the middles of its neighbours above, or below.
    fn sweep(&mut self, down: bool) {
        let mut passes: Vec<f64> = vec![0.0; self.edges.len()];
        let mut beside: Vec<Vec<usize>> = vec![Vec::new(); self.of.len()];
        let mut leaving = beside.clone();
        for (number, edge) in self.edges.iter().enumerate() {
            let (first, last) = if down { (edge.from, edge.to) } else { (edge.to, edge.from) };
            leaving[first].push(number);
            beside[last].push(number);
        }
        let count = self.layers.len();
        for turn in 0..count {
            let layer = if down { turn } else { count - 1 - turn };
            let mut ranked: Vec<(f64, Item)> = Vec::new();
            for (own, item) in self.layers[layer].iter().enumerate() {
                let rank = match item {
                    Item::Passage(edge) => passes[*edge],
                    Item::Step(step) if beside[*step].is_empty() => middle(own, self.layers[layer].len()),
                    Item::Step(step) => mean(beside[*step].iter().map(|edge| passes[*edge])),
                };
                ranked.push((rank, *item));
            }
            ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
            let width = ranked.len();
            for (place, (_, item)) in ranked.iter().enumerate() {
                match item {
                    // The arrows that leave a step begin where it stands.
                    Item::Step(step) => {
                        leaving[*step].iter().for_each(|edge| passes[*edge] = middle(place, width));
                    }
                    Item::Passage(edge) => passes[*edge] = middle(place, width),
                }
            }
            self.layers[layer] = ranked.into_iter().map(|(_, item)| item).collect();
        }
    }

    fn placed<'a>(mut self, pieces: Vec<Piece<'a>>) -> Area<'a> {
        let width_of = |item: &Item| match item {
            Item::Step(step) => pieces[*step].width,
            Item::Passage(_) => PASSAGE,
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of steps")]
        let widths: Vec<f64> = self
            .layers
            .iter()
            .map(|layer| {
                layer.iter().map(width_of).sum::<f64>() + APART * layer.len().saturating_sub(1) as f64
            })
            .collect();
        let width = widths.iter().copied().fold(0.0, f64::max);
        let mut places = vec![(0.0, 0.0); pieces.len()];
        let mut y = 0.0;
        for (layer, own) in self.layers.iter().zip(&widths) {
            let tallest = layer.iter().map(|item| match item {
                Item::Step(step) => pieces[*step].height,
                Item::Passage(_) => 0.0,
            });
            let height = tallest.fold(0.0, f64::max);
            let mut x = (width - own) / 2.0;
            for item in layer {
                match item {
                    Item::Step(step) => places[*step] = (x, y),
                    Item::Passage(edge) => {
                        let middle = x + PASSAGE / 2.0;
                        self.edges[*edge].over.extend([(middle, y), (middle, y + height)]);
                    }
                }
                x += width_of(item) + APART;
            }
            y += height + GAP * 1.5;
        }
        let inside = pieces.into_iter().zip(places).map(|(piece, (x, y))| Placed { piece, x, y }).collect();
        let arrows =
            self.edges.into_iter().map(|edge| Line { from: edge.from, to: edge.to, over: edge.over });
        Area { width, height: y - GAP * 1.5, inside, arrows: arrows.collect() }
    }
}

/// Where the middle of a place is, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a count of steps")]
fn middle(place: usize, of: usize) -> f64 {
    (place as f64 + 0.5) / of as f64
}

#[expect(clippy::cast_precision_loss, reason = "a count of steps")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    values.sum::<f64>() / count as f64
}
