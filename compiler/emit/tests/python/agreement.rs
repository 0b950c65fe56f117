//! Emitted Python gives the value that the evaluator of Plans gives, for every function, macro and operator.

use std::collections::BTreeMap;
use std::fmt::Write;

use conductor_cel::plan::{Bindings, evaluate, from_json, to_json};
use conductor_cel::{Scope, check, parse};
use conductor_protocol::expr::Expr;
use conductor_protocol::plan::Plan;
use conductor_protocol::types::{Type, TypeTable};
use serde_json::{Value as Json, json};

use crate::forms::{FORMS, TYPES, grow};
use crate::support::*;

/// What plain CEL does not have, or not with these types.
const MANIFEST: [&str; 99] = [
    "input.amount + 1 == 11.10 && input.amount * 0.10 < 2",
    "input.amount / 3",
    "input.amount - 0.005",
    "-input.amount",
    "-(input.amount - input.amount)",
    "decimal('1e3') + decimal(2) + decimal(0.1)",
    "decimal(input.text)",
    "decimal(1e22)",
    "decimal(1.0 / 0.0)",
    "string(input.amount)",
    "int(input.amount * -1)",
    "int(decimal('9223372036854775808'))",
    "double(input.amount)",
    "double(decimal('1e400'))",
    "math.round(input.amount * 5) + math.ceil(input.amount) + math.floor(-input.amount)",
    "math.trunc(decimal('-2.7'))",
    "math.abs(-input.amount)",
    "math.sign(-input.amount)",
    "math.greatest(input.amount, 3, 12.5)",
    "math.least([input.amount, 3.25])",
    "'%.2f and %s'.format([input.amount, input.amount])",
    "'%.1f'.format([decimal('2.25')]) + '%.0f'.format([decimal('-0.4')])",
    "input.amount in [1, 10.1]",
    "input.prices['a'] + input.prices.b",
    "input.prices.map(k, input.prices[k] * 2)",
    "input.prices.transformMap(k, v, v > 1, v + 1)",
    "input.day",
    "input.day < date('2026-02-01') && date('2026-01-31') == input.day",
    "date('2026-02-30')",
    "input.day + duration('24h')",
    "input.day - duration('1h')",
    "duration('48h') + input.day",
    "input.day - date('2025-12-31')",
    "date('9999-12-31') + duration('24h')",
    "timestamp(input.day)",
    "date(input.since)",
    "string(input.day) + string(input.day.getFullYear())",
    "input.day.getDayOfWeek() * 1000 + input.day.getDayOfYear()",
    "input.since",
    "string(input.since)",
    "input.since + duration('90m')",
    "input.since - input.since == duration('0s')",
    "input.since.getHours()",
    "input.since.getHours('Asia/Kolkata')",
    "input.since.getFullYear('+14:00')",
    "int(input.since)",
    "input.local",
    "string(input.local)",
    "input.local.getMinutes()",
    "input.local.getMinutes('UTC')",
    "int(input.local)",
    "input.local - input.since",
    "input.local < input.since",
    "input.local == input.since",
    "duration('2562047h') + duration('1h')",
    "duration('-1.9s').getMilliseconds()",
    "duration('-90m').getHours()",
    "timestamp('2024-05-01T10:00:00.123456789Z')",
    "timestamp('2024-05-01T10:00:00+05:30')",
    "timestamp('2024-05-01 10:00:00Z')",
    "timestamp(253402300800)",
    "duration('1h1.5ms')",
    "duration('')",
    "duration('1')",
    "input.maybe.orValue(5)",
    "input.maybe.hasValue()",
    "input.maybe.optMap(m, m + 1)",
    "input.maybe.or(input.other)",
    "input.other.optMap(m, m + 1).orValue(0)",
    "input.table.?zz.orValue(7) + input.table.?a.orValue(0)",
    "input.table[?'b']",
    "input.list[?1].orValue(9) + input.list[?-1].orValue(100) + input.list[?99].orValue(1000)",
    "input.list.first().orValue(0) + input.list.filter(x, x > 100).last().orValue(-1)",
    "input.gaps.filter(x, x != null).map(x, x + 1)",
    "input.gaps.map(x, x == null ? 0 : x)",
    "input.gaps.exists(x, x != null && x > 2)",
    "input.anything.name.startsWith('an') && input.anything.list.size() == 3",
    "input.anything.list.all(x, x > 0)",
    "input.anything.list.filter(x, x > 1)",
    "input.anything.list.map(x, x + 1)",
    "input.anything.list[0] + input.anything.rate",
    "input.anything.rate * 2.0",
    "input.anything.exists(k, k == 'list')",
    "input.anything.nothing",
    "has(input.anything.nothing) || has(input.anything.list)",
    "has(input.anything.name.x)",
    "input.anything.?nothing.orValue('none')",
    "input.anything.list.exists(x, 1 / (x - 1) > 0)",
    "input.anything.list.all(x, x.size() > 0)",
    "input.anything.name == 1 || input.anything.rate < 3",
    "{'a': 1, 'b': 2}.map(k, k)",
    "{'a': 1, 'b': 2}.transformList(k, v, v * 10)",
    "input.list.map(l, input.list.map(class, class + l).filter(x, x > l)).size()",
    "cel.bind(print, input.n, cel.bind(print, print * 2, print + input.n))",
    r"'ab\n'.matches('^ab$') || '\u0663'.matches(r'^\d$') || '\u00e9'.matches(r'^\w$')",
    r"'a-b c'.matches(r'^[\w-]+\sc\z') && 'x$'.matches('^x[$]$') && 'x y'.matches(r'\by\b')",
    r"'\u00e9a'.matches(r'\ba') && 'KELVIN'.matches('(?i)^kelvin$') && !'b'.matches('^(?:a|c)?$')",
    "input.text + '${'.reverse() + string(b'\\xff')",
    "['b', 'a'].map(s, s.matches('^[ab]$') ? {s: 1} : {s: 2})",
];

