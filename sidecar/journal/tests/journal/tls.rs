//! A PostgreSQL that is spoken to over TLS alone: whom the journal trusts, and whom it does not.

use std::time::Duration;

use conductor_journal::{Member, PostgresStore, Store as _};
use conductor_tests::certificates::{Authority, put};
use conductor_tests::servers::{Postgres, Version};

#[test]
fn the_servers_certificate_and_name_are_checked() {
    Version::ALL.into_iter().for_each(checked);
}

fn checked(version: Version) {
    let authority = Authority::new("the database's").unwrap();
    let temp = tempfile::tempdir().unwrap();
    let trusted = put(&temp.path().join("ca.pem"), authority.pem()).unwrap();
    let other = Authority::new("the database's").unwrap();
    let forged = put(&temp.path().join("forged.pem"), other.pem()).unwrap();
    let mut server = Postgres::of(version).unwrap();
    server.secure(&authority.issue(&["localhost"], 1, 2090).unwrap()).unwrap();
    let by_name = server.url().replace("@127.0.0.1:", "@localhost:");
    let open = |url: String| {
        let lease = Duration::from_secs(60);
        let member = Member { id: "a".into(), host: "here".into(), pid: 1, previous: None, lease };
        let opened = PostgresStore::open(&url.parse().unwrap(), member);
        opened.and_then(|store| store.plans().map(drop)).map_err(|error| error.to_string())
    };
    let (ca, wrong) = (trusted.display(), forged.display());
    for mode in ["require", "verify-full"] {
        assert_eq!(open(format!("{by_name}?sslmode={mode}&sslrootcert={ca}")), Ok(()), "{mode}");
        // The certificate is made out for a name, and somebody else answers at an address.
        let elsewhere = open(format!("{}?sslmode={mode}&sslrootcert={ca}", server.url())).unwrap_err();
        assert!(elsewhere.contains("not valid for name"), "{elsewhere}");
        let stranger = open(format!("{by_name}?sslmode={mode}&sslrootcert={wrong}")).unwrap_err();
        assert!(stranger.contains("certificate"), "{stranger}");
        // The system's roots do not know it.
        assert!(open(format!("{by_name}?sslmode={mode}")).is_err(), "{mode}");
    }
    // Without TLS this server takes nobody, so the connections above had it.
    assert!(open(format!("{by_name}?sslmode=disable")).is_err());
}
