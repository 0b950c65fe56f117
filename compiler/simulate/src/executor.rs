//! A deterministic executor with one thread: tasks, who is ready, and what each task has seen.
//!
//! It knows nothing of Plans. What a task has seen is kept as a digest: a task is deterministic, so two tasks of one
//! identity that have seen the same are in the same state, which lets an exploration recognise states.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::clock::Clock;
use crate::random::Random;

pub(crate) type TaskId = usize;

pub(crate) type Work<'p> = Pin<Box<dyn Future<Output = ()> + 'p>>;

/// Who is ready, and what each task has seen. Shared by everything that waits.
pub(crate) struct Scheduler {
    /// Whether time decides what happens next; without, an oracle does.
    pub timed: bool,
    pub clock: Clock,
    current: Cell<TaskId>,
    tasks: RefCell<Vec<TaskState>>,
    ready: RefCell<VecDeque<TaskId>>,
    /// Draws who goes on first of those that are ready; without, whoever was ready first does.
    order: RefCell<Option<Random>>,
}

#[derive(Clone, Copy)]
struct TaskState {
    identity: u64,
    seen: u64,
    spawned: u64,
    is_queued: bool,
    life: Life,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Alive,
    Done,
    /// What it came to is part of what another task has seen.
    Forgotten,
}

impl Scheduler {
    pub fn new(timed: bool) -> Rc<Scheduler> {
        Rc::new(Scheduler {
            timed,
            clock: Clock::default(),
            current: Cell::new(0),
            tasks: RefCell::default(),
            ready: RefCell::default(),
            order: RefCell::default(),
        })
    }

    /// From here on those that are ready go on in an order that is drawn.
    pub fn shuffle(&self, seed: u64) {
        *self.order.borrow_mut() = Some(Random::new(seed));
    }

    fn next(&self) -> Option<TaskId> {
        let mut ready = self.ready.borrow_mut();
        let drawn = self.order.borrow_mut().as_mut().map_or(0, |random| random.below(ready.len() as u64));
        ready.remove(usize::try_from(drawn).unwrap_or(0))
    }

    pub fn current(&self) -> TaskId {
        self.current.get()
    }

    /// The current task has seen something that decides what it does next.
    pub fn observe(&self, digest: u64) {
        if self.timed {
            return;
        }
        if let Some(task) = self.tasks.borrow_mut().get_mut(self.current.get()) {
            task.seen = mix(task.seen, digest);
        }
    }

    pub fn wake(&self, id: TaskId) {
        if let Some(task) = self.tasks.borrow_mut().get_mut(id)
            && task.life == Life::Alive
            && !task.is_queued
        {
            task.is_queued = true;
            self.ready.borrow_mut().push_back(id);
        }
    }

    /// A new task, ready to run. It begins with what its maker has seen.
    fn add(&self, name: Option<u64>) -> TaskId {
        let mut tasks = self.tasks.borrow_mut();
        let (identity, seen) = match (name, tasks.get_mut(self.current.get())) {
            (None, Some(maker)) => {
                maker.spawned += 1;
                (mix(maker.identity, maker.spawned), maker.seen)
            }
            (name, maker) => (name.unwrap_or(0), maker.map_or(0, |maker| maker.seen)),
        };
        tasks.push(TaskState { identity, seen, spawned: 0, is_queued: true, life: Life::Alive });
        self.ready.borrow_mut().push_back(tasks.len() - 1);
        tasks.len() - 1
    }

    /// What `id` came to is from here on part of what the current task has seen.
    pub fn forget(&self, id: TaskId) {
        if self.timed {
            return;
        }
        let seen = match self.tasks.borrow_mut().get_mut(id) {
            Some(task) => {
                task.life = Life::Forgotten;
                task.seen
            }
            None => return,
        };
        self.observe(seen);
    }

