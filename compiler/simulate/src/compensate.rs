//! Compensation: undoing what a run did, in the reverse order of recorded completion.
//!
//! It does not know why. Neither cancellation nor a deadline reaches it; when an undoing fails for good, the run waits
//! for a person.

use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::TaskCall;

use crate::call::{self, Args, Call};
use crate::context::Ctx;
use crate::error::Exit;
use crate::run::Run;
use crate::steps::Flowing;
use crate::trace::What;

/// How to undo a step. The arguments were computed when it completed.
#[derive(Clone)]
pub(crate) struct Undo<'p> {
    pub key: Arc<str>,
    /// Where the completion stands in the journal.
    pub position: usize,
    pub how: How<'p>,
}

#[derive(Clone)]
pub(crate) enum How<'p> {
    Call {
        call: &'p TaskCall,
        args: Result<Args<'p>, ErrorForm>,
    },
    /// A sub-workflow is undone as a unit: what it did, in its own reverse order.
    Child(Rc<Run<'p>>),
}

/// The step at which a person must look, and why.
pub(crate) type Trouble = (Arc<str>, Arc<str>);

/// Undoes everything. `ctx` is shielded.
pub(crate) fn undo_all<'p>(ctx: &Ctx<'p>) -> Flowing<'p, Result<(), Trouble>> {
    let ctx = ctx.clone();
    Box::pin(async move {
        let mut all = ctx.run.undo.borrow().clone();
        all.sort_by_key(|undo| undo.position);
        for undo in all.into_iter().rev() {
            undo_one(&ctx, undo).await?;
        }
        Ok(())
    })
}

async fn undo_one<'p>(ctx: &Ctx<'p>, undo: Undo<'p>) -> Result<(), Trouble> {
    match undo.how {
        How::Child(child) => {
            let inside = Ctx::of_run(&ctx.world, &child, ctx.cancel.clone());
            undo_all(&inside).await?;
        }
        How::Call { call, args } => {
            let key: Arc<str> = format!("{}.compensate", undo.key).into();
            let args = args.map_err(|error| (key.clone(), Arc::from(error.message.as_str())))?;
            if ctx.past(&key).outcome.is_some() {
                return Ok(());
            }
            let undoing = Call { key: key.clone(), call, args, critical: true };
            match call::perform(ctx, &undoing).await {
                Ok(_) => {}
                Err(Exit::Failed(failure)) => {
                    let reason =
                        format!("what `{}` did could not be undone: {}", undo.key, failure.error.message);
                    return Err((key, reason.into()));
                }
                Err(Exit::Paused { step, reason }) => return Err((step, reason)),
                // Nothing cancels it and a task does not return; were it so, a person must look all the same.
                Err(Exit::Cancelled(_) | Exit::Returned(_)) => {
                    return Err((key, "the compensation was interrupted".into()));
                }
            }
        }
    }
    ctx.emit(What::StepCompensated { key: undo.key });
    Ok(())
}
