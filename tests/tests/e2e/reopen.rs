//! Runs that stop for a person go on with that person's decision, in every language.

use anyhow::{Context, Result};
use conductor_tests::eventually;
use serde_json::json;

use crate::served::{Served, state};

fn served(language: &'static str) -> Result<Served> {
    Served::new("pauses", language, &["pay", "book", "unbook"])
}

impl Served {
    /// Starts the run, and kills its process in the payment.
    fn cut_off(&mut self, workflow: &str, run: &str) -> Result<()> {
        let before = self.calls();
        self.project.write("stuck", "")?;
        self.sidecar.accepts(workflow, run, &json!({"amount": 5}))?;
        eventually("the payment", || Ok((self.calls().len() > before.len()).then_some(())))?;
        self.worker.take().context("nobody serves")?.kill()?;
        std::fs::remove_file(self.project.path().join("stuck"))?;
        self.serve()
    }

    /// `conductor resume`: its exit code, and what it prints on both streams.
    fn resume(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let done = self.project.conductor(&[&["resume"], arguments].concat())?;
        Ok((done.code, format!("{}{}", done.stdout, done.stderr)))
    }
}

fn a_payment_in_doubt(language: &'static str) -> Result<()> {
    let mut served = served(language)?;
    for run in ["known", "lost", "again"] {
        served.cut_off("payment", run)?;
        let paused = served.sidecar.run_in(run, &["paused"])?;
        assert_eq!(paused["steps"][0]["state"], "in_doubt", "{paused}");
    }
    assert_eq!(served.calls().len(), 3);

    let (code, said) = served.resume(&["known"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("run known stopped at pay, which needs a decision"), "{said}");
    assert!(said.contains("retry it, give the result it has come to, or say that it failed"), "{said}");
    assert!(said.contains("--retry, --result JSON or --failed MESSAGE"), "{said}");

    let (code, said) =
        served.resume(&["known", "--result", "\"paid by hand\"", "--reason", "the bank has it"])?;
    assert_eq!((code, said.as_str()), (Some(0), "resumed known\n"));
    let known = served.sidecar.run_in("known", &["succeeded", "failed"])?;
    assert_eq!(known["output"], "paid by hand", "{known}");
    let shown = served.project.conductor(&["show", "known"])?.expect_code(0)?.stdout;
    assert!(shown.contains(" at pay: the bank has it\n"), "{shown}");
    let reopened = &known["reopened"][0];
    assert_eq!(
        (&reopened["step"], &reopened["reason"]),
        (&json!("pay"), &json!("the bank has it")),
        "{known}"
    );

    let (code, said) = served.resume(&["lost", "--failed", "the bank does not have it"])?;
    assert_eq!(code, Some(0), "{said}");
    let lost = served.sidecar.run_in("lost", &["succeeded", "failed"])?;
    assert_eq!(lost["output"], "the bank does not have it", "it is caught as any failure: {lost}");
    assert_eq!(served.calls().len(), 3, "neither was paid again");

    let (code, said) = served.resume(&["again", "--retry", "--input", r#"{"amount": 6}"#])?;
    assert_eq!(code, Some(0), "{said}");
    let again = served.sidecar.run_in("again", &["succeeded", "failed"])?;
    assert_eq!((&again["output"], &again["steps"][0]["attempts"]), (&json!("paid 6"), &json!(2)), "{again}");
    assert_eq!(
        (&again["input"], &again["reopened"][0]["changed_input"]),
        (&json!({"amount": 6}), &json!(true))
    );
    assert_eq!(served.calls().len(), 4);

    let (code, said) = served.resume(&["again"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("run again has ended already (succeeded)"), "{said}");
    Ok(())
}

fn a_child_in_doubt(language: &'static str) -> Result<()> {
    let mut served = served(language)?;
    served.cut_off("order", "o")?;
    served.sidecar.run_in("o", &["paused"])?;
    let (code, said) = served.resume(&["o", "--retry"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("run o waits for o/payment, which is paused: resume that one, and both go on"),
        "{said}"
    );
    let (code, said) = served.resume(&["o/payment", "--retry"])?;
    assert_eq!((code, said.as_str()), (Some(0), "resumed o/payment, o\n"));
    assert_eq!(served.sidecar.run_in("o", &["succeeded", "failed"])?["output"], "paid 5");
    Ok(())
}

fn what_cannot_be_undone(language: &'static str) -> Result<()> {
    let served = served(language)?;
    served.project.write("broken", "")?;
    for run in ["mended", "by_hand"] {
        served.sidecar.accepts("trip", run, &json!({"amount": 5}))?;
        served.sidecar.run_in(run, &["paused"])?;
    }
    let (code, said) = served.resume(&["mended", "--failed", "never mind"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("what is to be undone cannot be left"), "{said}");
    std::fs::remove_file(served.project.path().join("broken"))?;
    assert_eq!(served.calls(), ["unbook 5", "unbook 5"]);
    let (code, said) = served.resume(&["mended", "--retry"])?;
    assert_eq!(code, Some(0), "{said}");
    let mended = served.sidecar.run_in("mended", &["failed"])?;
    assert_eq!(
        (&mended["error"]["message"], state(&mended, "book")),
        (&json!("nobody wants it"), &json!("compensated")),
        "{mended}"
    );
    let (code, said) = served.resume(&["by_hand", "--result", "null"])?;
    assert_eq!(code, Some(0), "{said}");
    let by_hand = served.sidecar.run_in("by_hand", &["failed"])?;
    assert_eq!(state(&by_hand, "book"), &json!("compensated"), "{by_hand}");
    assert_eq!(
        served.calls(),
        ["unbook 5", "unbook 5", "unbook 5"],
        "that of the second run was undone by hand"
    );
    Ok(())
}

fn a_child_without_a_journal(language: &'static str) -> Result<()> {
    let served = served(language)?;
    served.sidecar.accepts("tour", "t", &json!({"amount": 5}))?;
    served.sidecar.run_in("t", &["failed"])?;
    assert_eq!(served.calls(), ["unbook 7", "unbook 6", "unbook 5"]);
    served.project.write("broken", "")?;
    served.sidecar.accepts("tour", "u", &json!({"amount": 5}))?;
    served.sidecar.run_in("u", &["paused"])?;
    std::fs::remove_file(served.project.path().join("broken"))?;
    let (code, said) = served.resume(&["u", "--retry"])?;
    assert_eq!(code, Some(0), "{said}");
    // The child's process was this one all along, but the run begins anew and knows no more what it did.
    let paused = served.sidecar.run_in("u", &["paused", "failed"])?;
    assert_eq!(paused["state"], "paused", "{paused}");
    let (code, said) = served.resume(&["u", "--result", "null", "--reason", "undone by hand"])?;
    assert_eq!(code, Some(0), "{said}");
    served.sidecar.run_in("u", &["failed"])?;
    Ok(())
}

macro_rules! in_each_language {
    ($($language:ident)*) => {$(
        mod $language {
            #[test]
            fn a_payment_in_doubt_is_decided_on_by_a_person() -> anyhow::Result<()> {
                super::a_payment_in_doubt(stringify!($language))
            }

            #[test]
            fn a_parent_goes_on_with_its_child() -> anyhow::Result<()> {
                super::a_child_in_doubt(stringify!($language))
            }

            #[test]
            fn a_child_without_a_journal_is_undone_with_its_parent() -> anyhow::Result<()> {
                super::a_child_without_a_journal(stringify!($language))
            }

            #[test]
            fn what_could_not_be_undone_is_undone_again_or_was_by_hand() -> anyhow::Result<()> {
                super::what_cannot_be_undone(stringify!($language))
            }
        }
    )*};
}

in_each_language!(python typescript go);
