//! A value of one type where another is asked for that it fits: null and not, members of unions, records of other fields.
//!
//! It knows types of Plans, and what each is in Go.

use conductor_protocol::types::Type;

use super::codecs::{self, Way};
use super::expr::{Result, Translator};
use super::literal;
use super::tree::{Go, Operator, Stmt};
use super::types::is_nilable;

impl Translator<'_, '_> {
    /// A value of one type where another is asked for that it fits.
    pub fn coerce(&mut self, value: Go, from: &Type, to: &Type) -> Result<Go> {
        if from == to {
            return Ok(value);
        }
        if from.is_of_another_class(to) {
            let encode = codecs::function(self.file, Way::Encode, from);
            let decode = codecs::function(self.file, Way::Decode, to);
            return Ok(self.failing("Recoded", vec![value, encode, decode]));
        }
        Ok(match (from, to) {
            // What never comes about has no value.
            (Type::Null, _) => self.file.zero(to),
            (_, Type::Null) => value,
            (Type::Optional(inner), Type::Any) if is_nilable(inner) => {
                codecs::apply(self.file, Way::Box, from, value)
            }
            (_, Type::Any) => codecs::apply(self.file, Way::Box, from, value),
            (Type::Any, _) => self.of_any(value, to),
            (Type::Optional(source), Type::Optional(target)) => self.both_optional(value, source, target)?,
            (Type::Optional(inner), _) => {
                self.fails = true;
                let name = match &**inner {
                    Type::List(_) | Type::Bytes => "PresentNilable",
                    Type::Map(_) => "PresentMap",
                    Type::Any | Type::Union(_) => "PresentAny",
                    _ => "Present",
                };
                let present = self.file.call_cel(name, vec![value]);
                self.coerce(present, inner, to)?
            }
            (_, Type::Optional(target)) => {
                let value = self.coerce(value, from, target)?;
                match &**target {
                    Type::List(_) | Type::Bytes => self.file.call_cel("NonNil", vec![value]),
                    Type::Map(_) => self.file.call_cel("NonNilMap", vec![value]),
                    Type::Any | Type::Union(_) => value,
                    _ => self.file.call_cel("Ptr", vec![value]),
                }
            }
            (Type::Union(_), Type::Union(_)) => value,
            (Type::Union(_), member) => {
                self.fails = true;
                super::union::member(self.file, member, value)
            }
            (member, Type::Union(members)) => self.as_member(value, member, members)?,
            (Type::Int, Type::Float) => Go::call("float64", vec![value]),
            (Type::Int | Type::String | Type::Float, Type::Decimal) => self.failing("ToDecimal", vec![value]),
            (Type::Named(_), Type::String) => Go::call("string", vec![value]),
            (Type::Named(_), Type::Int) => self.failing("FromInt", vec![value]),
            (Type::String, Type::Named(_)) => Go::call(self.file.ty(to), vec![value]),
            (Type::Int, Type::Named(_)) => {
                let name = format!("ToInt[{}]", self.file.ty(to));
                self.failing(&name, vec![value])
            }
            (Type::List(source), Type::List(target)) => {
                let each = self.each(source, target)?;
                self.file.call_cel("MapList", vec![value, each])
            }
            (Type::Map(source), Type::Map(target)) => {
                let each = self.each(source, target)?;
                self.file.call_cel("MapValues", vec![value, each])
            }
            (Type::Record(_), Type::Record(_) | Type::Map(_)) => self.reshaped(value, from, to)?,
            _ => {
                // Types that only a value of unknown type leads between.
                let boxed = codecs::apply(self.file, Way::Box, from, value);
                self.of_any(boxed, to)
            }
        })
    }

