//! What people decided: kept in the order in which they did, the last of each id standing.

use conductor_journal::AuditRow;

use crate::support::At;

fn row(kind: &str, id: &str, decision: &str, at: i64) -> AuditRow {
    AuditRow {
        kind: kind.to_owned(),
        id: id.to_owned(),
        decision: format!("{decision:?}"),
        reason: "because of it".to_owned(),
        by: "ada".to_owned(),
        at,
    }
}

pub fn decisions_are_kept_and_the_last_one_stands(at: &dyn At) {
    let rows = [
        row("breaker", "charge", "open", 5),
        row("breaker", "ask:eu", "closed", 6),
        row("policy", "charge", "other", 7),
        row("breaker", "charge", "auto", 3),
    ];
    {
        let journal = at.journal();
        assert_eq!(journal.store().standing("breaker").unwrap(), []);
        for row in &rows {
            journal.store().append_audit(row).unwrap();
        }
    }
    let journal = at.journal();
    let store = journal.store();
    let [open, eu, policy, auto] = rows;
    assert_eq!(store.standing("breaker").unwrap(), [eu.clone(), auto.clone()]);
    assert_eq!(store.standing("policy").unwrap(), [policy]);
    assert_eq!(store.audit("breaker", Some("charge"), 9).unwrap(), [auto.clone(), open.clone()]);
    assert_eq!(store.audit("breaker", None, 9).unwrap(), [auto.clone(), eu, open]);
    assert_eq!(store.audit("breaker", None, 1).unwrap(), [auto]);
}
