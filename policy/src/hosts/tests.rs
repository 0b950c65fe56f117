//! Hosts with processes, their breaker in the middle, and messages that take their time.

use proptest::prelude::*;

use super::{Member, Unit};
use crate::shared::{Answer, Event, Forced, Shared, State, decide};

type Host = u8;

struct World {
    hosts: Vec<Member<char, Host>>,
    middle: Shared<Host>,
}

impl World {
    fn new(hosts: Host) -> World {
        let mut world = World {
            hosts: (0..hosts).map(|host| Member::new(Some(host))).collect(),
            middle: Shared::default(),
        };
        world.look_everywhere();
        world
    }

    fn on(&mut self, host: Host, event: Event<Unit<char>>) -> Answer {
        self.hosts[usize::from(host)].event(1, &event)
    }

    fn middle(&mut self, event: Event<Host>) -> Answer {
        let (next, answer) = decide(1, std::mem::take(&mut self.middle), event);
        self.middle = next;
        answer
    }

    /// What the host has to tell arrives, and it looks.
    fn exchange(&mut self, host: Host) {
        while let Some(event) = self.hosts[usize::from(host)].next_to_tell() {
            self.middle(event);
        }
        self.hosts[usize::from(host)].heard(1, &self.middle);
    }

    fn look_everywhere(&mut self) {
        for host in 0..u8::try_from(self.hosts.len()).unwrap() {
            self.exchange(host);
        }
    }

    /// A call of the host wants to try; whether it may.
    fn tries(&mut self, host: Host) -> bool {
        let Answer::Granted(of) = self.on(host, Event::Asked) else { return false };
        if !self.hosts[usize::from(host)].needs_leave() {
            return true;
        }
        match self.middle(Event::Asked) {
            Answer::Granted(leave) => {
                let leave = matches!(self.middle.state, State::HalfOpen { .. }).then_some(leave);
                self.hosts[usize::from(host)].granted(of, leave);
                true
            }
            Answer::Noted | Answer::Refused => {
                self.on(host, Event::Abandoned { of });
                false
            }
        }
    }

    fn of(&self, host: Host) -> u64 {
        self.hosts[usize::from(host)].own.generation
    }

    fn state(&self, host: Host) -> &State<Unit<char>> {
        &self.hosts[usize::from(host)].own.state
    }

    fn is_refusing(&self, host: Host) -> bool {
        matches!(self.state(host), State::Open | State::HalfOpen { .. })
    }
}

fn own(event: &str, unit: char, of: u64) -> Event<Unit<char>> {
    match event {
        "opened" => Event::Opened(Unit::Own(unit)),
        "closed" => Event::Closed(Unit::Own(unit)),
        "failed" => Event::Failed { unit: Unit::Own(unit), of },
        _ => Event::Succeeded { unit: Unit::Own(unit), of },
    }
}

#[test]
fn another_host_s_failure_opens_it_on_all_hosts_and_one_closes_it_for_all() {
    let mut world = World::new(3);
    world.on(0, own("opened", 'a', 0));
    assert_eq!(world.state(0), &State::Suspect { by: Unit::Own('a') });
    world.look_everywhere();
    assert_eq!(world.state(1), &State::Suspect { by: Unit::Elsewhere });
    let of = world.of(1);
    world.on(1, own("failed", 'b', of));
    assert_eq!(world.state(1), &State::Open, "at once on its own host");
    world.look_everywhere();
    world.look_everywhere();
    assert!((0..3).all(|host| world.is_refusing(host)));
    for host in 0..3 {
        world.on(host, Event::Due);
    }
    world.middle(Event::Due);
    assert!(world.tries(2));
    assert!(!world.tries(0) && !world.tries(1), "one call of all hosts at a time");
    let of = world.of(2);
    world.on(2, own("succeeded", 'c', of));
    world.look_everywhere();
    world.look_everywhere();
    assert!((0..3).all(|host| *world.state(host) == State::Closed));
}

#[test]
fn another_host_s_success_leaves_the_first_alone_until_it_has_closed() {
    let mut world = World::new(2);
    world.on(0, own("opened", 'a', 0));
    world.look_everywhere();
    let of = world.of(1);
    world.on(1, own("succeeded", 'b', of));
    world.look_everywhere();
    world.look_everywhere();
    assert_eq!(world.state(1), &State::Closed);
    assert_eq!(world.state(0), &State::Suspect { by: Unit::Own('a') });
    assert!(world.middle.blamed.contains(&0));
    world.on(0, own("closed", 'a', 0));
    world.look_everywhere();
    assert!(world.middle.blamed.is_empty());
}

