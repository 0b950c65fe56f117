//! Mutated manifests: lowering always answers, and a fix leads to a text that can be read again.

use conductor_model::lower;
use conductor_source::{Sources, fix, render};
use conductor_syntax::{Syntax, yaml};
use proptest::prelude::*;

const MANIFEST: &str = "\
version: '1.0'
targets: [{language: python}]
tasks:
- {id: a, ref: m.f, policy: p, effect: read, with: {x: '${input.n}', y: [1, 2]}}
- id: b
  ref: m.g
  policy: {retries: 3, timeout: 2s}
policies:
- id: p
  retries: forever
  timeout_ms: 500
  retry_on: [E, 503]
workflows:
- id: w
  input: {n: int, m: {type: 'map<string, list<T>?>', default: 1}, r: {x: int}}
  durable: true
  deadline: 5m
  steps:
  - task: a
    when: ${input.n > 1}
  - parallel:
    - task: b
      id: c
    - workflow: v
    max_concurrency: 2
  output: ${a}
";

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("- "),
        Just("x: "),
        Just("[]"),
        Just("{}"),
        Just("null"),
        Just("5"),
        Just("-1"),
        Just("1e99"),
        Just("'"),
        Just("${"),
        Just("}"),
        Just("list<"),
        Just("?"),
        Just("|"),
        Just("task: "),
        Just("race: "),
        Just("\n  "),
        Just(""),
        Just("99999999999999999999"),
        Just("&a "),
        Just("*a"),
        Just("é"),
        Just("steps:\n"),
        Just("(((((((((((("),
        Just(".inf"),
    ]
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_mutated_manifests(cuts in prop::collection::vec((0..MANIFEST.len(), 0..20_usize, word()), 1..6)) {
        let mut text = MANIFEST.to_owned();
        for (at, length, word) in cuts {
            let mut start = at.min(text.len());
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(start) { start -= 1; }
            while !text.is_char_boundary(end) { end += 1; }
            text.replace_range(start..end, &word);
        }
        let mut sources = Sources::default();
        let (_, tree, mut diagnostics) = yaml::read(&mut sources, "a.yaml", text.as_bytes());
        diagnostics.extend(lower(&tree, Syntax::Yaml).1);
        for diagnostic in &diagnostics {
            prop_assert!(!diagnostic.message.is_empty());
            let _ = render::text(diagnostic, &sources, true);
        }
        let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
        for (file, text) in applied.files {
            let _ = lower(&yaml::parse(file, &text).0, Syntax::Yaml);
        }
    }
}
