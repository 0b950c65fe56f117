//! A hedge: further calls beside one that takes long; the first success counts.
//!
//! The checker allows it only where a call may happen twice.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use conductor_protocol::plan::Hedge;

use super::Call;
use super::attempt::AttemptEnd;
use super::work::once;
use crate::cancel::Why;
use crate::context::{Ctx, Limit, Stop};
use crate::error::{names, own};
use crate::executor::{Either, first};
use crate::journal::Past;

/// An attempt of which each `after` one more call is made while none has ended. It fails when all calls have.
pub(super) async fn attempt<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    past: &Past<'p>,
    hedge: Hedge,
    limit: &Limit,
) -> AttemptEnd {
    let inner = ctx.with_cancel(ctx.cancel.inside());
    let ends: Rc<RefCell<VecDeque<AttemptEnd>>> = Rc::default();
    let me = ctx.world.scheduler.current();
    let mut running = 0;
    let mut started = 0;
    let mut unknown = false;
    let mut last = None;
    let mut wakes_at = ctx.world.now();
    loop {
        if started <= hedge.max && last.is_none() && (started == 0 || ctx.world.now() >= wakes_at) {
            spawn(&inner, call, past, started, limit, (me, ends.clone()));
            started += 1;
            running += 1;
            wakes_at = ctx.world.now().saturating_add(hedge.after_ms.saturating_mul(1000));
        }
        let may_hedge = started <= hedge.max && last.is_none() && inner.cancel.get().is_none();
        let until = may_hedge.then_some(wakes_at);
        match next(ctx, call, &ends, until).await {
            None => {}
            Some(AttemptEnd::Succeeded(value)) => {
                inner.cancel.cancel(Why::Decided);
                return AttemptEnd::Succeeded(value);
            }
            Some(end) => {
                running -= 1;
                unknown |= matches!(
                    &end,
                    AttemptEnd::Failed { unknown: true, .. } | AttemptEnd::Stopped { unknown: true, .. }
                );
                last = Some(end);
            }
        }
        if running == 0 {
            return all_failed(last, unknown);
        }
    }
}

fn all_failed(last: Option<AttemptEnd>, unknown: bool) -> AttemptEnd {
    match last {
        Some(AttemptEnd::Failed { error, .. }) => AttemptEnd::Failed { error, unknown },
        Some(AttemptEnd::Stopped { stop, begun, .. }) => AttemptEnd::Stopped { stop, unknown, begun },
        Some(end) => end,
        None => AttemptEnd::Failed { error: own(names::TIMEOUT, "no call was made"), unknown },
    }
}

type Report = (usize, Rc<RefCell<VecDeque<AttemptEnd>>>);

fn spawn<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &Past<'p>, number: u32, limit: &Limit, to: Report) {
    let (ctx, past, limit) = (ctx.clone(), past.clone(), limit.clone());
    let call =
        Call { key: call.key.clone(), call: call.call, args: call.args.clone(), critical: call.critical };
    ctx.world.clone().spawn(async move {
        let end = once(&ctx, &call, &past, number, &limit).await;
        to.1.borrow_mut().push_back(end);
        ctx.world.scheduler.wake(to.0);
    });
}

/// The next call that ends; nothing when it is time for one more.
async fn next(
    ctx: &Ctx<'_>,
    call: &Call<'_>,
    ends: &Rc<RefCell<VecDeque<AttemptEnd>>>,
    until: Option<u64>,
) -> Option<AttemptEnd> {
    let end = std::future::poll_fn(|_| match ends.borrow_mut().pop_front() {
        Some(end) => std::task::Poll::Ready(end),
        None => std::task::Poll::Pending,
    });
    let Some(at) = until else { return Some(end.await) };
    // The calls watch for cancellation and the deadline themselves.
    let unlimited = Limit { at: None, key: call.key.clone() };
    let shielded = ctx.shielded();
    match first(end, shielded.pause(at, &call.key, &unlimited)).await {
        Either::Left(end) => Some(end),
        Either::Right(Ok(()) | Err(Stop::Over | Stop::Cancelled(_))) => None,
    }
}
