//! Plans beside the runs: kept under their digests with the time of their last use.

use conductor_journal::KeptPlan;

use crate::support::{At, commit, start};

pub fn plans_are_kept_with_their_last_use(at: &dyn At) {
    let (one, other) = ("blake3:01", "blake3:02%_'");
    {
        let journal = at.journal();
        let store = journal.store();
        assert_eq!((store.kept_plans().unwrap(), store.first_start().unwrap()), (vec![], None));
        store.keep_plan(other, r#"{"a": "b c"}"#, 7).unwrap();
        store.keep_plan(one, "old", 1).unwrap();
        store.keep_plan(one, "{}", 1_790_000_000_000).unwrap();
    }
    let journal = at.journal();
    let store = journal.store();
    assert_eq!(store.kept_plan(one).unwrap().as_deref(), Some("{}"));
    assert_eq!(store.kept_plan(other).unwrap().as_deref(), Some(r#"{"a": "b c"}"#));
    assert_eq!(store.kept_plan("format").unwrap(), None);
    assert_eq!(store.kept_plan("\0").unwrap(), None);
    store.use_plans(&[other, "none"], 1_790_000_000_001).unwrap();
    let kept = |digest: &str, bytes, used_at| KeptPlan { digest: digest.to_owned(), bytes, used_at };
    assert_eq!(
        store.kept_plans().unwrap(),
        [kept(one, 16, 1_790_000_000_000), kept(other, 26, 1_790_000_000_001)]
    );
    assert_eq!(store.kept_plan(other).unwrap().as_deref(), Some(r#"{"a": "b c"}"#));
    store.forget_plans(&[one, "none"]).unwrap();
    assert_eq!(store.kept_plans().unwrap().len(), 1);
    start(&journal, "r", "s");
    commit(&journal);
    assert_eq!(store.first_start().unwrap(), Some(store.find("r").unwrap().unwrap().started_at));
}
