//! How long a workflow can take and how often it can call: bounds over a tree of timed work.
//!
//! It knows numbers that stand in a manifest, not how long a function really takes, nor what waits for permits, for
//! rates, or for a function that was told to stop.

mod backoff;
mod calls;
mod combine;
mod least;
mod of_plan;
mod order;
mod text;
mod timing;
mod work;
mod worst;

pub use backoff::{longest_pauses, shortest_pause};
pub use calls::{Amplified, Layer, amplified};
pub use least::Least;
pub use of_plan::{flows, written_length};
pub use text::duration;
pub use timing::{FlowTiming, Timing, timings};
pub use work::{Call, Flow, Kind, Work};
pub use worst::{Cause, Why, Worst};
