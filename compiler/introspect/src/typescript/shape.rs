//! What is inside a user's types: fields of interfaces, classes and utility types; members of enumerations.
//!
//! It does not know how values are encoded; what cannot be rebuilt from its fields is opaque.

use std::collections::BTreeMap;

use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef};

use super::names::Entity;
use super::syntax::{
    Alias, Class, Enum, EnumValue, Init, Interface, MemberKind, ObjectType, TypeExpr, TypeKind,
};
use super::types::{Reader, Scope};

impl<'w> Reader<'w> {
    /// The fields of an object type. Nothing where it has methods or its fields are not known.
    pub fn fields(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> Option<Vec<Field>> {
        self.deeper(|reader| reader.fields_of(scope, expr))?
    }

    fn fields_of(&mut self, scope: &Scope<'w>, expr: &TypeExpr) -> Option<Vec<Field>> {
        match &expr.kind {
            TypeKind::Object(body) => self.body(scope, body),
            TypeKind::Intersection(members) => {
                let mut fields = Vec::new();
                for member in members {
                    for field in self.fields(scope, member)? {
                        put(&mut fields, field);
                    }
                }
                Some(fields)
            }
            TypeKind::Name { path, args, module } => {
                if path.len() == 1 && scope.bound.contains_key(&path[0]) {
                    return match &scope.bound[&path[0]] {
                        Type::Record(fields) => {
                            Some(fields.iter().map(|(name, ty)| plain(name, ty.clone())).collect())
                        }
                        _ => None,
                    };
                }
                match self.entity(scope, path, module.as_deref()) {
                    Entity::Interface(home, _, found) => {
                        let given: Vec<Type> = args.iter().map(|arg| self.read(scope, arg)).collect();
                        let inner = Scope { is_input: scope.is_input, ..Scope::new(home) };
                        self.interface(&inner, &found, &given)
                    }
                    Entity::Class(home, _, class) => {
                        let given: Vec<Type> = args.iter().map(|arg| self.read(scope, arg)).collect();
                        let mut inner = Scope { is_input: scope.is_input, ..Scope::new(home) };
                        self.bind(&mut inner, &class.type_params, &given);
                        self.class(&inner, class)
                    }
                    Entity::Alias(home, _, alias) => {
                        let given: Vec<Type> = args.iter().map(|arg| self.read(scope, arg)).collect();
                        let mut inner = Scope { is_input: scope.is_input, ..Scope::new(home) };
                        self.bind(&mut inner, &alias.type_params, &given);
                        self.fields(&inner, &alias.value)
                    }
                    Entity::Unknown => self.utility(scope, path, args),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `Partial`, `Pick` and their like.
    fn utility(&mut self, scope: &Scope<'w>, path: &[String], args: &[TypeExpr]) -> Option<Vec<Field>> {
        let [name] = path else { return None };
        let keys = || literals(args.get(1)?);
        let mut fields = match name.as_str() {
            "Record" => {
                let ty = self.read(scope, args.get(1)?);
                return Some(literals(args.first()?)?.iter().map(|name| plain(name, ty.clone())).collect());
            }
            "Partial" | "Required" | "Readonly" | "Pick" | "Omit" | "NoInfer" => {
                self.fields(scope, args.first()?)?
            }
            _ => return None,
        };
        match name.as_str() {
            "Partial" => fields.iter_mut().for_each(|field| field.required = false),
            "Required" => fields.iter_mut().for_each(|field| field.required = true),
            "Pick" => {
                let keys = keys()?;
                fields.retain(|field| keys.contains(&field.name));
            }
            "Omit" => {
                let keys = keys()?;
                fields.retain(|field| !keys.contains(&field.name));
            }
            _ => {}
        }
        Some(fields)
    }

    fn body(&mut self, scope: &Scope<'w>, body: &ObjectType) -> Option<Vec<Field>> {
        if body.has_methods || !body.calls.is_empty() || body.index.is_some() {
            return None;
        }
        let mut fields = Vec::new();
        for field in &body.fields {
            if field.ty.as_ref().is_some_and(|ty| matches!(ty.kind, TypeKind::Function(_))) {
                return None;
            }
            let (ty, native) = self.read_field(scope, field.ty.as_ref());
            put(&mut fields, Field { required: !field.is_optional, native, ..plain(&field.name, ty) });
        }
        Some(fields)
    }

    fn interface(
        &mut self,
        scope: &Scope<'w>,
        found: &[&'w Interface],
        given: &[Type],
    ) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        for one in found {
            let mut scope = scope.clone();
            self.bind(&mut scope, &one.type_params, given);
            for base in &one.extends {
                for field in self.fields(&scope, base)? {
                    put(&mut fields, field);
                }
            }
            for field in self.body(&scope, &one.body)? {
                put(&mut fields, field);
            }
        }
        Some(fields)
    }

    /// A class is data where all it has is public fields that a value of the same form can be given for.
    fn class(&mut self, scope: &Scope<'w>, class: &'w Class) -> Option<Vec<Field>> {
        let mut fields = match &class.extends {
            Some(base) => self.fields(scope, base)?,
            None => Vec::new(),
        };
        for member in &class.members {
            match &member.kind {
                _ if member.is_static => {}
                _ if member.is_hidden => return None,
                MemberKind::Field { init: Some(Init::Function(_)), .. }
                | MemberKind::Accessor
                | MemberKind::Broken(_) => {
                    return None;
                }
                MemberKind::Field { annotation, is_optional, init } => {
                    if annotation.as_ref().is_some_and(|ty| matches!(ty.kind, TypeKind::Function(_))) {
                        return None;
                    }
                    let (ty, native) = self.read_field(scope, annotation.as_ref());
                    let required = !is_optional && init.is_none();
                    put(&mut fields, Field { required, native, ..plain(&member.name, ty) });
                }
                MemberKind::Method(method) if member.name == "constructor" => {
                    for param in &method.params {
                        let (Some(true), super::syntax::Pattern::Name(name)) =
                            (param.property, &param.pattern)
                        else {
                            return None;
                        };
                        let (ty, native) = self.read_field(scope, param.annotation.as_ref());
                        let required = !param.is_optional && param.default.is_none();
                        put(&mut fields, Field { required, native, ..plain(name, ty) });
                    }
                }
                MemberKind::Method(_) => return None,
            }
        }
        Some(fields)
    }

    fn read_field(&mut self, scope: &Scope<'w>, ty: Option<&TypeExpr>) -> (Type, Option<String>) {
        ty.map_or((Type::Any, None), |ty| self.read_natively(scope, ty))
    }

    pub fn class_definition(&mut self, scope: &Scope<'w>, class: &'w Class) -> TypeDef {
        let mut scope = scope.clone();
        self.bind(&mut scope, &class.type_params, &[]);
        self.class(&scope, class).map_or(TypeDef::Opaque, |fields| TypeDef::Class { fields })
    }

    pub fn interface_definition(&mut self, scope: &Scope<'w>, found: &[&'w Interface]) -> TypeDef {
        self.interface(scope, found, &[]).map_or(TypeDef::Opaque, |fields| TypeDef::TypedDict { fields })
    }

    pub fn alias_definition(&mut self, scope: &Scope<'w>, alias: &'w Alias) -> TypeDef {
        self.fields(scope, &alias.value).map_or(TypeDef::Opaque, |fields| TypeDef::TypedDict { fields })
    }
}

/// Members with string or whole values, all of one kind; anything else is opaque.
pub fn enumeration(found: &Enum) -> TypeDef {
    let mut values: BTreeMap<&str, serde_json::Value> = BTreeMap::new();
    let mut members: Vec<EnumMember> = Vec::new();
    let mut next: Option<i64> = Some(0);
    for (name, value) in &found.members {
        let value = match value {
            EnumValue::Next => next.map(serde_json::Value::from),
            EnumValue::Int(number) => Some(serde_json::Value::from(*number)),
            EnumValue::String(text) => Some(serde_json::Value::from(text.as_str())),
            EnumValue::Same(other) => values.get(other.as_str()).cloned(),
            EnumValue::Computed => None,
        };
        let Some(value) = value else { return TypeDef::Opaque };
        next = value.as_i64().and_then(|number| number.checked_add(1));
        values.insert(name, value.clone());
        if !members.iter().any(|known| known.value == value) {
            members.push(EnumMember { name: name.clone(), value });
        }
    }
    let strings = members.iter().filter(|member| member.value.is_string()).count();
    match strings {
        _ if members.is_empty() => TypeDef::Opaque,
        0 => TypeDef::Enum { base: EnumBase::Int, members },
        all if all == members.len() => TypeDef::Enum { base: EnumBase::String, members },
        _ => TypeDef::Opaque,
    }
}

/// The names in `"a" | "b"`, where there is nothing else.
pub fn literals(expr: &TypeExpr) -> Option<Vec<String>> {
    match &expr.kind {
        TypeKind::Literal(name) => Some(vec![name.clone()]),
        TypeKind::Union(members) => {
            let names = members.iter().map(|member| match &member.kind {
                TypeKind::Literal(name) => Some(name.clone()),
                _ => None,
            });
            names.collect()
        }
        _ => None,
    }
}

/// A structural record knows no absent fields: they are optional.
pub fn record(fields: Vec<Field>) -> Type {
    let field = |field: Field| (field.name, if field.required { field.ty } else { Type::optional(field.ty) });
    Type::Record(fields.into_iter().map(field).collect())
}

fn plain(name: &str, ty: Type) -> Field {
    Field {
        name: name.to_owned(),
        attribute: None,
        keyword: None,
        ty,
        required: true,
        init: true,
        native: None,
    }
}

/// A field that is declared again keeps its place.
fn put(fields: &mut Vec<Field>, field: Field) {
    match fields.iter_mut().find(|known| known.name == field.name) {
        Some(known) => *known = field,
        None => fields.push(field),
    }
}