fn values() -> (Json, BTreeMap<String, Type>) {
    let (mut values, mut types) = crate::forms::inputs();
    let more = json!({
        "raw": "AP8K", "amount": "10.10", "prices": {"b": "0.50", "a": "1.25"}, "day": "2026-01-31",
        "since": "2026-03-01T00:30:00.250000+02:00", "local": "2026-03-01T00:30:00", "maybe": null, "other": 4,
        "gaps": [1, null, 3], "anything": {"name": "ann", "list": [1, 2, 3], "rate": 2.5},
    });
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let maybe = || Type::optional(Type::Int);
    types.extend(
        [
            ("amount", Type::Decimal),
            ("prices", Type::Map(Box::new(Type::Decimal))),
            ("day", Type::Date),
            ("since", Type::Timestamp),
            ("local", Type::Timestamp),
            ("maybe", maybe()),
            ("other", maybe()),
            ("gaps", Type::List(Box::new(maybe()))),
            ("anything", Type::Any),
        ]
        .map(|(name, ty)| (name.to_owned(), ty)),
    );
    (values, types)
}

/// Every form with some parts, and random ones.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = MANIFEST.iter().map(|text| (*text).to_owned()).collect();
    for (ty, forms) in FORMS {
        for at in 0..forms.len() {
            for part in [0, 4] {
                texts.push(grow(
                    ty,
                    &mut std::iter::once(at).chain([part, part + 3, part + 5].into_iter().cycle().take(8)),
                    2,
                ));
            }
        }
    }
    let mut state = 7u64;
    let mut random = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 40).unwrap()
    });
    for ty in TYPES.iter().cycle().take(400) {
        texts.push(grow(ty, &mut random, 4));
    }
    texts
}

fn checked(text: &str, types: &BTreeMap<String, Type>) -> Expr {
    let (ast, errors) = parse(text);
    assert_eq!(errors, [], "{text}");
    let table = TypeTable::new();
    let scope = Scope { inputs: types, ..Scope::new(&table) };
    check(&ast, &scope, None).map_err(|errors| format!("{text}: {errors:?}")).unwrap()
}

