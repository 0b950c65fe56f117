//! Where a server is, and whether it speaks TLS.
//!
//! It connects to nothing.

use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use super::failure::Failure;

/// Shorter than the whole, so that a host that drops packets is told from one that listens and says nothing.
pub const CONNECT: Duration = Duration::from_secs(4);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    tls: bool,
    /// `host:port`.
    authority: String,
}

impl Address {
    /// `host:port` or a URL. Certificates to trust are a reason to speak TLS.
    pub fn parse(text: &str, has_ca: bool) -> Result<Address, Failure> {
        let text = text.trim();
        let (tls, rest) = match text.split_once("://") {
            Some(("http" | "grpc", rest)) => (false, rest),
            Some(("https" | "grpcs", rest)) => (true, rest),
            Some(("dns", rest)) => (has_ca, rest.trim_start_matches('/')),
            Some((scheme, _)) => return Err(Failure::Scheme(scheme.to_owned())),
            None => (has_ca, text),
        };
        let authority = rest.trim_end_matches('/').to_owned();
        if authority.is_empty() || authority.contains('/') {
            return Err(Failure::Address);
        }
        Ok(Address { tls, authority })
    }

    pub fn endpoint(&self, ca: Option<&[u8]>) -> Result<Endpoint, Failure> {
        let scheme = if self.tls { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.authority))
            .map_err(|_| Failure::Address)?
            .connect_timeout(CONNECT);
        if !self.tls {
            return Ok(endpoint);
        }
        let tls = match ca {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        endpoint.tls_config(tls).map_err(|error| Failure::of_transport(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Failure};

    #[test]
    fn the_scheme_says_whether_tls_is_spoken() {
        let parsed =
            |text: &str, ca| Address::parse(text, ca).map(|address| (address.tls, address.authority));
        let plain = |authority: &str| Ok((false, authority.to_owned()));
        let secret = |authority: &str| Ok((true, authority.to_owned()));
        assert_eq!(parsed("localhost:50051", false), plain("localhost:50051"));
        assert_eq!(parsed("localhost:50051", true), secret("localhost:50051"));
        assert_eq!(parsed("http://auth:1/", false), plain("auth:1"));
        assert_eq!(parsed("https://auth:1", false), secret("auth:1"));
        assert_eq!(parsed("dns:///auth:1", false), plain("auth:1"));
        assert_eq!(parsed("[::1]:50051", false), plain("[::1]:50051"));
        assert_eq!(parsed("unix:///run/auth.sock", false), Err(Failure::Scheme("unix".to_owned())));
        assert_eq!(parsed("http://auth:1/path", false), Err(Failure::Address));
        assert_eq!(parsed(" ", false), Err(Failure::Address));
    }
}
