//! Two descriptions of a function: whether they agree, and the table of how often they do.
//!
//! It knows no language: kinds and types are words that both sides spell alike.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, ensure};

use super::{Asked, CodeBase, Function, Reading};

/// How a sample of one code base compared.
pub struct Verdict {
    name: &'static str,
    version: String,
    known: usize,
    left_out: usize,
    sampled: usize,
    /// How many agreed on each [`ASPECTS`].
    agreed: [usize; 5],
    agreed_on_all: usize,
    disagreements: Vec<String>,
}

/// What is compared: that it is found under its name; what it is; its parameters with their kinds, in order; its defaults;
/// where the independent reading knows them, types, and what makes the object of a method.
const ASPECTS: [&str; 5] = ["names", "kinds", "parameters", "defaults", "types"];

impl Verdict {
    pub fn percent(&self) -> f64 {
        let (agreed, sampled) = (u32::try_from(self.agreed_on_all), u32::try_from(self.sampled.max(1)));
        100.0 * f64::from(agreed.unwrap_or(0)) / f64::from(sampled.unwrap_or(u32::MAX))
    }
}

pub fn verdict(
    base: &CodeBase,
    reading: &Reading,
    sample: &[Function],
    ours: &[Function],
) -> Result<Verdict> {
    let wrong_defaults = defaults(reading, sample, ours)?;
    let mut verdict = Verdict {
        name: base.name,
        version: reading.version.clone(),
        known: reading.functions.len(),
        left_out: reading.left_out,
        sampled: sample.len(),
        agreed: [0; 5],
        agreed_on_all: 0,
        disagreements: Vec::new(),
    };
    for (theirs, ours) in sample.iter().zip(ours) {
        let default = wrong_defaults.get(&theirs.reference).map(Vec::as_slice).unwrap_or_default();
        let differences = differences(theirs, ours, default);
        for (count, difference) in verdict.agreed.iter_mut().zip(&differences) {
            *count += usize::from(difference.is_none());
        }
        let told: Vec<&str> = differences.iter().flatten().map(String::as_str).collect();
        verdict.agreed_on_all += usize::from(told.is_empty());
        if !told.is_empty() {
            let note = theirs.note.as_deref().unwrap_or("not explained");
            verdict.disagreements.push(format!("{}: {} ({note})", theirs.reference, told.join("; ")));
        }
    }
    Ok(verdict)
}

/// The defaults that differ, by ref. Only those that both sides have are looked at.
fn defaults(
    reading: &Reading,
    sample: &[Function],
    ours: &[Function],
) -> Result<BTreeMap<String, Vec<String>>> {
    let mut asked = Vec::new();
    let mut known = Vec::new();
    for (theirs, ours) in sample.iter().zip(ours) {
        for parameter in &ours.parameters {
            let other =
                theirs.parameters.iter().find(|other| other.name == parameter.name && other.has_default);
            if let (Some(text), Some(other)) = (&parameter.default, other) {
                let (reference, parameter) = (theirs.reference.clone(), parameter.name.clone());
                asked.push(Asked { reference, parameter, text: text.clone() });
                known.push(other.default.clone().unwrap_or_default());
            }
        }
    }
    let judged = match &reading.defaults {
        Some(judge) => judge(&asked)?,
        None => asked.iter().zip(&known).map(|(asked, known)| differs(&asked.text, known)).collect(),
    };
    ensure!(judged.len() == asked.len(), "{} verdicts for {} defaults", judged.len(), asked.len());
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (asked, difference) in asked.into_iter().zip(judged) {
        if let Some(difference) = difference {
            wrong.entry(asked.reference).or_default().push(format!("{}: {difference}", asked.parameter));
        }
    }
    Ok(wrong)
}

/// Texts are compared without their blanks.
fn differs(ours: &str, theirs: &str) -> Option<String> {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    (bare(ours) != bare(theirs)).then(|| format!("`{ours}` against `{theirs}`"))
}

fn differences(theirs: &Function, ours: &Function, defaults: &[String]) -> [Option<String>; 5] {
    if let Some(word) = &theirs.refused {
        let agreed = ours.refused.as_ref().is_some_and(|why| why.contains(word.as_str()));
        return [None, (!agreed).then(|| format!("it is a {word}")), None, None, None];
    }
    if let Some(why) = &ours.refused {
        let all = Some(format!("refused: {why}"));
        return [
            all,
            Some("no kind".to_owned()),
            Some("no parameters".to_owned()),
            Some("no defaults".to_owned()),
            Some("no types".to_owned()),
        ];
    }
    let name = (theirs.name != ours.name).then(|| format!("the name is {}, not {}", ours.name, theirs.name));
    let what =
        |function: &Function| format!("{}{}", if function.is_async { "async " } else { "" }, function.kind);
    let kind = (what(theirs) != what(ours)).then(|| format!("it is {}, not {}", what(ours), what(theirs)));
    let shape = |function: &Function| {
        let parameters = function.parameters.iter().map(|one| format!("{} ({})", one.name, one.kind));
        parameters.collect::<Vec<_>>().join(", ")
    };
    let parameters = (shape(theirs) != shape(ours))
        .then(|| format!("parameters [{}], not [{}]", shape(ours), shape(theirs)));
    let given = |function: &Function| {
        let with = function.parameters.iter().filter(|one| one.has_default).map(|one| one.name.as_str());
        with.collect::<Vec<_>>().join(", ")
    };
    let missing = (given(theirs) != given(ours))
        .then(|| format!("defaults of [{}], not of [{}]", given(ours), given(theirs)));
    let wrong = missing.or_else(|| (!defaults.is_empty()).then(|| defaults.join("; ")));
    [name, kind, parameters, wrong, types(theirs, ours)]
}

