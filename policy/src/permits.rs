//! A bulkhead, and every other bounded number of permits: who holds one, and who is next.
//!
//! It knows tickets, not what is done with a permit. First come, first served; whoever holds one and asks again waits
//! like everybody else.

use std::collections::{BTreeSet, VecDeque};

/// Who holds a permit of `limit`, and who waits, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permits<Ticket> {
    limit: usize,
    held: BTreeSet<Ticket>,
    waiting: VecDeque<Ticket>,
    /// Those held that their holders may use again without asking: a lease, which ends when somebody waits.
    leased: BTreeSet<Ticket>,
}

/// What a ticket is told when it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Granted,
    Queued,
}

impl<Ticket: Copy + Ord> Permits<Ticket> {
    #[must_use]
    pub fn new(limit: u32) -> Permits<Ticket> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Permits { limit, held: BTreeSet::new(), waiting: VecDeque::new(), leased: BTreeSet::new() }
    }

    /// Asks for a permit with a ticket that is new.
    pub fn ask(&mut self, ticket: Ticket) -> Asked {
        if self.waiting.is_empty() && self.held.len() < self.limit {
            self.held.insert(ticket);
            return Asked::Granted;
        }
        self.waiting.push_back(ticket);
        Asked::Queued
    }

    /// Gives a permit back, or leaves the queue. Says who gets the permit now.
    pub fn leave(&mut self, ticket: Ticket) -> Option<Ticket> {
        self.leased.remove(&ticket);
        if !self.held.remove(&ticket) {
            self.waiting.retain(|waiting| *waiting != ticket);
        }
        if self.held.len() >= self.limit {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.held.insert(next);
        Some(next)
    }

    /// Gives a permit whatever the limit says: to a holder that was known before.
    pub fn hold(&mut self, ticket: Ticket) {
        self.waiting.retain(|waiting| *waiting != ticket);
        self.held.insert(ticket);
    }

    /// Whether the holder may keep the permit when it does not need it, and use it again without asking: nobody waits.
    pub fn lease(&mut self, ticket: Ticket) -> bool {
        let may_keep = self.waiting.is_empty() && self.held.contains(&ticket);
        if may_keep {
            self.leased.insert(ticket);
        }
        may_keep
    }

    /// What is to be given back as soon as its holders do not need it, because somebody waits. Each is said once.
    pub fn recall(&mut self) -> BTreeSet<Ticket> {
        if self.waiting.is_empty() { BTreeSet::new() } else { std::mem::take(&mut self.leased) }
    }

    /// The holder does not keep it any more.
    pub fn unlease(&mut self, ticket: Ticket) {
        self.leased.remove(&ticket);
    }

    /// Changes the number of permits. Says who gets one now; those who hold more than there are keep them.
    pub fn resize(&mut self, limit: u32) -> Vec<Ticket> {
        self.limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut granted = Vec::new();
        while self.held.len() < self.limit
            && let Some(next) = self.waiting.pop_front()
        {
            self.held.insert(next);
            granted.push(next);
        }
        granted
    }

    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// In the order of the tickets.
    pub fn held(&self) -> impl Iterator<Item = Ticket> + '_ {
        self.held.iter().copied()
    }

    /// In the order in which they will be served.
    pub fn waiting(&self) -> impl Iterator<Item = Ticket> + '_ {
        self.waiting.iter().copied()
    }
}

#[cfg(test)]
mod leases;
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Asked, Permits};

    #[test]
    fn served_in_the_order_of_asking() {
        let mut pool = Permits::new(1);
        assert_eq!(pool.ask(1), Asked::Granted);
        assert_eq!(pool.ask(2), Asked::Queued);
        assert_eq!(pool.ask(3), Asked::Queued);
        assert_eq!(pool.leave(2), None, "leaving the queue frees nothing");
        assert_eq!(pool.leave(1), Some(3));
        assert_eq!(pool.leave(3), None);
        assert_eq!(pool.ask(4), Asked::Granted);
    }

    #[test]
    fn no_permit_is_ever_given_where_there_are_none() {
        let mut pool = Permits::new(0);
        assert_eq!(pool.ask(1), Asked::Queued);
        assert_eq!(pool.leave(1), None);
    }

    #[test]
    fn more_permits_are_given_out_in_order_and_fewer_are_waited_for() {
        let mut pool = Permits::new(1);
        for ticket in 1..=4 {
            pool.ask(ticket);
        }
        assert_eq!(pool.resize(3), [2, 3]);
        assert!(pool.resize(1).is_empty());
        assert_eq!((pool.leave(1), pool.leave(2)), (None, None), "two are still held of one");
        assert_eq!(pool.leave(3), Some(4));
    }

    #[test]
    fn a_known_holder_counts_whatever_the_limit_is() {
        let mut pool = Permits::new(1);
        pool.ask(1);
        pool.ask(2);
        pool.hold(2);
        assert_eq!(pool.held().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(pool.ask(3), Asked::Queued);
        assert_eq!(pool.leave(1), None);
        assert_eq!(pool.leave(2), Some(3));
    }

    proptest! {
        #[test]
        fn never_over_the_limit_and_nobody_forgotten(
            limit in 1..4_u32, moves in prop::collection::vec(0..8_u8, 1..80),
        ) {
            let mut pool = Permits::new(limit);
            let mut known = std::collections::BTreeSet::new();
            for ticket in moves {
                if known.remove(&ticket) {
                    pool.leave(ticket);
                } else {
                    known.insert(ticket);
                    pool.ask(ticket);
                }
                let (held, waiting) = (pool.held().count(), pool.waiting().count());
                prop_assert!(held <= limit as usize);
                prop_assert!(waiting == 0 || held == limit as usize, "a permit lies idle");
                prop_assert_eq!(held + waiting, known.len());
            }
        }
    }
}
