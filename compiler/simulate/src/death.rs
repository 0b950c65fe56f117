//! The death of the process and its return: what is lost, what a run is afterwards, and who goes on with it.
//!
//! It does not know when the process dies, nor how a run is executed.

use std::rc::Rc;

use crate::cancel::{Cancel, Why};
use crate::executor::Executor;
use crate::journal::received;
use crate::promise::Promise;
use crate::run::Run;
use crate::trace::What;
use crate::world::{External, World};

impl<'p> World<'p> {
    /// The process dies: tasks, permits and what is not on disk are gone.
    pub fn die(self: &Rc<Self>, executor: &mut Executor<'p>) {
        let death = self.deaths.borrow_mut().pop_front();
        let keep = death.map_or(0, |death| death.keep);
        executor.kill(&self.spawned);
        self.pools.clear();
        self.breakers.borrow_mut().clear();
        self.rates.borrow_mut().clear();
        self.cache.borrow_mut().clear();
        self.is_dead.set(false);
        let all: Vec<Rc<Run<'p>>> = self.runs.borrow().values().cloned().collect();
        for run in all {
            let journal = &run.journal;
            let left = (journal.durable() + keep).min(journal.appended());
            journal.cut(left);
            self.emit_of(&run.id, What::Crashed { entries: left });
            self.reset(&run, left);
        }
        let at = self.now().saturating_add(self.settings.restart_us);
        self.plan_external(at, External::Restart);
    }

    /// The run as its journal has it.
    fn reset(&self, run: &Rc<Run<'p>>, left: usize) {
        let was_owned = run.is_owned.replace(false);
        *run.history.borrow_mut() = run.journal.history();
        if let Some(end) = run.journal.end() {
            let was_shown = run.end.replace(Some(end.clone())).is_some();
            if !was_shown {
                self.emit_of(&run.id, What::RunEnded(end));
            }
            return;
        }
        if run.end.borrow().is_some() && !was_owned {
            // It is paused, or keeps no journal.
            return;
        }
        if left == 0 && (run.depth > 0 || !run.is_durable()) {
            // Its start is not on disk: it never was. Whoever asked for a child asks again.
            self.runs.borrow_mut().remove(&run.id);
            return;
        }
        *run.end.borrow_mut() = None;
        *run.cancel.borrow_mut() = Cancel::new(&self.scheduler);
        *run.ended.borrow_mut() = Promise::new(&self.scheduler);
        run.undo.borrow_mut().clear();
        run.unsettled.borrow_mut().clear();
        run.mailbox.restore(&received(&run.history.borrow()));
        if run.cancel_asked.get() {
            run.cancel.borrow().cancel(Why::Decided);
        }
    }

    /// The process is back and takes what nobody else will reach: a child that is awaited is reached by its parent.
    pub fn resume(self: &Rc<Self>) {
        let mut all: Vec<Rc<Run<'p>>> = self.runs.borrow().values().cloned().collect();
        all.sort_by_key(|run| run.started_at.get());
        for run in all.iter().filter(|run| run.parent.is_none()) {
            self.own(run);
        }
    }
}
