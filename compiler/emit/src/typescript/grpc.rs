//! A call of a gRPC method, and the schemas that the messages are read by.
//!
//! It knows the runtime's `grpcCalls`; descriptors pass through it unread.

use std::collections::BTreeMap;

use conductor_protocol::plan::GrpcMethod;

use super::file::File;
use super::names::{Names, camel};
use super::operations::Operation;
use super::package::Package;
use super::tree::{Item, Module, Property, Ts, Ty};
use crate::EmitError;

/// `grpcCalls.unary(...)`: the reply as JSON.
pub fn call(file: &mut File, method: &GrpcMethod, operation: &Operation) -> Result<Ts, EmitError> {
    file.import_all("_conductor/grpcCalls", "grpcCalls");
    file.import_all("_schemas", "schemas");
    let fields = operation
        .arguments
        .iter()
        .map(|given| Property::Value(given.argument.clone(), given.encoded(file)))
        .collect();
    let names = names(file.package);
    let Some(schema) = names.get(method.resource.as_str()) else {
        return Err(EmitError::Unsupported { what: format!("`{}` without descriptors", method.resource) });
    };
    let described = Ts::object(vec![
        ("schema", Ts::path(&format!("schemas.{schema}"))),
        ("path", Ts::string(format!("/{}/{}", method.service, method.method))),
        ("request", Ts::string(&method.request)),
        ("response", Ts::string(&method.response)),
    ]);
    let args = vec![
        file.package.taker(file, &method.resource)?,
        described,
        Ts::Object(fields),
        Ts::name("key"),
        Ts::name("signal"),
        Ts::name("left"),
    ];
    Ok(Ts::call("grpcCalls.unary", args))
}

/// The constant of each server.
fn names<'a>(package: &Package<'a>) -> BTreeMap<&'a str, String> {
    let mut names = Names::reserving(&["Schema", "protobuf", "reflection", "wkt"]);
    let servers = crate::schemas::called(package.plans).into_keys();
    servers.map(|id| (id, names.fresh(&camel(id)))).collect()
}

/// `_schemas.ts`, or `None` where no method is called.
pub fn schemas(package: &Package) -> Option<Module> {
    let found = crate::schemas::called(package.plans);
    if found.is_empty() {
        return None;
    }
    let mut file = File::new(package, "", Names::default());
    file.import_package("@bufbuild/protobuf", "protobuf");
    file.import_package("@bufbuild/protobuf/reflect", "reflection");
    file.import_package("@bufbuild/protobuf/wkt", "wkt");
    file.runtime("grpcSchema", "Schema");
    let mut items = Vec::new();
    for ((id, descriptors), name) in found.into_iter().zip(names(package).into_values()) {
        let library = Ts::Object(["protobuf", "reflection", "wkt"].map(shorthand).to_vec());
        let value = Ts::made("Schema", vec![library, Ts::string(descriptors)]);
        let doc = format!("What the messages of `{id}` look like: serialized descriptors.");
        items.push(Item::Const { exported: true, name, ty: Some(Ty::name("Schema")), value, doc });
    }
    Some(file.module(items))
}

fn shorthand(name: &str) -> Property {
    Property::Value(name.to_owned(), Ts::name(name))
}
