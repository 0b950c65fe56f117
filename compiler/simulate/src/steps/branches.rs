//! Branches at the same time: started as far as width and needs allow, ended together.
//!
//! It knows how branches end, not what they do. The first that fails decides; which one that was is recorded, so that a
//! replay does not decide again.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use conductor_protocol::plan::OnFailure;
use serde_json::Value as Json;

use super::{Done, Flowing};
use crate::cancel::Why;
use crate::context::Ctx;
use crate::error::{Exit, Flow};
use crate::executor::TaskId;

/// What decides, and how many go on at a time.
pub(super) struct Plan {
    /// Of the block, for the record of its decision.
    pub key: Arc<str>,
    /// For each branch its name in the record, and which branches must have ended before.
    pub names: Vec<String>,
    pub needs: Vec<Vec<usize>>,
    pub width: usize,
    pub on_failure: OnFailure,
    /// The first success decides, not the first failure.
    pub is_race: bool,
}

type Ends = Rc<RefCell<VecDeque<(usize, Flow<Done>)>>>;

struct Running<'a, 'p> {
    ctx: &'a Ctx<'p>,
    /// Of branches that have not decided.
    inner: Ctx<'p>,
    plan: Plan,
    ends: Ends,
    tasks: Vec<(usize, TaskId)>,
    waiting: VecDeque<usize>,
    open_needs: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    running: usize,
    results: Vec<Option<Flow<Done>>>,
    /// The branch that decided.
    decided: Option<usize>,
    paused: Option<Exit>,
    /// What an earlier life of the run decided.
    recorded: Option<usize>,
}

/// How the branches ended.
pub(super) struct Ended {
    pub results: Vec<Option<Flow<Done>>>,
    pub decided: Option<usize>,
}

/// Runs the branches; `start` makes one. It ends when all that were started have.
pub(super) async fn run<'p>(
    ctx: &Ctx<'p>,
    plan: Plan,
    start: impl Fn(usize, Ctx<'p>) -> Flowing<'p, Flow<Done>>,
) -> Flow<Ended> {
    let mut state = Running::new(ctx, plan);
    let me = ctx.world.scheduler.current();
    loop {
        state.start_ready(me, &start);
        if state.running == 0 {
            return state.concluded();
        }
        let ends = state.ends.clone();
        let (index, end) = std::future::poll_fn(|_| match ends.borrow_mut().pop_front() {
            Some(end) => Poll::Ready(end),
            None => Poll::Pending,
        })
        .await;
        state.ended(index, end);
    }
}

impl<'a, 'p> Running<'a, 'p> {
    fn new(ctx: &'a Ctx<'p>, plan: Plan) -> Running<'a, 'p> {
        let count = plan.names.len();
        let mut dependents = vec![Vec::new(); count];
        for (index, needs) in plan.needs.iter().enumerate() {
            needs.iter().for_each(|needed| dependents[*needed].push(index));
        }
        let open_needs: Vec<usize> = plan.needs.iter().map(Vec::len).collect();
        let inner = ctx.with_cancel(ctx.cancel.inside());
        let chosen = ctx.past(&plan.key).chosen;
        let recorded = chosen.as_deref().and_then(Json::as_str);
        let recorded = recorded.and_then(|name| plan.names.iter().position(|known| known == name));
        if recorded.is_some() && (plan.is_race || plan.on_failure == OnFailure::Cancel) {
            inner.cancel.cancel(Why::Decided);
        }
        Running {
            ctx,
            inner,
            ends: Ends::default(),
            tasks: Vec::new(),
            waiting: (0..count).filter(|index| open_needs[*index] == 0).collect(),
            open_needs,
            dependents,
            running: 0,
            results: (0..count).map(|_| None).collect(),
            decided: recorded,
            paused: None,
            recorded,
            plan,
        }
    }

    fn start_ready(&mut self, me: TaskId, start: &impl Fn(usize, Ctx<'p>) -> Flowing<'p, Flow<Done>>) {
        while self.running < self.plan.width
            && let Some(index) = self.waiting.pop_front()
        {
            // The branch that decided in an earlier life goes its way again; the others only read what is recorded.
            let decides = self.recorded == Some(index);
            let ctx = if decides { self.ctx.clone() } else { self.inner.clone() };
            let (branch, ends) = (start(index, ctx), self.ends.clone());
            let scheduler = self.ctx.world.scheduler.clone();
            let task = self.ctx.world.spawn(async move {
                scheduler.observe(index as u64 + 1);
                let end = branch.await;
                ends.borrow_mut().push_back((index, end));
                scheduler.wake(me);
            });
            self.tasks.push((index, task));
            self.running += 1;
        }
    }

    fn ended(&mut self, index: usize, end: Flow<Done>) {
        self.running -= 1;
        let decides = match &end {
            Ok(done) => self.plan.is_race && done.is_success,
            Err(Exit::Returned(_)) => true,
            Err(Exit::Failed(_)) => !self.plan.is_race,
            Err(Exit::Cancelled(_)) => false,
            Err(paused @ Exit::Paused { .. }) => {
                self.paused.get_or_insert_with(|| paused.clone());
                self.stop(Why::Paused);
                false
            }
        };
        let returns = matches!(&end, Err(Exit::Returned(_)));
        if decides && self.decided.is_none() && self.paused.is_none() && self.inner.cancel.get().is_none() {
            self.decided = Some(index);
            self.ctx.choose(&self.plan.key, Json::from(self.plan.names[index].clone()));
            if self.plan.is_race || returns || self.plan.on_failure == OnFailure::Cancel {
                self.stop(Why::Decided);
            }
        }
        if returns && self.recorded == Some(index) {
            // Whatever `on_failure` says: a `return` had stopped the others.
            self.stop(Why::Decided);
        }
        if end.is_ok() {
            for dependent in std::mem::take(&mut self.dependents[index]) {
                self.open_needs[dependent] -= 1;
                if self.open_needs[dependent] == 0 && self.is_starting() {
                    self.waiting.push_back(dependent);
                }
            }
        }
        self.results[index] = Some(end);
    }

    /// Whether further branches start: on replay of a decision all do, to read what is recorded of them.
    fn is_starting(&self) -> bool {
        self.recorded.is_some() || (self.decided.is_none() && self.paused.is_none()) || self.goes_on()
    }

    fn goes_on(&self) -> bool {
        self.plan.on_failure == OnFailure::Wait && !self.plan.is_race && self.inner.cancel.get().is_none()
    }

    fn stop(&mut self, why: Why) {
        self.inner.cancel.cancel(why);
        self.waiting.clear();
    }

    /// A pause goes before everything, then a cancellation from outside, then what was decided.
    fn concluded(mut self) -> Flow<Ended> {
        self.tasks.sort_unstable();
        for (_, task) in &self.tasks {
            self.ctx.world.scheduler.forget(*task);
        }
        if let Some(paused) = self.paused {
            return Err(paused);
        }
        if let Some(why) = self.ctx.cancel.get() {
            return Err(Exit::Cancelled(why));
        }
        Ok(Ended { results: self.results, decided: self.decided })
    }
}

/// The results of branches that all had to succeed.
pub(super) fn all(ended: Ended) -> Flow<Vec<Arc<Json>>> {
    let Ended { mut results, decided } = ended;
    if let Some(exit) = decided.and_then(|index| results[index].take()).and_then(Result::err) {
        return Err(exit);
    }
    let values = results.into_iter().map(|result| match result {
        Some(Ok(done)) => Ok(done.value),
        Some(Err(exit)) => Err(exit),
        None => Ok(Arc::new(Json::Null)),
    });
    values.collect()
}
