use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use conductor_driver::Answer;

use super::get;

/// A server that does `serve` with each connection; its address.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let mut request = [0; 4096];
            let _read = connection.read(&mut request).expect("a request");
            serve(connection);
        }
    });
    format!("http://{address}")
}

fn answering(answer: &'static str) -> String {
    server(move |mut connection| {
        // Whoever asked may have left.
        let _sent = connection.write_all(answer.as_bytes());
    })
}

fn refused(url: &str) -> String {
    match get(url, &|_| None) {
        Answer::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_body_of_an_answer() {
    let address = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    assert_eq!(get(&format!("{address}/openapi.json"), &|_| None), Answer::File(b"{}".to_vec()));
    let env = |name: &str| (name == "API").then(|| address.clone());
    assert_eq!(get("${env.API}/x", &env), Answer::File(b"{}".to_vec()));
    assert_eq!(refused("${env.NONE}/x"), "the variable `NONE` is not set");
}

#[test]
fn failures_say_what_happened() {
    let down =
        answering("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    assert_eq!(refused(&down), "it answered 500 Internal Server Error");
    let circle =
        answering("HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    assert_eq!(refused(&circle), "it redirects more than 3 times");
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let closed = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    assert!(refused(&closed).contains("nothing listens there"), "{}", refused(&closed));
    assert!(!refused("http://").is_empty());
}

#[test]
fn an_endless_answer_is_cut_off() {
    let endless = server(|mut connection| {
        let _sent = connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        let blanks = vec![b' '; 1 << 20];
        while connection.write_all(&blanks).is_ok() {}
    });
    assert_eq!(refused(&endless), "its answer is larger than 32 MiB");
}

#[test]
fn a_server_that_hangs_is_given_up() {
    let hanging = server(|connection| {
        std::thread::sleep(Duration::from_secs(60));
        drop(connection);
    });
    let start = Instant::now();
    assert_eq!(refused(&hanging), "it did not answer within 10 s");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
