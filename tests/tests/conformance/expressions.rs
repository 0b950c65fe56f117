//! CEL at its edges: each expression is a workflow of one step, and comes to what the interpreter says.
//!
//! It knows expressions, not what they are worth.

use anyhow::{Result, ensure};
use conductor_protocol::plan::Language;
use conductor_simulate::{Scenario, Start};
use serde_json::json;

use crate::case::Job;
use crate::execute::{How, Verdict, judged};
use crate::property::compiled;
use crate::{alone, targets};

const INPUTS: &str = "{i: int, zero: int, f: float, zf: float, s: string, none: string?, d: decimal, xs: list<int>, \
                      empty: list<int>, m: \"map<string,int>\", t: timestamp, u: duration, b: bytes, day: date, any: any, \
                      r: \"{x: int, y: string?}\"}";

const NAMES: [&str; 16] =
    ["i", "zero", "f", "zf", "s", "none", "d", "xs", "empty", "m", "t", "u", "b", "day", "any", "r"];

const EXPRESSIONS: &[&str] = &[
    // 64 bits.
    "string(9223372036854775807 - i)",
    "9223372036854775807 + i",
    "-9223372036854775807 - i",
    "string(-9223372036854775807 - 1)",
    "(-9223372036854775807 - 1) / (zero - 1)",
    "9223372036854775807 * i",
    "-(-9223372036854775807 - 1 + zero)",
    "string(4611686018427387904 * -2)",
    "9007199254740993 % 10",
    "string(9007199254740993 + zero)",
    "9007199254740993 > 9007199254740992 + zero",
    // Division and modulo.
    "i / 2",
    "-i / 2",
    "i / -2",
    "i % 3",
    "-i % 3",
    "i % -3",
    "i / zero",
    "i % zero",
    "(-9223372036854775807 - 1) % (zero - 1)",
    "f / 2.0",
    "f / zf > 1.0",
    "-f / zf < 0.0",
    "zf / zf == zf / zf",
    "zf / zf != zf / zf",
    "zf / zf < 1.0",
    "zf / zf >= 1.0",
    "f / zf",
    "string(f * 1e300 * 10.0)",
    "string(zf)",
    "string(-zf)",
    "-zf == zf",
    // Conversions.
    "int(2.9 + zf)",
    "int(-2.9 + zf)",
    "int(f * 1e30)",
    "int('9223372036854775807') > i",
    "int('9223372036854775808')",
    "int('0x10')",
    "int(' 1')",
    "int('-5')",
    "double('1e3')",
    "double('x')",
    "double(i)",
    "string(i)",
    "string(f)",
    "string(0.1 + 0.2 + zf)",
    "string(1e100 + zf)",
    "string(1.0 + zf)",
    "string(100000000000000000000.0 + zf)",
    "string(0.000001 + zf)",
    "string(1e-7 + zf)",
    "string(true)",
    "bool('true')",
    "bool('yes')",
    "i == int(f + 4.5)",
    "double(i) == 7.0",
    "i < 7 + 1",
    "any == 3",
    "any == 3.0",
    "any > 2.5",
    "any in [1, 2, 3]",
    // Code points.
    "size(s)",
    "s.charAt(2)",
    "s.charAt(4)",
    "s.charAt(9)",
    "s.substring(1, 3)",
    "s.substring(3)",
    "s.substring(3, 1)",
    "s.indexOf('z')",
    "s.lastIndexOf('a')",
    "'\\U0001F600' > '\\uFFFF'",
    "s < 'b'",
    "s.reverse()",
    "s.upperAscii()",
    "s.lowerAscii()",
    "s.split('')",
    "s.split('é')",
    "s.replace('a', 'bb')",
    "s.replace('a', 'b', 1)",
    "s + 'x'",
    "s.contains('😀')",
    "s.startsWith('aé')",
    "s.endsWith('')",
    "s.matches('^a.*z$')",
    "s.matches('[0-9]+')",
    "'  x '.trim()",
    "['a', 'b'].join('-')",
    "'a-b-c'.split('-', 2)",
    "'%s has %d'.format([s, i])",
    "'%.2f'.format([f])",
    "strings.quote(s)",
    // Lists and maps.
    "xs[0]",
    "xs[i]",
    "xs[zero - 1]",
    "size(xs)",
    "2 in xs",
    "9 in xs",
    "xs + [4]",
    "xs == [3, 1, 2]",
    "xs != [3, 2, 1]",
    "empty.map(x, x + 1)",
    "m.map(k, k)",
    "m.map(k, m[k])",
    "m['a']",
    "m['zz']",
    "'b' in m",
    "{'z': 1, 'a': 2}.map(k, k)",
    "m == {'a': 2, 'b': 1}",
    "size(m)",
    "xs.filter(x, x > 1)",
    "xs.exists(x, x == 2)",
    "xs.all(x, x > 0)",
    "xs.exists_one(x, x > 2)",
    "empty.all(x, x > 0)",
    "empty.exists(x, true)",
    "xs.map(x, x > 1, x * 10)",
    "xs.transformList(n, x, n * 100 + x)",
    "m.transformMap(k, v, v + 1)",
    "m.exists(k, k == 'a')",
    "cel.bind(x, i + 1, x * x)",
    "math.greatest(xs)",
    "math.least(3, i, 5)",
    "math.abs(-i)",
    "math.ceil(f)",
    "math.round(f)",
    "math.round(-2.5 + zf)",
    "math.trunc(-f)",
    "math.sign(-f)",
    "math.sqrt(16.0 + zf)",
    "math.isNaN(zf / zf)",
    "math.bitAnd(i, 3)",
    "math.bitShiftLeft(1, i)",
    "string(math.bitShiftRight(-8, 1))",
    "math.bitShiftLeft(1, 64 + zero)",
    // Errors that logic absorbs.
    "i / zero > 1 || true",
    "true || i / zero > 1",
    "i / zero > 1 && false",
    "false && i / zero > 1",
    "i / zero > 1 || false",
    "i / zero > 1 && true",
    "[1, 0].exists(x, 10 / x > 5)",
    "[0, 1].exists(x, 10 / x > 5)",
    "[1, 0].all(x, 10 / x > 50)",
    "[1, 0].all(x, 10 / x > 5)",
    "[0, 1].exists_one(x, 10 / x > 5)",
    "i > 3 ? 'big' : string(i / zero)",
    "i / zero > 1 ? 1 : 2",
    // Time.
    "t.getFullYear()",
    "t.getSeconds()",
    "t.getMilliseconds()",
    "t.getDayOfWeek()",
    "t.getDayOfYear()",
    "t.getHours('America/New_York')",
    "t.getHours('+05:30')",
    "t.getDate('Asia/Tokyo')",
    "string(t)",
    "t + u",
    "t - u",
    "string(t + duration('0.0005s'))",
    "t - timestamp('1970-01-01T00:00:00Z')",
    "t < timestamp('1970-01-01T00:00:00Z')",
    "timestamp('2024-02-28T12:00:00Z') + duration('24h')",
    "timestamp('9999-12-31T23:59:59Z') + u",
    "timestamp('2024-13-01T00:00:00Z')",
    "timestamp('2024-01-01T00:00:00+02:00').getHours()",
    "timestamp('2024-03-31T01:30:00Z').getHours('Europe/Berlin')",
    "u + u",
    "string(u)",
    "string(duration('-1.5s'))",
    "u.getMinutes()",
    "u.getSeconds()",
    "duration('1h') > duration('59m')",
    "duration('x')",
    "duration('100000000000h')",
    "string(day)",
    "day < date('2024-03-01')",
    "day == date('2024-02-29')",
    "int(timestamp('1969-12-31T23:59:58Z'))",
    "timestamp(i * 100)",
    // Decimals.
    "d + 1",
    "d * d",
    "d / 3",
    "d - 20",
    "d == 10.1",
    "d > 10",
    "-d",
    "string(d)",
    "d % 3",
    "d / 0",
    "decimal('1e3')",
    "string(decimal('0.10') + decimal('0.20'))",
    // Null, records, bytes.
    "none == null",
    "none != null ? size(none) : -1",
    "r.x + 1",
    "r.y == null",
    "has(r.y)",
    "{'a': none}",
    "size(b)",
    "string(b)",
    "bytes('é') == b'\\xc3\\xa9'",
    "base64.encode(b)",
    "base64.decode('AAE=') == b'\\x00\\x01'",
    "any + 1",
    "any == null",
    "[any, 'x']",
    "\"text ${i} and ${f} and ${none == null}\"",
];

