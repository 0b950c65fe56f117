//! D001: money in binary floating point
//!
//! It knows names and types, not how values are computed.

use conductor_model::Callee;
use conductor_protocol::plan::Language;
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::facts::words;
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("D001", Family::Data, Severity::Warning, Confidence::High, judge);

const WORDS: &[&str] = &["amount", "price", "total", "fee", "balance", "salary", "cost", "subtotal", "tax"];

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in &subject.graph.workflows {
        for input in &workflow.inputs {
            let inferred = workflow.inferred.contains_key(&input.name);
            if !inferred && is_money(&input.name, &input.ty) {
                let span = workflow.input_spans.get(&input.name).copied().unwrap_or(workflow.id.span);
                found.push(finding(
                    subject,
                    &format!("the input `{}` of `{}`", input.name, workflow.id.value),
                    span,
                ));
            }
        }
    }
    for task in &subject.graph.tasks {
        let Some(signature) = &task.signature else { continue };
        // JavaScript has no other numbers.
        if matches!(&signature.callee, Callee::Function(function) if function.language == Language::Typescript)
        {
            continue;
        }
        for parameter in
            signature.all_parameters().filter(|parameter| is_money(&parameter.name, &parameter.ty))
        {
            let what = format!("the parameter `{}` of `{}`", parameter.name, task.id.value);
            found.push(finding(subject, &what, parameter.span));
        }
    }
    found
}

fn is_money(name: &str, ty: &Type) -> bool {
    let is_float = match ty {
        Type::Optional(inner) => **inner == Type::Float,
        other => *other == Type::Float,
    };
    let words = words(name);
    // A cost of so many percent or seconds is none.
    let counts = words.iter().any(|word| {
        matches!(word.as_str(), "rate" | "ratio" | "percent" | "count" | "seconds" | "ms" | "score")
    });
    is_float && !counts && words.iter().any(|word| WORDS.contains(&word.as_str()))
}

fn finding(subject: &Subject<'_>, what: &str, span: conductor_source::Span) -> Diagnostic {
    subject
        .found(
            &RULE,
            format!("{what} looks like money and is a binary floating-point number"),
            span,
            "0.1 + 0.2 is not 0.3 here",
        )
        .help("use `decimal`, or an `int` of the smallest unit (cents)")
}
