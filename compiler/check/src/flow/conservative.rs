//! What is said of a ring that is too large to be counted: that its order has a circle, and where.
//!
//! It counts nothing, so it may warn of what the numbers of permits forbid; it says so.

use conductor_source::Diagnostic;

use super::order::Ring;
use super::program::{LockId, Place, Program, System, What};
use crate::codes;

/// How many locks, and how many places, are named.
const SHOWN: usize = 6;

pub(crate) fn warning(system: &System<'_>, ring: &Ring) -> Option<Diagnostic> {
    let places = places(system, ring);
    let first = *ring.locks.first()?;
    let (at, here) = match places.first() {
        Some((_, inner)) => (inner.1.span, format!("takes a permit of {} here", name(system, inner.0))),
        None => {
            (system.locks[first].span, format!("a permit of {} is taken in a circle", name(system, first)))
        }
    };
    let names: Vec<String> = ring.locks.iter().take(SHOWN).map(|lock| name(system, *lock)).collect();
    let more = ring.locks.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let message = format!("runs may wait for each other for ever: over {}{more}", names.join(", "));
    let mut found = Diagnostic::warning(codes::DEADLOCK_NOT_COUNTED, message, at, here);
    for (outer, inner) in places.iter().take(SHOWN) {
        found = label(found, outer.1, format!("holds a permit of {}", name(system, outer.0)));
        found = label(found, inner.1, format!("takes a permit of {} here", name(system, inner.0)));
    }
    Some(
        found
            .note("this is conservative: there are too many ways to hold them for the permits to be counted")
            .help("take them in one order everywhere, or each only after the others were given back"),
    )
}

fn label(found: Diagnostic, place: Place<'_>, text: String) -> Diagnostic {
    if found.labels.iter().any(|label| label.span == place.span) {
        return found;
    }
    found.label(place.span, text)
}

fn name(system: &System<'_>, lock: LockId) -> String {
    match system.locks[lock].what {
        What::Resource(id) => format!("`{id}`"),
        What::Runs { workflow, .. } => format!("the limit of `{workflow}`"),
    }
}

type Taken<'s> = (LockId, Place<'s>);

/// Where a lock of the ring is taken while another one is held, in the same workflow or in one that it calls.
fn places<'s>(system: &System<'s>, ring: &Ring) -> Vec<(Taken<'s>, Taken<'s>)> {
    let mut places = Vec::new();
    for flow in &system.flows {
        let mut pending: Vec<(Option<Taken<'s>>, &Program<'s>)> = vec![(None, &flow.program)];
        while let Some((held, program)) = pending.pop() {
            let mut inside = held;
            match program {
                Program::Hold { lock, place, .. } if ring.locks.contains(lock) => {
                    places.extend(held.map(|outer| (outer, (*lock, *place))));
                    inside = Some((*lock, *place));
                }
                Program::Call { flow, place } if ring.flows.contains(flow) => {
                    let direct = ring.locks.iter().find(|lock| takes(&system.flows[*flow].program, **lock));
                    // Further down it comes to one of the ring, whichever it is.
                    let lock = direct.or(ring.locks.first());
                    places.extend(held.zip(lock.map(|lock| (*lock, *place))));
                }
                _ => {}
            }
            if places.len() >= SHOWN {
                return places;
            }
            pending.extend(program.parts().into_iter().rev().map(|part| (inside, part)));
        }
    }
    places
}

fn takes(program: &Program<'_>, wanted: LockId) -> bool {
    matches!(program, Program::Hold { lock, .. } if *lock == wanted)
        || program.parts().into_iter().any(|part| takes(part, wanted))
}
