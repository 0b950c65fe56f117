//! Whether what the demo shows is true: the journal against the shop's own log of calls, order by order.
//!
//! It does not know how the crash was made.

use std::collections::{BTreeMap, BTreeSet};

use super::shop::{Order, PAYMENT, Payment, STEPS};
use crate::output::{self, Cell, DIM, GREEN, RED, YELLOW};
use crate::view::Run;

/// What became of a step over the crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Finished before the crash, and not run again.
    Kept,
    /// Under way at the crash, and run again.
    Again,
    /// Run only after the crash.
    After,
    /// Anything else, which is a fault.
    Wrong,
}

impl Fate {
    fn cell(self) -> Cell {
        match self {
            Fate::Kept => ("kept".to_owned(), DIM),
            Fate::Again => ("again".to_owned(), YELLOW),
            Fate::After => ("after".to_owned(), ""),
            Fate::Wrong => ("WRONG".to_owned(), RED),
        }
    }
}

/// What is known when all is over.
pub struct Evidence {
    pub orders: Vec<Order>,
    /// The runs at the end, by id.
    pub runs: BTreeMap<String, Run>,
    /// Run and step of everything that the journal held as finished after the crash, before anything ran again.
    pub journaled: BTreeSet<(String, String)>,
    /// The application that was killed.
    pub killed: u32,
}

pub struct Verdict {
    rows: Vec<(String, [Fate; 4])>,
    states: Vec<(bool, bool)>,
    pub counts: BTreeMap<Fate, usize>,
    /// Orders that got more than one letter.
    pub letters_twice: usize,
    /// Everything that is not as it should be.
    pub faults: Vec<String>,
}

impl Verdict {
    #[must_use]
    pub fn new(evidence: &Evidence, expected: usize) -> Verdict {
        let mut verdict = Verdict {
            rows: Vec::new(),
            states: Vec::new(),
            counts: BTreeMap::new(),
            letters_twice: 0,
            faults: Vec::new(),
        };
        if evidence.orders.len() != expected {
            verdict.faults.push(format!("{} orders instead of {expected}", evidence.orders.len()));
        }
        for order in &evidence.orders {
            verdict.judge(order, evidence);
        }
        verdict
    }

    fn judge(&mut self, order: &Order, evidence: &Evidence) {
        let id = &order.id;
        let run_state = evidence.runs.get(id).map_or("missing", |run| run.state.as_str());
        let finished = order.state == "done" && run_state == "succeeded";
        if !finished {
            self.faults.push(format!("{id} is {} in the shop and {run_state} in the journal", order.state));
        }
        let key = format!("{id}/{PAYMENT}");
        let wanted = Payment { idempotency_key: key, amount: order.amount.clone() };
        let charged = order.payments == [wanted];
        if !charged {
            self.faults.push(format!("{id} over {} was charged {:?}", order.amount, order.payments));
        }
        self.letters_twice += usize::from(order.letters > 1);
        let fates = STEPS.map(|(step, function)| self.fate(order, step, function, evidence));
        for fate in fates {
            *self.counts.entry(fate).or_default() += 1;
        }
        self.rows.push((id.clone(), fates));
        self.states.push((finished, charged));
    }

