//! One request to a collector, over gRPC or HTTP, and what it said.
//!
//! It does not know what is tried again.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use ureq::tls::{RootCerts, TlsConfig};

use super::{Protocol, Settings, Signal, Target, scope};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The collector has it, but for so many that it did not want.
    Taken { rejected: u64 },
    /// It may be taken later.
    Later { reason: &'static str, message: String },
    /// The collector will never take it.
    Refused { message: String },
}

/// What a collector is asked to take: made once, and sent as often as it takes.
#[derive(Debug)]
pub struct Payload {
    pub signal: Signal,
    /// Spans or log records.
    pub count: usize,
    target: Arc<Target>,
    form: Form,
}

/// As the line to the collector has it.
#[derive(Debug)]
enum Form {
    Http(ureq::Agent, Arc<[u8]>),
    GrpcSpans(Channel, ExportTraceServiceRequest),
    GrpcLogs(Channel, ExportLogsServiceRequest),
}

/// The collectors, connected when they are needed.
pub struct Otlp {
    spans: Option<Line>,
    logs: Option<Line>,
    resource: Resource,
    version: String,
}

enum Line {
    Grpc(Channel, Arc<Target>),
    Http(ureq::Agent, Arc<Target>),
}

impl Otlp {
    /// # Errors
    /// When an address cannot be one.
    pub fn new(settings: &Settings, version: &str) -> Result<Otlp, String> {
        let line = |signal| settings.target(signal).map(Line::to).transpose();
        Ok(Otlp {
            spans: line(Signal::Spans)?,
            logs: line(Signal::Logs)?,
            resource: settings.resource(version),
            version: version.to_owned(),
        })
    }

    /// What carries these spans; `None` where spans go nowhere.
    #[must_use]
    pub fn spans(&self, spans: Vec<Span>) -> Option<Payload> {
        let (signal, count) = (Signal::Spans, spans.len());
        let scope = Some(scope(&self.version));
        let scope_spans = vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }];
        let resource = Some(self.resource.clone());
        let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
        let request = ExportTraceServiceRequest { resource_spans };
        let (target, form) = match self.spans.as_ref()? {
            Line::Grpc(channel, target) => (target, Form::GrpcSpans(channel.clone(), request)),
            Line::Http(agent, target) => (target, Form::Http(agent.clone(), request.encode_to_vec().into())),
        };
        Some(Payload { signal, count, target: Arc::clone(target), form })
    }

    /// What carries these log records; `None` where log records go nowhere.
    #[must_use]
    pub fn logs(&self, log_records: Vec<LogRecord>) -> Option<Payload> {
        let (signal, count) = (Signal::Logs, log_records.len());
        let scope = Some(scope(&self.version));
        let scope_logs = vec![ScopeLogs { scope, log_records, ..ScopeLogs::default() }];
        let resource = Some(self.resource.clone());
        let resource_logs = vec![ResourceLogs { resource, scope_logs, ..ResourceLogs::default() }];
        let request = ExportLogsServiceRequest { resource_logs };
        let (target, form) = match self.logs.as_ref()? {
            Line::Grpc(channel, target) => (target, Form::GrpcLogs(channel.clone(), request)),
            Line::Http(agent, target) => (target, Form::Http(agent.clone(), request.encode_to_vec().into())),
        };
        Some(Payload { signal, count, target: Arc::clone(target), form })
    }
}

impl Payload {
    /// One request, and what became of it.
    pub async fn send(&self) -> Sent {
        let answer = match &self.form {
            Form::Http(agent, body) => {
                let rejected = match self.signal {
                    Signal::Spans => rejected_spans,
                    Signal::Logs => rejected_logs,
                };
                return post(agent, &self.target, Arc::clone(body), rejected).await;
            }
            Form::GrpcSpans(channel, request) => {
                let mut client = TraceServiceClient::new(channel.clone());
                let answer = client.export(with_headers(request.clone(), &self.target)).await;
                answer.map(|answer| answer.into_inner().partial_success.map(|partial| partial.rejected_spans))
            }
            Form::GrpcLogs(channel, request) => {
                let mut client = LogsServiceClient::new(channel.clone());
                let answer = client.export(with_headers(request.clone(), &self.target)).await;
                answer.map(|answer| {
                    answer.into_inner().partial_success.map(|partial| partial.rejected_log_records)
                })
            }
        };
        answer.map_or_else(|status| answered(&status), taken)
    }
}

