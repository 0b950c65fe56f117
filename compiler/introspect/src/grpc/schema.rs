//! The schema of a gRPC server: its services and messages, and where they are defined.
//!
//! It does not know which of them anybody calls.

use std::collections::{BTreeMap, BTreeSet};

use conductor_source::{Sources, Span};
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{
    DescriptorPool, FileDescriptor, MessageDescriptor, MethodDescriptor, ReflectMessage, ServiceDescriptor,
};

use super::places::FilePlaces;
use super::{edition, outline, tidy};

/// A larger set of descriptors is no schema but an attack; the largest public ones have a tenth of this.
pub const MAX_BYTES: usize = 16 << 20;
/// The field of a file descriptor with its imports.
const IMPORTS: i32 = 3;
pub const MAX_FILES: usize = 2000;

/// Services that tell about a server and are not its work.
const OF_THE_SERVER: [&str; 4] = ["grpc.reflection.", "grpc.health.", "grpc.channelz.", "grpc.admin."];

/// What stands in the way of reading a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Completes "the schema of `auth` cannot be read:".
    pub text: String,
    pub span: Option<Span>,
    pub help: Option<String>,
}

impl Problem {
    pub fn new(text: impl Into<String>) -> Problem {
        Problem { text: text.into(), span: None, help: None }
    }

    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }
}

#[derive(Debug, Clone)]
pub struct Schema {
    pub(super) pool: DescriptorPool,
    /// By the name of the file in the pool.
    places: BTreeMap<String, FilePlaces>,
    /// Names of the services that are offered, sorted.
    services: Vec<String>,
    /// For spans of what has no text.
    nowhere: Span,
}

#[derive(Clone, PartialEq, Message)]
struct RawSet {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file: Vec<Vec<u8>>,
}