fn job(name: String, expression: &str) -> Option<Job> {
    // What is interpolated is written as a text; else the whole is one expression.
    let value = match expression.strip_prefix('"') {
        Some(text) => text.trim_end_matches('"').to_owned(),
        None => format!("${{{expression}}}"),
    };
    let named: Vec<String> = NAMES.iter().map(|name| format!("{name}: \"${{input.{name}}}\"")).collect();
    let text = format!(
        "workflows:\n  - id: main\n    entrypoint: true\n    input: {INPUTS}\n    steps:\n      - set: {{{}}}\n      - set: {{value: {}}}\n    output: \"${{value}}\"\n",
        named.join(", "),
        serde_json::to_string(&value).ok()?
    );
    let plans = compiled(&text)?;
    let input = json!({
        "i": 7, "zero": 0, "f": 2.5, "zf": 0.0, "s": "aé😀z", "none": null, "d": "10.10", "xs": [3, 1, 2], "empty": [], "m": {"b": 1, "a": 2},
        "t": "1969-12-31T23:59:59.5+00:00", "u": "90.25s", "b": "aGkh", "day": "2024-02-29", "any": 3, "r": {"x": 1, "y": null},
    });
    let start = Start {
        workflow: "main".to_owned(),
        run: "r".to_owned(),
        input: input.as_object().cloned().unwrap_or_default(),
        ..Start::default()
    };
    Some(Job { name, plans, scenario: Scenario { starts: vec![start], ..Scenario::default() } })
}

#[test]
fn expressions_are_worth_the_same_in_every_language() -> Result<()> {
    let _alone = alone();
    let mut jobs = Vec::new();
    let mut refused = Vec::new();
    for (index, expression) in EXPRESSIONS.iter().enumerate() {
        match job(format!("x{index}"), expression) {
            Some(job) => jobs.push((*expression, job)),
            None => refused.push(*expression),
        }
    }
    println!("not expressions of a manifest: {refused:#?}");
    let all: Vec<Job> = jobs.iter().map(|(_, job)| job.clone()).collect();
    let mut wrong = Vec::new();
    for target in targets() {
        let mut equal = 0;
        for ((expression, _), verdict) in jobs.iter().zip(judged(target, &all, How::default())?) {
            match verdict {
                Verdict::Equal => equal += 1,
                Verdict::Differs(lines) => {
                    wrong.push(told(target.language(), expression, &lines.join("; ")));
                }
                Verdict::Missing(reason) => wrong.push(told(target.language(), expression, &reason)),
            }
        }
        println!("{}: {equal} of {} expressions equal", target.language().as_str(), jobs.len());
    }
    ensure!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn told(language: Language, expression: &str, lines: &str) -> String {
    format!("{}: {expression}: {lines}", language.as_str())
}
