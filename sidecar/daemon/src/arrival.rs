//! Whose a session is: of a process of this machine, or of somebody who came over TCP.
//!
//! It does not know how he proved who he is.

use conductor_journal::Owner;
use conductor_protocol::message::{Hello, code};

use crate::gate::Guest;
use crate::process;
use crate::rpc::Fault;
use crate::sidecar::Sidecar;
use crate::timetable::Sayer;

/// Whose the session is. A process of another machine has no pid here: it gets one that no process has, and a number of its own.
pub(crate) fn owner_of(guest: &Guest, hello: &Hello) -> Owner {
    let session = hello.session.as_str().into();
    let (pid, process_start) = match guest.from {
        None => (hello.pid, hello.process_start),
        Some(from) => {
            let process = format!("{} {from} {} {}", guest.access.name, hello.pid, hello.process_start);
            (process::ELSEWHERE, process::number(&process))
        }
    };
    Owner { session, pid, process_start }
}

/// A session is its process's, and of somebody else's machine, of whoever opened it.
pub(crate) fn may_have(sidecar: &Sidecar, owner: &Owner, guest: &Guest) -> Result<(), Fault> {
    let table = sidecar.sessions.hold();
    let Some(session) = table.get(&owner.session) else { return Ok(()) };
    let holder = &session.owner;
    if *holder != *owner && process::lives(holder.pid, holder.process_start) {
        let message = format!("session {} belongs to process {}", owner.session, holder.pid);
        return Err(Fault::new(code::INVALID_PARAMS, message));
    }
    let held = session.guest.as_ref().filter(|_| guest.from.is_some() || process::is_elsewhere(holder.pid));
    if held.is_some_and(|held| held.access.name != guest.access.name) {
        let message = format!("session {} belongs to somebody else", owner.session);
        return Err(Fault::new(code::FORBIDDEN, message));
    }
    Ok(())
}

/// Who says when runs begin by themselves: start times count within a boot of a machine.
pub(crate) fn sayer(guest: &Guest, hello: &Hello) -> Sayer {
    let boot = guest.from.map_or_else(process::boot, |from| from.to_string());
    Sayer { boot, process_start: hello.process_start }
}
