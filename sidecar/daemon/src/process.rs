//! Whether a process still lives, by its pid and start time.
//!
//! It knows nothing of sessions, and believes in nothing but `/proc`.

use sha2::{Digest as _, Sha256};

/// The kernel's start time of a living process: field 22 of its `stat`. A zombie does not live.
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold blanks and brackets; what follows the last bracket is regular, from field 3 on.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Which boot of the machine this is: start times count from it.
pub(crate) fn boot() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// What the machine is called.
pub(crate) fn host() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    text.trim().to_owned()
}

/// The pid of processes that are not of this machine. Nothing here has it.
pub(crate) const ELSEWHERE: u32 = 0;

/// Whether that is a process that cannot be seen from here, and lives as long as its lease.
pub(crate) fn is_elsewhere(pid: u32) -> bool {
    pid == ELSEWHERE
}

/// A number that stands for a process of another machine, the same whenever it comes.
pub(crate) fn number(process: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(process.as_bytes()).into();
    digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)) >> 1
}

/// Whether the process with that pid is the one that started then.
pub(crate) fn lives(pid: u32, process_start: u64) -> bool {
    start_time(pid) == Some(process_start)
}

#[cfg(test)]
mod tests {
    use super::{lives, start_time};

    #[test]
    fn this_process_lives_and_a_reused_pid_does_not() {
        let own = std::process::id();
        let start = start_time(own).unwrap();
        assert!(lives(own, start));
        assert!(!lives(own, start + 1));
        assert!(!lives(u32::MAX, start));
    }

    #[test]
    fn a_zombie_is_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while start_time(child.id()).is_some() && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(start_time(child.id()), None);
        child.wait().unwrap();
    }
}
