//! Work on many items, spread over the processors; what it makes of them stands in the order of the items.
//!
//! It knows nothing of what the work is.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder, ScopedJoinHandle};

/// A thread is begun for so many workflows, or other work of some tens of microseconds, and for no fewer.
const WORTH_A_THREAD: usize = 64;
/// Each thread takes about so many pieces, one after the other, so that none waits long for the last.
const PIECES: usize = 8;
/// More threads wait for each other's memory.
const MOST_THREADS: usize = 8;
/// As the command line gives the compiler: blocks may be nested 128 deep.
const STACK: usize = 64 << 20;

/// What `work` makes of each item. `weight` says how much there is to do in all, in workflows.
pub fn map<'t, T: Sync, R: Send>(weight: usize, items: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let threads = (weight / WORTH_A_THREAD).min(processors()).min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let pieces: Vec<&[T]> = items.chunks(items.len().div_ceil(threads * PIECES)).collect();
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(at) else { return done };
            done.push((at, piece.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        // Where no thread can be had, the others do its share.
        let begin = |_| Builder::new().stack_size(STACK).spawn_scoped(scope, share).ok();
        let others: Vec<_> = (1..threads).filter_map(begin).collect();
        let mut done = share();
        others.into_iter().for_each(|other| done.extend(ended(other)));
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    let mut all = Vec::with_capacity(items.len());
    done.into_iter().for_each(|(_, made)| all.extend(made));
    all
}

/// Takes apart what is needed no more; much of it beside the caller, for which it takes nearly as long as to make it.
/// `weight` says how much that is, in workflows.
pub fn discard(weight: usize, held: impl Send + 'static) {
    if weight / WORTH_A_THREAD >= 2 && processors() >= 2 {
        // Where no thread can be had, it is taken apart at once.
        let _ended_by_itself = Builder::new().stack_size(STACK).spawn(move || drop(held));
    }
}

/// What a thread has made; its panic is passed on.
fn ended<R>(thread: ScopedJoinHandle<'_, R>) -> R {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS))
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1_001).collect();
        for weight in [0, items.len()] {
            let made = map(weight, &items, |item| item * 2);
            assert_eq!(made, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
        assert_eq!(map(1_000, &[] as &[usize], |item| *item), Vec::<usize>::new());
    }

    #[test]
    #[should_panic(expected = "item 900")]
    fn a_panic_of_any_thread_is_one_of_the_whole() {
        let items: Vec<usize> = (0..1_000).collect();
        map(items.len(), &items, |item| assert!(*item != 900, "item {item}"));
    }
}
