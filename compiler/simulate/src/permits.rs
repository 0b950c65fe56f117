//! Permits of resources, bulkheads and workflows in the running world: who holds one, who waits.
//!
//! `conductor_policy::permits` decides who is next; this wakes them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use conductor_policy::permits::{Asked, Permits};

use crate::context::{Ctx, Limit, Stop};
use crate::executor::{digest_of, mix};
use crate::explore::Stuck;
use crate::oracle::Action;
use crate::promise::Promise;
use crate::trace::What;
use crate::world::World;

type Ticket = u64;

/// A pool, and how many permits it has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PoolName {
    /// "resource `db`", for people.
    pub name: Arc<str>,
    pub limit: u32,
}

struct Pool {
    permits: Permits<Ticket>,
    owners: BTreeMap<Ticket, Owner>,
}

struct Owner {
    run: Arc<str>,
    key: Arc<str>,
    granted: Promise<()>,
}

#[derive(Default)]
pub(crate) struct Pools {
    known: RefCell<BTreeMap<PoolName, Pool>>,
    tickets: Cell<Ticket>,
}

/// A permit, or a place in the queue for one; given back when dropped.
pub(crate) struct Permit<'p> {
    world: Rc<World<'p>>,
    pool: PoolName,
    ticket: Ticket,
    run: Arc<str>,
    key: Arc<str>,
    is_granted: bool,
}

/// Takes a permit, in turn.
pub(crate) async fn acquire<'p>(
    ctx: &Ctx<'p>,
    pool: &PoolName,
    key: &Arc<str>,
    limit: &Limit,
) -> Result<Permit<'p>, Stop> {
    let action = if key.is_empty() {
        Action::Admit { run: ctx.run.id.to_string(), workflow: ctx.run.plan.workflow.clone() }
    } else {
        Action::Acquire { run: ctx.run.id.to_string(), key: key.to_string(), pool: pool.name.to_string() }
    };
    ctx.unless_stopped(limit, ctx.world.visible(action)).await?;
    let (mut permit, granted) = ctx.world.pools.ask(ctx, pool, key);
    if !granted.is_resolved() {
        ctx.emit(What::PermitWaiting { key: key.clone(), pool: pool.name.clone() });
        ctx.unless_stopped(limit, granted.wait()).await?;
    }
    permit.is_granted = true;
    ctx.emit(What::PermitAcquired { key: key.clone(), pool: pool.name.clone() });
    Ok(permit)
}

impl Pools {
    fn ask<'p>(&self, ctx: &Ctx<'p>, name: &PoolName, key: &Arc<str>) -> (Permit<'p>, Promise<()>) {
        let ticket = self.tickets.get();
        self.tickets.set(ticket + 1);
        let granted = Promise::new(&ctx.world.scheduler);
        let mut known = self.known.borrow_mut();
        let pool = known
            .entry(name.clone())
            .or_insert_with(|| Pool { permits: Permits::new(name.limit), owners: BTreeMap::new() });
        let owner = Owner { run: ctx.run.id.clone(), key: key.clone(), granted: granted.clone() };
        pool.owners.insert(ticket, owner);
        if pool.permits.ask(ticket) == Asked::Granted {
            granted.resolve((), 0);
        }
        let permit = Permit {
            world: ctx.world.clone(),
            pool: name.clone(),
            ticket,
            run: ctx.run.id.clone(),
            key: key.clone(),
            is_granted: false,
        };
        (permit, granted)
    }

    fn leave(&self, name: &PoolName, ticket: Ticket) {
        let mut known = self.known.borrow_mut();
        let Some(pool) = known.get_mut(name) else { return };
        pool.owners.remove(&ticket);
        let next = pool.permits.leave(ticket);
        if let Some(owner) = next.and_then(|next| pool.owners.get(&next)) {
            owner.granted.resolve((), digest_of("granted"));
        }
    }

    /// Forgets every permit, as the death of the process does.
    pub fn clear(&self) {
        self.known.borrow_mut().clear();
    }

    /// Who holds what, and in which order the others wait.
    pub fn fingerprint(&self) -> u64 {
        let mut digest = 11;
        for (name, pool) in self.known.borrow().iter() {
            let who = |ticket: &Ticket| {
                pool.owners.get(ticket).map_or(0, |owner| mix(digest_of(&owner.run), digest_of(&owner.key)))
            };
            digest = mix(digest, digest_of(&name.name));
            let mut held: Vec<u64> = pool.permits.held().map(|ticket| who(&ticket)).collect();
            held.sort_unstable();
            digest = held.iter().fold(mix(digest, held.len() as u64), |digest, owner| mix(digest, *owner));
            digest = pool.permits.waiting().fold(digest, |digest, ticket| mix(digest, who(&ticket)));
        }
        digest
    }

    /// Everybody who waits for a permit, for what, and who has it.
    pub fn stuck(&self) -> Vec<Stuck> {
        let mut found = Vec::new();
        for (name, pool) in self.known.borrow().iter() {
            let shown = |owner: &Owner| match owner.key.is_empty() {
                true => format!("run `{}`", owner.run),
                false => format!("run `{}`, step `{}`", owner.run, owner.key),
            };
            let holders = pool.permits.held().filter_map(|ticket| pool.owners.get(&ticket));
            let held_by: Vec<String> = holders.map(shown).collect();
            for owner in pool.permits.waiting().filter_map(|ticket| pool.owners.get(&ticket)) {
                found.push(Stuck {
                    run: owner.run.to_string(),
                    key: owner.key.to_string(),
                    waits_for: format!("a permit of {}", name.name),
                    held_by: held_by.clone(),
                });
            }
        }
        found
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.world.is_dead() {
            return;
        }
        self.world.pools.leave(&self.pool, self.ticket);
        if self.is_granted {
            let what = What::PermitReleased { key: self.key.clone(), pool: self.pool.name.clone() };
            self.world.emit_of(&self.run, what);
        }
    }
}
