//! Which of the hosts of a URL is taken, and what is said where none is.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use conductor_journal::{Member, PostgresStore, StoreError};
use conductor_tests::servers::{Postgres, Version, free_port};

fn open(url: &str) -> Result<(), StoreError> {
    let lease = Duration::from_secs(60);
    let member = Member { id: url.to_owned(), host: "here".to_owned(), pid: 1, previous: None, lease };
    PostgresStore::open(&url.parse().unwrap(), member).map(drop)
}

#[test]
fn the_first_host_that_can_be_written_to_is_taken() {
    let server = Postgres::of(Version::Newest).unwrap();
    let (front, place) = server.url().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (host, database) = place.split_once('/').unwrap();
    let (address, port) = host.split_once(':').unwrap();
    let nobody = free_port().unwrap();
    open(&format!("{front}@{address}:{nobody},{address}:{port}/{database}?schema=second")).unwrap();
    open(&format!("{front}@localhost:{port}/{database}?schema=name")).unwrap();
    open(&format!("{front}@no.such.host.invalid:{port}/{database}?hostaddr={address}&schema=address"))
        .unwrap();

    let said = |url: &str| open(url).unwrap_err().to_string();
    let refused = said(&format!("{front}@{address}:{nobody}/{database}"));
    assert!(refused.contains("see that the server runs") && refused.contains("refused"), "{refused}");
    let unknown = said(&format!("{front}@no.such.host.invalid:{port}/{database}"));
    assert!(unknown.contains("its address is right"), "{unknown}");
    // As a standby says of itself.
    let standby = said(&format!("{front}@{host}/{database}?options=-c%20default_transaction_read_only%3Don"));
    assert!(standby.contains("the server is a standby: give the primary's address"), "{standby}");
    let uneven =
        said(&format!("{front}@{address}:{port},{address}:{port},{address}/{database}?hostaddr={address}"));
    assert!(uneven.contains("as many"), "{uneven}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let error = open(&format!("postgres://app@127.0.0.1:{port}/app")).unwrap_err().to_string();
    assert!(error.contains("did not answer in time"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
