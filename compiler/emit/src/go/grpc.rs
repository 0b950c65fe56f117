//! Calls of gRPC methods, and the connections and schemas that they go by.
//!
//! It knows the runtime's package `rpc`; descriptors pass through it unread.

use conductor_protocol::plan::{GrpcMethod, Health, Resource, TaskCall};
use conductor_protocol::types::Type;

use super::call::{Gives, Made, Making, Values, idempotency_key};
use super::expr::{Result, unsupported};
use super::file::File;
use super::http::{encoded, from_environment};
use super::literal;
use super::names::unexported;
use super::resources;
use super::shared;
use super::tree::Go;
use super::workflow::Workflow;

/// `rpc.Call(ctx, client, schema, rpc.Unary{...})`: the reply as JSON.
pub fn call(
    workflow: &mut Workflow,
    making: &mut Making<'_>,
    method: &GrpcMethod,
    call: &TaskCall,
) -> Result<Made> {
    let client = making.client(workflow, &method.resource)?;
    let schema = schema(workflow, &method.resource)?;
    let mut sent = Vec::new();
    for argument in &call.args {
        if let Some(value) = encoded(workflow, making, argument)? {
            sent.push((literal::string(&argument.parameter), value));
        }
    }
    let mut fields = vec![
        ("Method".to_owned(), Go::string(&format!("/{}/{}", method.service, method.method))),
        ("Request".to_owned(), Go::string(&method.request)),
        ("Response".to_owned(), Go::string(&method.response)),
        ("Key".to_owned(), idempotency_key(workflow, &making.step.id)),
    ];
    if !sent.is_empty() {
        let spread = sent.len() > 1;
        let map = Go::Struct { ty: "map[string]any".to_owned(), fields: sent, spread };
        fields.push(("Fields".to_owned(), map));
    }
    let rpc = workflow.file.own("rpc");
    let unary = Go::Struct { ty: format!("{rpc}.Unary"), fields, spread: true };
    let call = Go::call(format!("{rpc}.Call"), vec![Go::atom("ctx"), client, schema, unary]);
    let gives = Gives { values: Values::Json, error: true, ty: method.returns.clone() };
    Ok(Made {
        before: std::mem::take(&mut making.before),
        each: std::mem::take(&mut making.each),
        call,
        commits: Vec::new(),
        gives,
    })
}

/// The variable of what a server's messages look like.
fn schema(workflow: &mut Workflow, id: &str) -> Result<Go> {
    let resource = resources::resource(workflow, id)?;
    let Some(descriptors) = &resource.descriptors else {
        return Err(unsupported(&format!("the messages of `{id}`, of which there are no descriptors")));
    };
    let mut file = File::new(workflow.file.package, "Resource");
    let value = Go::call(format!("{}.NewSchema", file.own("rpc")), vec![Go::string(descriptors)]);
    shared::import(file);
    let name = format!("{}Schema", unexported(id));
    Ok(Go::atom(shared::var(workflow.file.package, &name, &format!("is the messages of `{id}`"), value)))
}

/// The variable of a server's connection.
pub fn client(workflow: &mut Workflow, resource: &Resource) -> Result<Go> {
    let id = &resource.id;
    let Some(address) = &resource.address else {
        return Err(unsupported(&format!("the resource `{id}` without an address")));
    };
    // These are declared in a file of their own, which has its own imports: so has this text.
    let mut file = File::new(workflow.file.package, "Resource");
    let mut fields = vec![(
        "Address".to_owned(),
        from_environment(&mut file, "string", |translator| translator.as_type(address, &Type::String))?,
    )];
    fields.extend(resource.ca.as_deref().map(|ca| ("CA".to_owned(), Go::string(ca))));
    fields.extend(ready(&mut file, resource));
    let rpc = file.own("rpc");
    let options = Go::Struct { ty: format!("{rpc}.Options"), fields, spread: true };
    shared::import(file);
    let pool = Go::atom(resources::pool(workflow, id)?);
    let value = Go::call(format!("{rpc}.NewClient"), vec![Go::string(id), pool, options]);
    let name = format!("{}Client", unexported(id));
    Ok(Go::atom(shared::var(workflow.file.package, &name, &format!("is the client of `{id}`"), value)))
}

/// How long the service is waited for, and how it is asked.
pub fn ready(file: &mut File, resource: &Resource) -> Option<(String, Go)> {
    let within = shared::duration(resource.ready_ms?);
    let check = match resource.health.as_ref().unwrap_or(&Health::Tcp) {
        Health::Tcp => Go::atom(file.runtime("Accepts")),
        Health::Http(path) => file.call_runtime("Answers", vec![Go::string(path)]),
        Health::Grpc => {
            let ca = Go::string(resource.ca.as_deref().unwrap_or_default());
            Go::call(format!("{}.Serving", file.own("rpc")), vec![ca])
        }
    };
    let fields = vec![("Within".to_owned(), within), ("Check".to_owned(), check)];
    Some(("Ready".to_owned(), Go::Struct { ty: file.runtime("Ready"), fields, spread: false }))
}
