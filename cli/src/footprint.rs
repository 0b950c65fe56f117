//! How little memory a process takes that waits most of the time.
//!
//! It knows the kernel's ways with pages, and nothing of what the process is for.

use std::ffi::c_void;

use rustix::mm::{Advice, madvise};

/// Gives back the pages of the program that only its start has needed. Which are needed again come back from the page
/// cache, or from the file.
pub fn forget_the_start() {
    for (from, to) in std::fs::read_to_string("/proc/self/maps").iter().flat_map(|maps| unwritten(maps)) {
        let at = std::ptr::with_exposed_provenance_mut::<c_void>(from);
        #[expect(unsafe_code, reason = "nobody can write to these pages, so their file has what is in them")]
        // SAFETY: the mapping is the kernel's own word, is of a file, private, and has not been written to: what is dropped
        // is read from the file again at the next access.
        let _ = unsafe { madvise(at, to - from, Advice::LinuxDontNeed) };
    }
}

/// Where code and constants of programs are mapped that nobody can write to. What begins elsewhere in a file and is only read now
/// may have been written to by the loader.
fn unwritten(maps: &str) -> impl Iterator<Item = (usize, usize)> {
    maps.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (range, access, offset, path) = (words.next()?, words.next()?, words.next()?, words.nth(2)?);
        let (from, to) = range.split_once('-')?;
        let is_constant = access == "r--p" && offset.bytes().all(|digit| digit == b'0');
        let is_wanted = (access == "r-xp" || is_constant) && path.starts_with('/');
        is_wanted.then_some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::{forget_the_start, unwritten};

    #[test]
    fn code_and_constants_of_files_are_found_and_nothing_else() {
        let maps = "\
            1000-3000 r--p 00000000 fe:00 42 /usr/bin/conductor\n\
            3000-9000 r-xp 00002000 fe:00 42 /usr/bin/conductor\n\
            9000-a000 r--p 00008000 fe:00 42 /usr/bin/conductor\n\
            d000-e000 rw-p 00009000 fe:00 42 /usr/bin/conductor\n\
            a000-b000 r-xp 00000000 00:00 0\n\
            b000-c000 rwxp 00000000 fe:00 43 /usr/lib/patched.so\n\
            c000-d000 r-xp 00000000 00:00 0 [vdso]\n\
            nonsense\n";
        assert_eq!(unwritten(maps).collect::<Vec<_>>(), [(0x1000, 0x3000), (0x3000, 0x9000)]);
    }

    #[test]
    fn what_was_dropped_comes_back() {
        forget_the_start();
        assert!("still here".parse::<u8>().is_err());
    }
}