#[test]
fn a_host_that_was_cut_off_is_heard_again() {
    let mut world = World::new(2);
    world.on(0, own("opened", 'a', 0));
    world.hosts[0].alone();
    world.look_everywhere();
    world.look_everywhere();
    assert_eq!(world.middle.state, State::Suspect { by: 0 }, "what it could not tell it tells when it looks");
    world.hosts[0].alone();
    world.on(0, own("closed", 'a', 0));
    world.hosts[0].alone();
    world.look_everywhere();
    world.look_everywhere();
    assert_eq!(world.middle.state, State::Closed);
}

#[test]
fn a_person_s_will_ends_what_the_hosts_had_found() {
    let mut world = World::new(2);
    world.on(0, own("opened", 'a', 0));
    world.look_everywhere();
    let of = world.of(1);
    world.on(1, own("failed", 'b', of));
    world.look_everywhere();
    for host in 0..2 {
        world.on(host, Event::Decided(Some(Forced::Closed)));
        world.on(host, Event::Decided(None));
    }
    world.look_everywhere();
    world.look_everywhere();
    assert_eq!(world.middle.state, State::Closed);
    assert!((0..2).all(|host| *world.state(host) == State::Closed));
}

#[test]
fn a_host_without_others_tells_nobody() {
    let mut alone: Member<char, Host> = Member::new(None);
    alone.event(1, &own("opened", 'a', 0));
    alone.event(1, &own("opened", 'b', 0));
    assert_eq!(alone.own.state, State::Open);
    assert!(!alone.has_something_to_tell());
}

/// Something of a host: which one, what, and whether by the first of its processes.
fn moves() -> impl Strategy<Value = Vec<(Host, u8, bool)>> {
    prop::collection::vec((0..3_u8, 0..9_u8, any::<bool>()), 1..150)
}

fn made(world: &mut World, host: Host, what: u8, unit: char) {
    let of = world.of(host);
    match what {
        0 => drop(world.on(host, own("opened", unit, of))),
        1 => drop(world.on(host, own("closed", unit, of))),
        2 => drop(world.on(host, own("failed", unit, of))),
        3 => drop(world.on(host, own("succeeded", unit, of))),
        4 => drop(world.on(host, Event::Abandoned { of })),
        5 => drop(world.on(host, Event::Due)),
        6 => drop(world.tries(host)),
        7 => drop(world.middle(Event::Due)),
        _ => world.exchange(host),
    }
}

proptest! {
    /// However messages come: while the calls of one host alone fail, nobody on another is refused.
    #[test]
    fn a_sick_host_never_opens_it_for_the_others(moves in moves()) {
        let mut world = World::new(3);
        for (host, what, first) in moves {
            let fails = matches!(what, 0 | 2);
            if fails && host != 0 {
                continue;
            }
            made(&mut world, host, what, if first { 'a' } else { 'b' });
            for other in 1..3 {
                prop_assert!(!world.is_refusing(other), "{other}: {:?} {:?}", world.state(other), world.middle);
            }
        }
    }

    /// However messages come: of all hosts that are heard, one call at a time has leave.
    #[test]
    fn one_call_of_all_hosts_has_leave(moves in moves()) {
        let mut world = World::new(3);
        for (host, what, first) in moves {
            made(&mut world, host, what, if first { 'a' } else { 'b' });
            let with_leave = world.hosts.iter().filter(|host| host.has_leave()).count();
            prop_assert!(with_leave <= 1, "{:?}", world.middle);
        }
    }

    /// When everything was told and nothing more happens, all hosts agree.
    #[test]
    fn hosts_come_to_agree(moves in moves()) {
        let mut world = World::new(3);
        for (host, what, first) in moves {
            made(&mut world, host, what, if first { 'a' } else { 'b' });
        }
        for _ in 0..4 {
            world.look_everywhere();
        }
        let before = world.middle.clone();
        world.look_everywhere();
        prop_assert_eq!(&world.middle, &before, "it does not come to rest");
        for host in 0..3 {
            match &world.middle.state {
                State::Open | State::HalfOpen { .. } => prop_assert!(world.is_refusing(host)),
                State::Suspect { by } if *by != host => {
                    let is_known = matches!(world.state(host), State::Suspect { by: Unit::Elsewhere });
                    prop_assert!(is_known || world.middle.blamed.contains(&host), "{:?}", world.state(host));
                }
                _ => {
                    let is_held_failing = world.middle.blamed.contains(&host)
                        || world.middle.state == State::Suspect { by: host };
                    prop_assert_eq!(world.hosts[usize::from(host)].is_failing(), is_held_failing);
                }
            }
        }
    }
}
