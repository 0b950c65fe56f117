//! Callgrind's profile of a process, without compressed names and positions: what each function took itself.
//!
//! It knows the file's form (valgrind's manual, "Callgrind Format Specification"), not what was run.

use std::collections::BTreeMap;

/// Instructions by function of that object, without what it calls.
pub fn functions(text: &str, object: &str) -> BTreeMap<String, u64> {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let (mut function, mut is_inside) = ("", false);
    let mut of_a_call = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("ob=") {
            is_inside = name == object;
        } else if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if line.starts_with("calls=") {
            // The next line has the cost of the call, which is counted where it is spent.
            of_a_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let count = line.split_ascii_whitespace().nth(1).and_then(|count| count.parse::<u64>().ok());
            if !std::mem::take(&mut of_a_call) && is_inside {
                *found.entry(plain(function).to_owned()).or_default() += count.unwrap_or(0);
            }
        }
    }
    found
}

/// The name without the number of a recursion.
fn plain(function: &str) -> &str {
    match function.rsplit_once('\'') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => function,
    }
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn the_cost_of_calls_and_of_other_objects_is_not_counted() {
        let text = "\
            version: 1\npositions: line\nevents: Ir\n\n\
            ob=/bin/a\nfl=main.rs\nfn=main\n0 10\ncfn=work\ncalls=2 0\n0 30\n\n\
            fn=work\n0 20\ncfn=work'2\ncalls=1 0\n0 10\n\n\
            fn=work'2\n0 10\n\nob=/lib/libc.so.6\nfn=malloc\n0 5\n\ntotals: 45\n";
        let found: Vec<(String, u64)> = functions(text, "/bin/a").into_iter().collect();
        assert_eq!(found, [("main".to_owned(), 10), ("work".to_owned(), 30)]);
    }
}
