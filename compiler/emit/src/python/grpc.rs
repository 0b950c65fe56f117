//! A call of a gRPC method, and the schemas that the messages are read by.
//!
//! It knows the runtime's `grpc_calls`; descriptors pass through it unread.

use conductor_protocol::plan::GrpcMethod;

use super::file::File;
use super::names::Names;
use super::operations::{self, Operation};
use super::package::Package;
use super::resources;
use super::tree::{Import, Item, Module, Py, Stmt};
use crate::EmitError;

/// `unary(...)`: the reply as JSON.
pub fn call(file: &mut File, method: &GrpcMethod, operation: &Operation) -> Result<Py, EmitError> {
    file.import_as("._conductor", "grpc_calls", "_grpc");
    file.import_from(".", "_schemas");
    let fields = operation.arguments.iter().map(|given| {
        let value = operations::encoded(file, given);
        (Py::string(&given.argument), value)
    });
    let fields = Py::Dict(fields.collect());
    let args = vec![
        resources::client_of(file, &method.resource)?,
        Py::atom(format!("_schemas.{}", constant(&method.resource))),
        Py::string(&format!("/{}/{}", method.service, method.method)),
        Py::Tuple(vec![Py::string(&method.request), Py::string(&method.response)]),
        fields,
        Py::atom("key"),
    ];
    Ok(Py::call("_grpc.unary", args))
}

fn constant(resource: &str) -> String {
    resource.to_uppercase()
}

/// `_schemas.py`: the descriptors of each server, or `None` where no method is called.
pub fn schemas(package: &Package) -> Option<Module> {
    let found = crate::schemas::called(package.plans);
    if found.is_empty() {
        return None;
    }
    let mut file = File::new(package, "", Names::default());
    file.imports.remove(&Import::from("__future__", "annotations"));
    file.import_from("._conductor.grpc_messages", "Schema");
    let items = found.iter().map(|(id, descriptors)| {
        let value = Py::call("Schema", vec![Py::string(descriptors)]);
        Item::Statement(Stmt::Assign { target: constant(id), annotation: None, value })
    });
    let items = items.collect();
    Some(Module {
        header: package.header.clone(),
        doc: vec!["What the messages of gRPC servers look like: serialized descriptors.".to_owned()],
        imports: file.imports.into_iter().collect(),
        items,
        all: Vec::new(),
    })
}
