//! Why a server told nothing, and what helps.
//!
//! It knows the words of the libraries below, which say more than their types.

use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use tonic::{Code, Status};

use super::TIME_VARIABLE;

#[derive(Debug)]
pub enum Failure {
    /// The address is none.
    Address,
    Scheme(String),
    /// The limit of time is none.
    Time(String),
    Refused,
    NoHost,
    Silent(Duration),
    /// The certificate is for another name.
    Name(String),
    /// The certificate is not trusted.
    Certificate(String),
    /// The certificate is one that vouches for others, which is refused as a server's own.
    Authority,
    /// The answer is no TLS.
    NoTls,
    /// The answer is no HTTP/2.
    NoHttp2(String),
    NoReflection,
    Status(Status),
    Broken(String),
}

#[cfg(test)]
impl PartialEq for Failure {
    fn eq(&self, other: &Failure) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

const SCHEMA: &str = "name its schema (`proto: FILE.proto`, or `descriptors: FILE`), and it is not asked";

impl Failure {
    pub fn of_transport(error: &tonic::transport::Error) -> Failure {
        Failure::of_chain(error)
    }

    /// What the server answered; or, where the status was made here, what went wrong on the way.
    pub fn of_status(status: Status) -> Failure {
        match status.source() {
            Some(source) => Failure::of_chain(source),
            None => Failure::Status(status),
        }
    }

    fn of_chain(error: &(dyn Error + 'static)) -> Failure {
        let mut said: Vec<String> = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && let Some(failure) = of_io(io)
            {
                return failure;
            }
            said.push(error.to_string());
            next = error.source();
        }
        of_words(&said.join(": "))
    }

    /// Completes "the methods of `auth` are not known:".
    pub fn problem(&self, address: &str) -> String {
        match self {
            Failure::Address => format!("`{address}` is no address of a server"),
            Failure::Scheme(scheme) => format!("servers cannot be asked over `{scheme}:`"),
            Failure::Time(text) => format!("{TIME_VARIABLE} is `{text}`, which is no number of seconds"),
            Failure::Refused => format!("nothing listens at {address} (connection refused)"),
            Failure::NoHost => format!("there is no host of the name in {address}"),
            Failure::Silent(limit) => {
                format!("{address} has not answered within {} s", limit.as_secs_f64())
            }
            Failure::Name(said) => format!("the certificate of {address} is for another name ({said})"),
            Failure::Certificate(said) => format!("the certificate of {address} is not trusted ({said})"),
            Failure::Authority => {
                format!("the certificate of {address} is that of an authority (CA:TRUE), not of a server")
            }
            Failure::NoTls => format!("{address} does not speak TLS"),
            Failure::NoHttp2(said) => format!("what listens at {address} does not speak gRPC ({said})"),
            Failure::NoReflection => {
                format!("the server at {address} does not offer reflection (neither v1 nor v1alpha)")
            }
            Failure::Status(status) => {
                format!("the server at {address} answered {}", named(status))
            }
            Failure::Broken(problem) => format!("the server at {address} cannot be understood: {problem}"),
        }
    }

    pub fn help(&self, address: &str) -> String {
        match self {
            Failure::Address | Failure::Scheme(_) => {
                "write `host:port`, or `https://host:port` for TLS".to_owned()
            }
            Failure::Time(_) => format!("say it as `{TIME_VARIABLE}=20s`, or leave it out"),
            Failure::Refused | Failure::NoHost => {
                format!("start the server; once `conductor build` has pinned what it tells, none is needed. Or {SCHEMA}")
            }
            Failure::Silent(_) => {
                format!("see whether the server is well; `{TIME_VARIABLE}=20s` waits longer. Or {SCHEMA}")
            }
            Failure::Name(_) => {
                format!("write the name that the certificate is for instead of {address}, or give the server one for this name")
            }
            Failure::Certificate(_) => {
                "name the file of the certificates that are trusted: `ca: FILE.pem`".to_owned()
            }
            Failure::Authority => {
                format!("let it sign one for the server (CA:FALSE), and name it itself as `ca`. Or {SCHEMA}")
            }
            Failure::NoTls => "write `http://` instead of `https://`, or leave both and `ca` out".to_owned(),
            Failure::NoHttp2(_) => {
                "see whether port and service are right; where the server speaks TLS, write `https://host:port`".to_owned()
            }
            Failure::NoReflection => format!(
                "switch it on (in Go `reflection.Register(server)`, in Python `reflection.enable_server_reflection`). Or {SCHEMA}"
            ),
            Failure::Status(status) => match status.code() {
                Code::Unauthenticated | Code::PermissionDenied => SCHEMA.to_owned(),
                _ => format!("see the server's log. Or {SCHEMA}"),
            },
            Failure::Broken(_) => SCHEMA.to_owned(),
        }
    }
}

fn named(status: &Status) -> String {
    let code = format!("{:?}", status.code());
    let mut name = String::new();
    for (at, letter) in code.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    if status.message().is_empty() { name } else { format!("{name}: {}", status.message()) }
}

fn of_io(error: &std::io::Error) -> Option<Failure> {
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(Failure::Refused),
        ErrorKind::TimedOut => Some(Failure::Silent(super::address::CONNECT)),
        _ => None,
    }
}

fn of_words(said: &str) -> Failure {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let last = said.rsplit(": ").next().unwrap_or(said).to_owned();
    if has(&["NotValidForName", "not valid for name"]) {
        Failure::Name(last)
    } else if has(&["CaUsedAsEndEntity"]) {
        Failure::Authority
    } else if has(&["invalid peer certificate", "UnknownIssuer", "certificate"]) {
        Failure::Certificate(last)
    } else if has(&["InvalidContentType", "corrupt message", "HandshakeNotComplete"]) {
        Failure::NoTls
    } else if has(&["dns error", "failed to lookup"]) {
        Failure::NoHost
    } else if has(&["deadline has elapsed", "timed out"]) {
        Failure::Silent(super::address::CONNECT)
    } else {
        Failure::NoHttp2(last)
    }
}