    fn of_any(&mut self, value: Go, to: &Type) -> Go {
        self.fails = true;
        match to {
            Type::Bool | Type::Int | Type::Float | Type::String => {
                let name = format!("Narrowed[{}]", self.file.ty(to));
                self.file.call_cel(&name, vec![value])
            }
            _ => {
                let decode = codecs::function(self.file, Way::Decode, to);
                self.file.call_cel("Decoded", vec![value, decode])
            }
        }
    }

    fn each(&mut self, from: &Type, to: &Type) -> Result<Go> {
        let given = self.file.ty(from);
        let result = self.file.ty(to);
        let value = self.coerce(Go::atom("v"), from, to)?;
        Ok(Go::lambda(&[("v", &given)], &result, value))
    }

    fn both_optional(&mut self, value: Go, source: &Type, target: &Type) -> Result<Go> {
        let each = self.each(source, target)?;
        Ok(match (is_nilable(source), is_nilable(target)) {
            (false, false) => self.file.call_cel("MapOptional", vec![value, each]),
            (false, true) => {
                let result = self.file.ty(target);
                let (given, then) =
                    (self.file.ty(source), self.coerce(Go::unary('*', Go::atom("v")), source, target)?);
                let body = vec![
                    Stmt::when(
                        Go::binary(Operator::Equal, Go::atom("v"), Go::atom("nil")),
                        vec![Stmt::Return(vec![Go::atom("nil")])],
                    ),
                    Stmt::Return(vec![then]),
                ];
                let params = vec![("v".to_owned(), format!("*{given}"))];
                let lambda = Go::Func { params, results: result, body };
                self.file.call_cel("Bind", vec![value, lambda])
            }
            (true, _) => {
                let optional = Type::optional(target.clone());
                let (given, result) = (self.file.ty(source), self.file.ty(&optional));
                let then = self.coerce(Go::atom("v"), source, &optional)?;
                let body = vec![
                    Stmt::when(
                        Go::binary(Operator::Equal, Go::atom("v"), Go::atom("nil")),
                        vec![Stmt::Return(vec![Go::atom("nil")])],
                    ),
                    Stmt::Return(vec![then]),
                ];
                let lambda = Go::Func { params: vec![("v".to_owned(), given)], results: result, body };
                self.file.call_cel("Bind", vec![value, lambda])
            }
        })
    }

    fn as_member(&mut self, value: Go, member: &Type, members: &[Type]) -> Result<Go> {
        let exact = members.iter().find(|known| *known == member);
        let target = exact.or_else(|| members.iter().find(|known| member.fits(known)));
        let target = target.unwrap_or(member).clone();
        let value = self.coerce(value, member, &target)?;
        Ok(super::union::hold(self.file, &target, value))
    }

    /// A record as one of other fields, or as a map.
    fn reshaped(&mut self, value: Go, from: &Type, to: &Type) -> Result<Go> {
        let (given, result) = (self.file.ty(from), self.file.ty(to));
        let source = codecs::record_fields(from);
        let names = codecs::field_names(self.file.package, from, &source);
        let mut fields = Vec::new();
        match to {
            Type::Map(item) => {
                for (field, name) in source.iter().zip(&names) {
                    let inner = self.coerce(Go::atom("v").field(name.clone()), &field.ty, item)?;
                    fields.push((literal::string(&field.name), inner));
                }
            }
            _ => {
                let target = codecs::record_fields(to);
                let target_names = codecs::field_names(self.file.package, to, &target);
                for (wanted, wanted_name) in target.iter().zip(&target_names) {
                    let Some(at) = source.iter().position(|field| field.name == wanted.name) else {
                        continue;
                    };
                    let inner = Go::atom("v").field(names[at].clone());
                    fields.push((wanted_name.clone(), self.coerce(inner, &source[at].ty, &wanted.ty)?));
                }
            }
        }
        let made = Go::Struct { ty: result.clone(), fields, spread: false };
        let lambda = Go::lambda(&[("v", &given)], &result, made);
        Ok(self.file.call_cel("Bind", vec![value, lambda]))
    }
}
