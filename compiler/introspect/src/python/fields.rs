//! The fields that decorators and base classes make of a class's annotations: dataclasses, attrs, pydantic.
//!
//! It knows how each of them is written, not what a class inherits.

use conductor_protocol::types::{Field, Type};

use super::annotation::{Reader, Scope};
use super::class::{Kind, Shape, Slot, annotated, plain, put, unquoted};
use super::syntax::{Binding, Call, Class, ClassField, Expr, ExprKind};

/// How a decorator of attrs finds fields.
#[derive(Clone, Copy, PartialEq)]
enum Collect {
    /// Every annotated name.
    Annotated,
    /// What `attr.ib()` is assigned to.
    Assigned,
    /// The annotated ones, unless an `attr.ib()` stands without an annotation.
    Either,
}

enum Decorator<'e> {
    Dataclass(&'e Expr),
    Attrs(&'e Expr, Collect),
}

impl<'w> Reader<'w> {
    /// What the class's own decorator adds to what is inherited.
    pub fn decorated(&mut self, scope: &Scope<'w>, class: &'w Class, shape: &mut Shape) {
        let found = class.decorators.iter().find_map(|decorator| self.decorator(scope, decorator));
        let Some(found) = found else {
            if class.defines("__init__") || class.defines("__new__") {
                shape.kind = Kind::Foreign;
            }
            return;
        };
        let (Decorator::Dataclass(written) | Decorator::Attrs(written, _)) = found;
        let generates_init = !matches!(option(written, "init"), Some(ExprKind::Bool(false)));
        if !generates_init || class.defines("__init__") {
            shape.kind = Kind::Foreign;
            return;
        }
        match found {
            Decorator::Dataclass(_) => {
                shape.kind = Kind::Dataclass;
                self.dataclass(scope, class, shape);
            }
            Decorator::Attrs(written, collect) => {
                shape.kind = Kind::Attrs;
                let collect = match option(written, "auto_attribs") {
                    Some(ExprKind::Bool(true)) => Collect::Annotated,
                    Some(ExprKind::Bool(false)) => Collect::Assigned,
                    _ => collect,
                };
                self.attrs(scope, class, collect, shape);
            }
        }
    }

    fn decorator<'e>(&self, scope: &Scope<'w>, decorator: &'e Expr) -> Option<Decorator<'e>> {
        let full = self.external_name(scope, decorator)?;
        Some(match full.as_str() {
            "dataclasses.dataclass" | "pydantic.dataclasses.dataclass" => Decorator::Dataclass(decorator),
            "attr.define" | "attr.mutable" | "attr.frozen" | "attrs.define" | "attrs.mutable"
            | "attrs.frozen" => Decorator::Attrs(decorator, Collect::Either),
            "attr.dataclass" => Decorator::Attrs(decorator, Collect::Annotated),
            "attr.s" | "attr.attrs" | "attr.attributes" => Decorator::Attrs(decorator, Collect::Assigned),
            _ => return None,
        })
    }

    fn dataclass(&mut self, scope: &Scope<'w>, class: &'w Class, shape: &mut Shape) {
        for (field, annotation) in annotated(class) {
            match self.external_name(scope, &unquoted(annotation)).as_deref() {
                Some("typing.ClassVar" | "dataclasses.KW_ONLY") => {}
                Some("dataclasses.InitVar") => {
                    let ty = self.annotation(scope, annotation);
                    let seed = self.slot(scope, field, plain(&field.name, ty, field.value.is_none()));
                    put(&mut shape.slots, Slot { stored: false, ..seed });
                }
                _ => {
                    let found = self.dataclass_field(scope, field, annotation);
                    put(&mut shape.slots, self.slot(scope, field, found));
                }
            }
        }
    }

    fn dataclass_field(&mut self, scope: &Scope<'w>, field: &ClassField, annotation: &Expr) -> Field {
        let ty = self.annotation(scope, annotation);
        let mut found = plain(&field.name, ty, field.value.is_none());
        if let Some(value) = &field.value
            && let ExprKind::Call(call) = &value.kind
            && self.is_external(scope, value, "dataclasses.field")
        {
            found.required = call.keyword("default").is_none() && call.keyword("default_factory").is_none();
            found.init =
                !matches!(call.keyword("init").map(|value| &value.kind), Some(ExprKind::Bool(false)));
        }
        found
    }

    fn attrs(&mut self, scope: &Scope<'w>, class: &'w Class, collect: Collect, shape: &mut Shape) {
        let is_field = |value: &Expr| self.attrs_call(scope, value).is_some();
        let bare =
            |field: &ClassField| field.annotation.is_none() && field.value.as_ref().is_some_and(is_field);
        let assigned = match collect {
            Collect::Annotated => false,
            Collect::Assigned => true,
            Collect::Either => class.fields.iter().any(bare),
        };
        for field in &class.fields {
            let call = field.value.as_ref().and_then(|value| self.attrs_call(scope, value));
            let is_class_variable = field
                .annotation
                .as_ref()
                .is_some_and(|annotation| self.is_external(scope, &unquoted(annotation), "typing.ClassVar"));
            if (call.is_none() && (assigned || field.annotation.is_none())) || is_class_variable {
                continue;
            }
            let found = self.attrs_field(scope, class, field, call);
            put(&mut shape.slots, self.slot(scope, field, found));
        }
    }

    /// `attr.ib(...)`, `field(...)`.
    fn attrs_call<'e>(&self, scope: &Scope<'w>, value: &'e Expr) -> Option<&'e Call> {
        let ExprKind::Call(call) = &value.kind else { return None };
        let full = self.external_name(scope, value)?;
        matches!(full.as_str(), "attr.ib" | "attr.attrib" | "attr.attr" | "attr.field" | "attrs.field")
            .then_some(&**call)
    }

    fn attrs_field(
        &mut self,
        scope: &Scope<'w>,
        class: &Class,
        field: &ClassField,
        call: Option<&Call>,
    ) -> Field {
        let written = field.annotation.as_ref().or_else(|| call?.keyword("type"));
        let ty = written.map_or(Type::Any, |annotation| self.annotation(scope, annotation));
        let has_default = match call {
            None => field.value.is_some(),
            Some(call) => {
                let said = call.keyword("default").or_else(|| call.arguments.first());
                let nothing =
                    |value: &Expr| value.dotted().and_then(<[_]>::last).is_some_and(|last| last == "NOTHING");
                said.is_some_and(|value| !nothing(value))
                    || call.keyword("factory").is_some()
                    || decorates(class, &field.name, "default")
            }
        };
        let mut found = plain(&field.name, ty, !has_default);
        // The constructor's parameter has no underscores in front, unless an alias says so.
        let public = field.name.trim_start_matches('_');
        let alias = call.and_then(|call| call.keyword("alias"));
        let keyword = alias.and_then(text).unwrap_or(public);
        found.keyword = (keyword != field.name).then(|| keyword.to_owned());
        let init = call.and_then(|call| call.keyword("init")).map(|value| &value.kind);
        found.init = !matches!(init, Some(ExprKind::Bool(false)));
        found
    }

    /// The fields of a pydantic model.
    pub fn model(&mut self, scope: &Scope<'w>, class: &'w Class, shape: &mut Shape) {
        if class.defines("__init__") || class.defines("__new__") || !self.is_plain_config(scope, class) {
            shape.kind = Kind::Foreign;
            return;
        }
        for (field, annotation) in annotated(class) {
            let inner = unquoted(annotation);
            let is_class_variable = self.is_external(scope, &inner, "typing.ClassVar");
            if field.name.starts_with('_') || field.name == "model_config" || is_class_variable {
                continue;
            }
            match self.model_field(scope, field, &inner) {
                Some(found) => put(&mut shape.slots, self.slot(scope, field, found)),
                None => shape.kind = Kind::Foreign,
            }
        }
    }

    /// Whether the model's configuration leaves names as they are, and drops nothing that a value holds.
    fn is_plain_config(&self, scope: &Scope<'w>, class: &Class) -> bool {
        let config = class.fields.iter().find(|field| field.name == "model_config");
        let keywords = match config.and_then(|field| field.value.as_ref()).map(|value| (&value.kind, value)) {
            None => &class.keywords,
            Some((ExprKind::Call(call), value)) if self.is_external(scope, value, "pydantic.ConfigDict") => {
                &call.keywords
            }
            Some((ExprKind::Dict(entries), _)) => entries,
            Some(_) => return false,
        };
        let is_none = |value: &Expr| matches!(value.kind, ExprKind::None);
        !class.names.contains_key("Config")
            && keywords.iter().all(|(key, value)| match key.as_str() {
                "alias_generator" => is_none(value),
                "extra" => text(value).is_some_and(|extra| extra != "allow"),
                _ => true,
            })
    }

    /// `None` where the constructor cannot be called by what the source says.
    fn model_field(&mut self, scope: &Scope<'w>, field: &ClassField, annotation: &Expr) -> Option<Field> {
        let ty = self.annotation(scope, annotation);
        let mut found = plain(&field.name, ty, field.value.is_none());
        let mut said: Vec<&Call> = self.metadata(scope, annotation);
        if let Some(value) = &field.value
            && let Some(call) = self.model_call(scope, value)
        {
            found.required = true;
            said.push(call);
        }
        // What stands later has the last word.
        let (mut alias, mut read, mut written) = (None, None, None);
        for call in said {
            let default = call.arguments.first().or_else(|| call.keyword("default"));
            if default.is_some_and(|value| !matches!(value.kind, ExprKind::Ellipsis))
                || call.keyword("default_factory").is_some()
            {
                found.required = false;
            }
            for (key, place) in [
                ("alias", &mut alias),
                ("validation_alias", &mut read),
                ("serialization_alias", &mut written),
            ] {
                match call.keyword(key).map(|value| (text(value), &value.kind)) {
                    None | Some((_, ExprKind::None)) => {}
                    Some((Some(name), _)) => *place = Some(name.to_owned()),
                    // `AliasPath` and its like: no keyword of the constructor.
                    Some((None, _)) => return None,
                }
            }
        }
        let keyword = read.or_else(|| alias.clone()).unwrap_or_else(|| field.name.clone());
        found.name = written.or(alias).unwrap_or_else(|| field.name.clone());
        found.attribute = (found.name != field.name).then(|| field.name.clone());
        found.keyword = (keyword != field.name).then_some(keyword);
        Some(found)
    }

    /// The `Field(...)` calls beside the type in `Annotated`.
    fn metadata<'e>(&self, scope: &Scope<'w>, annotation: &'e Expr) -> Vec<&'e Call> {
        match &annotation.kind {
            ExprKind::Subscript(_, arguments) if self.is_external(scope, annotation, "typing.Annotated") => {
                arguments.iter().skip(1).filter_map(|argument| self.model_call(scope, argument)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn model_call<'e>(&self, scope: &Scope<'w>, value: &'e Expr) -> Option<&'e Call> {
        let ExprKind::Call(call) = &value.kind else { return None };
        let full = self.external_name(scope, value)?;
        matches!(full.as_str(), "pydantic.Field" | "pydantic.fields.Field").then_some(&**call)
    }
}

/// The value of a keyword of a decorator that is called.
fn option<'e>(decorator: &'e Expr, name: &str) -> Option<&'e ExprKind> {
    match &decorator.kind {
        ExprKind::Call(call) => call.keyword(name).map(|value| &value.kind),
        _ => None,
    }
}

fn text(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Str(text) => Some(text),
        _ => None,
    }
}

/// Whether a method is decorated `@field.what`.
fn decorates(class: &Class, field: &str, what: &str) -> bool {
    let says = |decorator: &Expr| decorator.dotted().is_some_and(|path| *path == [field, what]);
    class.names.values().flatten().any(|binding| match binding {
        Binding::Function(function) => function.decorators.iter().any(says),
        _ => false,
    })
}
