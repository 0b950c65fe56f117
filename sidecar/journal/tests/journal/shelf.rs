//! Documents of builds beside the runs: kept by kind and name with the time of their last use.

use conductor_journal::{Kept, Shelved};

use crate::support::{At, commit, start};

pub fn documents_are_kept_with_their_last_use(at: &dyn At) {
    let (one, other) = ("blake3:01", "blake3:02%_'");
    {
        let journal = at.journal();
        let store = journal.store();
        assert_eq!((store.all_shelved(Kept::Plan).unwrap(), store.first_start().unwrap()), (vec![], None));
        store.shelve(Kept::Plan, other, r#"{"a": "b c"}"#, 7).unwrap();
        store.shelve(Kept::Plan, one, "old", 1).unwrap();
        store.shelve(Kept::Manifest, one, "another", 1).unwrap();
        store.shelve(Kept::Plan, one, "{}", 1_790_000_000_000).unwrap();
    }
    let journal = at.journal();
    let store = journal.store();
    assert_eq!(store.shelved(Kept::Plan, one).unwrap().as_deref(), Some("{}"));
    assert_eq!(store.shelved(Kept::Plan, other).unwrap().as_deref(), Some(r#"{"a": "b c"}"#));
    assert_eq!(store.shelved(Kept::Plan, "format").unwrap(), None);
    assert_eq!(store.shelved(Kept::Plan, "\0").unwrap(), None);
    store.touch_shelved(Kept::Plan, &[other, "none"], 1_790_000_000_001).unwrap();
    let kept = |name: &str, bytes, used_at| Shelved { name: name.to_owned(), bytes, used_at };
    assert_eq!(
        store.all_shelved(Kept::Plan).unwrap(),
        [kept(one, 16, 1_790_000_000_000), kept(other, 26, 1_790_000_000_001)]
    );
    assert_eq!(store.shelved(Kept::Plan, other).unwrap().as_deref(), Some(r#"{"a": "b c"}"#));
    store.unshelve(Kept::Plan, &[one, "none"]).unwrap();
    assert_eq!(store.all_shelved(Kept::Plan).unwrap().len(), 1);
    assert_eq!(store.all_shelved(Kept::Manifest).unwrap(), [kept(one, 9, 1)]);
    start(&journal, "r", "s");
    commit(&journal);
    assert_eq!(store.first_start().unwrap(), Some(store.find("r").unwrap().unwrap().started_at));
}
