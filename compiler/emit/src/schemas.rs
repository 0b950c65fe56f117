//! The descriptors of the gRPC servers of which methods are called.
//!
//! It reads no descriptor.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Callable, Plan};

/// The descriptors, in base64, by the resource's id.
pub fn called(plans: &[Plan]) -> BTreeMap<&str, &str> {
    let calls = plans.iter().flat_map(Plan::all_calls);
    let used: BTreeSet<&str> = calls
        .filter_map(|call| match &call.callable {
            Callable::Grpc { grpc } => Some(grpc.resource.as_str()),
            _ => None,
        })
        .collect();
    let resources = plans.iter().flat_map(|plan| &plan.resources);
    let called = resources.filter(|resource| used.contains(resource.id.as_str()));
    called.filter_map(|resource| Some((resource.id.as_str(), resource.descriptors.as_deref()?))).collect()
}
