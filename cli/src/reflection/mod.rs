//! gRPC servers, asked for their schemas by reflection, within bounds of time and size.
//!
//! It does not read what they tell: descriptors stay bytes.

mod address;
mod failure;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use conductor_driver::{Answer, Reflection};
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use self::address::Address;
use self::failure::Failure;

/// How long a server may take, all in all.
const LONGEST: Duration = Duration::from_secs(5);
const TIME_VARIABLE: &str = "CONDUCTOR_REFLECTION_TIMEOUT";
/// As much as the compiler reads.
const LARGEST: usize = 16 << 20;
const MOST_FILES: usize = 2000;
/// The two versions of the protocol, which differ in their names only.
const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// The service that answers here is nobody's task.
const ITSELF: &str = "grpc.reflection.";

/// What a file descriptor is called and needs.
#[derive(Clone, PartialEq, Message)]
struct Head {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "3")]
    imports: Vec<String>,
}

/// What the server at `address` tells of its services. `ca` are certificates in PEM that it is trusted by.
pub fn ask(address: &str, ca: Option<&[u8]>) -> Answer {
    let asked = limit().and_then(|limit| {
        let parsed = Address::parse(address, ca.is_some())?;
        // Whoever compiles may be inside of a runtime already, so this one has a thread of its own.
        std::thread::scope(|scope| scope.spawn(|| blocking(&parsed, ca, limit)).join())
            .unwrap_or_else(|_| Err(Failure::Broken("the client stopped".to_owned())))
    });
    match asked {
        Ok(told) => Answer::Reflection(told),
        Err(failure) => Answer::Failed { problem: failure.problem(address), help: failure.help(address) },
    }
}

fn limit() -> Result<Duration, Failure> {
    let Some(written) = std::env::var_os(TIME_VARIABLE).filter(|text| !text.is_empty()) else {
        return Ok(LONGEST);
    };
    let text = written.to_string_lossy().into_owned();
    let seconds = text.trim().trim_end_matches('s').trim_end().parse::<f64>().ok();
    let usable = seconds.filter(|seconds| (0.001..=3600.0).contains(seconds));
    usable.map(Duration::from_secs_f64).ok_or(Failure::Time(text))
}

fn blocking(address: &Address, ca: Option<&[u8]>, limit: Duration) -> Result<Reflection, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Broken(error.to_string()))?;
    let asked = runtime.block_on(async {
        match tokio::time::timeout(limit, reflect(address, ca)).await {
            Ok(told) => told,
            Err(_elapsed) => Err(Failure::Silent(limit)),
        }
    });
    // A look-up of a name may hang in a thread of its own.
    runtime.shutdown_background();
    asked
}

async fn reflect(address: &Address, ca: Option<&[u8]>) -> Result<Reflection, Failure> {
    let channel = address.endpoint(ca)?.connect().await.map_err(|error| Failure::of_transport(&error))?;
    for path in PATHS {
        match conversation(channel.clone(), path).await {
            Err(Failure::Status(status)) if status.code() == Code::Unimplemented => {}
            other => return other,
        }
    }
    Err(Failure::NoReflection)
}

/// One stream of questions and answers.
struct Asked {
    requests: mpsc::Sender<ServerReflectionRequest>,
    responses: Streaming<ServerReflectionResponse>,
}

async fn conversation(channel: Channel, path: &'static str) -> Result<Reflection, Failure> {
    let (requests, receiver) = mpsc::channel(1);
    let first = question(MessageRequest::ListServices(String::new()));
    // Some servers say nothing, not even that they listen, before they are asked.
    requests.send(first).await.map_err(|_| Failure::Broken("the client stopped".to_owned()))?;
    let mut client = Grpc::new(channel).max_decoding_message_size(LARGEST);
    client.ready().await.map_err(|error| Failure::of_transport(&error))?;
    let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::default());
    let request = tonic::Request::new(ReceiverStream::new(receiver));
    let responses = client.streaming(request, path, codec).await.map_err(Failure::of_status)?.into_inner();
    let mut asked = Asked { requests, responses };
    let services = match asked.answer().await? {
        MessageResponse::ListServicesResponse(list) => {
            list.service.into_iter().map(|service| service.name).collect::<BTreeSet<String>>()
        }
        other => return Err(Failure::Broken(format!("it lists no services: {}", refusal(&other)))),
    };
    let services: Vec<String> = services.into_iter().filter(|name| !name.starts_with(ITSELF)).collect();
    let files = asked.files(&services).await?;
    Ok(Reflection { services, files })
}

fn question(message: MessageRequest) -> ServerReflectionRequest {
    ServerReflectionRequest { host: String::new(), message_request: Some(message) }
}

fn refusal(response: &MessageResponse) -> String {
    match response {
        MessageResponse::ErrorResponse(error) => error.error_message.clone(),
        _ => "it answers another question".to_owned(),
    }
}

impl Asked {
    async fn ask(&mut self, message: MessageRequest) -> Result<MessageResponse, Failure> {
        // Where it does not take the question, the answer says why.
        let _closed = self.requests.send(question(message)).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<MessageResponse, Failure> {
        let response = self.responses.message().await.map_err(Failure::of_status)?;
        response
            .and_then(|response| response.message_response)
            .ok_or_else(|| Failure::Status(Status::unavailable("it ended the conversation")))
    }

    /// The files of the services, with all that they import.
    async fn files(&mut self, services: &[String]) -> Result<Vec<Vec<u8>>, Failure> {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        let mut wanted: VecDeque<String> = VecDeque::new();
        let mut unknown = None;
        for service in services {
            match self.ask(MessageRequest::FileContainingSymbol(service.clone())).await? {
                MessageResponse::FileDescriptorResponse(found) => {
                    take(found.file_descriptor_proto, &mut files, &mut wanted)?;
                }
                other => unknown = Some(format!("it does not describe `{service}`: {}", refusal(&other))),
            }
        }
        while let Some(import) = wanted.pop_front() {
            if files.contains_key(&import) || !asked.insert(import.clone()) {
                continue;
            }
            // What the server does not have nobody may miss: files that are imported for their options.
            if let MessageResponse::FileDescriptorResponse(found) =
                self.ask(MessageRequest::FileByFilename(import)).await?
            {
                take(found.file_descriptor_proto, &mut files, &mut wanted)?;
            }
        }
        match unknown {
            Some(problem) if files.is_empty() => Err(Failure::Broken(problem)),
            _ => Ok(files.into_values().collect()),
        }
    }
}

/// Keeps new files, and notes what they import.
fn take(
    found: Vec<Vec<u8>>,
    files: &mut BTreeMap<String, Vec<u8>>,
    wanted: &mut VecDeque<String>,
) -> Result<(), Failure> {
    for bytes in found {
        let head = Head::decode(bytes.as_slice())
            .map_err(|error| Failure::Broken(format!("it sends a damaged descriptor: {error}")))?;
        wanted.extend(head.imports);
        files.entry(head.name).or_insert(bytes);
    }
    let size: usize = files.values().map(Vec::len).sum();
    if size > LARGEST || files.len() > MOST_FILES || wanted.len() > LARGEST / 16 {
        let text = format!("its schema has more than {MOST_FILES} files or {} MiB", LARGEST >> 20);
        return Err(Failure::Broken(text));
    }
    Ok(())
}
