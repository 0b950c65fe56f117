//! A host's breaker among those of other hosts: what it learns from theirs, and what they are to hear of it.
//!
//! Both are [`crate::shared`]: in the host's the units are processes, in the hosts' they are hosts. It knows no store in which
//! the hosts' stands; where that is away, the host decides alone.

use std::collections::VecDeque;

use crate::shared::{Answer, Event, Shared, State, decide};

/// Whose breaker is meant in that of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit<P> {
    Own(P),
    /// Another host, whichever.
    Elsewhere,
}

/// Things to tell that are kept while nobody takes them.
const KEPT: usize = 64;

/// What the hosts' breaker was when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    /// Nobody here is refused for the sake of other hosts.
    Quiet,
    Suspect,
    Open,
}

/// A host's breaker, and its part in the hosts'.
#[derive(Debug, Clone)]
pub struct Member<P: Ord, H: Ord> {
    pub own: Shared<Unit<P>>,
    /// `None` where there are no other hosts.
    me: Option<H>,
    seen: Seen,
    /// That of the hosts' breaker when it was last looked at.
    generation: u64,
    /// What the hosts have granted a call of this host with, which is under way.
    grant: Option<u64>,
    tell: VecDeque<Event<H>>,
}

impl<P: Ord + Clone, H: Ord + Clone> Member<P, H> {
    #[must_use]
    pub fn new(me: Option<H>) -> Member<P, H> {
        let (own, tell) = (Shared::default(), VecDeque::new());
        Member { own, me, seen: Seen::Nothing, generation: 0, grant: None, tell }
    }

    /// Something has happened on this host.
    pub fn event(&mut self, half_open_calls: u32, event: &Event<Unit<P>>) -> Answer {
        let (before, generation) = (self.own.state.clone(), self.own.generation);
        let answer = self.apply(half_open_calls, event.clone());
        if let Some(me) = self.me.clone()
            && self.own.generation != generation
        {
            self.report(&me, &before, event);
        }
        answer
    }

    fn apply(&mut self, half_open_calls: u32, event: Event<Unit<P>>) -> Answer {
        let (next, answer) = decide(half_open_calls, std::mem::take(&mut self.own), event);
        self.own = next;
        answer
    }

    /// What the other hosts are to hear of a change that this host's own calls have made.
    fn report(&mut self, me: &H, before: &State<Unit<P>>, event: &Event<Unit<P>>) {
        let unit = me.clone();
        let of = self.generation;
        let told = match (before, event, &self.own.state) {
            (_, Event::Decided(_), _) if self.seen != Seen::Quiet => {
                // A person's will makes an end of what the hosts have found out by themselves.
                self.tell.push_back(Event::Decided(Some(crate::shared::Forced::Closed)));
                Event::Decided(None)
            }
            (State::HalfOpen { .. }, Event::Succeeded { .. }, after) => match self.grant.take() {
                Some(of) => Event::Succeeded { unit, of },
                None if *after == State::Closed => Event::Closed(unit),
                None => return,
            },
            (State::HalfOpen { .. }, Event::Failed { .. }, _) => match self.grant.take() {
                Some(of) => Event::Failed { unit, of },
                None => return,
            },
            (State::HalfOpen { .. }, Event::Abandoned { .. }, _) => match self.grant.take() {
                Some(of) => Event::Abandoned { of },
                None => return,
            },
            (State::Suspect { by: Unit::Elsewhere }, Event::Failed { .. }, State::Open) => {
                Event::Failed { unit, of }
            }
            (State::Suspect { by: Unit::Elsewhere }, Event::Succeeded { .. }, State::Closed) => {
                Event::Succeeded { unit, of }
            }
            (_, Event::Opened(_) | Event::Failed { .. }, State::Suspect { .. } | State::Open) => {
                Event::Opened(unit)
            }
            (State::Suspect { by: Unit::Own(_) }, _, State::Closed) => Event::Closed(unit),
            _ => return,
        };
        self.say(told);
    }

    fn say(&mut self, told: Event<H>) {
        self.tell.push_back(told);
        while self.tell.len() > KEPT {
            // What is told of the state is told again when the hosts' breaker is looked at.
            self.tell.pop_front();
        }
    }

