//! Signals: sent to a run by anybody, listed for its owner and pushed to it.
//!
//! It does not know which step of a run takes one.

use std::sync::Arc;

use conductor_journal::{Refusal, Settled, StoredSignal};
use conductor_protocol::message::{RunSignal, SignalList, SignalListResult, SignalSend, method};

use crate::handlers::{Call, Empty, on_disk};
use crate::rpc::{self, Fault};
use crate::sidecar::{Sidecar, blocking};

/// Bytes of data after which a page of `signal.list` ends.
const PAGE: usize = 4 << 20;

pub(crate) fn send(call: &mut Call<'_>, sent: &SignalSend) -> Result<(), Fault> {
    let settled = put(call.sidecar, sent)?;
    call.later(async move {
        if let Some(settled) = settled {
            on_disk(settled).await?;
        }
        Ok(Empty {})
    });
    Ok(())
}

/// Puts a signal on its way to the disk; `None` where the run has it already.
pub(crate) fn put(sidecar: &Sidecar, sent: &SignalSend) -> Result<Option<Settled>, Refusal> {
    if sidecar.is_closing() {
        return Err(Refusal::Closing);
    }
    sidecar.journal.signal(&sent.run, &sent.signal, &sent.id, &sent.data)
}

pub(crate) fn list(call: &mut Call<'_>, list: SignalList) {
    let sidecar = Arc::clone(call.sidecar);
    call.later_in_turn(move || {
        let found = blocking(|| sidecar.journal.signals(&list.run, list.from, PAGE))?;
        Ok(SignalListResult { signals: found.signals, more: found.more })
    });
}

/// The lines that tell an owner of signals that are on disk.
pub(crate) fn told(out: &mut Vec<u8>, run: &str, epoch: u64, signals: &[StoredSignal]) {
    for signal in signals.iter().filter_map(|signal| signal.message().ok()) {
        let told = RunSignal {
            run: run.to_owned(),
            epoch,
            ordinal: signal.ordinal,
            signal: signal.signal,
            id: signal.id,
            data: signal.data,
        };
        rpc::notice(out, method::RUN_SIGNAL, told);
    }
}