    /// The states of all tasks, whatever the order in which they were made.
    pub fn fingerprint(&self) -> u64 {
        let tasks = self.tasks.borrow();
        let mut known: Vec<(u64, u64, bool)> = tasks
            .iter()
            .filter(|task| task.life != Life::Forgotten)
            .map(|task| (task.identity, task.seen, task.life == Life::Alive))
            .collect();
        known.sort_unstable();
        known.iter().fold(7, |digest, (identity, seen, alive)| {
            mix(mix(mix(digest, *identity), *seen), u64::from(*alive))
        })
    }
}

/// The tasks themselves.
pub(crate) struct Executor<'p> {
    scheduler: Rc<Scheduler>,
    tasks: Vec<Option<Work<'p>>>,
    /// How many more times a task may be woken.
    pub budget: u64,
}

/// Tasks that were made while another was running.
pub(crate) type Spawned<'p> = RefCell<Vec<(TaskId, Work<'p>)>>;

/// Makes a task of `work`. With a name it is the same task whoever makes it.
pub(crate) fn spawn<'p>(
    scheduler: &Scheduler,
    spawned: &Spawned<'p>,
    name: Option<u64>,
    work: Work<'p>,
) -> TaskId {
    let id = scheduler.add(name);
    spawned.borrow_mut().push((id, work));
    id
}

impl<'p> Executor<'p> {
    pub fn new(scheduler: &Rc<Scheduler>, budget: u64) -> Executor<'p> {
        Executor { scheduler: scheduler.clone(), tasks: Vec::new(), budget }
    }

    /// Takes over what was spawned.
    pub fn adopt(&mut self, spawned: &Spawned<'p>) {
        for (id, work) in spawned.borrow_mut().drain(..) {
            if self.tasks.len() <= id {
                self.tasks.resize_with(id + 1, || None);
            }
            self.tasks[id] = Some(work);
        }
    }

    /// Runs every ready task until it waits. False where the budget was spent.
    pub fn run_ready(&mut self, spawned: &Spawned<'p>, stop: &Cell<bool>) -> bool {
        loop {
            self.adopt(spawned);
            let Some(id) = self.scheduler.next() else { return true };
            if let Some(task) = self.scheduler.tasks.borrow_mut().get_mut(id) {
                task.is_queued = false;
            }
            let Some(left) = self.budget.checked_sub(1) else { return false };
            self.budget = left;
            self.poll(id);
            if stop.get() {
                return true;
            }
        }
    }

    fn poll(&mut self, id: TaskId) {
        let Some(mut work) = self.tasks.get_mut(id).and_then(Option::take) else { return };
        self.scheduler.current.set(id);
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => self.tasks[id] = Some(work),
            Poll::Ready(()) => {
                if let Some(task) = self.scheduler.tasks.borrow_mut().get_mut(id) {
                    task.life = Life::Done;
                }
            }
        }
        // Outside a task nothing is seen.
        self.scheduler.current.set(usize::MAX);
    }

    /// Ends every task where it stands, as the death of the process does.
    pub fn kill(&mut self, spawned: &Spawned<'p>) {
        self.adopt(spawned);
        let tasks = std::mem::take(&mut self.tasks);
        drop(tasks);
        self.scheduler.ready.borrow_mut().clear();
        self.scheduler.clock.clear();
        for task in self.scheduler.tasks.borrow_mut().iter_mut() {
            task.life = Life::Forgotten;
        }
    }
}

/// The first of two to be ready; `a` where both are.
pub(crate) async fn first<A: Future, B: Future>(a: A, b: B) -> Either<A::Output, B::Output> {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    std::future::poll_fn(move |context| {
        if let Poll::Ready(value) = a.as_mut().poll(context) {
            return Poll::Ready(Either::Left(value));
        }
        b.as_mut().poll(context).map(Either::Right)
    })
    .await
}

pub(crate) enum Either<A, B> {
    Left(A),
    Right(B),
}

/// Mixes a number into a digest (the finaliser of MurmurHash3 over both).
pub(crate) fn mix(digest: u64, part: u64) -> u64 {
    let mut z = digest.rotate_left(27) ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    z = (z ^ (z >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    z ^ (z >> 33)
}

/// A digest of a text.
pub(crate) fn digest_of(text: &str) -> u64 {
    // FNV-1a, 64 bits.
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
