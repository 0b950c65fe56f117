//! Where a PostgreSQL is and how it is spoken to: the URL of `--store`, checked before anything is connected.
//!
//! It knows no table.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// The schema that holds the journal's tables where the URL names none.
const SCHEMA: &str = "conductor";

/// How long a new connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// After so long without an answer of the other side's network a connection counts as lost.
const SILENCE: Duration = Duration::from_secs(10);

/// Where the journal of many sidecars is. It is shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: Box<Config>,
    pub(super) schema: String,
    pub(super) tls: Tls,
}

/// Whether connections are encrypted; where they are, the server's certificate and name are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tls {
    Off,
    /// With the roots that the system trusts.
    System,
    /// With the certificates of this file alone.
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    #[error("{0}: write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Form(String),
    #[error("it names no host: write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    NoHost,
    #[error("it names no user: write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    NoUser,
    #[error("schema={0}: a schema is 1 to 40 of a-z, 0-9 and _, and begins with no digit")]
    Schema(String),
    #[error(
        "sslmode={0}: one of disable (no TLS) and require (TLS; the server's certificate and name are checked, as verify-full says in full)"
    )]
    SslMode(String),
    #[error("sslrootcert is a file of certificates that TLS checks the server with: add sslmode=require")]
    RootWithoutTls,
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(given: &str) -> Result<PostgresUrl, PostgresUrlError> {
        let (base, query) = given.split_once('?').unwrap_or((given, ""));
        let (mut schema, mut tls, mut root, mut rest) = (SCHEMA.to_owned(), Tls::Off, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("schema", name)) => schema = check_schema(name)?,
                Some(("sslmode", "disable" | "allow" | "prefer")) => tls = Tls::Off,
                Some(("sslmode", "require" | "verify-ca" | "verify-full")) => tls = Tls::System,
                Some(("sslmode", mode)) => return Err(PostgresUrlError::SslMode(mode.to_owned())),
                Some(("sslrootcert", path)) => root = Some(PathBuf::from(path)),
                _ => rest.push(pair),
            }
        }
        if let Some(root) = root {
            if tls == Tls::Off {
                return Err(PostgresUrlError::RootWithoutTls);
            }
            tls = Tls::File(root);
        }
        let plain = format!("{base}?{}", rest.join("&"));
        // Its own words may quote the password.
        let mut config = plain.parse::<Config>().map_err(|error| PostgresUrlError::Form(cause(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(PostgresUrlError::NoHost);
        }
        if config.get_user().is_none() {
            return Err(PostgresUrlError::NoUser);
        }
        config.ssl_mode(if tls == Tls::Off { SslMode::Disable } else { SslMode::Require });
        // After a failover one of several hosts is a standby, which takes no commit.
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config.keepalives_idle(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("conductor sidecar");
        }
        Ok(PostgresUrl { config: Box::new(config), schema, tls })
    }
}

/// What is wrong, without the text in which it is.
fn cause(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn check_schema(name: &str) -> Result<String, PostgresUrlError> {
    let fits = (1..=40).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if fits { Ok(name.to_owned()) } else { Err(PostgresUrlError::Schema(name.to_owned())) }
}

impl std::fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("postgres://")?;
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => write!(formatter, "{comma}{name}:{port}")?,
                Host::Unix(path) => write!(formatter, "{comma}{}:{port}", path.display())?,
            }
        }
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        write!(formatter, "/{database} (schema {})", self.schema)
    }
}

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::{PostgresUrl, PostgresUrlError, Tls};

    fn parse(text: &str) -> Result<PostgresUrl, PostgresUrlError> {
        text.parse()
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url = parse("postgres://app:hunter2@db.example,db2.example:5433/shop?schema=orders").unwrap();
        let shown = format!("{url} {url:?}");
        assert!(
            shown.starts_with("postgres://db.example:5432,db2.example:5433/shop (schema orders)"),
            "{shown}"
        );
        assert!(!shown.contains("hunter2"));
        assert_eq!(url.tls, Tls::Off);
        let url = parse("postgresql://app@db/x?sslmode=verify-full&sslrootcert=/etc/ca.pem").unwrap();
        assert_eq!(url.tls, Tls::File("/etc/ca.pem".into()));
        assert_eq!(url.schema, "conductor");
    }

    #[test]
    fn what_is_wrong_is_said_and_no_password_with_it() {
        for (text, says) in [
            ("postgres://app:hunter2@db/x?sslmode=maybe", "sslmode=maybe"),
            ("postgres://app:hunter2@db/x?schema=a;drop", "schema=a;drop"),
            ("postgres://app:hunter2@db/x?sslrootcert=/x", "sslmode=require"),
            ("postgres://app:hunter2@db:port/x", "postgres://USER"),
            ("postgres://app:hunter2@db/x?colour=red", "colour"),
            ("postgres:///x?user=app", "no host"),
            ("postgres://db/x", "no user"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