    /// What the hosts' breaker is to be told next.
    pub fn next_to_tell(&mut self) -> Option<Event<H>> {
        self.tell.pop_front()
    }

    #[must_use]
    pub fn has_something_to_tell(&self) -> bool {
        !self.tell.is_empty()
    }

    /// Whether a call that may try on this host needs the leave of the hosts, too.
    #[must_use]
    pub fn needs_leave(&self) -> bool {
        self.me.is_some() && self.seen == Seen::Open && matches!(self.own.state, State::HalfOpen { .. })
    }

    /// Whether the hosts have granted a call that is under way.
    #[must_use]
    pub fn has_leave(&self) -> bool {
        self.grant.is_some()
    }

    /// The hosts let the call try that this host has granted with `of`; with `leave` its end is told to them.
    pub fn granted(&mut self, of: u64, leave: Option<u64>) {
        if matches!(self.own.state, State::HalfOpen { probe: Some(probe), .. } if probe == of) {
            self.grant = leave;
        } else if let Some(of) = leave {
            self.say(Event::Abandoned { of });
        }
    }

    /// The hosts cannot be reached: from now on this host decides alone, until it hears of them again.
    pub fn alone(&mut self) {
        self.seen = Seen::Nothing;
        self.grant = None;
        self.tell.clear();
    }

    /// The hosts' breaker as it is now. What is still to be told comes first: until then it says nothing new. Whether the
    /// host's has changed by it.
    pub fn heard(&mut self, half_open_calls: u32, hosts: &Shared<H>) -> bool {
        let Some(me) = self.me.clone() else { return false };
        if self.has_something_to_tell() {
            return false;
        }
        let before = (self.own.state.clone(), self.own.generation);
        let is_news = self.seen == Seen::Nothing || self.generation != hosts.generation;
        let was_open = self.seen == Seen::Open;
        self.generation = hosts.generation;
        let is_open = matches!(hosts.state, State::Open | State::HalfOpen { .. });
        if was_open && !is_open {
            self.apply(half_open_calls, Event::AllClosed);
        }
        if is_news {
            self.apply(half_open_calls, Event::Closed(Unit::Elsewhere));
        }
        match &hosts.state {
            State::Open | State::HalfOpen { .. } => {
                self.seen = Seen::Open;
                let is_refusing = matches!(self.own.state, State::Open | State::HalfOpen { .. });
                if !is_refusing || (is_news && hosts.state == State::Open) {
                    self.apply(half_open_calls, Event::AllOpen);
                }
            }
            State::Suspect { by } if *by != me => {
                self.seen = Seen::Suspect;
                self.apply_suspicion(half_open_calls, hosts, &me);
            }
            State::Suspect { .. } | State::Closed | State::Forced(_) => {
                self.seen = Seen::Quiet;
                self.correct(hosts, &me);
            }
        }
        before != (self.own.state.clone(), self.own.generation)
    }

    fn apply_suspicion(&mut self, half_open_calls: u32, hosts: &Shared<H>, me: &H) {
        if self.own.state == State::Closed {
            self.apply(half_open_calls, Event::Opened(Unit::Elsewhere));
        } else if self.is_failing() && !hosts.blamed.contains(me) {
            self.say(Event::Opened(me.clone()));
        }
    }

    /// Where the hosts' breaker has this host otherwise than it is, they are told again.
    fn correct(&mut self, hosts: &Shared<H>, me: &H) {
        let is_held_failing = hosts.blamed.contains(me) || hosts.state == (State::Suspect { by: me.clone() });
        if self.is_failing() && !is_held_failing {
            self.say(Event::Opened(me.clone()));
        } else if self.own.state == State::Closed && is_held_failing {
            self.say(Event::Closed(me.clone()));
        }
    }

    /// Whether calls of this host's own processes have failed too often.
    fn is_failing(&self) -> bool {
        match self.own.state {
            State::Suspect { by: Unit::Own(_) } | State::Open | State::HalfOpen { .. } => true,
            State::Suspect { by: Unit::Elsewhere } | State::Closed | State::Forced(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
