//! Where a sidecar is: a socket of this machine, or an address that is reached over TLS, and how to connect to it.
//!
//! It does not know what is said over the connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

/// What a command, and an application, read from the environment to get in.
pub const TOKEN: &str = "CONDUCTOR_TOKEN";
/// A file that holds the token, where the variable above is not set.
const TOKEN_FILE: &str = "CONDUCTOR_TOKEN_FILE";
/// Who signs the sidecar's certificate, in PEM; else the system's roots.
const CA: &str = "CONDUCTOR_CA";
/// The client's own certificate and its key, in PEM, where the sidecar wants one.
const CERT: &str = "CONDUCTOR_CERT";
const CERT_KEY: &str = "CONDUCTOR_CERT_KEY";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Unix(PathBuf),
    /// Without TLS, as it is only on loopback.
    Tcp(String),
    Tls(String),
}

/// A connection, whatever carries it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Address {
    #[must_use]
    pub fn of(given: &Path) -> Address {
        let text = given.to_string_lossy();
        match text.split_once("://") {
            Some(("tls", place)) => Address::Tls(place.to_owned()),
            Some(("tcp", place)) => Address::Tcp(place.to_owned()),
            _ => Address::Unix(given.to_owned()),
        }
    }

    #[must_use]
    pub fn is_remote(&self) -> bool {
        !matches!(self, Address::Unix(_))
    }

    /// What a request says it wants to talk to.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Address::Unix(_) => "localhost",
            Address::Tcp(place) | Address::Tls(place) => place,
        }
    }

    pub async fn connect(&self) -> Result<Box<dyn Stream>, String> {
        match self {
            Address::Unix(path) => match UnixStream::connect(path).await {
                Ok(stream) => Ok(Box::new(stream)),
                Err(error) => Err(error.to_string()),
            },
            Address::Tcp(place) => Ok(Box::new(dial(place).await?)),
            Address::Tls(place) => {
                let (host, _) = split(place)?;
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|_| format!("{host} is no name or address of a host"))?;
                let connector = TlsConnector::from(Arc::new(config()?));
                let stream = connector.connect(name, dial(place).await?).await;
                Ok(Box::new(stream.map_err(|error| error.to_string())?))
            }
        }
    }
}

async fn dial(place: &str) -> Result<TcpStream, String> {
    let (host, port) = split(place)?;
    TcpStream::connect((host, port)).await.map_err(|error| error.to_string())
}

/// Host and port; an address of IPv6 stands in brackets.
fn split(place: &str) -> Result<(&str, u16), String> {
    let form = || format!("{place} is not HOST:PORT");
    let (host, port) = place.rsplit_once(':').ok_or_else(form)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Ok((bare, port.parse().map_err(|_| form())?))
}

fn config() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots()?);
    match (named(CERT), named(CERT_KEY)) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(cert), Some(key)) => {
            let chain = certificates(CERT, &cert)?;
            let secret = PrivateKeyDer::from_pem_file(&key)
                .map_err(|error| format!("{CERT_KEY} {}: {error}", key.display()))?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| format!("{CERT}: {error}"))
        }
        _ => Err(format!("{CERT} and {CERT_KEY} belong together")),
    }
}

fn roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match named(CA) {
        Some(path) => {
            for certificate in certificates(CA, &path)? {
                roots.add(certificate).map_err(|error| format!("{CA} {}: {error}", path.display()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn certificates(variable: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all {
        Ok(all) if all.is_empty() => Err(format!("{variable} {}: it holds no certificate", path.display())),
        Ok(all) => Ok(all),
        Err(error) => Err(format!("{variable} {}: {error}", path.display())),
    }
}

/// The token, if there is one. Its file is read each time: who exchanges it need not start anything again.
pub fn token() -> Result<Option<String>, String> {
    if let Some(token) = std::env::var(TOKEN).ok().filter(|token| !token.is_empty()) {
        return Ok(Some(token));
    }
    let Some(path) = named(TOKEN_FILE) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Ok(_) => Err(format!("{TOKEN_FILE} {}: it is empty", path.display())),
        Err(error) => Err(format!("{TOKEN_FILE} {}: {error}", path.display())),
    }
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Address, split};

    #[test]
    fn an_address_is_a_path_unless_it_says_otherwise() {
        assert_eq!(Address::of(Path::new("tls://db:7233")), Address::Tls("db:7233".into()));
        assert_eq!(Address::of(Path::new("tcp://[::1]:1")), Address::Tcp("[::1]:1".into()));
        assert_eq!(Address::of(Path::new("/run/c.sock")), Address::Unix("/run/c.sock".into()));
        assert_eq!(split("[::1]:80"), Ok(("::1", 80)));
        assert!(split("db").is_err() && split("db:http").is_err());
    }
}