/// The files of a serialized `FileDescriptorSet`, each serialized.
///
/// # Errors
/// Where it is none.
pub fn files_of_set(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(Problem::new(format!("it is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let set = RawSet::decode(bytes)
        .map_err(|error| Problem::new(format!("it is no serialized FileDescriptorSet ({error})")))?;
    if set.file.is_empty() {
        return Err(Problem::new("it holds no file descriptor"));
    }
    Ok(set.file)
}

impl Schema {
    /// From serialized file descriptors in any order. `label` names where they come from: texts that findings point
    /// into are called after it.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn of_descriptors(
        label: &str,
        files: &[Vec<u8>],
        offered: Option<&[String]>,
        sources: &mut Sources,
    ) -> Result<Schema, Problem> {
        let size: usize = files.iter().map(Vec::len).sum();
        if size > MAX_BYTES || files.len() > MAX_FILES {
            return Err(Problem::new(format!(
                "it has {} files of {size} bytes; {MAX_FILES} files of {} MiB are read",
                files.len(),
                MAX_BYTES >> 20
            )));
        }
        let mut by_name = BTreeMap::new();
        for bytes in files {
            let file = edition::decoded(bytes).map_err(Problem::new)?;
            by_name.entry(file.name().to_owned()).or_insert(file);
        }
        let mut places = BTreeMap::new();
        for (name, file) in by_name.iter().filter(|(name, _)| !is_well_known(name)) {
            let written = outline::file(file);
            let id = sources.add(format!("{label}/{name}"), written.text);
            places.insert(name.clone(), FilePlaces::new(id, written.spans));
        }
        Schema::built(by_name.into_values().collect(), places, offered, sources)
    }

    /// From files whose texts are known.
    pub(super) fn built(
        mut files: Vec<FileDescriptorProto>,
        places: BTreeMap<String, FilePlaces>,
        offered: Option<&[String]>,
        sources: &mut Sources,
    ) -> Result<Schema, Problem> {
        let mut pool = well_known();
        let supplied = files.iter().map(|file| file.name().to_owned());
        let known: BTreeSet<String> =
            pool.files().map(|file| file.name().to_owned()).chain(supplied).collect();
        let mut missing: BTreeSet<String> = BTreeSet::new();
        for file in &mut files {
            missing.extend(tidy::tidied(file, &known));
        }
        cycle(&files, &places)?;
        pool.add_file_descriptor_protos(files).map_err(|error| {
            let span = error
                .file()
                .and_then(|file| places.get(file))
                .and_then(|places| error.path().and_then(|path| places.at(path)));
            let help = (!missing.is_empty()).then(|| {
                let names: Vec<&str> = missing.iter().map(String::as_str).collect();
                format!("it may be in a file that was not found: {}", names.join(", "))
            });
            Problem { text: error.to_string(), span, help }
        })?;
        let is_broken = |entry: &MessageDescriptor| {
            entry.is_map_entry() && (entry.get_field(1).is_none() || entry.get_field(2).is_none())
        };
        if let Some(entry) = pool.all_messages().find(is_broken) {
            return Err(Problem::new(format!("the map `{}` has no key or no value", entry.full_name())));
        }
        let nowhere = match places.values().next() {
            Some(places) => places.name(&[]),
            None => Span::new(sources.add("schema", ""), 0, 0),
        };
        let services = offered_services(&pool, &places, offered);
        Ok(Schema { pool, places, services, nowhere })
    }

    /// The services that are offered, by full name; those about the server itself only where nothing else is.
    pub fn services(&self) -> impl Iterator<Item = ServiceDescriptor> + '_ {
        self.services.iter().filter_map(|name| self.pool.get_service_by_name(name))
    }

    /// `shop.auth.v1.AuthService/CheckPermissions`.
    #[must_use]
    pub fn method(&self, full: &str) -> Option<MethodDescriptor> {
        let (service, method) = full.split_once('/')?;
        self.pool.get_service_by_name(service)?.methods().find(|found| found.name() == method)
    }

    /// A method of a service that is offered.
    pub(super) fn offered(&self, full: &str) -> Option<MethodDescriptor> {
        let (service, _) = full.split_once('/')?;
        let is_offered = self.services.iter().any(|name| name == service);
        self.method(full).filter(|_| is_offered)
    }

    /// Where the definition with that path in its file has its name.
    pub(super) fn name_span(&self, file: &FileDescriptor, path: &[i32]) -> Span {
        self.places.get(file.name()).map_or(self.nowhere, |places| places.name(path))
    }

    /// The comment before a definition.
    pub(super) fn doc(&self, file: &FileDescriptor, path: &[i32]) -> Option<String> {
        let info = file.file_descriptor_proto().source_code_info.as_ref()?;
        let location = info.location.iter().find(|location| location.path == path)?;
        let comment = location.leading_comments.as_deref().or(location.trailing_comments.as_deref())?;
        let lines: Vec<&str> =
            comment.lines().map(|line| line.trim().trim_start_matches("* ").trim()).collect();
        let text = lines.join("\n").trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

/// The files of `google/protobuf/`, which every server may use and few send.
fn well_known() -> DescriptorPool {
    ().descriptor().parent_pool().clone()
}

pub fn is_well_known(name: &str) -> bool {
    well_known().get_file_by_name(name).is_some()
}

fn offered_services(
    pool: &DescriptorPool,
    places: &BTreeMap<String, FilePlaces>,
    offered: Option<&[String]>,
) -> Vec<String> {
    let known = pool.services().filter(|service| places.contains_key(service.parent_file().name()));
    let mut names: Vec<String> = match offered {
        Some(offered) => offered.to_vec(),
        None => known.map(|service| service.full_name().to_owned()).collect(),
    };
    let of_the_server = |name: &String| OF_THE_SERVER.iter().any(|prefix| name.starts_with(prefix));
    if !names.iter().all(of_the_server) {
        names.retain(|name| !of_the_server(name));
    }
    names.sort();
    names.dedup();
    names
}

/// Where files import each other in a circle, which no compiler of protocol buffers accepts.
fn cycle(files: &[FileDescriptorProto], places: &BTreeMap<String, FilePlaces>) -> Result<(), Problem> {
    let imports: BTreeMap<&str, &[String]> =
        files.iter().map(|file| (file.name(), &file.dependency[..])).collect();
    let mut entered: BTreeSet<&str> = BTreeSet::new();
    for start in imports.keys() {
        // The way from the start, each with the position of the import that is followed next.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        let mut on_way: BTreeSet<&str> = BTreeSet::from([*start]);
        if !entered.insert(start) {
            continue;
        }
        while let Some((file, next)) = way.last_mut() {
            let here = *file;
            let Some(import) = imports.get(here).and_then(|imports| imports.get(*next)) else {
                on_way.remove(here);
                way.pop();
                continue;
            };
            *next += 1;
            let position = *next - 1;
            if on_way.contains(import.as_str()) {
                let circle: Vec<&str> = way
                    .iter()
                    .map(|(file, _)| *file)
                    .skip_while(|file| file != import)
                    .chain([import.as_str()])
                    .collect();
                let import = i32::try_from(position).unwrap_or_default();
                let span = places.get(here).and_then(|places| places.at(&[IMPORTS, import]));
                let text = format!("its files import each other in a circle: {}", circle.join(" -> "));
                return Err(Problem { text, span, help: None });
            }
            if entered.insert(import) {
                on_way.insert(import);
                way.push((import, 0));
            }
        }
    }
    Ok(())
}
