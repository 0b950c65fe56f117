//! Resources that refs imply: `grpc://host:port/full.Service/Method` names its server itself.
//!
//! It asks no server.

use std::collections::BTreeSet;

use conductor_model::{Id, Manifest, Reference, Resource, Spanned};
use conductor_protocol::plan::ResourceKind;
use conductor_syntax::{Kind, Node, Scalar};

/// Adds a resource for each server that a ref names by its address.
pub(crate) fn add(manifest: &mut Manifest) {
    let mut known: BTreeSet<String> =
        manifest.resources.iter().map(|resource| resource.id.value.clone()).collect();
    let mut implied = Vec::new();
    for task in &manifest.tasks {
        let reference = Reference::parse(&task.reference.value);
        let (Some((address, _)), Some((id, _))) = (reference.server(), reference.operation()) else {
            continue;
        };
        if known.insert(id.clone().into_owned()) {
            let span = task.reference.span;
            let scalar = Scalar { text: address.to_owned(), span, map: Vec::new() };
            let address = Node { span, kind: Kind::String(scalar) };
            let id: Id = Spanned::new(id.into_owned(), span);
            implied.push(Resource::new(id, Spanned::new(ResourceKind::Grpc, span), Some(address), span));
        }
    }
    manifest.resources.extend(implied);
}
