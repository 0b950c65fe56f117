//! Leases of permits as a game of messages: sessions that keep what they may, and a pool that recalls it.
//!
//! What a session does is what the runtimes do; messages come in order, and late.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;

use super::{Asked, Permits};

type Ticket = usize;
type Session = usize;

#[derive(Debug, Clone, Copy)]
enum ToSession {
    Granted { ticket: Ticket, lease: Option<u64> },
    Recalled(u64),
}

#[derive(Debug, Clone, Copy)]
enum ToPool {
    Asks(Ticket),
    Leaves(Ticket),
}

#[derive(Default)]
struct Sessions {
    /// Permits that attempts have.
    working: BTreeMap<Session, Vec<Ticket>>,
    idle: BTreeMap<Session, Vec<Ticket>>,
    leases: BTreeMap<Ticket, u64>,
    over: BTreeMap<Session, u64>,
    /// Attempts that wait.
    waiting: BTreeSet<Ticket>,
}

struct World {
    limit: usize,
    pool: Permits<Ticket>,
    owners: Vec<Session>,
    leases: u64,
    sessions: Sessions,
    inbox: BTreeMap<Session, VecDeque<ToSession>>,
    outbox: BTreeMap<Session, VecDeque<ToPool>>,
    asked: usize,
}

impl World {
    fn new(limit: u32) -> World {
        World {
            limit: limit as usize,
            pool: Permits::new(limit),
            owners: Vec::new(),
            leases: 0,
            sessions: Sessions::default(),
            inbox: BTreeMap::new(),
            outbox: BTreeMap::new(),
            asked: 0,
        }
    }

    /// An attempt begins: with a permit that is kept, or by asking.
    fn begins(&mut self, session: Session) {
        if let Some(ticket) = self.sessions.idle.get_mut(&session).and_then(Vec::pop) {
            self.sessions.working.entry(session).or_default().push(ticket);
            return;
        }
        let ticket = self.owners.len();
        self.owners.push(session);
        self.asked += 1;
        self.sessions.waiting.insert(ticket);
        self.outbox.entry(session).or_default().push_back(ToPool::Asks(ticket));
    }

    fn ends(&mut self, session: Session) {
        let Some(ticket) = self.sessions.working.get_mut(&session).and_then(Vec::pop) else { return };
        let over = self.sessions.over.get(&session).copied().unwrap_or(0);
        if self.sessions.leases.get(&ticket).is_some_and(|lease| *lease > over) {
            self.sessions.idle.entry(session).or_default().push(ticket);
        } else {
            self.outbox.entry(session).or_default().push_back(ToPool::Leaves(ticket));
        }
    }

    /// The next message of the session arrives at the pool.
    fn arrives(&mut self, session: Session) {
        match self.outbox.get_mut(&session).and_then(VecDeque::pop_front) {
            Some(ToPool::Asks(ticket)) => match self.pool.ask(ticket) {
                Asked::Granted => self.grant(ticket),
                Asked::Queued => {
                    let over = self.pool.recall();
                    let whose: BTreeSet<Session> = over.iter().map(|ticket| self.owners[*ticket]).collect();
                    for session in whose {
                        self.inbox.entry(session).or_default().push_back(ToSession::Recalled(self.leases));
                    }
                }
            },
            Some(ToPool::Leaves(ticket)) => {
                if let Some(next) = self.pool.leave(ticket) {
                    self.grant(next);
                }
            }
            None => {}
        }
    }

    fn grant(&mut self, ticket: Ticket) {
        let lease = self.pool.lease(ticket).then_some(self.leases + 1);
        self.leases = lease.unwrap_or(self.leases);
        self.inbox.entry(self.owners[ticket]).or_default().push_back(ToSession::Granted { ticket, lease });
    }

    /// The next message of the pool arrives at the session. A recall may overtake a grant that was decided before it.
    fn hears(&mut self, session: Session, overtakes: bool) {
        let Some(inbox) = self.inbox.get_mut(&session) else { return };
        let recall = inbox.iter().position(|message| matches!(message, ToSession::Recalled(_)));
        let message = match recall {
            Some(place) if overtakes => inbox.remove(place),
            _ => inbox.pop_front(),
        };
        match message {
            Some(ToSession::Granted { ticket, lease }) => {
                self.sessions.waiting.remove(&ticket);
                self.sessions.leases.extend(lease.map(|lease| (ticket, lease)));
                self.sessions.working.entry(session).or_default().push(ticket);
            }
            Some(ToSession::Recalled(lease)) => {
                let over = self.sessions.over.entry(session).or_default();
                *over = (*over).max(lease);
                let idle = self.sessions.idle.remove(&session).unwrap_or_default();
                for ticket in idle {
                    if self.sessions.leases[&ticket] > lease {
                        self.sessions.idle.entry(session).or_default().push(ticket);
                    } else {
                        self.outbox.entry(session).or_default().push_back(ToPool::Leaves(ticket));
                    }
                }
            }
            None => {}
        }
    }

    fn working(&self) -> usize {
        self.sessions.working.values().map(Vec::len).sum()
    }

    /// Everything arrives, and all attempts end.
    fn settles(&mut self) {
        for _ in 0..4 * self.owners.len() + 8 {
            for session in 0..3 {
                self.arrives(session);
                self.hears(session, false);
                self.ends(session);
            }
        }
    }
}

#[test]
fn who_is_alone_asks_once() {
    let mut world = World::new(2);
    for _ in 0..100 {
        world.begins(0);
        world.arrives(0);
        world.hears(0, false);
        assert_eq!(world.working(), 1);
        world.ends(0);
    }
    assert_eq!(world.asked, 1);
}

proptest! {
    /// However messages come, no more attempts work than there are permits, and at the end nobody is left waiting.
    #[test]
    fn leases_keep_the_limit_and_starve_nobody(
        limit in 1..4_u32,
        moves in prop::collection::vec((0..3_usize, 0..5_u8), 1..200),
    ) {
        let mut world = World::new(limit);
        for (session, what) in moves {
            match what {
                0 => world.begins(session),
                1 => world.ends(session),
                2 => world.arrives(session),
                3 => world.hears(session, false),
                _ => world.hears(session, true),
            }
            prop_assert!(world.working() <= world.limit, "{} work", world.working());
        }
        world.settles();
        prop_assert!(world.sessions.waiting.is_empty(), "{:?} wait", world.sessions.waiting);
        prop_assert_eq!(world.working(), 0);
    }
}
