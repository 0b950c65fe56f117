//! Reads from a test runner's output how many tests passed and failed.
//!
//! It knows the lines of cargo, unittest, `go test -v` and TAP that count, and no other thing about them.

use std::ops::AddAssign;

/// Tests counted so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Collects counts line by line.
#[derive(Debug, Default)]
pub struct Counter {
    pub count: Count,
    /// Of the unittest run whose verdict has not been read yet.
    ran: u64,
}

impl Counter {
    pub fn line(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            // "ok. 3 passed; 0 failed; 0 ignored; ..."
            self.count += Count { passed: before(rest, " passed"), failed: before(rest, " failed") };
        } else if line.starts_with("--- PASS: ") {
            self.count.passed += 1;
        } else if line.starts_with("--- FAIL: ") {
            self.count.failed += 1;
        } else if let Some(number) = line.strip_prefix("# pass ") {
            self.count.passed += number.parse::<u64>().unwrap_or(0);
        } else if let Some(number) = line.strip_prefix("# fail ") {
            self.count.failed += number.parse::<u64>().unwrap_or(0);
        } else if let Some(rest) = line.strip_prefix("Ran ") {
            // "Ran 12 tests in 0.1s", then "OK" or "FAILED (failures=1, errors=2)".
            self.ran = rest.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        } else if line == "OK" || line.starts_with("OK (") {
            self.count += Count { passed: self.ran, failed: 0 };
            self.ran = 0;
        } else if let Some(rest) = line.strip_prefix("FAILED (") {
            let failed = (after(rest, "failures=") + after(rest, "errors=")).min(self.ran);
            self.count += Count { passed: self.ran - failed, failed };
            self.ran = 0;
        }
    }
}

/// The number that stands right before `word`.
fn before(text: &str, word: &str) -> u64 {
    let Some((head, _)) = text.split_once(word) else { return 0 };
    head.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The number that stands right after `word`.
fn after(text: &str, word: &str) -> u64 {
    let Some((_, tail)) = text.split_once(word) else { return 0 };
    let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Count, Counter};

    fn count(text: &str) -> Count {
        let mut counter = Counter::default();
        text.lines().for_each(|line| counter.line(line));
        counter.count
    }

    #[test]
    fn cargo_results_add_up() {
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n\
                    test result: FAILED. 12 passed; 2 failed; 0 ignored";
        assert_eq!(count(text), Count { passed: 15, failed: 2 });
    }

    #[test]
    fn results_of_go_add_up_without_those_inside_others() {
        let text =
            "--- PASS: TestOne (0.00s)\n    --- FAIL: TestTwo/inside (0.00s)\n--- FAIL: TestTwo (0.00s)";
        assert_eq!(count(text), Count { passed: 1, failed: 1 });
    }

    #[test]
    fn unittest_results_add_up() {
        assert_eq!(count("Ran 4 tests in 0.01s\n\nOK"), Count { passed: 4, failed: 0 });
        let text = "Ran 9 tests in 1.2s\n\nFAILED (failures=1, errors=2)";
        assert_eq!(count(text), Count { passed: 6, failed: 3 });
    }
}
