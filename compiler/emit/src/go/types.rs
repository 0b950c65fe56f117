//! What each type of a Plan is in Go.
//!
//! It knows types and the names that the package gives to those it declares; it writes none of them.

use conductor_protocol::types::{EnumBase, Type, TypeDef};

use super::package::Package;
use super::spelling::Spelling;

/// Whether nil of the Go type itself is null, so that no pointer is needed.
pub fn is_nilable(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Map(_) | Type::Bytes | Type::Any | Type::Union(_) | Type::Null)
}

impl Package<'_> {
    /// The type that values of `ty` have between steps. `hint` names a record that is met for the first time.
    pub fn spelling(&self, ty: &Type, hint: &str) -> Spelling {
        match ty {
            Type::Null | Type::Any | Type::Union(_) => Spelling::any(),
            Type::Bool => Spelling::basic("bool"),
            Type::Int => Spelling::basic("int64"),
            Type::Float => Spelling::basic("float64"),
            Type::String | Type::Decimal | Type::Uuid => Spelling::basic("string"),
            Type::Bytes => Spelling::slice(Spelling::basic("byte")),
            Type::Timestamp => Spelling::std("time", "Time"),
            Type::Duration => Spelling::std("time", "Duration"),
            Type::Date => Spelling::Cel("Date"),
            Type::List(item) => Spelling::slice(self.spelling(item, hint)),
            Type::Map(item) => Spelling::map(self.spelling(item, hint)),
            Type::Optional(inner) if is_nilable(inner) => self.spelling(inner, hint),
            Type::Optional(inner) => Spelling::pointer(self.spelling(inner, hint)),
            Type::Record(_) => Spelling::Own(self.record(ty, hint)),
            Type::Named(name) => match self.own_type(name) {
                Some(own) => Spelling::Own(own),
                None => Spelling::Named { name: name.clone(), under: None },
            },
        }
    }

    pub fn enum_base(&self, ty: &Type) -> Option<EnumBase> {
        let Type::Named(name) = ty.non_null() else { return None };
        match self.types.get(name) {
            Some(TypeDef::Enum { base, .. }) => Some(*base),
            _ => None,
        }
    }

    pub fn is_enum(&self, ty: &Type) -> bool {
        self.enum_base(ty).is_some()
    }

    pub fn is_immutable(&self, ty: &Type) -> bool {
        match ty {
            Type::Bytes => false,
            Type::Optional(inner) => self.is_immutable(inner),
            Type::Union(_) => false,
            _ => crate::flow::is_immutable(&self.types, ty),
        }
    }

    /// The zero value of the Go type, as text of a file that spells the type `spelled`.
    pub fn zero(&self, ty: &Type, spelled: &str) -> String {
        match ty {
            Type::Optional(_) => "nil".to_owned(),
            _ if is_nilable(ty) => "nil".to_owned(),
            Type::Bool => "false".to_owned(),
            Type::Int | Type::Duration | Type::Float => "0".to_owned(),
            Type::String | Type::Decimal | Type::Uuid => "\"\"".to_owned(),
            _ => match self.enum_base(ty) {
                Some(EnumBase::String) => "\"\"".to_owned(),
                Some(EnumBase::Int) => "0".to_owned(),
                None => format!("{spelled}{{}}"),
            },
        }
    }
}