/// What the independent reading says of types, and how ours differs.
fn types(theirs: &Function, ours: &Function) -> Option<String> {
    let mut told = Vec::new();
    let mut compare = |what: &str, theirs: &Option<String>, ours: &Option<String>| {
        if let (Some(theirs), ours) = (theirs, ours.as_deref().unwrap_or("nothing"))
            && theirs != ours
        {
            told.push(format!("{what} {ours}, not {theirs}"));
        }
    };
    compare("made by", &theirs.receiver, &ours.receiver);
    compare("returns", &theirs.returns, &ours.returns);
    for (one, other) in theirs.parameters.iter().zip(&ours.parameters) {
        compare(&one.name, &one.ty, &other.ty);
    }
    if theirs.returns.is_some() && theirs.returns_error != ours.returns_error {
        told.push(format!("returns an error: {}", ours.returns_error));
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// The table, then every disagreement.
pub fn table(seed: u64, verdicts: &[Verdict]) -> String {
    let mut out = format!("{:<14} {:<10} {:>7} {:>8}", "code base", "version", "known", "sampled");
    for aspect in ASPECTS {
        let _ = write!(out, " {aspect:>10}");
    }
    let _ = writeln!(out, " {:>8}", "agree");
    for one in verdicts {
        let _ = write!(out, "{:<14} {:<10} {:>7} {:>8}", one.name, one.version, one.known, one.sampled);
        for agreed in one.agreed {
            let _ = write!(out, " {agreed:>10}");
        }
        let _ = writeln!(out, " {:>6.1} %", one.percent());
    }
    for one in verdicts.iter().filter(|one| one.left_out > 0) {
        let _ = writeln!(
            out,
            "{}: {} modules cannot be loaded here and were not sampled",
            one.name, one.left_out
        );
    }
    let _ = writeln!(out, "seed {seed}");
    for one in verdicts {
        for disagreement in &one.disagreements {
            let _ = writeln!(out, "{}: {disagreement}", one.name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{differences, differs};
    use crate::agreement::{Function, Parameter};

    fn function(name: &str, kind: &str, default: Option<&str>) -> Function {
        let parameter = Parameter {
            name: "a".to_owned(),
            kind: kind.to_owned(),
            has_default: default.is_some(),
            default: default.map(str::to_owned),
            ty: Some("int".to_owned()),
        };
        Function {
            reference: "m.f".to_owned(),
            name: name.to_owned(),
            kind: "function".to_owned(),
            is_async: false,
            parameters: vec![parameter],
            receiver: None,
            returns: None,
            returns_error: false,
            refused: None,
            note: None,
        }
    }

    #[test]
    fn each_aspect_is_compared() {
        let one = function("f", "keyword only", None);
        assert_eq!(differences(&one, &one, &[]), [None, None, None, None, None]);
        let told =
            |other: &Function, wrong: &[String]| differences(&one, other, wrong).map(|found| found.is_some());
        assert_eq!(told(&function("g", "keyword only", None), &[]), [true, false, false, false, false]);
        assert_eq!(told(&function("f", "variadic", None), &[]), [false, false, true, false, false]);
        assert_eq!(told(&function("f", "keyword only", Some("1")), &[]), [false, false, false, true, false]);
        assert_eq!(told(&one, &["a: 1".to_owned()]), [false, false, false, true, false]);
        let is_async = Function { is_async: true, ..one.clone() };
        assert_eq!(told(&is_async, &[]), [false, true, false, false, false]);
        let typed =
            Function { returns: Some("string".to_owned()), receiver: Some(String::new()), ..one.clone() };
        assert_eq!(told(&typed, &[]), [false; 5], "what they do not say is not compared");
        let found = differences(&typed, &one, &[]).map(|found| found.is_some());
        assert_eq!(found, [false, false, false, false, true]);
        let mut other = one.clone();
        other.parameters[0].ty = Some("bool".to_owned());
        assert_eq!(told(&other, &[]), [false, false, false, false, true]);
        let refused = Function { refused: Some("a generator function".to_owned()), ..one.clone() };
        assert_eq!(told(&refused, &[]), [true; 5]);
        let generator = Function { refused: Some("generator".to_owned()), ..one.clone() };
        assert_eq!(differences(&generator, &refused, &[]), [None, None, None, None, None]);
        assert_eq!(
            differences(&generator, &one, &[]).map(|found| found.is_some()),
            [false, true, false, false, false]
        );
    }

    #[test]
    fn blanks_do_not_count() {
        assert_eq!(differs("{ a: 1 }", "{a: 1}"), None);
        assert!(differs("1", "2").is_some());
    }
}
