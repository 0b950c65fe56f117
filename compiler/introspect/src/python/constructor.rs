//! How the object of an instance method is made: the parameters of the constructor of its class.
//!
//! It does not know who binds them, nor what is inside a class beyond its constructor.

use conductor_model::{Constructor, Parameter, ParameterKind};

use super::annotation::Reader;
use super::class::Kind;
use super::member::{Ancestor, Member, Owner, is_empty_base};

impl<'w> Reader<'w> {
    /// What makes an object of the class that the ref calls `name`, or why nothing does.
    pub fn constructor(&mut self, owner: &Owner<'w>, name: &str) -> Result<Constructor, &'static str> {
        let span = self.span(owner.home.path, &owner.class.name);
        let parameters = self.making(owner)?;
        Ok(Constructor { name: name.to_owned(), parameters, span, returns_error: false })
    }

    fn making(&mut self, owner: &Owner<'w>) -> Result<Vec<Parameter>, &'static str> {
        for ancestor in self.store.ancestors(owner) {
            let ancestor = match ancestor {
                Ancestor::Inside(ancestor) => ancestor,
                Ancestor::Outside(full) if is_empty_base(&full) => continue,
                Ancestor::Outside(full) if full.starts_with("enum.") => return Err("an enumeration"),
                Ancestor::Outside(full) if full.ends_with(".TypedDict") => return Err("a `TypedDict`"),
                // Most classes that inherit their constructor are made without arguments; nobody can say more.
                Ancestor::Outside(_) => return Ok(Vec::new()),
            };
            for method in ["__init__", "__new__"] {
                if !ancestor.class.names.contains_key(method) {
                    continue;
                }
                if let Member::Function { owner, home, function, .. } =
                    self.store.class_attribute(&ancestor, method)
                {
                    let scope = self.method_scope(&owner, &home, function);
                    return Ok(self.bound_parameters(&scope, &function.parameters));
                }
            }
            if let Some(generated) = self.generated(&ancestor) {
                return Ok(generated);
            }
        }
        Ok(Vec::new())
    }

    /// The constructor that a decorator or base writes from the fields of a class.
    fn generated(&mut self, owner: &Owner<'w>) -> Option<Vec<Parameter>> {
        let shape = self.shape(&owner.home, &owner.name, owner.class, 0);
        if !matches!(shape.kind, Kind::Dataclass | Kind::Attrs | Kind::Pydantic | Kind::NamedTuple) {
            return None;
        }
        let asked = shape.slots.into_iter().filter(|slot| slot.field.init);
        let parameter = |slot: super::class::Slot| Parameter {
            name: slot.field.keyword().to_owned(),
            kind: ParameterKind::KeywordOnly,
            annotated: true,
            ty: slot.field.ty,
            default: slot.default,
            span: slot.span,
            native: None,
        };
        Some(asked.map(parameter).collect())
    }
}
