//! The files of the gate: tokens, certificate, key, and what clients' certificates are checked with.
//!
//! It does not know who is let in: it reads, checks who else can read, and makes what `rustls` needs.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

use super::tokens::{FILE_LIMIT, TokenError, Tokens};

/// A list of revoked certificates may be long.
const PEM_LIMIT: u64 = 64 << 20;

/// Where TLS has what it needs, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The sidecar's own certificate, with those between it and the root.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Who signs clients' certificates; with it every client needs one.
    pub client_ca: Option<PathBuf>,
    /// Lists of clients' certificates that were revoked.
    pub crl: Option<PathBuf>,
}

/// What the gate is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(crate) tokens: Option<PathBuf>,
    pub(crate) tls: Option<TlsFiles>,
}

#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error("failed to read {path}: {cause}")]
    Read { path: PathBuf, cause: std::io::Error },
    #[error("{path} is too large: {size} bytes")]
    Large { path: PathBuf, size: u64 },
    #[error(
        "others can read or change {path} (mode {mode:o}): run `chmod 600 {path}`; 640 will do where it is root's"
    )]
    Open { path: PathBuf, mode: u32 },
    #[error(
        "{path} belongs to another user (uid {uid}), who can change it: it must be the sidecar's own, or root's"
    )]
    Foreign { path: PathBuf, uid: u32 },
    #[error("{path}, {cause}")]
    Token { path: PathBuf, cause: TokenError },
    #[error("{path} is not text")]
    Text { path: PathBuf },
    #[error("{path} holds no {what} in PEM: {cause}")]
    Pem { path: PathBuf, what: &'static str, cause: String },
    #[error("the certificate in {path} cannot be used: {cause}")]
    Certificate { path: PathBuf, cause: String },
}

/// What all files say together.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) tokens: Tokens,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) clients: Option<Arc<dyn ClientCertVerifier>>,
    /// The bytes from which it was made, to see a change.
    from: Vec<Vec<u8>>,
}

impl Loaded {
    pub(super) fn differs(&self, other: &Loaded) -> bool {
        self.from != other.from
    }
}

/// Whether others may know what a file says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Private,
    Public,
}

impl Sources {
    fn paths(&self) -> impl Iterator<Item = &Path> {
        let tls = self.tls.iter().flat_map(|tls| {
            [Some(&tls.cert), Some(&tls.key), tls.client_ca.as_ref(), tls.crl.as_ref()].into_iter().flatten()
        });
        self.tokens.iter().chain(tls).map(PathBuf::as_path)
    }

    /// What tells a change without reading: when each file changed, which one it is, and its size.
    pub(super) fn stamps(&self) -> Vec<Option<(i64, i64, u64, u64)>> {
        let stamp = |path: &Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.mtime(), meta.mtime_nsec(), meta.ino(), meta.size()))
        };
        self.paths().map(stamp).collect()
    }

    pub(super) fn load(&self) -> Result<Loaded, GateError> {
        let mut loaded = Loaded::default();
        if let Some(path) = &self.tokens {
            let bytes = read(path, FILE_LIMIT, Kept::Private)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| GateError::Text { path: path.clone() })?;
            loaded.tokens =
                Tokens::parse(text).map_err(|cause| GateError::Token { path: path.clone(), cause })?;
            loaded.from.push(bytes);
        }
        if let Some(files) = &self.tls {
            loaded.clients = files.verifier(&mut loaded.from)?;
            loaded.tls = Some(files.config(loaded.clients.clone(), &mut loaded.from)?);
        }
        Ok(loaded)
    }
}

impl TlsFiles {
    fn verifier(&self, from: &mut Vec<Vec<u8>>) -> Result<Option<Arc<dyn ClientCertVerifier>>, GateError> {
        let Some(path) = &self.client_ca else { return Ok(None) };
        let fail = |cause: String| GateError::Certificate { path: path.clone(), cause };
        let bytes = read(path, PEM_LIMIT, Kept::Public)?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path, &bytes)? {
            roots.add(certificate).map_err(|error| fail(error.to_string()))?;
        }
        from.push(bytes);
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        if let Some(path) = &self.crl {
            let bytes = read(path, PEM_LIMIT, Kept::Public)?;
            let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&bytes).collect();
            let what = "list of revoked certificates";
            let pem = |cause: String| GateError::Pem { path: path.clone(), what, cause };
            let lists = lists.map_err(|error| pem(error.to_string()))?;
            if lists.is_empty() {
                return Err(pem("there is none".to_owned()));
            }
            builder = builder.with_crls(lists);
            from.push(bytes);
        }
        builder.build().map(Some).map_err(|error| fail(error.to_string()))
    }

    fn config(
        &self,
        clients: Option<Arc<dyn ClientCertVerifier>>,
        from: &mut Vec<Vec<u8>>,
    ) -> Result<Arc<ServerConfig>, GateError> {
        let cert = read(&self.cert, PEM_LIMIT, Kept::Public)?;
        let key = read(&self.key, PEM_LIMIT, Kept::Private)?;
        let chain = certificates(&self.cert, &cert)?;
        let secret = PrivateKeyDer::from_pem_slice(&key).map_err(|error| GateError::Pem {
            path: self.key.clone(),
            what: "private key",
            cause: error.to_string(),
        })?;
        let fail = |error: rustls::Error| GateError::Certificate {
            path: self.cert.clone(),
            cause: error.to_string(),
        };
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(fail)?;
        let builder = match clients {
            Some(clients) => builder.with_client_cert_verifier(clients),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, secret).map_err(fail)?;
        // Who comes back is checked again, as certificates are revoked meanwhile.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        from.extend([cert, key]);
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, GateError> {
    let pem = |cause: String| GateError::Pem { path: path.to_owned(), what: "certificate", cause };
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match all {
        Ok(all) if all.is_empty() => Err(pem("there is none".to_owned())),
        Ok(all) => Ok(all),
        Err(error) => Err(pem(error.to_string())),
    }
}

/// Reads a file that nobody else can change, and where it is private, read.
fn read(path: &Path, limit: u64, kept: Kept) -> Result<Vec<u8>, GateError> {
    let fail = |cause| GateError::Read { path: path.to_owned(), cause };
    let mut file = File::open(path).map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Err(fail(std::io::Error::other("it is no regular file")));
    }
    if meta.len() > limit {
        return Err(GateError::Large { path: path.to_owned(), size: meta.len() });
    }
    let (own, mode) = (rustix::process::geteuid().as_raw(), meta.mode() & 0o777);
    if meta.uid() != own && meta.uid() != 0 {
        return Err(GateError::Foreign { path: path.to_owned(), uid: meta.uid() });
    }
    // As PostgreSQL has it: a file of root's may be read by a group of which the server is a member.
    let too_open = match kept {
        Kept::Private if meta.uid() == 0 && own != 0 => 0o037,
        Kept::Private => 0o077,
        Kept::Public => 0o022,
    };
    if mode & too_open != 0 {
        return Err(GateError::Open { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.by_ref().take(limit).read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}
