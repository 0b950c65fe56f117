//! `tests/manifests`: whoever writes like this hears nothing but advice that is worth it.

use super::{clean, judge, samples};

#[test]
fn sensible_manifests_have_no_false_alarms() {
    let samples = samples("tests/manifests");
    assert!(samples.len() >= 30, "{} manifests", samples.len());
    judge(samples.iter().map(|(path, project)| clean(path, project).map(drop)));
}