const SCRIPT: &str = r#"
import asyncio
import base64
import datetime as dt
import json
import math
from decimal import Decimal
import conductor_gen


def encoded(value: object) -> object:
    match value:
        case float():
            return value if math.isfinite(value) else {math.inf: 'Infinity', -math.inf: '-Infinity'}.get(value, 'NaN')
        case Decimal():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case dt.timedelta():
            return conductor_gen._conductor.scalars.encode_timedelta(value)
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return [encoded(item) for item in value]
        case dict():
            return {name: encoded(item) for name, item in value.items()}
    return value


INPUTS = dict(
    flag=True, n=7, rate=2.5, text='a,b,abc', list_=[3, 0, -2, 7], table={'a': 1, 'b': -4}, raw=b'\x00\xff\n',
    amount=Decimal('10.10'), prices={'b': Decimal('0.50'), 'a': Decimal('1.25')}, day=dt.date(2026, 1, 31),
    since=dt.datetime.fromisoformat('2026-03-01T00:30:00.250000+02:00'),
    local=dt.datetime.fromisoformat('2026-03-01T00:30:00'), maybe=None, other=4, gaps=[1, None, 3],
    anything={'name': 'ann', 'list': [1, 2, 3], 'rate': 2.5},
)


async def main() -> None:
    for name in sorted(name for name in conductor_gen.__all__ if name.startswith('case_')):
        call = getattr(conductor_gen, name)
        known = {key.removesuffix('_') if key == 'list_' and 'list' in call.__annotations__ else key: value for key, value in INPUTS.items()}
        await asyncio.sleep(0)
        try:
            print(json.dumps(encoded(await call(**{key: value for key, value in known.items() if key in call.__annotations__}, run_id='r'))))
        except ArithmeticError:
            print('!')


asyncio.run(main())
"#;

fn plans(texts: &[String], types: &BTreeMap<String, Type>) -> Vec<Plan> {
    let inputs = || types.iter().map(|(name, ty)| given(name, ty.clone())).collect();
    let case = |(at, text): (usize, &String)| {
        plan(&format!("case_{at:04}"), false, inputs(), vec![], checked(text, types))
    };
    texts.iter().enumerate().map(case).collect()
}

#[test]
fn python_gives_the_values_of_the_evaluator() {
    let (values, types) = values();
    let table = TypeTable::new();
    let mut bindings = Bindings::default();
    for (name, ty) in &types {
        bindings.inputs.insert(name.clone(), from_json(&values[name], ty, &table).unwrap());
    }
    let texts = texts();
    let project = Project::new(&[], &plans(&texts, &types));
    let printed = project.python(SCRIPT);
    let mut wrong = String::new();
    let mut errors = 0;
    assert_eq!(printed.lines().count(), texts.len());
    for (text, got) in texts.iter().zip(printed.lines()) {
        let expr = checked(text, &types);
        let wanted = evaluate(&expr, &bindings)
            .map(|value| to_json(&value, &expr.ty, &table).unwrap().to_string())
            .map_err(|error| error.message);
        errors += usize::from(wanted.is_err());
        let same = match &wanted {
            Ok(wanted) => serde_json::from_str::<Json>(got).ok() == serde_json::from_str::<Json>(wanted).ok(),
            Err(_) => got == "!",
        };
        if !same {
            writeln!(wrong, "{text}\n  evaluated {wanted:?}\n  in Python {got}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // A test of errors alone would show nothing.
    assert!(errors * 2 < texts.len(), "{errors} of {}", texts.len());
}

#[test]
fn what_is_emitted_is_typed_and_laid_out() {
    let (_, types) = values();
    let mut texts: Vec<String> = MANIFEST.iter().map(|text| (*text).to_owned()).collect();
    for (ty, forms) in FORMS {
        for at in 0..forms.len() {
            texts.push(grow(ty, &mut std::iter::once(at).chain([4, 7, 9].into_iter().cycle().take(8)), 2));
        }
    }
    Project::new(&[], &plans(&texts, &types)).check();
}