    fn fate(&mut self, order: &Order, step: &str, function: &str, evidence: &Evidence) -> Fate {
        let calls = order.calls.get(function).map_or(&[][..], Vec::as_slice);
        let (before, after): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.pid == evidence.killed);
        let finished_before = before.iter().any(|call| call.finished);
        let finished_after = after.iter().any(|call| call.finished);
        let journaled = evidence.journaled.contains(&(order.id.clone(), step.to_owned()));
        let fate = match (journaled, before.is_empty(), after.is_empty()) {
            (true, false, true) if finished_before => Fate::Kept,
            (false, false, false) if finished_after => Fate::Again,
            (false, true, false) if finished_after => Fate::After,
            _ => Fate::Wrong,
        };
        if fate == Fate::Wrong {
            self.faults.push(format!(
                "{} {step}: {} calls before the crash, {} after it, {} in the journal at the crash",
                order.id,
                before.len(),
                after.len(),
                if journaled { "finished" } else { "not finished" },
            ));
        }
        fate
    }

    /// An order whose payment was under way at the crash, to look at.
    #[must_use]
    pub fn most_telling(&self) -> Option<&str> {
        let payment_again = |(_, fates): &&(String, [Fate; 4])| fates[2] == Fate::Again;
        self.rows.iter().find(payment_again).map(|(id, _)| id.as_str())
    }

    #[must_use]
    pub fn payments_again(&self) -> usize {
        self.rows.iter().filter(|(_, fates)| fates[2] == Fate::Again).count()
    }

    #[must_use]
    pub fn table(&self) -> String {
        let yes_no = |holds: bool, yes: &str, no: &str| -> Cell {
            if holds { (yes.to_owned(), GREEN) } else { (no.to_owned(), RED) }
        };
        let rows: Vec<[Cell; 7]> = self
            .rows
            .iter()
            .zip(&self.states)
            .map(|((id, fates), (finished, charged))| {
                let [fetch, check, payment, receipt] = fates.map(Fate::cell);
                let order = (output::inert_line(id, 40), "");
                let charged = yes_no(*charged, "once", "WRONG");
                [
                    order,
                    yes_no(*finished, "finished", "NOT FINISHED"),
                    charged,
                    fetch,
                    check,
                    payment,
                    receipt,
                ]
            })
            .collect();
        let [fetch, check, payment, receipt] = STEPS.map(|(step, _)| step);
        output::table(["ORDER", "STATE", "CHARGED", fetch, check, payment, receipt], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Fate, Verdict};
    use crate::commands::demo::shop::{Call, Order, Payment, STEPS};

    const KILLED: u32 = 1;
    const LATER: u32 = 2;

    fn payment(amount: &str) -> Payment {
        Payment { idempotency_key: "o/process_payment".to_owned(), amount: amount.to_owned() }
    }

    fn evidence(calls: [&[(u32, bool)]; 4], payments: &[&str], journaled: &[&str]) -> Evidence {
        let calls = STEPS.iter().zip(calls).map(|((_, function), calls)| {
            let calls = calls.iter().map(|(pid, finished)| Call { pid: *pid, finished: *finished }).collect();
            ((*function).to_owned(), calls)
        });
        let order = Order {
            id: "o".to_owned(),
            amount: "1.50".to_owned(),
            state: "done".to_owned(),
            payments: payments.iter().map(|amount| payment(amount)).collect(),
            letters: 1,
            calls: calls.collect(),
        };
        let run = serde_json::json!(
            {"id": "o", "workflow": "w", "state": "succeeded", "started_at": "2026-01-01T00:00:00Z"});
        Evidence {
            orders: vec![order],
            runs: [("o".to_owned(), serde_json::from_value(run).unwrap())].into(),
            journaled: journaled.iter().map(|step| ("o".to_owned(), (*step).to_owned())).collect(),
            killed: KILLED,
        }
    }

    const GOOD: [&[(u32, bool)]; 4] =
        [&[(KILLED, true)], &[(KILLED, true)], &[(KILLED, false), (LATER, true)], &[(LATER, true)]];

    #[test]
    fn a_crash_in_a_payment_that_went_well_is_told_as_it_was() {
        let verdict = Verdict::new(&evidence(GOOD, &["1.50"], &["fetch_user", "check_permissions"]), 1);
        assert_eq!(verdict.faults, Vec::<String>::new());
        assert_eq!(verdict.rows[0].1, [Fate::Kept, Fate::Kept, Fate::Again, Fate::After]);
        assert_eq!(verdict.most_telling(), Some("o"));
    }

    #[test]
    fn a_journaled_step_that_ran_again_is_a_fault() {
        let mut calls = GOOD;
        calls[0] = &[(KILLED, true), (LATER, true)];
        let journaled = &["fetch_user", "check_permissions"];
        assert_eq!(Verdict::new(&evidence(calls, &["1.50"], journaled), 1).faults.len(), 1);
        assert_eq!(Verdict::new(&evidence(calls, &["1.50"], &journaled[1..]), 1).faults.len(), 0);
    }

    #[test]
    fn a_lost_step_a_second_payment_and_a_missing_order_are_faults() {
        let mut calls = GOOD;
        calls[3] = &[];
        let journaled = &["fetch_user", "check_permissions"];
        assert_eq!(Verdict::new(&evidence(calls, &["1.50"], journaled), 1).faults.len(), 1);
        assert_eq!(Verdict::new(&evidence(GOOD, &["1.50", "1.50"], journaled), 1).faults.len(), 1);
        assert_eq!(Verdict::new(&evidence(GOOD, &["2.50"], journaled), 1).faults.len(), 1);
        assert_eq!(Verdict::new(&evidence(GOOD, &["1.50"], journaled), 2).faults.len(), 1);
        // Done before the crash, in no journal, and not done again: its result is lost.
        assert_eq!(Verdict::new(&evidence(GOOD, &["1.50"], &["fetch_user"]), 1).faults.len(), 1);
    }
}