fn rejected_spans(body: &[u8]) -> Option<i64> {
    let answer = ExportTraceServiceResponse::decode(body).ok()?;
    answer.partial_success.map(|partial| partial.rejected_spans)
}

fn rejected_logs(body: &[u8]) -> Option<i64> {
    let answer = ExportLogsServiceResponse::decode(body).ok()?;
    answer.partial_success.map(|partial| partial.rejected_log_records)
}

impl Line {
    fn to(target: &Target) -> Result<Line, String> {
        if target.protocol == Protocol::Http {
            return Ok(Line::Http(agent(target.timeout), Arc::new(target.clone())));
        }
        let fail = |error: tonic::transport::Error| format!("{}: {error}", target.url);
        let mut endpoint = Endpoint::from_shared(target.url.clone())
            .map_err(fail)?
            .timeout(target.timeout)
            .connect_timeout(target.timeout);
        if target.url.starts_with("https://") {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(fail)?;
        }
        Ok(Line::Grpc(endpoint.connect_lazy(), Arc::new(target.clone())))
    }
}

fn agent(timeout: Duration) -> ureq::Agent {
    let roots = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .tls_config(roots)
        .build()
        .into()
}

/// A header that gRPC cannot carry is left out.
fn with_headers<T>(message: T, target: &Target) -> Request<T> {
    let mut request = Request::new(message);
    for (key, value) in &target.headers {
        let key = MetadataKey::<Ascii>::from_bytes(key.to_ascii_lowercase().as_bytes());
        if let (Ok(key), Ok(value)) = (key, MetadataValue::try_from(value)) {
            request.metadata_mut().insert(key, value);
        }
    }
    request
}

fn taken(rejected: Option<i64>) -> Sent {
    Sent::Taken { rejected: rejected.and_then(|count| u64::try_from(count).ok()).unwrap_or(0) }
}

fn answered(status: &Status) -> Sent {
    let message = format!("{:?}: {}", status.code(), status.message());
    match status.code() {
        Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition => Sent::Refused { message },
        Code::ResourceExhausted => Sent::Later { reason: "full", message },
        Code::DeadlineExceeded | Code::Cancelled => Sent::Later { reason: "timeout", message },
        Code::Unavailable => Sent::Later { reason: "unreachable", message },
        _ => Sent::Later { reason: "refused", message },
    }
}

async fn post(
    agent: &ureq::Agent,
    target: &Target,
    body: Arc<[u8]>,
    rejected: fn(&[u8]) -> Option<i64>,
) -> Sent {
    let mut request = agent.post(&target.url).header("content-type", "application/x-protobuf");
    for (key, value) in &target.headers {
        request = request.header(key, value);
    }
    let exchange = move || -> Result<(u16, Vec<u8>), ureq::Error> {
        let mut answer = request.send(&body[..])?;
        let status = answer.status().as_u16();
        // More than a few lines are not about this request.
        let said = answer.body_mut().with_config().limit(64 << 10).read_to_vec().unwrap_or_default();
        Ok((status, said))
    };
    match tokio::task::spawn_blocking(exchange).await {
        Ok(Ok((200..=299, said))) => taken(rejected(&said)),
        Ok(Ok((status, said))) => {
            let said: String = String::from_utf8_lossy(&said).chars().take(200).collect();
            let message = format!("HTTP status {status}: {said}");
            match status {
                400 | 413 | 422 => Sent::Refused { message },
                429 | 503 => Sent::Later { reason: "full", message },
                _ => Sent::Later { reason: "refused", message },
            }
        }
        Ok(Err(ureq::Error::Timeout(_))) => {
            Sent::Later { reason: "timeout", message: "no answer in time".to_owned() }
        }
        Ok(Err(error)) => Sent::Later { reason: "unreachable", message: error.to_string() },
        Err(error) => Sent::Later { reason: "unreachable", message: error.to_string() },
    }
}
