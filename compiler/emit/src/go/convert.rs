//! From the type that a value has between steps to the one that a function takes, and back.
//!
//! It knows spellings. A conversion that could lose something is a checked one of the runtime, which may fail.

use conductor_protocol::types::Type;

use super::codecs::{self, Way};
use super::file::File;
use super::spelling::Spelling;
use super::tree::Go;

/// Whole numbers of which every value is an `int64`.
const SMALL: [&str; 9] = ["int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "byte"];
const INTEGERS: [&str; 13] = [
    "int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "uint", "uintptr",
    "byte", "rune",
];

/// Whether values go between the two spellings of the type without `encoding/json`.
pub fn is_direct(file: &File, ty: &Type, spelling: &Spelling) -> bool {
    let usual = file.spelling(ty);
    if usual == *spelling {
        return true;
    }
    match (ty, spelling.below()) {
        (Type::Int, below) => below.is_basic(&INTEGERS),
        (Type::Float, below) => below.is_basic(&["float32", "float64"]),
        (Type::Bool, below) => below.is_basic(&["bool"]),
        (Type::String, below) => below.is_basic(&["string"]),
        (Type::Bytes, Spelling::Slice(of)) => of.is_basic(&["byte", "uint8"]),
        (Type::Decimal | Type::Uuid | Type::Date, Spelling::Named { .. }) => true,
        (Type::List(item), Spelling::Slice(of)) => is_direct(file, item, of),
        (Type::Map(item), Spelling::Map(key, of)) => key.is_basic(&["string"]) && is_direct(file, item, of),
        (Type::Optional(inner), Spelling::Pointer(to)) if !super::types::is_nilable(inner) => {
            is_direct(file, inner, to)
        }
        (Type::Optional(inner), _) if super::types::is_nilable(inner) => is_direct(file, inner, spelling),
        // What a function returns beside an error: see [`convert`].
        (ty, Spelling::Pointer(to)) if !matches!(ty, Type::Optional(_)) => is_direct(file, ty, to),
        _ => false,
    }
}

/// The value in the other spelling, and whether that may fail (inside of `cel.Eval`, or of a codec). One of the two is what
/// the type leads to.
pub fn convert(file: &mut File, value: Go, from: &Spelling, to: &Spelling, ty: &Type) -> (Go, bool) {
    if from == to {
        return (value, false);
    }
    let usual = file.spelling(ty);
    let outward = *from == usual;
    let native = if outward { to } else { from };
    if !is_direct(file, ty, native) {
        return through_json(file, value, outward, native, ty);
    }
    if let (false, Spelling::Pointer(to), false) = (outward, native, matches!(ty, Type::Optional(_))) {
        let (to, value) = (to.clone(), file.call_cel("Returned", vec![value]));
        return (convert(file, value, &to, &usual, ty).0, true);
    }
    let spelled = file.spell(native);
    let below = native.below();
    match ty {
        Type::Int if outward && below.is_basic(&["int", "int64"]) => (Go::call(spelled, vec![value]), false),
        Type::Int if outward => {
            let name = file.cel(&format!("ToInt[{spelled}]"));
            (Go::call(name, vec![value]), true)
        }
        Type::Int if below.is_basic(&SMALL) || below.is_basic(&["rune"]) => {
            (Go::call("int64", vec![value]), false)
        }
        Type::Int => (file.call_cel("FromInt", vec![value]), true),
        Type::Float if outward && below.is_basic(&["float32"]) => {
            let name = file.cel(&format!("ToFloat[{spelled}]"));
            (Go::call(name, vec![value]), true)
        }
        Type::Float | Type::Bool | Type::String if outward => (Go::call(spelled, vec![value]), false),
        Type::Bytes if outward => (Go::call(spelled, vec![value]), false),
        Type::Float => (Go::call("float64", vec![value]), false),
        Type::Bool => (Go::call("bool", vec![value]), false),
        Type::String => (Go::call("string", vec![value]), false),
        Type::Bytes => (Go::call("[]byte", vec![value]), false),
        Type::Decimal | Type::Uuid | Type::Date => textual(file, value, outward, &spelled, ty),
        Type::List(item) => list(file, value, from, to, item),
        Type::Map(item) => map(file, value, from, to, item),
        Type::Optional(inner) if super::types::is_nilable(inner) => convert(file, value, from, to, inner),
        Type::Optional(inner) => {
            let (Spelling::Pointer(source), Spelling::Pointer(target)) = (from.below(), to.below()) else {
                return through_json(file, value, outward, native, ty);
            };
            let (lambda, fails) = each(file, source, target, inner);
            (file.call_cel("MapOptional", vec![value, lambda]), fails)
        }
        _ => through_json(file, value, outward, native, ty),
    }
}

/// A type that writes itself as text.
fn textual(file: &mut File, value: Go, outward: bool, spelled: &str, ty: &Type) -> (Go, bool) {
    let name = file.cel(&format!("FromText[{spelled}]"));
    match (outward, ty) {
        (true, Type::Date) => (Go::call(name, vec![value.method("String", Vec::new())]), true),
        (true, _) => (Go::call(name, vec![value]), true),
        (false, Type::Date) => {
            let text = file.call_cel("TextOf", vec![value]);
            (file.call_cel("ParseDate", vec![text]), true)
        }
        (false, Type::Decimal) => {
            // In the one spelling that decimals have.
            let text = file.call_cel("TextOf", vec![value]);
            (file.call_cel("ToDecimal", vec![text]), true)
        }
        (false, _) => (file.call_cel("TextOf", vec![value]), true),
    }
}

fn each(file: &mut File, from: &Spelling, to: &Spelling, item: &Type) -> (Go, bool) {
    let (inner, fails) = convert(file, Go::atom("v"), from, to, item);
    let (given, result) = (file.spell(from), file.spell(to));
    (Go::lambda(&[("v", &given)], &result, inner), fails)
}

fn list(file: &mut File, value: Go, from: &Spelling, to: &Spelling, item: &Type) -> (Go, bool) {
    let (Spelling::Slice(source), Spelling::Slice(target)) = (from.below(), to.below()) else {
        return (value, false);
    };
    let (source, target) = (source.clone(), target.clone());
    let (made, fails) = if source == target {
        (value, false)
    } else {
        let (lambda, fails) = each(file, &source, &target, item);
        (file.call_cel("MapList", vec![value, lambda]), fails)
    };
    named(file, made, to, fails, source == target)
}

fn map(file: &mut File, value: Go, from: &Spelling, to: &Spelling, item: &Type) -> (Go, bool) {
    let (Spelling::Map(from_key, source), Spelling::Map(to_key, target)) = (from.below(), to.below()) else {
        return (value, false);
    };
    let (source, target) = (source.clone(), target.clone());
    let same = source == target && from_key == to_key;
    let (made, fails) = if same {
        (value, false)
    } else {
        let (lambda, fails) = each(file, &source, &target, item);
        (file.call_cel("MapValues", vec![value, lambda]), fails)
    };
    named(file, made, to, fails, same)
}

/// `shop.Items(value)`, where the name is not given by assignment already.
fn named(file: &mut File, value: Go, to: &Spelling, fails: bool, renames: bool) -> (Go, bool) {
    match to {
        Spelling::Named { .. } => {
            let spelled = file.spell(to);
            (Go::call(spelled, vec![value]), fails)
        }
        other if renames => {
            let spelled = file.spell(other);
            (Go::call(spelled, vec![value]), fails)
        }
        _ => (value, fails),
    }
}

/// A type that only its own methods, or those of `encoding/json`, can read.
fn through_json(file: &mut File, value: Go, outward: bool, native: &Spelling, ty: &Type) -> (Go, bool) {
    let spelled = file.spell(native);
    if outward {
        let boxed = codecs::apply(file, Way::Box, ty, value);
        let name = file.cel(&format!("FromJSON[{spelled}]"));
        return (Go::call(name, vec![boxed]), true);
    }
    let json = file.call_cel("ToJSON", vec![value]);
    if *ty == Type::Any {
        return (json, true);
    }
    let decode = codecs::function(file, Way::Decode, ty);
    (file.call_cel("Decoded", vec![json, decode]), true)
}
