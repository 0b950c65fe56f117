//! Methods of what a custom resource opens: `users.get`, where the function that opens `users` returns an object.
//!
//! It knows what the code says that function returns, not how a language finds the method.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Callee, Findings, Lookup, Manifest, Receiver, Reference, Signature};
use conductor_protocol::plan::{Language, ResourceKind};
use conductor_protocol::types::{Type, TypeName};

use super::{Asking, code};

/// What was asked of one language: the ref as it is written, the path of the method, the resource.
type Asked<'a> = Vec<(&'a str, String, &'a str)>;

/// Answers for refs whose first part is the id of a custom resource, by the ref as it is written.
pub(super) fn methods(
    manifest: &Manifest,
    written: &BTreeMap<&str, Reference<'_>>,
    found: &Findings,
    asking: &mut Asking<'_>,
) -> Findings {
    let mut asked: BTreeMap<Language, Asked<'_>> = BTreeMap::new();
    for (text, reference) in written.iter().filter(|(_, reference)| reference.scheme.is_none()) {
        let Some((id, method)) = reference.operation() else { continue };
        let Some((language, class, id)) = opened(manifest, found, &id) else { continue };
        let path = format!("{}.{}.{method}", class.module.trim_start_matches("./"), class.name);
        asked.entry(language).or_default().push((text, path, id));
    }
    let mut all = Findings::default();
    for (language, asked) in asked {
        let paths: BTreeSet<&str> = asked.iter().map(|(_, path, _)| path.as_str()).collect();
        let mut found = code::of_language(language, &paths, &BTreeSet::new(), asking);
        let mut lookups = std::mem::take(&mut found.lookups);
        for (text, path, id) in &asked {
            all.lookups.extend(lookups.remove(path).map(|lookup| ((*text).to_owned(), on(lookup, id))));
        }
        super::merge::types(&mut all, found);
    }
    all
}

/// The class of the client that the resource opens.
fn opened<'a>(
    manifest: &'a Manifest,
    found: &'a Findings,
    id: &str,
) -> Option<(Language, &'a TypeName, &'a str)> {
    let resource = manifest.resources.iter().find(|resource| resource.id.value == id)?;
    let open = resource.open.as_ref().filter(|_| resource.kind.value == ResourceKind::Custom)?;
    let Lookup::Found(signature) = found.lookups.get(&open.value)? else { return None };
    // A pointer in Go, which may be nil; with an error beside it, it is not.
    let returns = match &signature.returns {
        Type::Optional(inner) => inner,
        returns => returns,
    };
    match returns {
        Type::Named(class) => Some((signature.function()?.language, class, &resource.id.value)),
        _ => None,
    }
}

/// The method, called on the client of the resource instead of an object made for the call.
fn on(lookup: Lookup, resource: &str) -> Lookup {
    let Lookup::Found(mut signature) = lookup else { return lookup };
    let Signature { callee, .. } = &mut *signature;
    if let Callee::Function(function) = callee
        && function.receiver.is_some()
    {
        function.receiver = Some(Receiver::Resource(resource.to_owned()));
    }
    Lookup::Found(signature)
}
